"""The bot as its users meet it: wired to the stand-in, over a real socket, with a clock of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import Bot, create_app
from pulse.core.model import Side
from pulse.ops.lifecycle import Pace
from pulse.ops.settings import Settings
from pulse.services.waves import APART
from pulse.slack.chart_worker import PDF, ChartWorker
from pulse.slack.socket_mode import SocketMode
from pulse.storage.sqlite.store import Store
from pulse.views.charts import Picture, ReportPage
from rehearsal.driver import Actor
from rehearsal.objects import Message
from rehearsal.server import Rehearsal

TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
"""A working day in working hours, wherever the test runs."""

AFTER_THE_OPENING = TUESDAY + timedelta(minutes=1)
"""When a new set-up waits a week for its first pulse by schedule, also over a restart."""


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f030005"
    "fe02fea1399e1e0000000049454e44ae426082"
)


class QuickChartWorker(ChartWorker):
    """Draws one white dot: what charts look like is tested where they are drawn."""

    async def draw(self, chart: Picture) -> bytes:
        return PDF if isinstance(chart, ReportPage) else PNG


class Clock:
    """The bot's time, moved by the test."""

    def __init__(self, now: datetime = TUESDAY) -> None:
        self.time = now

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **time: float) -> None:
        self.time += timedelta(**time)


@dataclass
class Office:
    """A workspace with the bot in it, and the words that tests use for what people do there."""

    slack: Rehearsal
    bot: Bot
    clock: Clock

    def __post_init__(self) -> None:
        assert self.slack.places is not None
        self.marketing, self.it = self.slack.places.marketing, self.slack.places.it
        self.manager = self.slack.actor("ines")

    def people(self, channel: str) -> list[Actor]:
        """The people of a side's channel that the bot may ask, in the order of their ids."""
        members = sorted(self.slack.workspace.channel(channel).members)
        actors = [self.slack.actor(user) for user in members]
        return [a for a in actors if not (a.person.is_bot or a.person.guest)]

    async def settled(self) -> None:
        """Waits until nothing is being done after an ack."""
        await self.bot.workspace.background.idle()

    async def says(self, who: Actor, line: str, channel: str) -> Message:
        """Sends a command and returns the private reply."""
        before = len(who.private(channel))
        await who.command(line, channel)
        await self.settled()
        answers = who.private(channel)
        assert len(answers) > before, f"{line} was not answered"
        return answers[-1]

    async def set_up(self, **fields: Any) -> None:
        """Through the form, as a manager does."""
        await self.manager.command("/pulse setup", self.marketing)
        await self.settled()
        assert self.manager.modal is not None, self.manager.toasts
        options = await self.manager.options(self.manager.modal, "zone", "zone", "utc")
        utc = next(option for option in options if option["value"] == "UTC")
        values: dict[str, Any] = {
            "marketing": [self.marketing],
            "it": [self.it],
            "both_sides": "it",
            "zone": utc,
            **fields,
        }
        ack = await self.manager.submit(values=values)
        assert ack.errors == {}
        await self.settled()

    async def preview(self, **fields: Any) -> str:
        """What the set-up's form shows once these fields are filled and its preview is pressed."""
        await self.manager.command("/pulse setup", self.marketing)
        await self.settled()
        assert self.manager.modal is not None
        await self.manager.tap(self.manager.modal, "setup_preview", values=fields)
        await self.settled()
        return str(self.manager.modal.blocks)

    async def open(self) -> None:
        """As a manager does: the command, then its button, long enough after an earlier pulse."""
        before = await self.bot.store.last_opening()
        if before is not None:
            self.clock.time = max(self.clock.time, before.at + APART)
        await self.confirms("/pulse open", "manage:open")

    async def close(self) -> None:
        await self.confirms("/pulse close", "manage:close")

    async def confirms(self, line: str, button: str, who: Actor | None = None) -> Message:
        """Sends a command that asks first and presses its button; returns what replaces the question."""
        who = who or self.manager
        asked = await self.says(who, line, self.marketing)
        await who.tap(asked, button)
        await self.settled()
        return who.private(self.marketing)[-1]

    async def answered(self) -> dict[Side, int]:
        """How many of each side have answered the open wave, counted now, not as people are told."""
        wave = self.bot.workspace.waves.current
        assert wave is not None
        return await self.bot.store.answered(wave.id, bool)

    async def answers(self, who: Actor) -> dict[str, frozenset[str]]:
        """What is stored of somebody in the open wave."""
        wave = self.bot.workspace.waves.current
        assert wave is not None
        ballot = await self.bot.store.ballot_of(wave.id, who.id)
        return {} if ballot is None else dict(ballot.answers)

    def poll(self, channel: str) -> Message:
        """The newest poll message of a channel; private cards have such buttons, too."""
        return self.with_block(channel, "poll:")

    def with_block(self, channel: str, prefix: str) -> Message:
        messages = self.posted(channel)
        found = [m for m in messages if any(str(b.get("block_id", "")).startswith(prefix) for b in m.blocks)]
        return found[-1]

    async def answer(self, who: Actor, channel: str, option: str, item: str = "T01") -> None:
        """One tap on a poll."""
        poll = self.poll(channel)
        block = next(b for b in (b["block_id"] for b in poll.blocks) if b.endswith(f":{item}"))
        await who.tap(poll, f"answer:{option}", block=block)

    def posted(self, channel: str) -> list[Message]:
        """The public messages of a channel."""
        return [m for m in self.slack.workspace.channel(channel).messages if m.private_to is None]

    def about_pulses(self, channel: str) -> list[Message]:
        """The public messages of a channel, without those about the set-up."""
        kinds = ("welcome:", "channels:")
        posted = self.posted(channel)
        keys = [str(((m.metadata or {}).get("event_payload") or {}).get("key", "")) for m in posted]
        return [message for message, key in zip(posted, keys, strict=True) if not key.startswith(kinds)]


@asynccontextmanager
async def running(
    slack: Rehearsal,
    path: Path,
    clock: Clock,
    chart_worker: ChartWorker | None = None,
    *,
    open_store: Callable[[Path], Store] = Store.open,
) -> AsyncIterator[Office]:
    """The bot on a database, connected; ended cleanly."""
    settings = Settings(
        _env_file=None,
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
    )
    chart_worker = chart_worker or QuickChartWorker()
    bot = create_app(
        settings,
        open_store(path),
        clock=clock,
        chart_worker=chart_worker,
        pace=Pace(counts_every_s=0.05, settle_s=0.1, remind_every_s=0.0),
    )
    socket = SocketMode(bot.app, slack.app_token)
    try:
        await bot.start()
        await socket.start()
        yield Office(slack, bot, clock)
    finally:
        await socket.close()
        await bot.stop()


@pytest.fixture
async def office(slack: Rehearsal, tmp_path: Path) -> AsyncIterator[Office]:
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        yield office


async def at(office: Office, moment: str) -> None:
    """Moves the bot's clock to an ISO time in UTC, wakes it, and waits until it has done what is due."""
    office.clock.time = type(office.clock.time).fromisoformat(f"{moment}+00:00")
    await office.bot.scheduler.wake()
    await office.settled()
