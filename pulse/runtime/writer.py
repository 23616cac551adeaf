"""The one thread that writes to the database.

It takes whatever has queued up, commits it as one transaction with synchronous=FULL, and only then tells
those who wait: an answer is acked after it is durable, and a storm of answers shares its commits.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pulse.core.errors import StoreFault
from pulse.core.language import _

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

BUSY_MS = 1000
"""How long a write waits for another process: a tap may wait for two batches, and its ack is due in 3 s."""


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


class Writer:
    """The thread that writes. A batch is whatever has queued up when the last one was durable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: _Task | None = None
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pulse-writer", daemon=True)
        self._thread.start()

    async def submit(self, job: Job[T]) -> T:
        return await self._enqueue(job, batched=True)

    async def maintain(self, job: Job[T]) -> T:
        """Runs a job outside of any transaction (VACUUM, checkpoint)."""
        return await self._enqueue(job, batched=False)

    async def _enqueue(self, job: Job[T], batched: bool) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Task(job, future, loop, batched))
        return await future

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        connection = connect(self._path)
        try:
            while (batch := self._take()) is not None:
                if batch[0].batched:
                    self._commit(connection, batch)
                else:
                    batch[0].settle(_attempt(connection, batch[0].job))
        finally:
            connection.close()

    def _take(self) -> list[_Task] | None:
        """Waits for one task, then takes what else is there; a task outside of transactions comes alone."""
        task = self._held or self._queue.get()
        self._held = None
        if task is None:
            return None
        batch = [task]
        while task.batched and not self._queue.empty():
            following = self._queue.get()
            if following is None or not following.batched:
                self._held = following
                if following is None:
                    self._queue.put(None)
                break
            batch.append(following)
        return batch

    def _commit(self, connection: sqlite3.Connection, batch: list[_Task]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = [_savepoint(connection, task.job) for task in batch]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            results = [_Result(None, _fault(error))] * len(batch)
        _tell(batch[0].loop, list(zip(batch, results, strict=True)))


@dataclass(frozen=True, slots=True)
class _Result:
    value: Any
    error: Exception | None


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    job: Job[Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    batched: bool

    def settle(self, result: _Result) -> None:
        _tell(self.loop, [(self, result)])


def _tell(loop: asyncio.AbstractEventLoop, settled: list[tuple[_Task, _Result]]) -> None:
    """Hands a whole batch over in one wake-up of the loop."""

    def deliver() -> None:
        for task, result in settled:
            if task.future.done():
                continue
            if result.error is not None:
                task.future.set_exception(result.error)
            else:
                task.future.set_result(result.value)

    if not loop.is_closed():
        loop.call_soon_threadsafe(deliver)


def _savepoint(connection: sqlite3.Connection, job: Job[Any]) -> _Result:
    """Runs one job of a batch so that its failure undoes only itself."""
    connection.execute("SAVEPOINT job")
    try:
        value = job(connection)
    except sqlite3.OperationalError:
        # The disk or the file, not the job: the whole batch is in doubt.
        raise
    except Exception as error:  # noqa: BLE001 - handed to the one who waits for it
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return _Result(None, error)
    connection.execute("RELEASE job")
    return _Result(value, None)


def _attempt(connection: sqlite3.Connection, job: Job[Any]) -> _Result:
    try:
        return _Result(job(connection), None)
    except sqlite3.Error as error:
        return _Result(None, _fault(error))


def _fault(error: sqlite3.Error) -> StoreFault:
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
