"""The button of a reminder that ends reminders, and the one that brings them back."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.replies import privately, told
from pulse.services.workspace import Workspace
from pulse.views.message import Message
from pulse.views.reminder import RESUME, STOP


def register(app: AsyncApp, services: Workspace) -> None:
    async def stop(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await _wish(services, ack, body, respond, wanted=False)

    async def resume(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await _wish(services, ack, body, respond, wanted=True)

    app.action(STOP)(stop)
    app.action(RESUME)(resume)


async def _wish(
    services: Workspace, ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, *, wanted: bool
) -> None:
    """The wish is durable, then acked, then seen in the reminder itself."""
    try:
        message = await services.reminders.wish(body["user"]["id"], wanted=wanted)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        await ack()
        services.after.later(privately(respond, told(error)))
        return
    await ack()
    services.after.later(_replace(respond, message))


async def _replace(respond: AsyncRespond, message: Message) -> None:
    await respond(
        text=message.text,
        blocks=message.blocks,
        replace_original=True,
        unfurl_links=False,
        unfurl_media=False,
    )
