"""Six pulses by the page alone: low trust, a commitment, a wrong expectation, a kept word, and a rise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import Start
from tests.browser.test_whole_way import SLOW_MS, Guest
from tests.browser.visitor import IN_CHROMIUM, Visitor, visiting

pytestmark = [*IN_CHROMIUM, pytest.mark.soak]

PROMISE = "Answer requests within two days"


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the channels show in one language. `rise` is in the headline of a claim."""

    name: str
    ask: str
    results: str
    committed: str
    happened: str
    share: str
    expected: str
    rise: str


LANGUAGES = [
    Words(
        name="English",
        ask="Answer all four",
        results="How sure",
        committed="IT will do this by",
        happened="Did it happen?",
        share=r"\d+ (or more )?of \d+ say that it happened",
        expected=r"IT expected .+ of 10 in marketing to agree; fewer do: ",
        rise=r"up in marketing, from \d",
    ),
    Words(
        name="Deutsch",
        ask="Alle vier beantworten",
        results="Wie sicher",
        committed="IT sagt bis zum",
        happened="Ist es geschehen?",
        share=r"\d+ (oder mehr )?von \d+ sagen, dass es geschehen ist",
        expected=r"IT hat erwartet, dass .+ von 10 zustimmen \(Marketing\); es sind weniger: ",
        rise=r"gestiegen",
    ),
]


class Lead(Guest):
    """Ines of marketing, a manager, who runs the pulses."""

    def __init__(self, visitor: Visitor, words: Words) -> None:
        super().__init__(visitor)
        self.words = words

    async def sets_up(self) -> None:
        await self.types("/pulse setup")
        form = self.dialog
        await expect(form.get_by_role("heading", name="Set up the pulse")).to_be_visible()
        await self.picks("Channels of marketing", "marketing")
        await self.picks("Channels of IT", "it")
        await form.get_by_label("People in channels of both sides").select_option(label="They count for IT")
        await form.get_by_label("Language of the posts").select_option(label=self.words.name)
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_contain_text("Saved.")
        await self.leaves_the_form()

    async def waits_for_the_pulse(self, number: int) -> datetime:
        """Goes from moment to moment until the schedule has opened it; returns when that was."""
        polls = self.messages.filter(has_text=self.words.ask)
        while await self.polls() < number:
            await self.jumps()
        await expect(polls.last).to_be_visible()
        shown = await self.page.locator("#stage [data-clock]").get_attribute("datetime")
        assert shown is not None
        return datetime.fromisoformat(shown)

    async def polls(self) -> int:
        """How many pulses were opened: the results, and the poll that is open."""
        results = await self.messages.filter(has_text=self.words.results).count()
        return results + await self.messages.filter(has_text=self.words.ask).count()

    async def has_it_answered(self, number: int, marketing: int, it: int) -> None:
        """The crowd answers in these moods, in per cent, and the pulse is closed by hand."""
        await self.page.get_by_label("Mood in marketing").fill(str(marketing))
        await self.page.get_by_label("Mood in IT").fill(str(it))
        await self.page.get_by_label("How many answer").fill("100")
        await self.lets_the_crowd_answer()
        await self.confirms("/pulse close", "Close it now")
        results = self.messages.filter(has_text=self.words.results)
        await expect(results).to_have_count(number, timeout=SLOW_MS)

    async def commits_it(self, due_on: str) -> None:
        await self.types("/pulse commit")
        form = self.dialog
        await form.get_by_label("IT", exact=True).check()
        await form.get_by_role("textbox", name="What will it do?").fill(PROMISE)
        await form.get_by_label("By when?").fill(due_on)
        await self.photographed(f"commitment-form-{self.words.name}")
        await form.get_by_role("button", name="Post it").click()
        await self.leaves_the_form()
        await expect(self.messages.filter(has_text=self.words.committed)).to_have_count(1)


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.name)
async def test_a_wrong_expectation_a_kept_word_and_a_rise(
    browser: Browser, rehearsing: Start, words: Words
) -> None:
    """All of it happens in six pulses on the page: the schedule opens them, a manager closes them."""
    async with rehearsing(PULSE_SAMPLE="0") as url, visiting(browser, url) as visitor:
        await visitor.opens()
        lead = Lead(visitor, words)
        await lead.sets_up()
        told = []
        for number in range(1, 7):
            opened = await lead.waits_for_the_pulse(number)
            await lead.has_it_answered(number, marketing=10 if number < 6 else 90, it=90)
            newest = lead.messages.filter(has_text=words.results).last
            told.append(await newest.inner_text())
            await newest.scroll_into_view_if_needed()
            await lead.photographed(f"loop-{words.name}-{number}")
            if number == 1:
                await lead.commits_it((opened + timedelta(days=31)).date().isoformat())

        happened = [text for text in told if words.happened in text]
        assert len(happened) == 1, told
        assert PROMISE in happened[0]
        assert re.search(words.share, happened[0]), happened[0]
        assert [text for text in told if re.search(words.expected, text)], told
        assert re.search(words.rise, told[5]), told[5]
        trend = await lead.asks("/pulse trend T01", PROMISE)
        await expect(trend).to_contain_text("in 5 pulses before, ")
        await expect(trend).to_contain_text("A mark says when, not why")
        await lead.photographed(f"loop-{words.name}-trend")
        await lead.goes_to("Home")
        await expect(lead.page.locator("#home-blocks")).to_contain_text(PROMISE)
        await lead.photographed(f"loop-{words.name}-home")
