"""The whole bot under a Slack that responds with anything, from its start to the close of a wave.

In one process, without a network, and with a clock that costs nothing: see `virtual` and `wild_slack`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import create_app
from pulse.core.errors import TokenRefused
from pulse.ops.lifecycle import Pace, _introduce
from pulse.ops.settings import Settings
from pulse.storage.sqlite.store import Store
from rehearsal.driver import Actor, snapshot
from rehearsal.server import Rehearsal
from tests.depth import also_soaked, length
from tests.fuzz.virtual import VirtualLoop, count_writes
from tests.fuzz.wild_slack import Direct, WildSlack
from tests.handlers.conftest import AFTER_THE_OPENING, Office, QuickChartWorker

ODD_ANSWERS = length(1000, 20_000)
ACK_S = 3.0
OPENS, CLOSES = datetime.fromisoformat("2026-03-10T09:00Z"), datetime.fromisoformat("2026-03-13T09:00Z")
LINES = ("status", "scores", "trend T01", "baselines trust", "privacy", "help", "managers", "answer")
MANAGERS_LINES = ("setup", "questions", "open", "close", "export", 'note "x"')
CALLED = {
    "auth.test",
    "chat.postMessage",
    "chat.update",
    "conversations.info",
    "conversations.members",
    "conversations.open",
    "conversations.history",
    "files.completeUploadExternal",
    "files.getUploadURLExternal",
    "response_url",
    "upload",
    "users.info",
    "views.open",
    "views.publish",
}
"""Every call of the bot in Socket Mode, except that for the connection, which has its own tests."""


class VirtualClock:
    """The bot's clock: the loop's time plus what a test jumped ahead."""

    def __init__(self) -> None:
        self._start = AFTER_THE_OPENING

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    def jump(self, to: datetime) -> None:
        self._start += max(to - self(), timedelta())


class Life:
    """One bot from its start to the end of a wave, and what its people know."""

    def __init__(self, slack: Rehearsal, wild: WildSlack, luck: random.Random) -> None:
        self.slack, self.wild, self.luck = slack, wild, luck
        self.office: Any = None
        self.refused: Counter[str] = Counter()
        self.recorded: dict[str, str] = {}
        """By person, the option of the last tap that was acked and not refused."""

    def watch(self) -> None:
        tap = self.office.bot.workspace.answering.tap

        async def watched(user: str, *what: Any) -> Any:
            try:
                return await tap(user, *what)
            except Exception:
                self.refused[user] += 1
                raise

        self.office.bot.workspace.answering.tap = watched

    async def settled(self) -> None:
        await self.office.settled()
        await self.slack.post.settled()

    async def told(self, who: Actor, deed: Callable[[], Awaitable[Any]]) -> None:
        """Does the deed; it is acked in time, and `who` sees its effect unless every reply failed."""
        before, known = len(self.wild.heard), len(self.slack.post.deliveries)
        seen = self.seen(who)
        await deed()
        await self.settled()
        sent = list(self.slack.post.deliveries.values())[known:]
        assert [each.payload for each in sent if each.latency is None or each.latency > ACK_S] == []
        if self.seen(who) != seen:
            return
        assert sent, "nothing was sent"
        tried = self.wild.heard[before:]
        urls = [each.payload.get("response_url", "").rpartition("/")[2] for each in sent]
        answered = [worked for method, to, worked in tried if method == "response_url" and to in urls]
        written = [worked for method, to, worked in tried if method == "chat.postMessage" and to == who.id]
        assert len(answered) >= 2 or not any(urls), (sent[-1].payload, tried)
        assert written, (sent[-1].payload, tried)
        assert not any(answered + written), (sent[-1].payload, tried)

    def seen(self, who: Actor) -> str:
        office = self.office
        private = [who.private(channel) for channel in (office.marketing, office.it)]
        return str([private, who.dms, who.modal, who.home])

    async def tap(self, who: Actor, channel: str) -> None:
        polls = [m for m in self.office.posted(channel) if "poll:" in str(m.blocks)]
        if not polls:
            return
        poll, option, before = snapshot(polls[-1]), self.luck.choice("12345"), self.refused[who.id]
        block = next(b["block_id"] for b in poll.blocks if str(b["block_id"]).endswith(":T01"))
        await self.told(who, lambda: who.tap(poll, f"answer:{option}", block=block))
        if self.refused[who.id] == before:
            self.recorded[who.id] = option

    async def tap_home(self, who: Actor) -> None:
        """Taps an answer on the Home tab, if the question is there."""
        home, option, before = who.home, self.luck.choice("12345"), self.refused[who.id]
        blocks = [b for b in home.blocks if str(b["block_id"]).endswith(":T01")] if home else []
        if home is None or not any(f"answer:{option}" in str(block) for block in blocks):
            return
        await self.told(who, lambda: who.tap(home, f"answer:{option}", block=":T01"))
        if self.refused[who.id] == before:
            self.recorded[who.id] = option

    async def send_form(self, who: Actor) -> None:
        """Sends the form that is open, if there is one, and closes all forms."""
        form = who.modal
        if form is None or "submit" not in form.content:
            self.slack.workspace.clear_views(who.id)
            return
        answers = "item:T01" in str(form.blocks)
        ack = await who.submit(values={"item:T01": "3"} if answers else None)
        assert ack.latency <= ACK_S
        await self.settled()
        if answers and "saved" in str(ack.response).lower():
            self.recorded[who.id] = "3"
        self.slack.workspace.clear_views(who.id)

    async def act(self) -> None:
        """Somebody does something, or an hour goes by."""
        office, luck = self.office, self.luck
        channel = luck.choice((office.it, office.marketing))
        who = luck.choice((*office.people(channel), *[office.manager] * (channel == office.marketing)))
        kind = luck.randrange(10)
        if kind < 4:
            await self.tap(who, channel)
        elif kind < 8:
            lines = (*LINES, *MANAGERS_LINES * (who.id == office.manager.id))
            line = f"/pulse {luck.choice(lines)}"
            await self.told(who, lambda: who.command(line, channel))
            await self.send_form(who)
        elif kind == 8:
            await who.open_home()
            await self.settled()
            await self.tap_home(who)
        else:
            office.slack.workspace.files.clear()
            await asyncio.sleep(luck.uniform(60, 600))

    async def wildly(self, deeds: int, share: float) -> None:
        self.wild.share = share
        for _ in range(deeds):
            await self.act()
        self.wild.share = 0.0


async def start(life: Life, path: Path, clock: VirtualClock) -> None:
    """Starts as the process does: waits for Slack; a refused token is reported in a sentence."""
    slack = life.slack
    settings = Settings(
        _env_file=None,
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
    )
    bot = create_app(
        settings, Store.open(path), clock=clock, chart_worker=QuickChartWorker(), pace=Pace(settle_s=0.5)
    )
    bot.surfaces.slack.wire = life.wild
    life.wild.share = 0.5
    for _ in range(4):
        try:
            await _introduce(bot.surfaces.slack)
        except TokenRefused as refused:
            assert str(refused).endswith(".")
            continue
        break
    life.wild.share = 0.0
    await _introduce(bot.surfaces.slack)
    life.wild.share = 0.5
    slack.post.transport = Direct(bot.app)
    life.office = Office(slack, bot, clock)  # type: ignore[arg-type]  # another clock
    await bot.start()
    life.watch()


async def one_life(path: Path, luck: random.Random, odd: Counter[str]) -> None:
    clock = VirtualClock()
    loop = asyncio.get_running_loop()
    slack = Rehearsal(clock=clock, ticks=loop.time)
    slack.post.event_retries = ()
    life = Life(slack, WildSlack(slack, luck), luck)
    await start(life, path, clock)
    office = life.office
    try:
        life.wild.share = 0.0
        await office.set_up(reminders="1")
        await life.wildly(3, 0.5)
        clock.jump(OPENS)
        await life.wildly(8, luck.choice((0.3, 0.6, 0.9)))
        await asyncio.sleep(1800)
        await life.settled()
        assert office.bot.workspace.waves.current is not None
        await life.wildly(10, luck.choice((0.3, 0.6, 0.9)))
        await life.settled()
        for channel in (office.it, office.marketing):
            for who in office.people(channel):
                if luck.random() < 0.5:
                    await life.tap(who, channel)
        clock.jump(OPENS + timedelta(days=2))
        life.wild.share = 0.5
        await asyncio.sleep(300)
        await life.wildly(6, 0.5)
        stored = {user: (await office.answers(slack.actor(user)))["T01"] for user in life.recorded}
        assert stored == {user: frozenset({option}) for user, option in life.recorded.items()}
        clock.jump(CLOSES)
        life.wild.share = luck.choice((0.3, 0.6, 0.9))
        await asyncio.sleep(120)
        await life.wildly(6, 0.5)
        await asyncio.sleep(3600)
        await life.settled()
        await check(life)
    finally:
        life.wild.share = 0.0
        await office.bot.stop()
        await slack.post.close()
    odd += life.wild.odd


async def check(life: Life) -> None:
    """Every message of the wave is posted once, nobody was reminded twice, every poll is closed."""
    office = life.office
    waves = await office.bot.store.closed_waves()
    assert len(waves) == 1, waves
    [wave] = waves
    assert await office.bot.store.undelivered() == ()
    assert life.slack.faults == []
    for channel in (office.it, office.marketing):
        posted = [m for m in office.posted(channel) if m.metadata]
        found = Counter(m.metadata["event_payload"]["key"] for m in posted)
        assert set(found.values()) == {1}, found
        assert {f"poll:{wave.token}:{channel}", f"results:{wave.token}:{channel}"} <= set(found)
        assert [m.text for m in posted if "answer:" in str(m.blocks)] == []
    for who in itertools.chain(office.people(office.it), office.people(office.marketing)):
        assert sum("answer:" in str(m.blocks) for m in who.dms) <= 1


def traced(_logger: object, _name: str, event: Any) -> Any:
    """Appends an event's traceback, if any, to its text, for whoever reads the failure."""
    if event.get("exc_info"):
        event["event"] += f"\n{traceback.format_exc()}"
    return event


@also_soaked
def test_whatever_slack_answers_the_bot_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At the start, in a wave and at its close: no tap is lost, no message doubled, nobody left waiting.

    The log has no traceback, and a start that a refused token ends says so in a sentence.
    """
    luck = random.Random(20261128)
    odd: Counter[str] = Counter()
    count_writes(monkeypatch)
    lives = 0
    with structlog.testing.capture_logs(processors=[traced]) as events:
        while odd.total() < ODD_ANSWERS:
            lives += 1
            folder = tmp_path / str(lives)
            folder.mkdir()
            with asyncio.Runner(loop_factory=VirtualLoop) as runner, pytest.MonkeyPatch.context() as patch:
                patch.setattr(time, "monotonic", runner.get_loop().time)
                runner.run(one_life(folder / "pulse.db", random.Random(luck.random()), odd))
            shutil.rmtree(folder)
            problems = [
                each for each in events if each.get("exc_info") or each["event"] == "unexpected error"
            ]
            assert problems == [], problems[0]["event"]
            events.clear()
    assert "Traceback" not in ascii(caplog.text)
    assert set(odd) >= CALLED
    logging.getLogger(__name__).info("%d lives, %d odd answers: %s", lives, odd.total(), dict(odd))
