"""Whose language is which."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pulse.core.errors import SlackFault
from pulse.core.language import LANGUAGES
from pulse.core.model import Side
from pulse.slack.roster import Roster
from pulse.slack.web_api import Person
from pulse.storage.catalogues import catalogue, for_known, for_posts, for_reader
from pulse.storage.sqlite.store import Setup, Store
from tests.handlers.conftest import TUESDAY


class Directory:
    """Stands for Slack's list of people: each with a locale, or a fault, or no answer at all."""

    def __init__(self, *, fault: SlackFault | None = None, silent: bool = False, **locales: str) -> None:
        self.locales, self.fault, self.silent, self.asked = locales, fault, silent, 0

    async def person(self, user: str) -> Person:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return Person(user, True, False, "UTC", user, self.locales[user])


def roster(directory: Directory) -> Roster:
    return Roster(directory)  # type: ignore[arg-type]  # of Slack it needs `person` only


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_catalogue(language: str) -> None:
    """The compiled files come with the program."""
    assert catalogue(language).info().get("language", "en") == language


@pytest.mark.parametrize(
    ("locale", "language"), [("de-DE", "de"), ("de-AT", "de"), ("en-GB", "en"), ("fr-FR", "en"), ("", "en")]
)
async def test_a_reader_is_spoken_to_by_the_locale_of_their_slack(locale: str, language: str) -> None:
    """A language that the bot does not speak reads English."""
    assert catalogue(language) is await for_reader(roster(Directory(ada=locale)), "ada")


async def test_somebody_known_costs_no_question() -> None:
    """Slack is asked once; taps ask nobody at all."""
    directory = Directory(ada="de-DE")
    people = roster(directory)
    assert catalogue("en") is for_known(people, "ada")
    await for_reader(people, "ada")
    await for_reader(people, "ada")
    assert (catalogue("de"), 1) == (for_known(people, "ada"), directory.asked)


@pytest.mark.parametrize(
    "directory", [Directory(silent=True), Directory(fault=SlackFault("away", "", certain=False))]
)
async def test_whose_locale_slack_does_not_tell_reads_english(directory: Directory) -> None:
    """Nobody waits for a language."""
    async with asyncio.timeout(5):
        found = await for_reader(roster(directory), "ada", patience_s=0.01)
    assert catalogue("en") is found


async def test_posts_are_in_the_language_of_the_set_up(tmp_path: Path) -> None:
    """English before there is one."""
    store = Store.open(tmp_path / "pulse.db")
    try:
        assert catalogue("en") is for_posts(store)
        channels = {Side.MARKETING: ("C1",), Side.IT: ("C2",)}
        await store.save_setup(
            Setup(schedule={}, items=4, minimum=5, since=TUESDAY, channels=channels, language="de"),
            TUESDAY,
            "set up",
        )
        assert catalogue("de") is for_posts(store)
    finally:
        store.close()
