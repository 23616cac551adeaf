"""From the first look at the bot to a saved set-up."""

from __future__ import annotations

import pytest

from rehearsal.workspace import Person
from tests.handlers.conftest import Office


async def test_the_first_manager_who_looks_at_the_bot_is_greeted_once(office: Office) -> None:
    """With one button, which opens the set-up; nobody is greeted a second time."""
    await office.manager.open_home()
    await office.settled()
    [hello] = office.manager.dms
    await office.manager.tap(hello, "setup_open")
    await office.settled()
    assert office.manager.modal is not None
    assert office.manager.modal.content["callback_id"] == "setup"
    other = office.slack.actor("priya")
    for person in (office.manager, other):
        await person.open_home()
    await office.settled()
    assert len(office.manager.dms) == 1
    assert other.dms == []


async def test_writing_to_the_bot_greets_as_well(office: Office) -> None:
    """The messages tab is another way to meet it."""
    event = {"type": "app_home_opened", "user": office.manager.id, "tab": "messages", "channel": "D1"}
    await office.slack.deliver_event(event)
    await office.settled()
    assert "marketing" in office.manager.dms[-1].text
    assert office.manager.home is None


async def test_somebody_who_is_no_manager_is_not_written_to(office: Office) -> None:
    """Their Home tab says who can set it up."""
    person = office.people(office.it)[2]
    await person.open_home()
    await office.settled()
    assert person.dms == []
    assert person.home is not None
    assert "admin or owner" in str(person.home.blocks)


async def test_after_the_set_up_nobody_is_greeted(office: Office) -> None:
    """The bot is known by then."""
    await office.set_up()
    await office.manager.open_home()
    await office.settled()
    assert office.manager.dms == []


async def test_the_home_tab_begins_the_set_up(office: Office) -> None:
    """Its button opens the same form, with the manager's own time zone and four questions."""
    await office.manager.open_home()
    await office.settled()
    assert office.manager.home is not None
    await office.manager.tap(office.manager.home, "manage:setup")
    await office.settled()
    assert office.manager.modal is not None
    first = {
        block["block_id"]: block.get("element") for block in office.manager.modal.blocks if "element" in block
    }
    assert first["zone"]["initial_option"]["value"] == "Europe/Berlin"
    assert first["items"]["initial_option"]["value"] == "4"
    assert first["minimum"]["initial_value"] == "5"


async def test_the_preview_shows_what_each_side_will_read_and_when(office: Office) -> None:
    """Three waves with their times, and both polls in their own wording; nothing is saved by looking."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    values = {"marketing": [office.marketing], "it": [office.it]}
    await office.manager.tap(office.manager.modal, "setup_preview", values=values)
    await office.settled()
    shown = str(office.manager.modal.blocks)
    assert shown.count("• opens ") == 3
    assert "I trust our IT colleagues" in shown
    assert "I trust our marketing colleagues" in shown
    assert office.bot.store.setup() is None


async def test_a_preview_of_a_form_with_a_fault_names_the_fault(office: Office) -> None:
    """In the form, above Save."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    values = {"marketing": [office.it], "it": [office.it]}
    await office.manager.tap(office.manager.modal, "setup_preview", values=values)
    await office.settled()
    assert "one side only" in str(office.manager.modal.blocks)


async def set_up_with(office: Office, channel: str) -> dict[str, str]:
    """The errors of a form with this channel for marketing."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    ack = await office.manager.submit(values={"marketing": [channel], "it": [office.it]})
    return ack.errors


async def test_a_channel_with_fewer_than_five_people_is_refused(office: Office) -> None:
    """Bots and guests are no people who can be asked; the error stands at the field."""
    workspace = office.slack.workspace
    few = [person.id for person in office.people(office.marketing)[:4]]
    guests = [workspace.add_person(Person(f"U9{n}", f"g{n}", f"Guest {n}", guest=True)).id for n in range(3)]
    channel = workspace.add_channel("tiny", [*few, *guests, "U0THEAPP"])
    errors = await set_up_with(office, channel.id)
    assert "#tiny has fewer than 5 people" in errors["marketing"]
    workspace.join(channel.id, office.people(office.marketing)[4].id)
    assert await set_up_with(office, channel.id) == {}


async def test_an_archived_channel_is_refused_at_its_field(office: Office) -> None:
    """Somebody else may archive it while the form is open."""
    place = office.slack.workspace.add_channel("old", ["U0THEAPP"], archived=True)
    assert "archived" in (await set_up_with(office, place.id))["marketing"]


async def test_an_invisible_channel_says_how_to_invite(office: Office) -> None:
    """A private channel without the bot has no name to be told."""
    place = office.slack.workspace.add_channel("secret", [office.manager.id], is_private=True)
    assert "/invite" in (await set_up_with(office, place.id))["marketing"]


@pytest.mark.parametrize("trouble", ["internal_error", "fatal_error"])
async def test_slack_in_trouble_is_not_the_channels_fault(office: Office, trouble: str) -> None:
    """The manager is asked to save again, and nothing was saved."""
    office.slack.fail("conversations.info", trouble, times=2)
    assert "in a minute" in (await set_up_with(office, office.marketing))["marketing"]
    assert office.bot.store.setup() is None


async def test_changes_of_the_set_up_are_in_the_audit_log(office: Office) -> None:
    """Managers read them with /pulse status and on their Home tab; others do not."""
    await office.set_up()
    await office.set_up(items="2", minimum="8")
    said = await office.says(office.manager, "/pulse status", office.marketing)
    assert "The pulse was set up." in said.text
    assert "The set-up was changed: questions in a pulse, smallest group." in said.text
    await office.manager.open_home()
    await office.settled()
    assert office.manager.home is not None
    assert "smallest group" in str(office.manager.home.blocks)
    other = await office.says(office.people(office.it)[3], "/pulse status", office.it)
    assert "set-up" not in other.text


async def test_a_change_waits_for_the_next_wave(office: Office) -> None:
    """The open wave keeps its questions and its smallest group."""
    await office.set_up()
    await office.open()
    await office.set_up(items="2", minimum="8")
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert (len(wave.items), wave.minimum) == (4, 5)
    await office.close()
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert (len(wave.items), wave.minimum) == (2, 8)
