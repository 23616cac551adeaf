"""A copy of the database in memory, to be read beside a running bot."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pulse.storage.sqlite.connection import connect_read_only
from pulse.storage.sqlite.file import unreadable
from pulse.storage.sqlite.migrations import migrate
from pulse.storage.sqlite.outbox import OutboxRows
from pulse.storage.sqlite.publications import PublicationRows
from pulse.storage.sqlite.setup import SetupRows
from pulse.storage.sqlite.theme import Reader
from pulse.storage.sqlite.waves import WaveRows


class Snapshot(SetupRows, WaveRows, PublicationRows, OutboxRows):
    """What is committed, at the newest schema and without the open wave.

    The open wave's answers and key stay in the one file that is scrubbed at the close. `left_out` is true
    where a wave was open. Raises StoreFault where the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._copy, self.left_out = _copy(path)
        super().__init__(Reader(self._copy))

    def save(self, path: Path) -> None:
        """Writes the copy to a file that does not exist yet, or is empty."""
        self._copy.execute("VACUUM INTO ?", (str(path),))

    def close(self) -> None:
        self._copy.close()


def _copy(path: Path) -> tuple[sqlite3.Connection, bool]:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        source = connect_read_only(path)
        try:
            source.backup(memory)
        finally:
            source.close()
        migrate(memory)
        left_out = _delete_open_wave(memory)
    except sqlite3.Error as error:
        memory.close()
        raise unreadable(path, error) from error
    return memory, left_out


def _delete_open_wave(connection: sqlite3.Connection) -> bool:
    """Deletes the open wave with its answers and messages; false where none is open."""
    row = connection.execute("SELECT id FROM wave WHERE state = 'open'").fetchone()
    if row is None:
        return False
    for table in ("answer", "participant", "outbox", "wave_channel", "wave_side", "wave_item"):
        connection.execute(f"DELETE FROM {table} WHERE wave_id = ?", row)  # noqa: S608 - names from above
    connection.execute("DELETE FROM wave WHERE id = ?", row)
    return True
