"""What a tally may become."""

from __future__ import annotations

import pytest

from pulse.core.errors import BadNumbers
from pulse.core.model import (
    Counted,
    Expected,
    Format,
    Measure,
    Outcome,
    Share,
    SideTurnout,
    Tally,
    Withheld,
)
from pulse.core.privacy import EXPECTED, groups, publish, publish_expectation, turnout
from tests.core.bank import AMOUNT, EFFECT, LEAD, TRUST, agreeing, counts, item


def bars(outcome: Outcome) -> dict[str, int]:
    assert isinstance(outcome, Counted)
    return {"+".join(bar.options): bar.count for bar in outcome.bars}


@pytest.mark.parametrize("n", range(5))
def test_under_five_answers_nothing_is_kept(n: int) -> None:
    """Fewer than 5 answers leave no number, not even how many they were."""
    assert publish(TRUST, agreeing(n // 2, n), 5) == Withheld()


@pytest.mark.parametrize(("n", "minimum"), [(7, 8), (11, 12), (24, 25)])
def test_a_raised_minimum_withholds_up_to_it(n: int, minimum: int) -> None:
    """A wave with a higher minimum keeps nothing under it, and what is usual from it on."""
    assert publish(TRUST, agreeing(4, n), minimum) == Withheld()
    assert publish(TRUST, agreeing(4, minimum), minimum) == publish(TRUST, agreeing(4, minimum), 5)


@pytest.mark.parametrize("minimum", [-1, 0, 4])
def test_the_minimum_is_never_under_five(minimum: int) -> None:
    """A lower minimum is refused, whoever asks."""
    with pytest.raises(BadNumbers, match="5 people or more"):
        publish(TRUST, agreeing(4, 9), minimum)
    with pytest.raises(BadNumbers, match="5 people or more"):
        turnout(9, 9, minimum)


@pytest.mark.parametrize(
    ("n", "figures"),
    [
        (5, [(0, 2), (3, 5)]),
        (6, [(0, 2), (3, 3), (4, 6)]),
        (7, [(0, 2), (3, 4), (5, 7)]),
        (8, [(0, 2), (3, 5), (6, 8)]),
        (9, [(0, 2), (3, 6), (7, 9)]),
    ],
)
def test_five_to_nine_answers_leave_one_of_three_figures(n: int, figures: list[tuple[int, int]]) -> None:
    """2 or fewer, 3 to n - 3, n - 2 or more; at 5 there is no middle."""
    seen = {k: publish(TRUST, agreeing(k, n), 5) for k in range(n + 1)}
    expected = {
        k: Counted(n, {"top2box": Share(low, high)}) for low, high in figures for k in range(low, high + 1)
    }
    assert seen == expected


@pytest.mark.parametrize("n", [10, 12, 19, 20, 60])
def test_from_ten_answers_ends_are_merged(n: int) -> None:
    """0, 1 and 2 read alike, and so do n - 2, n - 1 and n: no "everybody", no lone dissenter."""
    shares = []
    for k in range(n + 1):
        outcome = publish(TRUST, agreeing(k, n), 5)
        assert isinstance(outcome, Counted)
        shares.append(outcome.shares["top2box"])
    assert shares[:3] == [Share(0, 2)] * 3
    assert shares[-3:] == [Share(n - 2, n)] * 3
    assert shares[3:-3] == [Share(k, k) for k in range(3, n - 2)]


def test_bars_come_from_twenty_answers_on() -> None:
    """19 answers have a share alone, 20 have their options."""
    assert publish(TRUST, counts(TRUST, 3, 3, 4, 4, 5), 5) == Counted(19, {"top2box": Share(9, 9)})
    assert bars(publish(TRUST, counts(TRUST, 3, 4, 4, 4, 5), 5)) == {"1": 3, "2": 4, "3": 4, "4": 4, "5": 5}


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ((0, 4, 6, 5, 5), {"1": 0, "2": 4, "3": 6, "4": 5, "5": 5}),
        ((1, 4, 5, 5, 5), {"1+2": 5, "3": 5, "4": 5, "5": 5}),
        ((4, 2, 4, 5, 5), {"1+2": 6, "3": 4, "4": 5, "5": 5}),
        ((4, 5, 1, 5, 5), {"1+2+3": 10, "4": 5, "5": 5}),
        ((1, 0, 9, 5, 5), {"1+2+3": 10, "4": 5, "5": 5}),
        ((1, 2, 7, 5, 5), {"1+2": 3, "3": 7, "4": 5, "5": 5}),
        ((3, 0, 7, 5, 5), {"1+2": 3, "3": 7, "4": 5, "5": 5}),
        ((4, 4, 4, 1, 7), {"1": 4, "2": 4, "3": 4, "4+5": 8}),
        ((8, 5, 4, 1, 2), {"1": 8, "2": 5, "3": 4, "4+5": 3}),
        ((8, 5, 4, 0, 3), {"1": 8, "2": 5, "3": 4, "4+5": 3}),
        ((0, 0, 3, 9, 9), {"1+2+3": 3, "4": 9, "5": 9}),
    ],
)
def test_a_bar_of_one_or_two_is_merged_with_its_neighbour(
    numbers: tuple[int, ...], shown: dict[str, int]
) -> None:
    """Merging stays inside agree and inside the rest, as the share gives each of them by subtraction."""
    assert bars(publish(TRUST, counts(TRUST, *numbers), 5)) == shown


