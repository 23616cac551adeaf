"""What is due when: named moments, and five years of restarts, outages and clock steps at random."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.core.calendar import Moments, due_dates, may_post, moments, moments_by_hand
from pulse.core.plan import (
    Close,
    Decision,
    KnownWave,
    Open,
    Pause,
    Remind,
    Skip,
    SkipReason,
    WaveState,
    deadline,
    is_missed,
    next_wake,
    plan,
)
from pulse.core.schedule import Schedule
from tests.core.schedules import (
    BERLIN,
    FIVE_YEARS,
    MINUTE,
    UNSHRUNK,
    WAVE,
    World,
    berlin,
    expected_dates,
    schedules,
    wall_clock_walk,
    works,
)
from tests.depth import also_soaked, length

SAVED = berlin(20, 12)


def decide(
    now: datetime,
    waves: Iterable[KnownWave] = (),
    *,
    pauses: Iterable[Pause] = (),
    schedule: Schedule = BERLIN,
    since: datetime = SAVED,
) -> list[Decision]:
    known = {wave.moments.local_date: wave for wave in waves}
    return plan(schedule, known, now, since=since, pauses=pauses)


def opened(wave: Moments = WAVE, reminded: int = 0, reminded_at: datetime | None = None) -> KnownWave:
    return KnownWave(WaveState.OPEN, wave, reminded, reminded_at)


class TestPlan:
    def test_a_wave_opens_at_its_moment_and_not_before(self) -> None:
        """A microsecond before nine nothing is due, at nine the wave is."""
        assert decide(berlin(24, 9) - timedelta(microseconds=1)) == []
        assert decide(berlin(24, 9)) == [Open(WAVE)]

    @pytest.mark.parametrize("state", [WaveState.OPEN, WaveState.CLOSED, WaveState.SKIPPED])
    def test_a_known_wave_is_not_opened_again(self, state: WaveState) -> None:
        """However the clock moves, a date that has its wave gets no second one."""
        for now in (berlin(24, 8), berlin(24, 9), berlin(24, 10)):
            assert decide(now, [KnownWave(state, WAVE)]) == []

    def test_a_planned_wave_follows_the_schedule(self) -> None:
        """Moments planned under older rules give way to those of today."""
        stale = replace(WAVE, opens_at=berlin(24, 15))
        assert decide(berlin(24, 9), [KnownWave(WaveState.PLANNED, stale)]) == [Open(WAVE)]

    def test_an_open_wave_keeps_its_moments_when_the_schedule_changes(self) -> None:
        """A schedule that is changed to one day closes an open wave when it was promised to close."""
        shorter = replace(BERLIN, working_days=1)
        assert decide(berlin(26, 8, 59), [opened(reminded=1)], schedule=shorter) == []
        assert decide(berlin(27, 9), [opened(reminded=1)], schedule=shorter) == [
            Close(WAVE.local_date, berlin(27, 9))
        ]

    def test_openings_before_the_schedule_was_saved_are_not_its_own(self) -> None:
        """A schedule that is saved at ten for Tuesdays at nine opens next week."""
        assert decide(berlin(24, 10), since=berlin(24, 9, 30)) == []
        assert decide(berlin(24, 10), since=berlin(24, 9)) == [Open(WAVE)]

    def test_a_missed_opening_is_made_up_for_within_its_grace(self) -> None:
        """Four hours of grace: at 12:59 the wave opens late, at 13:00 it is skipped."""
        assert decide(berlin(24, 12, 59)) == [Open(WAVE)]
        assert decide(berlin(24, 13)) == [Skip(WAVE, SkipReason.MISSED)]
        assert is_missed(WAVE, berlin(24, 13), BERLIN)

    def test_a_late_opening_waits_for_working_hours(self) -> None:
        """An opening missed at 17:00 is not made up for at night, but in the morning within its grace."""
        schedule = replace(BERLIN, at=time(17), grace=timedelta(hours=20))
        wave = moments(schedule, date(2026, 11, 24))
        assert decide(berlin(24, 17, 59), schedule=schedule) == [Open(wave)]
        assert decide(berlin(24, 18), schedule=schedule) == []
        assert decide(berlin(25, 7, 59), schedule=schedule) == []
        assert decide(berlin(25, 8), schedule=schedule) == [Open(wave)]

    def test_an_opening_at_the_end_of_the_day_may_be_a_moment_late(self) -> None:
        """18:00 is within the hours, and so is the tick that comes a few seconds after it."""
        schedule = replace(BERLIN, at=time(18))
        wave = moments(schedule, date(2026, 11, 24))
        assert decide(berlin(24, 18) + timedelta(seconds=40), schedule=schedule) == [Open(wave)]
        assert decide(berlin(24, 18, 6), schedule=schedule) == []

    def test_a_late_opening_needs_four_hours_before_the_close(self) -> None:
        """A wave of one working day with a day's grace is skipped when too little of it is left."""
        schedule = replace(BERLIN, at=time(14), working_days=1, grace=timedelta(hours=24))
        wave = moments(schedule, date(2026, 11, 24))
        assert deadline(schedule, wave) == berlin(25, 10)
        assert decide(berlin(25, 9, 59), schedule=schedule) == [Open(wave)]
        assert decide(berlin(25, 10), schedule=schedule) == [Skip(wave, SkipReason.MISSED)]

    def test_a_wave_that_opens_late_is_not_reminded_of_on_that_day(self) -> None:
        """Opened on Wednesday in place of Tuesday, it has no reminder on Wednesday."""
        schedule = replace(BERLIN, at=time(17), grace=timedelta(hours=20), reminders=2)
        wave = moments(schedule, date(2026, 11, 24))
        assert wave.reminders == (berlin(25, 17), berlin(26, 17))
        assert decide(berlin(25, 8), schedule=schedule) == [Open(replace(wave, reminders=(berlin(26, 17),)))]

    def test_a_late_opening_does_not_fall_on_a_skipped_date(self) -> None:
        """If any hour is allowed, a grace that runs into a holiday waits it out and ends."""
        schedule = replace(
            BERLIN,
            at=time(22),
            any_hour=True,
            grace=timedelta(hours=24),
            skip_dates=frozenset({date(2026, 11, 25)}),
        )
        wave = moments(schedule, date(2026, 11, 24))
        assert decide(berlin(24, 23), schedule=schedule) == [Open(wave)]
        assert decide(berlin(25, 12), schedule=schedule) == []
        assert decide(berlin(25, 22), schedule=schedule) == [Skip(wave, SkipReason.MISSED)]

    def test_every_wave_missed_in_a_long_outage_is_named(self) -> None:
        """After three weeks without a tick, each Tuesday is skipped with its reason, in order."""
        decisions = decide(berlin(10, 12, month=12))
        assert [each.sentence for each in decisions if isinstance(each, Skip)] == [
            "The pulse of 2026-11-24 was skipped: it could not be opened in time.",
            "The pulse of 2026-12-01 was skipped: it could not be opened in time.",
            "The pulse of 2026-12-08 was skipped: it could not be opened in time.",
        ]
        assert len(decisions) == 3

    def test_a_pause_at_the_opening_skips_the_wave_for_good(self) -> None:
        """A wave that fell into a pause does not come back when the pause ends within the grace."""
        pause = Pause(berlin(24, 8), berlin(24, 10))
        assert decide(berlin(24, 9), pauses=[pause]) == [Skip(WAVE, SkipReason.PAUSED)]
        assert decide(berlin(24, 11), pauses=[pause]) == [Skip(WAVE, SkipReason.PAUSED)]

    def test_a_pause_ends_just_before_its_end(self) -> None:
        """An opening at the very end of a pause is after it."""
        assert decide(berlin(24, 9), pauses=[Pause(berlin(24, 8), berlin(24, 9))]) == [Open(WAVE)]
        assert decide(berlin(24, 9), pauses=[Pause(berlin(24, 9))]) == [Skip(WAVE, SkipReason.PAUSED)]

    def test_a_late_opening_waits_for_the_end_of_a_pause_that_began_after_it(self) -> None:
        """Nothing opens in a pause; the rest of the grace after it still counts."""
        pause = Pause(berlin(24, 10), berlin(24, 12))
        assert decide(berlin(24, 11), pauses=[pause]) == []
        assert decide(berlin(24, 12), pauses=[pause]) == [Open(WAVE)]

    def test_an_open_wave_closes_in_a_pause_without_a_reminder(self) -> None:
        """A pause stops openings and reminders, and people still get the results that were promised."""
        pause = Pause(berlin(25, 12))
        assert decide(berlin(26, 9), [opened()], pauses=[pause]) == []
        assert decide(berlin(27, 9), [opened()], pauses=[pause]) == [Close(WAVE.local_date, berlin(27, 9))]

    def test_a_wave_that_would_open_while_another_is_open_is_skipped(self) -> None:
        """A wave opened by hand on Monday runs on, and Tuesday's is left out with a reason."""
        by_hand = moments_by_hand(BERLIN, berlin(23, 14))
        assert by_hand.closes_at == berlin(26, 9)
        assert decide(berlin(24, 9), [opened(by_hand)]) == [Skip(WAVE, SkipReason.STILL_OPEN)]

    def test_a_wave_that_ended_early_makes_room(self) -> None:
        """Closed by hand before nine, Monday's wave does not stand in the way of Tuesday's."""
        by_hand = moments_by_hand(BERLIN, berlin(23, 14))
        assert decide(berlin(24, 9), [KnownWave(WaveState.CLOSED, by_hand)]) == [Open(WAVE)]

    def test_an_overdue_close_comes_before_the_next_opening(self) -> None:
        """After a week without a tick the old wave closes first, then the new one opens."""
        last_week = moments(BERLIN, date(2026, 11, 17))
        assert decide(berlin(24, 9), [opened(last_week)], since=berlin(10, 12)) == [
            Close(date(2026, 11, 17), berlin(24, 9)),
            Open(WAVE),
        ]

    def test_results_of_a_late_close_wait_for_the_morning(self) -> None:
        """A close that was missed and is done at three at night posts its results at eight, not at once."""
        saturday = berlin(28, 3)
        assert decide(saturday, [opened(reminded=1)]) == [Close(WAVE.local_date, berlin(30, 8))]
        assert decide(berlin(27, 12), [opened(reminded=1)]) == [Close(WAVE.local_date, berlin(27, 12))]

    def test_a_wave_opened_by_hand_counts_for_its_date(self) -> None:
        """Opened by a manager at 08:30, Tuesday's wave is not opened again at nine."""
        by_hand = moments_by_hand(BERLIN, berlin(24, 8, 30))
        assert (by_hand.local_date, by_hand.opens_at) == (date(2026, 11, 24), berlin(24, 8, 30))
        assert decide(berlin(24, 9), [opened(by_hand)]) == []

    def test_a_wave_opened_by_hand_makes_room_for_the_next_where_it_can(self) -> None:
        """Opened on Friday for three working days, it closes on Monday before Tuesday's wave."""
        assert moments_by_hand(BERLIN, berlin(20, 14)).closes_at == berlin(23, 9)


