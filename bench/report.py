"""The figures as a page: what `make bench` prints, and docs/performance.md."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median
from textwrap import fill
from typing import Any

import aiohttp
import slack_bolt.version

Row = Sequence[str]

NAMES = {
    "bot": "the bot",
    "unwritten": "the bot, nothing written",
    "bare": "bare dispatcher, same writer",
    "plain": "plain sync app, a commit for each tap",
}
COMPARISONS = (
    ("the bot to the bare dispatcher", "bot", "bare", "2 or less"),
    ("the bot to the bot with nothing written", "bot", "unwritten", "1.5 or less"),
    ("the plain sync app, which confirms nothing, to the bot", "plain", "bot", "more than 1"),
)
FEWEST_ROUNDS = 3
WIDEST = 1.5
"""How far apart the rounds of a ratio may lie: beyond it they show the machine's noise."""

NOT_MEASURABLE = "not measurable in this run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """One storm on one subject.

    `p50`, `p99` and `worst` are milliseconds to the ack, `stored` is the number of answers in the database
    afterwards (None if the subject writes none), `processor` the seconds of processor time for each acked
    answer, `idle` and `memory` are MB before and after, `stolen` is the share of the machine's time that its
    host gave to others.
    """

    taps: int
    acked: int
    late: int
    p50: float
    p99: float
    worst: float
    stored: int | None
    processor: float
    idle: float
    memory: float
    stolen: float

    @property
    def lost(self) -> int:
        """Answers that were acked and are not in the database."""
        return 0 if self.stored is None else max(0, self.acked - self.stored)


@dataclass(slots=True)
class Findings:
    """Everything that one run found out: storms by kind, seconds of each start, milliseconds of the close."""

    seconds: float
    rate: float
    storms: dict[str, list[Storm]] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)
    close: float = 0.0
    looks: dict[str, Any] = field(default_factory=dict)
    stolen: float = 0.0

    def processor(self, kind: str) -> list[float]:
        """Processor time for an answer, round by round, in seconds."""
        return [storm.processor for storm in self.storms.get(kind, [])]


def ratio(one: Sequence[float], other: Sequence[float]) -> str:
    """The cost of `one` over that of `other`: the median of the rounds, with their range.

    It is not measurable if there are fewer than three rounds, if the rounds disagree on which of the two
    costs more, or if they lie too far apart.

    >>> ratio([4.0, 4.2, 4.1], [2.0, 2.0, 2.0])
    '2.05 (2.00 to 2.10)'
    >>> ratio([0.9, 1.1, 1.0], [1.0, 1.0, 0.98])
    'not measurable in this run (0.90 to 1.10)'
    >>> ratio([4.0, 8.0, 5.0], [2.0, 2.0, 2.0])
    'not measurable in this run (2.00 to 4.00)'
    >>> ratio([4.0], [2.0])
    'not measurable in this run (2.00 to 2.00)'
    """
    rounds = [mine / theirs for mine, theirs in zip(one, other, strict=True) if theirs]
    if not rounds:
        return NOT_MEASURABLE
    low, high = min(rounds), max(rounds)
    spread = f"({low:.2f} to {high:.2f})"
    if len(rounds) < FEWEST_ROUNDS or low <= 1 <= high or high > WIDEST * low:
        return f"{NOT_MEASURABLE} {spread}"
    return f"{median(rounds):.2f} {spread}"


def machine(today: date) -> list[Row]:
    """The machine of this run."""
    return [
        ("date", today.isoformat()),
        ("processor", f"{_processor()}, {_cores()} cores"),
        ("system", f"{platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
        ("SQLite", sqlite3.sqlite_version),
        ("slack-bolt, aiohttp", f"{slack_bolt.version.__version__}, {aiohttp.__version__}"),
    ]


def _cpuinfo() -> list[str]:
    info = Path("/proc/cpuinfo")
    return info.read_text().splitlines() if info.exists() else []


def _processor() -> str:
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _cores() -> int:
    return sum(line.startswith("processor") for line in _cpuinfo())


def page(found: Findings, today: date) -> str:
    """The whole page, as Markdown."""
    parts = [
        "# Performance",
        "`make bench` measures this on your machine and prints it; a full run also writes this page. The load"
        " comes from a second process that acts as Slack. Each tap is sent at its scheduled moment (open"
        " loop) and timed from then until its ack arrives, so a bot that falls behind cannot hide it. Posts,"
        " updates and replies take 100 ms there, as over the internet. Compare figures within one run only:"
        " both processes share the machine.",
        table(("machine", ""), [*machine(today), ("taken by the host for others", f"{found.stolen:.0%}")]),
        f"## The storm: {found.rate:g} taps a second for {found.seconds:g} s on one socket",
        f"5,000 people who answer three questions within a minute, in {_rounds(found)} rounds. Late: acked"
        " after Slack's 3 s, or never. Lost: acked, but not in the database afterwards. Late, lost and"
        " worst are of the worst round, the other figures are medians. Host took: the share of the machine's"
        " time that its host gave to other machines meanwhile. Wanted of the bot: none late, none lost, p99"
        " under 100 ms.",
        _storms(found),
        "## What an answer costs",
        "Processor time of the whole process for each acked answer, in the same storms: the median, and the"
        " lowest and highest round. Unlike the time to an ack, it does not grow when the machine is busy"
        " with something else.",
        _costs(found),
        "A ratio compares the storms of one round. It is a result only if all rounds agree on which of the"
        f" two costs more and the highest is at most {WIDEST:g} times the lowest.",
        _ratios(found),
        "## Looking back",
        f"{_waves(found)} closed weekly waves of 24 questions with 5,000 people per side, the last of"
        " them closed while the bot runs. Milliseconds from the command to the finished reply, over 200"
        " looks, including the first one after the close. Wanted: p99 under 20.",
        _looks(found),
        _prepared(found),
        "## Start, memory, close",
        _limits(found),
    ]
    return "\n\n".join(part if part[0] in "#|" else fill(part, 110) for part in parts) + "\n"


def _storms(found: Findings) -> str:
    head = ("", "taps", "late", "lost", "p50 ms", "p99 ms", "worst ms", "host took")
    rows = [
        (
            NAMES[kind],
            _count(storms[0].taps),
            _count(max(storm.late for storm in storms)),
            "–" if storms[0].stored is None else _count(max(storm.lost for storm in storms)),
            _ms(median(storm.p50 for storm in storms)),
            _ms(median(storm.p99 for storm in storms)),
            _ms(max(storm.worst for storm in storms)),
            f"{median(storm.stolen for storm in storms):.0%}",
        )
        for kind, storms in found.storms.items()
    ]
    return table(head, rows)


def _costs(found: Findings) -> str:
    rows = []
    for kind in found.storms:
        costs = [1000 * each for each in found.processor(kind)]
        rows.append((NAMES[kind], f"{median(costs):.2f}", f"{min(costs):.2f} to {max(costs):.2f}"))
    return table(("", "processor ms per answer", "rounds"), rows)


def _ratios(found: Findings) -> str:
    rows = [
        (name, ratio(found.processor(one), found.processor(other)), wanted)
        for name, one, other, wanted in COMPARISONS
        if one in found.storms and other in found.storms
    ]
    return table(("processor time per answer", "times", "wanted"), rows)


def _looks(found: Findings) -> str:
    looks = found.looks.get("looks", {})
    rows = [(f"`/pulse {name}`", *(_ms(figure) for figure in look)) for name, look in looks.items()]
    return table(("", "first", "p50", "p99", "worst"), rows)


def _prepared(found: Findings) -> str:
    """How long the preparation before the first look takes, and how long it holds up a tap."""
    rows = [
        (when, f"{found.looks[name][0]:.1f}", _ms(found.looks[name][1]))
        for name, when in (("start", "at the start: all years are read"), ("close", "after a close"))
        if name in found.looks
    ]
    return table(("prepared", "seconds", "longest hold-up of a tap, ms"), rows)


def _limits(found: Findings) -> str:
    storms = found.storms.get("bot", [])
    idle = median([storm.idle for storm in storms] or [0.0])
    after = max((storm.memory for storm in storms), default=0.0)
    start = median(found.starts or [0.0])
    rows = [
        (
            "`python bot.py` until Slack has greeted it, wave open, 10,000 people",
            f"{start:.2f} s",
            "under 2 s",
        ),
        ("memory, idle", f"{idle:.0f} MB", "under 120 MB"),
        ("memory after a storm", f"{after:.0f} MB", "under 120 MB"),
        ("close of a wave of 10,000 people", f"{found.close / 1000:.2f} s", "under 1 s"),
    ]
    return table(("", "measured", "wanted"), rows)


def _rounds(found: Findings) -> int:
    return max((len(storms) for storms in found.storms.values()), default=0)


def _waves(found: Findings) -> int:
    return 52 * int(found.looks.get("years", 0))


def table(head: Row, rows: Sequence[Row]) -> str:
    """
    >>> print(table(("a", "b"), [("1", "2")]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _count(number: float) -> str:
    """
    >>> _count(14656.4)
    '14,656'
    """
    return f"{number:,.0f}"


def _ms(milliseconds: float) -> str:
    """
    >>> _ms(0.934), _ms(11.2), _ms(6012.0)
    ('0.9', '11', '6,012')
    """
    return f"{milliseconds:.1f}" if milliseconds < 10 else _count(milliseconds)
