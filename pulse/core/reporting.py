"""From closed waves to all that is said about one of them.

Everything is derived from closed waves each time: what has been claimed about a series is stored nowhere
(`pulse.core.claims`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from pulse.core import wording
from pulse.core.baselines import Ledger, aside
from pulse.core.closed_waves import closing_day, earlier_than, has_results, observed, outcome_of, turnout_of
from pulse.core.commitments import ID_PREFIX, Commitment, commitment_item
from pulse.core.comparison import Verdict, better_or_worse, gap
from pulse.core.dates import day
from pulse.core.expectation_item import is_expectation
from pulse.core.facts import count
from pulse.core.followup import CommitmentReport, ExpectationReport, expectation_report
from pulse.core.items import Bank
from pulse.core.language import _, ngettext
from pulse.core.likelihood import Observation
from pulse.core.model import (
    Asked,
    ClosedWave,
    Counted,
    Direction,
    Item,
    Measure,
    Outcome,
    Share,
    Side,
    Withheld,
)
from pulse.core.people import people_range
from pulse.core.reports import (
    RECENT,
    Finding,
    Gap,
    Headline,
    ItemReport,
    ReportNote,
    ReportNoteKind,
    SideReport,
    WaveReport,
)
from pulse.core.series import Series, claimed_changes, step
from pulse.core.study_comparisons import study_comparisons


def report(
    wave: ClosedWave,
    before: Sequence[ClosedWave],
    bank: Bank,
    ledger: Ledger,
    next_opens: datetime | None = None,
    *,
    zone: tzinfo = UTC,
    commitments: Sequence[Commitment] = (),
) -> WaveReport:
    """All that is said about a closed wave. Of `before` only the waves that closed earlier are used.

    Days are those of `zone`.

    An item whose wording is no longer in the bank is left out, with a note: its sentences would appear beside
    a question that nobody was asked.
    """
    earlier = earlier_than(wave, before)
    waves = [*earlier, wave]
    items = tuple(_item(Series(item, waves, zone), ledger) for item in _as_asked(wave, bank))
    expectations = tuple(_expectations(items, wave))
    first = not earlier
    return WaveReport(
        wave=wave,
        items=items,
        headline=headline(items, expectations, first=first),
        expectations=expectations,
        commitments=tuple(_commitments(wave, commitments)),
        next_opens=next_opens,
        notes=tuple(_notes(wave, items, first=first)),
        standing=next((closing_day(old, zone) for old in reversed(earlier) if has_results(old)), None),
    )


def _as_asked(wave: ClosedWave, bank: Bank) -> list[Item]:
    """The wave's items that the bank still has in the wording asked; the first anchor of the bank leads."""
    found = [item for id_ in wave.items if (item := bank.get(id_)) and item.series == wave.series.get(id_)]
    anchors = [item for item in bank.asked(Asked.EVERY_WAVE) if item in found]
    return anchors[:1] + [item for item in found if item not in anchors[:1]]


def bank_items(wave: ClosedWave) -> list[str]:
    """The wave's questions that come from the bank."""
    return [id_ for id_ in wave.items if not (is_expectation(id_) or id_.startswith(ID_PREFIX))]


def _notes(wave: ClosedWave, items: Sequence[ItemReport], *, first: bool) -> Iterator[ReportNote]:
    missing = len(bank_items(wave)) - len(items)
    if missing:
        yield ReportNote(kind=ReportNoteKind.LEFT_OUT, sentence=_left_out(missing))
    if first and any(_shown(found) for found in items):
        yield ReportNote(kind=ReportNoteKind.FIRST_CLAIMS, sentence=wording.first_claims_sentence())
    if any(_is_translated(found) for found in items):
        yield ReportNote(kind=ReportNoteKind.TRANSLATED, sentence=wording.translated_sentence())


def _left_out(count: int) -> str:
    return ngettext(
        "{count} question of this pulse is left out: its wording has changed since.",
        "{count} questions of this pulse are left out: their wording has changed since.",
        count,
    ).format(count=count)


