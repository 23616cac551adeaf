"""kill -9 at any moment: no acked answer is lost or counted twice, no message is doubled, no wave lost."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sqlite3
import struct
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as daytime
from pathlib import Path

import pytest

from pulse.core.model import BothSides, Side
from pulse.core.question_plan import suggested_plan
from pulse.core.schedule import Repeat, Schedule, Weekday
from pulse.slack.web_api import OPTIONAL_SCOPES
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Setup, Store
from rehearsal.driver import Actor, NotAnswered, NotPossible
from rehearsal.objects import Message, View
from rehearsal.server import ROOT, Rehearsal
from rehearsal.trouble import Trouble
from tests.depth import also_soaked, length
from tests.slack.odd_answers import ODD, WAITS

TUESDAY = datetime(2026, 3, 3, 8, tzinfo=UTC)
SCHEDULE = Schedule(Repeat.WEEKLY, Weekday.TUESDAY, daytime(9), "UTC", date(2026, 3, 3), reminders=2)
WAVES = 5
LAST_OF_QUARTER = 4
"""The wave that closes on 27 March: the quarter's report is announced on 1 April, while the next is open."""
KILLS = length(40, 200)
BADLY = 0.1
"""The share of calls to which a bad Slack responds oddly."""
SLOW_S = 0.05
LOST = 0.5
"""The share of posts whose response is lost when the history may not be read."""
STAGES = ("open", "remind", "remind again", "close")
HOURS = {"open": 1, "remind": 25, "remind again": 49, "close": 73}  # after Tuesday, 08:00
REMINDED = {"open": 0, "remind": 1, "remind again": 2, "close": 2}
SILENT = 4  # people per side who never answer, so that somebody is reminded
MANAGERS = ("ines", "priya")
ASKS = "doubt_stands"
"""The button with which a manager says that a message was posted."""
OPTIONS = ("1", "2", "3", "4", "5")


@dataclass
class Person:
    """Somebody of the crowd; `may_hold` are the answers that the bot may rightly have, "" for none."""

    actor: Actor
    channel: str
    side: Side
    may_hold: set[str] = field(default_factory=lambda: {""})


class Life:
    """The bot's side of the test: its database, its clock, and the process that is killed."""

    def __init__(self, slack: Rehearsal, folder: Path, nursery: asyncio.subprocess.Process) -> None:
        self.slack, self.nursery = slack, nursery
        self.database, self.clock, self.refusals = folder / "pulse.db", folder / "clock", folder / "refused"
        self.refusals.touch()
        self.pid = 0
        self.kills = 0
        self.starts: list[float] = []
        self.now = TUESDAY
        self.step = timedelta()

    def goes_on(self) -> None:
        """Lets a little time pass for the bot: what Slack did not take is due again after a pause."""
        if self.step:
            self.set_clock(self.now + self.step)

    def set_clock(self, now: datetime) -> None:
        self.now = now
        with self.clock.open("r+b" if self.clock.exists() else "wb") as file:
            file.write(struct.pack("d", now.timestamp()))

    async def _ask(self, **order: object) -> int:
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(order).encode() + b"\n")
        return int(await self.nursery.stdout.readline())

    async def start(self) -> None:
        settings = {
            "slack_bot_token": self.slack.bot_token,
            "slack_app_token": self.slack.app_token,
            "slack_api_url": self.slack.api_url,
        }
        files = {"database": self.database, "clock": self.clock, "refusals": self.refusals}
        self.pid = await self._ask(settings=settings, **{name: str(path) for name, path in files.items()})

    async def ready(self) -> None:
        began = time.monotonic()
        await self.slack.socket_mode.connected(1, seconds=30)
        self.starts.append(time.monotonic() - began)

    async def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        await self._ask(reap=self.pid)
        self.kills += 1
        self.pid = 0
        await reached(lambda: not self.slack.socket_mode.sockets)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def key(self, kind: str, wave: int, channel: str) -> str:
        """The outbox key of a wave's message; no message has it before the wave is opened."""
        [token] = self.rows(f"SELECT max(token) FROM wave WHERE id = {wave}")[0]
        return f"{kind}:{token}:{channel}"

    def refused(self, user: str) -> int:
        return self.refusals.read_text().count(f"{user} ")


@asynccontextmanager
async def life(slack: Rehearsal, folder: Path) -> AsyncIterator[Life]:
    nursery = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.ops.nursery",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    lived = Life(slack, folder, nursery)
    try:
        yield lived
    finally:
        if lived.pid:
            await lived.kill()
        assert nursery.stdin is not None
        nursery.stdin.close()
        await nursery.wait()


