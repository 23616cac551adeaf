"""From an empty set-up to the first result of one's own question, by the page alone, in few actions."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Locator, expect

from tests.browser.conftest import Start
from tests.browser.test_whole_way import RESULTS, SLOW_MS, Guest
from tests.browser.visitor import IN_CHROMIUM, Visitor, visiting

pytestmark = IN_CHROMIUM

MOST_ACTIONS = 40


class CountingGuest(Guest):
    """Counts what a person does: each line typed, each field filled, each press and choice."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__(visitor)
        self.actions = 0

    async def types(self, text: str) -> None:
        self.actions += 2  # the line, and Enter
        await super().types(text)

    async def picks(self, field: str, *channels: str) -> None:
        self.actions += 1 + 2 * len(channels)
        await super().picks(field, *channels)

    async def lets_the_crowd_answer(self) -> None:
        self.actions += 1
        await super().lets_the_crowd_answer()

    async def presses(self, where: Locator, button: str) -> None:
        self.actions += 1
        await where.get_by_role("button", name=button, exact=True).last.click()

    async def confirms(self, command: str, button: str) -> None:
        await self.types(command)
        await self.presses(self.private.last, button)

    async def fills(self, field: str, text: str) -> None:
        self.actions += 1
        await self.dialog.get_by_role("textbox", name=field).fill(text)

    async def leaves_the_form(self) -> None:
        self.actions += 1
        await super().leaves_the_form()


async def test_from_nothing_to_the_first_result_in_under_forty_actions(
    browser: Browser, rehearsing: Start
) -> None:
    """Set up, add a question to every pulse, open, let the crowd answer, close, read."""
    async with rehearsing(PULSE_SAMPLE="0") as url, visiting(browser, url) as visitor:
        await visitor.opens()
        guest = CountingGuest(visitor)
        await _sets_up(guest)
        await _adds_a_question(guest)
        await guest.confirms("/pulse open", "Open it now")
        await expect(guest.messages.filter(has_text="Answer all four")).to_have_count(1)
        await guest.lets_the_crowd_answer()
        await guest.confirms("/pulse close", "Close it now")
        results = guest.messages.filter(has_text=RESULTS)
        await expect(results).to_have_count(1, timeout=SLOW_MS)
        await expect(results).to_contain_text(re.compile(r"\d+ of \d+"))
        asked = await guest.asks("/pulse scores X01", "IT tells us early")
        await expect(asked).to_contain_text("IT was asked: “Marketing tells us early when a date slips.”")
        assert guest.actions < MOST_ACTIONS, guest.actions


async def _sets_up(guest: CountingGuest) -> None:
    await guest.types("/pulse setup")
    form = guest.dialog
    await expect(form.get_by_role("heading", name="Set up the pulse")).to_be_visible()
    await guest.picks("Channels of marketing", "marketing")
    await guest.picks("Channels of IT", "it")
    guest.actions += 1
    await form.get_by_label("People in channels of both sides").select_option(label="They count for IT")
    await guest.presses(form, "Save")
    await expect(form).to_contain_text("Saved.")
    await guest.leaves_the_form()
    await expect(guest.messages.filter(has_text="A short pulse starts here.")).to_have_count(1)


async def _adds_a_question(guest: CountingGuest) -> None:
    await guest.types("/pulse questions")
    form = guest.dialog
    await expect(form.get_by_role("heading", name="Questions")).to_be_visible()
    await guest.photographed("questions")
    await guest.presses(form, "Add a question")
    await expect(form.get_by_role("heading", name="Your own question")).to_be_visible()
    await guest.photographed("own-question")
    await guest.fills("What marketing is asked", "IT tells us early when a date slips.")
    await guest.fills("What IT is asked", "Marketing tells us early when a date slips.")
    await guest.presses(form, "Save")
    await expect(form).to_contain_text("X01 is saved.")
    menu = form.locator("[data-block]").filter(has_text="X01").last
    guest.actions += 2
    await menu.get_by_role("button").click()
    await (
        form.get_by_role("menuitem", name="In every pulse")
        .or_(form.get_by_role("button", name="In every pulse"))
        .first.click()
    )
    await expect(form).to_contain_text("It holds from the next pulse on.")
    await guest.leaves_the_form()
