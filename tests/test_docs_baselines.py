"""The pages on items and published figures are in step with the data and the code."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from pulse.core.baselines import BASES, CONFLICT_COLUMNS
from pulse.core.baselines import COLUMNS as LEDGER_COLUMNS
from pulse.core.errors import DataFault
from pulse.core.facts import claim
from pulse.core.items import COLUMNS, OWN_COLUMNS, OWN_OPTIONAL, parse_items
from pulse.core.model import DIMENSIONS
from pulse.storage.library import load_library

DOCS = Path(__file__).parent.parent / "docs"
ITEMS_PAGE = (DOCS / "items.md").read_text(encoding="utf-8")


def documented(heading: str) -> set[str]:
    """The names in the first column of the table under a heading of docs/items.md."""
    part = ITEMS_PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    first_cells = re.findall(r"^\| ([^|]*`[^|]*) \|", part, flags=re.MULTILINE)
    return {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}


def test_the_page_of_published_figures_is_made_from_the_ledger() -> None:
    """docs/baselines.md is what docs/make_baselines.py writes now; `make docs` writes it again."""
    library = load_library(None)
    page = runpy.run_path(str(DOCS / "make_baselines.py"))["page"]
    assert (DOCS / "baselines.md").read_text(encoding="utf-8") == page(library.bank, library.ledger)


def test_the_page_names_every_figure_with_its_source() -> None:
    """All 153 keys, each with its sentence and the numbers of the sources that its study's list names."""
    text = (DOCS / "baselines.md").read_text(encoding="utf-8")
    found = load_library(None).ledger
    for row in found:
        study = text.split(f"\n### {row.study}, {row.published}\n", 1)[1].split("\n### ", 1)[0]
        [line] = re.findall(rf"^- .*`{row.key}`$", study, flags=re.MULTILINE)
        read_in = dict(re.findall(r"(\[\d+\]) (.+?)(?=; \[|\.$)", study.rsplit("Read in: ", 1)[1].strip()))
        assert claim(row) in line
        assert [read_in[at] for at in re.findall(r"\[\d+\]", line)] == row.source.split("; ")


def test_the_page_is_written_for_readers_and_not_for_its_authors() -> None:
    """The page, which managers pass on, has no column name, file word or shorthand."""
    text = (DOCS / "baselines.md").read_text(encoding="utf-8")
    shorthand = ("top2box", "compare_as", "choice_share", "T2B", "percent_low", "not found", "excerpt seen")
    assert [word for word in shorthand if word in text] == []
    assert "  " not in re.sub(r"^ .*$", "", text, flags=re.MULTILINE)


def test_every_column_is_documented_and_no_other() -> None:
    """docs/items.md names the columns of the four files, and nothing that they do not have."""
    assert documented("Your own items") == {*OWN_COLUMNS, *OWN_OPTIONAL}
    assert documented("The shipped items") == (set(COLUMNS) - {*OWN_COLUMNS, *OWN_OPTIONAL}) | {
        "cadence",
        "measures",
    }
    assert documented("The ledger") == set(LEDGER_COLUMNS)
    assert documented("Where sources disagree") == set(CONFLICT_COLUMNS)


def test_dimensions_and_bases_are_documented() -> None:
    """Whoever writes a row finds its allowed words on the page."""
    assert ", ".join(DIMENSIONS) in ITEMS_PAGE
    assert [base for base in BASES if f"`{base}`" not in ITEMS_PAGE] == []


def test_the_example_of_own_items_works() -> None:
    """The table on the page, copied as it is, is read without a fault."""
    example = re.search(r"```csv\n(.*?)```", ITEMS_PAGE, flags=re.DOTALL)
    assert example is not None
    text = re.sub(r"^ +", "", example[1], flags=re.MULTILINE)
    assert [item.id for item in parse_items(text, "pulse-items.csv", None, own=True)] == ["OWN1", "OWN2"]


def test_the_example_of_a_fault_is_what_the_bot_says() -> None:
    """The sentence on the page is the sentence of the program."""
    text = "\n".join(
        [
            ",".join(OWN_COLUMNS),
            "OWN1,trust,rotating,agree5,a,b,positive",
            "OWN2,trsut,rotating,agree5,a,b,positive",
        ]
    )
    with pytest.raises(DataFault) as caught:
        parse_items(text, "pulse-items.csv", None, own=True)
    assert f"```text\n{caught.value}\n```" in ITEMS_PAGE
