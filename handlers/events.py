"""What happens in the workspace: people and the bot come and go, channels change, the app is removed."""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from handlers.interaction import Interaction, id_of, part_of
from handlers.managing import follow_waves
from pulse.services.channels import ARCHIVED, NOT_FOUND, NOT_IN, SHARED

Event = dict[str, Any]

KINDS = ("channel", "group")
"""Public and private channels have events of their own."""

_log = structlog.get_logger(__name__)


def register(app: AsyncApp) -> None:
    app.event("member_left_channel")(member_left)
    app.event("member_joined_channel")(member_joined)
    app.event("channel_id_changed")(channel_moved)
    app.event("channel_shared")(channel_shared)
    app.event("channel_unshared")(channel_unshared)
    for kind in KINDS:
        app.event(f"{kind}_left")(bot_left)
        app.event(f"{kind}_archive")(channel_archived)
        app.event(f"{kind}_deleted")(channel_deleted)
        app.event(f"{kind}_unarchive")(channel_unarchived)
        app.event(f"{kind}_rename")(channel_renamed)
    app.event("tokens_revoked")(token_revoked)
    app.event("app_uninstalled")(app_uninstalled)


async def member_left(event: Event, context: AsyncBoltContext, interaction: Interaction) -> None:
    if id_of(event, "user") == context.bot_user_id:
        await bot_left(event, interaction)
    else:
        interaction.workspace.answering.member_left(id_of(event, "user"), id_of(event, "channel"))


async def member_joined(event: Event, context: AsyncBoltContext, interaction: Interaction) -> None:
    """Nothing to do for people: whoever joins is looked up when they answer."""
    if id_of(event, "user") == context.bot_user_id:
        interaction.later(_back(interaction, id_of(event, "channel")))


async def bot_left(event: Event, interaction: Interaction) -> None:
    _lost(interaction, id_of(event, "channel"), NOT_IN)


async def channel_archived(event: Event, interaction: Interaction) -> None:
    _lost(interaction, id_of(event, "channel"), ARCHIVED)


async def channel_deleted(event: Event, interaction: Interaction) -> None:
    _lost(interaction, id_of(event, "channel"), NOT_FOUND)


async def channel_unarchived(event: Event, interaction: Interaction) -> None:
    interaction.later(_back(interaction, id_of(event, "channel")))


async def channel_renamed(event: Event, interaction: Interaction) -> None:
    """Channels are kept by id, never by name; the next look at this one asks Slack again."""
    interaction.workspace.channels.forget(id_of(event, "channel", "id"))


async def channel_moved(event: Event, interaction: Interaction) -> None:
    moved = interaction.workspace.channels.follow_move(
        id_of(event, "old_channel_id"), id_of(event, "new_channel_id")
    )
    interaction.later(moved)


async def channel_shared(event: Event, interaction: Interaction) -> None:
    """Another company's people come in: they are not asked, but they read what is posted."""
    _lost(interaction, id_of(event, "channel"), SHARED)


async def channel_unshared(event: Event, interaction: Interaction) -> None:
    """One company has left; another may still be there."""
    if event.get("is_ext_shared"):
        return
    interaction.later(interaction.workspace.channels.note_unshared(id_of(event, "channel")))


async def token_revoked(event: Event) -> None:
    """Without its token the bot can tell nobody: the log is the only place."""
    if part_of(event, "tokens", "bot"):
        _log.error("token revoked", fix="reinstall the app and set the new SLACK_BOT_TOKEN")


async def app_uninstalled() -> None:
    _log.error("app removed from the workspace", fix="reinstall it, or stop this bot")


def _lost(interaction: Interaction, channel: str, code: str) -> None:
    """The bot cannot work in the channel any more: managers are told."""
    interaction.later(interaction.workspace.channels.report_lost(channel, code))


async def _back(interaction: Interaction, channel: str) -> None:
    """A channel can be used again: what waited for it goes out now."""
    if await interaction.workspace.channels.recover(channel):
        await follow_waves(interaction)
