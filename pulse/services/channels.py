"""The channels of the set-up: whether the bot can work in each, and what happens when one changes."""

from __future__ import annotations

import time

from pulse.core.errors import SlackFault
from pulse.core.language import N_
from pulse.services.troubles import Troubles
from pulse.services.waves import Waves
from pulse.slack.web_api import Slack
from pulse.views.notices import Problem, channel_problem

BELIEVED_S = 60.0
"""How long a look at a channel is believed: conversations.info allows about 50 a minute."""

NOT_IN, NOT_FOUND, ARCHIVED = "not_in_channel", "channel_not_found", "is_archived"
UNKNOWN = "unreachable"


class Channels:
    """Looks at channels for the managers' Home tab, and tells managers of those that are lost."""

    def __init__(self, waves: Waves, slack: Slack, troubles: Troubles) -> None:
        self._waves, self._slack, self.troubles = waves, slack, troubles
        self._looked: dict[str, tuple[float, str]] = {}

    def used(self) -> frozenset[str]:
        """The channels of the set-up and of the open wave, as ids."""
        setup, wave = self._waves.store.setup(), self._waves.open
        used = set(wave.channels) if wave else set()
        if setup is not None:
            used |= {channel for side in setup.channels.values() for channel in side} | set(setup.results)
        return frozenset(used)

    async def problem(self, channel: str) -> Problem | None:
        """What keeps the bot from working in a channel; None where nothing does."""
        code = await self._state(channel)
        return channel_problem(channel, code) if code else None

    async def lost(self, channel: str, code: str) -> None:
        """The bot can work in a channel no more, for a reason in Slack's words: the managers are told."""
        self._looked.pop(channel, None)
        if channel in self.used():
            await self.troubles.report(lambda: channel_problem(channel, code), _key(channel, code))

    async def back(self, channel: str) -> bool:
        """A channel can be used again: what waited for it is due now. False where no channel of ours."""
        self._looked.pop(channel, None)
        for code in (NOT_IN, NOT_FOUND, ARCHIVED):
            self.troubles.mended(_key(channel, code))
        if channel not in self.used():
            return False
        await self._waves.store.retry_now(channel, self._waves.clock())
        return True

    async def moved(self, old: str, new: str) -> None:
        """Slack gave a channel another id: everything that is kept of it follows."""
        if old in self.used():
            what = N_("Slack gave a channel a new id, and the set-up follows it.")
            await self._waves.store.move_channel(old, new, self._waves.clock(), what)
            self._waves.roster.move(old, new)
            self._waves.open = self._waves.store.current_wave()

    def forget(self, channel: str) -> None:
        """Looks anew at a channel when it is asked for."""
        self._looked.pop(channel, None)

    async def _state(self, channel: str) -> str:
        """Slack's word for what is wrong, "" where nothing is."""
        looked = self._looked.get(channel)
        if looked is not None and time.monotonic() - looked[0] < BELIEVED_S:
            return looked[1]
        try:
            found = await self._slack.channel(channel)
        except SlackFault as fault:
            if not fault.certain:
                return UNKNOWN
            code = fault.code
        else:
            code = ARCHIVED if found.archived else "" if found.member else NOT_IN
        self._looked[channel] = (time.monotonic(), code)
        return code


def _key(channel: str, code: str) -> str:
    return f"channel {channel}: {code}"
