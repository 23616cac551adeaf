"""Everybody is spoken to in the language of their own Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest

from pulse.core.language import speak
from pulse.services.workspace import Workspace
from pulse.slack.roster import Roster
from pulse.storage.catalogues import for_known, for_reader


class Language(AsyncMiddleware):
    """Speaks the reader's language for the rest of a payload's task."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt passes it under this name
    ) -> BoltResponse:
        user = _user(req.body)
        if _may_wait(req.body):
            speak(await for_reader(self._roster, user))
        else:
            speak(for_known(self._roster, user))
        return await next()


def register(app: AsyncApp, services: Workspace) -> None:
    app.use(Language(services.waves.roster))


def _user(body: dict[str, Any]) -> str:
    """The id of whoever did something; "" where it is nobody, or nothing that is answered."""
    event = body.get("event") or {}
    if event:
        return str(event.get("user") or "") if event.get("type") == "app_home_opened" else ""
    return str((body.get("user") or {}).get("id") or body.get("user_id") or "")


def _may_wait(body: dict[str, Any]) -> bool:
    """Whether Slack may be asked who this is, before the ack: not for answers, which come in storms.

    Whoever answers is of the roster, and whoever sends a form had it opened: both are known but for the
    first moments after a restart.
    """
    if body.get("type") == "block_actions":
        acts = [str(action.get("action_id") or "") for action in body.get("actions") or []]
        return not any(act.startswith("answer:") or act == "withdraw" for act in acts)
    return "command" in body or (body.get("event") or {}).get("type") == "app_home_opened"
