"""The instants of waves: named days on which clocks are odd, and five years against another calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from pulse.core.calendar import Moments, due_dates, instant, moments, next_moments, next_posting
from pulse.core.errors import NoWaveDue
from pulse.core.schedule import Repeat, Schedule, Weekday, read_dates
from tests.core.schedules import (
    BERLIN,
    FIVE_YEARS,
    MINUTE,
    SINCE,
    UNSHRUNK,
    ZONES,
    World,
    at_night,
    berlin,
    expected_dates,
    schedules,
    utc,
    wall_clock_walk,
)
from tests.depth import also_soaked, length


class TestMoments:
    def test_a_wave_of_three_working_days_from_tuesday_closes_on_friday_at_the_same_time(self) -> None:
        """The close is on the nth working day after the opening; the reminder is the working day before."""
        assert moments(BERLIN, date(2026, 11, 24)) == Moments(
            local_date=date(2026, 11, 24),
            opens_at=berlin(24, 9),
            reminders=(berlin(26, 9),),
            closes_at=berlin(27, 9),
        )

    def test_weekends_and_skipped_dates_are_no_working_days(self) -> None:
        """Opened on Thursday for 3 working days with a holiday on Monday, a wave closes on Wednesday."""
        schedule = replace(BERLIN, weekday=Weekday.THURSDAY, skip_dates=frozenset({date(2026, 11, 30)}))
        assert moments(schedule, date(2026, 11, 26)).closes_at == berlin(2, 9, month=12)

    def test_the_wave_of_a_skipped_date_is_left_out_and_not_moved(self) -> None:
        """The Tuesdays around a skipped Tuesday stay what they were."""
        schedule = replace(BERLIN, skip_dates=frozenset({date(2026, 11, 17)}))
        assert due_dates(schedule, date(2026, 11, 1), date(2026, 11, 30)) == [
            date(2026, 11, 3),
            date(2026, 11, 10),
            date(2026, 11, 24),
        ]

    def test_moments_are_refused_for_a_date_that_opens_no_wave(self) -> None:
        """A Wednesday has no moments in a schedule of Tuesdays."""
        with pytest.raises(NoWaveDue, match=r"^The schedule opens no pulse on 2026-11-25\.$"):
            moments(BERLIN, date(2026, 11, 25))

    def test_holidays_that_would_push_the_close_past_the_next_opening_shorten_the_wave(self) -> None:
        """With Thursday and Friday off, 4 working days from Tuesday end on Monday, before the next wave."""
        holidays = frozenset({date(2026, 11, 26), date(2026, 11, 27)})
        schedule = replace(BERLIN, working_days=4, skip_dates=holidays)
        assert moments(schedule, date(2026, 11, 24)).closes_at == berlin(30, 9)

    def test_a_wave_without_a_working_day_before_the_next_is_left_out(self) -> None:
        """When Wednesday to Monday are holidays, Tuesday opens nothing; the Tuesday after does."""
        holidays = read_dates("2026-11-25..2026-11-30")
        schedule = replace(BERLIN, skip_dates=holidays)
        assert due_dates(schedule, date(2026, 11, 24), date(2026, 12, 1)) == [date(2026, 12, 1)]

    def test_the_longest_weekly_wave_ends_the_day_before_the_next(self) -> None:
        """4 working days from Tuesday close on Monday."""
        schedule = replace(BERLIN, working_days=4)
        assert moments(schedule, date(2026, 11, 24)).closes_at == berlin(30, 9)

    @pytest.mark.parametrize(
        ("days", "count", "expected"),
        [
            (1, 2, []),
            (2, 1, [25]),
            (2, 2, [25]),
            (3, 0, []),
            (3, 1, [26]),
            (3, 2, [25, 26]),
            (4, 2, [26, 27]),
        ],
    )
    def test_reminders_fall_on_whole_working_days_between(
        self, days: int, count: int, expected: list[int]
    ) -> None:
        """One is the working day before the close, a second after half of the time, never two on a day."""
        schedule = replace(BERLIN, working_days=days, reminders=count)
        assert moments(schedule, date(2026, 11, 24)).reminders == tuple(berlin(day, 9) for day in expected)

    def test_a_wave_that_opens_at_night_reminds_by_day(self) -> None:
        """Even if any hour is allowed, reminders stay within 08:00 and 17:00."""
        late = replace(BERLIN, at=time(22, 30), any_hour=True)
        early = replace(BERLIN, at=time(2), any_hour=True)
        assert moments(late, date(2026, 11, 24)).reminders == (berlin(26, 17),)
        assert moments(early, date(2026, 11, 24)).reminders == (berlin(26, 8),)


class TestPattern:
    @pytest.mark.parametrize(
        ("repeat", "nth", "expected"),
        [
            (Repeat.EVERY_2, 1, ["2026-11-03", "2026-11-17", "2026-12-01", "2026-12-15", "2026-12-29"]),
            (Repeat.EVERY_4, 1, ["2026-11-03", "2026-12-01", "2026-12-29"]),
            (Repeat.MONTHLY, 1, ["2026-11-03", "2026-12-01"]),
            (Repeat.MONTHLY, 4, ["2026-11-24", "2026-12-22"]),
            (Repeat.MONTHLY, -1, ["2026-11-24", "2026-12-29"]),
        ],
    )
    def test_dates_of_each_repeat(self, repeat: Repeat, nth: int, expected: list[str]) -> None:
        """Every 2 or 4 weeks count from the first such weekday on or after the start; months by the nth."""
        schedule = replace(BERLIN, repeat=repeat, nth=nth)
        found = due_dates(schedule, date(2026, 11, 1), date(2026, 12, 31))
        assert [day.isoformat() for day in found] == expected

    def test_the_phase_does_not_depend_on_where_one_starts_to_look(self) -> None:
        """Every second Tuesday is the same whether one asks for the year or for the day."""
        schedule = replace(BERLIN, repeat=Repeat.EVERY_2)
        whole = due_dates(schedule, date(2026, 11, 1), date(2027, 10, 31))
        days = [date(2026, 11, 1) + timedelta(days=n) for n in range(365)]
        assert whole == [day for day in days if due_dates(schedule, day, day)]

    def test_nothing_is_due_before_the_start(self) -> None:
        """The first wave opens on or after the start date."""
        assert due_dates(BERLIN, date(2026, 1, 1), date(2026, 11, 9)) == [date(2026, 11, 3)]

    def test_next_moments_lie_strictly_after_the_instant(self) -> None:
        """At the very moment of an opening, the next one is a week later."""
        following = next_moments(BERLIN, berlin(24, 9), count=3)
        assert [wave.local_date.isoformat() for wave in following] == [
            "2026-12-01",
            "2026-12-08",
            "2026-12-15",
        ]
        assert next_moments(BERLIN, berlin(24, 9) - MINUTE)[0].local_date == date(2026, 11, 24)

    def test_next_moments_look_past_a_long_break(self) -> None:
        """Skipping most of a year does not hide the wave after it."""
        schedule = replace(
            BERLIN, skip_dates=read_dates("2026-11-01..2027-06-30"), starts_on=date(2026, 11, 1)
        )
        assert next_moments(schedule, SINCE)[0].local_date == date(2027, 7, 6)


class TestOddClocks:
    @pytest.mark.parametrize(
        ("zone", "day", "at", "expected"),
        [
            ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),  # twice: first, still summer time
            ("Europe/Berlin", "2027-03-28", "02:30", "2027-03-28T01:00"),  # never: 03:00 summer time
            ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30"),
            ("America/New_York", "2027-03-14", "02:30", "2027-03-14T07:00"),
            ("America/New_York", "2027-03-14", "02:00", "2027-03-14T07:00"),
            ("America/New_York", "2027-03-14", "01:59", "2027-03-14T06:59"),
            ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),  # half an hour is left out
            ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),  # half an hour comes twice
            ("America/Sao_Paulo", "2018-11-04", "00:30", "2018-11-04T03:00"),  # the day began at 01:00
            ("America/Sao_Paulo", "2018-02-17", "23:30", "2018-02-18T01:30"),
            ("Asia/Kathmandu", "2026-11-24", "09:00", "2026-11-24T03:15"),
            ("Pacific/Chatham", "2026-09-27", "02:50", "2026-09-26T14:00"),
            ("Asia/Pyongyang", "2018-05-04", "23:45", "2018-05-04T15:00"),  # the gap ran into the next date
            ("Antarctica/Casey", "2020-10-04", "01:00", "2020-10-03T16:01"),  # a gap of three hours
            ("Pacific/Apia", "2011-12-29", "09:00", "2011-12-29T19:00"),
            ("Pacific/Apia", "2011-12-31", "09:00", "2011-12-30T19:00"),
        ],
    )
    def test_the_first_of_two_and_the_first_after_a_gap(
        self, zone: str, day: str, at: str, expected: str
    ) -> None:
        """An hour that comes twice counts once; an hour left out becomes the first instant after it."""
        found = instant(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone))
        assert found == utc(expected)
        assert found.tzinfo is UTC

    def test_the_autumn_hour_opens_one_wave(self) -> None:
        """Ticks through both readings of 02:30 in Berlin open one wave, at the first."""
        world = World(at_night("Europe/Berlin", time(2, 30)), since=utc("2026-10-24T00:00"))
        for minute in range(0, 180, 5):
            world.tick(utc("2026-10-25T00:00") + minute * MINUTE)
        assert world.opened == {date(2026, 10, 25): utc("2026-10-25T00:30")}

    def test_the_spring_hour_opens_one_wave_after_the_gap(self) -> None:
        """Ticks around a 02:30 that does not exist in New York open one wave, at 03:00."""
        world = World(at_night("America/New_York", time(2, 30)), since=utc("2027-03-13T00:00"))
        for minute in range(0, 180, 5):
            world.tick(utc("2027-03-14T06:00") + minute * MINUTE)
        assert world.opened == {date(2027, 3, 14): utc("2027-03-14T07:00")}

    def test_a_date_that_samoa_never_had_opens_no_wave(self) -> None:
        """Samoa went from Thursday to Saturday at the end of 2011: that Friday is left out."""
        schedule = replace(
            BERLIN, weekday=Weekday.FRIDAY, zone="Pacific/Apia", starts_on=date(2011, 12, 1), working_days=1
        )
        found = due_dates(schedule, date(2011, 12, 20), date(2012, 1, 10))
        assert found == [date(2011, 12, 23), date(2012, 1, 6)]

    def test_a_date_that_samoa_never_had_is_no_working_day(self) -> None:
        """Two working days from Thursday 29 December 2011 end on Monday, not on the Friday left out."""
        schedule = replace(
            BERLIN, weekday=Weekday.THURSDAY, zone="Pacific/Apia", starts_on=date(2011, 12, 1), working_days=1
        )
        assert moments(schedule, date(2011, 12, 29)).closes_at == utc("2012-01-01T19:00")


class TestHours:
    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            (berlin(24, 12), berlin(24, 12)),
            (berlin(24, 3), berlin(24, 8)),
            (berlin(24, 18), berlin(25, 8)),
            (berlin(27, 19), berlin(30, 8)),
        ],
    )
    def test_what_is_late_is_posted_in_the_next_working_hour(
        self, moment: datetime, expected: datetime
    ) -> None:
        """What is late waits out nights and weekends, but not working hours."""
        assert next_posting(BERLIN, moment) == expected

    def test_where_any_hour_is_allowed_only_skipped_dates_wait(self) -> None:
        """A skipped Wednesday is over at midnight."""
        schedule = replace(BERLIN, any_hour=True, skip_dates=frozenset({date(2026, 11, 25)}))
        assert next_posting(schedule, berlin(28, 3)) == berlin(28, 3)
        assert next_posting(schedule, berlin(25, 12)) == berlin(26, 0)


@also_soaked
@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=length(2, 40), deadline=None, phases=UNSHRUNK)
@given(anywhere=schedules())
def test_five_years_of_moments_agree_with_an_independent_calendar(zone: str, anywhere: Schedule) -> None:
    """One wave per due date, at the wall clock's time, closing where counted by hand, never overlapping."""
    schedule = replace(anywhere, zone=zone)
    last = schedule.starts_on + FIVE_YEARS
    expected = expected_dates(schedule, last)
    found = [moments(schedule, day) for day in due_dates(schedule, schedule.starts_on, last)]
    assert [wave.local_date for wave in found] == [day for day, _close in expected]
    for wave, (day, close) in zip(found, expected, strict=True):
        assert wave.opens_at == wall_clock_walk(day, schedule.at, schedule.zone)
        assert wave.closes_at == wall_clock_walk(close, schedule.at, schedule.zone)
    for wave, following in pairwise(found):
        assert wave.closes_at < following.opens_at
    listed = next_moments(schedule, found[0].opens_at - MINUTE, count=20)
    assert listed[: len(found)] == found[:20]
