"""Messages that are to stand exactly once in their channel, whatever happens between the call and its mark.

A row is written before the call, the row's key travels in the message's metadata, and the ts is written
after. If the outcome of a call is not known (a crash, a lost connection), the channel's history is
searched for the key before anything is posted again, and not at once: Slack may still be applying the call.
If the history cannot be searched nothing is posted again: a manager, who is told, can replace a missing poll,
but nobody can undo one that stands twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from pulse.core.errors import PulseError, SlackFault
from pulse.core.records import OutboxMessage
from pulse.slack.web_api import Slack
from pulse.views.message import Message

SETTLE_S = 2.0
"""Slack may show a message late that it took: measured, a search without this wait posted twice."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)

MOST_ATTEMPTS = 200
"""About two days at the longest pause."""

GONE = ("message_not_found", "cant_update_message")

_log = structlog.get_logger(__name__)


class OutboxStore(Protocol):
    """Where messages wait and what became of them is noted."""

    def undelivered(self, at: datetime | None = None) -> Sequence[OutboxMessage]: ...
    def posted(self, kind: str, wave_id: int) -> Mapping[str, str]: ...
    async def mark(self, key: str, state: str, ts: str | None = None) -> None: ...
    async def postpone(self, key: str, state: str, next_try_at: datetime, problem: str) -> None: ...


Render = Callable[[OutboxMessage], Awaitable[Message | None]]


class Outbox:
    """Delivers what the store's outbox holds. `render` makes a message, None if it is not due any more.

    `changing` is held while a poll message is changed, so that its closed form comes last.
    """

    def __init__(
        self,
        store: OutboxStore,
        slack: Slack,
        render: Render,
        changing: asyncio.Lock,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._store, self._slack, self._render, self._settle_s = store, slack, render, settle_s
        self._changing = changing
        self._turn = asyncio.Lock()

    async def deliver(self, now: datetime) -> None:
        """Delivers what is due: channels side by side, each channel's messages in their order."""
        async with self._turn:
            channels: dict[str, list[OutboxMessage]] = {}
            for message in self._store.undelivered(now):
                channels.setdefault(message.channel, []).append(message)
            await asyncio.gather(*(self._deliver_channel(queue, now) for queue in channels.values()))

    async def _deliver_channel(self, queue: list[OutboxMessage], now: datetime) -> None:
        for message in queue:
            try:
                if not await self._deliver_one(message, now):
                    return
            except PulseError as error:
                # The database did not take it: the row is as it was, and the next tick reads it again.
                _log.warning("not posted", kind=message.kind, channel=message.channel, problem=str(error))
                return
            except Exception:  # noqa: BLE001 - whatever ails one channel, the others get their messages
                _log.exception("not posted", kind=message.kind, channel=message.channel)
                return

    async def _deliver_one(self, message: OutboxMessage, now: datetime) -> bool:
        """True if the message stands or is not due any more, false if it must be tried again."""
        try:
            await self._send(message)
        except SlackFault as fault:
            await self._postpone(message, fault, now)
            return False
        return True

    async def _send(self, message: OutboxMessage) -> None:
        if message.kind == "closing":
            return await self._close_poll(message)
        if message.state == "sending" and await self._stands(message):
            return None
        rendered = await self._render(message)
        if rendered is None:
            await self._store.mark(message.key, "done")
            return None
        await self._store.mark(message.key, "sending")
        ts = await self._post(message, rendered)
        await self._store.mark(message.key, "done", ts)
        _log.info("posted", kind=message.kind, wave=message.wave_id, channel=message.channel)
        return None

    async def _post(self, message: OutboxMessage, rendered: Message) -> str:
        try:
            return await self._slack.post(message.channel, rendered, message.key)
        except SlackFault as fault:
            pictures = [block for block in rendered.blocks if block["type"] == "image"]
            if fault.code != "invalid_blocks" or not pictures:
                raise
            # A picture that Slack has not read yet makes the whole message invalid.
            rest = [block for block in rendered.blocks if block["type"] != "image"]
            return await self._slack.post(message.channel, Message(rendered.text, rest), message.key)

    async def _stands(self, message: OutboxMessage) -> bool:
        """Whether an attempt of unknown outcome did post; marks it so.

        Raises SlackFault, never a certain one: without the search nobody knows.
        """
        await asyncio.sleep(self._settle_s)
        try:
            ts = await self._slack.find(message.channel, message.key)
        except SlackFault as fault:
            raise SlackFault(str(fault), fault.code, certain=False) from fault
        if ts is None:
            return False
        await self._store.mark(message.key, "done", ts)
        return True

    async def _close_poll(self, message: OutboxMessage) -> None:
        """Turns a poll message into its closed form; doing it twice changes nothing."""
        await self._settle_polls(message)
        ts = self._store.posted("poll", message.wave_id or 0).get(message.channel)
        rendered = await self._render(message)
        if ts is not None and rendered is not None:
            async with self._changing:
                try:
                    await self._slack.update(message.channel, ts, rendered)
                except SlackFault as fault:
                    if fault.code not in GONE:
                        raise
                    _log.warning("poll message is gone", wave=message.wave_id, channel=message.channel)
        await self._store.mark(message.key, "done")

    async def _settle_polls(self, closing: OutboxMessage) -> None:
        """Polls of a closed wave that still wait are given up; one that may stand is searched for first."""
        for message in self._store.undelivered():
            if (message.kind, message.wave_id, message.channel) != ("poll", closing.wave_id, closing.channel):
                continue
            if message.state == "due" or not await self._stands(message):
                await self._store.mark(message.key, "done")

    async def _postpone(self, message: OutboxMessage, fault: SlackFault, now: datetime) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(message.attempts, 8), LONGEST_PAUSE)
        state = "due" if fault.certain else "sending"
        if message.attempts >= MOST_ATTEMPTS:
            state = "failed"
        _log.warning("not posted", kind=message.kind, channel=message.channel, code=fault.code, state=state)
        await self._store.postpone(message.key, state, now + pause, fault.code or "unreachable")
