"""What may be said of a figure: two tables as data, and the sentences that follow from them.

`SIZES` says what a number of answers carries, `RATES` what a response rate carries; the stricter one wins.
`say` makes the sentences of a whole wave, which is how they are always made: with several items in a wave
the bar for calling anything clear is raised for all but the headline item, fixed in advance. Holm's
procedure over the others finds how many findings stand; its threshold for the last of them is then the
confidence at which each interval of those items is made, so that what a sentence calls clear is exactly
what Holm keeps.

Never made: a decimal, an arrow, a cause, a per cent without its count, a verdict for an interval that
covers 0, one figure for both sides together. The rules are docs/method.md's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from itertools import product
from math import floor
from typing import TypeGuard

from pulse.core.baselines import ASSUMED_N, Comparable, figure, study
from pulse.core.language import N_, _
from pulse.core.model import (
    Baseline,
    Counted,
    Format,
    Item,
    Measure,
    Outcome,
    Share,
    Side,
    SideTurnout,
    Withheld,
)
from pulse.core.privacy import COUNTS_FROM
from pulse.core.stats import (
    Difference,
    Interval,
    against_published,
    cochran_armitage,
    ewma,
    holm,
    newcombe,
    smallest_detectable_fall,
    wilson,
    worst_case,
)

CONFIDENCE = 0.95
TREND_FROM = 6
TREND_Z = 2.58
DRIFT_FROM = 12

Past = tuple[Outcome, SideTurnout]


class ShareForm(Enum):
    HIDDEN = auto()
    BAND = auto()
    COUNT = auto()
    PER_CENT = auto()
    SPLIT = auto()


class ChangeForm(IntEnum):
    """The stricter the lower."""

    NOTHING = auto()
    TOO_FEW = auto()
    WORD = auto()
    POINTS = auto()


class ComparisonForm(Enum):
    NOTHING = auto()
    BACKGROUND = auto()
    VERDICT = auto()


@dataclass(frozen=True, slots=True)
class SizeRule:
    """What `at_least` so many answers carry."""

    at_least: int
    share: ShareForm
    change: ChangeForm
    comparison: ComparisonForm


SIZES = (
    SizeRule(0, ShareForm.HIDDEN, ChangeForm.NOTHING, ComparisonForm.NOTHING),
    SizeRule(5, ShareForm.BAND, ChangeForm.TOO_FEW, ComparisonForm.BACKGROUND),
    SizeRule(10, ShareForm.COUNT, ChangeForm.WORD, ComparisonForm.VERDICT),
    SizeRule(30, ShareForm.PER_CENT, ChangeForm.POINTS, ComparisonForm.VERDICT),
    SizeRule(60, ShareForm.SPLIT, ChangeForm.POINTS, ComparisonForm.VERDICT),
)


@dataclass(frozen=True, slots=True)
class RateRule:
    """What a response rate of `at_least` so many per cent carries.

    `sentence` has the places n, roster and what. `describes`: the share may stand for more than those who
    answered, so change and comparison are allowed. `may_move` is by how many points the rate may differ from
    the earlier wave's, None where it does not matter. `exact`: everybody answered, the share has no interval.
    """

    at_least: int
    sentence: str
    describes: bool
    may_move: int | None = None
    exact: bool = False


RATES = (
    RateRule(0, N_("Too few answered to describe the channel ({n} of {roster}). Of them, {what}."), False),
    RateRule(30, N_("Of those who answered ({n} of {roster}), {what}."), True, may_move=20),
    RateRule(60, N_("Of the {n} of {roster} who answered, {what}."), True),
    RateRule(100, N_("All {n} of {roster} answered; exact for this week: {what}."), True, exact=True),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The sentences of one item on one side. `change` is None where nothing may be said of it.

    `briefs` say what `comparisons` say, figure by figure, in a line for a channel: without the published
    statement and what is known of it.
    """

    side: Side
    share: str
    change: str | None
    comparisons: tuple[str, ...]
    briefs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One item on one side: this wave, the wave before in the same series if any, its published figures."""

    item: Item
    side: Side
    now: Outcome
    turnout: SideTurnout
    before: Past | None = None
    rows: Sequence[Comparable] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """All sentences of a wave: readings by item id and side, gaps by item id ("" where there is none)."""

    readings: Mapping[tuple[str, Side], Reading]
    gaps: Mapping[str, str]


def say(cases: Sequence[Case], headline: str, minimum: int = 5) -> Said:
    """All sentences of one wave. `headline` is the id of the item that was fixed in advance."""
    level = family_confidence([case for case in cases if case.item.id != headline])
    levels = {case.item.id: level for case in cases} | {headline: CONFIDENCE}
    readings = {
        (case.item.id, case.side): reading(
            case.item,
            case.side,
            case.now,
            case.turnout,
            case.before,
            case.rows,
            confidence=levels[case.item.id],
            minimum=minimum,
        )
        for case in cases
    }
    gaps = {
        id_: gap(item, outcomes, turnouts, levels[id_]) for id_, item, outcomes, turnouts in _pairs(cases)
    }
    return Said(readings, gaps)


def reading(
    item: Item,
    side: Side,
    now: Outcome,
    turnout: SideTurnout,
    before: Past | None = None,
    rows: Sequence[Comparable] = (),
    *,
    confidence: float = CONFIDENCE,
    minimum: int = 5,
) -> Reading:
    """The sentences of one item on one side. `confidence` is that of changes and comparisons.

    `before` is the last earlier wave of the same series, None in its first. `rows` are the published
    figures that may stand beside this item and side.
    """
    if isinstance(now, Withheld):
        return Reading(side, _hidden(minimum), None, ())
    case = Case(item, side, now, turnout, before, rows)
    return Reading(
        side,
        _share_sentence(item, now, turnout.roster),
        _change_sentence(case, confidence),
        _comparison_sentences(case, confidence, _compare),
        _comparison_sentences(case, confidence, _brief),
    )


def size_rule(n: int) -> SizeRule:
    """The row of `SIZES` for `n` answers."""
    return next(rule for rule in reversed(SIZES) if n >= rule.at_least)


def rate_rule(n: int, roster: int) -> RateRule:
    """The row of `RATES` for `n` answers of `roster` people."""
    return next(rule for rule in reversed(RATES) if 100 * n >= rule.at_least * roster)


# --- One share ------------------------------------------------------------------------------------------


def _hidden(minimum: int) -> str:
    return _("Fewer than {minimum} answers: hidden.").format(minimum=minimum)


def _share_sentence(item: Item, now: Counted, roster: int) -> str:
    rate = rate_rule(now.n, roster)
    what = _counted(item, now, rate)
    return _(rate.sentence).format(n=now.n, roster=max(roster, now.n), what=what)


def _counted(item: Item, now: Counted, rate: RateRule) -> str:
    rule = size_rule(now.n)
    clauses = [
        _clause(measure, now.shares[measure.key], now.n, rule, rate)
        for measure in item.measures
        if measure.key in now.shares
    ]
    if rule.share is ShareForm.SPLIT and rate.describes:
        clauses += _split(item, now)
    return "; ".join(clauses)


def _clause(measure: Measure, share: Share, n: int, rule: SizeRule, rate: RateRule) -> str:
    """`7 of 12 agree (plausible 32–81 %)`, and from 30 answers `67 % agree (20 of 30, plausible 49–81 %)`."""
    interval = Interval(wilson(share.low, n).low, wilson(share.high, n).high)
    plausible = _("plausible {low}–{high} %").format(low=_percent(interval.low), high=_percent(interval.high))
    places = {"count": count(share, n), "says": _(measure.says), "plausible": plausible}
    if not rate.describes:
        return _("{count} {says}").format(**places)
    in_percent = rule.share in (ShareForm.PER_CENT, ShareForm.SPLIT) and not share.merged
    if in_percent:
        places["percent"] = str(_inner_percent(share.low, n))
    if rate.exact:
        exact = _("{percent} % {says} ({count})") if in_percent else _("{count} {says}")
        return exact.format(**places)
    form = _("{percent} % {says} ({count}, {plausible})") if in_percent else _("{count} {says} ({plausible})")
    return form.format(**places)


def count(share: Share, n: int) -> str:
    """A share as people: `7 of 12`, `2 or fewer of 12`, `3 or 4 of 7`, `10 or more of 12`."""
    if not share.merged:
        return _("{k} of {n}").format(k=share.low, n=n)
    if share.low == 0:
        return _("{k} or fewer of {n}").format(k=share.high, n=n)
    if share.high == n:
        return _("{k} or more of {n}").format(k=share.low, n=n)
    if share.high == share.low + 1:
        return _("{low} or {high} of {n}").format(low=share.low, high=share.high, n=n)
    return _("{low} to {high} of {n}").format(low=share.low, high=share.high, n=n)


def _split(item: Item, now: Counted) -> list[str]:
    """Agree, in between and disagree, where the published bars can be added up to them."""
    if item.format is not Format.AGREE5:
        return []
    totals = [_of_bars(now, boxes) for boxes in ({"4", "5"}, {"3"}, {"1", "2"})]
    if None in totals:
        return []
    agree, between, disagree = (_("{k} of {n}").format(k=total, n=now.n) for total in totals)
    return [
        _("three ways: {agree} agree, {between} are in between, {disagree} disagree").format(
            agree=agree, between=between, disagree=disagree
        )
    ]


def _of_bars(now: Counted, boxes: set[str]) -> int | None:
    bars = [bar for bar in now.bars if boxes.intersection(bar.boxes)]
    if not bars or any(not boxes.issuperset(bar.boxes) for bar in bars):
        return None
    return sum(bar.count for bar in bars)


def _percent(share: float) -> int:
    return floor(100 * share + 0.5)


def _inner_percent(k: int, n: int) -> int:
    """A share that is neither nobody nor everybody never rounds to 0 or 100."""
    return min(99, max(1, _percent(k / n)))


# --- Change between two waves ---------------------------------------------------------------------------


def _change_sentence(case: Case, confidence: float) -> str | None:
    if case.before is None or not _describes(case):
        return None
    form = _change_form(case)
    if form is ChangeForm.TOO_FEW:
        return _("Too few answers to compare.")
    if _moved(case):
        return _("How many answered differs too much from last time to speak of a change.")
    shares, sizes = _two_waves(case)
    difference = _between(shares, sizes, confidence)
    direction = _direction(difference.interval)
    in_points = form is ChangeForm.POINTS and not any(share.merged for share in shares)
    sentence = _(_CHANGES_IN_POINTS[direction] if in_points else _CHANGES[direction])
    return sentence.format(then=count(shares[1], sizes[1]), points=points(difference))


_CHANGES = {
    0: N_("No clear change from last time ({then})."),
    1: N_("Probably higher than last time ({then})."),
    -1: N_("Probably lower than last time ({then})."),
}
_CHANGES_IN_POINTS = _CHANGES | {
    1: N_("Probably higher than last time ({then}), by {points}."),
    -1: N_("Probably lower than last time ({then}), by {points}."),
}


def _describes(case: Case) -> bool:
    """Whether enough of the channel answered, in this wave and, where it is not hidden, the one before."""
    return all(rate_rule(n, roster).describes for n, roster in _rates(case))


def _change_form(case: Case) -> ChangeForm:
    """What both waves' answers carry; a hidden wave before is one with too few."""
    assert not isinstance(case.now, Withheld)
    assert case.before is not None
    before = case.before[0]
    then = ChangeForm.TOO_FEW if isinstance(before, Withheld) else size_rule(before.n).change
    return min(size_rule(case.now.n).change, then)