@pytest.mark.parametrize(
    "numbers", [(0, 0, 1, 10, 10), (0, 1, 1, 10, 10), (6, 6, 7, 1, 1), (9, 9, 9, 0, 1), (10, 10, 10, 0, 0)]
)
def test_no_bars_where_a_group_holds_one_or_two(numbers: tuple[int, ...]) -> None:
    """A bar of the whole group would only repeat it, and bars beside an extreme would undo its merging."""
    assert bars(publish(TRUST, counts(TRUST, *numbers), 5)) == {}


@pytest.mark.parametrize(
    ("numbers", "keys"),
    [
        ((5, 5, 8, 6), {"choice_share:about_right", "choice_share:more_needed"}),
        ((5, 5, 14, 0), {"choice_share:about_right", "choice_share:more_needed"}),
        ((5, 5, 12, 2), {"choice_share:about_right"}),
        ((1, 1, 16, 6), {"choice_share:about_right"}),
        ((3, 0, 21, 0), {"choice_share:about_right"}),
        ((9, 9, 1, 5), {"choice_share:about_right"}),
        ((4, 4, 5, 6), {"choice_share:about_right"}),
    ],
)
def test_a_second_share_never_completes_a_small_cell(numbers: tuple[int, ...], keys: set[str]) -> None:
    """ "More needed" stands beside "about right" only where neither it nor "too much" is 1 or 2 people."""
    outcome = publish(AMOUNT, counts(AMOUNT, *numbers), 5)
    assert isinstance(outcome, Counted)
    assert set(outcome.shares) == keys
    assert bool(outcome.bars) == (len(keys) == 2)


def test_a_multiple_choice_has_a_share_for_each_measure_and_no_bars() -> None:
    """Choices overlap, so each share stands alone, with merged ends, from five answers."""
    assert publish(LEAD, counts(LEAD, 11, 1, 6, 0, n=12), 5) == Counted(
        12, {"choice_share:CMO": Share(10, 12), "choice_share:CIO": Share(0, 2)}
    )
    assert publish(LEAD, counts(LEAD, 6, 3, 6, 0, n=7), 5) == Counted(
        7, {"choice_share:CMO": Share(5, 7), "choice_share:CIO": Share(3, 4)}
    )


def test_how_many_answered_is_hidden_under_the_minimum() -> None:
    """Under the minimum even the number of answers of a side is hidden."""
    assert [turnout(30, answered, 5) for answered in (0, 4, 5)] == [
        SideTurnout(30, None),
        SideTurnout(30, None),
        SideTurnout(30, 5),
    ]
    assert turnout(30, 11, 12) == SideTurnout(30, None)


def test_the_roster_is_that_of_the_opening() -> None:
    """It never grows while the number of answers is hidden, and is never under a number that is shown."""
    assert turnout(16, 1, 5) == SideTurnout(16, None)
    assert turnout(3, 4, 5) == SideTurnout(3, None)
    assert turnout(10, 11, 5) == SideTurnout(11, 11)


