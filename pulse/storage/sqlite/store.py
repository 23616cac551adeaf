"""The store on SQLite: the themes of the port, on one file.

One thread writes, on a connection of its own: it commits whatever has queued up as one transaction with
synchronous=FULL, and only then answers those who wait. Reads use a second connection and see committed rows
only. While a wave is open the file holds answers under pseudonyms; `close_wave` replaces them by what may be
published, and `scrub` removes their traces from the file and its log.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

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
from pulse.storage.sqlite.audit import Journal
from pulse.storage.sqlite.ballots import BallotBox
from pulse.storage.sqlite.connection import connect
from pulse.storage.sqlite.file import check, lock, prepare, running
from pulse.storage.sqlite.outbox import Outbox
from pulse.storage.sqlite.people import People
from pulse.storage.sqlite.publications import Publications
from pulse.storage.sqlite.reference import Reference
from pulse.storage.sqlite.setup import Setups
from pulse.storage.sqlite.snapshot import Snapshot
from pulse.storage.sqlite.theme import Reader
from pulse.storage.sqlite.waves import Waves
from pulse.storage.sqlite.writer import Writer

if TYPE_CHECKING:
    from pulse.storage import port

__all__ = [
    "Answers",
    "Ballots",
    "NewMessage",
    "NewWave",
    "OpenWave",
    "OutboxMessage",
    "Publication",
    "Recorded",
    "Setup",
    "Snapshot",
    "Store",
    "check",
    "running",
]


class Store(Setups, Waves, BallotBox, Publications, Outbox, People, Journal, Reference):
    """The open database. `Store.open` makes it; `close` ends the writer after what it has taken."""

    def __init__(self, path: Path, held: IO[bytes], *, scrubbed: bool) -> None:
        super().__init__(Reader(connect(path)), Writer(path))
        self.path = path
        self.scrub_due = not scrubbed
        self._lock = held

    @classmethod
    def open(cls, path: Path) -> Store:
        """Locks, checks and migrates the file, creating it if need be, and opens it.

        Raises StoreFault: another bot has it open, it cannot be written, or it is damaged.
        """
        held = lock(path)
        try:
            return cls(path, held, scrubbed=prepare(path))
        except BaseException:
            held.close()
            raise

    def close(self) -> None:
        """Ends the writer when it has written what it has taken; later writes raise StoreFault."""
        self._writer.close()
        self._reader.close()
        self._lock.close()

    async def check_writable(self) -> None:
        """Returns when a transaction was committed (see `pulse.storage.port.HealthStore`)."""
        await self.write(lambda _connection: None)


if TYPE_CHECKING:
    # mypy compares every method with the port here.
    _STORE: type[port.Store] = Store
    _SNAPSHOT: type[port.StoreReader] = Snapshot
