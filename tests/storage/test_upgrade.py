"""A database of the first edition opens under today's code, with its open wave."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pulse.core.model import Counted, Note, Share, Side, SideTurnout, Withheld
from pulse.core.plan import Pause, WaveState
from pulse.core.records import Answers, StoredBallot, Traces
from pulse.core.scoring import publication
from pulse.storage.ballots import Sealer
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Ballots, NewMessage, Publication, Store
from rehearsal.driver import Actor, snapshot
from tests.handlers.conftest import Clock, Office, running
from tests.storage.first_edition import IT, MARKETING, RESULTS, write_first_edition

BANK = load_library(None).bank
CLOSED = (1, 2, 3, 7, 9)
OPEN = 10
WEDNESDAY = datetime(2026, 4, 22, 9, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    write_first_edition(tmp_path / "pulse.db")
    opened = Store.open(tmp_path / "pulse.db")
    yield opened
    opened.close()


async def test_the_set_up_pauses_and_notes_are_carried(store: Store) -> None:
    """The set-up is the last one saved, with the channel's new id."""
    setup = await store.setup()
    assert setup is not None
    assert setup.channels == {Side.MARKETING: (MARKETING,), Side.IT: (IT,)}
    assert (setup.results, setup.items, setup.minimum, setup.language) == ((RESULTS,), 4, 5, "en")
    assert (setup.schedule["weekday"], setup.schedule["zone"]) == ("tuesday", "Europe/Berlin")
    assert await store.pauses() == (
        Pause(datetime(2026, 3, 31, 15, tzinfo=UTC), datetime(2026, 4, 8, 9, tzinfo=UTC)),
    )
    assert await store.notes() == (Note(date(2026, 3, 9), "New intake form"),)


async def test_managers_and_opt_outs_keep_their_codes(store: Store) -> None:
    """A code is the user id under the installation's secret: the same secret gives the same codes."""
    secret = await store.secret()
    assert secret is not None

    def codes(*users: str) -> set[bytes]:
        return {hmac.digest(secret, user.encode(), hashlib.sha256) for user in users}

    assert await store.wishes("manager") == codes("U0MANAGER01")
    assert await store.wishes("greeted") == codes("U0MANAGER01")
    assert await store.wishes("no reminders") == codes("U0IT003", "U0IT004")


async def test_no_line_of_the_audit_is_lost(store: Store) -> None:
    """Every change that a manager or the schedule made is still listed, the latest first."""
    times = [at for at, _what in await store.audit(100)]
    assert len(times) == 26
    assert times == sorted(times, reverse=True)


async def test_closed_and_skipped_waves_are_carried(store: Store) -> None:
    """Each wave keeps its date, its state, its questions and who was asked."""
    assert [wave.id for wave in await store.closed_waves()] == list(CLOSED)
    known = await store.known_waves()
    skipped = [day.isoformat() for day, wave in known.items() if wave.state is WaveState.SKIPPED]
    assert sorted(skipped) == ["2026-03-24", "2026-03-31", "2026-04-07", "2026-04-14"]
    assert await store.missed_waves(datetime(2026, 3, 1, tzinfo=UTC)) == (
        datetime(2026, 3, 31, 7, tzinfo=UTC),
    )
    first = (await store.closed_waves())[0]
    assert first.items == ("T01", "A02", "A01", "T02")
    assert first.turnout == {Side.MARKETING: SideTurnout(24, 22), Side.IT: SideTurnout(22, 21)}
    assert [asking.items[:2] for asking in await store.askings()] == [("T01", "A02")] * 6


async def test_published_counts_are_carried(store: Store) -> None:
    """A count that was published stays; what was withheld stays withheld."""
    waves = {wave.id: wave for wave in await store.closed_waves()}
    leaders = {side: waves[9].outcomes["L03", side] for side in Side}
    assert isinstance(leaders[Side.IT], Counted)
    assert leaders[Side.IT].n == 20
    assert leaders[Side.IT].shares["choice_share:CIO"] == Share(9, 9)
    assert isinstance(leaders[Side.MARKETING], Counted)
    assert leaders[Side.MARKETING].shares["choice_share:CMO"] == Share(5, 5)
    first = waves[1].outcomes["T01", Side.IT]
    assert isinstance(first, Counted)
    assert [(bar.options, bar.count) for bar in first.bars] == [
        (("1", "2"), 3),
        (("3",), 10),
        (("4", "5"), 7),
    ]
    assert all(isinstance(waves[3].outcomes[item, Side.IT], Withheld) for item in waves[3].items)
    assert waves[3].turnout[Side.IT].answered is None


