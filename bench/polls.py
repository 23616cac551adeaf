"""The poll whose buttons are tapped, as Slack sends it back with each tap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pulse.core.cards import PollCard
from pulse.core.model import Item, Side
from pulse.views.poll import poll_message


def poll(wave_id: str, items: Sequence[Item]) -> dict[str, Any]:
    """The message, and the values of its buttons by question."""
    card = PollCard(
        wave_id=wave_id,
        side=Side.MARKETING,
        items=tuple(items),
        closes_at=datetime(2030, 1, 1, tzinfo=UTC),
        roster=5000,
        answered=None,
    )
    message = poll_message(card)
    buttons = [
        [element["value"] for element in block["elements"]]
        for block in message.blocks
        if block["type"] == "actions" and str(block.get("block_id", "")).startswith("poll:")
    ]
    return {"message": {"text": message.text, "blocks": message.blocks}, "buttons": buttons}