def _rates(case: Case) -> list[tuple[int, int]]:
    """(answers, roster) of this wave and the one before, without the hidden ones."""
    waves = [(case.now, case.turnout), *([case.before] if case.before else [])]
    return [(past.n, turnout.roster) for past, turnout in waves if not isinstance(past, Withheld)]


def _moved(case: Case) -> bool:
    return _rates_moved(*_rates(case))


def _rates_moved(now: tuple[int, int], before: tuple[int, int]) -> bool:
    (a, roster_a), (b, roster_b) = now, before
    limits = [rate_rule(a, roster_a).may_move, rate_rule(b, roster_b).may_move]
    strictest = min((limit for limit in limits if limit is not None), default=None)
    return strictest is not None and 100 * abs(a * roster_b - b * roster_a) > strictest * roster_a * roster_b


def _two_waves(case: Case) -> tuple[tuple[Share, Share], tuple[int, int]]:
    assert case.before is not None
    now, before = case.now, case.before[0]
    assert isinstance(now, Counted)
    assert isinstance(before, Counted)
    key = case.item.measures[0].key
    return (now.shares[key], before.shares[key]), (now.n, before.n)


def _direction(interval: Interval) -> int:
    """1 where all of it is above 0, −1 below, 0 where it holds 0."""
    if interval.covers_zero:
        return 0
    return 1 if interval.low > 0 else -1


