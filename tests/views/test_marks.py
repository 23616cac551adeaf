"""How a chart shows an outcome, and the published figures beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulse.core.model import ClosedWave, Counted, Outcome, Share, Side, Withheld
from pulse.core.reporting import report
from pulse.views.charts import Dot, Hidden, Zone
from pulse.views.marks import footer, lines_of, mark_of
from tests.views.waves import BANK, LEDGER, shipped, trust, wave

EVEN = [2, 2, 4, 2, 2]


def of(outcome: Outcome, roster: int) -> ClosedWave:
    """A wave with a minimum of 7 that published this outcome for IT."""
    return replace(trust(0, EVEN, EVEN, roster), minimum=7, outcomes={("T01", Side.IT): outcome})


@pytest.mark.parametrize(
    ("outcome", "roster", "expected"),
    [
        (Withheld(), 20, Hidden("hidden: fewer than 7 answers")),
        (Counted(12, {"top2box": Share(6, 6)}), 12, Dot(0.5, 0.5, (0.5, 0.5), "6 of 12")),
        (
            Counted(12, {"top2box": Share(6, 6)}),
            100,
            Dot(0.5, 0.5, (0.5, 0.5), "6 of 12 (too few answered)", hollow=True),
        ),
    ],
)
def test_marks_without_a_range(outcome: Any, roster: int, expected: Any) -> None:
    """Hidden has nothing, everybody is exact, and too few of a channel is a ring."""
    assert mark_of(of(outcome, roster), shipped("T01"), Side.IT) == expected


def test_merged_extremes_are_drawn_over_both_counts() -> None:
    """2 or fewer of 12 spans 0 to 2, and its range is that of all of them."""
    mark = mark_of(of(Counted(12, {"top2box": Share(0, 2)}), 20), shipped("T01"), Side.IT)
    assert isinstance(mark, Dot)
    assert (mark.low, mark.high, mark.label) == (0.0, 2 / 12, "2 or fewer of 12")
    assert mark.plausible == (0.0, 7 / 20)


def test_five_to_nine_is_a_zone() -> None:
    """A figure of fewer than ten answers is drawn as broad as it is."""
    drawn = mark_of(trust(0, EVEN, [0, 0, 1, 4, 3]), shipped("T01"), Side.IT)
    assert drawn == Zone(0.75, 1.0, "6 or more of 8")


def test_a_figure_of_those_who_do_not_is_drawn_as_the_rest() -> None:
    """46% who do not agree is a dash at 54%, labelled as the subtraction that it is."""
    found = report(wave(0, {("G01", side): EVEN for side in Side}), [], BANK, LEDGER).items[0]
    lines = {line.label: line.percent for line in lines_of(found, Side.MARKETING)}
    assert lines["100 − 46% · CMO Council/Accenture 2010"] == 54


def test_the_footer_explains_only_what_is_drawn() -> None:
    """Hatching, rings and dashes are explained if there are any."""
    zone, ring = Zone(0.75, 1.0, "6 or more of 8"), Dot(0.5, 0.5, (0.5, 0.5), "6 of 12", hollow=True)
    assert footer((), ()) == "Pale: what the whole side's share may be."
    assert footer((), [zone]).endswith("Hatched: 5 to 9 answers, a range only.")
    assert footer((), [ring]).endswith("Ring: too few answered to describe the channel.")
    row = LEDGER.get("A13_need_mkt")
    assert row is not None
    assert "Dashed: published." in footer([row], ())
