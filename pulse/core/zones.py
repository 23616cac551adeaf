"""Time zones by what people type: a city in any of its names, an IANA name, or an offset from UTC.

The cities are those of GeoNames (CC BY 4.0, pulse/data/cities.csv, written by tools/make_cities.py).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo

COLUMNS = ("city", "country", "zone", "people", "other_names")
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-−])\s*(\d{1,2})(?::?([0-5]\d))?")
_NOT_PLACES = ("Etc/", "SystemV/", "posix/", "right/")


COMMON_ZONES = (
    "Europe/London", "Europe/Dublin", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Rome",
    "Europe/Zurich", "Europe/Vienna", "Europe/Amsterdam", "Europe/Stockholm", "Europe/Warsaw",
    "Europe/Athens", "Europe/Istanbul", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos",
    "Africa/Nairobi", "Asia/Dubai",
    "Asia/Karachi", "Asia/Kolkata", "Asia/Singapore", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Tokyo",
    "Asia/Seoul", "Australia/Perth", "Australia/Sydney", "Pacific/Auckland", "America/Halifax",
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Mexico_City", "America/Bogota", "America/Sao_Paulo", "UTC",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A city; `names` are folded, its own name first."""

    name: str
    country: str
    zone: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundZone:
    """A zone that may be meant: `place` is the city by which it was found, "" if by the zone's own name."""

    zone: str
    place: str = ""


def folded(name: str) -> str:
    """A name without case, accents and punctuation, as it is compared.

    >>> folded("São Paulo"), folded("MÜNCHEN"), folded("Winston-Salem")
    ('sao paulo', 'munchen', 'winston salem')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^\w+:−-]|_|(?<=[^\W\d])-(?=[^\W\d])", " ", "".join(letters)).split())


def read_cities(text: str) -> tuple[City, ...]:
    """The cities of pulse/data/cities.csv, the largest first."""
    return tuple(
        City(
            name=row["city"],
            country=row["country"],
            zone=row["zone"],
            names=(folded(row["city"]), *filter(None, row["other_names"].split("|"))),
        )
        for row in csv.DictReader(io.StringIO(text))
    )


def common_zones(zones: Collection[str]) -> tuple[FoundZone, ...]:
    """What is offered before anything is typed: common zones that this machine knows."""
    return tuple(FoundZone(zone=zone) for zone in COMMON_ZONES if zone in zones)


def find_zones(
    typed: str, cities: Sequence[City], zones: Iterable[str], now: datetime, most: int = 20
) -> tuple[FoundZone, ...]:
    """The zones that `typed` may mean, the likeliest first; empty if there is none.

    `zones` are the IANA names that this machine knows. An offset finds the zones of large cities that have
    it at `now`.
    """
    wanted = folded(typed)
    if not wanted:
        return ()
    known = sorted(zones)
    allowed = set(known)
    offset = _offset(wanted)
    if offset is not None:
        found = _with_offset(offset, cities, allowed, now)
    else:
        found = [*_named(typed, known), *_in_cities(wanted, cities), *_alike(wanted, cities)]
    unique = {one.zone: one for one in reversed(found) if one.zone in allowed}
    ordered = dict.fromkeys(one.zone for one in found if one.zone in allowed)
    return tuple(unique[zone] for zone in ordered)[:most]


def _offset(wanted: str) -> timedelta | None:
    """What a person means by "GMT+2": two hours ahead of UTC."""
    if wanted in ("utc", "gmt"):
        return timedelta()
    found = _OFFSET.fullmatch(wanted)
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return ahead if sign == "+" else -ahead


def _with_offset(
    offset: timedelta, cities: Sequence[City], known: Collection[str], now: datetime
) -> list[FoundZone]:
    fixed = [FoundZone(zone="UTC")] if not offset and "UTC" in known else []
    here = {zone for zone in {city.zone for city in cities} if zone in known and _at(zone, now) == offset}
    return [*fixed, *(_found(city) for city in cities if city.zone in here)]


def _at(zone: str, now: datetime) -> timedelta | None:
    return now.astimezone(_rules(zone)).utcoffset()


_rules = cache(ZoneInfo)
"""ZoneInfo keeps only the last eight, and would read some 350 files again for each letter that is typed."""


def _named(typed: str, known: Sequence[str]) -> list[FoundZone]:
    """Zones whose name or last part is `typed`, and if that has a slash, those that begin with it."""
    wanted = folded(typed)
    places = [zone for zone in known if "/" in zone and not zone.startswith(_NOT_PLACES)]
    whole = [zone for zone in known if folded(zone) == wanted]
    last = [zone for zone in places if folded(zone.rpartition("/")[2]) == wanted]
    begins = [zone for zone in places if "/" in typed and folded(zone).startswith(wanted)]
    return [FoundZone(zone=zone) for zone in (*whole, *last, *begins)]


def _in_cities(wanted: str, cities: Sequence[City]) -> list[FoundZone]:
    """Cities with this name, then those whose name begins with it."""
    exact = [city for city in cities if wanted in city.names]
    begins = [city for city in cities if any(name.startswith(wanted) for name in city.names)]
    return [_found(city) for city in (*exact, *begins)]


def _alike(wanted: str, cities: Sequence[City]) -> list[FoundZone]:
    """For a typing slip: the cities spelled most alike, if no name begins like this."""
    if len(wanted) < 4 or _in_cities(wanted, cities):
        return []
    names = {city.names[0]: city for city in reversed(cities)}
    return [_found(names[name]) for name in get_close_matches(wanted, names, n=3, cutoff=0.8)]


def _found(city: City) -> FoundZone:
    return FoundZone(zone=city.zone, place=f"{city.name}, {city.country}")
