"""The life of a wave: planned, opened, skipped, closed. Each method is one use case.

The database is the truth. What is held in memory (the open wave, who may answer) is read from it and from
Slack again after a restart; `tick` may be called at any time and any number of times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from pulse.core.audit import AuditCode, AuditEvent, on_date
from pulse.core.calendar import Moments, local_date, moments_by_hand
from pulse.core.errors import (
    NotNow,
    NotSetUp,
    SlackFault,
    StoreFault,
)
from pulse.core.items import choose
from pulse.core.language import SOURCE, _
from pulse.core.library import Library
from pulse.core.model import Item, Outcome, Side
from pulse.core.plan import Close, KnownWave, Open, Remind, Skip, SkipReason, next_wake, plan
from pulse.core.privacy import turnout
from pulse.core.records import Ballots, NewMessage, NewWave, OpenWave, Publication, Setup
from pulse.core.schedule import Schedule
from pulse.core.scoring import answered, close_side
from pulse.services.ports import Clock, RandomBytes, Roster
from pulse.services.upcoming import is_paused, upcoming
from pulse.storage.port import Store

KEY_BYTES = 32

LEAST_MINIMUM = 5
"""The smallest group that is ever shown."""

UNDECIDED = timedelta(days=40)
"""Longer ago than this before the last decided wave nothing is undecided: a wave waits a day at most."""

_SKIPPED = {
    SkipReason.MISSED: AuditCode.SKIPPED_MISSED,
    SkipReason.PAUSED: AuditCode.SKIPPED_PAUSED,
    SkipReason.STILL_OPEN: AuditCode.SKIPPED_STILL_OPEN,
}

_log = structlog.get_logger(__name__)


class Waves:
    """The schedule's use cases. `random_bytes` makes the wave keys. `current` is the open wave, if any."""

    def __init__(
        self, *, store: Store, roster: Roster, library: Library, clock: Clock, random_bytes: RandomBytes
    ) -> None:
        self._store, self._roster, self._library, self._clock = store, roster, library, clock
        self._random_bytes = random_bytes
        self._turn = asyncio.Lock()
        self.current: OpenWave | None = store.current_wave()

    def reload(self) -> None:
        """Reads the open wave again after its row changed."""
        self.current = self._store.current_wave()

    # --- schedule ---------------------------------------------------------------------------------------

    def setup(self) -> Setup:
        """What was set up. Raises NotSetUp."""
        setup = self._store.setup()
        if setup is None:
            raise NotSetUp(
                _("The pulse is not set up yet. A workspace admin or owner can do that with /pulse setup.")
            )
        return setup

    async def tick(self) -> None:
        """Does whatever is due by the clock: skips, opens, closes. Doing it twice changes nothing."""
        async with self._turn:
            if self._store.scrub_due:
                await self._scrub()
            if self._store.setup() is None:
                return
            while decisions := [due for due in self._due() if not isinstance(due, Remind)]:
                before = self._known()
                try:
                    for decision in decisions:
                        await self._do(decision)
                except SlackFault as fault:
                    # The roster of a wave that is due: tried again by the next tick, within the grace.
                    _log.warning("not opened yet", code=fault.code, problem=str(fault))
                    return
                if before == self._known():
                    return

    def reminder_due(self) -> int:
        """The number of the reminder to send now, 0 for none."""
        if self._store.setup() is None:
            return 0
        return max((due.number for due in self._due() if isinstance(due, Remind)), default=0)

    def _due(self) -> list[Open | Close | Remind | Skip]:
        return plan(
            self.schedule(), self._known(), self._clock(), since=self._since(), pauses=self._store.pauses()
        )

    def _since(self) -> datetime:
        """From when on waves can be undecided: it does not grow with the years."""
        since, decided = self.setup().since, self._store.last_decided(self._clock())
        return since if decided is None else max(since, decided - UNDECIDED)

    def _known(self) -> dict[date, KnownWave]:
        return self._store.known_waves(local_date(self.schedule(), self._since()) - timedelta(days=1))

    async def _do(self, decision: Open | Close | Remind | Skip) -> None:
        match decision:
            case Open(moments=moments):
                await self._open("schedule", moments, AuditCode.OPENED_BY_SCHEDULE)
            case Close(publish_at=publish_at):
                await self._close(publish_at, AuditCode.CLOSED_BY_SCHEDULE)
            case Skip(moments=moments, reason=reason):
                missed = reason is SkipReason.MISSED
                event = on_date(_SKIPPED[reason], moments.local_date)
                await self._store.skip_wave(moments, event.as_json(), self._clock(), missed=missed)
            case Remind():
                pass

    def schedule(self) -> Schedule:
        return Schedule.from_record(self.setup().schedule)

    def next_wake(self) -> datetime | None:
        """When something can become due next; None before the set-up."""
        if self._store.setup() is None:
            return None
        return next_wake(
            self.schedule(), self._known(), self._clock(), since=self._since(), pauses=self._store.pauses()
        )

    def paused(self) -> bool:
        return is_paused(self._store)

    def next_opening(self) -> datetime | None:
        """When the next wave of the schedule opens; None while paused or before the set-up."""
        ahead = self.upcoming()
        return ahead[0].opens_at if ahead else None

    def minimum(self) -> int:
        """The number of answers below which nothing is shown: of the open wave, else of the set-up."""
        setup = self._store.setup()
        return self.current.minimum if self.current else setup.minimum if setup else LEAST_MINIMUM

    def zone(self) -> ZoneInfo:
        """The schedule's time zone; UTC before the set-up."""
        return self.schedule().tz if self._store.setup() else ZoneInfo("UTC")

    def posts_language(self) -> str:
        """The language of what everybody in a channel reads."""
        setup = self._store.setup()
        return setup.language if setup else SOURCE

    def upcoming(self, count: int = 1) -> list[Moments]:
        """The next waves of the schedule that are not skipped; none while paused or before the set-up."""
        return upcoming(self._store, self._clock(), count)

    # --- managing ---------------------------------------------------------------------------------------

    async def open_by_hand(self) -> OpenWave:
        """Opens a wave now. Raises NotSetUp, NotNow if one is open, SlackFault."""
        async with self._turn:
            if self.current is not None:
                raise NotNow(
                    _("A pulse is open already. Close it first with /pulse close, or wait until it closes.")
                )
            moments = moments_by_hand(self.schedule(), self._clock())
            return await self._open("hand", moments, AuditCode.OPENED_BY_HAND)

    async def close_by_hand(self, shown: int | None = None) -> OpenWave:
        """Closes the open wave now and returns what it was.

        Raises NotNow if none is open, or another than the one that was `shown` (its id).
        """
        async with self._turn:
            if self.current is None:
                raise NotNow(_("No pulse is open, so there is nothing to close. /pulse open opens one."))
            if shown not in (None, self.current.id):
                raise NotNow(_("That pulse is closed already; another one is open now. Nothing was changed."))
            wave = self.current
            await self._close(self._clock(), AuditCode.CLOSED_BY_HAND)
            return wave

    async def skip_next(self, shown: datetime | None = None) -> Moments:
        """Leaves out the next wave of the schedule.

        Raises NotSetUp, and NotNow while paused or if the next wave is not the one `shown` (by its opening).
        """
        self.setup()
        ahead = self.upcoming()
        if not ahead:
            raise NotNow(_("Pulses are paused, so there is none to skip. /pulse resume carries on."))
        if shown not in (None, ahead[0].opens_at):
            raise NotNow(_("Another pulse is the next one by now. Nothing was changed; please look again."))
        event = on_date(AuditCode.SKIPPED_BY_HAND, ahead[0].local_date)
        await self._store.skip_wave(ahead[0], event.as_json(), self._clock())
        return ahead[0]

    async def pause(self) -> None:
        self.setup()
        await self._store.pause(self._clock(), _audited(AuditCode.PAUSED))

    async def resume(self) -> None:
        self.setup()
        await self._store.resume(self._clock(), _audited(AuditCode.RESUMED))

    async def _open(self, cadence: str, moments: Moments, code: AuditCode) -> OpenWave:
        setup, now = self.setup(), self._clock()
        channels = {channel: side for side in Side for channel in setup.channels[side]}
        people = await self._roster.read(channels)
        items = choose(
            self._library.bank, self._store.askings(), local_date(self.schedule(), now), setup.items
        )
        key = self._random_bytes(KEY_BYTES)
        new = NewWave(
            cadence=cadence,
            moments=moments,
            opened_at=now,
            minimum=setup.minimum,
            key=key,
            items=items,
            people=people,
            channels=channels,
        )
        wave_id = await self._store.start_wave(new, _audited(code))
        self.current = self._store.current_wave()
        if self.current is None or self.current.id != wave_id:
            raise NotNow(_("The pulse was closed while it was being opened."))
        _log.info("wave opened", wave=wave_id, cadence=cadence, items=[item.id for item in items])
        return self.current

    async def _close(self, publish_at: datetime, code: AuditCode) -> None:
        wave = self.current
        if wave is None:
            return
        setup, now = self.setup(), self._clock()
        messages = [NewMessage(kind="closing", channel=channel, at=now) for channel in wave.channels]
        results = dict.fromkeys([*wave.channels, *setup.results])
        messages += [NewMessage(kind="results", channel=channel, at=publish_at) for channel in results]
        items = self.items_of(wave)

        def published(ballots: Mapping[Side, Ballots]) -> Publication:
            return publication(items, wave, ballots)

        await self._store.close_wave(wave.id, published, messages, now, _audited(code))
        self.current = self._store.current_wave()
        _log.info("wave closed", wave=wave.id)
        await self._scrub()

    async def _scrub(self) -> None:
        try:
            await self._store.scrub()
        except StoreFault as fault:
            # Another program reads the file: the answers are deleted, their bytes not yet. A tick tries on.
            _log.warning("log not emptied yet", problem=str(fault))

    def items_of(self, wave: OpenWave) -> tuple[Item, ...]:
        """The items of a wave, in the language that is being spoken."""
        items = (self._library.bank.get(item_id) for item_id in wave.items)
        return tuple(item for item in items if item is not None)


def _audited(code: AuditCode) -> str:
    return AuditEvent(code=code).as_json()


def publication(items: tuple[Item, ...], wave: OpenWave, ballots: Mapping[Side, Ballots]) -> Publication:
    """What may be published of a wave's answers, and nothing else."""
    outcomes: dict[tuple[str, Side], Outcome] = {}
    turnouts = {}
    for side, cast in ballots.items():
        kept = close_side(items, cast.people, wave.minimum)
        outcomes |= {(item_id, side): outcome for item_id, outcome in kept.items()}
        turnouts[side] = turnout(wave.people[side], answered(items, cast.people), wave.minimum)
    return Publication(turnout=turnouts, outcomes=outcomes)
