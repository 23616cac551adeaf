"""The rehearsal page in a real Chromium, mostly against a rehearsal made of paper (page_server.py)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from handlers.commands import COMMANDS
from rehearsal.objects import BOT_USER
from rehearsal.server import Rehearsal
from tests.browser.visitor import IN_CHROMIUM, chromium, complaints, visiting
from tests.browser.visitor import Visitor as Watched
from tests.rehearsal.page_server import (
    Json,
    PaperRehearsal,
    channel,
    every_block,
    every_input,
    message,
    modal,
    option,
    plain,
    seed,
)

pytestmark = IN_CHROMIUM


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def paper() -> AsyncIterator[PaperRehearsal]:
    async with seed().serving() as paper:
        yield paper


class Visitor:
    """Somebody at the page of a rehearsal made of paper."""

    def __init__(self, watched: Watched, paper: PaperRehearsal) -> None:
        self.page, self.opens, self.paper = watched.page, watched.opens, paper

    async def shown(self, *messages: Json) -> Locator:
        """Puts the messages into #marketing and returns the list of messages."""
        self.paper.channels[0]["messages"] = list(messages)
        page = await self.opens("#UADA/CMKT")
        return page.locator("#messages")


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(browser: Browser, paper: PaperRehearsal) -> AsyncIterator[Visitor]:
    async with visiting(browser, paper.url) as one:
        yield Visitor(one, paper)


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


async def html_of(visitor: Visitor, texts: list[str]) -> list[str]:
    """What the page makes of each text, each in a message of its own."""
    made = [message(n, "x", blocks=[section(text)]) for n, text in enumerate(texts)]
    messages = await visitor.shown(*made)
    html: list[str] = await messages.locator(".section-text .text").evaluate_all(
        "nodes => nodes.map((one) => one.innerHTML)"
    )
    return html


async def test_every_block_is_shown(visitor: Visitor) -> None:
    """Each type of block and element is on the page as Slack would show it."""
    messages = await visitor.shown(message(1, "All of them", "UBOT", blocks=every_block()))
    await expect(messages.get_by_role("heading", name="How aligned are we?")).to_be_visible()
    await expect(messages.locator(".fields .text")).to_have_text(
        ["Marketingmost agree", "ITabout half agree"]
    )
    await expect(messages.get_by_role("button", name="Details")).to_be_visible()
    await expect(messages.get_by_role("img", name="logo")).to_be_visible()
    await expect(messages.get_by_role("separator")).to_be_visible()
    await expect(messages.get_by_role("button", name="Agree: I trust the other side")).to_have_class(
        "button primary"
    )
    await expect(messages.get_by_role("button", name="Withdraw")).to_have_class("button danger")
    await expect(messages.get_by_role("link", name="Read more")).to_have_attribute(
        "href", "https://example.com"
    )
    await expect(messages.get_by_role("combobox", name="Choose an item").locator("option")).to_have_text(
        ["Choose an item", "Trust", "Collaboration"]
    )
    await expect(messages.get_by_role("button", name="More", exact=True)).to_be_visible()
    chart = messages.get_by_role("img", name="Trust: 7 of 12 in marketing agree")
    await expect(chart).to_have_attribute("src", "/rehearsal/files/F1.png")
    await expect(chart).to_have_attribute("title", "Trust over twelve waves")
    await expect(messages.locator("figcaption")).to_have_text("Trust over twelve waves")
    await expect(messages.get_by_text("Not loaded in the rehearsal: elsewhere")).to_be_visible()
    await expect(messages.locator("[data-block=rich]")).to_have_text("rich link👋@Ada Marshpointpresaid")
    await expect(messages.get_by_role("columnheader")).to_have_text(["Side", "Answered"])
    await expect(messages.get_by_role("cell")).to_have_text(["Marketing", "12"])
    await expect(messages.locator("[data-block=markdown]")).to_have_text(
        "Headingstrong and soft with a linkonecited"
    )
    await expect(
        messages.get_by_text("A block of type “hologram” that this page cannot show.")
    ).to_be_visible()


