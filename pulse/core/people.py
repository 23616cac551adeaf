"""What a side's answers say about all the people in its channels, in numbers of people.

`certain` holds whatever the people without an opinion think. `plausible` holds if they think like the others,
as if those who answered had been drawn by lot: the numbers that exact inversion of the hypergeometric keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import comb

from pulse.core.likelihood import Observation

PLAUSIBLE_FROM = 60
"""A plausible range is given if at least this per cent of the roster answered."""

TAIL = 40
"""A number of people is kept if each tail is over 1 in 40."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRange:
    """How many of a side's `roster` people choose a measure. `plausible_*` are None under 60 % response."""

    certain_low: int
    certain_high: int
    plausible_low: int | None
    plausible_high: int | None
    roster: int


def people_range(seen: Observation) -> PeopleRange:
    """The certain bounds, and from 60 % response the plausible range, of what a wave published.

    For a merged figure, the union over the counts that it stands for.

    >>> from datetime import date
    >>> found = people_range(Observation(date(2026, 11, 27), 8, 8, 12, 16))
    >>> (found.certain_low, found.certain_high), (found.plausible_low, found.plausible_high)
    ((8, 12), (8, 12))
    """
    low = high = None
    if 100 * seen.n >= PLAUSIBLE_FROM * seen.roster:
        low = plausible(seen.low, seen.n, seen.roster)[0]
        high = plausible(seen.high, seen.n, seen.roster)[1]
    return PeopleRange(
        certain_low=seen.low,
        certain_high=seen.high + seen.roster - seen.n,
        plausible_low=low,
        plausible_high=high,
        roster=seen.roster,
    )


@lru_cache(maxsize=16384)
def plausible(k: int, n: int, roster: int) -> tuple[int, int]:
    """The lowest and highest K among `roster` people for which `k` in a draw of `n` is in neither 2.5 % tail.

    K is kept if P(X ≤ k) and P(X ≥ k) are both over 1/40, X hypergeometric; computed in whole numbers, so
    that a tail of exactly 1/40 is left out on every machine. Source: T. Wright, Exact Confidence Bounds when
    Sampling from Small Finite Universes (1991), chapter 2; both tails fall or rise steadily with K, so
    each end is found by halving.
    """
    upper = _first(k, k + roster - n, lambda people: not _over(k, n, people, roster))
    # By symmetry, from n − k of n: the most people who do not choose it.
    lower = _first(n - k, n - k + roster - n, lambda people: not _over(n - k, n, people, roster))
    return roster - (lower - 1), upper - 1


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first number from `low` to `high` from which on `holds` is true, else `high` + 1."""
    while low <= high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle - 1
        else:
            low = middle + 1
    return low


def _over(k: int, n: int, people: int, roster: int) -> bool:
    """Whether P(X ≤ k) is over 1 in 40, X being how many of `people` of `roster` are in a draw of `n`."""
    total = comb(roster, n)
    fewest = max(0, n - (roster - people))
    x = min(k, people)
    ways = comb(people, x) * comb(roster - people, n - x) if x >= fewest else 0
    tail = 0
    while ways:
        tail += ways
        if TAIL * tail > total:
            return True
        # One fewer of the people, one more of the others.
        ways = ways * x * (roster - people - n + x) // ((people - x + 1) * (n - x + 1))
        x -= 1
    return False
