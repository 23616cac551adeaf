"""What is said, in the reader's English: every cell of both tables, and nothing that they do not allow."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from pulse.core.baselines import Comparable, comparable, parse_ledger
from pulse.core.facts import caution
from pulse.core.items import parse_items
from pulse.core.model import (
    Baseline,
    Counted,
    Side,
    SideTurnout,
    Tally,
    Withheld,
)
from pulse.core.privacy import COUNTS_FROM, LOWEST_MINIMUM, publish, turnout
from pulse.core.stats import holm, newcombe
from pulse.core.wording import (
    RATES,
    SIZES,
    Case,
    Past,
    Reading,
    bounds_sentence,
    drift_sentence,
    family_confidence,
    gap,
    power_sentence,
    rate_rule,
    reading,
    say,
    size_rule,
    trend_sentence,
)
from tests.core.bank import AMOUNT, TRUST, agreeing, counts, item

FIGURE = Baseline(
    key="X13_trust",
    study="A study",
    publisher="A study",
    published=2013,
    fieldwork="2012 (published 22 Aug 2013)",
    side=Side.MARKETING,
    statement="We trust them",
    measure="agree",
    percent=56,
    qualifier="exact",
    percent_low=55.5,
    percent_high=56.5,
    n_published="400",
    n=405,
    grade="A",
    compare_as="top2box",
    source="a page",
    standing="one page",
    note="",
    required=False,
    surveyed="senior executives",
)
AGREE = Comparable(FIGURE, "top2box", complement=False, verdict=True, caveat="")
REST = Comparable(FIGURE, "top2box", complement=True, verdict=True, caveat="")
CONTEXT = Comparable(FIGURE, None, complement=False, verdict=False, caveat="It is a wish.")
CITED = "56% in “We trust them” – Marketing, 405 asked; A study, 2012 (published 22 Aug 2013)."


def past(k: int, n: int, roster: int) -> Past:
    return publish(TRUST, agreeing(k, n), 5), turnout(roster, n, 5)


def read(
    k: int, n: int, roster: int, before: Past | None = None, rows: tuple[Comparable, ...] = ()
) -> Reading:
    return reading(TRUST, Side.MARKETING, *past(k, n, roster), before, rows)


# --- The table of sizes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "sentence"),
    [
        (2, 4, "Fewer than 5 answers: hidden."),
        (0, 0, "Fewer than 5 answers: hidden."),
        (1, 5, "Of the 5 of 6 who answered, few agree."),
        (4, 9, "Of the 9 of 10 who answered, about half agree."),
        (8, 9, "Of the 9 of 10 who answered, most agree."),
        (5, 10, "Of the 10 of 11 who answered, 5 of 10 agree (plausible 24–76 %)."),
        (7, 12, "Of the 12 of 13 who answered, 7 of 12 agree (plausible 32–81 %)."),
        (0, 12, "Of the 12 of 13 who answered, 0 or 1 of 12 agree (plausible 0–35 %)."),
        (1, 12, "Of the 12 of 13 who answered, 0 or 1 of 12 agree (plausible 0–35 %)."),
        (11, 12, "Of the 12 of 13 who answered, 11 or all of 12 agree (plausible 65–100 %)."),
        (12, 12, "Of the 12 of 13 who answered, 11 or all of 12 agree (plausible 65–100 %)."),
        (17, 29, "Of the 29 of 30 who answered, 17 of 29 agree (plausible 41–74 %)."),
        (20, 30, "Of the 30 of 31 who answered, 67 % agree (20 of 30, plausible 49–81 %)."),
        (30, 30, "Of the 30 of 31 who answered, 29 or all of 30 agree (plausible 83–100 %)."),
        (20, 59, "Of the 59 of 60 who answered, 34 % agree (20 of 59, plausible 23–47 %)."),
        (
            30,
            60,
            "Of the 60 of 61 who answered, 50 % agree (30 of 60, plausible 38–62 %); "
            "three ways: 30 of 60 agree, 10 of 60 are in between, 20 of 60 disagree.",
        ),
    ],
)
def test_the_share_says_what_so_many_answers_carry(k: int, n: int, sentence: str) -> None:
    """Nothing under 5, a word from 5, a count from 10, a per cent from 30, three ways from 60."""
    assert read(k, n, n + 1).share == sentence


@pytest.mark.parametrize(
    ("now", "before", "sentence"),
    [
        ((2, 4), (9, 12), None),
        ((7, 9), (9, 12), "Too few answers to compare."),
        ((9, 12), (7, 9), "Too few answers to compare."),
        ((9, 12), (2, 4), "Too few answers to compare."),
        ((9, 12), (7, 12), "No clear change from last time (7 of 12)."),
        ((10, 12), (3, 12), "Probably higher than last time (3 of 12)."),
        ((3, 12), (10, 12), "Probably lower than last time (10 of 12)."),
        ((12, 12), (3, 12), "Probably higher than last time (3 of 12)."),
        ((3, 12), (12, 12), "Probably lower than last time (11 or all of 12)."),
        ((24, 30), (10, 29), "Probably higher than last time (10 of 29)."),
        (
            (24, 30),
            (10, 30),
            "Probably higher than last time (10 of 30), by 47 points (plausible 22 to 64).",
        ),
        ((10, 30), (24, 30), "Probably lower than last time (24 of 30), by 47 points (plausible 22 to 64)."),
        ((30, 30), (10, 30), "Probably higher than last time (10 of 30)."),
        ((20, 30), (18, 30), "No clear change from last time (18 of 30)."),
        ((30, 60), (50, 60), "Probably lower than last time (50 of 60), by 33 points (plausible 17 to 48)."),
    ],
)
def test_the_change_says_what_both_waves_carry(
    now: tuple[int, int], before: tuple[int, int], sentence: str | None
) -> None:
    """Nothing under 5, no comparison under 10, a word from 10, points only from 30 in both waves."""
    assert read(*now, now[1] + 1, past(*before, before[1] + 1)).change == sentence


@pytest.mark.parametrize(
    ("k", "n", "sentences"),
    [
        (2, 4, ()),
        (7, 9, (f"Background: {CITED}",)),
        (7, 12, (f"Not clearly different from {CITED}",)),
        (12, 12, (f"Higher than {CITED}",)),
        (0, 12, (f"Lower than {CITED}",)),
        (28, 30, (f"Higher than {CITED}",)),
        (20, 30, (f"Not clearly different from {CITED}",)),
        (20, 60, (f"Lower than {CITED}",)),
    ],
)
def test_the_comparison_says_what_so_many_answers_carry(k: int, n: int, sentences: tuple[str, ...]) -> None:
    """Nothing under 5, background under 10, then higher, lower or not clearly different."""
    assert read(k, n, n + 1, None, (AGREE,)).comparisons == sentences


def test_a_few_of_many_are_never_none_or_all() -> None:
    """2 of 1000 is 1 %, not 0 %, and 998 of 1000 is 99 %."""
    assert "1 % agree (2 of 1000" in read(2, 1000, 1001).share
    assert "99 % agree (998 of 1000" in read(998, 1000, 1001).share


# --- The table of response rates ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "roster", "sentence"),
    [
        (3, 7, 24, "Too few answered to describe the channel (7 of 24). Of them, about half agree."),
        (7, 12, 41, "Too few answered to describe the channel (12 of 41). Of them, 7 of 12 agree."),
        (20, 60, 201, "Too few answered to describe the channel (60 of 201). Of them, 20 of 60 agree."),
        (7, 12, 40, "Of those who answered (12 of 40), 7 of 12 agree (plausible 32–81 %)."),
        (7, 12, 21, "Of those who answered (12 of 21), 7 of 12 agree (plausible 32–81 %)."),
        (7, 12, 20, "Of the 12 of 20 who answered, 7 of 12 agree (plausible 32–81 %)."),
        (7, 12, 12, "All 12 of 12 answered; exact for this week: 7 of 12 agree."),
        (12, 12, 12, "All 12 of 12 answered; exact for this week: 11 or all of 12 agree."),
        (20, 30, 30, "All 30 of 30 answered; exact for this week: 67 % agree (20 of 30)."),
    ],
)
def test_the_sentence_is_about_those_who_answered(k: int, n: int, roster: int, sentence: str) -> None:
    """Under 30 % nothing describes the channel; from 60 % the n of N are the subject; all is exact."""
    assert read(k, n, roster).share == sentence


MOVED = "How many answered differs too much from last time to speak of a change."


@pytest.mark.parametrize(
    ("now", "before", "sentence"),
    [
        ((10, 12, 41), (3, 12, 20), None),
        ((10, 12, 20), (3, 12, 41), None),
        ((10, 12, 24), (3, 12, 24), "Probably higher than last time (3 of 12)."),
        ((10, 12, 30), (3, 12, 20), "Probably higher than last time (3 of 12)."),
        ((10, 12, 30), (3, 13, 21), MOVED),
        ((10, 13, 21), (3, 12, 30), MOVED),
        ((10, 12, 15), (3, 12, 20), "Probably higher than last time (3 of 12)."),
        ((10, 12, 12), (3, 12, 20), "Probably higher than last time (3 of 12)."),
        ((10, 12, 12), (9, 12, 12), "No clear change from last time (9 of 12)."),
    ],
)
def test_a_change_needs_comparable_response_rates(
    now: tuple[int, int, int], before: tuple[int, int, int], sentence: str | None
) -> None:
    """None under 30 % in either wave; under 60 % none where the rate moved by more than 20 points."""
    assert read(*now, past(*before)).change == sentence


@pytest.mark.parametrize(
    ("k", "n", "roster", "sentences"),
    [
        (12, 12, 41, ()),
        (7, 9, 40, ()),
        (12, 12, 24, (f"Higher than {CITED}",)),
        (12, 12, 20, (f"Higher than {CITED}",)),
        (7, 12, 12, (f"Not clearly different from {CITED}",)),
    ],
)
def test_a_comparison_needs_a_channel_that_answered(
    k: int, n: int, roster: int, sentences: tuple[str, ...]
) -> None:
    """None under 30 %; where all answered the published figure is still a sample with an interval."""
    assert read(k, n, roster, None, (AGREE,)).comparisons == sentences


def test_the_first_wave_of_a_series_has_no_change() -> None:
    """Without a wave before there is nothing to say."""
    assert read(7, 12, 20).change is None


def test_a_raised_minimum_is_named() -> None:
    """The sentence names the wave's own minimum and nothing else."""
    hidden = reading(TRUST, Side.IT, Withheld(), SideTurnout(20, None), past(7, 12, 20), (AGREE,), minimum=8)
    assert hidden == Reading(Side.IT, "Fewer than 8 answers: hidden.", None, ())


