"""docs/privacy.md promises nothing without naming the test behind it, and its German twin does the same."""

from __future__ import annotations

import ast
import json
import re
import sqlite3
from collections.abc import Iterator
from functools import cache
from math import comb
from pathlib import Path

import pytest

from pulse.core.model import Counted, Tally
from pulse.core.privacy import publish
from pulse.storage.sqlite.migrations import migrate
from tests.core.bank import TRUST, counts

ROOT = Path(__file__).parents[1]
PAGES = ("privacy.md", "privacy.de.md")
LABEL = re.compile(r"\[\^(\w+)\]")
DEFINITION = re.compile(r"^\[\^(\w+)\]: (.*(?:\n    .*)*)", flags=re.M)
BEFORE_AND_AFTER = re.compile(r"^\| (\d+)\[\^odds\] \|(.+)\|$", flags=re.M)


@cache
def text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def definitions(page: str) -> dict[str, str]:
    return dict(DEFINITION.findall(text(page)))


def prose(page: str) -> str:
    """The page from its first sentence to the evidence, without the notes."""
    return re.split(r"^## (?:Evidence|Nachweise)$", text(page), flags=re.M)[0]


def statements(page: str) -> Iterator[str]:
    """Each paragraph, list item and row of a table; without headings, heads of tables and bold heads."""
    without_headings = re.sub(r"^#.*$", "", prose(page), flags=re.M)
    for part in map(str.strip, re.split(r"\n\s*\n|\n(?=\s*(?:- |\| ))", without_headings)):
        head = re.fullmatch(r"\*\*[^*]+\*\*|\*(?:Auf Deutsch|In English): .+\*|\|[ |-]+\|", part)
        if part and not head:
            yield part


def heads_of_tables(page: str) -> set[str]:
    return {line.strip() for line in re.findall(r"^(.+)\n\s*\|(?: ?-+ ?\|)+$", prose(page), flags=re.M)}


def named_in(definition: str) -> list[str]:
    return re.findall(r"`(tests/[\w/]+\.py::\w+)`", definition)


@cache
def functions_of(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


@pytest.mark.parametrize("page", PAGES)
def test_each_named_test_exists(page: str) -> None:
    """Each test that a statement leans on exists."""
    named = {name for definition in definitions(page).values() for name in named_in(definition)}
    assert named
    gone = {name for name in named if name.split("::")[1] not in functions_of(name.split("::")[0])}
    assert gone == set()


@pytest.mark.parametrize("page", PAGES)
def test_each_statement_names_its_evidence(page: str) -> None:
    """Each paragraph, item and row has a note that names a test or says that no test can show it."""
    heads = heads_of_tables(page)
    bare = [said for said in statements(page) if said not in heads and not LABEL.search(said)]
    assert bare == []


@pytest.mark.parametrize("page", PAGES)
def test_no_sentence_comes_after_the_last_note(page: str) -> None:
    """A note covers the sentences before it: no paragraph or item ends in an uncovered one."""
    texts = [said for said in statements(page) if not said.startswith("|")]
    left = [LABEL.split(said)[-1].strip(" .]\n") for said in texts]
    assert [rest for rest in left if rest] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_note_is_defined_and_used(page: str) -> None:
    """And each note but the one for the outside world names a test."""
    defined = definitions(page)
    assert set(LABEL.findall(prose(page))) == set(defined)
    assert [label for label, said in defined.items() if not named_in(said)] == ["outside"]


def test_both_languages_lean_on_the_same_tests() -> None:
    """Statement for statement, and note for note."""
    english, german = (definitions(page) for page in PAGES)
    assert {label: named_in(said) for label, said in english.items()} == {
        label: named_in(said) for label, said in german.items()
    }
    noted = [[LABEL.findall(said) for said in statements(page) if LABEL.search(said)] for page in PAGES]
    assert noted[0] == noted[1]


def figure(k: int, n: int) -> tuple[int, int]:
    """The lowest and highest count of `n` that is published if `k` agree."""
    outcome = publish(TRUST, _tally(k, n), 5)
    assert isinstance(outcome, Counted)
    share = outcome.shares["top2box"]
    return share.low, share.high


def _tally(k: int, n: int) -> Tally:
    return counts(TRUST, 0, 0, n - k, 0, k)


def told(n: int, agree: float) -> float:
    """How likely a difference is to tell whether somebody who joins `n` people agrees, in per cent.

    Each of the others agrees with the chance `agree`, and so does the joiner; nobody changes an answer.
    """
    sure = 0.0
    for k in range(n + 1):
        low, high = figure(k, n)
        for joiner, chance in ((1, agree), (0, 1 - agree)):
            after = figure(k + joiner, n + 1)
            possible = {
                either
                for either in (0, 1)
                for before in range(low, high + 1)
                if after[0] <= before + either <= after[1]
            }
            if possible == {joiner}:
                sure += comb(n, k) * agree**k * (1 - agree) ** (n - k) * chance
    return 100 * sure


def counted_twice(n: int) -> float:
    """How likely both results are plain counts, in per cent, if opinions are evenly divided."""
    plain = [k for k in range(n + 1) if len(set(figure(k, n))) == 1]
    return 100 * sum(comb(n, k) for k in plain) / 2**n


@pytest.mark.parametrize("page", PAGES)
def test_the_odds_of_a_difference_of_one_person_are_those_printed(page: str) -> None:
    """The table is computed from the rule in force, and so is the range beside it."""
    rows = BEFORE_AND_AFTER.findall(text(page).replace("\n  |", "\n|").replace("\u00a0", " "))
    assert [int(n) for n, _odds in rows] == [5, 10, 16, 30]
    for n, odds in rows:
        expected = [min(round(told(int(n), agree)), 99) for agree in (0.5, 0.7, 0.9)]
        assert [int(each) for each in re.findall(r"(\d+) ?%", odds)] == expected
    assert [round(counted_twice(n)) for n in (10, 60)] == [89, 100]
    assert re.search(r"89 (?:to|bis) 100 ?%", text(page).replace("\u00a0", " "))


SHOWN_TO_RESPONDENTS = sorted(
    golden
    for pattern in ("answer_*", "card_*", "poll_*", "reminder*", "home_open*")
    for golden in (ROOT / "tests" / "golden").glob(f"{pattern}.json")
)


@pytest.mark.parametrize("golden", SHOWN_TO_RESPONDENTS, ids=lambda golden: golden.stem)
def test_nobody_is_asked_for_free_text(golden: Path) -> None:
    """Polls, forms, cards, reminders and the Home tab offer buttons and choices, and no field to type in."""
    kinds = set(_types(json.loads(golden.read_text(encoding="utf-8"))))
    assert "section" in kinds
    assert {kind for kind in kinds if kind.endswith("_input")} == set()


def _types(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield str(value.get("type", ""))
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _types(part)


NAMES_OF_PEOPLE = {"person", "user", "user_id", "manager", "by"}


def test_no_table_names_who_changed_something() -> None:
    """Only the tables of ballots and wishes hold people, under codes; the list of changes names nobody."""
    connection = sqlite3.connect(":memory:")
    migrate(connection)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    with_people = {
        table
        for table in tables
        if {row[1] for row in connection.execute(f"PRAGMA table_info({table})")} & NAMES_OF_PEOPLE
    }
    assert "audit" in tables
    assert with_people <= {"answer", "ballot", "participant", "wish"}
    connection.close()
