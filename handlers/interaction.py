"""What somebody did, and the team it happened in: every listener gets one with its request."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.webhook import WebhookResponse

from pulse.services.workspace import Workspace
from pulse.slack.surfaces import Surfaces


class Respond(Protocol):
    """Answers to a response_url."""

    async def __call__(self, **said: Any) -> WebhookResponse: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One Slack team: its services and its Slack side."""

    workspace: Workspace
    surfaces: Surfaces


FindTeam = Callable[[str | None, str | None], Team]
"""The team of a payload, by its team and enterprise ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A payload in the words of the pulse.

    `user` is "" for events. `channel` is "" on the Home tab and in modals, `value` is that of the button,
    `trigger` opens a window within 3 s. `in_private` is true for a button of a message that only its reader
    sees. `respond` is None if Slack gives no response_url.
    """

    workspace: Workspace
    surfaces: Surfaces
    user: str
    channel: str
    trigger: str
    value: str
    in_private: bool
    respond: Respond | None

    def later(self, work: Coroutine[Any, Any, object], *, sheddable: bool = False) -> None:
        """Does work after the ack; sheddable work is dropped under overload."""
        self.workspace.background.later(work, sheddable=sheddable)


def interaction_of(body: Mapping[str, Any], team: Team, respond: Respond | None) -> Interaction:
    """Reads a payload of any kind."""
    container = body.get("container") or {}
    actions = body.get("actions") or [{}]
    return Interaction(
        workspace=team.workspace,
        surfaces=team.surfaces,
        user=str((body.get("user") or {}).get("id") or body.get("user_id") or ""),
        channel=_channel(body, container),
        trigger=str(body.get("trigger_id") or ""),
        value=str(actions[0].get("value") or ""),
        in_private=bool(container.get("is_ephemeral")),
        respond=respond,
    )


def _channel(body: Mapping[str, Any], container: Mapping[str, Any]) -> str:
    pressed = (body.get("channel") or {}).get("id") or container.get("channel_id")
    return str(pressed or body.get("channel_id") or "")