def test_groups_are_cut_where_measures_are() -> None:
    """Each measure's options stand in groups of their own, in the item's order, without uncounted options."""
    assert groups(TRUST) == (("1", "2", "3"), ("4", "5"))
    assert groups(AMOUNT) == (("far_too_little", "too_little"), ("about_right",), ("too_much",))
    assert groups(EFFECT) == (("very",), ("effective", "somewhat", "not"))


@pytest.mark.parametrize(
    ("tally", "sentence"),
    [
        (Tally(9, {"1": 9}), "must name its options"),
        (counts(TRUST, 1, 2, 3, 4, 5, n=14), "must add up"),
        (counts(TRUST, -1, 2, 3, 4, 5), "fewer than nobody"),
    ],
)
def test_counts_that_do_not_fit_are_refused(tally: Tally, sentence: str) -> None:
    """A wrong tally is an error, not a figure."""
    with pytest.raises(BadNumbers, match=sentence):
        publish(TRUST, tally, 5)


def test_a_multiple_choice_measure_of_two_options_cannot_be_counted() -> None:
    """People who chose both options would be counted twice."""
    wide = item(
        form=Format.MULTI, options=LEAD.options, measures=(Measure("m", frozenset({"it", "ceo"}), "choose"),)
    )
    with pytest.raises(BadNumbers, match="counts one option"):
        publish(wide, counts(wide, 5, 5, 5, 5, n=12), 5)
    with pytest.raises(BadNumbers, match="more than everybody"):
        publish(LEAD, counts(LEAD, 13, 0, 0, 0, n=12), 5)
    with pytest.raises(BadNumbers, match="-1 answers"):
        turnout(5, -1, 5)


def test_silence_never_tells_of_a_lone_part_of_the_first_share() -> None:
    """However three people divide between the two groups of the first measure, the same is published."""
    split = item(
        form=Format.CHOICE,
        options=AMOUNT.options,
        measures=(
            Measure("choice_share:little", frozenset({"far_too_little", "too_little"}), "say “too little”"),
            Measure("choice_share:far", frozenset({"far_too_little"}), "say “far too little”"),
        ),
    )
    assert {repr(publish(split, counts(split, far, 3 - far, 10, 10), 5)) for far in range(4)} == {
        repr(Counted(23, {"choice_share:little": Share(3, 3)}))
    }


def expecting(*numbers: int) -> Tally:
    return Tally(sum(numbers), dict(zip(EXPECTED, numbers, strict=True)))


@pytest.mark.parametrize(
    ("numbers", "of_ten"),
    [
        ((0, 11, 0, 0, 0), 2.5),
        ((0, 0, 12, 0, 0), 5.0),
        ((0, 0, 0, 13, 0), 7.5),
        ((0, 9, 3, 0, 0), 3.0),
        ((0, 3, 6, 3, 0), 5.0),
        ((0, 18, 2, 0, 0), 3.0),
        ((0, 19, 2, 0, 0), 2.5),
        ((20, 0, 0, 0, 0), 2.0),
        ((6, 6, 0, 0, 0), 2.0),
        ((0, 0, 0, 2, 10), 8.0),
        ((0, 0, 0, 0, 30), 8.0),
    ],
)
def test_an_expectation_is_its_mean_to_the_nearest_half(numbers: tuple[int, ...], of_ten: float) -> None:
    """Cut to "2 or fewer" and "8 or more"; exactly between two halves it is the upper."""
    assert publish_expectation(expecting(*numbers), 5) == Expected(sum(numbers), of_ten)


def test_an_expectation_needs_eleven_answers_or_the_higher_minimum() -> None:
    """Ten leave nothing, not even how many; a raised minimum holds here too."""
    assert publish_expectation(expecting(0, 10, 0, 0, 0), 5) == Withheld()
    assert publish_expectation(expecting(0, 11, 0, 0, 0), 12) == Withheld()
    with pytest.raises(BadNumbers, match="5 people or more"):
        publish_expectation(expecting(0, 11, 0, 0, 0), 4)


def test_an_expectation_that_does_not_fit_is_refused() -> None:
    """Its five options, and each person in one of them."""
    with pytest.raises(BadNumbers, match="must name its options"):
        publish_expectation(Tally(11, {"0_1": 11}), 5)
    with pytest.raises(BadNumbers, match="must add up"):
        publish_expectation(Tally(12, expecting(0, 11, 0, 0, 0).counts), 5)
