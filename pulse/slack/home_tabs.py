"""The Home tabs that somebody may be looking at: redrawn when a wave opens or closes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from typing import Protocol

import structlog

from pulse.core.cards import HomeCard
from pulse.core.errors import SlackFault
from pulse.core.language import speaking
from pulse.slack.readers import Readers
from pulse.slack.web_api import Slack
from pulse.views.home import home_view

WATCHED_S = 1800.0
"""A tab that was opened longer ago is not redrawn until it is opened again."""

MOST_WATCHED = 200

PACE_S = 0.75
"""Pause between two tabs: views.publish allows about 100 a minute, and people who act come first."""

_log = structlog.get_logger(__name__)


class HomeSource(Protocol):
    """What tabs show. `pulse.services.home.Home` says what each method does."""

    async def card(self, user: str) -> HomeCard: ...
    async def edition(self) -> Hashable: ...


class HomeTabs:
    """Publishes Home tabs. Who looked at one lately is kept in memory only."""

    def __init__(self, home: HomeSource, slack: Slack, readers: Readers, pace_s: float = PACE_S) -> None:
        self._home, self._slack, self._readers, self.pace_s = home, slack, readers, pace_s
        self._opened: dict[str, float] = {}
        self._drawn: Hashable = None
        """The edition that was drawn last; None before the first time, when nobody has opened a tab."""

    async def opened(self, user: str) -> None:
        """Draws the tab that somebody opened, and again when a wave opens or closes soon after."""
        self._opened.pop(user, None)
        self._opened[user] = time.monotonic()
        while len(self._opened) > MOST_WATCHED:
            del self._opened[next(iter(self._opened))]
        await self.show(user)

    async def redraw(self, user: str) -> None:
        """Redraws a person's tab, if they may be looking at it. Raises SlackFault."""
        if self._watched(user):
            await self.show(user)

    def _watched(self, user: str) -> bool:
        return time.monotonic() - self._opened.get(user, -WATCHED_S) < WATCHED_S

    async def show(self, user: str) -> None:
        """Draws one reader's tab as it is now. Raises SlackFault."""
        with speaking(await self._readers.of(user)):
            view = home_view(await self._home.card(user))
        await self._slack.publish_home(user, view)

    async def follow(self) -> None:
        """Draws the tabs that were opened lately, if a wave has opened or closed since the last time."""
        edition = await self._home.edition()
        if edition == self._drawn:
            return
        self._drawn = edition
        for number, user in enumerate([user for user in self._opened if self._watched(user)]):
            if number:
                await asyncio.sleep(self.pace_s)
            try:
                await self.show(user)
            except SlackFault as fault:
                _log.info("home not drawn", code=fault.code)
