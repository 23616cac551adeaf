"""The database: what it holds while a wave is open and after the close, and what it survives."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.core.calendar import Moments
from pulse.core.errors import BadRequest, BallotBroken, KeyLost, NotNow, StoreFault
from pulse.core.model import Side
from pulse.core.records import StoredBallot, Traces
from pulse.core.scoring import publication
from pulse.storage.keys import KeyFolder
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
TOKENS = (f"{number:016x}" for number in count())
MANY = {f"U{number}": frozenset({Side.IT}) for number in range(1200)}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path / "pulse.db")
    yield opened
    opened.close()


def new_wave(
    cadence: str = "schedule", moments: Moments = MOMENTS, roster: Mapping[str, frozenset[Side]] = MANY
) -> NewWave:
    channels = {"C1": Side.MARKETING, "C2": Side.IT}
    return NewWave(
        cadence=cadence,
        moments=moments,
        opened_at=NOW,
        minimum=5,
        token=next(TOKENS),
        items=ITEMS,
        roster=roster,
        channels=channels,
    )


def choose(item: str, *options: str, side: Side | None = None) -> Callable[[StoredBallot], StoredBallot]:
    def change(before: StoredBallot) -> StoredBallot:
        answers = {**before.answers, item: frozenset(options)}
        return replace(before, side=before.side or side, answers=answers)

    return change


async def answer(store: Store, wave: int, user: str, item: str, *options: str) -> None:
    await store.answer(wave, user, choose(item, *options))


def anything(answers: Answers) -> bool:
    return bool(answers)


async def answered(store: Store, wave: int) -> dict[Side, int]:
    return await store.answered(wave, anything)


def key_file(store: Store) -> Path:
    (found,) = store.path.with_name(store.path.name + "-keys").glob("*.key")
    return found


async def close(store: Store, wave: int) -> None:
    opened = await store.current_wave()
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
    await asyncio.gather(*(answer(store, wave, user, "T01", "4") for user in MANY))
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
        await store.start_wave(new_wave("hand"), "opened")


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
        await close(store, await store.start_wave(new_wave("hand"), "opened"))
    assert len(await store.closed_waves()) == 2


PEOPLE = ("ada", "bo", "cy")
BOTH = dict.fromkeys(PEOPLE, frozenset(Side))


def without(item: str) -> Callable[[StoredBallot], StoredBallot]:
    """Takes back the answer to this item, and keeps all others."""

    def change(before: StoredBallot) -> StoredBallot:
        answers = {key: options for key, options in before.answers.items() if key != item}
        return replace(before, answers=answers) if answers else StoredBallot.blank(before.sides)

    return change


CHANGES: tuple[Callable[[StoredBallot], StoredBallot], ...] = (
    choose("T01", "5", side=Side.IT),
    choose("T01", "1", side=Side.MARKETING),
    choose("A02", "3", side=Side.IT),
    choose("G01", "a", "b", side=Side.MARKETING),
    without("T01"),
    lambda before: StoredBallot.blank(before.sides),
)


Ask = tuple[str, Callable[[StoredBallot], StoredBallot]]
ASKS = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(CHANGES)), max_size=8)


async def together(store: Store, asks: Sequence[Coroutine[None, None, T]]) -> list[T]:
    """Lets all asks wait side by side before the writer takes the first."""
    free = threading.Event()
    busy = asyncio.ensure_future(store.write(lambda _connection: free.wait()))
    running = [asyncio.ensure_future(ask) for ask in asks]
    await asyncio.sleep(0)
    free.set()
    await busy
    return [await ask for ask in running]


async def one_by_one(_store: Store, asks: Sequence[Coroutine[None, None, T]]) -> list[T]:
    return [await ask for ask in asks]


@also_soaked
@given(rounds=st.lists(ASKS, max_size=3))
@settings(max_examples=length(30, 600), deadline=None)
def test_changes_written_together_are_those_written_one_by_one(rounds: list[list[Ask]]) -> None:
    """Whoever changes what, and however often: the results and the stored ballots are the same."""

    async def written(
        folder: str, write: Callable[[Store, Sequence[Coroutine[None, None, Recorded]]], Any]
    ) -> tuple[list[list[Recorded]], list[StoredBallot | None]]:
        store = Store.open(Path(folder) / "pulse.db")
        try:
            wave = await store.start_wave(new_wave(roster=BOTH), "opened")
            told = [
                await write(store, [store.answer(wave, user, change) for user, change in asked])
                for asked in rounds
            ]
            return told, [await store.ballot_of(wave, user) for user in PEOPLE]
        finally:
            store.close()

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        assert asyncio.run(written(one, together)) == asyncio.run(written(other, one_by_one))


async def test_more_people_than_one_statement_takes_are_written_together(store: Store) -> None:
    """Nobody in a storm or a roster is lost between two statements."""
    many = 2 * ROWS_PER_STATEMENT + 1
    users = [f"U{number}" for number in range(many)]
    roster = dict.fromkeys(users, frozenset({Side.IT}))
    wave = await store.start_wave(new_wave(roster=roster), "opened")
    await together(store, [answer(store, wave, user, "T01", "5") for user in users])
    await together(store, [answer(store, wave, user, "A02", "4") for user in users])
    assert await answered(store, wave) == {Side.MARKETING: 0, Side.IT: many}
    for user in users:
        ballot = await store.ballot_of(wave, user)
        assert ballot is not None
        assert ballot.answers == {"T01": frozenset("5"), "A02": frozenset("4")}


def rows(path: Path) -> list[tuple[bytes, bytes]]:
    """What somebody who has the file sees of the open wave."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT person, sealed FROM ballot ORDER BY person").fetchall()


