"""From answers to counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.core.errors import BadNumbers
from pulse.core.model import Counted, Index, Outcome, Tally, Withheld
from pulse.core.scoring import close_side, index, tally
from tests.core.bank import AMOUNT, CALM, LEAD, SLOW, TRUST, item


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
    assert index([TRUST, SLOW], people(20, T01="5", R01="1")) == Index(20, 98, 25)


def test_bad_news_is_reversed() -> None:
    """Agreeing that things are slow lowers the index as much as distrust does."""
    assert index([TRUST, SLOW], people(20, T01="1", R01="5")) == Index(20, 2, 25)
    assert index([TRUST, SLOW], people(20, T01="5", R01="5")) == Index(20, 50, 25)


def test_the_index_is_a_mean_over_persons() -> None:
    """(mean − 1) / 4 · 100 of each person, then the mean and the sample deviation, rounded."""
    side = people(15, T01="4", R01="2") + people(5, T01="2", R01="4")
    # 15 people at 75 and 5 at 25: mean 62.5, deviation √(9375/19) = 22.2
    assert index([TRUST, SLOW], side) == Index(20, 63, 25)
    # 60 people at 100, 40 at 0: mean 60, deviation 49.2
    wide = people(60, T01="5", R01="1") + people(40, T01="1", R01="5")
    assert index([TRUST, SLOW], wide) == Index(100, 60, 50)
    # 200 people at 75: no spread at all, kept as 100/√200 = 7.1 rounded up to 5 points
    assert index([TRUST, SLOW], people(200, T01="4", R01="2")) == Index(200, 75, 10)


def test_an_index_of_one_item_is_none() -> None:
    """It would give back the boxes that the outcome hides."""
    assert index([TRUST, AMOUNT], people(30, T01="4", A02="about_right")) is None


def test_half_of_the_items_are_enough() -> None:
    """Who answered fewer than half of the index's items is left out of it."""
    third = item("T02")
    fourth = item("T04")
    items = [TRUST, SLOW, third, fourth]
    full = people(10, T01="5", R01="1", T02="5", T04="5")
    half, less = people(20, T01="5", T02="5", R01="cannot_say"), people(9, T01="1", A02="too_much")
    assert index(items, full + half + less) == Index(30, 98, 20)


def test_choices_and_needs_are_never_in_the_index() -> None:
    """A choice item and the need item change nothing."""
    need = item("A01", in_index=False)
    with_need = people(20, T01="4", R01="2", A01="1", A02="too_much")
    assert index([TRUST, SLOW, need, AMOUNT], with_need) == Index(20, 75, 25)


def test_an_item_under_the_minimum_is_not_in_the_index() -> None:
    """Its hidden answers change nothing, and a raised minimum holds for the index too."""
    third = item("T02")
    rare = people(4, T01="4", R01="2", T02="1")
    common = people(20, T01="4", R01="2")
    assert index([TRUST, SLOW, third], common + rare) == Index(24, 75, 25)
    assert index([TRUST, SLOW], common, 25) is None
    single = people(3, T01="4") + people(3, R01="2") + people(3, T02="4")
    whole = people(22, T01="4", R01="2", T02="4")
    assert index([TRUST, SLOW, third], whole + single, 22) == Index(22, 75, 25)
    assert index([TRUST, SLOW, third], whole + single, 25) is None


def test_an_index_never_says_that_everybody_is_of_one_mind() -> None:
    """All at the top, all but one by a little, and all but one by much read alike."""
    top = people(19, T01="5", R01="1")
    found = {index([TRUST, SLOW], top + people(1, T01=key, R01="1")) for key in "5431"}
    assert found == {Index(20, 98, 25)}


def test_a_side_closes_with_outcomes_and_an_index_that_fit_together() -> None:
    """Beside an index the bars of its items are three ways where a box of one of them is small."""
    side = people(10, T01="5", R01="1") + people(10, T01="4", R01="2")
    side += people(8, T01="2", R01="3") + people(7, T01="3", R01="4") + people(1, T01="1", R01="4")
    side += people(7, T01="1", R01="5")
    outcomes, found = close_side([TRUST, SLOW, AMOUNT], side, 5)
    assert found is not None
    assert found.n == 43
    assert outcomes["A02"] == Withheld()
    # T01 alone: 8, 8, 7, 10, 10, every box apart; R01 alone: 10, 10, 8, 8, 7.
    assert [bars(outcomes[id_]) for id_ in ("T01", "R01")] == [
        {"1": 8, "2": 8, "3": 7, "4": 10, "5": 10},
        {"1": 10, "2": 10, "3": 8, "4": 8, "5": 7},
    ]
    side += people(1, T01="1", R01="1") + people(4, T01="2", R01="1")
    fewer = [person for person in side if person.get("T01") != one("1")] + people(2, T01="1", R01="1")
    coarse, _index = close_side([TRUST, SLOW], fewer, 5)
    assert bars(coarse["T01"]) == {"1+2": 14, "3": 7, "4+5": 20}
    assert bars(coarse["R01"]) == {"1+2": 26, "3": 8, "4+5": 7}


def test_without_an_index_bars_stay_as_they_are() -> None:
    """One agree item alone has no index and keeps its boxes."""
    side = [person for key in "12345" for person in people(6, T01=key)]
    outcomes, found = close_side([TRUST], side, 5)
    assert found is None
    assert bars(outcomes["T01"]) == dict.fromkeys("12345", 6)


def bars(outcome: Outcome) -> dict[str, int]:
    assert isinstance(outcome, Counted)
    return {"+".join(bar.boxes): bar.count for bar in outcome.bars}


@CALM
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=20, max_size=60))
def test_the_index_lies_between_0_and_100(answers: list[tuple[int, int]]) -> None:
    """Whatever is answered, and as many people as answered."""
    side = [{"T01": one(str(trust)), "R01": one(str(slow))} for trust, slow in answers]
    found = index([TRUST, SLOW], side)
    assert found is not None
    assert found.n == len(answers)
    assert 0 <= found.mean <= 100
