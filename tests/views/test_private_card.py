"""The private card after a tap: what was saved, and what is asked next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulse.core.model import Side
from pulse.views.private_card import (
    NEXT,
    PrivateCard,
    card_of_closed,
    is_card,
    next_question,
    private_card,
    saved_again,
    saved_in_form,
)
from rehearsal.blockkit import message_problems
from tests.golden import golden
from tests.views.examples import CLOSES, HOSTILE, WAVE

ONE = {"T01": frozenset({"4"})}
ALL = {**ONE, "A02": frozenset({"about_right"}), "G01": frozenset({"2"}), "L03": frozenset({"it", "ceo"})}
CARD = PrivateCard(
    wave_id="7", side=Side.MARKETING, items=WAVE, answers=ONE, closes_at=CLOSES, saved="T01", asks="A02"
)

VARIANTS = {
    "card_first": CARD,
    "card_both_sides": replace(CARD, side_told=True),
    "card_several": replace(CARD, answers=ALL, saved="L03", asks="L03"),
    "card_done": replace(CARD, answers=ALL, saved="L03", asks=""),
    "card_taken_back": replace(CARD, answers={}, saved="L03", asks="L03"),
    "card_late": replace(CARD, saved="", asks="A02"),
    "card_hostile": replace(CARD, items=(HOSTILE,), answers={}, saved="", asks="X01"),
}


SAVED = {
    "card_form_all": replace(CARD, answers=ALL, saved="", asks=""),
    "card_form_some": replace(CARD, answers=ONE, saved="", asks="A02"),
    "card_form_none": replace(CARD, answers={}, saved="", asks="T01"),
}


def faces(card: PrivateCard) -> list[dict[str, Any]]:
    rows = [block for block in private_card(card).blocks if block["type"] == "actions"]
    return [element for row in rows for element in row["elements"]]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_card_reads_as_agreed_and_slack_takes_it(name: str) -> None:
    """Each variant is what was read and kept, and within Slack's limits."""
    message = private_card(VARIANTS[name])
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    golden(name, message)


@pytest.mark.parametrize("name", SAVED)
def test_the_form_says_what_it_saved(name: str) -> None:
    """All, some or none of the questions, each with its answer, in the window of the form."""
    message = saved_in_form(SAVED[name])
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    golden(name, message)


@pytest.mark.parametrize("card", VARIANTS.values())
def test_a_card_says_who_sees_it_and_until_when_it_can_be_changed(card: PrivateCard) -> None:
    """Nobody wonders who can read it or whether it is final."""
    assert "Only you see this; you can change it until <!date^" in private_card(card).text


def test_only_what_is_saved_can_be_withdrawn() -> None:
    """Without an answer there is nothing to withdraw."""
    assert "withdraw" in [each["action_id"] for each in faces(CARD)]
    assert "withdraw" not in [each["action_id"] for each in faces(VARIANTS["card_taken_back"])]


def test_a_card_is_known_by_the_block_of_its_buttons() -> None:
    """A withdrawal in a card is confirmed in the card; one from elsewhere is not."""
    rows = [block for block in private_card(CARD).blocks if block["type"] == "actions"]
    assert [is_card(row["block_id"]) for row in rows] == [False, True]


def test_an_answer_saved_just_before_the_close_is_confirmed_after_it() -> None:
    """The card comes late: it says that the answer counts, and asks nothing any more."""
    message = card_of_closed()
    assert message.text.startswith("✓ Saved in time.")
    assert [block for block in message.blocks if block["type"] == "actions"] == []


def test_the_next_question_is_the_first_one_without_an_answer_after_the_last_tap() -> None:
    """Nobody is asked again what they have said; whoever began in the middle comes back to the first."""
    assert next_question(WAVE, ONE, "T01") == "A02"
    assert next_question(WAVE, {**ONE, "A02": frozenset({"too_much"})}, "T01") == "G01"
    assert next_question(WAVE, {"G01": frozenset({"1"}), "L03": frozenset({"it"})}, "G01") == "T01"
    assert next_question(WAVE, ALL, "G01") == ""
    assert next_question(WAVE, {}, "") == "T01"


def test_a_multiple_choice_is_asked_until_its_reader_moves_on() -> None:
    """One tap of several keeps the question on the card, with a button that leads on."""
    some = {"L03": frozenset({"it"})}
    assert next_question(WAVE, some, "L03") == "L03"
    assert next_question(WAVE, some, "L03", moved_on=True) == "T01"
    assert NEXT in [each["action_id"] for each in faces(VARIANTS["card_several"])]
    assert NEXT not in [each["action_id"] for each in faces(CARD)]


def test_a_further_tap_on_the_poll_gets_one_line() -> None:
    """A second card would pile up at the end of the channel: the line names what was saved."""
    (line,) = saved_again(CARD).blocks
    assert line["type"] == "context"
    assert line["elements"][0]["text"] == "✓ Question 1 saved: *Agree*. Only you see this."


def test_the_card_names_nobody_and_no_count_of_others() -> None:
    """A private card is about its reader alone: no turnout and no person is in it."""
    for card in VARIANTS.values():
        said = str(private_card(card))
        assert "<@" not in said
        assert "have answered" not in said
