"""One Chromium for the tests of a module, and the bot as a visitor starts it."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests import process
from tests.browser.visitor import chromium

Start = Callable[..., AbstractAsyncContextManager[str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


def free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        port: int = probing.getsockname()[1]
        return port


@pytest.fixture
def rehearsing(tmp_path: Path) -> Start:
    """`async with rehearsing(PULSE_SAMPLE="0") as url`: `python bot.py`, no tokens, an empty HOME."""

    @asynccontextmanager
    async def start(**settings: str) -> AsyncIterator[str]:
        home = tmp_path / "home"
        home.mkdir()
        port = str(free_port())
        async with process.bot(tmp_path, HOME=str(home), PULSE_PAGE=port, **settings) as running:
            await running.says("Ctrl+C ends it.")
            found = re.search(r"Open (http://\S+) in a browser", running.output)
            assert found, running.output
            yield found[1]
            assert await running.stop() == 0
        assert "Traceback" not in running.output, running.output

    return start
