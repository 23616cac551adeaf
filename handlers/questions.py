"""`/pulse questions`: everybody may look, managers change the plan and write the company's own."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.interaction import Interaction
from handlers.replies import attempt
from pulse.core.errors import NotOfThisPulse
from pulse.core.language import _
from pulse.core.own_questions import faults
from pulse.core.question_plan import Turn
from pulse.views.message import Message, View, as_view
from pulse.views.questions import (
    ADD,
    CALLBACK,
    EDIT,
    SUGGEST,
    TURN,
    parse_question,
    question_form,
    questions_view,
)

Body = dict[str, Any]


def register(app: AsyncApp) -> None:
    app.action(TURN)(press_turn)
    app.action(ADD)(press_add)
    app.action(SUGGEST)(press_suggest)
    app.view(CALLBACK)(save)


async def show_questions(interaction: Interaction) -> None:
    """Opens the list. Raises SlackFault."""
    may_change = await interaction.workspace.managers.is_manager(interaction.user)
    card = await interaction.workspace.questions.card(may_change=may_change)
    await interaction.surfaces.slack.open_view(interaction.trigger, questions_view(card))


async def press_turn(ack: AsyncAck, interaction: Interaction, action: Body, body: Body) -> None:
    await ack()
    chosen = str((action.get("selected_option") or {}).get("value") or "")
    interaction.later(_replace(interaction, body, _turn(interaction, chosen)))


async def press_add(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    await ack()
    interaction.later(_replace(interaction, body, _form(interaction, "")))


async def press_suggest(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    await ack()
    interaction.later(_replace(interaction, body, _suggest(interaction)))


async def save(ack: AsyncAck, interaction: Interaction, view: Body) -> None:
    await ack(**await attempt(_save(interaction, view), _refusal))


async def _replace(interaction: Interaction, body: Body, made: Awaitable[View]) -> None:
    """Shows the result of a press in the window that holds the button."""
    view = body.get("view") or {}
    shown = await attempt(made, _window)
    await interaction.surfaces.slack.update_view(str(view.get("id")), str(view.get("hash")), shown)


async def _turn(interaction: Interaction, chosen: str) -> View:
    await interaction.workspace.managers.check(interaction.user)
    what, _colon, item_id = chosen.partition(":")
    if what == EDIT:
        return await _form(interaction, item_id)
    if what not in list(Turn):
        raise NotOfThisPulse()
    return await _list(interaction, interaction.workspace.questions.set_turn(item_id, Turn(what)))


async def _form(interaction: Interaction, item_id: str) -> View:
    await interaction.workspace.managers.check(interaction.user)
    draft = interaction.workspace.questions.draft(item_id) if item_id else None
    return question_form(draft, item_id=item_id)


async def _suggest(interaction: Interaction) -> View:
    await interaction.workspace.managers.check(interaction.user)
    return await _list(interaction, interaction.workspace.questions.use_suggested_plan())


async def _list(interaction: Interaction, change: Awaitable[None]) -> View:
    """The list after a change, or with the reason why there was none."""
    notice = await attempt(_done(change), lambda refused: refused.text)
    return questions_view(await interaction.workspace.questions.card(may_change=True), notice)


async def _done(change: Awaitable[None]) -> str:
    await change
    return _("Saved. It holds from the next pulse on.")


async def _save(interaction: Interaction, view: Body) -> Body:
    """Saves the form; returns the ack: errors at their fields, or the list with the question."""
    await interaction.workspace.managers.check(interaction.user)
    draft = parse_question(view.get("state") or {})
    errors = faults(draft)
    if errors:
        return {"response_action": "errors", "errors": errors}
    questions = interaction.workspace.questions
    item = await questions.save_draft(draft, str(view.get("private_metadata") or ""))
    notice = _("{item} is saved. It takes its turn from the next pulse on; its menu puts it in every pulse.")
    card = await questions.card(may_change=True)
    return {"response_action": "update", "view": questions_view(card, notice.format(item=item.id))}


def _refusal(message: Message) -> Body:
    return {"response_action": "update", "view": _window(message)}


def _window(message: Message) -> View:
    return as_view(_("Questions"), message, _("Close"))
