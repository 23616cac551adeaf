"""How often the rules are right: people are simulated, and the rules themselves run on their answers.

    python -m bench.calibrate            everything, in minutes; writes its tables into docs/method.md
    python -m bench.calibrate --quick    a tenth of it, in seconds; writes nothing

Exits with 1 if a target is missed. Each table has its own seed, so tables do not move each other.
They are in one module because they share the simulated people.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from pulse.core.claims import Claim, Window, claims
from pulse.core.comparison import Standing, Study, Verdict, against_study, gap
from pulse.core.expectation import Expected, misjudged
from pulse.core.likelihood import Observation
from pulse.core.privacy import LOWEST_MINIMUM, share

PAGE = Path(__file__).parents[1] / "docs" / "method.md"
BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"
SIZES = (12, 30, 60)
QUICK_ROOM = 0.3
"""How far a quick run may miss a target: about three standard errors of 100 series."""
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
RESPONSE = 0.75
STABILITY = 0.7
"""Correlation of one person's latent opinion from wave to wave: about half of an answer's variance stays."""

Counts = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Series = list[Observation]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who answers. `fresh`: other people each time. `turnover`: the chance per week that one is replaced.

    `drift`: the standard deviation per week of the random walk, in log-odds, of a person's readiness to
    answer.
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
    rng: np.random.Generator, people: People, size: int, path: Sequence[float], runs: int, weeks: int = 1
) -> tuple[Counts, Counts, int]:
    """(how many agree, how many answer) by run and wave, and the roster.

    `path` has the true shares; waves are `weeks` apart.
    """
    roster = round(size / RESPONSE)
    stable = rng.standard_normal((runs, roster))
    ready = np.full((runs, roster), np.log(RESPONSE / (1 - RESPONSE)))
    agree, answered = (np.zeros((runs, len(path)), dtype=np.int64) for _ in range(2))
    leaves = 1.0 if people.fresh else 1 - (1 - people.turnover) ** weeks
    for wave, level in enumerate(path):
        replaced = rng.random((runs, roster)) < leaves
        stable = np.where(replaced, rng.standard_normal((runs, roster)), stable)
        ready = ready + people.drift * np.sqrt(weeks) * rng.standard_normal((runs, roster))
        takes_part = rng.random((runs, roster)) < 1 / (1 + np.exp(-ready))
        mood = rng.standard_normal((runs, roster))
        opinion = np.sqrt(STABILITY) * stable + np.sqrt(1 - STABILITY) * mood
        agrees = opinion < NormalDist().inv_cdf(level)
        agree[:, wave] = (agrees & takes_part).sum(axis=1)
        answered[:, wave] = takes_part.sum(axis=1)
    return agree, answered, roster


def published(k: int, n: int) -> tuple[int, int] | None:
    """The ends that are published when `k` of `n` agree, None if withheld (docs/method.md, first table)."""
    if n < LOWEST_MINIMUM:
        return None
    found = share(k, n)
    return found.low, found.high


def observed(
    rng: np.random.Generator, people: People, size: int, path: Sequence[float], runs: int, weeks: int = 1
) -> list[dict[int, Observation]]:
    """What is published of each run, by wave; waves are `weeks` apart."""
    agree, answered, roster = answers(rng, people, size, path, runs, weeks)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured at 12, 30 and 60 answers, in per cent unless `unit` is empty.

    `limits` are targets, one for all sizes or one per size: "≤ 12", "≥ 72", "" for none.
    """

    what: str
    values: tuple[float, ...]
    limits: tuple[str, ...]
    unit: str

    @property
    def target(self) -> str:
        return " / ".join(limit or "–" for limit in self.limits) if any(self.limits) else ""

    def misses(self, room: float) -> bool:
        """Whether a value misses its target by more than `room` standard deviations of one run."""
        each = self.limits * len(self.values) if len(self.limits) == 1 else self.limits
        return any(_misses(value, limit, room) for value, limit in zip(self.values, each, strict=False))


