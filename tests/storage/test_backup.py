"""Backups, made beside a running bot; and the views that people read them with."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlite_utils

from bot import main
from pulse.core.errors import StoreFault
from pulse.core.model import Side
from pulse.core.scoring import publication
from pulse.ops.sample import fill
from pulse.storage.backup import back_up
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Ballots, Publication, Store
from tests.storage.test_store import ITEMS, MANY, NOW, answer, answered, key_file, new_wave, rows

LIBRARY = load_library(None)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Twelve closed waves."""
    opened = Store.open(tmp_path / "pulse.db")
    await fill(opened, load_library(None), datetime.now(UTC), {Side.MARKETING: "C1", Side.IT: "C2"})
    await opened.keep_reference(LIBRARY.bank, LIBRARY.ledger)
    yield opened
    opened.close()


def holding(data: bytes, folder: Path) -> list[Path]:
    """The database's files that hold these bytes."""
    return [file for file in folder.glob("pulse.db*") if file.is_file() and data in file.read_bytes()]


async def test_a_backup_restores_everything_that_was_closed(store: Store, tmp_path: Path) -> None:
    """A copy in the database's place is the same pulse: set-up, waves, notes, log of changes."""
    said = back_up(store.path, tmp_path / "backup.db")
    assert "is whole" in said
    restored = Store.open(tmp_path / "backup.db")
    assert await restored.closed_waves() == await store.closed_waves()
    assert await restored.setup() == await store.setup()
    assert await restored.notes() == await store.notes()
    assert await restored.audit() == await store.audit()
    restored.close()


async def test_an_open_pulses_answers_and_key_are_not_in_a_backup(store: Store, tmp_path: Path) -> None:
    """A copy would outlive the close; so neither key nor ballot is in its bytes."""
    wave = await store.start_wave(new_wave(), "opened")
    for user in ("U1", "U2"):
        await answer(store, wave, user, "T01", "4")
    key, ballots = key_file(store).read_bytes()[32:96], rows(store.path)
    said = back_up(store.path, tmp_path / "backup.db")
    assert "answers are not in the backup" in said
    data = (tmp_path / "backup.db").read_bytes()
    assert not any(part in data for part in (key[:32], key[32:]))
    assert ballots
    assert not any(person in data or sealed in data for person, sealed in ballots)
    restored = Store.open(tmp_path / "backup.db")
    assert await restored.current_wave() is None
    assert len(await restored.closed_waves()) == 12
    assert await restored.start_wave(new_wave(), "opened again") > wave, "an old poll's buttons find no wave"
    restored.close()


async def test_a_backup_while_taps_come_in_is_whole_and_holds_up_nobody(store: Store, tmp_path: Path) -> None:
    """Ten backups during a storm of answers, none damaged, no answer lost."""
    wave = await store.start_wave(new_wave(), "opened")
    done = asyncio.Event()

    async def backups() -> None:
        for number in range(10):
            await asyncio.to_thread(back_up, store.path, tmp_path / f"{number}.db")
        done.set()

    async def storm() -> int:
        people = 0
        while not done.is_set():
            some = (f"U{(people + n) % len(MANY)}" for n in range(50))
            await asyncio.gather(*(answer(store, wave, user, "T01", "4") for user in some))
            people += 50
        return min(people, len(MANY))

    _none, people = await asyncio.gather(backups(), storm())
    assert people > 0
    assert (await answered(store, wave))[Side.IT] == people
    for number in range(10):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_the_close_is_scrubbed_after_a_backup(store: Store, tmp_path: Path) -> None:
    """A backup leaves no reader behind that would keep the answers' bytes in the log."""
    wave = await store.start_wave(new_wave(), "opened")
    await answer(store, wave, "U1", "T01", "4")
    back_up(store.path, tmp_path / "backup.db")
    (person, *_others), opened = rows(store.path)[0], await store.current_wave()
    assert holding(person, tmp_path)
    assert opened is not None

    def published(ballots: Mapping[Side, Ballots]) -> Publication:
        return publication(ITEMS, opened, ballots)

    await store.close_wave(wave, published, [], NOW + timedelta(days=3), "closed")
    await store.scrub()
    assert not holding(person, tmp_path)


async def test_a_backup_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    """What is there stays, and the sentence says so."""
    target = tmp_path / "precious.txt"
    target.write_text("precious")
    with pytest.raises(StoreFault, match="is there already"):
        back_up(store.path, target)
    assert target.read_text() == "precious"


