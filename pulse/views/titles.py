"""Headings of questions, and a day as readers of all zones and languages write it out.

Of a question's two wordings each names the other side; its title (pulse/data/items.csv) is for both.
"""

from __future__ import annotations

from datetime import date

from pulse.core.language import N_, _
from pulse.core.model import Item, Side

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


def title(item: Item) -> str:
    """A heading for both sides, in plain text; a company's own or an edited item has its wordings."""
    return item.title or " / ".join(dict.fromkeys(item.wordings[side] for side in Side))


def dimension(item: Item) -> str:
    """The item's dimension with a capital.

    >>> from types import SimpleNamespace
    >>> dimension(SimpleNamespace(dimension="shared goals"))
    'Shared goals'
    """
    word = _(item.dimension)
    return word[:1].upper() + word[1:]


def day(when: date) -> str:
    """A day in words, so that no order of numbers can be mistaken.

    >>> day(date(2026, 3, 9))
    '9 March 2026'
    """
    return _("{day} {month} {year}").format(day=when.day, month=_(MONTHS[when.month - 1]), year=when.year)
