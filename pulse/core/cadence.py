"""When waves open, remind and close, and what is due at a given instant.

A `Schedule` says it in local time ("every Tuesday at 09:00 in Europe/Berlin"); `Moments` are its instants in
UTC for one local date; `plan` compares them with the waves that are known and returns what is due. Nothing
here reads a clock: the same schedule, waves and `now` always give the same decisions.

The rules, each with a test of its name:

- A wave belongs to the local date on which it opens. There is at most one a date.
- A local time that happens twice (autumn) counts once, the first time. A local time that does not exist
  (spring) becomes the first instant after the gap: 02:30 where the clock jumps from 02:00 to 03:00 is 03:00.
  A whole date that does not exist (Samoa, 30 December 2011) has no wave and is no working day.
- The wave of a skipped date is left out, not moved. A skipped date is no working day either.
- A wave of n working days closes on the nth working day after its opening, at the same local time: opened on
  Tuesday at 09:00 for 3 working days, it closes on Friday at 09:00.
- It always closes on a day before the next opening. Where holidays push the close too far, it closes on the
  last working day before; where there is none, the wave is left out.
- Reminders fall on the working days between, at the time of the opening but within 08:00 to 17:00: one on
  the working day before the close, a second after half of the time. None on the day of the opening, so none
  in a wave of one working day.
- Openings are on working days from 08:00 to 18:00 unless the schedule allows any hour. Reminders always are.
- An opening that was missed is made up for within the grace, in those hours, while 4 hours are left before
  the close; after that it is skipped, with a reason.
- A pause stops openings and reminders. A wave that is open closes at its time. An opening that falls into a
  pause is skipped and does not come back with the end of the pause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pulse.core.errors import NoWaveDue, ScheduleFault
from pulse.core.language import N_, _, ngettext

DAY_STARTS = time(8)
DAY_ENDS = time(18)
LAST_REMINDER = time(17)
MINIMUM_OPEN = timedelta(hours=4)
QUIET_BEFORE_CLOSE = timedelta(hours=1)
# A tick comes at its moment or, at the latest, with the next of the ticks that run once a minute.
PROMPT = timedelta(minutes=5)
LONGEST_GRACE = timedelta(hours=24)
LONGEST_RANGE = timedelta(days=366)
LAST_START = date(2100, 12, 31)
ONE_DAY = timedelta(days=1)
NOON = time(12)


class Repeat(StrEnum):
    """How often a wave opens."""

    WEEKLY = "weekly"
    EVERY_2 = "every 2 weeks"
    EVERY_4 = "every 4 weeks"
    MONTHLY = "monthly"

    @property
    def weeks(self) -> int:
        """The fewest weeks between two openings."""
        return {Repeat.WEEKLY: 1, Repeat.EVERY_2: 2}.get(self, 4)


class Weekday(StrEnum):
    """A weekday by name: numbers mean different days to different tools."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """As `date.weekday()` counts: Monday is 0."""
        return _NUMBERS[self]

    @property
    def weekend(self) -> bool:
        return self.number > 4

    @property
    def label(self) -> str:
        return _(_WEEKDAYS[self])


_NUMBERS = {day: number for number, day in enumerate(Weekday)}
_WEEKDAYS: Mapping[Weekday, str] = {
    Weekday.MONDAY: N_("Monday"),
    Weekday.TUESDAY: N_("Tuesday"),
    Weekday.WEDNESDAY: N_("Wednesday"),
    Weekday.THURSDAY: N_("Thursday"),
    Weekday.FRIDAY: N_("Friday"),
    Weekday.SATURDAY: N_("Saturday"),
    Weekday.SUNDAY: N_("Sunday"),
}

_NTH: Mapping[int, str] = {1: N_("first"), 2: N_("second"), 3: N_("third"), 4: N_("fourth"), -1: N_("last")}


@dataclass(frozen=True, slots=True)
class Schedule:
    """When waves open and how long they stay open, in local time.

    `at` is a whole minute of local time in `zone`, an IANA name. `starts_on` is the first date on which a
    wave may open, and sets the phase of a schedule of every 2 or 4 weeks. `nth` (1 to 4, or -1 for the last)
    counts only in a monthly schedule. `any_hour` allows weekends and times outside 08:00 to 18:00. `grace` is
    how long after its moment an opening may be made up for. Raises ScheduleFault, which names the fields of
    `as_record` that are at fault.
    """

    repeat: Repeat
    weekday: Weekday
    at: time
    zone: str
    starts_on: date
    working_days: int = 3
    nth: int = 1
    skip_dates: frozenset[date] = frozenset()
    any_hour: bool = False
    reminders: int = 1
    grace: timedelta = timedelta(hours=4)

    def __post_init__(self) -> None:
        faults = {field: sentence for field, check in _CHECKS.items() if (sentence := check(self))}
        if faults:
            raise ScheduleFault(faults)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def as_record(self) -> dict[str, str | int]:
        """Plain strings and whole numbers for the store; `from_record` reads them back."""
        return {
            "repeat": self.repeat.value,
            "weekday": self.weekday.value,
            "at": f"{self.at:%H:%M}",
            "zone": self.zone,
            "starts_on": self.starts_on.isoformat(),
            "working_days": self.working_days,
            "nth": self.nth,
            "skip_dates": write_dates(self.skip_dates),
            "any_hour": int(self.any_hour),
            "reminders": self.reminders,
            "grace_minutes": int(self.grace.total_seconds() // 60),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, str | int]) -> Schedule:
        """The schedule of a record, or of a form with the same fields.

        Every field of `as_record` is needed. Raises ScheduleFault for values that cannot be read.
        """
        read: dict[str, Any] = {}
        faults: dict[str, str] = {}
        for field, reader in _READERS.items():
            try:
                read[field] = reader(record[field])
            except ScheduleFault as fault:
                faults[field] = str(fault)
            except (KeyError, ValueError, OverflowError):
                faults[field] = _("“{value}” cannot be read here.").format(value=record.get(field, ""))
        if faults:
            raise ScheduleFault(faults)
        read["grace"] = read.pop("grace_minutes")
        return cls(**read)


def _read_time(typed: str | int) -> time:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(typed).strip())
    if not found:
        raise ScheduleFault({"at": _("Write the time as hours and minutes, such as 09:00.")})
    return time(int(found[1]), int(found[2]))


def read_dates(typed: str) -> frozenset[date]:
    """Dates written YYYY-MM-DD, apart by spaces or commas; `2026-12-24..2027-01-03` is every date between.

    Raises ScheduleFault for anything else.

    >>> sorted(d.day for d in read_dates("2026-05-01, 2026-12-24..2026-12-26"))
    [1, 24, 25, 26]
    """
    dates: set[date] = set()
    for word in re.split(r"[\s,;]+", typed.strip()):
        if word:
            dates.update(_read_range(word))
    return frozenset(dates)


def _read_range(word: str) -> list[date]:
    first_word, _dots, last_word = word.partition("..")
    try:
        first = date.fromisoformat(first_word)
        last = date.fromisoformat(last_word or first_word)
    except ValueError:
        sentence = _("“{word}” is not a date. Write dates such as 2026-12-24 or 2026-12-24..2027-01-03.")
        raise ScheduleFault({"skip_dates": sentence.format(word=word)}) from None
    if not timedelta(0) <= last - first <= LONGEST_RANGE:
        sentence = _("“{word}” must run forwards and cover at most a year.")
        raise ScheduleFault({"skip_dates": sentence.format(word=word)})
    return [first + n * ONE_DAY for n in range((last - first).days + 1)]


def write_dates(dates: Iterable[date]) -> str:
    """Dates as `read_dates` reads them, in order; three and more in a row as a range.

    So it is never longer than what somebody typed for the same dates.

    >>> write_dates(read_dates("2026-05-01, 2026-12-26 2026-12-24..2026-12-25"))
    '2026-05-01 2026-12-24..2026-12-26'
    """
    runs: list[list[date]] = []
    for day in sorted(dates):
        if runs and day - runs[-1][-1] == ONE_DAY and day - runs[-1][0] <= LONGEST_RANGE:
            runs[-1].append(day)
        else:
            runs.append([day])
    words = [
        [f"{run[0].isoformat()}..{run[-1].isoformat()}"] if len(run) > 2 else [d.isoformat() for d in run]
        for run in runs
    ]
    return " ".join(word for run in words for word in run)


_READERS: Mapping[str, Callable[[str | int], Any]] = {
    "repeat": lambda value: Repeat(str(value)),
    "weekday": lambda value: Weekday(str(value)),
    "at": _read_time,
    "zone": str,
    "starts_on": lambda value: date.fromisoformat(str(value)),
    "working_days": int,
    "nth": int,
    "skip_dates": lambda value: read_dates(str(value)),
    "any_hour": lambda value: bool(int(value)),
    "reminders": int,
    "grace_minutes": lambda value: timedelta(minutes=int(value)),
}


@cache
def zones() -> frozenset[str]:
    """The IANA names that are known here; read from the zone files once."""
    return frozenset(available_timezones())


def nearest_zones(typed: str) -> list[str]:
    """Up to three IANA names like what was typed: a city alone is enough.

    >>> nearest_zones("berlin")
    ['Europe/Berlin']
    """
    wanted = typed.strip().casefold().replace(" ", "_")
    names = {zone.casefold(): zone for zone in sorted(zones())}
    cities = {name.rpartition("/")[2]: zone for name, zone in names.items()}
    for table, key in ((names, wanted), (cities, wanted)):
        if key in table:
            return [table[key]]
    close = [names[name] for name in get_close_matches(wanted, names, n=3, cutoff=0.7)]
    close += [cities[city] for city in get_close_matches(wanted.rpartition("/")[2], cities, n=3, cutoff=0.75)]
    return list(dict.fromkeys(close))[:3]


def _zone_fault(schedule: Schedule) -> str | None:
    if schedule.zone in zones():
        return None
    near = nearest_zones(schedule.zone)
    if near:
        return _("There is no time zone “{zone}”. Did you mean {near}?").format(
            zone=schedule.zone, near=_(" or ").join(near)
        )
    return _("There is no time zone “{zone}”. Write it as area and city, such as Europe/Berlin.").format(
        zone=schedule.zone
    )


def _at_fault(schedule: Schedule) -> str | None:
    at = schedule.at
    if at.tzinfo or at.fold or at != at.replace(second=0, microsecond=0):
        return _("Write the time as hours and minutes, such as 09:00.")
    if not schedule.any_hour and not DAY_STARTS <= at <= DAY_ENDS:
        return _("Choose a time from 08:00 to 18:00, or allow other hours and weekends.")
    return None


def _weekday_fault(schedule: Schedule) -> str | None:
    if schedule.weekday.weekend and not schedule.any_hour:
        return _("Choose a day from Monday to Friday, or allow other hours and weekends.")
    return None


def longest_wave(repeat: Repeat, weekday: Weekday) -> int:
    """The most working days for which a wave can stay open and still close on a day before the next opens.

    >>> longest_wave(Repeat.WEEKLY, Weekday.TUESDAY)
    4
    """
    return 5 * repeat.weeks - (0 if weekday.weekend else 1)


def _length_fault(schedule: Schedule) -> str | None:
    longest = longest_wave(schedule.repeat, schedule.weekday)
    if 1 <= schedule.working_days <= longest:
        return None
    return _(
        "A pulse stays open for 1 to {longest} working days here, so that it closes before the next one"
        " opens."
    ).format(longest=longest)


def _nth_fault(schedule: Schedule) -> str | None:
    if schedule.nth in _NTH:
        return None
    return _("Choose the first, second, third, fourth or last such day of the month.")


def _reminders_fault(schedule: Schedule) -> str | None:
    return None if 0 <= schedule.reminders <= 2 else _("Choose no reminder, one or two.")


def _grace_fault(schedule: Schedule) -> str | None:
    whole = schedule.grace % timedelta(minutes=1) == timedelta(0)
    if whole and PROMPT <= schedule.grace <= LONGEST_GRACE:
        return None
    return _("An opening can be made up for within 5 minutes to 24 hours: choose whole minutes between them.")


def _start_fault(schedule: Schedule) -> str | None:
    return None if schedule.starts_on <= LAST_START else _("Choose a first date before the year 2101.")


_CHECKS: Mapping[str, Callable[[Schedule], str | None]] = {
    "zone": _zone_fault,
    "at": _at_fault,
    "weekday": _weekday_fault,
    "working_days": _length_fault,
    "nth": _nth_fault,
    "reminders": _reminders_fault,
    "grace_minutes": _grace_fault,
    "starts_on": _start_fault,
}


def describe(schedule: Schedule) -> str:
    """The schedule in a sentence: "Every Tuesday at 09:00 (Europe/Berlin), open for 3 working days"."""
    days = schedule.working_days
    if schedule.repeat is Repeat.WEEKLY:
        sentence = ngettext(
            "Every {weekday} at {time} ({zone}), open for {days} working day",
            "Every {weekday} at {time} ({zone}), open for {days} working days",
            days,
        )
    elif schedule.repeat is Repeat.MONTHLY:
        sentence = ngettext(
            "On the {nth} {weekday} of each month at {time} ({zone}), open for {days} working day",
            "On the {nth} {weekday} of each month at {time} ({zone}), open for {days} working days",
            days,
        )
    else:
        sentence = ngettext(
            "Every {weeks} weeks on {weekday} at {time} ({zone}), open for {days} working day",
            "Every {weeks} weeks on {weekday} at {time} ({zone}), open for {days} working days",
            days,
        )
    return sentence.format(
        weekday=schedule.weekday.label,
        nth=_(_NTH[schedule.nth]),
        weeks=schedule.repeat.weeks,
        time=f"{schedule.at:%H:%M}",
        zone=schedule.zone,
        days=days,
    )


@dataclass(frozen=True, slots=True)
class Moments:
    """The instants of one wave, in UTC. `local_date` is the date of its opening in the schedule's zone."""

    local_date: date
    opens_at: datetime
    reminders: tuple[datetime, ...]
    closes_at: datetime


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a local time, in UTC: the first of two, and the first after a gap where there is none.

    A local time in a gap, read with fold 0 and with fold 1 (PEP 495), gives instants on either side of the
    jump, which is searched between them.
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
    """Whether the wall clock leaves this time out: fold 0 takes the offset from before, fold 1 from after."""
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


