"""What the page asks the stand-in, and what it must not get."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from rehearsal.server import Rehearsal


class Browser:
    """The page's requests, without a page."""

    def __init__(self, slack: Rehearsal, session: aiohttp.ClientSession) -> None:
        self.slack, self.session = slack, session

    async def state(self, name: str) -> dict[str, Any]:
        who = self.slack.actor(name).id
        async with self.session.get(f"{self.slack.base_url}/rehearsal/state", params={"as": who}) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def do(self, deed: str, name: str = "amara", **more: Any) -> dict[str, Any]:
        body = {"as": self.slack.actor(name).id, **more}
        async with self.session.post(f"{self.slack.base_url}/rehearsal/{deed}", json=body) as answer:
            found: dict[str, Any] = await answer.json()
            return found


@pytest.fixture
def slack(permissive_slack: Rehearsal) -> Rehearsal:
    return permissive_slack


@pytest.fixture
async def browser(slack: Rehearsal) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession() as session:
        yield Browser(slack, session)


def names(state: dict[str, Any]) -> list[str]:
    return [channel["name"] for channel in state["channels"] if not channel["is_im"]]


async def test_the_crowd_is_as_announced(browser: Browser) -> None:
    """14 in marketing, 12 in IT, 2 in both, a guest, a bot besides the app, an admin and an owner."""
    people = (await browser.state("amara"))["people"]
    members = [p for p in people if not p["guest"] and not p["is_bot"]]
    assert sum(p["sides"] == ["marketing"] for p in members) == 14
    assert sum(p["sides"] == ["it"] for p in members) == 12
    assert sum(p["sides"] == ["marketing", "it"] for p in members) == 2
    assert [p["name"] for p in people if p["guest"]] == ["greta"]
    assert [p["real_name"] for p in people if p["is_bot"]][1:] == ["Deploy Bot"]
    assert [p["roles"] for p in people if p["roles"]] == [["admin"], ["owner"]]
    assert len({p["id"] for p in people}) == len({p["name"] for p in people}) == len(people)


async def test_each_person_sees_their_own_channels(browser: Browser) -> None:
    """Only members see a private channel; a guest sees only the channels they are in."""
    assert names(await browser.state("amara")) == ["marketing", "it", "general", "random"]
    assert names(await browser.state("ines")) == ["marketing", "it", "general", "leadership", "random"]
    assert names(await browser.state("greta")) == ["marketing"]


async def test_a_private_message_is_in_one_state_only(slack: Rehearsal, browser: Browser) -> None:
    """It is marked as private there."""
    slack.workspace.post_private(slack.places.marketing, slack.actor("amara").id, {"text": "Psst"})
    mine, others = await browser.state("amara"), await browser.state("dewi")
    assert [(m["text"], m["private"]) for m in mine["channels"][0]["messages"]] == [("Psst", True)]
    assert others["channels"][0]["messages"] == []


async def test_nobody_uses_what_only_another_sees(slack: Rehearsal, browser: Browser) -> None:
    """Acting on another's private message or modal is refused with a sentence."""
    button = {"type": "button", "action_id": "y", "text": {"type": "plain_text", "text": "Yes"}}
    blocks = [{"type": "actions", "block_id": "q", "elements": [button]}]
    content = {"text": "?", "blocks": blocks}
    private = slack.workspace.post_private(slack.places.marketing, slack.actor("amara").id, content)
    where = {"channel": private.channel, "message_ts": private.ts, "block_id": "q", "action_id": "y"}
    assert await browser.do("action", "dewi", **where) == {
        "ok": False,
        "error": "This message is not for you to see.",
    }
    trigger = slack.workspace.new_trigger(slack.actor("amara").id)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
    view_id = slack.workspace.open_view(trigger, view).id
    assert await browser.do("submit", "dewi", view_id=view_id, values={}) == {
        "ok": False,
        "error": "This form is no longer open.",
    }


async def test_what_the_app_does_not_answer_is_a_toast(slack: Rehearsal, browser: Browser) -> None:
    """The person is told, not left waiting."""
    assert await browser.do("command", channel=slack.places.marketing, text="/pulse") == {"ok": True}
    assert (await browser.state("amara"))["toasts"] == ["The app is not connected."]


async def test_people_write_and_read(slack: Rehearsal, browser: Browser) -> None:
    """What others wrote counts as unread until the person reads it."""
    await browser.do("say", "dewi", channel=slack.places.marketing, text="Hello")
    assert (await browser.state("amara"))["channels"][0]["unread"] == 1
    assert (await browser.state("dewi"))["channels"][0]["unread"] == 0
    await browser.do("read", "amara", channel=slack.places.marketing)
    assert (await browser.state("amara"))["channels"][0]["unread"] == 0
    refused = await browser.do("say", "amara", channel=slack.places.it, text="Hello")
    assert refused == {"ok": False, "error": "Join #it to write there."}


