"""The bot as its operator sees it: a process with an environment, output and an exit code."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.driver import Actor
from rehearsal.objects import Message
from rehearsal.server import Rehearsal

BOT = Path(__file__).resolve().parent.parent / "bot.py"
SECONDS = 60.0
"""Longer than any start takes on a busy machine; nothing waits that long where all is well."""


@dataclass
class Process:
    """A running bot. `heard` is what it has written so far, standard output and error together."""

    process: asyncio.subprocess.Process
    heard: list[str] = field(default_factory=list)
    _ended: int = 0
    _reading: list[asyncio.Task[None]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def output(self) -> str:
        return "".join(self.heard)

    def listen(self) -> None:
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            self._reading.append(asyncio.create_task(self._read(stream)))

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self.heard.append(line.decode(errors="replace"))
            self._news.set()
        self._ended += 1
        self._news.set()

    async def says(self, words: str, times: int = 1) -> None:
        """Waits until the process has written these words this many times."""
        async with asyncio.timeout(SECONDS):
            while self.output.count(words) < times:
                assert self._ended < len(self._reading), self.output
                self._news.clear()
                await self._news.wait()

    async def ends(self) -> int:
        """Waits for the end and returns the exit code."""
        async with asyncio.timeout(SECONDS):
            code = await self.process.wait()
            await asyncio.gather(*self._reading)
        return code

    async def stop(self) -> int:
        """Asks for the end as a supervisor does, by SIGTERM."""
        self.process.terminate()
        return await self.ends()


@asynccontextmanager
async def bot(folder: Path, *words: str, program: Path = BOT, **environment: str) -> AsyncIterator[Process]:
    """`python bot.py words…` in a folder of its own, with these settings and no others."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        *words,
        cwd=folder,
        env={**kept, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    process = Process(started)
    process.listen()
    try:
        yield process
    finally:
        if started.returncode is None:
            started.kill()
        await process.ends()


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def tokens(slack: Rehearsal) -> dict[str, str]:
    """The settings that lead a bot to the stand-in over Socket Mode."""
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
    }


class Outside:
    """A workspace whose bot is another process: tests wait for what reaches the stand-in."""

    def __init__(self, slack: Rehearsal) -> None:
        assert slack.places is not None
        self.slack, self.manager = slack, slack.actor("ines")
        self.marketing, self.it = slack.places.marketing, slack.places.it

    async def until(self, predicate: Callable[[], Any]) -> Any:
        return await self.slack.workspace.until(predicate, SECONDS)

    def people(self, channel: str) -> list[Actor]:
        """The people of a channel whom the bot may ask."""
        members = sorted(self.slack.workspace.channel(channel).members)
        actors = [self.slack.actor(user) for user in members]
        return [actor for actor in actors if not (actor.person.is_bot or actor.person.guest)]

    async def says(self, who: Actor, line: str, channel: str = "") -> Message:
        """Sends a command, from #marketing by default, and returns the private reply."""
        where = channel or self.marketing
        before = len(who.private(where))
        await who.command(line, where)
        await self.until(lambda: len(who.private(where)) > before)
        return who.private(where)[-1]

    async def confirms(self, line: str, button: str) -> None:
        """Sends a command that asks first and presses its button, as the manager in #marketing."""
        asked = await self.says(self.manager, line)
        before = asked.text
        await self.manager.tap(asked, button)
        await self.until(lambda: self.manager.private(self.marketing)[-1].text != before)

    async def set_up(self) -> None:
        await self.manager.command("/pulse setup", self.marketing)
        modal = await self.until(lambda: self.manager.modal)
        options = await self.manager.options(modal, "zone", "zone", "utc")
        utc = next(option for option in options if option["value"] == "UTC")
        values = {"marketing": [self.marketing], "it": [self.it], "both_sides": "it", "zone": utc}
        ack = await self.manager.submit(values=values)
        assert ack.errors == {}

    async def open(self) -> dict[str, Message]:
        """Opens a pulse; returns the poll of each channel."""
        await self.confirms("/pulse open", "manage:open")
        return {channel: await self.posted(channel, "poll:") for channel in (self.marketing, self.it)}

    async def posted(self, channel: str, prefix: str) -> Message:
        """The newest public message with a block whose id begins with `prefix`."""

        def found() -> Message | None:
            messages = [m for m in self.slack.workspace.channel(channel).messages if m.private_to is None]
            with_it = [m for m in messages if any(str(b["block_id"]).startswith(prefix) for b in m.blocks)]
            return with_it[-1] if with_it else None

        message: Message = await self.until(found)
        return message

    async def answer(self, who: Actor, poll: Message, option: str, item: str = "T01") -> None:
        block = next(b["block_id"] for b in poll.blocks if b["block_id"].endswith(f":{item}"))
        await who.tap(poll, f"answer:{option}", block=block)

    async def whole_loop(self) -> str:
        """Set up, open, twelve answers per side, close; returns the text of the results."""
        await self.set_up()
        for channel, poll in (await self.open()).items():
            for number, person in enumerate(self.people(channel)[:12]):
                await self.answer(person, poll, "4" if number % 3 else "2")
        await self.confirms("/pulse close", "manage:close")

        def results() -> str | None:
            posted = self.slack.workspace.channel(self.it).messages
            payloads = [(m, (m.metadata or {}).get("event_payload") or {}) for m in reversed(posted)]
            return next(
                (m.text for m, payload in payloads if str(payload.get("key")).startswith("results:")), None
            )

        text: str = await self.until(results)
        return text
