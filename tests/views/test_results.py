"""The results of a wave: message, details and chart."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pulse.core.claims import Window
from pulse.core.comparison import Verdict
from pulse.core.items import Bank
from pulse.core.language import speaking
from pulse.core.model import Format, Side, Tally
from pulse.core.privacy import publish
from pulse.core.reporting import report
from pulse.core.reports import Change, Finding, WaveReport
from pulse.storage.catalogues import catalogue
from pulse.views.charts import ALT_TEXT_LIMIT, alt_text
from pulse.views.message import Block, Message, mrkdwn
from pulse.views.results import (
    item_details,
    results_chart,
    results_details,
    results_message,
    sections,
    shown,
    side_line,
)
from rehearsal.blockkit import problems, view_problems
from tests.golden import golden
from tests.views.kinds import kinds
from tests.views.waves import BANK, LEDGER, LIBRARY, shipped, trust, two_waves, wave

OPENS = datetime(2026, 12, 1, 9, tzinfo=UTC)
NONE = [0, 0, 0, 0, 0]
EVEN = [2, 2, 4, 2, 2]
KINDS = ("change", "study", "gap", "quiet", "empty", "one_side", "first", "bands", "large")
WORDS = 110
"""What a reader of a result message should have to read at most, buttons included."""


def of_two_waves() -> WaveReport:
    first, second = two_waves()
    return report(second, [first], BANK, LEDGER, OPENS)


def words(blocks: list[Block]) -> str:
    return "\n".join(str(block) for block in blocks)


def visible(message: Message) -> list[str]:
    """The words of a message outside its picture, those on its buttons included."""
    buttons = [
        element["text"]["text"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]
    return [word for word in " ".join([message.text, *buttons]).split() if re.search(r"\w", word)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_results_as_they_are_posted(kind: str) -> None:
    """Each kind of wave is the whole message that was read and kept, with its chart, and Slack takes it."""
    message = results_message(kinds()[kind], file_id="F0123")
    assert problems(message.blocks, surface="message") == []
    golden(f"results_{kind}", message)


def test_the_results_in_german() -> None:
    """A change as a German channel reads it."""
    with speaking(catalogue("de")):
        golden("results_german", results_message(kinds("de")["change"], file_id="F0123"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_is_read_in_seconds(kind: str) -> None:
    """110 words at most for four questions, the finding of at most 120 characters first, also in the text."""
    message = results_message(kinds()[kind], file_id="F0123")
    heading = message.blocks[0]["text"]["text"]
    assert len(visible(message)) <= WORDS
    assert len(heading) <= 120
    assert message.text.startswith(heading)


@pytest.mark.parametrize(
    ("kind", "finding"),
    [
        ("change", Finding.CHANGE),
        ("study", Finding.STUDY),
        ("gap", Finding.GAP),
        ("quiet", Finding.NOTHING),
        ("empty", Finding.NO_RESULTS),
        ("one_side", Finding.ONE_SIDE),
        ("large", Finding.CHANGE),
    ],
)
def test_each_kind_is_what_its_name_says(kind: str, finding: Finding) -> None:
    """The waves that the messages above are made of have the finding that they stand for."""
    assert kinds()[kind].headline.kind is finding


def test_the_question_of_the_finding_stands_first() -> None:
    """Whoever reads the first lines only reads of the finding."""
    found = kinds()["study"]
    assert found.headline.item_id == "A02"
    assert results_message(found).text.split("\n")[1].startswith("*Collaboration")
    assert results_chart(found).panels[0].title == "Collaboration"


def test_an_empty_pulse_names_the_results_that_still_stand() -> None:
    """Nothing is hidden eight times: one sentence, the day of the last results and the next opening."""
    message = results_message(kinds()["empty"], file_id="F0123")
    assert "The results of 15 October 2026 still stand: `/pulse scores`." in message.text
    assert "The next pulse opens <!date^" in message.text
    assert "image" not in [block["type"] for block in message.blocks]


def test_a_side_that_is_not_shown_has_no_line() -> None:
    """If too few of a side answered, only the finding and the turnout name it."""
    lines = results_message(kinds()["one_side"]).text.split("\n")
    assert [line for line in lines if line.startswith("IT ")] == []
    assert lines[-1].startswith("Marketing 13 of 16, IT fewer than 5 answered.")


def test_a_verdict_that_this_waves_figure_does_not_show_is_not_beside_it() -> None:
    """2 or fewer of 12 can be under 13%: only the figure and its publisher; the details have the verdict."""
    above = {("A02", side): [1, 4, 7, 0] for side in Side}
    few = {("A02", side): [5, 5, 2, 0] for side in Side}
    waves = [wave(number, above) for number in range(3)]
    found = report(wave(3, few), waves, BANK, LEDGER)
    line = results_message(found).text.split("\n")[2]
    assert line == "Marketing 2 or fewer of 12, Accenture: 13%"
    details = words(results_details(found)["blocks"])
    assert "Above the 13% of senior marketing executives" in details
    assert "This is of the last 4 pulses together." in details


def of_leaders(marketing: list[int], it: list[int], n: int = 12) -> Message:
    """The message of a wave that asks who leads, a multiple choice: each side's count of each answer."""
    item = shipped("L03")
    keys = [option.key for option in item.options]
    tallies = {Side.MARKETING: marketing, Side.IT: it}
    found = replace(
        wave(0, {("L03", side): [n, 0, 0, 0, 0] for side in Side}),
        outcomes={
            ("L03", side): publish(item, Tally(n, dict(zip(keys, counts, strict=True))), 5)
            for side, counts in tallies.items()
        },
    )
    return results_message(report(found, [], BANK, LEDGER))


