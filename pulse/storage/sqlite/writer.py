"""The one thread that writes to the database.

It takes whatever has queued up, commits it as one transaction with synchronous=FULL, and only then tells
those who wait: an answer is acked after it is durable, and a storm of answers shares its commits.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from pulse.core.errors import StoreFault
from pulse.core.language import _

T = TypeVar("T")
A = TypeVar("A")
Job = Callable[[sqlite3.Connection], T]
SharedJob = Callable[[sqlite3.Connection, Sequence[A]], Sequence[T]]
"""Does what several ask for at once; gives each its result, in their order."""

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
        """Runs a job in the next transaction; one that raises is undone alone."""
        return await self._enqueue(lambda connection, _asks: [job(connection)], None, batched=True)

    async def share(self, job: SharedJob[A, T], ask: A) -> T:
        """As `submit`, but asks that wait for the same job side by side are done by one call of it.

        Where that call raises, each is done by a call of its own, so that one cannot spoil the others.
        """
        return await self._enqueue(job, ask, batched=True)

    async def maintain(self, job: Job[T]) -> T:
        """Runs a job outside of any transaction (VACUUM, checkpoint)."""
        return await self._enqueue(lambda connection, _asks: [job(connection)], None, batched=False)

    async def _enqueue(self, job: SharedJob[A, T], ask: A, batched: bool) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Task(job, ask, future, loop, batched))
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
                    batch[0].settle(_attempt(connection, batch[0]))
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
            results = [result for tasks in _sharing(batch) for result in _savepoint(connection, tasks)]
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
    job: SharedJob[Any, Any]
    ask: Any
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


def _sharing(batch: list[_Task]) -> Iterator[list[_Task]]:
    """The tasks in their order, those that stand side by side and share a job together."""
    for _job, tasks in groupby(batch, key=lambda task: task.job):
        yield list(tasks)


def _savepoint(connection: sqlite3.Connection, tasks: list[_Task]) -> list[_Result]:
    """Runs the job of some tasks of a batch so that its failure undoes only itself."""
    connection.execute("SAVEPOINT job")
    try:
        values = tasks[0].job(connection, [task.ask for task in tasks])
    except sqlite3.OperationalError:
        # The disk or the file, not the job: the whole batch is in doubt.
        raise
    except Exception as error:  # noqa: BLE001 - handed to the one who waits for it
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        if len(tasks) > 1:
            return [result for task in tasks for result in _savepoint(connection, [task])]
        return [_Result(None, error)]
    connection.execute("RELEASE job")
    return [_Result(value, None) for value in values]


def _attempt(connection: sqlite3.Connection, task: _Task) -> _Result:
    try:
        (value,) = task.job(connection, [task.ask])
    except sqlite3.Error as error:
        return _Result(None, _fault(error))
    return _Result(value, None)


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
