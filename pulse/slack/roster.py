"""Who may answer: the people in each side's channels. In memory only; no list of people is ever stored.

Two things are read from Slack: who is in each channel (ids, one call per 1,000) and what each of them is
(a person, a guest, an app). A tap by somebody who is known costs no call at all. Somebody unknown is looked
up, and an outsider who goes on tapping costs one reading of the channel per `REREAD_S`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

import structlog

from pulse.core.errors import TOKEN_REFUSALS, SlackFault
from pulse.core.model import BothSides, Side
from pulse.slack.web_api import Person, Slack

MANY = 60
"""Above this many unknown people, the workspace is read in pages: users.info allows about 100 a minute."""

KEPT_S = 600.0
"""How long Slack's details of a person are taken as current."""

REREAD_S = 20.0
"""A channel is read again for somebody who is not in it, but not more often than this."""

AT_ONCE = 8

FEW = 20
"""One person in 20 may stay unknown while Slack has trouble: the pulse is not held back for them."""

NOT_ABOUT_A_PERSON = TOKEN_REFUSALS | {"missing_scope", "ratelimited", "access_denied", "no_permission"}
"""Refusals of users.info that are not about the person asked for."""

REFUSALS = frozenset({"channel_not_found", "not_in_channel", "is_archived", "method_not_supported"})
"""Slack's words for a channel that the bot cannot read; the others are read all the same."""

_log = structlog.get_logger(__name__)


