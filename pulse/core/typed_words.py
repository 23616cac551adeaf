"""What somebody types after `/pulse`, before it is interpreted."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

POLITE = frozenset(
    (
        *("please", "pls", "now", "the", "a", "an", "me", "my", "our", "us", "show", "give", "get", "see"),
        *("bitte", "jetzt", "mal", "die", "der", "das", "den", "mir", "uns", "zeig", "zeige", "gib"),
    )
)
"""Words that do not change what is meant."""

_EDGES = "\"'`“”„‘’«».,:;!¡¿…()[]{}"


def plain_word(word: str) -> str:
    """A word as it is looked up: small letters of ordinary width, no invisible characters or punctuation.

    >>> plain_word("Ｓｃｏｒｅｓ！"), plain_word("\u200bscores\ufeff"), plain_word("“close”")
    ('scores', 'scores', 'close')
    >>> plain_word("scores?"), plain_word("?")
    ('scores', '?')
    """
    shown = "".join(
        sign for sign in unicodedata.normalize("NFKC", word) if unicodedata.category(sign) != "Cf"
    )
    bare = shown.casefold().strip(_EDGES)
    return bare.rstrip("?") or bare


def first_words(text: str) -> list[str]:
    """The words of a line, without a repeated `/pulse`, polite words or invisible characters at its start.

    >>> first_words("/pulse  please show me the scores T01 now")
    ['scores', 'T01', 'now']
    """
    words = text.split()
    while words and _says_nothing(plain_word(words[0])):
        words = words[1:]
    return words


def _says_nothing(word: str) -> bool:
    return word.lstrip("/") in ("", "pulse") or word in POLITE


def left_over(words: Sequence[str]) -> str:
    """The words without polite ones, each as it is looked up.

    >>> left_over(["please", "now"]), left_over(["Tomorrow,", "please"])
    ('', 'tomorrow')
    """
    return " ".join(word for word in map(plain_word, words) if not _says_nothing(word))
