"""The life of a wave: opened, answered, closed. Each method is one use case.

The database is the truth. What is held in memory (the open wave, who may answer) is read from it and from
Slack again after a restart; `tick` may be called at any time and any number of times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

import structlog

from pulse.core.cadence import (
    Close,
    KnownWave,
    Moments,
    Open,
    Remind,
    Schedule,
    Skip,
    SkipReason,
    local_date,
    moments_by_hand,
    next_wake,
    plan,
)
from pulse.core.errors import (
    BadRequest,
    JoinedLater,
    NotNow,
    NotSetUp,
    NotYours,
    PollIsClosed,
    SlackFault,
    StoreFault,
)
from pulse.core.items import choose
from pulse.core.language import N_, _
from pulse.core.model import Format, Item, Outcome, Side
from pulse.core.privacy import turnout
from pulse.core.records import StoredBallot
from pulse.core.scoring import close_side
from pulse.services.turnout import Turnout
from pulse.services.upcoming import is_paused, upcoming
from pulse.slack.roster import Roster
from pulse.storage.library import Library
from pulse.storage.sqlite.store import (
    Answers,
    Ballots,
    NewMessage,
    NewWave,
    OpenWave,
    Publication,
    Setup,
    Store,
)

T = TypeVar("T")

TOKEN_BYTES = 8
UNDECIDED = timedelta(days=40)
"""Longer ago than this before the last decided wave nothing is undecided: a wave waits a day at most."""

LOOK_UP_S = 2.0
"""How long a tap waits for Slack to say who somebody is: the ack is due within 3 s."""

SKIPPED_BY_HAND = N_("A manager skipped the pulse of {date}.")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person's part in the open wave."""

    wave: OpenWave
    items: tuple[Item, ...]
    side: Side
    answers: Answers
    both_sides: bool = False
    """True once: the person is in channels of both sides and has just been counted for one."""


