"""The results of a wave: message, details and chart."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pulse.core.items import Bank
from pulse.core.model import Counted, Format, Share, Side, SideTurnout, Withheld
from pulse.core.reports import WaveReport, report
from pulse.views.charts import ALT_TEXT_LIMIT, Dot, Hidden, Zone, alt_text
from pulse.views.message import Block
from pulse.views.results import (
    lines_of,
    mark_of,
    results_chart,
    results_details,
    results_message,
    sections,
)
from rehearsal.blockkit import problems
from tests.golden import golden
from tests.views.waves import BANK, LEDGER, shipped, trust, two_waves, wave

OPENS = datetime(2026, 12, 1, 9, tzinfo=UTC)
NONE = [0, 0, 0, 0, 0]
EVEN = [2, 2, 4, 2, 2]


def of_two_waves() -> WaveReport:
    first, second = two_waves()
    return report(second, [first], BANK, LEDGER, OPENS)


def words(blocks: list[Block]) -> str:
    return "\n".join(str(block) for block in blocks)


def test_the_results_as_they_are_posted() -> None:
    """The whole message, with its chart."""
    message = results_message(of_two_waves(), file_id="F0123")
    assert problems(message.blocks, surface="message") == []
    golden("results_message", message)


def test_the_details_as_they_open() -> None:
    """The whole modal."""
    view = results_details(of_two_waves())
    assert problems(view["blocks"], surface="modal") == []
    golden("results_details", view)


def test_without_its_chart_the_message_is_whole() -> None:
    """A picture that could not be drawn takes no word away."""
    with_chart, without = (results_message(of_two_waves(), file_id=file) for file in ("F0123", None))
    assert without.text == with_chart.text
    assert [block["type"] for block in with_chart.blocks].count("image") == 1
    assert without.blocks == [block for block in with_chart.blocks if block["type"] != "image"]


def test_the_text_is_the_conclusion() -> None:
    """A screen reader hears the finding first, then each side's sentence in the order of the message."""
    text = results_message(of_two_waves()).text
    assert text.startswith("Pulse results, 13 August 2026\n*The amount of collaboration: 5 or more of 7 in ")
    assert "7 of 12 agree (58%)" in text
    assert "Fewer than 5 answers: hidden." in text


def test_the_summary_keeps_to_a_phone() -> None:
    """Three questions stay under 1,500 characters, with one figure and its verdict a side that is shown."""
    text = results_message(of_two_waves()).text
    assert len(text) < 1500
    assert len(re.findall(r"(?:Above|Below|Can't be told apart from) [^.]*(?:%|in 10)", text)) == 5


def test_withheld_has_no_number() -> None:
    """A side under the minimum shows no digit but the minimum's, in message, details and chart."""
    found = report(trust(0, EVEN, [1, 1, 1, 1, 0]), [], BANK, LEDGER)
    lines = [line for line in results_message(found).text.split("\n") if line.startswith(("*IT:*", "IT:"))]
    assert lines == ["*IT:* Fewer than 5 answers: hidden."]
    details = [b["text"]["text"] for b in results_details(found)["blocks"] if b["type"] == "section"]
    assert [text for text in details if text.startswith("*IT*")] == ["*IT*\nFewer than 5 answers: hidden."]
    row = results_chart(found).groups[0].rows[1]
    assert (row.mark, row.lines) == (Hidden("hidden: fewer than 5 answers"), ())


def test_bars_appear_from_twenty_answers() -> None:
    """All boxes are listed where they may be, merged where a box held one or two people."""
    found = report(trust(0, [4, 4, 4, 4, 4], [2, 3, 4, 6, 5], 30), [], BANK, LEDGER)
    text = words(results_details(found)["blocks"])
    assert (
        "Answers of 20: Strongly disagree: 4, Disagree: 4, Neither agree nor disagree: 4, Agree: 4, "
        "Strongly agree: 4." in text
    )
    assert "Answers of 20: Strongly disagree or Disagree: 5, Neither agree nor disagree: 4, Agree: 6," in text


def test_each_message_says_whose_the_published_figures_are() -> None:
    """With a comparison comes the sentence that it is of leaders then, not of this channel."""
    for blocks in (results_message(of_two_waves()).blocks, results_details(of_two_waves())["blocks"]):
        assert "not from this channel" in words(blocks)
    without = report(wave(0, {("T02", side): EVEN for side in Side}), [], BANK, LEDGER)
    assert "published" not in results_message(without).text


def test_nothing_typed_can_call_the_channel() -> None:
    """A company's own wording is escaped in the message and cannot ping anybody."""
    loud = replace(
        shipped("G02"),
        id="X01",
        own=True,
        title="",
        baselines={},
        wordings=dict.fromkeys(Side, "<!channel> & co?"),
    )
    bank = Bank((loud,))
    found = report(wave(0, {("X01", side): EVEN for side in Side}, bank=bank), [], bank, LEDGER)
    for blocks in (results_message(found).blocks, results_details(found)["blocks"]):
        assert "<!channel>" not in words(blocks)
        assert "&lt;!channel&gt; &amp; co?" in words(blocks)
    assert "<!channel>" not in results_message(found).text