async def test_the_outbox_goes_on_where_it_was(store: Store) -> None:
    """What waits is delivered next, and a posted poll is found by its message."""
    assert [message.key for message in await store.undelivered()] == [f"poll:{OPEN}:{MARKETING}:again"]
    assert await store.posted("poll", OPEN) == {IT: "1776754800.000000"}
    assert await store.posted("results", 9) == {MARKETING: "1776326400.003000", IT: "1776326400.002000"}


async def test_the_open_wave_is_answered_and_closed(store: Store) -> None:
    """Those who answered before the upgrade change their answers, others add theirs, and all are counted."""
    wave = await store.current_wave()
    assert wave is not None
    assert (wave.id, wave.items, wave.minimum) == (OPEN, ("T01", "A02", "P01", "T04"), 5)
    assert wave.people == {Side.MARKETING: 14, Side.IT: 12}
    assert await store.answered(OPEN, anything) == {Side.MARKETING: 11, Side.IT: 8}
    assert (await store.known_waves())[wave.local_date].reminded == 1
    assert wave.first_edition
    early, late = "U0IT000", "U0IT009"
    ballot = await store.ballot_of(OPEN, early)
    assert ballot is not None
    assert (ballot.side, ballot.answers["T01"]) == (Side.IT, frozenset({"2"}))
    assert await store.ballot_of(OPEN, late) is None
    await store.admit(OPEN, {late: frozenset({Side.IT})})
    for person in (early, late):
        await store.answer(OPEN, person, agree)
    assert (await store.answered(OPEN, anything))[Side.IT] == 9

    items = tuple(item for item_id in wave.items if (item := BANK.get(item_id)))

    def published(ballots: Mapping[Side, Ballots]) -> Publication:
        return publication(items, wave, ballots)

    assert await store.close_wave(
        OPEN, published, [NewMessage(kind="results", channel=IT, at=WEDNESDAY)], WEDNESDAY, "closed"
    )
    closed = (await store.closed_waves())[-1]
    assert closed.turnout == {Side.MARKETING: SideTurnout(14, 11), Side.IT: SideTurnout(12, 9)}
    assert not isinstance(closed.outcomes["T01", Side.IT], Withheld)


def anything(answers: Answers) -> bool:
    return bool(answers)


def agree(before: StoredBallot) -> StoredBallot:
    return replace(before, answers={**before.answers, "T01": frozenset("4")})


def files_of(database: Path) -> bytes:
    """All bytes of the database and what SQLite keeps beside it."""
    return b"".join(file.read_bytes() for file in database.parent.glob("pulse.db*") if file.is_file())


def first_edition_secrets(path: Path) -> tuple[bytes, bytes]:
    """The key of its open wave, and its secret."""
    with closing(sqlite3.connect(path)) as connection:
        [(key,)] = connection.execute("SELECT key FROM wave WHERE state = 'open'").fetchall()
        [(secret,)] = connection.execute("SELECT value FROM secret").fetchall()
    return key, secret


