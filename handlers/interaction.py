"""`Interaction`: what somebody did, and in which team. Every listener gets one with its request."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.webhook import WebhookResponse

from pulse.services.workspace import Workspace
from pulse.slack.surfaces import Surfaces


class Respond(Protocol):
    """Sends a reply to a response_url."""

    async def __call__(self, **said: Any) -> WebhookResponse: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One Slack team: its services and its Slack side."""

    workspace: Workspace
    surfaces: Surfaces


_ID = re.compile(r"[A-Z0-9]{1,64}")
"""Slack's ids have 9 to 11 characters today, and no length is promised."""

FindTeam = Callable[[str | None, str | None], Team]
"""The team of a payload, by its team and enterprise ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A payload in the words of the pulse.

    `user` is "" for events. `channel` is "" on the Home tab and in modals, `value` is that of the button,
    `block` the id of the block that holds it. `trigger` opens a window within 3 s. `message` is the ts
    of the message that holds the button, "" if none does. `in_private` is true for a button of a message
    that only its reader sees. `respond` is None if Slack gives no response_url.
    """

    workspace: Workspace
    surfaces: Surfaces
    user: str
    channel: str
    trigger: str
    value: str
    block: str
    message: str
    in_private: bool
    respond: Respond | None

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Does work after the ack."""
        self.workspace.background.later(work)


def interaction_of(body: Mapping[str, Any], team: Team, respond: Respond | None) -> Interaction:
    """Reads a payload of any kind."""
    pressed = id_of(body, "channel", "id") or id_of(body, "container", "channel_id")
    return Interaction(
        workspace=team.workspace,
        surfaces=team.surfaces,
        user=id_of(body, "user", "id") or id_of(body, "user_id"),
        channel=pressed or id_of(body, "channel_id"),
        trigger=text_of(body, "trigger_id"),
        value=text_of(body, "actions", 0, "value"),
        block=text_of(body, "actions", 0, "block_id"),
        message=text_of(body, "container", "message_ts"),
        in_private=part_of(body, "container", "is_ephemeral") is True,
        respond=respond,
    )


def part_of(body: object, *way: str | int) -> object:
    """A part of a payload, by keys and indexes; None if it, or anything on the way to it, is missing."""
    found = body
    for step in way:
        if isinstance(step, str):
            found = found.get(step) if isinstance(found, Mapping) else None
        else:
            found = found[step] if isinstance(found, list) and len(found) > step else None
    return found


def id_of(body: object, *way: str | int) -> str:
    """A person's or channel's id in a payload, "" if it cannot be one: ids are sent back to Slack."""
    found = text_of(body, *way)
    return found if _ID.fullmatch(found) else ""


def text_of(body: object, *way: str | int) -> str:
    """A text of a payload, "" if it is missing or not a text."""
    found = part_of(body, *way)
    if not isinstance(found, str) or found.isascii():
        return found if isinstance(found, str) else ""
    # JSON can bring half a pair of surrogates, which can neither be stored nor sent.
    return found.encode(errors="replace").decode()
