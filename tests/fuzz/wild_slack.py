"""A Slack that responds as itself, or oddly: below `Wire`, in front of the stand-in, without a network.

An odd response is made by chance from the true one. It never lies about what nobody could check: what it says
is done is done, and what it says it refused is not.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from pulse.slack import wire
from pulse.slack.network import Network
from pulse.slack.socket_mode import _ack
from pulse.slack.wire import Answer, Wire
from rehearsal.delivery import Delivery
from rehearsal.objects import Refusal
from rehearsal.server import Rehearsal, structured
from tests.slack.odd_answers import ODD, WAITS

Json = dict[str, Any]

STRANGE: tuple[Any, ...] = (None, 0, -1, 7, 1e308, True, False, [], {}, [None], {"id": None}, [[]], [{}])
TEXTS = ("", "x", "\ud800", "a" * 5000, "<!channel>", "\u202e", "Nowhere/City", "999999999999")
TRUTHFUL = ("auth.test", "chat.postMessage", "conversations.history", "conversations.open")
"""Another text in their responses would be a lie: a message that is elsewhere, or was never posted."""

REFUSED = (
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "missing_scope",
    "user_not_found",
    "user_not_visible",
    "invalid_auth",
    "token_revoked",
    "expired_trigger_id",
    "msg_too_long",
    "team_access_not_granted",
    "",
    "x",
    "\u202e",
)
FAILURES: tuple[Callable[[], Exception], ...] = (
    TimeoutError,
    lambda: ConnectionResetError(104, "Connection reset by peer"),
    aiohttp.ServerDisconnectedError,
    lambda: aiohttp.ClientPayloadError("Response payload is not completed"),
    lambda: RuntimeError("Session is closed"),
    lambda: ValueError("odd"),
    lambda: OSError("no words"),
)
DELAYS = (0.0, 0.0, 0.0, 0.05, 0.4, 1.5, 2.9, 6.0, 19.0, 25.0)
PAGES = (
    b"<html>Sign in</html>",
    b"<!DOCTYPE html><title>502</title>",
    b"upstream connect error",
    b"\xff\xfe",
)


class WildSlack(Wire):
    """Responds oddly to a `share` of all calls."""

    def __init__(self, slack: Rehearsal, luck: random.Random) -> None:
        super().__init__(Network(), jitter=luck.random)
        self._slack, self._luck = slack, luck
        self.share = 0.0
        self.odd: Counter[str] = Counter()
        self.heard: list[tuple[str, str, bool]] = []
        """Of each reply and post: the method, to whom, and whether it worked."""

    async def _send(self, _session: object, url: str, *, data: Any, headers: Mapping[str, str]) -> Answer:
        if not url.startswith(f"{self._slack.base_url}/"):
            raise wire.unreachable(aiohttp.InvalidURL(url))
        way = url.removeprefix(self._slack.base_url).split("/")
        method = {"api": way[-1], "actions": "response_url", "upload": "upload"}[way[1]]
        done: list[Answer] = []

        def do() -> Answer:
            done.append(self._do(way, data, headers))
            return done[-1]

        if self._luck.random() >= self.share:
            answer = do()
            self._note(method, way, data, answer.status == 200 and b'"ok": false' not in answer.body)
            return answer
        self.odd[method] += 1
        try:
            answer = await self._otherwise(method, do)
        except Exception as error:
            self._note(method, way, data, False)
            raise wire.unreachable(error) from error
        self._note(method, way, data, bool(done))
        return answer

    def _note(self, method: str, way: list[str], data: Any, worked: bool) -> None:
        if method == "response_url":
            self.heard.append((method, way[-1], worked))
        elif method == "chat.postMessage":
            self.heard.append((method, str(json.loads(data).get("channel")), worked))

    def _do(self, way: list[str], data: Any, headers: Mapping[str, str]) -> Answer:
        """What Slack itself does and responds."""
        status, found = 200, {"ok": True}
        try:
            if way[1] == "actions":
                self._slack.workspace.respond(way[-1], json.loads(data))
            elif way[1] == "upload":
                if not self._slack.workspace.receive(way[-1], bytes(data)):
                    status, found = 400, {"ok": False}
            else:
                found = self._slack.take(way[-1], arguments(data, headers), headers.get("Authorization", ""))
        except Refusal as refusal:
            status, found = 404, {"ok": False, "error": refusal.error}
        scopes = {"x-oauth-scopes": ",".join(sorted(self._slack.scopes))}
        return Answer(status=status, headers=scopes, body=json.dumps(found).encode())

    async def _otherwise(self, method: str, do: Callable[[], Answer]) -> Answer:
        await self._wait(do)
        kind = self._luck.randrange(8)
        if kind < 4:
            return self._told_apart(kind, do)
        return self._half_true(kind, method, do)

    async def _wait(self, do: Callable[[], Answer]) -> None:
        luck = self._luck
        delay = luck.choice(DELAYS)
        if delay > wire.TIMEOUT_S:
            if luck.random() < 0.5:
                do()
            await asyncio.sleep(wire.TIMEOUT_S)
            raise TimeoutError
        await asyncio.sleep(delay)

    def _told_apart(self, kind: int, do: Callable[[], Answer]) -> Answer:
        """The true response, none at all, a refusal, or a rate limit."""
        luck = self._luck
        if kind == 0:
            return do()
        if kind == 1:
            if luck.random() < 0.5:
                do()
            raise luck.choice(FAILURES)()
        if kind == 2:
            return self._told(200, {"ok": False, "error": luck.choice(REFUSED)})
        wait = luck.choice([*WAITS.values(), "1", "12", "86400", "1e999", "-0"])
        return Answer(status=429, headers={"Retry-After": wait}, body=luck.choice(PAGES))

    def _half_true(self, kind: int, method: str, do: Callable[[], Answer]) -> Answer:
        """Part of the true response, a changed one, or one that is not from Slack."""
        luck = self._luck
        if kind == 4:
            found = do()
            return Answer(status=200, headers={}, body=found.body[: luck.randrange(len(found.body))])
        if kind == 5 and method not in ("response_url", "upload"):
            return self._told(200, self._changed(method, json.loads(do().body)))
        if luck.random() < 0.5 and method != "response_url":
            do()
        if kind == 6:
            odd = luck.choice([each for each in ODD.values() if method != "response_url" or not claims(each)])
            return Answer(status=odd.get("status", 200), headers=odd["headers"], body=odd["body"])
        return Answer(
            status=luck.choice((204, 302, 400, 403, 404, 407, 413, 500, 502, 503, 504)),
            headers={"Content-Type": luck.choice(("text/html", ";;;", "application/json", ""))},
            body=luck.choice(PAGES),
        )

    def _told(self, status: int, found: Json) -> Answer:
        return Answer(status=status, headers={}, body=json.dumps(found).encode())

    def _changed(self, method: str, found: Json) -> Json:
        """The true response with one part missing or strange."""
        holder, luck = found, self._luck
        while True:
            name = luck.choice(list(holder) or ["ok"])
            inner = holder.get(name)
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                inner = luck.choice(inner)
            if isinstance(inner, dict) and inner and method not in TRUTHFUL and luck.random() < 0.7:
                holder = inner
                continue
            strange = STRANGE if method in TRUTHFUL else (*STRANGE, *TEXTS)
            if luck.random() < 0.3:
                holder.pop(name, None)
            else:
                holder[name] = luck.choice(strange)
            return found


def claims(odd: Mapping[str, Any]) -> bool:
    """Whether an odd response still says that the call was done."""
    return b'"ok": true' in odd["body"]


def arguments(data: Any, headers: Mapping[str, str]) -> Json:
    """The arguments of a call, as the stand-in's server reads them."""
    if headers["Content-Type"] == wire.JSON:
        return structured(dict(json.loads(data)))
    return structured(dict(parse_qsl(data.decode(), keep_blank_values=True)))


class Direct:
    """Carries payloads to the app in the same process; an app that fails does not ack."""

    def __init__(self, app: AsyncApp) -> None:
        self._app = app

    async def carry(self, delivery: Delivery) -> bool:
        delivery.socket = 1
        body = json.loads(json.dumps(delivery.payload))
        response = await self._app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
        text = _ack(delivery.envelope_id, response)
        if text is not None:
            delivery.acknowledge(json.loads(text).get("payload"))
        return True
