"""The form that shows all questions of a wave with what its reader has answered so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pulse.core.errors import FormNotUnderstood
from pulse.core.language import _
from pulse.core.model import Format, Item, Side
from pulse.core.records import wave_token
from pulse.views.blocks import Element, context, option, plain, section
from pulse.views.message import Block, View

CALLBACK = "answer"
CHOICE = "choice"
BLOCK = "item:"


def answer_view(
    wave_id: str,
    side: Side,
    items: tuple[Item, ...],
    answers: Mapping[str, frozenset[str]],
    channel: str = "",
) -> View:
    """The modal; `answers` has the options chosen so far, by item id, `channel` is where it was requested."""
    intro = _("You answer for *{side}*. Leave out what you would rather not answer.").format(
        side=_(side.label)
    )
    kept = _(
        "Confidential until the pulse closes, anonymous after it: then only totals are kept. "
        "Until then you can change or withdraw your answers."
    )
    questions = [_question(item, side, answers.get(item.id, frozenset())) for item in items]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": json.dumps({"wave": wave_id, "channel": channel}),
        "title": plain(_("Your answers")),
        "submit": plain(_("Save")),
        "close": plain(_("Cancel")),
        "blocks": [section(intro), *questions, context(kept)],
    }


def parse_answer(view_state: object) -> dict[str, frozenset[str]]:
    """The options chosen by item id, from a submission's `state`: an empty set if nothing is chosen.

    The use case checks that the wave has such items and options. Raises FormNotUnderstood for a state that
    this form cannot have sent.
    """
    values = view_state.get("values") if isinstance(view_state, Mapping) else None
    if not isinstance(values, Mapping):
        raise FormNotUnderstood
    return dict(_parse_block(block_id, fields) for block_id, fields in values.items())


def parse_wave(private_metadata: object) -> str:
    """The token of the wave that the form was opened for. Raises FormNotUnderstood."""
    token = wave_token(str(_origin(private_metadata).get("wave")))
    if token is None:
        raise FormNotUnderstood
    return token


def parse_channel(private_metadata: object) -> str:
    """The channel in which the form was requested, "" if it was none. Raises FormNotUnderstood."""
    channel = _origin(private_metadata).get("channel", "")
    if not isinstance(channel, str):
        raise FormNotUnderstood
    return channel


def _origin(private_metadata: object) -> dict[str, Any]:
    try:
        origin = json.loads(str(private_metadata))
    except ValueError as fault:
        raise FormNotUnderstood from fault
    if not isinstance(origin, dict):
        raise FormNotUnderstood
    return origin


def _question(item: Item, side: Side, chosen: frozenset[str]) -> Block:
    several = item.format is Format.MULTI
    element: Element = {
        "type": "checkboxes" if several else "radio_buttons",
        "action_id": CHOICE,
        "options": [option(_(each.label), each.key) for each in item.options],
    }
    before = [each for each in element["options"] if each["value"] in chosen]
    if before and several:
        element["initial_options"] = before
    elif before:
        element["initial_option"] = before[0]
    return {
        "type": "input",
        "block_id": f"{BLOCK}{item.id}",
        "optional": True,
        "label": plain(_(item.wordings[side])),
        "element": element,
    }


def _parse_block(block_id: object, fields: object) -> tuple[str, frozenset[str]]:
    if not isinstance(block_id, str) or not block_id.startswith(BLOCK) or not isinstance(fields, Mapping):
        raise FormNotUnderstood
    field = fields.get(CHOICE)
    if len(fields) != 1 or not isinstance(field, Mapping):
        raise FormNotUnderstood
    return block_id.removeprefix(BLOCK), frozenset(_chosen(field))


def _chosen(field: Mapping[str, Any]) -> list[str]:
    if field.get("type") == "radio_buttons":
        one = field.get("selected_option")
        options: Any = [] if one is None else [one]
    elif field.get("type") == "checkboxes":
        options = field.get("selected_options")
    else:
        raise FormNotUnderstood
    if not isinstance(options, list):
        raise FormNotUnderstood
    return [_value(each) for each in options]


def _value(chosen: object) -> str:
    value = chosen.get("value") if isinstance(chosen, Mapping) else None
    if not isinstance(value, str):
        raise FormNotUnderstood
    return value