def test_a_multiple_choice_has_each_answer_beside_its_figure() -> None:
    """Both leaders that the study names, with their verdicts; the number of people stands once."""
    text = of_leaders([8, 9, 1, 0, 0], [4, 1, 0, 0, 0]).text
    assert "Marketing CMO 8 of 12 (67%), study 69%; CIO 9 (75%), *above* study’s 19%" in text
    assert "IT CMO 4 of 12 (33%), study 51%; CIO 2 or fewer, *below* study’s 58%" in text
    assert "*Digital leadership*\n" in text


def test_what_is_not_compared_is_named_below_its_question() -> None:
    """Headline figures on another question, with the reason, in the language of the channel."""
    answers = {("S01", side): [3, 4, 3, 2] for side in Side}
    lines = results_message(report(wave(0, answers), [], BANK, LEDGER)).text.split("\n")
    assert lines[-2] == "Other questions, not compared: important 78%/68%, committed 35%/20%."
    with speaking(catalogue("de")):
        found = report(wave(0, answers), [], LIBRARY.in_language("de"), LEDGER)
        assert (
            "nicht verglichen: wichtig 78\N{NO-BREAK SPACE}%/68\N{NO-BREAK SPACE}%"
            in results_message(found).text
        )


def test_a_question_that_lost_its_figures_has_nothing_to_leave_uncompared() -> None:
    """A wording of one's own has no study beside it, compared or not."""
    own = replace(shipped("S01"), baselines=dict.fromkeys(Side, ()))
    bank = Bank((own,))
    found = report(wave(0, {("S01", side): [3, 4, 3, 2] for side in Side}, bank=bank), [], bank, LEDGER)
    assert "not compared" not in results_message(found).text


def test_what_study_alone_means_is_said_where_it_stands() -> None:
    """Once, in the last line, and not if every figure has its verdict or there is no figure."""
    unclear = results_message(kinds()["quiet"]).text
    assert unclear.count("Unmarked: no clear difference.") == 1
    clear = wave(0, {("A02", side): [1, 4, 7, 0] for side in Side})
    none = wave(0, {("T02", side): EVEN for side in Side})
    for asked in (clear, none):
        text = results_message(report(asked, [], BANK, LEDGER)).text
        assert "study" not in text.casefold()


@pytest.mark.parametrize(
    ("waves", "low", "high", "before"),
    [(1, 7, 7, "7 of 12"), (1, 0, 2, "2 or fewer of 12"), (8, 35, 37, "36–39%"), (8, 36, 36, "38%")],
)
def test_what_was_before_is_a_count_of_one_wave_or_a_per_cent_of_several(
    waves: int, low: int, high: int, before: str
) -> None:
    """The answers of several waves are not a count of people of the side."""
    item = of_two_waves().items[0]
    day, n = date(2026, 9, 4), 12 if waves == 1 else 96
    older = Window(first=day, last=day, waves=waves, low=low, high=high, n=n)
    change = Change(
        item_id="T01",
        side=Side.MARKETING,
        measure=item.item.measures[0].key,
        rising=True,
        newer=older,
        older=older,
        z=3.0,
        wave_id=2,
        sentence="",
    )
    changed = replace(
        item, sides={**item.sides, Side.MARKETING: replace(item.sides[Side.MARKETING], change=change)}
    )
    assert f"*up* from {before} before" in mrkdwn(side_line(changed, Side.MARKETING))


