"""The range of people is certain or plausible for the channel, by full enumeration up to 60 people."""

from __future__ import annotations

from functools import cache
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pulse.core.likelihood import Observation
from pulse.core.people import PeopleRange, people_range, plausible
from tests.core.bank import CALM
from tests.core.series import START, ends

MOST = 60


def shown(k: int, n: int, roster: int) -> PeopleRange:
    return people_range(Observation(START, *ends(k, n), n, roster))


def asked() -> list[tuple[int, int]]:
    """(answers, people) for every side of 5 to 60 people of whom 60 % or more answered."""
    return [
        (n, roster) for roster in range(5, MOST + 1) for n in range(5, roster + 1) if 10 * n >= 6 * roster
    ]


def test_every_range_lies_inside_the_certain_bounds() -> None:
    """Of all (k, n, N) up to N = 60 none holds a number of people that is impossible."""
    for roster in range(5, MOST + 1):
        for n in range(5, roster + 1):
            for k in range(n + 1):
                found = shown(k, n, roster)
                low, high = ends(k, n)
                assert (found.certain_low, found.certain_high) == (low, high + roster - n)
                if 10 * n < 6 * roster:
                    assert (found.plausible_low, found.plausible_high) == (None, None)
                else:
                    assert found.plausible_low is not None
                    assert found.plausible_high is not None
                    assert low <= found.plausible_low <= found.plausible_high <= high + roster - n


def test_every_range_covers_in_95_of_100() -> None:
    """Whatever K of N agree, a draw of n gives a range that holds K in 95 % or more, by enumeration."""
    for n, roster in asked():
        ranges = [plausible(k, n, roster) for k in range(n + 1)]
        for people in range(roster + 1):
            held = sum(
                comb(people, k) * comb(roster - people, n - k)
                for k in range(max(0, n - roster + people), min(n, people) + 1)
                if ranges[k][0] <= people <= ranges[k][1]
            )
            assert 20 * held >= 19 * comb(roster, n), (people, n, roster)


def test_one_more_answer_moves_no_end_by_more_than_two_people() -> None:
    """From n to n + 1 answers of the same N: a count that stays a count, or a merged end that stays merged.

    Between "2 or fewer" and 3, what is certain moves by 3 people, and the range with it.
    """
    for n, roster in asked():
        for k in range(n + 1) if 10 <= n < roster else ():
            for more in (k, k + 1):
                crosses = (3 <= k <= n - 3) is not (3 <= more <= n - 2)
                limits = zip(limits_of(k, n, roster), limits_of(more, n + 1, roster), strict=True)
                assert max(abs(a - b) for a, b in limits) <= (3 if crosses else 2), (k, more, n, roster)


def limits_of(k: int, n: int, roster: int) -> tuple[int, int]:
    found = shown(k, n, roster)
    assert found.plausible_low is not None
    assert found.plausible_high is not None
    return found.plausible_low, found.plausible_high


@cache
def kept(k: int, n: int, roster: int) -> tuple[int, int]:
    """The same range by scipy's tails, K by K."""
    inside = [
        people
        for people in range(roster + 1)
        if scipy_stats.hypergeom.cdf(k, roster, people, n) > 0.025 + 1e-12
        and scipy_stats.hypergeom.sf(k - 1, roster, people, n) > 0.025 + 1e-12
    ]
    return inside[0], inside[-1]


@CALM
@given(
    st.integers(1, 120).flatmap(lambda most: st.tuples(st.just(most), st.integers(1, most))), st.floats(0, 1)
)
def test_the_range_is_that_of_scipy(sizes: tuple[int, int], share: float) -> None:
    """Inverting scipy's hypergeometric gives the same numbers of people."""
    roster, n = sizes
    k = round(share * n)
    assert plausible(k, n, roster) == kept(k, n, roster)


def test_a_merged_end_is_the_union_of_its_counts() -> None:
    """ "2 or fewer of 12" of 16 may be any of 0, 1 and 2."""
    found = shown(1, 12, 16)
    assert (found.plausible_low, found.plausible_high) == (plausible(0, 12, 16)[0], plausible(2, 12, 16)[1])


def test_eight_of_twelve_of_sixteen_is_eight_to_twelve() -> None:
    """Not "plausible 39 to 86 %" beside "at least 50 %"."""
    found = shown(8, 12, 16)
    assert (found.plausible_low, found.plausible_high) == (8, 12) == (found.certain_low, found.certain_high)


@pytest.mark.parametrize(("n", "roster"), [(12, 12), (12, 13)])
def test_nearly_everybody_leaves_nearly_nothing_open(n: int, roster: int) -> None:
    """Ten or more of 12 of 12 is 10 to 12 people, and of 13 it is 10 to 13, not a third of them."""
    found = shown(12, n, roster)
    assert (found.plausible_low, found.plausible_high) == (10, roster)


def test_a_tail_of_exactly_a_fortieth_is_left_out() -> None:
    """39 of 40 answered and none agrees: that the last one does has odds of 1 in 40 and is not kept."""
    assert plausible(0, 39, 40) == (0, 0)
