"""What is gathered of closed waves before anything is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from pulse.core.comparison import Verdict
from pulse.core.items import Bank
from pulse.core.model import Counted, Note, Share, Side, SideTurnout, Withheld
from pulse.core.reporting import report
from pulse.core.reports import ReportNote, ReportNoteKind, WaveReport
from pulse.core.trails import last_report, trail
from pulse.core.wording import first_claims_sentence
from tests.views.waves import BANK, FIRST, LEDGER, shipped, trust, two_waves, wave

EVEN = [2, 2, 4, 2, 2]
GOOD = [0, 1, 1, 5, 5]


def reworded() -> Bank:
    """The bank after somebody edited the trust question."""
    other = dict.fromkeys(Side, "I can rely on my colleagues.")
    return Bank(
        tuple(replace(item, wordings=other, edited=True) if item.id == "T01" else item for item in BANK)
    )


def test_the_headline_item_comes_first() -> None:
    """The anchor that the bank lists first leads, wherever the wave asked it."""
    asked = wave(
        0,
        {
            (item_id, side): counts
            for item_id, counts in (("A02", [2, 4, 3, 3]), ("T01", EVEN))
            for side in Side
        },
    )
    assert [found.item.id for found in report(asked, [], BANK, LEDGER).items] == ["T01", "A02"]


def test_each_side_and_item_is_said() -> None:
    """Outcomes, sentences, gap and published figures stand together; one figure leads."""
    first, second = two_waves()
    trusting = report(second, [first], BANK, LEDGER).items[0]
    said = trusting.sides[Side.MARKETING]
    assert said.outcome == Counted(12, {"top2box": Share(7, 7)})
    assert said.sentence == "7 of 12 agree (58%)."
    assert trusting.gap is not None
    it = trusting.sides[Side.IT]
    assert [found.comparable.row.key for found in it.comparisons if found.lead] == ["F14_trust_it"]
    assert it.lead in it.comparisons


def last_time(made: WaveReport, side: Side) -> str:
    return made.items[0].sides[side].last_time


def test_only_earlier_waves_count_as_before() -> None:
    """A wave stands beside the newest that closed before it, never beside itself or a later one."""
    waves = [trust(0, [5, 5, 1, 1, 0], EVEN), trust(1, EVEN, EVEN), trust(2, GOOD, EVEN)]
    made = report(waves[1], waves, BANK, LEDGER)
    assert last_time(made, Side.MARKETING) == "2 or fewer of 12 on 6 August."


def test_the_wave_before_is_the_last_that_asked_the_item() -> None:
    """Between two waves of a rotating question others may lie."""
    asked = {("G02", side): EVEN for side in Side}
    waves = [wave(0, asked), trust(1, EVEN, EVEN), wave(2, asked)]
    assert last_time(report(waves[2], waves, BANK, LEDGER), Side.IT) == "4 of 12 (33%) on 6 August."


def test_a_hidden_wave_is_not_the_last_time() -> None:
    """The last figure that was published is quoted, with its date."""
    waves = [trust(0, EVEN, EVEN), trust(1, [1, 1, 1, 1, 0], EVEN), trust(2, EVEN, EVEN)]
    assert last_time(report(waves[2], waves, BANK, LEDGER), Side.MARKETING) == "4 of 12 (33%) on 6 August."


def test_days_are_those_of_the_zone() -> None:
    """A pulse that closes on Thursday evening in UTC closes on Friday in Tokyo."""
    waves = [replace(one, closed_at=one.closed_at.replace(hour=23)) for one in two_waves()]
    made = report(waves[1], waves, BANK, LEDGER, zone=ZoneInfo("Asia/Tokyo"))
    assert last_time(made, Side.MARKETING) == "5 of 12 (42%) on 7 August."


def test_the_rules_are_the_same_in_every_zone() -> None:
    """91 days apart in UTC are averaged, though summer time makes 92 of them in Los Angeles."""
    closes = [(FIRST + timedelta(weeks=weeks)).replace(hour=7, minute=30) for weeks in (20, 33)]
    quarterly = [replace(trust(at, EVEN, EVEN), closed_at=when) for at, when in enumerate(closes)]
    for zone in (UTC, ZoneInfo("America/Los_Angeles")):
        said = report(quarterly[1], quarterly, BANK, LEDGER, zone=zone).items[0].sides[Side.IT]
        assert said.lead is not None
        assert said.lead.waves == 2
    assert said.last_time.endswith(" on 23 December 2026.")


def test_another_wording_is_never_compared() -> None:
    """A wave that asked other words is not a wave before, and starts no older window."""
    old = [replace(trust(at, [9, 3, 0, 0, 0], EVEN), series={"T01": "T01-other"}) for at in range(8)]
    now = [trust(8 + at, GOOD, EVEN) for at in range(8)]
    made = report(now[0], old, BANK, LEDGER)
    assert last_time(made, Side.MARKETING) == ""
    assert report(now[-1], [*old, *now], BANK, LEDGER).items[0].sides[Side.MARKETING].claims == ()


def test_results_of_an_edited_question_are_left_out_and_said_so() -> None:
    """Old answers never stand beside new words."""
    found = report(trust(0, EVEN, EVEN), [], reworded(), LEDGER)
    assert found.items == ()
    said = "1 question of this pulse is left out: its wording has changed since."
    assert found.notes == (ReportNote(kind=ReportNoteKind.LEFT_OUT, sentence=said),)


def test_an_outcome_that_is_missing_is_withheld() -> None:
    """It is treated like too few answers: hidden, with no number."""
    bare = replace(trust(0, EVEN, EVEN), outcomes={}, turnout={})
    found = report(bare, [], BANK, LEDGER).items[0]
    assert [said.outcome for said in found.sides.values()] == [Withheld()] * 2
    assert {said.sentence for said in found.sides.values()} == {"Fewer than 5 answers: hidden."}


def test_the_last_report_is_of_the_newest_wave_that_asked() -> None:
    """`/pulse scores ITEM` shows the last wave in which the item was asked."""
    waves = [trust(0, EVEN, EVEN), trust(1, EVEN, EVEN), wave(2, {("G02", side): EVEN for side in Side})]
    found = last_report(shipped("T01"), waves[::-1], BANK, LEDGER)
    assert found is not None
    assert found.wave.id == 1
    assert last_report(shipped("T02"), waves, BANK, LEDGER) is None


def test_a_report_that_is_kept_is_not_made_again() -> None:
    """A caller that keeps reports passes its own maker, and its reports are used."""
    waves = two_waves()
    kept = report(waves[1], waves, BANK, LEDGER)
    asked = last_report(shipped("T01"), waves, BANK, LEDGER, lambda *_: kept)
    followed = trail(shipped("T01"), waves, BANK, LEDGER, (), lambda *_: kept)
    assert asked is kept
    assert followed is not None
    assert followed.last is kept.items[0]


def test_a_trail_is_all_waves_of_an_item_oldest_first() -> None:
    """However the waves are given, the trail runs forward."""
    waves = [trust(number, EVEN, EVEN) for number in range(3)]
    notes = [Note(date(2026, 9, 1), "later"), Note(date(2026, 8, 1), "earlier")]
    found = trail(shipped("T01"), waves[::-1], BANK, LEDGER, notes)
    assert found is not None
    assert [step.wave.id for step in found.steps] == [0, 1, 2]
    assert [note.text for note in found.notes] == ["earlier", "later"]
    assert found.sentences[Side.IT] == (first_claims_sentence(),)
    assert trail(shipped("T02"), waves, BANK, LEDGER) is None


def test_the_sentences_of_a_trail_are_of_one_wording() -> None:
    """Waves in other words are in the trail, and in none of its sentences."""
    waves = [trust(number, EVEN, EVEN) for number in range(7)]
    old = [replace(old_wave, series={"T01": "T01-other"}) for old_wave in waves[:2]]
    found = trail(shipped("T01"), [*old, *waves[2:]], BANK, LEDGER)
    assert found is not None
    assert found.reworded
    assert found.sentences[Side.IT] == ("No change has been called in 5 pulses.",)


def test_a_trail_whose_wording_is_gone_has_no_sentences() -> None:
    """Only waves in other words: they are shown without a conclusion."""
    edited = reworded()
    item = edited.get("T01")
    assert item is not None
    found = trail(item, [trust(0, EVEN, EVEN)], edited, LEDGER)
    assert found is not None
    assert found.last is None
    assert found.sentences == dict.fromkeys(Side, ())


def test_what_is_hidden_is_the_same_whatever_was_answered() -> None:
    """Under 5 answers everything said of a side is the same for every count."""
    said = [
        report(trust(0, counts, EVEN), [], BANK, LEDGER).items[0].sides[Side.MARKETING] for counts in HIDDEN
    ]
    assert len({repr(one) for one in said}) == 1
    assert (said[0].people, said[0].sight, said[0].people_sentence) == (None, "", "")


HIDDEN = ([1, 1, 1, 1, 0], [0, 0, 0, 0, 4], [0, 0, 0, 0, 0], [2, 0, 0, 0, 0])


def test_first_results_say_when_changes_can_be_called() -> None:
    """Once, with the first wave that shows anything."""
    waves = [trust(0, EVEN, EVEN), trust(1, EVEN, EVEN)]
    note = ReportNote(kind=ReportNoteKind.FIRST_CLAIMS, sentence=first_claims_sentence())
    assert [report(one, waves, BANK, LEDGER).notes for one in waves] == [(note,), ()]
    hidden = trust(0, [0, 0, 0, 0, 0], [0, 0, 0, 0, 0])
    assert report(hidden, [], BANK, LEDGER).notes == ()


def test_a_roster_is_never_smaller_than_the_answers() -> None:
    """The first edition counted answers of people who joined late: such figures stay possible."""
    old = trust(0, EVEN, EVEN)
    few = replace(old, turnout={side: SideTurnout(9, 12) for side in Side})
    said = report(few, [], BANK, LEDGER).items[0].sides[Side.IT]
    assert said.people is not None
    assert (said.people.certain_low, said.people.certain_high, said.people.roster) == (4, 4, 12)


def test_a_figure_that_rounds_to_the_studys_shows_no_verdict() -> None:
    """8 of 13 is printed as 62%: "below the 62%" beside it would read as a mistake."""
    low, near = [3, 5, 2, 2, 1], [1, 2, 2, 4, 4]
    waves = [trust(number, low, low) for number in range(3)]
    lead = report(trust(3, near, near), waves, BANK, LEDGER).items[0].sides[Side.MARKETING].lead
    assert lead is not None
    assert (lead.comparable.row.percent, lead.verdict, lead.evident) == (62, Verdict.BELOW, False)
