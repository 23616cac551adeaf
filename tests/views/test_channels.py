"""What channels are told about the set-up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pulse.core.cards import ChannelsCard
from pulse.core.model import Side
from pulse.core.records import ReadersRule
from pulse.views.channels import channels_message
from rehearsal.blockkit import message_problems
from tests.golden import golden

FIRST = ChannelsCard(
    channel="C1",
    side=Side.MARKETING,
    used=True,
    channels={Side.MARKETING: ("C1",), Side.IT: ("C2", "C3")},
    schedule="Every Tuesday at 09:00 (Europe/Berlin), open for 3 working days",
    opens_at=datetime(2026, 12, 1, 8, tzinfo=UTC),
    minimum=10,
    readers=ReadersRule.CHANNELS,
    first=True,
)
CHANGED = replace(FIRST, first=False)


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("channels_first", FIRST),
        ("channels_first_open", replace(FIRST, readers=ReadersRule.WORKSPACE, opens_at=None)),
        ("channels_asked", CHANGED),
        ("channels_results", replace(CHANGED, side=None)),
        ("channels_gone", replace(CHANGED, side=None, used=False)),
    ],
)
def test_the_post_reads_as_agreed_and_slack_takes_it(name: str, card: ChannelsCard) -> None:
    """What comes, when, who is asked and who reads; what changed for this channel."""
    said = channels_message(card)
    assert message_problems({"text": said.text, "blocks": said.blocks}) == []
    golden(name, {"text": said.text, "blocks": said.blocks})
