"""The database: what stands in it while a wave is open, what is left after, and what it survives."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.core.calendar import Moments
from pulse.core.errors import BadRequest, NotNow, PollIsClosed, StoreFault
from pulse.core.model import Side
from pulse.services.answering import pseudonym
from pulse.services.waves import publication
from pulse.storage.library import load_library
from pulse.storage.sqlite.ballots import ROWS_PER_STATEMENT
from pulse.storage.sqlite.store import (
    Answers,
    Ballots,
    NewMessage,
    NewWave,
    Publication,
    Recorded,
    Store,
)
from tests.depth import also_soaked, length

T = TypeVar("T")

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
MOMENTS = Moments(date(2026, 3, 3), NOW, (), LATER)
BANK = load_library(None).bank
ITEMS = tuple(item for id_ in ("T01", "A02", "G01", "L03") if (item := BANK.get(id_)))
KEY = bytes(range(32))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path / "pulse.db")
    yield opened
    opened.close()


def new_wave(key: bytes = KEY, cadence: str = "schedule", moments: Moments = MOMENTS) -> NewWave:
    people = {Side.MARKETING: 14, Side.IT: 12}
    channels = {"C1": Side.MARKETING, "C2": Side.IT}
    return NewWave(
        cadence=cadence,
        moments=moments,
        opened_at=NOW,
        minimum=5,
        key=key,
        items=ITEMS,
        people=people,
        channels=channels,
    )


def choose(item: str, *boxes: str) -> Callable[[Answers], Answers]:
    return lambda before: {**before, item: frozenset(boxes)}


async def answer(store: Store, wave: int, user: str, item: str, *boxes: str, side: Side = Side.IT) -> None:
    opened = store.current_wave()
    assert opened is not None
    await store.answer(wave, pseudonym(opened, user), side, False, choose(item, *boxes))


async def close(store: Store, wave: int) -> None:
    opened = store.current_wave()
    assert opened is not None

    def published(ballots: Mapping[Side, Ballots]) -> Publication:
        return publication(ITEMS, opened, ballots)

    assert await store.close_wave(
        wave, published, [NewMessage(kind="results", channel="C1", at=LATER)], LATER, "closed"
    )
    await store.scrub()


async def test_a_second_bot_on_the_same_file_does_not_start(store: Store) -> None:
    """The file is locked by the bot that has it open."""
    with pytest.raises(StoreFault, match="Another bot is running"):
        Store.open(store.path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The sentence names the file and what to do."""
    with pytest.raises(StoreFault, match="PULSE_DB"):
        Store.open(tmp_path / "nowhere" / "pulse.db")


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    """A damaged file is refused, named, and not written to."""
    path = tmp_path / "pulse.db"
    path.write_bytes(b"this is not a database, but somebody's letter" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreFault, match="damaged"):
        Store.open(path)
    assert before == path.read_bytes()


async def test_a_corrupted_page_is_found_at_start(store: Store) -> None:
    """The full check reads every page."""
    wave = await store.start_wave(new_wave(), "opened")
    await asyncio.gather(*(answer(store, wave, f"U{person:08}", "T01", "4") for person in range(300)))
    path = store.path
    store.close()
    with path.open("r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(b"\xff" * 2000)
    with pytest.raises(StoreFault, match=r"damaged|written"):
        Store.open(path)


async def test_pragmas_are_those_that_the_promise_needs(store: Store) -> None:
    """WAL, synchronous FULL, foreign keys and secure_delete hold on the connection that writes."""

    def look(connection: sqlite3.Connection) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)

    assert await store.write(look) == ("wal", 2, 1, 1)


async def test_every_table_of_ours_is_strict(store: Store) -> None:
    """A text never ends up in a column of numbers."""

    def look(connection: sqlite3.Connection) -> list[str]:
        tables = connection.execute("PRAGMA table_list").fetchall()
        return [
            row[1]
            for row in tables
            if row[2] == "table" and not row[5] and not row[1].startswith(("sqlite_", "_sqlite"))
        ]

    assert await store.write(look) == []


async def test_only_one_wave_is_open_at_a_time(store: Store) -> None:
    """A second wave, by hand too, waits for the first one's close."""
    await store.start_wave(new_wave(), "opened")
    with pytest.raises(NotNow):
        await store.start_wave(new_wave(cadence="hand"), "opened")


