"""Calls to Slack, in the words of the pulse. Every failure is a SlackFault that says what to do.

Reads and idempotent calls are retried after rate limits, lost connections and server errors. A post is
retried only after a rate limit, when Slack says that it did nothing; whatever else goes wrong is left to the
outbox.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from pulse.core.errors import TOKEN_REFUSALS, SlackFault
from pulse.core.language import N_, _
from pulse.views.message import Message, View

EVENT_TYPE = "alignment_pulse"
"""The metadata event_type under which a message carries its outbox key."""

TIMEOUT_S = 20

MENDS = {
    "not_in_channel": N_("The bot is not in that channel. Invite it there with /invite."),
    "channel_not_found": N_(
        "The bot cannot see that channel. If it is private, invite the bot with /invite."
    ),
    "is_archived": N_("That channel is archived. Unarchive it, or choose another with /pulse setup."),
    "missing_scope": N_("The app lacks a permission. Paste the current manifest.yml and reinstall the app."),
    "invalid_auth": N_("Slack does not accept the bot's token. Reinstall the app and set the new token."),
    "token_revoked": N_("The bot's token was revoked. Reinstall the app and set the new token."),
    "token_expired": N_("The bot's token has expired. Reinstall the app and set the new token."),
    "not_authed": N_("No bot token was sent. Set SLACK_BOT_TOKEN to the token that begins with xoxb-."),
    "not_allowed_token_type": N_(
        "That is not a bot token. Set SLACK_BOT_TOKEN to the token that begins with xoxb-."
    ),
    "account_inactive": N_("The app was removed from the workspace. Reinstall it and set the new token."),
    "restricted_action": N_("A rule of the workspace keeps the bot from posting there. Ask an admin."),
    "ratelimited": N_("Slack asked the bot to slow down. It tries again by itself."),
    "user_not_found": N_("Slack does not know that person."),
}
"""What to do about Slack's commonest refusals."""

SCOPES = frozenset(
    {
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:write",
        "users:read",
    }
)
"""What the bot token must be allowed; the same as in manifest.yml."""

RETRIES = 3

FIND_PAGES = 5
"""A message that is searched for was sent minutes ago: it is not behind a thousand others."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the bot needs to know of somebody; kept in memory only."""

    id: str
    asked: bool
    """A member who may be asked: no bot, guest, stranger or deactivated account."""
    admin: bool
    zone: str
    name: str
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    name: str
    member: bool
    archived: bool
    shared: bool
    people: int

    @property
    def unusable(self) -> str:
        """Why no side can be set up in it: Slack's word, or "shared"; "" where one can."""
        if self.archived:
            return "is_archived"
        if self.shared:
            return "shared"
        return "" if self.member else "not_in_channel"


@dataclass(frozen=True, slots=True)
class Greeting:
    """What auth.test tells: who the token is, what it may do, and what time it is at Slack's.

    `bot` is empty where the token is not a bot's; `scopes` and `time` are None where Slack does not say.
    """

    team: str
    team_id: str
    bot: str
    user: str
    scopes: frozenset[str] | None
    time: datetime | None


