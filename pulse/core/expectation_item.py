"""The question what the other side thinks: "How many of ten in IT would agree?" """

from __future__ import annotations

from dataclasses import replace

from pulse.core.language import N_, _
from pulse.core.model import Asked, Direction, Format, Item, Option, Side
from pulse.core.privacy import EXPECTED

ID_PREFIX = "expected."
"""Begins the id of such a question. The full stop keeps it apart from ids in the bank."""

_LABELS = {
    "0_1": N_("0 or 1"),
    "2_3": N_("2 or 3"),
    "4_6": N_("4 to 6"),
    "7_8": N_("7 or 8"),
    "9_10": N_("9 or 10"),
}
OPTIONS = (
    *(Option(key, _LABELS[key], _LABELS[key]) for key in EXPECTED),
    Option("cannot_say", N_("Cannot say"), N_("Cannot say"), counted=False),
)
"""The five options of `pulse.core.privacy.EXPECTED`, and one for people who have no idea."""


def is_expectation(item_id: str) -> bool:
    """Whether an id is that of such a question."""
    return item_id.startswith(ID_PREFIX)


def base_of(item_id: str) -> str:
    """The id of the question that an expectation is about.

    >>> base_of("expected.T01")
    'T01'
    """
    return item_id.removeprefix(ID_PREFIX)


def can_be_expected(item: Item) -> bool:
    """Whether a side can be asked to guess the other's answers to an item.

    It must be an agree item that says something good, worded for each side about the other. Accusations are
    left out: the question would ask each side to guess how it is blamed.
    """
    return item.mirrored and item.format is Format.AGREE5 and item.direction is Direction.POSITIVE


def expectation_item(base: Item) -> Item:
    """How many of ten on the other side would agree with that side's own wording of `base`.

    Its series is that of the base: it ends when the wording changes, in every language.
    """
    forms = {
        Side.MARKETING: _("How many of ten in IT would agree with this: “{statement}”"),
        Side.IT: _("How many of ten in marketing would agree with this: “{statement}”"),
    }
    return replace(
        base,
        id=f"{ID_PREFIX}{base.id}",
        asked=Asked.ROTATING,
        format=Format.CHOICE,
        direction=Direction.CHOICE,
        options=OPTIONS,
        measures=(),
        wordings={side: forms[side].format(statement=base.wordings[side.other]) for side in Side},
        baselines=dict.fromkeys(Side, ()),
        context=frozenset(),
        source_series=f"{ID_PREFIX}{base.series}",
        title="",
    )
