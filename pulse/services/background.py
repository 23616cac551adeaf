"""What is done after an ack: confirmations, counters, pictures. Nothing here may hold an ack up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

MOST_SHEDDABLE = 100
"""Tasks under way above which confirmations are dropped: 500 taps a second while Slack takes 0.2 s each."""

FOREVER = "forever"

_log = structlog.get_logger(__name__)


class BackgroundTasks:
    """Runs coroutines in the background, keeps hold of them, and logs what goes wrong in them."""

    def __init__(self, overloaded: Callable[[], bool]) -> None:
        """`overloaded()`: whether too many payloads wait for their ack to do anything else now."""
        self._overloaded = overloaded
        self._tasks: set[asyncio.Task[None]] = set()
        self.shed = 0

    def later(self, work: Coroutine[Any, Any, object], *, sheddable: bool = False) -> None:
        """Starts `work`. Sheddable work is dropped and counted under overload."""
        if sheddable and (self._overloaded() or len(self._tasks) >= MOST_SHEDDABLE):
            work.close()
            self.shed += 1
            return
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
        except Exception:  # noqa: BLE001 - no caller is waiting: log it
            _log.exception("background work failed")

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
