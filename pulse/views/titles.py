"""Headings of questions.

Each of a question's two wordings names the other side; its title (pulse/data/items.csv) is for both.
"""

from __future__ import annotations

from pulse.core.language import _
from pulse.core.model import Item


def title(item: Item) -> str:
    """A heading for both sides, in plain text; an own or edited item has its wordings instead."""
    return item.heading


def dimension(item: Item) -> str:
    """The item's dimension with a capital.

    >>> from types import SimpleNamespace
    >>> dimension(SimpleNamespace(dimension="shared goals"))
    'Shared goals'
    """
    word = _(item.dimension)
    return word[:1].upper() + word[1:]