class Roster:
    """The people of each side while a wave is open, and what is known of them."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._people: dict[str, tuple[float, Person]] = {}
        self._ids: dict[str, set[str]] = {}
        self._read_at: dict[str, float] = {}
        self._side_of: dict[str, Side] = {}
        self._rule = BothSides.UNDECIDED
        self._reading: asyncio.Task[None] | None = None
        self._channel_turn = asyncio.Lock()
        self.refused: Mapping[str, str] = {}
        """Channels that could not be read, with Slack's reason."""
        self.ready = asyncio.Event()

    async def read(self, channels: Mapping[str, Side], rule: BothSides) -> Mapping[Side, int]:
        """Reads the members of the channels again; returns how many people each side has.

        `rule` says for which side alone people in channels of both sides count. A channel that Slack refuses
        counts as empty and is listed in `refused`. Raises SlackFault if Slack cannot be asked, or if none of
        a side's channels can be read.
        """
        if self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])
        self.ready.clear()
        await self.ensure(channels, rule)
        return {side: len(self.everyone(side)) for side in Side}

    async def ensure(self, channels: Mapping[str, Side], rule: BothSides) -> None:
        """Reads the members of the channels if that has not been done; callers meanwhile wait for it too.

        Raises what `read` does.
        """
        if self.ready.is_set():
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(channels, rule), name="roster")
            self._reading.add_done_callback(_seen)
        # A tap waits for a moment only; the reading goes on for the next one.
        await asyncio.shield(self._reading)

    async def _read(self, channels: Mapping[str, Side], rule: BothSides) -> None:
        ids: dict[str, set[str]] = {}
        refused: dict[str, SlackFault] = {}
        for channel in channels:
            try:
                ids[channel] = set(await self._slack.members(channel))
            except SlackFault as fault:
                if fault.code not in REFUSALS:
                    raise
                refused[channel], ids[channel] = fault, set()
        self.refused = {channel: fault.code for channel, fault in refused.items()}
        for side in Side:
            of = [channel for channel in channels if channels[channel] is side]
            if of and all(channel in refused for channel in of):
                raise refused[of[0]]
        await self._meet({user for members in ids.values() for user in members})
        self._side_of, self._ids, self._rule = dict(channels), ids, rule
        self._read_at = {}
        self.ready.set()

    def sides(self, user: str) -> tuple[Side, ...]:
        """The sides for which the person counts: none, one, or both if no rule says which."""
        return self._rule.counted(self._found(user))

    def in_both(self, user: str) -> bool:
        """Whether the person is in channels of both sides, whatever they count for."""
        return len(self._found(user)) > 1

    def _found(self, user: str) -> tuple[Side, ...]:
        if not self._asked(user):
            return ()
        found = {self._side_of[channel] for channel, ids in self._ids.items() if user in ids}
        return tuple(side for side in Side if side in found)

    def everyone(self, side: Side) -> frozenset[str]:
        """The people who count for a side, as ids."""
        ids = self._members(side)
        if side not in self._rule.counted(tuple(Side)):
            ids -= self._members(side.other)
        return frozenset(user for user in ids if self._asked(user))

    def uncounted(self) -> int:
        """How many people are in channels of both sides and count for neither."""
        if self._rule is not BothSides.NOBODY:
            return 0
        return sum(map(self._asked, self._members(Side.MARKETING) & self._members(Side.IT)))

    def _members(self, side: Side) -> set[str]:
        channels = (channel for channel, of in self._side_of.items() if of is side)
        return set[str]().union(*(self._ids[channel] for channel in channels))

    async def count(self, users: Iterable[str]) -> int:
        """How many of these people may be asked. Raises SlackFault if Slack does not say."""
        people = set(users)
        await self._meet(people)
        return sum(map(self._asked, people))

    def _asked(self, user: str) -> bool:
        known = self._people.get(user)
        return known is not None and known[1].asked

    async def admit(self, user: str, channel: str) -> bool:
        """Whether somebody not on the roster at the opening is in that channel now and may be asked."""
        if user not in self._ids[channel]:
            await self._reread(channel)
        return user in self._ids[channel] and await self._may_be_asked(user)

    async def _may_be_asked(self, user: str) -> bool:
        try:
            return (await self.person(user)).asked
        except SlackFault as fault:
            if not _is_about_the_person(fault):
                raise
            return False

    async def _reread(self, channel: str) -> None:
        async with self._channel_turn:
            now = time.monotonic()
            if now - self._read_at.get(channel, -REREAD_S) >= REREAD_S:
                self._ids[channel] = set(await self._slack.members(channel))
                self._read_at[channel] = now

    def leave(self, user: str, channel: str) -> None:
        """Notes that a person left a channel: they cannot answer there, unless Slack says otherwise."""
        self._ids.get(channel, set()).discard(user)

    async def person(self, user: str) -> Person:
        """What Slack says about a person, at most `KEPT_S` old. Raises SlackFault."""
        kept = self._people.get(user)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        try:
            person = await self._slack.person(user)
        except SlackFault as fault:
            if _is_about_the_person(fault):
                # Slack no longer shows this person, so what it said before no longer counts.
                self._people.pop(user, None)
            raise
        self._people[user] = (time.monotonic(), person)
        return person

    def known(self, user: str) -> Person | None:
        """What Slack last said about somebody, however old; makes no call."""
        kept = self._people.get(user)
        return None if kept is None else kept[1]

    def met(self) -> tuple[str, ...]:
        """The ids of everybody about whom something is known."""
        return tuple(self._people)

    def admins(self) -> tuple[str, ...]:
        """The workspace's admins and owners among those met."""
        return tuple(person.id for _at, person in self._people.values() if person.admin and person.asked)

    async def look_for(self, wanted: Callable[[Person], bool]) -> None:
        """Reads the workspace, and remembers who may be asked and is `wanted`. Raises SlackFault."""
        async for person in self._slack.people():
            if person.asked and wanted(person):
                self._people[person.id] = (time.monotonic(), person)

    def take_refused(self) -> Mapping[str, str]:
        """The channels that the last reading could not read, with Slack's code, returned only once."""
        refused, self.refused = self.refused, {}
        return refused

    def move(self, old: str, new: str) -> None:
        """A channel got another id."""
        if old in self._side_of:
            self._side_of[new] = self._side_of.pop(old)
            self._ids[new] = self._ids.pop(old)

    async def _meet(self, users: set[str]) -> None:
        """Asks Slack about those of whom nothing recent is known."""
        now = time.monotonic()
        unknown = {user for user in users if now - self._people.get(user, (-KEPT_S, None))[0] >= KEPT_S}
        if len(unknown) > MANY:
            unknown -= await self._read_workspace(unknown)
        gate = asyncio.Semaphore(AT_ONCE)

        async def look_up(user: str) -> SlackFault | None:
            async with gate:
                try:
                    await self.person(user)
                except SlackFault as fault:
                    return fault
                return None

        faults = [fault for fault in await asyncio.gather(*map(look_up, unknown)) if fault is not None]
        _check(faults, sum(user in self._people for user in users))

    async def _read_workspace(self, wanted: set[str]) -> set[str]:
        found: set[str] = set()
        try:
            async for person in self._slack.people():
                if person.id in wanted:
                    self._people[person.id] = (time.monotonic(), person)
                    found.add(person.id)
        except SlackFault as fault:
            if not fault.certain:
                raise
            # If users.list is not allowed, each person is looked up alone, more slowly.
            _log.info("workspace not listed", code=fault.code)
        return found


def _is_about_the_person(fault: SlackFault) -> bool:
    return fault.certain and fault.code not in NOT_ABOUT_A_PERSON


def _check(faults: list[SlackFault], known: int) -> None:
    """Leaves out people whom Slack does not describe. Raises SlackFault if the fault is not about them.

    One member that Slack refuses must not keep the pulse from everybody; but if Slack describes nobody, or
    has trouble with more than one in `FEW`, nobody knows who belongs to a side.
    """
    if not faults:
        return
    general = [fault for fault in faults if fault.code in NOT_ABOUT_A_PERSON]
    doubtful = [fault for fault in faults if not fault.certain]
    if general or not known or len(doubtful) > max(1, known // FEW):
        raise (general or doubtful or faults)[0]
    codes = sorted({fault.code or "unreachable" for fault in faults})
    _log.warning("members left out", count=len(faults), codes=codes)


def _seen(reading: asyncio.Task[None]) -> None:
    """Logs a failed reading: perhaps nobody waits for it any more. The next caller reads again."""
    if not reading.cancelled() and reading.exception() is not None:
        _log.warning("roster not read", problem=type(reading.exception()).__name__)