class TestReminders:
    def test_a_reminder_goes_out_once(self) -> None:
        """What has been sent is not sent again, also with the clock set back."""
        assert decide(berlin(26, 8, 59), [opened()]) == []
        assert decide(berlin(26, 9), [opened()]) == [Remind(WAVE.local_date, 1)]
        sent = opened(reminded=1, reminded_at=berlin(26, 9))
        assert decide(berlin(26, 9), [sent]) == []
        assert decide(berlin(26, 8), [sent]) == []
        tomorrow = replace(sent, moments=replace(WAVE, closes_at=berlin(30, 9)))
        assert decide(berlin(27, 9), [tomorrow]) == []

    def test_of_two_overdue_reminders_only_the_last_is_sent(self) -> None:
        """A bot that was down for both sends one."""
        wave = moments(replace(BERLIN, reminders=2), date(2026, 11, 24))
        assert decide(berlin(26, 10), [opened(wave)]) == [Remind(wave.local_date, 2)]

    def test_a_late_reminder_waits_for_working_hours(self) -> None:
        """Nobody is reminded in the evening; in the morning it is made up for."""
        wave = moments(replace(BERLIN, at=time(17)), date(2026, 11, 24))
        assert decide(berlin(26, 18), [opened(wave)]) == []
        assert decide(berlin(27, 8), [opened(wave)]) == [Remind(wave.local_date, 1)]

    def test_nobody_is_reminded_in_the_last_hour(self) -> None:
        """An hour before the close is too late for a reminder."""
        assert decide(berlin(27, 8), [opened()]) == []
        wave = moments(replace(BERLIN, at=time(10)), date(2026, 11, 24))
        assert decide(berlin(27, 8, 59), [opened(wave)]) == [Remind(wave.local_date, 1)]
        assert decide(berlin(27, 9), [opened(wave)]) == []

    def test_two_reminders_never_fall_on_one_day(self) -> None:
        """The first, sent late on Thursday, keeps the second from Thursday; Friday morning is free again."""
        wave = moments(replace(BERLIN, reminders=2, at=time(12)), date(2026, 11, 24))
        late = opened(wave, reminded=1, reminded_at=berlin(26, 9))
        assert decide(berlin(26, 12), [late]) == []
        assert decide(berlin(27, 8), [late]) == [Remind(wave.local_date, 2)]


