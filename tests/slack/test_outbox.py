"""Posting exactly once: a model of everything that Slack, the network and the machine can do to a message."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from pulse.core.calendar import Moments
from pulse.core.errors import SlackFault
from pulse.core.model import Side
from pulse.slack.outbox import LONGEST_PAUSE, Outbox, Sending
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import NewMessage, NewWave, OutboxMessage, Publication, Store
from pulse.views.message import Message
from tests.depth import also_soaked, length
from tests.handlers.conftest import Clock, Office, at, running

T = TypeVar("T")
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
CHANNELS = {"C1": Side.MARKETING, "C2": Side.IT}
TOKEN = "00112233445566aa"
PEOPLE = {Side.MARKETING: 12, Side.IT: 10}
LATE = timedelta(seconds=1)


class Killed(BaseException):
    """The machine stops here: nothing after it happens."""


@dataclass
class Channel:
    """What is posted in it, and what Slack has taken but does not show yet, by outbox key."""

    stands: list[str] = field(default_factory=list)
    coming: list[str] = field(default_factory=list)
    archived: bool = False
    closed_form: bool = False


class PretendSlack:
    """As the outbox sees Slack: `troubles` says what happens to the next calls that change something."""

    def __init__(self) -> None:
        self.channels = {channel: Channel() for channel in CHANNELS}
        self.troubles: list[str] = []
        self.unsearchable = False

    def settle(self) -> None:
        """Slack shows what it has taken."""
        for channel in self.channels.values():
            channel.stands += channel.coming
            channel.coming = []

    def _meet(self, channel: Channel, apply: Coroutine[Any, Any, None] | None = None) -> str:
        if channel.archived:
            raise SlackFault("archived", "is_archived", certain=True)
        trouble = self.troubles.pop() if self.troubles else ""
        if trouble == "refused":
            raise SlackFault("refused", "ratelimited", certain=True)
        if trouble == "cut":
            raise SlackFault("gone", "", certain=False)
        if trouble == "killed before":
            raise Killed
        return trouble

    async def post(self, channel_id: str, message: Message, key: str) -> str:
        channel = self.channels[channel_id]
        trouble = self._meet(channel)
        if trouble in ("late", "killed late"):
            channel.coming.append(key)
        else:
            channel.stands.append(key)
        if trouble.startswith("killed"):
            raise Killed
        if trouble in ("lost", "late"):
            raise SlackFault("no answer", "", certain=False)
        return f"ts of {key}"

    async def update(self, channel_id: str, ts: str, message: Message) -> None:
        channel = self.channels[channel_id]
        trouble = self._meet(channel)
        channel.closed_form = True
        if trouble.startswith("killed"):
            raise Killed
        if trouble in ("lost", "late"):
            raise SlackFault("no answer", "", certain=False)

    async def find(self, channel_id: str, key: str) -> str | None:
        if self.unsearchable:
            raise SlackFault("not allowed", "missing_scope", certain=True)
        return f"ts of {key}" if key in self.channels[channel_id].stands else None


TROUBLES = ("refused", "cut", "lost", "late", "killed before", "killed after", "killed late")


class OutboxUnderFaults(RuleBasedStateMachine):
    """A wave's polls, closings and results, with the bot killed and Slack failing at any point."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="pulse-outbox-"))
        self.runner = asyncio.Runner()
        self.now = NOW
        self.slack = PretendSlack()
        self.store = Store.open(self.folder / "pulse.db")
        self.is_open = True
        self.outbox = self.make()
        items = tuple(load_library(None).bank.items[:2])
        moments = Moments(date(2026, 3, 3), NOW, (), NOW + timedelta(days=3))
        new = NewWave(
            cadence="schedule",
            moments=moments,
            opened_at=NOW,
            minimum=5,
            token=TOKEN,
            items=items,
            roster={},
            channels=CHANNELS,
        )
        self.wave = self.run(self.store.start_wave(new, "opened"))

    def run(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    def make(self) -> Outbox:
        async def render(message: OutboxMessage) -> Message | None:
            if message.kind == "poll" and not self.is_open:
                return None
            return Message(message.kind, [])

        # The pretended Slack has what the outbox calls of the real one.
        sending = Sending(slack=self.slack, changing=asyncio.Lock(), later=self.later, settle_s=0.0)
        return Outbox(self.store, render, sending)

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """No message here has a picture that could be added."""
        raise AssertionError

    def deliver(self) -> None:
        self.slack.settle()  # between two deliveries more time passes than Slack needs to show a message
        try:
            self.run(self.outbox.deliver(self.now))
        except Killed:
            self.bury()
            self.store.close()
            self.store = Store.open(self.folder / "pulse.db")
            self.outbox = self.make()

    def bury(self) -> None:
        """A killed process does nothing more: what its other tasks await never comes back to them."""
        tasks = asyncio.all_tasks(self.runner.get_loop())
        for task in tasks:
            task.cancel()
        if tasks:
            self.run(asyncio.wait(tasks))

    @rule(seconds=st.sampled_from([0, 20, 300, 1200]))
    def tick(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.deliver()

    @rule(trouble=st.sampled_from(TROUBLES))
    def trouble_comes(self, trouble: str) -> None:
        self.slack.troubles.append(trouble)

    @rule(channel=st.sampled_from(sorted(CHANNELS)), archived=st.booleans())
    def archive(self, channel: str, archived: bool) -> None:
        self.slack.channels[channel].archived = archived

    @rule(allowed=st.booleans())
    def history(self, allowed: bool) -> None:
        self.slack.unsearchable = not allowed

    @rule()
    def close(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        kinds = ("closing", "results")
        messages = [
            NewMessage(kind=kind, channel=channel, at=self.now) for kind in kinds for channel in CHANNELS
        ]
        empty = Publication(turnout={}, outcomes={})
        self.run(self.store.close_wave(self.wave, lambda _ballots: empty, messages, self.now, "closed"))

    @invariant()
    def nothing_stands_twice(self) -> None:
        for channel in self.slack.channels.values():
            everything = channel.stands + channel.coming
            assert len(everything) == len(set(everything)), everything

    def teardown(self) -> None:
        """Slack works again before the end: whatever is still due is posted, once per channel."""
        try:
            self.slack.troubles.clear()
            self.slack.unsearchable = False
            for channel in self.slack.channels.values():
                channel.archived = False
            for _ in range(4):
                self.now += LONGEST_PAUSE + LATE
                self.deliver()
            for name, channel in self.slack.channels.items():
                poll, results = f"poll:{TOKEN}:{name}", f"results:{TOKEN}:{name}"
                assert set(channel.stands) <= {poll, results}
                assert (results in channel.stands) is not self.is_open
                assert poll in channel.stands or not self.is_open
                assert channel.closed_form is (poll in channel.stands and not self.is_open)
                assert len(channel.stands) == len(set(channel.stands))
            assert self.run(self.store.undelivered()) == ()
        finally:
            self.store.close()
            self.runner.close()
            shutil.rmtree(self.folder)


@also_soaked
def test_whatever_happens_a_message_stands_exactly_once() -> None:
    """Never two, and never none if Slack works again before the wave's end; closed polls stay closed."""
    run_state_machine_as_test(
        OutboxUnderFaults,
        settings=settings(
            max_examples=length(30, 600),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# At the wire


async def test_an_archived_channel_does_not_hold_the_others_back(office: Office) -> None:
    """The other channel has its poll at once; managers are told what to fix; once fixed, the poll comes."""
    await office.set_up()
    office.slack.fail("chat.postMessage", "is_archived", times=1, channel=office.marketing)
    await office.open()
    assert len(office.about_pulses(office.it)) == 1
    assert office.about_pulses(office.marketing) == []
    await at(office, "2026-03-03T09:00")
    assert "is archived" in office.manager.dms[-1].text
    await at(office, "2026-03-03T09:01")
    assert len(office.about_pulses(office.marketing)) == 1


async def test_managers_are_told_once_a_day_of_the_same_trouble(office: Office) -> None:
    """However often the bot tries."""
    await office.set_up()
    office.slack.fail("chat.postMessage", "not_in_channel", times=None, channel=office.marketing)
    await office.open()
    for minute in range(40):
        await at(office, f"2026-03-03T09:{minute:02}")
    assert len([message for message in office.manager.dms if "I am not in" in message.text]) == 1


async def test_a_deleted_poll_is_posted_again_once(office: Office) -> None:
    """Only while the wave is open, and only once: a second deletion is meant."""
    await office.set_up()
    await office.open()
    for _ in range(3):
        for poll in office.about_pulses(office.it):
            office.slack.workspace.delete(office.it, poll.ts)
        await office.bot.surfaces.counts.update(check=True)
        await at(office, "2026-03-03T09:05")
    posts = [call.args.get("metadata") for call in office.slack.calls_of("chat.postMessage")]
    kinds = [metadata["event_payload"]["key"] for metadata in posts if metadata]
    wave = await office.bot.store.current_wave()
    assert wave is not None
    assert kinds.count(f"poll:{wave.token}:{office.it}:again") == 1
    assert office.about_pulses(office.it) == []
    assert len(office.about_pulses(office.marketing)) == 1


async def test_the_poll_that_was_posted_again_is_closed_like_any(office: Office) -> None:
    """No open buttons are left in the channel."""
    await office.set_up()
    await office.open()
    office.slack.workspace.delete(office.it, office.poll(office.it).ts)
    await office.bot.surfaces.counts.update(check=True)
    await at(office, "2026-03-03T09:05")
    await office.answer(office.people(office.it)[0], office.it, "4")
    await office.close()
    assert "answer:" not in str([message.blocks for message in office.about_pulses(office.it)])


async def test_a_count_that_is_under_way_does_not_reopen_a_closed_poll(office: Office) -> None:
    """The closing waits for it, even if Slack is slow."""
    await office.set_up()
    await office.open()
    office.slack.fail("chat.update", seconds=0.3, times=2)
    counting = asyncio.create_task(office.bot.surfaces.counts.update(check=True))
    await office.slack.workspace.until(lambda: len(office.slack.calls_of("chat.update")) > 0)
    await office.close()
    await counting
    assert "answer:" not in str([message.blocks for message in office.about_pulses(office.it)])
    assert "answer:" not in str([message.blocks for message in office.about_pulses(office.marketing)])


@pytest.mark.parametrize(
    "how", [{"lost": True}, {"cut": True}, {"late": True, "seconds": 0.05}, {"error": 500}]
)
async def test_a_post_of_unknown_outcome_stands_once(office: Office, how: dict[str, Any]) -> None:
    """The response to the call is lost: the history is searched before anything is posted again."""
    await office.set_up()
    how = dict(how)
    error = how.pop("error", "")
    office.slack.fail("chat.postMessage", error, channel=office.it, **how)
    await office.open()
    await office.slack.post.settled()
    await at(office, "2026-03-03T09:01")
    assert len(office.about_pulses(office.it)) == 1
    assert len(office.about_pulses(office.marketing)) == 1


async def test_a_poll_of_unknown_outcome_is_found_and_closed_with_its_wave(office: Office) -> None:
    """The wave closes before the bot knows that the poll was posted: its buttons go all the same."""
    await office.set_up()
    office.slack.fail("chat.postMessage", lost=True, channel=office.it)
    await office.open()
    await office.close()
    await at(office, "2026-03-03T09:10")
    assert [
        message.text for message in office.about_pulses(office.it) if "This pulse is closed" in message.text
    ]
    assert "answer:" not in str([message.blocks for message in office.about_pulses(office.it)])


async def test_where_history_cannot_be_searched_nothing_is_posted_twice(office: Office) -> None:
    """Without the scope the managers are told; once it is there, the message is found."""
    await office.set_up()
    office.slack.fail("chat.postMessage", lost=True, channel=office.it)
    history = office.slack.fail("conversations.history", "missing_scope", times=None)
    await office.open()
    for minute in (1, 3, 8, 20, 40):
        await at(office, f"2026-03-03T09:{minute:02}")
    assert len(office.about_pulses(office.it)) == 1
    assert "I do not know whether" in office.manager.dms[-1].text
    history.times = 0
    await at(office, "2026-03-03T10:30")
    assert await office.bot.store.undelivered() == ()
    assert len(office.about_pulses(office.it)) == 1


async def test_a_message_that_was_being_sent_at_a_crash_is_searched_for(
    office: Office, tmp_path: Path
) -> None:
    """The row says "sending" at the start: found in the channel, it is marked and not posted again."""
    await office.set_up()
    await office.open()
    wave = await office.bot.store.current_wave()
    assert wave is not None
    await office.bot.store.mark(f"poll:{wave.token}:{office.it}", "sending")
    await at(office, "2026-03-03T09:01")
    assert len(office.about_pulses(office.it)) == 1
    assert await office.bot.store.undelivered() == ()


async def test_a_wave_that_was_missed_is_told_to_managers(slack: Any, tmp_path: Path) -> None:
    """The bot was away beyond the grace: no poll at a wrong time, and a message to those who can open one."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        clock = office.clock
    clock.time = datetime(2026, 3, 10, 16, tzinfo=UTC)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await office.settled()
        assert office.about_pulses(office.it) == []
        assert "has been posted" in office.manager.dms[-1].text
        before = len(office.manager.dms)
        await at(office, "2026-03-10T16:05")
        assert len(office.manager.dms) == before
