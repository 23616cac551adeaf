"""What is said of a wave, in the reader's English: the right value of every sentence, and none that lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.core.baselines import comparable
from pulse.core.claims import claims, lasting_changes
from pulse.core.comparison import Study
from pulse.core.headlines import LIMIT, headline_sentence
from pulse.core.model import ClosedWave, Side
from pulse.core.people import PeopleRange
from pulse.core.reporting import report
from pulse.core.reports import Finding, Reason
from pulse.core.trails import trail
from pulse.core.wording import people_sentence, power_sentence
from pulse.views.titles import title
from tests.core.bank import CALM
from tests.core.closed import asked, item_of, last, marketing, options, run, sentences
from tests.core.series import waves
from tests.core.test_claims import by_the_book as claims_by_the_book
from tests.core.test_comparison import by_the_book as verdicts_by_the_book
from tests.views.waves import BANK, LEDGER, wave

FORBIDDEN = re.compile(
    r"\d[.,]\d|[↑↓→▲▼]|because|caused|due to|benchmark|the same as|\d %|there are 1\b|leaders; leaders"
    r"|^Probably\b|\bplausible\b|^No gap:",
)
PARTICIPLES = re.compile(
    r"\b(ris|fall|drift|climb|grow|drop|improv|declin|increas|decreas|recover|worsen|mov|trend)ing\b"
)


def headline(waves_: list[ClosedWave]) -> str:
    made = last(waves_)
    found = made.of(made.headline.item_id) if made.headline.item_id is not None else None
    return headline_sentence(made, title(found.item) if found is not None else "")


# --- One share -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "roster", "sentence"),
    [
        (2, 4, 12, "Fewer than 5 answers: hidden."),
        (2, 7, 12, "2 or fewer of 7 agree."),
        (4, 7, 12, "3 or 4 of 7 agree."),
        (6, 7, 12, "5 or more of 7 agree."),
        (3, 5, 12, "3 or more of 5 agree."),
        (7, 12, 16, "7 of 12 agree (58%)."),
        (0, 12, 16, "2 or fewer of 12 agree."),
        (11, 12, 16, "10 or more of 12 agree."),
        (5, 40, 40, "5 of 40 agree (13%)."),
        (
            30,
            60,
            80,
            "30 of 60 agree (50%); three ways: 30 of 60 agree, 10 of 60 are in between, 20 of 60 disagree.",
        ),
        (30, 59, 80, "30 of 59 agree (51%)."),
        (7, 12, 60, "7 of 12 agree (58%). Too few answered to describe the channel (12 of 60)."),
    ],
)
def test_a_share_is_said_with_its_count(k: int, n: int, roster: int, sentence: str) -> None:
    """The first table of docs/method.md; half a per cent is rounded up."""
    assert marketing([asked(0, (k, n), roster=roster)]).sentence == sentence


def test_the_time_before_is_a_fact_with_its_date() -> None:
    """No verdict about last week; a year is named if it is another one."""
    said = marketing(run([(11, 14), (7, 12)]))
    assert said.last_time == "11 of 14 (79%) on 6 August."
    later = [asked(0, (11, 14)), asked(30, (7, 12))]
    assert marketing(later).last_time
    assert sentences(last(later).items[0]).count("11 of 14 (79%) on 6 August 2026.") == 1


def test_the_answered_and_those_with_an_opinion_are_never_mixed() -> None:
    """14 of 16 answered and two could not say: the share is of 12, and nothing says "12 of 16"."""
    made = wave(
        0,
        {
            ("T01", Side.MARKETING): options(7, 12),
            ("T01", Side.IT): options(7, 12),
            ("G02", Side.MARKETING): options(7, 14),
            ("G02", Side.IT): options(7, 14),
        },
        16,
    )
    said = report(made, [], BANK, LEDGER)
    texts = [text for item in said.items for text in sentences(item)]
    assert "7 of 12 agree (58%)." in texts
    assert not any("12 of 16" in text for text in texts)


# --- The whole side --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "roster", "sentence"),
    [
        (8, 12, 16, "Of the side's 16 people at least 8 and at most 12 agree."),
        (
            7,
            12,
            20,
            "Of the side's 20 people at least 7 and at most 15 agree. "
            "8 to 15 if those without an opinion here think like the others.",
        ),
        (7, 12, 30, "Of the side's 30 people at least 7 and at most 25 agree."),
        (7, 12, 12, "Everybody answered: these are all 12 people of the side."),
        (12, 12, 13, "Of the side's 13 people at least 10 and at most 13 agree."),
        (7, 12, 60, ""),
        (2, 4, 12, ""),
    ],
)
def test_the_range_is_in_people_and_possible(k: int, n: int, roster: int, sentence: str) -> None:
    """Certain always; from 60 % response plausible too, with its condition; nothing if few answered."""
    assert marketing([asked(0, (k, n), roster=roster)]).people_sentence == sentence


def test_a_range_of_one_number_is_one_number() -> None:
    """39 of 40 answered and nobody agrees: not "0 to 0"."""
    found = PeopleRange(certain_low=4, certain_high=5, plausible_low=4, plausible_high=4, roster=40)
    assert people_sentence(item_of("T01").measures[0], found, 39) == (
        "Of the side's 40 people at least 4 and at most 5 agree. "
        "4 if those without an opinion here think like the others."
    )


# --- Change ----------------------------------------------------------------------------------------------


def of_trail(waves_: list[ClosedWave]) -> tuple[str, ...]:
    found = trail(item_of("T01"), waves_, BANK, LEDGER)
    assert found is not None
    return found.sentences[Side.MARKETING]


def test_what_fell_and_came_back_is_told_as_two_moments() -> None:
    """26 waves of 21 of 30, 13 of 12, 13 of 21: not "falling", but down and then up, with dates."""
    assert of_trail(run([(21, 30)] * 26 + [(12, 30)] * 13 + [(21, 30)] * 13)) == (
        "Down: 66 of 120 (55%) agree in 4 pulses from 21 January to 11 February, "
        "504 of 720 (70%) in the 24 pulses before (from 6 August 2026).",
        "Up: 75 of 120 (63%) agree in 4 pulses from 29 April to 20 May, "
        "186 of 420 (44%) in the 14 pulses before (from 21 January).",
    )


def test_one_step_is_history_four_years_later() -> None:
    """One step and flat for four years: one claim, told at its close and in no message after it."""
    steps = run([(21, 30)] * 26 + [(12, 30)] * 208)
    (told,) = of_trail(steps)
    assert told.startswith("Down: ")
    assert marketing(steps).change is None
    assert last(steps).headline.kind is not Finding.CHANGE


def test_a_crash_after_a_long_calm_is_told_at_once() -> None:
    """30 waves of 45 of 50 and one of 32: not "a trend needs 6 pulses; there are 1"."""
    waves_ = run([(45, 50)] * 30 + [(28, 50)], roster=60)
    said = marketing(waves_)
    assert said.change is not None
    assert said.change.sentence == (
        "Down: 28 of 50 (56%) agree on 4 March, "
        "1170 of 1300 (90%) in the 26 pulses before (from 3 September 2026)."
    )
    assert headline(waves_) == (
        "The others keep promises: down in marketing, from 90% in 26 pulses to 56% this time"
    )


def test_the_milder_crash_is_told_too() -> None:
    """The published case itself: 32 of 50 after 30 waves of 45 of 50."""
    said = marketing(run([(45, 50)] * 30 + [(32, 50)], roster=60))
    assert said.change is not None
    assert (said.change.rising, said.change.newer.low, said.change.older.low) == (False, 32, 45 * 26)


def test_merged_waves_stay_merged_in_sums() -> None:
    """Waves of "10 or more of 12" add up to a range, because a true sum would reveal them."""
    said = marketing(run([(4, 12)] * 8 + [(8, 12), (6, 12), (11, 12), (11, 12)]))
    assert [change.sentence for change in said.claims] == [
        "Up: 34 to 38 of 48 (71–79%) agree in 4 pulses from 1 October to 22 October, "
        "32 of 96 (33%) in the 8 pulses before (from 6 August)."
    ]


def test_without_a_claim_the_trend_says_so_in_words_that_count() -> None:
    """Before the fifth pulse no claim is possible; afterwards none has been made."""
    assert of_trail(run([(7, 12)] * 2)) == (
        "A jump can be called from a question's fifth pulse on, smaller changes from its eighth or twelfth.",
    )
    assert of_trail(run([(7, 12)] * 9)) == ("No change has been called in 9 pulses.",)


@st.composite
def histories(draw: st.DrawFn) -> list[ClosedWave]:
    """Weekly waves of the trust question: levels that stay a while, either side, few or many answers."""
    counts = []
    for _level in range(draw(st.integers(1, 4))):
        n, share = draw(st.sampled_from([4, 7, 12, 30])), draw(st.floats(0, 1))
        counts += [(min(n, max(0, round(n * share) + draw(st.integers(-1, 1)))), n)] * draw(
            st.integers(1, 10)
        )
    return run(counts, roster=draw(st.sampled_from([30, 40, 90])))


@settings(CALM, max_examples=40)
@given(histories())
def test_nothing_is_said_to_go_on(waves_: list[ClosedWave]) -> None:
    """No sentence has a present participle of a movement, whatever the last four waves did."""
    notes = [note.sentence for note in last(waves_).notes]
    said = [*sentences(last(waves_).items[0]), *of_trail(waves_), headline(waves_), *notes]
    for text in said:
        assert PARTICIPLES.search(text) is None, text
        assert FORBIDDEN.search(text) is None, text
    assert len(headline(waves_)) <= LIMIT


@settings(CALM, max_examples=25)
@given(histories())
def test_a_change_is_news_in_one_message_only(waves_: list[ClosedWave]) -> None:
    """Each claim is news at exactly one close, and history at all that follow."""
    told = [report(wave_, waves_, BANK, LEDGER).items[0].sides[Side.MARKETING] for wave_ in waves_]
    news = [said.change for said in told if said.change is not None]
    assert [change.wave_id for change in news] == [change.wave_id for change in told[-1].claims]
    for said, wave_ in zip(told, waves_, strict=True):
        assert [change.wave_id for change in said.claims] == [
            change.wave_id for change in news if change.wave_id <= wave_.id
        ]


# --- Published figures -----------------------------------------------------------------------------------


def compared(item_id: str, side: Side, key: str, *counts: tuple[int, int]) -> str:
    waves_ = (
        run(list(counts), item=item_id)
        if side is Side.MARKETING
        else [asked(number, (7, 12), each, item=item_id) for number, each in enumerate(counts)]
    )
    said = last(waves_).items[0].sides[side]
    return next(one.sentence for one in said.comparisons if one.comparable.row.key == key)


@pytest.mark.parametrize(
    ("k", "start"),
    [
        (3, "Below the 62% of marketing leaders in the study (Forrester/Forbes 2014)."),
        (18, "Can't be told apart from the 62% of marketing leaders in the study (Forrester/Forbes 2014)."),
        (27, "Above the 62% of marketing leaders in the study (Forrester/Forbes 2014)."),
    ],
)
def test_a_verdict_names_whose_figure_it_is(k: int, start: str) -> None:
    """Not "lower than 62 % in Marketing", and never "the same as"."""
    assert compared("T01", Side.MARKETING, "F14_trust_mkt", (k, 30), (k, 30)).startswith(start)


def test_a_figure_of_those_who_do_not_agree_reads_forwards() -> None:
    """What is counted comes first, not "The rest, who do not: lower than"."""
    said = compared("G01", Side.MARKETING, "A10_understand_no", (25, 30), (25, 30))
    assert said.startswith("5 of 30 do not agree. Below the 46% of ")


def test_a_figure_in_words_is_quoted() -> None:
    """ "Only four in 10" is not a per cent that was printed."""
    said = compared("I03", Side.MARKETING, "A13_promises_mkt", (25, 30), (25, 30))
    assert said.startswith("Above “only four in 10” of ")


@pytest.mark.parametrize(
    ("counts", "roster", "reasons"),
    [
        ((2, 4), 12, {Reason.HIDDEN}),
        ((7, 12), 60, {Reason.LOW_RESPONSE, Reason.BACKGROUND}),
        ((7, 12), 16, {None, Reason.BACKGROUND}),
    ],
)
def test_a_figure_without_a_verdict_has_its_reason(
    counts: tuple[int, int], roster: int, reasons: set[Reason | None]
) -> None:
    """Hidden, too few answered, or background only; no sentence if nothing may be said."""
    said = marketing([asked(0, counts, roster=roster)])
    assert {one.reason for one in said.comparisons} == reasons
    for one in said.comparisons:
        assert (one.verdict is None) == (one.reason is not None)
        assert bool(one.sentence) == (one.reason in (None, Reason.BACKGROUND))
        assert one.caveat == (one.comparable.caveat if one.sentence else "")


def test_background_never_gets_a_verdict() -> None:
    """A figure without a verdict stays background, however clearly the share differs from it."""
    found = [
        (item, side, one)
        for item in BANK
        for side in Side
        for one in comparable(item, side, LEDGER)
        if one.measure == "top2box" and not one.verdict
    ]
    assert found
    for item, side, background in found:
        for counts in ((0, 40), (40, 40)):
            waves_ = [asked(number, counts, counts, item=item.id) for number in range(3)]
            said = last(waves_).items[0].sides[side].comparisons
            one = next(one for one in said if one.comparable.row.key == background.row.key)
            assert (one.verdict, one.reason) == (None, Reason.BACKGROUND)
            assert one.sentence.startswith("For background: ") or " For background: " in one.sentence


@pytest.mark.parametrize("item_id", [item.id for item in BANK])
@pytest.mark.parametrize("n", [4, 7, 12, 40, 150])
def test_no_shipped_item_or_figure_makes_a_forbidden_sentence(item_id: str, n: int) -> None:
    """Every item, side and figure, at five sizes: no decimal, arrow, cause, benchmark or equality."""
    asked_ = item_of(item_id)
    keys = [option.key for option in asked_.options if option.counted]
    counts = [n // len(keys) + (at < n % len(keys)) for at in range(len(keys))]
    made = report(wave(0, {(asked_.id, side): counts for side in Side}, n + 1), [], BANK, LEDGER)
    for text in sentences(made.items[0]):
        assert FORBIDDEN.search(re.sub("“[^”]*”", "", text)) is None, text
    assert len(headline_sentence(made, title(asked_))) <= LIMIT


# --- Between the sides -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marketing_", "it", "sentence"),
    [
        ((7, 12), (9, 12), "The sides can't be told apart: 7 of 12 in marketing and 9 of 12 in IT agree."),
        ((10, 40), (30, 40), "More in IT than in marketing agree: 30 of 40, and 10 of 40 in marketing."),
        ((30, 40), (10, 40), "More in marketing than in IT agree: 30 of 40, and 10 of 40 in IT."),
        ((2, 4), (9, 12), "No gap is shown: on at least one side too few answered."),
    ],
)
def test_the_gap_has_each_side_beside_it(
    marketing_: tuple[int, int], it: tuple[int, int], sentence: str
) -> None:
    """Two counts and a verdict, never one number, and never "no gap"."""
    gap = last([asked(0, marketing_, it)]).items[0].gap
    assert gap is not None
    assert gap.sentence == sentence


def test_sides_that_accuse_each_other_have_no_gap() -> None:
    """7 of 13 say that IT takes too long and 6 of 10 that marketing rushes: that is no agreement."""
    gap = last([asked(0, (7, 13), (6, 10), item="R01")]).items[0].gap
    assert gap is not None
    assert gap.verdict is None
    assert gap.sentence == (
        "7 of 13 in marketing agree: “It takes too long for IT to develop what marketing needs.” "
        "6 of 10 in IT agree: “Marketing asks us to move faster than quality and security allow.”"
    )


def test_only_mirrored_items_have_a_gap() -> None:
    """The same wording on both sides is two shares, side by side."""
    assert last([asked(0, (7, 12), item="G02")]).items[0].gap is None


# --- Direct change ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ([20, 7, 3], "More say “better” than “worse”: more than chance explains."),
        ([3, 7, 20], "More say “worse” than “better”: more than chance explains."),
        ([10, 12, 8], "“Better” and “worse” can't be told apart."),
        ([11, 1, 0], "More say “better” than “worse”: more than chance explains."),
        ([7, 5, 0], "“Better” and “worse” can't be told apart."),
    ],
)
def test_direct_change_is_better_against_worse(counts: list[int], sentence: str) -> None:
    """Those in between are left out; if "worse" is not published, it can be all the rest."""
    made = report(wave(0, {("A04", side): counts for side in Side}, 40), [], BANK, LEDGER)
    said = made.items[0].sides[Side.IT]
    assert said.direct_sentence == sentence


# --- What a team can see ---------------------------------------------------------------------------------


def test_what_a_team_can_see_is_what_the_rules_call() -> None:
    """For each size, the named count is called within 8 waves, and one nearer to the usual is not."""
    for n in (5, 6, 7, 9, 10, 12, 13, 16, 24, 30, 60):
        usual = round(0.6 * n)
        fall, rise = lasting_changes(n)
        for told, step in ((fall, 1), (rise, -1)):
            if told is not None:
                assert claims(waves([usual] * 26 + [told] * 8, n, n))
                assert not claims(waves([usual] * 26 + [told + step] * 8, n, n))
        if rise is None:
            assert not any(claims(waves([usual] * 26 + [k] * 8, n, n)) for k in range(usual, n + 1))


@pytest.mark.parametrize(
    ("n", "sentence"),
    [
        (None, "Fewer than 5 answers: hidden."),
        (4, "Fewer than 5 answers: hidden."),
        (
            5,
            "With 5 answers a pulse, 3 or more of 5 agreeing for half a year: a lasting fall to 2 or fewer "
            "is called within 8 pulses, and no rise. Whatever they say, 5 answers can't be told above a "
            "published figure over 28%, or below one under 72%.",
        ),
        (
            12,
            "With 12 answers a pulse, 7 of 12 agreeing for half a year: a lasting fall to 4 or fewer, or a "
            "rise to 9 or more, is called within 8 pulses. Whatever they say, 12 answers can't be told above "
            "a published figure over 63%, or below one under 37%.",
        ),
    ],
)
def test_what_so_many_answers_can_show(n: int | None, sentence: str) -> None:
    """Each sentence is exact under the rules in force."""
    assert power_sentence(n) == sentence


# --- Everything of a run, by a second path ----------------------------------------------------------------


def numbers(text: str) -> Iterator[int]:
    return map(int, re.findall(r"\d+", text))


def test_all_numbers_of_a_run_are_those_of_a_second_path() -> None:
    """Eight waves: shares, ranges, verdicts and claims recomputed from the tallies; none differs."""
    tallies = [(25, 30), (24, 30), (26, 30), (25, 30), (12, 30), (11, 29), (13, 31), (12, 30)]
    waves_ = run(tallies)
    for at, (k, n) in enumerate(tallies):
        said = report(waves_[at], waves_, BANK, LEDGER).items[0].sides[Side.MARKETING]
        assert list(numbers(said.sentence)) == [k, n, int(100 * k / n + 0.5)]
        assert list(numbers(said.people_sentence))[:3] == [40, k, k + 40 - n]
        seen = [
            replace(wave_, day=waves_[place].closed_at.date())
            for place, wave_ in enumerate(waves([count for count, _n in tallies[: at + 1]], 30, 40))
        ]
        seen = [replace(one, n=size) for one, (_k, size) in zip(seen, tallies, strict=False)]
        assert [(change.newer.waves, change.rising) for change in said.claims] == [
            (length, rising) for _at, rising, length, _old in claims_by_the_book(seen)
        ]
        for one in said.comparisons:
            if one.verdict is not None:
                row = one.comparable.row
                study = Study(low=row.percent_low, percent=row.percent, high=row.percent_high, n=row.n)
                assert one.verdict is verdicts_by_the_book(seen, study)[-1][0]
