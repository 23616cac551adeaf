"""From closed waves to all that is said of them: the records in which a close is reported.

`report` makes a wave's, `trail` an item's over all waves. Everything is derived from closed waves each time:
what has been claimed of a series is stored nowhere (`pulse.core.claims`). Sentences are made once, in
`pulse.core.wording`, and carried in the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from pulse.core import wording
from pulse.core.baselines import Comparable, Ledger, aside, comparable, further_figures, lead_figure
from pulse.core.claims import Window, claims
from pulse.core.commitments import ID_PREFIX, Commitment, commitment_item
from pulse.core.comparison import Standing, Study, Verdict, against_study, better_or_worse, gap
from pulse.core.dates import day
from pulse.core.expectation_item import is_expectation
from pulse.core.facts import count
from pulse.core.followup import (
    CommitmentMark,
    CommitmentReport,
    ExpectationReport,
    commitment_mark,
    expectation_report,
)
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
    Note,
    Outcome,
    Share,
    Side,
    SideTurnout,
    Withheld,
)
from pulse.core.people import PeopleRange, people_range


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of an item's first share on one side, claimed once, at the close of wave `wave_id`."""

    item_id: str
    side: Side
    measure: str
    rising: bool
    newer: Window
    older: Window
    z: float
    wave_id: int
    sentence: str


