"""Buttons on results: all details in a window, and sharing a private card with the channel."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.replies import in_private, privately, told, wave_id_of
from pulse.services.workspace import Workspace
from pulse.views.notices import shared
from pulse.views.results import DETAILS, SHARE


def register(app: AsyncApp, services: Workspace) -> None:
    async def details(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        await ack()
        services.after.later(_details(services, body["trigger_id"], action, respond))

    async def share(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        await ack()
        services.after.later(_share(services, body, str(action.get("value") or ""), respond))

    app.action(DETAILS)(details)
    app.action(SHARE)(share)


async def _details(services: Workspace, trigger: str, action: dict[str, Any], respond: AsyncRespond) -> None:
    try:
        view = services.desk.details(wave_id_of(action.get("value")))
        await services.slack.open_view(trigger, view)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        await privately(respond, told(error))


async def _share(services: Workspace, body: dict[str, Any], what: str, respond: AsyncRespond) -> None:
    """Posts the card in the channel, in the name of the one who pressed the button; the private one goes."""
    try:
        card = await services.desk.shared(what, body["user"]["id"])
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        await privately(respond, told(error))
        return
    answer = await respond(
        text=card.text,
        blocks=card.blocks,
        response_type="in_channel",
        replace_original=False,
        delete_original=False,
        unfurl_links=False,
        unfurl_media=False,
    )
    if answer.status_code == 200:
        await privately(respond, shared(), replace=in_private(body))
