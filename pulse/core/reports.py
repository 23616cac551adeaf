"""From closed waves to all that is said of them: a wave's report, and an item's trail over the waves.

Sentences are always made for a whole wave, because how clear something must be depends on what else was
asked in it (`pulse.core.wording.say`): one item's card shows the same sentences as the results did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pulse.core.baselines import Comparable, Ledger, comparable
from pulse.core.items import Bank
from pulse.core.language import ngettext
from pulse.core.model import Asked, ClosedWave, Item, Note, Outcome, Side, SideTurnout, Withheld
from pulse.core.wording import (
    Case,
    Past,
    Reading,
    drift_sentence,
    power_sentence,
    say,
    trend_sentence,
)


@dataclass(frozen=True, slots=True)
class ItemReport:
    """One item of a wave: what may be published of each side, and the sentences. `gap` is None where none."""

    item: Item
    outcomes: Mapping[Side, Outcome]
    readings: Mapping[Side, Reading]
    gap: str | None
    comparables: Mapping[Side, tuple[Comparable, ...]]


@dataclass(frozen=True, slots=True)
class WaveReport:
    """A closed wave, the headline item first.

    `next_opens` is None where no wave is planned. `notes` are sentences about the report itself.
    """

    wave: ClosedWave
    items: tuple[ItemReport, ...]
    next_opens: datetime | None = None
    notes: tuple[str, ...] = ()

    def of(self, item_id: str) -> ItemReport | None:
        return next((found for found in self.items if found.item.id == item_id), None)


@dataclass(frozen=True, slots=True)
class Step:
    """An item in one closed wave. `series` names the wording it was asked in."""

    wave: ClosedWave
    series: str
    outcomes: Mapping[Side, Outcome]


@dataclass(frozen=True, slots=True)
class Trail:
    """An item over all closed waves that asked it, oldest first, at least one.

    `sentences` are of the waves under today's wording only. `last` is the item's report in its newest wave,
    None where that wave asked another wording. `notes` are the managers' marks, oldest first.
    """

    item: Item
    steps: tuple[Step, ...]
    last: ItemReport | None
    sentences: Mapping[Side, tuple[str, ...]]
    notes: tuple[Note, ...] = ()

    @property
    def reworded(self) -> bool:
        """True where the wording changed within the trail: nothing is compared across that."""
        series = self.item.series
        return any(step.series != series for step in self.steps)


def report(
    wave: ClosedWave,
    before: Sequence[ClosedWave],
    bank: Bank,
    ledger: Ledger,
    next_opens: datetime | None = None,
) -> WaveReport:
    """All that is said of a closed wave. Of `before` only the waves that closed earlier are looked at.

    An item whose wording is no longer in the bank is left out, with a note: its sentences would stand
    beside words that nobody was asked.
    """
    earlier = _earlier(wave, before)
    items = _as_asked(wave, bank)
    cases = [_case(item, side, wave, earlier, ledger) for item in items for side in Side]
    said = say(cases, items[0].id if items else "", wave.minimum)
    reports = tuple(
        ItemReport(
            item,
            {side: _outcome(wave, item.id, side) for side in Side},
            {side: said.readings[item.id, side] for side in Side},
            said.gaps.get(item.id) or None,
            {side: comparable(item, side, ledger) for side in Side},
        )
        for item in items
    )
    return WaveReport(wave, reports, next_opens, _missing(len(wave.items) - len(items)))


Maker = Callable[[ClosedWave, Sequence[ClosedWave], Bank, Ledger], WaveReport]


def last_report(
    item: Item, waves: Sequence[ClosedWave], bank: Bank, ledger: Ledger, make: Maker = report
) -> WaveReport | None:
    """The report of the newest closed wave that asked this item in today's wording; None where none did."""
    series = item.series
    asked = [wave for wave in waves if wave.series.get(item.id) == series]
    if not asked:
        return None
    return make(max(asked, key=_age), waves, bank, ledger)


def trail(
    item: Item,
    waves: Sequence[ClosedWave],
    bank: Bank,
    ledger: Ledger,
    notes: Sequence[Note] = (),
    make: Maker = report,
) -> Trail | None:
    """The item over all closed waves; None where no closed wave asked it."""
    asked = sorted((wave for wave in waves if item.id in wave.series), key=_age)
    if not asked:
        return None
    steps = tuple(
        Step(wave, wave.series[item.id], {side: _outcome(wave, item.id, side) for side in Side})
        for wave in asked
    )
    series = item.series
    current = [step for step in steps if step.series == series]
    last = make(current[-1].wave, waves, bank, ledger).of(item.id) if current else None
    sentences = {side: _over_time(item, side, current) for side in Side}
    return Trail(item, steps, last, sentences, tuple(sorted(notes, key=lambda note: note.day)))


def _over_time(item: Item, side: Side, steps: Sequence[Step]) -> tuple[str, ...]:
    if not steps:
        return ()
    past: list[Past] = [(step.outcomes[side], _turnout(step.wave, side)) for step in steps]
    newest = steps[-1].outcomes[side]
    n = None if isinstance(newest, Withheld) else newest.n
    found = (
        trend_sentence(item, past),
        drift_sentence(item, past),
        power_sentence(n, steps[-1].wave.minimum) if n is not None else None,
    )
    return tuple(sentence for sentence in found if sentence)


def _age(wave: ClosedWave) -> tuple[datetime, int]:
    return wave.closed_at, wave.id


def _earlier(wave: ClosedWave, waves: Sequence[ClosedWave]) -> list[ClosedWave]:
    return sorted((other for other in waves if _age(other) < _age(wave)), key=_age)


def _as_asked(wave: ClosedWave, bank: Bank) -> list[Item]:
    """The wave's items that the bank still has in the wording asked; the first anchor of the bank leads."""
    found = [item for id_ in wave.items if (item := bank.get(id_)) and item.series == wave.series.get(id_)]
    anchors = [item for item in bank.asked(Asked.EVERY_WAVE) if item in found]
    return anchors[:1] + [item for item in found if item not in anchors[:1]]


def _missing(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (
        ngettext(
            "{count} question of this pulse is left out: its wording has changed since.",
            "{count} questions of this pulse are left out: their wording has changed since.",
            count,
        ).format(count=count),
    )


def _case(item: Item, side: Side, wave: ClosedWave, earlier: Sequence[ClosedWave], ledger: Ledger) -> Case:
    series = item.series
    before = next((old for old in reversed(earlier) if old.series.get(item.id) == series), None)
    past = None if before is None else (_outcome(before, item.id, side), _turnout(before, side))
    rows = comparable(item, side, ledger)
    return Case(item, side, _outcome(wave, item.id, side), _turnout(wave, side), past, rows)


def _outcome(wave: ClosedWave, item_id: str, side: Side) -> Outcome:
    return wave.outcomes.get((item_id, side), Withheld())


def _turnout(wave: ClosedWave, side: Side) -> SideTurnout:
    return wave.turnout.get(side, SideTurnout(0, None))