# --- Published figures ----------------------------------------------------------------------------------


def test_a_figure_of_those_who_do_not_agree_is_compared_with_the_rest() -> None:
    """100 minus the share is compared, and the sentence says so."""
    assert read(1, 12, 20, None, (REST,)).comparisons == (f"The rest, who do not: higher than {CITED}",)
    assert read(12, 12, 20, None, (REST,)).comparisons == (f"The rest, who do not: lower than {CITED}",)
    assert read(5, 12, 20, None, (REST,)).comparisons == (
        f"The rest, who do not: not clearly different from {CITED}",
    )


def test_context_has_no_verdict_and_keeps_its_caveat() -> None:
    """A figure without a verdict stays background however many answered."""
    assert read(60, 60, 61, None, (CONTEXT,)).comparisons == (f"Background: {CITED} It is a wish.",)


def test_a_brief_comparison_names_the_figure_its_study_and_its_sample() -> None:
    """In a channel the verdict has one line; a figure of another question is called that."""
    similar = replace(AGREE, row=replace(FIGURE, n=None, grade="B"))
    assert read(7, 12, 13, None, (AGREE, similar)).briefs == (
        "Not clearly different from 56% in Marketing (A study 2013, 405 asked).",
        "Not clearly different from 56% in Marketing (A study 2013, sample not published)."
        " A similar question, not the same.",
    )


