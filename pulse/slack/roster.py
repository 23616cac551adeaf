"""Who may answer: the people in each side's channels. In memory only; no list of people is ever stored.

Two things are read of Slack: who is in each channel (ids, a call for every 1,000) and what each of them is
(a person, a guest, an app). A tap of somebody who is known costs no call at all. Somebody unknown is looked
up, and an outsider who goes on tapping costs one reading of the channel in `REREAD_S`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from pulse.core.errors import SlackFault
from pulse.core.model import Side
from pulse.slack.web_api import Person, Slack

MANY = 60
"""From so many unknown people on the workspace is read in pages: users.info allows about 100 a minute."""

KEPT_S = 600.0
"""How long what is known of a person is believed."""

REREAD_S = 20.0
"""A channel is read again for somebody who is not in it, but not more often than this."""

AT_ONCE = 8

REFUSALS = frozenset({"channel_not_found", "not_in_channel", "is_archived", "method_not_supported"})
"""What Slack says of a channel that the bot cannot read; the other channels can still be."""

_log = structlog.get_logger(__name__)


class Roster:
    """The people of each side while a wave is open, and what is known of them."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._people: dict[str, tuple[float, Person]] = {}
        self._ids: dict[str, set[str]] = {}
        self._read_at: dict[str, float] = {}
        self._side_of: dict[str, Side] = {}
        self._first: frozenset[str] = frozenset()
        self._reading: asyncio.Task[None] | None = None
        self._channel_turn = asyncio.Lock()
        self.late: set[str] = set()
        """Those who were in no channel when they were read first, and came later."""
        self.refused: Mapping[str, str] = {}
        """Channels that could not be read, with Slack's reason."""
        self.ready = asyncio.Event()

    async def read(self, channels: Mapping[str, Side]) -> Mapping[Side, int]:
        """Reads the members of the channels anew; returns how many people each side has.

        A channel that Slack refuses counts as empty and stands in `refused`. Raises SlackFault where Slack
        cannot be asked, or where none of a side's channels can be read.
        """
        if self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])
        self.ready.clear()
        await self.ensure(channels)
        return {side: len(self.everyone(side)) for side in Side}

    async def ensure(self, channels: Mapping[str, Side]) -> None:
        """Reads the members of the channels if that has not been done; who asks meanwhile waits for it too.

        Raises as `read` does.
        """
        if self.ready.is_set():
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(channels), name="roster")
            self._reading.add_done_callback(_seen)
        # A tap waits for a moment only; the reading goes on for the next one.
        await asyncio.shield(self._reading)

    async def _read(self, channels: Mapping[str, Side]) -> None:
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
        self._side_of, self._ids = dict(channels), ids
        self._read_at = {}
        self._first = frozenset().union(*ids.values())
        self.late = set()
        self.ready.set()

    def sides(self, user: str) -> tuple[Side, ...]:
        """The sides whose channels the person is in: none, one or both."""
        if not self._asked(user):
            return ()
        found = {self._side_of[channel] for channel, ids in self._ids.items() if user in ids}
        return tuple(side for side in Side if side in found)

    def everyone(self, side: Side) -> frozenset[str]:
        """The people of a side, as ids."""
        channels = (channel for channel, of in self._side_of.items() if of is side)
        ids = set[str]().union(*(self._ids[channel] for channel in channels))
        return frozenset(user for user in ids if self._asked(user))

    def _asked(self, user: str) -> bool:
        known = self._people.get(user)
        return known is not None and known[1].asked

    async def admit(self, user: str, channel: str) -> bool:
        """Whether somebody who was not there at the opening is a person in that channel now."""
        if user not in self._ids[channel]:
            await self._reread(channel)
        if user not in self._ids[channel] or not (await self.person(user)).asked:
            return False
        if user not in self._first:
            self.late.add(user)
        return True

    async def _reread(self, channel: str) -> None:
        async with self._channel_turn:
            now = time.monotonic()
            if now - self._read_at.get(channel, -REREAD_S) >= REREAD_S:
                self._ids[channel] = set(await self._slack.members(channel))
                self._read_at[channel] = now

    def leave(self, user: str, channel: str) -> None:
        """Somebody left a channel: from there they cannot answer any more, unless Slack says otherwise."""
        self._ids.get(channel, set()).discard(user)

    async def person(self, user: str) -> Person:
        """What Slack says of somebody, at most some minutes old."""
        kept = self._people.get(user)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        person = await self._slack.person(user)
        self._people[user] = (time.monotonic(), person)
        return person

    def known(self, user: str) -> Person | None:
        """What was last heard of somebody, however old; asks nobody."""
        kept = self._people.get(user)
        return None if kept is None else kept[1]

    def met(self) -> tuple[str, ...]:
        """Everybody that Slack was asked about since the start."""
        return tuple(self._people)

    def admins(self) -> tuple[str, ...]:
        """The workspace's admins and owners among those met."""
        return tuple(person.id for _at, person in self._people.values() if person.admin and person.asked)

    async def look_for(self, wanted: Callable[[Person], bool]) -> None:
        """Meets those of the workspace that `wanted` picks. Raises SlackFault."""
        async for person in self._slack.people():
            if person.asked and wanted(person):
                self._people[person.id] = (time.monotonic(), person)

    def take_refused(self) -> Mapping[str, str]:
        """The channels that the last reading could not read, with Slack's code, each only once."""
        refused, self.refused = self.refused, {}
        return refused

    def move(self, old: str, new: str) -> None:
        """A channel got another id."""
        if old in self._side_of:
            self._side_of[new] = self._side_of.pop(old)
            self._ids[new] = self._ids.pop(old)

    async def _meet(self, users: set[str]) -> None:
        """Asks Slack about those of whom nothing is known, or only something old."""
        now = time.monotonic()
        unknown = {user for user in users if now - self._people.get(user, (-KEPT_S, None))[0] >= KEPT_S}
        if len(unknown) > MANY:
            unknown -= await self._read_workspace(unknown)
        gate = asyncio.Semaphore(AT_ONCE)

        async def look_up(user: str) -> None:
            async with gate:
                await self.person(user)

        await asyncio.gather(*(look_up(user) for user in unknown))

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
            # Where users.list is not allowed, each person is looked up alone, more slowly.
            _log.info("workspace not listed", code=fault.code)
        return found


def _seen(reading: asyncio.Task[None]) -> None:
    """Nobody may be waiting any more when it fails; the next who needs it reads again."""
    if not reading.cancelled() and reading.exception() is not None:
        _log.warning("roster not read", problem=type(reading.exception()).__name__)
