"""The services on a store that suspends in every call, as one behind a network does."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pulse.core.plan import WaveState
from pulse.core.schedule import Schedule, Weekday
from pulse.storage import port
from pulse.storage.sqlite.store import Store
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, running

TURNS = 200
"""Turns of the loop in which a task that waits for nobody comes to its end."""


class SuspendingStore(Store):
    """Lets other tasks run before and after each call; the call named in `held` waits for `released`."""

    held = ""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.reached, self.released = asyncio.Event(), asyncio.Event()

    async def suspended(self, name: str, call: Coroutine[Any, Any, Any]) -> Any:
        await asyncio.sleep(0)
        result = await call
        await asyncio.sleep(0)
        if name == self.held:
            self.held = ""
            self.reached.set()
            await self.released.wait()
        return result


def _suspending(name: str) -> Any:
    async def call(self: SuspendingStore, *arguments: Any, **named: Any) -> Any:
        return await self.suspended(name, getattr(Store, name)(self, *arguments, **named))

    return call


for method, _function in inspect.getmembers(port.Store, inspect.iscoroutinefunction):
    setattr(SuspendingStore, method, _suspending(method))


@pytest.fixture
async def office(slack: Rehearsal, tmp_path: Path) -> AsyncIterator[Office]:
    async with running(slack, tmp_path / "pulse.db", Clock(), open_store=SuspendingStore.open) as office:
        yield office


async def overtaken(
    office: Office, call: str, slow: Coroutine[Any, Any, Any], quick: Coroutine[Any, Any, Any]
) -> tuple[Any, Any]:
    """Runs `quick` while the next `call` of `slow` has its result and has not returned."""
    store = office.bot.store
    assert isinstance(store, SuspendingStore)
    store.held = call
    first = asyncio.create_task(slow)
    await store.reached.wait()
    second = asyncio.create_task(quick)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    # A thread commits the writes of `quick`: one that does not wait for `slow` must finish here.
    await store.check_writable()
    for _ in range(TURNS):
        await asyncio.sleep(0)
    store.released.set()
    return await first, await second


async def test_the_whole_loop_works(office: Office) -> None:
    """Set-up, opening, answers, close and results, at the wire."""
    await office.set_up()
    await office.open()
    for channel in (office.marketing, office.it):
        for person in office.people(channel)[:6]:
            await office.answer(person, channel, "4")
    await office.close()
    assert "Marketing 6 of 14, IT 6 of 14 answered." in office.posted(office.it)[-1].text
    assert [wave.id for wave in await office.bot.store.closed_waves()] == [1]


async def test_a_set_up_that_is_saved_during_a_tick_stays(office: Office) -> None:
    """The tick had read the old one."""
    await office.set_up()
    waves = office.bot.workspace.waves
    new = replace(waves.setup(), language="de")
    await overtaken(office, "setup", waves.tick(), waves.save_setup(new, "changed"))
    assert waves.posts_language() == "de"


async def test_a_decision_is_made_on_one_set_up(office: Office) -> None:
    """A new schedule does not apply to the time before it: no wave of it was missed then."""
    office.clock.forward(hours=3)
    await office.set_up()
    office.clock.time = datetime(2026, 3, 9, 12, tzinfo=UTC)
    waves = office.bot.workspace.waves
    friday = replace(Schedule.from_record(waves.setup().schedule), weekday=Weekday.FRIDAY)
    new = replace(waves.setup(), schedule=friday.as_record(), since=office.clock.time)
    await overtaken(office, "known_waves", waves.tick(), waves.save_setup(new, "changed"))
    assert await office.bot.store.missed_waves(datetime(2026, 3, 1, tzinfo=UTC)) == ()


async def test_a_channel_that_moves_while_its_wave_closes_opens_nothing_again(office: Office) -> None:
    """The move has read the open wave, which is closed before the move stores it."""
    await office.set_up()
    await office.open()
    waves, by_hand = office.bot.workspace.waves, office.bot.workspace.by_hand
    await overtaken(office, "current_wave", waves.move_channel(office.it, "C0NEW"), by_hand.close())
    assert waves.current is None


async def test_a_wave_is_not_skipped_and_opened(office: Office) -> None:
    """It is due while a manager skips it: whoever comes first decides."""
    office.clock.forward(hours=3)
    await office.set_up()
    office.clock.time = datetime(2026, 3, 10, 8, 59, 59, tzinfo=UTC)
    waves, by_hand = office.bot.workspace.waves, office.bot.workspace.by_hand

    async def tick_at_nine() -> None:
        office.clock.forward(seconds=1)
        await waves.tick()

    skipped, _none = await overtaken(office, "known_waves", by_hand.skip(), tick_at_nine())
    known = await office.bot.store.known_waves()
    assert known[skipped.local_date].state is WaveState.SKIPPED
    assert waves.current is None


async def test_a_pause_is_not_overtaken_by_a_wave(office: Office) -> None:
    """When a manager is told that no pulse opens until resumed, none opens after it."""
    office.clock.forward(hours=3)
    await office.set_up()
    office.clock.time = datetime(2026, 3, 10, 9, tzinfo=UTC)
    waves = office.bot.workspace.waves
    opened_at_the_pause = []

    async def pause() -> None:
        await office.bot.workspace.by_hand.pause()
        opened_at_the_pause.append(waves.current is not None)

    await overtaken(office, "pauses", waves.tick(), pause())
    assert opened_at_the_pause == [True]


async def test_a_reminder_belongs_to_the_wave_that_it_was_due_for(office: Office) -> None:
    """Another wave opens while the reminder is decided: that wave has had no reminder."""
    await office.set_up(reminders="1")
    await office.open()
    workspace = office.bot.workspace
    office.clock.time = datetime(2026, 3, 5, 9, tzinfo=UTC)

    async def another() -> None:
        await workspace.by_hand.close()
        await workspace.by_hand.open()

    await overtaken(office, "known_waves", workspace.reminders.send_due(), another())
    await office.settled()
    known = await office.bot.store.known_waves()
    assert {wave.reminded for wave in known.values() if wave.state is WaveState.OPEN} == {0}


async def test_two_readers_at_once_read_a_closed_wave_once(office: Office) -> None:
    """Else the trend would have it twice."""
    await office.set_up()
    await office.open()
    await office.close()
    results = office.bot.workspace.results
    results._closed = ()
    first, second = await overtaken(office, "closed_waves", results.closed(), results.closed())
    assert [wave.id for wave in first] == [wave.id for wave in second] == [1]


async def test_polls_are_counted_while_a_channel_moves(office: Office) -> None:
    """One whose channel has another id by then is left to the next count."""
    await office.set_up()
    await office.open()
    workspace = office.bot.workspace
    polls, _none = await overtaken(
        office,
        "answered",
        workspace.posts.standing_polls(),
        workspace.waves.move_channel(office.it, "C0NEW"),
    )
    assert [poll.channel for poll in polls] == [office.marketing]


async def test_one_manager_is_greeted_once(office: Office) -> None:
    """Also if the tab is opened twice at once."""
    managers, ines = office.bot.workspace.managers, office.manager.id
    assert sorted(await asyncio.gather(managers.claim_greeting(ines), managers.claim_greeting(ines))) == [
        False,
        True,
    ]


async def test_a_manager_is_named_once(office: Office) -> None:
    """Two managers name the same person at once: the audit has one line."""
    managers, person = office.bot.workspace.managers, office.people(office.it)[0].id
    await asyncio.gather(managers.name([person], True), managers.name([person], True))
    assert len(await managers.changes()) == 1
