"""The catalogues are complete and in step with the code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from docs.make_texts import LOCALES, ROOT, sentences
from pulse.core.language import LANGUAGES, SOURCE

OTHERS = sorted(set(LANGUAGES) - {SOURCE})

KEPT = re.compile(
    r"\{\w*\}"  # placeholders
    r"|`[^`]*`"  # code
    r"|<[@#!][^>]*>"  # mentions, channels, dates
    r"|/(?:pulse|invite)\b"
    r"(?: (?:answer|baselines|close|commit|managers|open|resume|scores|setup|status|trend)\b)?"
    r"|\b(?:SLACK|PULSE)_[A-Z_]+|\bPORT\b|xox[bp]-|xapp-|https?://[\w./-]+|api\.slack\.com/\w+"
    r"|\n|⚠️|•|·"
)
"""What a translation must carry over as it is."""

MARKS = re.compile(r"(?<![\w{])([*_])(?=\S)(?:.*?\S)\1(?![\w}])")
"""Bold and italic stretches of mrkdwn."""


def po(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "pulse.po").open("rb") as file:
        return read_po(file, locale=language)


def said(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def pairs(message: Message) -> list[tuple[str, str]]:
    """Each English form beside the translated one."""
    if not message.pluralizable:
        return [(str(message.id), str(message.string))]
    return list(zip(message.id, message.string, strict=True))


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_has_the_sentences_of_the_code_and_no_others(language: str) -> None:
    """`make texts` has been run since a sentence was changed."""
    wanted = {message.id for message in said(sentences())}
    assert wanted == {message.id for message in said(po(language))}


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language: str) -> None:
    """Nobody reads half a message in English; nothing is marked as doubtful."""
    catalogue = po(language)
    missing = [
        english for message in said(catalogue) for english, other in pairs(message) if not other.strip()
    ]
    assert (missing, [message.id for message in said(catalogue) if message.fuzzy]) == ([], [])


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_places_code_and_marks(language: str) -> None:
    """What is filled in, typed or shown by Slack is the same in every language."""
    for message in said(po(language)):
        for english, other in pairs(message):
            assert Counter(KEPT.findall(english)) == Counter(KEPT.findall(other)), other
            marks = [Counter(found[1] for found in MARKS.finditer(text)) for text in (english, other)]
            assert marks[0] == marks[1], other


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_begins_and_ends_as_the_sentence_does(language: str) -> None:
    """Whole sentences are joined: a translation keeps the full stops and the spaces at the ends."""
    for message in said(po(language)):
        for english, other in pairs(message):
            assert (english[:1] == " ", english[-1:] == " ") == (other[:1] == " ", other[-1:] == " "), other
            assert (english[-1:] in ".?!") == (other[-1:] in ".?!"), other


def test_german_uses_its_own_quotation_marks_and_says_du() -> None:
    """„…“ and never “…”; neutral or “du”, never “Sie” (docs/decisions/0012-german.md)."""
    for message in said(po("de")):
        for _english, other in pairs(message):
            assert other.count("„") == other.count("“"), other
            assert "”" not in other, other
            assert not re.search(r"(?<=[a-zäöüß,;] )(?:Sie|Ihre?[mnrs]?|Ihnen)\b", other), other


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    """The bot speaks the sentences of the file that people edit."""
    with (LOCALES / language / "LC_MESSAGES" / "pulse.mo").open("rb") as file:
        compiled = GNUTranslations(file)
    assert language == compiled.info()["language"]
    for message in said(po(language)):
        if message.pluralizable:
            one, many = message.id
            assert tuple(message.string) == (compiled.ngettext(one, many, 1), compiled.ngettext(one, many, 2))
        else:
            assert message.string == compiled.gettext(str(message.id))


LIMITS = {"as_view": 24, "header": 150, "button": 75, "confirm": 100}
"""What Slack allows for a title or a button, by the function of ours that makes it."""


@pytest.mark.parametrize("language", OTHERS)
def test_titles_and_buttons_fit_in_every_language(language: str) -> None:
    """Each title and button in the code is as short as Slack wants it, also when translated."""
    catalogue = po(language)
    for call, name in _calls():
        for argument in call.args[:1] if name in LIMITS else []:
            english = _marked(argument)
            if english is not None:
                message = catalogue.get(english)
                assert message is not None, english
                assert len(str(message.string)) <= LIMITS[name], message.string


def _calls() -> list[tuple[ast.Call, str]]:
    found = []
    for path in [*(ROOT / "handlers").glob("*.py"), *(ROOT / "pulse" / "views").glob("*.py")]:
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found.append((node, node.func.id))
    return found


def _marked(node: ast.expr) -> str | None:
    """The sentence of `_("...")`; None for anything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
        [argument] = node.args
        return argument.value if isinstance(argument, ast.Constant) else None
    return None