def test_a_wave_with_nothing_left_says_so() -> None:
    """Where every wording has changed since, the message says what it leaves out."""
    found = report(trust(0, EVEN, EVEN), [], Bank(()), LEDGER)
    message = results_message(found)
    assert problems(message.blocks, surface="message") == []
    assert "No question of this pulse can be shown." in message.text


@pytest.mark.parametrize(
    ("outcome", "roster", "expected"),
    [
        (Withheld(), 20, Hidden("hidden: fewer than 7 answers")),
        (Counted(12, {"top2box": Share(6, 6)}), 12, Dot(0.5, 0.5, (0.5, 0.5), "6 of 12")),
        (
            Counted(12, {"top2box": Share(6, 6)}),
            100,
            Dot(0.5, 0.5, (0.5, 0.5), "6 of 12 (too few answered)", hollow=True),
        ),
    ],
)
def test_marks_without_a_range(outcome: Any, roster: int, expected: Any) -> None:
    """Hidden has nothing, everybody is exact, and too few of a channel is a ring."""
    assert mark_of(shipped("T01"), outcome, SideTurnout(roster, None), 7) == expected


def test_merged_extremes_are_drawn_over_both_counts() -> None:
    """2 or fewer of 12 spans 0 to 2, and its range is that of all of them."""
    mark = mark_of(shipped("T01"), Counted(12, {"top2box": Share(0, 2)}), SideTurnout(20, 12), 5)
    assert isinstance(mark, Dot)
    assert (mark.low, mark.high, mark.label) == (0.0, 2 / 12, "2 or fewer of 12")
    assert mark.plausible == (0.0, 7 / 20)


def test_five_to_nine_is_a_zone() -> None:
    """A figure of fewer than ten answers is drawn as broad as it is."""
    found = report(trust(0, EVEN, [0, 0, 1, 4, 3]), [], BANK, LEDGER).items[0]
    drawn = mark_of(found.item, found.sides[Side.IT].outcome, SideTurnout(20, 8), 5)
    assert drawn == Zone(0.75, 1.0, "6 or more of 8")


def test_a_figure_of_those_who_do_not_is_drawn_as_the_rest() -> None:
    """46% who do not agree is a dash at 54%, labelled as the subtraction that it is."""
    found = report(wave(0, {("G01", side): EVEN for side in Side}), [], BANK, LEDGER).items[0]
    lines = {line.label: line.share for line in lines_of(found, Side.MARKETING)}
    assert lines["100 − 46% · CMO Council/Accenture 2010"] == pytest.approx(0.54)


def test_the_footer_explains_only_what_is_drawn() -> None:
    """Hatching, rings and dashes are explained where there are any."""
    plain = report(wave(0, {("T02", side): EVEN for side in Side}), [], BANK, LEDGER)
    assert results_chart(plain).footer == "Pale: what the whole side's share may be."
    ring = report(wave(0, {("T02", side): EVEN for side in Side}, 100), [], BANK, LEDGER)
    assert results_chart(ring).footer.endswith("Ring: too few answered to describe the channel.")
    footer = results_chart(of_two_waves()).footer
    assert "Hatched: 5 to 9 answers, a range only. Dashed: published." in footer


def test_the_alternative_text_holds_the_numbers() -> None:
    """The picture's words are the message's sentences, within Slack's limit."""
    text = alt_text(results_chart(of_two_waves()))
    assert len(text) <= ALT_TEXT_LIMIT
    assert "Marketing: 7 of 12 agree (58%)." in text


def test_long_texts_are_cut_between_lines() -> None:
    """A section over 3,000 characters becomes two, and no line is torn."""
    line = "word " * 100
    blocks = sections("\n".join([line] * 10))
    assert [len(block["text"]["text"]) <= 3000 for block in blocks] == [True, True]
    assert "\n".join(block["text"]["text"] for block in blocks) == "\n".join([line] * 10)


def test_nothing_forbidden_is_ever_printed() -> None:
    """Whatever the counts: no decimal, no arrow, no per cent without its count, within Slack's limits."""
    for k in range(13):
        for j in (0, 3, 6, 12, 20, 40):
            item = shipped("T01")
            found = report(trust(0, [0, 12 - k, 0, k, 0], [j, 0, 0, 0, 0], 50), [], BANK, LEDGER)
            message = results_message(found)
            assert problems(message.blocks, surface="message") == []
            assert not re.search(r"\d\.\d|[↑↓▲▼]|below benchmark", message.text)
            assert item.format is Format.AGREE5