def _pattern(schedule: Schedule, first: date, last: date) -> Iterator[date]:
    """The dates from `first` to `last` that the schedule names, in order, skipped ones among them."""
    first = max(first, schedule.starts_on)
    if schedule.repeat is Repeat.MONTHLY:
        month = first.replace(day=1)
        while month <= last:
            day = _nth_of_month(month, schedule)
            if first <= day <= last:
                yield day
            month = (month + timedelta(days=31)).replace(day=1)
        return
    step = timedelta(weeks=schedule.repeat.weeks)
    anchor = schedule.starts_on + ((schedule.weekday.number - schedule.starts_on.weekday()) % 7) * ONE_DAY
    day = anchor + max(0, -((anchor - first) // step)) * step
    while day <= last:
        yield day
        day += step


def _nth_of_month(month: date, schedule: Schedule) -> date:
    if schedule.nth > 0:
        ahead = (schedule.weekday.number - month.weekday()) % 7
        return month + (ahead + 7 * (schedule.nth - 1)) * ONE_DAY
    last = (month + timedelta(days=31)).replace(day=1) - ONE_DAY
    return last - ((last.weekday() - schedule.weekday.number) % 7) * ONE_DAY


def _may_open_on(schedule: Schedule, day: date) -> bool:
    return day not in schedule.skip_dates and _exists(day, schedule.tz)


def _next_opening_date(schedule: Schedule, after: date) -> date:
    first = max(after + ONE_DAY, schedule.starts_on)
    while True:
        last = first + timedelta(days=62)
        for day in _pattern(schedule, first, last):
            if _may_open_on(schedule, day):
                return day
        first = last + ONE_DAY


def _days_of_wave(schedule: Schedule, day: date, *, before: date | None = None) -> list[date]:
    """The working days after the opening up to the close, all of them earlier than `before`."""
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
        for day in _pattern(schedule, first, last)
        if _may_open_on(schedule, day) and _room_for_wave(schedule, day)
    ]


def _is_due(schedule: Schedule, day: date) -> bool:
    return due_dates(schedule, day, day) == [day]


def moments(schedule: Schedule, local_date: date) -> Moments:
    """The instants of the wave of a due date. Raises NoWaveDue on any other date."""
    if not _is_due(schedule, local_date):
        raise NoWaveDue(local_date)
    days = _room_for_wave(schedule, local_date)
    return _moments(schedule, local_date, instant(local_date, schedule.at, schedule.tz), days)


def moments_by_hand(schedule: Schedule, now: datetime, before: date | None = None) -> Moments:
    """The instants of a wave that a manager opens at `now`, at any hour of any date.

    It counts for its local date. It makes room for the next wave of the schedule where a working day lies
    between; otherwise it runs its whole length and `plan` skips the wave that would open meanwhile. That next
    wave opens on the date `before`: the schedule's next, unless the caller knows that one to be skipped.
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
    """The working day before the close, and before it the one after half of the days if there is another."""
    between = days[:-1]
    if not between or not count:
        return []
    half = days[len(days) // 2 - 1]
    chosen = {between[-1]} if count == 1 else {half, between[-1]}
    return sorted(chosen)


def next_moments(schedule: Schedule, after: datetime, count: int = 1) -> list[Moments]:
    """The next `count` waves that open later than `after`, in order. Pauses are not counted in."""
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
    """Whether anything may be posted at `moment`: never on a skipped date, else in working hours or any."""
    local = _naive(moment, schedule.tz)
    if schedule.any_hour:
        return local.date() not in schedule.skip_dates
    return _is_working_hour(schedule, moment)


def _is_working_hour(schedule: Schedule, moment: datetime) -> bool:
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


def deadline(schedule: Schedule, wave: Moments) -> datetime:
    """From this instant on an opening counts as missed."""
    return min(wave.opens_at + schedule.grace, wave.closes_at - MINIMUM_OPEN)


def is_missed(wave: Moments, now: datetime, schedule: Schedule) -> bool:
    """Whether it is too late to open the wave."""
    return now >= deadline(schedule, wave)


class WaveState(StrEnum):
    """Where a wave stands. A planned wave has not opened, and moves with the schedule."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class KnownWave:
    """A wave of the store: its moments as they were when it opened.

    `reminded` is the number of its last reminder, 0 before the first; `reminded_at` is when that went out.
    """

    state: WaveState
    moments: Moments
    reminded: int = 0
    reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """From `since` until just before `until`, or without an end so far."""

    since: datetime
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


class SkipReason(StrEnum):
    """Why a wave that was due did not open."""

    MISSED = "missed"
    PAUSED = "paused"
    STILL_OPEN = "still open"


SKIP_SENTENCES: Mapping[SkipReason, str] = {
    SkipReason.MISSED: N_("The pulse of {date} was skipped: it could not be opened in time."),
    SkipReason.PAUSED: N_("The pulse of {date} was skipped: the schedule was paused."),
    SkipReason.STILL_OPEN: N_("The pulse of {date} was skipped: another pulse was still open."),
}


@dataclass(frozen=True, slots=True)
class Open:
    """Open this wave now. Store these moments: where the opening is late they have fewer reminders."""

    moments: Moments


@dataclass(frozen=True, slots=True)
class Remind:
    """Send reminder `number` of the wave of this date, and none with a lower number after it."""

    local_date: date
    number: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close the wave of this date now. Its results may be posted from `publish_at` on."""

    local_date: date
    publish_at: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave this wave out for good, and tell the managers why."""

    moments: Moments
    reason: SkipReason

    @property
    def sentence(self) -> str:
        return SKIP_SENTENCES[self.reason].format(date=self.moments.local_date.isoformat())


Decision = Open | Remind | Close | Skip


def plan(
    schedule: Schedule,
    waves: Mapping[date, KnownWave],
    now: datetime,
    *,
    since: datetime,
    pauses: Iterable[Pause] = (),
) -> list[Decision]:
    """What is due at `now`, in the order in which to do it; nothing once that has been done.

    `waves` holds every wave by local date that opened or was skipped since `since`, and any that is open;
    planned ones change nothing. `since` is when the schedule was saved: openings before it are not its own.
    A wave that is known is never opened again, also where the clock was set back.
    """
    pauses = tuple(pauses)
    decisions: list[Decision] = []
    for known in _open_waves(waves):
        if known.moments.closes_at <= now:
            decisions.append(Close(known.moments.local_date, _publish_at(schedule, known.moments, now)))
        elif number := _reminder_due(schedule, known, now, pauses):
            decisions.append(Remind(known.moments.local_date, number))
    for wave in _undecided(schedule, waves, now, since):
        decision = _opening(schedule, wave, _open_waves(waves), now, pauses)
        if decision is not None:
            decisions.append(decision)
    return decisions


def _open_waves(waves: Mapping[date, KnownWave]) -> list[KnownWave]:
    return [waves[day] for day in sorted(day for day in waves if waves[day].state is WaveState.OPEN)]


def _publish_at(schedule: Schedule, wave: Moments, now: datetime) -> datetime:
    return now if now - wave.closes_at <= PROMPT else next_posting(schedule, now)


def _reminder_due(schedule: Schedule, known: KnownWave, now: datetime, pauses: tuple[Pause, ...]) -> int:
    """The number of the reminder to send now, 0 for none."""
    number = sum(moment <= now for moment in known.moments.reminders)
    if number <= known.reminded or _is_paused(pauses, now):
        return 0
    if now >= known.moments.closes_at - QUIET_BEFORE_CLOSE or not _is_working_hour(schedule, now):
        return 0
    last = known.reminded_at
    if last is not None and local_date(schedule, last) >= local_date(schedule, now):
        return 0
    return number


def _is_paused(pauses: Iterable[Pause], moment: datetime) -> bool:
    return any(pause.covers(moment) for pause in pauses)


def _undecided(
    schedule: Schedule, waves: Mapping[date, KnownWave], now: datetime, since: datetime
) -> Iterator[Moments]:
    """The waves of the schedule whose opening has come since `since` and that are not known yet."""
    # From the day before: an opening at night in a gap can fall on the next date.
    for day in _pattern(schedule, local_date(schedule, since) - ONE_DAY, local_date(schedule, now)):
        known = waves.get(day)
        if (known is None or known.state is WaveState.PLANNED) and _is_due(schedule, day):
            wave = moments(schedule, day)
            if since <= wave.opens_at <= now:
                yield wave


def _opening(
    schedule: Schedule,
    wave: Moments,
    open_waves: Iterable[KnownWave],
    now: datetime,
    pauses: tuple[Pause, ...],
) -> Open | Skip | None:
    """Whether to open a wave whose moment has come, skip it, or wait within its grace (None)."""
    if _is_paused(pauses, wave.opens_at):
        return Skip(wave, SkipReason.PAUSED)
    if any(wave.opens_at < known.moments.closes_at for known in open_waves):
        return Skip(wave, SkipReason.STILL_OPEN)
    if is_missed(wave, now, schedule):
        return Skip(wave, SkipReason.MISSED)
    prompt = now - wave.opens_at <= PROMPT
    if _is_paused(pauses, now) or not (prompt or may_post(schedule, now)):
        return None
    today = local_date(schedule, now)
    later = tuple(moment for moment in wave.reminders if local_date(schedule, moment) > today)
    return Open(replace(wave, reminders=later))


def next_wake(
    schedule: Schedule,
    waves: Mapping[date, KnownWave],
    now: datetime,
    *,
    since: datetime,
    pauses: Iterable[Pause] = (),
) -> datetime:
    """The next instant after `now` at which something can become due, once what is due at `now` is done.

    It may come early, never late. What is due but waits (a late opening within its grace, a late reminder)
    is looked at again in the next morning, at the end of a pause and at its deadline.
    """
    later = [next_moments(schedule, max(now, since - timedelta(microseconds=1)))[0].opens_at]
    later += [pause.until for pause in pauses if pause.until is not None]
    waiting = [deadline(schedule, wave) for wave in _undecided(schedule, waves, now, since)]
    for known in _open_waves(waves):
        later += [*known.moments.reminders, known.moments.closes_at]
        if known.reminded < sum(moment <= now for moment in known.moments.reminders):
            waiting.append(known.moments.closes_at)
    if waiting:
        later += [*waiting, _next_morning(schedule, now)]
    return min(moment for moment in later if moment > now)


def _next_morning(schedule: Schedule, now: datetime) -> datetime:
    """When posting hours begin next: what waits for them (a late opening or reminder) is due then."""
    day = local_date(schedule, now)
    starts = time(0) if schedule.any_hour else DAY_STARTS
    mornings = (instant(day + n * ONE_DAY, at, schedule.tz) for n in range(3) for at in {starts, DAY_STARTS})
    return min(morning for morning in mornings if morning > now)
