"""What is tapped: the first question in the poll, the others in the card that one person alone sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pulse.core.cards import PollCard
from pulse.core.model import Item, Side
from pulse.views.message import Message
from pulse.views.poll import poll_message
from pulse.views.private_card import PrivateCard, private_card

CLOSES_AT = datetime(2030, 1, 1, tzinfo=UTC)


def questions(wave_id: str, items: Sequence[Item]) -> list[dict[str, Any]]:
    """For each question the buttons of its answers, and the message that Slack sends back with a tap on one.

    A card is not in its own payload, so its `message` is None.
    """
    card = PollCard(
        wave_id=wave_id,
        side=Side.MARKETING,
        items=tuple(items),
        closes_at=CLOSES_AT,
        roster=5000,
        answered=None,
    )
    poll = poll_message(card)
    first = {"message": {"text": poll.text, "blocks": poll.blocks}, "buttons": _answers(poll, items[0])}
    return [first, *(_in_card(wave_id, items, place) for place in range(1, len(items)))]


def _in_card(wave_id: str, items: Sequence[Item], place: int) -> dict[str, Any]:
    """The question at `place`, asked by the card after the earlier answers."""
    card = PrivateCard(
        wave_id=wave_id,
        side=Side.MARKETING,
        items=tuple(items),
        answers={item.id: frozenset({item.options[0].key}) for item in items[:place]},
        closes_at=CLOSES_AT,
        saved=items[place - 1].id,
        asks=items[place].id,
    )
    return {"message": None, "buttons": _answers(private_card(card), items[place])}


def _answers(message: Message, item: Item) -> list[dict[str, Any]]:
    """The buttons of one question, each with its block."""
    return [
        {"block_id": block["block_id"], "action_id": element["action_id"], "value": element["value"]}
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"].startswith("answer:") and element["value"].split(":")[1] == item.id
    ]
