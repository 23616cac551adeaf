"""What the bot asks of a store, by theme. Records go in and come out; no connection or SQL crosses.

Every method that writes returns when the change is durable, is applied whole or not at all, and raises
StoreFault where the store cannot be written. A read sees every write that has returned, and raises StoreFault
where the store cannot be read. Audit texts (`what`) name no person and no answer.

`tests/storage/conformance.py` holds the tests that every implementation inherits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from pulse.core.baselines import Ledger
from pulse.core.calendar import Moments
from pulse.core.items import Asking, Bank
from pulse.core.model import ClosedWave, Note, Side
from pulse.core.plan import KnownWave, Pause
from pulse.core.records import (
    Answers,
    Ballots,
    NewMessage,
    NewWave,
    OpenWave,
    OutboxMessage,
    Publication,
    Recorded,
    Setup,
)

Change = Callable[[Answers], Answers]
"""Makes a person's new answers from the stored ones. It may run in another thread, and more than once."""

Publish = Callable[[Mapping[Side, Ballots]], Publication]
"""Makes what may be kept of a wave from its answers. It may run in another thread."""


class SetupReader(Protocol):
    """Reads the set-up and its pauses."""

    def setup(self) -> Setup | None:
        """The set-up that was saved last; None before the first."""
        ...

    def pauses(self) -> tuple[Pause, ...]:
        """All pauses, the oldest first; one that lasts has no end."""
        ...


class SetupStore(SetupReader, Protocol):
    """The set-up and its pauses."""

    async def save_setup(self, setup: Setup, at: datetime, what: str) -> None:
        """Replaces the set-up."""
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
        """Ends the pause; does nothing where none lasts."""
        ...


class WaveReader(Protocol):
    """Reads waves: planned by the schedule, opened, skipped."""

    def current_wave(self) -> OpenWave | None:
        """The open wave, if there is one."""
        ...

    def wave_channels(self, wave_id: int) -> dict[str, Side]:
        """The channels in which a wave was posted, each with its side."""
        ...

    def known_waves(self, since: date = date.min) -> dict[date, KnownWave]:
        """The waves from `since` on by their date, and the open one whatever its date.

        Of several waves on one date it is the open one, else the last.
        """
        ...

    def last_decided(self, until: datetime) -> datetime | None:
        """When the latest wave of the schedule was due that was opened or skipped, up to `until`."""
        ...

    def missed_waves(self, since: datetime) -> tuple[datetime, ...]:
        """When the waves were due that were found to be missed, from `since` on."""
        ...

    def askings(self) -> list[Asking]:
        """Which items each wave asked, the oldest wave first."""
        ...


class WaveStore(WaveReader, Protocol):
    """Waves from opening to close."""

    async def start_wave(self, new: NewWave, what: str) -> int:
        """Opens a wave, with a poll for each channel in the outbox; returns the wave's id.

        Raises NotNow where a wave is open, or where the schedule had its wave on that date.
        """
        ...

    async def skip_wave(self, moments: Moments, reason: str, at: datetime, *, missed: bool = False) -> bool:
        """Notes that a wave of the schedule will not open; false where that date has its wave.

        `missed` says that its time had passed before it could open.
        """
        ...

    async def mark_reminded(self, wave_id: int, number: int, at: datetime) -> bool:
        """Notes that reminder `number` of the open wave goes out; false where it did before."""
        ...


class BallotStore(Protocol):
    """Answers to the open wave. A person is the pseudonym under the wave's key."""

    async def answer(self, wave_id: int, person: bytes, side: Side, joined: bool, change: Change) -> Recorded:
        """Replaces a person's answers by `change(stored answers)`.

        A person's first answer fixes the side until all answers are taken back. `joined` says that the person
        came after the opening. Raises PollIsClosed, and whatever `change` raises.
        """
        ...

    def answers_of(self, wave_id: int, person: bytes) -> Answers:
        """A person's answers to the open wave."""
        ...

    def side_of(self, wave_id: int, person: bytes) -> Side | None:
        """The side for which a person's answers count; None for somebody without answers."""
        ...

    def participants(self, wave_id: int) -> set[bytes]:
        """Everybody who has answered the open wave."""
        ...

    def answered(self, wave_id: int) -> dict[Side, int]:
        """How many people of each side have answered the open wave."""
        ...


