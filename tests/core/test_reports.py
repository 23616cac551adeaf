"""What is gathered of closed waves before anything is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pulse.core.items import Bank
from pulse.core.model import Counted, Note, Share, Side, Withheld
from pulse.core.reports import last_report, report, trail
from tests.views.waves import BANK, LEDGER, shipped, trust, two_waves, wave

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
    """Outcomes, sentences, gap and published figures stand together."""
    first, second = two_waves()
    trusting = report(second, [first], BANK, LEDGER).items[0]
    assert trusting.outcomes[Side.MARKETING] == Counted(12, {"top2box": Share(7, 7)})
    assert trusting.readings[Side.MARKETING].share.endswith("7 of 12 agree (plausible 32–81 %).")
    assert trusting.gap is not None
    assert [found.row.key for found in trusting.comparables[Side.IT]] == ["F14_trust_it", "E22_coworkers"]


def test_only_earlier_waves_count_as_before() -> None:
    """A wave is compared with the newest that closed before it, never with itself or a later one."""
    waves = [trust(0, [5, 5, 1, 1, 0], EVEN), trust(1, EVEN, EVEN), trust(2, GOOD, EVEN)]
    change = report(waves[1], waves, BANK, LEDGER).items[0].readings[Side.MARKETING].change
    assert change == "No clear change from last time (0 or 1 of 12)."


def test_the_wave_before_is_the_last_that_asked_the_item() -> None:
    """Between two waves of a rotating question others may lie."""
    asked = {("G02", side): EVEN for side in Side}
    waves = [wave(0, asked), trust(1, EVEN, EVEN), wave(2, asked)]
    change = report(waves[2], waves, BANK, LEDGER).items[0].readings[Side.IT].change
    assert change == "No clear change from last time (4 of 12)."


def test_another_wording_is_never_compared() -> None:
    """A wave that asked other words is not a wave before."""
    old = replace(trust(0, EVEN, EVEN), series={"T01": "T01-other"})
    now = trust(1, GOOD, EVEN)
    assert report(now, [old], BANK, LEDGER).items[0].readings[Side.MARKETING].change is None


def test_results_of_an_edited_question_are_left_out_and_said_so() -> None:
    """Old answers never stand beside new words."""
    found = report(trust(0, EVEN, EVEN), [], reworded(), LEDGER)
    assert found.items == ()
    assert found.notes == ("1 question of this pulse is left out: its wording has changed since.",)


def test_an_outcome_that_is_missing_is_withheld() -> None:
    """No outcome is like too few answers: hidden, with no number."""
    bare = replace(trust(0, EVEN, EVEN), outcomes={}, turnout={})
    found = report(bare, [], BANK, LEDGER).items[0]
    assert found.outcomes == {side: Withheld() for side in Side}
    assert {reading.share for reading in found.readings.values()} == {"Fewer than 5 answers: hidden."}


def test_the_last_report_is_of_the_newest_wave_that_asked() -> None:
    """`/pulse scores ITEM` shows the last wave in which the item was asked."""
    waves = [trust(0, EVEN, EVEN), trust(1, EVEN, EVEN), wave(2, {("G02", side): EVEN for side in Side})]
    found = last_report(shipped("T01"), waves[::-1], BANK, LEDGER)
    assert found is not None
    assert found.wave.id == 1
    assert last_report(shipped("T02"), waves, BANK, LEDGER) is None


def test_a_report_that_is_kept_is_not_made_again() -> None:
    """Whoever keeps reports hands his own maker in, and gets what it gives."""
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
    assert found.sentences[Side.IT][0] == "A trend needs 6 pulses that can be compared; there are 3."
    assert trail(shipped("T02"), waves, BANK, LEDGER) is None


def test_the_sentences_of_a_trail_are_of_one_wording() -> None:
    """Waves in other words are in the trail, and in none of its sentences."""
    waves = [trust(number, EVEN, EVEN) for number in range(7)]
    old = [replace(old_wave, series={"T01": "T01-other"}) for old_wave in waves[:2]]
    found = trail(shipped("T01"), [*old, *waves[2:]], BANK, LEDGER)
    assert found is not None
    assert found.reworded
    assert found.sentences[Side.IT][0] == "A trend needs 6 pulses that can be compared; there are 5."


def test_a_trail_whose_wording_is_gone_has_no_sentences() -> None:
    """Only waves in other words: they are shown without a conclusion."""
    edited = reworded()
    item = edited.get("T01")
    assert item is not None
    found = trail(item, [trust(0, EVEN, EVEN)], edited, LEDGER)
    assert found is not None
    assert found.last is None
    assert found.sentences == dict.fromkeys(Side, ())


def test_what_this_n_can_see_is_silent_where_hidden() -> None:
    """Under the minimum there is no sentence about the number of answers."""
    found = trail(shipped("T01"), [trust(0, EVEN, [1, 1, 1, 1, 0])], BANK, LEDGER)
    assert found is not None
    assert len(found.sentences[Side.IT]) == 1
    assert isinstance(found.steps[0].outcomes[Side.IT], Withheld)
    few = trail(shipped("T01"), [trust(0, EVEN, [1, 1, 1, 1, 2])], BANK, LEDGER)
    assert few is not None
    assert few.steps[0].outcomes[Side.IT] == Counted(6, {"top2box": Share(3, 3)})
