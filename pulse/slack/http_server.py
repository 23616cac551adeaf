"""The bot's own HTTP server: Slack's requests in HTTP mode, and health for supervisors in both modes.

Slack's requests are taken on POST /slack/events only, at most 1 MB each and at most five minutes old, and
only with Slack's signature (https://docs.slack.dev/authentication/verifying-requests-from-slack).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from pulse.core.errors import SettingsFault
from pulse.core.language import _

CONTENT_TYPE = "text/plain; version=0.0.4"
"""Of metrics in Prometheus' text format."""

MOST_BYTES = 1_000_000
BODY_S = 10.0
"""Slack waits 3 s for its answer: a body that trickles longer than this is not Slack's."""

DRAIN_S = 5.0

PROXIES = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
"""Set by a proxy on this machine, whose callers are not."""


class Probe(Protocol):
    """What supervisors ask for."""

    async def problems(self) -> Mapping[str, str]:
        """A sentence for each part that is not ready."""
        ...

    def text(self) -> str:
        """Metrics in Prometheus' text format."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen: a host (None is all addresses) and a port, 0 for any free one."""

    host: str | None
    port: int
    metrics_public: bool = False


class Server:
    """Health endpoints and, where an app and its signing secret are given, Slack's endpoint."""

    def __init__(
        self, address: Address, health: Probe, app: AsyncApp | None = None, signing_secret: str = ""
    ) -> None:
        self._address, self._health, self._app = address, health, app
        self._verifier = SignatureVerifier(signing_secret) if app is not None else None
        self._runner: web.AppRunner | None = None
        self.port = address.port

    async def start(self) -> None:
        """Listens. Raises SettingsFault where the port cannot be had."""
        site_app = web.Application(client_max_size=MOST_BYTES)
        site_app.router.add_get("/healthz", self._alive)
        site_app.router.add_get("/readyz", self._ready)
        site_app.router.add_get("/metrics", self._measured)
        if self._app is not None:
            site_app.router.add_post("/slack/events", self._events)
        runner = web.AppRunner(site_app, access_log=None, shutdown_timeout=DRAIN_S)
        await runner.setup()
        site = web.TCPSite(runner, self._address.host, self._address.port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise SettingsFault(
                _(
                    "The bot cannot listen on port {port}: {why}. Set PORT or PULSE_HEALTH_PORT to another."
                ).format(port=self._address.port, why=error.strerror or error)
            ) from error
        self._runner = runner
        self.port = int(runner.addresses[0][1])

    async def close(self) -> None:
        """Stops listening and lets requests in flight finish."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        problems = await self._health.problems()
        said = {"ready": not problems, "problems": dict(problems)}
        return web.json_response(said, status=503 if problems else 200)

    async def _measured(self, request: web.Request) -> web.Response:
        if not self._address.metrics_public and not _of_this_machine(request):
            raise web.HTTPNotFound
        return web.Response(text=self._health.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _events(self, request: web.Request) -> web.Response:
        assert self._app is not None
        assert self._verifier is not None
        try:
            async with asyncio.timeout(BODY_S):
                body = (await request.read()).decode("utf-8")
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except UnicodeDecodeError:
            raise web.HTTPBadRequest from None
        if not _signed(self._verifier, body, request):
            raise web.HTTPUnauthorized
        try:
            asked = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
        except (ValueError, AttributeError, TypeError):
            # Bolt reads a payload that is no JSON object; what it makes of others is not for the log.
            raise web.HTTPBadRequest from None
        return await to_aiohttp_response(await self._app.async_dispatch(asked))


def _signed(verifier: SignatureVerifier, body: str, request: web.Request) -> bool:
    """Whether Slack signed these bytes within the last five minutes. Bolt checks it once more."""
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    signature = request.headers.get("X-Slack-Signature", "")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or not signature.isascii():
        # SignatureVerifier would fail on these instead of refusing them.
        return False
    return verifier.is_valid(body, timestamp, signature)


def _of_this_machine(request: web.Request) -> bool:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    forwarded = any(name in request.headers for name in PROXIES)
    return peer is not None and ip_address(peer[0]).is_loopback and not forwarded
