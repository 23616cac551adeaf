"""The language that sentences are made in.

Views and wording mark each sentence with `_` (or `ngettext`) in English, the source language; `speaking`
sets the catalogue for the code inside it. Mark whole sentences, with named places:
`_("{k} of {n} agree").format(...)`. Sentences in tables are marked with `N_` and translated where they are
used. Without a catalogue everything is English.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations

SOURCE = "en"

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
"""The languages that the bot speaks, each by its own name."""

_catalogue: ContextVar[NullTranslations | None] = ContextVar("catalogue", default=None)


@contextmanager
def speaking(catalogue: NullTranslations) -> Iterator[None]:
    """Makes sentences from `catalogue` inside the block, in this task only."""
    token = _catalogue.set(catalogue)
    try:
        yield
    finally:
        _catalogue.reset(token)


def speak(catalogue: NullTranslations) -> None:
    """Makes sentences from `catalogue` for the rest of this task, and in the tasks that it starts."""
    _catalogue.set(catalogue)


def spoken() -> str:
    """The language that is being spoken, one of LANGUAGES."""
    catalogue = _catalogue.get()
    return SOURCE if catalogue is None else catalogue.info().get("language", SOURCE)


def language_of(locale: str) -> str:
    """The language for a reader's locale, English if the bot does not speak it.

    >>> language_of("de-AT"), language_of("fr-FR"), language_of("")
    ('de', 'en', 'en')
    """
    language = locale.replace("_", "-").partition("-")[0].casefold()
    return language if language in LANGUAGES else SOURCE


def _(sentence: str) -> str:
    """The sentence in the language that is being spoken."""
    catalogue = _catalogue.get()
    # The empty sentence is gettext's name for a catalogue's header.
    return sentence if catalogue is None or not sentence else catalogue.gettext(sentence)


def ngettext(one: str, many: str, count: int) -> str:
    """The sentence for `count` in the language that is being spoken."""
    catalogue = _catalogue.get()
    if catalogue is None:
        return one if count == 1 else many
    return catalogue.ngettext(one, many, count)


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Marks a sentence for translation later, when it is used; returns it unchanged."""
    return sentence
