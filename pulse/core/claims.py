"""Whether a series of waves has changed: claims, each made once.

`claims` replays a series from its first wave. What has been claimed is derived from closed waves each time
and stored nowhere, so a claim never differs between the message, the trend and the scores.

A newer window of waves is compared with the waves before it by the likelihood ratio of what was published
(`pulse.core.likelihood.contrast`). A claim is made if |z| is over the threshold for the window's length; of
several such windows the one furthest over counts. Afterwards the older window begins with the first wave of
that claim's newer window, so a change is claimed once, and a return is a claim of its own. The thresholds
come from simulation (docs/method.md, "How often it is right").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median

from pulse.core.errors import BadNumbers
from pulse.core.likelihood import Observation, Vector, between, contrast, sums
from pulse.core.privacy import share

SELDOM = 27
"""The median of days between waves from which an item is asked seldom: 4 weeks, less a day of slack."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a change is claimed.

    `windows` are (waves of the newer window, threshold of |z|). The older window holds at most `older_most`
    waves, and at least `older_least` with `answers_least` answers together.
    """

    windows: tuple[tuple[int, float], ...]
    older_most: int
    older_least: int
    answers_least: int


OFTEN_RULE = Rule(((1, 3.6), (4, 3.1), (8, 2.95)), 26, 4, 30)
SELDOM_RULE = Rule(((1, 3.4), (2, 3.1), (4, 2.9)), 8, 2, 0)
SMALL_RULE = Rule(((4, 3.4), (8, 3.25)), 26, 8, 30)
"""The rule if the newer window averages under `SMALL` answers per wave."""

SMALL = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Waves of a series taken together: the sums of their published `low`, `high` and `n`."""

    first: date
    last: date
    waves: int
    low: int
    high: int
    n: int

    @property
    def share(self) -> float:
        """The middle of what was published, from 0 to 1."""
        return (self.low + self.high) / (2 * self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A change of a series, made at the close of the wave at position `at` of the series."""

    at: int
    rising: bool
    newer: Window
    older: Window
    z: float


def claims(series: Sequence[Observation]) -> tuple[Claim, ...]:
    """All claims of change of a series, oldest first.

    `series` holds the waves of one side, one measure and one wording in the order of their closes, without
    those that were withheld. Waves that do not describe the channel are left out of every window, and no
    claim is made at them. Raises BadNumbers if the days go back.

    >>> from datetime import date, timedelta
    >>> counts = [21] * 26 + [12] * 13 + [21] * 13
    >>> days = (date(2026, 1, 6) + timedelta(weeks=week) for week in range(52))
    >>> found = claims([Observation(day, k, k, 30, 36) for day, k in zip(days, counts)])
    >>> [(claim.rising, claim.newer.low, claim.newer.n, claim.older.n) for claim in found]
    [(False, 66, 120, 720), (True, 75, 120, 420)]
    """
    return _claims(tuple(series))


@lru_cache(maxsize=1024)
def _claims(series: tuple[Observation, ...]) -> tuple[Claim, ...]:
    if any(after.day < before.day for before, after in pairwise(series)):
        raise BadNumbers("The waves of a series must be in the order of their days.")
    places = [at for at, wave in enumerate(series) if wave.describes]
    history = _History([series[at] for at in places])
    found: list[Claim] = []
    begin = 0
    for end, at in enumerate(places, 1):
        best = max(_candidates(history, begin, end), default=None, key=lambda candidate: candidate.over)
        if best is not None:
            found.append(_claim(history, best, at))
            begin = best.cut
    return tuple(found)


class _History:
    """The waves of a series that describe the channel, with running sums of what windows need."""

    def __init__(self, waves: Sequence[Observation]) -> None:
        self.waves = waves
        self.totals: list[Vector] = sums([wave.vector for wave in waves])
        self.low, self.high, self.n = [0], [0], [0]
        for wave in waves:
            self.low.append(self.low[-1] + wave.low)
            self.high.append(self.high[-1] + wave.high)
            self.n.append(self.n[-1] + wave.n)

    def window(self, first: int, end: int) -> Window:
        return Window(
            first=self.waves[first].day,
            last=self.waves[end - 1].day,
            waves=end - first,
            low=self.low[end] - self.low[first],
            high=self.high[end] - self.high[first],
            n=self.n[end] - self.n[first],
        )

    def answers(self, first: int, end: int) -> int:
        return self.n[end] - self.n[first]

    def share(self, first: int, end: int) -> float:
        chosen = self.low[end] - self.low[first] + self.high[end] - self.high[first]
        return chosen / (2 * self.answers(first, end))

    def seldom(self, end: int) -> bool:
        """Whether the item is asked seldom, by the median of the last eight gaps before `end`."""
        days = [wave.day for wave in self.waves[max(0, end - 9) : end]]
        gaps = [(after - before).days for before, after in pairwise(days)]
        return bool(gaps) and median(gaps) >= SELDOM


@dataclass(frozen=True, slots=True)
class _Candidate:
    """The waves from `first` to before `cut` against those from `cut` to before `end`."""

    first: int
    cut: int
    end: int
    z: float
    over: float


def _candidates(history: _History, begin: int, end: int) -> Iterator[_Candidate]:
    """Each newer window that ends before `end` and claims a change."""
    usual = SELDOM_RULE if history.seldom(end) else OFTEN_RULE
    for rule in (usual, SMALL_RULE):
        for waves, threshold in rule.windows:
            cut = end - waves
            first = max(begin, cut - rule.older_most)
            if cut - first < rule.older_least or history.answers(first, cut) < rule.answers_least:
                continue
            if (history.answers(cut, end) < SMALL * waves) is not (rule is SMALL_RULE):
                continue
            z = _z(history, first, cut, end)
            if abs(z) > threshold:
                yield _Candidate(first, cut, end, z, abs(z) - threshold)


def _z(history: _History, first: int, cut: int, end: int) -> float:
    newer, older = between(history.totals, cut, end), between(history.totals, first, cut)
    return contrast(newer, history.share(cut, end), older, history.share(first, cut))


def _claim(history: _History, found: _Candidate, at: int) -> Claim:
    return Claim(
        at=at,
        rising=found.z > 0,
        newer=history.window(found.cut, found.end),
        older=history.window(found.first, found.cut),
        z=found.z,
    )


USUAL = 0.6
"""The share that a side is assumed to have had, to say which changes its answers can show."""


@lru_cache(maxsize=1024)
def lasting_changes(n: int) -> tuple[int | None, int | None]:
    """(highest count called a fall, lowest called a rise) within 8 waves of `n` answers each.

    Found by applying the rule in force: 26 weekly waves of 6 in 10, then the count in every wave. None if no
    count is called so. Raises BadNumbers under 1 answer.

    >>> lasting_changes(12)
    (4, 9)
    """
    usual = round(USUAL * n)
    falls = (k for k in range(usual, -1, -1) if _is_told(n, usual, k))
    rises = (k for k in range(usual, n + 1) if _is_told(n, usual, k))
    return next(falls, None), next(rises, None)


def _is_told(n: int, usual: int, lasting: int) -> bool:
    counts = [usual] * 26 + [lasting] * 8
    shares = [share(k, n) for k in counts]
    days = (date.min + timedelta(weeks=week) for week in range(len(counts)))
    waves = [Observation(day, found.low, found.high, n, n) for day, found in zip(days, shares, strict=True)]
    return bool(claims(waves))
