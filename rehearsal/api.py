"""The Web API methods that the stand-in speaks: arguments in, Slack's response out, no network.

Each method is a function of the workspace and its arguments, and raises Refusal for what it refuses. The
shapes and error names are those of docs.slack.dev/reference/methods.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.objects import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
    Channel,
    Json,
    Refusal,
)
from rehearsal.workspace import Workspace

STRUCTURED = ("blocks", "view", "metadata", "files", "attachments")
READ_SCOPE = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}
HISTORY_SCOPE = {
    "public_channel": "channels:history",
    "private_channel": "groups:history",
    "im": "im:history",
}

OPTIONAL = frozenset(HISTORY_SCOPE.values())
"""Scopes that can be declined at the installation: an app may call a method to find out."""


@dataclass
class Asked:
    """One call: its arguments, the workspace, the app's scopes and the server's address."""

    workspace: Workspace
    args: Json
    scopes: frozenset[str]
    base_url: str
    page_cap: int | None = None

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def required(self, name: str, error: str = "invalid_arguments") -> str:
        """An argument that must be there."""
        value = self.text(name)
        if not value:
            raise Refusal(error, [f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        """A boolean, in whichever form it was sent."""
        return self.text(name).lower() in ("1", "true")

    def need(self, scope: str) -> None:
        """Refuses with missing_scope unless the app holds the scope."""
        if scope not in self.scopes:
            held = ",".join(sorted(self.scopes))
            declined = scope in OPTIONAL
            raise Refusal("missing_scope", fault=not declined, needed=scope, provided=held)

    def structured(self, name: str, error: str) -> Any:
        """A JSON argument, sent as a string or already parsed."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(error) from None

    def content(self) -> Json:
        """Text, blocks and metadata of a message."""
        content: Json = {"text": self.text("text"), "thread_ts": self.args.get("thread_ts")}
        content["blocks"] = self.structured("blocks", "invalid_blocks_format")
        if self.args.get("metadata") is not None:
            content["metadata"] = self.structured("metadata", "invalid_metadata_format")
        return content

    def channel(self) -> Channel:
        """The named channel, if the app may read about it."""
        channel = self.workspace.known_channel(self.required("channel", "channel_not_found"))
        self.need(READ_SCOPE[channel.kind])
        return channel

    def page(self, rows: Sequence[Any], most: int = 1000) -> tuple[list[Any], Json]:
        """One page of rows after the cursor, and the response_metadata for it."""
        limit = min(int(self.text("limit", "100")), most)
        if limit < 1:
            raise Refusal("invalid_limit")
        limit = min(limit, self.page_cap or limit)
        start = self._offset()
        rest = start + limit
        following = base64.b64encode(f"next:{rest}".encode()).decode() if rest < len(rows) else ""
        return list(rows[start:rest]), {"next_cursor": following}

    def _offset(self) -> int:
        cursor = self.text("cursor")
        if not cursor:
            return 0
        try:
            return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
        except (ValueError, binascii.Error):
            raise Refusal("invalid_cursor") from None


Method = Callable[[Asked], Json]


def _api_test(asked: Asked) -> Json:
    if asked.args.get("error"):
        raise Refusal(asked.text("error"))
    return {"args": asked.args}