def _between(shares: tuple[Share, Share], sizes: tuple[int, int], confidence: float) -> Difference:
    """First minus second; with merged extremes the union over what they may be."""
    every = [
        newcombe(one, sizes[0], two, sizes[1], confidence)
        for one, two in product(*({share.low, share.high} for share in shares))
    ]
    return Difference(
        every[0].estimate,
        Interval(min(d.interval.low for d in every), max(d.interval.high for d in every)),
    )


def points(difference: Difference) -> str:
    """A clear difference as `25 points (plausible 3 to 44)`: whole, without its sign, never 0."""
    sizes = sorted(abs(limit) for limit in difference.interval.limits)
    low, middle, high = (max(1, _percent(size)) for size in (sizes[0], abs(difference.estimate), sizes[1]))
    return _("{points} points (plausible {low} to {high})").format(points=middle, low=low, high=high)


# --- Against a published figure -------------------------------------------------------------------------


Compare = Callable[[Item, Comparable, Counted, float], str]


def _comparison_sentences(case: Case, confidence: float, compare: Compare) -> tuple[str, ...]:
    now = case.now
    if isinstance(now, Withheld) or not rate_rule(now.n, case.turnout.roster).describes:
        return ()
    if size_rule(now.n).comparison is ComparisonForm.NOTHING:
        return ()
    return tuple(compare(case.item, row, now, confidence) for row in case.rows)


