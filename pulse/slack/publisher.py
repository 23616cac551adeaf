"""Records become messages: the outbox's messages in their channels, and reminders to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from pulse.core.alert import PostedAgain
from pulse.core.cards import ChannelsCard, CommitmentCard, PollCard, ReminderCard
from pulse.core.language import speaking
from pulse.core.quarterly import QuarterReport
from pulse.core.records import MessageKind, OutboxMessage
from pulse.core.reports import WaveReport
from pulse.slack.cards import Cards
from pulse.slack.outbox import Outbox, OutboxStore, Sending
from pulse.slack.readers import Readers
from pulse.slack.web_api import Slack
from pulse.views.channels import channels_message
from pulse.views.commitments import commitment_message
from pulse.views.message import Message
from pulse.views.poll import poll_message
from pulse.views.quarter import quarter_message
from pulse.views.reminder import reminder_message


class PostSource(Protocol):
    """The records behind messages. `pulse.services.posts.Posts` says what each method does."""

    def poll(self, wave_id: int | None, channel: str) -> PollCard | None: ...
    async def closed_poll(self, wave_id: int | None, channel: str) -> PollCard | None: ...
    async def channels(self, channel: str, *, first: bool) -> ChannelsCard | None: ...
    async def results(self, wave_id: int | None) -> WaveReport | None: ...
    async def quarter(self, wave_id: int | None) -> QuarterReport | None: ...
    def commitment(self, kind: str) -> CommitmentCard | None: ...
    def posted_again(self, messages: Sequence[OutboxMessage]) -> PostedAgain | None: ...


class Publisher:
    """Posts what is due."""

    def __init__(
        self,
        *,
        store: OutboxStore,
        posts: PostSource,
        cards: Cards,
        readers: Readers,
        clock: Callable[[], datetime],
        sending: Sending,
    ) -> None:
        self._posts, self._cards, self._readers, self._clock = posts, cards, readers, clock
        self._outbox = Outbox(store, self._render, sending)

    async def deliver(self) -> None:
        """Posts what is due in the channels."""
        await self._outbox.deliver(self._clock())

    async def pressed(self, kind: MessageKind, token: str, channel: str, ts: str) -> None:
        """A button of a wave's message was pressed: if that was in doubt, it is posted. Raises StoreFault."""
        for message in self._outbox.in_doubt(kind, channel):
            if message.key.split(":")[1:2] == [token]:
                await self._outbox.settle(message.key, ts, self._clock())

    async def pressed_report(self, quarter: str, channel: str, ts: str) -> None:
        """Like `pressed`, for a report, whose button names its quarter."""
        for message in self._outbox.in_doubt(MessageKind.REPORT, channel):
            report = await self._posts.quarter(message.wave_id)
            if report is not None and report.quarter.code == quarter:
                await self._outbox.settle(message.key, ts, self._clock())

    async def tapped(self, wave_id: int, channel: str, ts: str) -> None:
        """A tap on a poll counted, so that message must close with its wave. Raises StoreFault."""
        await self._outbox.tapped(wave_id, channel, ts, self._clock())

    async def settle(self, key: str, ts: str) -> bool:
        """A manager knows a doubtful message's ts. False if that is another's, or the doubt is over."""
        return await self._outbox.settle(key, ts, self._clock())

    async def post_again(self, which: str) -> PostedAgain | None:
        """Has messages in doubt posted again: the one with that key, or a channel's poll. None if none is."""
        return self._posts.posted_again(await self._outbox.post_again(which, self._clock()))

    async def _render(self, queued: OutboxMessage) -> Message | None:
        """A message of the outbox in the language of the posts; None if it is no longer due."""
        with speaking(self._readers.posts()):
            match await self._record(queued):
                case PollCard() as card:
                    return poll_message(card)
                case WaveReport() as report:
                    return await self._cards.results(report)
                case ChannelsCard() as channels:
                    return channels_message(channels)
                case QuarterReport() as quarter:
                    return quarter_message(quarter)
                case CommitmentCard() as told:
                    return commitment_message(told)
                case None:
                    return None

    async def _record(
        self, queued: OutboxMessage
    ) -> PollCard | WaveReport | ChannelsCard | QuarterReport | CommitmentCard | None:
        if queued.kind in (MessageKind.WELCOME, MessageKind.CHANNELS):
            return await self._posts.channels(queued.channel, first=queued.kind == MessageKind.WELCOME)
        if queued.wave_id is None:
            return self._posts.commitment(queued.kind)
        if queued.kind == MessageKind.POLL:
            return self._posts.poll(queued.wave_id, queued.channel)
        if queued.kind == MessageKind.CLOSING:
            return await self._posts.closed_poll(queued.wave_id, queued.channel)
        if queued.kind == MessageKind.REPORT:
            return await self._posts.quarter(queued.wave_id)
        return await self._posts.results(queued.wave_id)


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
