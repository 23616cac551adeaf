"""The Socket Mode connection: every tap that Slack sends is taken, and its ack goes back.

Slack does not redeliver a tap, and asks for a fresh connection every few hours. slack_sdk's client closes its
socket before it opens the next and loses the taps in between; this one opens the next first, then goes on
reading the old one until Slack has closed it.

Several connections share one app (Slack allows 10) and Slack sends each envelope over any of them. Each
envelope is a task of its own, so that a slow handler holds up nobody. The ack goes over the socket that
brought the envelope; if that one has gone, over another, as slack_sdk's client does after it reconnects. An
ack that was sent shortly before Slack ended its socket is perhaps lost: it is sent again over another.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest

from pulse.core.errors import (
    AppTokenRefused,
    PulseError,
    SlackFault,
    SlackUnreachable,
    SocketModeIsOff,
    TooManySockets,
)
from pulse.core.language import _
from pulse.slack.network import Network
from pulse.slack.wire import NEVER, Wire

MOST_SOCKETS = 10
"""Connections that Slack allows one app (docs.slack.dev/apis/events-api/using-socket-mode)."""

_NORMAL_CLOSURE = (1000).to_bytes(2, "big")
"""The body of a close frame: RFC 6455, 7.4.1."""

_BURST = 30
"""Connections per minute replaced at Slack's request without a pause (apps.connections.open: 50)."""

_REMEMBERED = 1000
"""Acks of a socket that are kept until they must have arrived."""

