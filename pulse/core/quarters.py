"""Calendar quarters: what the report for leaders covers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from pulse.core.dates import MONTHS
from pulse.core.errors import BadRequest
from pulse.core.language import _

_TYPED = re.compile(r"(?:(?P<first>\d{4})\W*)?Q(?P<number>[1-4])(?:\W*(?P<last>\d{4}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a calendar year; `number` is 1 to 4.

    >>> Quarter.of(date(2026, 11, 20)).code
    '2026-Q4'
    >>> Quarter(2026, 4).words, Quarter(2026, 4).last, Quarter(2026, 1).before().code
    ('October to December 2026', datetime.date(2026, 12, 31), '2025-Q4')
    """

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter of a day."""
        return cls(day.year, (day.month + 2) // 3)

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        return self.after().first - timedelta(days=1)

    @property
    def code(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def words(self) -> str:
        """Its months and year as readers write them."""
        months = [_(MONTHS[month.month - 1]) for month in (self.first, self.last)]
        return _("{first} to {last} {year}").format(first=months[0], last=months[1], year=self.year)

    def before(self) -> Quarter:
        return Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)

    def after(self) -> Quarter:
        return Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)


def typed_quarter(typed: str, today: date) -> Quarter:
    """The quarter that somebody typed; without a year the newest that has begun. Raises BadRequest.

    >>> [typed_quarter(typed, date(2026, 11, 20)).code for typed in ("Q3", "q4 2025", "2026-Q1")]
    ['2026-Q3', '2025-Q4', '2026-Q1']
    >>> typed_quarter("Q3", date(2026, 5, 1)).code
    '2025-Q3'
    """
    found = _TYPED.fullmatch(typed.strip())
    years = {year for year in found.group("first", "last") if year} if found else set()
    if found is None or len(years) > 1 or "0000" in years:
        raise BadRequest(
            _("Which quarter do you mean? Please write it like this: /pulse report Q3, or Q3 2026.")
        )
    number = int(found["number"])
    if years:
        return Quarter(int(years.pop()), number)
    this = Quarter.of(today)
    return Quarter(this.year - (number > this.number), number)
