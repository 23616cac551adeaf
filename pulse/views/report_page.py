"""Paints the report for leaders: a page of A4 as PDF, made of the same panels as the chart of a result."""

from __future__ import annotations

from pulse.views.canvas import GREY, PAD, RULE, Canvas
from pulse.views.charts import Passage, ReportPage
from pulse.views.small_multiples import paint_panels

WIDTH = 1080
"""Pixels: the panels' type of 21 is then 11.6 points on paper."""
TITLE, HEADING, TEXT, SOURCES = 38, 21, 18, 15
SCALES = (1.0, 0.92, 0.84, 0.77)
"""How much smaller the words under the panels become until they fit; 0.77 is 7.6 points on paper."""
COLUMNS = 3
GUTTER = 44
LEADING = 1.36


def paint_report(report: ReportPage) -> bytes:
    """The page as PDF, its words as large as they fit. Raises ValueError where they do not at any scale."""
    for scale in SCALES:
        page = _drawn(report, scale)
        if page.fits_page:
            break
    return page.pdf()


def _drawn(report: ReportPage, scale: float) -> Canvas:
    page = Canvas(WIDTH)
    page.paragraph(report.title, TITLE, bold=True)
    page.paragraph(report.finding, HEADING, bold=True)
    page.paragraph(report.period, TEXT, colour=GREY)
    page.down(18)
    paint_panels(page, report.panels, COLUMNS)
    page.down(6)
    page.line([page.left, page.right], [page.y, page.y], color=RULE)
    page.down(20)
    _passages(page, report.passages, scale)
    if report.sources:
        page.down(10)
        page.paragraph(report.sources, SOURCES * scale, colour=GREY)
    return page


def _passages(page: Canvas, passages: tuple[Passage, ...], scale: float) -> None:
    """The passages in two columns: each goes to the column that is shorter so far."""
    room = (page.right - page.left - GUTTER) / 2
    ends = [page.y, page.y]
    for passage in passages:
        column = 0 if ends[0] <= ends[1] else 1
        left = page.left + column * (room + GUTTER)
        ends[column] = _passage(page, passage, (left, ends[column], room), scale)
    page.y = max(ends)


def _passage(page: Canvas, passage: Passage, place: tuple[float, float, float], scale: float) -> float:
    """Writes one passage at (left, top, room) and returns where the next may begin."""
    left, y, room = place
    heading, size = HEADING * scale, TEXT * scale
    for words in page.wrapped(passage.heading, heading, room, bold=True):
        page.text(left, y + heading * LEADING / 2, words, heading, bold=True)
        y += heading * LEADING
    for paragraph in passage.paragraphs:
        for words in page.wrapped(paragraph, size, room):
            page.text(left, y + size * LEADING / 2, words, size)
            y += size * LEADING
        y += size * 0.35
    return y + PAD * 0.5 * scale
