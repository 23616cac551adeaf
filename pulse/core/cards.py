"""What a view shows, as records without words: services fill them in, views make the messages.

`wave_id` is the wave's token, not its number: after a backup is restored numbers are used again, for other
waves than in the messages posted before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from pulse.core.audit import AuditEntry
from pulse.core.commitments import Commitment
from pulse.core.model import Item, Side
from pulse.core.privacy import LOWEST_MINIMUM
from pulse.core.question_plan import Turn
from pulse.core.records import ReadersRule, Traces
from pulse.core.reports import ItemReport, WaveReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    """How many of a side could answer, and how many have (None if that must stay hidden)."""

    roster: int
    answered: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCard:
    """A wave's poll in a channel of `side`.

    `roster` people could answer; `answered` of them did, None if the number must stay hidden. A number under
    `minimum` is hidden in any case. `called_off`: closed without results, because its key was lost. `traces`
    is what remains of the answers after the close.
    """

    wave_id: str
    side: Side
    items: tuple[Item, ...]
    closes_at: datetime
    roster: int
    answered: int | None
    closed: bool = False
    minimum: int = LOWEST_MINIMUM
    called_off: bool = False
    traces: Traces = Traces.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAnswers:
    """A person's own answers in the open wave, as /pulse privacy shows them."""

    wave_id: str
    side: Side
    items: tuple[Item, ...]
    answers: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyCard:
    """`closes_at` is the open wave's, None without one; `own` is None if nothing about the reader is stored.

    `readers` says who may read results. `traces` is what can still be found of the answers to closed waves.
    """

    minimum: int
    closes_at: datetime | None = None
    own: OwnAnswers | None = None
    readers: ReadersRule = ReadersRule.CHANNELS
    traces: Traces = Traces.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCard:
    """Where the pulse stands: the open wave, the next one, or why there is none.

    `own` is how many questions the reader has answered, and of how many; None if the reader is not asked.
    `changes` are what managers did, the latest first: for managers only. `key_lost` is true if the open
    wave's answers can be neither read nor recorded.
    """

    minimum: int
    closes_at: datetime | None = None
    turnout: Mapping[Side, Turnout] | None = None
    own: tuple[int, int] | None = None
    opens_at: datetime | None = None
    paused: bool = False
    set_up: bool = True
    changes: Sequence[AuditEntry] = ()
    key_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderCard:
    """A reminder of the open wave. `side` is None for a person who is in channels of both sides.

    `channels` (ids) have the poll. `wanted` is false if its reader asked for no more reminders.
    """

    wave_id: str
    side: Side | None
    items: tuple[Item, ...]
    closes_at: datetime
    channels: Sequence[str]
    wanted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentCard:
    """Tells a channel that a commitment was made or withdrawn."""

    commitment: Commitment
    withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentsCard:
    """The commitments that still matter on the day `today`: open ones, and those asked about lately."""

    today: date
    commitments: tuple[Commitment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPulse:
    """The open wave as one reader sees it. `turnout` is that of the side, `answers` has the reader's chosen
    options by item id. `side` is None if the reader cannot answer here, and `outside` says why.
    """

    wave_id: str
    closes_at: datetime
    items: tuple[Item, ...] = ()
    side: Side | None = None
    turnout: Turnout | None = None
    answers: Mapping[str, frozenset[str]] | None = None
    outside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastResults:
    """The last closed wave that had results, and `items` as each was last asked within a quarter.

    `empty` is the day of a newer wave without results.
    """

    report: WaveReport
    items: tuple[ItemReport, ...]
    empty: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatus:
    """A channel (its id) and its use: the poll of `side`, or only the results if that is None.

    `problem` is Slack's code for what keeps the bot from working there, "" if nothing does.
    """

    channel: str
    side: Side | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerCard:
    """What only managers see. `schedule` is the cadence in a sentence, as plain text; `changes` are what
    managers did, the latest first.
    """

    schedule: str
    channels: tuple[ChannelStatus, ...]
    changes: tuple[AuditEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCard:
    """The Home tab of one reader. `manager` is None for everybody who is not one, and before the set-up.

    Days shown are those of `zone`. `may_manage` says that the reader is a manager, `set_up` that the pulse
    has its channels and schedule, `reads` that the reader may read results. `commitments` is None before the
    set-up, and for whoever may not read results.
    """

    minimum: int
    set_up: bool
    may_manage: bool = False
    open: OpenPulse | None = None
    results: LastResults | None = None
    zone: tzinfo = UTC
    opens_at: datetime | None = None
    paused: bool = False
    manager: ManagerCard | None = None
    reads: bool = True
    commitments: CommitmentsCard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLine:
    """A question of the bank: when it is asked, the figures it compares with, and when it was asked last."""

    item: Item
    turn: Turn
    figures: tuple[str, ...] = ()
    last_asked: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionsCard:
    """The bank in its order, and how many questions a pulse asks. `may_change` is true for managers."""

    lines: tuple[QuestionLine, ...]
    size: int
    may_change: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningCard:
    """What a pulse opened now would ask, in which channels (ids), and until when."""

    channels: tuple[str, ...]
    items: tuple[Item, ...]
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingCard:
    """The open pulse before it is closed by hand: when it would close by itself, and who has answered."""

    wave_id: str
    closes_at: datetime
    minimum: int
    turnout: Mapping[Side, Turnout]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsCard:
    """What to tell a channel about the set-up. `channel` is its id, and `side` its side now.

    `side` is None if the channel only gets the results, and `used` is false if it no longer takes part.
    `channels` are those of both sides; `first` says that the pulse was set up for the first time.
    """

    channel: str
    side: Side | None
    used: bool
    channels: Mapping[Side, tuple[str, ...]]
    schedule: str
    opens_at: datetime | None
    minimum: int
    readers: ReadersRule
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPoll:
    """A poll message in a channel, and what it should show now."""

    channel: str
    ts: str
    card: PollCard
