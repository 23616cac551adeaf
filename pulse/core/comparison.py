"""How a side compares with a published figure, and the sides with each other.

Both use the log-likelihood of what was published, averaged over a wave and up to 3 before it within 13
weeks: an average carries the information of one wave, never more, so people who answer again and again are
not counted again and again. A verdict begins where |z| reaches `BEGINS` (`BEGINS_ALONE` if there is only
one wave to average) and stays until |z| is under `ENDS`, so that it does not come and go with every wave.
The thresholds come from simulation (docs/method.md, "How often it is right").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from math import log, log1p

from pulse.core.errors import BadNumbers
from pulse.core.likelihood import GRID, Curve, Observation, Vector, contrast, log_likelihood
from pulse.core.stats import sign_test

BEGINS = 1.96
BEGINS_ALONE = 2.58
ENDS = 1.28
MOST_WAVES = 4
WITHIN = timedelta(weeks=13)
ASSUMED_N = 100
"""The sample that is assumed if a study did not publish the number of people asked on a side."""


class Verdict(StrEnum):
    """How a share compares with another. `UNCLEAR`: the two can't be told apart."""

    ABOVE = "above"
    BELOW = "below"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A published per cent with the lowest and highest it may have been before rounding.

    `n` is the number of people asked on that side, None if it was not published. Raises BadNumbers
    unless 0 ≤ low ≤ percent ≤ high ≤ 100 and n is above 0.
    """

    low: float
    percent: float
    high: float
    n: int | None

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.percent <= self.high <= 100 or (self.n is not None and self.n < 1):
            raise BadNumbers(f"{self.percent} per cent does not lie between {self.low} and {self.high}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A verdict at the last wave of a series: `z` of the comparison, `waves` that were averaged."""

    verdict: Verdict
    z: float
    waves: int


def against_study(series: Sequence[Observation], study: Study) -> Standing | None:
    """How the last wave of a series compares with a published figure; None if it must not be compared.

    `series` is as in `pulse.core.claims.claims`. The study is a binomial sample of its own. z is computed at
    the published per cent and at both ends of its range: 0 if the signs differ, else the one nearest to 0.
    None for an empty series, and if the last wave does not describe the channel.

    >>> from datetime import date
    >>> wave = Observation(date(2026, 11, 27), 2, 2, 13, 16)
    >>> against_study([wave], Study(low=55.5, percent=56, high=56.5, n=405)).verdict.value
    'below'
    """
    if not series or not series[-1].describes:
        return None
    waves = [wave for wave in series if wave.describes]
    return _settle(_against_study(waves, end, study) for end in range(len(waves), 0, -1))


def gap(pairs: Sequence[tuple[Observation, Observation]]) -> Standing | None:
    """How the first side compares with the second at the last wave in which both could be shown.

    `pairs` holds both sides' observations of the same waves, oldest first. Each side is averaged on its own.
    None as in `against_study`, for either side.

    >>> from datetime import date
    >>> day = date(2026, 11, 27)
    >>> gap([(Observation(day, 10, 10, 40, 50), Observation(day, 30, 30, 40, 50))]).verdict.value
    'below'
    """
    if not pairs or not all(wave.describes for wave in pairs[-1]):
        return None
    waves = [pair for pair in pairs if all(wave.describes for wave in pair)]
    return _settle(_between_sides(waves, end) for end in range(len(waves), 0, -1))


def _settle(steps: Iterator[tuple[float, int]]) -> Standing:
    """The verdict at the first of `steps`: (z, waves averaged), from the newest wave backwards.

    Only a z between `ENDS` and `BEGINS` depends on the verdict before, so few steps are taken.
    """
    z, waves = next(steps)
    verdict = _decided(z, waves)
    while verdict is None:
        earlier, averaged = next(steps)
        same_sign = (earlier > 0) == (z > 0)
        verdict = _decided(earlier, averaged) if same_sign else Verdict.UNCLEAR
    return Standing(verdict=verdict, z=z, waves=waves)