class Reason(StrEnum):
    """Why a published figure has no verdict."""

    HIDDEN = "hidden"
    LOW_RESPONSE = "low response"
    BACKGROUND = "background"
    NOT_PUBLISHED = "not published"
    """The share that it belongs to is not published of this wave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyComparison:
    """A published figure beside an item on one side.

    `verdict` is None where `reason` says why. `waves` were averaged. `lead` marks the one figure that a
    message shows of the side, `further` one that it shows beside a later share of a multiple choice.
    `evident` is true where this wave's own figure, as it is printed, lies on the verdict's side: one that the
    waves before carry would read as a contradiction beside it. `sentence` says it in full and `phrase` in a
    few words; both are empty where the item is hidden on that side.
    """

    comparable: Comparable
    verdict: Verdict | None
    reason: Reason | None
    waves: int
    lead: bool
    further: bool
    evident: bool
    sentence: str
    phrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Marketing against IT on a mirrored item. `accusing`: the two wordings blame each other.

    `verdict` is ABOVE where more in marketing choose the item's first share, and None where either side is
    not shown, or where the wordings accuse each other and are not compared.
    """

    verdict: Verdict | None
    accusing: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTime:
    """The last wave before that asked the item in the same words and could be shown."""

    day: date
    n: int
    share: Share
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SideReport:
    """An item on one side in one wave.

    `roster` are the side's people at the opening, `answered` those with an opinion on anything, None under
    the minimum. `low_response`: too few had an opinion on this item to describe the channel; nothing is then
    derived. `change` is the claim of this wave, `claims` all claims to this wave, oldest first. `direct` is
    the verdict of an item that asks about change itself: ABOVE is better. `sentence` says the share,
    `people_sentence` the whole side, `sight` what this number of answers can show; each is empty where it has
    nothing to say.
    """

    outcome: Outcome
    roster: int
    answered: int | None
    low_response: bool
    people: PeopleRange | None
    change: Change | None
    claims: tuple[Change, ...]
    comparisons: tuple[StudyComparison, ...]
    last_time: LastTime | None
    direct: Verdict | None
    sentence: str
    people_sentence: str
    direct_sentence: str
    sight: str

    @property
    def lead(self) -> StudyComparison | None:
        """The one comparison that a message shows."""
        return next((found for found in self.comparisons if found.lead), None)

    @property
    def further(self) -> tuple[StudyComparison, ...]:
        """Those that a message shows beside later shares."""
        return tuple(found for found in self.comparisons if found.further)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An item in one closed wave. `series` names the wording it was asked in."""

    wave: ClosedWave
    series: str
    outcomes: Mapping[Side, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReport:
    """One item of a wave. `gap` is None where the item has no mirrored wordings.

    `recent` are its last `RECENT` waves under this wording, oldest first, this one among them. `aside` names
    headline figures that no answer is compared with, and why.
    """

    item: Item
    sides: Mapping[Side, SideReport]
    gap: Gap | None
    recent: tuple[Step, ...] = ()
    aside: str = ""


RECENT = 8
"""Waves of an item that stand beside its newest figures."""


class Finding(StrEnum):
    """What a message begins with, in the order of precedence."""

    NO_RESULTS = "no results"
    CHANGE = "change"
    EXPECTATION = "expectation"
    STUDY = "study"
    GAP = "gap"
    ONE_SIDE = "one side"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The finding of a wave: the first change, wrong expectation, difference from a study or gap.

    `item_id` and `side` are None where the finding has none; `side` of ONE_SIDE is the side that is shown.
    `change`, `expectation`, `comparison` or `gap` is the finding itself. `first`: no wave was reported
    before.
    """

    kind: Finding
    first: bool
    item_id: str | None = None
    side: Side | None = None
    change: Change | None = None
    expectation: ExpectationReport | None = None
    comparison: StudyComparison | None = None
    gap: Gap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveReport:
    """A closed wave, the headline item first.

    `next_opens` is None where no wave is planned. `notes` are sentences about the report itself.
    `standing` is the day of the last wave before that had results: they stand where this wave has none.
    `expectations` and `commitments` are those that this wave asked about.
    """

    wave: ClosedWave
    items: tuple[ItemReport, ...]
    headline: Headline
    expectations: tuple[ExpectationReport, ...] = ()
    commitments: tuple[CommitmentReport, ...] = ()
    next_opens: datetime | None = None
    notes: tuple[str, ...] = ()
    standing: date | None = None

    def of(self, item_id: str) -> ItemReport | None:
        return next((found for found in self.items if found.item.id == item_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """An item over all closed waves that asked it, oldest first, at least one.

    `sentences` are of the waves under today's wording only: each claim of change, or that there is none.
    `last` is the item's report in its newest wave, None where that wave asked another wording. `notes` are
    the managers' and the commitments' marks, `marks` the latter with their counts, oldest first.
    """

    item: Item
    steps: tuple[Step, ...]
    last: ItemReport | None
    sentences: Mapping[Side, tuple[str, ...]]
    notes: tuple[Note, ...] = ()
    marks: tuple[CommitmentMark, ...] = ()

    @property
    def reworded(self) -> bool:
        """True where the wording changed within the trail: nothing is compared across that."""
        series = self.item.series
        return any(step.series != series for step in self.steps)


# --- A wave ----------------------------------------------------------------------------------------------


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
    """All that is said of a closed wave. Of `before` only the waves that closed earlier are looked at.

    Days are those of `zone`.

    An item whose wording is no longer in the bank is left out, with a note: its sentences would stand
    beside words that nobody was asked.
    """
    earlier = _earlier(wave, before)
    waves = [*earlier, wave]
    items = tuple(_item(_Asked(item, waves, zone), ledger) for item in _as_asked(wave, bank))
    expectations = tuple(_expectations(items, wave))
    notes = _missing(len(_bank_items(wave)) - len(items))
    first = not earlier
    if first and any(_shown(found) for found in items):
        notes = (*notes, wording.first_claims_sentence())
    if any(_is_translated(found) for found in items):
        notes = (*notes, wording.translated_sentence())
    return WaveReport(
        wave=wave,
        items=items,
        headline=_headline(items, expectations, first=first),
        expectations=expectations,
        commitments=tuple(_commitments(wave, commitments)),
        next_opens=next_opens,
        notes=notes,
        standing=next((_day(old, zone) for old in reversed(earlier) if has_results(old)), None),
    )


def _item(asked: _Asked, ledger: Ledger) -> ItemReport:
    """The item in the newest of the waves that asked it."""
    return ItemReport(
        item=asked.item,
        sides={side: _side(asked, side, ledger) for side in Side},
        gap=_gap(asked) if asked.item.mirrored else None,
        recent=tuple(_step(asked.item.id, wave) for wave in asked.waves[-RECENT:]),
        aside=aside(asked.item, ledger),
    )


def _side(asked: _Asked, side: Side, ledger: Ledger) -> SideReport:
    item, wave = asked.item, asked.newest
    now, turnout = outcome_of(wave, item.id, side), turnout_of(wave, side)
    first = item.measures[0]
    seen = _observed(wave, item, side, first)
    history = _claims(asked, side)
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
        comparisons=tuple(_comparisons(asked, side, ledger)),
        last_time=_last_time(asked, side),
        direct=direct,
        sentence=_sentence(item, now, wave, turnout.roster, low_response=low_response),
        people_sentence=wording.people_sentence(first, people, seen.n) if people and seen else "",
        direct_sentence=wording.direct_sentence(direct) if direct else "",
        sight=wording.power_sentence(seen.n, wave.minimum) if seen is not None else "",
    )


def _sentence(item: Item, now: Outcome, wave: ClosedWave, roster: int, *, low_response: bool) -> str:
    if isinstance(now, Withheld):
        return wording.hidden(wave.minimum)
    return wording.share_sentence(item, now, max(roster, now.n), low_response=low_response)


# --- Series ----------------------------------------------------------------------------------------------


def _observed(wave: ClosedWave, item: Item, side: Side, measure: Measure) -> Observation | None:
    """What the wave published of a measure; None if it published none of it.

    A wave of the first edition may have more answers than people at its opening: they joined in time. The
    day is that of UTC, so that the rules say the same in every zone.
    """
    now = outcome_of(wave, item.id, side)
    if isinstance(now, Withheld) or measure.key not in now.shares:
        return None
    found = now.shares[measure.key]
    roster = max(turnout_of(wave, side).roster, now.n)
    return Observation(wave.closed_at.astimezone(UTC).date(), found.low, found.high, now.n, roster)


class _Asked:
    """The waves that asked an item in today's wording, oldest first, and what each published.

    Readers are told days of `zone`.
    """

    def __init__(self, item: Item, waves: Sequence[ClosedWave], zone: tzinfo) -> None:
        series = item.series
        self.item, self._zone = item, zone
        self.waves = [wave for wave in waves if wave.series.get(item.id) == series]
        self._published: dict[tuple[Side, str], list[tuple[ClosedWave, Observation]]] = {}

    @property
    def newest(self) -> ClosedWave:
        return self.waves[-1]

    def day(self, wave: ClosedWave) -> date:
        """The day of a close in the readers' zone."""
        return _day(wave, self._zone)

    def published(self, side: Side, measure: Measure) -> list[tuple[ClosedWave, Observation]]:
        """The waves that published the measure on the side, each with its observation."""
        key = side, measure.key
        if key not in self._published:
            self._published[key] = [
                (wave, seen)
                for wave in self.waves
                if (seen := _observed(wave, self.item, side, measure)) is not None
            ]
        return self._published[key]

    def series(self, side: Side, measure: Measure) -> list[Observation]:
        return [seen for _wave, seen in self.published(side, measure)]


def _claims(asked: _Asked, side: Side) -> tuple[Change, ...]:
    item, measure = asked.item, asked.item.measures[0]
    published = asked.published(side, measure)
    today = asked.day(asked.newest)
    days = {seen.day: asked.day(wave) for wave, seen in published}
    found = []
    for claim in claims(asked.series(side, measure)):
        newer, older = (
            replace(window, first=days[window.first], last=days[window.last])
            for window in (claim.newer, claim.older)
        )
        found.append(
            Change(
                item_id=item.id,
                side=side,
                measure=measure.key,
                rising=claim.rising,
                newer=newer,
                older=older,
                z=claim.z,
                wave_id=published[claim.at][0].id,
                sentence=wording.change_sentence(item, newer, older, rising=claim.rising, today=today),
            )
        )
    return tuple(found)


def _last_time(asked: _Asked, side: Side) -> LastTime | None:
    newest = asked.newest
    published = reversed(asked.published(side, asked.item.measures[0]))
    before = next(((wave, seen) for wave, seen in published if wave is not newest), None)
    if before is None:
        return None
    wave, seen = before
    share, when = Share(seen.low, seen.high), asked.day(wave)
    said = wording.last_time_sentence(share, seen.n, when, asked.day(newest))
    return LastTime(day=when, n=seen.n, share=share, sentence=said)


# --- Published figures -----------------------------------------------------------------------------------


def _comparisons(asked: _Asked, side: Side, ledger: Ledger) -> Iterator[StudyComparison]:
    item = asked.item
    now = outcome_of(asked.newest, item.id, side)
    lead = lead_figure(item, side, ledger)
    further = {figure.row.key for figure in further_figures(item, side, ledger)}
    for found in comparable(item, side, ledger):
        standing, reason = _standing(found, asked, side)
        verdict = standing.verdict if standing is not None else None
        is_lead = lead is not None and found.row.key == lead.row.key
        says_it = isinstance(now, Counted) and reason in (None, Reason.BACKGROUND)
        yield StudyComparison(
            comparable=found,
            verdict=verdict,
            reason=reason,
            waves=standing.waves if standing is not None else 0,
            lead=is_lead,
            further=found.row.key in further,
            evident=_is_evident(found, now, verdict),
            sentence=wording.comparison_sentence(item, found, now, verdict)
            if isinstance(now, Counted) and says_it
            else "",
            phrase=wording.verdict_phrase(found, verdict) if says_it else "",
        )


def _standing(found: Comparable, asked: _Asked, side: Side) -> tuple[Standing | None, Reason | None]:
    """How a side stands against a figure, or why it does not."""
    item = asked.item
    if isinstance(outcome_of(asked.newest, item.id, side), Withheld):
        return None, Reason.HIDDEN
    measure = _judged(found, item)
    if measure is None:
        return None, Reason.BACKGROUND
    seen = _observed(asked.newest, item, side, measure)
    if seen is None:
        return None, Reason.NOT_PUBLISHED
    if not seen.describes:
        return None, Reason.LOW_RESPONSE
    return against_study(_beside(found, asked.series(side, measure)), _study(found)), None


def _judged(found: Comparable, item: Item) -> Measure | None:
    """The share that a figure judges; None where it is background."""
    if not found.verdict:
        return None
    return next((measure for measure in item.measures if measure.key == found.measure), None)


def _beside(found: Comparable, series: Sequence[Observation]) -> list[Observation]:
    """A share's series as the figure counts it."""
    return [_rest(one) for one in series] if found.complement else list(series)


def _study(found: Comparable) -> Study:
    row = found.row
    return Study(low=row.percent_low, percent=row.percent, high=row.percent_high, n=row.n)


def _is_evident(found: Comparable, now: Outcome, verdict: Verdict | None) -> bool:
    if found.measure is None or not isinstance(now, Counted) or found.measure not in now.shares:
        return False
    share = now.shares[found.measure]
    low, high = (now.n - share.high, now.n - share.low) if found.complement else (share.low, share.high)
    if verdict is Verdict.ABOVE:
        return 100 * low > found.row.percent_high * now.n
    return verdict is Verdict.BELOW and 100 * high < found.row.percent_low * now.n


def _rest(seen: Observation) -> Observation:
    return Observation(seen.day, seen.n - seen.high, seen.n - seen.low, seen.n, seen.roster)


# --- Between the sides, and direct change ----------------------------------------------------------------


def _gap(asked: _Asked) -> Gap:
    """The gap in the newest wave.

    Two wordings that both say something bad, each of the other side, accuse: agreeing with one is not
    agreeing with the other.
    """
    item, measure = asked.item, asked.item.measures[0]
    shown = _shares(item, asked.newest)
    if item.direction is Direction.NEGATIVE:
        return Gap(verdict=None, accusing=True, sentence=wording.accusing_sentence(item, shown))
    both = [pair for wave in asked.waves if (pair := _both(wave, item, measure)) is not None]
    standing = gap(both) if _both(asked.newest, item, measure) is not None else None
    verdict = standing.verdict if standing is not None else None
    return Gap(verdict=verdict, accusing=False, sentence=wording.gap_sentence(item, verdict, shown))


def _both(wave: ClosedWave, item: Item, measure: Measure) -> tuple[Observation, Observation] | None:
    """(marketing, IT) where both are published."""
    marketing, it = (_observed(wave, item, side, measure) for side in (Side.MARKETING, Side.IT))
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


# --- Expectations and commitments ------------------------------------------------------------------------


def _expectations(items: Sequence[ItemReport], wave: ClosedWave) -> Iterator[ExpectationReport]:
    for item in (found.item for found in items):
        for side in Side:
            expected = wave.expected.get((item.id, side))
            if expected is not None:
                held = _observed(wave, item, side.other, item.measures[0])
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
    """The share of a side in a few words; empty where it is not shown."""
    seen = _observed(wave, item, side, item.measures[0])
    if seen is None:
        return ""
    said = count(seen.low, seen.high, seen.n)
    return said if seen.describes else _("{count} (too few to describe the channel)").format(count=said)


def _answers(item: Item, wave: ClosedWave, side: Side) -> str:
    seen = _observed(wave, item, side, item.measures[0])
    low = seen is not None and not seen.describes
    return _sentence(
        item, outcome_of(wave, item.id, side), wave, turnout_of(wave, side).roster, low_response=low
    )


# --- The headline ----------------------------------------------------------------------------------------


def _headline(
    items: Sequence[ItemReport], expectations: Sequence[ExpectationReport], *, first: bool
) -> Headline:
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


def _is_translated(found: ItemReport) -> bool:
    """Whether a figure stands beside a question that was translated."""
    leads = (said.lead for said in found.sides.values())
    return found.item.translated and any(lead is not None and lead.phrase for lead in leads)


def _shown(found: ItemReport) -> list[Side]:
    return [side for side in Side if isinstance(found.sides[side].outcome, Counted)]


# --- Items over waves ------------------------------------------------------------------------------------


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
    *,
    zone: tzinfo = UTC,
    commitments: Sequence[Commitment] = (),
) -> Trail | None:
    """The item over all closed waves; None where no closed wave asked it. Days are those of `zone`."""
    asked = sorted((wave for wave in waves if item.id in wave.series), key=_age)
    if not asked:
        return None
    steps = tuple(_step(item.id, wave) for wave in asked)
    series = item.series
    current = [wave for wave in asked if wave.series[item.id] == series]
    marks = tuple(_marks(_Asked(item, current, zone), commitments)) if current else ()
    return Trail(
        item=item,
        steps=steps,
        last=make(current[-1], waves, bank, ledger).of(item.id) if current else None,
        sentences={side: _over_time(item, side, current, zone) for side in Side},
        notes=tuple(sorted([*notes, *(mark.note for mark in marks)], key=lambda note: note.day)),
        marks=marks,
    )


