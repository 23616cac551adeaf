"""What published counts say of a share agrees with scipy, and its peak is found by climbing."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pulse.core.errors import BadNumbers
from pulse.core.likelihood import GRID, Observation, between, contrast, log_likelihood, nearest, peak, sums
from tests.core.bank import CALM

DAY = date(2026, 11, 27)


@st.composite
def published(draw: st.DrawFn, least: int = 5, most: int = 60) -> tuple[int, int, int]:
    """(low, high, n) as a wave publishes them."""
    n = draw(st.integers(least, most))
    k = draw(st.integers(0, n))
    if k <= 2:
        return 0, 2, n
    if k >= n - 2:
        return n - 2, n, n
    return (3, n - 3, n) if n < 10 else (k, k, n)


@CALM
@given(published())
def test_a_likelihood_is_that_of_scipy(seen: tuple[int, int, int]) -> None:
    """The binomial probability of a count, or of all counts of an interval, but for a constant."""
    low, high, n = seen
    theirs = scipy_stats.binom.logpmf(np.arange(low, high + 1)[:, None], n, np.array(GRID)).T
    expected = np.logaddexp.reduce(theirs, axis=1)
    ours = np.array(log_likelihood(low, high, n))
    assert ours - ours[0] == pytest.approx(expected - expected[0], abs=1e-9)


@pytest.mark.parametrize("n", range(5, 41))
def test_each_likelihood_is_concave(n: int) -> None:
    """Every count, every merged end and every middle up to 40 answers has one peak and no second hill."""
    ends = [(k, k) for k in range(n + 1)] + [(0, 2), (n - 2, n), (3, n - 3), (2, n // 2), (n // 3, n - 1)]
    for low, high in ends:
        if low <= high:
            vector = log_likelihood(low, high, n)
            slopes = [after - before for before, after in pairwise(vector)]
            assert all(later <= earlier + 1e-9 for earlier, later in pairwise(slopes)), (low, high, n)


@CALM
@given(st.lists(published(), min_size=1, max_size=30), st.integers(0, len(GRID) - 1))
def test_climbing_finds_the_peak_from_anywhere(seen: list[tuple[int, int, int]], start: int) -> None:
    """The peak of the waves taken together is the largest value on the whole grid."""
    totals = sums([log_likelihood(*one) for one in seen])
    value, at = peak(between(totals, 0, len(seen)), start)
    assert value == pytest.approx(max(totals[-1]), abs=1e-8)
    assert totals[-1][at] == value


@CALM
@given(st.integers(10, 400), st.integers(10, 400), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_two_counts_differ_as_in_the_likelihood_ratio_test(n: int, m: int, one: float, two: float) -> None:
    """z² is the G of scipy's log-likelihood test of a two by two table, but for the grid's coarseness."""
    a, b = round(n * one), round(m * two)
    if 0 < a < n and 0 < b < m:
        g = scipy_stats.chi2_contingency(
            [[a, n - a], [b, m - b]], correction=False, lambda_="log-likelihood"
        ).statistic
        z = contrast(log_likelihood(a, a, n).__getitem__, a / n, log_likelihood(b, b, m).__getitem__, b / m)
        # Each of three peaks lies within half a step of the grid.
        slack = 4 * (n + m) * 0.002**2 / 2 / 0.04
        assert z * z == pytest.approx(g, abs=slack)
        assert z >= 0 if a / n > b / m + 0.004 else z <= 0 if a / n < b / m - 0.004 else True


def test_a_share_has_its_place_on_the_grid() -> None:
    """Nobody and everybody are taken as the first and the last share of the grid."""
    assert [GRID[nearest(share)] for share in (0, 0.4, 0.5, 1)] == [0.004, 0.4, 0.5, 0.996]


@pytest.mark.parametrize(
    ("low", "high", "n", "roster"), [(-1, 2, 5, 9), (3, 2, 5, 9), (3, 6, 5, 9), (0, 0, 0, 9), (3, 3, 5, 4)]
)
def test_what_cannot_be_counted_is_no_observation(low: int, high: int, n: int, roster: int) -> None:
    """0 ≤ low ≤ high ≤ n ≤ roster, and somebody answered."""
    with pytest.raises(BadNumbers, match="is no share"):
        Observation(DAY, low, high, n, roster)


@pytest.mark.parametrize(
    ("n", "roster", "describes"),
    [(5, 16, True), (5, 17, False), (3, 10, True), (30, 100, True), (29, 100, False)],
)
def test_answers_describe_the_channel_from_thirty_per_cent(n: int, roster: int, describes: bool) -> None:
    """30 % exactly is enough."""
    assert Observation(DAY, 0, 2, n, roster).describes is describes
