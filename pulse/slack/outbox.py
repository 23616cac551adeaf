"""Messages that must be posted exactly once, whatever happens between the call and the record of its result.

A row is written before the call, the row's key travels in the message's metadata, and the ts is written
afterwards. If the outcome of a call is not known (a crash, a lost connection), the channel's history is
searched for the key before anything is posted again, and not at once: Slack may still be applying the call.
If the bot has no right to search the history, people decide: a press on a button of the message shows that
it was posted, and a manager is asked to give its link or to have it posted again. Until then it waits: nobody
can undo a second post.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from pulse.core.alert import UNKNOWN_OUTCOME, doubt_about
from pulse.core.errors import PulseError, SlackFault
from pulse.core.records import MessageKind, MessageState, OutboxMessage
from pulse.slack.web_api import Slack
from pulse.slack.wire import INVALID_BLOCKS
from pulse.views.message import Message, has_pictures, without_pictures

SETTLE_S = 2.0
"""Slack may show a message late: in a measurement, a search without this wait led to a second post."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)

MOST_ATTEMPTS = 200
"""About two days at the longest pause."""

GONE = ("message_not_found", "cant_update_message", "edit_window_closed", "is_inactive")
"""A message that cannot be changed any more: trying again changes nothing."""

PICTURE_PAUSES = (0.5, 1, 2, 4)
"""Pauses before each further try to post a picture, in units of `settle_s`: until Slack has read the picture,
the message is invalid. That is 1, 2, 4 and 8 s."""

PICTURE_LATER = 8
"""Units of `settle_s` until a message that went out without its picture gets it."""

_log = structlog.get_logger(__name__)


class OutboxStore(Protocol):
    """Holds waiting messages and what became of them."""

    async def undelivered(self, at: datetime | None = None) -> Sequence[OutboxMessage]: ...
    async def copies(self, kind: str, wave_id: int) -> Sequence[tuple[str, str]]: ...
    async def settle(self, key: str, ts: str) -> bool: ...
    async def add_copy(self, wave_id: int, channel: str, ts: str) -> None: ...
    async def mark(self, key: str, state: MessageState, ts: str | None = None) -> None: ...
    async def postpone(self, key: str, state: MessageState, next_try_at: datetime, problem: str) -> None: ...
    async def retry_now(self, channel: str, at: datetime) -> None: ...


Render = Callable[[OutboxMessage], Awaitable[Message | None]]

Later = Callable[[Coroutine[Any, Any, object]], None]
"""Does something beside the delivery, which does not wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How messages are sent.

    `changing` is held while a poll message is changed, so that its closed form comes last. `settle_s` is how
    long Slack may take to show a message, or to read a picture, that it accepted.
    """

    slack: Slack
    changing: asyncio.Lock
    later: Later
    settle_s: float = SETTLE_S