class Whims:
    """A Slack that responds badly to some calls, and how many they were."""

    def __init__(self, luck: random.Random, badly: float) -> None:
        self._luck, self._badly = luck, badly
        self.asked = self.bad = 0

    def __call__(self, method: str) -> Trouble | None:
        self.asked += 1
        if self._luck.random() >= self._badly:
            return None
        self.bad += 1
        luck = self._luck
        kinds: list[Callable[[], Trouble]] = [
            lambda: Trouble(method, cut=True),
            lambda: Trouble(method, applied=luck.random() < 0.5, **luck.choice(list(ODD.values()))),
            lambda: Trouble(method, status=luck.choice((500, 502, 503, 504))),
            lambda: Trouble(method, error="ratelimited", retry_after=luck.choice(list(WAITS.values()))),
            lambda: Trouble(method, error=luck.choice(("internal_error", "fatal_error"))),
            lambda: Trouble(method, seconds=luck.uniform(0.1, 0.5)),
        ]
        if method not in ("response_url", "upload"):
            kinds.append(lambda: Trouble(method, lost=True))
        if method == "chat.postMessage":
            kinds.append(lambda: Trouble(method, late=True, seconds=0.1))
        return luck.choice(kinds)()


class LostPosts(Whims):
    """The response to a post is often lost, and the bot cannot tell if it worked; other posts are slow."""

    def __call__(self, method: str) -> Trouble | None:
        self.asked += 1
        if method != "chat.postMessage":
            return None
        if self._luck.random() >= self._badly:
            return Trouble(method, seconds=SLOW_S)
        self.bad += 1
        if self._luck.random() < 0.5:
            return Trouble(method, cut=True)
        return self._luck.choice((Trouble(method, lost=True), Trouble(method, late=True, seconds=0.1)))


def public(slack: Rehearsal, channel: str) -> list[Message]:
    """What everybody in a channel sees: not private cards, which have the same buttons as polls."""
    return [m for m in slack.workspace.channel(channel).messages if m.private_to is None]


def keys(slack: Rehearsal, channel: str) -> list[str]:
    """The outbox keys of the messages in a channel."""
    return [m.metadata["event_payload"]["key"] for m in public(slack, channel) if m.metadata]


async def tap(life: Life, person: Person, option: str) -> None:
    """Taps the newest poll; `may_hold` then says what the bot may hold."""
    polls = [m for m in public(life.slack, person.channel) if "poll:" in str(m.blocks)]
    if not polls:
        return
    block = next(b["block_id"] for b in polls[-1].blocks if str(b["block_id"]).endswith(":T01"))
    before, refused = set(person.may_hold), life.refused(person.actor.id)
    person.may_hold = before | {option}
    try:
        await person.actor.tap(polls[-1], f"answer:{option}", block=block)
    except (NotAnswered, NotPossible):
        return
    person.may_hold = before if life.refused(person.actor.id) > refused else {option}


async def tap_on(life: Life, people: list[Person], luck: random.Random, going: asyncio.Event) -> None:
    """Somebody of these people taps, then somebody else, and so on."""
    while True:
        await going.wait()
        await tap(life, luck.choice(people), luck.choice(OPTIONS))
        await asyncio.sleep(luck.uniform(0, 0.1))


