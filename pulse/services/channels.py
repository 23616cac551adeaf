"""The channels of the set-up: whether the bot can work in each, and what happens when one changes."""

from __future__ import annotations

import time

from pulse.core.alert import ChannelAlert
from pulse.core.audit import AuditCode, AuditEvent
from pulse.core.errors import SlackFault
from pulse.services.alerts import Alerts
from pulse.services.ports import ChannelLookup, Clock, Roster
from pulse.services.waves import Waves
from pulse.storage.port import Store

BELIEVED_S = 60.0
"""How long a look at a channel is believed: conversations.info allows about 50 a minute."""

NOT_IN, NOT_FOUND, ARCHIVED = "not_in_channel", "channel_not_found", "is_archived"
UNKNOWN = "unreachable"


class Channels:
    """Looks at channels for the managers' Home tab, and reports those in which the bot cannot work."""

    def __init__(
        self,
        *,
        store: Store,
        waves: Waves,
        roster: Roster,
        lookup: ChannelLookup,
        alerts: Alerts,
        clock: Clock,
    ) -> None:
        self._store, self._waves, self._roster = store, waves, roster
        self._lookup, self._alerts, self._clock = lookup, alerts, clock
        self._looked: dict[str, tuple[float, str]] = {}

    def used(self) -> frozenset[str]:
        """The channels of the set-up and of the open wave, as ids."""
        setup, wave = self._store.setup(), self._waves.current
        used = set(wave.channels) if wave else set()
        if setup is not None:
            used |= {channel for side in setup.channels.values() for channel in side} | set(setup.results)
        return frozenset(used)

    async def problem(self, channel: str) -> str:
        """Slack's code for what keeps the bot from working in a channel, "" if nothing does.

        A channel that looks well has the problem, if any, that kept the last message out of it.
        """
        waiting = (
            message.problem for message in self._store.failing_messages() if message.channel == channel
        )
        return await self._state(channel) or next(waiting, "")

    async def report_lost(self, channel: str, code: str) -> None:
        """The bot cannot work in a channel any more, for Slack's reason `code`: managers are told."""
        self._looked.pop(channel, None)
        if channel in self.used():
            await self._alerts.report(ChannelAlert(channel=channel, code=code))

    async def recover(self, channel: str) -> bool:
        """A channel can be used again: what waited for it is due now. False if it is not one of ours."""
        self._looked.pop(channel, None)
        for code in (NOT_IN, NOT_FOUND, ARCHIVED):
            self._alerts.resolved(ChannelAlert(channel=channel, code=code))
        if channel not in self.used():
            return False
        await self._store.retry_now(channel, self._clock())
        return True

    async def follow_move(self, old: str, new: str) -> None:
        """Slack gave a channel another id: everything that is kept of it follows."""
        if old in self.used():
            event = AuditEvent(code=AuditCode.CHANNEL_MOVED)
            await self._store.move_channel(old, new, self._clock(), event.as_json())
            self._roster.move(old, new)
            self._waves.reload()

    def forget(self, channel: str) -> None:
        """Looks at a channel afresh the next time it is asked for."""
        self._looked.pop(channel, None)

    async def report_problems(self) -> None:
        """Tells managers what is wrong now. Raises nothing: what could not be told is told later."""
        for alert in self._alerts.undelivered():
            await self.report_lost(alert.channel, alert.code)
        for channel, code in self._roster.take_refused().items():
            await self.report_lost(channel, code)
        for missed in self._alerts.missed_waves():
            await self._alerts.report(missed)

    async def _state(self, channel: str) -> str:
        looked = self._looked.get(channel)
        if looked is not None and time.monotonic() - looked[0] < BELIEVED_S:
            return looked[1]
        try:
            found = await self._lookup.channel(channel)
        except SlackFault as fault:
            if not fault.certain:
                return UNKNOWN
            code = fault.code
        else:
            code = ARCHIVED if found.archived else "" if found.member else NOT_IN
        self._looked[channel] = (time.monotonic(), code)
        return code
