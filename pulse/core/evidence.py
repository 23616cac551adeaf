"""What lets somebody outside the bot check closed waves: a digest of each, and all that the bot derived.

tools/verify.py computes the same from the file that people download (`pulse.storage.sqlite.download`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulse.core.baselines import Ledger
from pulse.core.claims import Window
from pulse.core.items import Bank
from pulse.core.model import ClosedWave, Counted, Item, Side
from pulse.core.reports import Change
from pulse.core.study_comparisons import all_verdicts
from pulse.core.trails import all_changes

SHORT = 16
"""How many hexadecimal digits people are shown."""


def digest(wave: ClosedWave) -> str:
    """SHA-256 over the wave's dates, minimum, questions, turnout and figures, in hexadecimal.

    A question is represented by its series, which is made from its wordings and options. Fields are separated
    by tabs, and each line ends with a line feed. The wave's number in the file is left out.
    """
    text = "".join("\t".join(map(str, line)) + "\n" for line in _lines(wave))
    return hashlib.sha256(text.encode()).hexdigest()


def short(whole: str) -> str:
    """The start of a digest as people read it.

    >>> short("3f2a91bc04d7e6f1" + "0" * 48)
    '3f2a 91bc 04d7 e6f1'
    """
    return " ".join(whole[at : at + 4] for at in range(0, SHORT, 4))


def _lines(wave: ClosedWave) -> Iterator[tuple[object, ...]]:
    yield "wave", wave.opened_at.isoformat(), wave.closed_at.isoformat(), wave.minimum
    for side in Side:
        if side in wave.turnout:
            found = wave.turnout[side]
            yield "side", side, found.roster, "-" if found.answered is None else found.answered
    yield from _figures(wave)
    for (item_id, side), guess in sorted(wave.expected.items()):
        yield "expected", item_id, side, guess.n, int(2 * guess.of_ten)


def _figures(wave: ClosedWave) -> Iterator[tuple[object, ...]]:
    for item_id in wave.items:
        yield "item", item_id, wave.series[item_id]
        for side in Side:
            outcome = wave.outcomes.get((item_id, side))
            if isinstance(outcome, Counted):
                yield "score", side, outcome.n
                for measure, share in sorted(outcome.shares.items()):
                    yield "share", measure, share.low, share.high
                for bar in outcome.bars:
                    yield "bar", ",".join(bar.options), bar.count


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidChange:
    """A change that the bot reported at the close of `wave_id`.

    `newer` and `older` are the windows' counts: fewest people, most people, and answers.
    """

    wave_id: int
    item_id: str
    side: Side
    measure: str
    rising: bool
    newer: tuple[int, int, int]
    older: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidStudy:
    """A comparison of a share with a published figure, as the bot reported it for `wave_id`.

    `verdict` is "above", "below" or "unclear". With `complement` those who are not in the share are compared.
    The per cents are the published one and the ends of its range, `people_n` its sample, None if not known.
    """

    wave_id: int
    item_id: str
    series: str
    side: Side
    measure: str
    study: str
    verdict: str
    complement: bool
    percent_low: float
    percent: float
    percent_high: float
    people_n: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Everything that the bot derived from closed waves and reported, wave by wave."""

    changes: tuple[SaidChange, ...]
    studies: tuple[SaidStudy, ...]


def said(waves: Sequence[ClosedWave], bank: Bank, ledger: Ledger) -> Said:
    """The changes and verdicts in the reports of these waves, wave by wave, without making the reports."""
    ordered = sorted(waves, key=lambda wave: (wave.closed_at, wave.id))
    place = {wave.id: at for at, wave in enumerate(ordered)}
    changes = [_said_change(change) for item in bank for change in all_changes(item, ordered)]
    studies = [study for item in bank for study in _said_studies(item, ordered, ledger)]
    return Said(
        changes=tuple(sorted(changes, key=lambda change: place[change.wave_id])),
        studies=tuple(sorted(studies, key=lambda study: place[study.wave_id])),
    )


def _said_change(change: Change) -> SaidChange:
    return SaidChange(
        wave_id=change.wave_id,
        item_id=change.item_id,
        side=change.side,
        measure=change.measure,
        rising=change.rising,
        newer=_counts(change.newer),
        older=_counts(change.older),
    )


def _counts(window: Window) -> tuple[int, int, int]:
    return window.low, window.high, window.n


def _said_studies(item: Item, waves: Sequence[ClosedWave], ledger: Ledger) -> Iterator[SaidStudy]:
    for found in all_verdicts(item, waves, ledger):
        row = found.comparable.row
        yield SaidStudy(
            wave_id=found.wave_id,
            item_id=item.id,
            series=item.series,
            side=found.side,
            measure=found.measure,
            study=row.key,
            verdict=str(found.verdict),
            complement=found.comparable.complement,
            percent_low=row.percent_low,
            percent=row.percent,
            percent_high=row.percent_high,
            people_n=row.n,
        )
