"""The Home tab: drawn when it is opened and after each action of its reader; managers act from it."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction, id_of, text_of
from handlers.managing import PRESSED
from handlers.replies import or_refuse, outcome, reply
from handlers.setup import show_setup
from pulse.core.errors import NotOfMine
from pulse.views.message import Message
from pulse.views.notices import greeting


def register(app: AsyncApp) -> None:
    app.event("app_home_opened")(home_opened)
    app.action("manage:setup")(press_setup)
    app.action(re.compile(r"^manage:(?!setup$)"))(press_manage)


async def home_opened(event: dict[str, Any], interaction: Interaction) -> None:
    user = id_of(event, "user")
    if text_of(event, "tab") in ("home", ""):
        interaction.later(interaction.surfaces.home_tabs.opened(user))
    interaction.later(_greet(interaction, user))


async def press_setup(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, show_setup(interaction)))


async def press_manage(ack: AsyncAck, interaction: Interaction, action: dict[str, Any]) -> None:
    await ack()
    word = text_of(action, "action_id").removeprefix("manage:")
    interaction.later(_manage(interaction, word))


async def _greet(interaction: Interaction, user: str) -> None:
    """The first manager who looks at the bot before it is set up gets the button that begins the set-up."""
    workspace = interaction.workspace
    if not workspace.setup.done() and await workspace.managers.claim_greeting(user):
        await interaction.surfaces.slack.post(user, greeting(manager=True))


async def _manage(interaction: Interaction, word: str) -> None:
    """A manager's button: runs the use case of that name and replies on the same surface."""
    message = await outcome(_pressed(interaction, word))
    await reply(interaction, message)
    await interaction.surfaces.home_tabs.show(interaction.user)


async def _pressed(interaction: Interaction, word: str) -> Message:
    if word not in PRESSED:
        raise NotOfMine()
    await interaction.workspace.managers.check(interaction.user)
    return await PRESSED[word](interaction, interaction.value)
