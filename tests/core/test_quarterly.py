"""What a quarter of closed waves comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pulse.core.commitments import Commitment
from pulse.core.errors import BadRequest
from pulse.core.items import Bank
from pulse.core.model import ClosedWave, Note, Side
from pulse.core.quarterly import STEPS, QuarterReport, QuarterTurnout, quarter_report, quarters
from pulse.core.quarters import Quarter, typed_quarter
from pulse.core.reporting import report
from pulse.core.reports import WaveReport
from tests.views.waves import BANK, LEDGER, trust, wave

FEW, MANY = [5, 4, 2, 1, 0], [0, 1, 1, 5, 5]
THIRD, FOURTH = Quarter(2026, 3), Quarter(2026, 4)


def of(
    quarter: Quarter,
    closed: list[ClosedWave],
    bank: Bank = BANK,
    notes: tuple[Note, ...] = (),
    commitments: tuple[Commitment, ...] = (),
) -> QuarterReport | None:
    def made(one: ClosedWave) -> WaveReport:
        return report(one, closed, bank, LEDGER)

    return quarter_report(quarter, closed, bank, made, UTC, notes=notes, commitments=commitments)


def found(quarter: Quarter, closed: list[ClosedWave], bank: Bank = BANK) -> QuarterReport:
    made = of(quarter, closed, bank)
    assert made is not None
    return made


def half_a_year() -> list[ClosedWave]:
    """Weekly from 6 August to 24 December 2026; marketing's trust rises for good on 22 October."""
    return [trust(number, FEW if number < 11 else MANY, FEW) for number in range(21)]


def test_a_wave_belongs_to_the_quarter_in_which_it_closes_for_its_readers() -> None:
    """The last hour of a year in UTC is next year's first day farther east."""
    late = replace(trust(0, FEW, FEW), closed_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert list(quarters([late], UTC)) == [FOURTH]
    assert list(quarters([late], timezone(timedelta(hours=1)))) == [Quarter(2027, 1)]


def test_a_quarter_without_a_closed_wave_has_no_report() -> None:
    """There is nothing to say of it."""
    assert of(Quarter(2026, 1), half_a_year()) is None


def test_a_change_is_listed_in_the_quarter_that_claimed_it() -> None:
    """It is in the fourth quarter's report and in no other, in the words of its close."""
    closed = half_a_year()
    [change] = found(FOURTH, closed).changes
    assert (change.item_id, change.side, change.rising) == ("T01", Side.MARKETING, True)
    assert found(THIRD, closed).changes == ()


def test_a_change_of_an_earlier_quarter_is_not_told_again() -> None:
    """It was news in September and is history in December."""
    closed = [trust(number, FEW if number < 5 else MANY, FEW) for number in range(21)]
    assert len(found(THIRD, closed).changes) == 1
    assert found(FOURTH, closed).changes == ()


def test_a_report_does_not_change_with_what_comes_later() -> None:
    """A quarter's report read a quarter later is the one that was read then."""
    closed = half_a_year()
    then = [one for one in closed if one.closed_at < datetime(2026, 10, 1, tzinfo=UTC)]
    assert found(THIRD, closed) == found(THIRD, then)


def test_the_trend_reaches_back_before_the_quarter() -> None:
    """The last thirteen waves of an item up to its newest in the quarter."""
    [item] = found(FOURTH, half_a_year()).items
    assert (item.asked, len(item.steps)) == (13, STEPS)
    [item] = found(Quarter(2026, 4), half_a_year()[:11]).items
    assert (item.asked, len(item.steps)) == (3, 11)
    assert item.steps[0].wave.id == 0


def test_what_changed_comes_first_and_then_what_was_asked_most() -> None:
    """An item that was asked once without a finding is last."""
    closed = half_a_year()
    extra = {("R03", Side.MARKETING): [3, 3, 3, 2, 1], ("R03", Side.IT): [3, 3, 3, 2, 1]}
    both = {("T01", Side.MARKETING): MANY, ("T01", Side.IT): FEW}
    closed[-1] = wave(20, {**extra, **both})
    ids = [item.item.id for item in found(FOURTH, closed).items]
    assert ids == ["T01", "R03"]


def test_turnout_leaves_hidden_waves_without_a_number() -> None:
    """The lowest and highest of the others; a quarter in which all were hidden has neither."""
    closed = [trust(0, FEW, [1, 1, 0, 0, 0]), trust(1, [4, 4, 2, 0, 0], [1, 1, 1, 0, 0], roster=22)]
    turnout = found(THIRD, closed).turnout
    assert turnout[Side.MARKETING] == QuarterTurnout(
        waves=2, hidden=0, low=10, high=12, roster_low=20, roster_high=22
    )
    assert turnout[Side.IT] == QuarterTurnout(
        waves=2, hidden=2, low=None, high=None, roster_low=20, roster_high=22
    )


def test_a_wording_that_changed_since_is_left_out_and_counted() -> None:
    """Nobody reads figures beside words that were not asked."""
    closed = half_a_year()
    item = BANK.get("T01")
    assert item is not None
    reworded = Bank((replace(item, wordings=dict.fromkeys(Side, "Another question?")),))
    made = found(FOURTH, closed, reworded)
    assert (made.items, made.left_out) == ((), 1)


def test_notes_and_commitments_of_the_quarter_are_in_its_report() -> None:
    """So is a commitment from before that is still open; one that ended before is not."""
    notes = (Note(date(2026, 9, 30), "before"), Note(date(2026, 10, 1), "in it"))
    made_on, due = date(2026, 8, 3), date(2027, 1, 15)
    still_open = Commitment(id=1, side=Side.IT, text="Answer", made_on=made_on, due_on=due)
    ended = Commitment(id=2, side=Side.IT, text="Ask", made_on=made_on, due_on=date(2026, 9, 1))
    ended = replace(ended, asked_in=3, answered_on=date(2026, 9, 10))
    due_in_it = replace(ended, id=3, due_on=date(2026, 11, 2), answered_on=date(2026, 11, 5))
    made = of(FOURTH, half_a_year(), notes=notes, commitments=(still_open, ended, due_in_it))
    assert made is not None
    assert [note.text for note in made.notes] == ["in it"]
    assert [one.id for one in made.commitments] == [1, 3]


@pytest.mark.parametrize("typed", ["", "Q5", "last", "2026", "2026 Q3 2025", "0000-Q1", "Q3; drop"])
def test_what_is_no_quarter_is_answered_with_an_example(typed: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadRequest, match="/pulse report Q3"):
        typed_quarter(typed, date(2026, 11, 20))


def test_only_questions_of_the_bank_can_be_left_out() -> None:
    """What came of a commitment, and an expectation, never had a wording in the bank."""
    plain = trust(20, FEW, FEW)
    asked = replace(
        plain,
        items=(*plain.items, "commitment.1", "expected.T01"),
        series={**plain.series, "commitment.1": "s", "expected.T01": "s"},
    )
    assert found(FOURTH, [asked]).left_out == 0
    gone = replace(plain, items=(*plain.items, "T02"), series={**plain.series, "T02": "another wording"})
    assert found(FOURTH, [gone]).left_out == 1
