"""Commitments as they are written and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pulse.core.commitments import Commitment
from pulse.core.errors import FormNotUnderstood
from pulse.core.model import Side
from pulse.views.commitments import (
    commitment_form,
    commitment_line,
    commitment_post,
    parse_commitment,
    withdraw_commitment_button,
    withdrawn_post,
)
from rehearsal.blockkit import message_problems, view_problems
from tests.golden import golden

TODAY = date(2026, 11, 27)
ONE = Commitment(
    id=3, side=Side.IT, text="Answer within <two> days", made_on=date(2026, 11, 1), due_on=date(2026, 12, 1)
)
NAMED = replace(ONE, by="Ines *K*")
STATE = {
    "side": {"selected_option": {"value": "it"}},
    "text": {"value": "Answer within two days"},
    "due_on": {"selected_date": "2026-12-01"},
    "named": {"selected_options": []},
}


def sent(**changed: object) -> dict[str, Any]:
    return {"values": {name: {"field": field} for name, field in {**STATE, **changed}.items()}}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("commitment_post", commitment_post(ONE)),
        ("commitment_post_named", commitment_post(NAMED)),
        ("commitment_withdrawn", withdrawn_post(ONE)),
    ],
)
def test_a_post_reads_as_agreed_and_slack_takes_it(name: str, made: Any) -> None:
    """Each post is what was read and kept, and within Slack's limits."""
    assert message_problems({"text": made.text, "blocks": made.blocks}) == []
    golden(name, made)


def test_the_form_reads_as_agreed_and_slack_takes_it() -> None:
    """The form is what was read and kept, and within Slack's limits."""
    view = commitment_form()
    assert view_problems(view) == []
    golden("commitment_form", view)


def test_only_the_writer_is_named_and_only_on_request() -> None:
    """No name unless its writer ticks the box, and never a mention that pings somebody."""
    assert parse_commitment(sent(), "Ines").by == ""
    ticked = sent(named={"selected_options": [{"value": "named"}]})
    assert parse_commitment(ticked, "Ines").by == "Ines"
    for made in (commitment_post(NAMED), withdrawn_post(NAMED)):
        assert "<@" not in str(made)


@pytest.mark.parametrize(
    "changed",
    [
        {"side": {"selected_option": {"value": "finance"}}},
        {"side": {"selected_option": None}},
        {"due_on": {"selected_date": None}},
        {"due_on": {"selected_date": "soon"}},
        {"text": None},
    ],
)
def test_a_form_that_cannot_have_been_sent_is_refused(changed: dict[str, object]) -> None:
    """Nothing is guessed into a commitment."""
    with pytest.raises(FormNotUnderstood):
        parse_commitment(sent(**changed), "Ines")


@pytest.mark.parametrize(
    ("commitment", "today", "says"),
    [
        (ONE, TODAY, "IT will do this by 1 December 2026: Answer within"),
        (ONE, date(2026, 12, 2), "The next pulse asks whether it happened."),
        (replace(ONE, asked_in=1), date(2026, 12, 2), "The open pulse asks whether it happened."),
        (replace(ONE, answered_on=date(2026, 12, 9)), TODAY, "Both sides were asked on 9 December 2026."),
        (replace(ONE, withdrawn_on=TODAY), TODAY, "It was withdrawn on 27 November 2026."),
        (ONE, date(2027, 6, 1), "No pulse came to ask about it."),
    ],
)
def test_each_state_has_its_sentence(commitment: Commitment, today: date, says: str) -> None:
    """Open, due, asked, answered, withdrawn and never asked read differently, and typed text is escaped."""
    line = commitment_line(commitment, today)
    assert says in line
    assert "<two>" not in line


def test_withdrawing_asks_first() -> None:
    """The button names the commitment and explains what happens."""
    found = withdraw_commitment_button(ONE)
    assert found["value"] == "3"
    assert "No pulse asks about it" in found["confirm"]["text"]["text"]
