"""The Home tab: refreshed when it is opened and after what its reader does there; managers act from it."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.managing import MANAGING
from handlers.replies import told
from handlers.setup import show_setup
from pulse.core.language import _
from pulse.runtime.services import Services
from pulse.views.home import home_view
from pulse.views.message import as_view
from pulse.views.notices import privacy


def register(app: AsyncApp, services: Services) -> None:
    async def opened(event: dict[str, Any]) -> None:
        if event.get("tab", "home") == "home":
            services.after.later(refresh(services, event["user"]))

    async def manage(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        word = str(action["action_id"]).removeprefix("manage:")
        services.after.later(_manage(services, body["user"]["id"], word, body["trigger_id"]))

    async def show_privacy(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        await ack()
        services.after.later(_show_privacy(services, body["user"]["id"], body["trigger_id"]))

    app.event("app_home_opened")(opened)
    app.action(re.compile(r"^manage:"))(manage)
    app.action("privacy")(show_privacy)


async def refresh(services: Services, user: str) -> None:
    """Publishes the reader's Home tab as it is now."""
    await services.slack.publish_home(user, home_view(await services.desk.home(user)))


async def _manage(services: Services, user: str, word: str, trigger: str) -> None:
    """A manager's button: the same use case as the command of that name, answered in a window."""
    try:
        if word == "setup":
            await show_setup(services, user, trigger)
            return
        message = await MANAGING[word](services, user, "")
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        message = told(error)
    await services.slack.open_view(trigger, as_view(_("Alignment Pulse"), message, _("Close")))
    await refresh(services, user)


async def _show_privacy(services: Services, user: str, trigger: str) -> None:
    message = privacy(services.desk.privacy(user))
    await services.slack.open_view(trigger, as_view(_("Your privacy"), message, _("Close")))