MRKDWN = [
    ("*bold* _italic_ ~struck~", "<strong>bold</strong> <em>italic</em> <s>struck</s>"),
    ("*bold with _both_*", "<strong>bold with <em>both</em></strong>"),
    ("snake_case_name, 2 * 3 * 4, a*b*c", "snake_case_name, 2 * 3 * 4, a*b*c"),
    ("`*code*`", "<code>*code*</code>"),
    ("a\nb", "a<br>b"),
    ("&gt; quoted\n&gt; on\nafter", "<blockquote>quoted<br>on</blockquote>after"),
    ("```*raw*\nline```", "<pre><code>*raw*\nline</code></pre>"),
    ("&lt;b&gt; &amp;amp; x", "&lt;b&gt; &amp;amp; x"),
    ("<!here>", '<span class="mention">@here</span>'),
    ("<@UCLEO>", '<span class="mention">@Cleo Lind</span>'),
    ("<@UADA>", '<span class="mention mine">@Ada Marsh</span>'),
    ("<#CIT>", '<button type="button" class="mention">#it</button>'),
    (
        "<https://example.com/?a=1&amp;b=2|there>",
        '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">there</a>',
    ),
    (":tada:", '<span class="emoji" role="img" aria-label="tada">🎉</span>'),
    (":constructor: :nobody_knows:", ":constructor: :nobody_knows:"),
]

DATES = [
    ("{date_num} {time}", "2026-09-21 16:20"),
    ("{date}", "September 21st"),
    ("{date_short}", "Sept 21"),
    ("{date_long}", "Monday, September 21st"),
    ("at {time} {date_pretty}", "At 16:20 today"),
    ("\u200b{date_pretty} at {time}", "\u200btoday at 16:20"),
    ("{date_short_pretty} at {time}", "Today at 16:20"),
    ("{constructor}", "{constructor}"),
]


async def test_mrkdwn_is_shown_as_slack_shows_it(visitor: Visitor) -> None:
    """Marks, mentions, links and escapes become what they stand for, and nothing else does."""
    shown = await html_of(visitor, [text for text, _ in MRKDWN])
    assert list(zip((text for text, _ in MRKDWN), shown, strict=True)) == MRKDWN


async def test_dates_are_shown_in_the_readers_zone(visitor: Visitor) -> None:
    """14:20 UTC is 16:20 for a reader in Berlin, whatever the machine's zone is."""
    dates = [section(f"<!date^1790000400^{token}|never>") for token, _ in DATES]
    messages = await visitor.shown(message(1, "x", blocks=dates))
    await expect(messages.locator(".section-text time")).to_have_text([shown for _, shown in DATES])


async def test_a_far_date_has_its_year(visitor: Visitor) -> None:
    """Slack leaves the year out only within six months."""
    messages = await visitor.shown(message(1, "x", blocks=[section("<!date^1700000000^{date_long}|never>")]))
    await expect(messages.locator(".section-text time")).to_have_text("Tuesday, November 14th, 2023")


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<javascript:alert(1)|press me>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "*<svg onload=alert(1)>*",
    "`<b onclick=alert(1)>`",
    "[press](javascript:alert(1))",
]


async def test_what_people_type_never_becomes_markup(visitor: Visitor) -> None:
    """A hostile text is shown as text wherever it appears: no element, no address of its own."""
    made = [
        message(n, text, blocks=[section(text), {"type": "header", "text": plain(text)}, markdown(text)])
        for n, text in enumerate(HOSTILE)
    ]
    said = [message(n + 20, text) for n, text in enumerate(HOSTILE)]
    messages = await visitor.shown(*made, *said)
    await expect(messages.locator(".message")).to_have_count(2 * len(HOSTILE))
    forbidden = "script, svg:not(.icon), img, [onerror], [onload], [onclick], a[href^=javascript]"
    assert await messages.locator(forbidden).count() == 0


def markdown(text: str) -> Json:
    return {"type": "markdown", "text": text}


async def test_a_private_message_says_so_and_only_its_reader_sees_it(visitor: Visitor) -> None:
    """A private message is marked as such, and is gone when one acts as somebody else."""
    page = await visitor.opens("#UADA/CMKT")
    note = page.locator(".message.private")
    await expect(note).to_contain_text("Only visible to you")
    await expect(note).to_contain_text("Recorded: Agree.")
    await page.get_by_label("Act as").select_option("UBEN")
    await expect(page.locator(".message.private")).to_have_count(0)


async def test_one_person_at_a_time(visitor: Visitor) -> None:
    """The page acts as the person chosen; the choice outlives a reload."""
    page = await visitor.opens()
    await page.get_by_label("Act as").select_option("UCLEO")
    await expect(page.locator("#me")).to_contain_text("Cleo Lind")
    await page.reload()
    await expect(page.locator("#me")).to_contain_text("Cleo Lind")
    await page.get_by_role("textbox", name="Write to #marketing").fill("/pulse help")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Write to #marketing")).to_have_value("")
    assert visitor.paper.asked_for("command") == [{"as": "UCLEO", "channel": "CMKT", "text": "/pulse help"}]


