"""What is said of expectations, and of commitments after their day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pulse.core.commitments import Commitment, commitment_item
from pulse.core.comparison import Verdict
from pulse.core.followup import counts_around, expectation_report, of_ten
from pulse.core.headlines import LIMIT, headline_sentence
from pulse.core.likelihood import Observation
from pulse.core.model import ClosedWave, Counted, Expected, Share, Side, Withheld
from pulse.core.reporting import report
from pulse.core.reports import Finding, ReportNoteKind, WaveReport
from pulse.core.trails import trail
from tests.core.closed import asked, item_of, run
from tests.views.waves import BANK, FIRST, LEDGER

TRUST = item_of("T01")
DAY = FIRST.date()
WEEK = timedelta(weeks=1)
ONE = Commitment(
    id=3, side=Side.IT, text="Answer within two days", made_on=DAY, due_on=DAY + 5 * WEEK + timedelta(days=1)
)


def guessed(wave: ClosedWave, marketing: float, n: int = 12, it: float | None = None) -> ClosedWave:
    """The wave with what marketing, and perhaps IT, expects of the other."""
    expected = {("T01", Side.MARKETING): Expected(n, marketing)}
    if it is not None:
        expected["T01", Side.IT] = Expected(n, it)
    return replace(wave, items=(*wave.items, "expected.T01"), expected=expected)


def said(*waves: ClosedWave, commitments: tuple[Commitment, ...] = ()) -> WaveReport:
    return report(waves[-1], waves, BANK, LEDGER, commitments=commitments)


def test_a_wrong_expectation_is_a_finding() -> None:
    """It begins the message before studies and gaps, in at most 120 characters."""
    made = said(asked(0, (7, 12)), guessed(asked(1, (7, 12), (10, 12), roster=14), 2.0))
    assert made.headline.kind is Finding.EXPECTATION
    [found] = made.expectations
    assert found.verdict is Verdict.BELOW
    assert found.sentence == (
        "Marketing expected 2 or fewer of 10 in IT to agree; more do: 10 or more of 12."
    )
    text = headline_sentence(made, "They do what they say they will do")
    assert text == (
        "They do what they say they will do: marketing expected 2 or fewer of 10 in IT to agree; "
        "10 or more of 12 do"
    )
    assert len(text) <= LIMIT


def test_too_good_an_expectation_is_one_too() -> None:
    """The sentence says the opposite."""
    made = said(guessed(asked(0, (5, 30), (20, 30)), 5.0, n=30, it=8.0))
    sentences = {found.side: (found.verdict, found.sentence) for found in made.expectations}
    assert sentences[Side.IT] == (
        Verdict.ABOVE,
        "IT expected 8 or more of 10 in marketing to agree; fewer do: 5 of 30 (17%).",
    )


def test_an_expectation_near_the_truth_is_two_facts() -> None:
    """Neither "right" nor "as expected": what cannot be told apart is not called equal."""
    made = said(guessed(asked(0, (7, 12), (6, 12), roster=14), 5.5))
    [found] = made.expectations
    assert (found.verdict, found.misjudged) == (Verdict.UNCLEAR, False)
    assert found.sentence == "Marketing expected about 5½ of 10 in IT to agree; these agree: 6 of 12 (50%)."
    assert made.headline.kind is not Finding.EXPECTATION


def test_a_hidden_side_is_not_told_by_what_was_expected_of_it() -> None:
    """Under five answers there is the expectation, and nothing beside it."""
    made = said(guessed(asked(0, (7, 12), (3, 4)), 3.0))
    [found] = made.expectations
    assert (found.verdict, found.people) == (None, "")
    assert found.sentence == "Marketing expected about 3 of 10 in IT to agree."


def test_an_open_end_is_not_called_wrong() -> None:
    """ "8 or more" may be ten of ten: it is not below a side in which everybody agrees."""
    everybody = Observation(DAY, 58, 60, 60, 60)
    found = expectation_report(TRUST, Side.MARKETING, Expected(60, 8.0), 60, everybody)
    assert found.verdict is Verdict.UNCLEAR
    nobody = Observation(DAY, 0, 2, 60, 60)
    assert expectation_report(TRUST, Side.MARKETING, Expected(60, 2.0), 60, nobody).verdict is Verdict.UNCLEAR


def test_too_few_are_not_called_wrong() -> None:
    """If under 30 % answered, nothing is claimed."""
    held = Observation(DAY, 12, 14, 14, 100)
    found = expectation_report(TRUST, Side.MARKETING, Expected(12, 2.0), 14, held)
    assert found.verdict is None
    few = expectation_report(TRUST, Side.MARKETING, Expected(12, 2.0), 60, replace(held, roster=16))
    assert few.verdict is None


@pytest.mark.parametrize("halves", range(4, 17))
def test_no_mean_is_printed_with_a_decimal(halves: int) -> None:
    """Halves are written as halves, and the ends as open."""
    text = of_ten(halves / 2)
    assert "." not in text
    assert ("½" in text) == (halves % 2 == 1)
    assert ("about" in text) == (4 < halves < 16)


def kept(wave: ClosedWave, marketing: Counted | Withheld, it: Counted | Withheld) -> ClosedWave:
    """The wave, in which both sides were asked about the commitment."""
    item = commitment_item(ONE, "")
    return replace(
        wave,
        items=(*wave.items, item.id),
        series={**wave.series, item.id: item.series},
        outcomes={**wave.outcomes, (item.id, Side.MARKETING): marketing, (item.id, Side.IT): it},
    )


def test_the_result_says_once_whether_it_happened() -> None:
    """Both sides' shares in the wave that asked, and nothing in any other."""
    saw = Counted(12, {"choice_share:yes": Share(7, 7)})
    first, second = kept(asked(0, (7, 12)), saw, Withheld()), asked(1, (7, 12))
    [found] = said(first, commitments=(ONE,)).commitments
    assert found.commitment == ONE
    assert found.sentences == {
        Side.MARKETING: "7 of 12 say that it happened (58%).",
        Side.IT: "Fewer than 5 answers: hidden.",
    }
    assert said(first, second, commitments=(ONE,)).commitments == ()


