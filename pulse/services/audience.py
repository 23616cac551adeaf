"""Who may read results: the people of the set-up's channels, and managers."""

from __future__ import annotations

from pulse.core.errors import NotForYou
from pulse.core.language import _
from pulse.services.managers import Managers
from pulse.services.ports import ChannelLookup, Roster
from pulse.services.waves import Waves


class Audience:
    """Looks people up in channels as Slack shows them now."""

    def __init__(self, *, waves: Waves, managers: Managers, roster: Roster, lookup: ChannelLookup) -> None:
        self._waves, self._managers, self._roster, self._lookup = waves, managers, roster, lookup

    async def check(self, user: str) -> None:
        """Raises NotForYou for somebody who may not read results, and SlackFault."""
        if not await self.includes(user):
            raise NotForYou(
                _(
                    "Results are for the people of the pulse's channels and for its managers. Join a channel "
                    "that gets them, or ask a manager for them."
                )
            )

    async def includes(self, user: str) -> bool:
        """Whether somebody may read results. Raises SlackFault."""
        setup = self._waves.saved_setup
        if setup is None:
            return True
        if not (await self._roster.person(user)).asked:
            return False
        if await self._managers.is_manager(user):
            return True
        channels = dict.fromkeys([*setup.results, *(c for of in setup.channels.values() for c in of)])
        for channel in channels:
            if user in await self._lookup.members(channel):
                return True
        return False