def test_a_vague_figure_is_compared_over_its_whole_range() -> None:
    """ "More than half" may be anything from 50 to 60, and 100 is assumed where no sample is published."""
    vague = replace(FIGURE, percent=52, percent_low=50, percent_high=60, qualifier="more than half", n=None)
    row = replace(AGREE, row=vague, caveat="How many answered was not published, so 100 is assumed.")
    assert read(45, 60, 61, None, (row,)).comparisons == (
        "Not clearly different from more than half in “We trust them” – Marketing, how many of them were "
        "asked is not published; A study, 2012 (published 22 Aug 2013). "
        "How many answered was not published, so 100 is assumed.",
    )
    exact = replace(row, row=replace(vague, percent_low=51.5, percent_high=52.5, qualifier="exact"))
    assert read(45, 60, 61, None, (exact,)).comparisons[0].startswith("Higher than 52%")


def test_a_second_measure_is_named_where_it_is_compared() -> None:
    """ "More needed" is compared only where that share exists, else it is background."""
    row = replace(AGREE, measure="choice_share:more_needed")
    shown = publish(AMOUNT, counts(AMOUNT, 12, 12, 10, 6), 5)
    hidden = publish(AMOUNT, counts(AMOUNT, 12, 12, 14, 2), 5)
    told = reading(AMOUNT, Side.IT, shown, SideTurnout(41, 40), None, (row,))
    untold = reading(AMOUNT, Side.IT, hidden, SideTurnout(41, 40), None, (row,))
    assert told.share == (
        "Of the 40 of 41 who answered, 25 % say “about right” (10 of 40, plausible 14–40 %); "
        "60 % say “too little” (24 of 40, plausible 45–74 %)."
    )
    assert told.comparisons == (f"24 of 40 say “too little”. Not clearly different from {CITED}",)
    assert untold.share == (
        "Of the 40 of 41 who answered, 35 % say “about right” (14 of 40, plausible 22–50 %)."
    )
    assert untold.comparisons == (f"Background: {CITED}",)


