"""People in channels of both sides: the set-up decides for which side they count, and all else follows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pulse.core.model import BothSides, Side
from rehearsal.crowd import let_answer
from rehearsal.driver import Actor
from rehearsal.server import Rehearsal
from tests.handlers.conftest import AFTER_THE_OPENING, Clock, Office, running

PEOPLE_IN_BOTH = ("aiko", "bruno")


def in_both(office: Office) -> Actor:
    """One of the two people of the rehearsal who are in both channels."""
    return office.slack.actor(PEOPLE_IN_BOTH[0])


async def asked_to_save(office: Office, **fields: object) -> dict[str, str]:
    """Sends the set-up; returns the errors at its fields."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    values = {"marketing": [office.marketing], "it": [office.it], **fields}
    return (await office.manager.submit(values=values)).errors


async def answered(office: Office) -> dict[str, int]:
    return {str(side): n for side, n in (await office.answered()).items()}


def change_file(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(statement)


async def test_the_set_up_says_how_many_there_are_and_asks_for_their_side(office: Office) -> None:
    """Nothing is saved before a manager has chosen; then the number is shown again, with the choice."""
    errors = await asked_to_save(office)
    assert errors == {
        "both_sides": "2 people are in channels of both sides. Choose for which side they count."
    }
    assert await office.bot.store.setup() is None
    assert await asked_to_save(office, both_sides="marketing") == {}
    assert office.manager.modal is not None
    said = str(office.manager.modal.blocks)
    assert "2 people are in channels of both sides and count for Marketing." in said
    setup = await office.bot.store.setup()
    assert setup is not None
    assert setup.both_sides is BothSides.MARKETING


async def test_nobody_is_asked_about_people_who_are_not_there(office: Office) -> None:
    """If nobody is in channels of both sides, the field may stay empty: a bot is not a person."""
    for name in PEOPLE_IN_BOTH:
        office.slack.workspace.leave(office.marketing, office.slack.actor(name).id)
    assert await asked_to_save(office) == {}


async def test_the_preview_counts_them(office: Office) -> None:
    """Before anything is saved."""
    assert "2 people are in channels of both sides. Choose" in await office.preview(
        marketing=[office.marketing], it=[office.it]
    )


@pytest.mark.parametrize(
    ("rule", "people"), [("marketing", (16, 12)), ("it", (14, 14)), ("nobody", (14, 12))]
)
async def test_each_person_is_counted_once_or_not_at_all(
    office: Office, rule: str, people: tuple[int, int]
) -> None:
    """The number of people of each side, in the poll as well, follows the rule."""
    await office.set_up(both_sides=rule)
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert (wave.people[Side.MARKETING], wave.people[Side.IT]) == people
    assert f"of {people[0]} have answered" in office.poll(office.marketing).text


async def test_a_tap_under_the_other_sides_wording_is_refused_with_where_to_answer(office: Office) -> None:
    """Agreeing with marketing's wording is not stored as an answer to IT's."""
    await office.set_up(both_sides="it")
    await office.open()
    person = in_both(office)
    await office.answer(person, office.marketing, "4")
    await office.settled()
    refused = person.private(office.marketing)[-1].text
    assert "your answers count for IT" in refused
    assert f"<#{office.it}>" in refused
    assert await answered(office) == {"marketing": 0, "it": 0}
    await office.answer(person, office.it, "2")
    await office.answer(person, office.marketing, "4")
    await office.settled()
    assert await answered(office) == {"marketing": 0, "it": 1}


async def test_they_are_told_once_for_which_side_they_count(office: Office) -> None:
    """In the card that the first answer brings, and not with every question."""
    await office.set_up(both_sides="it")
    await office.open()
    person = in_both(office)
    await office.answer(person, office.it, "4")
    await office.settled()
    [card] = person.private(office.it)
    assert "You are in channels of both sides: your answers count for *IT*." in card.text
    await person.tap(card, "answer:about_right")
    await office.settled()
    assert "both sides" not in card.text


async def test_the_form_has_the_wording_of_their_side_wherever_it_is_opened(office: Office) -> None:
    """What is saved is what was read."""
    await office.set_up(both_sides="it")
    await office.open()
    person = in_both(office)
    await person.command("/pulse answer", office.marketing)
    await office.settled()
    assert person.modal is not None
    assert "I trust our marketing colleagues" in str(person.modal.blocks)
    await person.submit(values={"item:T01": "4"})
    assert await answered(office) == {"marketing": 0, "it": 1}


async def test_the_crowd_of_the_rehearsal_answers_every_question_for_the_right_side(office: Office) -> None:
    """Through the private cards, and in the other channel if a tap is refused with where to answer."""
    await office.set_up(both_sides="it")
    await office.open()
    assert await let_answer(office.slack, share=1.0) == 28
    assert await answered(office) == {"marketing": 14, "it": 14}
    people = {person.id: person for place in (office.marketing, office.it) for person in office.people(place)}
    stored = [set(await office.answers(person)) for person in people.values()]
    assert stored == [{"T01", "A02", "A01", "G02"}] * 28


async def test_people_who_are_not_asked_are_told_so(office: Office) -> None:
    """Wherever they tap, and nothing is stored."""
    await office.set_up(both_sides="nobody")
    await office.open()
    person = in_both(office)
    for channel in (office.marketing, office.it):
        await office.answer(person, channel, "4")
        await office.settled()
        assert "such people are not asked" in person.private(channel)[-1].text
    assert await answered(office) == {"marketing": 0, "it": 0}


async def test_a_change_of_the_rule_waits_for_the_next_wave(slack: Rehearsal, tmp_path: Path) -> None:
    """Also over a restart: the open wave keeps the rule that it was opened with."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        for more in office.people(office.it)[-6:]:
            slack.workspace.join(office.marketing, more.id)
        await office.set_up(both_sides="it")
        await office.open()
        await office.set_up(both_sides="marketing")
    async with running(slack, tmp_path / "pulse.db", office.clock) as office:
        person = in_both(office)
        await office.answer(person, office.it, "4")
        await office.answer(person, office.marketing, "4")
        await office.settled()
        assert await answered(office) == {"marketing": 0, "it": 1}
        assert "count for IT" in person.private(office.marketing)[-1].text


async def test_who_leaves_one_of_both_channels_keeps_the_side_of_the_answers_so_far(office: Office) -> None:
    """An answer to IT's wording is not changed by a tap under marketing's."""
    await office.set_up(both_sides="it")
    await office.open()
    person = in_both(office)
    await office.answer(person, office.it, "4")
    office.slack.workspace.leave(office.it, person.id)
    await office.slack.post.settled()
    await office.answer(person, office.marketing, "2")
    await office.settled()
    assert "count for IT" in person.private(office.marketing)[-1].text
    assert await answered(office) == {"marketing": 0, "it": 1}


async def test_managers_are_told_of_people_about_whom_the_set_up_was_never_asked(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """A set-up of the first edition: these people are left out, nobody counts twice, managers can choose."""
    async with running(slack, tmp_path / "pulse.db", Clock(AFTER_THE_OPENING)) as office:
        await office.set_up(both_sides="it")
    change_file(tmp_path / "pulse.db", "UPDATE setup SET both_sides = ''")
    async with running(slack, tmp_path / "pulse.db", office.clock) as office:
        await office.open()
        await office.bot.scheduler.wake()
        await office.settled()
        wave = office.bot.workspace.waves.current
        assert wave is not None
        assert (wave.people[Side.MARKETING], wave.people[Side.IT]) == (14, 12)
        told = office.manager.dms[-1].text
        assert "2 people are in channels of both sides and are not asked." in told
        assert "/pulse setup" in told


async def test_in_an_open_wave_of_the_first_edition_the_first_answer_decides(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """As it was when the wave was opened; the other side's wording is refused from then on."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up(both_sides="nobody")
        await office.open()
    change_file(tmp_path / "pulse.db", "UPDATE wave SET both_sides = '', first_edition = 1")
    async with running(slack, tmp_path / "pulse.db", office.clock) as office:
        person = in_both(office)
        await office.answer(person, office.marketing, "4")
        await office.answer(person, office.it, "2")
        await office.settled()
        assert await answered(office) == {"marketing": 1, "it": 0}
        assert "count for Marketing" in person.private(office.it)[-1].text
