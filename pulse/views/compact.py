"""The compact chart of a result: both sides' last waves of each question, the study dashed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, tzinfo

from pulse.core.closed_waves import closing_day, turnout_of
from pulse.core.dates import brief_day
from pulse.core.facts import per_cent_of
from pulse.core.language import _
from pulse.core.likelihood import Observation
from pulse.core.model import Counted, Item, Side
from pulse.core.reports import ItemReport, Step
from pulse.views.charts import CompactChart, Curve, Panel, Point
from pulse.views.titles import title


def compact_chart(
    heading: str, items: Sequence[ItemReport], sentences: Sequence[str], *, zone: tzinfo
) -> CompactChart:
    """A panel for each question. `sentences` say in words what the chart shows; days are those of `zone`."""
    days = {_day(step, zone) for found in items for step in found.recent}
    return CompactChart(
        title=heading,
        panels=tuple(_panel(found, zone) for found in items),
        days={day: brief_day(day) for day in sorted(days)},
        study_label=_("study"),
        sentences=tuple(sentences),
    )


def _panel(found: ItemReport, zone: tzinfo) -> Panel:
    return Panel(title=title(found.item), curves=tuple(_curve(found, side, zone) for side in Side))


def _curve(found: ItemReport, side: Side, zone: tzinfo) -> Curve:
    points = tuple(_point(found.item, step, side, zone) for step in found.recent)
    return Curve(side=side, points=points, study=_study(found, side), label=_label(found, side))


def _point(item: Item, step: Step, side: Side, zone: tzinfo) -> Point:
    day, now = _day(step, zone), step.outcomes[side]
    key = item.measures[0].key
    if not isinstance(now, Counted) or key not in now.shares:
        return Point(day=day)
    share, roster = now.shares[key], max(turnout_of(step.wave, side).roster, now.n)
    describes = Observation(day, share.low, share.high, now.n, roster).describes
    return Point(day=day, low=share.low / now.n, high=share.high / now.n, hollow=not describes)


def _study(found: ItemReport, side: Side) -> float | None:
    """The share of the figure that the message names; None if it is not one of what the curve counts."""
    lead = found.sides[side].lead
    if lead is None or lead.comparable.measure != found.item.measures[0].key:
        return None
    return lead.comparable.percent / 100


def _label(found: ItemReport, side: Side) -> str:
    """The last share as a per cent, if the message has one too."""
    now = found.sides[side].outcome
    share = now.shares.get(found.item.measures[0].key) if isinstance(now, Counted) else None
    if not isinstance(now, Counted) or share is None:
        return ""
    return per_cent_of(share.low, share.high, now.n)


def _day(step: Step, zone: tzinfo) -> date:
    return closing_day(step.wave, zone)
