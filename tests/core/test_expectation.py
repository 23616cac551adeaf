"""A misjudgement is called only where every value that was published allows it."""

from __future__ import annotations

from functools import cache
from itertools import product
from math import sqrt

import pytest
from statsmodels.stats.proportion import proportion_confint

from pulse.core.comparison import Verdict
from pulse.core.errors import BadNumbers
from pulse.core.expectation import Expected, misjudged
from pulse.core.likelihood import Observation
from tests.core.series import START, ends


def held(k: int, n: int, roster: int | None = None) -> Observation:
    return Observation(START, *ends(k, n), n, roster or n)


def expected(mean: float, n: int) -> Expected:
    low, high = (0, 2.25) if mean <= 2 else (7.75, 10) if mean >= 8 else (mean - 0.25, mean + 0.25)
    return Expected(low=low, high=high, n=n, roster=n)


@cache
def wilson(k: int, n: int) -> tuple[float, float]:
    low, high = proportion_confint(k, n, method="wilson")
    return float(low), float(high)


def clear(mean: float, n: int, k: int, of: int) -> int:
    """1, −1 or 0 for one value of both, by Newcombe's way of joining two intervals."""
    low, high = wilson(k, of)
    difference, half = mean / 10 - k / of, 0.49 / sqrt(n)
    down = difference - sqrt(half**2 + (high - k / of) ** 2)
    up = difference + sqrt(half**2 + (k / of - low) ** 2)
    return 1 if down > 1e-12 else -1 if up < -1e-12 else 0


@pytest.mark.parametrize("mean", [2, *(half / 2 for half in range(5, 16)), 8])
def test_a_misjudgement_holds_for_every_value(mean: float) -> None:
    """Of all values that mean and count may have, statsmodels' limits leave 0 out on the same side."""
    for n, of in product((11, 12, 17, 30, 60), (7, 12, 30, 45)):
        for k in range(of + 1):
            assert misjudged(expected(mean, n), held(k, of)) is slowly(mean, n, k, of), (n, k, of)


def slowly(mean: float, n: int, k: int, of: int) -> Verdict:
    seen, belief = held(k, of), expected(mean, n)
    values = [belief.low + (belief.high - belief.low) * step / 4 for step in range(5)]
    signs = {clear(value, n, at, of) for value in values for at in range(seen.low, seen.high + 1)}
    verdict = {1: Verdict.ABOVE, -1: Verdict.BELOW, 0: Verdict.UNCLEAR}
    return verdict[signs.pop()] if len(signs) == 1 else Verdict.UNCLEAR


def test_three_of_ten_expected_and_seven_held() -> None:
    """30 people expect 3 in 10 and 21 of 30 agree: they expected clearly fewer."""
    assert misjudged(expected(3, 30), held(21, 30)) is Verdict.BELOW
    assert misjudged(expected(7, 30), held(9, 30)) is Verdict.ABOVE
    assert misjudged(expected(6.5, 30), held(18, 30)) is Verdict.UNCLEAR


def test_a_cut_is_open_to_its_end() -> None:
    """ "8 or more" may be 10: nothing tells it from everybody, and half of the people it does exceed."""
    assert misjudged(expected(8, 60), held(60, 60)) is Verdict.UNCLEAR
    assert misjudged(expected(8, 60), held(30, 60)) is Verdict.ABOVE


def test_too_few_on_either_side_are_not_judged() -> None:
    """Under 30 % of either side's people nothing is said."""
    assert misjudged(expected(3, 30), held(21, 30, 101)) is None
    assert misjudged(Expected(low=2.75, high=3.25, n=30, roster=101), held(21, 30)) is None


@pytest.mark.parametrize(
    ("low", "high", "n", "roster"),
    [(-1, 2, 12, 12), (3, 2, 12, 12), (3, 11, 12, 12), (3, 4, 0, 12), (3, 4, 12, 11)],
)
def test_what_cannot_be_expected_is_refused(low: float, high: float, n: int, roster: int) -> None:
    """A mean lies between 0 and 10 of ten, and somebody of the roster gave it."""
    with pytest.raises(BadNumbers, match="is no expectation"):
        Expected(low=low, high=high, n=n, roster=roster)
