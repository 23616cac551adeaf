"""`/pulse baselines`: the published figures as a reader meets them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pulse.core.baselines import Ledger, conflicts
from pulse.core.items import Bank, parse_items
from pulse.core.model import DIMENSIONS, NOT_A_SURVEY, Item
from pulse.storage.library import load_library
from pulse.views.baselines import baseline_card, baselines_message, topic_list
from rehearsal.blockkit import message_problems
from tests.golden import golden

LIBRARY = load_library(None)
BANK, LEDGER = LIBRARY.bank, LIBRARY.ledger
WORDS = ["", *DIMENSIONS, *(item.id for item in BANK), *(row.key for row in LEDGER)]


def said(word: str) -> str:
    return baselines_message(word, BANK, LEDGER).text


def item(item_id: str) -> Item:
    found = BANK.get(item_id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("overview", ""),
        ("trust", "trust"),
        ("T01", "T01"),
        ("G01", "g01"),
        ("T02", "T02"),
        ("A13_need_mkt_57", "A13_need_mkt_57"),
        ("A10_constraint_it", "A10_constraint_it"),
        ("V_before", "V_before"),
        ("mistyped", "T1"),
        ("nonsense", "<!channel>"),
    ],
)
def test_the_card_is_the_one_that_was_read_and_kept(name: str, word: str) -> None:
    """The whole message for an item, a topic, a figure, nothing and a wrong word."""
    golden(f"baselines_{name}", baselines_message(word, BANK, LEDGER))


@pytest.mark.parametrize("word", WORDS)
def test_every_card_is_within_slacks_limits(word: str) -> None:
    """Nothing that Slack would refuse, and at most 12,000 characters in all."""
    made = baselines_message(word, BANK, LEDGER)
    assert message_problems({"channel": "C1", "text": made.text, "blocks": made.blocks}) == []
    assert 0 < len(made.text) <= 12_000


def test_a_long_study_is_listed_in_several_sections() -> None:
    """A topic with 60 figures of one study still fits: no section is over 3,000 characters."""
    row = next(iter(LEDGER))
    many = Ledger(tuple(replace(row, key=f"A10_row_{number}") for number in range(60)))
    made = topic_list(row.topic, BANK, many)
    assert message_problems({"channel": "C1", "text": made.text, "blocks": made.blocks}) == []
    assert len(re.findall(r"· `A10_row_\d+`", made.text)) == 60


def test_all_figures_are_listed_under_the_topics() -> None:
    """Whoever goes through the ten topics has seen all 153 figures, each once."""
    texts = [topic_list(dimension, BANK, LEDGER).text for dimension in DIMENSIONS]
    seen = [key for text in texts for key in re.findall(r"· `(\w+)`", text)]
    assert sorted(seen) == sorted(row.key for row in LEDGER)


def test_explained_below_is_explained_below() -> None:
    """A topic that says “explained below” of a figure has the explanation under its list."""
    for dimension in DIMENSIONS:
        text = topic_list(dimension, BANK, LEDGER).text
        for key in re.findall(r"explained below · `(\w+)`", text):
            titles = [found.title for found in conflicts(LEDGER) if key in found.keys]
            assert [title for title in titles if title not in text] == []
            assert titles != []


@pytest.mark.parametrize("row", list(LEDGER), ids=lambda row: row.key)
def test_a_figures_card_has_all_that_is_known(row: object) -> None:
    """Statement, study, year, whom it surveyed and source stand on each figure's card."""
    found = next(each for each in LEDGER if each == row)
    text = said(found.key).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    parts = [found.statement, found.study, str(found.published), found.source, found.key]
    parts += [found.surveyed] if found.base != NOT_A_SURVEY else []
    assert [part for part in parts if part not in text] == []


def test_each_card_says_that_the_figures_are_not_about_the_channel() -> None:
    """No card, list or overview without that sentence."""
    wanted = "not of your channels. They are no target."
    assert [word for word in WORDS if wanted not in said(word)] == []


def test_the_figure_that_is_more_than_half_never_becomes_52() -> None:
    """A vague figure is shown in its words on its card, beside its item and in its list."""
    for word in ("F13_ownership_mkt", "L01", "leadership/ownership"):
        assert "more than half" in said(word).casefold()
        assert "52%" not in said(word)


def test_an_own_item_says_that_it_is_the_companys() -> None:
    """A company's question has no published figure, and the card says why."""
    text = (
        "id,dimension,cadence,scale,wording_marketing,wording_it,direction\n"
        "OWN1,trust,rotating,agree5,IT & we <talk>.,Marketing & we <talk>.,positive\n"
    )
    bank = Bank((*BANK, *parse_items(text, "pulse-items.csv", None, own=True)))
    made = baselines_message("own1", bank, LEDGER).text
    assert "No published figure: this is your company's own question." in made
    assert "IT &amp; we &lt;talk&gt;." in made


def test_an_edited_item_says_why_it_has_no_figures() -> None:
    """After an edit the card tells that published figures belong to the original wording."""
    edited = replace(item("T01"), baselines=dict.fromkeys(item("T01").baselines, ()), edited=True)
    assert "published figures belong to the original wording only" in baseline_card(edited, BANK, LEDGER).text
