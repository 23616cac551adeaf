"""Writes docs/baselines.md from the ledger: `make docs`, or `python docs/make_baselines.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

if __name__ == "__main__":
    # When this is run as a file, Python finds docs/ but not the project's folder.
    sys.path.insert(0, str(Path(__file__).parent.parent))

from pulse.core.baselines import (
    STANDINGS,
    Comparable,
    Ledger,
    comparable,
    conflicts,
    items_of,
    lead_figure,
)
from pulse.core.comparison import ASSUMED_N
from pulse.core.facts import claim, figure, sample, study
from pulse.core.items import Bank
from pulse.core.model import DIMENSIONS, EVERYONE, Baseline, Item, Side
from pulse.storage.library import load_library

PAGE = Path(__file__).parent / "baselines.md"

OPENING = """# The published figures

<!-- Made by docs/make_baselines.py from pulse/data: edit the files there, then run `make docs`. -->

Alignment Pulse compares what your marketing and IT colleagues answer with what others have published. It
knows {count} figures from {studies} studies and articles, printed between {first} and {last}. This page tells
what each figure says, whose it is, how far it can be compared, and where it was read.

Three things to know before you quote one:

- **They are not about your company.** People in other companies were asked, nearly all of them executives;
  your channels hold the people who do the work. A figure is a reference, not a target.
- **Most of them are old.** The two largest studies asked people in 2010 and 2012. They are used because
  hardly anybody has asked both sides since.
- **Many were read in articles or excerpts.** Only some reports are public. Where sources print different
  numbers, this page says which one is used and why.

## How far a figure can be compared

- **Grade A.** The study asked nearly the same thing, in the same direction. Your result may be called above
  or below it. No study states which answers it offered, so even these are not exact twins.
- **Grade B.** The study asked about the same topic, or offered a similar choice. Your result may be called
  above or below it, always with a note on what differs.
- **Grade C, or background.** Worth knowing, too different to compare. The bot shows it and draws no
  conclusion. *Listed only* means that it stands beside no question.

Where the number of people on a side was not published, the comparison assumes {assumed}, and says so.
[The method](method.md) has the rules of the comparison, and [the data files](items.md#the-ledger) tell how to
add a figure. In Slack, `/pulse baselines` lists everything here; followed by the name in `code` type after a
figure, it shows that figure alone.

## Which figure stands beside which question

A result message shows one figure for each side: one of the two large studies if there is one, else the
closest, else the newest.
"""


def page(bank: Bank, ledger: Ledger) -> str:
    """The whole page as Markdown."""
    parts = [_opening(ledger), *_leads(bank, ledger), *_disagreements(ledger), *_studies(bank, ledger)]
    return "\n".join(parts).rstrip() + "\n"


def _opening(ledger: Ledger) -> str:
    years = [row.published for row in ledger]
    return OPENING.format(
        count=len(ledger),
        studies=len({(row.study, row.published) for row in ledger}),
        first=min(years),
        last=max(years),
        assumed=ASSUMED_N,
    )


def _leads(bank: Bank, ledger: Ledger) -> Iterator[str]:
    yield "| question | marketing | IT |"
    yield "| --- | --- | --- |"
    for item in bank:
        cells = [_lead(item, side, ledger) for side in Side]
        if any(cells):
            yield f"| {item.title} (`{item.id}`) | {' | '.join(cell or 'none' for cell in cells)} |"
    yield ""


def _lead(item: Item, side: Side, ledger: Ledger) -> str:
    found = lead_figure(item, side, ledger)
    return f"{figure(found.row)}, {study(found.row)}" if found else ""


def _disagreements(ledger: Ledger) -> Iterator[str]:
    yield "## Where sources disagree, or figures are easily confused\n"
    for conflict in conflicts(ledger):
        keys = ", ".join(f"`{key}`" for key in conflict.keys)
        yield f"**{conflict.title}.** {conflict.explanation} ({keys})\n"


def _studies(bank: Bank, ledger: Ledger) -> Iterator[str]:
    yield "## The studies, and what they found\n"
    for study_name, published in dict.fromkeys((row.study, row.published) for row in ledger):
        rows = [row for row in ledger if (row.study, row.published) == (study_name, published)]
        yield f"### {study_name}, {published}\n"
        yield from _asked(rows)
        sources = list(dict.fromkeys(part for row in rows for part in _sources(row)))
        for topic, of_topic in groupby(sorted(rows, key=_topic), lambda row: row.topic):
            yield f"*{topic[:1].upper()}{topic[1:]}*\n"
            yield "\n".join(_entry(row, sources, bank, ledger) for row in of_topic) + "\n"
        yield "Read in: " + "; ".join(f"[{at}] {source}" for at, source in enumerate(sources, 1)) + ".\n"


def _topic(row: Baseline) -> int:
    return DIMENSIONS.index(row.topic)


def _asked(rows: Sequence[Baseline]) -> Iterator[str]:
    """Who was asked, where, when, and how many, once per study."""
    people = dict.fromkeys(f"{row.surveyed}, {sample(row)}" for row in rows if row.base == EVERYONE)
    if people:
        when = f"In {rows[0].fieldwork}" if rows[0].fieldwork else "At a time that is not published"
        where = f" ({rows[0].scope})" if rows[0].scope else ""
        yield f"{when}{where}: {'; '.join(people)}.\n"


def _sources(row: Baseline) -> list[str]:
    return [part.strip() for part in row.source.split(";")]


def _entry(row: Baseline, sources: Sequence[str], bank: Bank, ledger: Ledger) -> str:
    places = "".join(f"[{sources.index(part) + 1}]" for part in _sources(row))
    said = [claim(row), *_beside(row, bank, ledger), row.note]
    text = " ".join(part for part in said if part)
    return f"- {text} {places}, {STANDINGS[row.standing]}. `{row.key}`"


def _beside(row: Baseline, bank: Bank, ledger: Ledger) -> Iterator[str]:
    """How the figure is used beside each question that names it; a figure of no question is only listed."""
    links = items_of(row, bank)
    if not links:
        yield "Listed only."
    caveats = []
    for item, found in {
        item.title: (item, _comparable(row, item, side, ledger)) for item, side in links
    }.values():
        how = f"Compared (grade {row.grade})" if found.verdict else "Background"
        yield f"{how} beside “{item.title}”."
        caveats.append(found.caveat)
    yield from dict.fromkeys(filter(None, caveats))


def _comparable(row: Baseline, item: Item, side: Side, ledger: Ledger) -> Comparable:
    return next(found for found in comparable(item, side, ledger) if found.row == row)


if __name__ == "__main__":
    library = load_library(None)
    PAGE.write_text(page(library.bank, library.ledger), encoding="utf-8")
