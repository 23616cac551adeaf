"""The instants of waves: local times, working days and holidays become moments in UTC.

The rules, each tested by name:

- A wave belongs to the local date on which it opens. There is at most one per date.
- A local time that happens twice (autumn) counts once, the first time. A local time that does not exist
  (spring) becomes the first instant after the gap: if the clock jumps from 02:00 to 03:00, 02:30 is 03:00.
  A whole date that does not exist (Samoa, 30 December 2011) has no wave and is not a working day.
- The wave of a skipped date is left out, not moved. A skipped date is not a working day either.
- A wave of n working days closes on the nth working day after its opening, at the same local time: opened on
  Tuesday at 09:00 for 3 working days, it closes on Friday at 09:00.
- It always closes on a day before the next opening. If holidays push the close too far, it closes on the last
  working day before that opening; if there is no such day, the wave is left out.
- Reminders fall on the working days between, at the opening's time of day kept within 08:00 to 17:00: one on
  the working day before the close, a second halfway. None on the day of the opening, so none in a wave of one
  working day.
- Openings are on working days from 08:00 to 18:00 unless the schedule allows any hour. Reminders always are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from pulse.core.errors import NoWaveDue
from pulse.core.schedule import DAY_ENDS, DAY_STARTS, ONE_DAY, Schedule, named_dates

LAST_REMINDER = time(17)
NOON = time(12)


@dataclass(frozen=True, slots=True)
class Moments:
    """The instants of one wave, in UTC. `local_date` is the date of its opening in the schedule's zone."""

    local_date: date
    opens_at: datetime
    reminders: tuple[datetime, ...]
    closes_at: datetime


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a local time, in UTC: the first of two, or the first after a gap.

    A local time in a gap, read with fold 0 and with fold 1 (PEP 495), gives instants on either side of the
    jump; the search for the jump runs between them.
    """
    local = datetime.combine(day, at, tzinfo=zone)
    after = local.astimezone(UTC)
    if not _in_gap(local):
        return after
    before = local.replace(fold=1).astimezone(UTC)
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def _in_gap(local: datetime) -> bool:
    """Whether the wall clock skips this time: fold 0 takes the offset from before, fold 1 from after."""
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    return before is not None and after is not None and before < after


def _naive(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def local_date(schedule: Schedule, moment: datetime) -> date:
    """The date in the schedule's zone at `moment`."""
    return moment.astimezone(schedule.tz).date()


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone has this date: noon stands for all of it, since shorter gaps are at night."""
    return not _in_gap(datetime.combine(day, NOON, tzinfo=zone))


def _is_working_day(schedule: Schedule, day: date) -> bool:
    return day.weekday() < 5 and day not in schedule.skip_dates and _exists(day, schedule.tz)


def _working_days_after(schedule: Schedule, day: date) -> Iterator[date]:
    while True:
        day += ONE_DAY
        if _is_working_day(schedule, day):
            yield day


def _may_open_on(schedule: Schedule, day: date) -> bool:
    return day not in schedule.skip_dates and _exists(day, schedule.tz)


def _next_opening_date(schedule: Schedule, after: date) -> date:
    first = max(after + ONE_DAY, schedule.starts_on)
    while True:
        last = first + timedelta(days=62)
        for day in named_dates(schedule, first, last):
            if _may_open_on(schedule, day):
                return day
        first = last + ONE_DAY


def _days_of_wave(schedule: Schedule, day: date, *, before: date | None = None) -> list[date]:
    """The working days after the opening on `day` up to the close, all before `before`."""
    days = _working_days_after(schedule, day)
    if before is not None:
        days = takewhile(lambda each: each < before, days)
    return list(islice(days, schedule.working_days))


def _room_for_wave(schedule: Schedule, day: date) -> list[date]:
    return _days_of_wave(schedule, day, before=_next_opening_date(schedule, day))


def due_dates(schedule: Schedule, first: date, last: date) -> list[date]:
    """The local dates from `first` to `last` on which a wave opens, in order."""
    return [
        day
        for day in named_dates(schedule, first, last)
        if _may_open_on(schedule, day) and _room_for_wave(schedule, day)
    ]


def is_due(schedule: Schedule, day: date) -> bool:
    return due_dates(schedule, day, day) == [day]


def moments(schedule: Schedule, local_date: date) -> Moments:
    """The instants of the wave of a due date. Raises NoWaveDue on any other date."""
    if not is_due(schedule, local_date):
        raise NoWaveDue(local_date)
    days = _room_for_wave(schedule, local_date)
    return _moments(schedule, local_date, instant(local_date, schedule.at, schedule.tz), days)


def moments_by_hand(schedule: Schedule, now: datetime, before: date | None = None) -> Moments:
    """The instants of a wave that a manager opens at `now`, at any hour of any date.

    It belongs to its local date. If a working day lies between, it closes before the next wave of the
    schedule; if none does, it runs its whole length and `plan` skips the wave that would open meanwhile.
    `before` is the date of that next wave; the caller gives it if the schedule's next one is skipped.
    """
    today = local_date(schedule, now)
    following = before or _next_opening_date(schedule, today)
    days = _days_of_wave(schedule, today, before=following) or _days_of_wave(schedule, today)
    return _moments(schedule, today, now.astimezone(UTC), days)


def _moments(schedule: Schedule, day: date, opens_at: datetime, days: list[date]) -> Moments:
    remind_at = min(max(schedule.at, DAY_STARTS), LAST_REMINDER)
    return Moments(
        local_date=day,
        opens_at=opens_at,
        reminders=tuple(
            instant(each, remind_at, schedule.tz) for each in _reminder_days(days, schedule.reminders)
        ),
        closes_at=instant(days[-1], schedule.at, schedule.tz),
    )


def _reminder_days(days: list[date], count: int) -> list[date]:
    """The working day before the close and, for a second reminder, the one halfway if it is another day."""
    between = days[:-1]
    if not between or not count:
        return []
    half = days[len(days) // 2 - 1]
    chosen = {between[-1]} if count == 1 else {half, between[-1]}
    return sorted(chosen)


def next_moments(schedule: Schedule, after: datetime, count: int = 1) -> list[Moments]:
    """The next `count` waves that open later than `after`, in order. Pauses are ignored."""
    found: list[Moments] = []
    day = local_date(schedule, after) - 2 * ONE_DAY
    while len(found) < count:
        day = _next_opening_date(schedule, day)
        if _room_for_wave(schedule, day):
            wave = moments(schedule, day)
            if wave.opens_at > after:
                found.append(wave)
    return found


def may_post(schedule: Schedule, moment: datetime) -> bool:
    """Whether the bot may post at `moment`: never on a skipped date, else in working hours or at any hour."""
    local = _naive(moment, schedule.tz)
    if schedule.any_hour:
        return local.date() not in schedule.skip_dates
    return is_working_hour(schedule, moment)


def is_working_hour(schedule: Schedule, moment: datetime) -> bool:
    local = _naive(moment, schedule.tz)
    return _is_working_day(schedule, local.date()) and DAY_STARTS <= local.time() < DAY_ENDS


def next_posting(schedule: Schedule, moment: datetime) -> datetime:
    """`moment` itself if something may be posted then, else the next instant at which it may."""
    if may_post(schedule, moment):
        return moment
    starts = time(0) if schedule.any_hour else DAY_STARTS
    day = local_date(schedule, moment)
    while True:
        opening = instant(day, starts, schedule.tz)
        if opening > moment and may_post(schedule, opening):
            return opening
        day += ONE_DAY
