"""The set-up form: opened, previewed, saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction, part_of, text_of
from handlers.replies import attempt, or_refuse
from pulse.core.language import _
from pulse.services.setup import SetupRefused
from pulse.views import managing
from pulse.views.message import Message, View, as_view
from pulse.views.setup import (
    CALLBACK,
    PREVIEW,
    ZONE,
    FormErrors,
    field_errors,
    parse_setup,
    people_of_both_sides,
    setup_preview,
    setup_view,
    zone_options,
)

Body = dict[str, Any]

TYPED_LIMIT = 100


def register(app: AsyncApp) -> None:
    app.action("setup_open")(open_setup)
    app.action(PREVIEW)(preview)
    app.options(ZONE)(find_zones)
    app.view(CALLBACK)(save)


async def open_setup(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, show_setup(interaction)))


async def find_zones(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    typed = text_of(body, "value")[:TYPED_LIMIT]
    await ack(options=zone_options(await interaction.workspace.setup.zones(typed)))


async def preview(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    await ack()
    interaction.later(_show_preview(interaction, body))


async def save(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    await ack(**await attempt(_save(interaction, body), _closing))


async def show_setup(interaction: Interaction) -> None:
    """Opens the form. Raises ManagersOnly and SlackFault."""
    await interaction.workspace.managers.check(interaction.user)
    form = await interaction.workspace.setup.form(interaction.user)
    await interaction.surfaces.slack.open_view(interaction.trigger, setup_view(form, reminders=True))


async def _save(interaction: Interaction, body: Body) -> Body:
    """Saves the form; returns the ack, which shows errors at their fields or says that all is saved."""
    await interaction.workspace.managers.check(interaction.user)
    try:
        form = parse_setup(_state(body))
        in_both = await interaction.workspace.setup.save(form)
    except FormErrors as error:
        return _at_fields(error.errors)
    except SetupRefused as error:
        return _at_fields(field_errors(error.faults, form))
    interaction.later(interaction.surfaces.publisher.deliver())
    interaction.later(interaction.surfaces.home_tabs.redraw(interaction.user))
    also = people_of_both_sides(in_both, form.both_sides) if in_both else ""
    return _closing(managing.set_up(await interaction.workspace.waves.next_opening(), also))


def _at_fields(sentences: Mapping[str, str]) -> Body:
    return {"response_action": "errors", "errors": sentences}


def _state(body: Body) -> Body:
    """What was typed into the form."""
    state = part_of(body, "view", "state")
    return state if isinstance(state, dict) else {}


def _closing(message: Message) -> Body:
    return {"response_action": "update", "view": as_view(_("Set up the pulse"), message, _("Close"))}


async def _show_preview(interaction: Interaction, body: Body) -> None:
    """Shows in the form what its fields would bring, or what is missing in them."""
    shown = await attempt(
        _preview(interaction, body),
        lambda sentence: as_view(_("Set up the pulse"), sentence, _("Close")),
    )
    await interaction.surfaces.slack.update_view(
        text_of(body, "view", "id"), text_of(body, "view", "hash"), shown
    )


async def _preview(interaction: Interaction, body: Body) -> View:
    await interaction.workspace.managers.check(interaction.user)
    try:
        form = parse_setup(_state(body))
        coming = await interaction.workspace.setup.preview(form)
        posts = interaction.surfaces.readers.catalogue(form.language)
        blocks = setup_preview(form, coming.items, coming.waves, posts, in_both=coming.in_both)
    except FormErrors as error:
        return setup_view(error.form, errors=error.errors, reminders=True)
    return setup_view(form, preview=blocks, reminders=True)
