"""What is kept, and the file with all that is stored of closed pulses."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction
from handlers.replies import or_refuse, outcome, privately
from pulse.core.errors import SlackFault
from pulse.core.language import _
from pulse.views import evidence
from pulse.views.message import Message, as_view
from pulse.views.privacy_page import privacy

Body = dict[str, Any]


def register(app: AsyncApp) -> None:
    app.action("privacy")(press_privacy)
    app.action(evidence.DOWNLOAD)(press_download)


async def press_privacy(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, _show_privacy(interaction)))


async def press_download(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    await ack()
    interaction.later(_download(interaction, body.get("view") or {}))


async def what_is_kept(interaction: Interaction, _rest: str) -> Message:
    """`/pulse privacy`."""
    workspace, user = interaction.workspace, interaction.user
    return evidence.with_download(
        privacy(await workspace.participation.privacy(user)), offered=await workspace.evidence.offered(user)
    )


async def _show_privacy(interaction: Interaction) -> None:
    workspace, user = interaction.workspace, interaction.user
    view = as_view(_("Your privacy"), privacy(await workspace.participation.privacy(user)), _("Close"))
    if await workspace.evidence.offered(user):
        view["blocks"] += evidence.offer()
    await interaction.surfaces.slack.open_view(interaction.trigger, view)


async def _download(interaction: Interaction, pressed_in: Body) -> None:
    """Sends the file, and says so where the button was pressed.

    `pressed_in` is a window or empty. If the window is gone by then, a direct message says it.
    """
    message = await outcome(_send(interaction))
    if not pressed_in:
        await privately(interaction, message)
        return
    view = as_view(_("Your privacy"), message, _("Close"))
    slack = interaction.surfaces.slack
    try:
        await slack.update_view(str(pressed_in.get("id")), str(pressed_in.get("hash")), view)
    except SlackFault:
        await slack.post(interaction.user, message)


async def _send(interaction: Interaction) -> Message:
    content, slack = await interaction.workspace.evidence.file(interaction.user), interaction.surfaces.slack
    conversation = await slack.open_dm(interaction.user)
    await slack.send_files(conversation, {evidence.FILE: content}, evidence.file_comment())
    return evidence.sent()
