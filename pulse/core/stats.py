"""The statistics of the pulse, with the standard library alone.

| question | function |
| --- | --- |
| how sure is one share | `wilson`, `finite_population`, `worst_case` |
| do two shares differ | `newcombe`, `against_published` |
| does a series move | `cochran_armitage`, `ewma` |
| are several findings real | `holm`, `benjamini_hochberg` |
| do more people say one thing than its opposite | `sign_test` |
| how sure is a mean | `t_interval`, `t_quantile` |
| what could this many people show | `smallest_detectable_fall` |

Counts are people, shares are fractions from 0 to 1, intervals are two-sided. Counts may be fractions where
a published per cent stands for a count. Whatever cannot be counted raises BadNumbers, a ValueError.
The same numbers come from statsmodels and scipy within 1e-9 (tests/core/test_stats.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import atan2, comb, cos, exp, fsum, inf, isfinite, lgamma, log, log1p, pi, sin, sqrt
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

    @property
    def covers_zero(self) -> bool:
        return self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second, as shares, with its interval."""

    estimate: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Trend:
    """The z of a linear trend (rising where positive) and its two-sided p."""

    z: float
    p: float


@dataclass(frozen=True, slots=True)
class Drift:
    """One wave of an EWMA chart: the smoothed share, how far it may lie from the centre, and if it is out."""

    smoothed: float
    half_width: float
    signal: bool


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
    # The rest of n is subtracted before the division, so that 0 and n give exactly 0 and 1.
    middle, spread = k + z2 / 2, sqrt(z2) * sqrt(k * (n - k) / n + z2 / 4)
    low = 0.0 if k == 0 else (middle - spread) / (n + z2)
    high = 1.0 if k == n else (middle + spread) / (n + z2)
    return Interval(max(0.0, low), min(1.0, high))


def finite_population(k: int, n: int, population: int, confidence: float = 0.95) -> Interval:
    """Wilson's interval for the share in a `population` of which `n` people, as if drawn by lot, answered.

    Wilson on the effective sample n·(N − 1)/(N − n), within `worst_case`; where all N answered, k/n itself.
    Source: the finite population correction, W. G. Cochran, Sampling Techniques (1977) section 2.6. People
    choose whether to answer, so this interval is too narrow unless those who did not answer think alike.
    Raises BadNumbers unless 0 ≤ k ≤ n ≤ population and n > 0.

    >>> [round(limit, 6) for limit in finite_population(12, 20, 25).limits]
    [0.499981, 0.68]
    """
    bounds = worst_case(k, n, population)
    if n == population:
        return bounds
    effective = n * (population - 1) / (population - n)
    drawn = wilson(k / n * effective, effective, confidence)
    return Interval(max(drawn.low, bounds.low), min(drawn.high, bounds.high))


def worst_case(k: int, n: int, population: int) -> Interval:
    """What the share among all `population` people can be at all: k/N to (k + N − n)/N.

    Nobody, or everybody, of those who did not answer may agree. Source: C. F. Manski, Partial
    Identification of Probability Distributions (2003), chapter 1. Raises BadNumbers as above.

    >>> worst_case(12, 20, 40)
    Interval(low=0.3, high=0.8)
    """
    _check_count(k, n)
    if population < n:
        raise BadNumbers(f"{n} answers cannot come from {population} people.")
    return Interval(k / population, (k + population - n) / population)


def newcombe(k1: float, n1: float, k2: float, n2: float, confidence: float = 0.95) -> Difference:
    """The difference of two independent shares, k1/n1 − k2/n2, with Newcombe's hybrid score interval.

    d − √((p1 − l1)² + (u2 − p2)²) to d + √((u1 − p1)² + (p2 − l2)²), l and u being Wilson's limits.
    Source: R. G. Newcombe, Statistics in Medicine 17 (1998) 873, method 10. Raises BadNumbers as `wilson`.

    >>> difference = newcombe(9, 12, 7, 12)
    >>> round(difference.estimate, 6), [round(limit, 6) for limit in difference.interval.limits]
    (0.166667, [-0.193343, 0.475765])
    """
    one, two = wilson(k1, n1, confidence), wilson(k2, n2, confidence)
    p1, p2 = k1 / n1, k2 / n2
    down = sqrt((p1 - one.low) ** 2 + (two.high - p2) ** 2)
    up = sqrt((one.high - p1) ** 2 + (p2 - two.low) ** 2)
    return Difference(p1 - p2, Interval(max(-1.0, p1 - p2 - down), min(1.0, p1 - p2 + up)))