def _is_translated(found: ItemReport) -> bool:
    """Whether a figure is shown beside a question that was translated."""
    leads = (said.lead for said in found.sides.values())
    return found.item.translated and any(lead is not None and lead.phrase for lead in leads)


def _item(series: Series, ledger: Ledger) -> ItemReport:
    """The item in the newest of the waves that asked it."""
    return ItemReport(
        item=series.item,
        sides={side: _side(series, side, ledger) for side in Side},
        gap=_gap(series) if series.item.mirrored else None,
        recent=tuple(step(series.item.id, wave) for wave in series.waves[-RECENT:]),
        aside=aside(series.item, ledger),
    )


def _side(series: Series, side: Side, ledger: Ledger) -> SideReport:
    item, wave = series.item, series.newest
    now, turnout = outcome_of(wave, item.id, side), turnout_of(wave, side)
    first = item.measures[0]
    seen = observed(wave, item, side, first)
    history = claimed_changes(series, side)
    low_response = seen is not None and not seen.describes
    is_new = bool(history) and history[-1].wave_id == wave.id
    people = people_range(seen) if seen is not None and seen.describes else None
    direct = _direct(item, now) if people is not None else None
    return SideReport(
        outcome=now,
        roster=turnout.roster,
        answered=turnout.answered,
        low_response=low_response,
        people=people,
        change=history[-1] if is_new else None,
        claims=history,
        comparisons=tuple(study_comparisons(series, side, ledger)),
        last_time=_last_time(series, side),
        sentence=_sentence(item, now, wave, turnout.roster, low_response=low_response),
        people_sentence=wording.people_sentence(first, people, seen.n) if people and seen else "",
        direct_sentence=wording.direct_sentence(direct) if direct else "",
        sight=wording.power_sentence(seen.n, wave.minimum) if seen is not None else "",
    )


def _sentence(item: Item, now: Outcome, wave: ClosedWave, roster: int, *, low_response: bool) -> str:
    if isinstance(now, Withheld):
        return wording.hidden(wave.minimum)
    return wording.share_sentence(item, now, max(roster, now.n), low_response=low_response)


def _last_time(series: Series, side: Side) -> str:
    newest = series.newest
    published = reversed(series.published(side, series.item.measures[0]))
    before = next(((wave, seen) for wave, seen in published if wave is not newest), None)
    if before is None:
        return ""
    wave, seen = before
    return wording.last_time_sentence(
        Share(seen.low, seen.high), seen.n, series.day(wave), series.day(newest)
    )


def _gap(series: Series) -> Gap:
    """The gap in the newest wave.

    Two wordings that each say something bad about the other side accuse: agreeing with one is not agreeing
    with the other.
    """
    item, measure = series.item, series.item.measures[0]
    shown = _shares(item, series.newest)
    if item.direction is Direction.NEGATIVE:
        return Gap(verdict=None, sentence=wording.accusing_sentence(item, shown))
    both = [pair for wave in series.waves if (pair := _both(wave, item, measure)) is not None]
    standing = gap(both) if _both(series.newest, item, measure) is not None else None
    verdict = standing.verdict if standing is not None else None
    return Gap(verdict=verdict, sentence=wording.gap_sentence(item, verdict, shown))


def _both(wave: ClosedWave, item: Item, measure: Measure) -> tuple[Observation, Observation] | None:
    """(marketing, IT) if both are published, else None."""
    marketing, it = (observed(wave, item, side, measure) for side in (Side.MARKETING, Side.IT))
    return (marketing, it) if marketing is not None and it is not None else None


def _shares(item: Item, wave: ClosedWave) -> dict[Side, tuple[Share, int]]:
    found = {side: outcome_of(wave, item.id, side) for side in Side}
    key = item.measures[0].key
    return {
        side: (now.shares[key], now.n)
        for side, now in found.items()
        if isinstance(now, Counted) and key in now.shares
    }


BETTER, WORSE = "better", "worse"


