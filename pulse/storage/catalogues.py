"""Which language somebody is spoken to in: a reader by their Slack locale, a channel by the set-up.

The catalogues are the compiled files in pulse/locale (`make texts`). English is the source and needs none.
"""

from __future__ import annotations

import asyncio
from functools import cache
from gettext import NullTranslations, translation
from importlib import resources
from pathlib import Path

import structlog

from pulse.core.errors import SlackFault
from pulse.core.language import SOURCE, language_of
from pulse.slack.roster import Roster
from pulse.storage.sqlite.store import Store

DOMAIN = "pulse"

PATIENCE_S = 0.7
"""So long at most a reader's locale is waited for, where an ack or a window's trigger waits too."""

_log = structlog.get_logger(__name__)


def locales() -> Path:
    """The folder of the catalogues."""
    return Path(str(resources.files("pulse"))) / "locale"


@cache
def catalogue(language: str) -> NullTranslations:
    """The catalogue of one of LANGUAGES. Raises FileNotFoundError for one that is not there."""
    if language == SOURCE:
        return NullTranslations()
    return translation(DOMAIN, locales(), [language])


def for_posts(store: Store) -> NullTranslations:
    """For what everybody in a channel reads."""
    return catalogue(posted_in(store))


def posted_in(store: Store) -> str:
    """The language of what everybody in a channel reads."""
    setup = store.setup()
    return setup.language if setup else SOURCE


def for_known(roster: Roster, user: str) -> NullTranslations:
    """For one reader, by what is known of them: English where nothing is. Asks nobody."""
    person = roster.known(user)
    return catalogue(language_of(person.locale if person else ""))


async def for_reader(roster: Roster, user: str, patience_s: float = PATIENCE_S) -> NullTranslations:
    """For one reader. Slack is asked about somebody unknown; English where it does not answer in time."""
    if roster.known(user) is None:
        try:
            async with asyncio.timeout(patience_s):
                await roster.person(user)
        except (SlackFault, TimeoutError) as error:
            _log.info("locale not known", problem=type(error).__name__)
    return for_known(roster, user)
