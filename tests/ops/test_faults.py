"""What a tap, a command and a wave survive: the disk, the file, Slack and the clock."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulse.core.errors import StoreFault
from pulse.core.model import Side
from pulse.core.records import Traces
from pulse.storage.sqlite.store import Store
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, at, running
from tests.slack.odd_answers import ODD


async def opened(office: Office) -> None:
    await office.set_up()
    await office.open()


async def answered(office: Office) -> int:
    return sum((await office.answered()).values())


async def on_writer(office: Office, pragma: str) -> None:
    """Sets a pragma of the connection that writes."""

    def job(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA {pragma}").fetchall()

    await office.bot.store._writer.maintain(job)


# The disk and the file


async def test_on_a_full_disk_no_pulse_opens_and_later_one_does(office: Office) -> None:
    """The manager is told, no key is left, and once there is room it opens without a restart."""
    await office.set_up()
    await on_writer(office, "max_page_count = 1")
    told = await office.confirms("/pulse open", "manage:open")
    assert "disk of the server is full, so nothing was saved" in told.text
    folder = office.bot.store.path.with_name("pulse.db-keys")
    assert list(folder.glob("*.key")) == []
    await on_writer(office, "max_page_count = 1073741823")
    await office.open()
    person = office.people(office.it)[0]
    await office.answer(person, office.it, "4")
    assert await office.answers(person) == {"T01": frozenset({"4"})}


async def test_on_a_full_disk_taps_go_on(office: Office) -> None:
    """Each person's ballot has its place from the opening on: an answer needs no room."""
    await opened(office)
    await on_writer(office, "max_page_count = 1")
    for person in office.people(office.it):
        await office.answer(person, office.it, "4")
    assert await answered(office) == 14


async def test_when_the_writer_has_ended_a_tap_gets_a_sentence(office: Office) -> None:
    """It is acked, but not as recorded, and nobody waits for a thread that is gone."""
    await opened(office)

    def end(_connection: sqlite3.Connection) -> None:
        raise SystemExit

    with pytest.raises(StoreFault):
        await office.bot.store.write(end)
    person = office.people(office.it)[0]
    async with asyncio.timeout(10):
        await office.answer(person, office.it, "4")
        await office.settled()
    assert "can no longer write" in person.private(office.it)[-1].text
    assert await answered(office) == 0


@pytest.mark.parametrize("kind", ["tap", "form"])
async def test_a_file_that_became_read_only_refuses_answers_in_words(office: Office, kind: str) -> None:
    """Nothing is recorded, the person is told, and the bot goes on when the file can be written again."""
    await opened(office)
    person = office.people(office.it)[0]
    await on_writer(office, "query_only = ON")
    if kind == "tap":
        await office.answer(person, office.it, "4")
        await office.settled()
        told = person.private(office.it)[-1].text
    else:
        await person.command("/pulse answer", office.it)
        await office.settled()
        await person.submit(values={"item:T01": "4"})
        assert person.modal is not None
        told = str(person.modal.blocks)
    assert "nothing was saved" in told
    assert await answered(office) == 0
    await on_writer(office, "query_only = OFF")
    await office.answer(person, office.it, "4")
    assert await answered(office) == 1


