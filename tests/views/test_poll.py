"""The poll as each side reads it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pulse.core.cards import PollCard
from pulse.core.model import Option, Side
from pulse.views.poll import poll_message
from rehearsal.blockkit import message_problems
from tests.golden import golden
from tests.views.examples import AGREE, CLOSES, HOSTILE, T01, WAVE, an_item

CARD = PollCard(wave_id="7", side=Side.MARKETING, items=WAVE, closes_at=CLOSES, roster=14, answered=9)

VARIANTS = {
    "poll_marketing": CARD,
    "poll_it": replace(CARD, side=Side.IT, roster=12),
    "poll_few": replace(CARD, answered=3),
    "poll_closed": replace(CARD, closed=True),
    "poll_closed_few": replace(CARD, closed=True, answered=None),
    "poll_hostile": replace(CARD, items=(HOSTILE,)),
}


def buttons(card: PollCard) -> list[dict[str, Any]]:
    rows = [block for block in poll_message(card).blocks if block["type"] == "actions"]
    return [element for row in rows for element in row["elements"]]


def words(card: PollCard) -> str:
    message = poll_message(card)
    return f"{message.text} {message.blocks}"


@pytest.mark.parametrize("name", VARIANTS)
def test_a_poll_reads_as_agreed_and_slack_takes_it(name: str) -> None:
    """Each variant is what was read and kept, and within Slack's limits."""
    message = poll_message(VARIANTS[name])
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    golden(name, message)


def test_one_tap_carries_the_wave_the_item_and_the_option_and_no_person() -> None:
    """The button's value is what the tap means, and its block says which poll it belongs to."""
    row = poll_message(replace(CARD, items=(T01,))).blocks[2]
    assert row["block_id"] == "poll:7:T01"
    assert [(each["action_id"], each["value"]) for each in row["elements"]] == [
        (f"answer:{option.key}", f"7:T01:{option.key}") for option in AGREE
    ]


@pytest.mark.parametrize("answered", [None, 0, 1, 2, 3, 4])
def test_under_five_answers_no_number_of_them_is_shown(answered: int | None) -> None:
    """Whatever the count is, the poll reads the same until five have answered."""
    assert words(replace(CARD, answered=answered)) == words(replace(CARD, answered=None))
    assert "Fewer than 5 of 14 have answered so far." in words(replace(CARD, answered=answered))
    assert words(replace(CARD, closed=True, answered=answered)) == words(
        replace(CARD, closed=True, answered=None)
    )


def test_from_the_minimum_on_the_count_is_shown() -> None:
    """A raised minimum hides more; from it on, the poll says how many of how many."""
    assert "9 of 14 have answered so far." in words(replace(CARD, minimum=9))
    assert "Fewer than 10 of 14 have answered so far." in words(replace(CARD, minimum=10))
    assert "Fewer than 5 people have answered so far." in words(replace(CARD, roster=3, answered=3))


def test_the_text_alone_holds_the_question_that_the_poll_shows() -> None:
    """Somebody who hears only the text knows what is asked, how to answer it and that there is more."""
    text = poll_message(CARD).text
    heard = [
        WAVE[0].wordings[Side.MARKETING],
        *(option.label for option in WAVE[0].options),
        "Four questions",
    ]
    assert [words for words in heard if words not in text] == []


def test_a_poll_shows_one_question_and_says_how_to_answer_all() -> None:
    """However many a wave asks, the poll has the buttons of the first, and one for the form with all."""
    for count in (1, 2, 3, 4):
        rows = [b for b in poll_message(replace(CARD, items=WAVE[:count])).blocks if b["type"] == "actions"]
        assert [len(row["elements"]) for row in rows] == [len(AGREE), 2]
    faces = [each["text"]["text"] for each in buttons(CARD)]
    assert faces[-2:] == ["Answer all four", "Who sees this?"]


def test_a_screen_reader_hears_the_whole_answer_and_its_question() -> None:
    """A button whose face is short speaks its full label; if both are too long, the label alone."""
    long = "A label that says at length what it means and leaves nothing out of it at all"[:70]
    item = an_item(
        "X02", "M", "I", (Option("a", "Neither agree nor disagree", "Neither"), Option("b", long, "Long"))
    )
    spoken = [each["accessibility_label"] for each in buttons(replace(CARD, items=(item,)))[:2]]
    assert spoken == ["Question 1: Neither agree nor disagree", long]


def test_a_closed_poll_offers_nothing_to_press() -> None:
    """After the close the questions stay and the buttons are gone."""
    closed = replace(CARD, closed=True)
    assert buttons(closed) == []
    assert [item.id for item in WAVE if item.wordings[Side.MARKETING] not in words(closed)] == []


def test_what_a_company_writes_into_its_own_items_stays_text() -> None:
    """A wording cannot ping a channel or smuggle a link, neither in the blocks nor in the text."""
    said = words(VARIANTS["poll_hostile"]) + words(replace(VARIANTS["poll_hostile"], closed=True))
    assert re.findall(r"<(?!!date)", said) == []


def test_only_a_multiple_choice_is_explained() -> None:
    """Toggling is explained where several answers may be tapped, and nowhere else."""
    hint = "You can tap more than one."
    assert [item.id for item in WAVE if hint in words(replace(CARD, items=(item,)))] == ["L03"]
