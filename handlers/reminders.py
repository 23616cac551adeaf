"""The buttons of a reminder: one stops reminders, the other brings them back."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction
from handlers.replies import attempt, privately
from pulse.views.message import Message
from pulse.views.reminder import RESUME, STOP, reminder_message, settled_message


def register(app: AsyncApp) -> None:
    app.action(STOP)(stop)
    app.action(RESUME)(resume)


async def stop(ack: AsyncAck, interaction: Interaction) -> None:
    await _wish(ack, interaction, wanted=False)


async def resume(ack: AsyncAck, interaction: Interaction) -> None:
    await _wish(ack, interaction, wanted=True)


async def _wish(ack: AsyncAck, interaction: Interaction, *, wanted: bool) -> None:
    """Stores the wish durably, acks, then shows it in the reminder itself."""
    said = await attempt(_kept(interaction, wanted=wanted), partial(privately, interaction))
    await ack()
    interaction.later(said)


async def _kept(interaction: Interaction, *, wanted: bool) -> Coroutine[Any, Any, None]:
    card = await interaction.workspace.reminders.wish(interaction.user, wanted=wanted)
    message = settled_message(wanted=wanted) if card is None else reminder_message(card)
    return _replace(interaction, message)


async def _replace(interaction: Interaction, message: Message) -> None:
    """Changes the direct message, which is not an ephemeral one."""
    if interaction.respond is not None:
        await interaction.respond(
            text=message.text,
            blocks=message.blocks,
            replace_original=True,
            unfurl_links=False,
            unfurl_media=False,
        )
