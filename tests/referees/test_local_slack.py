"""A referee by others: one walk through the loop against `local-slack`, a stand-in for Slack.

npm fetches the program, at this version, into a folder of the test. What it cannot do (modals by its control
interface, files) is not tried.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pulse.core.model import Side
from pulse.core.records import Setup
from pulse.core.schedule import Repeat, Schedule, Weekday
from pulse.storage.sqlite.store import Store
from tests.process import bot, free_port

PACKAGE = "local-slack-linux-x64@0.1.8"
SECONDS = 60.0
MARKETING, IT, MANAGER = "C01MKT", "C02IT", "U00MANAGER"
SECRET = b"k" * 32


def people(letter: str) -> list[str]:
    return [f"U{letter}{number:02}" for number in range(6)]


def configuration(port: int) -> dict[str, Any]:
    users = [MANAGER, *people("M"), *people("I")]
    return {
        "workspace": {"name": "Referee", "domain": "referee", "teamId": "T01TEST"},
        "app": {
            "appId": "A01APP",
            "botUserId": "U0BOT",
            "botName": "pulse",
            "botToken": "xoxb-referee",
            "appToken": "xapp-referee",
            "signingSecret": "secret",
            "mode": "socket",
            "requestUrl": f"http://localhost:{port}/unused",
        },
        "users": [{"id": user, "name": user.lower(), "real_name": user} for user in users],
        "channels": [
            {"id": MARKETING, "name": "marketing", "members": [*people("M"), MANAGER, "U0BOT"]},
            {"id": IT, "name": "it", "members": [*people("I"), "U0BOT"]},
        ],
    }


class Referee:
    """The running stand-in, driven through its control interface."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session, self._url = session, f"http://localhost:{port}"
        self.api = f"{self._url}/api/"

    async def ask(self, way: str, **body: Any) -> Any:
        async with self._session.post(f"{self._url}{way}", json=body) as answer:
            return await answer.json()

    async def messages(self, channel: str) -> list[dict[str, Any]]:
        async with self._session.get(f"{self._url}/_control/messages/{channel}") as answer:
            return list((await answer.json())["messages"])

    async def until(self, channel: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message that is wanted; the stand-in sends no events, so this polls it."""
        async with asyncio.timeout(SECONDS):
            while True:
                for message in await self.messages(channel):
                    if wanted(message):
                        return message
                await asyncio.sleep(0.1)


@pytest.fixture
async def referee(tmp_path: Path) -> AsyncIterator[Referee]:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not at hand")
    (tmp_path / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    await asyncio.to_thread(subprocess.run, command, cwd=tmp_path, check=True, capture_output=True)
    port = free_port()
    (tmp_path / "config.json").write_text(json.dumps(configuration(port)))
    program = tmp_path / "node_modules" / "local-slack-linux-x64" / "bin" / "local-slack"
    process = await asyncio.create_subprocess_exec(
        str(program),
        *("--config", str(tmp_path / "config.json"), "--port", str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession() as session:
            found = Referee(session, port)
            async with asyncio.timeout(SECONDS):
                while True:
                    try:
                        await found.messages(MARKETING)
                        break
                    except aiohttp.ClientError:
                        await asyncio.sleep(0.1)
            yield found
    finally:
        process.kill()
        await process.wait()


async def set_up(path: Path) -> None:
    """A weekly pulse in both channels, and a manager."""
    schedule = Schedule(Repeat.WEEKLY, Weekday.TUESDAY, time(9), "UTC", date(2020, 1, 7))
    now = datetime.now(UTC)
    setup = Setup(
        schedule=schedule.as_record(),
        items=2,
        minimum=5,
        since=now,
        channels={Side.MARKETING: (MARKETING,), Side.IT: (IT,)},
    )
    store = Store.open(path)
    await store.save_setup(setup, now, "{}")
    await store.make_secret(SECRET)
    person = hmac.digest(SECRET, MANAGER.encode(), hashlib.sha256)
    await store.set_wish(person, "manager", True, now, "")
    store.close()


def options(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The options of the first question; none if the message is not a poll."""
    for block in message.get("blocks") or []:
        elements = block.get("elements") or []
        if block["type"] == "actions" and str(elements[0].get("action_id")).startswith("answer:"):
            return [{**each, "block_id": block["block_id"]} for each in elements]
    return []


async def presses(referee: Referee, action_id: str, value: str) -> None:
    """Presses a button of a private card as if on the last post: this stand-in shows nobody private cards."""
    button = {"type": "button", "action_id": action_id, "block_id": "card", "value": value}
    last = await referee.until(MARKETING, bool)
    await referee.ask(
        "/_control/interact", channel=MARKETING, messageTs=last["ts"], user=MANAGER, action=button
    )


def token_of(database: Path) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as copy:
        token: str = copy.execute("SELECT token FROM wave WHERE state = 'open'").fetchone()[0]
    return token


@pytest.mark.soak
async def test_a_pulse_opens_is_answered_and_closes_in_anothers_stand_in(
    referee: Referee, tmp_path: Path
) -> None:
    """Over its Socket Mode, commands, buttons and posts; the bot's log holds no traceback."""
    await set_up(tmp_path / "pulse.db")
    environment = {
        "SLACK_BOT_TOKEN": "xoxb-referee",
        "SLACK_APP_TOKEN": "xapp-referee",
        "SLACK_API_URL": referee.api,
        "PULSE_DB": str(tmp_path / "pulse.db"),
    }
    async with bot(tmp_path, **environment) as process:
        await process.says("event=ready")
        command = {"channel": MARKETING, "user": MANAGER, "command": "/pulse"}
        await referee.ask("/_control/command", **command, text="open")
        await presses(referee, "manage:open", "now")
        for channel, letter in ((MARKETING, "M"), (IT, "I")):
            poll = await referee.until(channel, lambda message: bool(options(message)))
            for number, user in enumerate(people(letter)):
                pressed = options(poll)[1 if number % 2 else 3]
                await referee.ask(
                    "/_control/interact", channel=channel, messageTs=poll["ts"], user=user, action=pressed
                )
        await referee.ask("/_control/command", **command, text="close")
        await presses(referee, "manage:close", token_of(tmp_path / "pulse.db"))
        results = await referee.until(IT, lambda message: "of 6" in message.get("text", ""))
        assert results["text"]
        assert await process.stop() == 0
        assert "Traceback" not in process.output
