"""The channels of the set-up: whether the bot can work in each, and what happens when one changes."""

from __future__ import annotations

from collections.abc import Callable

from pulse.core.alert import UNKNOWN_OUTCOME, ChannelAlert, PeopleLeftOut
from pulse.core.errors import SlackFault
from pulse.core.model import BothSides
from pulse.services.alerts import Alerts
from pulse.services.ports import ChannelLookup, Clock, Roster
from pulse.services.waves import Waves
from pulse.storage.port import Store

BELIEVED_S = 60.0
"""How long a look at a channel is trusted: conversations.info allows about 50 a minute."""

NOT_IN, NOT_FOUND, ARCHIVED = "not_in_channel", "channel_not_found", "is_archived"
UNKNOWN, SHARED = "unreachable", "shared"


class Channels:
    """Looks at channels for the managers' Home tab, and reports those in which the bot cannot work.

    `now` gives monotonic seconds.
    """

    def __init__(
        self,
        *,
        store: Store,
        waves: Waves,
        roster: Roster,
        lookup: ChannelLookup,
        alerts: Alerts,
        clock: Clock,
        now: Callable[[], float],
    ) -> None:
        self._store, self._waves, self._roster = store, waves, roster
        self._lookup, self._alerts, self._clock = lookup, alerts, clock
        self._now = now
        self._looked: dict[str, tuple[float, str]] = {}
        self._looked_in: int | None = None
        """The wave during which channels were last checked for being shared."""

    def used(self) -> frozenset[str]:
        """The channels of the set-up and of the open wave, as ids."""
        setup, wave = self._waves.saved_setup, self._waves.current
        used = set(wave.channels) if wave else set()
        if setup is not None:
            used |= {channel for side in setup.channels.values() for channel in side} | set(setup.results)
        return frozenset(used)

    async def problem(self, channel: str) -> str:
        """Slack's code for what keeps the bot from working in a channel, "" if nothing does.

        If Slack shows no problem, it is that of a message that failed there, or `UNKNOWN_OUTCOME` if nobody
        knows whether a message was posted there.
        """
        failing = await self._store.failing_messages()
        waiting = [message.problem for message in failing if message.channel == channel]
        waiting += [UNKNOWN_OUTCOME for doubt in await self._alerts.doubts() if doubt.channel == channel]
        return await self._state(channel) or next(iter(waiting), "")

    async def report_lost(self, channel: str, code: str) -> None:
        """The bot cannot work in a channel any more, for Slack's reason `code`: managers are told."""
        self._looked.pop(channel, None)
        if channel in self.used():
            await self._alerts.report(ChannelAlert(channel=channel, code=code))

    async def recover(self, channel: str) -> bool:
        """A channel can be used again: what waited for it is due now. False if it is not one of ours."""
        self._looked.pop(channel, None)
        for code in (NOT_IN, NOT_FOUND, ARCHIVED):
            self._alerts.resolve(ChannelAlert(channel=channel, code=code))
        if channel not in self.used():
            return False
        await self._store.retry_now(channel, self._clock())
        return True

    async def follow_move(self, old: str, new: str) -> None:
        """Slack gave a channel another id: everything that is kept of it follows."""
        if old in self.used():
            await self._waves.move_channel(old, new)

    def forget(self, channel: str) -> None:
        """Makes the next look at a channel ask Slack again."""
        self._looked.pop(channel, None)

    async def report_problems(self) -> None:
        """Tells managers what is wrong now; what could not be sent is sent later."""
        for unsent in await self._alerts.undelivered():
            await self.report_lost(unsent.channel, unsent.code)
        for doubt in await self._alerts.doubts():
            await self._alerts.report(doubt)
        for channel, code in self._roster.take_refused().items():
            await self.report_lost(channel, code)
        setup, left_out = self._waves.saved_setup, self._roster.uncounted()
        if left_out and setup is not None and setup.both_sides is BothSides.UNDECIDED:
            await self._alerts.report(PeopleLeftOut(people=left_out))
        missed = await self._alerts.missed_waves()
        for alert in (*([missed] if missed else []), *await self._alerts.keys()):
            await self._alerts.report(alert)
        await self._look_for_shared()

    async def _look_for_shared(self) -> None:
        """Checks, once per open wave, whether a channel has been shared with another company."""
        wave = self._waves.current
        if wave is None or wave.id == self._looked_in:
            return
        states = {channel: await self._state(channel) for channel in self.used()}
        for channel, state in states.items():
            if state == SHARED:
                await self._alerts.report(ChannelAlert(channel=channel, code=SHARED))
        if UNKNOWN not in states.values():
            self._looked_in = wave.id

    async def note_unshared(self, channel: str) -> None:
        """Notes that a channel is our company's own again."""
        self._looked.pop(channel, None)
        self._alerts.resolve(ChannelAlert(channel=channel, code=SHARED))

    async def _state(self, channel: str) -> str:
        looked = self._looked.get(channel)
        if looked is not None and self._now() - looked[0] < BELIEVED_S:
            return looked[1]
        try:
            found = await self._lookup.channel(channel)
        except SlackFault as fault:
            if not fault.certain:
                return UNKNOWN
            code = fault.code
        else:
            code = found.unusable
        self._looked[channel] = (self._now(), code)
        return code
