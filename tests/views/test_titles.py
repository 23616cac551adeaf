"""Headings for both sides."""

from __future__ import annotations

import csv
from importlib import resources

from pulse.core.items import parse_items
from pulse.core.model import Item
from pulse.views.titles import title
from tests.views.waves import BANK, LIBRARY, shipped

TEXT = (resources.files("pulse") / "data" / "items.csv").read_text(encoding="utf-8")


def edited(item_id: str) -> Item:
    """The shipped item as it is read from a file in which somebody changed a word."""
    [wording] = [
        row["wording_marketing"] for row in csv.DictReader(TEXT.splitlines()) if row["id"] == item_id
    ]
    items = parse_items(TEXT.replace(wording, wording.replace(".", " today.")), "items.csv", None)
    return next(item for item in items if item.id == item_id)


def test_every_shipped_question_has_a_title_in_every_language() -> None:
    """A heading never falls back to two wordings with a slash, in English or in German."""
    german = {item.id: title(item) for item in LIBRARY.translations["de"]}
    english = {item.id: title(item) for item in BANK}
    assert [item.id for item in BANK if not item.title] == []
    assert [item_id for item_id in english if english[item_id] == german[item_id]] == []
    assert max(map(len, [*english.values(), *german.values()])) <= 60


def test_an_own_question_is_its_wordings() -> None:
    """A company's question has no title, even under an id like a shipped one's."""
    text = (
        "id,dimension,cadence,scale,wording_marketing,wording_it,direction\n"
        "T01,trust,rotating,agree5,IT keeps its word.,Marketing keeps its word.,positive\n"
    )
    [own] = parse_items(text, "pulse-items.csv", None, own=True)
    assert title(own) == "IT keeps its word. / Marketing keeps its word."


def test_an_edited_question_is_its_wordings() -> None:
    """A title never stands for words that somebody changed, with published figures or without."""
    assert title(edited("I03")).startswith("Marketing makes promises to others before IT has agreed today.")
    assert title(edited("T02")) == (
        "Our IT colleagues have the skills to deliver what marketing needs today. / "
        "Our marketing colleagues have the skills to plan work that IT can deliver."
    )
    assert title(shipped("I03")) == "Marketing promises before IT has agreed"