def test_a_chart_names_a_study_as_it_is_written() -> None:
    """Its alternative text is not mrkdwn: nothing is escaped in it, and only marks are left out."""
    made = kinds()["study"]
    one = shown(made)[1]
    lead = one.sides[Side.MARKETING].lead
    assert lead is not None
    row = replace(lead.comparable.row, publisher="R&D *Lab*")
    other = replace(
        lead, comparable=replace(lead.comparable, row=row), verdict=Verdict.ABOVE, evident=True, further=False
    )
    side = replace(one.sides[Side.MARKETING], comparisons=(other,))
    changed = replace(one, sides={**one.sides, Side.MARKETING: side})
    items = tuple(changed if item is one else item for item in made.items)
    assert ", above R&D *Lab*’s " in " ".join(results_chart(replace(made, items=items)).sentences)
    assert ", *above* R&amp;D *Lab*’s " in results_message(replace(made, items=items)).text


@pytest.mark.parametrize("kind", ["change", "bands", "large"])
def test_the_details_as_they_open(kind: str) -> None:
    """The whole window."""
    view = results_details(kinds()[kind])
    assert view_problems(view) == []
    golden(f"details_{kind}", view)


def test_without_its_chart_the_message_is_whole() -> None:
    """A picture that could not be drawn takes no word away."""
    with_chart, without = (results_message(of_two_waves(), file_id=file) for file in ("F0123", None))
    assert without.text == with_chart.text
    assert [block["type"] for block in with_chart.blocks].count("image") == 1
    assert without.blocks == [block for block in with_chart.blocks if block["type"] != "image"]


def test_withheld_has_no_number() -> None:
    """A side under the minimum has no digit but the minimum's, in message, details and chart."""
    found = report(trust(0, EVEN, [1, 1, 1, 1, 0]), [], BANK, LEDGER)
    details = [b["text"]["text"] for b in results_details(found)["blocks"] if b["type"] == "section"]
    assert [text for text in details if text.startswith("*IT*")] == ["*IT*\nFewer than 5 answers: hidden."]
    curve = results_chart(found).panels[0].curves[1]
    assert [point.shown for point in curve.points] == [False]
    assert curve.label == ""


def test_bars_appear_from_twenty_answers() -> None:
    """All options are listed, merged if one held one or two people."""
    found = report(trust(0, [4, 4, 4, 4, 4], [2, 3, 4, 6, 5], 30), [], BANK, LEDGER)
    text = words(results_details(found)["blocks"])
    assert (
        "Answers of 20: Strongly disagree: 4, Disagree: 4, Neither agree nor disagree: 4, Agree: 4, "
        "Strongly agree: 4." in text
    )
    assert "Answers of 20: Strongly disagree or Disagree: 5, Neither agree nor disagree: 4, Agree: 6," in text


def test_a_caveat_is_told_once_for_an_item() -> None:
    """If it holds for the other side's figure too, the details say so instead of repeating it."""
    trust_in_details = next(found for found in of_two_waves().items if found.item.id == "T01")
    caveats = [found.comparable.caveat for side in Side for found in trust_in_details.sides[side].comparisons]
    repeated = {caveat for caveat in caveats if caveat and caveats.count(caveat) == 2}
    said = words(item_details(trust_in_details)).replace("\\'", "'")
    assert repeated
    assert [said.count(caveat) for caveat in repeated] == [1] * len(repeated)
    assert said.count("The same note applies.") == len(repeated)


def test_the_details_say_whose_the_published_figures_are() -> None:
    """With a comparison comes the sentence that it is of leaders then, not of this channel."""
    assert "not from this channel" in words(results_details(of_two_waves())["blocks"])
    without = report(wave(0, {("T02", side): EVEN for side in Side}), [], BANK, LEDGER)
    assert "published" not in words(results_details(without)["blocks"])


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
    """If every wording has changed since, the message says what it leaves out."""
    found = report(trust(0, EVEN, EVEN), [], Bank(()), LEDGER)
    message = results_message(found)
    assert problems(message.blocks, surface="message") == []
    assert "No question of this pulse can be shown" in message.text


def test_the_alternative_text_holds_the_numbers() -> None:
    """The picture's words are the message's sentences, within Slack's limit."""
    text = alt_text(results_chart(of_two_waves()))
    assert len(text) <= ALT_TEXT_LIMIT
    assert "The others keep promises: Marketing 7 of 12 (58%)" in text


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
