"""The reminder that somebody without an answer gets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pulse.core.cards import ReminderCard
from pulse.core.model import Side
from pulse.views.reminder import reminder_message, settled_message
from rehearsal.blockkit import message_problems
from tests.golden import golden
from tests.views.examples import HOSTILE, WAVE

CLOSES = datetime(2026, 3, 6, 9, tzinfo=UTC)
CHANNELS = ("C1", "C2")


@pytest.mark.parametrize(
    ("name", "card"),
    [
        (
            "reminder",
            ReminderCard(wave_id="7", side=Side.IT, items=WAVE, closes_at=CLOSES, channels=CHANNELS),
        ),
        (
            "reminder_unwanted",
            ReminderCard(
                wave_id="7",
                side=Side.MARKETING,
                items=WAVE,
                closes_at=CLOSES,
                channels=CHANNELS,
                wanted=False,
            ),
        ),
        (
            "reminder_both_sides",
            ReminderCard(wave_id="7", side=None, items=WAVE, closes_at=CLOSES, channels=CHANNELS),
        ),
        (
            "reminder_hostile",
            ReminderCard(wave_id="7", side=Side.IT, items=(HOSTILE,), closes_at=CLOSES, channels=CHANNELS),
        ),
    ],
)
def test_the_reminder_reads_as_agreed_and_slack_takes_it(name: str, card: ReminderCard) -> None:
    """The message is what was read and kept, and within Slack's limits."""
    message = reminder_message(card)
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    golden(name, {"text": message.text, "blocks": message.blocks})


@pytest.mark.parametrize("wanted", [True, False])
def test_a_reminder_of_a_closed_pulse_says_only_what_was_wished(wanted: bool) -> None:
    """It has the switch, and no questions."""
    message = settled_message(wanted=wanted)
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    assert ("no more" in message.text) is not wanted
    assert [block["type"] for block in message.blocks] == ["section", "actions"]