def _compare(item: Item, comparable: Comparable, now: Counted, confidence: float) -> str:
    row = comparable.row
    difference = _against(comparable, now, confidence)
    places = {"figure": figure(row), "source": _cite(row)}
    if difference is None:
        said = _("Background: {figure} in {source}.").format(**places)
    else:
        verdict = _VERDICTS[comparable.complement, _direction(difference.interval)]
        said = _subject(item, comparable, now) + _(verdict).format(**places)
    return f"{said} {comparable.caveat}".rstrip()


def _brief(item: Item, comparable: Comparable, now: Counted, confidence: float) -> str:
    row = comparable.row
    difference = _against(comparable, now, confidence)
    places = {
        "figure": figure(row),
        "source": _("{whose} ({study}, {sample})").format(
            whose=row.side.label if row.side else _("both sides together"),
            study=study(row),
            sample=_("{n} asked").format(n=row.n) if row.n else _("sample not published"),
        ),
    }
    if difference is None:
        return _("Background: {figure} in {source}.").format(**places)
    verdict = _VERDICTS[comparable.complement, _direction(difference.interval)]
    said = _subject(item, comparable, now) + _(verdict).format(**places)
    if row.grade != "A":
        said += " " + _("A similar question, not the same.")
    return said + (" " + _("The question is translated.") if item.translated else "")


def _against(comparable: Comparable, now: Counted, confidence: float) -> Difference | None:
    """The difference from a published figure, None where no verdict is allowed."""
    if not comparable.verdict or comparable.measure is None:
        return None
    if not isinstance(now, Counted) or size_rule(now.n).comparison is not ComparisonForm.VERDICT:
        return None
    share = now.shares.get(comparable.measure)
    if share is None:
        return None
    row = comparable.row
    published = (row.percent, row.percent_low, row.percent_high)
    ends = {share.low, share.high}
    people = sorted(now.n - k for k in ends) if comparable.complement else sorted(ends)
    every = [against_published(k, now.n, published, row.n or ASSUMED_N, confidence) for k in people]
    interval = Interval(min(d.interval.low for d in every), max(d.interval.high for d in every))
    return Difference(every[0].estimate, interval)


_VERDICTS = {
    # (are the rest compared, where the interval lies)
    (False, 0): N_("Not clearly different from {figure} in {source}."),
    (False, 1): N_("Higher than {figure} in {source}."),
    (False, -1): N_("Lower than {figure} in {source}."),
    (True, 0): N_("The rest, who do not: not clearly different from {figure} in {source}."),
    (True, 1): N_("The rest, who do not: higher than {figure} in {source}."),
    (True, -1): N_("The rest, who do not: lower than {figure} in {source}."),
}


