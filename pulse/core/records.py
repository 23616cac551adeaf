"""What the store takes and gives back, as plain frozen data. Times are aware datetimes in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pulse.core.calendar import Moments
from pulse.core.language import SOURCE
from pulse.core.model import BothSides, Expected, Item, Outcome, Side, SideTurnout

Answers = Mapping[str, frozenset[str]]
"""One person's answers: the keys of the chosen options by item id."""


class ReadersRule(StrEnum):
    """Who may read results: the people of the channels, or every member of the workspace."""

    CHANNELS = "channels"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a manager set up. `schedule` is the schedule's record, `language` that of posts in channels.

    `items` is how many questions a wave has, `minimum` the number of answers below which nothing is shown,
    and `since` when the schedule was saved: earlier openings are not due. `readers` says who may read
    results; with `sharing` they may show them in other channels.
    """

    schedule: Mapping[str, Any]
    items: int
    minimum: int
    since: datetime
    channels: Mapping[Side, tuple[str, ...]]
    results: tuple[str, ...] = ()
    language: str = SOURCE
    readers: ReadersRule = ReadersRule.CHANNELS
    sharing: bool = True
    both_sides: BothSides = BothSides.UNDECIDED


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuestion:
    """A company's own question: `wording` has the columns of an own item (docs/items.md)."""

    item_id: str
    wording: Mapping[str, str]
    series: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """When a wave was opened, and whether a manager did it."""

    at: datetime
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWave:
    """A wave to open. `cadence` is "schedule" or "hand"; `token` is 16 random hexadecimal digits.

    `roster` has everybody who may answer (ids, never stored) with the sides whose channels they are in.
    """

    cadence: str
    moments: Moments
    opened_at: datetime
    minimum: int
    token: str
    items: tuple[Item, ...]
    roster: Mapping[str, frozenset[Side]]
    channels: Mapping[str, Side]
    both_sides: BothSides = BothSides.NOBODY

    @property
    def people(self) -> dict[Side, int]:
        """How many people each side has; whoever is in channels of both counts on both."""
        return {side: sum(side in sides for sides in self.roster.values()) for side in Side}


def wave_token(text: str) -> str | None:
    """The token of the wave that `text` from a message names; None if it names none.

    Messages of the first edition name a wave by its number, from which its token is made.
    """
    if re.fullmatch(r"[0-9]{1,15}", text):
        return text.zfill(16)
    return text if re.fullmatch(r"[0-9a-f]{16}", text) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWave:
    """The wave that takes answers now. `token` names it in every copy of the database, unlike `id`.

    `first_edition` is true if it was opened before ballots were sealed: then whoever is in its channels may
    answer. Any other wave has a ballot for each person of the roster at the opening, and no others.
    """

    id: int
    token: str
    local_date: date
    opened_at: datetime
    closes_at: datetime
    reminders: tuple[datetime, ...]
    minimum: int
    items: tuple[str, ...]
    series: Mapping[str, str]
    people: Mapping[Side, int]
    channels: Mapping[str, Side]
    both_sides: BothSides = BothSides.NOBODY
    first_edition: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledOffWave:
    """A wave that was opened and ended without results; `items` are the ids of its questions."""

    id: int
    token: str
    ended_at: datetime
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBallot:
    """One person's ballot. `sides` are those for which the person could count at the opening.

    That is one side, or two for somebody of both sides in a wave of the first edition. `side` is the one that
    the answers count for; None while such a person has not answered.
    """

    sides: frozenset[Side]
    side: Side | None
    answers: Answers

    @classmethod
    def blank(cls, sides: frozenset[Side]) -> StoredBallot:
        """The ballot of somebody who has not answered."""
        return cls(sides=sides, side=next(iter(sides)) if len(sides) == 1 else None, answers={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A person's ballot as it is stored now; `first` is true if it held no answer before."""

    ballot: StoredBallot
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballots:
    """All answers of one side while it is being closed: never stored, never shown.

    `people` has one mapping for each person who answered.
    """

    people: tuple[Answers, ...]


class Traces(StrEnum):
    """What can still be found on the disk of a closed wave's answers."""

    NONE = "none"
    KEY = "key"
    """The key could not be destroyed, so whoever has it and a copy of the ballots can open them."""
    LOG = "log"
    """Another program reads the file, so the log keeps first-edition answers, which were not sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is stored of a wave in place of its answers."""

    turnout: Mapping[Side, SideTurnout]
    outcomes: Mapping[tuple[str, Side], Outcome]
    expected: Mapping[tuple[str, Side], Expected] = field(default_factory=dict)


class MessageKind(StrEnum):
    """What a message of the outbox is; those about a commitment have a kind of their own, with its number."""

    POLL = "poll"
    CLOSING = "closing"
    """Not a post: the poll takes its closed form."""
    RESULTS = "results"
    REPORT = "report"
    WELCOME = "welcome"
    CHANNELS = "channels"


class MessageState(StrEnum):
    """How far a message of the outbox is."""

    DUE = "due"
    SENDING = "sending"
    """Perhaps posted already."""
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be posted once in one channel of a wave, from `at` on.

    `kind` is a `MessageKind`, or says which commitment the message is about.
    """

    kind: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A message of the outbox, to be posted exactly once in its channel.

    `kind` is as in `NewMessage`. `ts` is Slack's id of the posted message, `problem` a code for what kept the
    last attempt from succeeding.
    """

    key: str
    wave_id: int | None
    kind: str
    channel: str
    state: MessageState
    ts: str | None
    attempts: int
    problem: str
