"""What people type after /pulse: understood, queried or refused, and never guessed into a change."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from handlers.commands import Meant, understand
from pulse.core.language import speaking
from pulse.storage.catalogues import catalogue
from pulse.storage.library import load_library
from pulse.views.message import Message
from rehearsal.driver import snapshot
from tests.handlers.conftest import Office

LIBRARY = load_library(None)

UNDERSTOOD: Mapping[str, str] = {
    "": "scores",
    "results": "scores",
    "score": "scores",
    "Results!": "scores",
    "show me the results": "scores",
    "please show scores": "scores",
    "/pulse scores": "scores",
    "pulse": "scores",
    "Ｓｃｏｒｅｓ": "scores",
    "\u200bscores": "scores",
    "sco\u200bres\ufeff": "scores",
    "latest": "scores",
    "report": "report",
    "ergebnisse": "scores",
    "T01": "scores t01",
    "t01": "scores t01",
    "a13_need_it": "baselines a13_need_it",
    "scores T01 please": "scores t01",
    "trends": "trend",
    "history": "trend",
    "chart T01": "trend t01",
    "benchmark": "baselines",
    "benchmarks": "baselines",
    "baseline": "baselines",
    "studies": "baselines",
    "trust": "baselines trust",
    "leadership": "baselines leadership",
    "accenture": "baselines accenture",
    "Accenture 2013": "baselines accenture 2013",
    "2013": "baselines 2013",
    "baselines accenture": "baselines accenture",
    "baselines 2013": "baselines 2013",
    "benchmark trust": "baselines trust",
    "vote": "answer",
    "poll": "answer",
    "answers": "answer",
    "abstimmen": "answer",
    "withdraw": "privacy",
    "anonymous": "privacy",
    "gdpr": "privacy",
    "datenschutz": "privacy",
    "next": "status",
    "when": "status",
    "schedule": "status",
    "turnout": "status",
    "?": "help",
    "help?": "help",
    "hilfe": "help",
    "hello": "help",
    "help close": "help close",
    "questions": "questions",
    "fragen": "questions",
    "settings": "setup",
    "set-up": "setup",
    "channels": "setup",
    "einstellungen": "setup",
    "start": "open",
    "open now please": "open",
    "end": "close",
    "“close”": "close",
    "download": "export",
    "admins": "managers",
    "unpause": "resume",
    "notiz new intake form": "note new intake form",
    "remind": "hint",
    "reminders": "hint",
    "language": "hint",
    "sprache": "hint",
    "stop": "hint",
}
"""A line, and the command and words that it means; "hint" for a sentence, "" where it is asked back."""


def meant(line: str) -> str:
    with speaking(catalogue("en")):
        found = understand(line, LIBRARY)
    if isinstance(found, Meant):
        return f"{found.command.word} {found.rest}".strip()
    return "" if "I do not know" in found.text else "hint"


@pytest.mark.parametrize(("line", "what"), UNDERSTOOD.items())
def test_what_people_type_means_one_thing(line: str, what: str) -> None:
    """Aliases, codes, topics, studies, full-width letters and invisible signs lead where they should."""
    assert meant(line) == what


def test_sixty_lines_and_most_are_understood() -> None:
    """At least 60 lines, of which at least 50 are understood."""
    assert len(UNDERSTOOD) >= 60
    assert sum(what != "" for what in UNDERSTOOD.values()) >= 50


@pytest.mark.parametrize(
    "line", ["closee", "clos", "opne", "skp", "puase", "resmue", "exprot", "noet x", "mangers", "cloze it"]
)
def test_a_mistyped_command_is_asked_back(line: str) -> None:
    """A word that is near to one that changes something is not taken for it."""
    with speaking(catalogue("en")):
        found = understand(line, LIBRARY)
    assert isinstance(found, Message)
    assert "Did you mean" in found.text


async def state(office: Office) -> tuple[object, ...]:
    """Everything that a command can change."""
    store, waves = office.bot.store, office.bot.workspace.waves
    return (
        waves.current,
        await store.setup(),
        await store.pauses(),
        await store.audit(),
        await store.notes(),
    )


@pytest.mark.parametrize("open_before", [False, True])
async def test_no_line_of_the_list_changes_anything_by_itself(office: Office, open_before: bool) -> None:
    """Typed by a manager, all but resume and note change nothing, with a pulse open and with none."""
    await office.set_up()
    if open_before:
        await office.open()
    before = await state(office)
    for line, what in UNDERSTOOD.items():
        if what.split(" ")[0] not in ("resume", "note"):
            await office.manager.command(f"/pulse {line}", office.marketing)
            await office.settled()
    assert await state(office) == before


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("close tomorrow", "closes by itself"),
        ("open #it", "channels of both sides"),
        ("skip 3", "one pulse, the next"),
        ("pause 2 weeks", "until /pulse resume"),
        ("resume on Monday", "I do not understand"),
        ("export trust", "all closed pulses"),
        ("privacy of others", "I do not understand"),
    ],
)
async def test_words_behind_a_command_are_refused_with_the_reason(
    office: Office, line: str, sentence: str
) -> None:
    """What is not understood is not left out: nothing is done, and the reply says what the word does."""
    await office.set_up()
    await office.open()
    before = await state(office)
    said = await office.says(office.manager, f"/pulse {line}", office.marketing)
    assert "Nothing was done" in said.text
    assert sentence in said.text
    assert await state(office) == before


async def test_open_says_to_whom_and_close_what_it_ends_before_they_do(office: Office) -> None:
    """Both name it and wait for their button; the button does it in place of the question."""
    await office.set_up()
    asked = await office.says(office.manager, "/pulse open", office.marketing)
    assert f"<#{office.marketing}>, <#{office.it}>" in asked.text
    assert office.bot.workspace.waves.current is None
    await office.manager.tap(asked, "manage:open")
    await office.settled()
    assert office.bot.workspace.waves.current is not None
    assert "is open until" in office.manager.private(office.marketing)[-1].text
    for person in office.people(office.it)[:6]:
        await office.answer(person, office.it, "4")
    await office.slack.workspace.until(lambda: "6 of 14" in office.poll(office.it).text)
    asked = await office.says(office.manager, "/pulse close", office.marketing)
    assert "Single answers are deleted" in asked.text
    assert "6 of 14" in asked.text
    assert office.bot.workspace.waves.current is not None
    old = snapshot(asked)
    await office.manager.tap(asked, "manage:close")
    await office.settled()
    assert office.bot.workspace.waves.current is None
    await office.manager.tap(old, "manage:close")
    await office.settled()
    assert "nothing to close" in office.manager.private(office.marketing)[-1].text


async def test_the_buttons_are_for_managers_whoever_presses_them(office: Office) -> None:
    """Somebody who is not a manager any more presses an old button: refused, and nothing changes."""
    await office.set_up()
    person = office.slack.actor("oluwaseun")
    await office.says(office.manager, "/pulse managers add @oluwaseun", office.marketing)
    asked = await office.says(person, "/pulse open", office.it)
    await office.says(office.manager, "/pulse managers remove @oluwaseun", office.marketing)
    await person.tap(asked, "manage:open")
    await office.settled()
    assert office.bot.workspace.waves.current is None
    assert "Only managers" in person.private(office.it)[-1].text
