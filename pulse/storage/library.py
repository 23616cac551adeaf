"""Loads the question bank and the published figures, and a company's own items from beside the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from pulse.core.baselines import parse_asides, parse_conflicts, parse_ledger
from pulse.core.errors import DataFault
from pulse.core.items import Bank, parse_items
from pulse.core.language import LANGUAGES, SOURCE, _, speaking
from pulse.core.library import Library
from pulse.core.model import Item
from pulse.core.own_questions import questions_of
from pulse.core.records import OwnQuestion
from pulse.core.table import WHOLE_ROW
from pulse.core.translations import in_language, parse_wordings
from pulse.core.zones import City, read_cities
from pulse.storage.catalogues import catalogue

OWN_NAME = "pulse-items.csv"
OWN_BYTES_LIMIT = 1_000_000


@cache
def cities() -> tuple[City, ...]:
    """The cities by which people name their time zone. Reading them takes 0.2 s, once."""
    return read_cities((resources.files("pulse") / "data" / "cities.csv").read_text(encoding="utf-8"))


def own_items_path(database: Path) -> Path:
    """The path of the file with a company's own items: beside the database."""
    return database.parent / OWN_NAME


def load_library(own_items: Path | None) -> Library:
    """Loads the shipped data and, if the file `own_items` exists, the company's own items after it.

    Raises DataFault for the first fault in any of the files, including a file that cannot be read.
    """
    library = shipped_library()
    text = None if own_items is None else read_own_items(own_items)
    if own_items is None or text is None:
        return library
    taken = [item.id for item in library.source]
    return library_with(library, parse_items(text, own_items.name, None, own=True, taken=taken))


def own_questions_file(database: Path) -> tuple[OwnQuestion, ...]:
    """The questions of a company's file beside the database; empty if there is none. Raises DataFault."""
    path = own_items_path(database)
    text = read_own_items(path)
    if text is None:
        return ()
    return questions_of(text, path.name, [item.id for item in shipped_library().source])


def library_with(shipped: Library, own: Sequence[Item]) -> Library:
    """The shipped library with a company's own items after it; these keep their wordings in any language."""
    translations = {}
    for language, bank in shipped.translations.items():
        with speaking(catalogue(language)):
            translations[language] = Bank((*bank, *(in_language(item, None) for item in own)))
    return Library(Bank((*shipped.source, *own)), shipped.ledger, translations)


def shipped_library() -> Library:
    """A library of the shipped data. Raises DataFault for the first fault in any of its files."""
    return replace(_shipped())


@cache
def _shipped() -> Library:
    """The shipped data, read once in a process. Only copies are given out, so nobody changes this library."""
    data = resources.files("pulse") / "data"
    ledger = parse_ledger(_decoded((data / "baselines.csv").read_bytes(), "baselines.csv"), "baselines.csv")
    disputed = _decoded((data / "conflicts.csv").read_bytes(), "conflicts.csv")
    ledger = parse_conflicts(disputed, "conflicts.csv", ledger)
    ledger = parse_asides(_decoded((data / "asides.csv").read_bytes(), "asides.csv"), "asides.csv", ledger)
    shipped = parse_items(_decoded((data / "items.csv").read_bytes(), "items.csv"), "items.csv", ledger)
    bank = Bank(shipped)
    others = (language for language in LANGUAGES if language != SOURCE)
    return Library(bank, ledger, {language: _translated(bank, language) for language in others})


def _translated(bank: Bank, language: str) -> Bank:
    """The bank in a language."""
    name = f"items_{language}.csv"
    text = _decoded((resources.files("pulse") / "data" / name).read_bytes(), name)
    wordings = parse_wordings(text, name, bank)
    with speaking(catalogue(language)):
        return Bank(tuple(in_language(item, wordings.get(item.id)) for item in bank))


def read_own_items(path: Path) -> str | None:
    """The text of a file of own items; None if there is no file. Raises DataFault."""
    try:
        with path.open("rb") as file:
            data = file.read(OWN_BYTES_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = _("the file cannot be read ({reason}). Make it readable, or remove it.")
        raise DataFault(path.name, 1, WHOLE_ROW, problem.format(reason=error.strerror)) from error
    if len(data) > OWN_BYTES_LIMIT:
        raise DataFault(
            path.name, 1, WHOLE_ROW, _("the file is larger than 1 MB, too large for a list of items.")
        )
    return _decoded(data, path.name)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        problem = _("the file contains a character that is not UTF-8. Save it as “CSV UTF-8”.")
        raise DataFault(name, row, WHOLE_ROW, problem) from error
