"""The next waves of the schedule, as a store or a copy of one has it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from pulse.core.calendar import Moments, local_date, next_moments
from pulse.core.schedule import Schedule
from pulse.storage.port import SetupReader, WaveReader


class PlanReader(SetupReader, WaveReader, Protocol):
    """The parts of the store that `upcoming` reads."""


async def is_paused(store: SetupReader) -> bool:
    """Whether a pause is in force."""
    return any(pause.until is None for pause in await store.pauses())


async def upcoming(store: PlanReader, now: datetime, count: int = 1) -> list[Moments]:
    """The next waves of the schedule that are not skipped; none while paused or before the set-up.

    Raises ScheduleFault for a stored schedule that cannot be read.
    """
    setup = await store.setup()
    if setup is None or await is_paused(store):
        return []
    schedule = Schedule.from_record(setup.schedule)
    known = await store.known_waves(local_date(schedule, now) - timedelta(days=1))
    ahead = next_moments(schedule, now, count + len(known))
    return [moments for moments in ahead if moments.local_date not in known][:count]
