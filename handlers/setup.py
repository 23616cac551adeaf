"""The set-up form: opened, previewed, saved."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction
from handlers.replies import attempt, or_refuse
from pulse.core.language import _
from pulse.core.setup_form import SetupForm
from pulse.services.setup import ChannelsUnusable
from pulse.views import notices
from pulse.views.message import Message, View, as_view
from pulse.views.setup import (
    CALLBACK,
    PREVIEW,
    ZONE,
    FormErrors,
    channel_fault,
    parse_setup,
    setup_preview,
    setup_view,
    zone_options,
)

Body = dict[str, Any]


def register(app: AsyncApp) -> None:
    app.action("setup_open")(open_setup)
    app.action(PREVIEW)(preview)
    app.options(ZONE)(find_zones)
    app.view(CALLBACK)(save)


async def open_setup(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, show_setup(interaction)))


async def find_zones(ack: AsyncAck, body: Body) -> None:
    await ack(options=zone_options(str(body.get("value") or ""), available_timezones()))


async def preview(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    await ack()
    interaction.later(_show_preview(interaction, body["view"]))


async def save(ack: AsyncAck, interaction: Interaction, view: Body) -> None:
    await ack(**await attempt(_save(interaction, view), _closing))


async def show_setup(interaction: Interaction) -> None:
    """Opens the form. Raises ManagersOnly and SlackFault."""
    await interaction.workspace.managers.check(interaction.user)
    form = await interaction.workspace.setup.form(interaction.user)
    await interaction.surfaces.slack.open_view(interaction.trigger, setup_view(form, reminders=True))


async def _save(interaction: Interaction, view: Body) -> Body:
    """Saves the form; returns the ack, which shows errors at their fields or says that all is saved."""
    await interaction.workspace.managers.check(interaction.user)
    try:
        await _save_form(interaction, parse_setup(view.get("state") or {}))
    except FormErrors as error:
        return {"response_action": "errors", "errors": error.errors}
    interaction.later(interaction.surfaces.home_tabs.redraw(interaction.user))
    return _closing(notices.set_up(interaction.workspace.waves.next_opening()))


async def _save_form(interaction: Interaction, form: SetupForm) -> None:
    """Raises FormErrors if a channel cannot be used, and what `PulseSetup.save` raises."""
    try:
        await interaction.workspace.setup.save(form)
    except ChannelsUnusable as error:
        sentences = {
            field: channel_fault(fault.name, fault.code, fault.minimum)
            for field, fault in error.faults.items()
        }
        raise FormErrors(sentences, form) from error


def _closing(message: Message) -> Body:
    return {"response_action": "update", "view": as_view(_("Set up the pulse"), message, _("Close"))}


async def _show_preview(interaction: Interaction, view: Body) -> None:
    """Shows in the form what its fields would bring, or what is missing in them."""
    shown = await attempt(
        _preview(interaction, view),
        lambda sentence: as_view(_("Set up the pulse"), sentence, _("Close")),
    )
    await interaction.surfaces.slack.update_view(str(view["id"]), str(view["hash"]), shown)


async def _preview(interaction: Interaction, view: Body) -> View:
    await interaction.workspace.managers.check(interaction.user)
    try:
        form = parse_setup(view.get("state") or {})
        coming = interaction.workspace.setup.preview(form)
        posts = interaction.surfaces.readers.catalogue(form.language)
        blocks = setup_preview(form, coming.items, coming.waves, posts)
    except FormErrors as error:
        return setup_view(error.form, errors=error.errors, reminders=True)
    return setup_view(form, preview=blocks, reminders=True)
