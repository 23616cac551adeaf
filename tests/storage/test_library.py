"""Reading the shipped data and a company's own items from files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pulse.core.errors import DataFault
from pulse.storage.library import library_with, load_library, own_items_path, shipped_library

HEADER = "id,dimension,cadence,scale,wording_marketing,wording_it,direction\n"
OWN = HEADER + "OWN1,trust,rotating,agree5,IT says “no” early.,Marketing says “no” early.,positive\n"


def test_the_shipped_data_is_read_from_the_package() -> None:
    """25 items and 153 published figures come with the program, wherever it is started."""
    library = load_library(None)
    assert (len(library.bank), len(library.ledger)) == (25, 153)


def test_what_one_bot_does_to_its_library_another_does_not_see() -> None:
    """The files are read once, but a manager's new question is in one library only."""
    mine, other = shipped_library(), shipped_library()
    mine.become(library_with(mine, [replace(mine.source.items[0], id="X01")]))
    assert "X01" in [item.id for item in mine.bank]
    assert "X01" not in [item.id for item in (*other.bank, *shipped_library().bank)]


def test_own_items_lie_beside_the_database() -> None:
    """The company's file is pulse-items.csv in the database's folder."""
    assert own_items_path(Path("/srv/pulse/pulse.db")) == Path("/srv/pulse/pulse-items.csv")


def test_without_a_file_of_own_items_the_shipped_ones_are_all(tmp_path: Path) -> None:
    """A missing file is not a fault."""
    assert load_library(tmp_path / "pulse-items.csv") == load_library(None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_own_items_come_after_the_shipped_ones(tmp_path: Path, encoding: str) -> None:
    """A company's items are added at the end, with or without the mark that spreadsheets put first."""
    path = tmp_path / "pulse-items.csv"
    path.write_text(OWN, encoding=encoding)
    library = load_library(path)
    assert [(item.id, item.own) for item in library.bank][-2:] == [("S01", False), ("OWN1", True)]


def test_an_own_item_cannot_take_a_shipped_id(tmp_path: Path) -> None:
    """T01 is T01: the second is refused with file, row and column."""
    path = tmp_path / "pulse-items.csv"
    path.write_text(OWN.replace("OWN1", "t01"), encoding="utf-8")
    with pytest.raises(DataFault, match=r"pulse-items.csv, row 2, column “id”: “t01” is the id of another"):
        load_library(path)


def test_text_that_is_not_utf_8_names_its_row(tmp_path: Path) -> None:
    """A file saved in an old encoding is refused with the row of the first wrong character."""
    path = tmp_path / "pulse-items.csv"
    path.write_bytes(OWN.encode("cp1252"))
    with pytest.raises(DataFault, match=r"pulse-items.csv, row 2, .*not UTF-8\. Save it as “CSV UTF-8”"):
        load_library(path)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """A folder of that name is reported as such, not taken for “no own items”."""
    path = tmp_path / "pulse-items.csv"
    path.mkdir()
    with pytest.raises(DataFault, match="cannot be read"):
        load_library(path)


def test_a_huge_file_is_no_list_of_items(tmp_path: Path) -> None:
    """More than 1 MB is refused before it is parsed."""
    path = tmp_path / "pulse-items.csv"
    path.write_bytes(b"x" * 1_000_001)
    with pytest.raises(DataFault, match="larger than 1 MB"):
        load_library(path)
