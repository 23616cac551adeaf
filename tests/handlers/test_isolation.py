"""No manager can single a person out by changing channels or opening pulses at will."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from pulse.core.errors import StoreFault
from pulse.core.question_plan import Turn
from rehearsal.population import BOT_USER
from tests.handlers.conftest import Office, at

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


@pytest.mark.parametrize("rule", ["marketing", "nobody"])
async def test_people_of_both_sides_cannot_be_moved_to_and_fro(office: Office, rule: str) -> None:
    """Two people who count for the other side from now on are two people more and two fewer."""
    await office.set_up(both_sides="it")
    before = await office.bot.store.setup()
    errors = await tries(office, both_sides=rule)
    assert list(errors) == ["both_sides"]
    assert REFUSAL in errors["both_sides"]
    assert await office.bot.store.setup() == before


async def test_one_side_cannot_be_changed_through_the_channels_of_the_other(office: Office) -> None:
    """Who gets into channels of both sides counts for one of them: here IT would lose one person."""
    people = [actor.id for actor in office.people(office.marketing)]
    alone = [actor.id for actor in office.people(office.it) if actor.id not in people][:1]
    members = [*people[:12], BOT_USER, office.manager.id]
    here = office.slack.workspace.add_channel("mkt-here", members).id
    there = office.slack.workspace.add_channel("mkt-there", [*people[6:], *alone, BOT_USER]).id
    await office.set_up(marketing=[here], both_sides="marketing")
    errors = await tries(office, marketing=[there])
    assert list(errors) == ["marketing"]
    assert REFUSAL in errors["marketing"]


async def test_five_people_of_both_sides_may_be_moved(office: Office) -> None:
    """As with channels, a larger change tells nothing about one person."""
    for actor in office.people(office.it)[-6:]:
        office.slack.workspace.join(office.marketing, actor.id)
    await office.set_up(both_sides="it")
    assert await tries(office, both_sides="nobody") == {}


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
    """A channel with the same people and a guest is not a change of the side's people."""
    few = channel_of(office, "it-few", 6)
    guest = office.slack.actor("greta").id
    same = channel_of(office, "it-same", 6)
    office.slack.workspace.channel(same).members.append(guest)
    await office.set_up(it=[few])
    assert await tries(office, it=[same]) == {}


async def test_two_pulses_are_twenty_hours_apart(office: Office) -> None:
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


async def test_other_questions_bring_no_pulse_closer(office: Office) -> None:
    """A question with a word changed is another question, but asks the same."""
    await office.set_up()
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    await office.close()
    for item_id in wave.items:
        await office.bot.workspace.questions.set_turn(item_id, Turn.OFF)
    said = await office.says(office.manager, "/pulse open", office.marketing)
    assert "less than 20 hours ago" in said.text


async def test_the_schedule_waits_after_a_pulse_by_hand(office: Office) -> None:
    """Monday afternoon by hand, Tuesday at nine by the schedule: it opens when 20 hours are over."""
    office.clock.time = datetime(2026, 3, 2, 13, 59, tzinfo=UTC)
    await office.set_up()
    office.clock.forward(minutes=1)
    await office.open()
    await office.close()
    await at(office, "2026-03-03T09:01")
    assert office.bot.workspace.waves.current is None
    await at(office, "2026-03-03T10:01")
    assert office.bot.workspace.waves.current is not None


async def test_a_changed_schedule_brings_no_second_pulse_soon(office: Office) -> None:
    """Tuesday at nine, closed by hand, then Wednesday at midnight: the second is left out."""
    night = {"repeat": "weekly:1:wednesday", "at": "00:30", "any_hour": ["any_hour"]}
    await office.set_up()
    await at(office, "2026-03-03T09:01")
    await office.close()
    assert await tries(office, **night) == {}
    await at(office, "2026-03-04T00:31")
    assert office.bot.workspace.waves.current is None
    await at(office, "2026-03-04T05:02")
    assert office.bot.workspace.waves.current is None
    assert "skipped" in (await office.bot.store.audit())[0][1]


async def test_a_change_of_channels_is_announced_in_those_that_it_concerns(office: Office) -> None:
    """The channel that comes, the one that goes, and nobody else."""
    old = channel_of(office, "it-old", 6)
    new = channel_of(office, "it-new", 13)
    await office.set_up(it=[old], both_sides="marketing")
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
    values = {"marketing": [office.marketing], "it": [office.it], "both_sides": "it", "managers": [guest]}
    ack = await office.manager.submit(values=values)
    assert list(ack.errors) == ["managers"]
    assert await office.bot.store.setup() is None
    person = office.slack.actor("oluwaseun")
    await office.set_up(managers=[person.id])
    assert await office.bot.workspace.managers.is_manager(person.id)


async def test_every_field_that_is_refused_is_named_at_once(office: Office) -> None:
    """A manager corrects them in one go; until then nothing is saved, and nobody is named."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    people = [office.slack.actor(name).id for name in ("oluwaseun", "greta")]
    values = {"marketing": [office.marketing], "it": [office.it], "managers": people}
    ack = await office.manager.submit(values=values)
    assert sorted(ack.errors) == ["both_sides", "managers"]
    assert await nothing_is_saved(office)


async def test_a_set_up_whose_managers_cannot_be_written_is_not_saved(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of the form is written or nothing; once the trouble is over, the same form is saved."""
    person = office.slack.actor("oluwaseun")
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    form = copy.deepcopy(office.manager.modal)
    values = {"marketing": [office.marketing], "it": [office.it], "both_sides": "it", "managers": [person.id]}

    def full(*_anything: object) -> bool:
        raise StoreFault("The disk is full.")

    with monkeypatch.context() as trouble:
        trouble.setattr("pulse.storage.sqlite.setup.add_wish", full)
        ack = await office.manager.submit(form, values=values)
    await office.settled()
    assert "The disk is full." in str(ack.response)
    assert await nothing_is_saved(office)
    assert (await office.manager.submit(form, values=values)).errors == {}
    assert await office.bot.store.setup() is not None
    assert await office.bot.workspace.managers.is_manager(person.id)


async def nothing_is_saved(office: Office) -> bool:
    """No set-up, in the file or in memory, no manager, no message about it and no line of the audit."""
    store, services = office.bot.store, office.bot.workspace
    kept = await store.setup(), *await store.wishes("manager"), *await store.audit()
    return kept == (None,) and not services.setup.done() and await store.undelivered() == ()


async def test_dates_to_leave_out_stay_as_typed_and_the_form_opens_again(office: Office) -> None:
    """A whole year is one range, also the second time."""
    typed = "2026-12-24..2027-12-23"
    await office.set_up(skip_dates=typed)
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    fields = {block["block_id"]: block.get("element", {}) for block in office.manager.modal.blocks}
    assert fields["skip_dates"]["initial_value"] == typed