async def test_while_another_program_locks_the_file_taps_are_acked_in_time(office: Office) -> None:
    """They are refused with a sentence within three seconds, and recorded once the lock is gone."""
    await opened(office)
    other = sqlite3.connect(office.bot.store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    people = office.people(office.it)[:4]

    async def later(person: Any, wait: float) -> None:
        await asyncio.sleep(wait)
        await office.answer(person, office.it, "4")  # raises if the ack is late

    await asyncio.gather(*(later(person, number * 0.3) for number, person in enumerate(people)))
    await office.settled()
    assert all("busy" in person.private(office.it)[-1].text for person in people)
    other.execute("ROLLBACK")
    other.close()
    await office.answer(people[0], office.it, "4")
    assert await answered(office) == 1


async def test_a_close_while_somebody_reads_the_file_is_scrubbed_when_they_are_done(office: Office) -> None:
    """The wave closes and its key is destroyed all the same; the ballots leave the log after the reader."""
    await opened(office)
    for person in office.people(office.it):
        await office.answer(person, office.it, "4")
    reader = sqlite3.connect(office.bot.store.path, isolation_level=None)
    reader.execute("BEGIN")
    [(person, _sealed), *_others] = reader.execute("SELECT person, sealed FROM ballot").fetchall()
    await office.close()
    assert (
        "14 of 14" in office.about_pulses(office.it)[-1].text
        or "all" in office.about_pulses(office.it)[-1].text
    )
    assert office.bot.store.scrub_due
    assert office.bot.store.traces is Traces.NONE
    path = office.bot.store.path
    files = (path, path.with_name(path.name + "-wal"))
    assert list(path.with_name("pulse.db-keys").glob("*.key")) == []
    assert person in b"".join(file.read_bytes() for file in files)
    reader.execute("ROLLBACK")
    reader.close()
    await at(office, "2026-03-03T09:01")
    assert person not in b"".join(file.read_bytes() for file in files)


async def test_the_bot_starts_also_while_somebody_reads_the_file(slack: Rehearsal, tmp_path: Path) -> None:
    """A dashboard on the database does not keep the pulse from running."""
    path = tmp_path / "pulse.db"
    async with running(slack, path, Clock()) as office:
        await opened(office)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM wave").fetchall()
    async with running(slack, path, office.clock) as office:
        await office.answer(office.people(office.it)[0], office.it, "4")
        assert await answered(office) == 1
    reader.close()


async def test_a_backup_while_taps_come_in_is_whole_and_loses_none(office: Office, tmp_path: Path) -> None:
    """VACUUM INTO beside the running bot: the copy is sound, and every tap is recorded."""
    await opened(office)
    people = [*office.people(office.it), *office.people(office.marketing)]

    def backup() -> None:
        source = sqlite3.connect(office.bot.store.path, timeout=5)
        source.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
        source.close()

    async def tapping() -> None:
        for number, person in enumerate(people):
            await office.answer(person, office.it if number < 14 else office.marketing, "4")

    await asyncio.gather(tapping(), asyncio.to_thread(backup))
    copy = sqlite3.connect(tmp_path / "backup.db")
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()
    assert await answered(office) == len({person.id for person in people})


def test_a_file_damaged_in_an_index_is_found_at_the_start(tmp_path: Path) -> None:
    """quick_check does not compare an index with its table; the bot's own check does, and writes nothing."""
    path = tmp_path / "pulse.db"
    Store.open(path).close()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("INSERT INTO note (day, text) VALUES ('2026-03-03', 'x')")
    database.execute("CREATE INDEX by_day ON note (day)")
    database.execute("PRAGMA writable_schema = ON")
    database.execute(
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX by_day ON note (text)' WHERE name = 'by_day'"
    )
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreFault, match=r"damaged.*backup"):
        Store.open(path)
    assert path.read_bytes() == before


# Slack

