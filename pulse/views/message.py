"""What a view makes: plain Block Kit and its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from pulse.core.marked import Marked

Block = dict[str, Any]
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """Blocks and their whole text: screen readers and notifications read the text instead of the blocks."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def pictures_of(message: Message) -> frozenset[str]:
    """The ids of the files that a message shows."""
    files = (block.get("slack_file", {}).get("id") for block in message.blocks)
    return frozenset(file for file in files if file)


def has_pictures(message: Message) -> bool:
    return any(block["type"] == "image" for block in message.blocks)


def without_pictures(message: Message) -> Message:
    """The message without its pictures; its words say all that they show."""
    return Message(message.text, [block for block in message.blocks if block["type"] != "image"])


def escape(typed: str) -> str:
    """Escapes what a person typed, as Slack asks for in mrkdwn: `&`, `<` and `>`.

    >>> escape("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(said: Marked) -> str:
    """The text escaped, with its bold words between `*`.

    >>> from pulse.core.marked import marked
    >>> mrkdwn(marked("*below* {whose}", whose="R&D's 5%"))
    "*below* R&amp;D's 5%"
    """
    runs = (
        (bold, "".join(text for text, _bold in run)) for bold, run in groupby(said.pieces, lambda p: p[1])
    )
    return "".join(f"*{escape(text)}*" if bold else escape(text) for bold, text in runs)


def as_view(title: str, message: Message, close: str) -> View:
    """The message as a modal, without its buttons. `title` has at most 24 characters."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": close},
        "blocks": [block for block in message.blocks if block["type"] != "actions"],
    }
