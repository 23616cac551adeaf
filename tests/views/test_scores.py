"""`/pulse scores`, privately."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pulse.core.reporting import report
from pulse.core.trails import last_report
from pulse.views.charts import alt_text
from pulse.views.scores import score_card, score_chart, scores_message, shared_card
from rehearsal.blockkit import problems
from tests.golden import golden
from tests.views.waves import BANK, LEDGER, shipped, two_waves


def elements(blocks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (element["action_id"], element["value"])
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def test_the_scores_of_the_last_wave() -> None:
    """The finding and each question's line, as the channel had them, with how many answered."""
    first, second = two_waves()
    message = scores_message(report(second, [first], BANK, LEDGER), shareable=True)
    assert problems(message.blocks, surface="message") == []
    golden("scores_message", message)


def test_the_card_of_a_question() -> None:
    """Everything that may be said of one question, with its chart."""
    waves = two_waves()
    found = last_report(shipped("T01"), waves, BANK, LEDGER)
    message = score_card(found, shipped("T01"), file_id="F0123", shareable=True)
    assert problems(message.blocks, surface="message") == []
    golden("score_card", message)


def test_before_the_first_close_it_says_so() -> None:
    """No wave has closed: a sentence, and what to do."""
    message = scores_message(None)
    assert problems(message.blocks, surface="message") == []
    assert message.text == (
        "There are no results yet: the first pulse has not closed. `/pulse status` says when it does."
    )


def test_an_empty_pulse_does_not_hide_the_results_before_it() -> None:
    """The last results are shown, and a line says that a newer pulse had none."""
    waves = two_waves()
    text = scores_message(report(waves[1], waves, BANK, LEDGER), empty=date(2026, 8, 20)).text
    assert "7 of 12 (58%)" in text
    assert text.endswith("The pulse of 20 August 2026 had too few answers to show.")
    assert scores_message(None, empty=date(2026, 8, 20)).text == (
        "There are no results yet: the pulse of 20 August 2026 had too few answers to show."
    )


def test_a_question_that_was_never_asked_says_so() -> None:
    """No closed wave asked it: a sentence, and where to look."""
    assert score_card(None, shipped("T02")).text == (
        "No closed pulse has asked T02 yet (“The others have the skills we need”), so there is nothing "
        "to show. Questions take turns; `/pulse scores` shows those of the last pulse."
    )


@pytest.mark.parametrize("shareable", [True, False])
def test_nothing_is_public_before_share(shareable: bool) -> None:
    """The button is there only if sharing is offered, and names nothing but what is shared."""
    waves = two_waves()
    found = report(waves[1], waves, BANK, LEDGER)
    shown = elements(scores_message(found, shareable=shareable).blocks)
    assert [each for each in shown if each[0] == "share"] == ([("share", "scores")] if shareable else [])
    expected = [("share", "scores:A02")] if shareable else []
    assert elements(score_card(found, shipped("A02"), shareable=shareable).blocks) == expected


def test_the_card_has_a_picture_of_its_one_question() -> None:
    """The chart of a question shows that question alone."""
    waves = two_waves()
    whole = report(waves[1], waves, BANK, LEDGER)
    found = whole.of("A02")
    assert found is not None
    chart = score_chart(found)
    assert [panel.title for panel in chart.panels] == ["Collaboration"]
    assert alt_text(chart).startswith("Collaboration. Marketing: 5 or more of 7 say")


def test_a_shared_card_says_who_shows_it() -> None:
    """What was private is posted whole, in the sharer's name, without another button."""
    waves = two_waves()
    card = scores_message(report(waves[1], waves, BANK, LEDGER))
    shown = shared_card(card, "U0123")
    assert shown.text == f"{card.text}\nShown by <@U0123>"
    assert shown.blocks[:-1] == card.blocks
    assert problems(shown.blocks, surface="message") == []
