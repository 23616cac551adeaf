"""HTTP mode and the health endpoints: what is let in, what is refused, and who may read what."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot import Bot, create_app
from pulse.core.errors import SettingsFault
from pulse.ops.health import Health
from pulse.ops.lifecycle import Pace
from pulse.ops.settings import Settings
from pulse.slack.http_server import MOST_BYTES, Address, Server
from pulse.slack.socket_mode import SocketState
from pulse.storage.sqlite.store import Store
from rehearsal.server import Rehearsal
from tests.process import Outside, bot, free_port, tokens

TOKEN = "a token of the operator's"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOBODY = SocketState(
    wanted=1, connected=0, unsent_acks=0, strangers=0, problem="Slack cannot be reached (TimeoutError)."
)
FORM = "application/x-www-form-urlencoded"


@dataclass
class Door:
    """The bot's server, and a client at it."""

    bot: Bot
    server: Server
    client: aiohttp.ClientSession

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.client.get(self.url(path), headers=headers) as answer:
            return answer.status, await answer.text()

    async def post(self, body: Any, headers: dict[str, str], path: str = "/slack/events") -> int:
        async with self.client.post(self.url(path), data=body, headers=headers) as answer:
            await answer.read()
            return answer.status


def signed(body: bytes, at: float | None = None, secret: str = SECRET, kind: str = FORM) -> dict[str, str]:
    """Slack's headers of a body sent at Unix time `at`, by default now."""
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signature}",
    }


@pytest.fixture
async def door(slack: Rehearsal, tmp_path: Path) -> AsyncIterator[Door]:
    settings = Settings(
        _env_file=None,
        slack_bot_token=slack.bot_token,
        slack_signing_secret=SECRET,
        slack_api_url=slack.api_url,
    )
    bot = create_app(settings, Store.open(tmp_path / "pulse.db"), pace=Pace(settle_s=0.0))
    address = Address(host="127.0.0.1", port=0, metrics_token=TOKEN)
    server = Server(address, bot.health(), bot.app, SECRET)
    await bot.start()
    await server.start()
    async with aiohttp.ClientSession() as client:
        yield Door(bot, server, client)
    await server.close()
    await bot.stop()


def a_command(text: str = "help") -> bytes:
    """A slash command as Slack sends it."""
    return f"command=/pulse&text={text}&user_id=U1&channel_id=C1&team_id=T1&trigger_id=1.2".encode()


async def test_a_signed_request_is_taken(door: Door) -> None:
    """With Slack's signature a command is acked."""
    assert await door.post(a_command(), signed(a_command())) == 200


async def test_slacks_question_whether_the_address_is_the_apps_is_answered(door: Door) -> None:
    """url_verification gives the challenge back."""
    body = json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"}).encode()
    headers = signed(body, kind="application/json")
    async with door.client.post(door.url("/slack/events"), data=body, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"challenge": "abc"})


UNSIGNED: dict[str, Callable[[], dict[str, str]]] = {
    "unsigned": lambda: {"Content-Type": FORM},
    "another secret": lambda: signed(a_command(), secret="somebody else's"),
    "another body": lambda: signed(a_command("open")),
    "replayed": lambda: signed(a_command(), at=time.time() - 301),
    "from the future": lambda: signed(a_command(), at=time.time() + 360),
    "no number": lambda: {**signed(a_command()), "X-Slack-Request-Timestamp": "yesterday"},
    "too long": lambda: {**signed(a_command()), "X-Slack-Request-Timestamp": "9" * 5000},
    "empty": lambda: {**signed(a_command()), "X-Slack-Request-Timestamp": ""},
    "not ascii": lambda: {**signed(a_command()), "X-Slack-Signature": "v0=ü"},
    "no time": lambda: {"X-Slack-Signature": signed(a_command())["X-Slack-Signature"], "Content-Type": FORM},
}


@pytest.mark.parametrize("case", UNSIGNED)
async def test_what_slack_did_not_sign_lately_is_refused(case: str, door: Door) -> None:
    """Unsigned, wrongly signed, or more than five minutes old: 401, and nothing is done."""
    assert await door.post(a_command(), UNSIGNED[case]()) == 401
    assert door.bot.metrics.payloads.total() == 0


