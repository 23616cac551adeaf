"""Commitments as they are written and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pulse.core.cards import CommitmentsCard
from pulse.core.commitments import TEXT_LIMIT, Commitment, commitment_item
from pulse.core.errors import FormNotUnderstood
from pulse.core.headlines import LIMIT
from pulse.core.language import speaking
from pulse.core.model import ClosedWave, Counted, Expected, Share, Side, Withheld
from pulse.core.reporting import report
from pulse.core.reports import WaveReport
from pulse.core.trails import trail
from pulse.storage.catalogues import catalogue
from pulse.views.commitments import (
    MOST_LINES,
    SHORT,
    commitment_form,
    commitment_line,
    commitment_post,
    commitments_to_withdraw,
    followup,
    followup_in_short,
    home_commitments,
    parse_commitment,
    withdraw_commitment_button,
    withdrawn_post,
)
from pulse.views.results import results_message
from pulse.views.trend import trend_message
from rehearsal.blockkit import message_problems, view_problems
from tests.core.closed import asked, item_of, run
from tests.golden import golden
from tests.views.kinds import before, kinds
from tests.views.test_results import WORDS, visible
from tests.views.waves import BANK, FIRST, LEDGER, LIBRARY

TODAY = date(2026, 11, 27)
ONE = Commitment(
    id=3, side=Side.IT, text="Answer within <two> days", made_on=date(2026, 11, 1), due_on=date(2026, 12, 1)
)
NAMED = replace(ONE, by="Ines *K*")
STATE = {
    "side": {"selected_option": {"value": "it"}},
    "text": {"value": "Answer within two days"},
    "due_on": {"selected_date": "2026-12-01"},
    "named": {"selected_options": []},
}


def sent(**changed: object) -> dict[str, Any]:
    return {"values": {name: {"field": field} for name, field in {**STATE, **changed}.items()}}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("commitment_post", commitment_post(ONE)),
        ("commitment_post_named", commitment_post(NAMED)),
        ("commitment_withdrawn", withdrawn_post(ONE)),
    ],
)
def test_a_post_reads_as_agreed_and_slack_takes_it(name: str, made: Any) -> None:
    """Each post is what was read and kept, and within Slack's limits."""
    assert message_problems({"text": made.text, "blocks": made.blocks}) == []
    golden(name, made)


def test_the_form_reads_as_agreed_and_slack_takes_it() -> None:
    """The form is what was read and kept, and within Slack's limits."""
    view = commitment_form()
    assert view_problems(view) == []
    golden("commitment_form", view)


def test_only_the_writer_is_named_and_only_on_request() -> None:
    """No name unless its writer ticks the box, and never a mention that pings somebody."""
    assert parse_commitment(sent(), "Ines").by == ""
    ticked = sent(named={"selected_options": [{"value": "named"}]})
    assert parse_commitment(ticked, "Ines").by == "Ines"
    for made in (commitment_post(NAMED), withdrawn_post(NAMED)):
        assert "<@" not in str(made)


@pytest.mark.parametrize(
    "changed",
    [
        {"side": {"selected_option": {"value": "finance"}}},
        {"side": {"selected_option": None}},
        {"due_on": {"selected_date": None}},
        {"due_on": {"selected_date": "soon"}},
        {"text": None},
    ],
)
def test_a_form_that_cannot_have_been_sent_is_refused(changed: dict[str, object]) -> None:
    """Nothing is guessed into a commitment."""
    with pytest.raises(FormNotUnderstood):
        parse_commitment(sent(**changed), "Ines")


@pytest.mark.parametrize(
    ("commitment", "today", "says"),
    [
        (ONE, TODAY, "IT will do this by 1 December 2026: Answer within"),
        (ONE, date(2026, 12, 2), "A coming pulse asks whether it happened."),
        (replace(ONE, asked_in=1), date(2026, 12, 2), "The open pulse asks whether it happened."),
        (replace(ONE, answered_on=date(2026, 12, 9)), TODAY, "Both sides were asked on 9 December 2026."),
        (replace(ONE, withdrawn_on=TODAY), TODAY, "It was withdrawn on 27 November 2026."),
        (ONE, date(2027, 6, 1), "No pulse asked about it in time."),
    ],
)
def test_each_state_has_its_sentence(commitment: Commitment, today: date, says: str) -> None:
    """Open, due, asked, answered, withdrawn and never asked read differently, and typed text is escaped."""
    line = commitment_line(commitment, today)
    assert says in line
    assert "<two>" not in line