def _marks(asked: _Asked, commitments: Sequence[Commitment]) -> Iterator[CommitmentMark]:
    """Each commitment that was not withdrawn, the first made first."""
    days = {wave.id: asked.day(wave) for wave in asked.waves}
    measure = asked.item.measures[0]
    series = {
        side: [replace(seen, day=days[wave.id]) for wave, seen in asked.published(side, measure)]
        for side in Side
    }
    for commitment in sorted(commitments, key=lambda one: (one.due_on, one.id)):
        if commitment.withdrawn_on is None:
            yield commitment_mark(commitment, asked.item, series, asked.day(asked.newest))


def counts_at(
    commitment: Commitment, item: Item, waves: Sequence[ClosedWave], zone: tzinfo
) -> Mapping[Side, str]:
    """An item's answers before and after a commitment's day, of each side that has both."""
    asked = _Asked(item, sorted(waves, key=_age), zone)
    marks = _marks(asked, [commitment]) if asked.waves else ()
    return next((mark.sentences for mark in marks), {})


def _over_time(item: Item, side: Side, waves: Sequence[ClosedWave], zone: tzinfo) -> tuple[str, ...]:
    """Each claim of a side, oldest first, or that there is none."""
    if not waves:
        return ()
    asked = _Asked(item, waves, zone)
    said = tuple(change.sentence for change in _claims(asked, side))
    return said or (wording.no_change_sentence(len(asked.published(side, item.measures[0]))),)


