"""What the bot asks of a store, by theme. Records go in and come out; no connection or SQL crosses.

Every method that writes returns when its change is durable, applies it whole or not at all, and raises
StoreFault if the store cannot be written. A read sees every write that has returned, and raises StoreFault
if the store cannot be read. Audit texts (`what`) name no person and no answer.

Any call may suspend. Two reads, or a read and a later write, can see different states of the store: a caller
that decides by what it read holds a lock of its own until the write, or lets a method here decide
(`start_wave`, `answer` and `close_wave` do, in their transaction).

`tests/storage/conformance.py` holds the tests that every implementation inherits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from pulse.core.baselines import Ledger
from pulse.core.calendar import Moments
from pulse.core.commitments import Commitment, CommitmentDraft
from pulse.core.items import Asking, Bank
from pulse.core.model import ClosedWave, Note, Side
from pulse.core.plan import KnownWave, Pause
from pulse.core.question_plan import QuestionPlan
from pulse.core.records import (
    Answers,
    Ballots,
    CalledOffWave,
    MessageState,
    NewMessage,
    NewWave,
    Opening,
    OpenWave,
    OutboxMessage,
    OwnQuestion,
    Publication,
    Recorded,
    Setup,
    StoredBallot,
    Traces,
)

Change = Callable[[StoredBallot], StoredBallot]
"""Makes a person's new ballot from the stored one. It may run in another thread, and more than once."""

Counts = Callable[[Answers], bool]
"""Whether answers count as an answer at all."""

Publish = Callable[[Mapping[Side, Ballots]], Publication]
"""Makes from a wave's answers what may be kept of them. It may run in another thread."""


class SetupReader(Protocol):
    """Reads the set-up and its pauses."""

    async def setup(self) -> Setup | None:
        """The set-up that was saved last; None before the first."""
        ...

    async def pauses(self) -> tuple[Pause, ...]:
        """All pauses, the oldest first; one that lasts has no end."""
        ...


class SetupStore(SetupReader, Protocol):
    """The set-up and its pauses."""

    async def save_setup(
        self,
        setup: Setup,
        at: datetime,
        what: str,
        *,
        plan: QuestionPlan | None = None,
        messages: Sequence[NewMessage] = (),
        managers: Sequence[bytes] = (),
        named: str = "",
    ) -> None:
        """Replaces the set-up, and the plan of questions if one is given; adds `messages` about it.

        A message of the same kind that still waits for the same channel is replaced. `managers` (codes) are
        kept with it, all or nothing; each that is new adds `named` to the audit.
        """
        ...

    async def move_channel(self, old: str, new: str, at: datetime, what: str) -> None:
        """Gives a channel its new id in the set-up, in waves and in the outbox.

        Keys of messages stay as they are: posted messages carry them.
        """
        ...

    async def pause(self, at: datetime, what: str) -> None:
        """Begins a pause; does nothing while one lasts."""
        ...

    async def resume(self, at: datetime, what: str) -> None:
        """Ends the pause; does nothing if there is none."""
        ...


class QuestionReader(Protocol):
    """Reads which questions are asked when, and a company's own questions."""

    async def question_plan(self) -> QuestionPlan | None:
        """What managers decided; None before they decided anything."""
        ...

    async def own_questions(self) -> tuple[OwnQuestion, ...]:
        """The company's own questions, in the order in which they were added."""
        ...


class QuestionStore(QuestionReader, Protocol):
    """Changes the plan and the own questions."""

    async def save_question_plan(self, plan: QuestionPlan, at: datetime, what: str) -> None:
        """Replaces the plan."""
        ...

    async def save_own_questions(self, questions: Sequence[OwnQuestion], at: datetime, what: str) -> None:
        """Adds questions, or replaces those with the same id in their places."""
        ...


class WaveReader(Protocol):
    """Reads waves: planned by the schedule, opened, skipped."""

    async def current_wave(self) -> OpenWave | None:
        """The open wave, if there is one."""
        ...

    async def wave_channels(self, wave_id: int) -> dict[str, Side]:
        """The channels in which a wave was posted, each with its side."""
        ...

    async def known_waves(self, since: date = date.min) -> dict[date, KnownWave]:
        """The waves from `since` on by their date, and the open one whatever its date.

        Of several waves on one date it is the open one, else the last.
        """
        ...

    async def last_opening(self) -> Opening | None:
        """The latest opening of a wave, whatever became of it."""
        ...

    async def last_decided(self, until: datetime) -> datetime | None:
        """The due time, up to `until`, of the schedule's latest wave that was opened or skipped."""
        ...

    async def missed_waves(self, since: datetime) -> tuple[datetime, ...]:
        """The due times of the waves that were found to be missed from `since` on."""
        ...

    async def called_off_wave(self, wave_id: int) -> CalledOffWave | None:
        """A wave that was ended by `call_off`; None for any other."""
        ...

    async def askings(self) -> list[Asking]:
        """Which items each wave asked, the oldest wave first."""
        ...


