"""When waves open, remind and close: named days on which clocks are odd, and five years at random."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pulse.core.cadence import (
    Close,
    Decision,
    KnownWave,
    Moments,
    Open,
    Pause,
    Remind,
    Repeat,
    Schedule,
    Skip,
    SkipReason,
    WaveState,
    Weekday,
    deadline,
    describe,
    due_dates,
    instant,
    is_missed,
    longest_wave,
    may_post,
    moments,
    moments_by_hand,
    nearest_zones,
    next_moments,
    next_posting,
    next_wake,
    plan,
    read_dates,
    write_dates,
)
from pulse.core.errors import NoWaveDue, ScheduleFault

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
        """Even where any hour is allowed, reminders stay within 08:00 and 17:00."""
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
        """A number of minutes beyond all reason is an answer to refuse, not a crash."""
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


WAVE = moments(BERLIN, date(2026, 11, 24))
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
        """Where any hour is allowed, a grace that runs into a holiday waits it out and ends."""
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
        """Nothing opens in a pause; what is left of the grace after it still counts."""
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
        """Nights and weekends are left out, working hours are not waited in."""
        assert next_posting(BERLIN, moment) == expected

    def test_where_any_hour_is_allowed_only_skipped_dates_wait(self) -> None:
        """A skipped Wednesday is over at midnight."""
        schedule = replace(BERLIN, any_hour=True, skip_dates=frozenset({date(2026, 11, 25)}))
        assert next_posting(schedule, berlin(28, 3)) == berlin(28, 3)
        assert next_posting(schedule, berlin(25, 12)) == berlin(26, 0)


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
# Shrinking whole histories takes minutes; the first that fails is told at once instead.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=2, deadline=None, phases=UNSHRUNK)
@given(anywhere=schedules())
def test_five_years_of_moments_agree_with_an_independent_calendar(zone: str, anywhere: Schedule) -> None:
    """One wave a due date, at the wall clock's time, closing where counted by hand, never overlapping."""
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


@settings(max_examples=20, deadline=None)
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


@settings(deadline=None)
@given(schedules())
def test_a_schedule_is_read_back_as_it_was_written(schedule: Schedule) -> None:
    """What the store keeps is the whole schedule."""
    assert Schedule.from_record(schedule.as_record()) == schedule


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
        """Does what is due; `at_most` so many decisions, as if the process died after them."""
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


def pauses_of(draw: st.DrawFn, start: datetime) -> list[Pause]:
    """Up to four pauses in five years, the last perhaps without an end."""
    spans = draw(st.lists(st.tuples(st.integers(1, 40_000), st.integers(1, 3_000)), max_size=4))
    pauses, moment = [], start
    for gap, length in spans:
        since = moment + timedelta(hours=gap // 4)
        moment = since + timedelta(hours=length)
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


@settings(max_examples=6, deadline=None, phases=UNSHRUNK)
@given(worlds())
def test_a_bot_that_is_always_up_opens_every_due_wave_of_five_years_at_its_moment(world: World) -> None:
    """Woken by next_wake alone: one wave a due date, on the second, and none that fell into a pause."""
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


@settings(max_examples=6, deadline=None, phases=UNSHRUNK)
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


@settings(max_examples=6, deadline=None, phases=UNSHRUNK)
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
