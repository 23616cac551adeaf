"""How a chart shows what a side said in a wave, and the published figures beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pulse.core.baselines import Comparable
from pulse.core.closed_waves import observed
from pulse.core.facts import caution, count, figure, study
from pulse.core.language import _
from pulse.core.likelihood import Observation
from pulse.core.model import Baseline, ClosedWave, Item, Side
from pulse.core.people import people_range
from pulse.core.privacy import COUNTS_FROM
from pulse.core.reports import ItemReport
from pulse.views.charts import Dot, Hidden, Line, Mark, Zone


def footer(rows: Sequence[Baseline], marks: Iterable[Mark]) -> str:
    """What the chart's bars stand for, and its hatching, rings and dashes if it has any."""
    drawn_marks = list(marks)
    parts = [_("Pale: what the whole side's share may be.")]
    if any(isinstance(mark, Zone) for mark in drawn_marks):
        parts.append(_("Hatched: 5 to 9 answers, a range only."))
    if any(isinstance(mark, Dot) and mark.hollow for mark in drawn_marks):
        parts.append(_("Ring: too few answered to describe the channel."))
    if rows:
        parts += [_("Dashed: published."), caution(rows)]
    return " ".join(parts)


def share_who(item: Item) -> str:
    """What the axis counts."""
    return _("share who {says}").format(says=_(item.measures[0].says))


def lines_of(report: ItemReport, side: Side) -> tuple[Line, ...]:
    """The figures that `drawn` picks, as lines with labels."""
    return tuple(_line(found) for found in drawn(report, side))


def drawn(report: ItemReport, side: Side) -> tuple[Comparable, ...]:
    """The published figures that a chart of the item's first share shows as dashed lines."""
    first = report.item.measures[0].key
    return tuple(
        found.comparable
        for found in report.sides[side].comparisons
        if found.reason is None and found.comparable.measure == first
    )


def _line(found: Comparable) -> Line:
    if not found.complement:
        return Line(found.percent, f"{figure(found.row)} · {study(found.row)}")
    label = _("100 − {figure} · {study}").format(figure=figure(found.row), study=study(found.row))
    return Line(found.percent, label)


def mark_of(wave: ClosedWave, item: Item, side: Side) -> Mark:
    """How a chart shows an outcome: nothing, a hatched zone, or a share with the range of the whole side.

    If too few answered to describe the channel, it is a ring without a range.
    """
    seen = observed(wave, item, side, item.measures[0])
    if seen is None:
        return Hidden(_("hidden: fewer than {minimum} answers").format(minimum=wave.minimum))
    low, high = seen.low / seen.n, seen.high / seen.n
    label = count(seen.low, seen.high, seen.n)
    if seen.n < COUNTS_FROM:
        return Zone(low, high, label)
    if not seen.describes:
        hollow = _("{count} (too few answered)").format(count=label)
        return Dot(low, high, (low, high), hollow, hollow=True)
    return Dot(low, high, _range(seen), label)


def _range(seen: Observation) -> tuple[float, float]:
    """What the share of the whole side may be: the plausible range if it is known, else the certain one."""
    people = people_range(seen)
    low = people.certain_low if people.plausible_low is None else people.plausible_low
    high = people.certain_high if people.plausible_high is None else people.plausible_high
    return low / people.roster, high / people.roster
