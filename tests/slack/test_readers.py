"""Which language each reader gets."""

from __future__ import annotations

import asyncio

import pytest

from pulse.core.errors import SlackFault
from pulse.core.language import LANGUAGES
from pulse.slack.readers import Readers
from pulse.slack.roster import Roster
from pulse.slack.web_api import Person
from pulse.storage.catalogues import catalogue


class Directory:
    """Stands for Slack's list of people: each with a locale, or a fault, or no response at all."""

    def __init__(self, *, fault: SlackFault | None = None, silent: bool = False, **locales: str) -> None:
        self.locales, self.fault, self.silent, self.asked = locales, fault, silent, 0

    async def person(self, user: str) -> Person:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return Person(user, True, False, "UTC", user, self.locales[user])


def readers(directory: Directory, *, posts: str = "en", patience_s: float = 0.7) -> Readers:
    roster = Roster(directory)  # type: ignore[arg-type]  # of Slack it needs `person` only
    return Readers(roster, catalogue, lambda: posts, patience_s)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_catalogue(language: str) -> None:
    """The compiled files come with the program."""
    assert catalogue(language).info().get("language", "en") == language


@pytest.mark.parametrize(
    ("locale", "language"), [("de-DE", "de"), ("de-AT", "de"), ("en-GB", "en"), ("fr-FR", "en"), ("", "en")]
)
async def test_a_reader_is_spoken_to_by_the_locale_of_their_slack(locale: str, language: str) -> None:
    """Somebody whose language the bot does not speak reads English."""
    assert catalogue(language) is await readers(Directory(ada=locale)).of("ada")


async def test_somebody_known_costs_no_question() -> None:
    """Slack is asked once; taps ask nobody at all."""
    directory = Directory(ada="de-DE")
    people = readers(directory)
    assert catalogue("en") is people.known("ada")
    await people.of("ada")
    await people.of("ada")
    assert (catalogue("de"), 1) == (people.known("ada"), directory.asked)


@pytest.mark.parametrize(
    "directory", [Directory(silent=True), Directory(fault=SlackFault("away", "", certain=False))]
)
async def test_whose_locale_slack_does_not_tell_reads_english(directory: Directory) -> None:
    """Nobody waits for a language."""
    async with asyncio.timeout(5):
        found = await readers(directory, patience_s=0.01).of("ada")
    assert catalogue("en") is found


def test_posts_are_in_the_language_of_the_set_up() -> None:
    """Whatever their readers speak."""
    assert catalogue("de") is readers(Directory(), posts="de").posts()
