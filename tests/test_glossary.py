"""The glossary's words in code font are names in the code."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [line for line in GLOSSARY.splitlines() if line.startswith("| ") and not line.startswith("| word")]
WORDS = sorted({word for row in ROWS for word in re.findall(r"`([^`]+)`", row)})

INVENTED = ("desk", "parcel", "troubles", "afterwards", "receipts", "glance", "artist")
"""Nouns of the first edition that a reader had to be told."""


@cache
def names_in_the_code() -> frozenset[str]:
    """Classes, functions and names of types that modules define."""
    found: set[str] = set()
    for folder in ("pulse", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    found.add(node.name)
                elif isinstance(node, ast.Assign):
                    found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(found)


def test_the_glossary_has_words_of_the_code() -> None:
    """So that the next test has something to look for."""
    assert {"Workspace", "Item", "Roster"} <= set(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_the_glossary_is_in_the_code(word: str) -> None:
    """A name that changes in the code changes here, too; each path exists."""
    assert (ROOT / word).exists() if "/" in word else word in names_in_the_code()


@pytest.mark.parametrize("folder", ["pulse", "handlers"])
def test_no_invented_noun_names_anything(folder: str) -> None:
    """No variable, function, class, argument or module is named after one."""
    named = re.compile("|".join(rf"(?:^|_){word}(?:$|_)" for word in INVENTED), re.IGNORECASE)
    for path in (ROOT / folder).rglob("*.py"):
        assert not named.search(path.stem), path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for field in ("name", "id", "arg", "attr"):
                name = getattr(node, field, None)
                assert not (isinstance(name, str) and named.search(name)), (path, name)
