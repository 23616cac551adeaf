"""Buttons on results: all details in a window, and sharing a private card with the channel."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction
from handlers.replies import or_refuse, privately, wave_id_of
from pulse.views.notices import shared
from pulse.views.results import DETAILS, SHARE


def register(app: AsyncApp) -> None:
    app.action(DETAILS)(press_details)
    app.action(SHARE)(press_share)


async def press_details(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, _show_details(interaction)))


async def press_share(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, _share(interaction)))


async def _show_details(interaction: Interaction) -> None:
    view = interaction.surfaces.cards.details(wave_id_of(interaction.value))
    await interaction.surfaces.slack.open_view(interaction.trigger, view)


async def _share(interaction: Interaction) -> None:
    """Posts the card in the channel, in the name of whoever pressed the button; the private one goes."""
    card = await interaction.surfaces.cards.shared(interaction.value, interaction.user)
    if interaction.respond is None:
        return
    answer = await interaction.respond(
        text=card.text,
        blocks=card.blocks,
        response_type="in_channel",
        replace_original=False,
        delete_original=False,
        unfurl_links=False,
        unfurl_media=False,
    )
    if answer.status_code == 200:
        await privately(interaction, shared(), replace=interaction.in_private)
