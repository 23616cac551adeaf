"""The one thread that writes to the database.

It commits whatever has queued up as one transaction with synchronous=FULL, and only then returns to its
callers: an answer is acked after it is durable, and a storm of answers shares its commits. Whatever goes
wrong in the thread is raised to those who wait for it, and once the thread has ended, every write fails at
once.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import structlog

from pulse.core.errors import StoreFault
from pulse.core.language import _
from pulse.storage.sqlite.connection import connect, write_fault

T = TypeVar("T")
A = TypeVar("A")
Job = Callable[[sqlite3.Connection], T]
SharedJob = Callable[[sqlite3.Connection, Sequence[A]], Sequence[T]]
"""Makes several changes at once; returns the result of each, in their order."""

_log = structlog.get_logger(__name__)


class Writer:
    """The thread that writes. A batch is whatever has queued up while the last one was written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _identity(path)
        self._told = False
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._following: list[_Task | None] = []
        """What was taken from the queue and belongs to the next batch."""
        self._batch: list[_Task] = []
        self._gate = threading.Lock()
        self._ended: _Ended | None = None
        """Why nothing is written any more. Once it is set, under `_gate`, nothing is queued."""
        self._thread = threading.Thread(target=self._run, name="pulse-writer", daemon=True)
        self._thread.start()

    async def submit(self, job: Job[T]) -> T:
        """Runs a job in the next transaction; one that raises is rolled back alone.

        Raises what the job raises, and StoreFault for an error of SQLite or the writer.
        """
        return await self._enqueue(lambda connection, _asks: [job(connection)], None, batched=True)

    async def share(self, job: SharedJob[A, T], ask: A) -> T:
        """Like `submit`, but requests next to each other in the queue for the same job share one call of it.

        If that call raises, each is handled by a call of its own, so that one cannot spoil the others.
        """
        return await self._enqueue(job, ask, batched=True)

    async def maintain(self, job: Job[T]) -> T:
        """Runs a job outside of any transaction (VACUUM, checkpoint)."""
        return await self._enqueue(lambda connection, _asks: [job(connection)], None, batched=False)

    async def _enqueue(self, job: SharedJob[A, T], ask: A, batched: bool) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        try:
            with self._gate:
                if self._ended is not None:
                    raise _Ended(self._ended.cause)
                self._queue.put(_Task(job, ask, future, loop, batched))
            return await future
        # The sentences are made here and not in the thread, which does not know the reader's language.
        except sqlite3.Error as error:
            raise write_fault(error) from error
        except _Replaced as error:
            raise StoreFault(
                _(
                    "The database was replaced while the bot was running, so nothing was saved. Please tell"
                    " whoever runs the bot: it must be started anew."
                )
            ) from error
        except _Ended as ended:
            raise _ended_fault(ended.cause) from ended.cause

    def close(self) -> None:
        """Returns when everything that was queued is durable. Later writes raise StoreFault."""
        with self._gate:
            if self._ended is None:
                self._ended = _Ended(None)
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        """The thread's whole life."""
        try:
            with closing(connect(self._path)) as connection:
                self._file = self._file or _identity(self._path)
                while self._take():
                    if self._is_replaced():
                        _settle([(task, _Result(None, _Replaced())) for task in self._batch])
                    elif self._batch[0].batched:
                        self._commit(connection)
                    else:
                        _settle([(self._batch[0], _attempt(connection, self._batch[0]))])
                    self._batch = []
        except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self._fail(error)

    def _is_replaced(self) -> bool:
        """Whether the path now leads to another file than the open one, or to none.

        A write to the open one would then be lost when the process ends: nobody must read "Recorded".
        """
        if _identity(self._path) == self._file:
            return False
        if not self._told:
            _log.error("the database file was replaced or removed: restart the bot", path=str(self._path))
            self._told = True
        return True

    def _fail(self, error: BaseException) -> None:
        """Fails every write that waits and every later one: this thread ends."""
        _log.error("the database writer has ended", exc_info=error)
        with self._gate:
            self._ended = ended = _Ended(error)
        waiting = [*self._batch, *self._following]
        while not self._queue.empty():
            waiting.append(self._queue.get())
        _settle([(task, _Result(None, ended)) for task in waiting if task is not None])

    def _take(self) -> bool:
        """Waits for a task, and takes those that can share its transaction; false at the end."""
        first = self._following.pop() if self._following else self._queue.get()
        if first is None:
            return False
        self._batch = [first]
        while first.batched and not self._queue.empty():
            following = self._queue.get()
            if following is None or not following.batched:
                self._following.append(following)
                break
            self._batch.append(following)
        return True

    def _commit(self, connection: sqlite3.Connection) -> None:
        """Runs the batch in one transaction. Raises sqlite3.Error if it cannot be rolled back."""
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = [result for tasks in _sharing(self._batch) for result in _savepoint(connection, tasks)]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            results = [_Result(None, error)] * len(self._batch)
        _settle(list(zip(self._batch, results, strict=True)))


class _Replaced(Exception):
    """The open file is no longer the one at its path."""


class _Ended(Exception):
    """The thread has ended: at its close, or because of `cause`."""

    def __init__(self, cause: BaseException | None) -> None:
        super().__init__(cause)
        self.cause = cause


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


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at a path; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def _settle(settled: list[tuple[_Task, _Result]]) -> None:
    """Hands over the results of a batch, waking the loop once."""
    if not settled:
        return

    def deliver() -> None:
        for task, result in settled:
            if task.future.done():
                continue
            if result.error is not None:
                task.future.set_exception(result.error)
            else:
                task.future.set_result(result.value)

    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        settled[0][0].loop.call_soon_threadsafe(deliver)


def _sharing(batch: list[_Task]) -> Iterator[list[_Task]]:
    """The tasks in their order; neighbours that share a job come together."""
    for _job, tasks in groupby(batch, key=lambda task: task.job):
        yield list(tasks)


def _savepoint(connection: sqlite3.Connection, tasks: list[_Task]) -> list[_Result]:
    """Runs the one job of these tasks; if it fails, only its own changes are undone."""
    connection.execute("SAVEPOINT job")
    try:
        values = tasks[0].job(connection, [task.ask for task in tasks])
        results = [_Result(value, None) for _task, value in zip(tasks, values, strict=True)]
    except sqlite3.OperationalError:
        # The disk or the file is at fault, not the job: the whole batch is in doubt.
        raise
    except Exception as error:  # noqa: BLE001 - raised again where it is awaited
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        if len(tasks) > 1:
            return [result for task in tasks for result in _savepoint(connection, [task])]
        return [_Result(None, error)]
    connection.execute("RELEASE job")
    return results


def _attempt(connection: sqlite3.Connection, task: _Task) -> _Result:
    try:
        (value,) = task.job(connection, [task.ask])
    except Exception as error:  # noqa: BLE001 - raised again where it is awaited
        return _Result(None, error)
    return _Result(value, None)


def _ended_fault(cause: BaseException | None) -> StoreFault:
    if cause is None:
        return StoreFault(_("The bot is stopping, so nothing was saved. Please try again in a minute."))
    return StoreFault(
        _(
            "The bot can no longer write to its database ({problem}), so nothing was saved."
            " Please tell whoever runs it: it has to be started again."
        ).format(problem=type(cause).__name__)
    )
