"""What a reader has to read and to scroll: measured on the page, at the width of a phone and of a desk."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.async_api import Browser, Locator, expect

from tests.browser.conftest import Start
from tests.browser.visitor import IN_CHROMIUM, SCREENS, Visitor, complaints, visiting

pytestmark = IN_CHROMIUM

SLOW_MS = 60_000
PHONE, DESK = 390, 1280
WORDS = {"result": 110, "details": 656, "certainty": 320, "trend": 300, "scores": 120}
"""The most words of each: buttons count, alternative texts of pictures do not."""
HEIGHT = {"result": 1150}
"""The most pixels at the width of a phone, the chart included."""

MEASURE = """(message) => {
  const body = message.querySelector(".blocks") || message;
  return { text: body.innerText, height: Math.round(message.getBoundingClientRect().height) };
}"""
MODAL = """(body) => ({ text: body.innerText, height: body.scrollHeight })"""


async def measured(part: Locator, how: str = MEASURE) -> dict[str, int]:
    found: dict[str, Any] = await part.evaluate(how)
    words = [word for word in found["text"].split() if re.search(r"\w", word)]
    numbers = re.findall(r"\d+", found["text"])
    return {"words": len(words), "numbers": len(numbers), "height": found["height"]}


class Reader:
    """Somebody who opens the page with its sample history, at one width, and looks at all of a result."""

    def __init__(self, visitor: Visitor, width: int) -> None:
        self.page, self.width = visitor.page, width
        self.result = self.page.locator("#messages .message:not(.private)").filter(has_text="How sure").last
        self.private = self.page.locator("#messages .message.private").last
        self.window = self.page.get_by_role("dialog").locator(".modal-body")
        self.found: dict[str, dict[str, int]] = {}

    async def looks(self) -> dict[str, dict[str, int]]:
        picture = self.result.locator("img.picture")
        await expect(picture).to_be_visible(timeout=SLOW_MS)
        await expect(picture).to_have_js_property("complete", True)
        await self.result.scroll_into_view_if_needed()
        self.found["result"] = await measured(self.result)
        await self.photographed("result")
        await self.reads_window("Details", "details")
        await self.reads_window("How sure?", "certainty")
        await self.result.get_by_role("button", name="Trend", exact=True).click()
        await expect(self.private.locator("img.picture")).to_be_visible(timeout=SLOW_MS)
        self.found["trend"] = await measured(self.private)
        await self.photographed("trend")
        box = self.page.get_by_role("textbox", name=re.compile("^Write to "))
        await box.fill("/pulse scores")
        await box.press("Enter")
        await expect(self.private).to_contain_text("Share in this channel", timeout=SLOW_MS)
        await expect(self.private).to_contain_text("How sure")
        self.found["scores"] = await measured(self.private)
        await self.photographed("scores")
        return self.found

    async def reads_window(self, button: str, name: str) -> None:
        await self.result.get_by_role("button", name=button, exact=True).click()
        await expect(self.window).to_be_visible(timeout=SLOW_MS)
        self.found[name] = await measured(self.window, MODAL)
        await self.photographed(name)
        dialog = self.page.get_by_role("dialog")
        await dialog.locator(".modal-foot").get_by_role("button", name="Close").click()
        await expect(dialog).to_have_count(0)

    async def photographed(self, name: str) -> None:
        """Takes a light and a dark picture; axe-core finds nothing."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        for scheme in ("dark", "light"):
            await self.page.emulate_media(color_scheme=scheme)
            await self.page.screenshot(path=SCREENS / f"budget-{name}-{self.width}-{scheme}.png")
            assert await complaints(self.page) == []


async def test_a_result_is_read_on_one_phone_screen_and_a_half(browser: Browser, rehearsing: Start) -> None:
    """The page opens at the last result; it and what its buttons open keep to their budgets of words."""
    found = {}
    async with rehearsing() as url:
        for width, height in ((PHONE, 844), (DESK, 900)):
            async with visiting(browser, url, viewport={"width": width, "height": height}) as visitor:
                await visitor.opens()
                found[width] = await Reader(visitor, width).looks()
    (SCREENS / "budget.json").write_text(json.dumps(found, indent=1))
    over = {name: found[PHONE][name]["words"] for name in WORDS if found[PHONE][name]["words"] > WORDS[name]}
    assert over == {}
    assert found[PHONE]["result"]["height"] <= HEIGHT["result"]