async def test_people_are_grouped_and_found_by_name(visitor: Visitor) -> None:
    """People are grouped by side; typing part of a name and Enter acts as the person found."""
    page = await visitor.opens()
    labels = await page.locator("#people optgroup").evaluate_all("groups => groups.map((one) => one.label)")
    assert labels == ["Marketing", "IT", "Both sides", "Guest"]
    await page.get_by_label("Find a person").fill("rao")
    await page.keyboard.press("Enter")
    await expect(page.locator("#me")).to_contain_text("Dev Rao")


async def test_a_tap_reaches_the_bot_as_slack_would_send_it(visitor: Visitor) -> None:
    """A press on a button says which message, block, action and value, and who pressed."""
    page = await visitor.opens("#UADA/CMKT")
    await page.get_by_role("button", name="Agree: I trust").click()
    await expect(page.get_by_role("button", name="Agree: I trust")).not_to_have_attribute("aria-busy", "true")
    [asked] = visitor.paper.asked_for("action")
    assert {
        key: asked[key] for key in ("as", "channel", "message_ts", "type", "block_id", "action_id", "value")
    } == {
        "as": "UADA",
        "channel": "CMKT",
        "message_ts": "1790000580.000100",
        "type": "button",
        "block_id": "actions",
        "action_id": "agree",
        "value": "4",
    }


async def test_a_choice_in_a_message_is_sent_at_once(visitor: Visitor) -> None:
    """A select in a message sends its option, and an overflow menu the one chosen."""
    page = await visitor.opens("#UADA/CMKT")
    await page.get_by_role("combobox", name="Choose an item").select_option("A02")
    await page.get_by_role("button", name="More", exact=True).click()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menu")).to_be_hidden()
    chosen = [asked["selected_option"]["value"] for asked in visitor.paper.asked_for("action")]
    assert chosen == ["A02", "hide"]


async def test_a_button_with_confirm_asks_first(visitor: Visitor) -> None:
    """Nothing is sent unless the question is answered with yes; Escape is a no."""
    page = await visitor.opens("#UADA/CMKT")
    question = page.get_by_role("alertdialog", name="Withdraw your answers?")
    await page.get_by_role("button", name="Withdraw").click()
    await expect(question).to_contain_text("They are deleted at once.")
    await page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await page.get_by_role("button", name="Withdraw").click()
    await page.get_by_role("button", name="Keep them").click()
    assert visitor.paper.asked_for("action") == []
    await page.get_by_role("button", name="Withdraw").click()
    async with page.expect_response("**/action"):
        await page.get_by_role("button", name="Withdraw them").click()
    await expect(question).to_have_count(0)
    assert [asked["action_id"] for asked in visitor.paper.asked_for("action")] == ["withdraw"]


