"""The form for all answers at once, and what comes back from it."""

from __future__ import annotations

from typing import Any

import pytest

from pulse.core.errors import FormNotUnderstood
from pulse.core.model import Side
from pulse.views.answer import answer_view, parse_answer, parse_wave
from rehearsal.blockkit import view_problems
from tests.golden import golden
from tests.views.examples import AGREE, HOSTILE, WAVE

ANSWERS = {"T01": frozenset({"4"}), "L03": frozenset({"it", "ceo"})}


def state(**blocks: Any) -> dict[str, Any]:
    return {"values": {f"item:{item}": {"choice": field} for item, field in blocks.items()}}


def radio(value: str | None) -> dict[str, Any]:
    return {"type": "radio_buttons", "selected_option": None if value is None else {"value": value}}


def options(*values: str) -> dict[str, Any]:
    return {"type": "checkboxes", "selected_options": [{"value": value} for value in values]}


@pytest.mark.parametrize(
    ("name", "items", "answers"),
    [("answer_first", WAVE, {}), ("answer_again", WAVE, ANSWERS), ("answer_hostile", (HOSTILE,), {})],
)
def test_the_form_reads_as_agreed_and_slack_takes_it(name: str, items: Any, answers: Any) -> None:
    """The form is what was read and kept, and within Slack's limits."""
    view = answer_view("7", Side.IT, items, answers)
    assert view_problems(view) == []
    golden(name, view)


def test_what_was_answered_is_chosen_when_the_form_opens() -> None:
    """One option for a single choice, each of them for a multiple choice, none if nothing was answered."""
    fields = [block["element"] for block in answer_view("7", Side.IT, WAVE, ANSWERS)["blocks"][1:-1]]
    assert fields[0]["initial_option"]["value"] == "4"
    assert [each["value"] for each in fields[3]["initial_options"]] == ["it", "ceo"]
    assert [key for field in fields[1:3] for key in field if key.startswith("initial")] == []


def test_an_answer_that_the_item_does_not_offer_is_not_preselected() -> None:
    """Slack refuses a form whose initial option is not among its options."""
    view = answer_view("7", Side.IT, WAVE, {"T01": frozenset({"9"})})
    assert "initial_option" not in view["blocks"][1]["element"]


def test_a_question_can_be_left_out() -> None:
    """No question must be answered."""
    questions = answer_view("7", Side.IT, WAVE, {})["blocks"][1:-1]
    assert [block["optional"] for block in questions] == [True] * len(WAVE)


def test_a_submission_gives_the_options_of_each_item() -> None:
    """An empty set says that nothing is chosen."""
    sent = state(T01=radio("4"), A02=radio(None), L03=options("it", "ceo"), G01=options())
    assert parse_answer(sent) == {
        "T01": frozenset({"4"}),
        "A02": frozenset(),
        "L03": frozenset({"it", "ceo"}),
        "G01": frozenset(),
    }


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"values": None},
        {"values": []},
        {"values": {"other": {"choice": radio("4")}}},
        {"values": {"item:T01": None}},
        {"values": {"item:T01": {}}},
        {"values": {"item:T01": {"other": radio("4")}}},
        {"values": {"item:T01": {"choice": radio("4"), "more": radio("4")}}},
        state(T01=None),
        state(T01={"type": "plain_text_input", "value": "4"}),
        state(T01={"type": "radio_buttons", "selected_option": "4"}),
        state(T01={"type": "radio_buttons", "selected_option": {"value": 4}}),
        state(T01={"type": "checkboxes", "selected_options": {"value": "4"}}),
        state(T01={"type": "checkboxes"}),
    ],
)
def test_a_state_that_the_form_cannot_send_is_refused(forged: Any) -> None:
    """A forged or mangled submission becomes a sentence, never a crash and never half an answer."""
    with pytest.raises(FormNotUnderstood, match="could not be read, and nothing was changed"):
        parse_answer(forged)


def test_the_form_remembers_its_wave() -> None:
    """What is submitted goes to the wave that the form was opened for."""
    token = "00c0ffee00c0ffee"
    assert parse_wave(answer_view(token, Side.IT, WAVE, {})["private_metadata"]) == token


def test_a_form_of_the_first_edition_names_its_wave_by_its_number() -> None:
    """A form that was open at the upgrade is taken: the token of such a wave is made of its number."""
    assert parse_wave('{"wave": 7, "channel": ""}') == "0000000000000007"


@pytest.mark.parametrize(
    "forged", ["", "7", "[]", "{}", '{"wave": "seven"}', '{"wave": true}', None, '{"wave": 7.5}']
)
def test_a_wave_that_has_no_token_is_refused(forged: Any) -> None:
    """Forged metadata becomes a sentence."""
    with pytest.raises(FormNotUnderstood):
        parse_wave(forged)


def test_the_labels_of_the_form_are_the_full_ones() -> None:
    """The form has room for the whole label, so it shows no shortened one."""
    options = answer_view("7", Side.IT, WAVE, {})["blocks"][1]["element"]["options"]
    assert [(each["text"]["text"], each["value"]) for each in options] == [
        (option.label, option.key) for option in AGREE
    ]