def test_neither_question_counts_as_one_that_changed() -> None:
    """What took the place of a question in turn is not counted as lost from the bank."""
    made = said(guessed(kept(asked(0, (7, 12)), Withheld(), Withheld()), 5.0), commitments=(ONE,))
    assert not any(note.kind is ReportNoteKind.LEFT_OUT for note in made.notes)
    assert [found.item.id for found in made.items] == ["T01"]


def test_another_commitment_of_that_number_is_not_meant() -> None:
    """A restored database may have given the number twice."""
    wave = kept(asked(0, (7, 12)), Withheld(), Withheld())
    assert said(wave, commitments=(replace(ONE, text="Another"),)).commitments == ()


def test_a_mark_has_the_counts_before_and_after() -> None:
    """Of the pulses up to the day and of those after it, as sums of what was published."""
    waves = run([(4, 13)] * 6 + [(9, 13)] * 4, roster=16)
    found = trail(TRUST, waves, BANK, LEDGER, commitments=[ONE])
    assert found is not None
    [mark] = found.marks
    assert mark.day == ONE.due_on
    assert mark.sentences[Side.MARKETING] == (
        "24 of 78 (31%) agree in 6 pulses before, 36 of 52 (69%) in 4 pulses after."
    )
    assert [note.text for note in found.notes] == [mark.text]


def test_a_mark_whose_day_is_ahead_has_no_counts() -> None:
    """It stands where it was made."""
    found = trail(TRUST, run([(4, 13)] * 3, roster=16), BANK, LEDGER, commitments=[ONE])
    assert found is not None
    [mark] = found.marks
    assert (mark.day, mark.sentences) == (ONE.made_on, {})


def test_a_withdrawn_commitment_leaves_no_mark() -> None:
    """Nothing was to happen on its day."""
    gone = replace(ONE, withdrawn_on=DAY)
    found = trail(TRUST, run([(4, 13)] * 9, roster=16), BANK, LEDGER, commitments=[gone])
    assert found is not None
    assert (found.marks, found.notes) == ((), ())


def test_counts_around_a_day_take_eight_pulses_that_describe_the_channel() -> None:
    """Fewer on either side are said as they are; with none there is nothing to say."""
    seen = [Observation(DAY + week * WEEK, week + 3, week + 3, 30, 40) for week in range(20)]
    thin = Observation(DAY + 9 * WEEK, 5, 5, 10, 40)
    middle = DAY + 10 * WEEK
    found = counts_around([*seen[:9], thin, *seen[10:]], middle)
    assert found is not None
    before, after = found
    assert (before.first, before.last, before.waves) == (seen[2].day, seen[10].day, 8)
    assert (after.first, after.waves, after.low) == (seen[11].day, 8, sum(range(14, 22)))
    assert counts_around(seen, DAY - WEEK) is None
    assert counts_around(seen, date(2099, 1, 1)) is None
