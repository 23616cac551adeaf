"""How a count and a per cent are written: in one way, everywhere.

per_cent(5, 40)        "13%"; German puts a no-break space before the sign
count(3, 4, 7)         "3 or 4 of 7"
share(7, 7, 12)        "7 of 12 (58%)"
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pulse.core.baselines import figure, study
from pulse.core.language import _
from pulse.core.model import Baseline

__all__ = [
    "caution",
    "count",
    "figure",
    "per_cent",
    "percent",
    "share",
    "sql_percent",
    "study",
    "written_percent",
]

PER_CENT_FROM = 10
"""A per cent is written beside its count from this many answers on (docs/method.md)."""


# --- Counts and per cents --------------------------------------------------------------------------------


def percent(k: int, n: int) -> int:
    """`k` of `n` as a whole per cent, halves rounded up. Integers only: no float decides a half.

    Raises ZeroDivisionError where nobody answered.

    >>> percent(5, 40), percent(1, 8), percent(2, 3)
    (13, 13, 67)
    """
    return (200 * k + n) // (2 * n)


def sql_percent(k: str, n: str) -> str:
    """The SQL expression with which a view rounds as `percent` does; `k` and `n` are SQL expressions.

    Both must be integers: SQLite and PostgreSQL then divide without a fraction. NULL and 0 answers give NULL
    in SQLite.

    >>> sql_percent("people_low", "answers")
    '(200 * (people_low) + (answers)) / (2 * (answers))'
    """
    return f"(200 * ({k}) + ({n})) / (2 * ({n}))"


def written_percent(value: int) -> str:
    """A whole per cent as readers of the language write it.

    >>> written_percent(62)
    '62%'
    """
    return _("{percent}%").format(percent=value)


def per_cent(k: int, n: int) -> str:
    """`k` of `n` as a written per cent.

    >>> per_cent(5, 40)
    '13%'
    """
    return written_percent(percent(k, n))


def count(low: int, high: int, n: int) -> str:
    """`low` to `high` of `n` people, in words that hold for each number between the two.

    >>> count(7, 7, 12), count(0, 2, 12), count(10, 12, 12)
    ('7 of 12', '2 or fewer of 12', '10 or more of 12')
    >>> count(3, 4, 7), count(27, 29, 41), count(0, 5, 5)
    ('3 or 4 of 7', '27 to 29 of 41', '0 to 5 of 5')
    """
    return _count_form(low, high, n).format(k=low, low=low, high=high, n=n)


def _count_form(low: int, high: int, n: int) -> str:
    if low == high:
        return _("{k} of {n}")
    if low == 0 and high < n:
        return _("{high} or fewer of {n}")
    if low > 0 and high == n:
        return _("{low} or more of {n}")
    return _("{low} or {high} of {n}") if high - low == 1 else _("{low} to {high} of {n}")


def share(low: int, high: int, n: int) -> str:
    """A count, with its per cent where there are 10 answers or more and the count is exact.

    >>> share(7, 7, 12), share(0, 2, 12), share(3, 3, 6)
    ('7 of 12 (58%)', '2 or fewer of 12', '3 of 6')
    """
    people = count(low, high, n)
    if low != high or n < PER_CENT_FROM:
        return people
    return _("{count} ({percent})").format(count=people, percent=per_cent(low, n))


def caution(rows: Iterable[Baseline]) -> str:
    """Whose the published figures of a message are, as the sentence that it carries; "" for no figures."""
    asked = [row for row in rows if row.base != "not a survey"]
    if not asked:
        return ""
    years = sorted({year for row in asked for year in _years(row)})
    when = str(years[0]) if years[0] == years[-1] else f"{years[0]}–{years[-1]}"
    whom = "; ".join(sorted({_(row.surveyed) for row in asked}))
    return _("The published figures come from {whom} in {when}, not from this channel.").format(
        whom=whom, when=when
    )


def _years(row: Baseline) -> list[int]:
    """The years of the fieldwork; those in brackets are of publication."""
    found = re.findall(r"\b\d{4}\b", re.sub(r"\(.*?\)", "", row.fieldwork))
    return [int(year) for year in found] or [row.published]