class Slack:
    """The Web API. `token` and `base_url` are all that it needs.

    `on_call` is told of each call's outcome: ok, refused or failed. `refused` is set where Slack does not
    accept the token any more.
    """

    def __init__(
        self, token: str, base_url: str, on_call: Callable[[str], None] = lambda _outcome: None
    ) -> None:
        self._on_call = on_call
        self._known: Greeting | None = None
        self.refused = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        limits = AsyncRateLimitErrorRetryHandler(max_retry_count=RETRIES)
        self.client = AsyncWebClient(
            token=token,
            base_url=base_url,
            timeout=TIMEOUT_S,
            retry_handlers=[
                limits,
                AsyncConnectionErrorRetryHandler(max_retry_count=RETRIES),
                AsyncServerErrorRetryHandler(max_retry_count=RETRIES),
            ],
        )
        self._poster = AsyncWebClient(
            token=token, base_url=base_url, timeout=TIMEOUT_S, retry_handlers=[limits]
        )
        self._hasty = AsyncWebClient(token=token, base_url=base_url, timeout=TIMEOUT_S, retry_handlers=[])

    @property
    def session(self) -> aiohttp.ClientSession:
        """Connections that stay open: for answers to response_urls, and files."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def greet(self) -> Greeting:
        """auth.test. Raises SlackFault."""
        answer = await self._asked(self.client, "auth.test", None)
        told = answer.headers.get("x-oauth-scopes")
        self._known = Greeting(
            team=str(answer.get("team", "")),
            team_id=str(answer.get("team_id", "")),
            bot=str(answer.get("bot_id") or ""),
            user=str(answer.get("user_id", "")),
            scopes=None
            if told is None
            else frozenset(word.strip() for word in told.split(",") if word.strip()),
            time=_http_date(answer.headers.get("Date", "")),
        )
        return self._known

    async def identity(self) -> Greeting:
        """What `greet` told last: Slack is asked only the first time. Raises SlackFault."""
        return self._known or await self.greet()

    async def may_connect(self) -> None:
        """apps.connections.open, with the app-level token: nothing is connected. Raises SlackFault."""
        await self._call(self.client, "apps.connections.open")

    async def post(self, channel: str, message: Message, key: str | None = None) -> str:
        """Posts once and returns the ts; `key` travels in the metadata, to be found by `find`."""
        payload: dict[str, Any] = {
            "channel": channel,
            "text": message.text,
            "blocks": message.blocks,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if key is not None:
            payload["metadata"] = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        answer = await self._call(self._poster, "chat.postMessage", payload)
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, message: Message) -> None:
        payload = {"channel": channel, "ts": ts, "text": message.text, "blocks": message.blocks}
        await self._call(self.client, "chat.update", payload)

    async def update_once(self, channel: str, ts: str, message: Message) -> None:
        """As `update`, without a second try: what it says may be out of date by then."""
        payload = {"channel": channel, "ts": ts, "text": message.text, "blocks": message.blocks}
        await self._call(self._hasty, "chat.update", payload)

    async def open_dm(self, user: str) -> str:
        """The id of the conversation between a person and the bot."""
        answer = await self._call(self.client, "conversations.open", {"users": user})
        return str(answer["channel"]["id"])

    async def find(self, channel: str, key: str) -> str | None:
        """The ts of the message that carries `key`, among the newest some hundred of the channel."""
        payload = {"channel": channel, "include_all_metadata": True, "limit": 200}
        pages = 0
        async for page in self._pages("conversations.history", payload):
            pages += 1
            if pages > FIND_PAGES:
                break
            for message in page["messages"]:
                metadata = message.get("metadata") or {}
                if (metadata.get("event_payload") or {}).get("key") == key:
                    return str(message["ts"])
        return None

    async def members(self, channel: str) -> list[str]:
        """Ids of everybody in a channel, bots and guests among them."""
        ids: list[str] = []
        async for page in self._pages("conversations.members", {"channel": channel, "limit": 1000}):
            ids += page["members"]
        return ids

    async def person(self, user: str) -> Person:
        answer = await self._call(self.client, "users.info", {"user": user, "include_locale": True})
        return _person(answer["user"])

    async def people(self) -> AsyncIterator[Person]:
        """Everybody in the workspace, 900 a call: cheaper than users.info for more than a few.

        10,000 people are twelve calls, of the 20 that Slack allows in a minute.
        """
        async for page in self._pages("users.list", {"limit": 900, "include_locale": True}):
            for user in page["members"]:
                yield _person(user)

    async def channel(self, channel: str) -> Channel:
        payload = {"channel": channel, "include_num_members": True}
        found = (await self._call(self.client, "conversations.info", payload))["channel"]
        return Channel(
            id=found["id"],
            name=found.get("name", ""),
            member=bool(found.get("is_member")),
            archived=bool(found.get("is_archived")),
            shared=bool(found.get("is_ext_shared")),
            people=int(found.get("num_members") or 0),
        )

    async def open_view(self, trigger: str, view: View) -> None:
        await self._call(self.client, "views.open", {"trigger_id": trigger, "view": view})

    async def update_view(self, view_id: str, hash_: str, view: View) -> None:
        """Changes an open modal; refused by Slack where it has changed since `hash_`."""
        await self._call(self.client, "views.update", {"view_id": view_id, "hash": hash_, "view": view})

    async def publish_home(self, user: str, view: View) -> None:
        await self._call(self.client, "views.publish", {"user_id": user, "view": view})

    async def upload(self, png: bytes, name: str, title: str, alt: str) -> str:
        """Uploads a picture that messages can show, and waits until Slack has read it; returns its id."""
        ticket = await self._call(
            self.client,
            "files.getUploadURLExternal",
            {"filename": name, "length": len(png), "alt_txt": alt[:1000]},
        )
        await self._send(ticket["upload_url"], png)
        files = [{"id": ticket["file_id"], "title": title}]
        await self._call(self.client, "files.completeUploadExternal", {"files": files})
        for pause in (0.1, 0.2, 0.4, 0.8, 1.5, 3.0):
            found = await self._call(self.client, "files.info", {"file": ticket["file_id"]})
            if found["file"].get("original_w"):
                break
            await asyncio.sleep(pause)
        return str(ticket["file_id"])

    async def send_files(self, channel: str, files: Mapping[str, bytes], comment: str) -> None:
        """Sends files (bytes by name) into a conversation, in one message."""
        uploaded = []
        for name, content in files.items():
            asked = {"filename": name, "length": len(content)}
            ticket = await self._call(self.client, "files.getUploadURLExternal", asked)
            await self._send(ticket["upload_url"], content)
            uploaded.append({"id": ticket["file_id"], "title": name})
        payload = {"files": uploaded, "channel_id": channel, "initial_comment": comment}
        await self._call(self._poster, "files.completeUploadExternal", payload)

    async def _send(self, url: str, content: bytes) -> None:
        try:
            async with self.session.post(url, data=content) as answer:
                answer.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SlackFault(_("Slack did not take the picture."), "", certain=True) from error

    async def _pages(self, method: str, payload: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Follows the cursor; a short page is not the last one."""
        cursor = ""
        while True:
            page = await self._call(self.client, method, payload | ({"cursor": cursor} if cursor else {}))
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _call(
        self, client: AsyncWebClient, method: str, payload: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = await self._asked(client, method, payload)
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    async def _asked(
        self, client: AsyncWebClient, method: str, payload: dict[str, Any] | None
    ) -> AsyncSlackResponse:
        try:
            answer = (
                await client.api_call(method, json=payload)
                if payload and _is_json(method)
                else (await client.api_call(method, data=payload))
            )
        except SlackApiError as error:
            fault = _fault(method, error)
            self._on_call("refused" if fault.certain else "failed")
            if fault.certain and fault.code in TOKEN_REFUSALS:
                self.refused.set()
            raise fault from error
        except (aiohttp.ClientError, TimeoutError, SlackClientError, OSError) as error:
            self._on_call("failed")
            raise SlackFault(
                _("Slack could not be reached. The bot tries again by itself."), "", certain=False
            ) from error
        self._on_call("ok")
        return answer


def _is_json(method: str) -> bool:
    """Slack takes JSON where a method writes; the reading methods want form fields."""
    return method.startswith(("chat.", "views.")) or method == "files.completeUploadExternal"


def _fault(method: str, error: SlackApiError) -> SlackFault:
    status = getattr(error.response, "status_code", 200)
    code = str(error.response.get("error", "")) if isinstance(error.response.data, dict) else ""
    if status >= 500 or code in (
        "internal_error",
        "fatal_error",
        "request_timeout",
        "service_unavailable",
        "",
    ):
        return SlackFault(
            _("Slack has trouble of its own just now. The bot tries again by itself."), code, certain=False
        )
    mend = MENDS.get(code)
    sentence = _(mend) if mend else _("Slack refused {method}: {code}.").format(method=method, code=code)
    return SlackFault(sentence, code, certain=True)


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def _person(user: dict[str, Any]) -> Person:
    barred = ("deleted", "is_bot", "is_app_user", "is_restricted", "is_ultra_restricted", "is_stranger")
    return Person(
        id=user["id"],
        asked=user["id"] != "USLACKBOT" and not any(user.get(flag) for flag in barred),
        admin=bool(user.get("is_admin") or user.get("is_owner") or user.get("is_primary_owner")),
        zone=user.get("tz") or "UTC",
        name=(user.get("profile") or {}).get("display_name")
        or user.get("real_name")
        or user.get("name")
        or "",
        locale=user.get("locale") or "",
    )
