"""The one thread that writes: what waits together is written together, and fails alone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pulse.core.errors import StoreFault
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
        self._held = asyncio.ensure_future(writer.submit(lambda _connection: self._free.wait()))

    async def over(self) -> None:
        """Lets the asks of other tasks reach the queue, then lets the writer go on."""
        await asyncio.sleep(0)
        self._free.set()
        await self._held


def insert(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Inserts the numbers; tells each how many it came with. A number twice breaks the table's key."""
    for number in numbers:
        connection.execute("INSERT INTO number VALUES (?)", (number,))
    return [(number, len(numbers)) for number in numbers]


async def test_asks_that_wait_side_by_side_are_done_by_one_call(writer: Writer) -> None:
    """Each gets the result that is its own."""
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
    """What is asked for first is done first: sharing does not pass a job by."""
    busy = Busy(writer)
    seen = "SELECT count(*) FROM number"
    first = asyncio.ensure_future(writer.share(insert, 1))
    between = asyncio.ensure_future(writer.submit(lambda connection: connection.execute(seen).fetchone()))
    last = asyncio.ensure_future(writer.share(insert, 2))
    await busy.over()
    assert (await first, await between, await last) == ((1, 1), (1,), (2, 1))