def test_withdrawing_asks_first() -> None:
    """The button names the commitment and explains what happens."""
    found = withdraw_commitment_button(ONE)
    assert found["value"] == "3"
    with speaking(catalogue("de")):
        german = withdraw_commitment_button(ONE)["confirm"]
    assert (german["confirm"]["text"], german["deny"]["text"]) == ("Zurückziehen", "Bestehen lassen")
    assert "No pulse asks about it" in found["confirm"]["text"]["text"]


def test_what_can_be_withdrawn_is_listed_with_a_button_each() -> None:
    """And if nothing can, it says so."""
    listed = commitments_to_withdraw([ONE, replace(NAMED, id=4, side=Side.MARKETING)], TODAY)
    assert message_problems({"text": listed.text, "blocks": listed.blocks}) == []
    assert [block["accessory"]["value"] for block in listed.blocks] == ["3", "4"]
    assert "No commitment is open" in commitments_to_withdraw([], TODAY).text


def test_home_shows_the_newest_commitments() -> None:
    """One line per commitment, no block if there is none, and no endless list."""
    assert home_commitments(None) == []
    assert home_commitments(CommitmentsCard(today=TODAY, commitments=())) == []
    many = tuple(replace(ONE, id=number, text=f"Number {number}") for number in range(1, 10))
    blocks = home_commitments(CommitmentsCard(today=TODAY, commitments=many))
    assert len(blocks) == MOST_LINES + 1
    assert "Number 9" in str(blocks[-1])


def closed() -> ClosedWave:
    """A wave that asked about the commitment, and what each side expects of the other."""
    item = commitment_item(ONE, "1 December 2026")
    wave = asked(0, (4, 13), (9, 12), roster=16)
    return replace(
        wave,
        items=(*wave.items, "expected.T01", item.id),
        series={**wave.series, item.id: item.series},
        outcomes={
            **wave.outcomes,
            (item.id, Side.MARKETING): Counted(12, {"choice_share:yes": Share(7, 7)}),
            (item.id, Side.IT): Withheld(),
        },
        expected={("T01", Side.MARKETING): Expected(13, 2.5), ("T01", Side.IT): Expected(12, 4.0)},
    )


def test_the_results_say_what_was_expected_and_whether_it_happened() -> None:
    """The blocks are what was read and kept; typed text is escaped and pings nobody."""
    made = report(closed(), [], BANK, LEDGER, commitments=(ONE,))
    golden("followup", followup(made))
    whole = results_message(made)
    assert message_problems({"text": whole.text, "blocks": whole.blocks}) == []
    assert "<two>" not in whole.text
    assert followup(report(asked(0, (4, 13)), [], BANK, LEDGER, commitments=(ONE,))) == []


ENDS = (Share(11, 13), Share(0, 2))
LONG = "Every request of marketing gets a first answer in two working days, " * 3


def short(marketing: Share | None, it: Share | None, text: str = ONE.text) -> str:
    """What a message says of a commitment that 13 and 12 people were asked about."""
    one = replace(ONE, text=text[:TEXT_LIMIT])
    wave, item = closed(), commitment_item(one, "")
    shares = {Side.MARKETING: (13, marketing), Side.IT: (12, it)}
    outcomes = {
        (item.id, side): Withheld() if share is None else Counted(n, {"choice_share:yes": share})
        for side, (n, share) in shares.items()
    }
    wave = replace(wave, series={**wave.series, item.id: item.series}, outcomes={**wave.outcomes, **outcomes})
    made = followup_in_short(report(wave, [], BANK, LEDGER, commitments=(one,)), {"T01"})
    [block] = made
    return str(block["text"]["text"])