async def test_a_due_date_has_one_wave(store: Store) -> None:
    """The schedule cannot open the same date twice, closed or not."""
    wave = await store.start_wave(new_wave(), "opened")
    await close(store, wave)
    with pytest.raises(NotNow):
        await store.start_wave(new_wave(), "again")
    assert not await store.skip_wave(MOMENTS, "skipped", NOW)


async def test_a_manager_may_open_two_waves_on_one_date(store: Store) -> None:
    """Waves by hand do not use up the due date."""
    for _ in range(2):
        await close(store, await store.start_wave(new_wave(cadence="hand"), "opened"))
    assert len(store.closed_waves()) == 2


async def test_a_person_counts_once_however_often_they_change(store: Store) -> None:
    """The last answer stands; the first one fixes the side."""
    wave = await store.start_wave(new_wave(), "opened")
    await answer(store, wave, "U1", "T01", "1", side=Side.IT)
    await answer(store, wave, "U1", "T01", "5", side=Side.MARKETING)
    opened = store.current_wave()
    assert opened is not None
    assert {"T01": frozenset({"5"})} == store.answers_of(wave, pseudonym(opened, "U1"))
    assert store.answered(wave) == {Side.MARKETING: 0, Side.IT: 1}


async def test_withdrawing_leaves_nothing_of_a_person(store: Store) -> None:
    """No answer and no pseudonym stay behind."""
    wave = await store.start_wave(new_wave(), "opened")
    await answer(store, wave, "U1", "T01", "1")
    await store.answer(wave, pseudonym(store.current_wave(), "U1"), Side.IT, False, lambda _before: {})
    assert set() == store.participants(wave)


async def test_no_answer_after_the_close(store: Store) -> None:
    """A closed wave refuses, in a sentence."""
    wave = await store.start_wave(new_wave(), "opened")
    await close(store, wave)
    with pytest.raises(PollIsClosed):
        await store.answer(wave, b"x" * 32, Side.IT, False, lambda before: before)


async def test_a_job_that_fails_undoes_only_itself(store: Store) -> None:
    """Answers that share a commit with a faulty one are kept."""
    wave = await store.start_wave(new_wave(), "opened")

    def faulty(_before: Answers) -> Answers:
        raise BadRequest("no such box")

    person = [bytes([number]) * 32 for number in range(3)]
    done = await asyncio.gather(
        store.answer(wave, person[0], Side.IT, False, choose("T01", "4")),
        store.answer(wave, person[1], Side.IT, False, faulty),
        store.answer(wave, person[2], Side.IT, False, choose("T01", "2")),
        return_exceptions=True,
    )
    assert isinstance(done[1], BadRequest)
    assert {person[0], person[2]} == store.participants(wave)


PEOPLE = ("ada", "bo", "cy")
CHANGES: tuple[Callable[[Answers], Answers], ...] = (
    choose("T01", "5"),
    choose("T01", "1"),
    choose("A02", "3"),
    choose("G01", "a", "b"),
    lambda before: {item: boxes for item, boxes in before.items() if item != "T01"},
    lambda _before: {},
)


Ask = tuple[str, Side, bool, Callable[[Answers], Answers]]
ASKS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(Side), st.booleans(), st.sampled_from(CHANGES)),
    max_size=8,
)


async def together(store: Store, asks: Sequence[Coroutine[None, None, T]]) -> list[T]:
    """Lets all asks wait side by side before the writer takes the first."""
    free = threading.Event()
    busy = asyncio.ensure_future(store.write(lambda _connection: free.wait()))
    running = [asyncio.ensure_future(ask) for ask in asks]
    await asyncio.sleep(0)
    free.set()
    await busy
    return [await ask for ask in running]


async def told(ask: Coroutine[None, None, object]) -> object:
    """What came of it, be it an error."""
    try:
        return await ask
    except PollIsClosed as error:
        return error


async def one_by_one(_store: Store, asks: Sequence[Coroutine[None, None, T]]) -> list[T]:
    return [await ask for ask in asks]