async def test_the_file_tells_how_many_were_asked_and_nothing_else(store: Store) -> None:
    """From the opening on each person has a row, all of one length, whoever answers what."""
    wave = await store.start_wave(new_wave(), "opened")
    before = rows(store.path)
    for number, options in enumerate([("5",), ("cannot_say",), ("1",)]):
        await answer(store, wave, f"U{number}", "T01", *options)
    await answer(store, wave, "U3", "L03", *(option.key for option in ITEMS[3].options))
    await store.answer(wave, "U0", lambda ballot: StoredBallot.blank(ballot.sides))
    after = rows(store.path)
    assert len(before) == len(after) == len(MANY)
    assert [person for person, _sealed in before] == [person for person, _sealed in after]
    assert len({len(sealed) for _person, sealed in [*before, *after]}) == 1


async def test_nothing_readable_of_a_person_is_in_the_file_while_a_wave_is_open(store: Store) -> None:
    """No id, no key, no option, no item of anybody; not in the log either."""
    wave = await store.start_wave(new_wave(), "opened")
    await asyncio.gather(*(answer(store, wave, user, "L03", "CIO") for user in MANY))
    key = key_file(store).read_bytes()[32:96]
    held = b"".join(path.read_bytes() for path in store.path.parent.glob("pulse.db*") if path.is_file())
    assert rows(store.path)[0][1] in held
    assert not any(part in held for part in (key[:16], key[16:32], key[32:48], key[48:]))
    assert b"U1111" not in held
    assert b"CIO" not in held


async def test_the_key_is_destroyed_when_the_counts_are_committed(store: Store) -> None:
    """With it goes everything that copies of the file could have told."""
    wave = await store.start_wave(new_wave(), "opened")
    await answer(store, wave, "U1", "T01", "4")
    assert key_file(store).exists()
    await close(store, wave)
    assert list(store.path.with_name("pulse.db-keys").glob("*.key")) == []
    assert rows(store.path) == []


async def test_a_failed_close_keeps_the_key(store: Store) -> None:
    """The counts come first: without them the answers would be lost."""
    wave = await store.start_wave(new_wave(), "opened")
    await answer(store, wave, "U1", "T01", "4")

    def faulty(_ballots: Mapping[Side, Ballots]) -> Publication:
        raise BadRequest("cannot be counted")

    with pytest.raises(BadRequest):
        await store.close_wave(wave, faulty, [], LATER, "closed")
    assert key_file(store).exists()
    assert await answered(store, wave) == {Side.MARKETING: 0, Side.IT: 1}


async def test_a_key_that_cannot_be_destroyed_is_said_and_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wave is closed all the same; "deleted" is only said when it is true."""
    wave = await store.start_wave(new_wave(), "opened")

    def refuse(_folder: KeyFolder, _token: str) -> None:
        raise StoreFault("read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(KeyFolder, "destroy", refuse)
        with pytest.raises(StoreFault, match="read-only"):
            await close(store, wave)
        assert len(await store.closed_waves()) == 1
        assert (store.traces, store.scrub_due) == (Traces.KEY, True)
    await store.scrub()
    assert (store.traces, store.scrub_due) == (Traces.NONE, False)
    assert list(store.path.with_name("pulse.db-keys").glob("*.key")) == []


async def test_a_crash_between_counts_and_key_is_finished_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts are there, the key goes, and nothing else is touched."""
    store = Store.open(tmp_path / "pulse.db")
    wave = await store.start_wave(new_wave(), "opened")
    monkeypatch.setattr(KeyFolder, "destroy", lambda _folder, _token: None)
    await close(store, wave)
    assert key_file(store).exists()
    store.close()
    monkeypatch.undo()
    store = Store.open(tmp_path / "pulse.db")
    assert list((tmp_path / "pulse.db-keys").glob("*.key")) == []
    assert len(await store.closed_waves()) == 1
    store.close()


