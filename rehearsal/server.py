"""A local stand-in for Slack on 127.0.0.1: Web API, Socket Mode, response_urls, uploads, and a page.

    async with Rehearsal(port=8765) as rehearsal:
        app = AsyncApp(client=AsyncWebClient(rehearsal.bot_token, base_url=rehearsal.api_url), ...)

One server serves the page that people try the app on and every test of the app.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from rehearsal.api import METHODS, STRUCTURED, Asked
from rehearsal.driver import Actor
from rehearsal.installation import HOST, ROOT, Installation
from rehearsal.objects import Json, Refusal
from rehearsal.screen import Page
from rehearsal.trouble import Rates, Trouble

BOT_TOKEN = "xoxb-rehearsal"  # noqa: S105 - opens nothing but this pretend workspace
APP_TOKEN = "xapp-rehearsal"  # noqa: S105 - likewise
CONNECT = "apps.connections.open"


@dataclass
class Call:
    """One Web API call: when it came (`time.monotonic`), and the response; an `error` of "" means ok."""

    method: str
    args: Json
    at: float
    error: str = ""
    answer: Json = field(default_factory=dict)


class Rehearsal(Installation):
    """The stand-in. `port` 0 takes any free port; if a port is taken, the next free one is used.

    Trouble on request: `fail`, `delay`, `enforce_rates`, `page_cap` (short pages), `token_error`
    ("token_revoked", "account_inactive"), `whims` (called for each call without ordered trouble), and the
    methods of `socket_mode`.
    """

    def __init__(
        self,
        port: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks: Callable[[], float] = time.monotonic,
        manifest_path: Path = ROOT / "manifest.yml",
        populate: bool = True,
    ) -> None:
        super().__init__(port, clock, ticks, manifest_path, populate)
        self.bot_token, self.app_token = BOT_TOKEN, APP_TOKEN
        self.calls: list[Call] = []
        self.page_cap: int | None = None
        self.token_error = ""
        self.enforce_rates = False
        self.whims: Callable[[str], Trouble | None] = lambda _method: None
        self._troubles: list[Trouble] = []
        self._rates = Rates()
        self._page = Page(self)
        self._runner: web.AppRunner | None = None

    # Life

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self._page.guard])
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link/", self.post.socket_mode.handle)
        app.router.add_post("/actions/{team}/{key}", self._respond)
        app.router.add_post("/upload/v1/{file}", self._upload)
        self._page.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        listening = _listen(self.port)
        self.port = listening.getsockname()[1]
        await web.SockSite(self._runner, listening).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._page.close()
        await self.post.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"{self.base_url}/"

    @property
    def api_url(self) -> str:
        """The counterpart of `https://slack.com/api/`."""
        return f"{self.base_url}/api/"

    def actor(self, id_or_name: str) -> Actor:
        """Somebody of the workspace, to act as."""
        return Actor(self, self.workspace.person(id_or_name))

    # Trouble on request

    def fail(self, method: str, error: str | int = "", **how: Any) -> Trouble:
        """The next call of `method` fails: an error name, an HTTP status, or see `Trouble`.

        `method` may also be "response_url" or "upload".
        """
        trouble = Trouble(method, **how)
        if isinstance(error, int):
            trouble.status = error
        else:
            trouble.error = error
        self._troubles.append(trouble)
        return trouble

    def delay(self, method: str, seconds: float, times: int | None = None) -> Trouble:
        """Calls of `method` take `seconds` longer; all of them unless `times` is given."""
        return self.fail(method, seconds=seconds, times=times)

    def _trouble_for(self, method: str, args: Json) -> Trouble | None:
        """The trouble ordered for a call, else that of `whims`."""
        return next((t for t in self._troubles if t.meets(method, args)), None) or self.whims(method)

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method, the oldest first."""
        return [call for call in self.calls if call.method == method]

    # The Web API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        call = Call(method, args, time.monotonic())
        self.calls.append(call)
        trouble = self._trouble_for(method, args)
        if trouble is not None and (trouble.cut or trouble.lost or trouble.late):
            return self._unanswered(request, call, trouble)
        if trouble is not None:
            await asyncio.sleep(trouble.seconds)
        refusal = self._ordered(call, trouble) or self._too_fast(call)
        if refusal is None or (trouble is not None and trouble.applied):
            call.answer = self._answer(call, _authorization(request))
        self._note(call)
        return refusal or web.json_response(call.answer, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(sorted(self.scopes)), "x-slack-req-id": f"r{len(self.calls)}"}

    def _note(self, call: Call) -> None:
        call.error = call.error or str(call.answer.get("error", ""))
        self.workspace.stir()

    def _unanswered(self, request: web.Request, call: Call, trouble: Trouble) -> web.StreamResponse:
        call.error = "cut" if trouble.cut else "lost" if trouble.lost else "late"
        if trouble.lost:
            call.answer = self._answer(call, _authorization(request))
        elif trouble.late:
            self.post.start(self._apply_late(call, request, trouble.seconds))
        if request.transport is not None:
            request.transport.close()
        self.workspace.stir()
        return web.Response()

    async def _apply_late(self, call: Call, request: web.Request, seconds: float) -> None:
        await asyncio.sleep(seconds)
        call.answer = self._answer(call, _authorization(request))
        self.workspace.stir()

    def _ordered(self, call: Call, trouble: Trouble | None) -> web.Response | None:
        """The failure that was requested for this call."""
        if trouble is None or not (trouble.error or trouble.status or trouble.body is not None):
            return None
        call.error = trouble.error or str(trouble.status or "odd")
        if trouble.body is not None:
            return web.Response(status=trouble.status or 200, body=trouble.body, headers=trouble.headers)
        if trouble.error == "ratelimited" or trouble.status == 429:
            return _rate_limited(trouble.retry_after)
        if trouble.status:
            return web.Response(status=trouble.status, text="upstream connect error")
        return web.json_response({"ok": False, "error": trouble.error}, headers=self._headers())

    def _too_fast(self, call: Call) -> web.Response | None:
        wait = self._rates.wait(call.method, call.args, call.at) if self.enforce_rates else 0
        if not wait:
            return None
        call.error = "ratelimited"
        return _rate_limited(wait)

    def take(self, method: str, args: Json, authorization: str) -> Json:
        """Handles a call that did not come over this server's network, and returns the response."""
        call = Call(method, args, time.monotonic())
        self.calls.append(call)
        call.answer = self._answer(call, authorization)
        self._note(call)
        return call.answer

    def _answer(self, call: Call, authorization: str) -> Json:
        try:
            return {"ok": True, **self._dispatch(call, authorization)}
        except Refusal as refusal:
            if refusal.fault:
                self.fault(f"{call.method}: {refusal}")
            answer: Json = {"ok": False, "error": refusal.error, **refusal.extra}
            if refusal.messages:
                answer["response_metadata"] = {"messages": refusal.messages}
                answer["errors"] = refusal.messages
            return answer

    def _dispatch(self, call: Call, authorization: str) -> Json:
        if call.method not in METHODS and call.method != CONNECT:
            raise Refusal("unknown_method", fault=True)
        self._authenticate(call.method, authorization, call.args.pop("token", ""))
        if call.method == CONNECT:
            link = f"{self.base_url.replace('http', 'ws', 1)}/link/"
            return {"url": f"{link}?ticket={self.socket_mode.ticket()}&app_id=A0REHEARSAL"}
        asked = Asked(self.workspace, call.args, self.scopes, self.base_url, self.page_cap)
        return METHODS[call.method](asked)

    def _authenticate(self, method: str, header: str, argument: str) -> None:
        token = header.removeprefix("Bearer ").strip() or argument
        if method == "api.test":
            return
        if self.token_error:
            raise Refusal(self.token_error)
        if not token:
            raise Refusal("not_authed")
        if token not in (self.bot_token, self.app_token):
            raise Refusal("invalid_auth")
        if token != (self.app_token if method == CONNECT else self.bot_token):
            raise Refusal("not_allowed_token_type")

    # response_urls and uploads

    def _in_trouble(self, call: Call, request: web.Request) -> web.Response | None:
        """The trouble ordered for an address that is not a method; None if there is none."""
        trouble = self._trouble_for(call.method, call.args)
        if trouble is not None and trouble.cut and request.transport is not None:
            request.transport.close()
            return web.Response()
        return self._ordered(call, trouble)

    async def _respond(self, request: web.Request) -> web.Response:
        content = await request.json()
        call = Call("response_url", content, time.monotonic())
        self.calls.append(call)
        if (ordered := self._in_trouble(call, request)) is not None:
            return ordered
        try:
            self.workspace.respond(request.match_info["key"], content)
        except Refusal as refusal:
            call.error = refusal.error
            status = 404 if refusal.error in ("expired_url", "used_url") else 400
            if refusal.fault:
                self.fault(f"response_url: {refusal}")
            return web.json_response({"ok": False, "error": refusal.error}, status=status)
        return web.json_response({"ok": True})

    async def _upload(self, request: web.Request) -> web.Response:
        file_id = request.match_info["file"]
        if (ordered := self._in_trouble(Call("upload", {}, time.monotonic()), request)) is not None:
            return ordered
        if file_id not in self.workspace.files:
            return web.Response(status=404, text="no such upload")
        if not self.workspace.receive(file_id, await _uploaded(request)):
            return web.Response(status=400, text="length does not match")
        return web.Response(text=f"OK - {self.workspace.files[file_id].length}")


def _listen(port: int) -> socket.socket:
    """A listening socket on the port or, if it is taken, on the next free one."""
    last = min(port + 99, 65535)
    for candidate in range(port, last + 1) if port else (0,):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, candidate))
        except OSError:
            listening.close()
            continue
        return listening
    raise OSError(f"no free port from {port} to {last}")


def _rate_limited(seconds: int | str) -> web.Response:
    return web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(seconds)}
    )


async def _arguments(request: web.Request) -> Json:
    """The arguments of a call, sent as JSON, as a form, or in the address."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        args |= await request.json()
    elif request.can_read_body:
        args |= dict(await request.post())
    return structured(args)


def structured(args: Json) -> Json:
    """The arguments, with those sent as JSON strings parsed."""
    for name in STRUCTURED:
        if isinstance(args.get(name), str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                # The method itself refuses it.
                continue
    return args


def _authorization(request: web.Request) -> str:
    return request.headers.get("Authorization", "")


async def _uploaded(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""
