"""`/pulse trend ITEM`: one question over all waves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from pulse.core.commitments import Commitment
from pulse.core.model import ClosedWave, Counted, Note, Share, Side
from pulse.core.reports import Trail
from pulse.core.trails import trail
from pulse.views.charts import Dot, Hidden, Zone, alt_text
from pulse.views.painting import paint
from pulse.views.trend import trend_chart, trend_message
from rehearsal.blockkit import problems
from tests.golden import golden
from tests.views.waves import BANK, LEDGER, shipped, trust

T01 = shipped("T01")


def rising() -> list[ClosedWave]:
    """Eight waves: marketing rises, IT is hidden, under ten or counted in turn."""
    it = [[1, 1, 1, 1, 0], [1, 1, 1, 2, 1], [2, 2, 4, 2, 2]]
    return [trust(n, [16 - 2 * n, 0, 7, 2 * n, 7], it[n % 3], 40) for n in range(8)]


def trail_of(waves: list[ClosedWave], *notes: Note) -> Trail:
    found = trail(T01, waves, BANK, LEDGER, notes)
    assert found is not None
    return found


def test_a_trend_as_it_is_answered() -> None:
    """The whole message, with notes and chart."""
    found = trail_of(rising(), Note(date(2026, 8, 20), "New CRM goes live"), Note(date(2030, 1, 1), "Later"))
    message = trend_message(found, T01, file_id="F0123", shareable=True)
    assert problems(message.blocks, surface="message") == []
    golden("trend_message", message)


def test_a_trend_is_said_first_in_the_alternative_text() -> None:
    """The picture's words begin with the conclusion."""
    text = alt_text(trend_chart(trail_of(rising())))
    assert text.startswith("The others keep promises. Marketing: Up: 72 of 120 (60%) agree in 4 pulses")


def test_the_message_speaks_as_its_chart_does() -> None:
    """The picture in the message has the chart's own alternative text."""
    found = trail_of(rising())
    blocks = trend_message(found, T01, file_id="F0123").blocks
    spoken = [block["alt_text"] for block in blocks if block["type"] == "image"]
    assert spoken == [alt_text(trend_chart(found))]


def test_the_chart_shows_each_outcome_for_what_it_is() -> None:
    """A gap where withheld, a zone from 5 to 9, a dot from 10."""
    marks = [moment.marks[Side.IT] for moment in trend_chart(trail_of(rising())).moments]
    assert [type(mark) for mark in marks] == [Hidden, Zone, Dot, Hidden, Zone, Dot, Hidden, Zone]


def test_published_figures_are_dashed_on_their_own_side() -> None:
    """Each side's panel has that side's figures, and none if nothing may be compared."""
    lines = trend_chart(trail_of(rising()[:3])).lines
    assert [line.label for line in lines[Side.MARKETING]] == ["62% · Forrester/Forbes 2014"]
    assert [line.label for line in lines[Side.IT]] == ["68% · Forrester/Forbes 2014"]
    hidden = trend_chart(trail_of(rising()[:1])).lines
    assert hidden[Side.IT] == ()


def test_a_changed_wording_breaks_the_line_and_is_said() -> None:
    """Waves in other words are drawn apart, and the message says that nothing is compared across."""
    waves = rising()
    old = [replace(wave, series={"T01": "T01-other"}) for wave in waves[:4]]
    found = trail_of([*old, *waves[4:]])
    assert [moment.series == T01.series for moment in trend_chart(found).moments] == [False] * 4 + [True] * 4
    assert "nothing is compared across that" in trend_message(found, T01).text
    assert "Dotted: the wording changed." in trend_chart(found).footer


def test_what_another_wording_measured_is_not_drawn() -> None:
    """A share of other options is not a point of this question."""
    odd = Counted(12, {"choice_share:other": Share(5, 5)})
    wave = replace(trust(0, [2, 2, 4, 2, 2], [2, 2, 4, 2, 2]), series={"T01": "T01-other"})
    wave = replace(wave, outcomes={("T01", side): odd for side in Side})
    chart = trend_chart(trail_of([wave]))
    assert chart.moments[0].marks == {}
    assert chart.latest == dict.fromkeys(Side, "")
    assert paint(chart).startswith(b"\x89PNG")
    assert "in today's wording" in trend_message(trail_of([wave]), T01).text


def test_notes_are_numbered_within_the_shown_days() -> None:
    """A note before the first or after the last wave has no mark; what was typed is escaped."""
    waves = rising()
    first, last = waves[0].closed_at.date(), waves[-1].closed_at.date()
    notes = [
        Note(first - timedelta(days=1), "too early"),
        Note(first, "<!here> first"),
        Note(last, "last"),
        Note(last + timedelta(days=1), "too late"),
    ]
    found = trail_of(waves, *notes)
    assert [(note.day, note.number) for note in trend_chart(found).notes] == [(first, 1), (last, 2)]
    text = trend_message(found, T01).text
    assert "*1* 6 August 2026: &lt;!here&gt; first" in text
    assert "too early" not in text
    assert "too late" not in text


def test_only_a_commitments_own_mark_has_its_counts() -> None:
    """A manager's note that says the same has none: a mark is known by what it is, not by its words."""
    waves = rising()
    due = waves[3].closed_at.date()
    kept = Commitment(id=1, side=Side.IT, text="Answer in two days", made_on=due, due_on=due)
    found = trail(T01, waves, BANK, LEDGER, commitments=[kept])
    assert found is not None
    [mark] = found.marks
    note = Note(due + timedelta(days=1), mark.text)
    again = trail(T01, waves, BANK, LEDGER, [note], commitments=[kept])
    assert again is not None
    text = trend_message(again, T01).text
    assert text.count(mark.text) == 2
    assert text.count(mark.sentences[Side.MARKETING]) == 1
    assert text.index(mark.sentences[Side.MARKETING]) < text.index("*2*")


def test_ten_years_of_waves_and_many_notes_fit() -> None:
    """520 waves and 100 long notes stay within Slack's limits; the newest 20 notes are marked."""
    waves = [trust(n, [2, 2, 4, 2, 2], [2, 2, 4, 2, 2]) for n in range(520)]
    notes = [Note(date(2030, 1, 1) + timedelta(days=n), "x" * 300) for n in range(100)]
    message = trend_message(trail_of(waves, *notes), T01, file_id="F0123")
    assert problems(message.blocks, surface="message") == []
    assert len(trend_chart(trail_of(waves, *notes)).notes) == 20


def test_a_long_own_wording_fits_the_heading() -> None:
    """A heading takes 150 characters; the question stands below in full."""
    long = replace(T01, own=True, title="", wordings={side: f"{side.label} " + "word " * 58 for side in Side})
    found = replace(trail_of(rising()), item=long)
    assert problems(trend_message(found, long).blocks, surface="message") == []


def test_a_question_that_was_never_asked_says_so() -> None:
    """No closed wave asked it."""
    assert trend_message(None, shipped("T02")).text.startswith("No closed pulse has asked T02 yet")
