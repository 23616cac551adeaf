"""The live "n have answered" of the poll messages: one coalesced update a message, and only if it changed."""

from __future__ import annotations

import asyncio

import structlog

from pulse.core.errors import SlackFault
from pulse.core.model import Side
from pulse.runtime.slack import Slack
from pulse.runtime.store import OpenWave
from pulse.runtime.waves import Waves
from pulse.views.message import Message
from pulse.views.poll import PollCard, poll_message

INTERVAL_S = 30.0

_log = structlog.get_logger(__name__)


def poll_card(waves: Waves, wave: OpenWave, side: Side, answered: int) -> PollCard:
    """The open poll of one side; a count under the minimum is left out."""
    shown = answered if answered >= wave.minimum else None
    return PollCard(
        wave.id, side, waves.items_of(wave), wave.closes_at, wave.people[side], shown, minimum=wave.minimum
    )


class LiveCounts:
    """`touch` after each answer; the messages follow at most once in `interval_s`."""

    def __init__(self, waves: Waves, slack: Slack, interval_s: float = INTERVAL_S) -> None:
        self._waves, self._slack, self._interval_s = waves, slack, interval_s
        self._touched = asyncio.Event()
        self._shown: dict[str, Message] = {}

    def touch(self) -> None:
        self._touched.set()

    async def run(self) -> None:
        """Updates the messages for as long as it runs."""
        while True:
            await self._touched.wait()
            self._touched.clear()
            await self.update()
            await asyncio.sleep(self._interval_s)

    async def update(self) -> None:
        wave = self._waves.open
        if wave is None:
            self._shown.clear()
            return
        answered = self._waves.store.answered(wave.id)
        for channel, ts in self._waves.store.posted("poll", wave.id).items():
            side = wave.channels[channel]
            message = poll_message(poll_card(self._waves, wave, side, answered[side]))
            # A poll that nobody could count yet reads as it was posted.
            if self._shown.get(ts) != message and (ts in self._shown or answered[side] >= wave.minimum):
                await self._update_one(channel, ts, message)

    async def _update_one(self, channel: str, ts: str, message: Message) -> None:
        # Between reading the wave and this call it may have been closed: the closed form wins.
        if self._waves.open is None:
            return
        try:
            await self._slack.update(channel, ts, message)
        except SlackFault as fault:
            _log.info("count not shown", channel=channel, code=fault.code)
        else:
            self._shown[ts] = message