class WaveStore(WaveReader, Protocol):
    """Waves from opening to close."""

    async def start_wave(self, new: NewWave, what: str) -> int:
        """Opens a wave, with a blank ballot for each person of the roster and a poll for each channel.

        Returns the wave's id. Raises NotNow if a wave is open, or if the schedule had its wave on that date.
        """
        ...

    async def skip_wave(self, moments: Moments, reason: str, at: datetime, *, missed: bool = False) -> bool:
        """Notes that a wave of the schedule will not open; false if that date has its wave already.

        `missed` says that its time had passed before it could open.
        """
        ...

    async def mark_reminded(self, wave_id: int, number: int, at: datetime) -> bool:
        """Marks reminder `number` of the wave as begun; false if it was already, or the wave is not open."""
        ...


class BallotStore(Protocol):
    """Ballots of the open wave. People are given as ids; what is stored is unreadable without the wave's key.

    The key is destroyed at the close. Methods that need it raise KeyLost if it is missing before that, and
    PollIsClosed if no wave is open.
    """

    async def answer(self, wave_id: int, user: str, change: Change) -> Recorded:
        """Replaces a person's ballot with `change(stored ballot)`.

        Raises PollIsClosed if that wave is not open, JoinedLater if the person has no ballot, BallotBroken
        if it was changed from outside, and whatever `change` raises.
        """
        ...

    async def admit(self, wave_id: int, people: Mapping[str, frozenset[Side]]) -> None:
        """Adds a blank ballot for each of these people who has none: for first-edition waves only."""
        ...

    async def ballot_of(self, wave_id: int, user: str) -> StoredBallot | None:
        """A person's ballot in the open wave; None for somebody who was not on the roster at the opening."""
        ...

    async def answered(self, wave_id: int, counts: Counts) -> dict[Side, int]:
        """How many people of each side have answers that count, in the open wave."""
        ...

    async def unanswered(self, wave_id: int, users: Sequence[str]) -> frozenset[str]:
        """Those of these people who have a ballot in the open wave without an answer."""
        ...

    async def key_problem(self) -> str:
        """Why the open wave's key cannot be used, for whoever runs the bot; "" if it can."""
        ...


class PublicationReader(Protocol):
    """Reads closed waves: what may be shown, and nothing else."""

    async def closed_count(self) -> int:
        """How many waves are closed."""
        ...

    async def closed_waves(self, after: int = 0, most: int = -1) -> tuple[ClosedWave, ...]:
        """Closed waves with an id above `after`, the oldest first: at most `most`, all if negative."""
        ...


class PublicationStore(PublicationReader, Protocol):
    """The close of a wave, and what it leaves."""

    @property
    def scrub_due(self) -> bool:
        """True while the store has to clean up after a close."""
        ...

    @property
    def traces(self) -> Traces:
        """Which traces of closed waves' answers can still be found on the disk."""
        ...

    async def close_wave(
        self, wave_id: int, publish: Publish, messages: Sequence[NewMessage], at: datetime, what: str
    ) -> bool:
        """Stores what `publish` makes of the answers, deletes them, adds the messages, then destroys the key.

        False if the wave is not open. `scrub` must follow. Raises KeyLost, and whatever `publish` raises;
        then the wave stays open with its answers.
        """
        ...

    async def call_off(self, wave_id: int, messages: Sequence[NewMessage], at: datetime, reason: str) -> bool:
        """Ends the open wave without results, deletes its ballots, adds the messages, then destroys the key.

        False if the wave is not open. `scrub` must follow. `reason` goes to the audit, too.
        """
        ...

    async def scrub(self) -> None:
        """Removes what a close has left: keys, deleted rows. Raises StoreFault if that has to wait."""
        ...


class OutboxReader(Protocol):
    """Reads the messages for channels, waiting and posted."""

    async def undelivered(self, at: datetime | None = None) -> tuple[OutboxMessage, ...]:
        """The messages not delivered yet, the first due first: those due by `at`, or all."""
        ...

    async def posted(self, kind: str, wave_id: int) -> dict[str, str]:
        """The ts of each posted message of a kind, by channel; any one of several in the same channel."""
        ...

    async def copies(self, kind: str, wave_id: int) -> tuple[tuple[str, str], ...]:
        """Channel and ts of every message of a kind known to be posted; a poll can be posted twice."""
        ...

    async def failing_messages(self) -> tuple[OutboxMessage, ...]:
        """The messages of the latest wave whose last attempt failed."""
        ...


