"""What people put into the environment and `.env`, and what they certainly meant by it.

Tokens are copied from web pages, through chats and editors, into files of every encoding. What cannot be part
of a value is taken off: spaces around it, quotes around it, characters without width, "Bearer". A wrong
character inside a token is refused by its name. No file is changed.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from pulse.core.errors import SettingsFault
from pulse.core.language import _

WIDTHLESS = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202c"))
"""Invisible characters that pages and chats put into copied text."""

QUOTES = (('"', '"'), ("'", "'"), ("`", "`"), ("“", "”"), ("„", "“"), ("‘", "’"), ("«", "»"))


def surroundings(names: frozenset[str], file: Path) -> Mapping[str, str]:
    """Settings as typed, by their names in lower case; the environment wins over the file.

    Raises SettingsFault for a file that cannot be read, or has a line that names a setting and sets none.
    """
    read = _of_file(names, file)
    # Capitals last: they win over lower case if both are set.
    given = {name.lower(): os.environ[name] for name in sorted(os.environ, reverse=True)}
    read.update({name: value for name, value in given.items() if name in names and as_meant(value)})
    return read


def _of_file(names: frozenset[str], file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    try:
        text = _decoded(file.read_bytes())
    except OSError as error:
        raise SettingsFault(
            _("{file} cannot be read ({why}). Make it readable for this user.").format(
                file=file, why=error.strerror or error
            )
        ) from error
    named = re.compile(rf"(\s*(?:export\s+)?)({'|'.join(names)})\s*:\s+(?=\S)", re.IGNORECASE)
    text = "\n".join(named.sub(r"\1\2=", line, count=1) for line in text.splitlines())
    found = {name.lower(): value for name, value in dotenv_values(stream=StringIO(text)).items()}
    _check_lines(names, text, found, file)
    return {name: value for name, value in found.items() if name in names and value is not None}


def _decoded(content: bytes) -> str:
    """Text of a file that some editor wrote: UTF-8, or UTF-16 with or without its mark.

    Bytes that are not UTF-8 are kept: in a comment they do no harm, and in a token they are refused.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    for encoding, zeros in (("utf-16-le", content[1:80:2]), ("utf-16-be", content[0:80:2])):
        if zeros and not any(zeros):
            return content.decode(encoding, errors="replace")
    return content.decode("utf-8-sig", errors="surrogateescape")


def _check_lines(names: frozenset[str], text: str, found: Mapping[str, str | None], file: Path) -> None:
    begins = re.compile(rf"\s*(?:export\s+)?({'|'.join(names)})(?![\w])", re.IGNORECASE)
    for number, line in enumerate(text.splitlines(), 1):
        named = begins.match(line)
        if named and found.get(named[1].lower()) is None:
            raise SettingsFault(
                _("{file}, line {number}: {name} is named and not set. Write it as {name}=value.").format(
                    file=file, number=number, name=named[1].upper()
                )
            )


def as_meant(typed: str) -> str:
    """A value without spaces, quotes and widthless characters around it."""
    value = typed.translate(WIDTHLESS).strip()
    for first, last in QUOTES:
        if len(value) > 1 and value.startswith(first) and value.endswith(last):
            return value[1:-1].strip()
    return value


def secret(typed: str) -> str:
    """A token or secret. Raises ValueError that names the first character that cannot be part of one."""
    value = re.sub(r"^bearer\s+", "", as_meant(typed), flags=re.IGNORECASE)
    for place, character in enumerate(value, 1):
        if not re.fullmatch(r"[A-Za-z0-9._=+/-]", character):
            raise ValueError(
                _("character {place} is {character}, which no token has: copy it anew").format(
                    place=place, character=_named(character)
                )
            )
    return value


def _named(character: str) -> str:
    """A character in words, since it might be invisible."""
    if character in "\r\n":
        return _("a line break")
    if character.isspace():
        return _("a space")
    name = unicodedata.name(character, "")
    return f"{name} (U+{ord(character):04X})" if name else f"U+{ord(character):04X}"
