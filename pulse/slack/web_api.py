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
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from pulse.core.errors import TOKEN_REFUSALS, SlackFault
from pulse.slack.network import Network
from pulse.slack.wire import (
    BRIEFLY,
    IDEMPOTENT,
    NEVER,
    ONLY_UNDONE,
    Answer,
    Json,
    Retries,
    Wire,
    http_date,
    refusal,
    unreadable,
)
from pulse.views.message import Message, View

EVENT_TYPE = "alignment_pulse"
"""The metadata event_type under which a message carries its outbox key."""

SCOPES = frozenset(
    {
        "channels:read",
        "chat:write",
        "commands",
        "files:write",
        "groups:read",
        "im:write",
        "users:read",
    }
)
"""What the bot token must be allowed; the same as in manifest.yml."""

OPTIONAL_SCOPES = frozenset({"channels:history", "groups:history"})
"""What it may be allowed besides: to find out whether a message of unknown outcome was posted."""

TRIGGER_S = 5.0
"""Longer than Slack accepts a trigger: after that no further try can open a window."""

MOST_PAGES = 1000
"""A million people in a channel; a cursor that leads on beyond them never ends."""

FIND_PAGES = 5
"""A message that is searched for was sent minutes ago: it is not behind a thousand others."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the bot needs to know about somebody; kept in memory only."""

    id: str
    asked: bool
    """A member who may be asked: not a bot, guest, deactivated account or person of another company."""
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
        """Why no side can be set up in it: Slack's word, or "shared"; "" if one can."""
        if self.archived:
            return "is_archived"
        if self.shared:
            return "shared"
        return "" if self.member else "not_in_channel"


@dataclass(frozen=True, slots=True)
class Greeting:
    """What auth.test tells: whose the token is, what it may do, and Slack's time.

    `bot` is empty if the token is not a bot's; `scopes` and `time` are None if Slack does not say.
    """

    team: str
    team_id: str
    bot: str
    user: str
    scopes: frozenset[str] | None
    time: datetime | None
    enterprise_id: str = ""
    """The organization on Enterprise Grid; "" elsewhere."""


