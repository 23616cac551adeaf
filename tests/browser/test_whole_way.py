"""The whole way in a real Chromium, through nothing but the page: `python bot.py`, and what a visitor does.

Each stop is photographed at phone and desk width, light and dark, into build/screens (not kept in git).
"""

from __future__ import annotations

import re

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import Start
from tests.browser.visitor import IN_CHROMIUM, PATIENCE_MS, SCREENS, Visitor, complaints, visiting

pytestmark = IN_CHROMIUM

SLOW_MS = 3 * PATIENCE_MS  # a close draws its chart in a process of its own
WIDER = """() => [...document.querySelectorAll("html, #scroller, #home, .modal-body")]
  .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.outerHTML.slice(0, 60))"""
RESULTS = re.compile("How sure")


class Guest:
    """Somebody who tries the bot: acts as one person after another, in one place at a time."""

    def __init__(self, visitor: Visitor) -> None:
        self.page: Page = visitor.page
        self.messages = self.page.locator("#messages .message")
        self.private = self.page.locator("#messages .message.private")
        self.dialog = self.page.get_by_role("dialog")

    async def becomes(self, name: str) -> None:
        await self.page.get_by_label("Act as").select_option(label=name)
        await expect(self.page.locator("#me b")).to_have_text(name.split(" (", maxsplit=1)[0])

    async def goes_to(self, place: str) -> None:
        sidebar = self.page.get_by_role("navigation", name="People and channels")
        await sidebar.get_by_role("button", name=re.compile(rf"^{place}\b")).click()
        await expect(self.page.locator("#place-title")).to_have_text(place)

    async def types(self, text: str) -> None:
        box = self.page.get_by_role("textbox", name=re.compile("^Write to "))
        await box.fill(text)
        await box.press("Enter")
        await expect(box).to_have_value("")

    async def asks(self, command: str, first_words: str | re.Pattern[str]) -> Locator:
        """Types a command and returns the newest private message, which contains `first_words`."""
        await self.types(command)
        answer = self.private.last
        await expect(answer).to_contain_text(first_words)
        return answer

    async def confirms(self, command: str, button: str) -> None:
        """Types a command that asks first, and presses its button."""
        await self.types(command)
        await self.private.last.get_by_role("button", name=button).click()

    async def taps(self, button: str, question: int = 1) -> None:
        """Taps an answer to the question that the newest poll shows."""
        poll = self.messages.filter(has_text="Answer all four").last
        await poll.get_by_role("button", name=f"Question {question}: {button}", exact=True).click()

    async def taps_in_card(self, button: str, question: int) -> None:
        """Taps an answer in the private card, which is on the screen."""
        card = self.private.filter(has_text="Withdraw").last
        face = card.get_by_role("button", name=f"Question {question}: {button}", exact=True)
        await expect(face).to_be_in_viewport()
        await face.click()

    async def on_a_phone(self) -> None:
        await self.page.set_viewport_size({"width": 390, "height": 844})

    async def lets_the_crowd_answer(self) -> None:
        button = self.page.get_by_role("button", name="Let the crowd answer")
        await button.click()
        # The notice of an earlier crowd might still be shown: the button tells when this one is done.
        await expect(button).not_to_have_attribute("aria-busy", "true")
        await expect(self.page.locator(".toast").last).to_have_text(re.compile(r"^\d+ people answered\.$"))

    async def jumps(self) -> str:
        """Presses Next moment and returns what it says."""
        before = await self.page.locator("#stage [data-clock]").get_attribute("datetime")
        await self.page.get_by_role("button", name="Next moment").click()
        await expect(self.page.locator("#stage [data-clock]")).not_to_have_attribute("datetime", before or "")
        return await self.page.locator("#stage [data-clock]").inner_text()

    async def chart(self) -> Locator:
        """The picture of the newest results, loaded."""
        picture = self.messages.filter(has_text=RESULTS).last.locator("img.picture")
        await expect(picture).to_be_visible(timeout=SLOW_MS)
        await expect(picture).to_have_js_property("complete", True)
        return picture

    async def photographed(self, name: str) -> None:
        """Takes the stop's pictures; nothing is wider than the window, and axe has nothing to say."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        for width in (390, 1280):
            await self.page.set_viewport_size({"width": width, "height": 844 if width == 390 else 900})
            for scheme in ("dark", "light"):
                await self.page.emulate_media(color_scheme=scheme)
                await self.page.screenshot(path=SCREENS / f"{name}-{width}-{scheme}.png")
            assert await self.page.evaluate(WIDER) == []
        assert await complaints(self.page) == []

    async def leaves_the_form(self) -> None:
        await self.dialog.locator(".modal-foot").get_by_role("button", name="Close").click()
        await expect(self.dialog).to_have_count(0)

    async def picks(self, field: str, *channels: str) -> None:
        """Chooses channels in a field of the form."""
        box = self.dialog.get_by_role("combobox", name=field)
        for channel in channels:
            await box.fill(channel)
            await self.dialog.get_by_role("option", name=f"#{channel}").click()
        await box.press("Escape")


async def test_from_nothing_to_a_second_pulse(browser: Browser, rehearsing: Start) -> None:
    """An empty bot is set up, asks, is answered, closes and compares, all from the page."""
    async with rehearsing(PULSE_SAMPLE="0") as url, visiting(browser, url) as visitor:
        await visitor.opens()
        guest = Guest(visitor)
        await sets_up(guest)
        await answers_as_two(guest)
        await closes(guest)
        await asks_around(guest)
        await has_a_second_pulse(guest)


async def sets_up(guest: Guest) -> None:
    """Through the form alone: a wrong channel is named at its field and fixed, the preview looked at."""
    await guest.photographed("empty")
    await guest.types("/pulse setup")
    form = guest.dialog
    await expect(form.get_by_role("heading", name="Set up the pulse")).to_be_visible()
    await guest.picks("Channels of marketing", "marketing")
    await guest.picks("Channels of IT", "random")
    await form.get_by_role("button", name="Save").click()
    await expect(form.locator("[data-block=it] .error")).to_contain_text("I am not in #random")
    await guest.photographed("setup-error")
    await form.get_by_role("button", name="Remove #random").click()
    await guest.picks("Channels of IT", "it")
    await form.get_by_role("button", name="Save").click()
    await expect(form.locator("[data-block=both_sides] .error")).to_contain_text("2 people are in channels")
    await form.get_by_label("People in channels of both sides").select_option(label="They count for IT")
    await form.get_by_role("button", name="Preview").click()
    await expect(form).to_contain_text("The first pulses, in your own time zone")
    await expect(form).to_contain_text("I trust our IT colleagues to do what they say they will do.")
    await form.get_by_text("The first pulses").scroll_into_view_if_needed()
    await guest.photographed("setup-preview")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_contain_text("Saved.")
    await guest.leaves_the_form()


async def answers_as_two(guest: Guest) -> None:
    """A manager opens; one of marketing and one of IT tap an answer, and the first taps another."""
    await guest.confirms("/pulse open", "Open it now")
    await expect(guest.messages.filter(has_text="Answer all four")).to_have_count(1)
    await guest.becomes("Amara Okafor")
    await guest.on_a_phone()
    await guest.taps("Agree")
    card = guest.private
    await expect(card).to_contain_text("Only visible to you")
    await expect(card).to_contain_text("Question 1 saved: Agree")
    await guest.photographed("poll-and-card")
    await guest.on_a_phone()
    await guest.taps_in_card("About right", 2)
    await expect(card).to_contain_text("3 of 4")
    await guest.taps_in_card("Strongly agree", 3)
    await expect(card).to_contain_text("4 of 4")
    await guest.taps_in_card("Disagree", 4)
    await expect(card).to_contain_text("All four saved, thank you.")
    await expect(card).to_have_count(1)
    await guest.taps("Disagree")
    await expect(guest.private.last).to_contain_text("Question 1 saved: Disagree")
    await guest.photographed("poll")
    await guest.becomes("Wei Zhang")
    await guest.goes_to("it")
    await guest.taps("Strongly agree", 1)
    await expect(guest.private).to_contain_text("Question 1 saved: Strongly agree")
    await expect(guest.private).to_have_count(1)


async def closes(guest: Guest) -> None:
    """The crowd answers, the manager closes; both channels have both sides’ results and the chart."""
    await guest.lets_the_crowd_answer()
    await guest.becomes("Ines Fuchs (admin)")
    await guest.goes_to("marketing")
    await guest.confirms("/pulse close", "Close it now")
    picture = await guest.chart()
    spoken = await picture.get_attribute("alt") or ""
    assert re.search(r"\d+ of \d+", spoken), spoken
    results = guest.messages.filter(has_text=RESULTS)
    await expect(results).to_contain_text(re.compile(r"Marketing \d+ .*of \d+"))
    await expect(results).to_contain_text(re.compile(r"IT \d+ .*of \d+"))
    await guest.photographed("results")
    await results.get_by_role("button", name="Details", exact=True).click()
    await expect(guest.dialog).to_contain_text("Results in detail")
    await guest.photographed("details")
    await guest.leaves_the_form()
    await guest.becomes("Wei Zhang")
    await guest.goes_to("it")
    await expect(await guest.chart()).to_have_attribute("alt", spoken)


async def asks_around(guest: Guest) -> None:
    """Trend, privacy, a mistyped word and Home reply only to whoever asks."""
    await guest.asks("/pulse trend", "trust")
    await guest.asks("/pulse privacy", "kept")
    await guest.asks("/pulse scroes", "/pulse scores")
    await guest.photographed("asked")
    await guest.goes_to("Home")
    home = guest.page.locator("#home-blocks")
    await expect(home).to_contain_text("Results")
    await guest.photographed("home")


async def has_a_second_pulse(guest: Guest) -> None:
    """The schedule opens one, the crowd answers, and the details name the last time."""
    await guest.becomes("Ines Fuchs (admin)")
    await guest.goes_to("marketing")
    await guest.jumps()
    await expect(guest.messages.filter(has_text="Answer all four")).to_have_count(1)
    await guest.lets_the_crowd_answer()
    await guest.confirms("/pulse close", "Close it now")
    await expect(guest.messages.filter(has_text=RESULTS)).to_have_count(2, timeout=SLOW_MS)
    newest = guest.messages.filter(has_text=RESULTS).last
    await newest.get_by_role("button", name="Details", exact=True).click()
    await expect(guest.dialog).to_contain_text("Last time: ")


async def test_with_sample_history(browser: Browser, rehearsing: Start) -> None:
    """The invented history says that it is invented, and the clock jumps from moment to moment."""
    async with rehearsing() as url, visiting(browser, url) as visitor:
        await visitor.opens()
        guest = Guest(visitor)
        await expect(guest.page.get_by_role("note")).to_contain_text("invented sample history")
        await guest.chart()
        await guest.photographed("welcome")
        trend = await guest.asks("/pulse trend", "trust")
        await expect(trend).to_contain_text("are invented", timeout=SLOW_MS)
        await guest.photographed("trend")
        await guest.goes_to("Home")
        await expect(guest.page.locator("#home-blocks")).to_contain_text("Results")
        await guest.photographed("home-manager")
        await guest.goes_to("marketing")
        moments = [await guest.jumps()]
        await expect(guest.messages.filter(has_text="Answer all four")).to_have_count(1)
        await guest.lets_the_crowd_answer()
        while await guest.messages.filter(has_text=RESULTS).count() < 2 and len(moments) < 4:
            moments.append(await guest.jumps())
        await guest.chart()
        await guest.photographed("after-sample")