async def test_people_join_leave_and_are_invited(slack: Rehearsal, browser: Browser) -> None:
    """Anybody joins a public channel; a private one takes a member's invitation; both can be left."""
    private = next(c for c in slack.workspace.channels.values() if c.name == "leadership")
    assert (await browser.do("join", channel=slack.places.it))["ok"]
    assert slack.actor("amara").id in slack.workspace.channel("it").members
    refused = await browser.do("join", channel=private.id)
    assert refused["error"] == "Nobody can join this channel by themselves."
    assert (await browser.do("command", "ines", channel=private.id, text="/invite @amara"))["ok"]
    assert "leadership" in names(await browser.state("amara"))
    assert (await browser.do("leave", channel=private.id))["ok"]
    assert "leadership" not in names(await browser.state("amara"))


async def test_guests_join_nothing_by_themselves(slack: Rehearsal, browser: Browser) -> None:
    """A guest is only in channels that somebody added them to, in Slack and here."""
    assert not (await browser.do("join", "greta", channel=slack.places.it))["ok"]
    assert names(await browser.state("greta")) == ["marketing"]


async def test_a_file_that_is_no_picture_is_saved_and_never_run(slack: Rehearsal, browser: Browser) -> None:
    """An upload of HTML comes as an attachment, so that it cannot act as the page."""
    page = b"<script>alert(1)</script>"
    file = slack.workspace.new_upload("report.html", len(page), "")
    url = f"{slack.base_url}/rehearsal/files/{file.id}"
    async with browser.session.get(url) as answer:
        assert answer.status == 404
    slack.workspace.receive(file.id, page)
    async with browser.session.get(url) as answer:
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.content_type == "application/octet-stream"
        assert await answer.read() == page


async def test_the_next_moment_is_the_apps_business(slack: Rehearsal, browser: Browser) -> None:
    """The button calls the function that the app set, and shows what it returns."""
    assert (await browser.do("clock", to="next"))["error"] == "This app has no next moment."

    async def jump() -> str:
        return "It is Monday."

    slack.on_next = jump
    assert (await browser.do("clock", to="next"))["said"] == "It is Monday."


async def test_changes_are_streamed(slack: Rehearsal, browser: Browser) -> None:
    """One event comes at once, and one for each change."""
    async with browser.session.get(f"{slack.base_url}/rehearsal/events") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert await stream.content.readline() == b"event: changed\n"
        first = await stream.content.readline()
        await stream.content.readline()
        slack.actor("amara").say("marketing", "Hello")
        assert await stream.content.readline() == b"event: changed\n"
        assert await stream.content.readline() != first


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_only_the_page_may_act(
    slack: Rehearsal, browser: Browser, headers: dict[str, str], status: int
) -> None:
    """Another host name, another origin, or a form's content type: refused before anything happens."""
    body = b'{"as": "U00000001", "channel": "marketing", "text": "Hello"}'
    sent = {"Content-Type": "application/json", **headers}
    url = f"{slack.base_url}/rehearsal/say"
    async with browser.session.post(url, data=body, headers=sent) as answer:
        assert answer.status == status
    assert slack.actor("amara").sees("marketing") == []


async def test_another_host_name_sees_nothing(slack: Rehearsal, browser: Browser) -> None:
    """DNS rebinding gets no state either."""
    url = f"{slack.base_url}/rehearsal/state"
    async with browser.session.get(url, headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403


async def test_the_page_comes_with_a_strict_policy(slack: Rehearsal, browser: Browser) -> None:
    """Everything comes from this server, nothing is cached, and no file outside the folder is served."""
    async with browser.session.get(slack.url) as answer:
        assert answer.content_type == "text/html"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert answer.headers["Cache-Control"] == "no-store"
    async with browser.session.get(f"{slack.base_url}/app.js") as answer:
        assert answer.content_type == "text/javascript"
    async with browser.session.get(f"{slack.base_url}/..%2fserver.py") as answer:
        assert answer.status == 404


async def test_nonsense_is_refused_with_a_reason(browser: Browser) -> None:
    """An unknown person or deed is refused."""
    async with browser.session.post(f"{browser.slack.base_url}/rehearsal/say", json={"as": "U404"}) as answer:
        assert answer.status == 400
    async with browser.session.post(f"{browser.slack.base_url}/rehearsal/dance", json={}) as answer:
        assert answer.status == 404


async def test_a_taken_port_moves_on_to_the_next() -> None:
    """Two rehearsals run beside each other."""
    async with Rehearsal() as first, Rehearsal(port=first.port) as second:
        assert second.port > first.port
        assert first.url == f"http://127.0.0.1:{first.port}/"


async def test_waiting_ends_when_something_happens(slack: Rehearsal) -> None:
    """`until` is woken by the change, and gives up after its time-out."""
    amara = slack.actor("amara")
    waiting = asyncio.create_task(slack.workspace.until(lambda: amara.sees("marketing"), timeout=5))
    await asyncio.sleep(0)
    slack.actor("dewi").say("marketing", "Hello")
    assert [m.text for m in await waiting] == ["Hello"]
    with pytest.raises(TimeoutError):
        await slack.workspace.until(lambda: None, timeout=0.01)