def test_a_message_says_in_short_whether_it_happened() -> None:
    """A long commitment is cut between words, inside a word only if it must; a side can be hidden."""
    assert short(*ENDS, text=LONG) == (
        "*Did it happen?* IT: Every request of marketing gets…\n"
        "Marketing 11 or more of 13, IT 2 or fewer of 12 say that it happened."
    )
    assert short(Share(7, 7), None).endswith(
        "Marketing 7 of 13 say that it happened.\n*IT:* Fewer than 5 answers: hidden."
    )
    assert short(None, None).endswith("days\nFewer than 5 answers: hidden.")
    assert f"IT: {'x' * (SHORT - 1)}…\n" in short(*ENDS, text="x" * TEXT_LIMIT)


def came(kind: str, language: str, *, expected: bool, committed: bool) -> WaveReport:
    """The wave of a kind; expectations or a commitment take the place of its last questions."""
    wave = kinds(language)[kind].wave
    keep = wave.items[: 4 - expected - committed]
    one = replace(ONE, text=LONG[:TEXT_LIMIT])
    item = commitment_item(one, "")
    outcomes = {key: outcome for key, outcome in wave.outcomes.items() if key[0] in keep}
    series = {id_: wave.series[id_] for id_ in keep}
    if committed:
        series[item.id] = item.series
        for side, n, share in zip(Side, (13, 12), ENDS, strict=True):
            outcomes[item.id, side] = Counted(n, {"choice_share:yes": share})
    guesses = {("T01", Side.MARKETING): Expected(13, 8.0), ("T01", Side.IT): Expected(12, 2.0)}
    changed = replace(
        wave, items=keep, series=series, outcomes=outcomes, expected=guesses if expected else {}
    )
    return report(changed, before(kind), LIBRARY.in_language(language), LEDGER, commitments=(one,))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *((kind, True) for kind in ("change", "study", "gap", "quiet", "one_side", "bands")),
        *((kind, False) for kind in ("change", "study", "gap", "quiet", "one_side", "first", "bands")),
    ],
)
def test_a_result_stays_short_with_what_came_of_it(kind: str, expected: bool, language: str) -> None:
    """110 words at most, with two expectations (never in the first weeks) or the longest commitment."""
    with speaking(catalogue(language)):
        made = came(kind, language, expected=expected, committed=not expected)
        message = results_message(made, file_id="F0123")
    assert len(visible(message)) <= WORDS
    assert len(message.blocks[0]["text"]["text"]) <= LIMIT


def test_what_was_expected_stands_in_place_of_the_other_sides_line() -> None:
    """It has that side's figure: nobody reads it twice."""
    made = came("quiet", "en", expected=True, committed=False)
    assert results_message(made).text.split("\n")[1:5] == [
        "*The others keep promises*",
        "Marketing expected 8 or more of 10 in IT to agree; these agree: 7 of 12 (58%).",
        "IT expected 2 or fewer of 10 in marketing to agree; more do: 7 of 13 (54%).",
        "*Collaboration: “About right”*",
    ]


def test_the_trend_marks_a_commitment_and_names_no_cause() -> None:
    """The counts before and after its day, and the sentence that they show no cause."""
    due = replace(ONE, due_on=FIRST.date() + timedelta(weeks=5, days=1))
    waves = run([(4, 13)] * 6 + [(9, 13)] * 4, roster=16)
    made = trend_message(trail(item_of("T01"), waves, BANK, LEDGER, commitments=[due]), item_of("T01"))
    assert message_problems({"text": made.text, "blocks": made.blocks}) == []
    assert (
        "*1* 11 September 2026: IT was to do this by 11 September 2026: Answer within &lt;two&gt;"
        in made.text
    )
    assert "Marketing: 24 of 78 (31%) agree in 6 pulses before, 36 of 52 (69%)" in made.text
    assert "A mark says when, not why" in made.text
    without = trend_message(trail(item_of("T01"), waves, BANK, LEDGER), item_of("T01"))
    assert "A mark says" not in without.text
