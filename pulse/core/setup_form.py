"""The set-up as a manager fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulse.core.language import SOURCE
from pulse.core.model import Side
from pulse.core.schedule import Repeat, Schedule, Weekday


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupForm:
    """The fields as they stand in the form; `record` and `schedule` are those of the cadence.

    Channels are ids. `at` is HH:MM in `zone`, dates are YYYY-MM-DD, `minimum` is the number of answers under
    which nothing is shown.
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
    items: int = 3
    minimum: int = 5
    reminders: int = 1
    any_hour: bool = False
    skip_dates: str = ""
    grace_minutes: int = 240
    language: str = SOURCE

    @classmethod
    def of(cls, record: Mapping[str, str | int], **rest: Any) -> SetupForm:
        """The form of a stored schedule's record; `rest` names the fields that are not the schedule's."""
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
        """Raises ScheduleFault if the fields do not go together."""
        return Schedule.from_record(self.record)

    def channels(self, side: Side) -> tuple[str, ...]:
        return self.marketing if side is Side.MARKETING else self.it
