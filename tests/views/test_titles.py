"""Headings for both sides."""

from __future__ import annotations

from dataclasses import replace

from pulse.core.baselines import study
from pulse.core.model import Side
from pulse.views.titles import TITLES, title
from tests.views.waves import BANK, LEDGER, shipped


def test_every_shipped_question_has_a_title() -> None:
    """The table of titles and the bank name the same questions."""
    assert set(TITLES) == {item.id for item in BANK}


def test_an_own_or_edited_question_is_its_wordings() -> None:
    """A title never stands for words that somebody changed, even under a shipped id."""
    own = replace(shipped("T01"), own=True)
    assert title(own) == " / ".join(own.wordings[side] for side in Side)
    edited = replace(shipped("I03"), edited=True)
    assert title(edited) == "Marketing makes promises to others before IT has agreed."


def test_every_study_has_a_short_name() -> None:
    """Publisher and year fit beside a dash of a chart."""
    names = {study(row) for row in LEDGER if row.compare_as != "none"}
    assert "Accenture 2013" in names
    assert all(4 < len(name) <= 40 and name[0] != " " for name in names), names
