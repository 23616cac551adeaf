"""What people are told of the open wave and of themselves: status, turnout, and what is kept about them."""

from __future__ import annotations

from collections.abc import Mapping

from pulse.core.cards import PrivacyCard, StatusCard, Turnout
from pulse.core.model import Side
from pulse.services.answering import Answering
from pulse.services.managers import Managers
from pulse.services.waves import Waves
from pulse.storage.port import Store


class Participation:
    """Queries for one reader. A count under the minimum is never in a record."""

    def __init__(self, *, store: Store, waves: Waves, answering: Answering, managers: Managers) -> None:
        self._store, self._waves, self._answering, self._managers = store, waves, answering, managers

    async def status(self, user: str) -> StatusCard:
        """Where the pulse stands; for a manager with what managers changed lately."""
        wave = self._waves.current
        return StatusCard(
            minimum=self._waves.minimum(),
            closes_at=wave.closes_at if wave else None,
            turnout=self.turnout() if wave else None,
            opens_at=self._waves.next_opening(),
            paused=self._waves.paused(),
            set_up=self._store.setup() is not None,
            changes=self._managers.changes() if await self._managers.is_manager(user) else (),
        )

    def privacy(self, user: str) -> PrivacyCard:
        """What is stored now, with the reader's own answers while a wave is open."""
        wave = self._waves.current
        return PrivacyCard(
            minimum=self._waves.minimum(),
            closes_at=wave.closes_at if wave else None,
            own=self._answering.stored_answers(user),
        )

    def turnout(self) -> Mapping[Side, Turnout]:
        """How many of each side have answered the open wave; empty if none is open."""
        wave = self._waves.current
        if wave is None:
            return {}
        answered = self._store.answered(wave.id)
        return {
            side: Turnout(
                roster=wave.people[side],
                answered=answered[side] if answered[side] >= wave.minimum else None,
            )
            for side in Side
        }
