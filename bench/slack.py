"""Slack's side of Socket Mode on this machine: sockets handed out, envelopes sent, each ack timed.

It keeps the rules that matter for a bot: an envelope goes to any open socket in turn, nothing is sent twice,
and a socket that is closed is read until the other side has closed it too. It can also misbehave on demand:
`refresh`, `cut` and `mute` a socket, refuse a token, count connections of strangers.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

Answer = Callable[[Mapping[str, str]], dict[str, Any]]
"""A Web API method's response to its arguments, without `ok`."""

_NORMAL_CLOSURE = (1000).to_bytes(2, "big")


_ANYBODY = {"user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T0", "ts": "1.0"}


@dataclass(slots=True, eq=False)
class Socket:
    """One connection as Slack sees it. While `mute` it hears nothing and answers no ping."""

    ws: web.WebSocketResponse
    request: web.Request
    mute: bool = False
    leaving: bool = False
    unheard: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Ack:
    """When an ack came (`time.perf_counter()`), over which socket, with what payload."""

    at: float
    socket: Socket
    payload: dict[str, Any] | None


class LocalSlack:
    """A server on 127.0.0.1 with just enough of Slack for one app in Socket Mode.

    `delay`: seconds that a post, an update or a reply takes, as over the internet.
    """

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self.acks: dict[str, Ack] = {}
        self.twice: list[str] = []
        self.calls: Counter[str] = Counter()
        self.answers: dict[str, Answer] = {}
        self.delay = 0.0
        self.refusal: str | None = None
        self.first_message: dict[str, Any] | None = None
        self.strangers = 0
        self.most_sockets = 0
        self.url = ""
        self.on_ack: Callable[[str], None] = lambda _: None
        self._changed = asyncio.Condition()
        self._turn = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listens on a free port; returns the base address for Web API calls."""
        app = web.Application()
        app.router.add_get("/link", self._link)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/response", self._response)
        app.router.add_post("/upload", self._upload)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return f"{self.url}/api/"

    async def close(self) -> None:
        for socket in self.sockets.copy():
            self.cut(socket)
        if self._runner is not None:
            await self._runner.cleanup()

    # the Web API

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] += 1
        fields = {key: str(value) for key, value in (await request.post()).items()} | dict(request.query)
        if method != "apps.connections.open":
            if method.startswith("chat."):
                await asyncio.sleep(self.delay)
            answer = self.answers.get(method)
            return web.json_response({"ok": True, **(_ANYBODY if answer is None else answer(fields))})
        if self.refusal is not None:
            async with self._changed:
                self._changed.notify_all()
            return web.json_response({"ok": False, "error": self.refusal})
        return web.json_response({"ok": True, "url": f"{self.url.replace('http', 'ws', 1)}/link?ticket=1"})

    async def _response(self, request: web.Request) -> web.Response:
        """The response_url of every tap."""
        self.calls["response_url"] += 1
        await request.read()
        await asyncio.sleep(self.delay)
        return web.Response(text="ok")

    async def _upload(self, request: web.Request) -> web.Response:
        """Takes a picture, at the address that files.getUploadURLExternal gave."""
        await request.read()
        return web.Response(text="ok")

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(autoclose=False, autoping=False, compress=False)
        await ws.prepare(request)
        socket = Socket(ws, request)
        if self.first_message is not None:
            await ws.send_json(self.first_message)
            await ws.close()
            return ws
        self.sockets.append(socket)
        self.most_sockets = max(self.most_sockets, len(self.sockets))
        count = len(self.sockets) + self.strangers
        await ws.send_json({"type": "hello", "num_connections": count, "connection_info": {"app_id": "A0"}})
        async with self._changed:
            self._changed.notify_all()
        try:
            await self._read(socket)
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)
            socket.ended.set()
            async with self._changed:
                self._changed.notify_all()
        return ws

    async def _read(self, socket: Socket) -> None:
        while True:
            message = await socket.ws.receive()
            if socket.mute and message.type is not WSMsgType.CLOSED:
                if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING}:
                    return
                if message.type is WSMsgType.TEXT:
                    socket.unheard.set()
                continue
            if message.type is WSMsgType.TEXT:
                self._acked(socket, json.loads(message.data))
            elif message.type is WSMsgType.PING:
                await socket.ws.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                await socket.ws.close()
                return

    def _acked(self, socket: Socket, ack: dict[str, Any]) -> None:
        envelope = ack["envelope_id"]
        if envelope in self.acks:
            self.twice.append(envelope)
            return
        self.acks[envelope] = Ack(time.perf_counter(), socket, ack.get("payload"))
        self.on_ack(envelope)

    # what a test or a storm does

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns once `condition()` holds; checked whenever a socket comes or goes.

        Raises TimeoutError after 15 s.
        """
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(condition)

    @property
    def open_sockets(self) -> list[Socket]:
        return [socket for socket in self.sockets if not socket.leaving]

    def next_socket(self) -> Socket:
        """The open socket whose turn it is. Raises IndexError if none is open."""
        sockets = self.open_sockets
        if not sockets:
            raise IndexError("no open socket")
        self._turn += 1
        return sockets[self._turn % len(sockets)]

    async def send(
        self, envelope: str, payload: dict[str, Any], socket: Socket | None = None, **more: Any
    ) -> None:
        """Sends an envelope of a tap, over the socket whose turn it is unless one is named."""
        text = json.dumps(
            {"envelope_id": envelope, "type": "interactive", "accepts_response_payload": False, **more}
            | {"payload": payload}
        )
        await self.send_text(text, socket)

    async def send_text(self, text: str, socket: Socket | None = None) -> None:
        """Sends a finished envelope."""
        await (socket or self.next_socket()).ws.send_str(text)

    async def notice(self, socket: Socket, reason: str = "refresh_requested") -> None:
        """Asks the bot to replace a socket."""
        await socket.ws.send_json({"type": "disconnect", "reason": reason})

    async def dismiss(self, socket: Socket) -> None:
        """Closes a socket as Slack does: no more envelopes, then a close frame, then reading to the end."""
        socket.leaving = True
        if not socket.ws.closed:
            await socket.ws.send_frame(_NORMAL_CLOSURE, WSMsgType.CLOSE)
        async with asyncio.timeout(15):
            await socket.ended.wait()

    def cut(self, socket: Socket) -> None:
        """Ends a socket without a close frame."""
        if socket.request.transport is not None:
            socket.request.transport.abort()
