"""The store on SQLite: the themes of the port, on one file.

One thread writes, on a connection of its own: it commits whatever has queued up as one transaction with
synchronous=FULL, and only then returns to its callers. Reads use a second connection and see only committed
rows. While a wave is open the file holds a sealed ballot for each person of the roster; `close_wave` replaces
them with what may be published and destroys the key, without which no copy of them can be opened.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
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
    Traces,
)
from pulse.storage.keys import KeyFolder, folder_beside
from pulse.storage.sqlite.audit import Journal
from pulse.storage.sqlite.ballots import BallotBox
from pulse.storage.sqlite.commitments import Commitments
from pulse.storage.sqlite.connection import connect
from pulse.storage.sqlite.file import check, lock, prepare, refuse_foreign, running
from pulse.storage.sqlite.first_edition import has_plain_answers
from pulse.storage.sqlite.outbox import Outbox
from pulse.storage.sqlite.people import People
from pulse.storage.sqlite.publications import Publications
from pulse.storage.sqlite.questions import Questions
from pulse.storage.sqlite.reference import Reference
from pulse.storage.sqlite.sealing import Sealing, open_token
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


class Store(
    Setups,
    Questions,
    Waves,
    BallotBox,
    Publications,
    Outbox,
    People,
    Journal,
    Commitments,
    Reference,
):
    """The open database, made by `Store.open`."""

    def __init__(self, path: Path, held: IO[bytes], keys: KeyFolder, *, scrubbed: bool) -> None:
        connection = connect(path)
        super().__init__(Reader(connection), Writer(path))
        self.path = path
        self.scrub_due = not scrubbed
        self.traces = Traces.LOG if not scrubbed and has_plain_answers(connection) else Traces.NONE
        self._lock = held
        self._sealing = Sealing(keys, open_token(connection))
        self._sealing.keep_only(open_token(connection))

    @classmethod
    def open(cls, path: Path, keys: Path | None = None, inherited_lock: int | None = None) -> Store:
        """Locks, checks and migrates the file, creating it if need be, and opens it with its key folder.

        `inherited_lock` is what `lock_copy` gave in the process before this one, which replaced itself.
        Raises StoreFault if it is another program's, open in another bot, not writable, or damaged.
        """
        refuse_foreign(path)
        with ExitStack() as opened:
            held = opened.enter_context(lock(path, inherited_lock))
            folder = KeyFolder.open(keys or folder_beside(path))
            opened.callback(folder.close)
            store = cls(path, held, folder, scrubbed=prepare(path, folder))
            opened.pop_all()
            return store

    def close(self) -> None:
        """Ends the writer once it has written its queue; later writes raise StoreFault."""
        self._writer.close()
        self._reader.close()
        self._sealing.forget()
        self._sealing.keys.close()
        self._lock.close()

    def lock_copy(self) -> int:
        """A descriptor that keeps the lock after the store closes, for a process that replaces this one."""
        return os.dup(self._lock.fileno())

    async def check_writable(self) -> None:
        """Returns once a transaction is committed (see `pulse.storage.port.HealthStore`)."""
        await self.write(lambda _connection: None)


if TYPE_CHECKING:
    # mypy compares every method with the port here.
    _STORE: type[port.Store] = Store
    _SNAPSHOT: type[port.StoreReader] = Snapshot
