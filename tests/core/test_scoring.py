"""From answers to counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.core.errors import BadNumbers
from pulse.core.model import Index, Tally
from pulse.core.scoring import index, tally
from tests.core.bank import AMOUNT, LEAD, SLOW, TRUST, item


def one(key: str) -> frozenset[str]:
    return frozenset({key})


def test_an_answer_counts_in_its_box() -> None:
    """Each box has its number of people, empty ones too."""
    answers = map(one, ["4", "4", "5", "1"])
    assert tally(TRUST, answers) == Tally(4, {"1": 1, "2": 0, "3": 0, "4": 2, "5": 1})


def test_cannot_say_leaves_the_denominator() -> None:
    """Who cannot say, or gave no answer, is neither for nor against."""
    answers = [one("4"), one("cannot_say"), frozenset[str]()]
    assert tally(TRUST, answers) == Tally(1, {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0})


def test_a_multiple_choice_counts_each_chosen_box_once_a_person() -> None:
    """Two people with three choices are two people."""
    answers = [frozenset({"marketing", "it"}), one("it")]
    assert tally(LEAD, answers) == Tally(2, {"marketing": 1, "it": 2, "ceo": 0, "nobody": 0})


def test_answers_that_do_not_fit_are_refused() -> None:
    """An unknown box, or two where one may be chosen, is an error and never a count."""
    with pytest.raises(BadNumbers, match="no box “6”"):
        tally(TRUST, [one("6")])
    with pytest.raises(BadNumbers, match="takes one box"):
        tally(TRUST, [frozenset({"4", "5"})])


def people(n: int, **answers: str) -> list[dict[str, frozenset[str]]]:
    return [{id_: one(key) for id_, key in answers.items()} for _person in range(n)]


def test_the_index_needs_twenty_people() -> None:
    """19 people have no index, 20 have one."""
    assert index([TRUST, SLOW], people(19, T01="5", R01="1")) is None
    assert index([TRUST, SLOW], people(20, T01="5", R01="1")) == Index(20, 100, 0)


def test_bad_news_is_reversed() -> None:
    """Agreeing that things are slow lowers the index as much as distrust does."""
    assert index([TRUST, SLOW], people(20, T01="1", R01="5")) == Index(20, 0, 0)
    assert index([TRUST, SLOW], people(20, T01="5", R01="5")) == Index(20, 50, 0)


def test_the_index_is_a_mean_over_persons() -> None:
    """(mean − 1) / 4 · 100 of each person, then the mean and the sample deviation, in whole points."""
    side = people(15, T01="4", R01="2") + people(5, T01="2", R01="4")
    # 15 people at 75 and 5 at 25: mean 62.5, deviation √(9375/19) = 22.2
    assert index([TRUST, SLOW], side) == Index(20, 63, 23)


def test_an_index_of_one_item_is_none() -> None:
    """It would give back the boxes that the outcome hides."""
    assert index([TRUST, AMOUNT], people(30, T01="4", A02="about_right")) is None


def test_half_of_the_items_are_enough() -> None:
    """Who answered fewer than half of the index's items is left out of it."""
    third = item("T02")
    fourth = item("T04")
    items = [TRUST, SLOW, third, fourth]
    half, less = people(20, T01="5", T02="5", R01="cannot_say"), people(9, T01="1", A02="too_much")
    assert index(items, half + less) == Index(20, 100, 0)


def test_choices_and_needs_are_never_in_the_index() -> None:
    """A choice item and the need item change nothing."""
    need = item("A01", in_index=False)
    with_need = people(20, T01="4", R01="2", A01="1", A02="too_much")
    assert index([TRUST, SLOW, need, AMOUNT], with_need) == Index(20, 75, 0)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=20, max_size=60))
def test_the_index_lies_between_0_and_100(answers: list[tuple[int, int]]) -> None:
    """Whatever is answered, and as many people as answered."""
    side = [{"T01": one(str(trust)), "R01": one(str(slow))} for trust, slow in answers]
    found = index([TRUST, SLOW], side)
    assert found is not None
    assert found.n == len(answers)
    assert 0 <= found.mean <= 100
