"""Charts: what the picture and its alternative text say."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy
import pytest
from PIL import Image

from pulse.core.model import Side
from pulse.views import canvas, painting, small_multiples
from pulse.views.charts import (
    ALT_TEXT_LIMIT,
    Chart,
    CompactChart,
    Curve,
    Dot,
    Hidden,
    Line,
    Moment,
    Numbered,
    Panel,
    Passage,
    Point,
    ReportPage,
    TrendChart,
    Zone,
    alt_text,
)
from pulse.views.painting import paint

GOLDEN = Path(__file__).parents[1] / "golden"
# Type is drawn by the same FreeType on every machine, but its antialiasing may differ by a shade between
# builds: a pixel counts as changed from 48 of 255 on, and one in 10,000 (some 80) may change. A moved dot, a
# lost dash or another word changes more than that, as the two tests after the golden ones show.
SHADES, CHANGED = 48, 1 / 10_000


def trend(waves: int = 9) -> TrendChart:
    moments = []
    for i in range(waves):
        day = date(2026, 1, 9) + timedelta(weeks=2 * i)
        k = 5 + i % 4
        marketing: Dot | Zone | Hidden = Dot(k / 12, k / 12, (k / 12 - 0.2, k / 12 + 0.2), f"{k} of 12")
        if i == 3:
            marketing = Zone(0.3, 0.7, "about half of 8")
        if i == 6:
            marketing = Hidden("hidden: fewer than 5 answers")
        low = 0.9 if i == 2 else 0.8
        it = Dot(low, 0.8 if low == 0.8 else 1.0, (0.55, 0.95), "8 of 10")
        marks = {Side.MARKETING: marketing, Side.IT: it}
        moments.append(Moment(day, f"{day:%d.%m.%Y}", "T01-a" if i < 7 else "T01-b", marks))
    return TrendChart(
        title="The others keep promises",
        scale="Share who agree, with its 95 % plausible range",
        moments=tuple(moments),
        footer="Hatched: 5 to 9 answers, in words only.",
        lines={
            Side.MARKETING: (Line(62, "62 % · Forbes Insights 2014"),),
            Side.IT: (Line(68, "68 % · Forbes Insights 2014"), Line(72, "72 % · Another 2015")),
        },
        notes=(Numbered(date(2026, 2, 1), 1), Numbered(date(2026, 2, 3), 2), Numbered(date(2030, 1, 1), 3)),
        sentences=("Marketing: no clear trend.",),
        latest={Side.MARKETING: "last: 5 of 12", Side.IT: "last: 8 of 10"},
    )


def test_a_ring_where_too_few_answered_is_joined_by_no_line() -> None:
    """A share that does not describe the channel stands alone between its neighbours."""
    chart = trend(7)
    ring = replace(chart.moments[3], marks={Side.IT: Dot(0.5, 0.5, (0.5, 0.5), "6 of 12", hollow=True)})
    ringed = replace(chart, moments=(*chart.moments[:3], ring, *chart.moments[4:]))
    assert runs_of(ringed, Side.IT) == [3, 1, 3]


def pixels(png: bytes) -> numpy.ndarray:
    return numpy.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int)


def changed(one: bytes, other: bytes) -> float:
    """The share of pixels that differ visibly; 1 where the sizes differ."""
    a, b = pixels(one), pixels(other)
    if a.shape != b.shape:
        return 1.0
    return float((abs(a - b).max(axis=2) >= SHADES).mean())


@pytest.mark.parametrize("name", ["compact", "trend"])
def test_a_chart_looks_as_it_was_looked_at(name: str) -> None:
    """The picture equals the one that was looked at and kept, within the tolerance above."""
    path = GOLDEN / f"chart_{name}.png"
    chart: Chart = compact() if name == "compact" else trend()
    png = paint(chart)
    if os.environ.get("PULSE_GOLDEN") == "1" and not os.environ.get("CI"):
        path.write_bytes(png)
    assert changed(png, path.read_bytes()) <= CHANGED


def test_the_tolerance_sees_a_moved_dot() -> None:
    """A point that moves by one answer of twelve is outside the tolerance of the golden pictures."""
    chart = compact()
    curve = chart.panels[0].curves[0]
    moved = replace(curve.points[-1], low=0.58 + 1 / 12, high=0.58 + 1 / 12)
    panel = replace(
        chart.panels[0],
        curves=(replace(curve, points=(*curve.points[:-1], moved)), chart.panels[0].curves[1]),
    )
    assert changed(paint(chart), paint(replace(chart, panels=(panel, chart.panels[1])))) > CHANGED


def test_the_tolerance_sees_a_lost_dash() -> None:
    """A published figure whose dash is a few points off is outside the tolerance of the golden pictures."""
    chart = trend()
    lines = {**chart.lines, Side.MARKETING: (Line(65, "62 % · Forbes Insights 2014"),)}
    assert changed(paint(chart), paint(replace(chart, lines=lines))) > CHANGED


def test_equal_charts_are_equal_bytes() -> None:
    """A picture depends on neither the clock nor the machine: the same chart is the same file."""
    assert paint(compact()) == paint(compact())
    assert Image.open(io.BytesIO(paint(trend()))).info.get("Software") is None


def test_a_band_has_no_point() -> None:
    """5 to 9 answers are a broad hatched band: nothing solid says where the share lies."""
    moment = Moment(date(2026, 1, 9), "9 January", "a", {Side.IT: Zone(0.3, 0.7, "about half of 7")})
    sheet = pixels(paint(TrendChart(title="Title", scale="", moments=(moment,), footer="")))[:, 60:]
    solid = abs(sheet - numpy.array([0x00, 0x72, 0xB2])).max(axis=2) < 8
    assert not numpy.logical_and(solid[1:, 1:], solid[:-1, :-1]).sum() > 200


def runs_of(chart: TrendChart, side: Side) -> list[int]:
    marks = [(moment, moment.marks[side]) for moment in chart.moments]
    return [len(run) for run in painting._runs(marks)]


def test_no_line_through_a_gap_a_band_or_a_new_wording() -> None:
    """A line joins neighbouring waves with a share each, of one wording."""
    assert runs_of(trend(), Side.MARKETING) == [3, 2, 2]
    assert runs_of(trend(), Side.IT) == [7, 2]


@pytest.mark.parametrize("waves", [0, 1, 2, 520])
def test_a_trend_of_any_length_is_drawn(waves: int) -> None:
    """No wave, one wave and ten years of weekly waves make a picture 720 wide."""
    assert Image.open(io.BytesIO(paint(trend(waves)))).size[0] == 720


def test_letters_that_the_font_lacks_and_dollar_signs_are_drawn_as_text() -> None:
    """A company's own wording may hold any sign: none of them stops the picture or becomes a formula."""
    chart = replace(trend(), title="Vertrauen 信頼 🚀 $x^2$ \\frac{")
    assert paint(chart).startswith(b"\x89PNG")