METHODS = (
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.info",
    "conversations.members",
    "conversations.open",
    "files.completeUploadExternal",
    "files.getUploadURLExternal",
    "files.info",
    "users.info",
    "views.open",
    "views.publish",
)


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("method", METHODS)
async def test_one_refused_call_changes_nothing_in_the_end(
    slack: Rehearsal, tmp_path: Path, method: str, status: int
) -> None:
    """The whole loop, with one method refused once: every message is posted once, every answer counts."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await opened_under(office, lambda: slack.fail(method, status, retry_after=0))
        for person in office.people(office.it)[:12]:
            await office.answer(person, office.it, "4")
        await at(office, "2026-03-05T09:00")
        await at(office, "2026-03-06T09:00")
        await at(office, "2026-03-06T09:05")
        [token] = [wave.token for wave in await office.bot.store.closed_waves()]
        for channel in (office.it, office.marketing):
            keys = [m.metadata["event_payload"]["key"] for m in office.about_pulses(channel) if m.metadata]
            assert keys == [f"poll:{token}:{channel}", f"results:{token}:{channel}"]
        [closed] = await office.bot.store.closed_waves()
        assert closed.turnout[Side.IT].answered == 12


async def opened_under(office: Office, trouble: Callable[[], object]) -> None:
    await office.set_up()
    trouble()
    await office.manager.open_home()
    await office.settled()
    await office.confirms("/pulse open", "manage:open")
    if office.bot.workspace.waves.current is None:
        await office.open()
    await at(office, "2026-03-03T09:01")


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("kind", ["text under 503", "a list", "bytes that are no text", "ok under 500"])
async def test_a_post_that_is_answered_oddly_stands_once(office: Office, kind: str, applied: bool) -> None:
    """The attempt is counted; whether Slack took the message or not, it is looked for and is posted once."""
    await office.set_up()
    office.slack.fail("chat.postMessage", channel=office.it, applied=applied, **ODD[kind])
    await office.open()
    [waiting] = await office.bot.store.undelivered()
    assert (waiting.attempts, waiting.state) == (1, "sending")
    await at(office, "2026-03-03T09:05")
    assert len(office.about_pulses(office.it)) == 1
    assert (await office.bot.store.undelivered()) == ()


async def test_a_post_that_is_answered_oddly_again_and_again_is_told(office: Office) -> None:
    """Its channel gets no poll for a while: managers hear of it, the other channel has its poll."""
    await office.set_up()
    office.slack.fail("chat.postMessage", channel=office.it, times=None, **ODD["HTML that calls itself JSON"])
    await office.open()
    for minute in (5, 15, 30):
        await at(office, f"2026-03-03T09:{minute:02}")
    assert f"<#{office.it}>" in office.manager.dms[-1].text
    assert len(office.about_pulses(office.marketing)) == 1


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_a_token_that_is_revoked_ends_in_few_calls(office: Office, code: str) -> None:
    """An hour of ticks with a refused token costs under 60 calls; once it is accepted, the poll comes."""
    await office.set_up()
    troubles = [
        office.slack.fail(method, code, times=None)
        for method in ("chat.postMessage", "conversations.history", "chat.update", "conversations.members")
    ]
    await office.confirms("/pulse open", "manage:open")
    assert office.bot.workspace.waves.current is None
    troubles[-1].times = 0
    await office.open()
    before = len(office.slack.calls)
    for minute in range(60):
        await at(office, f"2026-03-03T10:{minute:02}")
    assert len(office.slack.calls) - before < 60
    for trouble in troubles:
        trouble.times = 0
    await at(office, "2026-03-03T11:20")
    assert len(office.about_pulses(office.it)) == 1


async def test_an_event_that_comes_twice_or_late_changes_nothing(office: Office) -> None:
    """Slack redelivers events: hearing three times that somebody left takes no answer away."""
    await opened(office)
    person = office.people(office.it)[0]
    await office.answer(person, office.it, "4")
    event = {
        "type": "member_left_channel",
        "user": person.id,
        "channel": office.it,
        "channel_type": "C",
        "team": "T",
    }
    for _ in range(3):
        await office.slack.deliver_event(event)
    assert await answered(office) == 1


# The clock


async def test_a_clock_that_steps_back_opens_no_second_wave(office: Office) -> None:
    """Nor does it close one or send its reminder a second time."""
    office.clock.forward(minutes=30)
    await office.set_up(reminders="1")
    for moment in (
        "2026-03-10T09:00",
        "2026-03-10T08:00",
        "2026-03-10T09:00",
        "2026-03-03T12:00",
        "2026-03-10T09:01",
    ):
        await at(office, moment)
    assert len(office.about_pulses(office.it)) == 1
    for moment in (
        "2026-03-12T09:00",
        "2026-03-12T08:59",
        "2026-03-12T09:00",
        "2026-03-11T10:00",
        "2026-03-12T09:30",
    ):
        await at(office, moment)
    assert len(office.people(office.it)[0].dms) == 1
    for moment in ("2026-03-13T09:00", "2026-03-13T08:00", "2026-03-10T09:00", "2026-03-13T09:01"):
        await at(office, moment)
    keys = [m.metadata["event_payload"]["key"] for m in office.about_pulses(office.it) if m.metadata]
    [token] = [wave.token for wave in await office.bot.store.closed_waves()]
    assert keys == [f"poll:{token}:{office.it}", f"results:{token}:{office.it}"]


async def test_a_clock_that_jumps_weeks_ahead_closes_late_and_says_what_was_missed(office: Office) -> None:
    """The open wave closes, the waves between are skipped, the next one opens."""
    office.clock.forward(minutes=30)
    await office.set_up()
    await at(office, "2026-03-10T09:00")
    await at(office, "2026-03-31T12:00")
    states = [
        row[0] for row in sqlite3.connect(office.bot.store.path).execute("SELECT state FROM wave ORDER BY id")
    ]
    assert states == ["closed", "skipped", "skipped", "open"]
