"""The bank of questions in Slack."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pulse.core.cards import QuestionLine, QuestionsCard
from pulse.core.errors import FormNotUnderstood
from pulse.core.model import Format
from pulse.core.own_questions import QuestionDraft
from pulse.core.question_plan import Turn
from pulse.storage.library import load_library
from pulse.views.questions import (
    parse_question,
    question_form,
    questions_view,
)
from rehearsal.blockkit import view_problems
from tests.golden import golden
from tests.views.examples import HOSTILE, WAVE

CARD = QuestionsCard(
    lines=(
        QuestionLine(
            item=WAVE[0],
            turn=Turn.PINNED,
            figures=("62% of marketing leaders (Forbes Insights 2014)",),
            last_asked=date(2026, 11, 20),
        ),
        QuestionLine(item=WAVE[2], turn=Turn.ROTATING),
        QuestionLine(item=HOSTILE, turn=Turn.OFF),
    ),
    size=4,
)
DRAFT = QuestionDraft(
    dimension="resources",
    format=Format.CHOICE,
    marketing="How often do you meet IT?",
    it="How often do you meet marketing?",
    options=("Every day", "Every week", "Less often"),
    reported=("Every day",),
)


def state_of(view: dict[str, Any]) -> dict[str, Any]:
    """What Slack would send for a form as it opens."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            if element["type"] == "plain_text_input":
                field: dict[str, Any] = {"value": element.get("initial_value")}
            else:
                field = {"selected_option": element.get("initial_option")}
            values[block["block_id"]] = {element["action_id"]: field}
    return {"values": values}


def menus(card: QuestionsCard) -> list[list[str]]:
    blocks = questions_view(card)["blocks"]
    accessories = [block["accessory"] for block in blocks if "accessory" in block]
    return [[choice["value"] for choice in menu["options"]] for menu in accessories]


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("questions", questions_view(CARD)),
        ("question_new", question_form()),
        ("question_changed", question_form(DRAFT, item_id="X01")),
        ("question_faults", question_form(DRAFT, errors={"options": "each answer needs a text."})),
    ],
)
def test_a_view_reads_as_agreed_and_slack_takes_it(name: str, view: dict[str, Any]) -> None:
    """Each view is what was read and kept, and within Slack's limits."""
    assert view_problems(view) == []
    golden(name, view)


def test_each_question_offers_what_it_is_not_yet() -> None:
    """A menu has the two other turns; the words of a shipped question cannot be changed."""
    assert menus(CARD) == [
        ["rotating:T01", "off:T01"],
        ["pinned:G01", "off:G01"],
        ["pinned:X01", "rotating:X01", "edit:X01"],
    ]


def test_the_whole_bank_fits_and_a_larger_one_says_what_is_left_out() -> None:
    """All shipped questions are in one modal, by topic; Slack takes 100 blocks."""
    shipped = tuple(QuestionLine(item=item, turn=Turn.ROTATING) for item in load_library(None).bank)
    whole = questions_view(QuestionsCard(lines=shipped, size=4))
    assert len(menus(QuestionsCard(lines=shipped, size=4))) == len(shipped)
    assert view_problems(whole) == []
    many = tuple(replace(line, item=replace(line.item, id=f"X{n}")) for n in range(6) for line in shipped)
    crowded = questions_view(QuestionsCard(lines=many, size=4))
    assert len(crowded["blocks"]) == 100
    assert "do not fit here" in str(crowded["blocks"][-1])
    assert view_problems(crowded) == []


def test_the_form_gives_back_what_was_written() -> None:
    """A draft that is opened and saved unchanged is the same draft."""
    assert parse_question(state_of(question_form(DRAFT))) == DRAFT


def test_options_are_read_for_questions_that_have_them_only() -> None:
    """Answers left in the form of an agree question are no answers of it."""
    state = state_of(question_form(DRAFT))
    state["values"]["format"]["field"]["selected_option"] = {"value": "agree5"}
    assert parse_question(state).options == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("marketing", {"value": 7}),
        ("options", {"value": ["x"]}),
        ("dimension", {"selected_option": {"value": "love"}}),
        ("format", {"selected_option": None}),
        ("direction", {"selected_option": {"value": "choice"}}),
        ("it", None),
    ],
)
def test_a_form_that_cannot_have_been_sent_is_refused(field: str, value: object) -> None:
    """Nothing is guessed into a question."""
    state = state_of(question_form(DRAFT))
    state["values"][field] = {"field": value}
    with pytest.raises(FormNotUnderstood):
        parse_question(state)
    with pytest.raises(FormNotUnderstood):
        parse_question({})


def test_what_a_company_writes_stays_text() -> None:
    """A wording cannot ping a channel from the list of questions."""
    assert "<!channel>" not in str(questions_view(CARD))
