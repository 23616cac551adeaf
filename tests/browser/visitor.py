"""Somebody at the rehearsal page in a real Chromium; console errors and requests to others are faults."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, async_playwright, expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

SCREENS = Path(__file__).parents[2] / "build" / "screens"  # not kept in git
PATIENCE_MS = 20_000  # for a loaded machine; nothing waits longer than it must
expect.set_options(timeout=PATIENCE_MS)

IN_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        CHROMIUM is None and "CI" not in os.environ,
        reason="no Chromium on this machine: apt install chromium",
    ),
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    assert CHROMIUM, "the browser tests need Chromium: apt install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


class Visitor:
    """A page at `url`. `faults` lists what must not happen; a fault that contains `forgives` is expected."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.faults: list[str] = []
        self.forgives = "nothing"
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on(
            "console",
            lambda said: self.faults.append(f"{said.type}: {said.text}") if self._bad(said) else None,
        )
        page.on("request", lambda request: self._watch(request.url))

    @staticmethod
    def _bad(said: Any) -> bool:
        return said.type in ("error", "warning")

    def _watch(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "data" and parts.netloc != urlsplit(self.url).netloc:
            self.faults.append(f"request off the machine: {url}")

    async def opens(self, where: str = "") -> Page:
        await self.page.goto(self.url + where)
        await self.page.wait_for_selector("body[data-ready]")
        return self.page


@asynccontextmanager
async def visiting(browser: Browser, url: str, **context: Any) -> AsyncIterator[Visitor]:
    """A window of its own; at the end every fault that is not forgiven fails the test."""
    settings = {"viewport": {"width": 1280, "height": 900}, "timezone_id": "Europe/Berlin", "locale": "en-GB"}
    window = await browser.new_context(**{**settings, **context})
    window.set_default_timeout(PATIENCE_MS)
    visitor = Visitor(await window.new_page(), url)
    try:
        yield visitor
    except BaseException as error:
        error.add_note(f"The page said: {visitor.faults}")
        SCREENS.mkdir(parents=True, exist_ok=True)
        await visitor.page.screenshot(path=SCREENS / "failed.png")
        raise
    finally:
        await window.close()
    assert [fault for fault in visitor.faults if visitor.forgives not in fault] == []


async def complaints(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds: the name of each rule that is broken, and where."""
    await page.evaluate(AXE_SCRIPT)
    found = await page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
