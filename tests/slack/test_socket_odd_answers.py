"""The connection when Slack responds oddly, or something else in its place: it keeps trying, and says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from pulse.slack.socket_mode import Patience, SocketMode
from rehearsal.server import CONNECT, Rehearsal
from tests.slack.odd_answers import JSON, ODD, WAITS

QUICK = Patience(first=0.01, most=0.05, settled=0.0, drain=1.0, farewell=1.0, hello=2.0)

EVENT = {"type": "event_callback", "team_id": "T1", "event": {"type": "app_home_opened", "user": "U1"}}

ADDRESSES = {
    "nothing": None,
    "a number": 7,
    "a list": ["ws://127.0.0.1/"],
    "no address": "somewhere",
    "another kind": "https://127.0.0.1:9/",
    "a host that cannot be": "wss://" + "a" * 300 + ".example/",
    "a port that cannot be": "wss://127.0.0.1:99999/",
    "no host": "wss:///",
    "a closed port": "ws://127.0.0.1:9/?ticket=secret",
    "a port without TLS": "wss://127.0.0.1:{port}/",
    "a ticket that is not known": "ws://127.0.0.1:{port}/link/?ticket=secret",
}


@asynccontextmanager
async def connecting(slack: Rehearsal) -> AsyncIterator[SocketMode]:
    """Starts a connection, which must be up after the block."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, process_before_response=True)

    @app.event("app_home_opened")
    async def heard() -> None:
        """Bolt acks an event that has a listener."""

    socket = SocketMode(app, slack.app_token, patience=QUICK)
    starting = asyncio.create_task(socket.start())
    yield socket
    async with asyncio.timeout(10):
        await starting
    assert (await slack.post.send("events_api", EVENT)).acked_at is not None
    assert socket.state.problem is None
    await socket.close()


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_an_odd_answer_to_the_first_connection_is_waited_out(
    odd: dict[str, Any], slack: Rehearsal
) -> None:
    """The bot does not end with a traceback: the next try brings the connection."""
    slack.fail(CONNECT, times=2, **odd)
    async with connecting(slack):
        pass
    assert len(slack.calls_of(CONNECT)) == 3


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_an_odd_answer_to_a_renewal_is_waited_out(odd: dict[str, Any], slack: Rehearsal) -> None:
    """In the middle of a wave, too, when Slack asks for a fresh connection."""
    async with connecting(slack):
        await slack.socket_mode.connected()
        slack.fail(CONNECT, times=2, **odd)
        await slack.socket_mode.refresh(close_after=0.0)
        await slack.socket_mode.connected(since=1)


@pytest.mark.parametrize("asked", WAITS.values(), ids=WAITS)
async def test_any_word_for_a_wait_is_understood(asked: str, slack: Rehearsal) -> None:
    """A fraction or a date in Retry-After once ended the bot."""
    slack.fail(CONNECT, 429, retry_after=asked)
    async with connecting(slack):
        pass


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
async def test_an_address_that_leads_nowhere_is_waited_out(address: Any, slack: Rehearsal) -> None:
    """The ticket in it is never shown."""
    if isinstance(address, str):
        address = address.format(port=slack.port)
    slack.fail(CONNECT, body=json.dumps({"ok": True, "url": address}).encode(), headers=JSON, times=3)
    async with connecting(slack) as socket:
        problem = await slack.workspace.until(lambda: socket.state.problem)
        assert "secret" not in problem
