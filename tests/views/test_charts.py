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
from pulse.views import painting
from pulse.views.charts import (
    ALT_TEXT_LIMIT,
    Chart,
    Dot,
    Group,
    Hidden,
    Line,
    Moment,
    Numbered,
    ResultsChart,
    Row,
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


def results() -> ResultsChart:
    trust = Group(
        "They do what they say they will do",
        "agree",
        (
            Row(
                Side.MARKETING,
                Dot(7 / 12, 7 / 12, (0.32, 0.81), "7 of 12 (plausible 32–81 %)"),
                (Line(0.62, "62 % · Forbes Insights 2014"),),
            ),
            Row(
                Side.IT,
                Dot(0.9, 1.0, (0.6, 1.0), "9 or all of 10 (plausible 60–100 %)"),
                (Line(0.68, "68 % · Forbes Insights 2014"), Line(0.74, "74 % · Another 2015")),
            ),
        ),
    )
    amount = Group(
        "The amount of collaboration",
        "say “about right”",
        (
            Row(Side.MARKETING, Zone(0.7, 1.0, "most of 7"), (Line(0.13, "13 % · Accenture 2013"),)),
            Row(Side.IT, Hidden("hidden: fewer than 5 answers"), (Line(0.11, "11 % · Accenture 2013"),)),
        ),
    )
    return ResultsChart(
        "Results of 20 November 2026",
        (trust, amount),
        "Bars: 95 % plausible range. Dashed: published figures.",
        ("Marketing: 7 of 12 agree.", "IT: 9 or all of 10 agree."),
    )


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
        "They do what they say they will do",
        "Share who agree, with its 95 % plausible range",
        tuple(moments),
        "Hatched: 5 to 9 answers, in words only.",
        {
            Side.MARKETING: (Line(0.62, "62 % · Forbes Insights 2014"),),
            Side.IT: (Line(0.68, "68 % · Forbes Insights 2014"), Line(0.72, "72 % · Another 2015")),
        },
        (Numbered(date(2026, 2, 1), 1), Numbered(date(2026, 2, 3), 2), Numbered(date(2030, 1, 1), 3)),
        ("Marketing: no clear trend.",),
        {Side.MARKETING: "last: 5 of 12", Side.IT: "last: 8 of 10"},
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


@pytest.mark.parametrize(("name", "chart"), [("results", results()), ("trend", trend())])
def test_a_chart_looks_as_it_was_looked_at(name: str, chart: Chart) -> None:
    """The picture equals the one that was looked at and kept, within the tolerance above."""
    path = GOLDEN / f"chart_{name}.png"
    png = paint(chart)
    if os.environ.get("PULSE_GOLDEN") == "1" and not os.environ.get("CI"):
        path.write_bytes(png)
    assert changed(png, path.read_bytes()) <= CHANGED


def test_the_tolerance_sees_a_moved_dot() -> None:
    """A dot that moves by one answer of twelve is outside the tolerance of the golden pictures."""
    chart = results()
    row = replace(
        chart.groups[0].rows[0], mark=Dot(8 / 12, 8 / 12, (0.39, 0.86), "7 of 12 (plausible 32–81 %)")
    )
    moved = replace(
        chart, groups=(replace(chart.groups[0], rows=(row, chart.groups[0].rows[1])), chart.groups[1])
    )
    assert changed(paint(chart), paint(moved)) > CHANGED


def test_the_tolerance_sees_a_lost_dash() -> None:
    """A published figure whose dash is a few points off is outside the tolerance of the golden pictures."""
    chart = results()
    rows = chart.groups[1].rows
    line = replace(rows[0].lines[0], share=0.16)
    group = replace(chart.groups[1], rows=(replace(rows[0], lines=(line,)), rows[1]))
    assert changed(paint(chart), paint(replace(chart, groups=(chart.groups[0], group)))) > CHANGED


def test_equal_charts_are_equal_bytes() -> None:
    """Nothing of the clock or the machine is in a picture: the same chart is the same file."""
    assert paint(results()) == paint(results())
    assert Image.open(io.BytesIO(paint(trend()))).info.get("Software") is None


def test_hidden_draws_nothing_but_its_words() -> None:
    """A withheld side has no coloured pixel on its track: its bars are those of an empty sheet."""
    hidden = Hidden("hidden: fewer than 5 answers")
    group = Group("Question", "agree", (Row(Side.IT, hidden),))
    sheet = pixels(paint(ResultsChart("Title", (group,), "")))
    blue = numpy.array([0x00, 0x72, 0xB2])
    where = numpy.argwhere(abs(sheet - blue).max(axis=2) < 8)
    assert where[:, 1].max() < 60, "only the square before the word IT is blue"


def test_a_band_has_no_point() -> None:
    """5 to 9 answers are a broad hatched band: nothing solid says where the share lies."""
    group = Group("Question", "agree", (Row(Side.IT, Zone(0.3, 0.7, "about half of 7")),))
    sheet = pixels(paint(ResultsChart("Title", (group,), "")))[:, 60:]
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
    chart = replace(results(), title="Vertrauen 信頼 🚀 $x^2$ \\frac{")
    assert paint(chart).startswith(b"\x89PNG")


def test_type_is_at_least_ten_pixels_on_a_phone() -> None:
    """Shown at 360 pixels, the smallest type is above 10."""
    assert painting.SMALL * 360 / painting.WIDTH > 10


def test_alt_text_says_the_conclusion() -> None:
    """The alternative text is the title and the sentences of the message."""
    expected = "Results of 20 November 2026. Marketing: 7 of 12 agree. IT: 9 or all of 10 agree."
    assert alt_text(results()) == expected


def test_alt_text_ends_with_a_whole_sentence_within_the_limit() -> None:
    """Where not all fits, whole sentences are left out at the end."""
    chart = replace(results(), sentences=tuple(f"Sentence {i} is said." for i in range(100)))
    text = alt_text(chart)
    assert ALT_TEXT_LIMIT - 25 < len(text) <= ALT_TEXT_LIMIT
    assert text.endswith("is said.")


def test_importing_the_charts_does_not_import_matplotlib() -> None:
    """The bot imports the chart's nouns, never the painter."""
    check = "import sys, pulse.views.charts, pulse.slack.chart_worker; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
