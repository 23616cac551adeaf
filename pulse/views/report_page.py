"""Paints the report for leaders: a page of A4 as PDF, made of the same panels as the chart of a result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pulse.views.canvas import GREY, PAD, RULE, Canvas
from pulse.views.charts import Passage, ReportPage
from pulse.views.small_multiples import paint_panels

WIDTH = 1080
"""Pixels: the panels' type of 21 is then 11.6 points on paper."""
TITLE, HEADING, TEXT, SOURCES = 38, 21, 18, 15
FITS = ((1.0, 2), (0.92, 2), (0.84, 2), (0.77, 2), (0.84, 1), (0.77, 1), (0.77, 0))
"""(scale of the words, rows of panels); the first that fits is taken. Text at 0.77 is 7.6 points on paper."""
COLUMNS = 3
GUTTER = 44
LEADING = 1.36


def paint_report(report: ReportPage) -> bytes:
    """The page as PDF, its words as large as will fit.

    Many words leave room for fewer panels, because the words say everything.
    Raises ValueError if they do not fit at all.
    """
    for scale, rows in FITS:
        page = _drawn(report, scale, rows)
        if page.fits_page:
            break
    return page.pdf()


def _drawn(report: ReportPage, scale: float, rows: int) -> Canvas:
    page = Canvas(WIDTH)
    page.paragraph(report.title, TITLE, bold=True)
    page.paragraph(report.finding, HEADING, bold=True)
    page.paragraph(report.period, TEXT, colour=GREY)
    page.down(18)
    panels = report.panels.panels[: rows * COLUMNS]
    if panels:
        paint_panels(page, replace(report.panels, panels=panels), COLUMNS)
    page.down(6)
    page.line([page.left, page.right], [page.y, page.y], color=RULE)
    page.down(20)
    _passages(page, report.passages, scale)
    if report.sources:
        page.down(10)
        page.paragraph(report.sources, SOURCES * scale, colour=GREY)
    return page


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a column, and the room under it."""

    words: str
    size: float
    bold: bool = False
    after: float = 0.0

    @property
    def height(self) -> float:
        return self.size * LEADING + self.after


def _passages(page: Canvas, passages: tuple[Passage, ...], scale: float) -> None:
    """The passages in two columns of nearly equal height; a paragraph or heading is never split."""
    room = (page.right - page.left - GUTTER) / 2
    pieces = [piece for passage in passages for piece in _pieces(page, passage, room, scale)]
    half, top = sum(line.height for piece in pieces for line in piece) / 2, page.y
    column, y, lowest = 0, top, top
    for piece in pieces:
        height = sum(line.height for line in piece)
        if column == 0 and y - top + height / 2 > half:
            column, y = 1, top
        for line in piece:
            left = page.left + column * (room + GUTTER)
            page.text(left, y + line.size * LEADING / 2, line.words, line.size, bold=line.bold)
            y += line.height
        lowest = max(lowest, y)
    page.y = lowest


def _pieces(page: Canvas, passage: Passage, room: float, scale: float) -> Iterator[list[_Line]]:
    """What must not be torn apart: the heading with its first paragraph, then each other paragraph."""
    heading, size = HEADING * scale, TEXT * scale
    piece = [_Line(words, heading, True) for words in page.wrapped(passage.heading, heading, room, bold=True)]
    for place, paragraph in enumerate(passage.paragraphs, 1):
        after = PAD * 0.5 * scale if place == len(passage.paragraphs) else size * 0.35
        *lines, last = page.wrapped(paragraph, size, room) or [""]
        yield [*piece, *(_Line(words, size) for words in lines), _Line(last, size, after=after)]
        piece = []
