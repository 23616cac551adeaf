"""The schedule as the whole bot keeps it: daylight saving, pauses, skips, late closes, restarts."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pulse.ops.scheduler import Scheduler
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, at, running


def waves(office: Office) -> list[tuple[str, str, str]]:
    """State, local date and opening of each wave, in the order of the dates."""
    database = sqlite3.connect(office.bot.store.path)
    found = database.execute("SELECT state, local_date, opens_at FROM wave ORDER BY local_date").fetchall()
    database.close()
    return found


async def through_the_day(office: Office, first: str, hours: int, step: int = 30) -> None:
    """Wakes the bot every `step` minutes from `first` on."""
    office.clock.time = datetime.fromisoformat(f"{first}+00:00")
    for _ in range(hours * 60 // step):
        await office.bot.scheduler.wake()
        office.clock.forward(minutes=step)
    await office.settled()


async def zone(office: Office, name: str) -> dict[str, str]:
    """The option that the form's zone field offers."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    options = await office.manager.options(office.manager.modal, "zone", "zone", name)
    return next(option for option in options if option["value"] == name)


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        ("2026-03-23", "2026-03-24T08:00"),
        ("2026-03-30", "2026-03-31T07:00"),
        ("2026-10-26", "2026-10-27T08:00"),
    ],
)
async def test_nine_in_the_morning_stays_nine_when_the_clocks_change(
    office: Office, day: str, opens: str
) -> None:
    """Before and after both changes of Berlin's clocks the wave opens at 09:00 there, once."""
    office.clock.time = datetime.fromisoformat(f"{day}T12:00+00:00")
    await office.set_up(zone=await zone(office, "Europe/Berlin"))
    await through_the_day(office, f"{opens[:10]}T05:00", 6)
    assert [opened for _state, _day, opened in waves(office)] == [f"{opens}:00+00:00"]
    assert len(office.about_pulses(office.it)) == 1


async def test_the_hour_that_happens_twice_opens_one_wave(office: Office) -> None:
    """Sunday 25 October 2026, 02:30 in Berlin comes twice; the wave opens at the first."""
    office.clock.time = datetime(2026, 10, 23, 12, tzinfo=UTC)
    await office.set_up(
        zone=await zone(office, "Europe/Berlin"), repeat="weekly:1:sunday", at="02:30", any_hour=["any_hour"]
    )
    await through_the_day(office, "2026-10-24T23:00", 5, step=15)
    assert [opened for _state, _day, opened in waves(office)] == ["2026-10-25T00:30:00+00:00"]


async def test_the_hour_that_does_not_exist_opens_after_the_gap(office: Office) -> None:
    """Sunday 29 March 2026 has no 02:30 in Berlin; the wave opens at 03:00."""
    office.clock.time = datetime(2026, 3, 27, 12, tzinfo=UTC)
    await office.set_up(
        zone=await zone(office, "Europe/Berlin"), repeat="weekly:1:sunday", at="02:30", any_hour=["any_hour"]
    )
    await through_the_day(office, "2026-03-29T00:00", 4, step=15)
    assert [opened for _state, _day, opened in waves(office)] == ["2026-03-29T01:00:00+00:00"]


async def test_no_wave_opens_while_the_schedule_is_paused(office: Office) -> None:
    """A wave that was due in the pause does not open after it; the next one does."""
    office.clock.forward(hours=3)
    await office.set_up()
    await office.says(office.manager, "/pulse pause", office.marketing)
    await at(office, "2026-03-10T09:00")
    await at(office, "2026-03-11T09:00")
    await office.says(office.manager, "/pulse resume", office.marketing)
    await at(office, "2026-03-11T09:01")
    await at(office, "2026-03-17T09:00")
    assert [(state, day) for state, day, _opens in waves(office)] == [
        ("skipped", "2026-03-10"),
        ("open", "2026-03-17"),
    ]


async def test_a_skipped_wave_is_left_out_and_only_that(office: Office) -> None:
    """The one after it opens."""
    office.clock.forward(hours=3)
    await office.set_up()
    await office.says(office.manager, "/pulse skip", office.marketing)
    await at(office, "2026-03-10T09:00")
    assert office.about_pulses(office.it) == []
    await at(office, "2026-03-17T09:00")
    assert [(state, day) for state, day, _opens in waves(office)] == [
        ("skipped", "2026-03-10"),
        ("open", "2026-03-17"),
    ]