async def test_an_opening_that_fails_leaves_no_key(store: Store) -> None:
    """Neither one that is refused, nor one that cannot be written."""
    await store.start_wave(new_wave(), "opened")
    kept = key_file(store)
    with pytest.raises(NotNow):
        await store.start_wave(new_wave("hand"), "opened")
    assert key_file(store) == kept
    await answer(store, 1, "U1", "T01", "4")


async def test_a_lost_key_loses_the_open_wave_and_nothing_else(tmp_path: Path) -> None:
    """Answers are refused with a sentence, the wave can be called off, and the next one opens."""
    store = Store.open(tmp_path / "pulse.db")
    await close(store, await store.start_wave(new_wave(), "opened"))
    wave = await store.start_wave(new_wave("hand"), "opened")
    await answer(store, wave, "U1", "T01", "4")
    file = key_file(store)
    store.close()
    file.rename(tmp_path / "elsewhere")
    store = Store.open(tmp_path / "pulse.db")
    assert "missing" in await store.key_problem()
    with pytest.raises(KeyLost, match="/pulse close"):
        await answer(store, wave, "U1", "T01", "5")
    with pytest.raises(KeyLost):
        await store.ballot_of(wave, "U1")
    with pytest.raises(KeyLost):
        await store.close_wave(wave, lambda _ballots: published(), [], LATER, "closed")
    assert await store.current_wave() is not None
    assert await store.call_off(wave, [], LATER, "its key was lost")
    assert (len(await store.closed_waves()), await store.key_problem(), rows(store.path)) == (1, "", [])
    assert await store.start_wave(new_wave("hand"), "opened") > wave
    store.close()


async def test_a_key_folder_of_another_database_is_refused_and_keeps_its_keys(tmp_path: Path) -> None:
    """A setting that was copied to a second bot must not cost the first one its open wave."""
    store = Store.open(tmp_path / "pulse.db", tmp_path / "keys")
    wave = await store.start_wave(new_wave(), "opened")
    store.close()
    with pytest.raises(StoreFault, match="another database"):
        Store.open(tmp_path / "other.db", tmp_path / "keys")
    store = Store.open(tmp_path / "pulse.db", tmp_path / "keys")
    await answer(store, wave, "U1", "T01", "4")
    store.close()


async def test_a_lost_key_that_is_put_back_is_used(tmp_path: Path) -> None:
    """It needs no restart: a volume might come later than the bot."""
    store = Store.open(tmp_path / "pulse.db")
    wave = await store.start_wave(new_wave(), "opened")
    await answer(store, wave, "U1", "T01", "4")
    file = key_file(store)
    store.close()
    file.rename(tmp_path / "elsewhere")
    store = Store.open(tmp_path / "pulse.db")
    assert await store.key_problem() != ""
    (tmp_path / "elsewhere").rename(file)
    assert await store.key_problem() == ""
    assert await answered(store, wave) == {Side.MARKETING: 0, Side.IT: 1}
    store.close()


async def test_a_ballot_that_was_changed_from_outside_spoils_no_other(store: Store) -> None:
    """Its person gets an error, everybody else's answers count, and the wave can be closed."""
    wave = await store.start_wave(new_wave(), "opened")
    await asyncio.gather(*(answer(store, wave, f"U{number}", "T01", "4") for number in range(10)))

    def tamper(connection: sqlite3.Connection) -> None:
        person = store._sealing.current().pseudonym("U3")
        connection.execute(
            "UPDATE ballot SET sealed = randomblob(length(sealed)) WHERE person = ?", (person,)
        )

    await store.write(tamper)
    with pytest.raises(BallotBroken):
        await answer(store, wave, "U3", "T01", "4")
    await answer(store, wave, "U4", "T01", "5")
    assert await answered(store, wave) == {Side.MARKETING: 0, Side.IT: 9}
    await close(store, wave)
    assert (await store.closed_waves())[0].turnout[Side.IT].answered == 9


