"""Speaking a language, and items in another one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from gettext import NullTranslations

import pytest

from pulse.core.baselines import comparable
from pulse.core.errors import DataFault
from pulse.core.items import LABEL_LIMIT, SHORT_LIMIT, Bank
from pulse.core.language import _, ngettext, speak, speaking, spoken
from pulse.core.model import Format, Side
from pulse.core.translations import in_language, parse_wordings
from pulse.storage.catalogues import catalogue
from pulse.storage.library import load_library

LIBRARY = load_library(None)
SOURCE, GERMAN = LIBRARY.source, LIBRARY.translations["de"]
HEADER = "id,series,title,wording_marketing,wording_it,answers\n"


class Loud(NullTranslations):
    """A language that is English in capitals."""

    def gettext(self, message: str) -> str:
        return message.upper()

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return (msgid1 if n == 1 else msgid2).upper()

    def info(self) -> dict[str, str]:
        return {"language": "de"}


def test_a_language_is_spoken_inside_its_block_only() -> None:
    """What comes after the block is English again."""
    with speaking(Loud()):
        assert (_("Hello"), ngettext("one", "two", 2), spoken()) == ("HELLO", "TWO", "de")
    assert (_("Hello"), ngettext("one", "two", 2), spoken()) == ("Hello", "two", "en")


async def test_a_language_goes_on_in_the_work_that_is_started_in_it() -> None:
    """Work after an ack speaks its reader's language; what comes next does not."""

    async def later() -> str:
        return _("Hello")

    async def handler() -> asyncio.Task[str]:
        speak(Loud())
        return asyncio.create_task(later())

    assert await (await asyncio.create_task(handler())) == "HELLO"
    assert _("Hello") == "Hello"


def test_nothing_stays_nothing_in_every_language() -> None:
    """An empty sentence is no sentence, though a catalogue keeps its own description under it."""
    with speaking(catalogue("de")):
        assert _("") == ""


def test_every_shipped_item_is_translated() -> None:
    """No question is left in English, and the options keep their keys and their order."""
    for english, german in zip(SOURCE, GERMAN, strict=True):
        assert german.translated, english.id
        assert all(english.wordings[side] != german.wordings[side] for side in Side), english.id
        assert [(b.key, b.counted) for b in english.options] == [(b.key, b.counted) for b in german.options]
        assert [(m.key, m.options) for m in english.measures] == [(m.key, m.options) for m in german.measures]
        assert english.mirrored == german.mirrored, english.id


def test_a_translated_item_keeps_its_series() -> None:
    """Answers given in two languages count as one series."""
    assert [item.series for item in SOURCE] == [item.series for item in GERMAN]


def test_translated_options_fit_their_buttons() -> None:
    """A label fits a button, its short form a phone."""
    for item in GERMAN:
        for option in item.options:
            assert 0 < len(option.label) <= LABEL_LIMIT, (item.id, option.label)
            assert 0 < len(option.short) <= SHORT_LIMIT, (item.id, option.short)


def test_a_scale_of_agreement_reads_as_germans_answer_it() -> None:
    """The five options and the one beside them, and the words of their share."""
    item = GERMAN.get("T01")
    assert item is not None
    assert [option.label for option in item.options] == [
        "Stimme gar nicht zu",
        "Stimme nicht zu",
        "Weder Zustimmung noch Ablehnung",
        "Stimme zu",
        "Stimme voll zu",
        "Kann ich nicht sagen",
    ]
    assert [measure.says for measure in item.measures] == ["stimmen zu"]


def test_a_share_of_a_choice_names_the_translated_answers() -> None:
    """ "7 of 12 say ..." goes on with the answer as it was offered."""
    item = GERMAN.get("A02")
    assert item is not None
    assert [measure.says for measure in item.measures] == [
        "sagen „genau richtig“",
        "sagen „viel zu gering“ oder „zu gering“",
    ]


@pytest.mark.parametrize("library", [LIBRARY.asked_in("de").source, GERMAN], ids=["asked in German", "read"])
def test_figures_beside_a_translated_question_say_so(library: Bank) -> None:
    """Beside a translated question every comparable figure says so; beside the English one none does."""
    clause = "question is translated"
    for item, plain in zip(library, SOURCE, strict=True):
        for side in Side:
            assert all(clause in row.caveat for row in comparable(item, side, LIBRARY.ledger))
            assert not any(clause in row.caveat for row in comparable(plain, side, LIBRARY.ledger))


def test_an_edited_wording_has_no_translation() -> None:
    """A translation belongs to one English wording: after an edit readers get English again."""
    item = SOURCE.items[0]
    edited = replace(item, wordings=dict.fromkeys(Side, "I trust the others."))
    text = f"{HEADER}{item.id},{item.series},Vertrauen,Ich vertraue.,Ich vertraue.,\n"
    assert {item.id} == set(parse_wordings(text, "items_de.csv", Bank((item,))))
    assert parse_wordings(text, "items_de.csv", Bank((edited,))) == {}


def test_a_companys_own_choice_keeps_its_words_in_another_language() -> None:
    """Only what the bot itself says of it is translated."""
    item = next(item for item in SOURCE if item.format is Format.CHOICE)
    with speaking(catalogue("de")):
        own = in_language(replace(item, own=True), None)
    assert item.wordings == own.wordings
    assert item.options == own.options
    assert own.measures[0].says == "sagen „About right“"
    assert not own.translated


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("X99,s,Titel,Ja.,Ja.,", "id"),
        ("A02,{A02},Titel,Ja.,Ja.,eins / zwei", "answers"),
        ("T01,{T01},Titel,Ja.,Ja.,eins / zwei", "answers"),
        ("T01,{T01},,Ja.,Ja.,", "title"),
        ("T01,{T01},Titel,,Ja.,", "wording_marketing"),
        ("T01,{T01},Titel,Ja.," + "a" * 301 + ",", "wording_it"),
    ],
)
def test_a_faulty_translation_is_named_by_row_and_column(row: str, column: str) -> None:
    """Whoever edits the file learns where the fault is."""
    series = {item.id: item.series for item in SOURCE}
    with pytest.raises(DataFault) as fault:
        parse_wordings(HEADER + row.format(**series) + "\n", "items_de.csv", SOURCE)
    assert (2, column) == (fault.value.row, fault.value.column)
