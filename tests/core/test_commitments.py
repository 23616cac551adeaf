"""What a side commits itself to, and the state of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.core.commitments import (
    Commitment,
    CommitmentDraft,
    CommitmentState,
    check_draft,
    commitment_item,
    due_commitment,
)
from pulse.core.errors import BadRequest, NotNow
from pulse.core.model import Side

TODAY = date(2026, 11, 27)
ONE = Commitment(
    id=3, side=Side.IT, text="Answer within two days", made_on=date(2026, 11, 1), due_on=date(2026, 12, 1)
)
DRAFT = CommitmentDraft(side=Side.IT, text="  Answer  within two days ", due_on=date(2026, 12, 1))


@pytest.mark.parametrize(
    ("commitment", "today", "state"),
    [
        (ONE, date(2026, 12, 1), CommitmentState.OPEN),
        (ONE, date(2026, 12, 2), CommitmentState.DUE),
        (replace(ONE, asked_in=9), date(2026, 12, 2), CommitmentState.ASKED),
        (replace(ONE, asked_in=9, answered_on=date(2026, 12, 9)), TODAY, CommitmentState.ANSWERED),
        (replace(ONE, withdrawn_on=TODAY), date(2026, 12, 2), CommitmentState.WITHDRAWN),
        (ONE, date(2027, 3, 2), CommitmentState.DUE),
        (ONE, date(2027, 3, 3), CommitmentState.NEVER_ASKED),
    ],
)
def test_a_commitment_stands_somewhere_on_each_day(
    commitment: Commitment, today: date, state: CommitmentState
) -> None:
    """Open until its day, due after it, and never asked if a quarter goes by without a pulse."""
    assert commitment.state(today) is state


def test_a_side_has_one_open_commitment_at_most() -> None:
    """A second one is refused until the first has been asked about or withdrawn; the other side is free."""
    with pytest.raises(NotNow, match="IT has an open commitment already"):
        check_draft(DRAFT, [ONE], TODAY)
    assert check_draft(replace(DRAFT, side=Side.MARKETING), [ONE], TODAY).side is Side.MARKETING
    for ended in (replace(ONE, withdrawn_on=TODAY), replace(ONE, asked_in=9, answered_on=TODAY)):
        assert check_draft(DRAFT, [ended], TODAY).text == "Answer within two days"
    never_asked = replace(ONE, due_on=TODAY - timedelta(weeks=14))
    assert check_draft(DRAFT, [never_asked], TODAY).text == "Answer within two days"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"text": "   "}, "Please say what"),
        ({"text": "x" * 161}, "at most 160 characters; this one has 161"),
        ({"due_on": TODAY}, "a day after today"),
        ({"due_on": TODAY + timedelta(days=367)}, "within a year"),
    ],
)
def test_a_draft_that_cannot_be_says_why(changed: dict[str, object], says: str) -> None:
    """Nothing is posted that nobody can keep or read."""
    with pytest.raises(BadRequest, match=says):
        check_draft(replace(DRAFT, **changed), [], TODAY)


def test_signs_that_nobody_sees_are_left_out() -> None:
    """Signs that reverse the words after them, or are not text at all, do not reach the channels."""
    typed = "\u202eAnswer\x00 within\u2067 two days \ud83d 👩‍💻"
    made = check_draft(replace(DRAFT, text=typed, by="\u202eInes"), [], TODAY)
    assert (made.text, made.by) == ("Answer within two days  👩‍💻", "Ines")
    with pytest.raises(BadRequest, match="Please say what"):
        check_draft(replace(DRAFT, text="\u200b\u2060"), [], TODAY)


def test_the_commitment_whose_day_passed_first_is_asked_about() -> None:
    """A wave asks about one commitment; the other waits for the next."""
    later = replace(ONE, id=4, side=Side.MARKETING, due_on=date(2026, 12, 8))
    assert due_commitment([later, ONE], date(2026, 12, 10)) == ONE
    assert due_commitment([later, ONE], date(2026, 12, 1)) is None
    assert due_commitment([replace(ONE, asked_in=9), later], date(2026, 12, 10)) == later


def test_both_sides_are_asked_the_same_question() -> None:
    """The question quotes the commitment, and "Cannot say" is not counted."""
    item = commitment_item(ONE, "1 December 2026")
    assert item.wordings[Side.IT] == item.wordings[Side.MARKETING]
    assert "IT said that by 1 December 2026" in item.wordings[Side.IT]
    assert ONE.text in item.wordings[Side.IT]
    assert [option.key for option in item.options if option.counted] == ["yes", "partly", "no"]


def test_each_commitment_is_a_series_of_its_own() -> None:
    """Nothing is compared from one commitment to another, not even of the same words."""
    day = "1 December 2026"
    assert commitment_item(ONE, day).series != commitment_item(replace(ONE, id=4), day).series


@given(
    due=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    today=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    asked=st.booleans(),
)
def test_whatever_is_due_is_open_and_has_passed_its_day(due: date, today: date, asked: bool) -> None:
    """A commitment is asked about only after its day, only once, and only while it binds."""
    one = replace(ONE, due_on=due, asked_in=9 if asked else None)
    found = due_commitment([one], today)
    assert found is None or (one.is_open(today) and due < today and not asked)
