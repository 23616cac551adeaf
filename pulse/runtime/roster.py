"""Who may answer: the people in each side's channels. In memory only; no list of people is ever stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from pulse.core.errors import SlackFault
from pulse.core.model import Side
from pulse.runtime.slack import Person, Slack

MANY = 60
"""From so many unknown people on the workspace is read in pages: users.info allows about 100 a minute."""

KEPT_S = 600.0
"""How long what is known of a person is believed."""

AT_ONCE = 8


class Roster:
    """The people of each side while a wave is open, and what is known of them."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._people: dict[str, tuple[float, Person]] = {}
        self._members: dict[str, set[str]] = {}
        self._side_of: dict[str, Side] = {}
        self.late: set[str] = set()
        self.ready = asyncio.Event()

    async def read(self, channels: Mapping[str, Side]) -> Mapping[Side, int]:
        """Reads the members of the channels anew; returns how many people each side has.

        Raises SlackFault where a channel cannot be read.
        """
        members = {channel: await self._slack.members(channel) for channel in channels}
        people = await self._known({user for ids in members.values() for user in ids})
        self._side_of = dict(channels)
        self._members = {
            channel: {user for user in ids if people[user].asked} for channel, ids in members.items()
        }
        self.late = set()
        self.ready.set()
        return {side: len(self.everyone(side)) for side in Side}

    def sides(self, user: str) -> tuple[Side, ...]:
        """The sides whose channels the person is in: none, one or both."""
        found = {self._side_of[channel] for channel, ids in self._members.items() if user in ids}
        return tuple(side for side in Side if side in found)

    def everyone(self, side: Side) -> frozenset[str]:
        """The people of a side, as ids."""
        channels = (channel for channel, of in self._side_of.items() if of is side)
        return frozenset().union(*(self._members[channel] for channel in channels))

    async def admit(self, user: str, channel: str) -> bool:
        """Whether somebody who was not there at the opening is a person in that channel now."""
        if not (await self.person(user)).asked or user not in await self._slack.members(channel):
            return False
        self._members[channel].add(user)
        self.late.add(user)
        return True

    def leave(self, user: str, channel: str) -> None:
        """Somebody left a channel: from there they cannot answer any more."""
        self._members.get(channel, set()).discard(user)

    async def person(self, user: str) -> Person:
        """What Slack says of somebody, at most some minutes old."""
        kept = self._people.get(user)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        person = await self._slack.person(user)
        self._people[user] = (time.monotonic(), person)
        return person

    def met(self) -> tuple[str, ...]:
        """Everybody that Slack was asked about since the start."""
        return tuple(self._people)

    async def _known(self, users: set[str]) -> dict[str, Person]:
        now = time.monotonic()
        unknown = {user for user in users if now - self._people.get(user, (-KEPT_S, None))[0] >= KEPT_S}
        if len(unknown) > MANY:
            await self._read_workspace(unknown)
            unknown -= self._people.keys()
        gate = asyncio.Semaphore(AT_ONCE)

        async def look_up(user: str) -> None:
            async with gate:
                await self.person(user)

        await asyncio.gather(*(look_up(user) for user in unknown))
        return {user: self._people[user][1] for user in users}

    async def _read_workspace(self, wanted: set[str]) -> None:
        try:
            async for person in self._slack.people():
                if person.id in wanted:
                    self._people[person.id] = (time.monotonic(), person)
        except SlackFault as fault:
            if not fault.certain:
                raise
            # Where users.list is not allowed, each person is looked up alone, more slowly.
