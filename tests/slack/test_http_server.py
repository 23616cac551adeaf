"""HTTP mode and the health endpoints: what comes in, what is refused, what is told to whom."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import Bot, create_app
from pulse.core.errors import SettingsFault
from pulse.ops.health import Health
from pulse.ops.settings import Settings
from pulse.slack.http_server import MOST_BYTES, Address, Server
from pulse.slack.socket_mode import SocketState
from pulse.storage.sqlite.store import Store
from rehearsal.server import Rehearsal
from tests.process import Outside, bot, free_port, tokens

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOBODY = SocketState(1, 0, 0, 0, 0, None, 0, None, "Slack cannot be reached (TimeoutError).")
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
    bot = create_app(settings, Store.open(tmp_path / "pulse.db"), settle_s=0.0)
    server = Server(Address(host="127.0.0.1", port=0), bot.health(), bot.app, SECRET)
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
    """401, and nothing is done: not unsigned, not wrongly signed, not older than five minutes."""
    assert await door.post(a_command(), UNSIGNED[case]()) == 401
    assert door.bot.metrics.payloads.total() == 0


async def test_a_request_within_the_window_is_taken_again(door: Door) -> None:
    """Four minutes old is a slow network, and five the limit."""
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
    """10 MB are refused, whether their length is told or they come in pieces."""
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
    status, text = await door.get("/metrics")
    assert status == 200
    assert 'pulse_payloads_total{outcome="ok"} 1' in text
    assert 'pulse_ack_seconds_bucket{le="+Inf"} 1' in text
    names = set(re.findall(r"^(\w+)", text, re.MULTILINE))
    assert all(
        re.match(r"pulse_(payloads|slack_calls|ack_seconds|wave_open|messages|conf|d)", n) for n in names
    )
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{\w+=\"[\w.+]+\"\})? [\d.e+-]+", line), line


async def test_metrics_are_for_this_machine_only_unless_asked(door: Door) -> None:
    """What a proxy hands on comes from elsewhere: it gets nothing until PULSE_METRICS_PUBLIC is set."""
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert (await door.get("/metrics", **{header: "203.0.113.7"}))[0] == 404
    public = Server(Address(host="127.0.0.1", port=0, metrics_public=True), door.bot.health())
    await public.start()
    shown = replace(door, server=public)
    assert (await shown.get("/metrics", **{"X-Forwarded-For": "203.0.113.7"}))[0] == 200
    assert (await shown.get("/slack/events"))[0] == 404, "a health port takes nothing from Slack"
    await public.close()


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
    """Another program that holds the file is found, not waited for."""
    store = door.bot.store
    blocked = asyncio.Event()
    monkeypatch.setattr("pulse.ops.health.WRITE_S", 0.05)

    async def never(*_: object) -> None:
        await blocked.wait()

    monkeypatch.setattr(type(store), "write", never)
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
        assert "8 of 12 agree" in await Outside(slack).whole_loop()
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