class Slack:
    """The Web API. `token` and `base_url` are enough unless a proxy is needed.

    `on_call` gets each call's outcome: ok, refused or failed. `refused` is set when Slack no longer accepts
    the token. Raises SettingsFault for a network that cannot be used.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        on_call: Callable[[str], None] = lambda _outcome: None,
        network: Network | None = None,
    ) -> None:
        self._on_call = on_call
        self._token, self._base_url = token, base_url
        self._known: Greeting | None = None
        self.refused = asyncio.Event()
        self.wire = Wire(network or Network())
        self.client = AsyncWebClient(token=token, base_url=base_url)
        """What Bolt needs; the bot makes its own calls without it."""

    async def close(self) -> None:
        await self.wire.close()

    async def greet(self) -> Greeting:
        """auth.test. Raises SlackFault."""
        answer, headers = await self._asked("auth.test", None, IDEMPOTENT)
        told = headers.get("x-oauth-scopes")
        scopes = None if told is None else frozenset(told.replace(",", " ").split())
        self._known = Greeting(
            team=_word(answer, "team"),
            team_id=_word(answer, "team_id"),
            bot=_word(answer, "bot_id"),
            user=_word(answer, "user_id"),
            scopes=scopes,
            time=http_date(headers.get("Date", "")),
            enterprise_id=_word(answer, "enterprise_id"),
        )
        return self._known

    async def identity(self) -> Greeting:
        """The last result of `greet`: calls Slack only the first time. Raises SlackFault."""
        return self._known or await self.greet()

    async def may_connect(self) -> None:
        """apps.connections.open, with the app-level token: nothing is connected. Raises SlackFault."""
        await self._call("apps.connections.open")

    async def respond(self, url: str, said: Mapping[str, Any]) -> Answer:
        """Replies to the press of a button, by its response_url. Raises SlackFault."""
        return await self.wire.respond(url, said)

    async def post(self, channel: str, message: Message, key: str | None = None) -> str:
        """Posts once and returns the ts; `key` travels in the metadata, for `find`."""
        payload: Json = {
            "channel": channel,
            "text": message.text,
            "blocks": message.blocks,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if key is not None:
            payload["metadata"] = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        return _needed(await self._call("chat.postMessage", payload, ONLY_UNDONE), "ts")

    async def update(self, channel: str, ts: str, message: Message) -> None:
        payload = {"channel": channel, "ts": ts, "text": message.text, "blocks": message.blocks}
        await self._call("chat.update", payload)

    async def update_once(self, channel: str, ts: str, message: Message) -> None:
        """Like `update`, without a second try: the message may be out of date by then."""
        payload = {"channel": channel, "ts": ts, "text": message.text, "blocks": message.blocks}
        await self._call("chat.update", payload, NEVER)

    async def open_dm(self, user: str) -> str:
        """The id of the conversation between a person and the bot."""
        answer = await self._call("conversations.open", {"users": user})
        return _needed(_object(answer, "channel"), "id")

    async def find(self, channel: str, key: str) -> str | None:
        """The ts of the message that carries `key`, among the channel's newest 1,000.

        Raises SlackFault, with missing_scope if reading the history was not granted.
        """
        granted = (await self.identity()).scopes
        if granted is not None and not granted & OPTIONAL_SCOPES:
            raise refusal("conversations.history", "missing_scope")
        payload = {"channel": channel, "include_all_metadata": True, "limit": 200}
        pages = 0
        async for page in self._pages("conversations.history", payload):
            pages += 1
            if pages > FIND_PAGES:
                break
            for message in _objects(page, "messages"):
                if _key_of(message) == key:
                    return _needed(message, "ts")
        return None

    async def members(self, channel: str) -> list[str]:
        """Ids of everybody in a channel, bots and guests among them."""
        ids: list[str] = []
        async for page in self._pages("conversations.members", {"channel": channel, "limit": 1000}):
            ids += [user for user in _list(page, "members") if isinstance(user, str) and user]
        return ids

    async def person(self, user: str) -> Person:
        answer = await self._call("users.info", {"user": user, "include_locale": True})
        return _person(_object(answer, "user"), await self.identity())

    async def people(self) -> AsyncIterator[Person]:
        """Everybody in the workspace, 900 per call: cheaper than users.info for more than a few.

        10,000 people are twelve calls, of the 20 that Slack allows per minute.
        """
        us = await self.identity()
        async for page in self._pages("users.list", {"limit": 900, "include_locale": True}):
            for user in _objects(page, "members"):
                if _word(user, "id"):
                    yield _person(user, us)

    async def channel(self, channel: str) -> Channel:
        payload = {"channel": channel, "include_num_members": True}
        found = _object(await self._call("conversations.info", payload, BRIEFLY), "channel")
        people = found.get("num_members")
        return Channel(
            id=_needed(found, "id"),
            name=_word(found, "name"),
            member=bool(found.get("is_member")),
            archived=bool(found.get("is_archived")),
            shared=bool(found.get("is_ext_shared")),
            people=people if isinstance(people, int) else 0,
        )

    async def open_view(self, trigger: str, view: View) -> None:
        """Opens a window. Raises SlackFault, and soon: a trigger lives for 3 s, and its reader waits."""
        try:
            async with asyncio.timeout(TRIGGER_S):
                await self._call("views.open", {"trigger_id": trigger, "view": view})
        except TimeoutError as error:
            raise refusal("views.open", "expired_trigger_id") from error

    async def update_view(self, view_id: str, hash_: str, view: View) -> None:
        """Changes an open modal; Slack refuses if it has changed since `hash_`."""
        await self._call("views.update", {"view_id": view_id, "hash": hash_, "view": view})

    async def publish_home(self, user: str, view: View) -> None:
        await self._call("views.publish", {"user_id": user, "view": view})

    async def upload(self, png: bytes, name: str, title: str, alt: str) -> str:
        """Uploads a picture that messages can show; returns its id.

        Until Slack has read it, messages that show it are refused with invalid_blocks.
        """
        asked = {"filename": name, "length": len(png), "alt_txt": alt[:1000]}
        file = await self._uploaded(asked, png)
        await self._call("files.completeUploadExternal", {"files": [{"id": file, "title": title}]})
        return file

    async def send_files(self, channel: str, files: Mapping[str, bytes], comment: str) -> None:
        """Sends files (bytes by name) into a conversation, in one message."""
        uploaded = [
            {"id": await self._uploaded({"filename": name, "length": len(content)}, content), "title": name}
            for name, content in files.items()
        ]
        payload = {"files": uploaded, "channel_id": channel, "initial_comment": comment}
        await self._call("files.completeUploadExternal", payload, ONLY_UNDONE)

    async def _uploaded(self, asked: Json, content: bytes) -> str:
        ticket = await self._call("files.getUploadURLExternal", asked)
        file = _needed(ticket, "file_id")
        await self.wire.upload(_needed(ticket, "upload_url"), content)
        return file

    async def _pages(self, method: str, payload: Json) -> AsyncIterator[Json]:
        """Follows the cursor; a short page is not the last one."""
        cursor = ""
        for _page in range(MOST_PAGES):
            page = await self._call(method, payload | ({"cursor": cursor} if cursor else {}))
            yield page
            before, cursor = cursor, _word(page.get("response_metadata"), "next_cursor")
            if not cursor:
                return
            if cursor == before:
                break
        raise unreadable()

    async def _call(self, method: str, payload: Json | None = None, tries: Retries = IDEMPOTENT) -> Json:
        answer, _headers = await self._asked(method, payload, tries)
        return answer

    async def _asked(
        self, method: str, payload: Json | None, tries: Retries
    ) -> tuple[Json, Mapping[str, str]]:
        try:
            answer = await self.wire.call(f"{self._base_url}{method}", self._token, payload, tries)
        except SlackFault as fault:
            self._on_call("refused" if fault.certain else "failed")
            if fault.certain and fault.code in TOKEN_REFUSALS:
                self.refused.set()
            raise
        self._on_call("ok")
        return answer


def _word(found: object, name: str) -> str:
    """A text of a response; "" if it is missing or something else."""
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _needed(found: object, name: str) -> str:
    """A text that a response must have. Raises SlackFault."""
    value = _word(found, name)
    if not value:
        raise unreadable()
    return value


def _object(found: Json, name: str) -> Json:
    """An object that a response must have. Raises SlackFault."""
    value = found.get(name)
    if not isinstance(value, dict):
        raise unreadable()
    return value


def _list(found: Json, name: str) -> list[Any]:
    """A list that a response must have. Raises SlackFault."""
    value = found.get(name)
    if not isinstance(value, list):
        raise unreadable()
    return value


def _listed(found: object, name: str) -> list[Any]:
    """A list of a response; empty if it is missing or something else."""
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, list) else []


def _objects(found: Json, name: str) -> list[Json]:
    """The objects of a list; anything else in it is left out."""
    return [each for each in _list(found, name) if isinstance(each, dict)]


def _key_of(message: Json) -> str:
    metadata = message.get("metadata")
    return _word(metadata.get("event_payload"), "key") if isinstance(metadata, dict) else ""


def _person(user: Json, us: Greeting) -> Person:
    barred = ("deleted", "is_bot", "is_app_user", "is_restricted", "is_ultra_restricted", "is_stranger")
    own = _is_ours(user, us)
    name = _word(user.get("profile"), "display_name") or _word(user, "real_name") or _word(user, "name")
    return Person(
        id=_needed(user, "id"),
        asked=own and user["id"] != "USLACKBOT" and not any(user.get(flag) for flag in barred),
        admin=own and any(user.get(flag) for flag in ("is_admin", "is_owner", "is_primary_owner")),
        zone=_word(user, "tz") or "UTC",
        name=name,
        locale=_word(user, "locale"),
    )


def _is_ours(user: Json, us: Greeting) -> bool:
    """Whether somebody belongs to our company: to our workspace or, on Enterprise Grid, to our organization.

    A channel shared with another company lists its people beside ours; `is_stranger` is false for those
    that we can see (docs.slack.dev/apis/web-api/using-the-conversations-api, "Shared channels").
    """
    grid = user.get("enterprise_user")
    of = {_word(user, "team_id") or _word(user.get("profile"), "team")}
    of |= {_word(user, "enterprise_id"), _word(grid, "enterprise_id")}
    of |= {team for team in _listed(grid, "teams") if isinstance(team, str)}
    of, ours = of - {""}, {us.team_id, us.enterprise_id} - {""}
    return not of or not ours or bool(of & ours)
