"""How often the rules are right: people are simulated, the rules themselves are run on what they answer.

    python -m bench.calibrate            the whole, some minutes; writes its tables into docs/method.md
    python -m bench.calibrate --quick    a tenth of it, some seconds; writes nothing

Ends with 1 where a target is missed. Each table has its own seed, so tables do not move each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from pulse.core.claims import Claim, claims
from pulse.core.likelihood import Observation

PAGE = Path(__file__).parents[1] / "docs" / "method.md"
BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"
SIZES = (12, 30, 60)
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
RESPONSE = 0.75
STABILITY = 0.7
"""Correlation of one person's latent opinion from wave to wave: about half of an answer's variance stays."""

Counts = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Series = list[Observation]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who answers. `fresh`: others each time. `turnover`: the odds a week that a person is replaced.

    `drift`: the standard deviation a week of the walk, in log-odds, by which a person's readiness to answer
    wanders.
    """

    name: str
    fresh: bool = False
    turnover: float = 0.0
    drift: float = 0.0


FRESH = People(name="fresh people", fresh=True)
SAME = People(name="same people")
TURNOVER = People(name="same, 0.5 % replaced a week", turnover=0.005)
DRIFT = People(name="same, participation drifts", drift=0.1)
EVERYBODY = (FRESH, SAME, TURNOVER, DRIFT)


def answers(
    rng: np.random.Generator, people: People, size: int, path: Sequence[float], runs: int
) -> tuple[Counts, Counts, int]:
    """(how many agree, how many answer) by run and wave, and the roster: a path of true shares."""
    roster = round(size / RESPONSE)
    stable = rng.standard_normal((runs, roster))
    ready = np.full((runs, roster), np.log(RESPONSE / (1 - RESPONSE)))
    agree, answered = (np.zeros((runs, len(path)), dtype=np.int64) for _ in range(2))
    for wave, share in enumerate(path):
        replaced = rng.random((runs, roster)) < (1.0 if people.fresh else people.turnover)
        stable = np.where(replaced, rng.standard_normal((runs, roster)), stable)
        ready = ready + people.drift * rng.standard_normal((runs, roster))
        takes_part = rng.random((runs, roster)) < 1 / (1 + np.exp(-ready))
        mood = rng.standard_normal((runs, roster))
        opinion = np.sqrt(STABILITY) * stable + np.sqrt(1 - STABILITY) * mood
        agrees = opinion < NormalDist().inv_cdf(share)
        agree[:, wave] = (agrees & takes_part).sum(axis=1)
        answered[:, wave] = takes_part.sum(axis=1)
    return agree, answered, roster


def published(k: int, n: int) -> tuple[int, int] | None:
    """What is published of `k` of `n`: None where it is withheld (docs/method.md, the first table)."""
    if n < 5:
        return None
    if k <= 2:
        return 0, 2
    if k >= n - 2:
        return n - 2, n
    return (3, n - 3) if n < 10 else (k, k)


def observed(
    rng: np.random.Generator, people: People, size: int, path: Sequence[float], runs: int, weeks: int = 1
) -> list[dict[int, Observation]]:
    """What is published of each run, by wave; waves are `weeks` apart."""
    agree, answered, roster = answers(rng, people, size, path, runs)
    days = [date(2025, 1, 7) + timedelta(weeks=weeks * wave) for wave in range(len(path))]
    found = []
    for run in range(runs):
        of_run = {}
        for wave, day in enumerate(days):
            n = int(answered[run, wave])
            ends = published(int(agree[run, wave]), n)
            if ends is not None:
                of_run[wave] = Observation(day, *ends, n, roster)
        found.append(of_run)
    return found


def claimed(of_run: dict[int, Observation]) -> list[tuple[int, Claim]]:
    """The claims of a run, each with its wave."""
    waves = list(of_run)
    return [(waves[claim.at], claim) for claim in claims(list(of_run.values()))]