def _subject(item: Item, comparable: Comparable, now: Counted) -> str:
    """Names the measure that is compared where it is not the item's first: `22 of 40 say “too little”. `"""
    measure = next(measure for measure in item.measures if measure.key == comparable.measure)
    if measure == item.measures[0] or not isinstance(now, Counted):
        return ""
    return (
        _("{count} {says}.").format(count=count(now.shares[measure.key], now.n), says=_(measure.says)) + " "
    )


def _cite(row: Baseline) -> str:
    return _("“{statement}” – {whose}, {sample}; {study}, {when}").format(
        statement=row.statement,
        whose=row.side.label if row.side else _("both sides together"),
        sample=_sample(row),
        study=row.study,
        when=row.fieldwork or row.published,
    )


def _sample(row: Baseline) -> str:
    if row.n:
        return _("{n} asked").format(n=row.n)
    if row.base == "not a survey":
        return _("not a survey")
    if row.base == "a subset":
        return _("a part of those asked, how many is not published")
    return _("how many of them were asked is not published")


def caution(rows: Iterable[Baseline]) -> str:
    """The sentence that each message with published figures carries: whose they are, when, and not ours.

    "" for no rows.
    """
    asked = [row for row in rows if row.base != "not a survey"]
    if not asked:
        return ""
    years = sorted({year for row in asked for year in _years(row)})
    when = str(years[0]) if years[0] == years[-1] else f"{years[0]}–{years[-1]}"
    whom = "; ".join(sorted({_(row.surveyed) for row in asked}))
    return _("The published figures come from {whom} in {when}, not from this channel.").format(
        whom=whom, when=when
    )


def _years(row: Baseline) -> list[int]:
    """The years of the fieldwork; those in brackets are of publication."""
    found = re.findall(r"\b\d{4}\b", re.sub(r"\(.*?\)", "", row.fieldwork))
    return [int(year) for year in found] or [row.published]


# --- Several findings in one wave -----------------------------------------------------------------------


def family_confidence(cases: Sequence[Case]) -> float:
    """The confidence at which exactly those findings of `cases` are clear that Holm's procedure keeps.

    The family is every change, every verdict against a published figure and every gap of these cases. With
    m of them, of which Holm keeps r at 5 %, the confidence is 1 − 0.05/(m − r + 1), that of the last one
    kept; 1 − 0.05/m where none is kept; 95 % where there is nothing to find.
    """
    odds = [_p(find) for find in _findings(cases)]
    if not odds:
        return CONFIDENCE
    kept = sum(p <= 1 - CONFIDENCE for p in holm(odds))
    return 1 - (1 - CONFIDENCE) / (len(odds) - max(kept - 1, 0))


_Find = Callable[[float], Interval]


def _findings(cases: Sequence[Case]) -> list[_Find]:
    """What may be called clear, each as its interval at a confidence."""
    found = [find for case in cases for find in (*_changes(case), *_verdicts(case))]
    for _id, item, outcomes, turnouts in _pairs(cases):
        sides = _two_sides(item, outcomes, turnouts)
        if sides is not None:
            found.append(_interval_between(*sides))
    return found


def _changes(case: Case) -> Iterator[_Find]:
    if case.before is None or isinstance(case.now, Withheld) or not _describes(case):
        return
    if _change_form(case) is not ChangeForm.TOO_FEW and not _moved(case):
        yield _interval_between(*_two_waves(case))


def _verdicts(case: Case) -> Iterator[_Find]:
    now = case.now
    if isinstance(now, Withheld) or not rate_rule(now.n, case.turnout.roster).describes:
        return
    for row in case.rows:
        if _against(row, now, CONFIDENCE) is not None:
            yield _interval_against(row, now)


def _interval_between(shares: tuple[Share, Share], sizes: tuple[int, int]) -> _Find:
    return lambda confidence: _between(shares, sizes, confidence).interval


def _interval_against(row: Comparable, now: Counted) -> _Find:
    def interval(confidence: float) -> Interval:
        difference = _against(row, now, confidence)
        assert difference is not None
        return difference.interval

    return interval


