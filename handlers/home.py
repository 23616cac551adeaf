"""The Home tab: drawn when it is opened and after what its reader does there; managers act from it."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.managing import PRESSED
from handlers.replies import told
from handlers.setup import show_setup
from pulse.core.errors import BadRequest, SlackFault
from pulse.core.language import _
from pulse.services.workspace import Workspace
from pulse.views.message import as_view
from pulse.views.notices import greeting, privacy


def register(app: AsyncApp, services: Workspace) -> None:
    async def opened(event: dict[str, Any]) -> None:
        user = event["user"]
        if event.get("tab", "home") == "home":
            services.after.later(services.homes.opened(user))
        services.after.later(_greet(services, user))

    async def manage(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        word, value = str(action["action_id"]).removeprefix("manage:"), str(action.get("value") or "")
        services.after.later(_manage(services, body["user"]["id"], word, value, body["trigger_id"]))

    async def show_privacy(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        services.after.later(_show_privacy(services, body["user"]["id"], body["trigger_id"]))

    app.event("app_home_opened")(opened)
    app.action(re.compile(r"^manage:"))(manage)
    app.action("privacy")(show_privacy)


async def _greet(services: Workspace, user: str) -> None:
    """The first manager who looks at the bot before it is set up gets the button that begins it."""
    if services.waves.store.setup() is None and await services.managers.first_met(user):
        await services.slack.post(user, greeting(manager=True))


async def _manage(services: Workspace, user: str, word: str, value: str, trigger: str) -> None:
    """A manager's button: the same use case as the command of that name, answered in a window."""
    try:
        if word == "setup":
            await show_setup(services, user, trigger)
            return
        if word not in PRESSED:
            raise BadRequest(_("That button is not one of mine. Nothing was changed."))
        message = await PRESSED[word](services, user, value)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        message = told(error)
    try:
        await services.slack.open_view(trigger, as_view(_("Alignment Pulse"), message, _("Close")))
    except SlackFault:
        # Opening a pulse in large channels takes longer than a window may wait.
        await services.slack.post(user, message)
    await services.homes.show(user)


async def _show_privacy(services: Workspace, user: str, trigger: str) -> None:
    message = privacy(services.desk.privacy(user))
    await services.slack.open_view(trigger, as_view(_("Your privacy"), message, _("Close")))
