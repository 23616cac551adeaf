"""Every way out has the same fallback: pictures, closed polls, private replies, sentences."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import Any

import pytest

from pulse.core.alert import Posted, PostedAgain
from pulse.core.errors import SlackFault
from pulse.slack.web_api import OPTIONAL_SCOPES
from pulse.slack.wire import FIXES, refusal
from rehearsal.blockkit import view_problems
from rehearsal.driver import Ack, Actor, snapshot
from rehearsal.objects import Message
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, at, running
from tests.handlers.test_cards import closed, has_picture, uploads
from tests.handlers.test_commitments import commit
from tests.handlers.test_report import DUE

__all__ = ["closed"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Second tries of private replies come at once, not after a second."""
    monkeypatch.setattr("handlers.replies.RETRY_S", 0.05)


# Pictures


def forget_files(office: Office) -> None:
    """Somebody deletes the app's files, as workspaces do that clean up."""
    office.slack.workspace.files.clear()


@pytest.mark.parametrize("line", ["/pulse trend", "/pulse scores T01", "/pulse trend T01"])
async def test_a_chart_that_is_gone_is_answered_in_words_and_made_anew(closed: Office, line: str) -> None:
    """The reply comes in words, and the next one has a new picture; once no reply ever came."""
    assert has_picture(await closed.says(closed.manager, line, closed.marketing))
    forget_files(closed)
    before = uploads(closed)
    assert not has_picture(await closed.says(closed.manager, line, closed.marketing))
    assert has_picture(await closed.says(closed.manager, line, closed.marketing))
    assert uploads(closed) == before + 1


@pytest.mark.parametrize("status", [400, 404])
async def test_a_refused_chart_in_a_private_answer_is_left_out(closed: Office, status: int) -> None:
    """Slack replies with 404 or 400 at the response_url; two tries, then words."""
    closed.slack.fail("response_url", status, times=2, body=b'{"ok":false,"error":"invalid_blocks"}')
    said = await closed.says(closed.manager, "/pulse trend", closed.marketing)
    assert not has_picture(said)
    assert said.text.startswith("The others keep promises\n")


async def test_a_chart_that_slack_has_not_read_yet_comes_with_the_second_try(closed: Office) -> None:
    """Without files:read the bot cannot learn when it has."""
    closed.slack.workspace.file_seconds = 0.02
    assert has_picture(await closed.says(closed.manager, "/pulse scores A02", closed.marketing))


async def test_a_shared_card_whose_chart_is_gone_is_shared_in_words(closed: Office) -> None:
    """The way to everybody has the same fallback."""
    card = await closed.says(closed.manager, "/pulse trend", closed.marketing)
    forget_files(closed)
    await closed.manager.tap(card, "share")
    await closed.settled()
    shared = closed.about_pulses(closed.marketing)[-1]
    assert not has_picture(shared)
    assert shared.ts != card.ts


async def test_results_wait_for_their_chart(office: Office) -> None:
    """Slack reads it late: the post is tried again and again, and has it."""
    office.slack.workspace.file_seconds = 0.25
    await results(office)
    assert [has_picture(message) for message in of_kind(office, "results")] == [True]


async def test_results_come_in_words_where_the_chart_takes_too_long_and_get_it_later(office: Office) -> None:
    """Posted without it after 15 s, and changed once."""
    office.slack.workspace.file_seconds = 1.2
    posts = asyncio.create_task(results(office))
    await office.slack.workspace.until(lambda: of_kind(office, "results"), 20)
    assert [has_picture(message) for message in of_kind(office, "results")] == [False]
    await posts
    assert [has_picture(message) for message in of_kind(office, "results")] == [True]


def of_kind(office: Office, kind: str) -> list[Message]:
    """The messages in IT's channel of one kind of the outbox."""
    posted = office.about_pulses(office.it)
    return [m for m in posted if m.metadata and m.metadata["event_payload"]["key"].startswith(f"{kind}:")]


