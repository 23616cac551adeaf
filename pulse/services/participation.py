"""What people are told about the open wave and themselves: status, turnout, and what is kept about them."""

from __future__ import annotations

from collections.abc import Mapping

from pulse.core.cards import ClosingCard, PrivacyCard, StatusCard, Turnout
from pulse.core.errors import NothingToClose
from pulse.core.model import Side
from pulse.core.records import OpenWave, ReadersRule
from pulse.services.answering import Answering
from pulse.services.managers import Managers
from pulse.services.turnout import TurnoutSnapshot
from pulse.services.waves import Waves
from pulse.storage.port import Store


class Participation:
    """Queries for one reader. A count under the minimum is never in a record."""

    def __init__(
        self,
        *,
        store: Store,
        waves: Waves,
        answering: Answering,
        managers: Managers,
        snapshot: TurnoutSnapshot,
    ) -> None:
        self._store, self._waves, self._answering, self._managers = store, waves, answering, managers
        self._snapshot = snapshot

    async def status(self, user: str) -> StatusCard:
        """The state of the pulse; for a manager also what was changed lately."""
        wave = self._waves.current
        return StatusCard(
            minimum=self._waves.minimum(),
            closes_at=wave.closes_at if wave else None,
            turnout=self.turnout(wave) if wave else None,
            own=await self._own(user, wave) if wave else None,
            opens_at=await self._waves.next_opening(),
            paused=await self._waves.paused(),
            set_up=self._waves.saved_setup is not None,
            changes=await self._managers.changes() if await self._managers.is_manager(user) else (),
            key_lost=bool(await self._store.key_problem()),
        )

    async def closing(self) -> ClosingCard:
        """The open wave, before it is closed by hand. Raises NothingToClose if none is open."""
        wave = self._waves.current
        if wave is None:
            raise NothingToClose()
        return ClosingCard(
            wave_id=wave.token,
            closes_at=wave.closes_at,
            minimum=wave.minimum,
            turnout=self.turnout(wave),
        )

    async def privacy(self, user: str) -> PrivacyCard:
        """What is stored now, with the reader's own answers while a wave is open."""
        wave, setup = self._waves.current, self._waves.saved_setup
        return PrivacyCard(
            minimum=self._waves.minimum(),
            closes_at=wave.closes_at if wave else None,
            own=await self._answering.stored_answers(user),
            readers=setup.readers if setup else ReadersRule.CHANNELS,
            traces=self._store.traces,
        )

    async def _own(self, user: str, wave: OpenWave) -> tuple[int, int] | None:
        """How many questions somebody has answered, and of how many, from what is stored of them."""
        own = await self._answering.stored_answers(user)
        if own is not None:
            return sum(1 for item in own.items if own.answers.get(item.id)), len(own.items)
        return (0, len(wave.items)) if await self._answering.is_asked(user) else None

    def turnout(self, wave: OpenWave) -> Mapping[Side, Turnout]:
        """How many of each side have answered the open wave, as everybody is told it."""
        return self._snapshot.told(wave)
