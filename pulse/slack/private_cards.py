"""The private cards of the open wave: who has one, how it can be changed, and which wait to be sent.

Knows people by their ids, in memory only; forgets them when another wave begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable

import structlog

from pulse.core.errors import PulseError
from pulse.views.message import Message

Replace = Callable[[Message], Awaitable[None]]
"""Puts another message in place of a card."""

Show = Callable[[], Awaitable[None]]
"""Looks up what is stored now, and sends it as a card."""

AT_ONCE = 50
"""Sends under way at the same time: Slack takes about 0.2 s for each."""

GIVE_WAY_S = 2.0
"""The longest that a send waits while taps wait for their ack: cards go out even in a long storm."""

LOOK_AGAIN_S = 0.05

MOST_KEPT = 1000
"""Cards that can be changed from elsewhere; the oldest are forgotten first."""

_log = structlog.get_logger(__name__)


class PrivateCards:
    """Sends cards, late under load but never skipping any; remembers who has one."""

    def __init__(self, overloaded: Callable[[], bool]) -> None:
        """`overloaded()` says whether many payloads wait for their ack."""
        self._overloaded = overloaded
        self._room = asyncio.Semaphore(AT_ONCE)
        self._owed: dict[Hashable, Show] = {}
        self._busy: set[Hashable] = set()
        self._wave_id = 0
        self._have_one: set[str] = set()
        self._replace: dict[str, Replace] = {}

    async def send(self, place: Hashable, show: Show) -> None:
        """Calls `show` when there is room. Of those that wait for one `place`, only the newest is called.

        The calls for a place run one after the other, so what is stored last is shown last.
        """
        self._owed[place] = show
        if place in self._busy:
            return
        self._busy.add(place)
        try:
            while place in self._owed:
                async with self._room:
                    await self._give_way()
                    await self._call(self._owed.pop(place))
        finally:
            self._busy.discard(place)

    async def _call(self, show: Show) -> None:
        try:
            await show()
        except PulseError as error:
            _log.warning("private card not sent", problem=str(error))
        except Exception:  # noqa: BLE001 - what came in for this place meanwhile must still be sent
            _log.exception("private card not sent")

    async def _give_way(self) -> None:
        """Lets taps go first: a card costs as much as a tap, and only the tap has 3 s."""
        waited = 0.0
        while self._overloaded() and waited < GIVE_WAY_S:
            await asyncio.sleep(LOOK_AGAIN_S)
            waited += LOOK_AGAIN_S

    def claim_first(self, wave_id: int, person: str) -> bool:
        """Notes that somebody gets a card; true if they had none in this wave."""
        self._enter(wave_id)
        first = person not in self._have_one
        self._have_one.add(person)
        return first

    def keep(self, wave_id: int, person: str, replace: Replace) -> None:
        """Remembers how to change somebody's card: a press in it can replace it for half an hour."""
        self._enter(wave_id)
        self._have_one.add(person)
        self._replace.pop(person, None)
        self._replace[person] = replace
        while len(self._replace) > MOST_KEPT:
            del self._replace[next(iter(self._replace))]

    def take(self, wave_id: int, person: str) -> Replace | None:
        """How to change somebody's card, once.

        None if nothing was pressed in it lately: the card may be gone, so it is forgotten and the next answer
        brings another.
        """
        self._enter(wave_id)
        replace = self._replace.pop(person, None)
        if replace is None:
            self._have_one.discard(person)
        return replace

    def _enter(self, wave_id: int) -> None:
        if wave_id != self._wave_id:
            self._wave_id = wave_id
            self._have_one.clear()
            self._replace.clear()