async def results(office: Office) -> None:
    await office.set_up()
    await office.open()
    for channel in (office.marketing, office.it):
        for number, who in enumerate(office.people(channel)[:12]):
            await office.answer(who, channel, "5" if number % 3 else "2")
    await office.close()
    await office.settled()


# Private replies


@pytest.mark.parametrize("trouble", [{"status": 503}, {"cut": True}, {"status": 500, "body": b"<html>"}])
async def test_a_private_answer_that_is_lost_once_comes_all_the_same(
    office: Office, trouble: dict[str, Any]
) -> None:
    """Whoever waits hears something as soon as any way out works."""
    await office.set_up()
    office.slack.fail("response_url", **trouble)
    said = await office.says(office.manager, "/pulse status", office.marketing)
    assert "pulse" in said.text


async def test_a_private_answer_that_nobody_takes_leaves_no_traceback(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is logged in a line."""
    await office.set_up()
    office.slack.fail("response_url", cut=True, times=None)
    await office.manager.command("/pulse status", office.marketing)
    await office.settled()
    output = capsys.readouterr()
    assert "private reply not taken" in output.out + output.err
    assert "Traceback" not in output.out + output.err


async def test_a_portals_page_is_no_answer_of_slacks(office: Office) -> None:
    """It has status 200 but is not Slack's ok: what was lost in it is sent once more."""
    await office.set_up()
    office.slack.fail("response_url", body=b"<html>Sign in to the guest network</html>")
    said = await office.says(office.manager, "/pulse status", office.marketing)
    assert "pulse" in said.text


TROUBLES: list[dict[str, Any]] = [
    {"cut": True},
    {"status": 503},
    {"status": 404, "body": b'{"ok":false,"error":"expired_url"}'},
    {"body": b"<html>Sign in to the guest network</html>"},
]


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("deed", ["command", "refused command", "tap", "refused tap"])
async def test_who_cannot_be_answered_in_place_hears_so_in_a_direct_message(
    office: Office, deed: str, trouble: dict[str, Any]
) -> None:
    """Whoever waits hears something while one way out works; the message does not repeat the reply."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    poll = snapshot(office.poll(office.it))
    if deed == "refused tap":
        await office.close()
    before = len(person.dms)
    office.slack.fail("response_url", times=None, **trouble)
    if deed.endswith("tap"):
        await person.tap(poll, "answer:4", block=":T01")
    else:
        await person.command("/pulse close" if "refused" in deed else "/pulse privacy", office.it)
    await office.settled()
    [told] = person.dms[before:]
    assert told.text.startswith("Slack did not take my answer")
    assert "T01" not in str(told)


async def test_whoever_taps_on_a_home_tab_that_cannot_be_drawn_hears_so(office: Office) -> None:
    """There is no response_url there: the tab itself was the only way."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    await person.open_home()
    await office.settled()
    assert person.home is not None
    office.slack.fail("views.publish", "internal_error", times=None)
    await person.tap(person.home, "answer:4", block=":T01")
    await office.settled()
    assert person.dms[-1].text.startswith("Slack did not take my answer")
    assert await office.answers(person) == {"T01": frozenset({"4"})}


async def test_a_shared_card_that_is_not_taken_is_nobodys_private_answer(office: Office) -> None:
    """It was for everybody, and its presser is told nothing false."""
    await office.set_up()
    card = await office.says(office.manager, "/pulse baselines trust", office.marketing)
    before = len(office.manager.dms)
    office.slack.fail("response_url", cut=True, times=None)
    await office.manager.tap(card, "share")
    await office.settled()
    assert len(office.manager.dms) == before


async def test_a_window_that_slack_does_not_open_in_time_is_told_of_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trigger lives for 3 s: a second try after 20 s would open nothing, so its reader hears at once."""
    monkeypatch.setattr("pulse.slack.web_api.TRIGGER_S", 0.2)
    await office.set_up()
    await office.open()
    stuck = office.slack.delay("views.open", 2)
    person = office.people(office.it)[0]
    async with asyncio.timeout(10):
        said = await office.says(person, "/pulse answer", office.it)
    assert "waited too long" in said.text
    assert stuck.times is None


# Polls at a close


def has_buttons(message: Message) -> bool:
    return any(block["type"] == "actions" for block in message.blocks)


async def test_a_poll_closes_where_nothing_may_be_posted_any_more(office: Office) -> None:
    """An earlier message that is refused does not hold up the closed form."""
    await office.set_up()
    await office.open()
    updates = office.slack.fail("chat.update", "ratelimited", channel=office.it, retry_after=0, times=5)
    office.slack.fail("chat.postMessage", "restricted_action", channel=office.it, times=None)
    await office.close()
    updates.times = 0
    await at(office, "2026-03-03T09:20")
    assert not has_buttons(office.about_pulses(office.it)[0])
    assert not has_buttons(office.about_pulses(office.marketing)[0])
    assert len(office.about_pulses(office.marketing)) == 2


async def test_a_poll_that_was_posted_again_after_its_channel_moved_is_closed(office: Office) -> None:
    """Slack gave the channel another id, and somebody deleted the poll."""
    await office.set_up()
    await office.open()
    workspace = office.slack.workspace
    old, new = office.it, "C000000000"
    channel = workspace.channels.pop(old)
    channel.id = new
    workspace.channels[new] = channel
    for message in channel.messages:
        message.channel = new
    await office.slack.deliver_event(
        {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": new}
    )
    await office.settled()
    channel.messages.remove(office.poll(new))
    await office.bot.surfaces.counts.update(check=True)
    await at(office, "2026-03-03T09:05")
    assert has_buttons(office.poll(new))
    await office.close()
    assert not has_buttons(office.about_pulses(new)[0])


async def test_managers_hear_of_a_poll_that_is_deleted_twice(office: Office) -> None:
    """It is posted again once."""
    await office.set_up()
    await office.open()
    for _ in range(2):
        office.slack.workspace.channel(office.it).messages.remove(office.poll(office.it))
        await office.bot.surfaces.counts.update(check=True)
        await at(office, "2026-03-03T09:05")
    assert office.about_pulses(office.it) == []
    [told] = [message.text for message in office.manager.dms if "deleted twice" in message.text]
    assert f"<#{office.it}>" in told
    assert "/pulse answer" in told


@pytest.mark.parametrize(
    "code", ["message_not_found", "edit_window_closed", "is_inactive", "cant_update_message"]
)
async def test_a_poll_that_cannot_be_changed_any_more_is_given_up(office: Office, code: str) -> None:
    """Its closed form is given up at once, not tried for two days."""
    await office.set_up()
    await office.open()
    office.slack.fail("chat.update", code, channel=office.it, times=None)
    await office.close()
    assert [message for message in (await office.bot.store.undelivered()) if message.kind == "closing"] == []


# Messages of unknown outcome where the history may not be read


KINDS = ("poll", "results", "report", "announcement", "commitment")
NAMED = {
    "poll": "the poll stands",
    "results": "the results stand",
    "report": "the quarter’s report stands",
    "announcement": "my message about the channels of the pulse stands",
    "commitment": "my message about a commitment stands",
}


async def in_doubt(office: Office, *, stands: bool, kind: str = "poll") -> None:
    """The app was installed without the optional scopes, and the reply to a post in IT's channel is lost."""
    office.slack.scopes = office.slack.scopes - OPTIONAL_SCOPES
    await office.bot.surfaces.slack.greet()
    office.slack.workspace.file_seconds = 0.0  # else the lost call may be one that Slack refused
    if kind != "announcement":
        await office.set_up()
    if kind in ("results", "report"):
        await office.open()
        for channel in (office.marketing, office.it):
            for person in office.people(channel)[:12]:
                await office.answer(person, channel, "4")
    if kind == "report":
        await office.close()
    lose_the_next_post(office, stands=stands)
    await {
        "poll": office.open,
        "results": office.close,
        "report": lambda: at(office, DUE),
        "announcement": office.set_up,
        "commitment": lambda: commit(office),
    }[kind]()
    await office.settled()
    await time_passes(office)


def lose_the_next_post(office: Office, *, stands: bool) -> None:
    office.slack.fail("chat.postMessage", lost=stands, cut=not stands, channel=office.it)


async def time_passes(office: Office) -> None:
    for _ in range(3):
        office.clock.forward(minutes=15)
        await office.bot.scheduler.wake()
        await office.settled()


def asked(office: Office) -> list[Message]:
    """What managers are asked in direct messages."""
    return [message for message in office.manager.dms if "I do not know whether" in message.text]


def copies(office: Office, kind: str) -> list[Message]:
    """The messages of a kind in IT's channel."""
    words = {"announcement": ("welcome:", "channels:"), "commitment": ("commitment.",)}.get(
        kind, (f"{kind}:",)
    )
    posted = [message for message in office.posted(office.it) if message.metadata]
    return [m for m in posted if m.metadata and m.metadata["event_payload"]["key"].startswith(words)]


async def is_settled(office: Office) -> bool:
    return await office.bot.store.undelivered() == ()


def link(message: Message, channel: str = "") -> str:
    """What a person copies from the message's menu."""
    return f"https://acme.slack.com/archives/{channel or message.channel}/p{message.ts.replace('.', '')}"


async def gives_link(office: Office, question: Message, given: str) -> Ack:
    """A manager presses "It is there" and pastes a link."""
    await office.manager.tap(question, "doubt_stands")
    await office.settled()
    assert office.manager.modal is not None
    assert view_problems(office.manager.modal.content) == []
    ack = await office.manager.submit(values={"link": given})
    await office.settled()
    return ack


async def posts_again(office: Office, question: Message) -> str:
    """A manager presses "Post it again"; returns what is said."""
    dm = office.slack.workspace.im(office.manager.id).id
    await office.manager.tap(question, "manage:post_again")
    await office.settled()
    return office.manager.private(dm)[-1].text


@pytest.mark.parametrize("kind", KINDS)
async def test_managers_are_asked_about_a_message_that_may_stand(office: Office, kind: str) -> None:
    """Once a day, with what it is and two buttons; the bot guesses nothing and calls nothing in vain."""
    await in_doubt(office, stands=True, kind=kind)
    [question] = asked(office)
    assert f"I do not know whether {NAMED[kind]} in <#{office.it}>" in question.text
    assert "It is there" in str(question.blocks)
    assert "Post it again" in str(question.blocks)
    assert office.manager.id not in str(question.blocks)
    assert len(copies(office, kind)) == 1
    assert office.slack.calls_of("conversations.history") == []
    office.clock.forward(hours=24)
    await office.bot.scheduler.wake()
    await office.settled()
    assert len(asked(office)) == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_a_manager_says_where_a_doubtful_message_stands(office: Office, kind: str) -> None:
    """By its link: it is settled and nothing is posted again. A second press changes nothing."""
    await in_doubt(office, stands=True, kind=kind)
    [question], [message] = asked(office), copies(office, kind)
    ack = await gives_link(office, question, link(message))
    assert ack.errors == {}
    assert f"noted that it stands in <#{office.it}>" in str(ack.response)
    assert await is_settled(office)
    await office.manager.close_modal()
    await office.manager.tap(question, "doubt_stands")
    assert "not in doubt any more" in await posts_again(office, question)
    assert office.manager.modal is None
    await time_passes(office)
    assert copies(office, kind) == [message]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_manager_has_a_doubtful_message_posted_again(office: Office, kind: str) -> None:
    """It did not stand: one press, and it does; a second press posts nothing."""
    await in_doubt(office, stands=False, kind=kind)
    assert copies(office, kind) == []
    [question] = asked(office)
    assert f"I post it again in <#{office.it}>" in await posts_again(office, question)
    assert "not in doubt any more" in await posts_again(office, question)
    await time_passes(office)
    assert len(copies(office, kind)) == 1
    assert await is_settled(office)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_posted_again_is_named_for_what_it_is(office: Office, kind: str) -> None:
    """The record of the press has the doubts that it ends, and None if there is none."""
    await in_doubt(office, stands=False, kind=kind)
    doubts = await office.bot.workspace.alerts.doubts()
    publisher, key = office.bot.surfaces.publisher, doubts[0].outbox_key
    assert await publisher.post_again(key) == PostedAgain(doubts=doubts, closed=False)
    assert await publisher.post_again(key) is None
    assert doubts[0].what is Posted(kind)


async def test_a_doubtful_poll_whose_link_is_known_is_closed_with_its_wave(office: Office) -> None:
    """The link says which message is to lose its buttons."""
    await in_doubt(office, stands=True)
    await gives_link(office, asked(office)[0], link(office.poll(office.it)))
    await office.close()
    assert not has_buttons(copies(office, "poll")[0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("it stands there", "not the link of a message"),
        ("https://acme.slack.com/archives/{it}/p177252840000020", "not the link of a message"),
        ("https://acme.slack.com/archives/{it}", "not the link of a message"),
        ("https://evil.example/acme.slack.com/archives/{it}/p1772528400000200", "not the link of a message"),
        ("https://acme.slack.com.evil.example/archives/{it}/p1772528400000200", "not the link of a message"),
        ("https://acme.slack.com/archives/{marketing}/p1772528400000200", "another channel"),
        ("https://acme.slack.com/archives/{it}/p1772528400000200?thread_ts=1772528400.000100", "in a thread"),
        ("https://acme.slack.com/archives/{it}/p1772528400000200?cid={marketing}", "another channel"),
        ("{welcome}", "another message of mine"),
    ],
)
async def test_a_link_to_something_else_is_refused_at_the_field(
    office: Office, wrong: str, said: str
) -> None:
    """With a sentence, and nothing is lost: the right link is taken in the same form."""
    await in_doubt(office, stands=True)
    [welcome] = copies(office, "announcement")
    places = {"it": office.it, "marketing": office.marketing, "welcome": link(welcome)}
    ack = await gives_link(office, asked(office)[0], wrong.format(**places))
    assert said in ack.errors["link"]
    assert not await is_settled(office)
    message = office.poll(office.it)
    right = f" {link(message)}?thread_ts={message.ts}&cid={office.it} "
    ack = await office.manager.submit(values={"link": right})
    assert ack.errors == {}
    assert await is_settled(office)


async def test_a_tap_tells_that_a_doubtful_poll_stands(office: Office) -> None:
    """From then on it is counted and closed like any other; nothing is posted again."""
    await in_doubt(office, stands=True)
    for person in office.people(office.it)[:6]:
        await office.answer(person, office.it, "4")
    assert await is_settled(office)
    await office.slack.workspace.until(lambda: "6 of" in office.poll(office.it).text)
    await office.close()
    assert not has_buttons(office.about_pulses(office.it)[0])
    assert len(of_kind(office, "poll")) == 1


async def test_the_button_for_all_questions_tells_that_a_doubtful_poll_stands(office: Office) -> None:
    """As a tap does, though it stores no answer."""
    await in_doubt(office, stands=True)
    await office.people(office.it)[0].tap(office.poll(office.it), "answer_all")
    await office.settled()
    assert await is_settled(office)


async def test_a_late_tap_tells_that_a_doubtful_poll_must_be_closed(office: Office) -> None:
    """Its wave is over: the tap counts no more, but shows which message still has buttons."""
    await in_doubt(office, stands=True)
    await office.close()
    await time_passes(office)
    assert has_buttons(copies(office, "poll")[0])
    await office.answer(office.people(office.it)[0], office.it, "4")
    await office.bot.scheduler.wake()
    assert not has_buttons(copies(office, "poll")[0])
    assert await is_settled(office)


@pytest.mark.parametrize("stands", [True, False])
async def test_a_press_while_the_bot_looks_once_more_is_not_forgotten(office: Office, stands: bool) -> None:
    """What somebody decides in that moment wins over what the bot cannot find out."""
    await in_doubt(office, stands=stands)
    office.clock.forward(minutes=15)
    looking = asyncio.create_task(office.bot.scheduler.wake())
    await asyncio.sleep(0.03)
    if stands:
        await office.answer(office.people(office.it)[0], office.it, "4")
    else:
        await posts_again(office, asked(office)[0])
    assert not looking.done() or not stands
    await looking
    await office.bot.scheduler.wake()
    assert len(copies(office, "poll")) == 1
    assert await is_settled(office)


async def test_a_doubtful_poll_whose_wave_is_over_is_not_posted_again(office: Office) -> None:
    """The manager is told so, and nothing waits any more."""
    await in_doubt(office, stands=False)
    await office.close()
    assert "has closed meanwhile" in await posts_again(office, asked(office)[0])
    await time_passes(office)
    assert copies(office, "poll") == []
    assert await is_settled(office)


@pytest.mark.parametrize("button", ["results_details", "results_trend", "results_certainty"])
async def test_a_press_under_doubtful_results_tells_that_they_stand(office: Office, button: str) -> None:
    """Whoever presses."""
    await in_doubt(office, stands=True, kind="results")
    await office.people(office.it)[0].tap(copies(office, "results")[0], button)
    await office.settled()
    assert await is_settled(office)


async def test_a_shared_card_is_not_taken_for_doubtful_results(office: Office) -> None:
    """It has the same buttons and the same wave, in the same channel."""
    await in_doubt(office, stands=False, kind="results")
    reader = office.people(office.it)[0]
    card = await office.says(reader, "/pulse scores", office.it)
    await reader.tap(card, "results_details")
    await reader.tap(card, "share")
    await office.settled()
    shared = office.posted(office.it)[-1]
    assert "Shown by" in shared.text
    for button in ("results_details", "results_trend", "results_certainty"):
        await reader.tap(shared, button)
    await office.settled()
    assert not await is_settled(office)


async def test_results_of_another_wave_tell_nothing_of_doubtful_ones(office: Office) -> None:
    """Their button names their own wave."""
    await in_doubt(office, stands=False, kind="results")
    earlier = copy.deepcopy(next(m for m in office.posted(office.marketing) if "results_details" in str(m)))
    for block in earlier.blocks:
        if str(block.get("block_id", "")).startswith("results:"):
            block["block_id"] = "results:0123456789abcdef"
    earlier.channel = office.it
    office.slack.workspace.channel(office.it).messages.append(earlier)
    await office.people(office.it)[0].tap(earlier, "results_trend")
    await office.settled()
    assert not await is_settled(office)


async def test_a_press_under_a_doubtful_report_tells_that_it_stands(office: Office) -> None:
    """Its button names the quarter."""
    await in_doubt(office, stands=True, kind="report")
    await office.people(office.it)[0].tap(copies(office, "report")[0], "report")
    await office.settled()
    assert await is_settled(office)


async def test_the_report_of_another_quarter_tells_nothing_of_a_doubtful_one(office: Office) -> None:
    """It stands in the same channel."""
    await in_doubt(office, stands=True, kind="report")
    [report] = copies(office, "report")
    for block in report.blocks:
        for element in block.get("elements", []):
            if element.get("action_id") == "report":
                element["value"] = "2025-Q4"
    await office.people(office.it)[0].tap(report, "report")
    await office.settled()
    assert not await is_settled(office)


@pytest.mark.parametrize("button", ["doubt_stands", "manage:post_again"])
async def test_only_managers_settle_what_is_in_doubt(office: Office, button: str) -> None:
    """The button is checked when it is pressed."""
    await in_doubt(office, stands=False)
    person = office.people(office.it)[0]
    office.slack.workspace.post(person.id, {"text": "x", "blocks": asked(office)[0].blocks})
    await person.tap(person.dms[-1], button)
    await office.settled()
    assert person.modal is None
    assert "Only managers" in person.private(office.slack.workspace.im(person.id).id)[-1].text
    assert office.about_pulses(office.it) == []
    assert not await is_settled(office)


async def test_a_link_counts_only_from_managers(office: Office) -> None:
    """Whoever is no longer a manager when the form comes back is refused."""
    await in_doubt(office, stands=True)
    await office.manager.tap(asked(office)[0], "doubt_stands")
    await office.settled()
    form = office.manager.modal
    assert form is not None
    person = office.people(office.it)[0]
    form.person = person.id
    ack = await person.submit(form, values={"link": link(office.poll(office.it))})
    assert "Only managers" in str(ack.response)
    assert not await is_settled(office)


async def test_two_doubts_in_one_channel_are_two_questions(office: Office) -> None:
    """Each has its own buttons, and each press settles one."""
    await in_doubt(office, stands=True)
    lose_the_next_post(office, stands=False)
    await commit(office)
    await time_passes(office)
    poll, commitment = asked(office)
    assert (NAMED["poll"] in poll.text, NAMED["commitment"] in commitment.text) == (True, True)
    await posts_again(office, commitment)
    assert len(copies(office, "commitment")) == 1
    assert [message.kind for message in await office.bot.store.undelivered()] == ["poll"]
    await gives_link(office, poll, link(office.poll(office.it)))
    assert await is_settled(office)
    assert len(copies(office, "poll")) == 1


async def test_what_is_lost_once_more_is_asked_once_more(office: Office) -> None:
    """On the same day, too: the first press was about the first try."""
    await in_doubt(office, stands=False, kind="results")
    lose_the_next_post(office, stands=False)
    await posts_again(office, asked(office)[0])
    await time_passes(office)
    assert len(asked(office)) == 2
    await posts_again(office, asked(office)[1])
    assert len(copies(office, "results")) == 1


@pytest.mark.parametrize("stands", [True, False])
async def test_the_button_of_an_alert_before_the_upgrade_posts_the_channels_poll(
    office: Office, stands: bool
) -> None:
    """It names only the channel, and asked only about polls."""
    await in_doubt(office, stands=stands, kind="poll" if not stands else "results")
    [question] = asked(office)
    rename(question, office.it)
    said = await posts_again(office, question)
    assert ("I post it again" in said) != stands
    assert await is_settled(office) != stands
    assert len(copies(office, "results" if stands else "poll")) == 1


@pytest.mark.parametrize("value", ["", "x", "poll:0123456789abcdef:C1", "<!channel>", "a" * 2000])
async def test_a_forged_question_changes_nothing(office: Office, value: str) -> None:
    """A sentence says that nothing is in doubt."""
    await in_doubt(office, stands=False)
    [question] = asked(office)
    rename(question, value)
    await office.manager.tap(question, "doubt_stands")
    assert "not in doubt any more" in await posts_again(office, question)
    assert office.manager.modal is None or office.manager.modal.content.get("callback_id") != "doubt_link"
    assert not await is_settled(office)


def rename(question: Message, value: str) -> None:
    """Puts another value behind both buttons."""
    for block in question.blocks:
        for element in block.get("elements", []):
            element["value"] = value


async def both_stand(office: Office) -> tuple[Message, Message]:
    """A manager overlooks the doubtful poll and has it posted again."""
    await in_doubt(office, stands=True)
    first = office.poll(office.it)
    await posts_again(office, asked(office)[0])
    second = office.poll(office.it)
    assert first.ts != second.ts
    return first, second


async def tap(person: Actor, poll: Message) -> None:
    await person.tap(poll, "answer:4", block=":T01")


async def test_answers_to_either_copy_of_a_poll_count_and_both_are_closed(office: Office) -> None:
    """The first tap on the copy of which nobody knew shows where it stands."""
    first, second = await both_stand(office)
    people = office.people(office.it)
    for number in range(6):
        await tap(people[number], (first, second)[number % 2])
    assert sum((await office.answered()).values()) == 6
    await office.slack.workspace.until(lambda: all("6 of" in m.text for m in copies(office, "poll")))
    await office.close()
    assert [has_buttons(message) for message in copies(office, "poll")] == [False, False]
    assert await is_settled(office)


async def test_a_copy_that_somebody_deletes_is_not_posted_again(office: Office) -> None:
    """The other one stands, and managers are not troubled."""
    first, second = await both_stand(office)
    for person, poll in zip(office.people(office.it), (first, second), strict=False):
        await tap(person, poll)
    office.slack.workspace.channel(office.it).messages.remove(second)
    await office.bot.surfaces.counts.update(check=True)
    await time_passes(office)
    assert [message.ts for message in copies(office, "poll")] == [first.ts]
    assert "deleted twice" not in str([message.text for message in office.manager.dms])
    await office.close()
    assert not has_buttons(copies(office, "poll")[0])


async def test_a_tap_after_a_restart_settles_a_doubt_of_before(slack: Rehearsal, tmp_path: Path) -> None:
    """What is in doubt is read from the database, though its next try is far off."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await in_doubt(office, stands=True)
        await office.close()
        clock = office.clock
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await office.settled()
        await tap(office.people(office.it)[0], copies(office, "poll")[0])
        await time_passes(office)
        assert not has_buttons(copies(office, "poll")[0])
        assert await is_settled(office)


async def test_managers_see_on_home_where_something_is_in_doubt(office: Office) -> None:
    """Also what belongs to no wave."""
    await in_doubt(office, stands=True, kind="commitment")
    await office.manager.open_home()
    await office.settled()
    assert office.manager.home is not None
    assert "whether one of my messages stands" in str(office.manager.home.blocks)


async def test_what_is_in_doubt_waits_for_a_person_without_end(office: Office) -> None:
    """After any number of tries a manager can still settle it."""
    await in_doubt(office, stands=True, kind="results")
    [message] = await office.bot.store.undelivered()
    for _ in range(201):
        await office.bot.store.postpone(message.key, "sending", office.clock(), message.problem)
    await time_passes(office)
    await gives_link(office, asked(office)[0], link(copies(office, "results")[0]))
    assert await is_settled(office)


# Sentences


CODES = [
    "expired_trigger_id",
    "exchanged_trigger_id",
    "file_uploads_disabled",
    "user_disabled",
    "user_not_visible",
]


@pytest.mark.parametrize("code", CODES)
def test_people_are_not_told_slacks_code(code: str) -> None:
    """A sentence that says what helps."""
    assert code not in str(refusal("views.open", code))
    assert str(refusal("views.open", code)) == FIXES[code]


async def test_export_where_files_are_switched_off_says_so(closed: Office) -> None:
    """Not "file_uploads_disabled"."""
    closed.slack.fail("files.getUploadURLExternal", "file_uploads_disabled", times=None)
    said = await closed.says(closed.manager, "/pulse export", closed.marketing)
    assert "file_uploads_disabled" not in said.text
    assert "switched off" in said.text


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"error": "ratelimited", "retry_after": 60}, "slow down"),
        ({"error": "missing_scope"}, "permission"),
        ({"error": "fatal_error"}, "did not answer"),
        ({"error": "team_access_not_granted"}, "team_access_not_granted"),
        ({"error": "channel_not_found"}, "/invite"),
    ],
)
async def test_set_up_tells_why_a_channel_could_not_be_looked_at(
    office: Office, how: dict[str, Any], said: str
) -> None:
    """Not "I cannot see this channel" for every refusal: inviting the bot would not help."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    options = await office.manager.options(office.manager.modal, "zone", "zone", "utc")
    utc = next(option for option in options if option["value"] == "UTC")
    office.slack.fail("conversations.info", channel=office.it, times=None, **how)
    ack = await office.manager.submit(
        values={"marketing": [office.marketing], "it": [office.it], "zone": utc}
    )
    assert said in str(ack.errors) + str(office.manager.modal.blocks if office.manager.modal else "")


def test_a_fault_carries_its_wait() -> None:
    """The outbox and the socket wait as long as Slack asks."""
    fault = refusal("chat.postMessage", "ratelimited", 17.0)
    assert isinstance(fault, SlackFault)
    assert (fault.wait, fault.certain) == (17.0, True)
