"""Telling the managers what only they can mend: by direct message, and each thing once a day at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from pulse.core.errors import SlackFault
from pulse.core.language import speaking
from pulse.services.managers import Managers
from pulse.slack.web_api import Slack
from pulse.views.message import Message
from pulse.views.notices import Problem, problems

AGAIN = timedelta(hours=24)
"""How long nobody is told the same thing again."""

_log = structlog.get_logger(__name__)


class Troubles:
    """`clock` gives aware UTC times. What was told is kept in memory: a restart may tell it once more."""

    def __init__(self, slack: Slack, managers: Managers, clock: Callable[[], datetime]) -> None:
        self._slack, self._managers, self._clock = slack, managers, clock
        self._told: dict[str, datetime] = {}

    async def report(self, problem: Callable[[], Problem], key: str) -> None:
        """Tells the managers of a problem, as `tell` does."""
        await self.tell(lambda: problems([problem()]), key)

    async def tell(self, message: Callable[[], Message], key: str) -> None:
        """Tells each manager something in their language; the same `key` within a day is not told again.

        Raises nothing: where Slack refuses, the next call with this key tries again.
        """
        now = self._clock()
        self._told = {name: at for name, at in self._told.items() if now - at < AGAIN}
        if key in self._told:
            return
        self._told[key] = now
        if not await self._deliver(message):
            self._told.pop(key, None)
            _log.warning("no manager could be told", about=key)

    def mended(self, key: str) -> None:
        """Forgets a problem that is no more: when it comes back, it is told again."""
        self._told.pop(key, None)

    async def _deliver(self, message: Callable[[], Message]) -> bool:
        """Whether at least one manager got it."""
        reached = False
        try:
            people = await self._managers.reachable()
        except SlackFault as fault:
            _log.warning("managers not found", code=fault.code)
            return False
        for person in people:
            try:
                with speaking(self._managers.catalogue(person)):
                    said = message()
                await self._slack.post(person, said)
            except SlackFault as fault:
                _log.warning("manager not told", code=fault.code)
            else:
                reached = True
        return reached