async def test_a_request_within_the_window_is_taken_again(door: Door) -> None:
    """Four minutes are a slow network, and five are the limit."""
    assert await door.post(a_command(), signed(a_command(), at=time.time() - 240)) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"payload=not json",
        b"payload=[1]",
        b"payload=%22text%22",
        b"payload=null",
        b"{",
        b"\xff\xfe",
        b"payload",
    ],
)
async def test_a_signed_body_that_is_no_payload_is_refused(body: bytes, door: Door) -> None:
    """4xx and no traceback, whatever the bytes are."""
    assert 400 <= await door.post(body, signed(body)) < 500


async def test_a_large_body_is_refused_without_being_read(door: Door) -> None:
    """10 MB are refused, whether their length is announced or they come in chunks."""
    whole = b"x" * 10_000_000

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    for body in (BytesIO(whole), pieces()):
        try:
            assert await door.post(body, signed(whole)) == 413
        except aiohttp.ClientConnectionError:
            # The server hung up while we were still sending, which refuses as well.
            continue
    assert (await door.get("/healthz"))[0] == 200
    assert door.bot.metrics.payloads.total() == 0


async def test_a_body_under_the_bound_is_read(door: Door) -> None:
    """A signed body just under 1 MB is handed on."""
    body = a_command("x" * (MOST_BYTES - 200))
    assert await door.post(body, signed(body)) == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/slack/events", 405),
        ("PUT", "/slack/events", 405),
        ("POST", "/", 404),
        ("POST", "/slack/events/", 404),
        ("POST", "/slack/install", 404),
        ("POST", "/healthz", 405),
        ("GET", "/.env", 404),
    ],
)
async def test_other_paths_and_methods_are_not_there(method: str, path: str, status: int, door: Door) -> None:
    """POST /slack/events is the only way in."""
    async with door.client.request(method, door.url(path), data=b"") as answer:
        assert answer.status == status


async def test_a_healthy_bot_is_alive_and_ready(door: Door) -> None:
    """/healthz says that the process lives, /readyz that answers are taken and kept."""
    assert await door.get("/healthz") == (200, "ok\n")
    status, text = await door.get("/readyz")
    assert (status, json.loads(text)) == (200, {"ready": True, "problems": {}})


