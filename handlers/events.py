"""What happens in the workspace: people and the bot come and go, channels change, the app is removed."""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from handlers.managing import deliver
from pulse.services.channels import ARCHIVED, NOT_FOUND, NOT_IN
from pulse.services.workspace import Workspace

KINDS = ("channel", "group")
"""Public and private channels have events of their own."""

_log = structlog.get_logger(__name__)


def register(app: AsyncApp, services: Workspace) -> None:
    _membership(app, services)
    _channels(app, services)
    _installation(app)


def _membership(app: AsyncApp, services: Workspace) -> None:
    async def left(event: dict[str, Any], context: AsyncBoltContext) -> None:
        if event["user"] == context.bot_user_id:
            services.after.later(services.channels.lost(event["channel"], NOT_IN))
        else:
            services.waves.left(event["user"], event["channel"])

    async def joined(event: dict[str, Any], context: AsyncBoltContext) -> None:
        """Of people nothing is to be done: whoever joins and answers is looked up then."""
        if event["user"] == context.bot_user_id:
            services.after.later(_back(services, event["channel"]))

    app.event("member_left_channel")(left)
    app.event("member_joined_channel")(joined)
    for kind in KINDS:
        _lost_by(app, services, f"{kind}_left", NOT_IN)


def _channels(app: AsyncApp, services: Workspace) -> None:
    async def back(event: dict[str, Any]) -> None:
        services.after.later(_back(services, event["channel"]))

    async def renamed(event: dict[str, Any]) -> None:
        """Names are kept nowhere, everything goes by ids; what was seen of the channel is looked at anew."""
        services.channels.forget(event["channel"]["id"])

    async def moved(event: dict[str, Any]) -> None:
        services.after.later(services.channels.moved(event["old_channel_id"], event["new_channel_id"]))

    app.event("channel_id_changed")(moved)
    for kind in KINDS:
        app.event(f"{kind}_unarchive")(back)
        app.event(f"{kind}_rename")(renamed)
        _lost_by(app, services, f"{kind}_archive", ARCHIVED)
        _lost_by(app, services, f"{kind}_deleted", NOT_FOUND)


def _lost_by(app: AsyncApp, services: Workspace, event_type: str, code: str) -> None:
    """After this event the bot cannot work in the channel: the managers are told."""

    async def lost(event: dict[str, Any]) -> None:
        services.after.later(services.channels.lost(event["channel"], code))

    app.event(event_type)(lost)


def _installation(app: AsyncApp) -> None:
    async def revoked(event: dict[str, Any]) -> None:
        """Without its token the bot can tell nobody: the log is the only place."""
        if (event.get("tokens") or {}).get("bot"):
            _log.error("token revoked", mend="reinstall the app and set SLACK_BOT_TOKEN anew")

    async def uninstalled() -> None:
        _log.error("app removed from the workspace", mend="reinstall it, or stop this bot")

    app.event("tokens_revoked")(revoked)
    app.event("app_uninstalled")(uninstalled)


async def _back(services: Workspace, channel: str) -> None:
    """A channel can be used again: what waited for it goes out now."""
    if await services.channels.back(channel):
        await deliver(services)
