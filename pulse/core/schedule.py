"""When waves open and for how long, in local time: "every Tuesday at 09:00 in Europe/Berlin".

A `Schedule` is one recurrence rule with its checks, its sentence and its record for the store. `named_dates`
gives the dates it names; `pulse.core.calendar` says which of them open a wave, and at which instants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pulse.core.errors import ScheduleFault
from pulse.core.language import N_, _, ngettext

DAY_STARTS = time(8)
DAY_ENDS = time(18)
# What is done within this time is on time: a tick that misses its moment comes within the next minute.
PROMPT = timedelta(minutes=5)
LONGEST_GRACE = timedelta(hours=24)
LONGEST_RANGE = timedelta(days=366)
LAST_START = date(2100, 12, 31)
ONE_DAY = timedelta(days=1)


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
    """Dates as YYYY-MM-DD, separated by spaces or commas; `2026-12-24..2027-01-03` is every date between.

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
    """Dates as `read_dates` reads them, in order; days in a row as a range of at most a year.

    >>> write_dates(read_dates("2026-12-26 2026-12-24 2026-12-25 2027-05-01"))
    '2026-12-24..2026-12-26 2027-05-01'
    """
    runs: list[list[date]] = []
    for day in sorted(dates):
        if runs and day - runs[-1][1] == ONE_DAY and day - runs[-1][0] <= LONGEST_RANGE:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return " ".join(
        first.isoformat() if first == last else f"{first.isoformat()}..{last.isoformat()}"
        for first, last in runs
    )


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


def named_dates(schedule: Schedule, first: date, last: date) -> Iterator[date]:
    """The dates from `first` to `last` that the schedule names, in order, including skipped ones."""
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
