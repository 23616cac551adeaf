"""What published counts say about a share: log-likelihoods on a fixed grid.

An `Observation` is all that is published of one side, one measure and one wave: a count, or the interval of
a merged end. Its log-likelihood at a share p is that of a binomial count, or for an interval the log of the
sum over the counts inside it. The vector holds it at the 249 shares of `GRID`, from 0.004 to 0.996. Constants
that do not depend on p are left out of exact counts: only differences along the grid mean anything.

Each vector is concave: P(low ≤ X ≤ high) is the chance that p lies between two order statistics of n uniform
draws, whose joint density is log-concave, and marginals of log-concave functions are log-concave (A. Prékopa,
Acta Sci. Math. 34 (1973) 335). So the peak of any sum of them is found by climbing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate
from math import comb, exp, log, log1p, sqrt
from operator import add

from pulse.core.errors import BadNumbers

STEPS = 250
GRID = tuple(step / STEPS for step in range(1, STEPS))
"""The shares at which likelihoods are compared."""

_LOG = tuple(log(share) for share in GRID)
_LOG_REST = tuple(log1p(-share) for share in GRID)

Vector = tuple[float, ...]
Curve = Callable[[int], float]
"""A log-likelihood by the position on `GRID`."""

DESCRIBES = 30
"""Per cent of the roster that must answer to describe the channel: with fewer, nothing is derived."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a wave that closed on `day` published of a side and a measure: `low` to `high` of `n` people.

    `roster` is the side's people at the opening. Raises BadNumbers unless 0 ≤ low ≤ high ≤ n ≤ roster and
    n is above 0.
    """

    day: date
    low: int
    high: int
    n: int
    roster: int

    def __post_init__(self) -> None:
        if not (0 <= self.low <= self.high <= self.n <= self.roster and self.n > 0):
            raise BadNumbers(f"{self.low} to {self.high} of {self.n} of {self.roster} people is no share.")

    @property
    def describes(self) -> bool:
        """Whether enough of the roster answered to describe the channel."""
        return 100 * self.n >= DESCRIBES * self.roster

    @property
    def vector(self) -> Vector:
        return log_likelihood(self.low, self.high, self.n)


@lru_cache(maxsize=16384)
def log_likelihood(low: int, high: int, n: int) -> Vector:
    """The log-likelihood of `low` to `high` of `n` people at each share of `GRID`.

    >>> vector = log_likelihood(6, 6, 9)
    >>> GRID[vector.index(max(vector))]
    0.668
    """
    if low == high:
        return tuple(low * a + (n - low) * b for a, b in zip(_LOG, _LOG_REST, strict=True))
    # The largest term is factored out of the sum, so that nothing underflows.
    ways = [(k, log(comb(n, k))) for k in range(low, high + 1)]
    found = []
    for a, b in zip(_LOG, _LOG_REST, strict=True):
        terms = [c + k * a + (n - k) * b for k, c in ways]
        top = max(terms)
        found.append(top + log(sum(exp(term - top) for term in terms)))
    return tuple(found)


def sums(vectors: Sequence[Vector]) -> list[Vector]:
    """Running sums, from none of the vectors to all of them."""
    return list(
        accumulate(vectors, lambda total, one: tuple(map(add, total, one)), initial=(0.0,) * len(GRID))
    )


def between(totals: Sequence[Vector], first: int, end: int) -> Curve:
    """The log-likelihood of the waves from `first` to before `end`, from running sums."""
    before, after = totals[first], totals[end]
    return lambda at: after[at] - before[at]


def peak(curve: Curve, start: int) -> tuple[float, int]:
    """The largest value of a concave curve and where it lies, climbing from `start`."""
    best, at = curve(start), start
    for step in (1, -1):
        while 0 <= at + step < len(GRID) and (value := curve(at + step)) > best:
            best, at = value, at + step
    return best, at


def nearest(share: float) -> int:
    """The position on `GRID` that is nearest to a share."""
    return min(max(round(share * STEPS), 1), STEPS - 1) - 1


def contrast(one: Curve, one_share: float, two: Curve, two_share: float) -> float:
    """How clearly two log-likelihoods differ: the signed root of the likelihood ratio.

    z = ±√(2·(max ℓ₁ + max ℓ₂ − max(ℓ₁ + ℓ₂))), positive if the first peaks at the higher share; nearly
    standard normal if the shares are equal. `one_share` and `two_share` are guesses of where the peaks lie.
    Source: S. S. Wilks, Annals of Mathematical Statistics 9 (1938) 60.
    """
    top_one, at_one = peak(one, nearest(one_share))
    top_two, at_two = peak(two, nearest(two_share))
    if at_one == at_two:
        return 0.0
    together, _at = peak(lambda at: one(at) + two(at), (at_one + at_two) // 2)
    z = sqrt(max(0.0, 2 * (top_one + top_two - together)))
    return z if at_one > at_two else -z
