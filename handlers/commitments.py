"""Commitments: making one in the form, and taking one back. Managers only."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction
from handlers.replies import attempt, or_refuse, outcome, privately, reply
from pulse.core.commitments import DraftFault
from pulse.core.errors import BadRequest, NotNow
from pulse.core.language import _
from pulse.views.commitments import (
    CALLBACK,
    OPEN,
    WITHDRAW,
    commitment_form,
    commitment_kept,
    commitment_taken_back,
    commitments_to_withdraw,
    parse_commitment,
)
from pulse.views.message import Message, as_view

Body = dict[str, Any]


def register(app: AsyncApp) -> None:
    app.action(OPEN)(open_form)
    app.action(WITHDRAW)(withdraw)
    app.view(CALLBACK)(save)


async def show_commitments(interaction: Interaction, rest: str) -> None:
    """Opens the form, or after "withdraw" lists what can be taken back.

    Raises ManagersOnly, NotSetUp, BadRequest and SlackFault.
    """
    await interaction.workspace.managers.check(interaction.user)
    word = rest.strip().casefold()
    if word == "withdraw":
        service = interaction.workspace.commitments
        listed = commitments_to_withdraw(service.withdrawable(), service.day())
        await privately(interaction, listed)
    elif word:
        raise BadRequest(_("Please write /pulse commit or /pulse commit withdraw. Nothing was changed."))
    else:
        interaction.workspace.waves.setup()
        await interaction.surfaces.slack.open_view(interaction.trigger, commitment_form())


async def open_form(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, show_commitments(interaction, "")))


async def save(ack: AsyncAck, interaction: Interaction, view: Body) -> None:
    await ack(**await attempt(_save(interaction, view), _closing))


async def withdraw(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(_answer(interaction))


async def _save(interaction: Interaction, view: Body) -> Body:
    """Records the commitment; returns the ack, which shows a mistake at its field or says that it is kept."""
    workspace = interaction.workspace
    await workspace.managers.check(interaction.user)
    draft = parse_commitment(view.get("state") or {}, await workspace.commitments.name_of(interaction.user))
    try:
        await workspace.commitments.add(draft)
    except DraftFault as fault:
        return {"response_action": "errors", "errors": {fault.field: str(fault)}}
    except NotNow as taken:
        return {"response_action": "errors", "errors": {"side": str(taken)}}
    interaction.later(_follow(interaction))
    return _closing(commitment_kept())


def _closing(message: Message) -> Body:
    return {"response_action": "update", "view": as_view(_("A commitment"), message, _("Close"))}


async def _answer(interaction: Interaction) -> None:
    await reply(interaction, await outcome(_withdraw(interaction)))


async def _withdraw(interaction: Interaction) -> Message:
    await interaction.workspace.managers.check(interaction.user)
    if not re.fullmatch(r"[0-9]{1,15}", interaction.value):
        raise BadRequest(_("There is no such commitment. Nothing was changed."))
    await interaction.workspace.commitments.withdraw(int(interaction.value))
    interaction.later(_follow(interaction))
    return commitment_taken_back()


async def _follow(interaction: Interaction) -> None:
    """Tells the channels, and redraws the Home tabs that people may be looking at."""
    await interaction.surfaces.publisher.deliver()
    await interaction.surfaces.home_tabs.follow()