def _decided(z: float, waves: int) -> Verdict | None:
    """The verdict that a z gives by itself; None if the one before stays."""
    if abs(z) >= (BEGINS_ALONE if waves == 1 else BEGINS):
        return Verdict.ABOVE if z > 0 else Verdict.BELOW
    return Verdict.UNCLEAR if waves == 1 or abs(z) < ENDS else None


def _against_study(waves: Sequence[Observation], end: int, study: Study) -> tuple[float, int]:
    """z and the number of waves averaged, at the wave before `end`."""
    recent = _recent([wave.day for wave in waves[:end]])
    ours, share = _average(waves[end - recent : end])
    size = study.n or ASSUMED_N
    found = []
    for percent in (study.low, study.percent, study.high):
        theirs = published(percent, size)
        found.append(contrast(ours, share, theirs.__getitem__, percent / 100))
    if min(found) < 0 < max(found):
        return 0.0, recent
    return min(found, key=abs), recent


def _between_sides(pairs: Sequence[tuple[Observation, Observation]], end: int) -> tuple[float, int]:
    recent = _recent([one.day for one, _other in pairs[:end]])
    (ours, share), (theirs, other) = (_average(side) for side in zip(*pairs[end - recent : end], strict=True))
    return contrast(ours, share, theirs, other), recent


def _recent(days: Sequence[date]) -> int:
    """How many of the last waves are averaged: the last one and up to 3 before it, within 13 weeks."""
    return sum(days[-1] - day <= WITHIN for day in days[-MOST_WAVES:])


def _average(waves: Sequence[Observation]) -> tuple[Curve, float]:
    """The mean log-likelihood of waves, and a guess of where it peaks."""
    vectors = [wave.vector for wave in waves]
    share = sum(wave.low + wave.high for wave in waves) / sum(2 * wave.n for wave in waves)
    return lambda at: sum(vector[at] for vector in vectors) / len(vectors), share


@lru_cache(maxsize=1024)
def published(percent: float, n: int) -> Vector:
    """The log-likelihood of a published per cent of `n` people; its count may be a fraction."""
    chosen = percent * n / 100
    return tuple(chosen * log(share) + (n - chosen) * log1p(-share) for share in GRID)


@lru_cache(maxsize=1024)
def reach(n: int, sample: int | None) -> tuple[int | None, int | None]:
    """Which figures `n` answers per wave can be told apart from: (highest to be above, lowest to be below).

    They are whole per cents of a study that asked `sample` people, under the rule in force for several waves:
    the highest that waves of only "n − 2 or more" are above, and the lowest that waves of only "2 or fewer"
    are below. None if there is no such per cent. Raises BadNumbers under 5 answers, which are never shown.

    >>> reach(12, 405)
    (63, 37)
    """
    if n < 5:
        raise BadNumbers(f"Nothing is shown of {n} answers.")
    most, fewest = log_likelihood(n - 2, n, n), log_likelihood(0, 2, n)
    above = [percent for percent in range(1, 100) if _told(most, 1.0, percent, sample)]
    below = [percent for percent in range(1, 100) if _told(fewest, 0.0, percent, sample)]
    return max(above, default=None), min(below, default=None)


def _told(vector: Vector, share: float, percent: int, sample: int | None) -> bool:
    size = sample or ASSUMED_N
    return all(
        abs(contrast(vector.__getitem__, share, published(end, size).__getitem__, end / 100)) >= BEGINS
        and (end / 100 < share) == (share > 0.5)
        for end in (percent - 0.5, percent, percent + 0.5)
    )


def better_or_worse(better: tuple[int, int], worse: tuple[int, int]) -> Verdict:
    """Whether more people say "better" than "worse", by the sign test at 5 %.

    Each count is a range, (lowest, highest); a verdict holds for every value in it.

    >>> better_or_worse((9, 9), (1, 1)).value, better_or_worse((9, 9), (0, 4)).value
    ('above', 'unclear')
    """
    for verdict, more, fewer in ((Verdict.ABOVE, better, worse), (Verdict.BELOW, worse, better)):
        if more[0] > fewer[1] and sign_test(more[0], fewer[1]) <= 0.05:
            return verdict
    return Verdict.UNCLEAR
