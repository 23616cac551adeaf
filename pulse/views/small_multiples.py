"""Paints the compact chart of a result: one small panel per question, both sides' last waves in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pulse.core.model import Side
from pulse.views.canvas import COLOUR, GREY, INK, MARKER, PAPER, RULE, SMALL, Canvas
from pulse.views.charts import CompactChart, Curve, Panel, Point

COLUMNS = 2
TITLE_LINES = 2
GUTTER = 28
PLOT = 128
"""Height of the plot from 0 to 100%."""
AXIS, ENDS = 46, 66
"""Room for the per cents at the left of a plot, and the least room for the last figures at its right."""
LINE = 27
STUDY = (0, (4, 3))


def paint_panels(page: Canvas, chart: CompactChart, columns: int = COLUMNS) -> None:
    """Draws the key and then the panels, at most `columns` in a row."""
    _key(page, chart)
    columns = min(columns, max(len(chart.panels), 1))
    room = (page.right - page.left - GUTTER * (columns - 1)) / columns
    ends = _room_for_ends(page, chart)
    for start in range(0, len(chart.panels), columns):
        row = chart.panels[start : start + columns]
        titles = [_title(page, panel.title, room) for panel in row]
        high = max(len(lines) for lines in titles) * LINE
        for place, (panel, lines) in enumerate(zip(row, titles, strict=True)):
            left = page.left + place * (room + GUTTER)
            for number, words in enumerate(lines):
                page.text(left, page.y + LINE * (number + 0.5), words, SMALL, bold=True)
            _panel(page, panel, _Plot.of(panel, (left, page.y + high + 12), room - ends), chart.days)
        page.down(high + 12 + PLOT + 38)


def _room_for_ends(page: Canvas, chart: CompactChart) -> float:
    labels = (curve.label for panel in chart.panels for curve in panel.curves)
    return max([ENDS, *(page.width(label, SMALL, bold=True) + 12 for label in labels)])


def _title(page: Canvas, title: str, room: float) -> list[str]:
    """The title in at most two lines, with an ellipsis if it goes on."""
    lines = page.wrapped(title, SMALL, room, bold=True)
    if len(lines) <= TITLE_LINES:
        return lines
    last = lines[TITLE_LINES - 1]
    while page.width(f"{last}…", SMALL, bold=True) > room:
        last = last[:-1].rstrip()
    return [*lines[: TITLE_LINES - 1], f"{last}…"]


def _key(page: Canvas, chart: CompactChart) -> None:
    x, middle = float(page.left), page.y + LINE / 2
    for side in Side:
        page.line([x + 9], [middle], color=COLOUR[side], marker=MARKER[side], markersize=14)
        page.text(x + 26, middle, side.label, SMALL, bold=True)
        x += 26 + page.width(side.label, SMALL, bold=True) + 28
    if any(curve.study is not None for panel in chart.panels for curve in panel.curves):
        page.line([x, x + 34], [middle] * 2, color=INK, linewidth=3, linestyle=STUDY)
        page.text(x + 44, middle, chart.study_label, SMALL)
    page.down(LINE + 14)


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where a wave and a share lie on the page. Waves are evenly spaced, as a panel shows few of them."""

    left: float
    right: float
    top: float
    days: tuple[date, ...]

    @classmethod
    def of(cls, panel: Panel, corner: tuple[float, float], room: float) -> _Plot:
        """The plot of a panel, from its upper left corner and its width."""
        left, top = corner
        days = sorted({point.day for curve in panel.curves for point in curve.points})
        return cls(left + AXIS, left + room, top, tuple(days))

    def x(self, day: date) -> float:
        if len(self.days) == 1:
            return self.right - 10
        return self.left + 12 + (self.right - self.left - 24) * self.days.index(day) / (len(self.days) - 1)

    def y(self, share: float) -> float:
        return self.top + (1 - share) * PLOT


def _panel(page: Canvas, panel: Panel, plot: _Plot, labels: dict[date, str]) -> None:
    for share, label in ((0.0, "0"), (0.5, "50"), (1.0, "100")):
        page.line([plot.left, plot.right], [plot.y(share)] * 2, color=RULE, linewidth=1.5, zorder=1)
        page.text(plot.left - 6, plot.y(share), label, SMALL, colour=GREY, ha="right")
    for curve in panel.curves:
        if curve.study is not None:
            y = plot.y(curve.study)
            look = {"color": COLOUR[curve.side], "linewidth": 3, "linestyle": STUDY, "zorder": 2}
            page.line([plot.left, plot.right], [y, y], **look)
        _curve(page, curve, plot)
    _ends(page, panel, plot)
    _days(page, plot, labels)


def _curve(page: Canvas, curve: Curve, plot: _Plot) -> None:
    colour = COLOUR[curve.side]
    for joined, run in groupby(curve.points, key=lambda point: point.shown):
        points = list(run)
        if not joined:
            continue
        x = [plot.x(point.day) for point in points]
        page.line(x, [plot.y(point.middle) for point in points], color=colour, linewidth=3, zorder=3)
        for point in points:
            _mark(page, curve.side, point, plot)


def _mark(page: Canvas, side: Side, point: Point, plot: _Plot) -> None:
    x, colour = plot.x(point.day), COLOUR[side]
    if point.low is not None and point.high is not None and point.low != point.high:
        ends = [plot.y(point.low), plot.y(point.high)]
        page.line([x, x], ends, color=colour, linewidth=9, alpha=0.55, zorder=4)
        return
    fill, edge = (PAPER, colour) if point.hollow else (colour, PAPER)
    look = {"marker": MARKER[side], "markersize": 13, "color": fill, "markeredgecolor": edge}
    page.line([x], [plot.y(point.middle)], markeredgewidth=2.5, zorder=5, **look)


def _ends(page: Canvas, panel: Panel, plot: _Plot) -> None:
    """The last figure of each side beside its last point, pushed apart where two would touch."""
    last = [
        (plot.y(curve.points[-1].middle), curve) for curve in panel.curves if curve.points and curve.label
    ]
    last.sort(key=lambda pair: pair[0])
    lowest = float("-inf")
    shift = _shift([y for y, _curve in last], plot)
    for y, curve in last:
        lowest = max(y + shift, lowest + SMALL + 3)
        page.text(plot.right + 8, lowest, curve.label, SMALL, bold=True, colour=COLOUR[curve.side])


def _shift(ys: Sequence[float], plot: _Plot) -> float:
    """How far the first of two near figures moves up, so that the pair stays around its points."""
    if len(ys) < 2 or ys[1] - ys[0] >= SMALL + 3:
        return 0.0
    return -(SMALL + 3 - (ys[1] - ys[0])) / 2


def _days(page: Canvas, plot: _Plot, labels: dict[date, str]) -> None:
    y = plot.top + PLOT + 20
    right = plot.right
    if len(plot.days) > 1:
        first, last = labels[plot.days[0]], labels[plot.days[-1]]
        page.text(plot.left, y, first, SMALL, colour=GREY)
        # If both do not fit under the plot, the last reaches under the figures beside it.
        right = max(right, plot.left + page.width(first, SMALL) + SMALL + page.width(last, SMALL))
    if plot.days:
        page.text(right, y, labels[plot.days[-1]], SMALL, colour=GREY, ha="right")