def _direct(item: Item, now: Outcome) -> Verdict | None:
    """The sign test of an item whose options are better and worse; None for other items."""
    keys = {option.key for option in item.options}
    if not isinstance(now, Counted) or not {BETTER, WORSE} <= keys:
        return None
    better = next((m.key for m in item.measures if m.options == {BETTER} and m.key in now.shares), None)
    if better is None:
        return None
    found = now.shares[better]
    bar = next((bar.count for bar in now.bars if bar.options == (WORSE,)), None)
    worse = (0, now.n - found.low) if bar is None else (bar, bar)
    return better_or_worse((found.low, found.high), worse)


def _expectations(items: Sequence[ItemReport], wave: ClosedWave) -> Iterator[ExpectationReport]:
    for item in (found.item for found in items):
        for side in Side:
            expected = wave.expected.get((item.id, side))
            if expected is not None:
                held = observed(wave, item, side.other, item.measures[0])
                yield expectation_report(item, side, expected, turnout_of(wave, side).roster, held)


def _commitments(wave: ClosedWave, commitments: Sequence[Commitment]) -> Iterator[CommitmentReport]:
    for commitment in commitments:
        item = commitment_item(commitment, day(commitment.due_on))
        if wave.series.get(item.id) == item.series:
            yield CommitmentReport(
                commitment=commitment,
                sentences={side: _answers(item, wave, side) for side in Side},
                counts={side: said for side in Side if (said := _counted(item, wave, side))},
            )


def _counted(item: Item, wave: ClosedWave, side: Side) -> str:
    """The share of a side in a few words; empty if it is not shown."""
    seen = observed(wave, item, side, item.measures[0])
    if seen is None:
        return ""
    said = count(seen.low, seen.high, seen.n)
    return said if seen.describes else _("{count} (too few to describe the channel)").format(count=said)


def _answers(item: Item, wave: ClosedWave, side: Side) -> str:
    seen = observed(wave, item, side, item.measures[0])
    low = seen is not None and not seen.describes
    return _sentence(
        item, outcome_of(wave, item.id, side), wave, turnout_of(wave, side).roster, low_response=low
    )


def headline(
    items: Sequence[ItemReport], expectations: Sequence[ExpectationReport] = (), *, first: bool = False
) -> Headline:
    """The first finding in the fixed order (`Finding`). `first`: no wave was reported before."""
    if not any(_shown(found) for found in items):
        return Headline(kind=Finding.NO_RESULTS, first=first)
    return next(_findings(items, expectations, first=first), Headline(kind=Finding.NOTHING, first=first))


def _findings(
    items: Sequence[ItemReport], expectations: Sequence[ExpectationReport], *, first: bool
) -> Iterator[Headline]:
    """All findings in the fixed order; within a kind the items' order, marketing before IT."""
    sides = [(found.item.id, side, found.sides[side]) for found in items for side in Side]
    for item_id, side, said in sides:
        if said.change is not None:
            yield Headline(kind=Finding.CHANGE, first=first, item_id=item_id, side=side, change=said.change)
    for wrong in (found for found in expectations if found.misjudged):
        kind, item_id = Finding.EXPECTATION, wrong.item.id
        yield Headline(kind=kind, first=first, item_id=item_id, side=wrong.side, expectation=wrong)
    for item_id, side, said in sides:
        if said.lead is not None and said.lead.evident:
            yield Headline(kind=Finding.STUDY, first=first, item_id=item_id, side=side, comparison=said.lead)
    for asked in items:
        if asked.gap is not None and asked.gap.verdict in (Verdict.ABOVE, Verdict.BELOW):
            yield Headline(kind=Finding.GAP, first=first, item_id=asked.item.id, gap=asked.gap)
    yield from _one_side(items, first=first)


def _one_side(items: Sequence[ItemReport], *, first: bool) -> Iterator[Headline]:
    shown = {side for found in items for side in _shown(found)}
    if len(shown) == 1:
        yield Headline(kind=Finding.ONE_SIDE, first=first, side=shown.pop())


def _shown(found: ItemReport) -> list[Side]:
    return [side for side in Side if isinstance(found.sides[side].outcome, Counted)]
