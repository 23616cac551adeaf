"""A backup of the database, made beside a running bot.

It never contains answers. While a pulse is open the database holds a sealed ballot for each person, and
whoever has copied the key could open the ballots in a copy that outlives the close. So the open pulse is
removed from the copy in memory before anything is written. After a restore the bot opens that pulse
again, or skips it if its time has passed.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from pulse.core.errors import StoreFault
from pulse.core.language import _
from pulse.storage.sqlite.file import check
from pulse.storage.sqlite.snapshot import Snapshot


def back_up(database: Path, target: Path) -> str:
    """Writes a backup to a new file, checks it, and returns the sentences for whoever asked for it.

    Raises StoreFault if there is no database, if the new file exists already or cannot be written, or if
    either file is damaged.
    """
    if not database.is_file():
        raise StoreFault(
            _("There is no database {path} to back up. PULSE_DB names the file that the bot uses.").format(
                path=database
            )
        )
    check(database)
    _reserve(target)
    part = target.with_name(target.name + ".part")
    try:
        with closing(Snapshot(database)) as copy:
            left_out = copy.left_out
            copy.save(_private(part))
        check(part)
        _settle(part, target)
    except (OSError, sqlite3.Error) as error:
        raise _no_place(target, error) from error
    except StoreFault:
        target.unlink()
        raise
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return _summary(target, left_out)


def _summary(target: Path, left_out: bool) -> str:
    said = _(
        "The backup {path} is whole ({size} kB). To restore it, stop the bot, move the database and the files"
        " that begin with its name away, copy the backup into its place, and start the bot."
    ).format(path=target, size=max(1, target.stat().st_size // 1000))
    if not left_out:
        return said
    return "\n".join(
        [
            said,
            _(
                "A pulse is open. Its answers are not in the backup, because a copy of them would outlive the"
                " close. To move the bot with its open pulse, stop it and move the database itself."
            ),
        ]
    )


def _reserve(target: Path) -> None:
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise StoreFault(
            _("{path} is there already and was not changed. Name a file that is not there.").format(
                path=target
            )
        ) from None
    except OSError as error:
        raise _no_place(target, error) from error


def _no_place(target: Path, error: Exception) -> StoreFault:
    with suppress(OSError):
        if target.is_file() and not target.stat().st_size:
            target.unlink()
    problem = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StoreFault(
        _("The backup {path} cannot be written: {problem}. Name a file in a folder that is writable.").format(
            path=target, problem=problem
        )
    )


def _private(part: Path) -> Path:
    """Creates the file for its owner only: a database of the first edition has the secret in it."""
    with suppress(FileNotFoundError):
        part.unlink()
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return part


def _settle(part: Path, target: Path) -> None:
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(target)