async def test_a_backup_is_for_its_owner_only(store: Store, tmp_path: Path) -> None:
    """It holds the key under which managers are kept."""
    back_up(store.path, tmp_path / "backup.db")
    assert stat.S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600
    assert not (tmp_path / "backup.db.part").exists()


@pytest.mark.parametrize("target", ["nowhere/backup.db", "pulse.db/backup.db"])
async def test_a_place_that_cannot_be_written_is_said(target: str, store: Store, tmp_path: Path) -> None:
    """Nothing half-made is left."""
    with pytest.raises(StoreFault, match="cannot be written"):
        back_up(store.path, tmp_path / target)


async def test_a_damaged_database_is_not_backed_up(tmp_path: Path) -> None:
    """A bad backup might replace the last good one."""
    (tmp_path / "pulse.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreFault, match="damaged"):
        back_up(tmp_path / "pulse.db", tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


@pytest.mark.usefixtures("logging_as_before")
async def test_backup_and_export_on_the_command_line(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both run beside the bot that has the file open, and say what they made."""
    monkeypatch.setenv("PULSE_DB", str(store.path))
    monkeypatch.chdir(tmp_path)
    run = partial(asyncio.to_thread, main)
    assert await run(["backup", "backup.db"]) == 0
    assert await run(["export", "out"]) == 0
    assert "12 closed pulses are in" in capsys.readouterr().out
    assert await run(["backup", "backup.db"]) == 2
    assert "is there already" in capsys.readouterr().err
    monkeypatch.setenv("PULSE_DB", "nowhere.db")
    assert await run(["backup", "other.db"]) == 2
    assert await run(["export", "out"]) == 2


# --- the views ------------------------------------------------------------------------------------------


async def backup_of(store: Store, tmp_path: Path) -> sqlite_utils.Database:
    back_up(store.path, tmp_path / "backup.db")
    return sqlite_utils.Database(tmp_path / "backup.db")


async def test_scores_have_their_n_beside_every_share(store: Store, tmp_path: Path) -> None:
    """One row per pulse, item, side and share; withheld rows have no number but the people asked."""
    with closing(await backup_of(store, tmp_path)) as db:
        rows = list(db["pulse_scores"].rows)
    assert {row["status"] for row in rows} == {"counted", "withheld"}
    for row in rows:
        numbers = [
            row[name] for name in row if name.endswith(("_n", "_percent")) and name != "people_asked_n"
        ]
        if row["status"] == "withheld":
            assert numbers == [None] * len(numbers)
        else:
            assert row["answers_n"] >= 5
            assert 0 <= row["share_low_percent"] <= row["share_high_percent"] <= 100
        assert row["question"]


async def test_the_views_tell_what_the_messages_tell(store: Store, tmp_path: Path) -> None:
    """Each counted share of each closed wave is there once, with its numbers."""
    expected = {
        (wave.id, item, str(side), measure, share.low, share.high, outcome.n)
        for wave in await store.closed_waves()
        for (item, side), outcome in wave.outcomes.items()
        for measure, share in getattr(outcome, "shares", {}).items()
    }
    with closing(await backup_of(store, tmp_path)) as db:
        counted = [row for row in db["pulse_scores"].rows if row["status"] == "counted"]
    names = ("pulse", "item_id", "side", "measure", "people_low_n", "people_high_n", "answers_n")
    assert {tuple(row[name] for name in names) for row in counted} == expected
    assert len(counted) == len(expected)


async def test_published_figures_stand_beside_the_shares_they_may_stand_beside(
    store: Store, tmp_path: Path
) -> None:
    """With the published sample, study and caveat; trust is marketing's 62 per cent and IT's 68."""
    with closing(await backup_of(store, tmp_path)) as db:
        rows = list(db["baseline_comparison"].rows)
    trust = {(row["side"], row["published_percent"]) for row in rows if row["item_id"] == "T01"}
    assert trust == {("marketing", 62.0), ("it", 68.0)}
    assert all(row["answers_n"] >= 5 for row in rows)
    need = {
        row["published_percent"] for row in rows if row["item_id"] == "A01" and row["side"] == "marketing"
    }
    assert 56.0 in need
    assert 57.0 not in need


async def test_participation_is_withheld_under_the_minimum(store: Store, tmp_path: Path) -> None:
    """One side of one pulse had three answers: that number is nowhere."""
    with closing(await backup_of(store, tmp_path)) as db:
        rows = [row for row in db["participation"].rows if row["status"] == "withheld"]
    assert [(row["side"], row["people_answered_n"], row["people_answered_percent"]) for row in rows] == [
        ("it", None, None)
    ]
