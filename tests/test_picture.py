"""The README's picture is the running page: the README's own way is walked in Chromium and photographed.

`make picture` writes docs/rehearsal.png again; other runs only walk the way.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Locator, Page, async_playwright, expect

from tests import process

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PICTURE = Path(__file__).parents[1] / "docs" / "rehearsal.png"
SIZE = {"width": 1280, "height": 900}
PATIENCE_MS = 60_000
"""Longer than anything takes on a busy machine."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and "CI" not in os.environ,
        reason="no Chromium on this machine: apt install chromium",
    ),
]


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


async def say(page: Page, line: str) -> None:
    await page.locator("#box").fill(line)
    await page.locator("#box").press("Enter")


async def seen(place: Locator) -> None:
    await expect(place).to_be_visible(timeout=PATIENCE_MS)


async def first_look(page: Page) -> None:
    """The first screen: the last results of the sample history, from their finding on."""
    results = page.locator("#messages .message").filter(has_text="How sure?")
    await seen(results.locator("img"))
    await results.evaluate("(message) => message.scrollIntoView({block: 'start'})")


async def walk(page: Page) -> None:
    """Opens a pulse, answers, lets the crowd answer, closes, and looks at the results."""
    messages = page.locator("#messages")
    await say(page, "/pulse open")
    await messages.get_by_role("button", name="Open it now").last.click()
    agree = messages.locator("button", has_text=re.compile("^Agree$")).first
    await seen(agree)
    await agree.click()
    await seen(messages.get_by_text("Question 1 saved").last)
    await page.get_by_label("Mood in IT").fill("25")
    await page.get_by_role("button", name="Let the crowd answer").click()
    await seen(page.locator(".toast", has_text="answered").last)
    await say(page, "/pulse close")
    await messages.get_by_role("button", name="Close it now").last.click()
    results = messages.locator(".message").filter(has_text="How sure?")
    await expect(results).to_have_count(2, timeout=PATIENCE_MS)  # the first is of the sample history
    await seen(results.last.locator("img"))


async def test_the_way_of_the_readme_leads_to_results_on_the_page(tmp_path: Path) -> None:
    """The first screen is photographed; after open, answer, crowd and close new results have a chart."""
    assert CHROMIUM, "the picture needs Chromium: apt install chromium"
    async with process.bot(tmp_path, PULSE_PAGE=free_port()) as bot, async_playwright() as playwright:
        await bot.says("Open http")
        address = re.search(r"Open (http://\S+)", bot.output)
        assert address is not None
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        window = await browser.new_context(viewport=SIZE, locale="en-GB", color_scheme="light")
        window.set_default_timeout(PATIENCE_MS)
        page = await window.new_page()
        await page.goto(address[1])
        await page.wait_for_selector("body[data-ready]")
        await first_look(page)
        if os.environ.get("PULSE_GOLDEN") == "1" and "CI" not in os.environ:
            await page.screenshot(path=PICTURE)
            Image.open(PICTURE).convert("RGB").quantize(128).save(PICTURE, optimize=True)
        await walk(page)
        await browser.close()


def test_the_picture_is_light_enough_to_load() -> None:
    """A PNG as wide as the page, under 300 kB."""
    data = PICTURE.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (SIZE["width"], SIZE["height"])
    assert len(data) < 300_000
