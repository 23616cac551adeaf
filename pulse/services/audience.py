"""Who may read results: the people of the set-up's channels and managers, or the whole workspace."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from pulse.core.errors import NotForYou, SlackFault
from pulse.core.language import _
from pulse.core.records import ReadersRule
from pulse.services.managers import Managers
from pulse.services.ports import ChannelLookup, Roster
from pulse.services.waves import Waves

KEPT_S = 300.0
"""How long a reading of a channel's members is trusted."""

REREAD_S = 20.0
"""A channel is read again for somebody who is not in it, but not more often than this."""


class Audience:
    """Looks people up in channels as Slack shows them now; keeps ids in memory only.

    `now` gives monotonic seconds.
    """

    def __init__(
        self,
        *,
        waves: Waves,
        managers: Managers,
        roster: Roster,
        lookup: ChannelLookup,
        now: Callable[[], float],
    ) -> None:
        self._waves, self._managers, self._roster, self._lookup = waves, managers, roster, lookup
        self._now = now
        self._members: dict[str, tuple[float, AbstractSet[str]]] = {}

    async def check(self, user: str) -> None:
        """Raises NotForYou for somebody who may not read results, and SlackFault."""
        if not await self.includes(user):
            raise NotForYou(
                _(
                    "Results are for the people of the pulse's channels and for its managers. Join a channel "
                    "that gets them, or ask a manager to open them to the workspace."
                )
            )

    async def check_sharing(self, user: str) -> None:
        """Raises NotForYou for somebody who may not show results to others, and SlackFault."""
        await self.check(user)
        setup = self._waves.saved_setup
        if setup is not None and not setup.sharing:
            raise NotForYou(_("Managers have closed sharing: results stay in the channels that get them."))

    async def includes(self, user: str) -> bool:
        """Whether somebody may read results. Raises SlackFault."""
        setup = self._waves.saved_setup
        if setup is None:
            return True
        if not (await self._roster.person(user)).asked:
            return False
        if setup.readers is ReadersRule.WORKSPACE or await self._managers.is_manager(user):
            return True
        channels = list(dict.fromkeys([*setup.results, *(c for of in setup.channels.values() for c in of)]))
        if any(user in self._known(channel) for channel in channels):
            return True
        for channel in channels:
            if user in await self._read(channel):
                return True
        return False

    def _known(self, channel: str) -> AbstractSet[str]:
        read_at, members = self._members.get(channel, (-KEPT_S, frozenset[str]()))
        return members if self._now() - read_at < KEPT_S else frozenset()

    async def _read(self, channel: str) -> AbstractSet[str]:
        read_at, members = self._members.get(channel, (-KEPT_S, frozenset[str]()))
        if self._now() - read_at >= REREAD_S:
            try:
                members = frozenset(await self._lookup.members(channel))
            except SlackFault as fault:
                if not fault.certain or fault.code == "ratelimited":
                    raise
                members = frozenset()
            self._members[channel] = (self._now(), members)
        return members