async def test_a_wave_that_closes_late_is_published_in_the_next_working_hour(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """A bot that comes back on Friday night closes it at once and posts the results on Monday at eight."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        office.clock.forward(hours=3)
        await office.set_up()
        await at(office, "2026-03-10T09:00")
        clock = office.clock
    clock.time = datetime(2026, 3, 13, 22, tzinfo=UTC)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await office.settled()
        assert office.bot.workspace.waves.current is None
        assert "closed" in office.about_pulses(office.it)[0].text
        for moment in ("2026-03-14T12:00", "2026-03-16T07:59"):
            await at(office, moment)
            assert len(office.about_pulses(office.it)) == 1
        await at(office, "2026-03-16T08:00")
        assert len(office.about_pulses(office.it)) == 2


async def test_a_late_start_within_the_grace_opens_the_wave(slack: Rehearsal, tmp_path: Path) -> None:
    """Two hours late, in working hours, the poll comes, once."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        office.clock.forward(hours=3)
        await office.set_up()
        clock = office.clock
    clock.time = datetime(2026, 3, 10, 11, tzinfo=UTC)
    for _ in range(3):
        async with running(slack, tmp_path / "pulse.db", clock) as office:
            await office.settled()
            assert len(office.about_pulses(office.it)) == 1


async def test_slack_away_at_the_opening_is_made_up_for(office: Office) -> None:
    """The roster cannot be read at nine: the wave opens with the first tick after it can."""
    office.clock.forward(hours=3)
    await office.set_up()
    trouble = office.slack.fail("conversations.members", "fatal_error", times=None)
    await at(office, "2026-03-10T09:00")
    assert waves(office) == []
    trouble.times = 0
    await at(office, "2026-03-10T09:30")
    assert [(state, day) for state, day, _opens in waves(office)] == [("open", "2026-03-10")]


async def test_five_years_of_waves_do_not_slow_a_tick(office: Office) -> None:
    """A tick reads only the waves that can still be undecided."""
    office.clock.forward(hours=3)
    await office.set_up()
    for week in range(1, 261):
        due = datetime(2026, 3, 3, 9, tzinfo=UTC) + timedelta(weeks=week)
        database = sqlite3.connect(office.bot.store.path)
        with database:
            database.execute(
                "INSERT INTO wave (cadence, local_date, state, opens_at, closes_at, closed_at, minimum)"
                " VALUES ('schedule', ?, 'skipped', ?, ?, ?, 5)",
                (due.date().isoformat(), due.isoformat(), due.isoformat(), due.isoformat()),
            )
        database.close()
    office.clock.time = datetime(2031, 3, 5, 12, tzinfo=UTC)
    await office.bot.scheduler.wake()
    await office.settled()
    schedule = office.bot.workspace.waves
    assert len(await schedule._known(schedule.setup())) < 10
    assert len(await schedule._due()) == 0


async def away(slack: Rehearsal, path: Path, until: str) -> list[str]:
    """What a bot that was set up on 3 March 2026 and comes back at `until` tells a manager."""
    async with running(slack, path, Clock()) as office:
        office.clock.forward(hours=3)
        await office.set_up()
        clock = office.clock
    clock.time = datetime.fromisoformat(f"{until}+00:00")
    async with running(slack, path, clock) as office:
        for _ in range(3):
            await office.bot.scheduler.wake()
            await office.settled()
            office.clock.forward(minutes=1)
        return [message.text for message in office.manager.dms]


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-03-12T12:00", "has not been posted"),
        ("2026-03-19T12:00", "None of the pulses"),
        ("2027-03-04T12:00", "None of the pulses"),
        ("2076-03-05T12:00", "None of the pulses"),
    ],
)
async def test_after_an_absence_each_manager_gets_one_message(
    slack: Rehearsal, tmp_path: Path, until: str, said: str
) -> None:
    """After one week, two, a year or fifty: one message, and at most six waves stored."""
    [told] = await away(slack, tmp_path / "pulse.db", until)
    assert said in told
    assert "The next pulse opens" in told
    database = sqlite3.connect(tmp_path / "pulse.db")
    [[rows]] = database.execute("SELECT count(*) FROM wave").fetchall()
    database.close()
    assert rows <= 6


async def test_the_message_after_an_absence_says_since_when(office: Office) -> None:
    """It names the last pulse that was posted, and the last that was not."""
    office.clock.forward(minutes=30)
    await office.set_up()
    await at(office, "2026-03-10T09:00")
    before = len(office.manager.dms)
    await at(office, "2027-03-04T12:00")
    [told] = [message.text for message in office.manager.dms[before:]]
    assert "Since the pulse of" in told
    assert "2026-03-10 09:00 UTC" in told
    assert "2027-03-02 09:00 UTC" in told


