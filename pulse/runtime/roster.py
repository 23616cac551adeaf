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
        self._sides: dict[Side, set[str]] = {side: set() for side in Side}
        self.late: set[str] = set()
        self.ready = asyncio.Event()

    async def read(self, channels: Mapping[str, Side]) -> Mapping[Side, int]:
        """Reads the members of the channels anew; returns how many people each side has.

        Raises SlackFault where a channel cannot be read.
        """
        members = {channel: await self._slack.members(channel) for channel in channels}
        people = await self._known({user for ids in members.values() for user in ids})
        self._sides = {side: set() for side in Side}
        for channel, side in channels.items():
            self._sides[side] |= {user for user in members[channel] if user in people and people[user].asked}
        self.late = set()
        self.ready.set()
        return {side: len(ids) for side, ids in self._sides.items()}

    def sides(self, user: str) -> tuple[Side, ...]:
        """The sides whose channels the person is in: none, one or both."""
        return tuple(side for side in Side if user in self._sides[side])

    async def admit(self, user: str, channel: str, side: Side) -> bool:
        """Whether somebody who was not there at the opening is a person in that channel now."""
        if not (await self.person(user)).asked or user not in await self._slack.members(channel):
            return False
        self._sides[side].add(user)
        self.late.add(user)
        return True

    def leave(self, user: str, side: Side) -> None:
        self._sides[side].discard(user)

    async def person(self, user: str) -> Person:
        """What Slack says of somebody, at most some minutes old."""
        kept = self._people.get(user)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        person = await self._slack.person(user)
        self._people[user] = (time.monotonic(), person)
        return person

    def everyone(self, side: Side) -> frozenset[str]:
        return frozenset(self._sides[side])

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
