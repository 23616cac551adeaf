"""Records become messages: the outbox's messages in their channels, and reminders to people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from pulse.core.cards import PollCard, ReminderCard
from pulse.core.language import speaking
from pulse.core.records import OutboxMessage
from pulse.core.reports import WaveReport
from pulse.slack.cards import Cards
from pulse.slack.outbox import SETTLE_S, Outbox, OutboxStore
from pulse.slack.readers import Readers
from pulse.slack.web_api import Slack
from pulse.views.message import Message
from pulse.views.poll import poll_message
from pulse.views.reminder import reminder_message


class PostSource(Protocol):
    """The records behind messages. `pulse.services.posts.Posts` says what each method does."""

    def poll(self, wave_id: int | None, channel: str) -> PollCard | None: ...
    def closed_poll(self, wave_id: int | None, channel: str) -> PollCard | None: ...
    def results(self, wave_id: int | None) -> WaveReport | None: ...


class Publisher:
    """Posts what is due. `changing` is held while a poll message is changed."""

    def __init__(
        self,
        *,
        store: OutboxStore,
        posts: PostSource,
        slack: Slack,
        cards: Cards,
        readers: Readers,
        changing: asyncio.Lock,
        clock: Callable[[], datetime],
        settle_s: float = SETTLE_S,
    ) -> None:
        self._posts, self._cards, self._readers, self._clock = posts, cards, readers, clock
        self._outbox = Outbox(store, slack, self._render, changing, settle_s)

    async def deliver(self) -> None:
        """Posts what is due in the channels."""
        await self._outbox.deliver(self._clock())

    async def _render(self, queued: OutboxMessage) -> Message | None:
        """A message of the outbox in the language of the posts; None if it is not due any more."""
        with speaking(self._readers.posts()):
            match self._record(queued):
                case PollCard() as card:
                    return poll_message(card)
                case WaveReport() as report:
                    return await self._cards.results(report)
                case None:
                    return None

    def _record(self, queued: OutboxMessage) -> PollCard | WaveReport | None:
        if queued.kind == "poll":
            return self._posts.poll(queued.wave_id, queued.channel)
        if queued.kind == "closing":
            return self._posts.closed_poll(queued.wave_id, queued.channel)
        return self._posts.results(queued.wave_id)


class DirectMessages:
    """Messages to one person."""

    def __init__(self, slack: Slack, readers: Readers) -> None:
        self._slack, self._readers = slack, readers

    async def remind(self, user: str, card: Callable[[], ReminderCard]) -> None:
        """Sends a reminder, made in its reader's language. Raises SlackFault."""
        conversation = await self._slack.open_dm(user)
        with speaking(self._readers.known(user)):
            message = reminder_message(card())
        await self._slack.post(conversation, message)
