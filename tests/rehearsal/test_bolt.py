"""What people do reaches a real Bolt app, over Socket Mode and over signed HTTP, in the shapes it parses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web as aiohttp_web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from rehearsal.driver import NotAnswered
from rehearsal.server import Rehearsal

SECRET = "a signing secret"


def question(action_id: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": "Yes"}
    button = {"type": "button", "action_id": action_id, "value": "1", "text": text}
    return {"text": "?", "blocks": [{"type": "actions", "block_id": "q", "elements": [button]}]}


SETUP = {
    "type": "modal",
    "callback_id": "setup",
    "title": {"type": "plain_text", "text": "Setup"},
    "submit": {"type": "plain_text", "text": "Save"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "zone",
            "label": {"type": "plain_text", "text": "Zone"},
            "element": {"type": "external_select", "action_id": "zones", "min_query_length": 1},
        }
    ],
}


class Listeners:
    """One listener of each kind; each notes what it heard."""

    def __init__(self, heard: list[str]) -> None:
        self.heard = heard

    async def on_command(self, ack: Any, command: dict[str, Any], client: AsyncWebClient) -> None:
        self.heard.append(f"command {command['text']}")
        if command["text"] == "setup":
            await ack()
            await client.views_open(trigger_id=command["trigger_id"], view=SETUP)
        else:
            await ack(f"You said {command['text']}")

    async def on_action(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        self.heard.append(f"action {body['actions'][0]['value']}")
        await ack()
        await respond("Noted", response_type="ephemeral", replace_original=False)

    async def on_quick_action(self, ack: Any) -> None:
        self.heard.append("quick")
        await ack()

    async def on_options(self, ack: Any, payload: dict[str, Any]) -> None:
        text = {"type": "plain_text", "text": payload["value"]}
        await ack(options=[{"text": text, "value": payload["value"]}])

    async def on_view(self, ack: Any, view: dict[str, Any]) -> None:
        chosen = view["state"]["values"]["zone"]["zones"]["selected_option"]
        self.heard.append(f"view {chosen['value']}")
        await ack(response_action="errors", errors={"zone": "Another one, please."})

    async def on_closed(self, ack: Any) -> None:
        self.heard.append("closed")
        await ack()

    async def on_home(self, event: dict[str, Any]) -> None:
        self.heard.append(f"home {event['tab']}")

    async def on_join(self, event: dict[str, Any]) -> None:
        self.heard.append(f"joined {event['user']}")

    async def on_shortcut(self, ack: Any) -> None:
        self.heard.append("shortcut")
        await ack()


def made(slack: Rehearsal, heard: list[str]) -> AsyncApp:
    """An app with a listener of each kind."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=SECRET, process_before_response=True)
    listeners = Listeners(heard)
    app.command("/pulse")(listeners.on_command)
    app.action("yes")(listeners.on_action)
    app.action("quick")(listeners.on_quick_action)
    app.options("zones")(listeners.on_options)
    app.view("setup")(listeners.on_view)
    app.view_closed("setup")(listeners.on_closed)
    app.event("app_home_opened")(listeners.on_home)
    app.event("member_joined_channel")(listeners.on_join)
    app.shortcut("open_pulse")(listeners.on_shortcut)
    return app


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture(params=["socket", "http"])
async def slack(
    request: pytest.FixtureRequest, permissive_slack: Rehearsal, heard: list[str]
) -> AsyncIterator[Rehearsal]:
    app = made(permissive_slack, heard)
    if request.param == "socket":
        handler = AsyncSocketModeHandler(app, permissive_slack.app_token)
        await handler.connect_async()
        await permissive_slack.socket_mode.connected()
        yield permissive_slack
        await handler.close_async()
        return
    runner = aiohttp_web.AppRunner(app.web_app("/slack/events"))
    await runner.setup()
    site = aiohttp_web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    permissive_slack.deliver_http(f"http://127.0.0.1:{port}/slack/events", SECRET)
    yield permissive_slack
    await runner.cleanup()


async def test_everything_a_person_can_do_is_understood(slack: Rehearsal, heard: list[str]) -> None:
    """Command, tap, form, options, closing, Home, shortcut and an event, one after the other."""
    amara = slack.actor("amara")
    await amara.command("/pulse help", "marketing")
    assert [m.text for m in amara.private("marketing")] == ["You said help"]

    message = slack.workspace.post(slack.places.marketing, question("yes"))
    await amara.tap(message, "Yes")
    assert [m.text for m in amara.private("marketing")] == ["You said help", "Noted"]

    await amara.command("/pulse setup", "marketing")
    assert amara.modal is not None
    found = await amara.options(amara.modal, "zone", "zones", "Berlin")
    ack = await amara.submit(values={"zone": found[0]})
    assert ack.errors == {"zone": "Another one, please."}
    await amara.close_modal()

    await amara.open_home()
    await amara.shortcut("open_pulse")
    sasha = slack.actor("sasha").id
    slack.workspace.join("marketing", sasha)
    await slack.post.settled()
    assert heard == [
        "command help",
        "action 1",
        "command setup",
        "view Berlin",
        "closed",
        "home home",
        "shortcut",
        f"joined {sasha}",
    ]


async def test_a_forged_request_is_refused_by_the_app(permissive_slack: Rehearsal, heard: list[str]) -> None:
    """A signature made with another secret does not pass, so nobody gets a response."""
    runner = aiohttp_web.AppRunner(made(permissive_slack, heard).web_app("/slack/events"))
    await runner.setup()
    await aiohttp_web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    permissive_slack.deliver_http(f"http://127.0.0.1:{port}/slack/events", "another secret")
    permissive_slack.post.ack_seconds = 0.5
    with pytest.raises(NotAnswered):
        await permissive_slack.actor("amara").command("/pulse help", "marketing")
    assert heard == []
    await runner.cleanup()


async def test_a_hundred_taps_at_once_are_answered_in_time(slack: Rehearsal, heard: list[str]) -> None:
    """The stand-in itself does not hold up a storm."""
    message = slack.workspace.post(slack.places.marketing, question("quick"))
    members = [slack.actor(name) for name in ("amara", "dewi", "chiara", "elif", "jonas")]
    acks = await asyncio.gather(*(members[n % 5].tap(message, "quick") for n in range(100)))
    assert len(heard) == len(acks) == 100
    assert max(ack.latency for ack in acks) < 3
