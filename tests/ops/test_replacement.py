"""After a close the process makes room for a new one: same id, same lock, no tap lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from pulse.core.errors import StoreFault
from pulse.storage.sqlite.store import Store
from rehearsal.server import Rehearsal
from tests.process import Outside, Process, bot, tokens

HASTY = Path(__file__).parent / "hasty.py"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@asynccontextmanager
async def hasty(
    slack: Rehearsal, folder: Path, *, http: bool = False, **settings: str
) -> AsyncIterator[Process]:
    """A bot that is ready, whose quiet minute is short; over HTTP if asked to."""
    chosen = {**tokens(slack), **settings}
    if http:
        del chosen["SLACK_APP_TOKEN"]
        chosen |= {"SLACK_SIGNING_SECRET": SECRET, "PORT": "0"}
    async with bot(folder, program=HASTY, **chosen) as process:
        await process.says("event=ready")
        if http:
            port = re.search(r"event=ready.* port=(\d+)", process.output)
            assert port is not None
            slack.deliver_http(f"http://127.0.0.1:{port[1]}/slack/events", SECRET)
        yield process


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def test_after_a_close_a_new_process_goes_on(slack: Rehearsal, tmp_path: Path) -> None:
    """With the same id and command line; it holds the database, and the next pulse is answered."""
    async with hasty(slack, tmp_path) as process:
        pid = process.process.pid
        words = command_line(pid)
        outside = Outside(slack)
        assert "8 of 12 (67%)" in await outside.whole_loop()
        await process.says("replacing this process")
        await process.says("event=ready", times=2)
        assert process.process.returncode is None
        assert command_line(pid) == words
        with pytest.raises(StoreFault, match="Another bot"):
            Store.open(tmp_path / "pulse.db")
        poll = (await outside.open())[outside.it]
        person = outside.people(outside.it)[0]
        await outside.answer(person, poll, "4")
        await outside.until(lambda: any("saved: *Agree*" in m.text for m in person.private(outside.it)))
        assert await process.stop() == 0
        assert "Traceback" not in process.output


async def test_the_end_is_the_end_also_while_a_replacement_is_due(slack: Rehearsal, tmp_path: Path) -> None:
    """SIGTERM after a close ends the process with 0, whether the replacement or the signal comes first."""
    async with hasty(slack, tmp_path) as process:
        await Outside(slack).whole_loop()
        assert await process.stop() == 0


async def test_over_http_every_request_is_answered_meanwhile(slack: Rehearsal, tmp_path: Path) -> None:
    """The socket that listens is handed over: a request in between waits, and none is refused."""
    async with hasty(slack, tmp_path, http=True) as process:
        address = re.search(r"event=ready.* address=(\S+)", process.output)
        assert address is not None
        await Outside(slack).whole_loop()
        seen: list[int] = []
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector) as client:
            while process.output.count("event=ready") < 2:
                async with client.get(f"http://{address[1]}/healthz") as answer:
                    seen.append(answer.status)
        assert set(seen) == {200}
        assert len(seen) > 5
        assert await process.stop() == 0
