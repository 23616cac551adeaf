"""How the workspace reaches the app: Socket Mode as Slack runs it, or signed HTTP requests.

Slack's rules kept here: up to ten sockets, each payload to any one of them; three seconds to acknowledge;
interactions and commands are sent once, events again up to three times.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from rehearsal.objects import APP_ID, Json

ACK_SECONDS = 3.0
SOCKETS = 10
EVENT_RETRIES = (0.0, 60.0, 300.0)
PING_SECONDS = 10.0

log = logging.getLogger("rehearsal")


@dataclass
class Delivery:
    """One payload sent to the app, and its outcome. Times are seconds of `time.monotonic`."""

    envelope_id: str
    type: str
    payload: Json
    sent_at: float
    retry: int = 0
    socket: int | None = None
    acked_at: float | None = None
    response: Json | None = None
    acked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def latency(self) -> float | None:
        """Seconds from sending to the acknowledgement."""
        return None if self.acked_at is None else self.acked_at - self.sent_at

    def acknowledge(self, response: Json | None) -> None:
        """Records the first acknowledgement."""
        if self.acked_at is None:
            self.acked_at = time.monotonic()
            self.response = response or None
            self.acked.set()


class Transport(Protocol):
    """Carries a delivery to the app; false if no app is connected."""

    async def carry(self, delivery: Delivery) -> bool: ...


@dataclass(eq=False)
class Socket:
    """One of the app's connections. `deaf`: nothing is delivered or heard. `mute`: pings are ignored, too."""

    number: int
    ws: web.WebSocketResponse
    transport: asyncio.BaseTransport | None
    deaf: bool = False
    mute: bool = False


class SocketMode:
    """The server's end of Socket Mode."""

    def __init__(self, deliveries: dict[str, Delivery]) -> None:
        self.sockets: list[Socket] = []
        self.connections = 0
        self._deliveries = deliveries
        self._tickets: set[str] = set()
        self._turn = 0
        self._numbers = itertools.count(1)
        self._change = asyncio.Event()

    def ticket(self) -> str:
        """A ticket for one connection, as apps.connections.open gives."""
        number = f"ticket-{next(self._numbers)}-{time.monotonic_ns()}"
        self._tickets.add(number)
        return number

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serves one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPUnauthorized(text="invalid ticket")
        self._tickets.remove(ticket)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        if len(self.sockets) >= SOCKETS:
            await ws.send_json(self._goodbye("too_many_websockets"))
            await ws.close()
            return ws
        socket = Socket(next(self._numbers), ws, request.transport)
        self.sockets.append(socket)
        self.connections += 1
        self._changed()
        pinging = asyncio.create_task(self._ping(socket))
        try:
            await ws.send_json(self._hello())
            await self._listen(socket)
        finally:
            pinging.cancel()
            self.sockets.remove(socket)
            self._changed()
        return ws

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def connected(self, count: int = 1, *, since: int = 0, seconds: float = 10.0) -> None:
        """Waits until `count` sockets are connected and more than `since` connections were ever made."""
        async with asyncio.timeout(seconds):
            while len(self.sockets) != count or self.connections <= since:
                await self._change.wait()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.sockets),
            "debug_info": {
                "host": "rehearsal-1",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": APP_ID},
        }

    def _goodbye(self, reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "rehearsal-1"}}

    async def _ping(self, socket: Socket) -> None:
        while not socket.ws.closed:
            await asyncio.sleep(PING_SECONDS)
            if not socket.mute:
                await socket.ws.ping(b"Ping from the rehearsal")

    async def _listen(self, socket: Socket) -> None:
        async for message in socket.ws:
            if message.type is WSMsgType.PING and not socket.mute:
                await socket.ws.pong(message.data)
            elif message.type is WSMsgType.TEXT and not socket.deaf:
                self._hear(json.loads(message.data))

    def _hear(self, said: Json) -> None:
        delivery = self._deliveries.get(str(said.get("envelope_id")))
        if delivery is not None:
            delivery.acknowledge(said.get("payload"))

    async def carry(self, delivery: Delivery) -> bool:
        """Sends to the next socket in turn. A deaf one loses the payload."""
        alive = [socket for socket in self.sockets if not socket.ws.closed]
        if not alive:
            return False
        socket = alive[self._turn % len(alive)]
        self._turn += 1
        delivery.socket = socket.number
        if socket.deaf:
            return True
        envelope: Json = {
            "envelope_id": delivery.envelope_id,
            "type": delivery.type,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.type != "events_api",
        }
        if delivery.type == "events_api":
            envelope["retry_attempt"] = delivery.retry
            envelope["retry_reason"] = "timeout" if delivery.retry else ""
        try:
            await socket.ws.send_json(envelope)
        except ConnectionError:
            # Slack does not know that the other end is gone: the payload is lost.
            log.info("a payload was sent to a closed socket")
        return True

    async def refresh(self, reason: str = "refresh_requested", close_after: float | None = None) -> None:
        """Asks the app to reconnect; closes the old sockets after `close_after` seconds, if given."""
        old = list(self.sockets)
        for socket in old:
            with suppress(ConnectionError):  # the app may be leaving this one already
                await socket.ws.send_json(self._goodbye(reason))
        if close_after is not None:
            await asyncio.sleep(close_after)
            await self._close(old)

    async def _close(self, sockets: list[Socket]) -> None:
        for socket in sockets:
            await socket.ws.close()

    def drop(self) -> None:
        """Cuts all connections without a goodbye."""
        for socket in list(self.sockets):
            if isinstance(socket.transport, asyncio.Transport):
                socket.transport.abort()

    def go_deaf(self, *, pings: bool = False) -> None:
        """Makes sockets half-open: nothing is delivered or heard; with `pings`, pings are still answered."""
        for socket in self.sockets:
            socket.deaf, socket.mute = True, not pings

    async def close(self) -> None:
        """Closes all connections, as a stopping server does."""
        await self._close(list(self.sockets))