def _p(find: _Find) -> float:
    """The smallest p at which a finding is clear: its interval at confidence 1 − p just leaves 0 out."""
    low, high = 1e-12, 1 - 1e-12
    if find(1 - high).covers_zero:
        return 1.0
    if not find(1 - low).covers_zero:
        return 0.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if find(1 - middle).covers_zero else (low, middle)
    return high


# --- The gap between the sides --------------------------------------------------------------------------


def gap(
    item: Item,
    outcomes: Mapping[Side, Outcome],
    turnouts: Mapping[Side, SideTurnout],
    confidence: float = CONFIDENCE,
) -> str:
    """How far apart the sides are on a mirrored item, each side's count beside it; "" for other items.

    The gap is IT's share minus marketing's.
    """
    if not item.mirrored or set(outcomes) != set(Side):
        return ""
    sides = _two_sides(item, outcomes, turnouts)
    if sides is None:
        return _("No gap is shown: on at least one side too few answered.")
    shares, sizes = sides
    difference = _between(shares, sizes, confidence)
    direction = _direction(difference.interval)
    in_points = not any(share.merged for share in shares) and all(
        size_rule(n).change is ChangeForm.POINTS for n in sizes
    )
    sentence = _(_GAPS_IN_POINTS[direction] if in_points else _GAPS[direction])
    return sentence.format(
        it=count(shares[0], sizes[0]),
        marketing=count(shares[1], sizes[1]),
        says=_(item.measures[0].says),
        points=points(difference),
    )


_GAPS = {
    0: N_("No clear gap: {marketing} in marketing and {it} in IT {says}."),
    1: N_("Probably higher in IT: {marketing} in marketing and {it} in IT {says}."),
    -1: N_("Probably higher in marketing: {marketing} in marketing and {it} in IT {says}."),
}
_GAPS_IN_POINTS = _GAPS | {
    1: N_("Probably higher in IT, by {points}: {marketing} in marketing and {it} in IT {says}."),
    -1: N_("Probably higher in marketing, by {points}: {marketing} in marketing and {it} in IT {says}."),
}


def _two_sides(
    item: Item, outcomes: Mapping[Side, Outcome], turnouts: Mapping[Side, SideTurnout]
) -> tuple[tuple[Share, Share], tuple[int, int]] | None:
    """(IT's share, marketing's) and their sizes, None where either side may not be compared."""
    it, marketing = (_may_compare(outcomes[side], turnouts[side]) for side in (Side.IT, Side.MARKETING))
    if it is None or marketing is None:
        return None
    key = item.measures[0].key
    return (it.shares[key], marketing.shares[key]), (it.n, marketing.n)


def _may_compare(outcome: Outcome, turnout: SideTurnout) -> Counted | None:
    if _is_count(outcome) and rate_rule(outcome.n, turnout.roster).describes:
        return outcome
    return None


def _is_count(outcome: Outcome) -> TypeGuard[Counted]:
    return isinstance(outcome, Counted) and outcome.n >= COUNTS_FROM


def _pairs(
    cases: Sequence[Case],
) -> Iterator[tuple[str, Item, dict[Side, Outcome], dict[Side, SideTurnout]]]:
    """Each mirrored item with both its sides, once."""
    for case in cases:
        both = {other.side: other for other in cases if other.item.id == case.item.id}
        if case.side is Side.MARKETING and case.item.mirrored and len(both) == len(Side):
            outcomes = {side: other.now for side, other in both.items()}
            yield case.item.id, case.item, outcomes, {side: other.turnout for side, other in both.items()}


# --- Series ---------------------------------------------------------------------------------------------


def trend_sentence(item: Item, history: Sequence[Past]) -> str:
    """Whether a side's series rises or falls over its waves, oldest first, hidden ones included.

    Waves of 10 answers or more count whose response rate is within 20 points of the newest such wave's.
    Where extremes are merged, only a trend that holds for each of the counts they may be is called one.
    """
    waves = _usable(item, history)
    if len(waves) < TREND_FROM:
        return _("A trend needs {needed} pulses that can be compared; there are {waves}.").format(
            needed=TREND_FROM, waves=len(waves)
        )
    sizes = [n for _at, _share, n in waves]
    scores = [at for at, _share, _n in waves]
    centre = sum(n * at for at, _share, n in waves) / sum(sizes)
    flattest = [share.low if at > centre else share.high for at, share, _n in waves]
    steepest = [share.high if at > centre else share.low for at, share, _n in waves]
    rising = cochran_armitage(flattest, sizes, scores).z
    falling = cochran_armitage(steepest, sizes, scores).z
    if rising > TREND_Z:
        form = _(
            "Rising over {waves} pulses. Where nothing changes, fewer than 1 series in 100 looks like this."
        )
    elif falling < -TREND_Z:
        form = _(
            "Falling over {waves} pulses. Where nothing changes, fewer than 1 series in 100 looks like this."
        )
    else:
        form = _("No clear trend over {waves} pulses.")
    return form.format(waves=len(waves))


