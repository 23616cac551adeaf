"""The first line of a result is its finding, in a fixed order and in at most 120 characters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pulse.core.headlines import LIMIT, headline_sentence
from pulse.core.model import ClosedWave, Side
from pulse.core.reporting import report
from pulse.core.reports import Finding, WaveReport
from tests.core.closed import asked, last, run
from tests.views.waves import BANK, LEDGER, wave

CALM = [(8, 13)] * 12


def said(made: WaveReport) -> str:
    return headline_sentence(made, "Trust")


def test_a_change_comes_first() -> None:
    """Even if a study and a gap differ clearly too."""
    made = last(run([*CALM, (1, 13)]))
    assert (made.headline.kind, made.headline.item_id, made.headline.side) == (
        Finding.CHANGE,
        "T01",
        Side.MARKETING,
    )
    assert said(made) == "Trust: down in marketing, from 62% in 12 pulses to 0–15% this time"


def test_a_difference_from_a_study_comes_next() -> None:
    """The side's lead figure, marketing before IT, with its count."""
    made = last([asked(number, (3, 13), (10, 13)) for number in range(3)])
    assert (made.headline.kind, made.headline.side) == (Finding.STUDY, Side.MARKETING)
    assert said(made) == "Trust: 3 of 13 in marketing agree, below Forrester/Forbes 2014’s 62%"


def test_then_a_gap_between_the_sides() -> None:
    """If neither side differs from its study."""
    made = last([asked(number, (19, 40), (33, 40)) for number in range(3)])
    assert made.headline.kind is Finding.GAP
    assert said(made) == "Trust: more in IT agree (33 of 40) than in marketing (19 of 40)"
    turned = last([asked(number, (30, 40), (21, 40)) for number in range(3)])
    assert said(turned) == "Trust: more in marketing agree (30 of 40) than in IT (21 of 40)"


def test_else_nothing_stands_out() -> None:
    """An ordinary week says so."""
    made = last(run(CALM))
    assert (made.headline.kind, made.headline.item_id) == (Finding.NOTHING, None)
    assert said(made) == "Nothing stands out this time"


@pytest.mark.parametrize(
    ("marketing", "it", "sentence"),
    [
        ((8, 13), (1, 4), "Too few answers in IT: only marketing is shown"),
        ((1, 4), (8, 13), "Too few answers in marketing: only IT is shown"),
        ((1, 4), (1, 4), "No results this time: fewer than 5 people answered on each side"),
    ],
)
def test_a_side_that_is_short_is_named(
    marketing: tuple[int, int], it: tuple[int, int], sentence: str
) -> None:
    """One side short, or nobody: never a bare "nothing stands out"."""
    assert said(last([asked(0, marketing, it)])) == sentence


def test_the_first_results_are_called_that() -> None:
    """Only if they have a finding."""
    assert said(last([asked(0, (2, 13))])) == (
        "First results: Trust: 2 or fewer of 13 in marketing agree, below Forrester/Forbes 2014’s 62%"
    )


def test_those_who_do_not_agree_are_counted_forwards() -> None:
    """A figure of disagreement stands beside the people who do not agree."""
    waves: list[ClosedWave] = [asked(number, (30, 40), (20, 40), item="G01") for number in range(2)]
    made = last(waves)
    item = made.items[0]
    side = item.sides[Side.MARKETING]
    rest = [
        replace(one, lead=one.comparable.complement and one.verdict is not None) for one in side.comparisons
    ]
    lead = next(one for one in rest if one.lead)
    headline = replace(
        made.headline, kind=Finding.STUDY, item_id="G01", side=Side.MARKETING, comparison=lead, gap=None
    )
    assert said(replace(made, headline=headline)).startswith(
        "Trust: 10 of 40 in marketing do not agree, below CMO Council/Accenture 2010’s 46%"
    )


def test_a_long_title_is_cut_to_fit() -> None:
    """120 characters are what a notification shows."""
    made = last([asked(number, (3, 13)) for number in range(3)])
    text = headline_sentence(made, "We rely on them " * 20)
    assert len(text) <= 120 == LIMIT
    assert "…: 3 of 13 in marketing agree, below Forrester/Forbes 2014’s 62%" in text


def test_items_have_their_order() -> None:
    """Of two findings of one kind the headline item's is told."""
    low, high = [4, 4, 3, 1, 1], [0, 1, 2, 5, 5]
    counts = {(item, side): low for item in ("G02", "T01") for side in Side} | {("T01", Side.IT): high}
    waves = [wave(number, counts) for number in range(3)]
    made = report(waves[-1], waves, BANK, LEDGER)
    assert (made.headline.item_id, made.headline.side) == ("T01", Side.MARKETING)
