"""The file of the database: locked by one bot, checked and migrated at the start, scrubbed after a close."""

from __future__ import annotations

import fcntl
import sqlite3
from pathlib import Path
from typing import IO

from pulse.core.errors import StoreFault
from pulse.core.language import _
from pulse.storage.sqlite.connection import connect, connect_read_only
from pulse.storage.sqlite.migrations import migrate


def lock(path: Path) -> IO[bytes]:
    """Locks a file beside the database. The system releases the lock when the process ends, however it ends.

    Raises StoreFault where another bot has it, or where the folder cannot be written.
    """
    try:
        handle = _lock_path(path).open("ab")
    except OSError as error:
        raise StoreFault(_cannot_write(path, error.strerror or str(error))) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise StoreFault(
            _("Another bot is running on {path}. Stop it first, or set PULSE_DB to another file.").format(
                path=path
            )
        ) from error
    return handle


def running(path: Path) -> bool:
    """Whether a bot has the file open."""
    try:
        with _lock_path(path).open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def prepare(path: Path) -> bool:
    """Checks that the file is whole and writable, and brings its schema up to date.

    It is scrubbed too, since a crash may have come between a close and its scrub. Returns false where that
    has to wait because another program reads the file. Raises StoreFault.
    """
    try:
        connection = connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            problems = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            if problems != ["ok"]:
                raise StoreFault(_damaged(path, problems[0]))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            migrate(connection)
            return _scrubbed(connection)
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise StoreFault(_cannot_write(path, str(error))) from error
    except sqlite3.DatabaseError as error:
        raise StoreFault(_damaged(path, str(error))) from error


def check(path: Path) -> None:
    """Reads the whole file. Raises StoreFault where it is damaged or cannot be read."""
    try:
        connection = connect_read_only(path)
        try:
            problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            problems += [
                f"{row[0]} misses {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")
            ]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    if problems != ["ok"]:
        raise StoreFault(_damaged(path, next(problem for problem in problems if problem != "ok")))


def scrub(connection: sqlite3.Connection) -> None:
    """Rewrites the file without its free pages and empties the log, so that deleted rows are in neither."""
    connection.execute("VACUUM")
    row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if row[0]:
        raise sqlite3.OperationalError("the log is locked by another program and could not be emptied")


def unreadable(path: Path, error: sqlite3.Error) -> StoreFault:
    """Why the file cannot be read, in a sentence for the operator."""
    if isinstance(error, sqlite3.OperationalError):
        return StoreFault(
            _("The database {path} cannot be read: {problem}.").format(path=path, problem=str(error))
        )
    return StoreFault(_damaged(path, str(error)))


def _scrubbed(connection: sqlite3.Connection) -> bool:
    try:
        scrub(connection)
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + "-lock")


def _cannot_write(path: Path, problem: str) -> str:
    return _(
        "The database {path} cannot be written: {problem}. Make the file and its folder writable for this"
        " user, or set PULSE_DB to a file that is."
    ).format(path=path, problem=problem)


def _damaged(path: Path, problem: str) -> str:
    return _(
        "The database {path} is damaged ({problem}). Nothing was changed. Put a backup in its place (made by"
        " `python bot.py backup FILE`), or move it away to start anew."
    ).format(path=path, problem=problem.splitlines()[0])
