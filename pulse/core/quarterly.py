"""The report for leaders: what a quarter of closed waves says, from the reports of its closes.

It adds nothing to what the closes have said: an item is shown as it was at its newest close of the quarter,
and a change is listed if a close of the quarter claimed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from pulse.core.closed_waves import by_close, closing_day, outcome_of
from pulse.core.commitments import Commitment
from pulse.core.comparison import Verdict
from pulse.core.items import Bank
from pulse.core.model import ClosedWave, Item, Note, Side
from pulse.core.quarters import Quarter
from pulse.core.reporting import bank_items, headline
from pulse.core.reports import Change, Finding, Headline, ItemReport, Step, WaveReport
from pulse.core.trails import counts_at

STEPS = 13
"""Waves on an item's trend, as many as a quarter has weeks; if it is asked seldom, some are from before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterItem:
    """An item at its newest close of the quarter.

    `asked` is how many waves of the quarter asked it in today's wording. `steps` are its last waves up to the
    newest, oldest first; they can begin before the quarter.
    """

    report: ItemReport
    wave: ClosedWave
    asked: int
    steps: tuple[Step, ...]

    @property
    def item(self) -> Item:
        return self.report.item

    def stands_out(self) -> bool:
        """Whether a side is clearly above or below its study, or the sides clearly differ."""
        verdicts = [said.lead.verdict for said in self.report.sides.values() if said.lead is not None]
        if self.report.gap is not None:
            verdicts.append(self.report.gap.verdict)
        return Verdict.ABOVE in verdicts or Verdict.BELOW in verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterTurnout:
    """How many answered on one side per wave: from `low` to `high` of `roster_low` to `roster_high` people.

    `hidden` of the quarter's `waves` had fewer answers than their minimum; `low` and `high` are those of the
    others, None if all were hidden.
    """

    waves: int
    hidden: int
    low: int | None
    high: int | None
    roster_low: int
    roster_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterReport:
    """A quarter, or what has passed of it.

    `waves` closed in it, oldest first, at least one. `items` with a change come first, then those asked most.
    `changes` were claimed in it, oldest first. `left_out` items were asked in a wording that the bank no
    longer has. `headline` is the newest change, else what stands out by the rules of a wave's message. Days
    are those of `zone`; commitments are shown in their state on the day `today`. `around` has the first
    item's answers before and after each commitment's day, by the commitment's id.
    """

    quarter: Quarter
    zone: tzinfo
    waves: tuple[ClosedWave, ...]
    items: tuple[QuarterItem, ...]
    changes: tuple[Change, ...]
    headline: Headline
    turnout: Mapping[Side, QuarterTurnout]
    notes: tuple[Note, ...]
    commitments: tuple[Commitment, ...]
    today: date
    around: Mapping[int, Mapping[Side, str]]
    left_out: int

    def day(self, wave: ClosedWave) -> date:
        """The day of a close as readers know it."""
        return closing_day(wave, self.zone)


Made = Callable[[ClosedWave], WaveReport]
"""Makes the report of a closed wave."""


def quarters(closed: Iterable[ClosedWave], zone: tzinfo) -> dict[Quarter, tuple[ClosedWave, ...]]:
    """Closed waves by the quarter in which they closed, oldest first."""
    found: dict[Quarter, tuple[ClosedWave, ...]] = {}
    for wave in sorted(closed, key=by_close):
        quarter = Quarter.of(closing_day(wave, zone))
        found[quarter] = (*found.get(quarter, ()), wave)
    return found


