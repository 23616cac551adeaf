"""Opens the file, for writing or for reading beside the bot, and puts its errors into sentences."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pulse.core.errors import StoreFault
from pulse.core.language import _

BUSY_MS = 1000
"""How long a write waits for another program: a tap may wait for two batches, and its ack is due in 3 s."""


def connect(path: Path) -> sqlite3.Connection:
    """Opens the file with the settings that durability and deletion depend on, creating it if missing."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Opens the file for reading only; if it has no log, its folder may be read-only too."""
    pending = path.with_name(path.name + "-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'' if pending else '&immutable=1'}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)


def write_fault(error: sqlite3.Error) -> StoreFault:
    """Why a write failed, in a sentence for whoever asked for it."""
    if "locked" in str(error) or "busy" in str(error):
        return StoreFault(
            _("The database is busy with another program, so nothing was saved. Please try again.")
        )
    if "full" in str(error):
        return StoreFault(
            _("The disk of the server is full, so nothing was saved. Please tell whoever runs the bot.")
        )
    return StoreFault(
        _(
            "The database could not be written ({problem}), so nothing was saved."
            " Please tell whoever runs the bot."
        ).format(problem=error)
    )


def read_fault(error: sqlite3.Error) -> StoreFault:
    """Why a read failed, in a sentence for whoever asked for it."""
    return StoreFault(
        _("The database could not be read ({problem}). Please tell whoever runs the bot.").format(
            problem=error
        )
    )