def test_type_is_at_least_ten_pixels_on_a_phone() -> None:
    """Shown at 360 pixels, the smallest type is above 10."""
    assert canvas.SMALL * 360 / canvas.WIDTH > 10


def compact() -> CompactChart:
    """Four weeks of two questions: a gap, a merged end, a ring, two studies."""
    days = [date(2026, 11, 3) + timedelta(weeks=week) for week in range(4)]

    def points(*shares: tuple[float, float] | None) -> tuple[Point, ...]:
        return tuple(
            Point(day=day, low=share[0], high=share[1]) if share else Point(day=day)
            for day, share in zip(days, shares, strict=True)
        )

    trust = Panel(
        title="Trust to deliver",
        curves=(
            Curve(
                side=Side.MARKETING,
                points=points((0.5, 0.5), None, (0.62, 0.62), (0.58, 0.58)),
                study=0.62,
                label="58%",
            ),
            Curve(
                side=Side.IT,
                points=points((0.7, 0.7), (0.83, 1.0), (0.64, 0.64), (0.55, 0.55)),
                study=0.68,
                label="55%",
            ),
        ),
    )
    ring = Point(day=days[0], low=0.4, high=0.4, hollow=True)
    speed = Panel(title="Speed", curves=(Curve(side=Side.IT, points=(ring,), label="40%"),))
    labels = {day: f"{day.day} Nov" for day in days}
    return CompactChart(title="Last four pulses", panels=(trust, speed), days=labels, study_label="study")


def without(chart: CompactChart, number: int) -> CompactChart:
    """The chart without one point of marketing's first curve."""
    panel = chart.panels[0]
    curve = panel.curves[0]
    points = curve.points[:number] + curve.points[number + 1 :]
    curves = (replace(curve, points=points), *panel.curves[1:])
    return replace(chart, panels=(replace(panel, curves=curves), *chart.panels[1:]))


def test_the_compact_chart_is_less_than_half_a_phone_screen_high() -> None:
    """Two questions take under 400 pixels of 720 wide; four under 620."""
    two = compact()
    four = replace(two, panels=(two.panels[0], *[replace(two.panels[0])] * 3))
    assert Image.open(io.BytesIO(paint(two))).size[1] < 400
    assert Image.open(io.BytesIO(paint(four))).size[1] < 620


def test_each_point_study_and_figure_of_the_compact_chart_is_drawn() -> None:
    """Leaving out a point, the study or the last figure changes the picture."""
    chart = compact()
    panel = chart.panels[0]
    whole = paint(chart)
    for curve in (
        replace(panel.curves[0], study=None),
        replace(panel.curves[0], label=""),
        replace(panel.curves[0], points=panel.curves[0].points[:-1]),
    ):
        fewer = replace(chart, panels=(replace(panel, curves=(curve, panel.curves[1])), chart.panels[1]))
        assert changed(whole, paint(fewer)) > CHANGED
    assert changed(whole, paint(without(chart, 2))) > CHANGED