class Waves:
    """The use cases. `clock` gives aware UTC times, `random_bytes` the wave keys."""

    def __init__(
        self,
        store: Store,
        roster: Roster,
        library: Library,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.store, self.roster, self.library, self.clock = store, roster, library, clock
        self._random_bytes = random_bytes
        self._turn = asyncio.Lock()
        self.turnout = Turnout(store, library.bank)
        self.open: OpenWave | None = store.current_wave()
        self.changing_polls = asyncio.Lock()
        """Held while a poll message is changed, so that its closed form comes after every count."""

    async def know_people(self) -> None:
        """Reads again who may answer the open wave, after a restart. What fails is tried again later."""
        if self.open is not None:
            try:
                await self.roster.ensure(self.open.channels)
            except SlackFault as fault:
                _log.warning("roster not read", code=fault.code)

    # --- schedule ---------------------------------------------------------------------------------------

    def setup(self) -> Setup:
        """What was set up. Raises NotSetUp."""
        setup = self.store.setup()
        if setup is None:
            raise NotSetUp(
                _("The pulse is not set up yet. A workspace admin or owner can do that with /pulse setup.")
            )
        return setup

    async def tick(self) -> None:
        """Does whatever is due by the clock: skips, opens, closes. Doing it twice changes nothing."""
        async with self._turn:
            if self.store.scrub_due:
                await self._scrub()
            if self.store.setup() is None:
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
        if self.store.setup() is None:
            return 0
        return max((due.number for due in self._due() if isinstance(due, Remind)), default=0)

    def _due(self) -> list[Open | Close | Remind | Skip]:
        return plan(
            self.schedule(), self._known(), self.clock(), since=self._since(), pauses=self.store.pauses()
        )

    def _since(self) -> datetime:
        """From when on waves can be undecided: it does not grow with the years."""
        since, decided = self.setup().since, self.store.last_decided(self.clock())
        return since if decided is None else max(since, decided - UNDECIDED)

    def _known(self) -> dict[date, KnownWave]:
        return self.store.known_waves(local_date(self.schedule(), self._since()) - timedelta(days=1))

    async def _do(self, decision: Open | Close | Remind | Skip) -> None:
        match decision:
            case Open(moments=moments):
                await self._open("schedule", moments, N_("The schedule opened a pulse."))
            case Close(publish_at=publish_at):
                await self._close(publish_at, N_("The pulse was closed when it was due."))
            case Skip(moments=moments, reason=reason):
                missed = reason is SkipReason.MISSED
                await self.store.skip_wave(moments, decision.sentence, self.clock(), missed=missed)
            case Remind():
                pass

    def schedule(self) -> Schedule:
        return Schedule.from_record(self.setup().schedule)

    def next_wake(self) -> datetime | None:
        """When something can become due next; None before the set-up."""
        if self.store.setup() is None:
            return None
        return next_wake(
            self.schedule(), self._known(), self.clock(), since=self._since(), pauses=self.store.pauses()
        )

    def paused(self) -> bool:
        return is_paused(self.store)

    def upcoming(self, count: int = 1) -> list[Moments]:
        """The next waves of the schedule that are not skipped; none while paused or before the set-up."""
        return upcoming(self.store, self.clock(), count)

    # --- managing ---------------------------------------------------------------------------------------

    async def open_by_hand(self) -> OpenWave:
        """Opens a wave now. Raises NotSetUp, NotNow where one is open, SlackFault."""
        async with self._turn:
            if self.open is not None:
                raise NotNow(
                    _("A pulse is open already. Close it first with /pulse close, or wait until it closes.")
                )
            moments = moments_by_hand(self.schedule(), self.clock())
            return await self._open("hand", moments, N_("A manager opened a pulse."))

    async def close_by_hand(self, shown: int | None = None) -> OpenWave:
        """Closes the open wave now and returns what it was.

        Raises NotNow where none is open, or another than the one that was `shown` (its id).
        """
        async with self._turn:
            if self.open is None:
                raise NotNow(_("No pulse is open, so there is nothing to close. /pulse open opens one."))
            if shown not in (None, self.open.id):
                raise NotNow(_("That pulse is closed already; another one is open now. Nothing was changed."))
            wave = self.open
            await self._close(self.clock(), N_("A manager closed the pulse."))
            return wave

    async def skip_next(self, shown: datetime | None = None) -> Moments:
        """Leaves out the next wave of the schedule.

        Raises NotSetUp, NotNow while paused or where the next is another than was `shown` (its opening).
        """
        self.setup()
        ahead = self.upcoming()
        if not ahead:
            raise NotNow(_("Pulses are paused, so there is none to skip. /pulse resume carries on."))
        if shown not in (None, ahead[0].opens_at):
            raise NotNow(_("Another pulse is the next one by now. Nothing was changed; please look again."))
        reason = SKIPPED_BY_HAND.format(date=ahead[0].local_date.isoformat())
        await self.store.skip_wave(ahead[0], reason, self.clock())
        return ahead[0]

    async def pause(self) -> None:
        self.setup()
        await self.store.pause(self.clock(), N_("A manager paused the schedule."))

    async def resume(self) -> None:
        self.setup()
        await self.store.resume(self.clock(), N_("A manager resumed the schedule."))

    async def _open(self, cadence: str, moments: Moments, what: str) -> OpenWave:
        setup, now = self.setup(), self.clock()
        channels = {channel: side for side in Side for channel in setup.channels[side]}
        await self.roster.read(channels)
        roster = {
            user: frozenset(self.roster.sides(user)) for side in Side for user in self.roster.everyone(side)
        }
        items = choose(self.library.bank, self.store.askings(), local_date(self.schedule(), now), setup.items)
        new = NewWave(
            cadence=cadence,
            moments=moments,
            opened_at=now,
            minimum=setup.minimum,
            token=self._random_bytes(TOKEN_BYTES).hex(),
            items=items,
            roster=roster,
            channels=channels,
        )
        wave_id = await self.store.start_wave(new, what)
        self.open = self.store.current_wave()
        if self.open is None or self.open.id != wave_id:
            raise NotNow(_("The pulse was closed while it was being opened."))
        _log.info("wave opened", wave=wave_id, cadence=cadence, items=[item.id for item in items])
        return self.open

    async def _close(self, publish_at: datetime, what: str) -> None:
        wave = self.open
        if wave is None:
            return
        setup, now = self.setup(), self.clock()
        messages = [NewMessage(kind="closing", channel=channel, at=now) for channel in wave.channels]
        results = dict.fromkeys([*wave.channels, *setup.results])
        messages += [NewMessage(kind="results", channel=channel, at=publish_at) for channel in results]
        items = self.items_of(wave)

        def published(ballots: Mapping[Side, Ballots]) -> Publication:
            return publication(items, wave, ballots)

        await self.store.close_wave(wave.id, published, messages, now, what)
        self.open = self.store.current_wave()
        _log.info("wave closed", wave=wave.id)
        await self._scrub()

    async def _scrub(self) -> None:
        try:
            await self.store.scrub()
        except StoreFault as fault:
            # Another program reads the file: the answers are deleted, their bytes not yet. A tick tries on.
            _log.warning("log not emptied yet", problem=str(fault))

    # --- answering --------------------------------------------------------------------------------------

    def items_of(self, wave: OpenWave) -> tuple[Item, ...]:
        items = (self.library.bank.get(item_id) for item_id in wave.items)
        return tuple(item for item in items if item is not None)

    async def tap(self, user: str, channel: str, wave_id: int, item_id: str, box: str) -> Ballot:
        """One box of one item, from a poll message; in a multiple choice it is added or taken back.

        Durable when it returns. Raises PollIsClosed, NotYours, BadRequest, StoreFault.
        """
        wave = self._wave(wave_id)
        item = self._item(wave, item_id)
        if item.box(box) is None:
            raise BadRequest(_("That answer is not part of this pulse. Nothing was changed."))

        def change(before: Answers) -> Answers:
            return _with(before, item, frozenset({box}), toggled=item.format is Format.MULTI)

        return await self._answer(user, channel, wave, change)

    async def fill_in(
        self, user: str, channel: str, wave_id: int, chosen: Mapping[str, frozenset[str]]
    ) -> Ballot:
        """All items at once, from the form: what is left empty is withdrawn. Raises as `tap` does."""
        wave = self._wave(wave_id)
        for item_id, boxes in chosen.items():
            item = self._item(wave, item_id)
            if any(item.box(box) is None for box in boxes) or (
                len(boxes) > 1 and item.format is not Format.MULTI
            ):
                raise BadRequest(_("That answer is not part of this pulse. Nothing was changed."))

        def change(before: Answers) -> Answers:
            after = {**before, **chosen}
            return {item_id: boxes for item_id, boxes in after.items() if boxes}

        return await self._answer(user, channel, wave, change)

    async def withdraw(self, user: str, wave_id: int) -> OpenWave:
        """Deletes all answers of one person in the open wave. Raises PollIsClosed, StoreFault."""
        wave = self._wave(wave_id)
        await self.store.answer(wave.id, user, lambda before: StoredBallot.blank(before.sides))
        return wave

    def left(self, user: str, channel: str) -> None:
        """Somebody left a channel. What they answered before counts."""
        self.roster.leave(user, channel)

    async def ballot(self, user: str, channel: str = "") -> Ballot:
        """What one person answered so far. Raises NotNow where no wave is open, NotYours."""
        wave = self.open
        if wave is None:
            raise NotNow(_("No pulse is open now. /pulse status says when the next one opens."))
        kept = self.store.ballot_of(wave.id, user)
        if kept is None:
            kept = await self._without_ballot(user, channel, wave)
        return Ballot(wave, self.items_of(wave), _side(kept, wave.channels.get(channel)), kept.answers)

    def _wave(self, wave_id: int) -> OpenWave:
        if self.open is None or self.open.id != wave_id:
            raise PollIsClosed(
                _("This pulse is closed, so nothing was changed. Its results are in the channel, and")
                + " "
                + _("/pulse status says when the next one opens.")
            )
        return self.open

    def _item(self, wave: OpenWave, item_id: str) -> Item:
        item = self.library.bank.get(item_id) if item_id in wave.items else None
        if item is None:
            raise BadRequest(_("That question is not part of this pulse. Nothing was changed."))
        return item

    async def _answer(
        self, user: str, channel: str, wave: OpenWave, change: Callable[[Answers], Answers]
    ) -> Ballot:
        told = wave.channels.get(channel)

        def changed(before: StoredBallot) -> StoredBallot:
            side, answers = _side(before, told), change(before.answers)
            blank = StoredBallot.blank(before.sides)
            return replace(before, side=side, answers=answers) if answers else blank

        try:
            kept = await self.store.answer(wave.id, user, changed)
        except JoinedLater:
            await self._without_ballot(user, channel, wave)
            kept = await self.store.answer(wave.id, user, changed)
        both = kept.first and len(kept.ballot.sides) > 1
        side = kept.ballot.side or _side(kept.ballot, told)
        return Ballot(wave, self.items_of(wave), side, kept.ballot.answers, both)

    async def _without_ballot(self, user: str, channel: str, wave: OpenWave) -> StoredBallot:
        """Why somebody has no ballot. In a wave of the first edition a member of its channels gets one now.

        Raises JoinedLater for a member, NotYours for anybody else, NotNow where Slack does not say.
        """
        await self._within(self.roster.ensure(wave.channels))
        if channel in wave.channels:
            await self._within(self.roster.admit(user, channel))
        sides = frozenset(self.roster.sides(user))
        if not sides:
            raise _not_asked()
        if not wave.first_edition:
            raise JoinedLater
        await self.store.admit(wave.id, {user: sides})
        return StoredBallot.blank(sides)

    async def _within(self, looking: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(LOOK_UP_S):
                return await looking
        except (TimeoutError, SlackFault) as error:
            raise NotNow(
                _("Slack did not say in time which channels you are in, so nothing was recorded.")
                + " "
                + _("Please try again in a minute.")
            ) from error


def _side(ballot: StoredBallot, told: Side | None) -> Side:
    """The side of the first answer, else that of the channel, else the only one. Raises NotYours."""
    if told is not None and told not in ballot.sides:
        raise _not_asked()
    chosen = ballot.side or told
    if chosen is None:
        raise NotYours(
            _("You are in channels of both sides. Answer once in the channel of the side you speak for,")
            + " "
            + _("and your answers count for that side until the pulse closes.")
        )
    return chosen


def _not_asked() -> NotYours:
    return NotYours(
        _("This pulse is for members of its marketing and IT channels; guests and apps are not asked.")
        + " "
        + _("Nothing was recorded. If you belong to one of these teams, join its channel and try again.")
    )


def _with(before: Answers, item: Item, boxes: frozenset[str], toggled: bool) -> Answers:
    chosen = before.get(item.id, frozenset()) ^ boxes if toggled else boxes
    after = {**before, item.id: chosen}
    return {item_id: kept for item_id, kept in after.items() if kept}


def publication(items: tuple[Item, ...], wave: OpenWave, ballots: Mapping[Side, Ballots]) -> Publication:
    """What may be published of a wave's answers, and nothing else."""
    outcomes: dict[tuple[str, Side], Outcome] = {}
    turnouts, indices = {}, {}
    for side, cast in ballots.items():
        kept, index = close_side(items, cast.people, wave.minimum)
        outcomes |= {(item_id, side): outcome for item_id, outcome in kept.items()}
        answered = len(cast.people)
        turnouts[side] = turnout(wave.people[side], answered, wave.minimum)
        if index is not None:
            indices[side] = index
    return Publication(turnout=turnouts, outcomes=outcomes, index=indices)
