"""A schedule refuses what cannot be, is read back as it was written, and says itself in a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from pulse.core.calendar import due_dates, moments, next_moments
from pulse.core.errors import ScheduleFault
from pulse.core.schedule import (
    Repeat,
    Schedule,
    Weekday,
    describe,
    longest_wave,
    nearest_zones,
    read_dates,
    write_dates,
)
from tests.core.schedules import BERLIN, SINCE, berlin, nth_working_day, schedules


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "field", "sentence"),
        [
            (
                {"zone": "Berlin"},
                "zone",
                "There is no time zone “Berlin”. Did you mean Europe/Berlin?",
            ),
            (
                {"zone": "Mars"},
                "zone",
                "There is no time zone “Mars”. Write it as area and city, such as Europe/Berlin.",
            ),
            ({"zone": "right/Europe/Berlin"}, "zone", None),
            ({"zone": "../etc/passwd"}, "zone", None),
            ({"zone": ""}, "zone", None),
            (
                {"at": time(7, 59)},
                "at",
                "Choose a time from 08:00 to 18:00, or allow other hours and weekends.",
            ),
            ({"at": time(18, 1)}, "at", None),
            ({"at": time(9, 0, 30)}, "at", "Write the time as hours and minutes, such as 09:00."),
            (
                {"weekday": Weekday.SATURDAY},
                "weekday",
                "Choose a day from Monday to Friday, or allow other hours and weekends.",
            ),
            (
                {"working_days": 5},
                "working_days",
                "A pulse stays open for 1 to 4 working days here, "
                "so that it closes before the next one opens.",
            ),
            ({"working_days": 0}, "working_days", None),
            ({"repeat": Repeat.EVERY_2, "working_days": 10}, "working_days", None),
            (
                {"nth": 5},
                "nth",
                "Choose the first, second, third, fourth or last such day of the month.",
            ),
            ({"nth": 0}, "nth", None),
            ({"reminders": 3}, "reminders", "Choose no reminder, one or two."),
            (
                {"grace": timedelta(minutes=4)},
                "grace_minutes",
                "An opening can be made up for within 5 minutes to 24 hours: "
                "choose whole minutes between them.",
            ),
            ({"grace": timedelta(hours=25)}, "grace_minutes", None),
            ({"starts_on": date(9999, 12, 31)}, "starts_on", "Choose a first date before the year 2101."),
        ],
    )
    def test_a_schedule_that_cannot_be_names_its_field(
        self, change: dict[str, Any], field: str, sentence: str | None
    ) -> None:
        """Each refusal is one sentence at the field that is at fault."""
        with pytest.raises(ScheduleFault) as refusal:
            replace(BERLIN, **change)
        assert list(refusal.value.fields) == [field]
        if sentence is not None:
            assert refusal.value.fields[field] == sentence

    def test_all_faults_are_named_at_once(self) -> None:
        """A form shows every fault at its field, and the error as a whole is their sentences."""
        with pytest.raises(ScheduleFault) as refusal:
            replace(BERLIN, weekday=Weekday.SUNDAY, at=time(3))
        assert set(refusal.value.fields) == {"weekday", "at"}
        assert str(refusal.value) == " ".join(refusal.value.fields.values())

    def test_any_hour_allows_weekends_and_nights(self) -> None:
        """With any hour allowed, Sunday at 03:00 is a schedule."""
        schedule = replace(BERLIN, weekday=Weekday.SUNDAY, at=time(3), any_hour=True)
        assert next_moments(schedule, SINCE)[0].opens_at == berlin(1, 3)

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("europe/berlin", ["Europe/Berlin"]),
            ("new york", ["America/New_York"]),
            ("Europe/Brelin", ["Europe/Berlin"]),
            ("Xyzzy", []),
        ],
    )
    def test_the_nearest_zones_are_found_by_city_or_slip(self, typed: str, expected: list[str]) -> None:
        """A city alone, another case or a slip of the finger leads to the zone that was meant."""
        assert nearest_zones(typed)[: max(1, len(expected))] == expected

    @pytest.mark.parametrize(
        ("repeat", "weekday", "longest"),
        [
            (Repeat.WEEKLY, Weekday.FRIDAY, 4),
            (Repeat.WEEKLY, Weekday.SUNDAY, 5),
            (Repeat.EVERY_2, Weekday.MONDAY, 9),
            (Repeat.EVERY_4, Weekday.MONDAY, 19),
            (Repeat.MONTHLY, Weekday.MONDAY, 19),
        ],
    )
    def test_the_longest_wave_fits_between_two_openings(
        self, repeat: Repeat, weekday: Weekday, longest: int
    ) -> None:
        """The longest length that is allowed is kept whole, without holidays, in every wave of five years."""
        assert longest_wave(repeat, weekday) == longest
        schedule = replace(BERLIN, repeat=repeat, weekday=weekday, working_days=longest, any_hour=True)
        dates = due_dates(schedule, date(2026, 11, 1), date(2031, 11, 1))
        for day, following in pairwise(dates):
            closes = moments(schedule, day).closes_at.astimezone(schedule.tz).date()
            assert closes == nth_working_day(schedule, day, longest)
            assert closes < following


class TestRecords:
    def test_a_record_holds_plain_values(self) -> None:
        """The store gets strings and whole numbers, whose names carry their units."""
        schedule = replace(BERLIN, skip_dates=frozenset({date(2026, 12, 29), date(2026, 12, 22)}))
        assert schedule.as_record() == {
            "repeat": "weekly",
            "weekday": "tuesday",
            "at": "09:00",
            "zone": "Europe/Berlin",
            "starts_on": "2026-11-01",
            "working_days": 3,
            "nth": 1,
            "skip_dates": "2026-12-22 2026-12-29",
            "any_hour": 0,
            "reminders": 1,
            "grace_minutes": 240,
        }

    def test_a_form_that_cannot_be_read_names_each_field(self) -> None:
        """What a person typed wrongly is said at its field."""
        typed = BERLIN.as_record() | {"at": "9 o'clock", "skip_dates": "tomorrow", "working_days": "many"}
        with pytest.raises(ScheduleFault) as refusal:
            Schedule.from_record(typed)
        assert refusal.value.fields == {
            "at": "Write the time as hours and minutes, such as 09:00.",
            "working_days": "“many” cannot be read here.",
            "skip_dates": "“tomorrow” is not a date. "
            "Write dates such as 2026-12-24 or 2026-12-24..2027-01-03.",
        }

    @pytest.mark.parametrize("value", [10**20, "", "x"])
    def test_a_grace_that_is_no_time_is_refused(self, value: str | int) -> None:
        """A number of minutes beyond all reason is refused without a crash."""
        with pytest.raises(ScheduleFault) as refusal:
            Schedule.from_record(BERLIN.as_record() | {"grace_minutes": value})
        assert list(refusal.value.fields) == ["grace_minutes"]

    def test_a_record_with_a_missing_field_is_refused(self) -> None:
        """Nothing is guessed for a field that is not there."""
        record = {key: value for key, value in BERLIN.as_record().items() if key != "zone"}
        with pytest.raises(ScheduleFault) as refusal:
            Schedule.from_record(record)
        assert list(refusal.value.fields) == ["zone"]

    @pytest.mark.parametrize("typed", ["2026-12-24..2026-12-20", "2026-01-01..2028-01-01", "24.12.2026"])
    def test_ranges_run_forwards_and_within_a_year(self, typed: str) -> None:
        """A slip in a year does not skip a decade."""
        with pytest.raises(ScheduleFault) as refusal:
            read_dates(typed)
        assert list(refusal.value.fields) == ["skip_dates"]

    def test_dates_are_read_apart_by_spaces_or_commas(self) -> None:
        """What is written is read back, and ranges are every date between."""
        dates = read_dates("2026-12-31, 2026-05-01  2026-12-24..2026-12-26")
        assert write_dates(dates) == "2026-05-01 2026-12-24..2026-12-26 2026-12-31"
        assert read_dates(write_dates(dates)) == dates
        assert read_dates("  ") == frozenset()


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        (BERLIN, "Every Tuesday at 09:00 (Europe/Berlin), open for 3 working days"),
        (replace(BERLIN, working_days=1), "Every Tuesday at 09:00 (Europe/Berlin), open for 1 working day"),
        (
            replace(BERLIN, repeat=Repeat.EVERY_2),
            "Every 2 weeks on Tuesday at 09:00 (Europe/Berlin), open for 3 working days",
        ),
        (
            replace(BERLIN, repeat=Repeat.EVERY_4),
            "Every 4 weeks on Tuesday at 09:00 (Europe/Berlin), open for 3 working days",
        ),
        (
            replace(BERLIN, repeat=Repeat.MONTHLY, nth=-1),
            "On the last Tuesday of each month at 09:00 (Europe/Berlin), open for 3 working days",
        ),
    ],
)
def test_a_schedule_says_itself_in_a_sentence(schedule: Schedule, sentence: str) -> None:
    """Managers read the schedule in words."""
    assert describe(schedule) == sentence


@settings(deadline=None)
@given(schedules())
def test_a_schedule_is_read_back_as_it_was_written(schedule: Schedule) -> None:
    """What the store keeps is the whole schedule."""
    assert Schedule.from_record(schedule.as_record()) == schedule