class TestNextWake:
    def wake(
        self,
        now: datetime,
        waves: Iterable[KnownWave] = (),
        pauses: Iterable[Pause] = (),
        schedule: Schedule = BERLIN,
    ) -> datetime:
        known = {wave.moments.local_date: wave for wave in waves}
        return next_wake(schedule, known, now, since=SAVED, pauses=pauses)

    def test_it_is_the_next_of_opening_reminder_and_close(self) -> None:
        """From one moment of a wave the next is named, and after the close the next opening."""
        sent = opened(reminded=1, reminded_at=berlin(26, 9))
        assert self.wake(berlin(23, 12)) == berlin(24, 9)
        assert self.wake(berlin(24, 9), [opened()]) == berlin(26, 9)
        assert self.wake(berlin(26, 9), [sent]) == berlin(27, 9)
        assert self.wake(berlin(27, 9), [KnownWave(WaveState.CLOSED, WAVE)]) == berlin(1, 9, month=12)

    def test_a_late_opening_is_looked_at_in_the_morning_and_at_its_deadline(self) -> None:
        """What waits at night wakes at eight, or when its grace ends before."""
        long = replace(BERLIN, at=time(17), grace=timedelta(hours=20))
        short = replace(BERLIN, at=time(17), grace=timedelta(hours=4))
        assert self.wake(berlin(24, 19), schedule=long) == berlin(25, 8)
        assert self.wake(berlin(24, 19), schedule=short) == berlin(24, 21)

    def test_a_late_opening_is_looked_at_when_a_pause_ends(self) -> None:
        """A pause that ends within the grace wakes the opening that waits for it."""
        pause = Pause(berlin(24, 10), berlin(24, 12))
        assert self.wake(berlin(24, 11), pauses=[pause]) == berlin(24, 12)

    def test_a_late_reminder_is_looked_at_in_the_morning(self) -> None:
        """A reminder that was missed by day does not wake anybody at night."""
        wave = moments(replace(BERLIN, at=time(17)), date(2026, 11, 24))
        assert self.wake(berlin(26, 19), [opened(wave)]) == berlin(27, 8)

    def test_a_pause_without_an_end_still_wakes_to_name_what_it_skips(self) -> None:
        """The opening that falls into a pause is due to be skipped at its moment."""
        assert self.wake(berlin(23, 12), pauses=[Pause(berlin(22, 12))]) == berlin(24, 9)


