"""/pulse questions: everybody looks, managers decide what is asked and write questions of their own."""

from __future__ import annotations

import copy
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pulse.core.question_plan import SUGGESTED_PINS
from pulse.storage.library import OWN_NAME
from rehearsal.blockkit import view_problems
from rehearsal.driver import Actor
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, running

OWN = {
    "marketing": "IT tells us early when a date slips.",
    "it": "Marketing tells us early when a date slips.",
    "dimension": "trust",
    "format": "agree5",
}
HEADER = "id,dimension,cadence,scale,wording_marketing,wording_it,direction\n"
ROW = "OWN1,trust,quarterly,agree5,IT is on time.,Marketing is on time.,positive\n"


async def looks(office: Office, who: Actor) -> Any:
    await who.command("/pulse questions", office.marketing)
    await office.settled()
    assert who.modal is not None, who.toasts
    assert view_problems(who.modal.content) == []
    return who.modal


def line(view: Any, item_id: str) -> dict[str, Any]:
    found = [
        b for b in view.blocks if b["type"] == "section" and b["text"]["text"].startswith(f"{item_id}  ")
    ]
    assert len(found) == 1
    return found[0]


async def chooses(office: Office, view: Any, item_id: str, what: str) -> None:
    """Uses the menu behind a question."""
    menu = line(view, item_id)
    await office.manager.tap(view, "question_turn", block=menu["block_id"], chosen=f"{what}:{item_id}")
    await office.settled()


async def writes(office: Office, **fields: str) -> Any:
    """Adds a question through the form; returns the bot's reply."""
    view = await looks(office, office.manager)
    await office.manager.tap(view, "question_add")
    await office.settled()
    ack = await office.manager.submit(values={**OWN, **fields})
    await office.settled()
    return ack


async def test_everybody_sees_the_bank_and_only_managers_its_menus(office: Office) -> None:
    """By topic, each with when it is asked and what it compares with."""
    await office.set_up()
    person = office.people(office.marketing)[3]
    seen = await looks(office, person)
    assert "question_turn" not in str(seen.blocks)
    assert "question_add" not in str(seen.blocks)
    assert "In every pulse" in line(seen, "T01")["text"]["text"]
    assert "56%" in line(seen, "A01")["text"]["text"]
    managed = await looks(office, office.manager)
    assert line(managed, "T01")["accessory"]["type"] == "overflow"


async def test_a_new_set_up_asks_the_suggested_questions(office: Office) -> None:
    """Trust, amount of collaboration, need for alignment, and one of the others."""
    await office.set_up()
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert wave.items[:3] == SUGGESTED_PINS
    assert len(wave.items) == 4


async def test_an_installation_that_never_chose_keeps_its_anchors(office: Office) -> None:
    """A set-up that is older than the plan asks T01 and A02 first until somebody chooses."""
    await office.set_up()
    with closing(sqlite3.connect(office.bot.store.path)) as file:
        file.execute("DELETE FROM question_plan")
        file.commit()
    await office.set_up(items="4")
    view = await looks(office, office.manager)
    assert "In every pulse" not in line(view, "A01")["text"]["text"]
    assert "In every pulse" in line(view, "A02")["text"]["text"]
    await office.manager.tap(view, "question_suggest")
    await office.settled()
    assert office.manager.modal is not None
    assert "In every pulse" in line(office.manager.modal, "A01")["text"]["text"]


async def test_a_pinned_question_is_asked_and_one_switched_off_is_not(office: Office) -> None:
    """From the next pulse on, without a restart; the list shows it at once."""
    await office.set_up()
    view = await looks(office, office.manager)
    await chooses(office, view, "A01", "off")
    assert office.manager.modal is not None
    assert "Never" in line(office.manager.modal, "A01")["text"]["text"]
    await chooses(office, office.manager.modal, "G01", "pinned")
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert wave.items[:3] == ("T01", "A02", "G01")
    assert "A01" not in wave.items


async def test_more_pins_than_a_pulse_has_places_are_refused_with_the_way_out(office: Office) -> None:
    """The list stays as it is and says why."""
    await office.set_up(items="3")
    view = await looks(office, office.manager)
    await chooses(office, view, "G01", "pinned")
    assert office.manager.modal is not None
    assert "Put one of them in turn first" in str(office.manager.modal.blocks)
    assert "In every pulse" not in line(office.manager.modal, "G01")["text"]["text"]