@pytest.mark.parametrize(
    ("changes", "sample"),
    [
        ({"n": None, "base": "not a survey"}, "not a survey"),
        ({"n": None, "base": "a subset"}, "a part of those asked, how many is not published"),
        ({"side": None}, "both sides together, 405 asked"),
    ],
)
def test_a_citation_says_whose_figure_it_is(changes: dict[str, object], sample: str) -> None:
    """Who was asked, and how many of them, stands beside every published figure."""
    row = replace(CONTEXT, row=replace(FIGURE, **changes))  # type: ignore[arg-type]  # fields by name
    assert sample in read(7, 12, 20, None, (row,)).comparisons[0]


# --- Several findings in one wave -----------------------------------------------------------------------


def case(id_: str, now: tuple[int, int], before: tuple[int, int], side: Side = Side.MARKETING) -> Case:
    asked = item(id_, mirrored=False)
    return Case(
        asked, side, *past(*now, now[1] + 1), past(*before, before[1] + 1), () if id_ != "B" else (AGREE,)
    )


def test_one_borderline_finding_among_several_does_not_stand() -> None:
    """What would be a change in a wave of one item is none among eight."""
    borderline = case("H", (21, 30), (12, 30))
    assert read(21, 30, 31, past(12, 30, 31)).change == (
        "Probably higher than last time (12 of 30), by 30 points (plausible 5 to 50)."
    )
    crowd = [borderline, *(case(f"I{i}", (15, 30), (15, 30)) for i in range(7))]
    said = say(crowd, headline="I0")
    assert said.readings["H", Side.MARKETING].change == "No clear change from last time (12 of 30)."


def test_the_headline_item_is_fixed_in_advance_and_not_in_the_family() -> None:
    """The same finding stands where its item is the headline."""
    crowd = [case("H", (21, 30), (12, 30)), *(case(f"I{i}", (15, 30), (15, 30)) for i in range(7))]
    change = say(crowd, headline="H").readings["H", Side.MARKETING].change
    assert change is not None
    assert change.startswith("Probably higher")


def test_the_headline_item_takes_nothing_from_the_others() -> None:
    """A finding that just stands alone also stands beside the headline item, and not beside a third."""
    borderline, headline = case("B2", (20, 30), (12, 30)), case("H", (15, 30), (15, 30))
    third = case("C", (15, 30), (15, 30))
    alone, crowded = (
        say(cases, "H").readings["B2", Side.MARKETING].change
        for cases in ([headline, borderline], [headline, borderline, third])
    )
    assert alone == "Probably higher than last time (12 of 30), by 27 points (plausible 2 to 48)."
    assert crowded == "No clear change from last time (12 of 30)."


