"""No manager can single a person out by changing channels or opening pulses at will."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.population import BOT_USER
from tests.handlers.conftest import Office

REFUSAL = "fewer than 5 people"


def channel_of(office: Office, name: str, count: int, *, of: str = "") -> str:
    """A channel with the bot and the first people of a side."""
    people = [actor.id for actor in office.people(of or office.it)[:count]]
    return office.slack.workspace.add_channel(name, [*people, BOT_USER, office.manager.id]).id


async def tries(office: Office, **fields: Any) -> dict[str, str]:
    """Sends the set-up form; returns the errors at its fields."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    ack = await office.manager.submit(values=fields)
    await office.settled()
    errors: dict[str, str] = ack.errors
    return errors


@pytest.mark.parametrize("more", [1, 4])
async def test_twelve_people_cannot_become_the_same_and_a_few_more(office: Office, more: int) -> None:
    """The difference of two pulses would be those few: the change is refused with the reason."""
    few = channel_of(office, "it-few", 9)
    many = channel_of(office, "it-many", 9 + more)
    await office.set_up(it=[few])
    before = await office.bot.store.setup()
    errors = await tries(office, it=[many])
    assert list(errors) == ["it"]
    assert REFUSAL in errors["it"]
    assert await office.bot.store.setup() == before
    errors = await tries(office, it=[few, many])
    assert REFUSAL in errors["it"]


async def test_a_few_people_fewer_are_refused_as_well(office: Office) -> None:
    """Leaving a channel out can isolate as adding one can."""
    few = channel_of(office, "it-few", 9)
    many = channel_of(office, "it-many", 11)
    await office.set_up(it=[few, many])
    assert REFUSAL in (await tries(office, it=[few]))["it"]


async def test_changes_by_five_people_or_by_nobody_are_saved(office: Office) -> None:
    """A larger change tells nothing about one person, and a channel with the same people neither."""
    few = channel_of(office, "it-few", 6)
    same = channel_of(office, "it-same", 6)
    await office.set_up(it=[few])
    assert await tries(office, it=[few, same]) == {}
    assert await tries(office, it=[channel_of(office, "it-all", 12)]) == {}


async def test_the_careful_preset_refuses_smaller_changes_too(office: Office) -> None:
    """With a smallest group of 10, nine people are too few."""
    few = channel_of(office, "it-few", 10)
    office.slack.workspace.add_channel("spare", [BOT_USER])
    await office.set_up(it=[few], minimum="10")
    many = channel_of(office, "it-many", 14)
    assert "fewer than 10 people" in (await tries(office, it=[many]))["it"]


async def test_guests_and_apps_do_not_count_as_people(office: Office) -> None:
    """A channel with the same people and a guest changes the side by nobody."""
    few = channel_of(office, "it-few", 6)
    guest = office.slack.actor("greta").id
    same = channel_of(office, "it-same", 6)
    office.slack.workspace.channel(same).members.append(guest)
    await office.set_up(it=[few])
    assert await tries(office, it=[same]) == {}


async def test_two_pulses_with_the_same_questions_are_twenty_hours_apart(office: Office) -> None:
    """A second one within minutes is refused, by command and by its button; after 20 hours it opens."""
    await office.set_up()
    await office.open()
    await office.close()
    office.clock.forward(minutes=5)
    said = await office.says(office.manager, "/pulse open", office.marketing)
    assert "less than 20 hours ago" in said.text
    assert "05:00" in said.text
    await office.manager.open_home()
    await office.settled()
    assert office.manager.home is not None
    await office.manager.tap(office.manager.home, "manage:open")
    await office.settled()
    assert office.bot.workspace.waves.current is None
    office.clock.forward(hours=20)
    await office.open()
    assert office.bot.workspace.waves.current is not None


async def test_a_change_of_channels_is_announced_in_those_that_it_concerns(office: Office) -> None:
    """The channel that comes, the one that goes, and nobody else."""
    old = channel_of(office, "it-old", 6)
    new = channel_of(office, "it-new", 13)
    await office.set_up(it=[old])
    before = len(office.posted(office.marketing))
    assert await tries(office, it=[new]) == {}
    await office.settled()
    assert "takes no part in the pulse any more" in office.posted(old)[-1].text
    assert "this one is asked as IT" in office.posted(new)[-1].text
    assert f"<#{new}> for IT" in office.posted(new)[-1].text
    assert len(office.posted(office.marketing)) == before


async def test_the_first_post_says_what_comes_and_who_sees_what(office: Office) -> None:
    """In both channels, once; a later change of times is no news for them."""
    await office.set_up()
    for channel in (office.marketing, office.it):
        [first] = office.posted(channel)
        assert "*When:* Every Tuesday" in first.text
        assert "never of fewer than 5 answers" in first.text
        assert "*Who reads results:*" in first.text
    assert await tries(office, at="10:00") == {}
    await office.settled()
    assert len(office.posted(office.it)) == 1


async def test_managers_are_named_in_the_form(office: Office) -> None:
    """They manage at once; a guest is refused at the field and nothing is saved."""
    guest = office.slack.actor("greta").id
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    ack = await office.manager.submit(
        values={"marketing": [office.marketing], "it": [office.it], "managers": [guest]}
    )
    assert list(ack.errors) == ["managers"]
    assert await office.bot.store.setup() is None
    person = office.slack.actor("oluwaseun")
    await office.set_up(managers=[person.id])
    assert await office.bot.workspace.managers.is_manager(person.id)


async def test_dates_to_leave_out_stay_as_typed_and_the_form_opens_again(office: Office) -> None:
    """A whole year is one range, also the second time."""
    typed = "2026-12-24..2027-12-23"
    await office.set_up(skip_dates=typed)
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    fields = {block["block_id"]: block.get("element", {}) for block in office.manager.modal.blocks}
    assert fields["skip_dates"]["initial_value"] == typed
