"""What managers are told without having asked: channels that take no message, and waves that were missed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from pulse.services.channels import Channels
from pulse.services.waves import Waves
from pulse.slack.web_api import TOKEN_REFUSALS
from pulse.storage.sqlite.store import OutboxMessage
from pulse.views.notices import wave_missed

LASTING = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "missing_scope"}
)
"""Refusals that only a person can mend: managers are told at the first one."""

PATIENCE = 3
"""Any other trouble is told after so many tries: it often passes by itself."""

RECENT = timedelta(days=1)


class Alerts:
    """Looks for trouble after each tick; `Troubles` tells each thing once a day at most."""

    def __init__(self, waves: Waves, channels: Channels) -> None:
        self._waves, self._channels = waves, channels

    async def tell(self) -> None:
        """Tells managers what is wrong now. Raises nothing: what could not be told is told later."""
        for parcel in self._waves.store.failing_messages():
            if _needs_a_hand(parcel):
                await self._channels.lost(parcel.channel, parcel.problem)
        # Each reading's refusals once: a channel that is back since then is not told of again.
        refused, self._waves.roster.refused = self._waves.roster.refused, {}
        for channel, code in refused.items():
            await self._channels.lost(channel, code)
        now = self._waves.clock()
        for due_at in self._waves.store.missed_waves(now - RECENT):
            ahead = self._waves.upcoming()
            message = partial(wave_missed, due_at, ahead[0].opens_at if ahead else None)
            await self._channels.troubles.tell(message, f"missed {due_at.isoformat()}")


def _needs_a_hand(parcel: OutboxMessage) -> bool:
    if parcel.problem in TOKEN_REFUSALS:
        # Nobody can be told by Slack, and the bot ends with a sentence of its own.
        return False
    return parcel.state == "failed" or parcel.problem in LASTING or parcel.attempts >= PATIENCE