async def reached(what: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits for something that another process brings about."""
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.01)


def slow_down(slack: Rehearsal, channels: tuple[str, ...], *, posts: bool) -> None:
    """A bot that is killed in a slow call cannot know whether Slack took it: it is applied after the kill."""
    for channel in channels:
        if posts:
            slack.fail("chat.postMessage", seconds=SLOW_S, times=None, channel=channel)
        slack.fail("chat.update", seconds=SLOW_S, times=None, channel=channel)


async def set_up(slack: Rehearsal, life: Life) -> None:
    assert slack.places is not None
    channels = {Side.MARKETING: (slack.places.marketing,), Side.IT: (slack.places.it,)}
    store = Store.open(life.database)
    await store.save_setup(
        Setup(
            schedule=SCHEDULE.as_record(),
            items=4,
            minimum=5,
            since=TUESDAY,
            channels=channels,
            both_sides=BothSides.NOBODY,
        ),
        TUESDAY,
        "set up",
        plan=suggested_plan(load_library(None).source),
    )
    store.close()
    life.set_clock(TUESDAY)


class Overseer:
    """A manager of a bot that may not read the history: looks for each message in doubt, and reports."""

    def __init__(self, life: Life) -> None:
        self._life, self._answered = life, set[str]()
        self.tally: Counter[str] = Counter()

    async def look(self) -> None:
        """Settles each question that managers get in direct messages, for as long as it runs."""
        while True:
            for name in MANAGERS:
                manager = self._life.slack.actor(name)
                for asked in questions(manager):
                    if asked.ts not in self._answered:
                        await self._answer(manager, asked)
            await asyncio.sleep(0.02)

    async def _answer(self, manager: Actor, asked: Message) -> None:
        """Leaves for later what the bot, perhaps dead by now, did not take."""
        with suppress(NotAnswered, TimeoutError):
            self.tally[await self._settle(manager, asked)] += 1
            self._answered.add(asked.ts)

    async def _settle(self, manager: Actor, asked: Message) -> str:
        """Looks into the channel and presses the right button; returns the outcome."""
        [row] = [block["elements"] for block in asked.blocks if block["type"] == "actions"]
        key = str(row[0]["value"])
        channel = key.rsplit(":", 1)[1]
        standing = [m for m in public(self._life.slack, channel) if m.metadata and key in str(m.metadata)]
        if not standing:
            await manager.tap(asked, "manage:post_again")
            return "posted again"
        told = len(manager.private(asked.channel))
        await manager.tap(asked, ASKS)
        await reached(lambda: bool(_form(manager, key) or manager.private(asked.channel)[told:]), 2.0)
        form = _form(manager, key)
        if form is None:
            return "settled before"
        given = f"https://acme.slack.com/archives/{channel}/p{standing[0].ts.replace('.', '')}"
        try:
            ack = await manager.submit(form, values={"link": given})
        finally:
            await manager.close_modal()
        assert ack.errors == {}
        return "found by link" if "noted" in str(ack.response) else "settled before"


def questions(actor: Actor) -> list[Message]:
    """The direct messages that ask whether a message was posted."""
    return [message for message in actor.dms if ASKS in str(message.blocks)]


def _form(manager: Actor, key: str) -> View | None:
    """The form for the link of a message, if it is open."""
    form = manager.modal
    return form if form is not None and form.content.get("private_metadata") == key else None


def crowd(slack: Rehearsal) -> tuple[list[Person], list[Actor]]:
    """Those who answer, and those who never do."""
    assert slack.places is not None
    taking_part: list[Person] = []
    silent: list[Actor] = []
    for side, channel in ((Side.MARKETING, slack.places.marketing), (Side.IT, slack.places.it)):
        ids = sorted(slack.workspace.channel(channel).members)
        actors = [slack.actor(user) for user in ids]
        people = [
            a for a in actors if not (a.person.is_bot or a.person.guest or a.person.name in ("aiko", "bruno"))
        ]
        people.sort(key=lambda actor: actor.person.name in MANAGERS)  # managers last: they get other DMs, too
        taking_part += [Person(actor, channel, side) for actor in people[SILENT:]]
        silent += people[:SILENT]
    return taking_part, silent


async def a_moment(life: Life, luck: random.Random) -> None:
    """Returns while the bot starts, after a random number of its calls, or while taps come in."""
    kind = luck.random()
    if kind < 0.3:
        await asyncio.sleep(luck.uniform(0.0, 0.3))
    elif kind < 0.7:
        calls, number = len(life.slack.calls), luck.randint(1, 40)
        await reached(lambda: len(life.slack.calls) >= calls + number or bool(life.slack.socket_mode.sockets))
        await asyncio.sleep(luck.choice((0.0, 0.02, 0.06)))
    else:
        await life.ready()
        await asyncio.sleep(luck.uniform(0.0, 0.25))


async def through(life: Life, luck: random.Random, kills: int, done: Callable[[], bool]) -> None:
    """Starts and kills the bot this many times, at random moments; then lets it do what is due."""
    for _ in range(kills):
        if not life.pid:
            await life.start()
        await a_moment(life, luck)
        await life.kill()
    await life.start()
    await life.ready()
    await reached(lambda: life.goes_on() or done(), 60.0)


def check_answers(life: Life, people: list[Person], wave: int) -> None:
    """The close counted each person once: its counts lie between what the bot must and may hold."""
    for side in Side:
        of = [person for person in people if person.side is side]
        certain = sum("" not in person.may_hold for person in of)
        possible = sum(person.may_hold != {""} for person in of)
        agree_at_least = sum(person.may_hold <= {"4", "5"} for person in of)
        agree_at_most = sum(bool(person.may_hold & {"4", "5"}) for person in of)
        score = f"wave_id = {wave} AND item_id = 'T01' AND side = '{side}'"
        [(n,)] = life.rows(f"SELECT n FROM score WHERE {score}")
        assert certain <= n <= possible, (wave, side)
        for low, high in life.rows(f"SELECT people_low, people_high FROM score_share WHERE {score}"):
            assert agree_at_least <= high, (wave, side)
            assert low <= agree_at_most, (wave, side)


@also_soaked
@pytest.mark.parametrize(
    ("badly", "whim", "history"),
    [
        pytest.param(0.0, Whims, True, id="a Slack that answers"),
        pytest.param(BADLY, Whims, True, id="a Slack that answers badly", marks=pytest.mark.soak),
        pytest.param(LOST, LostPosts, False, id="the history may not be read", marks=pytest.mark.soak),
    ],
)
async def test_kills_at_any_moment_lose_nothing_and_double_nothing(
    slack: Rehearsal, tmp_path: Path, badly: float, whim: type[Whims], history: bool
) -> None:
    """Five weekly waves with their reminders, under taps all the while, and a kill -9 about every second.

    If Slack responds badly, a tenth of all calls get no response, an odd or slow one, or one that is lost. If
    the history may not be read, the responses to half of all posts are lost; a manager looks for each message
    in doubt, and gives its link or has it posted again.
    """
    luck = random.Random(20261122)
    assert slack.places is not None
    whims = whim(random.Random(14), badly)
    slack.whims = whims
    channels = (slack.places.marketing, slack.places.it)
    slack.post.ack_seconds = 1.0
    slow_down(slack, channels, posts=history)
    people, silent = crowd(slack)
    going = asyncio.Event()
    async with life(slack, tmp_path) as bot:
        await set_up(slack, bot)
        groups = [people[n::6] for n in range(6)]
        tapping = [asyncio.create_task(tap_on(bot, group, luck, going)) for group in groups]
        overseer = Overseer(bot)
        if not history:
            slack.scopes = slack.scopes - OPTIONAL_SCOPES
            tapping.append(asyncio.create_task(overseer.look()))
        began = time.monotonic()
        for number in range(1, WAVES + 1):
            tuesday = TUESDAY + timedelta(weeks=number - 1)
            for person in people:
                person.may_hold = {""}
            going.set()
            for stage in STAGES:
                bot.set_clock(tuesday + timedelta(hours=HOURS[stage]))
                bot.step = timedelta(seconds=5 if badly else 0)
                await through(bot, luck, KILLS // (WAVES * len(STAGES)), _done(bot, channels, number, stage))
                most = {actor.id: 2 * (number - 1) + REMINDED[stage] for actor in silent}
                assert [a.id for a in silent if len(a.dms) > most[a.id]] == [], (number, stage)
                await asyncio.sleep(0.3 if stage != "close" else 0)
            going.clear()
            check_answers(bot, people, number)
        took = time.monotonic() - began
        assert [task.exception() for task in tapping if task.done()] == []
        for task in tapping:
            task.cancel()
        await asyncio.gather(*tapping, return_exceptions=True)
        assert bot.kills == KILLS
        for channel in channels:
            kinds = ("poll", "results")
            numbers = range(1, WAVES + 1)
            expected = Counter(bot.key(kind, number, channel) for number in numbers for kind in kinds)
            expected[bot.key("report", LAST_OF_QUARTER, channel)] = 1
            assert Counter(keys(slack, channel)) == expected
            open_polls = [m for m in public(slack, channel) if "answer:" in str(m.blocks)]
            assert open_polls == []
        assert bot.rows("SELECT count(*), min(reminded) FROM wave WHERE state = 'closed'") == [(WAVES, 2)]
        assert bot.rows("SELECT count(*) FROM wave") == [(WAVES,)]
        assert bot.rows("SELECT count(*) FROM ballot") == [(0,)]
        assert bot.rows("SELECT key FROM outbox WHERE state != 'done'") == []
        start = sorted(bot.starts)[len(bot.starts) // 2]
        logging.getLogger(__name__).info(
            "%d kills in %.0f s; a start takes %.2f s; %d of %d calls answered badly; in doubt: %s",
            KILLS,
            took,
            start,
            whims.bad,
            whims.asked,
            dict(overseer.tally),
        )


def _done(bot: Life, channels: tuple[str, ...], wave: int, stage: str) -> Callable[[], bool]:
    """Whether what is due in a stage has been done."""

    def stand(kind: str) -> bool:
        return all(bot.key(kind, wave, channel) in keys(bot.slack, channel) for channel in channels)

    def settled() -> bool:
        return bot.rows("SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')") == [(0,)]

    if stage == "open":
        return lambda: stand("poll") and settled()
    if stage == "close":
        return lambda: stand("results") and settled()
    due = 1 if stage == "remind" else 2
    return lambda: bot.rows(f"SELECT reminded FROM wave WHERE id = {wave}") == [(due,)]