@pytest.mark.parametrize("strong", range(5))
def test_what_is_called_clear_is_what_holm_keeps(strong: int) -> None:
    """The one confidence of the family flags exactly Holm's findings."""
    pairs = [(28, 8)] * strong + [(21, 12), (22, 12), (23, 12), (20, 12), (15, 14)]
    cases = [case(f"I{i}", (now, 30), (then, 30)) for i, (now, then) in enumerate(pairs)]
    odds = []
    for now, then in pairs:
        ladder = [p / 20000 for p in range(1, 20000)]
        odds.append(next(p for p in ladder if not newcombe(now, 30, then, 30, 1 - p).interval.covers_zero))
    kept = [p <= 0.05 for p in holm(odds)]
    level = family_confidence(cases)
    flagged = [not newcombe(now, 30, then, 30, level).interval.covers_zero for now, then in pairs]
    assert flagged == kept
    assert sum(kept) >= strong


def test_the_family_holds_changes_comparisons_and_gaps() -> None:
    """Each of them makes the others harder to call clear."""
    alone = case("A", (15, 30), (15, 30))
    compared = case("B", (15, 30), (15, 30))
    assert family_confidence([]) == 0.95
    assert family_confidence([alone]) == pytest.approx(0.95)
    assert family_confidence([alone, compared]) == pytest.approx(1 - 0.05 / 3)
    sides = [Case(TRUST, side, *past(15, 30, 31)) for side in Side]
    assert family_confidence(sides) == pytest.approx(0.95)
    assert family_confidence([*sides, alone, compared]) == pytest.approx(1 - 0.05 / 4)


def test_hidden_and_uncomparable_cases_are_not_in_the_family() -> None:
    """What cannot be found is no test."""
    few = Case(TRUST, Side.IT, *past(2, 4, 9), past(7, 12, 20), (AGREE,))
    banded = Case(TRUST, Side.MARKETING, *past(7, 9, 10), past(7, 12, 20), (AGREE,))
    rare = Case(item("Z", mirrored=False), Side.IT, *past(7, 12, 60), past(7, 12, 20), (AGREE,))
    assert family_confidence([few, banded, rare]) == 0.95


# --- The gap --------------------------------------------------------------------------------------------


def gap_of(marketing: tuple[int, int, int], it: tuple[int, int, int]) -> str:
    pasts = {Side.MARKETING: past(*marketing), Side.IT: past(*it)}
    return gap(TRUST, {side: p[0] for side, p in pasts.items()}, {side: p[1] for side, p in pasts.items()})


NO_GAP = "No gap is shown: on at least one side too few answered."


@pytest.mark.parametrize(
    ("marketing", "it", "sentence"),
    [
        ((7, 12, 15), (9, 12, 15), "No clear gap: 7 of 12 in marketing and 9 of 12 in IT agree."),
        ((3, 12, 15), (10, 12, 15), "Probably higher in IT: 3 of 12 in marketing and 10 of 12 in IT agree."),
        (
            (10, 12, 15),
            (1, 12, 15),
            "Probably higher in marketing: 10 of 12 in marketing and 0 or 1 of 12 in IT agree.",
        ),
        (
            (10, 40, 50),
            (30, 40, 50),
            "Probably higher in IT, by 50 points (plausible 29 to 65): "
            "10 of 40 in marketing and 30 of 40 in IT agree.",
        ),
        (
            (30, 40, 50),
            (10, 40, 50),
            "Probably higher in marketing, by 50 points (plausible 29 to 65): "
            "30 of 40 in marketing and 10 of 40 in IT agree.",
        ),
        ((2, 4, 15), (9, 12, 15), NO_GAP),
        ((7, 9, 15), (9, 12, 15), NO_GAP),
        ((7, 12, 15), (9, 12, 50), NO_GAP),
    ],
)
def test_the_gap_has_each_side_beside_it(
    marketing: tuple[int, int, int], it: tuple[int, int, int], sentence: str
) -> None:
    """Never one number alone, and none where a side is hidden, banded or hardly answered."""
    assert gap_of(marketing, it) == sentence


def test_only_mirrored_items_have_a_gap() -> None:
    """Where both sides were asked the same words about the same side, a gap would mean something else."""
    outcomes = dict.fromkeys(Side, publish(AMOUNT, counts(AMOUNT, 9, 9, 9, 9), 5))
    assert gap(AMOUNT, outcomes, dict.fromkeys(Side, SideTurnout(40, 36))) == ""
    one_side = {Side.IT: publish(TRUST, agreeing(7, 12), 5)}
    assert gap(TRUST, one_side, {Side.IT: SideTurnout(15, 12)}) == ""


