"""What managers do to the schedule by hand: open and close a wave, skip the next one, pause and resume."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pulse.core.audit import AuditCode, on_date
from pulse.core.calendar import Moments, local_date, moments_by_hand
from pulse.core.cards import OpeningCard
from pulse.core.errors import NothingToClose, NotNow
from pulse.core.language import _
from pulse.core.library import Library
from pulse.core.model import Item, Side
from pulse.core.records import OpenWave, Traces
from pulse.services.choosing import next_items
from pulse.services.ports import Clock
from pulse.services.waves import APART, Waves, audited
from pulse.storage.port import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedByHand:
    """What a close did: the wave's channels, whether it was called off, and what traces of answers remain."""

    channels: tuple[str, ...]
    called_off: bool
    traces: Traces


class ByHand:
    """Each method is one use case, and holds the turn of `waves` from its first read to its write."""

    def __init__(self, *, store: Store, waves: Waves, library: Library, clock: Clock) -> None:
        self._store, self._waves, self._library, self._clock = store, waves, library, clock

    async def opening(self) -> OpeningCard:
        """What would be opened by hand now. Raises as `open` does, except SlackFault."""
        async with self._waves.turn:
            items = await self._next_items()
            setup = self._waves.setup()
            return OpeningCard(
                channels=tuple(channel for side in Side for channel in setup.channels[side]),
                items=items,
                closes_at=(await self._moments()).closes_at,
            )

    async def open(self) -> OpenWave:
        """Opens a wave now.

        Raises NotSetUp, NotNow if one is open or was opened less than `APART` ago, and SlackFault.
        """
        async with self._waves.turn:
            await self._next_items()
            return await self._waves.open_wave("hand", await self._moments(), AuditCode.OPENED_BY_HAND)

    async def _next_items(self) -> tuple[Item, ...]:
        """The items of a wave that is opened by hand now. Raises NotSetUp and NotNow."""
        setup, now = self._waves.setup(), self._clock()
        if self._waves.current is not None:
            raise NotNow(
                _("A pulse is open already. Close it first with /pulse close, or wait until it closes.")
            )
        today = local_date(self._waves.schedule(), now)
        items = await next_items(self._store, self._library, today, setup.items)
        before = await self._store.last_opening()
        if before is not None and now - before.at < APART:
            raise NotNow(
                _(
                    "A pulse was opened less than {hours} hours ago. Two pulses so close together "
                    "could show how one person answered. You can open one from {when} on."
                ).format(
                    hours=APART // timedelta(hours=1),
                    when=f"{(before.at + APART).astimezone(self._waves.zone()):%H:%M}",
                )
            )
        return items

    async def _moments(self) -> Moments:
        """The moments of a wave that opens now."""
        return moments_by_hand(self._waves.schedule(), self._clock(), await self._next_date())

    async def _next_date(self) -> date | None:
        """The date after today on which the schedule opens a wave; a skipped one does not count."""
        today = local_date(self._waves.schedule(), self._clock())
        ahead = await self._waves.upcoming(2)
        return next((wave.local_date for wave in ahead if wave.local_date > today), None)

    async def close(self, shown: str | None = None) -> ClosedByHand:
        """Closes the open wave now; one whose key is lost is called off.

        Raises NothingToClose if none is open, and NotNow if it is not the one `shown` (by its token).
        """
        async with self._waves.turn:
            if self._waves.current is None:
                raise NothingToClose()
            if shown not in (None, self._waves.current.token):
                raise NotNow(_("That pulse is closed already; another one is open now. Nothing was changed."))
            wave = self._waves.current
            await self._waves.close_wave(self._clock(), AuditCode.CLOSED_BY_HAND)
            return ClosedByHand(
                channels=tuple(wave.channels),
                called_off=await self._store.called_off_wave(wave.id) is not None,
                traces=self._store.traces,
            )

    async def skip(self, shown: datetime | None = None) -> Moments:
        """Leaves out the next wave of the schedule.

        Raises NotSetUp, and NotNow while paused or if the next wave is not the one `shown` (by its opening).
        """
        async with self._waves.turn:
            self._waves.setup()
            ahead = await self._waves.upcoming()
            if not ahead:
                raise NotNow(_("Pulses are paused, so there is none to skip. /pulse resume carries on."))
            if shown not in (None, ahead[0].opens_at):
                raise NotNow(
                    _("Another pulse is the next one by now. Nothing was changed; please look again.")
                )
            event = on_date(AuditCode.SKIPPED_BY_HAND, ahead[0].local_date)
            await self._store.skip_wave(ahead[0], event.as_json(), self._clock())
            return ahead[0]

    async def pause(self) -> None:
        async with self._waves.turn:
            self._waves.setup()
            await self._store.pause(self._clock(), audited(AuditCode.PAUSED))

    async def resume(self) -> None:
        async with self._waves.turn:
            self._waves.setup()
            await self._store.resume(self._clock(), audited(AuditCode.RESUMED))
