"""What people meet when the key of the open pulse is lost, and what is said of a close."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pulse.core.errors import StoreFault
from pulse.core.model import Side
from pulse.storage.keys import KeyFolder
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, at, running


@pytest.fixture
async def keyless(slack: Rehearsal, tmp_path: Path) -> AsyncIterator[Office]:
    """A bot whose key folder was left behind: one pulse is closed, another is open and answered."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await office.open()
        for person in office.people(office.it):
            await office.answer(person, office.it, "4")
        await office.close()
        await office.open()
        await office.answer(office.people(office.it)[0], office.it, "4")
        clock = office.clock
    for key in (tmp_path / "pulse.db-keys").glob("*.key"):
        key.unlink()
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        yield office


async def test_a_lost_key_is_told_to_whoever_answers(keyless: Office) -> None:
    """Nothing is recorded; the sentence names what a manager can do, and no path."""
    person = keyless.people(keyless.it)[0]
    await keyless.answer(person, keyless.it, "5")
    await keyless.settled()
    told = person.private(keyless.it)[-1].text
    assert "key of this pulse is lost" in told
    assert "/pulse close" in told
    assert "pulse.db" not in told


async def test_a_lost_key_is_told_by_status_privacy_and_home(keyless: Office) -> None:
    """Each of them still opens."""
    person = keyless.people(keyless.it)[0]
    assert "Its key is lost" in (await keyless.says(person, "/pulse status", keyless.it)).text
    assert "No answer of yours is stored" in (await keyless.says(person, "/pulse privacy", keyless.it)).text
    await person.open_home()
    await keyless.settled()
    assert "key of this pulse is lost" in str(person.home)


async def test_a_lost_key_is_told_to_the_managers(keyless: Office) -> None:
    """Once, without their asking."""
    await at(keyless, "2026-03-03T09:01")
    await at(keyless, "2026-03-03T09:02")
    told = [dm.text for dm in keyless.manager.dms if "key of the open pulse is lost" in dm.text]
    assert len(told) == 1


async def test_a_pulse_without_its_key_is_called_off_and_nothing_else_is_harmed(keyless: Office) -> None:
    """Its polls say so and have no buttons, there are no results, and the next pulse opens."""
    results = [m.text for m in keyless.posted(keyless.it) if "14 of 14" in m.text]
    asked = await keyless.says(keyless.manager, "/pulse close", keyless.marketing)
    assert keyless.bot.workspace.waves.current is not None
    await keyless.manager.tap(asked, "manage:close")
    await keyless.settled()
    assert "called off" in keyless.manager.private(keyless.marketing)[-1].text
    poll = [m for m in keyless.posted(keyless.it) if "called off" in m.text]
    assert len(poll) == 1
    assert "answer:" not in str(poll[0].blocks)
    assert [m.text for m in keyless.posted(keyless.it) if "14 of 14" in m.text] == results
    assert len(await keyless.bot.store.closed_waves()) == 1
    await keyless.open()
    person = keyless.people(keyless.it)[0]
    await keyless.answer(person, keyless.it, "4")
    assert await keyless.answers(person) == {"T01": frozenset({"4"})}


async def test_a_pulse_without_its_key_is_called_off_when_it_is_due(keyless: Office) -> None:
    """The schedule goes on even if nobody does anything."""
    await at(keyless, "2026-03-09T09:00")
    assert keyless.bot.workspace.waves.current is None
    assert len(await keyless.bot.store.closed_waves()) == 1


async def test_deleted_is_said_only_when_it_is_true(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a key cannot be destroyed, reply, closed poll and an alert say so; the bot tries again."""
    await office.set_up()
    await office.open()

    def refuse(_folder: KeyFolder, _token: str) -> None:
        raise StoreFault("read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(KeyFolder, "destroy", refuse)
        told = await office.confirms("/pulse close", "manage:close")
        assert "could not be destroyed" in told.text
        [poll] = [m.text for m in office.posted(office.it) if "This pulse is closed" in m.text]
        assert "could not be destroyed" in poll
        await at(office, "2026-03-03T09:01")
        assert any("could not be destroyed" in dm.text for dm in office.manager.dms)
    await at(office, "2026-03-03T09:02")
    folder = office.bot.store.path.with_name("pulse.db-keys")
    assert list(folder.glob("*.key")) == []
    person = office.people(office.it)[0]
    assert "destroyed" not in (await office.says(person, "/pulse privacy", office.it)).text.split("*While")[0]


async def test_who_has_answered_is_told_the_same_everywhere(office: Office) -> None:
    """Message, status and Home show the same last count, and none before there are five answers."""
    await office.set_up()
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    people = office.people(office.it)

    def told() -> int | None:
        return office.bot.workspace.participation.turnout(wave)[Side.IT].answered

    for person in people[:4]:
        await office.answer(person, office.it, "4")
    await office.bot.surfaces.counts.update()
    assert told() is None
    for person in people[4:7]:
        await office.answer(person, office.it, "4")
    await office.slack.workspace.until(lambda: "7 of 14" in office.poll(office.it).text)
    assert told() == 7
    assert "7 of 14" in (await office.says(people[0], "/pulse status", office.it)).text
    await people[0].open_home()
    await office.settled()
    assert "7 of 14" in str(people[0].home)
