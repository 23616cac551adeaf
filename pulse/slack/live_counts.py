"""The live "n have answered" of the poll messages: one coalesced update per message, and only if it changed.

An update is also how a deleted poll is noticed. While nobody answers, the messages are checked every
`CHECK_S`; one that is gone is posted again once.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from pulse.core.cards import PostedPoll
from pulse.core.errors import SlackFault
from pulse.core.language import speaking
from pulse.slack.readers import Readers
from pulse.slack.web_api import Slack
from pulse.views.message import Message
from pulse.views.poll import poll_message

INTERVAL_S = 30.0
CHECK_S = 900.0

_log = structlog.get_logger(__name__)


class PollSource(Protocol):
    """The polls that are posted now. `pulse.services.posts.Posts` says what each method does."""

    async def standing_polls(self) -> tuple[PostedPoll, ...]: ...
    def takes_answers(self, wave_id: str) -> bool: ...
    async def repost(self, poll: PostedPoll) -> None: ...


class LiveCounts:
    """Call `touch` after each answer; the messages are updated at most once per `interval_s`.

    `changing` is held while a poll message is changed, so that its closed form comes after every count.
    """

    def __init__(
        self,
        *,
        polls: PollSource,
        slack: Slack,
        readers: Readers,
        changing: asyncio.Lock,
        interval_s: float = INTERVAL_S,
        check_s: float = CHECK_S,
    ) -> None:
        self._polls, self._slack, self._readers, self._changing = polls, slack, readers, changing
        self._interval_s, self._check_s = interval_s, check_s
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
                await self._try_update(check=False)
            except TimeoutError:
                await self._try_update(check=True)
            await asyncio.sleep(self._interval_s)

    async def _try_update(self, *, check: bool) -> None:
        self._touched.clear()
        try:
            await self.update(check=check)
        except Exception:  # noqa: BLE001 - a count that is missing once must not end all later ones
            _log.exception("counts not shown")

    async def update(self, *, check: bool = False) -> None:
        """Brings the messages up to date; with `check` it updates those that are right already, too."""
        with speaking(self._readers.posts()):
            polls = await self._polls.standing_polls()
            if not polls:
                self._shown.clear()
            for poll in polls:
                message = poll_message(poll.card)
                # A poll whose answers were never counted still reads as it was posted.
                counted = poll.ts in self._shown or poll.card.answered is not None
                if check or (counted and self._shown.get(poll.ts) != message):
                    await self._update_one(poll, message)

    async def _update_one(self, poll: PostedPoll, message: Message) -> None:
        async with self._changing:
            # Its wave may have closed since the poll was read: the closed form wins.
            if not self._polls.takes_answers(poll.card.wave_id):
                return
            try:
                await self._slack.update_once(poll.channel, poll.ts, message)
            except SlackFault as fault:
                _log.info("count not shown", channel=poll.channel, code=fault.code)
                if fault.code == "message_not_found":
                    await self._polls.repost(poll)
            else:
                self._shown[poll.ts] = message
