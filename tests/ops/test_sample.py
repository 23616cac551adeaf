"""The rehearsal's invented history: real in form, labelled as invented."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pulse.core.model import Counted, Note, Side, Withheld
from pulse.ops.sample import WAVES, fill, is_sample, sample_note
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.open(tmp_path / "pulse.db")
    await fill(store, load_library(None).bank, NOW, {Side.MARKETING: "C1", Side.IT: "C2"})
    yield store
    store.close()


async def test_the_history_is_twelve_closed_waves_in_the_past(filled: Store) -> None:
    """Nothing is open, nothing is in the future, nothing waits to be posted."""
    waves = filled.closed_waves()
    assert len(waves) == WAVES
    assert all(wave.closed_at < NOW for wave in waves)
    assert filled.current_wave() is None
    assert filled.undelivered() == ()


async def test_the_history_shows_every_kind_of_outcome(filled: Store) -> None:
    """A visitor meets counts, ranges of fewer than ten answers, and a hidden side."""
    outcomes = [outcome for wave in filled.closed_waves() for outcome in wave.outcomes.values()]
    sizes = [outcome.n for outcome in outcomes if isinstance(outcome, Counted)]
    assert (min(sizes) < 10, max(sizes) >= 10, Withheld() in outcomes) == (True, True, True)


async def test_the_history_says_that_it_is_invented(filled: Store) -> None:
    """The label is a note, so that it stands on every trend."""
    assert filled.notes()[0].text == sample_note()
    assert filled.notes()[0].day == filled.closed_waves()[0].closed_at.date()


async def test_whether_a_history_is_invented_can_be_told_later(filled: Store, tmp_path: Path) -> None:
    """The page's label comes back with the file; a file of one's own has none."""
    own = Store.open(tmp_path / "own.db")
    await own.add_note(Note(NOW.date(), "New intake form"), NOW, "A manager made a note.")
    assert (is_sample(filled), is_sample(own)) == (True, False)
    own.close()


async def test_the_schedule_counts_from_now(filled: Store) -> None:
    """The invented past does not make the real schedule skip or repeat anything."""
    setup = filled.setup()
    assert setup is not None
    assert setup.since == NOW