def test_a_wave_says_the_gap_of_each_mirrored_item() -> None:
    """Gaps come with the readings, so that one family holds them all."""
    cases = [Case(TRUST, side, *past(7, 12, 15)) for side in Side]
    said = say(cases, headline="T01")
    assert said.gaps == {"T01": "No clear gap: 7 of 12 in marketing and 7 of 12 in IT agree."}
    assert set(said.readings) == {("T01", side) for side in Side}


# --- Series ---------------------------------------------------------------------------------------------


def series(*waves: int, n: int = 12, roster: int = 15) -> list[Past]:
    return [past(k, n, roster) for k in waves]


def test_a_trend_needs_six_waves() -> None:
    """Five waves are too few, however steep; hidden waves and waves with a low rate do not count."""
    steep = series(2, 4, 6, 8, 10)
    hidden, rare = past(2, 4, 15), past(6, 12, 50)
    for history in (steep, [*steep, hidden], [hidden, *steep, rare]):
        assert trend_sentence(TRUST, history) == ("A trend needs 6 pulses that can be compared; there are 5.")


def test_a_trend_is_called_only_beyond_258() -> None:
    """45 % to 82 % in six waves is borderline; a steeper series is a trend in either direction."""
    waves = [(5, 11), (6, 12), (6, 10), (7, 12), (8, 12), (9, 11)]
    assert trend_sentence(TRUST, [past(k, n, 12) for k, n in waves]) == "No clear trend over 6 pulses."
    rest = "over 6 pulses. Where nothing changes, fewer than 1 series in 100 looks like this."
    assert trend_sentence(TRUST, series(2, 4, 6, 8, 9, 10)) == f"Rising {rest}"
    assert trend_sentence(TRUST, series(10, 9, 8, 6, 4, 2)) == f"Falling {rest}"


def test_merged_extremes_never_make_a_trend() -> None:
    """0 or 1 and 11 or all are read the way that speaks against the trend."""
    merged = trend_sentence(TRUST, series(1, 1, 1, 2, 2, 4, 4, n=13))
    assert merged == "No clear trend over 7 pulses."


def test_a_wave_with_another_response_rate_is_left_out_of_the_trend() -> None:
    """Waves more than 20 points from the newest rate are not compared with it."""
    history = [past(2, 12, 30), *series(2, 4, 6, 8, 10)]
    assert trend_sentence(TRUST, history) == "A trend needs 6 pulses that can be compared; there are 5."


def test_drift_is_watched_from_twelve_waves() -> None:
    """Eleven waves have no alarm; then a lasting fall raises one and a single bad wave does not."""
    assert drift_sentence(TRUST, series(*[8] * 11)) is None
    assert drift_sentence(TRUST, series(*[8] * 12)) == "No drift away from the usual share of 12 pulses."
    assert drift_sentence(TRUST, series(*[8] * 11, 4)) == "No drift away from the usual share of 12 pulses."
    assert drift_sentence(TRUST, series(*[9] * 24, *[4] * 5)) == (
        "Drifting below the usual share of 29 pulses. "
        "Where nothing changes, about 1 pulse in 300 at most looks like this."
    )
    assert drift_sentence(TRUST, series(*[3] * 24, *[8] * 5)) == (
        "Drifting above the usual share of 29 pulses. "
        "Where nothing changes, about 1 pulse in 300 at most looks like this."
    )


def test_a_series_of_extremes_has_no_drift() -> None:
    """Where all waves are 11 or all of 12 there is nothing to measure a drift against."""
    assert drift_sentence(TRUST, series(*[12] * 12)) == "No drift away from the usual share of 12 pulses."


# --- On request -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "sentence"),
    [
        (None, "Fewer than 5 answers: hidden."),
        (4, "Fewer than 5 answers: hidden."),
        (9, "With 9 answers a pulse nothing is compared from pulse to pulse; from 10 it is."),
        (12, 50),
        (30, 35),
        (60, 25),
    ],
)
def test_what_so_many_answers_can_show(n: int | None, sentence: str | int) -> None:
    """The smallest fall, in the words of `/pulse power`."""
    if isinstance(sentence, int):
        sentence = (
            f"With {n} answers a pulse, a fall shows (4 times in 5) from about {sentence} points, "
            "where 6 in 10 agreed before."
        )
    assert power_sentence(n) == sentence


