"""The few Block Kit pieces that the views are made of.

A text of `section` and `context` is mrkdwn: `escape` what a person typed first. A text of
`header`, `button` and `input_block` is plain: Slack shows it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pulse.core.language import _
from pulse.views.message import Block, Message, escape

Element = dict[str, Any]


def plain(text: str) -> Element:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Element:
    return {"type": "mrkdwn", "text": text}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text)}


def section(text: str, accessory: Element | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory is not None:
        block["accessory"] = accessory
    return block


def context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def divider() -> Block:
    return {"type": "divider"}


def actions(elements: Sequence[Element], block_id: str | None = None) -> Block:
    block: Block = {"type": "actions", "elements": list(elements)}
    if block_id is not None:
        block["block_id"] = block_id
    return block


def button(
    text: str,
    action_id: str,
    *,
    value: str | None = None,
    spoken: str | None = None,
    style: str | None = None,
    confirm: Element | None = None,
) -> Element:
    """A button; `spoken` is what a screen reader says in place of `text` (at most 75 characters)."""
    element: Element = {"type": "button", "text": plain(text), "action_id": action_id}
    parts = {"value": value, "accessibility_label": spoken, "style": style, "confirm": confirm}
    element.update({name: part for name, part in parts.items() if part is not None})
    return element


def confirm(title: str, text: str, yes: str, no: str) -> Element:
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(no)}


def option(text: str, value: str) -> Element:
    return {"text": plain(text), "value": value}


def moment(when: datetime) -> str:
    """A time that Slack shows in the reader's own zone; elsewhere it reads as UTC."""
    fallback = when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    shape = _("{date} at {time}").format(date="{date_short_pretty}", time="{time}")
    return f"<!date^{int(when.timestamp())}^{shape}|{fallback}>"


def message(blocks: list[Block]) -> Message:
    """A message whose text is the words of its blocks, in their order."""
    return Message(text="\n".join(line for block in blocks for line in _words(block)), blocks=blocks)


def _words(block: Block) -> list[str]:
    if block["type"] == "header":
        return [escape(block["text"]["text"])]
    if block["type"] == "section":
        return [block["text"]["text"]]
    if block["type"] == "context":
        return [element["text"] for element in block["elements"]]
    return []
