"""The export: closed pulses as they were published, and nothing that could not have been posted."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pulse.core.errors import SettingsFault
from pulse.core.expectation_item import expectation_item
from pulse.core.model import (
    ClosedWave,
    Counted,
    Expected,
    Share,
    Side,
    SideTurnout,
    Withheld,
)
from pulse.core.records import Publication
from pulse.storage import export
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Store
from tests.core.closed import item_of
from tests.storage.conformance import new_wave

BANK = load_library(None).bank
OPENED = datetime(2026, 3, 3, 9, tzinfo=UTC)
ITEMS = ("T01", "A02")


def closed_wave(series: str | None = None) -> ClosedWave:
    """Marketing counted exactly and as a range, IT withheld."""
    names = {id_: item.series for id_ in ITEMS if (item := BANK.get(id_))}
    if series:
        names["T01"] = series
    return ClosedWave(
        id=7,
        token="0123456789abcdef",
        opened_at=OPENED,
        closed_at=OPENED + timedelta(days=3),
        minimum=5,
        items=ITEMS,
        series=names,
        turnout={Side.MARKETING: SideTurnout(30, 24), Side.IT: SideTurnout(12, None)},
        outcomes={
            ("T01", Side.MARKETING): Counted(24, {"top2box": Share(16, 16)}),
            ("A02", Side.MARKETING): Counted(7, {"choice_share:about_right": Share(3, 4)}),
            ("T01", Side.IT): Withheld(),
            ("A02", Side.IT): Withheld(),
        },
    )


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def scores(wave: ClosedWave) -> dict[tuple[str, str], dict[str, str]]:
    rows = table(export.files([wave], BANK)[export.SCORES])
    return {(row["item_id"], row["side"]): row for row in rows}


def test_a_share_stands_beside_its_number_of_answers() -> None:
    """Units are in the column names; a per cent is a whole number."""
    row = scores(closed_wave())["T01", "marketing"]
    assert (row["status"], row["answers_n"], row["people_low_n"]) == ("counted", "24", "16")
    assert (row["share_low_percent"], row["share_high_percent"]) == ("67", "67")
    assert row["question"].startswith("I trust our IT colleagues")


def test_few_answers_are_told_as_a_range() -> None:
    """From 5 to 9 answers the two ends of the figure are side by side."""
    row = scores(closed_wave())["A02", "marketing"]
    assert (row["status"], row["people_low_n"], row["people_high_n"]) == ("counted", "3", "4")
    assert (row["share_low_percent"], row["share_high_percent"]) == ("43", "57")


def test_what_a_side_expects_is_a_table_of_its_own() -> None:
    """A mean with its number of people and whether it is an open end; never a score that was withheld."""
    asked = closed_wave()
    wave = replace(
        asked,
        items=(*ITEMS, "expected.T01"),
        series={**asked.series, "expected.T01": "expected.T01-1"},
        expected={("T01", Side.MARKETING): Expected(24, 3.5), ("T01", Side.IT): Expected(12, 8.0)},
    )
    rows = table(export.files([wave], BANK)[export.EXPECTATIONS])
    assert [(r["item_id"], r["side"], r["answers_n"], r["expected_of_ten_n"], r["is_end"]) for r in rows] == [
        ("T01", "marketing", "24", "3.5", "0"),
        ("T01", "it", "12", "8.0", "1"),
    ]
    assert {item_id for item_id, _side in scores(wave)} == set(ITEMS)


def test_what_was_withheld_has_no_number() -> None:
    """No count, no share: the row says that it was withheld. Only the people asked are known."""
    row = scores(closed_wave())["T01", "it"]
    numbers = {name: value for name, value in row.items() if name.endswith(("_n", "_percent")) and value}
    assert (row["status"], numbers) == ("withheld", {"people_asked_n": "12"})
    made = json.loads(export.files([closed_wave()], BANK)[export.EVERYTHING])
    [said] = [r for r in made["participation"] if r["side"] == "it"]
    assert said["status"] == "withheld"
    assert "people_answered_n" not in said


def test_participation_is_people_asked_and_answered() -> None:
    """Both numbers are side by side if they may be shown."""
    [row] = [
        r
        for r in table(export.files([closed_wave()], BANK)[export.PARTICIPATION])
        if r["side"] == "marketing"
    ]
    assert (row["people_asked_n"], row["people_answered_n"]) == ("30", "24")


def test_a_question_that_has_been_reworded_since_is_not_named() -> None:
    """Its wording at the time is no longer known, and today's would be wrong."""
    assert scores(closed_wave("T01-older"))["T01", "marketing"]["question"] == ""


def test_a_text_never_starts_a_formula() -> None:
    """A spreadsheet would run it."""
    assert [export._plain(value) for value in ("=1+1", "@x", "-x", "fine", 3)] == [
        "'=1+1",
        "'@x",
        "'-x",
        "fine",
        3,
    ]


@pytest.mark.parametrize(
    ("place", "made"),
    [
        ("out", {f"out/{name}" for name in export.files([], BANK)}),
        ("scores.csv", {"scores.csv"}),
        ("all.JSON", {"all.JSON"}),
    ],
)
def test_the_place_says_what_is_written(place: str, made: set[str], tmp_path: Path) -> None:
    """A folder gets all files, a file the one that its ending names; a second time does no harm."""
    for _ in range(2):
        said = export.write(tmp_path / place, [closed_wave()], BANK)
    assert "1 closed pulse is in" in said
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} == made


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Under a file there is no folder."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsFault, match="cannot be written"):
        export.write(tmp_path / "file" / "out", [closed_wave()], BANK)


def test_without_closed_pulses_the_tables_are_empty() -> None:
    """Headers only, and valid JSON."""
    made: dict[str, Any] = dict(export.files([], BANK))
    assert table(made[export.SCORES]) == []
    assert json.loads(made[export.EVERYTHING]) == {"participation": [], "scores": [], "expectations": []}


async def test_the_views_keep_expectations_apart_from_scores(tmp_path: Path) -> None:
    """Whoever reads a copy with another tool finds no expectation among the scores."""
    store = Store.open(tmp_path / "pulse.db")
    items = (*(item for id_ in ITEMS if (item := BANK.get(id_))), expectation_item(item_of("T01")))
    wave = await store.start_wave(replace(new_wave(), items=items), "opened")
    kept = Publication(turnout={}, outcomes={}, expected={("T01", Side.MARKETING): Expected(12, 3.5)})
    assert await store.close_wave(wave, lambda _ballots: kept, [], OPENED, "closed")
    store.close()
    with closing(sqlite3.connect(tmp_path / "pulse.db")) as data:
        scores = {row[0] for row in data.execute("SELECT item_id FROM pulse_scores")}
        expected = data.execute(
            "SELECT item_id, side, answers_n, expected_of_ten_n FROM pulse_expectations"
        ).fetchall()
    assert scores == set(ITEMS)
    assert expected == [("T01", "marketing", 12, 3.5)]
