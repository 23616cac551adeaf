"""What managers are told without having asked: each thing once a day at most.

What was told is kept in memory: a restart may tell it once more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from pulse.core.alert import Alert, ChannelAlert, MissedWave
from pulse.core.errors import TOKEN_REFUSALS
from pulse.core.records import OutboxMessage
from pulse.services.ports import Clock, SendAlert
from pulse.services.waves import Waves
from pulse.storage.port import Store

REPEAT_AFTER = timedelta(hours=24)

LASTING = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "missing_scope"}
)
"""Refusals that only a person can put right: managers are told at the first one."""

PATIENCE = 3
"""Attempts before any other refusal is told: it often passes by itself."""

RECENT = timedelta(days=1)

_log = structlog.get_logger(__name__)


class Alerts:
    """Decides what managers are told and when; `send` does the telling."""

    def __init__(self, *, store: Store, waves: Waves, send: SendAlert, clock: Clock) -> None:
        self._store, self._waves, self._send, self._clock = store, waves, send, clock
        self._told: dict[str, datetime] = {}

    async def report(self, alert: Alert) -> None:
        """Tells the managers, unless they were told within a day. Raises nothing.

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

    def resolved(self, alert: Alert) -> None:
        """Forgets an alert whose cause is gone: if it comes back, it is told again."""
        self._told.pop(alert.key, None)

    def undelivered(self) -> tuple[ChannelAlert, ...]:
        """Channels whose messages a person must help to deliver."""
        return tuple(
            ChannelAlert(channel=message.channel, code=message.problem)
            for message in self._store.failing_messages()
            if _needs_a_person(message)
        )

    def missed_waves(self) -> tuple[MissedWave, ...]:
        """Waves of the last day that could not be opened in time."""
        opens_at = self._waves.next_opening()
        return tuple(
            MissedWave(due_at=due_at, opens_at=opens_at)
            for due_at in self._store.missed_waves(self._clock() - RECENT)
        )


def _needs_a_person(message: OutboxMessage) -> bool:
    if message.problem in TOKEN_REFUSALS:
        # Slack carries no message to anybody now, and the bot ends with a sentence of its own.
        return False
    return message.state == "failed" or message.problem in LASTING or message.attempts >= PATIENCE
