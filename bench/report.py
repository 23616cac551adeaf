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
    "plain": "plain sync app: a commit and a chat.update a tap",
    "quiet": "plain sync app: a commit a tap, no chat.update",
}


@dataclass(slots=True)
class Findings:
    """Everything that one run found out. Storms and peaks by kind and number of sockets.

    `processor`: seconds of it for an answer at the peak. `stolen`: the share of the machine's time that its
    host gave to others.
    """

    seconds: float
    rate: float
    storms: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    peaks: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    processor: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    lost: dict[tuple[str, int], int] = field(default_factory=dict)
    memory: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)
    refreshes: list[dict[str, Any]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    idle: float = 0.0
    rows: dict[str, float] = field(default_factory=dict)
    close: dict[str, float] = field(default_factory=dict)
    looks: dict[int, dict[str, Any]] = field(default_factory=dict)
    stolen: float = 0.0

    def peak(self, kind: str, sockets: int = 1) -> float:
        """Answers a second: the median of the rounds."""
        return median(self.peaks.get((kind, sockets)) or [0.0])

    def ratio(self, one: str, other: str) -> float:
        """How many times the peak of `other` that of `one` is, on one socket in this run."""
        return self.peak(one) / self.peak(other) if self.peak(other) else 0.0


def machine(today: date) -> list[Row]:
    """What was measured on."""
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
        " comes from a second process that acts as Slack: open loop, each tap sent at its moment and timed"
        " from that moment until its ack arrives, so that a bot that falls behind cannot hide it. Posts,"
        " updates and replies take 100 ms there, as over the internet. Compare figures within one run only:"
        " both processes share the machine.",
        table(("machine", ""), [*machine(today), ("taken by the host for others", f"{found.stolen:.0%}")]),
        f"## A storm: {found.rate:g} taps a second for {found.seconds:g} s",
        "5,000 people who answer three questions in a minute. Late: acked after Slack's 3 s, or never."
        " Lost: acked, but not in the database afterwards. Medians where a storm was repeated."
        " Host took: the share of the machine's time that its host gave to other machines meanwhile."
        " Wanted of the bot: none late, none lost, p99 under 100 ms.",
        _storms(found),
        "## The peak",
        f"200 taps on the way at any time, one socket; the median of {_rounds(found)} rounds.",
        _peaks(found),
        _ratios(found),
        "## Sockets replaced",
        "Slack asks for a fresh connection every few hours, and sends no tap twice. Here it replaces the"
        " bot's only socket again and again while people answer, 50 taps on the way.",
        _refreshes(found),
        "## The writer",
        "Taps a second into the same schema at the same durability (WAL, synchronous=FULL).",
        table(
            ("", "taps a second"),
            [
                ("bare sqlite3, 200 taps a commit", _count(found.rows.get("200", 0.0))),
                ("the bot's store, 200 on the way", _count(found.close.get("store", 0.0))),
                ("bare sqlite3, a commit a tap", _count(found.rows.get("1", 0.0))),
            ],
        ),
        "## Looking back over 10 years",
        "520 closed weekly waves of 24 questions, the last of them closed while the bot runs. Milliseconds"
        " from the question to the finished answer, over 200 looks, the first after the close among them."
        " Wanted: p99 under 20, the same for few people and many.",
        _looks(found),
        _prepared(found),
        "## Start, memory, close",
        table(
            ("", "seen", "wanted"),
            [
                (
                    "`python bot.py` until Slack has greeted it, wave open, 10,000 people",
                    f"{_start(found):.2f} s",
                    "under 2 s",
                ),
                ("memory, idle", f"{found.idle:.0f} MB", "under 120 MB"),
                (
                    "memory after a storm and a peak",
                    f"{found.memory.get(('bot', 1), (0, 0))[0]:.0f} MB",
                    "under 120 MB",
                ),
                (
                    "close of a wave of 10,000 people",
                    f"{found.close.get('close', 0.0) / 1000:.2f} s",
                    "under 1 s",
                ),
            ],
        ),
    ]
    return "\n\n".join(part if part[0] in "#|" else fill(part, 110) for part in parts) + "\n"


def _storms(found: Findings) -> str:
    head = ("", "sockets", "storms", "taps", "late", "lost", "p50 ms", "p99 ms", "worst ms", "host took")
    rows = [
        (
            NAMES[kind],
            str(sockets),
            str(len(storms)),
            _count(storms[0]["taps"]),
            _count(max(storm["late"] for storm in storms)),
            _count(found.lost[kind, sockets]) if (kind, sockets) in found.lost else "–",
            *(_ms(median(storm[name] for storm in storms)) for name in ("p50", "p99", "worst")),
            f"{median(storm['stolen'] for storm in storms):.0%}",
        )
        for (kind, sockets), storms in found.storms.items()
    ]
    return table(head, rows)


def _peaks(found: Findings) -> str:
    rows = [
        (
            NAMES[kind],
            str(sockets),
            _count(found.peak(kind, sockets)),
            f"{1e3 * median(found.processor[kind, sockets]):.2f}",
        )
        for kind, sockets in found.peaks
    ]
    return table(("", "sockets", "answers a second", "processor ms an answer"), rows)


def _refreshes(found: Findings) -> str:
    runs = found.refreshes
    return table(
        ("runs", "taps", "sockets opened", "never acked", "acked, not in the database", "worst ms"),
        [
            (
                str(len(runs)),
                _count(sum(run["taps"] for run in runs)),
                _count(sum(run["calls"].get("apps.connections.open", 0) for run in runs)),
                _count(sum(run["taps"] - run["acked"] for run in runs)),
                _count(sum(max(0, run["acked"] - run["stored"]) for run in runs)),
                _ms(max((run["worst"] for run in runs), default=0.0)),
            )
        ],
    )


def _ratios(found: Findings) -> str:
    return table(
        ("on one socket, in this run", "times", "wanted"),
        [
            ("the bot to the bare dispatcher", f"{found.ratio('bot', 'bare'):.2f}", "0.5 or more"),
            (
                "the bot to the plain app without chat.update",
                f"{found.ratio('bot', 'quiet'):.2f}",
                "3 or more",
            ),
            ("durable to nothing written", f"{found.ratio('bot', 'unwritten'):.2f}", "0.65 or more"),
        ],
    )


def _looks(found: Findings) -> str:
    rows = [
        (f"`/pulse {name}`", _count(people), *(_ms(figure) for figure in look))
        for people, looks in found.looks.items()
        for name, look in looks["looks"].items()
    ]
    return table(("", "people a side", "first", "p50", "p99", "worst"), rows)


def _prepared(found: Findings) -> str:
    """How long what comes before the first look takes, and how long it holds up whoever taps meanwhile."""
    rows = [
        (when, _count(people), f"{looks[name][0]:.1f}", _ms(looks[name][1]))
        for people, looks in found.looks.items()
        for name, when in (("start", "at the start: all years are read"), ("close", "after a close"))
    ]
    return table(("made ready", "people a side", "seconds", "longest hold-up of a tap, ms"), rows)


def _rounds(found: Findings) -> int:
    return max((len(peaks) for peaks in found.peaks.values()), default=0)


def _start(found: Findings) -> float:
    return median(found.starts or [0.0])


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
