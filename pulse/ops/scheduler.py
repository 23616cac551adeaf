"""Runs the tick at the next moment of the schedule, and once a minute as a safety net.

The database is the schedule's truth; the job here holds nothing. A job that comes late runs once
(misfire_grace_time None, coalesce): APScheduler's default would drop it after a second.

The net is not a job of APScheduler's, whose intervals follow the wall clock: with the clock set back an hour,
it would not tick for an hour; with the clock set forward by years, it would list each minute in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from pulse.core.errors import PulseError

NET = timedelta(minutes=1)

_log = structlog.get_logger(__name__)


class Scheduler:
    """Calls `tick` when something is due. `next_wake` says when that is, in the time of `clock`."""

    def __init__(
        self,
        tick: Callable[[], Awaitable[None]],
        next_wake: Callable[[], Awaitable[datetime | None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._tick, self._next_wake, self._clock = tick, next_wake, clock
        self._netting: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._jobs = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    async def start(self) -> None:
        self._jobs.start()
        self._netting = asyncio.create_task(self._tick_on(), name="net")
        await self.plan()

    def stop(self) -> None:
        if self._netting is not None:
            self._netting.cancel()
        self._jobs.shutdown(wait=False)

    async def _tick_on(self) -> None:
        """Ticks each minute of the machine's running time, whatever its clock says."""
        while True:
            await asyncio.sleep(NET.total_seconds())
            await self.wake()

    async def wake(self) -> None:
        """Ticks now, and plans the next moment. What goes wrong is logged; the next tick tries again."""
        try:
            try:
                await self._tick()
            finally:
                await self.plan()
        except PulseError as error:
            _log.error("tick failed", problem=str(error))
        except Exception:  # noqa: BLE001 - no caller is waiting: log it
            _log.exception("tick failed")

    async def plan(self) -> None:
        """Sets the job of the next moment; to be called when the schedule may have changed."""
        async with self._turn:
            moment = await self._next_wake()
            if moment is not None:
                self._set(moment)

    def _set(self, moment: datetime) -> None:
        # The clock may be a rehearsal's, which runs ahead of the machine's.
        ahead = max(moment - self._clock(), timedelta())
        if ahead < NET:
            at = datetime.now(UTC) + ahead
            self._jobs.add_job(self.wake, "date", run_date=at, id="moment", replace_existing=True)