@also_soaked
@settings(max_examples=length(20, 400), deadline=None)
@given(schedules())
def test_five_years_of_reminders_keep_to_working_hours(schedule: Schedule) -> None:
    """At most two, on different working days from 08:00 to 18:00, after the opening's day, before the end."""
    for day in due_dates(schedule, schedule.starts_on, schedule.starts_on + FIVE_YEARS):
        wave = moments(schedule, day)
        local = [moment.astimezone(schedule.tz) for moment in wave.reminders]
        days = [day, *(each.date() for each in local)]
        assert len(local) <= schedule.reminders
        assert days == sorted(set(days))
        assert all(works(schedule, each) for each in days[1:])
        assert all(time(8) <= each.time() <= time(18) for each in local)
        assert all(wave.opens_at < each <= wave.closes_at - timedelta(hours=1) for each in wave.reminders)


def pauses_of(draw: st.DrawFn, start: datetime) -> list[Pause]:
    """Up to four pauses in five years, the last perhaps without an end."""
    spans = draw(st.lists(st.tuples(st.integers(1, 40_000), st.integers(1, 3_000)), max_size=4))
    pauses, moment = [], start
    for gap, hours in spans:
        since = moment + timedelta(hours=gap // 4)
        moment = since + timedelta(hours=hours)
        pauses.append(Pause(since, moment))
    endless = draw(st.booleans())
    if pauses and endless:
        pauses[-1] = Pause(pauses[-1].since)
    return pauses


@st.composite
def worlds(draw: st.DrawFn) -> World:
    schedule = draw(schedules())
    since = wall_clock_walk(schedule.starts_on, time(0), schedule.zone)
    return World(schedule, since, pauses_of(draw, since))


def run_by_wakes(world: World, end: datetime) -> None:
    now = world.since
    while now < end:
        world.tick(now)
        assert world.plan(now) == []
        now = world.wake(now)


@also_soaked
@settings(max_examples=length(6, 200), deadline=None, phases=UNSHRUNK)
@given(worlds())
def test_a_bot_that_is_always_up_opens_every_due_wave_of_five_years_at_its_moment(world: World) -> None:
    """Woken by next_wake alone: one wave per due date, on the second, and none that fell into a pause."""
    schedule = world.schedule
    end = world.since + FIVE_YEARS
    run_by_wakes(world, end)
    due = [moments(schedule, day) for day, _close in expected_dates(schedule, end.date())]
    due = [wave for wave in due if world.since <= wave.opens_at and wave.closes_at < end - timedelta(days=1)]
    for wave in due:
        day = wave.local_date
        if world.paused(wave.opens_at):
            assert world.skipped.pop(day) is SkipReason.PAUSED
        else:
            assert world.opened[day] == wave.opens_at
            assert world.closed[day] == wave.closes_at
            if not any(world.paused(moment) for moment in wave.reminders):
                assert tuple(world.reminded.get(day, ())) == wave.reminders
    known = {wave.local_date for wave in due}
    assert all(moment > end - timedelta(days=60) for day, moment in world.opened.items() if day not in known)


def check_history(world: World, down: list[tuple[datetime, datetime]], end: datetime) -> None:
    schedule = world.schedule
    due = [moments(schedule, day) for day, _close in expected_dates(schedule, end.date())]
    due = [wave for wave in due if world.since <= wave.opens_at <= end - timedelta(days=3)]
    for wave in due:
        asleep = any(start <= wave.opens_at < stop for start, stop in down)
        if not asleep and not world.paused(wave.opens_at):
            assert world.opened[wave.local_date] - wave.opens_at <= 2 * MINUTE
        assert (wave.local_date in world.opened) != (wave.local_date in world.skipped)
    assert {day for day in world.waves if day < (end - timedelta(days=4)).date()} <= {
        wave.local_date for wave in due
    }
    for day, moment in world.opened.items():
        assert not world.paused(moment)
        assert moment < world.waves[day].moments.closes_at - timedelta(hours=3)
        assert may_post(schedule, moment) or moment - world.waves[day].moments.opens_at <= 5 * MINUTE
        assert day not in schedule.skip_dates
    for day, sent in world.reminded.items():
        check_reminders(world, day, sent)


def check_reminders(world: World, day: date, sent: list[datetime]) -> None:
    local = [moment.astimezone(world.schedule.tz) for moment in sent]
    assert len(sent) <= world.schedule.reminders
    assert len({each.date() for each in local}) == len(sent)
    assert world.opened[day].astimezone(world.schedule.tz).date() not in {each.date() for each in local}
    assert all(works(world.schedule, each.date()) and time(8) <= each.time() < time(18) for each in local)
    assert all(moment < world.waves[day].moments.closes_at - timedelta(hours=1) for moment in sent)
    assert not any(world.paused(moment) for moment in sent)


@also_soaked
@settings(max_examples=length(6, 200), deadline=None, phases=UNSHRUNK)
@given(
    worlds(),
    st.lists(st.tuples(st.integers(0, 43_000), st.integers(1, 300)), max_size=30),
    st.integers(0, 2**32),
)
def test_five_years_of_restarts_outages_and_clock_steps_lose_and_double_nothing(
    world: World, outages: list[tuple[int, int]], seed: int
) -> None:
    """Every due wave opens once or is skipped with a reason; never in a pause, at night, or over another."""
    random = Random(seed)
    down = [
        (world.since + timedelta(hours=at), world.since + timedelta(hours=at + length))
        for at, length in outages
    ]
    end = world.since + FIVE_YEARS
    now = world.since
    while now < end:
        if (stop := max((stop for start, stop in down if start <= now < stop), default=None)) is not None:
            now = stop
            continue
        if random.random() < 0.3:
            world.tick(now, at_most=1)
            world.tick(now - timedelta(seconds=random.randrange(86_400)))
        world.tick(now)
        assert world.plan(now) == []
        wake = world.wake(now)
        assert world.plan(now + random.random() * (wake - now) - timedelta(microseconds=1)) == []
        now = wake + timedelta(seconds=random.randrange(60))
    check_history(world, down, end)


@also_soaked
@settings(max_examples=length(6, 200), deadline=None, phases=UNSHRUNK)
@given(worlds(), st.integers(0, 2**32))
def test_more_ticks_change_nothing(world: World, seed: int) -> None:
    """A bot that is woken at many other times besides makes the same waves as one woken only when due."""
    random = Random(seed)
    end = world.since + timedelta(days=400)
    busy = World(world.schedule, world.since, world.pauses)
    run_by_wakes(world, end)
    now = world.since
    while now < end:
        busy.tick(now)
        wake = busy.wake(now)
        for _n in range(3):
            between = now + random.random() * (wake - now)
            if between < wake:
                assert busy.plan(between) == []
        now = wake
    assert busy == world
