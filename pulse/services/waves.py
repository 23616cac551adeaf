"""The life of a wave by the schedule: planned, opened, skipped, closed.

The database is the truth. What is held in memory (the open wave, who may answer) is read from it and from
Slack again after a restart; `tick` may be called at any time and any number of times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from pulse.core.asked_items import asked_item
from pulse.core.audit import AuditCode, AuditEvent, on_date
from pulse.core.calendar import Moments, local_date
from pulse.core.commitments import Commitment
from pulse.core.errors import (
    NotNow,
    NotSetUp,
    SlackFault,
    StoreFault,
)
from pulse.core.language import SOURCE, _
from pulse.core.library import Library
from pulse.core.model import BothSides, Item, Side
from pulse.core.plan import Close, KnownWave, Open, Pause, Remind, Skip, SkipReason, next_wake, plan
from pulse.core.privacy import LOWEST_MINIMUM
from pulse.core.question_plan import QuestionPlan
from pulse.core.records import Ballots, MessageKind, NewMessage, NewWave, OpenWave, Publication, Setup
from pulse.core.schedule import Schedule
from pulse.core.scoring import publication
from pulse.services.choosing import next_items
from pulse.services.ports import Clock, RandomBytes, Roster
from pulse.services.upcoming import is_paused, upcoming
from pulse.storage.port import Store

TOKEN_BYTES = 8

APART = timedelta(hours=20)
"""How far apart two openings must be if a manager chose a moment: a pair at will isolates people."""

UNDECIDED = timedelta(days=40)
"""No wave older than this is undecided: a wave waits a day at most."""

_SKIPPED = {
    SkipReason.MISSED: AuditCode.SKIPPED_MISSED,
    SkipReason.PAUSED: AuditCode.SKIPPED_PAUSED,
    SkipReason.STILL_OPEN: AuditCode.SKIPPED_STILL_OPEN,
}

_log = structlog.get_logger(__name__)


class Waves:
    """The schedule's use cases. `random_bytes` makes the waves' tokens.

    `current` is the open wave and `saved_setup` the set-up, each None if there is none; `commitments` are all
    that were made. They are kept so that a tap need not read them; `load` reads them first, each tick reads
    them again, and only this class writes the first two.

    Any call of the store may suspend. `turn` is held from the reads of a decision to its write and while
    `current` changes, `_setup_turn` while `saved_setup` changes. Whoever holds `turn` may take
    `_setup_turn`, never the other way round. That is why this is one class: whatever changes the open wave or
    the set-up is a decision under these two.
    """

    def __init__(
        self, *, store: Store, roster: Roster, library: Library, clock: Clock, random_bytes: RandomBytes
    ) -> None:
        self._store, self._roster, self._library, self._clock = store, roster, library, clock
        self._random_bytes = random_bytes
        self.turn = asyncio.Lock()
        self._setup_turn = asyncio.Lock()
        self.current: OpenWave | None = None
        self.saved_setup: Setup | None = None
        self.closed = asyncio.Event()
        """Set when a wave is closed: from then on this process's memory holds answers that are deleted."""
        self.commitments: tuple[Commitment, ...] = ()

    async def load(self) -> None:
        """Reads what a former run left. Raises StoreFault."""
        async with self.turn:
            await self._read()

    async def _read(self) -> None:
        """Reads the open wave and the set-up; to be called under `turn`."""
        async with self._setup_turn:
            self.saved_setup = await self._store.setup()
        self.current = await self._store.current_wave()
        await self.read_commitments()

    async def read_commitments(self) -> None:
        """Reads what sides said they will do; to be called under `turn`."""
        self.commitments = await self._store.commitments()

    def setup(self) -> Setup:
        """The saved set-up. Raises NotSetUp."""
        if self.saved_setup is None:
            raise NotSetUp(
                _("The pulse is not set up yet. A workspace admin or owner can do that with /pulse setup.")
            )
        return self.saved_setup

    async def save_setup(
        self,
        setup: Setup,
        what: str,
        *,
        plan: QuestionPlan | None = None,
        messages: Sequence[NewMessage] = (),
        managers: Sequence[bytes] = (),
        named: str = "",
    ) -> None:
        """Replaces the set-up and names `managers` (see `pulse.storage.port.SetupStore`).

        Does not wait while a wave opens, because the ack of a form waits for this.
        """
        async with self._setup_turn:
            await self._store.save_setup(
                setup,
                setup.since,
                what,
                plan=plan,
                messages=messages,
                managers=managers,
                named=named,
            )
            self.saved_setup = setup

    async def move_channel(self, old: str, new: str) -> None:
        """A channel got another id: set-up, open wave, outbox and roster follow, between two decisions."""
        async with self.turn:
            await self._store.move_channel(old, new, self._clock(), audited(AuditCode.CHANNEL_MOVED))
            self._roster.move(old, new)
            await self._read()

    async def tick(self) -> None:
        """Does whatever is due by the clock: skips, opens, closes. Doing it twice changes nothing."""
        async with self.turn:
            if self._store.scrub_due:
                await self._scrub()
            await self._read()
            if self.saved_setup is None:
                return
            while decisions := [due for due in await self._due() if not isinstance(due, Remind)]:
                before = await self._known(self.setup())
                try:
                    for decision in decisions:
                        await self._do(decision)
                except SlackFault as fault:
                    # The roster of a due wave was not read: the next tick tries again, within the grace.
                    _log.warning("wave not opened yet", code=fault.code, problem=str(fault))
                    return
                if before == await self._known(self.setup()):
                    return

    async def reminder_due(self) -> tuple[OpenWave, int] | None:
        """The open wave and the number of the reminder to send now; None if none is due."""
        async with self.turn:
            if self.current is None or self.saved_setup is None:
                return None
            due = [decision.number for decision in await self._due() if isinstance(decision, Remind)]
            return (self.current, max(due)) if due else None

    async def _due(self) -> list[Open | Close | Remind | Skip]:
        setup = self.setup()
        since, known, pauses = await self._decided(setup)
        return plan(_schedule(setup), known, self._clock(), since=since, pauses=pauses)

    async def _decided(self, setup: Setup) -> tuple[datetime, dict[date, KnownWave], tuple[Pause, ...]]:
        return self._since(setup), await self._known(setup), await self._store.pauses()

    def _since(self, setup: Setup) -> datetime:
        """From when on waves can be undecided: at most `UNDECIDED` ago, even after years or a long absence.

        A clock that is set forward by years by mistake must not decide years of waves: they would stay
        decided when it is right again.
        """
        return max(setup.since, self._clock() - UNDECIDED)

    async def _known(self, setup: Setup) -> dict[date, KnownWave]:
        since = local_date(_schedule(setup), self._since(setup))
        return await self._store.known_waves(since - timedelta(days=1))

    async def _do(self, decision: Open | Close | Remind | Skip) -> None:
        match decision:
            case Open(moments=moments):
                # If it is too soon, the wave waits within its grace, and is then skipped as missed.
                if not await self._too_soon():
                    await self.open_wave("schedule", moments, AuditCode.OPENED_BY_SCHEDULE)
            case Close(publish_at=publish_at):
                await self.close_wave(publish_at, AuditCode.CLOSED_BY_SCHEDULE)
            case Skip(moments=moments, reason=reason):
                missed = reason is SkipReason.MISSED
                event = on_date(_SKIPPED[reason], moments.local_date)
                await self._store.skip_wave(moments, event.as_json(), self._clock(), missed=missed)
            case Remind():
                pass

    def schedule(self) -> Schedule:
        return _schedule(self.setup())

    async def next_wake(self) -> datetime | None:
        """When something can become due next; None before the set-up."""
        setup = self.saved_setup
        if setup is None:
            return None
        since, known, pauses = await self._decided(setup)
        return next_wake(_schedule(setup), known, self._clock(), since=since, pauses=pauses)

    async def paused(self) -> bool:
        return await is_paused(self._store)

    async def next_opening(self) -> datetime | None:
        """When the next wave of the schedule opens; None while paused or before the set-up."""
        ahead = await self.upcoming()
        return ahead[0].opens_at if ahead else None

    def minimum(self) -> int:
        """The number of answers below which nothing is shown: of the open wave, else of the set-up."""
        setup = self.saved_setup
        return self.current.minimum if self.current else setup.minimum if setup else LOWEST_MINIMUM

    def zone(self) -> ZoneInfo:
        """The schedule's time zone; UTC before the set-up."""
        return self.schedule().tz if self.saved_setup else ZoneInfo("UTC")

    def day(self) -> date:
        """The day in the schedule's zone."""
        return self._clock().astimezone(self.zone()).date()

    def posts_language(self) -> str:
        """The language of what everybody in a channel reads."""
        return self.saved_setup.language if self.saved_setup else SOURCE

    async def upcoming(self, count: int = 1) -> list[Moments]:
        """The next waves of the schedule that are not skipped; none while paused or before the set-up."""
        return await upcoming(self._store, self._clock(), count)

    async def _too_soon(self) -> bool:
        """Whether a wave of the schedule would open too soon, if a manager chose one of the two moments.

        They did if the last wave was opened by hand, or if the set-up was saved since. By a schedule that
        nobody has touched, a wave may follow soon on a late opening.
        """
        before = await self._store.last_opening()
        if before is None or self._clock() - before.at >= APART:
            return False
        return before.by_hand or self.setup().since >= before.at

    async def open_wave(self, cadence: str, moments: Moments, code: AuditCode) -> OpenWave:
        """Opens a wave; to be called under `turn`. Raises NotSetUp, SlackFault and StoreFault."""
        setup, now = self.setup(), self._clock()
        channels = {channel: side for side in Side for channel in setup.channels[side]}
        # A set-up without this choice leaves out whoever is in channels of both sides; managers are told.
        both_sides = setup.both_sides or BothSides.NOBODY
        await self._roster.read(channels, both_sides)
        items = await next_items(self._store, self._library, local_date(_schedule(setup), now), setup.items)
        new = NewWave(
            cadence=cadence,
            moments=moments,
            opened_at=now,
            minimum=setup.minimum,
            token=self._random_bytes(TOKEN_BYTES).hex(),
            items=items,
            roster=self._asked(),
            channels=channels,
            both_sides=both_sides,
        )
        wave_id = await self._store.start_wave(new, audited(code))
        self.current = await self._store.current_wave()
        await self.read_commitments()
        if self.current is None or self.current.id != wave_id:
            raise NotNow(_("The pulse was closed while it was being opened."))
        _log.info("wave opened", wave=wave_id, cadence=cadence, items=[item.id for item in items])
        return self.current

    def _asked(self) -> dict[str, frozenset[Side]]:
        """Everybody of the roster, with the sides whose channels they are in."""
        people = frozenset[str]().union(*(self._roster.everyone(side) for side in Side))
        return {user: frozenset(self._roster.sides(user)) for user in people}

    async def close_wave(self, publish_at: datetime, code: AuditCode) -> None:
        """Closes the open wave, or calls it off if its key is lost; to be called under `turn`."""
        wave = self.current
        if wave is None:
            return
        if await self._store.key_problem():
            await self._call_off(wave)
            return
        setup, now = self.setup(), self._clock()
        messages = [
            NewMessage(kind=MessageKind.CLOSING, channel=channel, at=now) for channel in wave.channels
        ]
        results = dict.fromkeys([*wave.channels, *setup.results])
        messages += [
            NewMessage(kind=MessageKind.RESULTS, channel=channel, at=publish_at) for channel in results
        ]
        items = self.items_of(wave)

        def published(ballots: Mapping[Side, Ballots]) -> Publication:
            return publication(items, wave, ballots)

        await self._store.close_wave(wave.id, published, messages, now, audited(code))
        self.current = await self._store.current_wave()
        self.closed.set()
        await self.read_commitments()
        _log.info("wave closed", wave=wave.id)
        await self._scrub()

    async def _call_off(self, wave: OpenWave) -> None:
        """Ends a wave whose key is lost: nobody can read its answers."""
        now = self._clock()
        messages = [
            NewMessage(kind=MessageKind.CLOSING, channel=channel, at=now) for channel in wave.channels
        ]
        event = on_date(AuditCode.CALLED_OFF, wave.local_date)
        await self._store.call_off(wave.id, messages, now, event.as_json())
        self.current = await self._store.current_wave()
        self.closed.set()
        _log.warning("wave called off: its key is lost", wave=wave.id)
        await self._scrub()

    async def _scrub(self) -> None:
        try:
            await self._store.scrub()
        except StoreFault as fault:
            # A key could not be destroyed, or another program reads the file. The next tick tries again.
            _log.warning("not cleaned up yet", traces=self._store.traces.value, problem=str(fault))

    def items_of(self, wave: OpenWave) -> tuple[Item, ...]:
        """The items of a wave, in the language being spoken."""
        return tuple(item for item_id in wave.items if (item := self.item(item_id)) is not None)

    def item(self, item_id: str) -> Item | None:
        """The item of a wave with this id, in the language being spoken."""
        return asked_item(item_id, self._library.bank, self.commitments)


def _schedule(setup: Setup) -> Schedule:
    """Raises ScheduleFault for a stored schedule that cannot be read."""
    return Schedule.from_record(setup.schedule)


def audited(code: AuditCode) -> str:
    """The audit record of an event that has no values."""
    return AuditEvent(code=code).as_json()
