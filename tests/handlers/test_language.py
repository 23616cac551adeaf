"""Two languages in one office: private texts by the reader, public ones by the set-up."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rehearsal.blockkit import message_problems
from rehearsal.workspace import Message
from tests.handlers.conftest import Office

POSTS_IN_GERMAN: dict[str, Any] = {"language": {"text": "Deutsch", "value": "de"}}


def _problems(message: Message) -> list[str]:
    return [str(problem) for problem in message_problems({"text": message.text, "blocks": message.blocks})]


async def test_each_reader_gets_their_own_language(office: Office) -> None:
    """The same command, two readers: one reads German, the other English."""
    german, english = office.people(office.it)[:2]
    german.person.locale = "de-DE"
    assert "Was über dich gespeichert ist" in (await office.says(german, "/pulse privacy", office.it)).text
    assert "What is kept about you" in (await office.says(english, "/pulse privacy", office.it)).text


async def test_a_tap_is_confirmed_in_the_readers_language(office: Office) -> None:
    """The poll is English, the private confirmation German."""
    person = office.people(office.it)[0]
    person.person.locale = "de-DE"
    await office.set_up()
    await office.open()
    await office.answer(person, office.it, "5")
    await office.settled()
    assert "I trust our marketing colleagues" in office.poll(office.it).text
    assert "*Gespeichert.*" in person.private(office.it)[-1].text
    assert "Stimme voll zu" in person.private(office.it)[-1].text


async def test_posts_are_in_the_language_of_the_set_up_whoever_acts(office: Office) -> None:
    """An English manager opens and closes; the channels read German from the poll to the results."""
    await office.set_up(**POSTS_IN_GERMAN)
    await office.open()
    assert (
        "Ich vertraue darauf, dass unsere Kolleginnen und Kollegen aus dem Marketing"
        in office.poll(office.it).text
    )
    for channel in (office.marketing, office.it):
        for number, person in enumerate(office.people(channel)[:12]):
            await office.answer(person, channel, "4" if number % 3 else "2")
    await office.close()
    results = office.posted(office.it)[-1]
    assert "8 von 12 stimmen zu (plausibel 39–86 %)" in results.text
    assert "Die Frage ist übersetzt." in results.text
    assert any("Dieser Puls ist geschlossen." in message.text for message in office.posted(office.it))
    assert [problem for message in office.posted(office.it) for problem in _problems(message)] == []


async def test_answers_in_two_languages_are_one_series(office: Office) -> None:
    """Whoever answers in the German form and whoever taps the English poll are counted together."""
    await office.set_up()
    await office.open()
    for number, person in enumerate(office.people(office.it)[:12]):
        person.person.locale = "de-DE" if number % 2 else "en-GB"
        await office.answer(person, office.it, "4")
    await office.close()
    [wave] = office.bot.store.closed_waves()
    item = office.bot.services.waves.library.source.get("T01")
    assert item is not None
    assert item.series == wave.series["T01"]
    assert "all of 12" in office.posted(office.it)[-1].text


async def test_what_a_german_manager_changes_is_read_in_english_by_others(office: Office) -> None:
    """The list of changes is in each reader's language, so that it cannot tell who made them."""
    office.manager.person.locale = "de-DE"
    await office.set_up()
    await office.open()
    german = await office.says(office.manager, "/pulse status", office.marketing)
    assert "Jemand mit Verantwortung hat einen Puls geöffnet." in german.text
    assert tuple(what for _at, what in office.bot.store.audit(2)) == (
        "A manager opened a pulse.",
        "The pulse was set up.",
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "scores",
        "scores T01",
        "trend",
        "baselines",
        "baselines trust",
        "baselines T01",
        "power",
        "status",
        "help",
    ],
)
async def test_every_german_answer_is_one_that_slack_takes(office: Office, line: str) -> None:
    """No German text breaks a limit of Slack's or a place of ours."""
    office.manager.person.locale = "de-DE"
    await office.set_up(**POSTS_IN_GERMAN)
    await office.open()
    for person in office.people(office.it)[:12]:
        await office.answer(person, office.it, "4")
    await office.close()
    answer = await office.says(office.manager, f"/pulse {line}", office.marketing)
    assert "{" not in re.sub(r"<!date[^>]*>", "", answer.text)
    assert _problems(answer) == []