async def test_answering_needs_no_mouse(visitor: Visitor) -> None:
    """Tab and Enter answer, and the focus stays on the answer when the message changes under it."""
    poll = message(1, "Pulse", "UBOT", blocks=[section("Closes Friday"), boxes(chosen=None)])
    messages = await visitor.shown(poll)

    def recorded(_: Json) -> Json:
        poll["blocks"] = [section("Closes Friday"), boxes(chosen="4")]
        return {"ok": True}

    visitor.paper.answers["action"] = recorded
    page = visitor.page
    await page.get_by_role("region", name="Messages").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(messages.get_by_role("button", name="Agree", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(messages.get_by_role("button", name="Agree ✓")).to_be_focused()
    assert [asked["value"] for asked in visitor.paper.asked_for("action")] == ["4"]


def boxes(chosen: str | None) -> Json:
    def button(value: str, label: str) -> Json:
        text = plain(f"{label} ✓" if value == chosen else label)
        return {"type": "button", "action_id": f"box{value}", "value": value, "text": text}

    return {"type": "actions", "block_id": "T01", "elements": [button("2", "Disagree"), button("4", "Agree")]}


async def test_tab_order_begins_with_ways_past_the_sidebar(visitor: Visitor) -> None:
    """The first Tab offers the messages, the second the message box."""
    page = await visitor.opens()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the messages")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.type("hello")
    await expect(page.get_by_role("textbox", name="Write to #marketing")).to_have_value("hello")


async def test_a_slash_lists_what_can_be_typed(visitor: Visitor) -> None:
    """After a slash the commands are listed; arrows and Enter take one, a second Enter sends it."""
    page = await visitor.opens("#UADA/CMKT")
    box = page.get_by_role("textbox", name="Write to #marketing")
    await box.fill("/pulse tr")
    await expect(page.get_by_role("listbox", name="Commands").get_by_role("option")).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("/pulse trend")
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("")
    assert [asked["text"] for asked in visitor.paper.asked_for("command")] == ["/pulse trend"]


async def test_the_listed_commands_are_the_bots(visitor: Visitor) -> None:
    """The list after a slash is the one that the bot's own help gives."""
    page = await visitor.opens()
    listed = await page.evaluate("async () => (await import('/composer.js')).COMMANDS")
    assert listed == [[one.word, one.takes, one.does, one.manager] for one in COMMANDS]


async def test_plain_text_is_posted_as_a_message(visitor: Visitor) -> None:
    """Text without a slash is posted in the channel; Shift+Enter breaks the line."""
    page = await visitor.opens("#UADA/CIT")
    await page.get_by_role("textbox", name="Write to #it").fill("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Write to #it")).to_have_value("")
    assert visitor.paper.asked_for("say") == [{"as": "UADA", "channel": "CIT", "text": "one\ntwo"}]


async def test_a_refusal_keeps_the_text_and_says_why(browser: Browser, paper: PaperRehearsal) -> None:
    """What could not be sent stays in the box, and a notice says what is wrong."""
    paper.answers["command"] = lambda _: {"ok": False, "error": "The bot did not answer within 3 seconds."}
    async with visiting(browser, paper.url) as visitor:
        page = await visitor.opens("#UADA/CMKT")
        await page.get_by_role("textbox", name="Write to #marketing").fill("/pulse")
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast")).to_have_text("The bot did not answer within 3 seconds.")
        await expect(page.get_by_role("textbox", name="Write to #marketing")).to_have_value("/pulse")


async def opened_modal(visitor: Visitor, blocks: list[Json]) -> Locator:
    page = await visitor.opens("#UADA/CMKT")
    visitor.paper.modals = [modal(blocks)]
    visitor.paper.change()
    dialog = page.get_by_role("dialog", name="Set up")
    await expect(dialog).to_be_visible()
    return dialog


async def test_a_modal_sends_every_value_in_slacks_shape(visitor: Visitor) -> None:
    """What was filled in, and what was there from the start, arrives as Slack's state.values."""
    visitor.paper.answers["options"] = lambda asked: {"options": [option("Europe/Berlin", "Berlin")]}
    visitor.paper.answers["submit"] = lambda _: visitor.paper.modals.clear() or {"ok": True}
    dialog = await opened_modal(visitor, every_input())
    page = visitor.page
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("Pulse")
    await dialog.get_by_label("Waves").fill("3")
    await dialog.get_by_label("At", exact=True).fill("10:15")
    await dialog.get_by_role("combobox", name="Several").click()
    await dialog.get_by_role("listbox").get_by_role("option", name="Gamma").click()
    await dialog.get_by_role("combobox", name="Zone").press_sequentially("b")
    await dialog.get_by_role("listbox").get_by_role("option", name="Berlin").click()
    await dialog.get_by_role("combobox", name="Channels").press_sequentially("it")
    await dialog.get_by_role("listbox").get_by_role("option", name="#it").click()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("radio", name="Beta").check()
    await dialog.get_by_role("checkbox", name="Alpha").check()
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)

    [asked] = visitor.paper.asked_for("submit")
    assert (asked["as"], asked["view_id"]) == ("UADA", "V1")
    alpha, beta, gamma = option("a", "Alpha"), option("b", "Beta"), option("c", "Gamma")
    values = {
        block_id: {k: v for k, v in at["value"].items() if k != "type"}
        for block_id, at in asked["values"].items()
    }
    assert values == {
        "name": {"value": "Pulse"},
        "story": {"value": "Once"},
        "waves": {"value": "3"},
        "at": {"selected_time": "10:15"},
        "day": {"selected_date": "2026-09-28"},
        "one": {"selected_option": beta},
        "several": {"selected_options": [alpha, gamma]},
        "zone": {"selected_option": option("Europe/Berlin", "Berlin")},
        "results": {"selected_conversation": None},
        "channels": {"selected_conversations": ["CIT"]},
        "open channel": {"selected_channel": "CMKT"},
        "manager": {"selected_user": "UADA"},
        "managers": {"selected_users": ["UADA"]},
        "often": {"selected_option": beta},
        "rules": {"selected_options": [alpha]},
    }
    assert {at["value"]["type"] for at in asked["values"].values()} == {
        block["element"]["type"] for block in every_input()
    }