async def test_the_metrics_count_payloads_and_nothing_of_answers(door: Door) -> None:
    """What Prometheus reads: outcomes, the ack's latency, sizes; no names, items or scores."""
    await door.post(a_command(), signed(a_command()))
    status, text = await door.get("/metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert 'pulse_payloads_total{outcome="ok"} 1' in text
    assert 'pulse_ack_seconds_bucket{le="+Inf"} 1' in text
    names = set(re.findall(r"^(\w+)", text, re.MULTILINE))
    assert all(
        re.match(r"pulse_(payloads|slack_calls|ack_seconds|wave_open|messages|conf|d)", n) for n in names
    )
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{\w+=\"[\w.+]+\"\})? [\d.e+-]+", line), line


async def test_metrics_are_for_who_has_the_token_or_for_this_machine_without_a_proxy(door: Door) -> None:
    """In HTTP mode the token decides: the proxy in front might add no header that shows it."""
    assert (await door.get("/metrics", Authorization=""))[0] == 404
    for wrong in ("Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ü"):
        assert (await door.get("/metrics", Authorization=wrong))[0] == 404
    assert (await door.get("/metrics", Authorization=f"Bearer {TOKEN}"))[0] == 200
    health = Server(Address(host="127.0.0.1", port=0), door.bot.health())
    await health.start()
    nearby = replace(door, server=health)
    assert (await nearby.get("/metrics"))[0] == 200
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert (await nearby.get("/metrics", **{header: "203.0.113.7"}))[0] == 404
    assert (await nearby.get("/metrics", Authorization="Bearer "))[0] == 200, "no token is no password"
    assert (await nearby.get("/slack/events"))[0] == 404, "a health port takes nothing from Slack"
    await health.close()


async def test_a_request_is_taken_once(door: Door) -> None:
    """The same signed bytes again are a recorded copy: refused, and nothing is done."""
    headers = signed(a_command())
    assert await door.post(a_command(), headers) == 200
    for _ in range(3):
        assert await door.post(a_command(), headers) == 409
    assert door.bot.metrics.payloads.total() == 1
    assert await door.post(a_command("status"), signed(a_command("status"))) == 200


NONSENSE: tuple[Any, ...] = (
    {"type": "block_actions", "user": "U1", "actions": [{"action_id": "answer:4"}]},
    {"type": "block_actions", "user": {"id": 1}, "actions": [{"action_id": "answer:4"}]},
    {"type": "block_actions", "user": {"id": "U1"}, "actions": {"action_id": "answer:4"}},
    {"type": "block_actions", "user": {"id": "U1"}, "actions": ["answer:4"]},
    {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": {}, "value": 4}]},
    {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": ["setup"], "state": "x"}},
    {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "setup", "state": []}},
    {"type": ["block_actions"]},
    {"type": "event_callback", "event": ["app_home_opened"]},
    {"type": "event_callback", "event": {"type": {}}},
    {"type": "event_callback", "event": {"type": "app_home_opened"}},
    {"type": "event_callback", "event": {"type": "channel_id_changed", "old_channel_id": "C1"}},
    {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "answer"}},
    {"type": "block_actions", "user": {"id": "U1"}, "actions": []},
    {"command": "/pulse", "text": "help"},
)


@pytest.mark.parametrize("payload", NONSENSE)
async def test_signed_nonsense_is_refused_without_a_traceback(
    payload: Any, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    """A payload of the wrong shape: 400, one line in the log, nothing handed on."""
    for body, kind in (
        (urlencode({"payload": json.dumps(payload)}).encode(), FORM),
        (json.dumps(payload).encode(), "application/json"),
    ):
        assert await door.post(body, signed(body, kind=kind)) == 400
    assert door.bot.metrics.payloads.total() == 0
    assert not any(record.exc_info for record in caplog.records)


async def test_answers_name_no_program_and_no_version(door: Door) -> None:
    """Neither to what is accepted, nor to what is refused, nor to what is not HTTP."""
    for path in ("/healthz", "/nowhere", "/metrics"):
        async with door.client.get(door.url(path)) as answer:
            assert "Server" not in answer.headers
    said = await raw(door, b"GARBAGE \x00\r\n\r\n")
    assert said.startswith(b"HTTP/1.")
    assert b" 400 " in said.splitlines()[0]
    assert b"aiohttp" not in said
    assert b"Python" not in said


async def raw(door: Door, request: bytes) -> bytes:
    """Sends bytes and returns what comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.server.port)
    writer.write(request)
    said = await reader.read()
    writer.close()
    return said


async def test_what_is_no_http_is_a_line_in_the_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """It has no traceback: anybody can send it, as often as they like."""
    await raw(door, b"GET / HTTP/1.1\r\nno header\r\n\r\n")
    [line] = [record for record in caplog.records if "malformed" in record.getMessage()]
    assert line.exc_info is None


async def test_half_sent_requests_hold_up_nobody(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """1,200 connections that never end their headers: /healthz responds at once, and the log stays small."""
    writers = []
    for _ in range(1200):
        _reader, writer = await asyncio.open_connection("127.0.0.1", door.server.port)
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        writers.append(writer)
    async with aiohttp.ClientSession() as client:
        async with asyncio.timeout(1.0):
            async with client.get(door.url("/healthz")) as answer:
                assert answer.status == 200
    assert sum(len(record.getMessage()) for record in caplog.records) < 10_000
    for writer in writers:
        writer.transport.abort()


async def test_a_new_process_takes_over_the_socket_that_listens(door: Door) -> None:
    """A request that comes while the process is replaced waits in the socket for the new process."""
    copy, port = door.server.listening_copy(), door.server.port
    await door.server.close()
    waiting = asyncio.ensure_future(door.get("/healthz"))
    taking_over = Server(Address(host="127.0.0.1", port=port), door.bot.health())
    await taking_over.start(copy)
    assert taking_over.port == port
    assert await waiting == (200, "ok\n")
    await taking_over.close()


@pytest.mark.parametrize("kind", ["not listening", "another port"])
async def test_a_socket_that_is_not_the_one_is_not_taken_over(kind: str, door: Door) -> None:
    """The settings say where to listen, whatever was inherited."""
    other = socket.socket()
    other.bind(("127.0.0.1", 0))
    if kind == "another port":
        other.listen()
    taken = Server(Address(host="127.0.0.1", port=free_port()), door.bot.health())
    await taken.start(other.detach())
    assert (await replace(door, server=taken).get("/healthz"))[0] == 200
    await taken.close()


async def test_a_port_that_is_taken_is_said(door: Door) -> None:
    """The sentence names the settings."""
    taken = Server(Address(host="127.0.0.1", port=door.server.port), door.bot.health())
    with pytest.raises(SettingsFault, match="PORT or PULSE_HEALTH_PORT"):
        await taken.start()


async def ready(door: Door, health: Health) -> dict[str, Any]:
    server = Server(Address(host="127.0.0.1", port=0), health)
    await server.start()
    status, text = await replace(door, server=server).get("/readyz")
    await server.close()
    said: dict[str, Any] = json.loads(text)
    assert status == (200 if said["ready"] else 503)
    return said


async def test_without_a_connection_the_bot_is_not_ready(door: Door) -> None:
    """In Socket Mode a bot that Slack cannot reach takes no taps: 503, with the reason."""
    health = door.bot.health(lambda: NOBODY)
    assert (await ready(door, health))["problems"] == {"slack": NOBODY.problem}
    connected = door.bot.health(lambda: replace(NOBODY, connected=1))
    assert (await ready(door, connected))["ready"]


async def test_with_a_database_that_takes_no_write_the_bot_is_not_ready(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that does not end is reported, not waited for."""
    store = door.bot.store
    blocked = asyncio.Event()
    monkeypatch.setattr("pulse.ops.health.WRITE_S", 0.05)

    async def never(*_: object) -> None:
        await blocked.wait()

    monkeypatch.setattr(type(store), "write", never)
    said = await ready(door, door.bot.health())
    assert set(said["problems"]) == {"database"}


async def test_with_a_database_that_was_replaced_the_bot_is_not_ready(door: Door) -> None:
    """Whatever is recorded now would be gone after the next start."""
    path = door.bot.store.path
    path.rename(path.with_name("moved.db"))
    path.touch()
    said = await ready(door, door.bot.health())
    assert set(said["problems"]) == {"database"}


async def test_a_full_disk_is_not_ready(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the disk is full, not after."""
    monkeypatch.setattr("pulse.ops.health.LEAST_FREE_BYTES", 1 << 62)
    said = await ready(door, door.bot.health())
    assert set(said["problems"]) == {"disk"}


async def test_the_whole_loop_runs_over_http(slack: Rehearsal, tmp_path: Path) -> None:
    """Set up, open, answer, close with the process in HTTP mode; SIGTERM ends it with 0."""
    settings = {**tokens(slack), "SLACK_SIGNING_SECRET": SECRET, "PORT": "0", "PULSE_HOST": "127.0.0.1"}
    del settings["SLACK_APP_TOKEN"]
    async with bot(tmp_path, **settings) as process:
        await process.says("event=ready")
        port = re.search(r"event=ready.* port=(\d+)", process.output)
        assert port is not None
        slack.deliver_http(f"http://127.0.0.1:{port[1]}/slack/events", SECRET)
        assert "8 of 12 (67%)" in await Outside(slack).whole_loop()
        assert await process.stop() == 0


async def test_in_socket_mode_a_health_port_can_be_asked_for(slack: Rehearsal, tmp_path: Path) -> None:
    """PULSE_HEALTH_PORT serves the same endpoints on this machine, and nothing for Slack."""
    port = str(free_port())
    async with bot(tmp_path, **tokens(slack), PULSE_HEALTH_PORT=port) as process:
        await process.says("event=ready")
        async with aiohttp.ClientSession() as client:
            for path, status in (
                ("/healthz", 200),
                ("/readyz", 200),
                ("/metrics", 200),
                ("/slack/events", 404),
            ):
                async with client.get(f"http://127.0.0.1:{port}{path}") as answer:
                    assert answer.status == status
        assert await process.stop() == 0
