"""Paints the report for leaders: a page of A4 as PDF, made of the same panels as the chart of a result."""

from __future__ import annotations

from pulse.views.canvas import GREY, PAD, RULE, Canvas
from pulse.views.charts import Passage, ReportPage
from pulse.views.small_multiples import paint_panels

WIDTH = 1080
"""Pixels: the panels' type of 21 is then 11.6 points on paper."""
TITLE, HEADING, TEXT, SOURCES = 38, 22, 19, 16
COLUMNS = 3
GUTTER = 44
LEADING = 1.36


def paint_report(report: ReportPage) -> bytes:
    """The page as PDF. Raises ValueError where the words do not fit on one page."""
    page = Canvas(WIDTH)
    page.paragraph(report.title, TITLE, bold=True)
    page.paragraph(report.period, TEXT, colour=GREY)
    page.down(18)
    paint_panels(page, report.panels, COLUMNS)
    page.down(6)
    page.line([page.left, page.right], [page.y, page.y], color=RULE)
    page.down(20)
    _passages(page, report.passages)
    if report.sources:
        page.down(14)
        page.paragraph(report.sources, SOURCES, colour=GREY)
    return page.pdf()


def _passages(page: Canvas, passages: tuple[Passage, ...]) -> None:
    """The passages in two columns: each goes to the column that is shorter so far."""
    room = (page.right - page.left - GUTTER) / 2
    top = page.y
    ends = [top, top]
    for passage in passages:
        column = 0 if ends[0] <= ends[1] else 1
        left = page.left + column * (room + GUTTER)
        ends[column] = _passage(page, passage, left, ends[column], room)
    page.y = max(ends)


def _passage(page: Canvas, passage: Passage, left: float, top: float, room: float) -> float:
    """Writes one passage and returns where the next may begin."""
    y = top
    for words in page.wrapped(passage.heading, HEADING, room, bold=True):
        page.text(left, y + HEADING * LEADING / 2, words, HEADING, bold=True)
        y += HEADING * LEADING
    for paragraph in passage.paragraphs:
        for words in page.wrapped(paragraph, TEXT, room):
            page.text(left, y + TEXT * LEADING / 2, words, TEXT)
            y += TEXT * LEADING
        y += TEXT * 0.35
    return y + PAD * 0.5
