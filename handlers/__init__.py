"""Slack in: each handler acks, parses, calls one use case and sends one view."""

from __future__ import annotations

from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers import answers, commands, events, home, language, reminders, responding, results, setup
from handlers.replies import log_unforeseen, privately, told
from pulse.services.workspace import Workspace


def register(app: AsyncApp, services: Workspace) -> None:
    """Wires every listener of the manifest to the use cases."""
    for part in (responding, language, answers, results, commands, setup, home, events, reminders):
        part.register(app, services)
    app.error(unforeseen)


async def unforeseen(error: Exception, body: dict[str, Any], respond: AsyncRespond) -> BoltResponse | None:
    """The last net: logs the kind of an error that no listener caught, and tells the person if possible.

    Without an answer here Slack hears of no success: it tells its user, or sends an event again.
    """
    if not body.get("response_url"):
        log_unforeseen(error)
        return None
    await privately(respond, told(error))
    return BoltResponse(status=200)