class Outbox:
    """Delivers what the store's outbox holds. `render` makes a message, or None if it is no longer due."""

    def __init__(self, store: OutboxStore, render: Render, sending: Sending) -> None:
        self._store, self._render, self._sending = store, render, sending
        self._slack, self._changing, self._settle_s = sending.slack, sending.changing, sending.settle_s
        self._turn = asyncio.Lock()
        self._deciding = asyncio.Lock()
        """Held while somebody decides about a message, and while a delivery reads what is due."""
        self._doubtful: dict[str, OutboxMessage] = {}
        """By key, the messages in doubt: perhaps posted, perhaps not."""
        self._decided: set[str] = set()
        """Keys of messages on which somebody has decided since the current delivery read them."""
        self._seen: set[tuple[int, str, str]] = set()
        """Wave, channel and ts of polls on which somebody has tapped since the last delivery."""

    async def deliver(self, now: datetime) -> None:
        """Delivers what is due: channels in parallel, each channel's messages in order.

        Closing a poll comes before all other messages: even in a channel where the bot may no longer post,
        buttons that take no answers must go.
        """
        async with self._turn:
            due = await self._read(now)
            await self._deliver_all([message for message in due if message.kind == MessageKind.CLOSING], now)
            await self._deliver_all([message for message in due if message.kind != MessageKind.CLOSING], now)

    async def _read(self, now: datetime) -> Sequence[OutboxMessage]:
        """What is due now; notes what is in doubt, so that a tap need not read it."""
        async with self._deciding:
            self._decided.clear()
            self._seen.clear()
            waiting = await self._store.undelivered()
            self._doubtful = {message.key: message for message in waiting if doubt_about(message)}
            return await self._store.undelivered(now)

    async def _deliver_all(self, due: Sequence[OutboxMessage], now: datetime) -> None:
        channels: dict[str, list[OutboxMessage]] = {}
        for message in due:
            channels.setdefault(message.channel, []).append(message)
        await asyncio.gather(*(self._deliver_channel(queue, now) for queue in channels.values()))

    async def _deliver_channel(self, queue: list[OutboxMessage], now: datetime) -> None:
        for message in queue:
            try:
                if not await self._deliver_one(message, now):
                    return
            except PulseError as error:
                # The database did not take it: the row is as it was, and the next tick reads it again.
                _log.warning(
                    "delivery not recorded", kind=message.kind, channel=message.channel, problem=str(error)
                )
                return
            except Exception:  # noqa: BLE001 - whatever ails one channel, the others get their messages
                _log.exception("delivery failed", kind=message.kind, channel=message.channel)
                return

    async def _deliver_one(self, message: OutboxMessage, now: datetime) -> bool:
        """True if the message is posted or no longer due, false if it must be tried again."""
        try:
            await self._send(message)
        except SlackFault as fault:
            await self._postpone(message, fault, now)
            return False
        return True

    async def _send(self, message: OutboxMessage) -> None:
        if message.kind == MessageKind.CLOSING:
            return await self._close_poll(message)
        if message.state == MessageState.SENDING and await self._settle_if_posted(message):
            return None
        rendered = await self._render(message)
        if message.key in self._decided:
            return None
        if rendered is None:
            await self._store.mark(message.key, MessageState.DONE)
            return None
        await self._store.mark(message.key, MessageState.SENDING)
        ts = await self._post(message, rendered)
        if message.key in self._decided and message.wave_id is not None and message.kind == MessageKind.POLL:
            # Somebody tapped meanwhile: on this message, or on an earlier copy that was in doubt.
            await self._store.add_copy(message.wave_id, message.channel, ts)
        else:
            await self._store.mark(message.key, MessageState.DONE, ts)
        _log.info("posted", kind=message.kind, wave=message.wave_id, channel=message.channel)
        return None

    async def _post(self, message: OutboxMessage, rendered: Message) -> str:
        for pause in PICTURE_PAUSES if has_pictures(rendered) else ():
            try:
                return await self._slack.post(message.channel, rendered, message.key)
            except SlackFault as fault:
                if fault.code != INVALID_BLOCKS:
                    raise
            await asyncio.sleep(pause * self._settle_s)
        try:
            return await self._slack.post(message.channel, rendered, message.key)
        except SlackFault as fault:
            if fault.code != INVALID_BLOCKS or not has_pictures(rendered):
                raise
        ts = await self._slack.post(message.channel, without_pictures(rendered), message.key)
        self._sending.later(self._add_pictures(message.channel, ts, rendered))
        return ts

    async def _add_pictures(self, channel: str, ts: str, rendered: Message) -> None:
        """Adds the picture to a message that went out without it, in one try."""
        await asyncio.sleep(PICTURE_LATER * self._settle_s)
        try:
            await self._slack.update(channel, ts, rendered)
        except SlackFault as fault:
            _log.info("picture not added", channel=channel, code=fault.code)

    async def _settle_if_posted(self, message: OutboxMessage) -> bool:
        """Marks an attempt of unknown outcome done if it did post; whether it did.

        Raises SlackFault, always an uncertain one: without the search nobody knows.
        """
        await asyncio.sleep(self._settle_s)
        try:
            ts = await self._slack.find(message.channel, message.key)
        except SlackFault as fault:
            code = UNKNOWN_OUTCOME if fault.code == "missing_scope" else fault.code
            raise SlackFault(str(fault), code, certain=False) from fault
        if ts is None:
            return False
        await self._store.mark(message.key, MessageState.DONE, ts)
        return True

    async def _close_poll(self, message: OutboxMessage) -> None:
        """Turns each copy of a poll into its closed form; doing it twice changes nothing.

        Known copies do not wait for one that is in doubt.
        """
        doubt: SlackFault | None = None
        try:
            await self._settle_polls(message)
        except SlackFault as fault:
            doubt = fault
        rendered = await self._render(message)
        for channel, ts in await self._store.copies(MessageKind.POLL, message.wave_id or 0):
            if channel == message.channel and rendered is not None:
                await self._close_copy(message, ts, rendered)
        if doubt is not None:
            raise doubt
        await self._store.mark(message.key, MessageState.DONE)

    async def _close_copy(self, message: OutboxMessage, ts: str, rendered: Message) -> None:
        async with self._changing:
            try:
                await self._slack.update(message.channel, ts, rendered)
            except SlackFault as fault:
                if fault.code not in GONE:
                    raise
                _log.warning("poll message is gone", wave=message.wave_id, channel=message.channel)

    async def _settle_polls(self, closing: OutboxMessage) -> None:
        """Gives up polls of a closed wave that still wait, after a search for those that may be posted."""
        for message in await self._store.undelivered():
            polls = (MessageKind.POLL, closing.wave_id, closing.channel)
            if (message.kind, message.wave_id, message.channel) != polls:
                continue
            if message.state == MessageState.DUE or not await self._settle_if_posted(message):
                await self._store.mark(message.key, MessageState.DONE)

    def in_doubt(self, kind: str, channel: str) -> tuple[OutboxMessage, ...]:
        """The messages of a kind of which nobody knows whether they were posted in a channel."""
        return tuple(m for m in self._doubtful.values() if (m.kind, m.channel) == (kind, channel))

    async def settle(self, key: str, ts: str, now: datetime) -> bool:
        """Settles a message of unknown outcome: somebody knows that it is posted, at `ts`.

        Makes due what waited for it in its channel. False if it is no longer in doubt, or if another message
        of ours has that ts.
        """
        async with self._deciding:
            self._decided.add(key)
            settled = False
            try:
                settled = await self._store.settle(key, ts)
            finally:
                if not settled:
                    self._decided.discard(key)
        doubtful = self._doubtful.pop(key, None) if settled else None
        if doubtful is not None:
            _log.info("posted after all", kind=doubtful.kind, wave=doubtful.wave_id, channel=doubtful.channel)
            await self._store.retry_now(doubtful.channel, now)
        return settled

    async def tapped(self, wave_id: int, channel: str, ts: str, now: datetime) -> None:
        """Notes that a poll on which somebody tapped is posted: it may be a copy that nobody knew of."""
        if (wave_id, channel, ts) in self._seen:
            return
        if (channel, ts) not in await self._store.copies(MessageKind.POLL, wave_id):
            for message in await self._store.undelivered():
                wanted = (MessageKind.POLL, wave_id, channel, MessageState.SENDING)
                if (message.kind, message.wave_id, message.channel, message.state) == wanted:
                    await self.settle(message.key, ts, now)
            await self._store.add_copy(wave_id, channel, ts)
        self._seen.add((wave_id, channel, ts))

    async def post_again(self, which: str, now: datetime) -> tuple[OutboxMessage, ...]:
        """Makes doubtful messages due, as a manager says they are not posted. Returns them.

        `which` is a message's key, or a channel in which a poll is in doubt, as in alerts of old versions.
        """
        async with self._deciding:
            found = [
                message
                for message in await self._store.undelivered()
                if doubt_about(message) and which in (message.key, _old_name(message))
            ]
            for message in found:
                self._decided.add(message.key)
                self._doubtful.pop(message.key, None)
                await self._store.mark(message.key, MessageState.DUE)
                await self._store.retry_now(message.channel, now)
        return tuple(found)

    async def _postpone(self, message: OutboxMessage, fault: SlackFault, now: datetime) -> None:
        if message.key in self._decided:
            return
        pause = min(FIRST_PAUSE * 2 ** min(message.attempts, 8), LONGEST_PAUSE)
        pause = max(pause, timedelta(seconds=fault.wait))
        state = MessageState.DUE if fault.certain else MessageState.SENDING
        if message.attempts >= MOST_ATTEMPTS and fault.code != UNKNOWN_OUTCOME:
            state = MessageState.FAILED
        _log.warning(
            "message not posted",
            kind=message.kind,
            channel=message.channel,
            code=fault.code,
            state=str(state),
        )
        doubtful = replace(message, state=state, problem=fault.code)
        if doubt_about(doubtful):
            self._doubtful[message.key] = doubtful
        await self._store.postpone(message.key, state, now + pause, fault.code or "unreachable")


def _old_name(message: OutboxMessage) -> str:
    return message.channel if message.kind == MessageKind.POLL else message.key
