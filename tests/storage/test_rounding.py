"""A per cent is the same in a message, in the export and in each SQL view, for every count to 200."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from pulse.core.facts import percent
from pulse.core.items import Bank
from pulse.core.model import ClosedWave, Counted, Share, Side, SideTurnout
from pulse.storage.export import SCORES, files
from pulse.storage.sqlite.store import Store

PAIRS = [(k, n) for n in range(1, 201) for k in range(n + 1)]
"""How many of how many people; among them 5 of 40, which rounding halves to even makes 12%."""

WRITTEN = """
INSERT INTO wave (id, cadence, local_date, state, opens_at, closes_at, opened_at, closed_at, minimum)
  VALUES (:id, 'hand', '2026-03-03', 'closed', '', '', '2026-03-03', '2026-03-05', 5);
INSERT INTO wave_side (wave_id, side, people, answered) VALUES (:id, 'it', :n, :k);
INSERT INTO wave_item (wave_id, position, item_id, series)
  VALUES (:id, 1, 'AS-IT-IS', 's'), (:id, 2, 'THE-REST', 's');
INSERT INTO score (wave_id, item_id, side, n) VALUES (:id, 'AS-IT-IS', 'it', :n), (:id, 'THE-REST', 'it', :n);
INSERT INTO score_share (wave_id, item_id, side, measure, people_low, people_high)
  VALUES (:id, 'AS-IT-IS', 'it', 'agree', :k, :k), (:id, 'THE-REST', 'it', 'agree', :k, :k);
"""
COMPARED = """
INSERT INTO baseline VALUES ('a figure', 'a study', 2013, '', '', 56, 55.5, 56.5, NULL, 'A', '', '');
INSERT INTO item VALUES ('AS-IT-IS', 's', 'it', 'trust', ''), ('THE-REST', 's', 'it', 'trust', '');
INSERT INTO item_baseline VALUES ('AS-IT-IS', 'it', 'a figure', 'agree', 0, 1, '');
INSERT INTO item_baseline VALUES ('THE-REST', 'it', 'a figure', 'agree', 1, 1, '');
"""


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The shipped views over a closed pulse for each pair, also for counts that are never published."""
    path = tmp_path_factory.mktemp("rounding") / "pulse.db"
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.executescript(COMPARED)
        for statement in filter(str.strip, WRITTEN.split(";")):
            rows = ({"id": number, "k": k, "n": n} for number, (k, n) in enumerate(PAIRS, 1))
            connection.executemany(statement, rows)
        yield connection


@pytest.mark.parametrize(
    ("query", "complement"),
    [
        ("SELECT pulse, people_answered_percent FROM participation", False),
        ("SELECT pulse, share_low_percent FROM pulse_scores WHERE item_id = 'AS-IT-IS'", False),
        ("SELECT pulse, share_high_percent FROM pulse_scores WHERE item_id = 'AS-IT-IS'", False),
        ("SELECT pulse, share_low_percent FROM baseline_comparison WHERE item_id = 'AS-IT-IS'", False),
        ("SELECT pulse, share_high_percent FROM baseline_comparison WHERE item_id = 'AS-IT-IS'", False),
        ("SELECT pulse, share_low_percent FROM baseline_comparison WHERE item_id = 'THE-REST'", True),
        ("SELECT pulse, share_high_percent FROM baseline_comparison WHERE item_id = 'THE-REST'", True),
    ],
)
def test_a_view_rounds_as_messages_do(views: sqlite3.Connection, query: str, complement: bool) -> None:
    """Each column of each view, and the rest of the people beside a figure that counts them."""
    expected = {number: percent(n - k if complement else k, n) for number, (k, n) in enumerate(PAIRS, 1)}
    assert dict(views.execute(query)) == expected


def test_every_view_with_a_per_cent_is_tried(views: sqlite3.Connection) -> None:
    """A new view with a per cent of people fails here until it stands in the list above."""
    made = [name for (name,) in views.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]
    columns = {
        (name, column)
        for name in made
        for _id, column, *_ in views.execute(f"PRAGMA table_info({name})")
        if column.endswith("_percent") and not column.startswith("published_")
    }
    assert columns == {
        ("participation", "people_answered_percent"),
        ("pulse_scores", "share_low_percent"),
        ("pulse_scores", "share_high_percent"),
        ("baseline_comparison", "share_low_percent"),
        ("baseline_comparison", "share_high_percent"),
    }


def test_the_export_rounds_as_messages_do() -> None:
    """Both ends of a share, for every pair."""
    ids = [f"{k}-{n}" for k, n in PAIRS]
    when = datetime(2026, 3, 3, tzinfo=UTC)
    wave = ClosedWave(
        id=1,
        token="t",
        opened_at=when,
        closed_at=when,
        minimum=5,
        items=tuple(ids),
        series=dict.fromkeys(ids, "s"),
        turnout={Side.IT: SideTurnout(200, 200)},
        outcomes={
            (id_, Side.IT): Counted(n, {"agree": Share(k, k)}) for id_, (k, n) in zip(ids, PAIRS, strict=True)
        },
    )
    table = csv.DictReader(io.StringIO(files([wave], Bank(()))[SCORES].decode("utf-8-sig")))
    told = [row for row in table if row["side"] == "it"]
    assert len(told) == len(PAIRS)
    wrong = [
        row["item_id"]
        for row, (k, n) in zip(told, PAIRS, strict=True)
        if {row["share_low_percent"], row["share_high_percent"]} != {str(percent(k, n))}
    ]
    assert wrong == []
