"""Time zones by what people type."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.core.zones import FoundZone, find_zones
from pulse.storage.library import cities
from tests.core.bank import CALM

KNOWN = available_timezones()
WINTER = datetime(2026, 11, 27, 12, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


def found(typed: str, now: datetime = WINTER) -> tuple[FoundZone, ...]:
    return find_zones(typed, cities(), KNOWN, now)


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Munich", "Europe/Berlin"),
        ("münchen", "Europe/Berlin"),
        ("Mumbai", "Asia/Kolkata"),
        ("Bombay", "Asia/Kolkata"),
        ("Seattle", "America/Los_Angeles"),
        ("Wien", "Europe/Vienna"),
        ("Delhi", "Asia/Kolkata"),
        ("St. Gallen", "Europe/Zurich"),
        ("Koeln", "Europe/Berlin"),
        ("São Paulo", "America/Sao_Paulo"),
        ("  new   YORK ", "America/New_York"),
        ("Tokio", "Asia/Tokyo"),
        ("Amsterdm", "Europe/Amsterdam"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("america/los", "America/Los_Angeles"),
        ("UTC", "UTC"),
    ],
)
def test_the_zone_that_was_meant_comes_first(typed: str, zone: str) -> None:
    """A city in any of its names, a slip of the finger or an IANA name finds its zone."""
    assert found(typed)[0].zone == zone


@pytest.mark.parametrize(
    ("typed", "zone", "never"),
    [
        ("GMT+2", "Africa/Johannesburg", "Atlantic/Azores"),
        ("utc-5", "America/New_York", "Asia/Karachi"),
        ("UTC+05:30", "Asia/Kolkata", "America/New_York"),
        ("+9", "Asia/Tokyo", "America/Anchorage"),
    ],
)
def test_an_offset_means_what_a_person_means_by_it(typed: str, zone: str, never: str) -> None:
    """GMT+2 is two hours ahead of Greenwich, never two hours behind it."""
    zones = [one.zone for one in found(typed)]
    assert zone in zones
    assert never not in zones


def test_an_offset_is_that_of_the_day() -> None:
    """Berlin is at +1 in winter and at +2 in summer."""
    assert "Europe/Berlin" in [one.zone for one in found("GMT+1", WINTER)]
    assert "Europe/Berlin" in [one.zone for one in found("GMT+2", SUMMER)]


def test_a_zone_is_found_once_by_its_largest_city() -> None:
    """Several cities of one zone are one choice."""
    zones = [one.zone for one in found("san")]
    assert len(zones) == len(set(zones)) > 1


def test_nonsense_finds_nothing() -> None:
    """What is not a place is not a zone: nothing is guessed."""
    assert found("xyzzyqq") == ()
    assert found("   ") == ()


@CALM
@given(st.text(max_size=40))
def test_whatever_is_typed_finds_at_most_twenty_zones_that_there_are(typed: str) -> None:
    """No input stops the search, and no zone is offered that this machine does not know."""
    zones = [one.zone for one in found(typed)]
    assert len(zones) <= 20
    assert set(zones) <= KNOWN


def test_a_zone_that_the_machine_does_not_know_is_not_offered() -> None:
    """The list of cities may be newer than the machine's time zones."""
    assert find_zones("Munich", cities(), {"UTC"}, WINTER) == ()
