"""The stand-in as Slack's own Python clients see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from rehearsal.driver import NotAnswered, NotPossible
from rehearsal.objects import BOT_USER
from rehearsal.server import Rehearsal

Handler = Callable[[SocketModeRequest], Awaitable[dict[str, Any] | None]]


class App:
    """A minimal app on Slack's own clients: each request goes to `handle`, whose result goes into the ack."""

    def __init__(self, slack: Rehearsal) -> None:
        self.web = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        self.socket = SocketModeClient(
            slack.app_token, web_client=AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        )
        self.requests: list[SocketModeRequest] = []
        self.handle: Handler = self.nothing
        self.silent = False
        self.socket.socket_mode_request_listeners.append(self._listen)

    async def nothing(self, request: SocketModeRequest) -> dict[str, Any] | None:
        return None

    async def _listen(self, client: Any, request: SocketModeRequest) -> None:
        self.requests.append(request)
        if self.silent:
            return
        payload = await self.handle(request)
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))


@pytest.fixture
def slack(permissive_slack: Rehearsal) -> Rehearsal:
    return permissive_slack


@pytest.fixture
async def web(slack: Rehearsal) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
async def app(slack: Rehearsal) -> AsyncIterator[App]:
    app = App(slack)
    await app.socket.connect()
    await slack.socket_mode.connected()
    yield app
    await app.socket.close()


def buttons(*values: str, block_id: str = "q") -> dict[str, Any]:
    elements = [
        {
            "type": "button",
            "action_id": f"pick:{value}",
            "value": value,
            "text": {"type": "plain_text", "text": value.title()},
        }
        for value in values
    ]
    return {"type": "actions", "block_id": block_id, "elements": elements}


def form(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": list(blocks),
        **more,
    }


def text_field(block_id: str = "name", **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": "Name"},
        "element": {"type": "plain_text_input", "action_id": "text"},
        **more,
    }