class OutboxStore(OutboxReader, Protocol):
    """Messages that must appear exactly once in a channel; they are stored before they are posted."""

    async def mark(self, key: str, state: MessageState, ts: str | None = None) -> None:
        """Sets a message's state, and its ts if one is given; clears its problem."""
        ...

    async def postpone(self, key: str, state: MessageState, next_try_at: datetime, problem: str) -> None:
        """Counts a failed attempt. `state` says whether the message may have been posted all the same."""
        ...

    async def settle(self, key: str, ts: str) -> bool:
        """Marks a message done, with the ts at which somebody knows it to be posted.

        False, and nothing is changed, if its state is not `sending`, or if another message of ours has that
        ts in its channel.
        """
        ...

    async def add_copy(self, wave_id: int, channel: str, ts: str) -> None:
        """Notes that the wave's poll is in the channel a second time; does nothing if that ts is known."""
        ...

    async def retry_now(self, channel: str, at: datetime) -> None:
        """Makes everything undelivered for a channel due at `at`."""
        ...

    async def queue_once(self, messages: Sequence[NewMessage], wave_id: int, since: int) -> bool:
        """Adds messages of one kind that belong to a wave, at least one of them.

        False, and nothing is added, if a wave from `since` to `wave_id` has messages of that kind.
        """
        ...

    async def repost(self, wave_id: int, channel: str, ts: str, at: datetime) -> bool:
        """Adds a channel's poll again because its message `ts` was deleted; false if it was added before.

        The deleted message no longer counts as posted. If another copy is or may be posted, or if `ts` does
        not count as posted, as after an earlier call, this adds nothing and returns true.
        """
        ...


class PeopleStore(Protocol):
    """Duties and wishes of people, under keyed codes instead of ids."""

    async def secret(self) -> bytes | None:
        """The key of those codes; None before it is made."""
        ...

    async def make_secret(self, value: bytes) -> None:
        """Keeps the key of the codes, if there is none yet."""
        ...

    async def wishes(self, kind: str) -> frozenset[bytes]:
        """The codes of everybody with that wish or duty: `manager`, `no reminders` or `greeted`."""
        ...

    async def set_wish(self, person: bytes, kind: str, wanted: bool, at: datetime, what: str) -> None:
        """Adds a wish or takes it back; an empty `what` adds nothing to the audit."""
        ...


class JournalStore(Protocol):
    """Notes on the trend, and the audit of what managers changed."""

    async def notes(self) -> tuple[Note, ...]:
        """All notes, the oldest day first."""
        ...

    async def add_note(self, note: Note, at: datetime, what: str) -> None:
        """Adds a note."""
        ...

    async def audit(self, most: int = 20) -> tuple[tuple[datetime, str], ...]:
        """What was changed and when, the latest first, at most `most` lines."""
        ...


class CommitmentStore(Protocol):
    """What sides said they will do."""

    async def commitments(self) -> tuple[Commitment, ...]:
        """All commitments, the first made first, each with the last wave that asked about it, if any."""
        ...

    async def add_commitment(
        self, draft: CommitmentDraft, made_on: date, channels: Sequence[str], at: datetime, what: str
    ) -> int:
        """Adds a commitment and returns its number.

        Adds a message of the kind "commitment." and its number for each channel. The caller checks that the
        side may make one.
        """
        ...

    async def withdraw_commitment(
        self, number: int, withdrawn_on: date, channels: Sequence[str], at: datetime, what: str
    ) -> bool:
        """Takes a commitment back; false if there is none of that number, or it was taken back before.

        Adds a message of the kind "withdrawn.commitment." and its number for each channel.
        """
        ...


class ReferenceStore(Protocol):
    """The items and published figures, for people who read a backup with another tool."""

    async def keep_reference(self, bank: Bank, ledger: Ledger) -> None:
        """Replaces the stored items and published figures."""
        ...


class HealthStore(Protocol):
    """Whether the store works."""

    async def check_writable(self) -> None:
        """Returns when the store has taken a write. Raises StoreFault with the reason if it cannot."""
        ...


class StoreReader(SetupReader, QuestionReader, WaveReader, PublicationReader, OutboxReader, Protocol):
    """A copy of a store that is only read."""


class Store(
    SetupStore,
    QuestionStore,
    WaveStore,
    BallotStore,
    PublicationStore,
    OutboxStore,
    PeopleStore,
    JournalStore,
    CommitmentStore,
    ReferenceStore,
    HealthStore,
    Protocol,
):
    """The whole port. A service asks for the themes that it needs."""
