"""A misjudgement is called only where every value that was published allows it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise, product
from math import sqrt

import pytest
from scipy.optimize import brentq
from scipy.stats import binom, norm
from statsmodels.stats.proportion import proportion_confint

from pulse.core.comparison import Verdict
from pulse.core.errors import BadNumbers
from pulse.core.expectation import Expected, misjudged
from pulse.core.followup import expectation_report
from pulse.core.likelihood import Observation
from pulse.core.model import Expected as Kept
from pulse.core.model import Side, Tally
from pulse.core.privacy import EXPECTED, publish_expectation
from tests.core.closed import item_of
from tests.core.series import START, ends
from tests.depth import also_soaked, length


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
    """For all values that mean and count can have, statsmodels' limits exclude 0 on the same side."""
    for n, of in product((11, 12, 17, 30, 60), (7, 12, 30, 45)):
        for k in range(of + 1):
            assert misjudged(expected(mean, n), held(k, of)) is slowly(mean, n, k, of), (n, k, of)


def slowly(mean: float, n: int, k: int, of: int) -> Verdict:
    seen, belief = held(k, of), expected(mean, n)
    values = [belief.low + (belief.high - belief.low) * step / 4 for step in range(5)]
    signs = {clear(value, n, at, of) for value in values for at in range(seen.low, seen.high + 1)}
    verdict = {1: Verdict.ABOVE, -1: Verdict.BELOW, 0: Verdict.UNCLEAR}
    return verdict[signs.pop()] if len(signs) == 1 else Verdict.UNCLEAR


SIZES = (12, 30, 60)


def guesses(mean: float, spread: float) -> tuple[float, ...]:
    """How often each button is pressed if guesses are roughly normal with this mean."""

    def pressed(centre: float) -> tuple[float, ...]:
        below = [0.0, *(norm.cdf(cut, centre, spread) for cut in (1.5, 3.5, 6.5, 8.5)), 1.0]
        return tuple(b - a for a, b in pairwise(below))

    def off(centre: float) -> float:
        return sum(p * half / 2 for p, half in zip(pressed(centre), EXPECTED.values(), strict=True)) - mean

    return pressed(brentq(off, -20, 30))


@cache
def published(chances: tuple[float, ...], n: int) -> dict[float, float]:
    """The chance of each mean that `publish_expectation` gives of `n` guesses, by all their sums."""
    sums: dict[int, tuple[float, tuple[int, ...]]] = {0: (1.0, (0,) * len(EXPECTED))}
    for _person in range(n):
        more: dict[int, tuple[float, tuple[int, ...]]] = {}
        for total, (chance, counts) in sums.items():
            for place, (half, p) in enumerate(zip(EXPECTED.values(), chances, strict=True)):
                one = tuple(people + (at == place) for at, people in enumerate(counts))
                more[total + half] = (more.get(total + half, (0.0, one))[0] + chance * p, one)
        sums = more
    found: dict[float, float] = {}
    for chance, counts in sums.values():
        kept = publish_expectation(Tally(n, dict(zip(EXPECTED, counts, strict=True))), 5)
        assert isinstance(kept, Kept)
        found[kept.of_ten] = found.get(kept.of_ten, 0.0) + chance
    return found


@cache
def called(mean: float, k: int, n: int) -> bool:
    found = expectation_report(item_of("T01"), Side.MARKETING, Kept(n, mean), n, held(k, n))
    return found.misjudged


def told(mean: float, share: float, spread: float, n: int) -> float:
    """How often a result calls a misjudgement: `n` people expect `mean` of ten, `n` others hold `share`."""
    return sum(
        chance * float(binom.pmf(k, n, share))
        for value, chance in published(guesses(mean, spread / 10), n).items()
        for k in range(n + 1)
        if called(value, k, n)
    )


@pytest.mark.parametrize(("n", "least"), list(zip(SIZES, (0.35, 0.70, 0.95), strict=True)))
@also_soaked
def test_thirty_points_wrong_are_told(n: int, least: float) -> None:
    """In at least 35, 70 and 95 % with 12, 30 and 60 people per side, if neither lies at an open end."""
    for spread in length((25,), (15, 20, 25)):
        for share in (0.3, 0.4, 0.5):
            assert told(10 * share + 3, share, spread, n) >= least
            assert told(10 * (1 - share) - 3, 1 - share, spread, n) >= least


@pytest.mark.parametrize("n", SIZES)
@also_soaked
def test_what_is_right_is_rarely_called_wrong(n: int) -> None:
    """In at most 4 %, even if both values lie at an open end."""
    shares = length((0.08, 0.3, 0.5, 0.92), tuple(at / 50 for at in range(4, 47)))
    for spread in length((25,), (10, 15, 20, 25)):
        assert max(told(10 * share, share, spread, n) for share in shares) <= 0.04


def test_at_an_open_end_twelve_people_cannot_tell() -> None:
    """ "2 or fewer of 12" may be 2: that 40 % were expected and one in ten agrees is told in under 5 %."""
    assert told(4, 0.1, 25, 12) < 0.05
    assert told(4, 0.1, 25, 30) > 0.85
    assert [round(told(1, 0.4, 20, n), 2) for n in SIZES] == [0.16, 0.42, 0.74]


def test_guesses_at_both_ends_are_called_wrong_too_often() -> None:
    """They vary by more than 2½ people of ten, the most that the rule assumes: about 8 % with 12 people."""
    split = published((0.5, 0.0, 0.0, 0.0, 0.5), 12)
    wrong = sum(
        chance * float(binom.pmf(k, 12, 0.5))
        for value, chance in split.items()
        for k in range(13)
        if called(value, k, 12)
    )
    assert 0.06 < wrong < 0.09


def test_three_of_ten_expected_and_seven_held() -> None:
    """30 people expect 3 in 10 and 21 of 30 agree: they expected clearly fewer."""
    assert misjudged(expected(3, 30), held(21, 30)) is Verdict.BELOW
    assert misjudged(expected(7, 30), held(9, 30)) is Verdict.ABOVE
    assert misjudged(expected(6.5, 30), held(18, 30)) is Verdict.UNCLEAR


def test_a_cut_is_open_to_its_end() -> None:
    """ "8 or more" may be 10: it cannot be told from everybody, but it exceeds half of the people."""
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
