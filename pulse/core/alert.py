"""What managers must be told without having asked, as codes and values. Views make the sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pulse.core.commitments import ID_PREFIX
from pulse.core.records import MessageKind, MessageState, OutboxMessage

UNKNOWN_OUTCOME = "unknown_outcome"
"""The problem of a message when nobody can tell whether it was posted."""


class Posted(StrEnum):
    """What people call a message of the outbox."""

    POLL = "poll"
    RESULTS = "results"
    REPORT = "report"
    COMMITMENT = "commitment"
    ANNOUNCEMENT = "announcement"


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """Nobody knows whether a message was posted: Slack's reply was lost, and the bot has no scope to look."""

    outbox_key: str
    what: Posted
    channel: str

    @property
    def key(self) -> str:
        return f"in doubt {self.outbox_key}"


def doubt_about(message: OutboxMessage) -> InDoubt | None:
    """The doubt whether a message was posted, if a person has to settle it, else None.

    Closing a poll is never in doubt: it waits for its poll.
    """
    doubtful = message.state == MessageState.SENDING and message.problem == UNKNOWN_OUTCOME
    if message.kind == MessageKind.CLOSING or not doubtful:
        return None
    if ID_PREFIX in message.kind:
        what = Posted.COMMITMENT
    elif message.kind in (MessageKind.POLL, MessageKind.RESULTS, MessageKind.REPORT):
        what = Posted(message.kind)
    else:
        what = Posted.ANNOUNCEMENT
    return InDoubt(outbox_key=message.key, what=what, channel=message.channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedAgain:
    """Messages in doubt, at least one, all of one channel, that a manager had posted again.

    `closed` if they are polls of a wave that takes no more answers: then they are not posted after all.
    """

    doubts: tuple[InDoubt, ...]
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAlert:
    """The bot cannot work in `channel` (an id); `code` is Slack's error code."""

    channel: str
    code: str

    @property
    def key(self) -> str:
        return f"channel {self.channel}: {self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedWave:
    """A wave's time passed before the bot could open it. `opens_at` is the next wave's, if one is planned."""

    due_at: datetime
    opens_at: datetime | None

    @property
    def key(self) -> str:
        return f"missed {self.due_at.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedWaves:
    """The times of several waves passed before the bot could open them; `last` is the latest time.

    `decided` is when the wave before them was due, if there was one.
    """

    decided: datetime | None
    last: datetime
    opens_at: datetime | None

    @property
    def key(self) -> str:
        return f"missed up to {self.last.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondCopy:
    """Another process is connected as this app and receives some of the taps."""

    key: str = "second copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleLeftOut:
    """People in channels of both sides who are not asked because the set-up says nothing about them."""

    people: int
    key: str = "both sides"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostKey:
    """The key of the open wave is missing or damaged: answers can be neither read nor recorded."""

    key: str = "key of the open wave"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNotDestroyed:
    """The key of a closed wave could not be destroyed."""

    key: str = "key of a closed wave"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollGone:
    """A channel's poll was deleted, posted again, and deleted again."""

    channel: str
    wave_id: int

    @property
    def key(self) -> str:
        return f"poll {self.wave_id} gone from {self.channel}"


Alert = (
    ChannelAlert
    | InDoubt
    | MissedWave
    | MissedWaves
    | PeopleLeftOut
    | SecondCopy
    | LostKey
    | KeyNotDestroyed
    | PollGone
)
"""Managers get alerts with the same `key` at most once a day."""
