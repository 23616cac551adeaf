"""The chart of small panels, as results and the report for leaders both show it."""

from __future__ import annotations

from datetime import UTC, date

import pytest

from pulse.core.model import Side
from pulse.core.quarterly import quarter_report
from pulse.core.quarters import Quarter
from pulse.core.reporting import report
from pulse.views.charts import CompactChart, Point
from pulse.views.compact import compact_chart
from pulse.views.quarter import quarter_page
from tests.views.waves import BANK, LEDGER, wave

EVEN, FEW = [2, 2, 4, 2, 2], [1, 1, 1, 1, 0]
G01 = "G01"
WAVES = [
    wave(0, {(G01, Side.MARKETING): FEW, (G01, Side.IT): EVEN}),
    wave(1, {(G01, Side.MARKETING): EVEN, (G01, Side.IT): EVEN}, {Side.MARKETING: 100, Side.IT: 20}),
    wave(2, {(G01, Side.MARKETING): [4, 3, 4, 1, 0], (G01, Side.IT): EVEN}),
]


def of_results() -> CompactChart:
    return compact_chart("Results", report(WAVES[-1], WAVES[:-1], BANK, LEDGER).items, (), zone=UTC)


def of_a_quarter() -> CompactChart:
    found = quarter_report(
        Quarter(2026, 3), WAVES, BANK, lambda newest: report(newest, WAVES, BANK, LEDGER), UTC
    )
    assert found is not None
    return quarter_page(found).panels


@pytest.mark.parametrize("chart", [of_results(), of_a_quarter()])
def test_a_hidden_wave_has_no_point_and_too_few_of_a_channel_are_a_ring(chart: CompactChart) -> None:
    """The chart of results and that of the report for leaders mark each kind of outcome alike."""
    assert chart.panels[0].curves[0].points == (
        Point(day=date(2026, 8, 6)),
        Point(day=date(2026, 8, 13), low=4 / 12, high=4 / 12, hollow=True),
        Point(day=date(2026, 8, 20), low=0.0, high=2 / 12),
    )


@pytest.mark.parametrize("chart", [of_results(), of_a_quarter()])
def test_the_dash_is_at_the_figure_that_the_message_names(chart: CompactChart) -> None:
    """51% of senior marketing executives (2013) is the dash of marketing in both charts."""
    assert chart.panels[0].curves[0].study == pytest.approx(0.51)


def test_the_last_point_has_the_figure_of_the_words_beside_it() -> None:
    """Results say a per cent if it is exact, the report for leaders a count."""
    assert [curve.label for curve in of_results().panels[0].curves] == ["", "33%"]
    assert [curve.label for curve in of_a_quarter().panels[0].curves] == ["≤2/12", "4/12"]