async def test_a_question_is_added_pinned_asked_and_counted_without_leaving_slack(office: Office) -> None:
    """No file and no restart: written in the form, asked in the next pulse, in the results of its close."""
    await office.set_up()
    await writes(office)
    assert office.manager.modal is not None
    assert "X01 is saved" in str(office.manager.modal.blocks)
    await chooses(office, office.manager.modal, "X01", "pinned")
    await office.open()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert "X01" in wave.items
    for person in office.people(office.it)[:8]:
        await person.command("/pulse answer", office.it)
        await office.settled()
        await person.submit(values={"item:X01": "4"})
        await office.settled()
    await office.close()
    said = await office.says(office.manager, "/pulse scores X01", office.marketing)
    assert OWN["it"] in said.text
    assert "of 8 agree" in said.text


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"marketing": "x" * 301}, "marketing"),
        ({"format": "choice", "options": "Yes"}, "options"),
        ({"format": "choice", "options": "Yes / no\nMaybe"}, "options"),
        ({"format": "multi", "options": "Yes\nNo", "reported": "Yes\nNo"}, "reported"),
    ],
)
async def test_a_faulty_question_is_refused_at_its_field(
    office: Office, fields: dict[str, str], at: str
) -> None:
    """The sentence stands under the field, and nothing is saved."""
    await office.set_up()
    ack = await writes(office, **fields)
    assert list(ack.errors) == [at]
    assert await office.bot.store.own_questions() == ()


async def test_changed_words_begin_a_new_series(office: Office) -> None:
    """The question keeps its id and its place; its series is another one."""
    await office.set_up()
    await writes(office)
    [first] = await office.bot.store.own_questions()
    before = await office.bot.workspace.results.edition()
    view = await looks(office, office.manager)
    await chooses(office, view, "X01", "edit")
    await office.manager.submit(values={"it": "Marketing warns us early when a date slips."})
    await office.settled()
    [second] = await office.bot.store.own_questions()
    assert (second.item_id, first.item_id) == ("X01", "X01")
    assert second.series != first.series
    assert await office.bot.workspace.results.edition() != before


async def test_a_question_that_is_being_asked_keeps_its_words(office: Office) -> None:
    """People answer the words that they read: the change waits for the close, with a sentence."""
    await office.set_up()
    await writes(office)
    assert office.manager.modal is not None
    await chooses(office, office.manager.modal, "X01", "pinned")
    await office.open()
    before = await office.bot.store.own_questions()
    await chooses(office, await looks(office, office.manager), "X01", "edit")
    ack = await office.manager.submit(values={"it": "Another one."})
    assert "being asked now" in str(ack.response)
    assert await office.bot.store.own_questions() == before


async def test_only_managers_change_questions_whoever_sends_the_form(office: Office) -> None:
    """The menus and the form are refused from somebody else, also with a view of a manager."""
    await office.set_up()
    view = await looks(office, office.manager)
    menu = line(view, "A01")["block_id"]
    other = office.people(office.it)[3]
    before = await office.bot.store.question_plan()
    await other.tap(view, "question_turn", block=menu, chosen="off:A01")
    await office.settled()
    assert office.manager.modal is not None
    assert "Only managers" in str(office.manager.modal.blocks)
    assert await office.bot.store.question_plan() == before
    view = await looks(office, office.manager)
    await office.manager.tap(view, "question_add")
    await office.settled()
    form = copy.deepcopy(office.manager.modal)
    assert form is not None
    ack = await other.submit(form, values=OWN)
    assert "Only managers" in str(ack.response)
    assert await office.bot.store.own_questions() == ()


async def test_a_file_of_own_questions_is_read_once(
    slack: Rehearsal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the first start, which the log says; afterwards the database holds them, whatever the file says."""
    file = tmp_path / OWN_NAME
    file.write_text(HEADER + ROW)
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        [kept] = await office.bot.store.own_questions()
        assert (kept.item_id, kept.wording["cadence"]) == ("OWN1", "quarterly")
        assert office.bot.library.source.get("OWN1") is not None
    assert "own questions read from their file, once" in capsys.readouterr().out
    file.write_text(HEADER + ROW + ROW.replace("OWN1", "OWN2"))
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        assert [each.item_id for each in await office.bot.store.own_questions()] == ["OWN1"]
    assert "own questions read" not in capsys.readouterr().out