def test_a_wave_that_may_not_be_shown_leaves_no_trace_in_the_compact_chart() -> None:
    """A hidden wave has no point and no line through it."""
    chart = compact()
    curve = chart.panels[0].curves[0]
    lone = replace(chart, panels=(Panel(title="T", curves=(replace(curve, study=None, label=""),)),))
    orange = abs(pixels(paint(lone)) - numpy.array([0xD5, 0x5E, 0x00])).max(axis=2) < 8
    columns = numpy.flatnonzero(orange[80:].any(axis=0))
    gaps = numpy.diff(columns)
    assert gaps.max() > 100, "nothing is drawn between the first wave and the third"


def test_a_long_title_of_the_compact_chart_ends_in_an_ellipsis_and_a_long_word_is_cut() -> None:
    """Neither runs into the next panel: the gutter between two panels stays empty."""
    chart = compact()
    word = "Donaudampfschifffahrtsgesellschaft" * 4
    panels = (replace(chart.panels[0], title=word), replace(chart.panels[0], title="Many words " * 20))
    sheet = pixels(paint(replace(chart, panels=panels)))
    gutter = sheet[60:140, canvas.LEFT + 320 : canvas.LEFT + 336]
    assert (gutter == 255).all()


def report_page(paragraphs: int = 1) -> ReportPage:
    words = "Trust in marketing is up: 66% of IT's answers in four pulses, 35% in the ten before."
    passages = (Passage(heading="What stands out", paragraphs=(words,) * paragraphs),) * 3
    return ReportPage(
        title="How marketing and IT work together",
        finding="Trust in marketing is up in IT.",
        period="September to November 2026",
        panels=compact(),
        passages=passages,
        sources="Accenture, The CMO-CIO Disconnect (2013).",
    )


def test_the_report_is_one_page_of_pdf_and_equal_reports_are_equal_bytes() -> None:
    """The report for leaders is a PDF of one page of A4 without a time in it."""
    pdf = paint(report_page())
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") == 1 or pdf.count(b"/Type /Page ") == 1
    assert b"CreationDate" not in pdf
    assert paint(report_page()) == pdf


def test_a_report_that_does_not_fit_on_its_page_is_refused() -> None:
    """Nothing is cut off silently."""
    with pytest.raises(ValueError, match="too long"):
        paint(report_page(paragraphs=60))


def test_a_no_break_space_keeps_its_words_on_one_line() -> None:
    """German writes “42 %”, and the sign does not begin a line."""
    page = canvas.Canvas()
    room = page.width("Marketing 42", canvas.SMALL) + 1
    assert page.wrapped("Marketing 42\u00a0% ", canvas.SMALL, room) == ["Marketing", "42\u00a0%"]


def test_the_days_under_a_narrow_panel_do_not_touch() -> None:
    """If the first and the last are too long for the plot, the last moves right."""
    chart = compact()
    days = dict.fromkeys(chart.days, "24. September")
    page = canvas.Canvas()
    small_multiples.paint_panels(page, replace(chart, panels=chart.panels[:1], days=days), 3)
    first, last = (text for text in page.ax.texts if text.get_text() == "24. September")
    wide = page.width("24. September", canvas.SMALL)
    assert first.get_position()[0] + wide < last.get_position()[0] - wide


def test_letters_of_other_scripts_come_from_installed_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the family that has the most of what the first font lacks, then from another for the rest."""
    letters = {"DejaVu Serif": frozenset("信頼本"), "DejaVu Sans Mono": frozenset("頼न")}
    canvas._fallbacks.cache_clear()
    monkeypatch.setattr(canvas, "_letters", lambda family: letters.get(family, frozenset()))
    assert canvas._fallbacks(frozenset("信頼語")) == ("DejaVu Serif",)
    assert canvas._fallbacks(frozenset("信頼本न")) == ("DejaVu Serif", "DejaVu Sans Mono")
    assert canvas.drawable("信語न") == "信\ufffdन"
    canvas._fallbacks.cache_clear()


def test_alt_text_says_the_conclusion() -> None:
    """The alternative text is the title and the sentences of the message."""
    said = ("Marketing: 7 of 12 agree.", "IT: 10 or more of 12 agree.")
    expected = "Last four pulses. Marketing: 7 of 12 agree. IT: 10 or more of 12 agree."
    assert alt_text(replace(compact(), sentences=said)) == expected


def test_alt_text_ends_with_a_whole_sentence_within_the_limit() -> None:
    """If not all fits, whole sentences are left out at the end."""
    chart = replace(compact(), sentences=tuple(f"Sentence {i} is said." for i in range(100)))
    text = alt_text(chart)
    assert ALT_TEXT_LIMIT - 25 < len(text) <= ALT_TEXT_LIMIT
    assert text.endswith("is said.")


def test_importing_the_charts_does_not_import_matplotlib() -> None:
    """The bot imports the records of charts, never the code that draws them."""
    check = "import sys, pulse.views.charts, pulse.slack.chart_worker; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