# --- All waves of an item at once ------------------------------------------------------------------------


def all_changes(item: Item, waves: Sequence[ClosedWave]) -> Iterator[Change]:
    """Every change that the reports of these waves claim of an item in today's wording, side by side."""
    asked = _Asked(item, sorted(waves, key=_age), UTC)
    if asked.waves:
        for side in Side:
            yield from _claims(asked, side)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyVerdict:
    """How a side's share with the key `measure` stood against a published figure in wave `wave_id`."""

    wave_id: int
    side: Side
    measure: str
    comparable: Comparable
    verdict: Verdict


def all_verdicts(item: Item, waves: Sequence[ClosedWave], ledger: Ledger) -> Iterator[StudyVerdict]:
    """Every verdict that the reports of these waves give on an item in today's wording."""
    asked = _Asked(item, sorted(waves, key=_age), UTC)
    for side in Side:
        for found in comparable(item, side, ledger):
            measure = _judged(found, item)
            if measure is not None:
                yield from _verdicts(asked.published(side, measure), side, measure, found)


def _verdicts(
    published: Sequence[tuple[ClosedWave, Observation]], side: Side, measure: Measure, found: Comparable
) -> Iterator[StudyVerdict]:
    """The verdict at each of the waves that published the measure, where there is one."""
    series = _beside(found, [seen for _wave, seen in published])
    for end, (wave, _seen) in enumerate(published, 1):
        standing = against_study(series[:end], _study(found))
        if standing is not None:
            yield StudyVerdict(
                wave_id=wave.id, side=side, measure=measure.key, comparable=found, verdict=standing.verdict
            )


