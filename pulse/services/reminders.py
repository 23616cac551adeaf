"""Reminders: a direct message to those who have not answered the open wave.

The list is made in memory, with the wave's key, and stored nowhere. The reminder is marked as sent before
its first message goes out: a crash in the middle reminds nobody twice, and those further down the list get
none that time. The next reminder finds them again.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import structlog

from pulse.core.calendar import may_post
from pulse.core.cards import ReminderCard
from pulse.core.errors import TOKEN_REFUSALS, PulseError, SlackFault
from pulse.core.model import Side
from pulse.core.plan import QUIET_BEFORE_CLOSE
from pulse.core.records import OpenWave
from pulse.services.managers import Managers
from pulse.services.ports import Clock, Roster, SendReminder
from pulse.services.waves import Waves
from pulse.storage.port import Store

NO_REMINDERS = "no reminders"

PACE_S = 1.25
"""Slack allows about 50 conversations.open a minute: 5,000 people are reminded in less than two hours."""

_log = structlog.get_logger(__name__)


class Reminders:
    """Sends what is due, one person after the other, and keeps who wants none under a keyed hash."""

    def __init__(
        self,
        *,
        store: Store,
        roster: Roster,
        waves: Waves,
        managers: Managers,
        send: SendReminder,
        clock: Clock,
        pace_s: float = PACE_S,
    ) -> None:
        self._store, self._roster, self._waves, self._managers = store, roster, waves, managers
        self._deliver, self._clock, self._pace_s = send, clock, pace_s
        self._turn = asyncio.Lock()

    async def send_due(self) -> None:
        """Sends the reminder that is due, if any. Calling it twice, even at the same time, sends it once."""
        async with self._turn:
            try:
                await self._send_due()
            except PulseError as error:
                # Slack or the database is away: the next tick tries what is still due.
                _log.warning("reminders put off", problem=str(error))

    async def _send_due(self) -> None:
        due = await self._waves.reminder_due()
        if due is None:
            return
        wave, number = due
        # Before the mark: if Slack is down, the reminder stays due.
        await self._roster.ensure(wave.channels, wave.both_sides)
        if await self._store.mark_reminded(wave.id, number, self._clock()):
            sent = await self._send(wave)
            _log.info("reminded", wave=wave.id, number=number, messages=sent)

    async def _send(self, wave: OpenWave) -> int:
        sent = 0
        for user in await self._missing(wave):
            if not await self._may_go_on(wave):
                break
            if await self._has_answered(wave, user):
                continue
            try:
                await self._deliver(user, partial(self._card, wave, user))
                sent += 1
            except SlackFault as fault:
                _log.info("reminder not sent", code=fault.code)
                if fault.code in TOKEN_REFUSALS:
                    break
            await asyncio.sleep(self._pace_s)
        return sent

    async def _missing(self, wave: OpenWave) -> list[str]:
        """Everybody of the roster who has not answered and wants reminders. Stays in memory."""
        unwilling = await self._store.wishes(NO_REMINDERS)
        everyone = frozenset[str]().union(*(self._roster.everyone(side) for side in Side))
        willing = [user for user in sorted(everyone) if self._managers.pseudonym(user) not in unwilling]
        return sorted(await self._store.unanswered(wave.id, willing))

    async def _has_answered(self, wave: OpenWave, user: str) -> bool:
        """Whether somebody has answered since the list was made: sending a long one takes an hour or two."""
        ballot = await self._store.ballot_of(wave.id, user)
        return ballot is None or bool(ballot.answers)

    async def _may_go_on(self, wave: OpenWave) -> bool:
        """Not into the evening, the last hour or a pause, and not after an early close."""
        if await self._waves.paused():
            return False
        now, current = self._clock(), self._waves.current
        working_hours = replace(self._waves.schedule(), any_hour=False)
        return (
            current is not None
            and current.id == wave.id
            and now < wave.closes_at - QUIET_BEFORE_CLOSE
            and may_post(working_hours, now)
        )

    def _card(self, wave: OpenWave, user: str, *, wanted: bool = True) -> ReminderCard:
        sides = self._roster.sides(user)
        return ReminderCard(
            wave_id=wave.token,
            side=sides[0] if len(sides) == 1 else None,
            items=self._waves.items_of(wave),
            closes_at=wave.closes_at,
            channels=tuple(wave.channels),
            wanted=wanted,
        )

    async def wish(self, user: str, *, wanted: bool) -> ReminderCard | None:
        """Keeps whether somebody wants reminders.

        Returns the reminder as it should read now; None if its wave is closed.
        """
        person = self._managers.pseudonym(user)
        await self._store.set_wish(person, NO_REMINDERS, not wanted, self._clock(), "")
        wave = self._waves.current
        if wave is None or not self._roster.sides(user):
            return None
        return self._card(wave, user, wanted=wanted)
