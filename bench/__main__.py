"""`python -m bench [--seconds 60] [--rounds 3]`: one storm, several subjects, in one run on this machine."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import NAMES, Findings, Storm, page
from pulse.storage.ballots import Sealer
from pulse.storage.keys import folder_beside, read_key
from pulse.storage.sqlite.ballots import all_ballots
from pulse.storage.sqlite.connection import connect_read_only

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
RATE = 250.0
PEOPLE, YEARS = 5000, 10
FULL_S = 60.0
"""A run with storms of at least this length writes the page."""


class Child:
    """A process that takes orders and replies in lines of JSON."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("a measured process has ended; what it wrote is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def order(self, **order: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write((json.dumps(order) + "\n").encode())
        await self.process.stdin.drain()
        return await self.read()

    def memory(self) -> float:
        """Resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def processor(self) -> float:
        """Seconds of processor time that all of its threads have used.

        The clock's number is that of clock_getcpuclockid(3), which Python does not offer for other processes.
        """
        return time.clock_gettime((~self.process.pid << 3) | 2)


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


@asynccontextmanager
async def local_slack() -> AsyncIterator[tuple[Child, str]]:
    """The process that acts as Slack, and the address of its Web API."""
    async with child("-m", "bench.storm") as slack:
        yield slack, (await slack.read())["api"]


class Bench:
    """One run: a folder for the databases, and what was found."""

    def __init__(self, folder: Path, seconds: float, rounds: int) -> None:
        self.folder, self.rounds = folder, rounds
        self.found = Findings(seconds, RATE)

    async def run(self) -> Findings:
        before = ticks()
        for number in range(self.rounds):
            for kind in NAMES:
                tell(f"{NAMES[kind]}, round {number + 1} of {self.rounds}")
                await self.storm(kind, number)
        await self.start_up()
        await self.inside()
        self.found.stolen = stolen(before)
        return self.found

    async def storm(self, kind: str, number: int) -> None:
        """The storm on one subject, with a database of its own."""
        db = self.folder / f"{kind}-{number}.db"
        module = ["bench.plain"] if kind == "plain" else ["bench.subjects", kind]
        async with (
            local_slack() as (slack, api),
            child("-m", *module, "--api", api, "--db", str(db)) as measured,
        ):
            asked = await measured.read()
            await slack.order(do="connected")
            idle, used, before = measured.memory(), measured.processor(), ticks()
            storm = await slack.order(do="storm", rate=RATE, seconds=self.found.seconds, **asked)
            self.found.storms.setdefault(kind, []).append(
                Storm(
                    **{name: storm[name] for name in ("taps", "acked", "late", "p50", "p99", "worst")},
                    stored=stored(kind, db),
                    processor=(measured.processor() - used) / max(1, storm["acked"]),
                    idle=idle,
                    memory=measured.memory(),
                    stolen=stolen(before),
                )
            )

    async def start_up(self) -> None:
        """The program as users start it, on a database with an open wave."""
        environment = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
        environment |= {"PULSE_DB": str(self.folder / "bot-0.db"), "PULSE_LOG": "error"}
        for _ in range(self.rounds):
            tell("start of the bot")
            async with local_slack() as (slack, api):
                start = time.perf_counter()
                async with child("bot.py", SLACK_API_URL=api, **environment):
                    await slack.order(do="connected")
                    self.found.starts.append(time.perf_counter() - start)

    async def inside(self) -> None:
        years = YEARS if self.found.seconds >= FULL_S else 1
        tell(f"a close, and looks back over {years} years")
        asked = ("--people", str(PEOPLE), "--years", str(years))
        async with local_slack() as (_slack, api):
            place = ("--api", api, "--folder", str(self.folder))
            async with child("-m", "bench.inside", "close", *place) as measured:
                self.found.close = (await measured.read())["close"]
            async with child("-m", "bench.inside", "looks", *place, *asked) as measured:
                self.found.looks = {"years": years, **await measured.read()}


def sealed(db: Path) -> int:
    """How many answers the open wave's ballots hold, seen from outside with the key beside the file."""
    with closing(connect_read_only(db)) as connection:
        [(wave_id, token)] = connection.execute("SELECT id, token FROM wave WHERE state = 'open'").fetchall()
        sealer = Sealer(read_key(folder_beside(db), token))
        found = all_ballots(connection, wave_id, sealer)
    return sum(len(answers) for ballots in found.values() for answers in ballots.people)


def plain(db: Path) -> int:
    """How many answers the plain program's table holds, seen from outside."""
    with closing(connect_read_only(db)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM answer").fetchone()
    return int(count)


def stored(kind: str, db: Path) -> int | None:
    """How many answers the subject has stored; None for the one that stores none."""
    if kind == "unwritten":
        return None
    return plain(db) if kind == "plain" else sealed(db)


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
    parser.add_argument("--rounds", type=int, default=3, help="storms of each subject; a ratio needs three")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pulse-bench-") as folder:
        found = asyncio.run(Bench(Path(folder), chosen.seconds, chosen.rounds).run())
    text = page(found, datetime.now(UTC).date())
    if chosen.seconds >= FULL_S:
        PAGE.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