# --- Waves -----------------------------------------------------------------------------------------------


def has_results(wave: ClosedWave) -> bool:
    """Whether any question of a wave may be shown; what came of a commitment stands in its message alone."""
    return any(
        isinstance(now, Counted)
        for (item_id, _side), now in wave.outcomes.items()
        if not item_id.startswith(ID_PREFIX)
    )


def _step(item_id: str, wave: ClosedWave) -> Step:
    outcomes = {side: outcome_of(wave, item_id, side) for side in Side}
    return Step(wave=wave, series=wave.series[item_id], outcomes=outcomes)


def _day(wave: ClosedWave, zone: tzinfo) -> date:
    """The day of a close as readers know it."""
    return wave.closed_at.astimezone(zone).date()


def outcome_of(wave: ClosedWave, item_id: str, side: Side) -> Outcome:
    """What was published of an item on a side; one that is missing is withheld."""
    return wave.outcomes.get((item_id, side), Withheld())


def turnout_of(wave: ClosedWave, side: Side) -> SideTurnout:
    """A side's turnout; one that is missing had nobody."""
    return wave.turnout.get(side, SideTurnout(0, None))


def _age(wave: ClosedWave) -> tuple[datetime, int]:
    return wave.closed_at, wave.id


def _earlier(wave: ClosedWave, waves: Sequence[ClosedWave]) -> list[ClosedWave]:
    return sorted((other for other in waves if _age(other) < _age(wave)), key=_age)


def _as_asked(wave: ClosedWave, bank: Bank) -> list[Item]:
    """The wave's items that the bank still has in the wording asked; the first anchor of the bank leads."""
    found = [item for id_ in wave.items if (item := bank.get(id_)) and item.series == wave.series.get(id_)]
    anchors = [item for item in bank.asked(Asked.EVERY_WAVE) if item in found]
    return anchors[:1] + [item for item in found if item not in anchors[:1]]


def _bank_items(wave: ClosedWave) -> list[str]:
    """The wave's questions that come from the bank."""
    return [id_ for id_ in wave.items if not (is_expectation(id_) or id_.startswith(ID_PREFIX))]


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
