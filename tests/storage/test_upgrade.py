"""A database of the first edition opens under today's code, with its open wave."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pulse.core.model import Counted, Note, Share, Side, SideTurnout, Withheld
from pulse.core.plan import Pause, WaveState
from pulse.services.answering import pseudonym
from pulse.services.waves import publication
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Ballots, NewMessage, Publication, Store
from tests.handlers.conftest import Clock, running
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
    setup = store.setup()
    assert setup is not None
    assert setup.channels == {Side.MARKETING: (MARKETING,), Side.IT: (IT,)}
    assert (setup.results, setup.items, setup.minimum, setup.language) == ((RESULTS,), 4, 5, "en")
    assert (setup.schedule["weekday"], setup.schedule["zone"]) == ("tuesday", "Europe/Berlin")
    assert store.pauses() == (
        Pause(datetime(2026, 3, 31, 15, tzinfo=UTC), datetime(2026, 4, 8, 9, tzinfo=UTC)),
    )
    assert store.notes() == (Note(date(2026, 3, 9), "New intake form"),)


async def test_managers_and_opt_outs_keep_their_codes(store: Store) -> None:
    """A code is the user id under the installation's secret: the same secret gives the same codes."""
    secret = store.secret()
    assert secret is not None

    def codes(*users: str) -> set[bytes]:
        return {hmac.digest(secret, user.encode(), hashlib.sha256) for user in users}

    assert store.wishes("manager") == codes("U0MANAGER01")
    assert store.wishes("greeted") == codes("U0MANAGER01")
    assert store.wishes("no reminders") == codes("U0IT003", "U0IT004")


async def test_no_line_of_the_audit_is_lost(store: Store) -> None:
    """Every change that a manager or the schedule made is still listed, the latest first."""
    times = [at for at, _what in store.audit(100)]
    assert len(times) == 26
    assert times == sorted(times, reverse=True)


async def test_closed_and_skipped_waves_are_carried(store: Store) -> None:
    """Each wave keeps its date, its state, its questions and who was asked."""
    assert [wave.id for wave in store.closed_waves()] == list(CLOSED)
    known = store.known_waves()
    skipped = [day.isoformat() for day, wave in known.items() if wave.state is WaveState.SKIPPED]
    assert sorted(skipped) == ["2026-03-24", "2026-03-31", "2026-04-07", "2026-04-14"]
    assert store.missed_waves(datetime(2026, 3, 1, tzinfo=UTC)) == (datetime(2026, 3, 31, 7, tzinfo=UTC),)
    first = store.closed_waves()[0]
    assert first.items == ("T01", "A02", "A01", "T02")
    assert first.turnout == {Side.MARKETING: SideTurnout(24, 22), Side.IT: SideTurnout(22, 21)}
    assert [asking.items[:2] for asking in store.askings()] == [("T01", "A02")] * 6


async def test_published_counts_are_carried(store: Store) -> None:
    """A count that was published stays; what was withheld stays withheld."""
    waves = {wave.id: wave for wave in store.closed_waves()}
    leaders = {side: waves[9].outcomes["L03", side] for side in Side}
    assert isinstance(leaders[Side.IT], Counted)
    assert leaders[Side.IT].n == 20
    assert leaders[Side.IT].shares["choice_share:CIO"] == Share(9, 9)
    assert isinstance(leaders[Side.MARKETING], Counted)
    assert leaders[Side.MARKETING].shares["choice_share:CMO"] == Share(5, 5)
    first = waves[1].outcomes["T01", Side.IT]
    assert isinstance(first, Counted)
    assert [(bar.boxes, bar.count) for bar in first.bars] == [(("1", "2"), 3), (("3",), 10), (("4", "5"), 7)]
    assert all(isinstance(waves[3].outcomes[item, Side.IT], Withheld) for item in waves[3].items)
    assert waves[3].turnout[Side.IT].answered is None


async def test_the_outbox_goes_on_where_it_was(store: Store) -> None:
    """What waits is delivered next, and a poll that stands is found by its message."""
    assert [message.key for message in store.undelivered()] == [f"poll:{OPEN}:{MARKETING}:again"]
    assert store.posted("poll", OPEN) == {IT: "1776754800.000000"}
    assert store.posted("results", 9) == {MARKETING: "1776326400.003000", IT: "1776326400.002000"}


async def test_the_open_wave_is_answered_and_closed(store: Store) -> None:
    """Those who answered before the upgrade change their answers, others add theirs, and all are counted."""
    wave = store.current_wave()
    assert wave is not None
    assert (wave.id, wave.items, wave.minimum) == (OPEN, ("T01", "A02", "P01", "T04"), 5)
    assert wave.people == {Side.MARKETING: 14, Side.IT: 12}
    assert store.answered(OPEN) == {Side.MARKETING: 11, Side.IT: 8}
    assert store.known_waves()[wave.local_date].reminded == 1
    early, late = pseudonym(wave, "U0IT000"), pseudonym(wave, "U0IT009")
    assert store.answers_of(OPEN, early)["T01"] == frozenset({"2"})
    assert store.side_of(OPEN, late) is None
    for person in (early, late):
        await store.answer(OPEN, person, Side.IT, False, lambda before: {**before, "T01": frozenset("4")})
    assert store.answered(OPEN)[Side.IT] == 9

    items = tuple(item for item_id in wave.items if (item := BANK.get(item_id)))

    def published(ballots: Mapping[Side, Ballots]) -> Publication:
        return publication(items, wave, ballots)

    assert await store.close_wave(
        OPEN, published, [NewMessage(kind="results", channel=IT, at=WEDNESDAY)], WEDNESDAY, "closed"
    )
    closed = store.closed_waves()[-1]
    assert closed.turnout == {Side.MARKETING: SideTurnout(14, 11), Side.IT: SideTurnout(12, 9)}
    assert not isinstance(closed.outcomes["T01", Side.IT], Withheld)


async def test_nothing_of_the_old_open_wave_is_left_after_its_close(store: Store) -> None:
    """Its key and its pseudonyms are gone from the file and its log."""
    wave = store.current_wave()
    assert wave is not None
    key, person = wave.key, pseudonym(wave, "U0IT000")
    await store.close_wave(
        OPEN, lambda _ballots: Publication(turnout={}, outcomes={}), [], WEDNESDAY, "closed"
    )
    await store.scrub()
    held = b"".join(file.read_bytes() for file in store.path.parent.glob("pulse.db*"))
    assert key not in held
    assert person not in held


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
        assert office.bot.store.answered(OPEN)[Side.IT] == 9
        await office.close()
        await office.settled()
        results = office.posted(office.it)[-1]
        assert "9 of 12" in str(results.blocks)
        assert [wave.id for wave in office.bot.store.closed_waves()] == [*CLOSED, OPEN]
        await office.open()
        assert "poll:11" in str(office.poll(office.it).blocks)