def against_published(
    k: float,
    n: float,
    published: tuple[float, float, float],
    n0: int,
    confidence: float = 0.95,
) -> Difference:
    """The difference between `k` of `n` people and a published per cent of `n0` people, as shares.

    `published` is (per cent, lowest, highest): what the printed figure may have been before rounding. The
    estimate is against the whole count next to the figure; the interval is the union of Newcombe's over the
    range. The published figure is a sample too. Raises BadNumbers where the range does not hold the figure.

    >>> difference = against_published(20, 30, (56, 55.5, 56.5), 405)
    >>> round(difference.estimate, 6), [round(limit, 6) for limit in difference.interval.limits]
    (0.106173, [-0.083386, 0.260864])
    """
    percent, lowest, highest = published
    if not 0 <= lowest <= percent <= highest <= 100:
        raise BadNumbers(f"{percent} per cent does not lie between {lowest} and {highest}.")
    counts = (round(percent * n0 / 100), lowest * n0 / 100, highest * n0 / 100)
    middle, *ends = (newcombe(k, n, count, n0, confidence) for count in counts)
    every = [middle.interval, *(end.interval for end in ends)]
    return Difference(middle.estimate, Interval(min(i.low for i in every), max(i.high for i in every)))


def cochran_armitage(k: Sequence[int], n: Sequence[int], scores: Sequence[float] | None = None) -> Trend:
    """The test for a linear trend of shares over waves, `k` of `n` people in each.

    z = Σ s(k − n·p̄) / √(p̄(1 − p̄)(Σ n·s² − (Σ n·s)²/N)), scores s = 0, 1, 2, … where none are given.
    Source: P. Armitage, Biometrics 11 (1955) 375. Where everybody or nobody agreed throughout there is no
    trend: z 0, p 1. Raises BadNumbers for fewer than two waves or scores that are all the same.

    >>> trend = cochran_armitage([5, 6, 6, 7, 8, 9], [11, 12, 10, 12, 12, 11])
    >>> round(trend.z, 6), round(trend.p, 6)
    (1.878057, 0.060373)
    """
    s = list(scores) if scores is not None else list(range(len(k)))
    if not len(k) == len(n) == len(s) or len(k) < 2:
        raise BadNumbers("A trend needs two waves or more, each with its counts and its score.")
    for agreed, asked in zip(k, n, strict=True):
        _check_count(agreed, asked)
    total = sum(n)
    share = sum(k) / total
    # Scores are centred first: the textbook sum of squares cancels badly.
    centre = fsum(a * b for a, b in zip(n, s, strict=True)) / total
    spread = fsum(a * (b - centre) ** 2 for a, b in zip(n, s, strict=True))
    if spread == 0:
        raise BadNumbers("A trend needs waves at different times.")
    if share in (0, 1):
        return Trend(0.0, 1.0)
    above = fsum((b - centre) * c for b, c in zip(s, k, strict=True))
    z = above / sqrt(share * (1 - share) * spread)
    return Trend(z, 2 * _NORMAL.cdf(-abs(z)))


