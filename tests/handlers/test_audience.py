"""Who reads results, and who may show them to others."""

from __future__ import annotations

import pytest

from pulse.core.records import ReadersRule
from rehearsal.driver import Actor
from rehearsal.objects import BOT_USER, Person
from tests.handlers.conftest import Office

LINES = ("scores", "scores T01", "trend", "trend T01", "power")
REFUSAL = "Results are for the people of the pulse's channels"


def outsider(office: Office, name: str = "olga") -> tuple[Actor, str]:
    """Somebody in a channel of neither side, and that channel."""
    added = office.slack.workspace.add_person(Person(f"U0{name.upper()}", name, name.title()))
    place = office.slack.workspace.add_channel(f"with-{name}", [added.id, office.manager.id])
    return Actor(office.slack, added), place.id


async def closed_once(office: Office) -> None:
    await office.set_up()
    await office.open()
    for channel in (office.marketing, office.it):
        for person in office.people(channel)[:12]:
            await office.answer(person, channel, "4")
    await office.close()


@pytest.mark.parametrize("line", LINES)
async def test_people_outside_the_channels_read_no_result(office: Office, line: str) -> None:
    """They get a sentence that says who does and what helps; published figures are for everybody."""
    await closed_once(office)
    stranger, place = outsider(office)
    said = await office.says(stranger, f"/pulse {line}", place)
    assert REFUSAL in said.text
    assert "of 12" not in said.text
    figures = await office.says(stranger, "/pulse baselines T01", place)
    assert REFUSAL not in figures.text
    member = await office.says(office.people(office.it)[3], f"/pulse {line}", office.it)
    assert REFUSAL not in member.text


async def test_guests_read_no_result_even_in_a_channel_of_a_side(office: Office) -> None:
    """A guest of #marketing gets the sentence."""
    await closed_once(office)
    guest = office.slack.actor("greta")
    assert guest.id in office.slack.workspace.channel(office.marketing).members
    assert REFUSAL in (await office.says(guest, "/pulse scores", office.marketing)).text


async def test_people_of_a_results_channel_and_managers_read(office: Office) -> None:
    """Whoever is in a channel that gets the results, or manages the pulse from elsewhere."""
    await office.set_up()
    stranger, place = outsider(office)
    office.slack.workspace.channel(place).members.append(BOT_USER)
    await office.set_up(results=[place])
    assert REFUSAL not in (await office.says(stranger, "/pulse scores", place)).text
    named, other = outsider(office, "noor")
    assert REFUSAL in (await office.says(named, "/pulse scores", other)).text
    await office.bot.workspace.managers.name([named.id], wanted=True)
    assert REFUSAL not in (await office.says(named, "/pulse scores", other)).text


async def test_managers_open_results_to_the_workspace(office: Office) -> None:
    """One choice in the set-up; guests stay outside."""
    await closed_once(office)
    await office.set_up(readers=str(ReadersRule.WORKSPACE))
    stranger, place = outsider(office)
    assert "12" in (await office.says(stranger, "/pulse scores", place)).text
    guest = office.slack.actor("greta")
    assert REFUSAL in (await office.says(guest, "/pulse scores", office.marketing)).text


async def test_the_details_are_for_readers_alone(office: Office) -> None:
    """A channel that no longer gets results keeps the old message, but not what is behind its button."""
    stranger, place = outsider(office)
    office.slack.workspace.channel(place).members.append(BOT_USER)
    await office.set_up(results=[place])
    await office.open()
    for person in office.people(office.it)[:12]:
        await office.answer(person, office.it, "4")
    await office.close()
    old = next(message for message in office.posted(place) if "results_details" in str(message.blocks))
    await stranger.tap(old, "results_details")
    await office.settled()
    assert stranger.modal is not None
    await stranger.close_modal()
    await office.set_up(results=[])
    await stranger.tap(old, "results_details")
    await office.settled()
    assert stranger.modal is None
    assert REFUSAL in stranger.private(place)[-1].text


async def test_closed_sharing_keeps_results_where_they_are_posted(office: Office) -> None:
    """The button replies with a sentence and posts nothing; published figures can still be shown."""
    await closed_once(office)
    reader = office.people(office.it)[3]
    card = await office.says(reader, "/pulse scores T01", office.it)
    await office.set_up(sharing=[])
    before = len(office.posted(office.it))
    await reader.tap(card, "share")
    await office.settled()
    assert len(office.posted(office.it)) == before
    assert "closed sharing" in reader.private(office.it)[-1].text
    figures = await office.says(reader, "/pulse baselines T01", office.it)
    await reader.tap(figures, "share")
    await office.settled()
    assert len(office.posted(office.it)) == before + 1


async def test_the_home_tab_shows_results_to_readers_alone(office: Office) -> None:
    """An outsider's tab says for whom they are."""
    await closed_once(office)
    stranger, _place = outsider(office)
    await stranger.open_home()
    await office.settled()
    assert stranger.home is not None
    assert "for the people of the pulse" in str(stranger.home.blocks)
    assert "of 12" not in str(stranger.home.blocks)
