"""Two languages in one office: private texts by the reader, public ones by the set-up."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pulse.core.audit import AuditCode, AuditEvent
from rehearsal.blockkit import message_problems
from rehearsal.objects import Message
from tests.handlers.conftest import Office, at

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
    assert "✓ Frage 1 gespeichert: *Stimme voll zu*." in person.private(office.it)[-1].text
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
    told = "Bisher haben 12 von 14 geantwortet."
    await office.slack.workspace.until(lambda: told in office.poll(office.it).text)
    await office.close()
    text = office.posted(office.it)[-1].text
    assert "Marketing 8 von 12 (67\u00a0%), Studie 62\u00a0%" in text
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
    [wave] = await office.bot.store.closed_waves()
    item = office.bot.library.source.get("T01")
    assert item is not None
    assert item.series == wave.series["T01"]
    assert "10 or more of 12" in office.posted(office.it)[-1].text


async def test_figures_beside_a_question_asked_in_translation_say_so_to_everybody(office: Office) -> None:
    """With German polls an English reader too; with English polls only who reads the question in German."""
    english, german = office.people(office.it)[:2]
    german.person.locale = "de-DE"
    for fields, told in (({}, False), (POSTS_IN_GERMAN, True)):
        await office.set_up(**fields)
        said = await office.says(english, "/pulse baselines T01", office.it)
        assert ("question is translated" in str(said.blocks)) is told
        said = await office.says(german, "/pulse baselines T01", office.it)
        assert "die Frage ist übersetzt" in str(said.blocks)


async def test_what_a_german_manager_changes_is_read_in_english_by_others(office: Office) -> None:
    """The list of changes is in each reader's language, so that it cannot tell who made them."""
    office.manager.person.locale = "de-DE"
    await office.set_up()
    await office.open()
    german = await office.says(office.manager, "/pulse status", office.marketing)
    assert "Jemand mit Verantwortung hat einen Puls geöffnet." in german.text
    kept = [AuditEvent.from_json(what).code for _at, what in await office.bot.store.audit(2)]
    assert kept == [AuditCode.OPENED_BY_HAND, AuditCode.SET_UP]


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
    """No German text breaks a limit of Slack's or leaves a placeholder."""
    office.manager.person.locale = "de-DE"
    await office.set_up(**POSTS_IN_GERMAN)
    await office.open()
    for person in office.people(office.it)[:12]:
        await office.answer(person, office.it, "4")
    await office.close()
    answer = await office.says(office.manager, f"/pulse {line}", office.marketing)
    assert "{" not in re.sub(r"<!date[^>]*>", "", answer.text)
    assert _problems(answer) == []


async def test_a_preview_shows_the_posts_as_they_will_be(office: Office) -> None:
    """An English manager who chooses German posts sees German questions in an English form."""
    await office.set_up()
    shown = await office.preview(**POSTS_IN_GERMAN)
    assert "*The first post for Marketing*" in shown
    assert "Ich vertraue darauf" in shown
    assert "Vier Fragen, eine halbe Minute" in shown
    assert "I trust" not in shown


async def test_the_home_tab_and_reminders_follow_their_reader(office: Office) -> None:
    """What the bot sends of its own accord is in the language of each person that it goes to."""
    german, english = office.people(office.it)[:2]
    german.person.locale = "de-DE"
    await office.set_up()
    await office.open()
    for person, words in ((german, "Ein Puls ist offen"), (english, "A pulse is open")):
        await person.open_home()
        await office.settled()
        assert person.home is not None
        assert words in str(person.home.content["blocks"])
    await at(office, "2026-03-05T09:00")
    assert "Der Puls ist offen bis" in german.dms[-1].text
    assert "The pulse is open until" in english.dms[-1].text


async def test_a_home_tab_is_drawn_anew_in_the_language_of_its_reader(office: Office) -> None:
    """An English manager opens a pulse; the tab that a German reader looks at stays German."""
    german = office.people(office.it)[0]
    german.person.locale = "de-DE"
    await office.set_up()
    await german.open_home()
    await office.settled()
    await office.open()
    await office.settled()
    assert german.home is not None
    assert "Ein Puls ist offen" in str(german.home.content["blocks"])


async def test_a_german_manager_of_the_english_pulse_is_told_in_german(office: Office) -> None:
    """Trouble is told to each manager in their own language."""
    office.manager.person.locale = "de-DE"
    await office.set_up()
    await office.open()
    await office.bot.workspace.channels.report_lost(office.it, "is_archived")
    assert "ist archiviert" in office.manager.dms[-1].text


async def test_a_card_that_is_shared_is_in_the_language_of_the_posts(office: Office) -> None:
    """A German reader shares a German card; the English channel reads English."""
    office.manager.person.locale = "de-DE"
    await office.set_up(language={"text": "English", "value": "en"})
    await office.open()
    await office.close()
    card = await office.says(office.manager, "/pulse baselines T01", office.marketing)
    assert "veröffentlichte Zahlen" in card.text
    await office.manager.tap(card, "share")
    await office.settled()
    shared = office.posted(office.marketing)[-1]
    assert "T01: published figures" in shared.text
    assert "In diesem Kanal geteilt" in office.manager.private(office.marketing)[-1].text
