"""Output on terminals that cannot show all characters."""

from __future__ import annotations

import codecs
import sys
from io import TextIOWrapper

QUOTES = dict.fromkeys("“”„", '"') | dict.fromkeys("‘’", "'")
PLAIN = QUOTES | {"→": "->", "–": "-", "—": "-", "…": "...", "\xa0": " "}
"""Substitutes for characters that a terminal lacks; any other becomes a question mark."""

NAME = "alignment-pulse.plain"


def be_plain() -> None:
    """Keeps a character that the terminal lacks from ending the program: it is written plainly instead."""
    codecs.register_error(NAME, _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=NAME)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(character, "?") for character in lacking), error.end