def quarter_report(
    quarter: Quarter,
    closed: Sequence[ClosedWave],
    bank: Bank,
    made: Made,
    zone: tzinfo,
    *,
    notes: Sequence[Note] = (),
    commitments: Sequence[Commitment] = (),
    today: date | None = None,
) -> QuarterReport | None:
    """The report of a quarter; None if no wave closed in it. Later waves and notes are ignored.

    `today` is the day on which it is read, the quarter's last by default.
    """
    waves = quarters(closed, zone).get(quarter, ())
    if not waves:
        return None
    items = tuple(_items(waves, closed, bank, made))
    changes = tuple(_changes(items, waves))
    changed = {change.item_id for change in changes}
    ranked = tuple(sorted(items, key=lambda found: _rank(found, changed)))
    past = [wave for wave in closed if wave.closed_at <= waves[-1].closed_at]
    concerned = tuple(one for one in commitments if _concerns(one, quarter))
    asked = {(id_, wave.series.get(id_)) for wave in waves for id_ in bank_items(wave)}
    return QuarterReport(
        quarter=quarter,
        zone=zone,
        waves=waves,
        items=ranked,
        changes=changes,
        headline=_headline(ranked, changes),
        turnout={side: _turnout(waves, side) for side in Side},
        notes=tuple(note for note in notes if Quarter.of(note.day) == quarter),
        commitments=concerned,
        around={one.id: counts_at(one, found.item, past, zone) for one in concerned for found in ranked[:1]},
        today=today or quarter.last,
        left_out=len(asked - {(found.item.id, found.item.series) for found in items}),
    )


def _items(
    waves: Sequence[ClosedWave], closed: Sequence[ClosedWave], bank: Bank, made: Made
) -> Iterator[QuarterItem]:
    """The items of the quarter's waves that the bank still has in the wording asked, in the order asked."""
    for id_ in dict.fromkeys(id_ for wave in waves for id_ in wave.items):
        item = bank.get(id_)
        if item is None:
            continue
        asked = [wave for wave in waves if wave.series.get(id_) == item.series]
        said = made(asked[-1]).of(id_) if asked else None
        if said is not None:
            steps = _steps(item, [wave for wave in closed if wave.closed_at <= asked[-1].closed_at])
            yield QuarterItem(report=said, wave=asked[-1], asked=len(asked), steps=steps)


def _steps(item: Item, past: Sequence[ClosedWave]) -> tuple[Step, ...]:
    asked = sorted(
        (wave for wave in past if wave.series.get(item.id) == item.series),
        key=by_close,
    )
    return tuple(
        Step(
            wave=wave,
            series=item.series,
            outcomes={side: outcome_of(wave, item.id, side) for side in Side},
        )
        for wave in asked[-STEPS:]
    )


def _changes(items: Sequence[QuarterItem], waves: Sequence[ClosedWave]) -> list[Change]:
    order = {wave.id: place for place, wave in enumerate(waves)}
    told = [
        change
        for found in items
        for said in found.report.sides.values()
        for change in said.claims
        if change.wave_id in order
    ]
    return sorted(told, key=lambda change: order[change.wave_id])


def _headline(items: Sequence[QuarterItem], changes: Sequence[Change]) -> Headline:
    if not changes:
        return headline([found.report for found in items])
    newest = changes[-1]
    return Headline(kind=Finding.CHANGE, first=False, item_id=newest.item_id, side=newest.side, change=newest)


def _rank(found: QuarterItem, changed: set[str]) -> tuple[bool, int, bool]:
    return found.item.id not in changed, -found.asked, not found.stands_out()


def _turnout(waves: Sequence[ClosedWave], side: Side) -> QuarterTurnout:
    each = [wave.turnout[side] for wave in waves if side in wave.turnout]
    answered = [one.answered for one in each if one.answered is not None]
    rosters = [one.roster for one in each] or [0]
    return QuarterTurnout(
        waves=len(waves),
        hidden=len(waves) - len(answered),
        low=min(answered, default=None),
        high=max(answered, default=None),
        roster_low=min(rosters),
        roster_high=max(rosters),
    )


def _concerns(commitment: Commitment, quarter: Quarter) -> bool:
    """Whether it was made, due or answered in the quarter, or was open at its end."""
    days = (commitment.made_on, commitment.due_on, commitment.answered_on)
    if any(day is not None and Quarter.of(day) == quarter for day in days):
        return True
    return commitment.made_on <= quarter.last and commitment.is_open(quarter.last)