async def test_secret_key_and_plain_answers_leave_the_database_at_the_first_start(tmp_path: Path) -> None:
    """They are in the key folder from then on; the file and its log hold neither them nor a side."""
    path = tmp_path / "pulse.db"
    write_first_edition(path)
    key, secret = first_edition_secrets(path)
    store = Store.open(path)
    held = files_of(path)
    assert key not in held
    assert secret not in held
    assert await store.secret() == secret
    with closing(sqlite3.connect(path)) as connection:
        for table in ("answer", "participant", "secret"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        lengths = connection.execute("SELECT length(sealed) FROM ballot").fetchall()
    assert (len(lengths), len(set(lengths))) == (19, 1)
    store.close()


async def test_an_upgrade_that_was_broken_off_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key file was made, the database not changed yet: the next start begins again."""
    path = tmp_path / "pulse.db"
    write_first_edition(path)

    def crash(*_what: object) -> bytes:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(Sealer, "seal", crash)
        with pytest.raises(RuntimeError):
            Store.open(path)
    assert len(list((tmp_path / "pulse.db-keys").glob("*.key"))) == 1
    store = Store.open(path)
    assert await store.answered(OPEN, anything) == {Side.MARKETING: 11, Side.IT: 8}
    store.close()


async def test_nothing_of_the_old_open_wave_is_left_after_its_close(store: Store) -> None:
    """Neither key nor ballots; what another program kept from being emptied would be reported."""
    await store.close_wave(
        OPEN, lambda _ballots: Publication(turnout={}, outcomes={}), [], WEDNESDAY, "closed"
    )
    await store.scrub()
    assert list(store.path.with_name("pulse.db-keys").glob("*.key")) == []
    assert store.traces is Traces.NONE


async def test_a_reader_that_keeps_first_edition_answers_is_said(tmp_path: Path) -> None:
    """Sealed ones are unreadable at once; those from before the upgrade only when the log is empty."""
    path = tmp_path / "pulse.db"
    write_first_edition(path)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM answer").fetchone()
    store = Store.open(path)
    assert (store.traces, store.scrub_due) == (Traces.LOG, True)
    await store.close_wave(
        OPEN, lambda _ballots: Publication(turnout={}, outcomes={}), [], WEDNESDAY, "closed"
    )
    assert store.traces is Traces.LOG
    reader.close()
    await store.scrub()
    assert store.traces is Traces.NONE
    store.close()


async def test_the_bot_goes_on_with_the_open_wave(slack: Any, tmp_path: Path) -> None:
    """Upgraded in mid-wave, the bot takes answers in Slack, closes the pulse and posts its results."""
    places = slack.places
    write_first_edition(
        tmp_path / "pulse.db", {MARKETING: places.marketing, IT: places.it, RESULTS: places.marketing}
    )
    async with running(slack, tmp_path / "pulse.db", Clock(WEDNESDAY)) as office:
        await office.settled()
        person = office.people(office.it)[2]
        await person.command("/pulse answer", office.it)
        await office.settled()
        ack = await person.submit(values={"item:T01": "4"})
        assert ack.errors == {}
        assert (await office.bot.store.answered(OPEN, anything))[Side.IT] == 9
        await office.close()
        await office.settled()
        results = office.posted(office.it)[-1]
        assert "9 of 12" in str(results.blocks)
        assert [wave.id for wave in await office.bot.store.closed_waves()] == [*CLOSED, OPEN]
        await office.open()
        wave = await office.bot.store.current_wave()
        assert wave is not None
        assert f"poll:{wave.token}" in str(office.poll(office.it).blocks)


async def test_a_poll_of_the_first_edition_counts_until_its_close(slack: Any, tmp_path: Path) -> None:
    """Its buttons name the wave by its number, and no later wave accepts one."""
    places = slack.places
    write_first_edition(
        tmp_path / "pulse.db", {MARKETING: places.marketing, IT: places.it, RESULTS: places.marketing}
    )
    async with running(slack, tmp_path / "pulse.db", Clock(WEDNESDAY)) as office:
        await office.settled()
        person = office.people(office.it)[2]
        await tap_numbered(office, person, OPEN)
        assert (await office.bot.store.answered(OPEN, anything))[Side.IT] == 9
        await office.close()
        await office.open()
        for number in (OPEN, OPEN + 1):
            await tap_numbered(office, person, number)
            assert "This pulse is closed" in person.private(office.it)[-1].text
        assert sum((await office.answered()).values()) == 0


async def tap_numbered(office: Office, person: Actor, number: int) -> None:
    """A tap on a poll whose buttons name the wave by its number."""
    old = snapshot(office.poll(office.marketing))
    old.channel = office.it
    block = next(block for block in old.blocks if block["block_id"].endswith(":T01"))
    block["block_id"] = f"poll:{number}:T01"
    for button in block["elements"]:
        button["value"] = f"{number}:T01:{button['action_id'].partition(':')[2]}"
    await person.tap(old, "answer:4", block=":T01")
    await office.settled()