async def test_two_ballots_that_were_swapped_are_both_noticed(store: Store) -> None:
    """Whoever can write the file cannot give somebody's answers to somebody else."""
    wave = await store.start_wave(new_wave(), "opened")
    await answer(store, wave, "U1", "T01", "1")
    await answer(store, wave, "U2", "T01", "5")

    def swap(connection: sqlite3.Connection) -> None:
        one, two = (store._sealing.current().pseudonym(user) for user in ("U1", "U2"))
        blobs = dict(
            connection.execute(
                "SELECT person, sealed FROM ballot WHERE person IN (?, ?)", (one, two)
            ).fetchall()
        )
        for person, other in ((one, two), (two, one)):
            connection.execute("UPDATE ballot SET sealed = ? WHERE person = ?", (blobs[other], person))

    await store.write(swap)
    for user in ("U1", "U2"):
        with pytest.raises(BallotBroken):
            await store.ballot_of(wave, user)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_the_database_and_its_companions_are_for_their_owner_only(tmp_path: Path) -> None:
    """Even if an older version or a generous umask left them open."""
    (tmp_path / "pulse.db").touch(mode=0o644)
    before = os.umask(0)
    try:
        store = Store.open(tmp_path / "pulse.db")
        await store.start_wave(new_wave(), "opened")
        found = modes(tmp_path)
    finally:
        os.umask(before)
        store.close()
    assert found == {
        "pulse.db": 0o600,
        "pulse.db-wal": 0o600,
        "pulse.db-shm": 0o600,
        "pulse.db-lock": 0o600,
        "pulse.db-keys": 0o700,
    }


def published() -> Publication:
    return Publication(turnout={}, outcomes={})


async def test_under_the_minimum_nothing_is_stored_of_a_side_and_item(store: Store) -> None:
    """Four answers leave no row that says how many, or which."""
    wave = await store.start_wave(new_wave(), "opened")
    for number in range(4):
        await answer(store, wave, f"U{number}", "T01", "4")
    await close(store, wave)

    def rows(connection: sqlite3.Connection) -> list[int]:
        return [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("ballot", "answer", "score", "score_share", "score_bar")
        ]

    assert await store.write(rows) == [0, 0, 0, 0, 0]
    assert (await store.closed_waves())[0].turnout[Side.IT].answered is None


async def test_what_was_published_is_read_back_as_it_was(store: Store) -> None:
    """A closed wave is the same after it has been in the file."""
    roster = {f"{side}{number}": frozenset({side}) for side in Side for number in range(25)}
    wave = await store.start_wave(new_wave(roster=roster), "opened")
    opened = await store.current_wave()
    assert opened is not None
    written: list[Publication] = []
    cast = [
        (f"{side}{number}", item.id, item.options[number % (len(item.options) - 1)].key)
        for side, people in ((Side.IT, 25), (Side.MARKETING, 7))
        for number in range(people)
        for item in ITEMS
    ]
    await asyncio.gather(*(answer(store, wave, user, item, option) for user, item, option in cast))

    def published(ballots: Mapping[Side, Ballots]) -> Publication:
        written.append(publication(ITEMS, opened, ballots))
        return written[0]

    await store.close_wave(wave, published, [], LATER, "closed")
    read = (await store.closed_waves())[0]
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
    assert (await answered(store, wave))[Side.IT] == 1


async def test_a_full_disk_is_said_and_outlived(store: Store) -> None:
    """No wave opens while the file cannot grow; a ballot that is there is written in its place."""

    def limit(pages: str) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    await store.write(limit("1"))
    with pytest.raises(StoreFault, match="full"):
        await store.start_wave(new_wave(), "opened")
    assert list(store.path.with_name("pulse.db-keys").glob("*.key")) == []
    await store.write(limit("1073741823"))
    wave = await store.start_wave(new_wave(), "opened")
    await store.write(limit("1"))
    await asyncio.gather(*(answer(store, wave, user, "T01", "4") for user in MANY))
    assert (await answered(store, wave))[Side.IT] == len(MANY)


async def test_a_read_that_fails_is_told_in_a_sentence(store: Store) -> None:
    """No error of SQLite reaches a service, however a row is read."""
    wave = await store.start_wave(new_wave(), "opened")
    with closing(sqlite3.connect(store.path)) as other:
        for table in ("note", "ballot"):
            other.execute(f"DROP TABLE {table}")
    with pytest.raises(StoreFault, match="could not be read"):
        await store.notes()
    with pytest.raises(StoreFault, match="could not be read"):
        await store.ballot_of(wave, "U1")


async def test_a_store_whose_writer_has_ended_says_so_when_it_is_asked(store: Store) -> None:
    """Readiness asks `check_writable`; before that it returns, afterwards it gives the reason."""

    def end(_connection: sqlite3.Connection) -> None:
        raise SystemExit

    await store.check_writable()
    with pytest.raises(StoreFault):
        await store.write(end)
    with pytest.raises(StoreFault, match=r"can no longer write to its database \(SystemExit\)"):
        await store.check_writable()
    assert await store.notes() == (), "what is stored can still be read"
