"""What the pretend workspace holds: people, channels, messages, views and files, in the shapes of Slack."""

from __future__ import annotations

import copy
import struct
from dataclasses import dataclass, field
from typing import Any

TEAM_ID, TEAM_DOMAIN, TEAM_NAME = "T0REHEARSAL", "rehearsal", "Rehearsal"
APP_ID, BOT_ID, BOT_USER = "A0REHEARSAL", "B0REHEARSAL", "U0THEAPP"

Json = dict[str, Any]


class Refusal(Exception):
    """Slack's response `{"ok": false, "error": ...}`; `messages` go into response_metadata.

    `fault` marks what an app must never send, such as a block over its limit, whatever state it finds.
    """

    def __init__(
        self, error: str, messages: list[str] | None = None, *, fault: bool = False, **extra: Any
    ) -> None:
        super().__init__(error if not messages else f"{error}: {'; '.join(messages)}")
        self.error, self.messages, self.fault, self.extra = error, messages or [], fault, extra


@dataclass
class Person:
    """A user: human, guest or bot."""

    id: str
    name: str
    real_name: str
    is_bot: bool = False
    guest: bool = False
    is_admin: bool = False
    is_owner: bool = False
    deleted: bool = False
    is_stranger: bool = False
    is_ultra_restricted: bool = False
    tz: str = "Europe/Berlin"
    locale: str = "en-GB"
    team: str = TEAM_ID
    """People of another company, in channels shared with it, have another one."""
    enterprise: str = ""

    @property
    def roles(self) -> list[str]:
        return [role for role, held in (("admin", self.is_admin), ("owner", self.is_owner)) if held]

    def as_user(self) -> Json:
        """The user object of users.info and users.list."""
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_admin": self.is_admin or self.is_owner,
            "is_owner": self.is_owner,
            "is_primary_owner": self.is_owner,
            "is_restricted": self.guest or self.is_ultra_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_stranger": self.is_stranger,
            "tz": self.tz,
            "tz_offset": 3600,
            "locale": self.locale,
            "updated": 0,
            **({"enterprise_user": {"enterprise_id": self.enterprise}} if self.enterprise else {}),
            "profile": {
                "real_name": self.real_name,
                "display_name": self.name,
                "team": self.team,
                **({"bot_id": BOT_ID, "api_app_id": APP_ID} if self.id == BOT_USER else {}),
            },
        }


@dataclass
class File:
    """An upload. `ready_at` (ticks) is when Slack has looked at it and knows its dimensions."""

    id: str
    name: str
    length: int
    alt: str = ""
    title: str = ""
    data: bytes | None = None
    completed: bool = False
    ready_at: float = 0.0
    shares: list[tuple[str, str]] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of a PNG; None for anything else."""
        head = (self.data or b"")[:24]
        if len(head) < 24 or not head.startswith(b"\x89PNG\r\n\x1a\n"):
            return None
        width, height = struct.unpack(">II", head[16:24])
        return width, height


@dataclass
class Message:
    """A message; `private_to` names the only person who sees it (an ephemeral message)."""

    ts: str
    channel: str
    author: str
    text: str
    blocks: list[Json]
    private_to: str | None = None
    edited: str | None = None
    metadata: Json | None = None
    files: list[str] = field(default_factory=list)
    thread_ts: str | None = None


@dataclass
class Channel:
    """A channel, or a direct message between the app and the person `im_with`."""

    id: str
    name: str
    is_private: bool = False
    im_with: str | None = None
    archived: bool = False
    shared: bool = False
    members: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    created: int = 0

    @property
    def is_im(self) -> bool:
        return self.im_with is not None

    @property
    def kind(self) -> str:
        if self.is_im:
            return "im"
        return "private_channel" if self.is_private else "public_channel"

    def as_conversation(self) -> Json:
        """The channel object of conversations.info and conversations.list, without its members."""
        if self.is_im:
            return {"id": self.id, "created": self.created, "is_im": True, "user": self.im_with}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "created": self.created,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.archived,
            "is_general": self.name == "general",
            "is_shared": self.shared,
            "is_ext_shared": self.shared,
            "is_org_shared": False,
            "is_member": BOT_USER in self.members,
            "num_members": len(self.members),
        }


@dataclass
class View:
    """An open modal or a person's Home tab: `content` is what the app sent, with ids filled in."""

    id: str
    person: str
    content: Json
    hash: str
    root: str
    previous: str | None = None
    opened_by: str = ""

    @property
    def blocks(self) -> list[Json]:
        return list(self.content.get("blocks") or [])

    def as_view(self, values: Json | None = None) -> Json:
        """The view object of payloads and responses."""
        defaults = {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "close": None,
            "submit": None,
        }
        return {
            **defaults,
            **copy.deepcopy(self.content),
            "id": self.id,
            "team_id": TEAM_ID,
            "state": {"values": values or {}},
            "hash": self.hash,
            "previous_view_id": self.previous,
            "root_view_id": self.root,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
        }


@dataclass
class Trigger:
    """A trigger_id: lives three seconds and opens one view."""

    id: str
    person: str
    issued: float
    used: bool = False
    view: str | None = None


@dataclass
class ResponseUrl:
    """A response_url: five calls within thirty minutes. `message` is the one that was acted on."""

    id: str
    person: str
    channel: str
    issued: float
    message: str | None = None
    calls: int = 0
