"""Days in words, for readers of every zone and language."""

from __future__ import annotations

from datetime import date

from pulse.core.language import N_, _

MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)


def day(when: date) -> str:
    """A day in words, so that no order of numbers can be mistaken.

    >>> day(date(2026, 3, 9))
    '9 March 2026'
    """
    return _("{day} {month} {year}").format(day=when.day, month=_(MONTHS[when.month - 1]), year=when.year)


def short_day(when: date, today: date) -> str:
    """A day in words, without its year if that is the year of `today`.

    >>> short_day(date(2026, 11, 20), date(2026, 11, 27)), short_day(date(2025, 11, 20), date(2026, 1, 2))
    ('20 November', '20 November 2025')
    """
    if when.year != today.year:
        return day(when)
    return _("{day} {month}").format(day=when.day, month=_(MONTHS[when.month - 1]))


BRIEF = (
    N_("Jan"),
    N_("Feb"),
    N_("Mar"),
    N_("Apr"),
    N_("May"),
    N_("Jun"),
    N_("Jul"),
    N_("Aug"),
    N_("Sep"),
    N_("Oct"),
    N_("Nov"),
    N_("Dec"),
)


def brief_day(when: date) -> str:
    """A day short enough for charts, without its year.

    >>> brief_day(date(2026, 11, 20))
    '20 Nov'
    """
    return _("{day} {month}").format(day=when.day, month=_(BRIEF[when.month - 1]))