@pytest.mark.parametrize(
    ("k", "n", "roster", "sentence"),
    [
        (2, 4, 30, "Fewer than 5 answers: hidden."),
        (2, 9, 30, "Too few answers to give bounds."),
        (
            7,
            12,
            30,
            "Of all 30 people, at least 7 and at most 25 agree (23–83 %), "
            "whatever those think who did not answer.",
        ),
        (
            12,
            12,
            30,
            "Of all 30 people, at least 11 and at most 30 agree (37–100 %), "
            "whatever those think who did not answer.",
        ),
    ],
)
def test_bounds_say_what_the_silent_could_change(k: int, n: int, roster: int, sentence: str) -> None:
    """At the worst all of the silent agree, or none of them."""
    assert bounds_sentence(TRUST, *past(k, n, roster)) == sentence


# --- Every n and k --------------------------------------------------------------------------------------

FORBIDDEN = re.compile(
    r"\d[.,]\d|[→↑↓↗↘▲▼⬆⬇🔺🔻📈📉]|\b(benchmark|because|due to|caused?|thanks to|rank\w*)\b",
    re.IGNORECASE,
)
EARLIER = (None, (2, 4), (6, 8), (0, 12), (4, 12), (12, 12), (5, 30), (27, 30), (60, 120), (200, 200))
FIGURES = (
    (AGREE, CONTEXT),
    (REST,),
    (replace(AGREE, row=replace(FIGURE, percent=4, percent_low=3.5, percent_high=4.5, n=None)),),
    (replace(AGREE, row=replace(FIGURE, percent=10, percent_low=0, percent_high=10, qualifier="few")),),
    (),
)


