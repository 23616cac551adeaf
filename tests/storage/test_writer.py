"""The one thread that writes: what waits together is written together, and everybody gets a result."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pulse.core.errors import StoreFault
from pulse.core.language import speaking
from pulse.storage.catalogues import catalogue
from pulse.storage.sqlite.connection import connect
from pulse.storage.sqlite.writer import Writer


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE number (n INTEGER PRIMARY KEY)")
    opened = Writer(tmp_path / "x.db")
    yield opened
    opened.close()


class Busy:
    """Holds the writer, so that what is asked for meanwhile waits side by side."""

    def __init__(self, writer: Writer) -> None:
        self._free = threading.Event()
        self.held = asyncio.ensure_future(writer.submit(lambda _connection: self._free.wait()))

    async def over(self) -> None:
        """Lets the asks of other tasks reach the queue, then lets the writer go on."""
        await self.release()
        await self.held

    async def release(self) -> None:
        """As `over`, but does not wait until the writer is done with what held it."""
        await asyncio.sleep(0)
        self._free.set()


def insert(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Inserts the numbers; tells each the size of its batch. The same number twice breaks the table's key."""
    for number in numbers:
        connection.execute("INSERT INTO number VALUES (?)", (number,))
    return [(number, len(numbers)) for number in numbers]


async def test_asks_that_wait_side_by_side_are_done_by_one_call(writer: Writer) -> None:
    """Each gets its own result."""
    busy = Busy(writer)
    asks = [asyncio.ensure_future(writer.share(insert, number)) for number in (3, 1, 2)]
    await busy.over()
    assert await asyncio.gather(*asks) == [(3, 3), (1, 3), (2, 3)]


async def test_an_ask_that_fails_spoils_none_of_those_it_came_with(writer: Writer, tmp_path: Path) -> None:
    """They are done again, each alone, and the table holds them once."""
    busy = Busy(writer)
    asks = [asyncio.ensure_future(writer.share(insert, number)) for number in (1, 2, 1, 3)]
    await busy.over()
    results = await asyncio.gather(*asks, return_exceptions=True)
    assert results[:2] == [(1, 1), (2, 1)]
    assert isinstance(results[2], StoreFault)
    assert results[3] == (3, 1)
    with connect(tmp_path / "x.db") as connection:
        assert connection.execute("SELECT n FROM number").fetchall() == [(1,), (2,), (3,)]


async def test_another_job_between_two_asks_keeps_its_place(writer: Writer) -> None:
    """What is asked for first is done first: sharing does not overtake a job."""
    busy = Busy(writer)
    seen = "SELECT count(*) FROM number"
    first = asyncio.ensure_future(writer.share(insert, 1))
    between = asyncio.ensure_future(writer.submit(lambda connection: connection.execute(seen).fetchone()))
    last = asyncio.ensure_future(writer.share(insert, 2))
    await busy.over()
    assert (await first, await between, await last) == ((1, 1), (1,), (2, 1))


# When the thread itself is in trouble. The time-outs end a test that would hang; none is reached.


async def works(writer: Writer) -> bool:
    """Whether the writer still does a job."""
    async with asyncio.timeout(10):
        found = await writer.submit(lambda connection: connection.execute("SELECT 7").fetchone())
    return bool(found == (7,))


@pytest.mark.parametrize("error", [ValueError("odd"), KeyError("x"), RecursionError(), MemoryError()])
async def test_any_error_of_a_job_reaches_whoever_asked_and_the_writer_goes_on(
    writer: Writer, error: Exception
) -> None:
    """In a transaction, in a shared one and outside of any."""

    def fail(_connection: sqlite3.Connection, _asks: Sequence[int] = ()) -> list[int]:
        raise error

    async with asyncio.timeout(10):
        for asked in (writer.submit(fail), writer.share(fail, 1), writer.maintain(fail)):
            with pytest.raises(type(error)):
                await asked
    assert await works(writer)


async def test_a_shared_job_with_too_few_results_fails_and_the_writer_goes_on(writer: Writer) -> None:
    """Nobody gets somebody else's result, and no part of the job is kept."""

    def short(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
        insert(connection, numbers)
        return []

    busy = Busy(writer)
    asks = [asyncio.ensure_future(writer.share(short, number)) for number in (1, 2)]
    await busy.over()
    async with asyncio.timeout(10):
        results = await asyncio.gather(*asks, return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError]
    kept = await writer.submit(lambda connection: connection.execute("SELECT n FROM number").fetchall())
    assert kept == []


def end_thread(_connection: sqlite3.Connection) -> None:
    raise SystemExit


def close_connection(connection: sqlite3.Connection) -> None:
    connection.close()


@pytest.mark.parametrize("fatal", [end_thread, close_connection])
@pytest.mark.parametrize("batched", [True, False])
async def test_when_the_thread_ends_everybody_who_waits_is_told_and_later_writes_fail(
    writer: Writer, fatal: Callable[[sqlite3.Connection], None], batched: bool
) -> None:
    """Those in the same batch, those behind it, and those who ask afterwards."""
    busy = Busy(writer)
    await asyncio.sleep(0)
    asks = [
        asyncio.ensure_future(ask)
        for ask in (
            writer.share(insert, 1),
            writer.submit(fatal) if batched else writer.maintain(fatal),
            writer.share(insert, 2),
            writer.maintain(lambda connection: connection.execute("VACUUM")),
            writer.share(insert, 3),
        )
    ]
    await busy.release()
    async with asyncio.timeout(10):
        await asyncio.gather(busy.held, return_exceptions=True)
        results = await asyncio.gather(*asks, return_exceptions=True)
        assert [type(result) for result in results[2:]] == [StoreFault] * 3
        with pytest.raises(StoreFault, match="can no longer write"):
            await writer.share(insert, 4)
    writer.close()


async def test_a_file_that_the_thread_cannot_open_is_told(tmp_path: Path) -> None:
    """The first write says so; it does not wait for a thread that never began."""
    writer = Writer(tmp_path / "nowhere" / "x.db")
    async with asyncio.timeout(10):
        with pytest.raises(StoreFault, match="can no longer write"):
            await writer.share(insert, 1)
    writer.close()


async def test_what_was_asked_for_before_the_close_is_durable_and_what_comes_after_is_refused(
    writer: Writer, tmp_path: Path
) -> None:
    """The end of the bot loses nothing that it has taken, and keeps nobody waiting."""
    asks = [asyncio.ensure_future(writer.share(insert, number)) for number in (1, 2)]
    await asyncio.sleep(0)
    await asyncio.to_thread(writer.close)
    assert [number for number, _together in await asyncio.gather(*asks)] == [1, 2]
    async with asyncio.timeout(10):
        with pytest.raises(StoreFault, match="stopping"):
            await writer.share(insert, 3)
    with connect(tmp_path / "x.db") as connection:
        assert connection.execute("SELECT n FROM number").fetchall() == [(1,), (2,)]


async def test_a_fault_of_the_writer_is_told_in_the_readers_language(writer: Writer) -> None:
    """The sentence is made where the reader's language is known, not in the thread."""
    other = sqlite3.connect(writer._path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with speaking(catalogue("de")), pytest.raises(StoreFault, match="Datenbank"):
        await writer.share(insert, 1)
    other.execute("ROLLBACK")
    other.close()
