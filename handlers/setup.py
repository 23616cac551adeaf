"""The set-up form: opened, previewed, saved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.replies import privately, told
from pulse.core.language import _
from pulse.core.zones import find_zones
from pulse.services.workspace import Workspace
from pulse.storage.catalogues import catalogue
from pulse.storage.library import cities
from pulse.views import notices
from pulse.views.message import as_view
from pulse.views.setup import (
    CALLBACK,
    PREVIEW,
    ZONE,
    FormErrors,
    common_zones,
    parse_setup,
    setup_preview,
    setup_view,
    zone_options,
)

TYPED_LIMIT = 100


def register(app: AsyncApp, services: Workspace) -> None:
    async def open_setup(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        services.after.later(_show(services, body["user"]["id"], body["trigger_id"], respond))

    async def zones(ack: AsyncAck, body: dict[str, Any]) -> None:
        typed, known = str(body.get("value") or "")[:TYPED_LIMIT], available_timezones()
        found = find_zones(typed, await asyncio.to_thread(cities), known, datetime.now(UTC))
        await ack(options=zone_options(found if typed.strip() else common_zones(known)))

    async def preview(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        services.after.later(_preview(services, body["user"]["id"], body["view"]))

    async def save(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        try:
            await services.managers.check(body["user"]["id"])
            form = parse_setup(view.get("state") or {})
            await services.administration.save(form)
        except FormErrors as error:
            await ack(response_action="errors", errors=error.errors)
            return
        except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
            message = told(error)
        else:
            message = notices.set_up(services.desk.next_opening())
            services.after.later(services.homes.redraw(body["user"]["id"]))
        await ack(response_action="update", view=as_view(_("Set up the pulse"), message, _("Close")))

    app.action("setup_open")(open_setup)
    app.action(PREVIEW)(preview)
    app.options(ZONE)(zones)
    app.view(CALLBACK)(save)


async def show_setup(services: Workspace, user: str, trigger: str) -> None:
    """Opens the form. Raises ManagersOnly and SlackFault."""
    await services.managers.check(user)
    await services.slack.open_view(
        trigger, setup_view(await services.administration.form(user), reminders=True)
    )


async def _show(services: Workspace, user: str, trigger: str, respond: AsyncRespond) -> None:
    try:
        await show_setup(services, user, trigger)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        await privately(respond, told(error))


async def _preview(services: Workspace, user: str, view: dict[str, Any]) -> None:
    """Shows in the form what its fields would bring, or what is missing in them."""
    try:
        await services.managers.check(user)
        form = parse_setup(view.get("state") or {})
        coming = services.administration.preview(form)
        preview = setup_preview(form, coming.items, coming.waves, catalogue(form.language))
        shown = setup_view(form, preview=preview, reminders=True)
    except FormErrors as error:
        shown = setup_view(error.form, errors=error.errors, reminders=True)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        shown = as_view(_("Set up the pulse"), told(error), _("Close"))
    await services.slack.update_view(str(view["id"]), str(view["hash"]), shown)