def ewma(
    k: Sequence[int], n: Sequence[int], centre: float, weight: float = 0.2, width: float = 2.86
) -> tuple[Drift, ...]:
    """The exponentially weighted moving average of a series of shares, with its exact limits wave by wave.

    z = λx + (1 − λ)z from z = `centre`; its variance v = λ²·c(1 − c)/n + (1 − λ)²v from 0 (with equal n
    this is λ/(2 − λ)·(1 − (1 − λ)^2t)·c(1 − c)/n); a signal where |z − c| > L√v.
    Source: J. M. Lucas and M. S. Saccucci, Technometrics 32 (1990) 1. λ 0.2 and L 2.86 give about one false
    alarm in 380 waves. Raises BadNumbers unless 0 < centre < 1 and 0 < weight ≤ 1.

    >>> [(round(wave.smoothed, 6), round(wave.half_width, 6)) for wave in ewma([7, 8], [12, 12], 0.6)]
    [(0.596667, 0.080893), (0.610667, 0.103594)]
    """
    if not (0 < centre < 1 and 0 < weight <= 1 and width > 0):
        raise BadNumbers("A drift chart needs a centre between 0 and 1, and a weight above 0 and up to 1.")
    waves: list[Drift] = []
    smoothed, variance = centre, 0.0
    for agreed, asked in zip(k, n, strict=True):
        _check_count(agreed, asked)
        smoothed = weight * agreed / asked + (1 - weight) * smoothed
        variance = weight**2 * centre * (1 - centre) / asked + (1 - weight) ** 2 * variance
        half = width * sqrt(variance)
        waves.append(Drift(smoothed, half, abs(smoothed - centre) > half))
    return tuple(waves)


def sign_test(more: int, fewer: int) -> float:
    """The two-sided exact p of the sign test: as uneven a split of `more` + `fewer` people, or more uneven.

    Those in between are left out. Source: W. J. Dixon and A. M. Mood, JASA 41 (1946) 557. p is 1 where
    nobody took a side. Raises BadNumbers for a negative count.

    >>> sign_test(9, 1)
    0.021484375
    """
    if min(more, fewer) < 0:
        raise BadNumbers(f"{more} and {fewer} people cannot be compared.")
    people = more + fewer
    tail = sum(comb(people, k) for k in range(min(more, fewer) + 1))
    return float(min(1.0, tail / 2 ** (people - 1))) if people else 1.0


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p of several tests, in their order: one below 0.05 is a finding.

    The i-th smallest of m is multiplied by m − i + 1, never below a smaller one's, at most 1.
    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65. Raises BadNumbers unless 0 ≤ p ≤ 1.

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    order = _ascending(p)
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[at]))
        adjusted[at] = highest
    return tuple(adjusted)


def benjamini_hochberg(p: Sequence[float]) -> tuple[float, ...]:
    """The p of several tests adjusted for the share of false findings, in their order.

    The i-th smallest of m is multiplied by m/i, never above a larger one's.
    Source: Y. Benjamini and Y. Hochberg, JRSS B 57 (1995) 289. Raises BadNumbers unless 0 ≤ p ≤ 1.

    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    (0.03, 0.04, 0.04)
    """
    order = _ascending(p)
    adjusted, lowest = [0.0] * len(p), 1.0
    for rank in range(len(p), 0, -1):
        at = order[rank - 1]
        lowest = min(lowest, len(p) * p[at] / rank)
        adjusted[at] = lowest
    return tuple(adjusted)


def t_interval(mean: float, deviation: float, n: int, confidence: float = 0.95) -> Interval:
    """The t interval of a mean over `n` persons with sample deviation `deviation`, in the mean's unit.

    mean ± t(n − 1)·deviation/√n. Source: "Student", Biometrika 6 (1908) 1. Not clamped: the caller knows
    the scale. Raises BadNumbers under two persons or for a negative deviation.

    >>> [round(limit, 6) for limit in t_interval(60, 20, 25).limits]
    [51.744406, 68.255594]
    """
    if n < 2 or deviation < 0 or not isfinite(mean) or not isfinite(deviation):
        raise BadNumbers("The interval of a mean needs two persons or more and a deviation of 0 or more.")
    half = t_quantile((1 + confidence) / 2, n - 1) * deviation / sqrt(n)
    return Interval(mean - half, mean + half)


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: int) -> float:
    """Student's t at probability `p` with `df` degrees of freedom.

    Newton's steps on the exact distribution for whole df (Abramowitz and Stegun 26.7.3 and 26.7.4); above
    200 the expansion in 1/df (26.7.5, four terms). Raises BadNumbers unless 0 < p < 1 and df ≥ 1.

    >>> round(t_quantile(0.975, 24), 9)
    2.063898562
    """
    if not 0 < p < 1 or df < 1:
        raise BadNumbers(
            "A quantile of t needs a probability between 0 and 1 and 1 degree of freedom or more."
        )
    if p < 0.5:
        return -t_quantile(1 - p, df)
    if df == 1:
        return sin(pi * (p - 0.5)) / cos(pi * (p - 0.5))
    if df > 200:
        return _t_expansion(_NORMAL.inv_cdf(p), df)
    return _t_newton(p, df)