def name_field(**more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "value"}
    return {"type": "input", "block_id": "name", "label": plain("Name"), "element": element, **more}


async def test_the_bots_errors_stand_at_their_field(visitor: Visitor) -> None:
    """A field is read out with its error and gets the focus; its text stays, the error goes when fixed."""
    visitor.paper.answers["submit"] = lambda _: {"errors": {"name": "Somebody has that name already."}}
    dialog = await opened_modal(visitor, [name_field()])
    field = dialog.get_by_label("Name")
    await field.fill("Pulse")
    await dialog.get_by_role("button", name="Save").click()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description("Somebody has that name already.")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("Pulse")
    await field.fill("Another")
    await expect(field).not_to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_role("alert")).to_be_hidden()


async def test_an_empty_field_is_asked_for_before_the_bot_is(visitor: Visitor) -> None:
    """As in Slack, an empty field stops the modal from being sent, unless it is optional."""
    dialog = await opened_modal(visitor, [name_field(), {**name_field(optional=True), "block_id": "nick"}])
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.locator("[data-block=name] .error")).to_have_text("Please fill this in.")
    await expect(dialog.locator("[data-block=nick] .error")).to_be_empty()
    assert visitor.paper.asked_for("submit") == []


async def test_escape_closes_a_modal_and_gives_the_focus_back(visitor: Visitor) -> None:
    """The bot learns that the modal was closed, and the focus is back where it was."""
    page = await visitor.opens("#UADA/CMKT")
    visitor.paper.answers["close"] = lambda _: visitor.paper.modals.clear() or {"ok": True}
    await page.get_by_role("button", name="Details").focus()
    visitor.paper.modals = [modal([name_field()])]
    visitor.paper.change()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("button", name="Details")).to_be_focused()
    assert visitor.paper.asked_for("close") == [{"as": "UADA", "view_id": "V1"}]


async def test_a_modal_that_changes_keeps_what_was_filled_in(visitor: Visitor) -> None:
    """When the bot updates an open modal, the half-typed word and the caret stay."""
    dialog = await opened_modal(visitor, [name_field()])
    await dialog.get_by_label("Name").fill("Pul")
    visitor.paper.modals = [
        modal([section("A preview", block_id="preview"), name_field(hint=plain("Short"))])
    ]
    visitor.paper.change()
    await expect(dialog).to_contain_text("A preview")
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await visitor.page.keyboard.type("se")
    await expect(dialog.get_by_label("Name")).to_have_value("Pulse")


async def test_the_home_tab_is_asked_for_and_answers(visitor: Visitor) -> None:
    """Opening Home tells the bot; a press there says that it came from Home."""
    visitor.paper.home = {"blocks": [{"type": "header", "text": plain("Your pulse")}, boxes(chosen=None)]}
    page = await visitor.opens()
    await page.get_by_role("button", name="Home").click()
    home = page.get_by_role("region", name="The app's Home")
    await expect(home.get_by_role("heading", name="Your pulse")).to_be_visible()
    await home.get_by_role("button", name="Agree", exact=True).click()
    await expect(home.get_by_role("button", name="Agree", exact=True)).not_to_have_attribute(
        "aria-busy", "true"
    )
    [asked] = visitor.paper.asked_for("action")
    assert (asked["home"], asked["value"]) == (True, "4")
    assert visitor.paper.asked_for("home") == [{"as": "UADA"}]


async def test_the_crowd_and_the_clock(visitor: Visitor) -> None:
    """The sliders say how many answer and in which mood; the clock goes to the next moment."""
    visitor.paper.answers["crowd"] = lambda _: {"ok": True, "answered": 11}
    visitor.paper.answers["clock"] = lambda _: {"ok": True, "said": "Monday, 09:00: a wave opens."}
    page = await visitor.opens()
    await page.get_by_label("How many answer").fill("40")
    await page.get_by_label("Mood in IT").fill("10")
    await page.get_by_role("button", name="Let the crowd answer").click()
    await page.get_by_role("button", name="Next moment").click()
    await expect(page.locator(".toast")).to_have_text(["11 people answered.", "Monday, 09:00: a wave opens."])
    assert visitor.paper.asked_for("crowd") == [
        {"as": "UADA", "share": 0.4, "mood": {"marketing": 0.6, "it": 0.1}}
    ]
    assert visitor.paper.asked_for("clock") == [{"to": "next"}]


