"""The report for leaders: which quarter is meant, and when a new one is announced in the channels.

Each quarter's report is announced once: on the first day after the quarter on which the schedule may post, in
the results channels, or in both sides' channels if there are none. Whether it was announced is known
from the outbox alone.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from pulse.core.calendar import instant, next_posting
from pulse.core.closed_waves import closing_day
from pulse.core.errors import NotNow
from pulse.core.language import _
from pulse.core.model import ClosedWave
from pulse.core.quarterly import QuarterReport, quarters
from pulse.core.quarters import Quarter, typed_quarter
from pulse.core.records import MessageKind, NewMessage, Setup
from pulse.services.ports import Clock
from pulse.services.results import Results
from pulse.services.waves import Waves
from pulse.storage.port import Store

ANNOUNCED_AT = time(9)
LATEST = timedelta(weeks=4)
"""After this long a quarter's report is not announced any more; /pulse report has it."""


class LeaderReports:
    """Use cases around the report of a quarter."""

    def __init__(self, *, store: Store, waves: Waves, results: Results, clock: Clock) -> None:
        self._store, self._waves, self._results, self._clock = store, waves, results, clock

    async def queue_due(self) -> None:
        """Puts the announcement of the last quarter into the outbox when it is due.

        Does so once, however often it is called, and only if the quarter's last results were posted.
        """
        setup = self._waves.saved_setup
        if setup is None:
            return
        now = self._clock()
        quarter = Quarter.of(now.astimezone(self._waves.zone()).date()).before()
        due = self._announced_at(quarter)
        if not due <= now <= due + LATEST:
            return
        waves = quarters(await self._results.closed(), self._waves.zone()).get(quarter, ())
        if waves and await self._store.posted(MessageKind.RESULTS, waves[-1].id):
            messages = [
                NewMessage(kind=MessageKind.REPORT, channel=channel, at=now) for channel in _channels(setup)
            ]
            await self._store.queue_once(messages, waves[-1].id, waves[0].id)

    def _announced_at(self, quarter: Quarter) -> datetime:
        first = instant(quarter.after().first, ANNOUNCED_AT, self._waves.zone())
        return next_posting(self._waves.schedule(), first)

    async def of_wave(self, wave_id: int | None) -> QuarterReport | None:
        """The report of the quarter in which a wave closed; None if there is no such closed wave."""
        wave = await self._results.closed_wave(wave_id)
        return None if wave is None else await self._results.quarter(self._quarter(wave))

    async def asked(self, typed: str) -> QuarterReport:
        """The report of the quarter that somebody typed, or of the newest with results.

        Raises BadRequest for what is not a quarter, and NotNow if no wave closed in it.
        """
        closed = await self._results.closed()
        if not closed:
            raise NotNow(_("There is nothing to report yet: no pulse has closed."))
        today = self._clock().astimezone(self._waves.zone()).date()
        quarter = typed_quarter(typed, today) if typed else self._quarter(closed[-1])
        found = await self._results.quarter(quarter)
        if found is None:
            raise NotNow(
                _("No pulse closed in {quarter}, so there is nothing to report.").format(
                    quarter=quarter.words
                )
            )
        return found

    def _quarter(self, wave: ClosedWave) -> Quarter:
        return Quarter.of(closing_day(wave, self._waves.zone()))


def _channels(setup: Setup) -> list[str]:
    """The results channels; if there are none, the channels of both sides."""
    sides = (channel for channels in setup.channels.values() for channel in channels)
    return list(dict.fromkeys(setup.results or sides))
