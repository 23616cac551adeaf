"""Textbook statistics, with the standard library alone.

| question | function |
| --- | --- |
| how sure is one share | `wilson` |
| do more people say one thing than its opposite | `sign_test` |

Counts are people, shares are fractions from 0 to 1, intervals are two-sided. Impossible counts raise
BadNumbers, a ValueError. The same numbers come from statsmodels and scipy within 1e-9
(tests/core/test_stats.py). The rules of claims and verdicts are in `pulse.core.claims` and its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb, inf, sqrt
from statistics import NormalDist

from pulse.core.errors import BadNumbers

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, in the unit of what it is about."""

    low: float
    high: float

    @property
    def limits(self) -> tuple[float, float]:
        return self.low, self.high


@lru_cache(maxsize=4096)
def wilson(k: float, n: float, confidence: float = 0.95) -> Interval:
    """The Wilson score interval of a share, `k` of `n` people, clamped to 0..1.

    (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n), with p = k/n.
    Source: E. B. Wilson, JASA 22 (1927) 209. Raises BadNumbers unless 0 ≤ k ≤ n and n > 0.

    >>> [round(limit, 6) for limit in wilson(6, 9).limits]
    [0.354202, 0.879416]
    """
    _check_count(k, n)
    z2 = _z(confidence) ** 2
    # At k == 0 and k == n the limit is set, because rounding can miss exactly 0 and 1.
    middle, spread = k + z2 / 2, sqrt(z2) * sqrt(k * (n - k) / n + z2 / 4)
    low = 0.0 if k == 0 else (middle - spread) / (n + z2)
    high = 1.0 if k == n else (middle + spread) / (n + z2)
    return Interval(max(0.0, low), min(1.0, high))


def sign_test(more: int, fewer: int) -> float:
    """The two-sided exact p of the sign test: the chance of a split of `more` + `fewer` at least as uneven.

    Those in between are left out. Source: W. J. Dixon and A. M. Mood, JASA 41 (1946) 557. p is 1 if
    nobody took a side. Raises BadNumbers for a negative count.

    >>> sign_test(9, 1)
    0.021484375
    """
    if min(more, fewer) < 0:
        raise BadNumbers(f"{more} and {fewer} people cannot be compared.")
    people = more + fewer
    tail = sum(comb(people, k) for k in range(min(more, fewer) + 1))
    return float(min(1.0, tail / 2 ** (people - 1))) if people else 1.0


@lru_cache(maxsize=4096)
def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise BadNumbers(f"A confidence lies between 0 and 1, unlike {confidence}.")
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def _check_count(k: float, n: float) -> None:
    if not (0 <= k <= n and 0 < n < inf):
        raise BadNumbers(f"{k} of {n} people is no share: count from 0 to n, and n above 0.")
