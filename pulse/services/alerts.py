"""Alerts, which managers get without having asked: each at most once a day.

What was sent is kept in memory: after a restart it may be sent once more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from pulse.core.alert import (
    UNKNOWN_OUTCOME,
    Alert,
    ChannelAlert,
    InDoubt,
    KeyNotDestroyed,
    LostKey,
    MissedWave,
    MissedWaves,
    doubt_about,
)
from pulse.core.errors import TOKEN_REFUSALS
from pulse.core.records import MessageState, OutboxMessage, Traces
from pulse.services.ports import Clock, SendAlert
from pulse.services.waves import Waves
from pulse.storage.port import Store

REPEAT_AFTER = timedelta(hours=24)

LASTING = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "missing_scope",
        "not_in_channel",
        "restricted_action",
    }
)
"""Refusals that only a person can put right: managers are told at the first one."""

PATIENCE = 3
"""Attempts before any other refusal is reported: it often passes by itself."""

RECENT = timedelta(days=1)

_log = structlog.get_logger(__name__)


class Alerts:
    """Decides which alerts managers get and when; `send` sends them."""

    def __init__(self, *, store: Store, waves: Waves, send: SendAlert, clock: Clock) -> None:
        self._store, self._waves, self._send, self._clock = store, waves, send, clock
        self._told: dict[str, datetime] = {}

    async def report(self, alert: Alert) -> None:
        """Sends an alert to the managers, unless they got the same one within a day. Raises nothing.

        If Slack refuses, the next report of the same alert tries again.
        """
        now = self._clock()
        self._told = {key: at for key, at in self._told.items() if now - at < REPEAT_AFTER}
        if alert.key in self._told:
            return
        self._told[alert.key] = now
        if not await self._send(alert):
            self._told.pop(alert.key, None)
            _log.warning("no manager could be told", about=alert.key)

    def resolve(self, alert: Alert) -> None:
        """Forgets an alert whose cause is gone: if the cause comes back, the alert is sent again."""
        self._told.pop(alert.key, None)

    async def undelivered(self) -> tuple[ChannelAlert, ...]:
        """Channels whose messages a person must help to deliver."""
        return tuple(
            ChannelAlert(channel=message.channel, code=message.problem)
            for message in await self._store.failing_messages()
            if _needs_a_person(message)
        )

    async def doubts(self) -> tuple[InDoubt, ...]:
        """The messages, of any wave, of which only a person can tell whether they were posted."""
        found = [doubt_about(message) for message in await self._store.undelivered()]
        return tuple(doubt for doubt in found if doubt is not None)

    async def keys(self) -> tuple[Alert, ...]:
        """What is wrong with the keys of waves."""
        found: list[Alert] = [LostKey()] if await self._store.key_problem() else []
        return (*found, KeyNotDestroyed()) if self._store.traces is Traces.KEY else tuple(found)

    async def missed_waves(self) -> MissedWave | MissedWaves | None:
        """The waves found within the last day to be too late to open: one alert, however many they are."""
        missed = await self._store.missed_waves(self._clock() - RECENT)
        if not missed:
            return None
        opens_at = await self._waves.next_opening()
        if len(missed) == 1:
            return MissedWave(due_at=missed[0], opens_at=opens_at)
        # After a long absence only the latest are written down, so the alert says since when none opened.
        decided = await self._store.last_decided(missed[0] - timedelta(seconds=1))
        return MissedWaves(decided=decided, last=missed[-1], opens_at=opens_at)


def _needs_a_person(message: OutboxMessage) -> bool:
    if message.problem in TOKEN_REFUSALS:
        # Slack now takes no message to anybody; the bot ends, and says why.
        return False
    if message.problem == UNKNOWN_OUTCOME and message.state != MessageState.FAILED:
        # Managers are asked about it separately: `doubts`.
        return False
    return message.state == MessageState.FAILED or message.problem in LASTING or message.attempts >= PATIENCE
