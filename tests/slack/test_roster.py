"""Who may answer: read within Slack's rates, known without a call at a tap, never stored."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pulse.core.model import Side
from rehearsal.driver import snapshot
from rehearsal.objects import BOT_USER, Person
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, at, running
from tests.slack.odd_answers import JSON

READING = ("conversations.members", "users.info", "users.list")


def calls(slack: Rehearsal) -> int:
    """How often Slack was asked who somebody is or who is where."""
    return sum(len(slack.calls_of(method)) for method in READING)


def refused(slack: Rehearsal) -> int:
    """How many calls Slack refused for exceeding its rates."""
    return sum(call.error == "ratelimited" for call in slack.calls)


async def test_ten_thousand_people_are_read_in_some_thirty_calls(slack: Rehearsal, tmp_path: Path) -> None:
    """With Slack's rates enforced: no call is refused, and guests and apps are not counted."""
    assert slack.places is not None
    for number in range(10_000):
        user = slack.workspace.add_person(Person(f"U1{number:07d}", f"p{number}", f"Person {number}")).id
        side = slack.places.marketing if number % 2 else slack.places.it
        slack.workspace.channel(side).members.append(user)
    slack.enforce_rates = True
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        before = calls(slack)
        await office.open()
        wave = office.bot.workspace.waves.current
        assert wave is not None
        assert sorted(wave.people.values()) == [5014, 5014]
        assert calls(slack) - before <= 35
        assert refused(slack) == 0


async def test_a_tap_of_a_known_person_asks_slack_nothing(office: Office) -> None:
    """In a storm no call stands between a tap and its ack."""
    await office.set_up()
    await office.open()
    before = calls(office.slack)
    for person in office.people(office.it):
        await office.answer(person, office.it, "4")
    assert calls(office.slack) == before


