"""What a wave asks besides the questions whose turn it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.core.asked_items import (
    CHANGE_QUESTION,
    EXPECTED_AFTER,
    EXPECTED_EVERY,
    Occasion,
    asked_item,
    wave_items,
    with_occasions,
)
from pulse.core.commitments import Commitment
from pulse.core.expectation_item import can_be_expected, expectation_item, is_expectation
from pulse.core.items import Asking
from pulse.core.language import speaking
from pulse.core.model import Direction, Item, Side
from pulse.core.privacy import EXPECTED
from pulse.core.question_plan import Room, headlines, suggested_plan
from pulse.storage.catalogues import catalogue
from pulse.storage.library import load_library
from tests.core.closed import item_of

LIBRARY = load_library(None)
BANK = LIBRARY.source
WEEK = timedelta(weeks=1)
START = date(2026, 3, 3)
TODAY = START + 10 * WEEK
FOUR = tuple(item_of(id_) for id_ in ("T01", "A01", "A02", "I03"))
PINNED = ("T01", "A01")
DUE = Commitment(
    id=3, side=Side.IT, text="Answer within two days", made_on=START, due_on=TODAY - timedelta(days=1)
)


def occasion(*commitments: Commitment, history: list[Asking] | None = None, **changed: object) -> Occasion:
    calm = [Asking(TODAY - WEEK, ("T01", "A01", "expected.T01", CHANGE_QUESTION))]
    made = Occasion(
        bank=BANK,
        commitments=commitments,
        history=calm if history is None else history,
        today=TODAY,
        pinned=PINNED,
    )
    return replace(made, **changed)


def ids(items: tuple[Item, ...]) -> list[str]:
    return [item.id for item in items]


def test_an_ordinary_wave_asks_what_is_in_turn() -> None:
    """No commitment is due, and the other side was guessed at a week ago."""
    assert with_occasions(FOUR, occasion()) == FOUR


def test_a_commitment_takes_the_place_of_a_question_in_turn() -> None:
    """After its day, and not on it."""
    assert ids(with_occasions(FOUR, occasion(DUE, off={CHANGE_QUESTION}))) == [
        "T01",
        "A01",
        "A02",
        "commitment.3",
    ]
    assert with_occasions(FOUR, occasion(replace(DUE, due_on=TODAY))) == FOUR
    assert with_occasions(FOUR, occasion(replace(DUE, withdrawn_on=TODAY))) == FOUR


def test_a_commitment_is_asked_about_even_where_nothing_is_in_turn() -> None:
    """As one more question, or in the place of the last of four that are always asked."""
    everything = occasion(DUE, pinned=ids(FOUR))
    assert ids(with_occasions(FOUR[:2], everything)) == ["T01", "A01", "commitment.3"]
    assert ids(with_occasions(FOUR, everything)) == ["T01", "A01", "A02", "commitment.3"]


def test_after_a_commitments_day_people_are_asked_whether_they_expect_change() -> None:
    """Once, in the place of another question in turn, unless managers switched the question off."""
    before = [Asking(DUE.due_on - WEEK, ("T01", "expected.T01", CHANGE_QUESTION))]
    assert ids(with_occasions(FOUR, occasion(DUE, history=before))) == [
        "T01",
        "A01",
        CHANGE_QUESTION,
        "commitment.3",
    ]
    assert CHANGE_QUESTION not in ids(
        with_occasions(FOUR, occasion(DUE, history=before, off={CHANGE_QUESTION}))
    )
    after = [*before, Asking(TODAY, ("T01", CHANGE_QUESTION))]
    asked = replace(DUE, asked_in=4, answered_on=TODAY)
    assert with_occasions(FOUR, occasion(asked, history=after, today=TODAY + WEEK)) == FOUR


def test_an_expectation_stands_behind_its_question() -> None:
    """In the place of a question in turn, every four weeks, never in the first waves."""
    history = [Asking(START, ("T01",))]
    made = ids(with_occasions(FOUR, occasion(history=history)))
    assert made == ["T01", "expected.T01", "A01", "A02"]
    soon = occasion(history=history, today=START + EXPECTED_EVERY - timedelta(days=1))
    assert with_occasions(FOUR, soon) == FOUR
    assert with_occasions(FOUR, occasion(history=[])) == FOUR
    assert with_occasions(FOUR[:2], occasion(history=history)) == FOUR[:2]


def test_expectations_take_turns() -> None:
    """Of two that can be asked, the one asked longest ago or never comes."""
    items = (item_of("T01"), item_of("T02"), item_of("A02"))
    history = [Asking(START, ("T01", "expected.T01")), *[Asking(START, ("T01",))] * EXPECTED_AFTER]
    assert ids(with_occasions(items, occasion(history=history)))[:3] == ["T01", "T02", "expected.T02"]


def test_what_can_wait_leaves_its_place_to_a_headline_question() -> None:
    """A commitment is asked about; both others wait for a wave that can give a place away."""
    full = Room(is_free=False)
    history = [Asking(START, ("T01",))]
    assert with_occasions(FOUR, occasion(history=history, room=full)) == FOUR
    assert ids(with_occasions(FOUR, occasion(DUE, history=history, room=full))) == [
        *ids(FOUR[:3]),
        "commitment.3",
    ]


def test_the_next_expectation_waits_for_another_question() -> None:
    """Places that headline questions leave are shared: one expectation, then one question of the rest."""
    shared = Room(others=frozenset({"I03"}))
    between = [Asking(START + number * WEEK, ("T01", "D01")) for number in range(1, 6)]
    history = [Asking(START, ("T01", "expected.T01")), *between]
    assert with_occasions(FOUR, occasion(history=history, room=shared)) == FOUR
    history[3] = Asking(history[3].day, ("T01", "I03"))
    assert "expected.A01" in ids(with_occasions(FOUR, occasion(history=history, room=shared)))


PLAN = suggested_plan(BANK)
LEAD = headlines(BANK, LIBRARY.ledger) - set(PLAN.pinned)


def asked(weeks: int, every: int = 1, due: tuple[int, ...] = ()) -> list[Asking]:
    """What waves under the suggested plan ask, with commitments whose day is in the weeks `due`."""
    past: list[Asking] = []
    for number in range(weeks):
        today = START + every * number * WEEK
        made = [
            Commitment(id=week, side=Side.IT, text="Answer", made_on=START, due_on=START + week * WEEK)
            for week in due
            if week < every * number
        ]
        done = {id_ for wave in past for id_ in wave.items}
        open_ones = [
            replace(one, answered_on=one.due_on) if f"commitment.{one.id}" in done else one for one in made
        ]
        items = wave_items(BANK, PLAN, LEAD, past, open_ones, today=today, size=4)
        past.append(Asking(today, tuple(ids(items))))
    return past


@pytest.mark.parametrize(
    "due", [(), *((week,) for week in range(13)), tuple(range(4, 52, 13)), tuple(range(5, 52, 7))]
)
def test_each_headline_question_comes_in_any_quarter_whatever_else_is_asked(due: tuple[int, ...]) -> None:
    """So does the question whether people expect change, in weekly waves, from the third on."""
    waves = asked(52, due=due)
    assert any(is_expectation(id_) for wave in waves for id_ in wave.items)
    for start in range(len(waves) - 12):
        in_quarter = {id_ for wave in waves[start : start + 13] for id_ in wave.items}
        assert in_quarter >= LEAD, start
        assert CHANGE_QUESTION in in_quarter or start < 2, start


def test_what_is_left_of_three_years_goes_to_all_other_questions_and_to_expectations() -> None:
    """Each question of the bank is asked, and at least one expectation in any half a year."""
    waves = asked(156)
    assert {id_ for wave in waves for id_ in wave.items} >= set(ids(tuple(BANK)))
    for start in range(len(waves) - 25):
        assert any(is_expectation(id_) for wave in waves[start : start + 26] for id_ in wave.items), start


def test_the_other_questions_leave_a_place_to_the_first_expectation() -> None:
    """It comes with the fifth weekly pulse: two other questions come before it, and no third."""
    waves = asked(5)
    assert [any(map(is_expectation, wave.items)) for wave in waves] == [False] * 4 + [True]


@pytest.mark.parametrize("every", [2, 4, 13])
def test_with_a_slow_cadence_an_expectation_comes_in_every_fourth_pulse_at_most(every: int) -> None:
    """Else the expectation would take the only place in turn each time."""
    waves = asked(60, every)
    expected = [number for number, wave in enumerate(waves) if any(map(is_expectation, wave.items))]
    gaps = [later - earlier for earlier, later in pairwise(expected)]
    assert min(gaps) == EXPECTED_AFTER
    assert {id_ for wave in waves[10:24] for id_ in wave.items} >= LEAD


@given(
    size=st.integers(2, 4),
    start=st.integers(0, 20),
    pins=st.integers(0, 4),
    due=st.booleans(),
    weeks=st.integers(0, 12),
)
def test_a_wave_never_grows_beyond_four_questions(
    size: int, start: int, pins: int, due: bool, weeks: int
) -> None:
    """Each is asked once, pinned ones stay beside an expectation, and at most one is asked."""
    chosen = tuple(BANK)[start : start + size]
    history = [Asking(TODAY - weeks * WEEK, ("T01", CHANGE_QUESTION))]
    pinned = ids(chosen[:pins])
    made = ids(with_occasions(chosen, occasion(*[DUE] * due, history=history, pinned=pinned)))
    assert len(made) == len(set(made)) <= 4
    assert len(made) == size or (due and len(made) == size + 1)
    assert sum(map(is_expectation, made)) <= 1
    assert set(pinned[:3]) <= set(made)
    assert ("commitment.3" in made) == due


def test_only_good_things_of_the_other_side_are_guessed_at() -> None:
    """Each side is worded about the other, and nobody guesses how they are blamed."""
    for item in BANK:
        if can_be_expected(item):
            assert item.mirrored
            assert item.direction is Direction.POSITIVE
    assert can_be_expected(item_of("T01"))
    assert not can_be_expected(item_of("A02"))


def test_each_side_guesses_at_the_others_own_words() -> None:
    """Marketing is shown what IT was asked, and the options are those that are published."""
    base = item_of("T01")
    made = expectation_item(base)
    for side in Side:
        assert base.wordings[side.other] in made.wordings[side]
    assert [option.key for option in made.options if option.counted] == list(EXPECTED)
    assert "in IT" in made.wordings[Side.MARKETING]


def test_what_is_asked_is_one_series_in_every_language() -> None:
    """Poll and result may be in different languages."""
    for item_id in ("expected.T01", "commitment.3"):
        english = asked_item(item_id, BANK, [DUE])
        with speaking(catalogue("de")):
            german = asked_item(item_id, LIBRARY.in_language("de"), [DUE])
        assert english is not None
        assert german is not None
        assert english.series == german.series


@pytest.mark.parametrize("item_id", ["expected.X99", "commitment.4", "commitment.x", "X99"])
def test_an_id_that_means_nothing_is_nothing(item_id: str) -> None:
    """An unknown id, from an old button perhaps, names no question."""
    assert asked_item(item_id, BANK, [DUE]) is None
