"""What services ask of Slack, as protocols: nothing here or in the services knows how Slack is reached."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pulse.core.alert import Alert
from pulse.core.cards import ReminderCard
from pulse.core.model import Side

Clock = Callable[[], datetime]
"""Gives the time as an aware datetime in UTC."""

RandomBytes = Callable[[int], bytes]

SendAlert = Callable[[Alert], Awaitable[bool]]
"""Sends an alert to the managers; false if not one of them got it. Raises nothing."""

SendReminder = Callable[[str, Callable[[], ReminderCard]], Awaitable[None]]
"""Sends one person (an id) the reminder that is made in their language. Raises SlackFault."""


class Person(Protocol):
    """A member of the workspace; kept in memory only."""

    @property
    def id(self) -> str: ...
    @property
    def asked(self) -> bool:
        """Whether they may be asked: no bot, guest, stranger or deactivated account."""
        ...

    @property
    def admin(self) -> bool: ...
    @property
    def zone(self) -> str: ...
    @property
    def locale(self) -> str: ...


class Roster(Protocol):
    """The people of each side, in memory. `pulse.slack.roster.Roster` says what each method does."""

    @property
    def ready(self) -> asyncio.Event: ...
    async def read(self, channels: Mapping[str, Side]) -> Mapping[Side, int]: ...
    async def ensure(self, channels: Mapping[str, Side]) -> None: ...
    async def admit(self, user: str, channel: str) -> bool: ...
    async def person(self, user: str) -> Person: ...
    async def look_for(self, wanted: Callable[[Person], bool]) -> None: ...
    def sides(self, user: str) -> tuple[Side, ...]: ...
    def everyone(self, side: Side) -> frozenset[str]: ...
    def leave(self, user: str, channel: str) -> None: ...
    def met(self) -> tuple[str, ...]: ...
    def admins(self) -> tuple[str, ...]: ...
    def move(self, old: str, new: str) -> None: ...
    def take_refused(self) -> Mapping[str, str]: ...


class ChannelState(Protocol):
    """A channel as Slack describes it. `unusable` is a code for why no side can be set up in it, or ""."""

    @property
    def name(self) -> str: ...
    @property
    def member(self) -> bool: ...
    @property
    def archived(self) -> bool: ...
    @property
    def unusable(self) -> str: ...


class ChannelLookup(Protocol):
    """Looks channels up. Both methods raise SlackFault."""

    async def channel(self, channel: str) -> ChannelState: ...
    async def members(self, channel: str) -> Sequence[str]: ...
