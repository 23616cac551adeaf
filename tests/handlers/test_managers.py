"""Who may manage, by command and by the buttons of the Home tab."""

from __future__ import annotations

import copy

import pytest

from rehearsal.objects import View
from tests.handlers.conftest import Office


async def test_a_named_person_manages_until_taken_off_the_list(office: Office) -> None:
    """Named by command, listed, able, and not able any more."""
    await office.set_up()
    person = office.slack.actor("oluwaseun")
    said = await office.says(office.manager, "/pulse managers add @oluwaseun", office.marketing)
    assert f"<@{person.id}>" in said.text
    assert "Open a pulse now?" in (await office.says(person, "/pulse open", office.it)).text
    said = await office.says(office.manager, "/pulse managers remove @oluwaseun", office.marketing)
    assert f"<@{person.id}>" not in said.text
    assert "Only managers" in (await office.says(person, "/pulse close", office.it)).text
    said = await office.says(office.manager, "/pulse status", office.marketing)
    assert "A manager was named." in said.text
    assert "A manager was taken off the list." in said.text


async def test_no_managers_id_is_in_the_file(office: Office) -> None:
    """They are kept under a keyed hash."""
    await office.set_up()
    person = office.slack.actor("oluwaseun")
    await office.says(office.manager, "/pulse managers add @oluwaseun", office.marketing)
    path = office.bot.store.path
    assert person.id.encode() not in path.read_bytes() + path.with_name(path.name + "-wal").read_bytes()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("managers add", "Please write"),
        ("managers add oluwaseun", "Please write"),
        ("managers add @oluwaseun and others", "Please write"),
        ("managers promote @oluwaseun", "Please write"),
        ("managers add @greta", "guests and apps cannot"),
        ("managers add @deploy", "guests and apps cannot"),
        ("managers remove @priya", "always manage"),
        ("managers add <!channel>", "Please write"),
    ],
)
async def test_what_cannot_be_named_is_answered_with_a_sentence(
    office: Office, line: str, sentence: str
) -> None:
    """And nothing changes."""
    said = await office.says(office.manager, f"/pulse {line}", office.marketing)
    assert sentence in said.text
    assert await office.bot.store.wishes("manager") == frozenset()
    assert await office.bot.store.audit() == ()


async def test_a_refused_person_is_told_who_can(office: Office) -> None:
    """By name, where the bot has met them."""
    await office.set_up()
    said = await office.says(office.people(office.it)[4], "/pulse managers", office.it)
    assert "admins and owners of this workspace" in said.text
    assert f"<@{office.manager.id}>" in said.text


async def press(office: Office, who: str, word: str, view: View | None = None) -> str:
    """Presses a button of somebody's Home tab or an older state of it; returns what the window says."""
    person = office.slack.actor(who)
    if view is None:
        await person.open_home()
        await office.settled()
        view = person.home
    assert view is not None
    await person.tap(view, f"manage:{word}")
    await office.settled()
    return "" if person.modal is None else str(person.modal.blocks)


async def test_managers_open_close_skip_pause_and_resume_from_the_home_tab(office: Office) -> None:
    """Each button does what the command of its name does, and the tab shows it at once."""
    await office.set_up()
    assert "is open until" in await press(office, "ines", "open")
    assert office.manager.home is not None
    assert "manage:close" in str(office.manager.home.blocks)
    assert "is closed" in await press(office, "ines", "close")
    assert office.bot.workspace.waves.current is None
    assert "is left out" in await press(office, "ines", "skip")
    assert "paused" in await press(office, "ines", "pause")
    assert await office.bot.workspace.waves.paused()
    assert "carry on" in await press(office, "ines", "resume")
    assert not await office.bot.workspace.waves.paused()


async def test_an_old_page_closes_no_other_wave(office: Office) -> None:
    """Its button names the wave that it showed."""
    await office.set_up()
    await office.open()
    await office.manager.open_home()
    await office.settled()
    old = copy.deepcopy(office.manager.home)
    await office.close()
    await office.open()
    assert "Nothing was changed" in await press(office, "ines", "close", old)
    assert office.bot.workspace.waves.current is not None


async def test_an_old_page_skips_no_other_wave(office: Office) -> None:
    """A second press on the same page does not leave out a second wave."""
    await office.set_up()
    await office.manager.open_home()
    await office.settled()
    old = copy.deepcopy(office.manager.home)
    assert "is left out" in await press(office, "ines", "skip", old)
    then = await office.bot.workspace.waves.next_opening()
    assert "Nothing was changed" in await press(office, "ines", "skip", old)
    assert await office.bot.workspace.waves.next_opening() == then


@pytest.mark.parametrize("word", ["open", "close", "skip", "pause", "resume", "setup", "note", "export"])
async def test_a_forged_button_of_the_home_tab_is_refused(office: Office, word: str) -> None:
    """Somebody who is not a manager sends what a manager's page would: a sentence, and nothing changes."""
    await office.set_up()
    person = office.people(office.it)[3]
    await person.open_home()
    await office.settled()
    assert person.home is not None
    forged = copy.deepcopy(person.home)
    button = next(b for b in forged.blocks if b["type"] == "actions")["elements"][0]
    opens = await office.bot.workspace.waves.next_opening()
    assert opens is not None
    button["action_id"], button["value"] = f"manage:{word}", opens.isoformat() if word == "skip" else "1"
    before = await office.bot.store.audit()
    await person.tap(forged, f"manage:{word}")
    await office.settled()
    assert person.modal is not None
    assert "Only managers" in str(person.modal.blocks) or "Nothing was changed" in str(person.modal.blocks)
    assert await office.bot.store.audit() == before


async def test_a_set_up_form_sent_by_somebody_else_is_refused(office: Office) -> None:
    """The check is made when the form comes back, not only when it opens; its preview is refused, too."""
    await office.set_up()
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    form = copy.deepcopy(office.manager.modal)
    assert form is not None
    before = await office.bot.store.setup(), await office.bot.store.audit()
    person = office.people(office.it)[3]
    ack = await person.submit(form, values={"items": "2"})
    assert "Only managers" in str(ack.response)
    await person.tap(form, "setup_preview")
    await office.settled()
    assert office.manager.modal is not None
    assert "Only managers" in str(office.manager.modal.blocks)
    assert (await office.bot.store.setup(), await office.bot.store.audit()) == before


async def test_where_no_window_opens_any_more_the_answer_comes_as_a_message(office: Office) -> None:
    """Opening a pulse in large channels takes longer than Slack lets a window wait."""
    await office.set_up()
    office.slack.fail("views.open", "expired_trigger_id")
    await press(office, "ines", "open")
    assert "is open until" in office.manager.dms[-1].text
    assert office.manager.home is not None
    assert "manage:close" in str(office.manager.home.blocks)


async def test_an_open_home_tab_follows_what_its_reader_does_by_command(office: Office) -> None:
    """Set up and paused in a channel, seen on the tab."""
    await office.manager.open_home()
    await office.settled()
    assert office.manager.home is not None
    assert "not set up yet" in str(office.manager.home.blocks)
    await office.set_up()
    assert "For managers" in str(office.manager.home.blocks)
    await office.says(office.manager, "/pulse pause", office.marketing)
    await office.settled()
    assert "paused at the moment" in str(office.manager.home.blocks)
