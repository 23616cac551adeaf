"""Text of which some words are in bold: made once, and read plain or marked up by a view."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter


@dataclass(frozen=True, slots=True)
class Marked:
    """Pieces of plain text, each with whether it is bold."""

    pieces: tuple[tuple[str, bool], ...]

    @property
    def plain(self) -> str:
        return "".join(text for text, _bold in self.pieces)


def marked(form: str, **values: str | Marked) -> Marked:
    """A form with its values. Words between two `*` of the form are bold; a `*` of a value is text.

    >>> marked("*below* {whose}", whose="5*").pieces
    (('below', True), (' ', False), ('5*', False))
    """
    pieces: list[tuple[str, bool]] = []
    bold = False
    for literal, name, _spec, _conversion in Formatter().parse(form):
        for number, text in enumerate(literal.split("*")):
            bold ^= number > 0
            pieces.append((text, bold))
        if name is not None:
            value = values[name]
            pieces += value.pieces if isinstance(value, Marked) else [(value, bold)]
    return Marked(tuple((text, bold) for text, bold in pieces if text))


def joined(separator: str, parts: Iterable[str | Marked]) -> Marked:
    """The parts in one text.

    >>> joined(", ", ["7 of 12", marked("*up*")]).plain
    '7 of 12, up'
    """
    pieces: list[tuple[str, bool]] = []
    for part in parts:
        pieces += [(separator, False)] if pieces else []
        pieces += part.pieces if isinstance(part, Marked) else [(part, False)]
    return Marked(tuple(pieces))