def _t_expansion(z: float, df: int) -> float:
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + fsum(term / float(df) ** power for power, term in enumerate(terms, 1))


def _t_newton(p: float, df: int) -> float:
    """Bisection keeps Newton's steps inside a bracket that surely holds the quantile."""
    low, high = 0.0, 1.0
    while _t_central(high, df) < 2 * p - 1:
        low, high = high, 2 * high
    scale = exp(lgamma((df + 1) / 2) - lgamma(df / 2)) / sqrt(df * pi)
    t = (low + high) / 2
    for _step in range(100):
        error = (_t_central(t, df) - (2 * p - 1)) / 2
        low, high = (low, t) if error > 0 else (t, high)
        following = t - error / (scale * exp(-(df + 1) / 2 * log1p(t * t / df)))
        following = following if low <= following <= high else (low + high) / 2
        if abs(following - t) <= 1e-15 * t:
            break
        t = following
    return t


def _t_central(t: float, df: int) -> float:
    """The probability that |T| ≤ t, as a finite sum of powers of cos θ, tan θ = t/√df."""
    angle = atan2(t, sqrt(df))
    cosine2, term, total = cos(angle) ** 2, 1.0, 1.0
    odd = df % 2
    if odd:
        term = total = cos(angle) if df > 1 else 0.0
    for i in range(2 + odd, df - 1, 2):
        term *= cosine2 * (i - 1) / i
        total += term
    return (angle + sin(angle) * total) * 2 / pi if odd else sin(angle) * total


@lru_cache(maxsize=4096)
@lru_cache(maxsize=1024)
def smallest_detectable_fall(n: int, before: float = 0.6, odds: float = 0.8) -> int | None:
    """The smallest real fall, in points, that two waves of `n` answers each would probably show.

    Exact enumeration of both waves' binomial counts: the fall from `before` at which Newcombe's interval
    leaves 0 out with probability `odds`. Given to the nearest 5 points, under 10 to the nearest point, as
    the odds hold for one starting share. None where no fall from `before` can be seen. Raises BadNumbers
    unless n ≥ 1.

    >>> [smallest_detectable_fall(n) for n in (5, 12, 30, 60, 5000)]
    [None, 50, 35, 25, 3]
    """
    _check_count(0, n)
    edge = _clear_falls(n)
    for points in range(1, round(before * 100) + 1):
        if _seen(n, before, before - points / 100, edge) >= odds:
            return points if points < 10 else 5 * round(points / 5)
    return None


def _clear_falls(n: int) -> list[int]:
    """For each count before, the highest count after that is clearly lower; −1 where none is."""
    edge, after = [], -1
    for k in range(n + 1):
        while after + 1 < k and newcombe(after + 1, n, k, n).interval.high < 0:
            after += 1
        edge.append(after)
    return edge


def _seen(n: int, before: float, after: float, edge: Sequence[int]) -> float:
    cumulative, below = [0.0], 0.0
    for chance in _binomial(n, after):
        below += chance
        cumulative.append(below)
    return fsum(
        chance * cumulative[highest + 1] for chance, highest in zip(_binomial(n, before), edge, strict=True)
    )


def _binomial(n: int, share: float) -> list[float]:
    if share <= 1e-12:
        return [1.0] + [0.0] * n
    step = lgamma(n + 1)
    return [
        exp(step - lgamma(k + 1) - lgamma(n - k + 1) + k * log(share) + (n - k) * log1p(-share))
        for k in range(n + 1)
    ]


def _ascending(p: Sequence[float]) -> list[int]:
    if not all(0 <= value <= 1 for value in p):
        raise BadNumbers("A probability lies between 0 and 1.")
    return sorted(range(len(p)), key=p.__getitem__)


@lru_cache(maxsize=4096)
def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise BadNumbers(f"A confidence lies between 0 and 1, unlike {confidence}.")
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def _check_count(k: float, n: float) -> None:
    if not (0 <= k <= n and 0 < n < inf):
        raise BadNumbers(f"{k} of {n} people is no share: count from 0 to n, and n above 0.")
