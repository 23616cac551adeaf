"""The live "n have answered" of the poll messages: one coalesced update a message, and only if it changed.

An update is also how a deleted poll is noticed. Where nobody answers, the messages are looked after every
`CHECK_S` all the same; one that is gone is posted again once.
"""

from __future__ import annotations

import asyncio

import structlog

from pulse.core.errors import SlackFault
from pulse.core.language import speaking
from pulse.core.model import Side
from pulse.services.waves import Waves
from pulse.slack.web_api import Slack
from pulse.storage.catalogues import for_posts
from pulse.storage.sqlite.store import OpenWave
from pulse.views.message import Message
from pulse.views.poll import PollCard, poll_message

INTERVAL_S = 30.0
CHECK_S = 900.0

_log = structlog.get_logger(__name__)


def poll_card(waves: Waves, wave: OpenWave, side: Side) -> PollCard:
    """The open poll of one side, with the count that is told now."""
    shown = waves.turnout.told(wave)[side]
    return PollCard(
        wave.id, side, waves.items_of(wave), wave.closes_at, wave.people[side], shown, minimum=wave.minimum
    )


class LiveCounts:
    """`touch` after each answer; the messages follow at most once in `interval_s`."""

    def __init__(
        self, waves: Waves, slack: Slack, interval_s: float = INTERVAL_S, check_s: float = CHECK_S
    ) -> None:
        self._waves, self._slack, self._interval_s, self._check_s = waves, slack, interval_s, check_s
        self._touched = asyncio.Event()
        self._shown: dict[str, Message] = {}

    def touch(self) -> None:
        self._touched.set()

    async def run(self) -> None:
        """Updates the messages for as long as it runs."""
        while True:
            try:
                async with asyncio.timeout(self._check_s):
                    await self._touched.wait()
                await self._update_unharmed(check=False)
            except TimeoutError:
                await self._update_unharmed(check=True)
            await asyncio.sleep(self._interval_s)

    async def _update_unharmed(self, *, check: bool) -> None:
        self._touched.clear()
        try:
            await self.update(check=check)
        except Exception:  # noqa: BLE001 - a count that is missing once must not end all later ones
            _log.exception("counts not shown")

    async def update(self, *, check: bool = False) -> None:
        """Brings the messages up to date; with `check` also those that say the right thing already."""
        wave = self._waves.open
        if wave is None:
            self._shown.clear()
            return
        with speaking(for_posts(self._waves.store)):
            await self._update_all(wave, check=check)

    async def _update_all(self, wave: OpenWave, *, check: bool) -> None:
        await self._waves.turnout.refresh(wave)
        told = self._waves.turnout.told(wave)
        for channel, ts in self._waves.store.posted("poll", wave.id).items():
            side = wave.channels[channel]
            message = poll_message(poll_card(self._waves, wave, side))
            # A poll that nobody could count yet reads as it was posted.
            counted = ts in self._shown or told[side] is not None
            if check or (counted and self._shown.get(ts) != message):
                await self._update_one(wave, channel, ts, message)

    async def _update_one(self, wave: OpenWave, channel: str, ts: str, message: Message) -> None:
        async with self._waves.changing_polls:
            # Since the wave was read it may have been closed: the closed form wins.
            if self._waves.open is None or self._waves.open.id != wave.id:
                return
            try:
                await self._slack.update_once(channel, ts, message)
            except SlackFault as fault:
                _log.info("count not shown", channel=channel, code=fault.code)
                if fault.code == "message_not_found":
                    await self._waves.store.repost(wave.id, channel, ts, self._waves.clock())
            else:
                self._shown[ts] = message