async def test_a_clock_that_was_fifty_years_ahead_leaves_the_schedule_as_it_was(office: Office) -> None:
    """Once the clock is right again, the next pulse opens when it is due."""
    office.clock.forward(minutes=30)
    await office.set_up()
    await at(office, "2076-03-05T12:00")
    await at(office, "2026-03-10T09:00")
    assert ("open", "2026-03-10") in [(state, day) for state, day, _opens in waves(office)]


async def test_a_clock_fifty_years_ahead_costs_under_a_second_and_150_megabytes(office: Office) -> None:
    """Neither the schedule's past waves nor the minutes in between are listed one by one."""
    office.clock.forward(minutes=30)
    await office.set_up()
    tracemalloc.start()
    began = time.process_time()
    await at(office, "2076-03-05T12:00")
    took, (_now, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 150 << 20
    assert took < 1
    logging.getLogger(__name__).info("50 years: %.2f s, %.1f MB", took, most / 1e6)


@pytest.mark.parametrize(
    ("friday", "closes"),
    [("2026-03-06T18:00", "2026-03-11T09:00:00+00:00"), ("2026-03-09T10:00", "2026-03-12T09:00:00+00:00")],
)
async def test_a_skipped_wave_does_not_shorten_one_that_is_opened_by_hand(
    office: Office, friday: str, closes: str
) -> None:
    """After `/pulse skip`, `/pulse open` still gives three working days."""
    office.clock.forward(minutes=30)
    await office.set_up()
    office.clock.time = datetime.fromisoformat(f"{friday}+00:00")
    await office.says(office.manager, "/pulse skip", office.marketing)
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert wave.closes_at.isoformat() == closes


async def test_a_wave_that_is_not_skipped_still_bounds_one_opened_by_hand(office: Office) -> None:
    """It closes before the schedule's next wave opens."""
    office.clock.forward(minutes=30)
    await office.set_up()
    office.clock.time = datetime(2026, 3, 6, 18, tzinfo=UTC)
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert wave.closes_at.isoformat() == "2026-03-09T09:00:00+00:00"


# The alarm clock itself


async def test_the_next_moment_wakes_the_tick_without_waiting_for_the_net() -> None:
    """A moment 0.2 seconds away does not wait for the tick of the minute."""
    woken = asyncio.Event()
    moment = datetime.now(UTC) + timedelta(seconds=0.2)

    async def tick() -> None:
        woken.set()

    async def next_wake() -> datetime | None:
        return moment if not woken.is_set() else None

    scheduler = Scheduler(tick, next_wake, lambda: datetime.now(UTC))
    await scheduler.start()
    try:
        async with asyncio.timeout(5):
            await woken.wait()
    finally:
        scheduler.stop()


async def test_a_tick_that_fails_is_followed_by_the_next() -> None:
    """What goes wrong is logged; the next moment is planned all the same."""
    ticks = 0
    again = asyncio.Event()

    async def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 1:
            raise OSError("the disk")
        again.set()

    async def next_wake() -> datetime | None:
        return datetime.now(UTC) + timedelta(seconds=0.1) if ticks < 2 else None

    scheduler = Scheduler(tick, next_wake, lambda: datetime.now(UTC))
    await scheduler.start()
    try:
        async with asyncio.timeout(5):
            await again.wait()
    finally:
        scheduler.stop()


class Machine:
    """The machine's clock, as APScheduler and the scheduler read it; moved by the test."""

    def __init__(self) -> None:
        self.off = timedelta()

    def now(self, zone: Any = None) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-400), timedelta(days=18_000)])
async def test_a_clock_that_is_set_does_not_stop_the_ticks(
    jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set back an hour or 400 days, or ahead 49 years, the next ticks still come."""
    machine = Machine()
    for module in ("pulse.ops.scheduler", "apscheduler.schedulers.base", "apscheduler.triggers.interval"):
        monkeypatch.setattr(f"{module}.datetime", _Datetime(machine))
    monkeypatch.setattr("pulse.ops.scheduler.NET", timedelta(seconds=0.05))
    ticks = asyncio.Queue[None]()

    async def tick() -> None:
        ticks.put_nowait(None)

    async def next_wake() -> datetime | None:
        return None

    scheduler = Scheduler(tick, next_wake, machine.now)
    await scheduler.start()
    try:
        async with asyncio.timeout(5):
            await ticks.get()
            machine.off = jump
            await ticks.get()
            await ticks.get()
    finally:
        scheduler.stop()


class _Datetime:
    """`datetime` with another `now`."""

    def __init__(self, machine: Machine) -> None:
        self.now = machine.now

    def __getattr__(self, name: str) -> Any:
        return getattr(datetime, name)

    def __call__(self, *parts: Any, **more: Any) -> datetime:
        return datetime(*parts, **more)

    def __instancecheck__(self, other: object) -> bool:
        return isinstance(other, datetime)
