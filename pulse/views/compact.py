"""The compact chart of a result: both sides' last waves of each question, the study dashed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, tzinfo

from pulse.core.closed_waves import closing_day, observed
from pulse.core.dates import brief_day
from pulse.core.facts import per_cent_of
from pulse.core.language import _
from pulse.core.model import Counted, Item, Side
from pulse.core.reports import ItemReport, SideReport, Step
from pulse.views.charts import CompactChart, Curve, Panel, Point
from pulse.views.titles import title

Label = Callable[[int, int, int], str]
"""How `low` to `high` of `n` people are written beside a curve's last point; empty to leave it out."""


def compact_chart(
    heading: str, items: Sequence[ItemReport], sentences: Sequence[str], *, zone: tzinfo
) -> CompactChart:
    """A panel for each question. `sentences` say in words what the chart shows; days are those of `zone`.

    The last share is a per cent, if the message has one too.
    """
    asked = [(found, found.recent) for found in items]
    return chart_of(heading, asked, per_cent_of, zone=zone, sentences=sentences)


def chart_of(
    heading: str,
    asked: Sequence[tuple[ItemReport, Sequence[Step]]],
    label: Label,
    *,
    zone: tzinfo,
    sentences: Sequence[str] = (),
) -> CompactChart:
    """A panel for each question, with the waves beside it, oldest first."""
    days = {closing_day(step.wave, zone) for _found, steps in asked for step in steps}
    return CompactChart(
        title=heading,
        panels=tuple(_panel(found, steps, label, zone) for found, steps in asked),
        days={day: brief_day(day) for day in sorted(days)},
        study_label=_("study"),
        sentences=tuple(sentences),
    )


def _panel(found: ItemReport, steps: Sequence[Step], label: Label, zone: tzinfo) -> Panel:
    item = found.item
    curves = (
        Curve(
            side=side,
            points=tuple(_point(item, step, side, closing_day(step.wave, zone)) for step in steps),
            study=_study(item, found.sides[side]),
            label=_last(item, found.sides[side], label),
        )
        for side in Side
    )
    return Panel(title=title(item), curves=tuple(curves))


def _point(item: Item, step: Step, side: Side, day: date) -> Point:
    seen = observed(step.wave, item, side, item.measures[0])
    if seen is None:
        return Point(day=day)
    return Point(day=day, low=seen.low / seen.n, high=seen.high / seen.n, hollow=not seen.describes)


def _study(item: Item, said: SideReport) -> float | None:
    """The share of the figure that the message names; None if it is not one of what the curve counts."""
    lead = said.lead
    if lead is None or lead.comparable.measure != item.measures[0].key:
        return None
    return lead.comparable.percent / 100


def _last(item: Item, said: SideReport, label: Label) -> str:
    """The last share beside its point; empty if it is hidden."""
    now = said.outcome
    share = now.shares.get(item.measures[0].key) if isinstance(now, Counted) else None
    return label(share.low, share.high, now.n) if isinstance(now, Counted) and share is not None else ""
