"""Questions that a company writes in Slack."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.core.model import Direction, Format, Side
from pulse.core.own_questions import QuestionDraft, faults, next_id, own_item
from tests.core.bank import CALM

AGREE = QuestionDraft(
    dimension="trust",
    format=Format.AGREE5,
    marketing="IT tells us early when a date slips.",
    it="Marketing tells us early when a date slips.",
)
CHOICE = replace(
    AGREE,
    format=Format.CHOICE,
    options=("Every day", "Every week", "Less often", "Cannot say"),
    reported=("Every day", "Every week"),
)


def test_a_draft_becomes_an_item_of_the_bank() -> None:
    """Wordings, answers and what is reported are those of the form; it is the company's own."""
    item = own_item(CHOICE.row("X01"))
    assert item.own
    assert item.wordings == {Side.MARKETING: CHOICE.marketing, Side.IT: CHOICE.it}
    assert [(option.label, option.counted) for option in item.options] == [
        ("Every day", True),
        ("Every week", True),
        ("Less often", True),
        ("Cannot say", False),
    ]
    assert item.measures[0].options == {"every_day", "every_week"}


@pytest.mark.parametrize("draft", [AGREE, CHOICE, replace(AGREE, direction=Direction.NEGATIVE)])
def test_an_item_gives_back_its_draft(draft: QuestionDraft) -> None:
    """Opening the form again shows what was written."""
    assert own_item(QuestionDraft.of(own_item(draft.row("X01"))).row("X01")) == own_item(draft.row("X01"))
    assert QuestionDraft.of(own_item(draft.row("X01"))) == draft


def test_another_wording_or_answer_is_another_series() -> None:
    """Nothing is compared across a change of words."""
    before = own_item(CHOICE.row("X01")).series
    for changed in (replace(CHOICE, it="Other words."), replace(CHOICE, options=(*CHOICE.options, "Never"))):
        assert own_item(changed.row("X01")).series != before
    assert own_item(replace(CHOICE, dimension="resources").row("X01")).series == before


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(AGREE, marketing=""), "marketing"),
        (replace(AGREE, it="x" * 301), "it"),
        (replace(CHOICE, options=("Only one",), reported=()), "options"),
        (replace(CHOICE, options=(), reported=()), "options"),
        (replace(CHOICE, options=("Yes", "Yes"), reported=()), "options"),
        (replace(CHOICE, options=("Yes / no", "Maybe"), reported=()), "options"),
        (replace(CHOICE, options=("x" * 76, "No"), reported=()), "options"),
        (replace(CHOICE, reported=("Never",)), "reported"),
        (replace(CHOICE, reported=("Cannot say",)), "reported"),
    ],
)
def test_a_fault_is_told_at_its_field(draft: QuestionDraft, field: str) -> None:
    """What cannot be asked says why, where it was typed."""
    found = faults(draft)
    assert list(found) == [field]
    assert found[field]


def test_a_sound_draft_has_no_fault() -> None:
    """Both kinds of questions pass."""
    assert faults(AGREE) == faults(CHOICE) == {}


WORDS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=90)


@CALM
@given(
    form=st.sampled_from(Format),
    marketing=WORDS,
    it=WORDS,
    options=st.lists(WORDS, max_size=12),
    reported=st.lists(WORDS, max_size=3),
)
def test_whatever_is_typed_is_a_question_or_a_fault_with_a_field(
    form: Format, marketing: str, it: str, options: list[str], reported: list[str]
) -> None:
    """No text makes the reading fail."""
    draft = QuestionDraft(
        dimension="trust",
        format=form,
        marketing=marketing,
        it=it,
        options=tuple(options),
        reported=tuple(reported),
    )
    found = faults(draft)
    assert found or own_item(draft.row("X01")).own
    assert set(found) <= {"marketing", "it", "options", "reported"}


def test_ids_are_given_in_turn() -> None:
    """A new question never takes the id of one that was there."""
    assert next_id([]) == "X01"
    assert next_id(["T01", "X01", "X99", "XYZ"]) == "X100"
