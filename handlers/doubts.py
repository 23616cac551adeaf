"""Messages that may or may not have been posted: the presses that settle it, and a manager's link."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction, part_of, text_of
from handlers.replies import attempt, or_refuse, reply
from pulse.core.alert import InDoubt
from pulse.core.language import _
from pulse.core.records import MessageKind
from pulse.views.doubts import (
    CALLBACK,
    FIELD,
    STANDS,
    LinkFault,
    another_message,
    link_form,
    nothing_in_doubt,
    parse_link,
    settled,
)
from pulse.views.message import Message, as_view

Body = dict[str, Any]


def register(app: AsyncApp) -> None:
    app.action(STANDS)(ask_link)
    app.view(CALLBACK)(save_link)


async def pressed(interaction: Interaction, kind: MessageKind, token: str) -> None:
    """A press on a wave's public message shows that it was posted, in case that was in doubt."""
    if interaction.message and not interaction.in_private:
        await interaction.surfaces.publisher.pressed(kind, token, interaction.channel, interaction.message)


async def pressed_report(interaction: Interaction) -> None:
    """As `pressed`, for a report, whose button names its quarter."""
    if interaction.message and not interaction.in_private:
        publisher = interaction.surfaces.publisher
        await publisher.pressed_report(interaction.value, interaction.channel, interaction.message)


async def ask_link(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, _ask_link(interaction)))


async def save_link(ack: AsyncAck, interaction: Interaction, view: Body) -> None:
    await ack(**await attempt(_save_link(interaction, view), _closing))


async def _ask_link(interaction: Interaction) -> None:
    await interaction.workspace.managers.check(interaction.user)
    doubt = await _doubt(interaction, interaction.value)
    if doubt is None:
        await reply(interaction, nothing_in_doubt())
    else:
        await interaction.surfaces.slack.open_view(interaction.trigger, link_form(doubt))


async def _save_link(interaction: Interaction, view: Body) -> Body:
    """Notes where the message is; returns the ack, which shows a mistake at its field."""
    await interaction.workspace.managers.check(interaction.user)
    key = text_of(view, "private_metadata")
    doubt = await _doubt(interaction, key)
    if doubt is None:
        return _closing(nothing_in_doubt())
    try:
        typed = part_of(view, "state", "values", FIELD, FIELD)
        ts = parse_link(text_of(typed, "value"), doubt.channel)
    except LinkFault as fault:
        return _at_field(str(fault))
    if await interaction.surfaces.publisher.settle(key, ts):
        interaction.later(interaction.surfaces.publisher.deliver())
        return _closing(settled(doubt))
    if await _doubt(interaction, key) is None:
        return _closing(nothing_in_doubt())
    return _at_field(another_message())


async def _doubt(interaction: Interaction, key: str) -> InDoubt | None:
    doubts = await interaction.workspace.alerts.doubts()
    return next((doubt for doubt in doubts if doubt.outbox_key == key), None)


def _at_field(sentence: str) -> Body:
    return {"response_action": "errors", "errors": {FIELD: sentence}}


def _closing(message: Message) -> Body:
    return {"response_action": "update", "view": as_view(_("Is it there?"), message, _("Close"))}