def error_of(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


class TestTheWebApi:
    async def test_auth_test_names_the_app_and_its_scopes(self, web: AsyncWebClient) -> None:
        """The client learns who it is and what it may do."""
        answer = await web.auth_test()
        assert (answer["user_id"], answer["bot_id"]) == (BOT_USER, "B0REHEARSAL")
        assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")

    @pytest.mark.parametrize(
        ("token", "error"),
        [("xoxb-wrong", "invalid_auth"), (None, "not_authed"), ("xapp-rehearsal", "not_allowed_token_type")],
    )
    async def test_a_wrong_token_is_refused(self, slack: Rehearsal, token: str | None, error: str) -> None:
        """Each token works only for its own methods."""
        with pytest.raises(SlackApiError) as caught:
            await AsyncWebClient(token, base_url=slack.api_url).auth_test()
        assert error_of(caught) == error

    async def test_a_bot_token_opens_no_socket(self, slack: Rehearsal) -> None:
        """apps.connections.open wants the app-level token."""
        with pytest.raises(SlackApiError) as caught:
            await AsyncWebClient(base_url=slack.api_url).apps_connections_open(app_token=slack.bot_token)
        assert error_of(caught) == "not_allowed_token_type"

    async def test_an_unknown_method_is_refused_loudly(
        self, slack: Rehearsal, web: AsyncWebClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A method that the stand-in lacks is an error, a recorded fault and a line in the log."""
        with pytest.raises(SlackApiError) as caught:
            await web.reactions_add(channel="C1", name="eyes", timestamp="1.0")
        assert error_of(caught) == "unknown_method"
        assert slack.faults == ["reactions.add: unknown_method"]
        assert "reactions.add: unknown_method" in caplog.text

    async def test_a_missing_scope_is_named(self, slack: Rehearsal, web: AsyncWebClient) -> None:
        """An app gets only what its manifest asks for."""
        slack.scopes = frozenset({"chat:write"})
        with pytest.raises(SlackApiError) as caught:
            await web.users_info(user=BOT_USER)
        assert error_of(caught) == "missing_scope"
        assert caught.value.response["needed"] == "users:read"

    async def test_a_message_is_posted_changed_and_deleted(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """Text without blocks takes the blocks away; a deleted message is gone."""
        place = slack.workspace.channel("marketing").id
        ann = slack.actor("amara")
        posted = await web.chat_postMessage(channel=place, text="Hello", blocks=[buttons("yes")])
        assert [m.text for m in ann.sees(place)] == ["Hello"]
        await web.chat_update(channel=place, ts=posted["ts"], text="Closed")
        assert [(m.text, m.blocks, m.edited is not None) for m in ann.sees(place)] == [("Closed", [], True)]
        await web.chat_delete(channel=place, ts=posted["ts"])
        assert ann.sees(place) == []

    @pytest.mark.parametrize(
        ("channel", "error"),
        [
            ("random", "not_in_channel"),
            ("C404", "channel_not_found"),
            ("old", "is_archived"),
            ("hr", "channel_not_found"),
        ],
    )
    async def test_a_post_is_refused_where_the_app_may_not_write(
        self, slack: Rehearsal, web: AsyncWebClient, channel: str, error: str
    ) -> None:
        """A channel without the app, an unknown one, an archived one, a private one without the app."""
        slack.workspace.add_channel("old", [BOT_USER], archived=True)
        slack.workspace.add_channel("hr", [], is_private=True)
        names = {c.name: c.id for c in slack.workspace.channels.values()}
        with pytest.raises(SlackApiError) as caught:
            await web.chat_postMessage(channel=names.get(channel, channel), text="Hello")
        assert error_of(caught) == error

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            ({"text": ""}, "no_text"),
            ({"text": "x" * 40_001}, "msg_too_long"),
            ({"text": "a", "blocks": [{"type": "hero"}]}, "invalid_blocks"),
            ({"text": "a", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ],
    )
    async def test_a_message_that_slack_refuses_is_refused(
        self, slack: Rehearsal, web: AsyncWebClient, content: dict[str, Any], error: str
    ) -> None:
        """Limits of text, blocks and metadata."""
        with pytest.raises(SlackApiError) as caught:
            await web.api_call(
                "chat.postMessage", json={"channel": slack.workspace.channel("it").id, **content}
            )
        assert error_of(caught) == error

    async def test_invalid_blocks_come_with_their_reasons(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """response_metadata.messages points to the place."""
        place = slack.workspace.channel("it").id
        with pytest.raises(SlackApiError) as caught:
            await web.chat_postMessage(channel=place, text="a", blocks=[{"type": "hero"}])
        messages = caught.value.response["response_metadata"]["messages"]
        assert messages == ["[ERROR] unsupported type: hero [json-pointer:/blocks/0/type]"]

    async def test_somebody_elses_message_cannot_be_changed(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """Nor one that is not there, nor a private one."""
        place, amara = slack.workspace.channel("marketing").id, slack.actor("amara")
        said = amara.say("marketing", "Hello")
        private = await web.chat_postEphemeral(channel=place, user=amara.id, text="Psst")
        errors = []
        for ts in (said.ts, "1.000001", private["message_ts"]):
            with pytest.raises(SlackApiError) as caught:
                await web.chat_update(channel=place, ts=ts, text="Mine")
            errors.append(error_of(caught))
        assert errors == ["cant_update_message", "message_not_found", "message_not_found"]

    async def test_a_private_message_is_seen_by_one_member_only(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """Others do not see it, and somebody outside the channel cannot get it."""
        place = slack.workspace.channel("marketing").id
        await web.chat_postEphemeral(channel=place, user=slack.actor("amara").id, text="Psst")
        assert [m.text for m in slack.actor("amara").private(place)] == ["Psst"]
        assert slack.actor("dewi").sees(place) == []
        with pytest.raises(SlackApiError) as caught:
            await web.chat_postEphemeral(channel=place, user=slack.actor("wei").id, text="Psst")
        assert error_of(caught) == "user_not_in_channel"

    async def test_history_gives_metadata_back_when_asked(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """Newest first; private messages are never in it."""
        place = slack.workspace.channel("it").id
        key = {"event_type": "pulse_post", "event_payload": {"key": "k1"}}
        first = await web.chat_postMessage(channel=place, text="One", metadata=key)
        await web.chat_postMessage(channel=place, text="Two")
        await web.chat_postEphemeral(channel=place, user=slack.actor("wei").id, text="Psst")
        found = await web.conversations_history(channel=place, include_all_metadata=True)
        assert [m["text"] for m in found["messages"]] == ["Two", "One"]
        assert found["messages"][1]["metadata"] == key
        bare = await web.conversations_history(
            channel=place, oldest=first["ts"], inclusive=True, latest=first["ts"]
        )
        assert [("metadata" in m, m["text"]) for m in bare["messages"]] == [(False, "One")]

    async def test_members_come_in_pages_that_may_be_short(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """The cursor leads through all of them, once each."""
        slack.page_cap = 7
        place = slack.workspace.channel("marketing")
        found: list[str] = []
        async for page in await web.conversations_members(channel=place.id, limit=200):
            assert len(page["members"]) <= 7
            found += page["members"]
        assert found == place.members

    async def test_the_channels_of_the_app_are_listed_by_kind(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """Public and private ones that it is in; joining adds one."""
        kinds = "public_channel,private_channel"
        mine = await web.users_conversations(types=kinds)
        assert [c["name"] for c in mine["channels"]] == ["marketing", "it", "general", "leadership"]
        await web.conversations_join(channel=slack.workspace.channel("random").id)
        mine = await web.users_conversations(types=kinds)
        assert [c["name"] for c in mine["channels"]] == ["marketing", "it", "general", "leadership", "random"]

    async def test_a_direct_message_reaches_its_person(self, slack: Rehearsal, web: AsyncWebClient) -> None:
        """Opened by conversations.open, or by posting to a user id."""
        wei = slack.actor("wei")
        opened = await web.conversations_open(users=wei.id)
        await web.chat_postMessage(channel=opened["channel"]["id"], text="One")
        await web.chat_postMessage(channel=wei.id, text="Two")
        assert [m.text for m in wei.dms] == ["One", "Two"]

    async def test_users_are_told_apart(self, slack: Rehearsal, web: AsyncWebClient) -> None:
        """Guests, bots, admins and owners carry their flags."""
        users = {u["name"]: u for u in (await web.users_list())["members"]}
        assert users["greta"]["is_restricted"] and users["deploy"]["is_bot"]
        assert users["ines"]["is_admin"] and not users["ines"]["is_owner"]
        assert users["priya"]["is_owner"] and not users["amara"]["is_admin"]


PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x02\x00\x00\x00\x03\x08\x06\x00\x00\x00"
    b"\x9d\x74\x66\x1a\x00\x00\x00\x00IEND\xaeB`\x82"
)


class TestFiles:
    async def test_an_upload_is_seen_with_its_alt_text(self, slack: Rehearsal, web: AsyncWebClient) -> None:
        """The three calls of files_upload_v2 end in a message with an image."""
        place = slack.workspace.channel("it").id
        await web.files_upload_v2(content=PNG, filename="a.png", title="A", alt_txt="Up", channel=place)
        message = slack.actor("wei").sees(place)[0]
        file = slack.workspace.files[message.files[0]]
        assert (file.alt, file.title, file.size, file.data) == ("Up", "A", (2, 3), PNG)

    async def test_an_image_block_waits_until_slack_has_looked_at_the_file(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """Used at once it is refused; when files.info knows the dimensions it is accepted."""
        now = 0.0
        slack.workspace.ticks, slack.workspace.file_seconds = (lambda: now), 2.0
        place = slack.workspace.channel("it").id
        uploaded = await web.files_upload_v2(content=PNG, filename="a.png", alt_txt="Up")
        file_id = uploaded["files"][0]["id"]
        block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "Up"}
        assert "original_w" not in (await web.files_info(file=file_id))["file"]
        with pytest.raises(SlackApiError) as caught:
            await web.chat_postMessage(channel=place, text="Chart", blocks=[block])
        assert error_of(caught) == "invalid_blocks"
        now = 2.0
        assert (await web.files_info(file=file_id))["file"]["original_w"] == 2
        await web.chat_postMessage(channel=place, text="Chart", blocks=[block])
        assert [m.text for m in slack.actor("wei").sees(place)] == ["Chart"]

    async def test_an_upload_of_another_length_is_refused(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """The upload must have the announced length."""
        url = await web.files_getUploadURLExternal(filename="a.png", length=5)
        async with aiohttp.ClientSession() as session, session.post(url["upload_url"], data=PNG) as answer:
            assert answer.status == 400
        with pytest.raises(SlackApiError) as caught:
            await web.files_completeUploadExternal(files=[{"id": url["file_id"], "title": "A"}])
        assert error_of(caught) == "file_not_found"


class TestSocketMode:
    async def test_a_command_is_answered_by_its_ack(self, slack: Rehearsal, app: App) -> None:
        """Text in the ack of a command is a private message."""

        async def hello(request: SocketModeRequest) -> dict[str, Any]:
            return {"text": f"You said {request.payload['text']} in {request.payload['channel_name']}"}

        app.handle = hello
        amara = slack.actor("amara")
        ack = await amara.command("/pulse open now", "marketing")
        assert 0 <= ack.latency < 3
        assert [m.text for m in amara.private("marketing")] == ["You said open now in marketing"]
        assert slack.actor("dewi").sees("marketing") == []
        assert app.requests[0].type == "slash_commands"

    async def test_a_command_needs_membership(self, slack: Rehearsal, app: App) -> None:
        """Nobody types in a channel without having joined it."""
        with pytest.raises(NotPossible, match="Join #it"):
            await slack.actor("amara").command("/pulse", "it")

    async def test_a_tap_brings_what_slack_brings(self, slack: Rehearsal, app: App) -> None:
        """The payload names person, channel, message, action and a response_url that replies privately."""

        async def answer(request: SocketModeRequest) -> None:
            url = request.payload["response_url"]
            await AsyncWebhookClient(url).send(
                text="Noted", response_type="ephemeral", replace_original=False
            )

        app.handle = answer
        place = slack.workspace.channel("marketing").id
        posted = await app.web.chat_postMessage(channel=place, text="How?", blocks=[buttons("good", "bad")])
        amara = slack.actor("amara")
        await amara.tap(amara.sees(place)[0], "good")
        payload = app.requests[0].payload
        assert payload["type"] == "block_actions"
        assert payload["user"]["id"] == amara.id
        assert payload["channel"] == {"id": place, "name": "marketing"}
        assert payload["container"] == {
            "type": "message",
            "message_ts": posted["ts"],
            "channel_id": place,
            "is_ephemeral": False,
        }
        assert payload["message"]["text"] == "How?"
        action = payload["actions"][0]
        assert (action["action_id"], action["block_id"], action["value"]) == ("pick:good", "q", "good")
        assert [m.text for m in amara.private(place)] == ["Noted"]

    async def test_a_tap_in_a_private_message_can_replace_it(self, slack: Rehearsal, app: App) -> None:
        """replace_original changes it for its reader, and the payload holds no message."""

        async def answer(request: SocketModeRequest) -> None:
            await AsyncWebhookClient(request.payload["response_url"]).send(text="Done", replace_original=True)

        app.handle = answer
        amara, place = slack.actor("amara"), slack.workspace.channel("marketing").id
        await app.web.chat_postEphemeral(channel=place, user=amara.id, text="Sure?", blocks=[buttons("yes")])
        await amara.tap(amara.private(place)[0], "Yes")
        assert [(m.text, m.blocks) for m in amara.private(place)] == [("Done", [])]
        assert "message" not in app.requests[0].payload

    async def test_what_is_not_acknowledged_in_time_is_said_to_the_person(
        self, slack: Rehearsal, app: App
    ) -> None:
        """Interactions are sent once and never again."""
        app.silent, slack.post.ack_seconds = True, 0.05
        amara = slack.actor("amara")
        with pytest.raises(NotAnswered):
            await amara.command("/pulse", "marketing")
        assert amara.toasts == ["The app did not answer within 3 seconds."]
        await slack.post.settled()
        assert len(app.requests) == 1

    async def test_without_a_connection_the_person_is_told_so(self, slack: Rehearsal) -> None:
        """Nobody waits three seconds for an app that is not there."""
        slack.post.ack_seconds = 60.0
        with pytest.raises(NotAnswered, match="not connected"):
            await slack.actor("amara").command("/pulse", "marketing")

    async def test_an_unacknowledged_event_comes_again_three_times(self, slack: Rehearsal, app: App) -> None:
        """Each repetition says its number."""
        app.silent, slack.post.ack_seconds, slack.post.event_retries = True, 0.02, (0.0, 0.0, 0.0)
        slack.workspace.join("marketing", slack.actor("sasha").id)
        await slack.post.settled()
        assert [r.retry_attempt for r in app.requests] == [0, 1, 2, 3]
        assert {r.payload["event"]["type"] for r in app.requests} == {"member_joined_channel"}
        assert len({r.payload["event_id"] for r in app.requests}) == 1

    async def test_each_payload_goes_to_one_of_the_sockets(self, slack: Rehearsal, app: App) -> None:
        """Two connections share the work; hello says how many there are."""
        other = App(slack)
        await other.socket.connect()
        await slack.socket_mode.connected(2)
        for _ in range(4):
            await slack.actor("amara").command("/pulse", "marketing")
        await other.socket.close()
        await slack.socket_mode.connected(1)
        assert (len(app.requests), len(other.requests)) == (2, 2)

    async def test_the_eleventh_socket_is_turned_away(self, slack: Rehearsal) -> None:
        """Ten connections are the most an app may hold."""
        web = AsyncWebClient(base_url=slack.api_url)
        async with aiohttp.ClientSession() as session:
            sockets = []
            for _ in range(11):
                url = (await web.apps_connections_open(app_token=slack.app_token))["url"]
                sockets.append(await session.ws_connect(url))
            said = [await ws.receive_json() for ws in sockets]
        assert [s["type"] for s in said] == ["hello"] * 10 + ["disconnect"]
        assert [s.get("num_connections") for s in said] == [*range(1, 11), None]
        assert said[10]["reason"] == "too_many_websockets"

    async def test_a_ticket_opens_one_socket(self, slack: Rehearsal) -> None:
        """The address of a connection works once."""
        web = AsyncWebClient(base_url=slack.api_url)
        url = (await web.apps_connections_open(app_token=slack.app_token))["url"]
        async with aiohttp.ClientSession() as session:
            await session.ws_connect(url)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)

    async def test_a_dropped_connection_ends_without_a_word(self, slack: Rehearsal) -> None:
        """Neither a disconnect message nor a close frame."""
        web = AsyncWebClient(base_url=slack.api_url)
        url = (await web.apps_connections_open(app_token=slack.app_token))["url"]
        async with aiohttp.ClientSession() as session:
            ws = await session.ws_connect(url)
            assert (await ws.receive_json())["type"] == "hello"
            slack.socket_mode.drop()
            assert (await ws.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
            assert ws.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE

    @pytest.mark.parametrize("pings", [True, False])
    async def test_a_half_open_connection_answers_pings_or_not(self, slack: Rehearsal, pings: bool) -> None:
        """A ping finds the one that does not respond, but not the other."""
        web = AsyncWebClient(base_url=slack.api_url)
        url = (await web.apps_connections_open(app_token=slack.app_token))["url"]
        async with aiohttp.ClientSession() as session:
            ws = await session.ws_connect(url, autoping=False)
            assert (await ws.receive_json())["type"] == "hello"
            slack.socket_mode.go_deaf(pings=pings)
            await ws.ping(b"there?")
            try:
                heard = (await ws.receive(timeout=2.0 if pings else 0.2)).data
            except TimeoutError:
                heard = b""
        assert heard == (b"there?" if pings else b"")

    async def test_slack_asks_to_reconnect(self, slack: Rehearsal, app: App) -> None:
        """Slack's own client follows a refresh and is served again."""
        await slack.socket_mode.refresh()
        await slack.socket_mode.connected(since=1)
        await slack.actor("amara").command("/pulse", "marketing")
        assert len(app.requests) == 1

    async def test_a_deaf_connection_swallows_payloads(self, slack: Rehearsal, app: App) -> None:
        """Half-open: Slack sends, and nothing arrives."""
        slack.socket_mode.go_deaf(pings=True)
        slack.post.ack_seconds = 0.05
        with pytest.raises(NotAnswered, match="within 3 seconds"):
            await slack.actor("amara").command("/pulse", "marketing")
        assert app.requests == []


class TestModals:
    async def open_form(self, slack: Rehearsal, app: App, **more: Any) -> None:
        async def opens(request: SocketModeRequest) -> None:
            view = form(text_field(), **more)
            await app.web.views_open(trigger_id=request.payload["trigger_id"], view=view)

        app.handle = opens
        await slack.actor("amara").command("/pulse setup", "marketing")
        app.handle = app.nothing

    async def test_a_form_is_opened_filled_in_and_closed(self, slack: Rehearsal, app: App) -> None:
        """The submission brings the values, the private metadata and the hash; an empty ack closes it."""
        await self.open_form(slack, app, private_metadata="m")
        amara = slack.actor("amara")
        assert amara.modal is not None and amara.modal.blocks[0]["block_id"] == "name"
        await amara.submit(values={"name": "Amara"})
        payload = app.requests[-1].payload
        assert payload["view"]["state"]["values"] == {
            "name": {"text": {"type": "plain_text_input", "value": "Amara"}}
        }
        assert payload["view"]["private_metadata"] == "m"
        assert amara.modal is None

    async def test_an_empty_required_field_never_reaches_the_app(self, slack: Rehearsal, app: App) -> None:
        """Slack's client refuses it itself."""
        await self.open_form(slack, app)
        ack = await slack.actor("amara").submit()
        assert ack.errors == {"name": "Please complete this required field."}
        assert len(app.requests) == 1

    async def test_errors_keep_the_form_open(self, slack: Rehearsal, app: App) -> None:
        """They are shown at their fields."""
        await self.open_form(slack, app)

        async def refuse(request: SocketModeRequest) -> dict[str, Any]:
            return {"response_action": "errors", "errors": {"name": "Too short."}}

        app.handle = refuse
        amara = slack.actor("amara")
        assert (await amara.submit(values={"name": "A"})).errors == {"name": "Too short."}
        assert amara.modal is not None

    async def test_errors_for_a_field_that_is_not_there_are_a_fault(self, slack: Rehearsal, app: App) -> None:
        """Slack shows nothing then, so the stand-in says it loudly."""
        await self.open_form(slack, app)

        async def refuse(request: SocketModeRequest) -> dict[str, Any]:
            return {"response_action": "errors", "errors": {"nowhere": "Too short."}}

        app.handle = refuse
        await slack.actor("amara").submit(values={"name": "A"})
        assert slack.faults == [
            "the response to a form was refused: invalid_response_action: "
            "errors must name input blocks: {'nowhere': 'Too short.'}"
        ]

    async def test_a_form_can_be_changed_pushed_and_cleared_by_the_ack(
        self, slack: Rehearsal, app: App
    ) -> None:
        """update changes the view, push puts one on top, clear closes all."""
        await self.open_form(slack, app)
        amara = slack.actor("amara")
        answers = iter(
            [
                {"response_action": "update", "view": form(text_field("second"))},
                {"response_action": "push", "view": form(text_field("third"))},
                {"response_action": "clear"},
            ]
        )

        async def answer(request: SocketModeRequest) -> dict[str, Any]:
            return next(answers)

        app.handle = answer
        seen = []
        for block_id in ("name", "second", "third"):
            await amara.submit(values={block_id: "x"})
            seen.append([v.blocks[0]["block_id"] for v in slack.workspace.modals(amara.id)])
        assert seen == [["second"], ["second", "third"], []]

    async def test_a_trigger_opens_one_view_within_three_seconds(self, slack: Rehearsal, app: App) -> None:
        """Used twice, used late, or made up: refused by name."""
        now = 0.0
        slack.workspace.ticks = lambda: now
        view = form(text_field())
        triggers = [slack.workspace.new_trigger(slack.actor("amara").id) for _ in range(2)]
        await app.web.views_open(trigger_id=triggers[0], view=view)
        now = 3.1
        errors = []
        for trigger in (triggers[0], triggers[1], "made.up"):
            with pytest.raises(SlackApiError) as caught:
                await app.web.views_open(trigger_id=trigger, view=view)
            errors.append(error_of(caught))
        assert errors == ["exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id"]

    async def test_a_view_that_moved_on_is_not_overwritten(self, slack: Rehearsal, app: App) -> None:
        """hash_conflict protects against a slow update."""
        trigger = slack.workspace.new_trigger(slack.actor("amara").id)
        opened = await app.web.views_open(trigger_id=trigger, view=form(text_field()))
        view_id, first = opened["view"]["id"], opened["view"]["hash"]
        await app.web.views_update(view_id=view_id, view=form(text_field("b")), hash=first)
        with pytest.raises(SlackApiError) as caught:
            await app.web.views_update(view_id=view_id, view=form(text_field("c")), hash=first)
        assert error_of(caught) == "hash_conflict"

    async def test_a_closed_form_is_told_where_the_app_asked(self, slack: Rehearsal, app: App) -> None:
        """view_closed comes only with notify_on_close."""
        await self.open_form(slack, app, notify_on_close=True)
        amara = slack.actor("amara")
        await amara.close_modal()
        assert app.requests[-1].payload["type"] == "view_closed"
        await self.open_form(slack, app)
        await amara.close_modal()
        assert app.requests[-1].type == "slash_commands"

    async def test_an_external_select_gets_its_options_from_the_app(self, slack: Rehearsal, app: App) -> None:
        """block_suggestion brings what was typed; the ack holds the options."""
        field = text_field(
            "zone", element={"type": "external_select", "action_id": "zones", "min_query_length": 1}
        )
        trigger = slack.workspace.new_trigger(slack.actor("amara").id)
        await app.web.views_open(trigger_id=trigger, view=form(field))

        async def offer(request: SocketModeRequest) -> dict[str, Any]:
            found = request.payload["value"]
            return {"options": [{"text": {"type": "plain_text", "text": found}, "value": found}]}

        app.handle = offer
        amara = slack.actor("amara")
        assert amara.modal is not None
        options = await amara.options(amara.modal, "zone", "zones", "Berlin")
        assert [o["value"] for o in options] == ["Berlin"]

    async def test_the_home_tab_is_published_for_one_person(self, slack: Rehearsal, app: App) -> None:
        """Opening it tells the app; what is published is seen by that person."""

        async def publish(request: SocketModeRequest) -> None:
            user = request.payload["event"]["user"]
            await app.web.views_publish(user_id=user, view={"type": "home", "blocks": [buttons("a")]})

        app.handle = publish
        amara = slack.actor("amara")
        await amara.open_home()
        assert amara.home is not None and amara.home.blocks[0]["type"] == "actions"
        assert slack.actor("dewi").home is None
        app.handle = app.nothing
        await amara.tap(amara.home, "a")
        assert app.requests[-1].payload["container"]["type"] == "view"


class TestResponseUrls:
    async def test_five_calls_and_no_more(self, slack: Rehearsal) -> None:
        """The sixth is refused with used_url."""
        key = slack.workspace.new_response_url(
            slack.actor("amara").id, slack.workspace.channel("marketing").id
        )
        hook = AsyncWebhookClient(f"{slack.base_url}/actions/T/{key}")
        statuses = [(await hook.send(text=str(n))).status_code for n in range(6)]
        assert statuses == [200] * 5 + [404]
        assert [m.text for m in slack.actor("amara").private("marketing")] == ["0", "1", "2", "3", "4"]

    async def test_half_an_hour_and_no_longer(self, slack: Rehearsal) -> None:
        """After 30 minutes it is expired."""
        now = 0.0
        slack.workspace.ticks = lambda: now
        key = slack.workspace.new_response_url(
            slack.actor("amara").id, slack.workspace.channel("marketing").id
        )
        now = 1801.0
        answer = await AsyncWebhookClient(f"{slack.base_url}/actions/T/{key}").send(text="late")
        assert (answer.status_code, "expired_url" in answer.body) == (404, True)


class TestTrouble:
    async def test_what_an_app_must_never_send_is_a_fault(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """An unknown type of block is one; a chart, if charts are switched off, is not."""
        place = slack.workspace.channel("it").id
        slack.workspace.charts_enabled = False
        point = [{"label": "a", "value": 1}]
        pie = {"type": "data_visualization", "title": "T", "chart": {"type": "pie", "segments": point}}
        for block in (pie, {"type": "hero"}):
            with pytest.raises(SlackApiError) as caught:
                await web.chat_postMessage(channel=place, text="a", blocks=[block])
            assert error_of(caught) == "invalid_blocks"
        problem = "[ERROR] unsupported type: hero [json-pointer:/blocks/0/type]"
        assert slack.faults == [f"chat.postMessage: invalid_blocks: {problem}"]

    async def test_a_revoked_token_opens_nothing(self, slack: Rehearsal, web: AsyncWebClient) -> None:
        """Every call says so."""
        slack.token_error = "token_revoked"
        with pytest.raises(SlackApiError) as caught:
            await web.auth_test()
        assert error_of(caught) == "token_revoked"

    async def test_a_call_fails_as_ordered_and_then_works(
        self, slack: Rehearsal, web: AsyncWebClient
    ) -> None:
        """After one good call, twice an error."""
        slack.fail("auth.test", "internal_error", times=2, after=1)
        outcomes = []
        for _ in range(4):
            try:
                await web.auth_test()
                outcomes.append("ok")
            except SlackApiError as error:
                outcomes.append(error.response["error"])
        assert outcomes == ["ok", "internal_error", "internal_error", "ok"]
        assert [call.error for call in slack.calls_of("auth.test")] == [
            "",
            "internal_error",
            "internal_error",
            "",
        ]

    async def test_a_rate_limit_says_how_long_to_wait(self, slack: Rehearsal, web: AsyncWebClient) -> None:
        """429 with Retry-After."""
        slack.fail("auth.test", "ratelimited", retry_after=7)
        with pytest.raises(SlackApiError) as caught:
            await web.auth_test()
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "7"

    async def test_trouble_can_be_for_one_channel(self, slack: Rehearsal, web: AsyncWebClient) -> None:
        """The other channel still gets its message."""
        it, marketing = slack.workspace.channel("it").id, slack.workspace.channel("marketing").id
        slack.fail("chat.postMessage", "internal_error", times=None, channel=it)
        await web.chat_postMessage(channel=marketing, text="Hello")
        with pytest.raises(SlackApiError):
            await web.chat_postMessage(channel=it, text="Hello")

    @pytest.mark.parametrize(("how", "texts"), [("cut", []), ("lost", ["Hello"]), ("late", ["Hello"])])
    async def test_an_answer_can_be_lost(
        self, slack: Rehearsal, web: AsyncWebClient, how: str, texts: list[str]
    ) -> None:
        """Cut: nothing was applied. Lost: applied, unknown to the app. Late: applied after a while."""
        slack.fail("chat.postMessage", **{how: True})
        with pytest.raises(aiohttp.ClientConnectionError):
            await web.chat_postMessage(channel=slack.workspace.channel("it").id, text="Hello")
        await slack.post.settled()
        assert [m.text for m in slack.actor("wei").sees("it")] == texts

    async def test_rates_are_kept_where_asked_for(self, slack: Rehearsal, web: AsyncWebClient) -> None:
        """A burst into one channel passes, its next message is refused; another channel has its own rate."""
        slack.enforce_rates = True
        it, marketing = slack.workspace.channel("it").id, slack.workspace.channel("marketing").id
        for _ in range(4):
            await web.chat_postMessage(channel=it, text="Hello")
        await web.chat_postMessage(channel=marketing, text="Hello")
        with pytest.raises(SlackApiError) as caught:
            await web.chat_postMessage(channel=it, text="Hello")
        assert error_of(caught) == "ratelimited"


async def test_the_last_port_there_is_can_be_asked_for() -> None:
    """The search for a free port once went past 65535 and ended in an OverflowError."""
    try:
        async with Rehearsal(port=65535) as rehearsal:
            assert rehearsal.port == 65535
            with pytest.raises(OSError, match="no free port from 65535 to 65535"):
                await Rehearsal(port=65535).__aenter__()
    except OSError as error:
        assert "no free port" in str(error)  # somebody else has it
