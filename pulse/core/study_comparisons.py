"""An item beside the published figures that it is comparable with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

from pulse.core import wording
from pulse.core.baselines import Comparable, Ledger, comparable, further_figures, lead_figure
from pulse.core.closed_waves import by_close, observed, outcome_of
from pulse.core.comparison import Standing, Study, Verdict, against_study
from pulse.core.likelihood import Observation
from pulse.core.model import ClosedWave, Counted, Item, Measure, Outcome, Side, Withheld
from pulse.core.reports import Reason, StudyComparison
from pulse.core.series import Series


def study_comparisons(series: Series, side: Side, ledger: Ledger) -> Iterator[StudyComparison]:
    """Each comparable figure with its verdict in the newest wave, in the item's order."""
    item = series.item
    now = outcome_of(series.newest, item.id, side)
    lead = lead_figure(item, side, ledger)
    further = {figure.row.key for figure in further_figures(item, side, ledger)}
    for found in comparable(item, side, ledger):
        standing, reason = _standing(found, series, side)
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
            caveat=found.caveat if says_it else "",
            phrase=wording.verdict_phrase(found, verdict) if says_it else "",
        )


def _standing(found: Comparable, series: Series, side: Side) -> tuple[Standing | None, Reason | None]:
    """How a side compares with a figure, or why it is not compared."""
    item = series.item
    if isinstance(outcome_of(series.newest, item.id, side), Withheld):
        return None, Reason.HIDDEN
    measure = _judged(found, item)
    if measure is None:
        return None, Reason.BACKGROUND
    seen = observed(series.newest, item, side, measure)
    if seen is None:
        return None, Reason.NOT_PUBLISHED
    if not seen.describes:
        return None, Reason.LOW_RESPONSE
    return against_study(_beside(found, series.observations(side, measure)), _study(found)), None


def _is_evident(found: Comparable, now: Outcome, verdict: Verdict | None) -> bool:
    if found.measure is None or not isinstance(now, Counted) or found.measure not in now.shares:
        return False
    share = now.shares[found.measure]
    low, high = found.people(share.low, share.high, now.n)
    if verdict is Verdict.ABOVE:
        return 100 * low > found.row.percent_high * now.n
    return verdict is Verdict.BELOW and 100 * high < found.row.percent_low * now.n


def _judged(found: Comparable, item: Item) -> Measure | None:
    """The share that a figure is compared with; None if it is background."""
    if not found.verdict:
        return None
    return next((measure for measure in item.measures if measure.key == found.measure), None)


def _beside(found: Comparable, seen: Sequence[Observation]) -> list[Observation]:
    """A share's series as the figure counts it."""
    return [Observation(one.day, *found.people(one.low, one.high, one.n), one.n, one.roster) for one in seen]


def _study(found: Comparable) -> Study:
    row = found.row
    return Study(low=row.percent_low, percent=row.percent, high=row.percent_high, n=row.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyVerdict:
    """How a side's share with the key `measure` compared with a published figure in wave `wave_id`."""

    wave_id: int
    side: Side
    measure: str
    comparable: Comparable
    verdict: Verdict


def all_verdicts(item: Item, waves: Sequence[ClosedWave], ledger: Ledger) -> Iterator[StudyVerdict]:
    """Every verdict that the reports of these waves give on an item in today's wording."""
    series = Series(item, sorted(waves, key=by_close), UTC)
    for side in Side:
        for found in comparable(item, side, ledger):
            measure = _judged(found, item)
            if measure is not None:
                yield from _verdicts(series.published(side, measure), side, measure, found)


def _verdicts(
    published: Sequence[tuple[ClosedWave, Observation]], side: Side, measure: Measure, found: Comparable
) -> Iterator[StudyVerdict]:
    """The verdict, if there is one, at each of the waves that published the measure."""
    beside = _beside(found, [seen for _wave, seen in published])
    for end, (wave, _seen) in enumerate(published, 1):
        standing = against_study(beside[:end], _study(found))
        if standing is not None:
            yield StudyVerdict(
                wave_id=wave.id, side=side, measure=measure.key, comparable=found, verdict=standing.verdict
            )
