"""What a view makes: plain Block Kit and the text that stands for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Block = dict[str, Any]
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """Blocks and their whole text: screen readers and notifications read the text instead of the blocks."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def escape(typed: str) -> str:
    """Escapes what a person typed, as Slack asks for in mrkdwn: `&`, `<` and `>`.

    >>> escape("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_view(title: str, message: Message, close: str) -> View:
    """A modal that only says what the message says, without buttons. `title` has at most 24 characters."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": close},
        "blocks": [block for block in message.blocks if block["type"] != "actions"],
    }
