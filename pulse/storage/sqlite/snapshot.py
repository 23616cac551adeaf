"""A copy of the database in memory, to be read beside a running bot."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pulse.storage.sqlite.connection import connect_read_only
from pulse.storage.sqlite.file import unreadable
from pulse.storage.sqlite.migrations import migrate
from pulse.storage.sqlite.outbox import OutboxRows
from pulse.storage.sqlite.publications import PublicationRows
from pulse.storage.sqlite.questions import QuestionRows
from pulse.storage.sqlite.sealing import open_token
from pulse.storage.sqlite.setup import SetupRows
from pulse.storage.sqlite.theme import Reader
from pulse.storage.sqlite.waves import WaveRows


class Snapshot(SetupRows, QuestionRows, WaveRows, PublicationRows, OutboxRows):
    """What is committed, at the newest schema and without the open wave.

    The open wave's ballots stay in the one file that is scrubbed at the close. `left_out` is true if a wave
    was open; `open_token` names it. `needs_secret` is true if codes of people were made with a secret that is
    not in the file. Raises StoreFault if the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._copy = _copy(path)
        self.open_token = open_token(self._copy)
        self.left_out = _delete_open_wave(self._copy)
        self.needs_secret = _needs_secret(self._copy)
        super().__init__(Reader(self._copy))

    def save(self, path: Path) -> None:
        """Writes the copy to a file that does not exist yet, or is empty."""
        self._copy.execute("VACUUM INTO ?", (str(path),))

    def close(self) -> None:
        self._copy.close()


def _copy(path: Path) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        source = connect_read_only(path)
        try:
            source.backup(memory)
        finally:
            source.close()
        migrate(memory)
    except sqlite3.Error as error:
        memory.close()
        raise unreadable(path, error) from error
    return memory


def _needs_secret(connection: sqlite3.Connection) -> bool:
    [(kept, codes)] = connection.execute(
        "SELECT (SELECT count(*) FROM secret), (SELECT count(*) FROM wish)"
    ).fetchall()
    return bool(codes) and not kept


def _delete_open_wave(connection: sqlite3.Connection) -> bool:
    """Deletes the open wave with its answers and messages; false if none is open."""
    row = connection.execute("SELECT id FROM wave WHERE state = 'open'").fetchone()
    if row is None:
        return False
    for table in ("ballot", "answer", "participant", "outbox", "wave_channel", "wave_side", "wave_item"):
        connection.execute(f"DELETE FROM {table} WHERE wave_id = ?", row)  # noqa: S608 - names from above
    connection.execute("DELETE FROM wave WHERE id = ?", row)
    return True