def digits(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def check_share(text: str, k: int, n: int, roster: int) -> None:
    rate = rate_rule(n, roster)
    if n < LOWEST_MINIMUM:
        assert text == "Fewer than 5 answers: hidden."
        return
    assert digits(text)[:2] == [n, roster]
    if n < COUNTS_FROM:
        assert digits(text) == [n, roster]
        return
    if k <= 1:
        assert f" 0 or 1 of {n} agree" in text
    elif k >= n - 1:
        assert f" {n - 1} or all of {n} agree" in text
    else:
        assert f"{k} of {n}" in text
    assert ("%" in text) == (rate.describes and (not rate.exact or (n >= 30 and 1 < k < n - 1)))
    assert re.search(r"\b(0|100) % agree|everybody|nobody", text) is None
    if n < 30:
        assert "%" not in re.sub(r"plausible \d+–\d+ %", "", text)
    assert ("three ways" in text) <= (n >= 60 and rate.describes)


def check_change(text: str | None, now: tuple[int, int, int], before: Past | None) -> None:
    k, n, roster = now
    if n < LOWEST_MINIMUM or before is None or not rate_rule(n, roster).describes:
        assert text is None
        return
    assert text is None or "%" not in text
    clear = text is not None and text.startswith("Probably")
    if not isinstance(before[0], Counted) or n < COUNTS_FROM:
        assert text in (None, "Too few answers to compare.")
        return
    then = before[0].shares["top2box"]
    ours = publish(TRUST, agreeing(k, n), 5)
    assert isinstance(ours, Counted)
    mine = ours.shares["top2box"]
    worst = [
        newcombe(a, n, b, before[0].n).interval.covers_zero
        for a, b in product({mine.low, mine.high}, {then.low, then.high})
    ]
    if clear and text is not None:
        assert not any(worst)
        assert ("points" in text) == (n >= 30 and before[0].n >= 30 and not mine.merged and not then.merged)
    elif text is not None and text.startswith("No clear"):
        assert any(worst)


def check_comparisons(texts: tuple[str, ...], n: int, roster: int, rows: tuple[Comparable, ...]) -> None:
    if n < LOWEST_MINIMUM or not rate_rule(n, roster).describes:
        assert texts == ()
        return
    assert len(texts) == len(rows)
    for text, row in zip(texts, rows, strict=True):
        background = n < COUNTS_FROM or not row.verdict
        assert text.startswith("Background: ") == background


VERDICTS = ("Higher than ", "Lower than 5", "Not clearly ", "The rest, wh", "Background: ")
CHANGES = ("No clear cha", "Probably hig", "Probably low", "Too few answ")
STARTS = (
    ("Fewer than 5", "All ", *CHANGES, *VERDICTS),
    ("Fewer than 5", "Of the ", *CHANGES, *VERDICTS),
    ("Fewer than 5", "Of those who", "How many ans", *VERDICTS),
    ("Fewer than 5", "Too few answ"),
)


@pytest.mark.parametrize("at", range(4), ids=["all", "most", "half", "few"])
def test_no_sentence_says_more_than_its_answers_carry(at: int) -> None:
    """Every n and k to 200, at each of the four rates, with ten waves before and five sets of figures."""
    earlier: list[Past | None] = [past(*w, w[1] + 1) if w else None for w in EARLIER]
    said: Counter[str] = Counter()
    for n, k in ((size, k) for size in range(201) for k in range(size + 1)):
        outcome = publish(TRUST, agreeing(k, n), 5)
        roster = (n, -(-5 * n // 4), 2 * n, 4 * n + 1)[at]
        before, rows = earlier[(k + 3 * at + n // 7) % 10], FIGURES[(k + at + n // 3) % 5]
        told = reading(TRUST, Side.IT, outcome, turnout(roster, n, 5), before, rows)
        check_share(told.share, k, n, roster)
        check_change(told.change, (k, n, roster), before)
        check_comparisons(told.comparisons, n, roster, rows)
        assert [text[:12] for text in told.briefs] == [text[:12] for text in told.comparisons]
        for text in (told.share, told.change or "", *told.comparisons, *told.briefs):
            assert FORBIDDEN.search(text) is None
            said[text[:12]] += 1
    assert {start for start in STARTS[at] if not any(text.startswith(start) for text in said)} == set()


def test_what_is_hidden_is_the_same_whatever_was_answered() -> None:
    """Under 5 answers every sentence is the same for every count, roster, wave before and figure."""
    told = {
        reading(TRUST, Side.IT, publish(TRUST, agreeing(k, n), 5), turnout(roster, n, 5), before, (AGREE,))
        for n in range(5)
        for k in range(n + 1)
        for roster in (n, 6, 90)
        for before in (None, past(7, 12, 20))
    }
    assert told == {Reading(Side.IT, "Fewer than 5 answers: hidden.", None, ())}


DATA = Path(__file__).parents[2] / "pulse" / "data"


def test_no_shipped_item_or_figure_makes_a_forbidden_sentence() -> None:
    """Every item, side and published figure, at four sizes, has no decimal, arrow, cause or benchmark."""
    ledger = parse_ledger((DATA / "baselines.csv").read_text(encoding="utf-8"), "baselines.csv")
    items = parse_items((DATA / "items.csv").read_text(encoding="utf-8"), "items.csv", ledger)
    assert len(items) == 25
    for asked, side, n in product(items, Side, (4, 7, 12, 40, 150)):
        keys = [box.key for box in asked.boxes if box.counted]
        tally = Tally(n, {key: n // len(keys) + (i < n % len(keys)) for i, key in enumerate(keys)})
        rows = comparable(asked, side, ledger)
        told = reading(asked, side, publish(asked, tally, 5), turnout(n + 1, n, 5), None, rows)
        assert len(told.comparisons) == (len(rows) if n >= 5 else 0)
        for text in (told.share, *told.comparisons):
            assert FORBIDDEN.search(text) is None
        assert re.search(r"\d{4}, not from this channel\.$", caution(row.row for row in rows)) or not rows


def test_the_tables_are_in_order() -> None:
    """Each table starts at 0, so that every n and every rate has a row."""
    for starts in ([rule.at_least for rule in SIZES], [rule.at_least for rule in RATES]):
        assert starts == sorted(starts)
        assert starts[0] == 0
    assert [size_rule(n).at_least for n in (0, 4, 5, 9, 10, 29, 30, 59, 60, 10**6)] == (
        [0, 0, 5, 5, 10, 10, 30, 30, 60, 60]
    )
    assert [rate_rule(n, 100).at_least for n in (1, 29, 30, 59, 60, 99, 100)] == ([0, 0, 30, 30, 60, 60, 100])
