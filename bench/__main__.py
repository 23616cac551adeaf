"""`python -m bench [--seconds 60] [--rounds 3]`: everything side by side, in one run on this machine."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import NAMES, Findings, page

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
RATE = 250.0
WINDOW = 200
FULL_S = 60.0
"""A run this long is worth keeping: it writes the page."""

REFRESHED = 10
TAPS, TIMES = 6000, 10
"""So many runs of so many taps with so many sockets replaced."""

COMPARED = ("bot", "bare")
"""Their storms are repeated: p99 tells as much of the machine's neighbours as of the program."""

STORMS = (("bot", 1), ("bot", 4), ("bot", 10), ("bare", 1), ("unwritten", 1), ("quiet", 1), ("plain", 1))


class Child:
    """A process that takes orders and answers in lines of JSON."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("a measured process ended; its own words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def order(self, **order: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write((json.dumps(order) + "\n").encode())
        await self.process.stdin.drain()
        return await self.read()

    def memory(self) -> tuple[float, float]:
        """Resident memory in MB: now, and the most there was."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Vm"))
        return int(lines["VmRSS"].split()[0]) / 1024, int(lines["VmHWM"].split()[0]) / 1024

    def processor(self) -> float:
        """Seconds of the processor that it has used."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def child(*arguments: str, **environment: str) -> AsyncIterator[Child]:
    """A Python process in the project's folder; at the end it is told to stop, and waited for."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=PIPE,
        stdout=PIPE,
        limit=2**24,
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


def subject(kind: str, sockets: int, api: str, db: Path) -> list[str]:
    """The command line of a subject."""
    places = ["--api", api, "--db", str(db)]
    if kind in {"plain", "quiet"}:
        return ["-m", "bench.plain", *places, *(["--quiet"] if kind == "quiet" else [])]
    return ["-m", "bench.subjects", kind, *places, "--sockets", str(sockets)]


class Bench:
    """One run: a folder for the databases, and what was found."""

    def __init__(self, folder: Path, seconds: float, rounds: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.found = Findings(seconds, RATE)

    async def run(self) -> Findings:
        before = ticks()
        for number in range(self.rounds):
            for kind, sockets in STORMS:
                if number == 0 or kind != "plain":
                    tell(f"{NAMES[kind]}, {sockets} socket(s), round {number + 1} of {self.rounds}")
                    await self.load(kind, sockets, number)
        for number in range(REFRESHED if self.found.seconds >= FULL_S else 1):
            tell(f"refreshes, run {number + 1}")
            await self.refreshes(number)
        await self.start_up()
        await self.inside()
        self.found.stolen = stolen(before)
        return self.found

    async def load(self, kind: str, sockets: int, number: int) -> None:
        """One subject under load: a storm, in later rounds only where two are compared, and a peak."""
        db = self.folder / f"{kind}-{sockets}-{number}.db"
        async with child("-m", "bench.storm") as slack:
            api = (await slack.read())["api"]
            async with child(*subject(kind, sockets, api, db)) as measured:
                poll = await measured.read()
                await slack.order(do="sockets", count=sockets)
                if (kind, sockets, number) == ("bot", 1, 0):
                    self.found.idle = measured.memory()[0]
                if number == 0 or kind in COMPARED:
                    before = ticks()
                    storm = await self.storm(slack, poll)
                    storm["stolen"] = stolen(before)
                    self.found.storms.setdefault((kind, sockets), []).append(storm)
                    if kind != "unwritten":
                        lost = max(0, storm["acked"] - stored(db))
                        self.found.lost[kind, sockets] = self.found.lost.get((kind, sockets), 0) + lost
                if kind != "plain":
                    await self.peak(slack, measured, poll, (kind, sockets))

    async def peak(self, slack: Child, measured: Child, poll: dict[str, Any], who: tuple[str, int]) -> None:
        seconds, before = min(10.0, self.found.seconds), measured.processor()
        peak = await slack.order(do="peak", name="peak", window=WINDOW, seconds=seconds, **poll)
        self.found.peaks.setdefault(who, []).append(peak["acked"] / peak["seconds"])
        self.found.processor.setdefault(who, []).append(
            (measured.processor() - before) / max(1, peak["acked"])
        )
        self.found.memory[who] = measured.memory()

    async def storm(self, slack: Child, poll: dict[str, Any]) -> dict[str, Any]:
        return await slack.order(do="storm", name="storm", rate=RATE, seconds=self.found.seconds, **poll)

    async def refreshes(self, number: int) -> None:
        """A fresh bot and database; Slack replaces its socket while people answer."""
        db = self.folder / f"refreshes-{number}.db"
        async with child("-m", "bench.storm") as slack:
            api = (await slack.read())["api"]
            async with child(*subject("bot", 1, api, db)) as measured:
                poll = await measured.read()
                await slack.order(do="sockets", count=1)
                run = await slack.order(do="refreshes", name="refreshes", taps=TAPS, times=TIMES, **poll)
                self.found.refreshes.append({**run, "stored": stored(db)})

    async def start_up(self) -> None:
        """The program as users start it, on a database with an open wave."""
        environment = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
        environment |= {"PULSE_DB": str(self.folder / "bot-1-0.db"), "PULSE_LOG": "error"}
        for _ in range(self.rounds):
            tell("start of the bot")
            async with child("-m", "bench.storm") as slack:
                api = (await slack.read())["api"]
                start = time.perf_counter()
                async with child("bot.py", SLACK_API_URL=api, **environment):
                    await slack.order(do="sockets", count=1)
                    self.found.starts.append(time.perf_counter() - start)

    async def inside(self) -> None:
        years = 10 if self.found.seconds >= 5 else 1
        async with child("-m", "bench.storm") as slack:
            api = (await slack.read())["api"]
            place = ("--api", api, "--folder", str(self.folder))
            for what in ("rows", "close"):
                tell(what)
                async with child("-m", "bench.inside", what, *place) as measured:
                    setattr(self.found, what, await measured.read())
            for people in (50, 5000):
                tell(f"{years} years of {people} people a side")
                asked = ("--people", str(people), "--years", str(years))
                async with child("-m", "bench.inside", "looks", *place, *asked) as measured:
                    self.found.looks[people] = await measured.read()


def stored(db: Path) -> int:
    """How many answers the database holds, seen from outside."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM answer").fetchone()
    return int(count)


def ticks() -> tuple[int, int]:
    """Since the machine's start: ticks that its host gave to others while it had work, and all ticks."""
    fields = [int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]
    return fields[7], sum(fields[:8])


def stolen(before: tuple[int, int]) -> float:
    """The share of the machine's time that its host gave to others since `before`."""
    taken, everything = (now - then for now, then in zip(ticks(), before, strict=True))
    return taken / max(1, everything)


def tell(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=FULL_S, help="length of a storm")
    parser.add_argument("--rounds", type=int, default=3, help="peaks are medians of so many")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pulse-bench-") as folder:
        found = asyncio.run(Bench(Path(folder), chosen.seconds, chosen.rounds).run())
    text = page(found, datetime.now(UTC).date())
    if chosen.seconds >= FULL_S:
        PAGE.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
