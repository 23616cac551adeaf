"""Buttons on results: details and certainty in windows, the trend privately, sharing with the channel."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.doubts import pressed
from handlers.interaction import Interaction
from handlers.replies import or_refuse, outcome, privately, reply, send, wave_id_of
from pulse.core.records import MessageKind
from pulse.views.notices import shared
from pulse.views.results import CERTAINTY, DETAILS, POSTED, SHARE, TREND


def register(app: AsyncApp) -> None:
    app.action(DETAILS)(press_details)
    app.action(CERTAINTY)(press_certainty)
    app.action(TREND)(press_trend)
    app.action(SHARE)(press_share)


async def press_details(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, _show_details(interaction)))
    interaction.later(_note(interaction))


async def press_certainty(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, _show_certainty(interaction)))
    interaction.later(_note(interaction))


async def press_trend(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(_show_trend(interaction))
    interaction.later(_note(interaction))


async def press_share(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, _share(interaction)))


async def _note(interaction: Interaction) -> None:
    """A press on posted results shows that they were posted, in case that was in doubt."""
    kind, _colon, token = interaction.block.partition(":")
    if kind == POSTED:
        await pressed(interaction, MessageKind.RESULTS, token)


async def _show_details(interaction: Interaction) -> None:
    await interaction.workspace.audience.check(interaction.user)
    view = await interaction.surfaces.cards.details(wave_id_of(interaction.value))
    await interaction.surfaces.slack.open_view(interaction.trigger, view)


async def _show_certainty(interaction: Interaction) -> None:
    view = await interaction.surfaces.cards.certainty(wave_id_of(interaction.value))
    await interaction.surfaces.slack.open_view(interaction.trigger, view)


async def _show_trend(interaction: Interaction) -> None:
    """The picture may take longer than a trigger lives, so the reply is a message, not a window."""
    await reply(interaction, await outcome(interaction.surfaces.cards.trend(interaction.value)))


async def _share(interaction: Interaction) -> None:
    """Posts the card in the channel in the name of whoever shares it; a notice replaces the private one."""
    if not interaction.value.startswith("baselines:"):
        await interaction.workspace.audience.check_sharing(interaction.user)
    card = await interaction.surfaces.cards.shared(interaction.value, interaction.user)
    if await send(interaction, card, to="in_channel"):
        await privately(interaction, shared(), replace=interaction.in_private)
