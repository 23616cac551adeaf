"""Shared by the tests of schedule, calendar and plan: schedules at random, another calendar, a bot's life."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule
from hypothesis import Phase
from hypothesis import strategies as st

from pulse.core.calendar import moments
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
    next_wake,
    plan,
)
from pulse.core.schedule import Repeat, Schedule, Weekday, longest_wave

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Caracas",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Australia/Eucla",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Honolulu",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Antarctica/Troll",
)
NO_SUCH_DATE = {("Pacific/Apia", date(2011, 12, 30))}
BERLIN = Schedule(Repeat.WEEKLY, Weekday.TUESDAY, time(9), "Europe/Berlin", date(2026, 11, 1))
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def berlin(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """A time of 2026 on a wall clock in Berlin, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def at_night(zone: str, at: time) -> Schedule:
    return Schedule(Repeat.WEEKLY, Weekday.SUNDAY, at, zone, date(2009, 1, 1), any_hour=True)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WAVE = moments(BERLIN, date(2026, 11, 24))


# Five years at random. The oracle takes dates from dateutil's recurrence rules on naive dates, and instants
# from a walk over UTC: the first instant at which the wall clock shows the wanted time or a later one.


def wall_clock_walk(day: date, at: time, zone: str) -> datetime:
    wanted = datetime.combine(day, at)
    tz = ZoneInfo(zone)
    moment = wanted.replace(tzinfo=UTC) - timedelta(hours=15)
    while moment.astimezone(tz).replace(tzinfo=None) < wanted:
        moment += 15 * MINUTE
    return moment


def exists(schedule: Schedule, day: date) -> bool:
    return (schedule.zone, day) not in NO_SUCH_DATE


def works(schedule: Schedule, day: date) -> bool:
    return day.weekday() < 5 and day not in schedule.skip_dates and exists(schedule, day)


def nth_working_day(schedule: Schedule, day: date, n: int) -> date:
    following = rrule(DAILY, dtstart=datetime.combine(day, time()) + timedelta(days=1), count=60)
    working: list[date] = [each.date() for each in following if works(schedule, each.date())]
    return working[n - 1]


def rule_dates(schedule: Schedule, last: date) -> list[date]:
    """The dates that dateutil's rule names, without skipped ones and those that never were."""
    start = datetime.combine(schedule.starts_on, time())
    weekday = schedule.weekday.number
    if schedule.repeat is Repeat.MONTHLY:
        # The nth such weekday of a month, in RFC 5545's words: all such weekdays, and of them the nth.
        found = rrule(MONTHLY, dtstart=start, until=last, byweekday=weekday, bysetpos=schedule.nth)
        if schedule.starts_on.day > 1:  # positions are counted within the whole of the first month
            whole = rrule(
                MONTHLY, dtstart=start.replace(day=1), until=last, byweekday=weekday, bysetpos=schedule.nth
            )
            found = [each for each in whole if each >= start]
    else:
        first = rrule(DAILY, dtstart=start, byweekday=weekday, count=1)[0]
        found = rrule(WEEKLY, dtstart=first, until=last, interval=schedule.repeat.weeks)
    dates = [each.date() for each in found]
    return [day for day in dates if day not in schedule.skip_dates and exists(schedule, day)]


def expected_dates(schedule: Schedule, last: date) -> list[tuple[date, date]]:
    """Each due date up to `last` with the date of its close."""
    candidates = rule_dates(schedule, last + timedelta(days=500))
    pairs = []
    for day, following in pairwise(candidates):
        between = [
            each.date()
            for each in rrule(DAILY, dtstart=datetime.combine(day, time()), until=following)
            if day < each.date() < following and works(schedule, each.date())
        ]
        if between and day <= last:
            pairs.append((day, between[: schedule.working_days][-1]))
    return pairs


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    repeat = draw(st.sampled_from(Repeat))
    any_hour = draw(st.booleans())
    weekday = draw(st.sampled_from(list(Weekday)[: 7 if any_hour else 5]))
    hours = st.integers(0, 95) if any_hour else st.integers(32, 72)
    quarter = draw(hours)
    start = draw(st.dates(date(2008, 1, 1), date(2032, 12, 31)))
    skips = draw(st.lists(st.tuples(st.integers(0, 1900), st.integers(1, 12)), max_size=12))
    return Schedule(
        repeat=repeat,
        weekday=weekday,
        at=time(quarter // 4, quarter % 4 * 15),
        zone=draw(st.sampled_from(ZONES)),
        starts_on=start,
        working_days=draw(st.integers(1, longest_wave(repeat, weekday))),
        nth=draw(st.sampled_from([1, 2, 3, 4, -1])),
        skip_dates=frozenset(
            start + timedelta(days=first + n) for first, length in skips for n in range(length)
        ),
        any_hour=any_hour,
        reminders=draw(st.integers(0, 2)),
        grace=timedelta(minutes=draw(st.integers(5, 1440))),
    )


FIVE_YEARS = timedelta(days=5 * 365 + 1)
# Shrinking whole histories takes minutes; the first failure is reported at once instead.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)


@dataclass
class World:
    """A store that does what `plan` says, and notes when."""

    schedule: Schedule
    since: datetime
    pauses: list[Pause] = field(default_factory=list)
    waves: dict[date, KnownWave] = field(default_factory=dict)
    opened: dict[date, datetime] = field(default_factory=dict)
    skipped: dict[date, SkipReason] = field(default_factory=dict)
    reminded: dict[date, list[datetime]] = field(default_factory=dict)
    closed: dict[date, datetime] = field(default_factory=dict)

    def plan(self, now: datetime) -> list[Decision]:
        return plan(self.schedule, self.waves, now, since=self.since, pauses=self.pauses)

    def tick(self, now: datetime, at_most: int | None = None) -> None:
        """Does what is due; at most `at_most` decisions, as if the process died after them."""
        for decision in self.plan(now)[:at_most]:
            self.do(decision, now)

    def wake(self, now: datetime) -> datetime:
        return next_wake(self.schedule, self.waves, now, since=self.since, pauses=self.pauses)

    def do(self, decision: Decision, now: datetime) -> None:
        match decision:
            case Open(wave):
                assert wave.local_date not in self.waves
                assert all(known.state is not WaveState.OPEN for known in self.waves.values())
                self.waves[wave.local_date] = KnownWave(WaveState.OPEN, wave)
                self.opened[wave.local_date] = now
            case Skip(wave, reason):
                assert wave.local_date not in self.waves
                self.waves[wave.local_date] = KnownWave(WaveState.SKIPPED, wave)
                self.skipped[wave.local_date] = reason
            case Remind(day, number):
                self.waves[day] = replace(self.waves[day], reminded=number, reminded_at=now)
                self.reminded.setdefault(day, []).append(now)
            case Close(day, publish_at):
                assert publish_at >= now
                self.waves[day] = replace(self.waves[day], state=WaveState.CLOSED)
                self.closed[day] = now

    def paused(self, moment: datetime) -> bool:
        return any(pause.covers(moment) for pause in self.pauses)
