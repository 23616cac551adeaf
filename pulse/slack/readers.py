"""Which language somebody is spoken to in: a reader by their Slack locale, a channel by the set-up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from gettext import NullTranslations

import structlog

from pulse.core.errors import SlackFault
from pulse.core.language import language_of
from pulse.slack.roster import Roster

PATIENCE_S = 0.7
"""How long a reader's locale is waited for while an ack or a window's trigger waits too."""

_log = structlog.get_logger(__name__)


class Readers:
    """`catalogue` gives the sentences of a language, `posts_language` the language of the channels."""

    def __init__(
        self,
        roster: Roster,
        catalogue: Callable[[str], NullTranslations],
        posts_language: Callable[[], str],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._roster, self.catalogue, self._posts_language = roster, catalogue, posts_language
        self._patience_s = patience_s

    def posts(self) -> NullTranslations:
        """For what everybody in a channel reads."""
        return self.catalogue(self._posts_language())

    def known(self, user: str) -> NullTranslations:
        """For one reader, by what is known of them; English if nothing is. Makes no call."""
        person = self._roster.known(user)
        return self.catalogue(language_of(person.locale if person else ""))

    async def of(self, user: str) -> NullTranslations:
        """For one reader. Asks Slack about somebody unknown; English if it does not reply soon enough."""
        if self._roster.known(user) is None:
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._roster.person(user)
            except (SlackFault, TimeoutError) as error:
                _log.info("locale not known", problem=type(error).__name__)
        return self.known(user)
