"""From the first look at the bot to a saved set-up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pulse.core.schedule import read_dates
from rehearsal.objects import Person
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
    assert first["minimum"]["initial_option"]["value"] == "5"


async def test_the_preview_shows_what_each_side_will_read_and_when(office: Office) -> None:
    """Three waves with their times, and both polls in their own wording; nothing is saved by looking."""
    shown = await office.preview(marketing=[office.marketing], it=[office.it])
    assert shown.count("• opens ") == 3
    assert "I trust our IT colleagues" in shown
    assert "I trust our marketing colleagues" in shown
    assert await office.bot.store.setup() is None


async def test_a_preview_of_a_form_with_a_fault_names_the_fault(office: Office) -> None:
    """In the form, above Save."""
    assert "one side only" in await office.preview(marketing=[office.it], it=[office.it])


async def set_up_with(office: Office, channel: str) -> dict[str, str]:
    """The errors of a form with this channel for marketing."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    values = {"marketing": [channel], "it": [office.it], "both_sides": "it"}
    ack = await office.manager.submit(values=values)
    return ack.errors


async def test_a_channel_with_fewer_than_five_people_is_refused(office: Office) -> None:
    """Bots and guests cannot be asked, so they do not count; the error stands at the field."""
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
    office.slack.fail("conversations.info", trouble, times=None)
    assert "in a minute" in (await set_up_with(office, office.marketing))["marketing"]
    assert await office.bot.store.setup() is None


async def test_changes_of_the_set_up_are_in_the_audit_log(office: Office) -> None:
    """Managers read them with /pulse status and on their Home tab; others do not."""
    await office.set_up()
    await office.set_up(items="2", minimum="10")
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
    await office.set_up(items="2", minimum="10")
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert (len(wave.items), wave.minimum) == (4, 5)
    await office.close()
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert (len(wave.items), wave.minimum) == (2, 10)


DATES = {
    "a year": "2026-04-01..2027-03-31",
    "three years": "2026-04-01..2027-03-31 2027-04-01..2028-03-30 2028-04-01..2029-03-31",
    "all that fits": " ".join(
        f"20{year}-{month:02}-{day:02}"
        for year in range(27, 33)
        for month in (1, 5)
        for day in range(1, 30, 2)
    )[:1990].rpartition(" ")[0],
    "days in a row, one by one": " ".join(f"2027-07-{day:02}" for day in range(1, 32)),
}


@pytest.mark.parametrize("typed", DATES.values(), ids=DATES)
async def test_the_form_opens_again_whatever_dates_were_left_out(office: Office, typed: str) -> None:
    """A range of a year came back as 365 dates, longer than the field, and the form never opened again."""
    await office.set_up(skip_dates=typed)
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    setup = await office.bot.store.setup()
    assert setup is not None
    assert read_dates(str(setup.schedule["skip_dates"])) == read_dates(typed)


async def test_a_set_up_that_holds_a_year_of_dates_opens_after_the_upgrade(office: Office) -> None:
    """As the first edition stored it."""
    await office.set_up()
    setup = await office.bot.store.setup()
    assert setup is not None
    dates = " ".join(day.isoformat() for day in sorted(read_dates("2026-04-01..2027-03-31")))
    old = replace(setup, schedule={**setup.schedule, "skip_dates": dates})
    await office.bot.store.save_setup(old, office.clock(), "{}")
    await office.bot.workspace.waves.load()
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    assert "2026-04-01..2027-03-31" in str(office.manager.modal.blocks)
