"""A loop whose seconds cost nothing: when every task waits, its clock jumps to the next that is due."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

import pytest

from pulse.storage.sqlite.writer import Writer

LONGEST_S = 30.0
"""After this much real time without an event no task will ever be due, and the loop fails."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Waits for threads in real time: their work takes none of the loop's."""

    def __init__(self) -> None:
        self.at_work = 0
        self._seconds = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._seconds

    def go_on(self, seconds: float) -> None:
        self._seconds += seconds

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self.at_work += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: Any) -> None:
        self.at_work -= 1


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if timeout is None or self._loop.at_work:
            ready = super().select(LONGEST_S)
            assert ready, "a thread does not come back, or everybody waits for nothing"
            return ready
        ready = super().select(0)
        if not ready:
            self._loop.go_on(timeout)
        return ready


def count_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts whoever waits for the writer, too: its thread belongs to no executor."""
    enqueue = Writer._enqueue

    async def counted(self: Writer, *how: Any, **more: Any) -> Any:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.at_work += 1
        try:
            return await enqueue(self, *how, **more)
        finally:
            loop.at_work -= 1

    monkeypatch.setattr(Writer, "_enqueue", counted)