@also_soaked
@given(rounds=st.lists(ASKS, max_size=3))
@settings(max_examples=length(30, 600), deadline=None)
def test_changes_written_together_are_those_written_one_by_one(rounds: list[list[Ask]]) -> None:
    """Whoever asks what, and however often: the same is told, and the file holds the same."""

    async def written(
        folder: str, write: Callable[[Store, Sequence[Coroutine[None, None, Recorded]]], Any]
    ) -> tuple[list[list[Recorded]], list[tuple[object, ...]]]:
        store = Store.open(Path(folder) / "pulse.db")
        try:
            wave = await store.start_wave(new_wave(), "opened")
            opened = store.current_wave()
            assert opened is not None
            told = [
                await write(
                    store,
                    [
                        store.answer(wave, pseudonym(opened, user), side, joined, change)
                        for user, side, joined, change in asked
                    ],
                )
                for asked in rounds
            ]
        finally:
            store.close()
        with closing(sqlite3.connect(Path(folder) / "pulse.db")) as connection:
            rows = connection.execute(
                "SELECT person, side, joined, item_id, boxes FROM participant"
                " LEFT JOIN answer USING (wave_id, person) ORDER BY person, item_id"
            ).fetchall()
        return told, rows

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        assert asyncio.run(written(one, together)) == asyncio.run(written(other, one_by_one))


async def test_withdrawing_and_answering_for_the_other_side_in_one_breath_counts_there(store: Store) -> None:
    """The first answer after a withdrawal fixes the side anew, in whatever batch it is written."""
    wave = await store.start_wave(new_wave(), "opened")
    person = b"somebody"
    await store.answer(wave, person, Side.IT, False, choose("T01", "5"))
    await together(
        store,
        [
            store.answer(wave, person, Side.IT, False, lambda _before: {}),
            store.answer(wave, person, Side.MARKETING, False, choose("T01", "4")),
        ],
    )
    assert store.answered(wave) == {Side.MARKETING: 1, Side.IT: 0}
    assert store.answers_of(wave, person) == {"T01": frozenset("4")}


async def test_more_people_than_one_statement_takes_are_written_together(store: Store) -> None:
    """Nobody of a storm is lost between two statements."""
    wave = await store.start_wave(new_wave(), "opened")
    many = 2 * ROWS_PER_STATEMENT + 1
    users = [f"U{number}" for number in range(many)]
    await together(store, [answer(store, wave, user, "T01", "5") for user in users])
    await together(store, [answer(store, wave, user, "A02", "4") for user in users])
    assert store.answered(wave) == {Side.MARKETING: 0, Side.IT: many}
    opened = store.current_wave()
    assert opened is not None
    for user in users:
        assert store.answers_of(wave, pseudonym(opened, user)) == {
            "T01": frozenset("5"),
            "A02": frozenset("4"),
        }


async def test_answers_that_come_with_one_for_a_closed_wave_are_kept(store: Store) -> None:
    """The late one is told so; the others are durable."""
    wave = await store.start_wave(new_wave(), "opened")
    late = store.answer(wave + 1, b"late", Side.IT, False, choose("T01", "5"))
    ada, bo = answer(store, wave, "ada", "T01", "5"), answer(store, wave, "bo", "T01", "5")
    results = await together(store, [told(ada), told(late), told(bo)])
    assert [type(result) for result in results] == [type(None), PollIsClosed, type(None)]
    assert store.answered(wave) == {Side.MARKETING: 0, Side.IT: 2}


async def test_nothing_of_the_wave_is_found_in_the_file_after_its_close(store: Store) -> None:
    """Neither key, nor pseudonym, nor user id stands in the bytes of the database or its log."""
    wave = await store.start_wave(new_wave(), "opened")
    opened = store.current_wave()
    assert opened is not None
    users = [f"U0RESP{number:05}" for number in range(400)]
    await asyncio.gather(
        *(answer(store, wave, user, item.id, item.boxes[0].key) for user in users for item in ITEMS)
    )
    await asyncio.gather(*(answer(store, wave, user, "T01", "2") for user in users[:50]))
    files = [store.path, store.path.with_name(store.path.name + "-wal")]
    pseudonyms = [pseudonym(opened, user) for user in users]
    held = b"".join(file.read_bytes() for file in files)
    assert KEY in held
    assert all(mark in held for mark in pseudonyms)
    await close(store, wave)
    left = b"".join(file.read_bytes() for file in files)
    assert KEY not in left
    assert not any(mark in left or mark[:8] in left for mark in pseudonyms)
    assert not any(user.encode() in left for user in users)


