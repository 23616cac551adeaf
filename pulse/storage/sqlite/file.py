"""The file of the database: locked by one bot, checked and migrated at the start, scrubbed after a close."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import IO

import structlog

from pulse.core.errors import StoreFault
from pulse.core.language import _
from pulse.storage.keys import KeyFolder
from pulse.storage.permissions import keep_private
from pulse.storage.sqlite.connection import connect, connect_read_only
from pulse.storage.sqlite.first_edition import adopt, forget_plain_answers
from pulse.storage.sqlite.migrations import migrate

_log = structlog.get_logger(__name__)

TABLES = frozenset({"setup", "wave", "outbox"})
"""Tables that every edition of the bot's database has."""

HEADER = b"SQLite format 3\0"
"""https://sqlite.org/fileformat.html, 1.3.1."""

TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
"""Errors of flock if somebody else has the lock; any other is about the file system (flock(2))."""

NO_SHARED_MEMORY = (
    "SQLITE_IOERR_SHMOPEN",
    "SQLITE_IOERR_SHMSIZE",
    "SQLITE_IOERR_SHMMAP",
    "SQLITE_IOERR_SHMLOCK",
)
"""SQLite's log needs memory that programs share: https://sqlite.org/wal.html, "Limitations"."""


def refuse_foreign(path: Path) -> None:
    """Raises StoreFault for another program's file and for one with several names, before it is touched."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    if path.stat().st_nlink > 1:
        # Each name would have a log and a lock of its own: https://sqlite.org/howtocorrupt.html, 2.5.
        raise StoreFault(
            _(
                "The database {path} has several names (hard links). Remove the others, or copy the file."
            ).format(path=path)
        )
    try:
        _refuse_other_content(path)
        with closing(connect_read_only(path)) as connection:
            _refuse_foreign_tables(connection, path)
    except (OSError, sqlite3.DatabaseError) as error:
        # `prepare` reports what is wrong with it, once it has the lock.
        _log.info("database not checked before it is opened", problem=type(error).__name__)


def _refuse_other_content(path: Path) -> None:
    """SQLite itself would take a file of a few bytes for an empty database, and write over it."""
    with path.open("rb") as content:
        begins = content.read(len(HEADER))
    if begins not in (b"", HEADER):
        raise StoreFault(_foreign(path))


def _refuse_foreign_tables(connection: sqlite3.Connection, path: Path) -> None:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    tables = {name for (name,) in rows if not name.startswith("sqlite_")}
    if tables and not tables >= TABLES:
        raise StoreFault(_foreign(path))


def lock(path: Path, inherited: int | None = None) -> IO[bytes]:
    """Locks a file beside the database. The system releases the lock when the process ends, however it ends.

    `inherited` is a descriptor that has the lock already, from the process before this one. Raises StoreFault
    if another bot has it, or if no lock can be made there.
    """
    try:
        keep_private(_lock_path(path))
        handle = _handle(_lock_path(path), inherited)
    except (OSError, RuntimeError) as error:
        # RuntimeError: links that lead in a circle.
        raise StoreFault(_cannot_write(path, getattr(error, "strerror", None) or str(error))) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise StoreFault(_not_locked(path, error)) from error
    return handle


def _handle(path: Path, inherited: int | None) -> IO[bytes]:
    if inherited is None:
        return path.open("ab")
    handle = os.fdopen(inherited, "ab")
    if os.path.sameopenfile(handle.fileno(), (fresh := path.open("ab")).fileno()):
        fresh.close()
        return handle
    # PULSE_DB names another database by now, or the lock was removed meanwhile.
    handle.close()
    return fresh


def _not_locked(path: Path, error: OSError) -> str:
    if error.errno in TAKEN:
        return _("Another bot is running on {path}. Stop it first, or set PULSE_DB to another file.").format(
            path=path
        )
    return _(
        "The file system of {path} cannot lock files ({why}), and two bots on one database would lose"
        " answers. Put it on a disk of this machine, and set PULSE_DB to that place."
    ).format(path=path, why=error.strerror or error)


def running(path: Path) -> bool:
    """Whether a bot has the file open."""
    try:
        with _lock_path(path).open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (OSError, RuntimeError):
        # No lock, or a file system without locks: the bot itself says so when it starts.
        return False
    return False


def prepare(path: Path, keys: KeyFolder) -> bool:
    """Checks that the file is whole and writable, migrates it, and moves any secrets to the key folder.

    Scrubs it too, since a crash may have come between a close and its scrub. Returns false if the scrub has
    to wait because another program reads the file. Raises StoreFault.
    """
    try:
        keep_private(path)
        connection = connect(path)
        try:
            [(mode,)] = connection.execute("PRAGMA journal_mode = WAL").fetchall()
            if mode != "wal":
                raise StoreFault(_no_shared_memory(path))
            problems = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            if problems != ["ok"]:
                raise StoreFault(_damaged(path, problems[0]))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            migrate(connection)
            [(installation,)] = connection.execute("SELECT token FROM installation").fetchall()
            keys.bind(installation)
            adopt(connection, keys)
            return _scrubbed(connection)
        finally:
            connection.close()
    except OSError as error:
        raise StoreFault(_cannot_write(path, error.strerror or str(error))) from error
    except sqlite3.OperationalError as error:
        raise StoreFault(_not_opened(path, error)) from error
    except sqlite3.DatabaseError as error:
        raise StoreFault(_damaged(path, str(error))) from error


def _not_opened(path: Path, error: sqlite3.OperationalError) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name in NO_SHARED_MEMORY or name == "SQLITE_PROTOCOL":
        return _no_shared_memory(path)
    if name.startswith("SQLITE_IOERR"):
        return _(
            "The disk or file system of {path} reports an error ({name}). Look at the system's log; the file"
            " was not changed."
        ).format(path=path, name=name)
    return _cannot_write(path, str(error))


def check(path: Path) -> None:
    """Reads the whole file. Raises StoreFault if it is damaged or cannot be read."""
    try:
        _refuse_other_content(path)
        connection = connect_read_only(path)
        try:
            _refuse_foreign_tables(connection, path)
            problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            problems += [
                f"{row[0]} misses {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")
            ]
        finally:
            connection.close()
    except OSError as error:
        raise StoreFault(
            _("The database {path} cannot be read: {problem}.").format(
                path=path, problem=error.strerror or error
            )
        ) from error
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
    forget_plain_answers(connection)


def unreadable(path: Path, error: sqlite3.Error) -> StoreFault:
    """Why the file cannot be read, in a sentence for the operator."""
    if isinstance(error, sqlite3.OperationalError):
        return StoreFault(
            _("The database {path} cannot be read: {problem}.").format(path=path, problem=str(error))
        )
    if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
        return StoreFault(_foreign(path))
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
    """Beside the file itself, whatever links lead to it: two bots on one file must find the same lock."""
    file = path.resolve()
    return file.with_name(file.name + "-lock")


def _foreign(path: Path) -> str:
    return _(
        "{path} is no database of this bot: it is another program's, or damaged from its first byte on."
        " Nothing was changed. Set PULSE_DB to another file, or put a backup in its place (made by"
        " `python bot.py backup FILE`)."
    ).format(path=path)


def _no_shared_memory(path: Path) -> str:
    return _(
        "The file system of {path} has no memory that programs share (9p, virtiofs and network folders often"
        " have none), and the database cannot work there. Put it on a disk of this machine, and set PULSE_DB"
        " to that place."
    ).format(path=path)


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
