"""Reminders: to whom, when, how often, and what is kept of them."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from pulse.views.reminder import RESUME, STOP
from rehearsal.driver import Actor
from rehearsal.objects import Message
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, at, running

# The office's clock starts on Tuesday 3 March 2026 at 09:00 UTC; a wave of three working days closes on
# Friday at 09:00, with its reminder on Thursday at 09:00 (the second one, of two, on Wednesday).


def reminders(who: Actor) -> list[Message]:
    """The direct messages with a switch for reminders."""
    return [
        message
        for message in who.dms
        if message.private_to is None
        and any(
            e["action_id"] in (STOP, RESUME)
            for b in message.blocks
            for e in b.get("elements", ())
            if "action_id" in e
        )
    ]


async def opened(office: Office, reminders: str = "1") -> None:
    await office.set_up(reminders=reminders)
    await office.open()


async def test_only_those_without_an_answer_are_reminded(office: Office) -> None:
    """Who has answered, guests and apps get nothing; everybody else one message."""
    await opened(office)
    done, *rest = office.people(office.it)
    await office.answer(done, office.it, "4")
    await at(office, "2026-03-05T09:00")
    assert reminders(done) == []
    assert reminders(office.slack.actor("greta")) == []
    assert [len(reminders(person)) for person in rest] == [1] * len(rest)
    assert len(reminders(office.people(office.marketing)[0])) == 1


async def test_a_reminder_can_be_answered_in_place(office: Office) -> None:
    """A tap in the direct message counts for the side of its reader."""
    await opened(office)
    await at(office, "2026-03-05T09:00")
    person = office.people(office.it)[0]
    await person.tap(reminders(person)[0], "answer:5", block=":T01")
    await office.settled()
    assert {str(s): n for s, n in (await office.answered()).items()} == {"marketing": 0, "it": 1}
    assert "Strongly agree" in person.dms[-1].text


async def test_nobody_is_reminded_twice_a_day(slack: Rehearsal, tmp_path: Path) -> None:
    """However often the bot looks, and though it is started anew in between."""
    path, clock = tmp_path / "pulse.db", Clock()
    async with running(slack, path, clock) as office:
        await opened(office, "2")
        person = office.people(office.it)[0]
        for moment in ("09:00", "09:01"):
            await at(office, f"2026-03-04T{moment}")
        assert len(reminders(person)) == 1
    for moment in ("12:00", "17:59"):
        async with running(slack, path, clock) as office:
            await at(office, f"2026-03-04T{moment}")
            await at(office, f"2026-03-04T{moment}")
        assert len(reminders(person)) == 1
    async with running(slack, path, clock) as office:
        await at(office, "2026-03-05T09:00")
        assert len(reminders(person)) == 2


async def test_a_restart_in_the_middle_reminds_nobody_twice(slack: Rehearsal, tmp_path: Path) -> None:
    """Whoever was not yet reached is reminded before the bot stops; the next bot sends nothing again."""
    path = tmp_path / "pulse.db"
    async with running(slack, path, Clock()) as office:
        await opened(office, "2")
        people = {actor.id: actor for actor in [*office.people(office.it), *office.people(office.marketing)]}
        slack.delay("chat.postMessage", 0.01)
        office.clock.time = type(office.clock.time).fromisoformat("2026-03-04T09:00+00:00")
        await office.bot.scheduler.wake()
        await slack.workspace.until(lambda: len(slack.calls_of("conversations.open")) > 3)
        clock = office.clock
        assert sum(len(reminders(actor)) for actor in people.values()) < len(people)
    async with running(slack, path, clock) as office:
        await at(office, "2026-03-04T09:05")
        assert {len(reminders(actor)) for actor in people.values()} == {1}


async def test_there_are_two_reminders_at_most(office: Office) -> None:
    """Until the close nothing more comes."""
    await opened(office, "2")
    person = office.people(office.it)[0]
    for day in ("04", "05", "06"):
        for hour in ("08:00", "09:00", "16:00"):
            await at(office, f"2026-03-{day}T{hour}")
    assert len(reminders(person)) == 2


async def test_no_reminder_in_the_last_hour_nor_in_the_evening(office: Office) -> None:
    """A bot that was down at the moment of a reminder does not send it then."""
    await opened(office)
    person = office.people(office.it)[0]
    await at(office, "2026-03-05T20:00")
    await at(office, "2026-03-06T08:30")
    assert reminders(person) == []


async def test_without_reminders_in_the_set_up_none_are_sent(office: Office) -> None:
    """The manager decides."""
    await opened(office, "0")
    await at(office, "2026-03-05T09:00")
    assert reminders(office.people(office.it)[0]) == []


async def test_who_wants_no_reminders_gets_none_until_they_say_so(office: Office) -> None:
    """The button ends them, the message says so, and its other button brings them back."""
    await opened(office, "2")
    person, other = office.people(office.it)[:2]
    await at(office, "2026-03-04T09:00")
    await person.tap(reminders(person)[0], STOP)
    await office.settled()
    assert "no more reminders" in reminders(person)[0].text
    await at(office, "2026-03-05T09:00")
    assert (len(reminders(person)), len(reminders(other))) == (1, 2)
    await person.tap(reminders(person)[0], RESUME)
    await office.settled()
    await office.close()
    await office.open()
    await at(office, "2026-03-06T09:00")
    assert len(reminders(person)) == 2


async def test_the_wish_can_be_told_after_the_pulse_has_closed(office: Office) -> None:
    """The button of an old reminder works; its questions are taken away."""
    await opened(office)
    person = office.people(office.it)[0]
    await at(office, "2026-03-05T09:00")
    await office.close()
    await person.tap(reminders(person)[0], STOP)
    await office.settled()
    [left] = reminders(person)
    assert "no more reminders" in left.text
    assert not [block for block in left.blocks if str(block.get("block_id", "")).startswith("poll:")]


async def test_a_person_of_both_sides_is_asked_for_the_side_of_the_set_up(office: Office) -> None:
    """The reminder has that side's wording, and its buttons."""
    await opened(office)
    await at(office, "2026-03-05T09:00")
    [reminder] = reminders(office.slack.actor("aiko"))
    assert "I trust our marketing colleagues" in reminder.text
    assert "answer:" in str(reminder.blocks)


