"""Commitments in Slack: the form, the post in both sides' channels, and where each one stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pulse.core.commitments import TEXT_LIMIT, Commitment, CommitmentDraft, CommitmentState
from pulse.core.dates import day
from pulse.core.errors import FormNotUnderstood
from pulse.core.language import _
from pulse.core.model import Side
from pulse.views.blocks import Element, button, confirm, context, message, option, plain, section
from pulse.views.message import Block, Message, View, escape

CALLBACK = "commitment"
FIELD = "field"
WITHDRAW = "commitment_withdraw"


def commitment_form(today: date, *, errors: Mapping[str, str] | None = None) -> View:
    """The form in which a manager writes what a side will do."""
    intro = _(
        "One thing that your side will do, by a day. Both channels see it. When the day has passed, the next "
        "pulse asks both sides whether it happened."
    )
    sides = [option(_(side.label), str(side)) for side in Side]
    named = option(_("Show my name with it"), "named")
    fields: list[Block] = [
        _input("side", _("Which side?"), {"type": "radio_buttons", "options": sides}),
        _input("text", _("What will it do?"), {"type": "plain_text_input", "max_length": TEXT_LIMIT}),
        _input("due_on", _("By when?"), {"type": "datepicker"}),
        {**_input("named", _("Your name"), {"type": "checkboxes", "options": [named]}), "optional": True},
    ]
    mistakes = [section(f"⚠️ {escape(sentence)}") for sentence in (errors or {}).values()]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": today.isoformat(),
        "title": plain(_("A commitment")),
        "submit": plain(_("Post it")),
        "close": plain(_("Cancel")),
        "blocks": [section(intro), *mistakes, *fields],
    }


def _input(name: str, label: str, element: Element) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "element": {**element, "action_id": FIELD},
    }


def parse_commitment(view_state: Mapping[str, Any], name: str) -> CommitmentDraft:
    """The draft of a submitted form; `name` is its writer's, used where they want it shown.

    Raises FormNotUnderstood.
    """
    values = view_state.get("values") if isinstance(view_state, Mapping) else None
    if not isinstance(values, Mapping):
        raise FormNotUnderstood
    side, due_on = _value(values, "side"), str(_field(values, "due_on").get("selected_date"))
    text = _field(values, "text").get("value")
    named = _field(values, "named").get("selected_options") or []
    try:
        return CommitmentDraft(
            side=Side(side), text=str(text or ""), due_on=date.fromisoformat(due_on), by=name if named else ""
        )
    except ValueError as error:
        raise FormNotUnderstood from error


def _field(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = values.get(name)
    field = block.get(FIELD) if isinstance(block, Mapping) else None
    if not isinstance(field, Mapping):
        raise FormNotUnderstood
    return field


def _value(values: Mapping[str, Any], name: str) -> str:
    chosen = _field(values, name).get("selected_option")
    return str(chosen.get("value")) if isinstance(chosen, Mapping) else ""


def commitment_post(commitment: Commitment) -> Message:
    """What both sides' channels read when a side has committed itself."""
    said = _("*{side} will do this by {day}:* {text}").format(
        side=_(commitment.side.label), day=day(commitment.due_on), text=escape(commitment.text)
    )
    after = _("After that day a pulse asks both sides whether it happened.")
    return message([section(said), context(_signed(commitment, after))])


def withdrawn_post(commitment: Commitment) -> Message:
    """What both sides' channels read when a commitment is taken back."""
    said = _("*{side} has withdrawn its commitment:* {text}").format(
        side=_(commitment.side.label), text=escape(commitment.text)
    )
    return message([section(said)])


def _signed(commitment: Commitment, after: str) -> str:
    if not commitment.by:
        return after
    return _("Written by {name}. {after}").format(name=escape(commitment.by), after=after)


def commitment_line(commitment: Commitment, today: date) -> str:
    """Where a commitment stands, in one sentence of mrkdwn."""
    sentences = {
        CommitmentState.OPEN: _("{side} will do this by {day}: {text}"),
        CommitmentState.DUE: _("{side} said by {day}: {text} The next pulse asks whether it happened."),
        CommitmentState.ASKED: _("{side} said by {day}: {text} The open pulse asks whether it happened."),
        CommitmentState.ANSWERED: _("{side} said by {day}: {text} Both sides were asked on {answered}."),
        CommitmentState.WITHDRAWN: _("{side} said by {day}: {text} It was withdrawn on {withdrawn}."),
        CommitmentState.NEVER_ASKED: _("{side} said by {day}: {text} No pulse came to ask about it."),
    }
    return sentences[commitment.state(today)].format(
        side=_(commitment.side.label),
        day=day(commitment.due_on),
        text=_sentence(escape(commitment.text)),
        answered=day(commitment.answered_on) if commitment.answered_on else "",
        withdrawn=day(commitment.withdrawn_on) if commitment.withdrawn_on else "",
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def withdraw_commitment_button(commitment: Commitment) -> Element:
    """Takes a commitment back, after a question."""
    ask = confirm(
        _("Withdraw this commitment?"),
        _("Both channels are told that it is withdrawn. No pulse asks about it."),
        _("Withdraw"),
        _("Keep it"),
    )
    return button(_("Withdraw"), WITHDRAW, value=str(commitment.id), confirm=ask)
