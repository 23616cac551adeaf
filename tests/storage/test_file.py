"""The file of the database: one bot on it, nobody else's, on a file system that can carry it."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pulse.core.errors import StoreFault
from pulse.core.model import Note
from pulse.storage.sqlite import file
from pulse.storage.sqlite.store import Store, check, running
from tests.storage.conformance import SETUP
from tests.storage.test_store import answer, new_wave

NOTED = datetime(2026, 3, 3, 9, tzinfo=UTC)
NOTE = Note(date(2026, 3, 3), "The campaign went live")


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    with closing(Store.open(path)) as store:
        yield store


# One bot on one file

NAMES: dict[str, Callable[[Path], Path]] = {
    "itself": lambda folder: folder / "data" / "pulse.db",
    "a link to the file": lambda folder: linked(folder / "link.db", folder / "data" / "pulse.db"),
    "a link of another name in another folder": lambda folder: linked(
        folder / "other" / "x.db", folder / "data" / "pulse.db"
    ),
    "a link to the folder": lambda folder: linked(folder / "way", folder / "data") / "pulse.db",
    "a link to a link": lambda folder: linked(
        folder / "second.db", linked(folder / "first.db", folder / "data" / "pulse.db")
    ),
    "a way round": lambda folder: folder / "data" / ".." / "data" / "pulse.db",
}


def linked(link: Path, target: Path) -> Path:
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target)
    return link


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_second_bot_is_refused_by_whatever_name(name: Callable[[Path], Path], tmp_path: Path) -> None:
    """Once, a link to the file got past the lock, and two bots wrote to it."""
    (tmp_path / "data").mkdir()
    with opened(tmp_path / "data" / "pulse.db"):
        other = name(tmp_path)
        assert running(other)
        with pytest.raises(StoreFault, match="Another bot is running"):
            Store.open(other)
    with opened(other):
        assert running(tmp_path / "data" / "pulse.db")


def test_a_link_to_a_file_that_is_not_there_yet_makes_it(tmp_path: Path) -> None:
    """The lock is beside the file, where the next bot looks for it."""
    (tmp_path / "data").mkdir()
    with opened(linked(tmp_path / "link.db", tmp_path / "data" / "pulse.db")):
        assert running(tmp_path / "data" / "pulse.db")


def test_a_file_of_two_names_is_refused(tmp_path: Path) -> None:
    """Each hard link would have its own log."""
    with opened(tmp_path / "pulse.db"):
        pass
    (tmp_path / "again.db").hardlink_to(tmp_path / "pulse.db")
    with pytest.raises(StoreFault, match="several names"):
        Store.open(tmp_path / "again.db")


def test_links_in_a_circle_are_said(tmp_path: Path) -> None:
    """The error is a sentence, not a traceback."""
    linked(tmp_path / "a.db", tmp_path / "b.db")
    linked(tmp_path / "b.db", tmp_path / "a.db")
    with pytest.raises(StoreFault, match="cannot be written"):
        Store.open(tmp_path / "a.db")
    assert not running(tmp_path / "a.db")


# What the file system can do


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO])
def test_a_file_system_without_locks_is_named(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "Another bot is running" once sent an operator looking for a bot that did not exist."""

    def refuse(_file: Any, _how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreFault, match="cannot lock files") as fault:
        Store.open(tmp_path / "pulse.db")
    assert os.strerror(number) in str(fault.value)
    assert "Another bot" not in str(fault.value)
    assert not running(tmp_path / "pulse.db")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SQLITE_IOERR_SHMMAP", "memory that programs share"),
        ("SQLITE_IOERR_SHMOPEN", "memory that programs share"),
        ("SQLITE_PROTOCOL", "memory that programs share"),
        ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_FSYNC"),
        ("SQLITE_READONLY", "writable"),
    ],
)
def test_what_the_disk_says_is_told_apart(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "Make it writable" does not help a file system without shared memory."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name

    def refuse(_path: Path) -> sqlite3.Connection:
        raise error

    monkeypatch.setattr(file, "connect", refuse)
    with pytest.raises(StoreFault, match=said) as fault:
        Store.open(tmp_path / "pulse.db")
    assert ("writable" in str(fault.value)) is (name == "SQLITE_READONLY")


def test_a_file_that_can_have_no_log_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite says only in its result that it keeps another journal."""

    class Logless(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            return super().execute(sql.replace("journal_mode = WAL", "journal_mode = DELETE"), *more)

    monkeypatch.setattr(file, "connect", lambda path: sqlite3.connect(path, factory=Logless))
    with pytest.raises(StoreFault, match="memory that programs share"):
        Store.open(tmp_path / "pulse.db")


# Nobody else's file


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
        database.execute("INSERT INTO bookmarks VALUES ('https://example.com')")
        database.commit()


def of_a_like_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE wave (height REAL)")
        database.execute("CREATE TABLE outbox (mail TEXT)")


OTHERS: dict[str, Callable[[Path], object]] = {
    "another program's database": of_another_program,
    "one with tables of the same names": of_a_like_program,
    "a text": lambda path: path.write_text("Minutes of the meeting\n" * 50),
    "a picture": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000)),
    "a short text": lambda path: path.write_text("x"),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_another_programs_file_is_refused_and_not_touched(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    """Once, PULSE_DB pointed to a browser's bookmarks, and tables were added to them."""
    path = tmp_path / "places.sqlite"
    make(path)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    with pytest.raises(StoreFault, match="no database of this bot"):
        Store.open(path)
    with pytest.raises(StoreFault, match="no database of this bot"):
        check(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [found.name for found in tmp_path.iterdir()] == ["places.sqlite"]


async def test_an_empty_file_becomes_the_database(tmp_path: Path) -> None:
    """Somebody might make one to give it certain rights."""
    (tmp_path / "pulse.db").touch()
    with opened(tmp_path / "pulse.db") as store:
        assert await store.setup() is None


# A file that is replaced while the bot runs


def other(path: Path) -> Path:
    with opened(path.with_name("other.db")) as store:
        return store.path


def copied(path: Path) -> Path:
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    return copy


def relinked(path: Path) -> None:
    path.rename(path.with_name("moved.db"))
    path.symlink_to(other(path))


REPLACED: dict[str, Callable[[Path], object]] = {
    "by another file": lambda path: other(path).replace(path),
    "by its own copy": lambda path: copied(path).replace(path),
    "by nothing": lambda path: path.unlink(),
    "by a link": relinked,
}


@pytest.mark.parametrize("replace", REPLACED.values(), ids=REPLACED)
async def test_nothing_is_recorded_into_a_file_that_was_replaced(
    replace: Callable[[Path], object], tmp_path: Path
) -> None:
    """An answer, a note and a set-up are refused, and every file stays as it is, the one now at the path too.

    Once, six of six taps were "recorded" and gone after a restart.
    """
    path = tmp_path / "pulse.db"
    # The old file's bytes can be read after it has lost its name.
    with opened(path) as store, path.open("rb") as old:
        wave = await store.start_wave(new_wave(), "opened")
        await answer(store, wave, "U1", "T01", "4")
        replace(path)
        before = old.read(), contents(tmp_path)
        for _ in range(2):
            for write in (
                store.check_writable,
                lambda: answer(store, wave, "U1", "T01", "2"),
                lambda: answer(store, wave, "U2", "T01", "4"),
                lambda: store.add_note(NOTE, NOTED, "noted"),
                lambda: store.save_setup(SETUP, NOTED, "set up"),
            ):
                with pytest.raises(StoreFault, match="replaced while the bot was running"):
                    await write()
        old.seek(0)
        assert (old.read(), contents(tmp_path)) == before


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by name; SQLite's shared memory holds locks of readers and no data."""
    return {
        found.name: found.read_bytes()
        for found in folder.iterdir()
        if found.is_file() and not found.name.endswith("-shm")
    }


async def test_a_file_that_was_moved_has_all_that_was_recorded(tmp_path: Path) -> None:
    """What was durable before is there after a start at the new place."""
    store = Store.open(tmp_path / "pulse.db")
    await store.add_note(NOTE, NOTED, "noted")
    (tmp_path / "pulse.db").rename(tmp_path / "away.db")
    (tmp_path / "pulse.db-wal").rename(tmp_path / "away.db-wal")
    (tmp_path / "pulse.db-keys").rename(tmp_path / "away.db-keys")
    with pytest.raises(StoreFault):
        await store.check_writable()
    store.close()
    with opened(tmp_path / "away.db") as moved:
        assert await moved.notes() == (NOTE,)
