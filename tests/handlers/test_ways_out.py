"""Every way out has the fallback that one has: pictures, closed polls, private answers, sentences."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pulse.core.errors import SlackFault
from pulse.slack.web_api import OPTIONAL_SCOPES
from pulse.slack.wire import FIXES, refusal
from rehearsal.driver import snapshot
from rehearsal.workspace import Message
from tests.handlers.conftest import Office, at
from tests.handlers.test_cards import closed, has_picture, uploads

__all__ = ["closed"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Second tries of private answers do not wait for a second."""
    monkeypatch.setattr("handlers.replies.RETRY_S", 0.05)


# Pictures


def forget_files(office: Office) -> None:
    """Somebody deletes the app's files, as workspaces do that clean up."""
    office.slack.workspace.files.clear()


@pytest.mark.parametrize("line", ["/pulse trend", "/pulse scores T01", "/pulse trend T01"])
async def test_a_chart_that_is_gone_is_answered_in_words_and_made_anew(closed: Office, line: str) -> None:
    """Nothing came of these commands, again and again; now words come, and the next time a new picture."""
    assert has_picture(await closed.says(closed.manager, line, closed.marketing))
    forget_files(closed)
    before = uploads(closed)
    assert not has_picture(await closed.says(closed.manager, line, closed.marketing))
    assert has_picture(await closed.says(closed.manager, line, closed.marketing))
    assert uploads(closed) == before + 1


@pytest.mark.parametrize("status", [400, 404])
async def test_a_refused_chart_in_a_private_answer_is_left_out(closed: Office, status: int) -> None:
    """Slack answers a response_url with 404 or 400; two tries, then words."""
    closed.slack.fail("response_url", status, times=2, body=b'{"ok":false,"error":"invalid_blocks"}')
    said = await closed.says(closed.manager, "/pulse trend", closed.marketing)
    assert not has_picture(said)
    assert said.text.startswith("They keep their word\n")


async def test_a_chart_that_slack_has_not_read_yet_comes_with_the_second_try(closed: Office) -> None:
    """Without files:read nobody tells when it has."""
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
    """Posted after 15 s without it, and changed once."""
    office.slack.workspace.file_seconds = 1.2
    posts = asyncio.create_task(results(office))
    await office.slack.workspace.until(lambda: of_kind(office, "results"), 20)
    assert [has_picture(message) for message in of_kind(office, "results")] == [False]
    await posts
    assert [has_picture(message) for message in of_kind(office, "results")] == [True]


def of_kind(office: Office, kind: str) -> list[Message]:
    """What stands in IT's channel of one kind of the outbox's messages."""
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


# Private answers


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
    assert "private answer not taken" in output.out + output.err
    assert "Traceback" not in output.out + output.err


async def test_a_portals_page_is_no_answer_of_slacks(office: Office) -> None:
    """It comes under status 200, and was taken for Slack's ok: what was lost in it is sent once more."""
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
    """Nobody who waits hears nothing while one way out works; the message repeats nothing of the answer."""
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
    """It was for everybody, and its presser is told nothing that is not so."""
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
    """A trigger lives for 3 s: a second try after 20 s opened nothing, and its reader waited for long."""
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
    """An earlier message that is refused does not stand in the closed form's way."""
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
    """Its closed form is not tried for two days."""
    await office.set_up()
    await office.open()
    office.slack.fail("chat.update", code, channel=office.it, times=None)
    await office.close()
    assert [message for message in (await office.bot.store.undelivered()) if message.kind == "closing"] == []


# A poll of unknown outcome where the history may not be read


async def in_doubt(office: Office, *, stands: bool) -> None:
    """The app was installed without the optional scopes, and the answer to IT's post is lost."""
    office.slack.scopes = office.slack.scopes - OPTIONAL_SCOPES
    await office.bot.surfaces.slack.greet()
    await office.set_up()
    if stands:
        office.slack.fail("chat.postMessage", lost=True, channel=office.it)
    else:
        office.slack.fail("chat.postMessage", cut=True, channel=office.it)
    await office.open()
    for minute in (5, 20, 40):
        await at(office, f"2026-03-03T09:{minute:02}")


async def test_managers_are_asked_about_a_poll_that_may_stand(office: Office) -> None:
    """Once, with what to look for and a button; the bot guesses nothing and calls nothing in vain."""
    await in_doubt(office, stands=True)
    assert len(office.about_pulses(office.it)) == 1
    asked = [
        message for message in office.manager.dms if "I do not know whether the poll stands" in message.text
    ]
    assert len(asked) == 1
    assert has_buttons(asked[0])
    assert office.slack.calls_of("conversations.history") == []


async def test_a_tap_tells_that_a_doubtful_poll_stands(office: Office) -> None:
    """From then on it is counted and closed like any other; nothing is posted again."""
    await in_doubt(office, stands=True)
    for person in office.people(office.it)[:6]:
        await office.answer(person, office.it, "4")
    assert (await office.bot.store.undelivered()) == ()
    await office.slack.workspace.until(lambda: "6 of" in office.poll(office.it).text)
    await office.close()
    assert not has_buttons(office.about_pulses(office.it)[0])
    assert len(of_kind(office, "poll")) == 1


async def test_a_manager_has_a_doubtful_poll_posted_again(office: Office) -> None:
    """It did not stand: one press, and it does; a second press posts nothing."""
    await in_doubt(office, stands=False)
    assert office.about_pulses(office.it) == []
    [asked] = [message for message in office.manager.dms if has_buttons(message)]
    for _ in range(2):
        await office.manager.tap(asked, "manage:post_again")
        await office.settled()
    assert len(office.about_pulses(office.it)) == 1
    await office.answer(office.people(office.it)[0], office.it, "4")
    assert sum((await office.answered()).values()) == 1


async def test_only_managers_have_a_poll_posted_again(office: Office) -> None:
    """The button is checked when it is pressed."""
    await in_doubt(office, stands=False)
    person = office.people(office.it)[0]
    office.slack.workspace.post(person.id, {"text": "x", "blocks": office.manager.dms[-1].blocks})
    await person.tap(person.dms[-1], "manage:post_again")
    await office.settled()
    assert office.about_pulses(office.it) == []


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