async def test_what_arrives_is_announced_and_counted(visitor: Visitor) -> None:
    """A new message here is read out; one elsewhere is counted at its channel until it is visited."""
    page = await visitor.opens("#UADA/CMKT")
    visitor.paper.channels[0]["messages"].append(message(9, "A *pulse* is open", "UBOT"))
    visitor.paper.channels[1]["messages"].append(message(9, "A pulse is open", "UBOT"))
    visitor.paper.toasts = ["The clock is at 09:00."]
    visitor.paper.change()
    await expect(page.locator("#live")).to_have_text("Pulse: A pulse is open")
    await expect(page.get_by_role("status").get_by_text("The clock is at 09:00.")).to_be_visible()
    await expect(page.get_by_role("button", name="it 1 new")).to_be_visible()
    await page.get_by_role("button", name="it 1 new").click()
    await expect(page.get_by_role("button", name="it", exact=True)).to_have_attribute("aria-current", "page")


async def test_one_cannot_write_where_one_is_not(visitor: Visitor) -> None:
    """In a channel one has not joined, the box is disabled and the heading says why."""
    page = await visitor.opens("#UADA/CLEAD")
    await expect(page.get_by_text("you are not a member")).to_be_visible()
    await expect(page.get_by_role("textbox", name="You cannot write here")).to_be_disabled()


def busy_channel(last: str = "the last one") -> list[Json]:
    """Fifty messages: polls with buttons among talk."""
    poll = [section("Do they share what they know?"), boxes(chosen=None)]
    some = [
        message(n, f"Message {n}", "UBOT", blocks=poll) if n % 5 == 0 else message(n, f"Message {n}")
        for n in range(49)
    ]
    return [*some, message(49, last)]


async def test_a_busy_channel_changes_only_where_it_changed(visitor: Visitor) -> None:
    """Among fifty messages a new one leaves scroll position and focus alone, and says where it is."""
    messages = await visitor.shown(*busy_channel())
    page = visitor.page
    await expect(messages.locator(".message")).to_have_count(50)
    await page.evaluate("document.querySelectorAll('.message').forEach((one) => { one.marked = true })")
    button = messages.get_by_role("button", name="Disagree").nth(2)
    await button.focus()
    before = await page.evaluate("document.getElementById('scroller').scrollTop = 300")
    visitor.paper.channels[0]["messages"].append(message(50, "One more"))
    visitor.paper.change()
    await expect(messages.locator(".message")).to_have_count(51)
    kept = await page.evaluate(
        "[...document.querySelectorAll('.message')].filter((one) => one.marked).length"
    )
    assert (kept, await page.evaluate("document.getElementById('scroller').scrollTop")) == (50, before)
    await expect(button).to_be_focused()
    await page.get_by_role("button", name="New message below").click()
    await expect(messages.get_by_text("One more")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="New message below")).to_be_hidden()


async def test_one_reads_the_newest_message_first(visitor: Visitor) -> None:
    """The channel opens at its end, and stays there as messages arrive."""
    messages = await visitor.shown(*busy_channel())
    await expect(messages.get_by_text("the last one")).to_be_in_viewport()
    visitor.paper.channels[0]["messages"].append(message(50, "One more"))
    visitor.paper.change()
    await expect(messages.get_by_text("One more")).to_be_in_viewport()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
async def test_axe_finds_nothing(browser: Browser, paper: PaperRehearsal, width: int, scheme: str) -> None:
    """At phone and desk width, light and dark, axe-core finds no fault in channel, Home and modal."""
    paper.home = {"blocks": every_block()[:6]}
    settings = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    async with visiting(browser, paper.url, **settings) as visitor:
        page = await visitor.opens("#UADA/CMKT")
        assert await complaints(page) == []
        await page.evaluate("location.hash = '#UADA/home'")
        await page.reload()
        await expect(page.locator("#home-blocks .block")).to_have_count(6)
        assert await complaints(page) == []
        paper.modals = [modal(every_input())]
        paper.change()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("Not sent yet")
        assert await complaints(page) == []


