"""What each theme of the store is built on: a connection that reads, and the thread that writes."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from pulse.storage.sqlite.connection import read_fault
from pulse.storage.sqlite.tables import Database
from pulse.storage.sqlite.writer import Job, T, Writer

Row = dict[str, Any]


class Reader:
    """Reads committed rows on a connection of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._db = Database(connection, execute_plugins=False)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows, by column name. Raises StoreFault."""
        try:
            return list(self._db.query(sql, values))
        except sqlite3.Error as error:
            raise read_fault(error) from error

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row, if there is one. Raises StoreFault."""
        return next(iter(self.rows(sql, *values)), None)

    def tuples(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows as tuples: the quick way, for taps. Raises StoreFault."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise read_fault(error) from error

    def close(self) -> None:
        self._connection.close()


class ReadTheme:
    """A theme that is only read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader


class Theme(ReadTheme):
    """A theme that is read and written."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        super().__init__(reader)
        self._writer = writer

    async def write(self, job: Job[T]) -> T:
        """Runs a job in the next transaction and returns when it is durable.

        A job that raises is rolled back alone. Raises StoreFault if the transaction cannot be committed.
        """
        return await self._writer.submit(job)


def moment(text: str | None) -> datetime | None:
    """A stored time; None for an empty column."""
    return None if text is None else datetime.fromisoformat(text)
