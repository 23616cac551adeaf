"""Work after the ack: private cards, counters, pictures. It must never delay an ack."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

from pulse.core.errors import PulseError

FOREVER = "forever"

_log = structlog.get_logger(__name__)


class BackgroundTasks:
    """Runs coroutines in the background, keeps references to them, and logs what goes wrong in them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Starts `work`."""
        self._start(work, "background")

    def forever(self, work: Coroutine[Any, Any, object]) -> None:
        """Starts work that ends with the bot."""
        self._start(work, FOREVER)

    def _start(self, work: Coroutine[Any, Any, object], name: str) -> None:
        task = asyncio.create_task(self._run(work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except PulseError as error:
            # Foreseen: Slack, or the database, refused; whoever can do something about it is told elsewhere.
            _log.warning("background work refused", kind=type(error).__name__, problem=str(error))
        except Exception:  # noqa: BLE001 - no caller is waiting: log it
            _log.exception("background work failed")

    def is_busy(self) -> bool:
        """Whether anything is under way besides what runs for ever."""
        return any(task.get_name() != FOREVER for task in self._tasks)

    async def idle(self) -> None:
        """Waits until only what runs for ever is under way."""
        while waiting := {task for task in self._tasks if task.get_name() != FOREVER}:
            await asyncio.wait(waiting)

    async def finish(self, seconds: float) -> None:
        """Waits up to `seconds` for what is under way; ends the rest."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.idle(), seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
