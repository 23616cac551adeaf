"""After a restore, new waves get numbers that messages in Slack bear already, and none is mistaken."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pulse.core.model import Side
from pulse.storage.backup import back_up
from rehearsal.objects import Message
from rehearsal.server import Rehearsal
from tests.handlers.conftest import AFTER_THE_OPENING, Clock, Office, at, running


@asynccontextmanager
async def before_the_restore(slack: Rehearsal, folder: Path) -> AsyncIterator[Office]:
    """A bot that is set up; a backup of its database is put back once it is stopped."""
    async with running(slack, folder / "pulse.db", Clock(AFTER_THE_OPENING)) as office:
        await office.set_up()
        back_up(folder / "pulse.db", folder / "backup.db")
        yield office
    for end in ("", "-wal", "-shm"):
        (folder / f"pulse.db{end}").unlink(missing_ok=True)
    shutil.copy(folder / "backup.db", folder / "pulse.db")
    os.chmod(folder / "pulse.db", 0o600)  # noqa: PTH101


def public(office: Office, kind: str) -> list[Message]:
    """The messages of a kind in IT's channel, the oldest first."""
    found = [message for message in office.posted(office.it) if message.metadata]
    return [m for m in found if m.metadata and m.metadata["event_payload"]["key"].startswith(kind)]


async def test_a_tap_on_a_poll_from_before_a_restore_counts_for_no_other_wave(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """The new wave has the number of the lost one; the old buttons are refused all the same."""
    async with before_the_restore(slack, tmp_path) as office:
        await office.open()
        old = office.bot.workspace.waves.current
    async with running(slack, tmp_path / "pulse.db", Clock(AFTER_THE_OPENING)) as office:
        await office.open()
        new = office.bot.workspace.waves.current
        assert old is not None
        assert new is not None
        assert old.id == new.id
        first, second = public(office, "poll")
        person = office.people(office.it)[0]
        await person.tap(first, "answer:4", block=":T01")
        await office.settled()
        assert "This pulse is closed, so nothing was changed." in person.private(office.it)[-1].text
        assert await office.answers(person) == {}
        await person.tap(second, "answer:4", block=":T01")
        await office.settled()
        assert await office.answers(person) == {"T01": frozenset({"4"})}


async def test_a_form_from_before_a_restore_counts_for_no_other_wave(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """A form that somebody left open names its wave by the token, too."""
    async with before_the_restore(slack, tmp_path) as office:
        await office.open()
        person = office.people(office.it)[0]
        await person.command("/pulse answer", office.it)
        await office.settled()
    async with running(slack, tmp_path / "pulse.db", Clock(AFTER_THE_OPENING)) as office:
        await office.open()
        await person.submit(values={"item:T01": "4"})
        await office.settled()
        assert await office.answers(person) == {}


async def test_details_from_before_a_restore_show_no_other_waves_numbers(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """The button under lost results says that there are none, though a wave of the same number has some."""
    async with before_the_restore(slack, tmp_path) as office:
        await office.open()
        for person in office.people(office.it)[:6]:
            await office.answer(person, office.it, "4")
        await office.close()
        await office.settled()
    async with running(slack, tmp_path / "pulse.db", Clock(AFTER_THE_OPENING)) as office:
        await office.open()
        for person in office.people(office.it)[:7]:
            await office.answer(person, office.it, "1")
        await office.close()
        await office.settled()
        first, second = public(office, "results")
        person = office.people(office.it)[0]
        await person.tap(first, "results_details")
        await office.settled()
        assert "There are no results of that pulse." in person.private(office.it)[-1].text
        assert person.modal is None
        await person.tap(second, "results_details")
        await office.settled()
        assert "7 of " in str(person.modal)


async def test_a_poll_from_before_a_restore_is_not_taken_for_the_new_one(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """A call of unknown outcome is searched for by the token: the old poll does not pass for the new one."""
    async with before_the_restore(slack, tmp_path) as office:
        await office.open()
        slack.fail("chat.postMessage", 500, channel=office.it)
    async with running(slack, tmp_path / "pulse.db", Clock(AFTER_THE_OPENING)) as office:
        await office.open()
        await at(office, "2026-03-03T09:02")
        assert len(public(office, "poll")) == 2
        person = office.people(office.it)[0]
        await office.answer(person, office.it, "4")
        await office.settled()
        assert (await office.answered())[Side.IT] == 1