async def test_somebody_who_left_and_taps_on_does_not_hammer_slack(office: Office) -> None:
    """The channel is read again once for many taps, and each tap gets its reply."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    old = snapshot(office.poll(office.it))
    office.slack.workspace.channel(office.it).members.remove(person.id)
    office.bot.workspace.answering.member_left(person.id, office.it)
    before = calls(office.slack)
    # Slack no longer shows the poll to somebody who left; a screen that was not refreshed still has it.
    office.slack.workspace.channel(office.marketing).members.append(person.id)
    old.channel = office.marketing
    for _ in range(12):
        await person.tap(old, "answer:4", block=":T01")
    await office.settled()
    assert calls(office.slack) - before <= 2


async def test_bots_guests_and_deactivated_people_are_not_counted(slack: Rehearsal, tmp_path: Path) -> None:
    """The roster is people who may be asked."""
    assert slack.places is not None
    it = slack.workspace.channel(slack.places.it)
    for user, flags in {
        "U9DELETED": {"deleted": True},
        "U9GUEST": {"guest": True},
        "U9BOT": {"is_bot": True},
    }.items():
        it.members.append(slack.workspace.add_person(Person(user, user.lower(), user, **flags)).id)
    assert BOT_USER in it.members
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await office.open()
        wave = office.bot.workspace.waves.current
        assert wave is not None
        assert sorted(wave.people.values()) == [14, 14]


UNDESCRIBED = ["user_not_visible", "user_not_found", "users_not_found", "user_team_not_in_channel", "odd"]


@pytest.mark.parametrize("code", UNDESCRIBED)
async def test_a_member_whom_slack_does_not_describe_is_left_out(
    office: Office, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """users.info refuses one of 28: the pulse opens for the others, and the log does not name the one."""
    await office.set_up()
    await unmet(office)
    hidden, other = office.people(office.it)[:2]
    office.slack.fail("users.info", code, times=None, user=hidden.id)
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert dict(wave.people) == {Side.MARKETING: 14, Side.IT: 13}
    await office.answer(hidden, office.it, "4")
    await office.answer(other, office.it, "4")
    await office.settled()
    assert sum((await office.answered()).values()) == 1
    assert "not asked" in hidden.private(office.it)[-1].text
    assert hidden.id not in caplog.text


async def unmet(office: Office) -> None:
    """Forgets what is known of people, as after ten minutes."""
    office.bot.surfaces.roster._people.clear()


async def test_after_a_restart_one_undescribed_member_refuses_nobody_else(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """Once, every tap of everybody was refused."""
    clock = await left_open(slack, tmp_path / "pulse.db")
    slack.fail("users.info", "user_not_visible", times=None, user=slack.actor("wei").id)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        for person in office.people(office.it):
            await office.answer(person, office.it, "4")
        assert sum((await office.answered()).values()) == 14


async def test_set_up_counts_a_channel_with_an_undescribed_member(office: Office) -> None:
    """The form is saved: the channel can be seen, even if a member cannot."""
    people = [actor.id for actor in office.people(office.it)][:6]
    small = office.slack.workspace.add_channel("it-core", [*people, BOT_USER]).id
    office.slack.fail("users.info", "user_not_visible", times=None, user=people[0])
    await office.set_up(it=[small])
    setup = await office.bot.store.setup()
    assert setup is not None
    assert setup.channels[Side.IT] == (small,)


async def test_two_undescribed_members_open_again_while_the_others_are_known(office: Office) -> None:
    """Slack is asked only about these two and refuses both: that is no reason to stop."""
    await office.set_up()
    await unmet(office)
    for person in office.people(office.it)[:2]:
        office.slack.fail("users.info", "user_not_visible", times=None, user=person.id)
    await office.open()
    await office.close()
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert (wave.id, wave.people[Side.IT]) == (2, 12)


async def test_trouble_with_one_member_does_not_hold_the_pulse_back(office: Office) -> None:
    """A lasting server error leaves out the one person it is about."""
    await office.set_up()
    await unmet(office)
    office.slack.fail("users.info", 500, times=None, user=office.people(office.it)[0].id)
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert wave.people[Side.IT] == 13


@pytest.mark.parametrize("code", ["missing_scope", "ratelimited", "fatal_error"])
async def test_trouble_that_says_nothing_of_a_person_leaves_nobody_out(office: Office, code: str) -> None:
    """If Slack refuses from halfway on, no pulse opens: half a side must not be taken for all of it."""
    await office.set_up()
    await unmet(office)
    trouble = office.slack.fail("users.info", code, times=None, after=14, retry_after=60)
    said = await office.confirms("/pulse open", "manage:open")
    assert office.bot.workspace.waves.current is None
    assert "is open" not in said.text
    trouble.times = 0
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert dict(wave.people) == {Side.MARKETING: 14, Side.IT: 14}


FOREIGN = {
    "another workspace": {"team": "T0OTHER"},
    "another workspace, a stranger": {"team": "T0OTHER", "is_stranger": True},
    "an admin over there": {"team": "T0OTHER", "is_admin": True},
    "another organization": {"team": "T0OTHER", "enterprise": "E0OTHER"},
}


@pytest.mark.parametrize("about", FOREIGN.values(), ids=FOREIGN)
async def test_people_of_another_company_are_neither_counted_nor_asked(
    office: Office, about: dict[str, Any]
) -> None:
    """A channel was shared with their company: one was there at the opening, one came later."""
    there, later = (
        office.slack.workspace.add_person(Person(user, user.lower(), user, **about))
        for user in ("U9PARTNER", "U9LATECOMER")
    )
    office.slack.workspace.channel(office.it).members.append(there.id)
    await office.set_up()
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert wave.people[Side.IT] == 14
    office.slack.workspace.channel(office.it).members.append(later.id)
    for person in (there, later):
        actor = office.slack.actor(person.id)
        await office.answer(actor, office.it, "4")
        await office.settled()
        assert "not asked" in actor.private(office.it)[-1].text
    assert sum((await office.answered()).values()) == 0
    said = await office.says(office.slack.actor(there.id), "/pulse close", office.it)
    assert "Only managers" in said.text


async def test_in_a_large_workspace_strangers_of_the_list_are_not_counted(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """users.list names people of other companies too."""
    assert slack.places is not None
    for number in range(80):
        team = "T0OTHER" if number % 2 else "T0REHEARSAL"
        person = slack.workspace.add_person(Person(f"U1{number:07d}", f"p{number}", f"P {number}", team=team))
        slack.workspace.channel(slack.places.it).members.append(person.id)
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await office.open()
        wave = office.bot.workspace.waves.current
        assert wave is not None
        assert wave.people[Side.IT] == 14 + 40
        assert slack.calls_of("users.list")


async def test_colleagues_of_another_workspace_of_our_organization_are_asked(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """On Enterprise Grid it is the organization that counts."""
    answer = {
        "ok": True,
        "team_id": "T0REHEARSAL",
        "enterprise_id": "E0OURS",
        "bot_id": "B1",
        "user_id": "U1",
    }
    slack.fail("auth.test", body=json.dumps(answer).encode(), headers=JSON)
    colleague = Person("U9COLLEAGUE", "c", "C", team="T0SISTER", enterprise="E0OURS")
    assert slack.places is not None
    slack.workspace.channel(slack.places.it).members.append(slack.workspace.add_person(colleague).id)
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await office.open()
        wave = office.bot.workspace.waves.current
        assert wave is not None
        assert wave.people[Side.IT] == 15


async def test_pages_are_followed_also_where_they_are_short(slack: Rehearsal, tmp_path: Path) -> None:
    """Slack can return fewer than were asked for."""
    slack.page_cap = 3
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await office.open()
        wave = office.bot.workspace.waves.current
        assert wave is not None
        assert sorted(wave.people.values()) == [14, 14]


async def left_open(slack: Rehearsal, path: Path) -> Clock:
    """Stops a bot while its wave is open; returns its clock, for the next one."""
    async with running(slack, path, Clock()) as office:
        await office.set_up()
        await office.open()
        return office.clock


async def test_after_a_restart_a_tap_needs_no_roster(slack: Rehearsal, tmp_path: Path) -> None:
    """Who may answer is in the store: fourteen taps at once do not wait for Slack."""
    clock = await left_open(slack, tmp_path / "pulse.db")
    slack.fail("conversations.members", "fatal_error", times=None)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await asyncio.gather(*(office.answer(person, office.it, "4") for person in office.people(office.it)))
        await office.settled()
        assert not office.bot.surfaces.roster.ready.is_set()
        assert sum((await office.answered()).values()) == 14


async def test_taps_during_a_long_reading_share_it(slack: Rehearsal, tmp_path: Path) -> None:
    """Each channel is read once to tell who somebody is; each tap is acked within three seconds."""
    clock = await left_open(slack, tmp_path / "pulse.db")
    before = len(slack.calls_of("conversations.members"))
    slack.delay("conversations.members", 0.3, times=2)
    joiner = slack.actor("sasha")
    assert slack.places is not None
    slack.workspace.channel(slack.places.it).members.append(joiner.id)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await asyncio.gather(*(office.answer(joiner, office.it, option) for option in "12345"))
        await office.settled()
        told = [message.text for message in joiner.private(office.it)]
        assert all("joined after this pulse opened" in text for text in told)
    assert len(slack.calls_of("conversations.members")) - before == 2


async def test_a_stranger_while_slack_does_not_tell_the_roster_gets_a_sentence(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """The tap is acked, not recorded, and the person is told so; two minutes later the reason is known."""
    clock = await left_open(slack, tmp_path / "pulse.db")
    trouble = slack.fail("conversations.members", "fatal_error", times=None)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        joiner = slack.actor("sasha")
        office.slack.workspace.channel(office.it).members.append(joiner.id)
        await office.answer(joiner, office.it, "4")
        await office.settled()
        assert "nothing was recorded" in joiner.private(office.it)[-1].text
        trouble.times = 0
        await at(office, "2026-03-03T09:02")
        await office.answer(joiner, office.it, "4")
        await office.settled()
        assert "joined after this pulse opened" in joiner.private(office.it)[-1].text
        assert sum((await office.answered()).values()) == 0


@pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel"])
async def test_one_unreadable_channel_does_not_hold_the_wave_back(office: Office, code: str) -> None:
    """The side's other channel gets the poll, and the managers learn of the one that is lost."""
    people = [actor.id for actor in office.people(office.it)]
    second = office.slack.workspace.add_channel("it-ops", [*people, BOT_USER]).id
    await office.set_up(it=[office.it, second])
    office.slack.fail("conversations.members", code, times=1, channel=second)
    await office.open()
    await at(office, "2026-03-03T09:00")
    assert office.poll(office.it)
    assert f"<#{second}>" in office.manager.dms[-1].text


async def test_where_none_of_a_sides_channels_can_be_read_no_wave_opens(office: Office) -> None:
    """One side alone cannot be compared; the manager reads why, and a later try works."""
    await office.set_up()
    office.slack.fail("conversations.members", "not_in_channel", times=1, channel=office.marketing)
    said = await office.confirms("/pulse open", "manage:open")
    assert "Invite it" in said.text
    assert office.bot.workspace.waves.current is None
    await office.open()
    assert office.bot.workspace.waves.current is not None