async def test_the_file_does_not_know_who_was_reminded_or_wants_no_reminders(office: Office) -> None:
    """It holds no user id, and of the wish only a code."""
    await opened(office)
    await at(office, "2026-03-05T09:00")
    person = office.people(office.it)[0]
    await person.tap(reminders(person)[0], STOP)
    await office.settled()
    path = office.bot.store.path
    bytes_ = b"".join(each.read_bytes() for each in (path, path.with_name(path.name + "-wal")))
    dm = office.slack.workspace.im(person.id).id
    for secret in (person.id, dm, *(message.ts for message in reminders(person))):
        assert secret.encode() not in bytes_
    database = sqlite3.connect(path)
    wishes = database.execute("SELECT person FROM wish WHERE kind = 'no reminders'").fetchall()
    database.close()
    assert [len(code) for (code,) in wishes] == [32]


async def test_who_answers_while_reminders_go_out_is_left_alone(office: Office) -> None:
    """The list is made at the beginning; each person is checked again before their message."""
    await opened(office)
    people = sorted(office.people(office.it), key=lambda actor: actor.id)
    last = people[-1]
    office.slack.delay("chat.postMessage", 0.05)
    office.clock.time = type(office.clock.time).fromisoformat("2026-03-05T09:00+00:00")
    await office.bot.scheduler.wake()
    await office.slack.workspace.until(lambda: len(office.slack.calls_of("conversations.open")) > 2)
    await office.answer(last, office.it, "4")
    await office.settled()
    assert reminders(last) == []


async def test_an_early_close_ends_the_reminders(office: Office) -> None:
    """Nobody is asked for an answer that cannot be given any more."""
    await opened(office)
    office.slack.delay("chat.postMessage", 0.05)
    office.clock.time = type(office.clock.time).fromisoformat("2026-03-05T09:00+00:00")
    await office.bot.scheduler.wake()
    await office.slack.workspace.until(lambda: len(office.slack.calls_of("conversations.open")) > 2)
    await office.bot.workspace.by_hand.close()
    await office.settled()
    assert len(office.slack.calls_of("conversations.open")) < 10


async def test_a_crash_in_the_middle_reminds_nobody_twice(slack: Rehearsal, tmp_path: Path) -> None:
    """It is marked as sent before its first message: people not yet reached wait for the next reminder."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await opened(office, "2")
        slack.delay("chat.postMessage", 0.05)
        office.clock.time = type(office.clock.time).fromisoformat("2026-03-04T09:00+00:00")
        await office.bot.scheduler.wake()
        await slack.workspace.until(lambda: len(slack.calls_of("conversations.open")) > 3)
        for task in asyncio.all_tasks():
            if task.get_name() == "background":
                task.cancel()
        clock = office.clock
    people = {actor.id: actor for actor in [*office.people(office.it), *office.people(office.marketing)]}
    before = sum(len(reminders(actor)) for actor in people.values())
    assert 0 < before < len(people)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await at(office, "2026-03-04T09:05")
        assert sum(len(reminders(actor)) for actor in people.values()) == before
        await at(office, "2026-03-05T09:00")
        assert max(len(reminders(actor)) for actor in people.values()) == 2
        assert min(len(reminders(actor)) for actor in people.values()) == 1


async def test_one_person_whom_slack_refuses_does_not_hold_up_the_others(office: Office) -> None:
    """Somebody's conversation cannot be opened: everybody else is reminded."""
    await opened(office)
    office.slack.fail("conversations.open", "user_disabled", times=1)
    await at(office, "2026-03-05T09:00")
    people = {actor.id: actor for actor in [*office.people(office.it), *office.people(office.marketing)]}
    assert sorted(len(reminders(actor)) for actor in people.values()) == [0, *[1] * (len(people) - 1)]


@pytest.mark.parametrize("error", ["conversations.members", "users.info"])
async def test_while_slack_is_away_a_reminder_stays_due(slack: Rehearsal, tmp_path: Path, error: str) -> None:
    """After a restart the people are read again first; the mark is set when they are known."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await opened(office)
        clock = office.clock
    clock.time = type(clock.time).fromisoformat("2026-03-05T08:00+00:00")
    trouble = slack.fail(error, "fatal_error", times=None)
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await at(office, "2026-03-05T09:00")
        person = office.people(office.it)[0]
        assert reminders(person) == []
        trouble.times = 0
        await at(office, "2026-03-05T09:01")
        assert len(reminders(person)) == 1
