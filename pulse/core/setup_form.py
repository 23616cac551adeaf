"""The set-up as a manager fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulse.core.items import DEFAULT_ITEMS
from pulse.core.language import SOURCE
from pulse.core.model import BothSides, Side
from pulse.core.privacy import LOWEST_MINIMUM
from pulse.core.records import ReadersRule
from pulse.core.schedule import Repeat, Schedule, Weekday, read_dates, write_dates

DATES_LIMIT = 2000
"""Most characters in the field for skipped dates; Slack allows 3,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupForm:
    """The fields as filled in; `record` and `schedule` are made from the schedule's fields.

    Channels are ids. `at` is HH:MM in `zone`, dates are YYYY-MM-DD, `minimum` is the number of answers under
    which nothing is shown, and `managers` are people (ids) to name as managers.
    """

    starts_on: str
    zone: str
    marketing: tuple[str, ...] = ()
    it: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    repeat: str = Repeat.WEEKLY.value
    nth: int = 1
    weekday: str = Weekday.TUESDAY.value
    at: str = "09:00"
    working_days: int = 3
    items: int = DEFAULT_ITEMS
    minimum: int = LOWEST_MINIMUM
    reminders: int = 1
    any_hour: bool = False
    skip_dates: str = ""
    grace_minutes: int = 240
    language: str = SOURCE
    readers: ReadersRule = ReadersRule.CHANNELS
    sharing: bool = True
    managers: tuple[str, ...] = ()
    both_sides: BothSides = BothSides.UNDECIDED

    @classmethod
    def of(cls, record: Mapping[str, str | int], **rest: Any) -> SetupForm:
        """The form of a stored schedule's record; `rest` names the fields that are not the schedule's."""
        record = {**record, "skip_dates": _shown_dates(str(record["skip_dates"]))}
        return cls(**{**record, "any_hour": bool(record["any_hour"])}, **rest)  # type: ignore[arg-type]  # a record has the fields’ types

    @property
    def record(self) -> dict[str, str | int]:
        """As `Schedule.from_record` reads it."""
        return {
            "repeat": self.repeat,
            "nth": self.nth,
            "weekday": self.weekday,
            "at": self.at,
            "zone": self.zone,
            "starts_on": self.starts_on,
            "working_days": self.working_days,
            "skip_dates": self.skip_dates,
            "any_hour": int(self.any_hour),
            "reminders": self.reminders,
            "grace_minutes": self.grace_minutes,
        }

    def schedule(self) -> Schedule:
        """The fields' schedule. Raises ScheduleFault if they are not valid."""
        return Schedule.from_record(self.record)

    def channels(self, side: Side) -> tuple[str, ...]:
        return self.marketing if side is Side.MARKETING else self.it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFault:
    """Why a channel cannot be used: Slack's code, "shared", "too_few", "isolates" or "unreachable".

    `name` is "" if Slack did not show the channel, or if the fault is of a whole side.
    """

    name: str
    code: str
    minimum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UndecidedPeople:
    """How many people are in channels of both sides, if the form does not say for which side they count."""

    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNameable:
    """Why somebody cannot be named as a manager, as a sentence."""

    sentence: str


SetupFault = ChannelFault | UndecidedPeople | NotNameable
"""Why a field of the form cannot be saved."""


def _shown_dates(kept: str) -> str:
    """Dates as stored; a list too long for the form, as the first edition kept day by day, becomes ranges."""
    return kept if len(kept) <= DATES_LIMIT else write_dates(read_dates(kept))