class PublicationReader(Protocol):
    """Reads closed waves: what may be shown, and nothing else."""

    def closed_count(self) -> int:
        """How many waves are closed."""
        ...

    def closed_waves(self, after: int = 0, most: int = -1) -> tuple[ClosedWave, ...]:
        """Closed waves with an id above `after`, the oldest first: at most `most`, all if negative."""
        ...


class PublicationStore(PublicationReader, Protocol):
    """The close of a wave, and what it leaves."""

    @property
    def scrub_due(self) -> bool:
        """True while deleted answers may still be found in what the store keeps on disk."""
        ...

    async def close_wave(
        self, wave_id: int, publish: Publish, messages: Sequence[NewMessage], at: datetime, what: str
    ) -> bool:
        """Stores what `publish` makes of the answers, deletes answers and key, and adds the messages.

        False where the wave is not open. `scrub` must follow. Raises whatever `publish` raises; then the wave
        stays open with its answers.
        """
        ...

    async def scrub(self) -> None:
        """Removes the last traces of deleted answers. Raises StoreFault where that has to wait."""
        ...


class OutboxReader(Protocol):
    """Reads the messages that are to stand in channels."""

    def undelivered(self, at: datetime | None = None) -> tuple[OutboxMessage, ...]:
        """The messages that are not delivered yet, the first due first: those due at `at`, or all."""
        ...

    def posted(self, kind: str, wave_id: int) -> dict[str, str]:
        """The ts of each posted message of a kind, by channel."""
        ...

    def failing_messages(self) -> tuple[OutboxMessage, ...]:
        """The messages of the latest wave whose last attempt failed."""
        ...


class OutboxStore(OutboxReader, Protocol):
    """Messages that are to stand exactly once in a channel, stored before they are posted."""

    async def mark(self, key: str, state: str, ts: str | None = None) -> None:
        """Sets a message's state, and its ts if one is given; its problem is over."""
        ...

    async def postpone(self, key: str, state: str, next_try_at: datetime, problem: str) -> None:
        """Counts a failed attempt. `state` says whether the message may stand all the same."""
        ...

    async def retry_now(self, channel: str, at: datetime) -> None:
        """Makes everything undelivered for a channel due at `at`."""
        ...

    async def repost(self, wave_id: int, channel: str, ts: str, at: datetime) -> bool:
        """Adds a channel's poll again because its message `ts` was deleted; true the first time.

        The deleted message no longer counts as posted.
        """
        ...


class PeopleStore(Protocol):
    """Duties and wishes of people, under keyed codes instead of ids."""

    def secret(self) -> bytes | None:
        """The key of those codes; None before it was made."""
        ...

    async def make_secret(self, value: bytes) -> None:
        """Keeps the key of the codes, if there is none yet."""
        ...

    def wishes(self, kind: str) -> frozenset[bytes]:
        """The codes of everybody with that wish or duty: `manager`, `no reminders` or `greeted`."""
        ...

    async def set_wish(self, person: bytes, kind: str, wanted: bool, at: datetime, what: str) -> None:
        """Adds a wish or takes it back; an empty `what` leaves the audit alone."""
        ...


class JournalStore(Protocol):
    """Notes on the trend, and the audit of what managers changed."""

    def notes(self) -> tuple[Note, ...]:
        """All notes, the oldest day first."""
        ...

    async def add_note(self, note: Note, at: datetime, what: str) -> None:
        """Adds a note."""
        ...

    def audit(self, most: int = 20) -> tuple[tuple[datetime, str], ...]:
        """What was changed and when, the latest first, at most `most` lines."""
        ...


class ReferenceStore(Protocol):
    """The items and published figures, for people who read a backup with another tool."""

    async def keep_reference(self, bank: Bank, ledger: Ledger) -> None:
        """Replaces the stored items and published figures."""
        ...


class HealthStore(Protocol):
    """Whether the store works."""

    async def check_writable(self) -> None:
        """Returns when the store has taken a write. Raises StoreFault with the reason where it cannot."""
        ...


class StoreReader(SetupReader, WaveReader, PublicationReader, OutboxReader, Protocol):
    """A copy of a store that is only read."""


class Store(
    SetupStore,
    WaveStore,
    BallotStore,
    PublicationStore,
    OutboxStore,
    PeopleStore,
    JournalStore,
    ReferenceStore,
    HealthStore,
    Protocol,
):
    """The whole port. A service asks for the themes that it needs."""
