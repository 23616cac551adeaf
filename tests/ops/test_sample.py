"""The rehearsal's invented history: real in form, labelled as invented."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pulse.core.comparison import Verdict
from pulse.core.model import Counted, Note, Side, Withheld
from pulse.core.reporting import report
from pulse.core.reports import Finding, WaveReport
from pulse.core.trails import trail
from pulse.ops.sample import WAVES, fill, is_sample, sample_note
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Store
from pulse.views.results import results_message

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.open(tmp_path / "pulse.db")
    await fill(store, load_library(None), NOW, {Side.MARKETING: "C1", Side.IT: "C2"})
    yield store
    store.close()


async def test_the_history_is_twelve_closed_waves_in_the_past(filled: Store) -> None:
    """Nothing is open, nothing is in the future, and only the last results wait to be posted."""
    waves = await filled.closed_waves()
    assert len(waves) == WAVES
    assert all(wave.closed_at < NOW for wave in waves)
    assert await filled.current_wave() is None
    waiting = await filled.undelivered()
    assert [(message.kind, message.wave_id) for message in waiting] == [("results", waves[-1].id)] * 2


async def test_the_last_results_of_the_history_are_a_finding(filled: Store) -> None:
    """What a visitor sees first is a change that the rules claim."""
    library = load_library(None)
    waves = await filled.closed_waves()
    found = report(waves[-1], waves, library.bank, library.ledger)
    assert found.headline.kind is Finding.CHANGE


async def test_the_history_shows_every_kind_of_outcome(filled: Store) -> None:
    """A visitor meets counts, ranges of fewer than ten answers, and a hidden side."""
    outcomes = [outcome for wave in await filled.closed_waves() for outcome in wave.outcomes.values()]
    sizes = [outcome.n for outcome in outcomes if isinstance(outcome, Counted)]
    assert (min(sizes) < 10, max(sizes) >= 10, Withheld() in outcomes) == (True, True, True)


async def test_both_named_studies_get_verdicts_in_the_posted_messages(filled: Store) -> None:
    """In twelve ordinary pulses a reader meets "above" or "below" beside each of the two named studies."""
    library = load_library(None)
    waves = await filled.closed_waves()
    posted = "\n".join(
        results_message(report(wave, waves, library.bank, library.ledger)).text for wave in waves
    )
    for study in ("Accenture", "CMO Council/Accenture"):
        assert re.search(rf"\*(?:above|below)\* {study}’s \d+%", posted), study


async def test_the_history_says_that_it_is_invented(filled: Store) -> None:
    """The label is a note, so that it is shown on every trend."""
    assert (await filled.notes())[0].text == sample_note()
    assert (await filled.notes())[0].day == (await filled.closed_waves())[0].closed_at.date()


async def test_whether_a_history_is_invented_can_be_told_later(filled: Store, tmp_path: Path) -> None:
    """The page's label comes back with the file; a file of one's own has none."""
    own = Store.open(tmp_path / "own.db")
    await own.add_note(Note(NOW.date(), "New intake form"), NOW, "A manager made a note.")
    assert (await is_sample(filled), await is_sample(own)) == (True, False)
    own.close()


async def test_the_schedule_counts_from_now(filled: Store) -> None:
    """The invented past does not make the real schedule skip or repeat anything."""
    setup = await filled.setup()
    assert setup is not None
    assert setup.since == NOW


async def reports(store: Store) -> list[WaveReport]:
    library, waves = load_library(None), await store.closed_waves()
    commitments = await store.commitments()
    return [report(wave, waves, library.bank, library.ledger, commitments=commitments) for wave in waves]


async def test_the_history_tells_of_a_wrong_expectation(filled: Store) -> None:
    """Marketing expects fewer in IT to agree than do, and the message begins with that."""
    found = [(one, made.headline) for made in await reports(filled) for one in made.expectations]
    first, headline = next((one, line) for one, line in found if one.side is Side.MARKETING)
    assert (first.item.id, first.verdict) == ("T01", Verdict.BELOW)
    assert headline.expectation == first


async def test_the_history_tells_of_a_commitment_that_was_kept(filled: Store) -> None:
    """It is asked about once; on both sides most saw it happen."""
    [commitment] = await filled.commitments()
    assert "invented" in commitment.text
    [asked] = [found for made in await reports(filled) for found in made.commitments]
    assert asked.commitment == commitment
    waves = await filled.closed_waves()
    wave = next(wave for wave in waves if wave.id == commitment.asked_in)
    for side in Side:
        outcome = wave.outcomes["commitment.1", side]
        assert isinstance(outcome, Counted)
        assert 2 * outcome.shares["choice_share:yes"].low > outcome.n


async def test_the_history_tells_of_a_rise_after_it(filled: Store) -> None:
    """The rules claim it once, and its trend marks the commitment with the counts around its day."""
    [rise] = [
        found.change
        for made in await reports(filled)
        if (item := made.of("T01")) is not None and (found := item.sides[Side.MARKETING]).change is not None
    ]
    assert rise is not None
    assert rise.rising
    library, commitments = load_library(None), await filled.commitments()
    item = library.bank.get("T01")
    assert item is not None
    waves = await filled.closed_waves()
    found = trail(item, waves, library.bank, library.ledger, commitments=commitments)
    assert found is not None
    [mark] = found.marks
    assert commitments[0].made_on < mark.day < rise.newer.last
    assert "pulses before, " in mark.sentences[Side.MARKETING]