def _misses(value: float, limit: str, room: float) -> bool:
    if not limit:
        return False
    bound = float(limit[2:])
    allowed = room * np.sqrt(bound * abs(100 - bound))
    return bool(value > bound + allowed if limit[0] == "≤" else value < bound - allowed)


def row(what: str, values: Iterable[float], *limits: str, unit: str = " %") -> Row:
    found = tuple(round(value, 1 if unit else 2) for value in values)
    return Row(what=what, values=found, limits=limits, unit=unit)


def percent(hits: Iterable[bool]) -> float:
    return 100 * float(np.mean(list(hits)))


def steady(runs: int) -> Iterator[Row]:
    """Nothing changes: series with any claim in 26 waves, over shares of 50 to 90 per cent."""
    limits = {FRESH: "≤ 12", SAME: "≤ 3"}
    for people in EVERYBODY:
        rng = np.random.default_rng(1)
        yield row(
            f"a false claim in 26 weekly waves; {people.name}",
            (
                percent(
                    bool(claimed(run))
                    for level in SHARES
                    for run in observed(rng, people, size, [level] * 26, runs // 5)
                )
                for size in SIZES
            ),
            limits.get(people, "≤ 7"),
        )


def told(series: Iterable[dict[int, Observation]], since: int, rising: bool) -> float:
    """Per cent of series with a claim in this direction at wave `since` or later."""
    return percent(
        any(wave >= since and claim.rising is rising for wave, claim in claimed(run)) for run in series
    )


def steps(runs: int) -> Iterator[Row]:
    """A real step after 26 waves, one that goes back, and a slow fall."""
    for people in (FRESH, SAME):
        rng = np.random.default_rng(2)
        limits = ("≥ 72", "≥ 95", "≥ 95") if people is SAME else ("",)
        yield row(
            f"a fall of 20 points, from 50 to 90 %, told within 8 waves; {people.name}",
            (
                float(
                    np.mean(
                        [
                            told(
                                observed(rng, people, size, [level] * 26 + [level - 0.2] * 8, runs // 5),
                                26,
                                False,
                            )
                            for level in SHARES
                        ]
                    )
                )
                for size in SIZES
            ),
            *limits,
        )
        yield row(
            f"the same from 60 % alone; {people.name}",
            (told(observed(rng, people, size, [0.6] * 26 + [0.4] * 8, runs), 26, False) for size in SIZES),
        )
        back = ("≥ 60", "≥ 95", "≥ 95") if people is SAME else ("",)
        yield row(
            f"its return after 13 waves, told within 13; {people.name}",
            (
                told(observed(rng, people, size, [0.6] * 26 + [0.4] * 13 + [0.6] * 13, runs), 39, True)
                for size in SIZES
            ),
            *back,
        )
        ramp = [0.6] * 26 + [0.6 - 0.2 * week / 26 for week in range(1, 27)] + [0.4] * 8
        yield row(
            f"a slow fall of 20 points over 26 waves, told by 8 waves after its end; {people.name}",
            (told(observed(rng, people, size, ramp, runs), 26, False) for size in SIZES),
        )


def two_steps(runs: int) -> Iterator[Row]:
    """Two steps of 15 points in 104 waves: how many claims are true, and how many tell a step again."""
    everything: list[tuple[bool, bool]] = []
    for people in EVERYBODY:
        of_size = []
        for size in SIZES:
            rng = np.random.default_rng(3)
            found = [
                judged
                for signs in ((-1, 1), (1, -1), (1, 1), (-1, -1))
                for judged in _two_steps(rng, people, size, signs, runs // 4)
            ]
            everything += found
            of_size.append(found)
        yield row(
            f"claims that are true, two steps of 15 points in 104 waves; {people.name}",
            (percent(true for true, _again in found) for found in of_size),
            "≥ 80",
        )
        yield row(
            f"claims that tell a step again; {people.name}",
            (percent(again for _true, again in found) for found in of_size),
            "≤ 10",
        )
    yield row(
        "claims that are true, all of the above (one figure)",
        [percent(true for true, _again in everything)],
        "≥ 90",
    )


AT = (34, 69)
"""The waves of the two steps."""


def _two_steps(
    rng: np.random.Generator, people: People, size: int, signs: tuple[int, int], runs: int
) -> Iterator[tuple[bool, bool]]:
    """(is it true, does it tell a step again) of each claim.

    True: the true shares of its two windows differ by 3 points or more in its direction. Again: true, and no
    step in its direction since the last claim in that direction.
    """
    path = [
        0.6 + 0.15 * sum(sign for at, sign in zip(AT, signs, strict=True) if wave >= at)
        for wave in range(104)
    ]
    for run in observed(rng, people, size, path, runs):
        last: dict[bool, int] = {}
        for wave, claim in claimed(run):
            sign = 1 if claim.rising else -1
            moved = _mean(path, run, claim.newer) - _mean(path, run, claim.older)
            true = sign * moved >= 0.03
            since = last.get(claim.rising, -1)
            new = any(since < at <= wave for at, step in zip(AT, signs, strict=True) if step == sign)
            yield true, true and not new and since >= 0
            last[claim.rising] = wave


def _mean(path: Sequence[float], run: dict[int, Observation], window: Window) -> float:
    inside = [path[wave] for wave, seen in run.items() if window.first <= seen.day <= window.last]
    return sum(inside) / len(inside)


def seldom(runs: int) -> Iterator[Row]:
    """Items asked every 4, 9 and 13 weeks."""
    for weeks in (4, 9, 13):
        rng = np.random.default_rng(4)
        after = 52 // weeks
        for people, limit in ((FRESH, "≤ 12"), (SAME, "≤ 3")):
            yield row(
                f"asked every {weeks} weeks: a false claim in 26 waves; {people.name}",
                (
                    percent(
                        bool(claimed(run))
                        for level in SHARES
                        for run in observed(rng, people, size, [level] * 26, runs // 5, weeks)
                    )
                    for size in SIZES
                ),
                limit,
            )
        yield row(
            f"asked every {weeks} weeks: a fall of 20 points from 60 %, told within a year; same people",
            (
                told(observed(rng, SAME, size, [0.6] * 8 + [0.4] * after, runs, weeks), 8, False)
                for size in SIZES
            ),
        )


def messages(runs: int) -> Iterator[Row]:
    """Two years of weekly waves, both sides, three pinned items and nine that rotate; nothing changes."""
    limits = {FRESH: "≤ 5", SAME: "≤ 1"}
    for people in EVERYBODY:
        rng = np.random.default_rng(5)
        yield row(
            f"waves with any new claim, 3 pinned and 9 rotating items on both sides; {people.name}",
            (_messages(rng, people, size, max(1, runs // 10)) for size in SIZES),
            limits.get(people, ""),
        )


def _messages(rng: np.random.Generator, people: People, size: int, runs: int) -> float:
    hit = np.zeros((runs, 104), dtype=bool)
    pinned = [(list(range(104)), 1)] * 3
    rotating = [(list(range(first, 104, 9)), 9) for first in range(9)]
    for number, (asked, weeks) in enumerate((pinned + rotating) * 2):
        path = [SHARES[number % len(SHARES)]] * len(asked)
        for run, seen in enumerate(observed(rng, people, size, path, runs, weeks)):
            for wave, _claim in claimed(seen):
                hit[run, asked[wave]] = True
    return 100 * float(hit.mean())


STUDIES = (
    Study(low=55.5, percent=56, high=56.5, n=405),
    Study(low=76.5, percent=77, high=77.5, n=252),
    Study(low=49.5, percent=50, high=50.5, n=None),
)


def studies(runs: int) -> Iterator[Row]:
    """Verdicts against studies in waves 14 to 39 of a weekly series."""
    limits = {0: "≤ 2", 15: "≥ 10", 30: "≥ 70", 45: "≥ 97"}
    for people in (FRESH, SAME):
        for points, limit in limits.items():
            rng = np.random.default_rng(6)
            of_size = [_studies(rng, people, size, points, max(1, runs // 5)) for size in SIZES]
            at_twelve = (limit, "", "") if people is SAME and points else (limit if people is SAME else "",)
            yield row(
                f"waves with a verdict against a study, {points} points under it; {people.name}",
                (100 * said for said, _changes in of_size),
                *at_twelve,
            )
            yield row(
                f"changes of that verdict in 26 waves, {points} points under it; {people.name}",
                (changes for _said, changes in of_size),
                "≤ 1" if people is SAME else "",
                unit="",
            )


def _studies(
    rng: np.random.Generator, people: People, size: int, points: int, runs: int
) -> tuple[float, float]:
    """The share of waves with a verdict, of any sign, and the changes of verdict in 26 waves."""
    replays = [
        [_verdict(against_study(seen[:end], study)) for end in range(14, len(seen) + 1)]
        for study in STUDIES
        for run in observed(rng, people, size, [(study.percent - points) / 100] * 39, runs)
        for seen in [list(run.values())]
    ]
    return _verdicts(replays)


def gaps(runs: int) -> Iterator[Row]:
    """Verdicts between the sides, as against studies."""
    for people in (FRESH, SAME):
        for points in (0, 15, 30, 45):
            rng = np.random.default_rng(7)
            of_size = [_gaps(rng, people, size, points, max(1, runs // 5)) for size in SIZES]
            yield row(
                f"waves that tell the sides apart, {points} points between them; {people.name}",
                (100 * said for said, _changes in of_size),
                "≤ 3" if not points else "",
            )
            yield row(
                f"changes of that verdict in 26 waves, {points} points between them; {people.name}",
                (changes for _said, changes in of_size),
                unit="",
            )


def _gaps(rng: np.random.Generator, people: People, size: int, points: int, runs: int) -> tuple[float, float]:
    replays = []
    for level in (0.5, 0.7, 0.9):
        one, two = (observed(rng, people, size, [at] * 39, runs) for at in (level, level - points / 100))
        for ours, theirs in zip(one, two, strict=True):
            pairs = [(ours[wave], theirs[wave]) for wave in ours if wave in theirs]
            replays.append([_verdict(gap(pairs[:end])) for end in range(14, len(pairs) + 1)])
    return _verdicts(replays)


def _verdict(standing: Standing | None) -> Verdict:
    return standing.verdict if standing else Verdict.UNCLEAR


def _verdicts(replays: Sequence[Sequence[Verdict]]) -> tuple[float, float]:
    said = np.mean([verdict is not Verdict.UNCLEAR for replay in replays for verdict in replay])
    changes = np.mean([sum(a is not b for a, b in pairwise(replay)) for replay in replays])
    return float(said), float(changes)


MIDPOINTS = np.array([0.5, 2.5, 5, 7.5, 9.5])
BUTTONS = np.array([0, 1.5, 3.5, 6.5, 8.5, 10])


def expectations(runs: int) -> Iterator[Row]:
    """Both sides give exactly 12, 30 or 60 answers; the expected share lies between 20 and 80 per cent."""
    middle, ends = (0.3, 0.4, 0.5, 0.6, 0.7), (0.2, 0.8)
    for what, shares, points, limits in (
        ("held by 20 to 80 %", middle + ends, 0, ("≤ 4",)),
        ("held by 30 to 70 %", middle, 30, ("≥ 35", "≥ 70", "≥ 95")),
        ("held by 20 or 80 %", ends, 30, ("",)),
    ):
        rng = np.random.default_rng(8)
        yield row(
            f"a misjudgement called, {points} points wrong; {what}",
            (_expectations(rng, size, shares, points, runs) for size in SIZES),
            *limits,
        )


def _expectations(
    rng: np.random.Generator, size: int, shares: Sequence[float], points: int, runs: int
) -> float:
    pairs = [(held, held + sign * points / 100) for held in shares for sign in (-1, 1)]
    inside = [pair for pair in pairs if 0.2 - 1e-9 <= pair[1] <= 0.8 + 1e-9]
    return float(np.mean([_called(rng, size, held, expected, runs) for held, expected in inside]))


def _called(rng: np.random.Generator, size: int, held: float, expected: float, runs: int) -> float:
    """Per cent of runs that call a misjudgement; one that exists counts only if its direction is right."""
    odds = _buttons(expected)
    called = []
    for _run in range(runs):
        mean = np.floor(rng.multinomial(size, odds) @ MIDPOINTS / size * 2 + 0.5) / 2
        low, high = (0, 2.25) if mean <= 2 else (7.75, 10) if mean >= 8 else (mean - 0.25, mean + 0.25)
        ends = published(int(rng.binomial(size, held)), size)
        assert ends is not None
        verdict = misjudged(
            Expected(low=low, high=high, n=size, roster=size),
            Observation(date(2026, 1, 6), *ends, size, size),
        )
        wrong = {Verdict.ABOVE: 1, Verdict.BELOW: -1}.get(verdict or Verdict.UNCLEAR, 0)
        called.append(wrong != 0 and (held == expected or wrong * (expected - held) > 0))
    return percent(called)


def _buttons(expected: float) -> Floats:
    """The odds of the five buttons that give the expected mean: a normal distribution cut into buttons."""
    low, high = -20.0, 30.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        cuts = np.array([NormalDist(middle, 2.5).cdf(cut) for cut in BUTTONS[1:-1]])
        odds = np.diff(np.concatenate(([0.0], cuts, [1.0])))
        low, high = (middle, high) if odds @ MIDPOINTS < 10 * expected else (low, middle)
    found: Floats = odds
    return found


EXPERIMENTS: tuple[tuple[str, Callable[[int], Iterator[Row]]], ...] = (
    ("Nothing changes", steady),
    ("Something changes", steps),
    ("What is claimed is true", two_steps),
    ("Items asked seldom", seldom),
    ("Whole messages over two years in which nothing changes", messages),
    ("Against studies", studies),
    ("Between the sides", gaps),
    ("What one side expects of the other", expectations),
)


def tables(runs: int) -> Iterator[tuple[str, Row | None]]:
    """The page's lines, each with the row that it shows."""
    for title, experiment in EXPERIMENTS:
        yield f"\n**{title}**\n\n| | 12 | 30 | 60 | target |\n| --- | --- | --- | --- | --- |", None
        for found in experiment(runs):
            cells = [f"{value:g}{found.unit}" for value in found.values]
            cells += [""] * (len(SIZES) - len(cells))
            yield f"| {found.what} | {' | '.join(cells)} | {found.target} |", found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.calibrate", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs; the page stays as it is")
    quick = parser.parse_args(arguments).quick
    runs, room = (200, QUICK_ROOM) if quick else (2000, 0.0)
    missed = []
    text = [
        f"Made by `python -m bench.calibrate` with seeds 1 to 8: {runs} series behind each figure of claims, "
        f"{3 * runs // 5} behind each of verdicts and gaps, {runs // 10} runs of two years of whole messages."
    ]
    for line, found in tables(runs):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        text.append(line)
        if found is not None and found.misses(room):
            missed.append(found)
    for found in missed:
        sys.stdout.write(f"Missed: {found.what}: {found.values}, target {found.target}\n")
    if not quick:
        _write("\n".join(text))
    return 1 if missed else 0


def _write(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(BEGIN)
    _old, closes, after = rest.partition(END)
    if not found or not closes:
        raise SystemExit(f"{PAGE.name} has no place for the tables between “{BEGIN}” and “{END}”.")
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