class SignedHttp:
    """Payloads as signed HTTP requests to the app (docs.slack.dev/authentication/verifying-requests)."""

    def __init__(self, url: str, signing_secret: str) -> None:
        self.url, self._secret = url, signing_secret
        self._session: aiohttp.ClientSession | None = None

    def signed(self, body: str, at: int) -> str:
        """The X-Slack-Signature of a body sent at Unix time `at`."""
        base = f"v0:{at}:{body}".encode()
        return "v0=" + hmac.new(self._secret.encode(), base, hashlib.sha256).hexdigest()

    def _encoded(self, delivery: Delivery) -> tuple[str, str]:
        if delivery.type == "events_api":
            return json.dumps(delivery.payload), "application/json"
        form = "application/x-www-form-urlencoded"
        if delivery.type == "slash_commands":
            return urlencode(delivery.payload), form
        return urlencode({"payload": json.dumps(delivery.payload)}), form

    async def carry(self, delivery: Delivery) -> bool:
        """Posts the payload; a 2xx status is the acknowledgement, and the body is the response."""
        self._session = self._session or aiohttp.ClientSession()
        body, kind = self._encoded(delivery)
        at = int(time.time())
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": self.signed(body, at),
        }
        if delivery.retry:
            headers |= {"X-Slack-Retry-Num": str(delivery.retry), "X-Slack-Retry-Reason": "http_timeout"}
        try:
            async with self._session.post(self.url, data=body, headers=headers) as answer:
                text = await answer.text()
                if answer.status < 300:
                    delivery.acknowledge(_response_of(text))
        except aiohttp.ClientConnectionError:
            return False
        return True

    async def close(self) -> None:
        """Closes the client."""
        if self._session is not None:
            await self._session.close()


def _response_of(text: str) -> Json | None:
    if not text.strip():
        return None
    try:
        body = json.loads(text)
    except ValueError:
        return {"text": text}
    return body if isinstance(body, dict) else None


class Post:
    """Sends payloads by the transport in use, waits for acknowledgements and redelivers events."""

    def __init__(self) -> None:
        self.deliveries: dict[str, Delivery] = {}
        self.socket_mode = SocketMode(self.deliveries)
        self.transport: Transport = self.socket_mode
        self.ack_seconds = ACK_SECONDS
        self.event_retries: tuple[float, ...] = EVENT_RETRIES
        self._tasks: set[asyncio.Task[Any]] = set()
        self._numbers = itertools.count(1)

    def deliver_http(self, url: str, signing_secret: str) -> SignedHttp:
        """From now on payloads go as signed requests to `url`."""
        transport = SignedHttp(url, signing_secret)
        self.transport = transport
        return transport

    async def send(self, kind: str, payload: Json, retry: int = 0) -> Delivery:
        """Sends once and waits for the acknowledgement, at most three seconds."""
        envelope_id = f"e-{next(self._numbers)}"
        delivery = Delivery(envelope_id, kind, payload, time.monotonic(), retry)
        self.deliveries[envelope_id] = delivery
        carrying = self.start(self.transport.carry(delivery))
        try:
            async with asyncio.timeout(self.ack_seconds):
                if await asyncio.shield(carrying):
                    await delivery.acked.wait()
        except TimeoutError:
            log.info("%s %s was not acknowledged in time", kind, envelope_id)
        return delivery

    async def send_event(self, payload: Json) -> Delivery:
        """Sends an event; without an acknowledgement, again up to three times in the background."""
        delivery = await self.send("events_api", payload)
        if delivery.acked_at is None:
            self.start(self._send_again(payload))
        return delivery

    async def _send_again(self, payload: Json) -> None:
        for retry, pause in enumerate(self.event_retries, 1):
            await asyncio.sleep(pause)
            if (await self.send("events_api", payload, retry)).acked_at is not None:
                return

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs work in the background and keeps a reference to it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("the stand-in itself failed", exc_info=task.exception())

    async def settled(self) -> None:
        """Waits until nothing is in flight."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Gives up what is in flight and closes the connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.socket_mode.close()
        if isinstance(self.transport, SignedHttp):
            await self.transport.close()