async def test_under_the_minimum_nothing_is_stored_of_a_side_and_item(store: Store) -> None:
    """Four answers leave no row: not how many, not which."""
    wave = await store.start_wave(new_wave(), "opened")
    for number in range(4):
        await answer(store, wave, f"U{number}", "T01", "4")
    await close(store, wave)

    def rows(connection: sqlite3.Connection) -> list[int]:
        return [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("answer", "participant", "score", "score_share", "score_bar")
        ]

    assert await store.write(rows) == [0, 0, 0, 0, 0]
    assert store.closed_waves()[0].turnout[Side.IT].answered is None


async def test_what_was_published_is_read_back_as_it_was(store: Store) -> None:
    """A closed wave is the same after it has been in the file."""
    wave = await store.start_wave(new_wave(), "opened")
    opened = store.current_wave()
    assert opened is not None
    written: list[Publication] = []
    cast = [
        (f"{side}{number}", item.id, item.boxes[number % (len(item.boxes) - 1)].key, side)
        for side, people in ((Side.IT, 25), (Side.MARKETING, 7))
        for number in range(people)
        for item in ITEMS
    ]
    await asyncio.gather(*(answer(store, wave, user, item, box, side=side) for user, item, box, side in cast))

    def published(ballots: Mapping[Side, Ballots]) -> Publication:
        written.append(publication(ITEMS, opened, ballots))
        return written[0]

    await store.close_wave(wave, published, [], LATER, "closed")
    read = store.closed_waves()[0]
    assert dict(written[0].outcomes) == dict(read.outcomes)
    assert dict(written[0].turnout) == dict(read.turnout)


async def test_another_program_that_locks_the_file_is_said(store: Store) -> None:
    """A writer that cannot get the lock in time says so, and the next write works."""
    wave = await store.start_wave(new_wave(), "opened")
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFault, match="busy"):
        await answer(store, wave, "U1", "T01", "4")
    other.execute("ROLLBACK")
    other.close()
    await answer(store, wave, "U1", "T01", "4")
    assert store.answered(wave)[Side.IT] == 1


async def test_a_full_disk_is_said_and_outlived(store: Store) -> None:
    """Answers are refused with a sentence while the file cannot grow, and taken again when it can."""
    wave = await store.start_wave(new_wave(), "opened")

    def limit(pages: str) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    await store.write(limit("1"))
    refused = await asyncio.gather(
        *(answer(store, wave, f"U{number}", "T01", "4") for number in range(2000)), return_exceptions=True
    )
    faults = [fault for fault in refused if fault is not None]
    assert faults
    assert all(isinstance(fault, StoreFault) and "full" in str(fault) for fault in faults)
    assert 2000 - len(faults) == store.answered(wave)[Side.IT]
    await store.write(limit("1073741823"))
    await answer(store, wave, "UX", "T01", "4")


async def test_a_read_that_fails_is_told_in_a_sentence(store: Store) -> None:
    """No error of SQLite's reaches a service, by whichever way a row is read."""
    with closing(sqlite3.connect(store.path)) as other:
        for table in ("note", "answer"):
            other.execute(f"DROP TABLE {table}")
    with pytest.raises(StoreFault, match="could not be read"):
        store.notes()
    with pytest.raises(StoreFault, match="could not be read"):
        store.answers_of(1, b"somebody")


async def test_a_store_whose_writer_has_ended_says_so_when_it_is_asked(store: Store) -> None:
    """Readiness asks `check_writable`; before that it returns, afterwards it gives the reason."""

    def end(_connection: sqlite3.Connection) -> None:
        raise SystemExit

    await store.check_writable()
    with pytest.raises(StoreFault):
        await store.write(end)
    with pytest.raises(StoreFault, match=r"can no longer write to its database \(SystemExit\)"):
        await store.check_writable()
    assert store.notes() == (), "what is stored can still be read"
