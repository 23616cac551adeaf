"""Whether one side misjudges the other: what it expects against what the other side answered.

Five buttons ask how many of ten people on the other side agree (0–1, 2–3, 4–6, 7–8, 9–10, with the midpoints
0.5, 2.5, 5, 7.5 and 9.5). The mean is published to the nearest half, or as 2 or fewer or 8 or more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

from pulse.core.comparison import Verdict
from pulse.core.errors import BadNumbers
from pulse.core.likelihood import DESCRIBES, Observation
from pulse.core.stats import wilson

SPREAD = 4.9
"""1.96 standard deviations of one answer, in people of ten; the 2.5 assumed is more than answers vary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a side expects of the other: a mean of `low` to `high` people of ten, from `n` of `roster` people.

    A mean printed as m is from m − 0.25 to m + 0.25; "2 or fewer" is from 0 to 2.25 and "8 or more" from 7.75
    to 10. Raises BadNumbers unless 0 ≤ low ≤ high ≤ 10 and 0 < n ≤ roster.
    """

    low: float
    high: float
    n: int
    roster: int

    def __post_init__(self) -> None:
        if not (0 <= self.low <= self.high <= 10 and 0 < self.n <= self.roster):
            raise BadNumbers(f"{self.low} to {self.high} of ten is no expectation of {self.n} people.")


def misjudged(expected: Expected, held: Observation) -> Verdict | None:
    """Whether a side expected clearly more (ABOVE) or fewer (BELOW) to agree than really do.

    The interval of the difference between the expected mean (± 4.9/√n) and the other side's share (Wilson's
    limits), joined as R. G. Newcombe (1998, method 10) does, must leave 0 out for every value that either may
    have. None if under 30 % of either side answered.

    >>> from datetime import date
    >>> held = Observation(date(2026, 11, 27), 21, 21, 30, 36)
    >>> misjudged(Expected(low=2.75, high=3.25, n=30, roster=36), held).value
    'below'
    """
    if 100 * expected.n < DESCRIBES * expected.roster or not held.describes:
        return None
    limits = list(_limits(expected, held))
    if all(low > 0 for low, _high in limits):
        return Verdict.ABOVE
    return Verdict.BELOW if all(high < 0 for _low, high in limits) else Verdict.UNCLEAR


def _limits(expected: Expected, held: Observation) -> Iterator[tuple[float, float]]:
    """The interval of the difference, as shares, for each value that the two may have."""
    half = SPREAD / 10 / sqrt(expected.n)
    for mean in (expected.low / 10, expected.high / 10):
        for k in range(held.low, held.high + 1):
            share, seen = k / held.n, wilson(k, held.n)
            low = mean - share - sqrt(half**2 + (seen.high - share) ** 2)
            high = mean - share + sqrt(half**2 + (share - seen.low) ** 2)
            yield low, high