def drift_sentence(item: Item, history: Sequence[Past]) -> str | None:
    """The drift alarm for the newest wave of a side's series, None under 12 waves that can be compared.

    The centre is the share over all of them, so that a young series rarely alarms: by simulation one wave
    in thousands up to 24 waves, in 800 at 52, in 280 to 360 at 104 and more. Where extremes are merged,
    only an alarm that holds for each of the counts they may be is raised.
    """
    waves = _usable(item, history)
    if len(waves) < DRIFT_FROM:
        return None
    sizes = [n for _at, _share, n in waves]
    signs = {_last_sign(counts, sizes) for counts in ([w[1].low for w in waves], [w[1].high for w in waves])}
    sign = signs.pop() if len(signs) == 1 else 0
    return _(_DRIFTS[sign]).format(waves=len(waves))


_DRIFTS = {
    0: N_("No drift away from the usual share of {waves} pulses."),
    1: N_(
        "Drifting above the usual share of {waves} pulses. "
        "Where nothing changes, about 1 pulse in 300 at most looks like this."
    ),
    -1: N_(
        "Drifting below the usual share of {waves} pulses. "
        "Where nothing changes, about 1 pulse in 300 at most looks like this."
    ),
}


def _last_sign(counts: Sequence[int], sizes: Sequence[int]) -> int:
    centre = sum(counts) / sum(sizes)
    if centre in (0, 1):
        return 0
    last = ewma(counts, sizes, centre)[-1]
    if not last.signal:
        return 0
    return 1 if last.smoothed > centre else -1


def _usable(item: Item, history: Sequence[Past]) -> list[tuple[int, Share, int]]:
    """(position, share, answers) of the waves that can be compared with the newest that can be."""
    found = [
        (at, outcome, max(turnout.roster, outcome.n))
        for at, (outcome, turnout) in enumerate(history)
        if _is_count(outcome) and rate_rule(outcome.n, turnout.roster).describes
    ]
    key = item.measures[0].key
    return [
        (at, outcome.shares[key], outcome.n)
        for at, outcome, roster in found
        if 5 * abs(outcome.n * found[-1][2] - found[-1][1].n * roster) <= roster * found[-1][2]
    ]


# --- On request -----------------------------------------------------------------------------------------


def power_sentence(n: int | None, minimum: int = 5) -> str:
    """What `n` answers a wave could show at all; None, or fewer than the minimum, is hidden."""
    if n is None or n < minimum:
        return _hidden(minimum)
    fall = smallest_detectable_fall(n)
    if size_rule(n).change is ChangeForm.TOO_FEW or fall is None:
        return _("With {n} answers a pulse nothing is compared from pulse to pulse; from 10 it is.").format(
            n=n
        )
    return _(
        "With {n} answers a pulse, a fall shows (4 times in 5) from about {fall} points, "
        "where 6 in 10 agreed before."
    ).format(n=n, fall=fall)


def bounds_sentence(item: Item, now: Outcome, turnout: SideTurnout, minimum: int = 5) -> str:
    """What the share of the whole side can be at all, whatever those think who did not answer."""
    if isinstance(now, Withheld):
        return _hidden(minimum)
    measure, roster = item.measures[0], max(turnout.roster, now.n)
    share = now.shares[measure.key]
    low, high = worst_case(share.low, now.n, roster).low, worst_case(share.high, now.n, roster).high
    return _(
        "Of all {roster} people, at least {low} and at most {high} {says} ({low_percent}–{high_percent} %), "
        "whatever those think who did not answer."
    ).format(
        roster=roster,
        low=share.low,
        high=share.high + roster - now.n,
        says=_(measure.says),
        low_percent=_percent(low),
        high_percent=_percent(high),
    )