def _auth_test(asked: Asked) -> Json:
    return {
        "url": f"{asked.base_url}/",
        "team": TEAM_NAME,
        "user": asked.workspace.people[BOT_USER].name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def _team_info(asked: Asked) -> Json:
    asked.need("team:read")
    return {"team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "email_domain": "", "icon": {}}}


def _bots_info(asked: Asked) -> Json:
    asked.need("users:read")
    if asked.text("bot", BOT_ID) != BOT_ID:
        raise Refusal("bot_not_found")
    name = asked.workspace.people[BOT_USER].real_name
    return {"bot": {"id": BOT_ID, "app_id": APP_ID, "user_id": BOT_USER, "name": name, "deleted": False}}


def _post_message(asked: Asked) -> Json:
    asked.need("chat:write")
    channel = asked.required("channel", "channel_not_found")
    message = asked.workspace.post(channel, asked.content())
    body = asked.workspace.as_message(message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": body}


def _update(asked: Asked) -> Json:
    asked.need("chat:write")
    channel, ts = asked.required("channel", "channel_not_found"), asked.required("ts", "message_not_found")
    message = asked.workspace.update(channel, ts, asked.content())
    body = asked.workspace.as_message(message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": body}


def _delete(asked: Asked) -> Json:
    asked.need("chat:write")
    channel, ts = asked.required("channel", "channel_not_found"), asked.required("ts", "message_not_found")
    asked.workspace.delete(channel, ts)
    return {"channel": channel, "ts": ts}


def _post_ephemeral(asked: Asked) -> Json:
    asked.need("chat:write")
    channel, user = asked.required("channel", "channel_not_found"), asked.required("user")
    message = asked.workspace.post_private(channel, user, asked.content())
    return {"message_ts": message.ts}


def _permalink(asked: Asked) -> Json:
    channel, ts = asked.required("channel", "channel_not_found"), asked.required("message_ts")
    place = asked.workspace.known_channel(channel)
    if asked.workspace.message(place.id, ts) is None:
        raise Refusal("message_not_found")
    return {
        "channel": place.id,
        "permalink": f"{asked.base_url}/archives/{place.id}/p{ts.replace('.', '')}",
    }


def _view(asked: Asked) -> Any:
    view = asked.structured("view", "invalid_arguments")
    if not isinstance(view, dict):
        raise Refusal("invalid_arguments", ["[ERROR] missing required field: view"])
    return view


def _views_open(asked: Asked) -> Json:
    view = asked.workspace.open_view(asked.required("trigger_id", "invalid_trigger_id"), _view(asked))
    return {"view": view.as_view()}


def _views_push(asked: Asked) -> Json:
    view = asked.workspace.push_view(asked.required("trigger_id", "invalid_trigger_id"), _view(asked))
    return {"view": view.as_view()}


def _views_update(asked: Asked) -> Json:
    view_id, external_id = asked.text("view_id"), asked.text("external_id")
    return {
        "view": asked.workspace.update_view(view_id, external_id, _view(asked), asked.text("hash")).as_view()
    }


def _views_publish(asked: Asked) -> Json:
    person = asked.required("user_id")
    return {"view": asked.workspace.publish_home(person, _view(asked), asked.text("hash")).as_view()}


def _users_info(asked: Asked) -> Json:
    asked.need("users:read")
    person = asked.workspace.people.get(asked.required("user", "user_not_found"))
    if person is None:
        raise Refusal("user_not_found")
    return {"user": _user(asked, person.as_user())}


def _user(asked: Asked, user: Json) -> Json:
    if not asked.flag("include_locale"):
        del user["locale"]
    return user


def _users_list(asked: Asked) -> Json:
    asked.need("users:read")
    rows, following = asked.page(list(asked.workspace.people.values()))
    return {"members": [_user(asked, p.as_user()) for p in rows], "response_metadata": following}


def _kinds(asked: Asked) -> list[str]:
    kinds = asked.text("types", "public_channel").split(",")
    for kind in kinds:
        if kind.strip() not in (*READ_SCOPE, "mpim"):
            raise Refusal("invalid_types")
        asked.need(READ_SCOPE.get(kind.strip(), "mpim:read"))
    return [kind.strip() for kind in kinds]


def _listed(asked: Asked, member: str | None) -> Json:
    kinds = _kinds(asked)
    found = [
        channel
        for channel in asked.workspace.channels.values()
        if channel.kind in kinds
        and not (channel.archived and asked.flag("exclude_archived"))
        and (channel.kind == "public_channel" or BOT_USER in channel.members)
        and (member is None or member in channel.members)
    ]
    rows, following = asked.page(found)
    return {"channels": [c.as_conversation() for c in rows], "response_metadata": following}


def _conversations_list(asked: Asked) -> Json:
    return _listed(asked, None)


def _users_conversations(asked: Asked) -> Json:
    return _listed(asked, asked.text("user", BOT_USER))


def _conversations_info(asked: Asked) -> Json:
    return {"channel": asked.channel().as_conversation()}


def _conversations_members(asked: Asked) -> Json:
    rows, following = asked.page(asked.channel().members)
    return {"members": rows, "response_metadata": following}


def _conversations_join(asked: Asked) -> Json:
    asked.need("channels:join")
    channel = asked.workspace.known_channel(asked.required("channel", "channel_not_found"))
    if channel.kind != "public_channel":
        raise Refusal("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refusal("is_archived")
    asked.workspace.join(channel.id, BOT_USER)
    return {"channel": channel.as_conversation()}


def _conversations_open(asked: Asked) -> Json:
    asked.need("im:write")
    users = asked.required("users", "users_list_not_supplied").split(",")
    person = asked.workspace.people.get(users[0])
    if person is None or len(users) > 1:
        raise Refusal("user_not_found")
    if person.is_bot:
        raise Refusal("cannot_dm_bot")
    return {"channel": {"id": asked.workspace.im(person.id).id}}


def _conversations_history(asked: Asked) -> Json:
    channel = asked.workspace.known_channel(asked.required("channel", "channel_not_found"))
    asked.need(HISTORY_SCOPE[channel.kind])
    if BOT_USER not in channel.members:
        raise Refusal("not_in_channel")
    oldest, latest = float(asked.text("oldest", "0")), float(asked.text("latest", "inf"))
    inclusive = asked.flag("inclusive")
    found = [
        message
        for message in reversed(channel.messages)
        if message.private_to is None
        and (oldest < float(message.ts) < latest or (inclusive and float(message.ts) in (oldest, latest)))
    ]
    rows, following = asked.page(found, 999)
    metadata = asked.flag("include_all_metadata")
    return {
        "messages": [asked.workspace.as_message(m, metadata=metadata) for m in rows],
        "has_more": bool(following["next_cursor"]),
        "response_metadata": following,
    }


def _upload_url(asked: Asked) -> Json:
    asked.need("files:write")
    name, length = asked.required("filename"), asked.required("length")
    if not length.isdigit() or int(length) < 1:
        raise Refusal("invalid_arguments", ["[ERROR] length must be a positive integer"])
    file = asked.workspace.new_upload(name, int(length), asked.text("alt_txt"))
    return {"file_id": file.id, "upload_url": f"{asked.base_url}/upload/v1/{file.id}"}


def _complete_upload(asked: Asked) -> Json:
    asked.need("files:write")
    files = asked.structured("files", "invalid_arguments")
    if not isinstance(files, list) or not files:
        raise Refusal("invalid_arguments", ["[ERROR] missing required field: files"])
    channel = asked.text("channel_id")
    if channel:
        place = asked.workspace.known_channel(channel)
        if BOT_USER not in place.members:
            raise Refusal("not_in_channel")
    done = [asked.workspace.complete(str(each.get("id")), str(each.get("title") or "")) for each in files]
    if channel:
        blocks = asked.structured("blocks", "invalid_blocks")
        asked.workspace.share(done, channel, asked.text("initial_comment"), blocks or [])
    return {"files": [asked.workspace.as_file(file) for file in done]}


def _files_info(asked: Asked) -> Json:
    asked.need("files:read")
    file = asked.workspace.files.get(asked.required("file", "file_not_found"))
    if file is None or not file.completed:
        raise Refusal("file_not_found")
    return {"file": asked.workspace.as_file(file)}


METHODS: dict[str, Method] = {
    "api.test": _api_test,
    "auth.test": _auth_test,
    "bots.info": _bots_info,
    "chat.delete": _delete,
    "chat.getPermalink": _permalink,
    "chat.postEphemeral": _post_ephemeral,
    "chat.postMessage": _post_message,
    "chat.update": _update,
    "conversations.history": _conversations_history,
    "conversations.info": _conversations_info,
    "conversations.join": _conversations_join,
    "conversations.list": _conversations_list,
    "conversations.members": _conversations_members,
    "conversations.open": _conversations_open,
    "files.completeUploadExternal": _complete_upload,
    "files.getUploadURLExternal": _upload_url,
    "files.info": _files_info,
    "team.info": _team_info,
    "users.conversations": _users_conversations,
    "users.info": _users_info,
    "users.list": _users_list,
    "views.open": _views_open,
    "views.publish": _views_publish,
    "views.push": _views_push,
    "views.update": _views_update,
}