_REFUSALS = frozenset(
    {
        "access_denied",
        "account_inactive",
        "forbidden_team",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""Refusals of apps.connections.open that no second try will change."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds.

    `hello`: for a new connection's greeting. `ping_every` and `pong`: a connection that is silent for `pong`
    after a ping is dead. `drain`: how long a replaced connection is still read, unless Slack closes it
    sooner. `farewell`: for Slack's side of a close. `handlers`: for handlers in flight at close. `ack`: for a
    socket to send an ack over (Slack waits 3 s in all). `renew`: a connection is replaced at this age: that
    cures one that replies to pings but brings nothing, and shows whether a second copy of the bot is running.
    `first` and `most`: bounds of the pause between two tries. `settled`: a connection that breaks before this
    age counts as a failed try. `ghost`: how long Slack may still count an ended connection.
    """

    hello: float = 10.0
    ping_every: float = 10.0
    pong: float = 10.0
    drain: float = 15.0
    farewell: float = 2.0
    handlers: float = 5.0
    ack: float = 3.0
    renew: float = 1800.0
    first: float = 0.5
    most: float = 30.0
    settled: float = 5.0
    ghost: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketState:
    """What a health check needs.

    `connected` sockets can be used. `problem` is the last trouble in words, None once a socket is greeted.
    """

    wanted: int
    connected: int
    unsent_acks: int
    strangers: int
    problem: str | None


@dataclass(slots=True, eq=False)
class _Link:
    """One socket. `leaving` is set by Slack's notice to go and by the socket's end, with the `reason`."""

    ws: ClientWebSocketResponse
    born: float
    heard: float
    greeted: asyncio.Future[None]
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = ""
    waiting: bool = False
    said_goodbye: bool = False
    sent: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    @property
    def usable(self) -> bool:
        return self.greeted.done() and not (self.said_goodbye or self.ended.is_set() or self.ws.closed)

    async def send(self, text: str) -> bool:
        """Sends `text`; False if the connection has gone."""
        if not self.usable:
            return False
        try:
            await self.ws.send_str(text)
        except (ConnectionError, aiohttp.ClientError):
            return False
        self.sent.append((_now(), text))
        return True

    def unsure(self, seconds: float) -> list[str]:
        """Acks that are perhaps lost: sent in the last `seconds`, before the other side ended the socket."""
        return [] if self.said_goodbye else [text for at, text in self.sent if at > _now() - seconds]

    def leave(self, reason: str) -> None:
        if not self.leaving.is_set():
            self.reason = reason
            self.leaving.set()


class SocketMode:
    """Keeps `connections` sockets to Slack open and hands what they bring to `app`.

    `app` must be made with `process_before_response=True`, or Bolt looks for the ack only every 10 ms.
    At most `most_in_flight` envelopes are handled at once; then nothing more is read until one is done.
    `on_strangers(n)` is called whenever a greeting counts `n` connections that are not ours: another copy of
    the bot takes taps away. `jitter()` gives a float from 0 to 1. Slack is reached at the base address of
    the app's client, through `network`; raises SettingsFault if that cannot be used.

    One class, because its parts share one state: which sockets are open, which envelopes are being handled,
    and which acks can be lost with a socket.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        connections: int = 1,
        on_strangers: Callable[[int], Awaitable[None]] | None = None,
        jitter: Callable[[], float] = random.random,
        patience: Patience | None = None,
        most_in_flight: int = 1000,
        network: Network | None = None,
    ) -> None:
        if not 1 <= connections <= MOST_SOCKETS:
            raise ValueError(f"connections must be 1 to {MOST_SOCKETS}, not {connections}")
        self._app = app
        self._app_token = app_token
        self._wire = Wire(network or Network())
        self._wanted = connections
        self._log = logging.getLogger(__name__)
        self._on_strangers = on_strangers
        self._jitter = jitter
        self._patience = patience or Patience()
        self._most_in_flight = most_in_flight
        self._ended: asyncio.Future[None] | None = None
        self._links: list[_Link] = []
        self._opening = 0
        self._ghosts: deque[float] = deque()
        self._opened: deque[float] = deque(maxlen=_BURST)
        self._keepers: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._greeting = asyncio.Condition()
        self._closing = False
        self._unsent = 0
        self._strangers = 0
        self._suspicions = 0
        """Greetings in a row that counted strangers."""
        self._problem: str | None = None

    @property
    def state(self) -> SocketState:
        """The state of the connection now, for health checks."""
        return SocketState(
            wanted=self._wanted,
            connected=sum(link.usable for link in self._links),
            unsent_acks=self._unsent,
            strangers=self._strangers,
            problem=self._problem,
        )

    async def start(self) -> None:
        """Connects, and returns when Slack has greeted every socket.

        While Slack cannot be reached it goes on trying. Raises AppTokenRefused, SocketModeIsOff or
        TooManySockets if trying again is of no use.
        """
        self._ended = asyncio.get_running_loop().create_future()
        first = [asyncio.Event() for _ in range(self._wanted)]
        self._keepers.update(self._spawn(self._keep(greeted)) for greeted in first)
        everyone = self._spawn(_all_set(first))
        try:
            await asyncio.wait((everyone, self._ended), return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done():
                self._ended.result()
        except BaseException:
            await self.close()
            raise

    async def wait(self) -> None:
        """Returns after `close`; raises what ended the connection for good, like `start`."""
        assert self._ended is not None, "wait() before start()"
        await asyncio.shield(self._ended)

    async def close(self) -> None:
        """Takes no more taps, lets the handlers in flight finish, sends their acks, then says goodbye.

        What Slack sends from here on is not handled and not acked, so that Slack tells its sender.
        """
        if self._closing or self._ended is None:
            return
        self._closing = True
        self._room.set()
        await _cancelled(*self._keepers)
        if self._serving:
            _, late = await asyncio.wait(self._serving, timeout=self._patience.handlers)
            if late:
                self._log.warning("socket closed before %d handlers had finished", len(late))
            await _cancelled(*late)
        await asyncio.gather(*(self._part(link) for link in list(self._links)))
        await _cancelled(*self._tasks)
        await self._wire.close()
        if not self._ended.done():
            self._ended.set_result(None)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        """An error in one of our tasks ends the connection: nothing fails unseen."""
        self._tasks.discard(task)
        self._keepers.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        assert self._ended is not None
        if self._ended.done():
            self._log.error("socket: %s", error)
            return
        self._ended.set_exception(error)
        self._ended.exception()  # retrieved here: wait() and start() raise it, but perhaps nobody waits

    # keeping a socket open

    async def _keep(self, greeted: asyncio.Event) -> None:
        """Keeps one socket open, the next one greeted before the old one goes."""
        old: _Link | None = None
        failures = 0
        while True:
            if old is not None and len(self._links) + self._opening >= MOST_SOCKETS:
                # No place for one more: the other sockets take the taps meanwhile.
                await self._part(old)
            try:
                link = await self._open()
            except (SlackUnreachable, TooManySockets) as trouble:
                if isinstance(trouble, TooManySockets) and not greeted.is_set():
                    raise
                failures += 1
                await self._rest(trouble, failures, old)
                continue
            greeted.set()
            self._opened.append(link.born)
            self._problem = None
            if old is not None:
                self._spawn(self._retire(old))
            failures = 0 if await self._served_well(link) else failures + 1
            if link.reason == "link_disabled":
                raise SocketModeIsOff
            old = link
            if failures > 1:
                await asyncio.sleep(self._pause(failures))

    async def _served_well(self, link: _Link) -> bool:
        """Waits until the link must be replaced; False if that came suspiciously soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._lifetime()):
                await link.leaving.wait()
        link.leave("renewed")
        if link.reason == "closed":
            return _now() - link.born >= self._patience.settled
        return len(self._opened) < _BURST or self._opened[0] < _now() - 60.0

    async def _rest(self, trouble: PulseError, failures: int, old: _Link | None) -> None:
        self._problem = str(trouble)
        self._log.warning("socket not opened, try %d: %s", failures, trouble)
        if isinstance(trouble, TooManySockets) and old is not None:
            await self._part(old)
        wish = trouble.wait if isinstance(trouble, SlackUnreachable) else 0.0
        await asyncio.sleep(max(wish, self._pause(failures)))

    def _pause(self, failures: int) -> float:
        """Seconds before the next try: a random part of a bound that doubles with each failure."""
        bound = self._patience.first * 2.0 ** min(failures - 1, 16)
        return min(self._patience.most, bound) * self._jitter()

    async def _open(self) -> _Link:
        """A greeted socket. Raises SlackUnreachable, or a fault that trying again will not fix."""
        self._opening += 1
        try:
            ticket = await self._ticket()
            async with asyncio.timeout(self._patience.hello):
                ws = await self._wire.connect(ticket)
        except SlackFault as fault:
            raise SlackUnreachable(str(fault)) from fault
        except TimeoutError as error:
            raise SlackUnreachable(_("The connection was not opened in time.")) from error
        finally:
            self._opening -= 1
        link = _Link(ws, _now(), _now(), asyncio.get_running_loop().create_future())
        self._links.append(link)
        self._spawn(self._run(link))
        try:
            async with asyncio.timeout(self._patience.hello):
                await link.greeted
        except TimeoutError as error:
            await self._part(link)
            raise SlackUnreachable(_("Slack did not greet the connection.")) from error
        return link

    async def _ticket(self) -> object:
        """The address of the next socket, good for one connection. Raises what `_open` does."""
        url = f"{self._app.client.base_url}apps.connections.open"
        try:
            answer, _headers = await self._wire.call(url, self._app_token, None, NEVER)
        except SlackFault as fault:
            raise _refused(fault) from fault
        return answer.get("url")

    async def _retire(self, link: _Link) -> None:
        """Reads a replaced socket until Slack closes it; if Slack does not, says goodbye."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.drain):
                await link.ended.wait()
        await self._part(link)

    async def _part(self, link: _Link) -> None:
        """Says goodbye and reads on until Slack does: what was on its way is still taken.

        After a close frame nothing else may be sent (RFC 6455, 5.5.1), so acks then go over another socket.
        """
        if not link.ended.is_set() and not link.said_goodbye:
            link.said_goodbye = True
            link.leave("replaced")
            with suppress(ConnectionError, aiohttp.ClientError):
                await link.ws.send_frame(_NORMAL_CLOSURE, WSMsgType.CLOSE)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.farewell):
                await link.ended.wait()
        if not link.ended.is_set():
            await link.ws.close()
            await link.ended.wait()

    # one socket

    async def _run(self, link: _Link) -> None:
        """Reads and watches one socket to its end."""
        reader = asyncio.create_task(self._read(link))
        watcher = asyncio.create_task(self._watch(link))
        try:
            done, _ = await asyncio.wait({reader, watcher}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _cancelled(reader, watcher)
            await link.ws.close()
            self._links.remove(link)
            self._ghosts.append(_now())
            link.leave("closed")
            link.ended.set()
            for text in link.unsure(self._patience.ack):
                self._spawn(self._repeat(text))
            if not link.greeted.done():
                link.greeted.set_exception(_ungreeted(link.reason))
                link.greeted.exception()  # retrieved here: nobody awaits it once its opener was cancelled

    async def _read(self, link: _Link) -> None:
        with suppress(ConnectionError, aiohttp.ClientError):
            while True:
                message = await link.ws.receive()
                link.heard = _now()
                if message.type is WSMsgType.TEXT:
                    await self._take(link, message.data)
                elif message.type is WSMsgType.PING:
                    await link.ws.pong(message.data)
                elif message.type is not WSMsgType.PONG:
                    return

    async def _watch(self, link: _Link) -> None:
        """Ends when the other side is dead: nothing was heard from it for a while after a ping."""
        patience = self._patience
        with suppress(ConnectionError, aiohttp.ClientError, TimeoutError):
            while True:
                await asyncio.sleep(patience.ping_every)
                asked = _now()
                if not link.said_goodbye:
                    async with asyncio.timeout(patience.pong):
                        await link.ws.ping()
                await asyncio.sleep(patience.pong)
                if link.heard < asked and not link.waiting:
                    break
        self._log.warning("socket dead: nothing heard for %.0f s", _now() - link.heard)

    async def _take(self, link: _Link, text: str) -> None:
        message = _parsed(text)
        kind = message.get("type")
        if kind == "hello":
            await self._hello(link, message)
        elif kind == "disconnect":
            link.leave(str(message.get("reason", "")))
            if not link.greeted.done():
                self._spawn(self._part(link))
        elif (request := SocketModeRequest.from_dict(message)) is not None:
            await self._dispatch(link, request)
        else:
            self._log.warning("socket: a message of an unknown kind was ignored")

    async def _hello(self, link: _Link, message: dict[str, Any]) -> None:
        count = message.get("num_connections")
        if isinstance(count, int):
            self._count(count)
        if not link.greeted.done():
            link.greeted.set_result(None)
        async with self._greeting:
            self._greeting.notify_all()

    def _count(self, count: int) -> None:
        """Notes how many connections Slack counts, and reports those that are not ours."""
        while self._ghosts and self._ghosts[0] < _now() - self._patience.ghost:
            self._ghosts.popleft()
        self._strangers = max(0, count - len(self._links) - self._opening - len(self._ghosts))
        self._suspicions = self._suspicions + 1 if self._strangers else 0
        self._log.info("socket open: connections %d, not ours %d", count, self._strangers)
        if self._strangers and self._on_strangers is not None:
            self._spawn(self._tell(self._on_strangers, self._strangers))

    def _lifetime(self) -> float:
        """Seconds until a connection is replaced.

        The first greeting that counts strangers may count the process before this one: the connection is
        replaced as soon as Slack cannot count that any more, and the next greeting shows which it was.
        """
        if self._suspicions == 1:
            return self._patience.ghost
        return self._patience.renew * (1 - 0.1 * self._jitter())

    async def _tell(self, on_strangers: Callable[[int], Awaitable[None]], count: int) -> None:
        try:
            await on_strangers(count)
        except Exception as error:  # noqa: BLE001 - a report that fails must not cost the connection
            self._log.error("another copy of the app not reported: %s", type(error).__name__)

    # envelopes

    async def _dispatch(self, link: _Link, request: SocketModeRequest) -> None:
        while len(self._serving) >= self._most_in_flight and not self._closing:
            link.waiting = True
            self._room.clear()
            await self._room.wait()
        link.waiting = False
        if self._closing:
            return
        task = asyncio.create_task(self._serve(link, request))
        self._serving.add(task)
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._serving.discard(task)
        self._room.set()

    async def _serve(self, link: _Link, request: SocketModeRequest) -> None:
        try:
            response = await self._app.async_dispatch(
                AsyncBoltRequest(mode="socket_mode", body=request.payload, headers=_headers(request))
            )
            text = _ack(request.envelope_id, response)
        except Exception as error:  # noqa: BLE001 - one envelope that breaks Bolt must not end the others
            # Its kind only: an error's text could quote the payload, which names a person.
            self._log.error("envelope %s not handled: %s", request.type, type(error).__name__)
            return
        if text is None:
            self._log.warning("envelope %s not acked: status %d", request.type, response.status)
        elif not (await link.send(text) or await self._send_elsewhere(text)):
            self._unsent += 1
            self._log.warning("ack not sent: no connection within %.0f s", self._patience.ack)

    async def _repeat(self, text: str) -> None:
        await self._send_elsewhere(text)

    async def _send_elsewhere(self, text: str) -> bool:
        """Sends an ack over any open socket; if there is none, waits a while for the next greeting."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.ack):
                while True:
                    for link in reversed(self._links.copy()):
                        if await link.send(text):
                            return True
                    async with self._greeting:
                        await self._greeting.wait()
        return False


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _all_set(events: list[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _parsed(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _ungreeted(reason: str) -> PulseError:
    if reason == "too_many_websockets":
        return TooManySockets()
    if reason == "link_disabled":
        return SocketModeIsOff()
    return SlackUnreachable(_("The connection ended before Slack greeted it."))


def _refused(fault: SlackFault) -> PulseError:
    if fault.code in _REFUSALS:
        return AppTokenRefused(fault.code)
    if fault.code == "link_disabled":
        return SocketModeIsOff()
    return SlackUnreachable(str(fault), fault.wait)


def _headers(request: SocketModeRequest) -> dict[str, str | Sequence[str]] | None:
    """The retry headers that Bolt's own adapter gives, as in HTTP mode."""
    headers: dict[str, str | Sequence[str]] = {}
    if request.retry_attempt is not None:
        headers["x-slack-retry-num"] = str(request.retry_attempt)
    if request.retry_reason is not None:
        headers["x-slack-retry-reason"] = request.retry_reason
    return headers or None


def _ack(envelope_id: str, response: BoltResponse) -> str | None:
    """The ack as Slack reads it, with the handler's response; None if the handler failed."""
    if response.status != 200:
        return None
    ack: dict[str, Any] = {"envelope_id": envelope_id}
    if response.body:
        is_json = response.headers.get("content-type", [""])[0].startswith("application/json")
        ack["payload"] = json.loads(response.body) if is_json else {"text": response.body}
    return json.dumps(ack)
