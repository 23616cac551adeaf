"""Who may answer: read within Slack's rates, known without a call at a tap, never stored."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rehearsal.driver import snapshot
from rehearsal.server import Rehearsal
from rehearsal.workspace import BOT_USER, Person
from tests.handlers.conftest import Clock, Office, at, running

READING = ("conversations.members", "users.info", "users.list")


def calls(slack: Rehearsal) -> int:
    """How often Slack was asked who somebody is or who is where."""
    return sum(len(slack.calls_of(method)) for method in READING)


def refused(slack: Rehearsal) -> int:
    """How many calls Slack refused because there were too many."""
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
        assert sorted(wave.people.values()) == [5014, 5016]
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
    """The channel is read again once for many taps, and each of them is answered."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    old = snapshot(office.poll(office.it))
    office.slack.workspace.channel(office.it).members.remove(person.id)
    office.bot.workspace.answering.member_left(person.id, office.it)
    before = calls(office.slack)
    # Slack shows the poll no more to somebody who left; a screen that was not refreshed still has it.
    office.slack.workspace.channel(office.marketing).members.append(person.id)
    old.channel = office.marketing
    for _ in range(12):
        await person.tap(old, "answer:4", block="poll:1:T01")
    await office.settled()
    assert calls(office.slack) - before <= 2


async def test_who_leaves_cannot_answer_and_who_comes_back_can(office: Office) -> None:
    """Also where Slack delivers the two events in the wrong order, or twice; nobody counts as new by it."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    left = {
        "type": "member_left_channel",
        "user": person.id,
        "channel": office.it,
        "channel_type": "C",
        "team": "T",
    }
    for _ in range(2):
        await office.slack.deliver_event(left)
    await office.answer(person, office.it, "4")
    await office.settled()
    assert sum(office.bot.store.answered(1).values()) == 1
    assert office.bot.surfaces.roster.late == set()


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
        assert sorted(wave.people.values()) == [14, 16]


async def test_pages_are_followed_also_where_they_are_short(slack: Rehearsal, tmp_path: Path) -> None:
    """Slack may return fewer than were asked for."""
    slack.page_cap = 3
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await office.open()
        wave = office.bot.workspace.waves.current
        assert wave is not None
        assert sorted(wave.people.values()) == [14, 16]


async def test_after_a_restart_the_bot_starts_without_waiting_for_the_roster(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """Slack is slow: the bot is up at once, who answered before is let through, others as soon as known."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await office.open()
        known, unknown = office.people(office.it)[:2]
        await office.answer(known, office.it, "4")
        clock = office.clock
    slow = slack.delay("conversations.members", 1.0)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        assert not office.bot.surfaces.roster.ready.is_set()
        await office.answer(known, office.it, "5")
        assert not office.bot.surfaces.roster.ready.is_set()
        slow.seconds = 0.0
        await office.answer(unknown, office.it, "2")
        await office.settled()
        assert sum(office.bot.store.answered(1).values()) == 2


async def left_open(slack: Rehearsal, path: Path) -> Clock:
    """A bot that is stopped while a wave is open; its clock goes on with the next."""
    async with running(slack, path, Clock()) as office:
        await office.set_up()
        await office.open()
        return office.clock


async def test_taps_during_a_long_reading_share_it(slack: Rehearsal, tmp_path: Path) -> None:
    """Twenty taps at once after a restart read each channel once; all are answered within three seconds."""
    clock = await left_open(slack, tmp_path / "pulse.db")
    before = len(slack.calls_of("conversations.members"))
    slack.delay("conversations.members", 0.3, times=2)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await asyncio.gather(*(office.answer(person, office.it, "4") for person in office.people(office.it)))
        await office.settled()
        assert sum(office.bot.store.answered(1).values()) == 14
    assert len(slack.calls_of("conversations.members")) - before == 2


async def test_a_tap_while_slack_does_not_tell_the_roster_gets_a_sentence(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """Acked in time, not recorded, and told so; a minute later it works."""
    clock = await left_open(slack, tmp_path / "pulse.db")
    trouble = slack.fail("conversations.members", "fatal_error", times=None)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        person = office.people(office.it)[0]
        await office.answer(person, office.it, "4")
        await office.settled()
        assert "nothing was recorded" in person.private(office.it)[-1].text
        assert sum(office.bot.store.answered(1).values()) == 0
        trouble.times = 0
        await at(office, "2026-03-03T09:02")
        await office.answer(person, office.it, "4")
        assert sum(office.bot.store.answered(1).values()) == 1


@pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel"])
async def test_one_unreadable_channel_does_not_hold_the_wave_back(office: Office, code: str) -> None:
    """The side's other channel is asked, and the managers learn of the one that is lost."""
    people = [actor.id for actor in office.people(office.it)]
    second = office.slack.workspace.add_channel("it-ops", [*people, BOT_USER]).id
    await office.set_up(it=[office.it, second])
    office.slack.fail("conversations.members", code, times=1, channel=second)
    await office.open()
    await at(office, "2026-03-03T09:00")
    assert len(office.posted(office.it)) == 1
    assert f"<#{second}>" in office.manager.dms[-1].text


async def test_where_none_of_a_sides_channels_can_be_read_no_wave_opens(office: Office) -> None:
    """One side alone cannot be compared; the manager reads why, and a later try works."""
    await office.set_up()
    office.slack.fail("conversations.members", "not_in_channel", times=1, channel=office.marketing)
    said = await office.says(office.manager, "/pulse open", office.marketing)
    assert "Invite it" in said.text
    assert office.bot.workspace.waves.current is None
    await office.open()
    assert office.bot.workspace.waves.current is not None
