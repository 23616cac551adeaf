"""Writes docs/baselines.md from the ledger: `make docs`, or `python docs/make_baselines.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    # Run as a file, Python knows docs/ and not the project's folder.
    sys.path.insert(0, str(Path(__file__).parent.parent))

from pulse.core.baselines import (
    ASSUMED_N,
    EVERYONE,
    Ledger,
    comparable,
    conflicts,
    explain,
    figure,
    items_of,
    meets,
    sample,
    whose,
)
from pulse.core.items import Bank
from pulse.core.model import Baseline
from pulse.storage.library import load_library

PAGE = Path(__file__).parent / "baselines.md"

OPENING = """# The published figures

<!-- Made by docs/make_baselines.py from pulse/data/baselines.csv: edit that file, then `make docs`. -->

All {count} published figures that the bot knows, study by study. {required} of them (marked ●) are the
ones it exists to compare with or to show. They come from surveys of executives and managers, published
between {first} and {last}; they are not about your channels, and no figure is a target.

How to read an entry

- **Grade A**: the same proposition in the same direction, answered by the share who agree. Results may be
  called higher, lower or not clearly different. **B**: the same topic, or the same kind of answer; the same
  words, always with a caveat. **C**: background only, never a verdict.
- **Sample** is how many people the per cent is of. Where a side's own number was not published, {assumed}
  is assumed for the interval, and the message says so. A share of a subset of unknown size gets no
  interval.
- **Met as**: *compared* beside an item's result, *context* (background beside an item or in
  `/pulse baselines`), or *explained* (told where sources disagree).
- A figure is shown as it was printed: “more than half” stays “more than half”.

How the comparison itself is made: [method.md](method.md). How to add a figure: [items.md](items.md).
"""


def page(bank: Bank, ledger: Ledger) -> str:
    """The whole page as Markdown."""
    return "\n".join([_opening(ledger), *_disagreements(ledger), *_studies(bank, ledger)]).rstrip() + "\n"


def _opening(ledger: Ledger) -> str:
    years = [row.published for row in ledger]
    return OPENING.format(
        count=len(ledger),
        required=sum(row.required for row in ledger),
        first=min(years),
        last=max(years),
        assumed=ASSUMED_N,
    )


def _disagreements(ledger: Ledger) -> Iterator[str]:
    yield "## Where sources disagree, or look alike\n"
    for conflict in conflicts(ledger):
        yield f"### {conflict.title}\n"
        yield f"{conflict.explanation}\n"
        yield "Figures: " + ", ".join(f"`{key}`" for key in conflict.keys) + "\n"


def _studies(bank: Bank, ledger: Ledger) -> Iterator[str]:
    studies = dict.fromkeys((row.study, row.published) for row in ledger)
    for study, published in studies:
        rows = [row for row in ledger if (row.study, row.published) == (study, published)]
        yield f"## {study}, {published}\n"
        yield f"Asked: {rows[0].surveyed}. Fieldwork: {rows[0].fieldwork or 'not known'}.\n"
        for row in rows:
            yield "\n".join(_entry(row, bank, ledger)) + "\n"


def _entry(row: Baseline, bank: Bank, ledger: Ledger) -> Iterator[str]:
    yield f"### `{row.key}`{' ●' if row.required else ''}\n"
    yield f"**{figure(row)}** · {whose(row)} · {row.statement}\n"
    yield f"- Measure: {row.measure} ({row.percent:g}, “{row.qualifier}”: {_range(row)})"
    yield f"- Sample: {sample(row)}" + ("" if row.base == EVERYONE else f" (base: {row.base})")
    yield f"- Fieldwork: {row.fieldwork or 'not known'}"
    yield f"- Grade: {row.grade}; compared as: {row.compare_as}; topic: {row.topic}"
    yield f"- Met as: {meets(row, bank, ledger)}"
    yield from _links(row, bank, ledger)
    yield f"- Source: {row.source} ({row.standing})"
    if row.note:
        yield f"- Note: {row.note}"
    if row.conflicts_with:
        yield f"- Conflicts with: {row.conflicts_with}"
    yield from (f"- See: {conflict.title}" for conflict in explain(row, ledger))


def _range(row: Baseline) -> str:
    return f"{row.percent_low:g} to {row.percent_high:g}"


def _links(row: Baseline, bank: Bank, ledger: Ledger) -> Iterator[str]:
    for item, side in items_of(row, bank):
        found = next(found for found in comparable(item, side, ledger) if found.row == row)
        how = "compared" if found.verdict else "background"
        yield f"- Beside {item.id} ({side.label}), {how}. {found.caveat}".rstrip()


if __name__ == "__main__":
    library = load_library(None)
    PAGE.write_text(page(library.bank, library.ledger), encoding="utf-8")
