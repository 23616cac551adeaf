"""Paints a chart with matplotlib's Figure on its Agg canvas.

All lengths are pixels of a picture 720 wide, which Slack shows at 360 on a phone: type is never under
21, so that it stays above 10 there. The paper is light and framed, so that it reads in dark Slack too.
Colours are two of Okabe and Ito's ("Color Universal Design", 2008); the sides also differ in shape and dash.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pulse.core.model import Side
from pulse.views.canvas import (
    BODY,
    COLOUR,
    GREY,
    HEAD,
    INK,
    LEFT,
    MARKER,
    PAPER,
    RIGHT,
    RULE,
    SMALL,
    Canvas,
)
from pulse.views.charts import (
    CompactChart,
    Dot,
    Line,
    Mark,
    Moment,
    Numbered,
    Picture,
    ReportPage,
    TrendChart,
    Zone,
)
from pulse.views.report_page import paint_report
from pulse.views.small_multiples import paint_panels

STROKE: Mapping[Side, Any] = {Side.MARKETING: "solid", Side.IT: (0, (4, 1.5))}
DASHES = (0, (4, 3))


def paint(chart: Picture) -> bytes:
    """A chart as PNG, the report as a PDF of one page; equal pictures give equal bytes.

    They hold no date and no version.
    """
    if isinstance(chart, ReportPage):
        return paint_report(chart)
    page = Canvas()
    if isinstance(chart, CompactChart):
        paint_panels(page, chart)
        return page.png()
    page.paragraph(chart.title, HEAD, bold=True)
    _trend(page, chart)
    page.down(10)
    page.paragraph(chart.footer, SMALL, colour=GREY)
    return page.png()


def _strength(dot: Dot) -> float:
    return 0.5 if dot.hollow else 1.0


def _dot(page: Canvas, at: tuple[float, float], side: Side, dot: Dot, size: float) -> None:
    fill, edge = (PAPER, COLOUR[side]) if dot.hollow else (COLOUR[side], PAPER)
    look = {"marker": MARKER[side], "markersize": size, "color": fill, "markeredgecolor": edge}
    page.line([at[0]], [at[1]], markeredgewidth=size / 5 if dot.hollow else 2, zorder=4, **look)


def _hatched(page: Canvas, x: tuple[float, float], y: tuple[float, float], colour: str) -> None:
    look = {"facecolor": "none", "edgecolor": colour, "hatch": "////", "linewidth": 1.5, "alpha": 0.75}
    page.box(x, y, zorder=2, **look)


PANEL = 190
PLOT_LEFT, PLOT_RIGHT = LEFT + 74, RIGHT - 60
MARKERS_UP_TO = 40
"""With more waves than this the dots would run into one band."""


@dataclass(frozen=True, slots=True)
class _Panel:
    """Where a day and a share lie on the page."""

    first: date
    last: date
    top: float

    def x(self, day: date) -> float:
        span = (self.last - self.first).days
        part = (day - self.first).days / span if span else 0.5
        return PLOT_LEFT + 14 + part * (PLOT_RIGHT - PLOT_LEFT - 28)

    def y(self, share: float) -> float:
        return self.top + (1 - share) * PANEL


def _trend(page: Canvas, chart: TrendChart) -> None:
    page.paragraph(chart.scale, SMALL, colour=GREY)
    if not chart.moments:
        return
    page.down(8)
    for side in Side:
        panel = _side_panel(page, chart, side)
    _days(page, chart, panel)


def _side_panel(page: Canvas, chart: TrendChart, side: Side) -> _Panel:
    marks = [(moment, moment.marks[side]) for moment in chart.moments if side in moment.marks]
    lines = chart.lines.get(side, ())
    notes = [note for note in chart.notes if chart.moments[0].day <= note.day <= chart.moments[-1].day]
    numbered = side is next(iter(Side))
    _heading(page, side, chart.latest.get(side, ""), lines)
    page.down(50 if numbered and notes else 18)
    panel = _Panel(chart.moments[0].day, chart.moments[-1].day, page.y)
    _grid(page, panel)
    _breaks(page, panel, chart.moments)
    _numbers(page, panel, notes, numbered)
    _zones(page, panel, side, marks)
    for run in _runs(marks):
        _ribbon(page, panel, side, run, dots=len(marks) <= MARKERS_UP_TO)
    _published(page, panel, lines)
    page.down(PANEL + 14)
    return panel


def _heading(page: Canvas, side: Side, latest: str, lines: Sequence[Line]) -> None:
    middle = page.y + 16
    page.line([LEFT + 9], [middle], color=COLOUR[side], marker=MARKER[side], markersize=15)
    page.text(LEFT + 28, middle, side.label, BODY, bold=True)
    after = LEFT + 28 + page.width(side.label, BODY, bold=True) + 12
    page.text(after, middle, latest, BODY)
    page.down(34)
    for line in lines:
        middle = page.y + 14
        page.line([LEFT, LEFT + 27], [middle] * 2, linewidth=2.5, linestyle=DASHES)
        page.text(LEFT + 38, middle, line.label, SMALL, colour=GREY)
        page.down(28)


def _zones(page: Canvas, panel: _Panel, side: Side, marks: Sequence[tuple[Moment, Mark]]) -> None:
    half = max(2.5, min(12, 220 / max(len(marks), 1)))
    for moment, mark in marks:
        if isinstance(mark, Zone):
            x = panel.x(moment.day)
            _hatched(page, (x - half, x + half), (panel.y(mark.high), panel.y(mark.low)), COLOUR[side])


def _grid(page: Canvas, panel: _Panel) -> None:
    for share, label in ((0.0, "0"), (0.5, "50"), (1.0, "100")):
        page.line([PLOT_LEFT, PLOT_RIGHT], [panel.y(share)] * 2, color=RULE, linewidth=1.5, zorder=1)
        page.text(PLOT_LEFT - 8, panel.y(share), label, SMALL, colour=GREY, ha="right")


def _breaks(page: Canvas, panel: _Panel, moments: Sequence[Moment]) -> None:
    """A dotted line between two waves whose series differ."""
    for before, after in itertools.pairwise(moments):
        if before.series != after.series:
            x = (panel.x(before.day) + panel.x(after.day)) / 2
            page.line([x, x], [panel.y(1), panel.y(0)], color=GREY, linestyle=(0, (1, 2)), zorder=1.5)


def _numbers(page: Canvas, panel: _Panel, notes: Sequence[Numbered], numbered: bool) -> None:
    last = -1e9
    for note in sorted(notes, key=lambda note: (note.day, note.number)):
        x = panel.x(note.day)
        page.line([x, x], [panel.y(1), panel.y(0)], color=GREY, linewidth=1.5, zorder=1.5)
        if numbered:
            last = max(x, last + 32)
            page.line([last], [panel.y(1) - 26], color=INK, marker="o", markersize=28, zorder=5)
            look = {"bold": True, "colour": PAPER, "ha": "center", "zorder": 6}
            page.text(last, panel.y(1) - 26, str(note.number), SMALL, **look)


Run = list[tuple[date, Dot]]


def _runs(marks: Sequence[tuple[Moment, Mark]]) -> list[Run]:
    """The stretches that a line may join: neighbouring waves of one series with a share each."""
    runs: list[Run] = []
    series: str | None = None
    for moment, mark in marks:
        if not isinstance(mark, Dot):
            series = None
            continue
        if moment.series != series or mark.hollow:
            runs.append([])
        runs[-1].append((moment.day, mark))
        series = None if mark.hollow else moment.series
    return runs


def _ribbon(page: Canvas, panel: _Panel, side: Side, run: Run, dots: bool) -> None:
    x = [panel.x(day) for day, _dot in run]
    colour = COLOUR[side]
    if len(run) == 1:
        low, high = (panel.y(end) for end in run[0][1].plausible)
        page.line(x * 2, [low, high], color=colour, alpha=0.3, linewidth=12, zorder=2)
    else:
        ends = [[panel.y(dot.plausible[end]) for _day, dot in run] for end in (0, 1)]
        page.ax.fill_between(x, *ends, color=colour, alpha=0.22, linewidth=0, zorder=2)
        y = [panel.y(dot.middle) for _day, dot in run]
        page.line(x, y, color=colour, linewidth=3.5, linestyle=STROKE[side], zorder=3)
    for day, dot in run:
        if dots and dot.low != dot.high:
            ends_of_dot = [panel.y(dot.low), panel.y(dot.high)]
            page.line(
                [panel.x(day)] * 2, ends_of_dot, color=colour, linewidth=8, zorder=4, alpha=_strength(dot)
            )
        elif dots or len(run) == 1:
            _dot(page, (panel.x(day), panel.y(dot.middle)), side, dot, 13)


def _published(page: Canvas, panel: _Panel, lines: Sequence[Line]) -> None:
    """Dashed lines across, each with its per cent at the right end, pushed apart where two would touch."""
    lowest = float("inf")
    for line in sorted(lines, key=lambda line: line.percent):
        y = panel.y(line.percent / 100)
        page.line([PLOT_LEFT, PLOT_RIGHT], [y, y], linewidth=2.5, linestyle=DASHES, zorder=3.5)
        lowest = min(y, lowest - 25)
        page.text(PLOT_RIGHT + 6, lowest, str(line.percent), SMALL)


def _days(page: Canvas, chart: TrendChart, panel: _Panel) -> None:
    """The first and the last wave's day."""
    moments = chart.moments
    end = -1e9
    for moment in [moments[0], moments[-1]] if len(moments) > 1 else [moments[0]]:
        wide = page.width(moment.label, SMALL)
        start = min(max(panel.x(moment.day) - wide / 2, LEFT), RIGHT - wide)
        if start > end + 20:
            page.text(start, page.y + 13, moment.label, SMALL, colour=GREY)
            end = start + wide
    page.down(28)
