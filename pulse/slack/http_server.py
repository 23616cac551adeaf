"""The bot's own HTTP server: Slack's requests in HTTP mode, and health for supervisors in both modes.

Slack's requests are accepted on POST /slack/events only, at most 1 MB each, at most five minutes old, each
once, and only with Slack's signature. Half-sent requests hold up nobody (`pulse.slack.connections`).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol

import aiohttp.web_response
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from pulse.core.errors import SettingsFault
from pulse.core.language import _
from pulse.slack.connections import Connections
from pulse.slack.signed import Signatures, plausible

CONTENT_TYPE = "text/plain; version=0.0.4"
"""The content type of metrics in Prometheus' text format."""

MOST_BYTES = 1_000_000
BODY_S = 10.0
"""Slack waits 3 s for a response: a body that takes longer than this is not Slack's."""

IDLE_S = 75.0
"""Longer than proxies keep an idle connection (nginx: 60 s), so that none is reused while it closes."""

DRAIN_S = 5.0

PROXIES = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
"""Headers that a proxy on this machine sets: its callers are on other machines."""

# aiohttp names itself and Python in responses to malformed requests, and has no setting for it.
vars(aiohttp.web_response)["SERVER_SOFTWARE"] = ""

_log = structlog.get_logger(__name__)


class Probe(Protocol):
    """What supervisors read."""

    async def problems(self) -> Mapping[str, str]:
        """A sentence for each part that is not ready."""
        ...

    async def text(self) -> str:
        """Metrics in Prometheus' text format."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen: a host and a port, 0 for any free one.

    Whoever sends `metrics_token` may read metrics. Without it only this machine may, and only if no proxy
    is in front.
    """

    host: str
    port: int
    metrics_token: str = ""


class Server:
    """Health endpoints and, if an app and its signing secret are given, Slack's endpoint."""

    def __init__(
        self, address: Address, health: Probe, app: AsyncApp | None = None, signing_secret: str = ""
    ) -> None:
        self._address, self._health, self._app = address, health, app
        self._signatures = None if app is None else Signatures(signing_secret)
        self._runner: web.AppRunner | None = None
        self._connections: Connections | None = None
        self._listening: asyncio.Server | None = None
        self.port = address.port

    async def start(self, inherited: int | None = None) -> None:
        """Listens, on the `inherited` socket if its address fits. Raises SettingsFault for a taken port."""
        site = web.Application(client_max_size=MOST_BYTES, middlewares=[self._watched])
        site.on_response_prepare.append(_without_server)
        site.router.add_get("/healthz", self._alive)
        site.router.add_get("/readyz", self._ready)
        site.router.add_get("/metrics", self._measured)
        if self._app is not None:
            site.router.add_post("/slack/events", self._events)
        runner = web.AppRunner(
            site,
            access_log=None,
            shutdown_timeout=DRAIN_S,
            keepalive_timeout=IDLE_S,
            logger=_RequestLog(logging.getLogger(__name__), {}),
        )
        await runner.setup()
        assert runner.server is not None
        self._connections = Connections(runner.server)
        loop, address = asyncio.get_running_loop(), self._address
        try:
            kept = _listening(inherited, address)
            if kept is not None:
                self._listening = await loop.create_server(self._connections, sock=kept)
            else:
                self._listening = await loop.create_server(self._connections, address.host, address.port)
        except OSError as error:
            await runner.cleanup()
            raise SettingsFault(
                _(
                    "The bot cannot listen on {host}, port {port}: {why}. Set PULSE_HOST, PORT or"
                    " PULSE_HEALTH_PORT to another."
                ).format(host=address.host, port=address.port, why=error.strerror or error)
            ) from error
        self._runner = runner
        self.port = int(self._listening.sockets[0].getsockname()[1])

    @property
    def said(self) -> str:
        """The address it listens on, as people read it."""
        return f"{self._address.host}:{self.port}"

    def listening_copy(self) -> int:
        """The socket's descriptor, for a process that replaces this one: requests wait in it meanwhile."""
        assert self._listening is not None
        return os.dup(self._listening.sockets[0].fileno())

    async def close(self) -> None:
        """Stops listening and lets requests in flight finish."""
        if self._listening is not None:
            self._listening.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _watched(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Keeps the connection of a request that is being served."""
        assert self._connections is not None
        with self._connections.serving(request.transport):
            return await handler(request)

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        problems = await self._health.problems()
        said = {"ready": not problems, "problems": dict(problems)}
        return web.json_response(said, status=503 if problems else 200)

    async def _measured(self, request: web.Request) -> web.Response:
        # In HTTP mode a proxy is in front, perhaps one that adds no header to say so.
        nearby = self._app is None and _of_this_machine(request)
        if not nearby and not _has_token(request, self._address.metrics_token):
            raise web.HTTPNotFound
        return web.Response(text=await self._health.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _events(self, request: web.Request) -> web.Response:
        assert self._app is not None
        assert self._signatures is not None
        try:
            async with asyncio.timeout(BODY_S):
                body = (await request.read()).decode("utf-8")
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except UnicodeDecodeError:
            raise web.HTTPBadRequest from None
        if not self._signatures.valid(body, request.headers):
            raise web.HTTPUnauthorized
        asked = _parsed(body, request)
        if not self._signatures.remember(request.headers):
            raise web.HTTPConflict
        return await to_aiohttp_response(await self._app.async_dispatch(asked))


class _RequestLog(logging.LoggerAdapter[logging.Logger]):
    """aiohttp's log: a request that is not HTTP gets one line, without a traceback."""

    def exception(self, msg: object, *args: object, exc_info: Any = True, **more: Any) -> None:
        if isinstance(exc_info, HttpProcessingError):
            self.warning("malformed request: %s", type(exc_info).__name__)
        else:
            super().exception(msg, *args, exc_info=exc_info, **more)


async def _without_server(_request: web.Request, response: web.StreamResponse) -> None:
    """Hides the server's version."""
    response.headers.popall("Server", None)


def _listening(inherited: int | None, wanted: Address) -> socket.socket | None:
    """The inherited socket, if it listens at that address; any other is closed."""
    if inherited is None:
        return None
    kept = socket.socket(fileno=inherited)
    host, port = kept.getsockname()[:2]
    listens = kept.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if listens and wanted.port in (0, port) and wanted.host in (host, ""):
        return kept
    kept.close()
    return None


def _parsed(body: str, request: web.Request) -> AsyncBoltRequest:
    """The payload. Raises HTTPBadRequest for one that Slack never sends, whoever signed it."""
    try:
        asked = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
    except (ValueError, AttributeError, TypeError):
        # Bolt fails like this on a payload that is not a JSON object; its error might quote it in the log.
        raise web.HTTPBadRequest from None
    if not plausible(asked.body):
        _log.warning("signed payload of a shape that Slack does not send")
        raise web.HTTPBadRequest
    return asked


def _has_token(request: web.Request, token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _of_this_machine(request: web.Request) -> bool:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    forwarded = any(name in request.headers for name in PROXIES)
    return peer is not None and ip_address(peer[0]).is_loopback and not forwarded