async def test_nothing_is_wider_than_the_window(visitor: Visitor) -> None:
    """From a phone to a wide screen nothing must be scrolled sideways."""
    page = await visitor.opens("#UADA/CMKT")
    for width in (390, 759, 760, 1179, 1280, 1920):
        await page.set_viewport_size({"width": width, "height": 844})
        wider = await page.evaluate(
            """() => [document.documentElement, document.getElementById("scroller")]
              .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.id)"""
        )
        assert (width, wider) == (width, [])


async def test_on_a_phone_the_sidebar_is_a_drawer(browser: Browser, paper: PaperRehearsal) -> None:
    """The drawer opens by its button, closes by Escape or by a choice, and gives the focus back."""
    async with visiting(browser, paper.url, viewport={"width": 390, "height": 844}) as visitor:
        page = await visitor.opens("#UADA/CMKT")
        opener = page.get_by_role("button", name="Channels and people")
        sidebar = page.get_by_role("navigation", name="People and channels")
        await expect(sidebar).to_be_hidden()
        await opener.click()
        await expect(page.get_by_label("Act as")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(sidebar).to_be_hidden()
        await expect(opener).to_be_focused()
        await opener.click()
        await sidebar.get_by_role("button", name="it", exact=True).click()
        await expect(page.get_by_role("heading", name="it", exact=True)).to_be_visible()
        await expect(sidebar).to_be_hidden()


async def test_dark_can_be_chosen_and_stays(visitor: Visitor) -> None:
    """The switch overrides the system's choice and outlives a reload."""
    page = await visitor.opens()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(ground) == "rgb(255, 255, 255)"
    await page.get_by_role("button", name="Dark colours").click()
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    await expect(page.get_by_role("button", name="Dark colours")).to_have_attribute("aria-pressed", "true")
    assert await page.evaluate(ground) == "rgb(22, 25, 29)"


async def test_a_page_that_lost_its_rehearsal_says_so(browser: Browser) -> None:
    """When the rehearsal ends, the page says what to check."""
    paper = seed()
    async with paper.serving(), visiting(browser, paper.url) as visitor:
        page = await visitor.opens("#UADA/CMKT")
        visitor.forgives = "net::ERR_FAILED"
        await page.route("**/rehearsal/**", lambda route: route.abort())
        await page.get_by_role("textbox", name="Write to #marketing").fill("hello")
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast").first).to_contain_text("Is it still running in its terminal?")


async def test_the_real_rehearsal_speaks_as_the_paper_one(browser: Browser) -> None:
    """With the real stand-in: one is a manager at first, others read one's words, and notices say why."""
    async with Rehearsal() as rehearsal, visiting(browser, rehearsal.url) as visitor:
        page = await visitor.opens()
        await expect(page.locator("#me")).to_contain_text("Ines Fuchs")
        box = page.get_by_role("textbox", name="Write to #marketing")
        await box.fill("Hello *all* &lt;b&gt;")
        await page.keyboard.press("Enter")
        await expect(page.locator(".message")).to_contain_text("Hello all")
        await page.get_by_label("Act as").select_option(label="Amara Okafor")
        await expect(page.locator(".message .author")).to_have_text("Ines Fuchs")
        await box.fill("/pulse")
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast")).to_have_text("The app is not connected.")
        await page.get_by_role("button", name="Let the crowd answer").click()
        await expect(page.locator(".toast").last).to_contain_text("Nobody answered")
        await page.get_by_role("button", name="Next moment").click()
        await expect(page.locator(".toast").last).to_have_text("This app has no next moment.")


async def test_the_app_is_invited_by_word(browser: Browser) -> None:
    """/invite adds the app to the channel; an unknown name and an unknown command get a sentence."""
    async with Rehearsal() as rehearsal, visiting(browser, rehearsal.url) as visitor:
        assert rehearsal.places is not None
        ines = rehearsal.actor("ines").id
        page = await visitor.opens(f"#{ines}/{rehearsal.places.without_app}")
        await expect(page.locator("#place-note")).to_contain_text("the app is not a member")
        box = page.get_by_role("textbox", name="Write to #random")
        told = page.locator(".toast").last
        for line, answer in {
            "/invite @nemo": "Nobody is called @nemo. Invite the app with /invite @Alignment Pulse",
            "/invite @amara": "Amara Okafor is in #random.",
            "/who": "There is no command /who here. Try /pulse help.",
            "/invite @Alignment Pulse": "Alignment Pulse has joined #random.",
        }.items():
            await box.fill(line)
            await box.press("Enter")
            await expect(told).to_have_text(answer)
        await expect(page.locator("#place-note")).not_to_contain_text("the app is not a member")


async def test_people_join_and_leave_with_a_button(browser: Browser) -> None:
    """Whoever joins a public channel can write there, and after leaving it no longer."""
    async with Rehearsal() as rehearsal, visiting(browser, rehearsal.url) as visitor:
        assert rehearsal.places is not None
        amara = rehearsal.actor("amara").id
        page = await visitor.opens(f"#{amara}/{rehearsal.places.it}")
        note = page.locator("#place-note")
        await expect(note).to_contain_text("you are not a member")
        await page.get_by_role("button", name="Join", exact=True).click()
        await expect(page.get_by_role("textbox", name="Write to #it")).to_be_enabled()
        await expect(note).not_to_contain_text("you are not a member")
        await page.get_by_role("button", name="Leave", exact=True).click()
        await expect(note).to_contain_text("you are not a member")
        await expect(page.get_by_role("button", name="Join", exact=True)).to_be_visible()
        assert await complaints(page) == []


async def test_an_exported_file_is_saved_by_its_link(browser: Browser) -> None:
    """A file that is not a picture is a link with its name; what is saved is what the app uploaded."""
    async with Rehearsal() as rehearsal, visiting(browser, rehearsal.url) as visitor:
        assert rehearsal.places is not None
        table = b"item,side\nT01,marketing\n"
        file = rehearsal.workspace.new_upload("scores.csv", len(table), "")
        rehearsal.workspace.receive(file.id, table)
        rehearsal.workspace.complete(file.id, "Scores")
        rehearsal.workspace.join(rehearsal.places.marketing, BOT_USER)
        rehearsal.workspace.share([file], rehearsal.places.marketing, "Here they are", [])
        page = await visitor.opens(f"#{rehearsal.actor('amara').id}/{rehearsal.places.marketing}")
        await expect(page.locator("#messages img")).to_have_count(0)
        async with page.expect_download() as saving:
            await page.get_by_role("link", name="Scores").click()
        saved = await saving.value
        assert saved.suggested_filename == "scores.csv"
        assert (await saved.path()).read_bytes() == table


async def test_an_empty_channel_says_how_to_begin(visitor: Visitor) -> None:
    """A newcomer reads what a pulse is and what to type; with invented history loaded, setting up is done."""
    visitor.paper.channels[0]["messages"] = []
    page = await visitor.opens("#UADA/CMKT")
    welcome = page.get_by_role("region", name="Try a pulse")
    await expect(welcome.get_by_role("button")).to_have_text(["/pulse setup", "/pulse open", "/pulse close"])
    await expect(page.get_by_role("note")).to_be_hidden()
    visitor.paper.notice = "Twelve invented pulses are loaded."
    visitor.paper.change()
    await expect(page.get_by_role("note")).to_have_text("Twelve invented pulses are loaded.")
    await expect(welcome.get_by_role("button", name="/pulse setup")).to_be_hidden()
    await welcome.get_by_role("button", name="/pulse open").click()
    await expect(page.get_by_role("textbox", name="Write to #marketing")).to_have_value("/pulse open")


async def test_text_without_a_field_scrolls_by_keyboard(visitor: Visitor) -> None:
    """A form of text alone takes the focus, so that the keyboard scrolls it."""
    page = await visitor.opens("#UADA/CMKT")
    visitor.paper.modals = [modal([section("A line.\n" * 80)])]
    visitor.paper.change()
    body = page.locator(".modal-body")
    await expect(body).to_be_focused()
    await page.keyboard.press("End")
    # Wait for the scroll event: a predicate polled in the page would be an eval, which its CSP forbids.
    await body.evaluate(
        "body => body.scrollTop"
        " || new Promise(moved => body.addEventListener('scroll', () => moved(1), {once: true}))"
    )
    assert await body.evaluate("body => body.scrollTop") > 0
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Tab")
    await expect(body).to_be_focused()


async def test_another_channel_is_a_word_away(visitor: Visitor) -> None:
    """A click on a channel named in a message goes there."""
    page = await visitor.opens("#UADA/CMKT")
    visitor.paper.channels[0]["messages"] = [message(1, "See <#CIT>")]
    visitor.paper.channels[1] = channel("CIT", "it", message(2, "Here we are", "UCLEO"))
    visitor.paper.change()
    await page.get_by_role("button", name="#it").click()
    await expect(page.locator("#messages")).to_contain_text("Here we are")
