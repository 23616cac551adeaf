"""How sure a result is."""

from __future__ import annotations

from pulse.core.model import Side
from pulse.core.reporting import report
from pulse.views.certainty import certainty_message, certainty_view
from rehearsal.blockkit import problems, view_problems
from tests.golden import golden
from tests.views.kinds import kinds
from tests.views.waves import BANK, LEDGER, trust


def test_how_sure_a_result_is() -> None:
    """The whole window: turnout, what each side's answers can show, and each question's range of people."""
    view = certainty_view(kinds()["change"])
    assert view_problems(view) == []
    golden("certainty", view)


def test_a_command_says_the_same_and_what_other_numbers_can_show() -> None:
    """`/pulse power` has all that the window has, and sizes to compare one's own with."""
    message = certainty_message(kinds()["change"])
    assert problems(message.blocks, surface="message") == []
    for block in certainty_view(kinds()["change"])["blocks"]:
        assert block in message.blocks or block["type"] == "divider"
    assert "With 60 answers a pulse" in message.text


def test_before_the_first_results_only_examples_are_there() -> None:
    """Nothing is said of sides of which nothing is known."""
    text = certainty_message(None).text
    assert "With 12 answers a pulse" in text
    assert "Marketing" not in text


def test_a_hidden_side_has_no_number() -> None:
    """A side under the minimum is named only in the turnout, without a digit but the minimum's."""
    found = report(trust(0, [2, 2, 4, 2, 2], [1, 1, 1, 1, 0]), [], BANK, LEDGER)
    blocks = certainty_view(found)["blocks"]
    said = [line for block in blocks if "text" in block for line in block["text"]["text"].split("\n")]
    assert [line for line in said if line.startswith(f"{Side.IT.label}:")] == []
    assert "Marketing 12 of 20, IT fewer than 5 answered." in said
