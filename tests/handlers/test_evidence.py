"""/pulse privacy: three sentences first, and the file of what is stored for whoever may read results."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from pulse.core.records import ReadersRule
from pulse.services.evidence import Evidence
from pulse.storage.sqlite.download import TABLES
from rehearsal.driver import Actor
from rehearsal.objects import Message, View
from tests.handlers.conftest import Office
from tests.handlers.test_audience import REFUSAL, closed_once, outsider
from tools import verify

BUTTON = "download_stored"


def offers(shown: Message | View) -> bool:
    return BUTTON in str(shown.blocks)


def file_sent(office: Office, to: Actor) -> bytes:
    """The file of the newest direct message."""
    [sent] = to.dms[-1].files
    return office.slack.workspace.files[sent].data


async def window(office: Office, who: Actor, channel: str) -> View:
    """“Who sees this?” under a channel's newest poll."""
    await who.tap(office.poll(channel), "privacy")
    await office.settled()
    assert who.modal is not None
    return who.modal


async def window_of_home(office: Office, who: Actor) -> tuple[View, View]:
    """The Home tab, and the window of its “What is kept about me?”."""
    await who.open_home()
    await office.settled()
    assert who.home is not None
    await who.tap(who.home, "privacy")
    await office.settled()
    assert who.modal is not None
    return who.home, who.modal


async def test_what_a_reader_downloads_can_be_checked(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes as a direct message, and the checker finds in it the digest that the details print."""
    await closed_once(office)
    reader = office.people(office.it)[3]
    said = await office.says(reader, "/pulse privacy", office.it)
    await reader.tap(said, BUTTON)
    await office.settled()
    assert "in our direct messages" in reader.private(office.it)[-1].text
    path = tmp_path / "pulse-stored.db"
    path.write_bytes(file_sent(office, reader))

    await reader.tap(office.posted(office.it)[-1], "results_details")
    await office.settled()
    assert reader.modal is not None
    digest = reader.modal.blocks[-1]["elements"][0]["text"].split("`")[1]
    assert verify.main([str(path), digest]) == 0
    printed = capsys.readouterr().out
    assert f"digest {digest}\n" in printed
    assert printed.endswith("\n0 problems.\n")


async def test_the_file_has_nothing_of_an_open_pulse(office: Office) -> None:
    """Neither its answers nor that it is open; no key, secret, code or id of anybody."""
    await closed_once(office)
    await office.bot.workspace.managers.name([office.people(office.it)[2].id], wanted=True)
    await office.open()
    for person in office.people(office.it)[:9]:
        await office.answer(person, office.it, "2")
    reader = office.people(office.it)[3]
    await reader.tap(await window(office, reader, office.it), BUTTON)
    await office.settled()
    assert reader.modal is not None
    assert "in our direct messages" in str(reader.modal.blocks)

    content = file_sent(office, reader)
    with closing(sqlite3.connect(":memory:")) as data:
        data.deserialize(content)
        tables = {name for (name,) in data.execute("SELECT name FROM sqlite_schema")}
        waves = data.execute("SELECT id, state FROM wave").fetchall()
    assert tables == set(TABLES)
    assert waves == [(1, "closed")]
    workspace = office.slack.workspace
    known = [*workspace.people, *workspace.channels, office.slack.bot_token, office.slack.app_token]
    assert [found for found in known if found.encode() in content] == []
    secret = await office.bot.store.secret()
    assert secret is not None
    assert secret not in content
    assert [code for code in await office.bot.store.wishes("manager") if code in content] == []


async def test_before_the_first_close_nothing_is_offered(office: Office) -> None:
    """There is nothing to download, and the three sentences stand without a button."""
    await office.set_up()
    said = await office.says(office.people(office.it)[3], "/pulse privacy", office.it)
    assert not offers(said)
    assert said.text.split("\n")[1].startswith("*While a pulse is open*, I keep")


async def test_people_who_may_not_read_results_are_not_offered_the_file(office: Office) -> None:
    """An outsider and a guest read what is kept and get no button anywhere; readers get one in each place."""
    await closed_once(office)
    await office.open()
    stranger, place = outsider(office)
    guest, reader = office.slack.actor("greta"), office.people(office.it)[3]
    for who, channel, reads in (
        (stranger, place, False),
        (guest, office.marketing, False),
        (office.manager, office.marketing, True),
        (reader, office.it, True),
    ):
        said = await office.says(who, "/pulse privacy", channel)
        home, kept = await window_of_home(office, who)
        assert not offers(home), "the tab leads to the window"
        for shown in (said, kept):
            assert "*While a pulse is open*, I keep" in str(shown.blocks)
            assert offers(shown) is reads
    assert not offers(await window(office, guest, office.marketing))
    assert offers(await window(office, reader, office.it))


async def test_an_old_button_is_refused_to_whoever_may_not_read_any_more(office: Office) -> None:
    """Managers close the results again: the press brings the sentence and no file."""
    await closed_once(office)
    await office.set_up(readers=str(ReadersRule.WORKSPACE))
    stranger, place = outsider(office)
    said = await office.says(stranger, "/pulse privacy", place)
    assert "all members of this workspace see the totals" in said.text
    await office.set_up(readers=str(ReadersRule.CHANNELS))
    await stranger.tap(said, BUTTON)
    await office.settled()
    assert REFUSAL in stranger.private(place)[-1].text
    assert stranger.dms == []


async def test_a_window_that_is_gone_does_not_swallow_the_answer(office: Office) -> None:
    """Whoever closed it before the file was made reads in the direct messages how it went."""
    await closed_once(office)
    await office.open()
    reader = office.people(office.it)[3]
    shown = await window(office, reader, office.it)
    office.slack.fail("views.update", "not_found")
    office.slack.fail("files.completeUploadExternal", "file_uploads_disabled")
    await reader.tap(shown, BUTTON)
    await office.settled()
    [told] = reader.dms
    assert told.text
    assert told.files == []


async def test_the_file_is_offered_where_slack_does_not_say_who_reads(office: Office) -> None:
    """The text comes in any case, and the press asks Slack again."""
    await closed_once(office)
    stranger, place = outsider(office)
    trouble = office.slack.fail("conversations.members", "internal_error", times=None)
    said = await office.says(stranger, "/pulse privacy", place)
    assert offers(said)
    trouble.times = 0
    await stranger.tap(said, BUTTON)
    await office.settled()
    assert REFUSAL in stranger.private(place)[-1].text


async def test_answers_are_taken_while_the_file_is_made(office: Office) -> None:
    """After years of pulses it takes a second, which no tap waits for."""
    await closed_once(office)
    await office.open()
    begun, acked = threading.Event(), threading.Event()

    def write(*_what: object) -> bytes:
        begun.set()
        return b"made while a tap was acked" if acked.wait(5) else b"nothing was acked meanwhile"

    workspace = office.bot.workspace
    slow = Evidence(
        results=workspace.results, audience=workspace.audience, library=office.bot.library, write=write
    )
    reader, other = office.people(office.it)[3:5]
    making = asyncio.create_task(slow.file(reader.id))
    await asyncio.to_thread(begun.wait)
    await office.answer(other, office.it, "4")
    acked.set()
    assert await making == b"made while a tap was acked"
