"""What the store takes and gives back, as plain frozen data. Times are aware datetimes in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pulse.core.calendar import Moments
from pulse.core.language import SOURCE
from pulse.core.model import Item, Outcome, Side, SideTurnout

Answers = Mapping[str, frozenset[str]]
"""One person's answers: the keys of the chosen options by item id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a manager set up. `schedule` is the schedule's record, `language` that of posts in channels.

    `items` are questions in a wave, `minimum` the answers below which nothing is shown, and `since` when the
    schedule was saved: openings before that are not its own.
    """

    schedule: Mapping[str, Any]
    items: int
    minimum: int
    since: datetime
    channels: Mapping[Side, tuple[str, ...]]
    results: tuple[str, ...] = ()
    language: str = SOURCE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWave:
    """A wave to open. `cadence` is "schedule" or "hand"; `people` is the roster of each side in numbers."""

    cadence: str
    moments: Moments
    opened_at: datetime
    minimum: int
    key: bytes
    items: tuple[Item, ...]
    people: Mapping[Side, int]
    channels: Mapping[str, Side]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWave:
    """The wave that takes answers now. `key` makes the pseudonyms and is destroyed at the close."""

    id: int
    local_date: date
    opened_at: datetime
    closes_at: datetime
    reminders: tuple[datetime, ...]
    minimum: int
    key: bytes
    items: tuple[str, ...]
    series: Mapping[str, str]
    people: Mapping[Side, int]
    channels: Mapping[str, Side]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A person's answers as they are stored, and the side they count for.

    `first` is true where nothing of this person was stored before.
    """

    side: Side
    answers: Answers
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballots:
    """All answers of one side while it is being closed: never stored, never shown.

    `people` has one mapping a person; `joined` of them came after the opening.
    """

    people: tuple[Answers, ...]
    joined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is stored of a wave in place of its answers."""

    turnout: Mapping[Side, SideTurnout]
    outcomes: Mapping[tuple[str, Side], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be posted once in one channel of a wave, from `at` on."""

    kind: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A message of the outbox, which stands exactly once in its channel.

    `state` is "due", "sending" (whether it stands is not known), "done" or "failed". `ts` is Slack's id of
    the posted message, `problem` a code for what kept the last attempt from succeeding.
    """

    key: str
    wave_id: int | None
    kind: str
    channel: str
    state: str
    ts: str | None
    attempts: int
    problem: str
