"""The schema moves forward with its data, or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from pulse.core.audit import AuditEvent
from pulse.core.model import Counted, Share, Side, SideTurnout, Withheld
from pulse.ops.sample import fill
from pulse.storage.library import load_library
from pulse.storage.sqlite import migrations as schema
from pulse.storage.sqlite.store import Store
from pulse.views.audit import event_sentence

NAMES = [migration.name for migration in schema.migrations.pending(Database(memory=True))]
AUDIT = "m0004_audit_as_codes"
OWN = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlite_%'"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    yield opened
    opened.close()


async def filled(path: Path) -> Store:
    store = Store.open(path)
    channels = {Side.MARKETING: "C1", Side.IT: "C2"}
    await fill(store, load_library(None), datetime(2026, 11, 22, 12, tzinfo=UTC), channels)
    return store


@pytest.mark.parametrize("released", NAMES[1:])
async def test_a_database_of_an_earlier_schema_opens_with_all_its_data(tmp_path: Path, released: str) -> None:
    """Twelve closed waves that were written under an earlier schema read the same under today's."""
    today = await filled(tmp_path / "today.db")
    old = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    schema.migrations.apply(Database(old, execute_plugins=False), stop_before=released)
    tables = [row[0] for row in old.execute(OWN)]
    old.execute("ATTACH ? AS today", (str(tmp_path / "today.db"),))
    old.execute("PRAGMA foreign_keys = OFF")
    has_tokens = '"token"' in _columns(old, "main", "wave")
    for table in tables:
        columns = ", ".join(_columns(old, "main", table) & _columns(old, "today", table))
        old.execute(f"INSERT OR REPLACE INTO main.{table} ({columns}) SELECT {columns} FROM today.{table}")
    old.close()
    upgraded = Store.open(tmp_path / "old.db")
    try:
        assert len(await upgraded.closed_waves()) == 12
        waves = [
            wave if "expectation" in tables else replace(wave, expected={})
            for wave in await today.closed_waves()
        ]
        numbered = [replace(wave, token=f"{wave.id:016d}") for wave in waves]
        assert [*await upgraded.closed_waves()] == (waves if has_tokens else numbered)
        assert await upgraded.setup() == await today.setup()
        assert await upgraded.notes() == await today.notes()
    finally:
        upgraded.close()
        today.close()


def _columns(connection: sqlite3.Connection, database: str, table: str) -> set[str]:
    return {f'"{row[1]}"' for row in connection.execute(f"PRAGMA {database}.table_info({table})")}


FIRST_EDITION = """
INSERT INTO wave (id, cadence, local_date, state, opens_at, closes_at, opened_at, closed_at, minimum) VALUES
  (1, 'hand', '2026-03-03', 'closed', '2026-03-03T08:00:00+00:00', '2026-03-05T08:00:00+00:00',
   '2026-03-03T08:00:00+00:00', '2026-03-05T08:00:00+00:00', 5);
INSERT INTO wave_side (wave_id, side, people, answered, index_people, index_mean, index_deviation) VALUES
  (1, 'marketing', 30, 24, 22, 61.0, 20.0), (1, 'it', 16, NULL, NULL, NULL, NULL);
"""
KEPT = {
    ("few", 5): (0, 2),
    ("few", 9): (0, 2),
    ("about half", 5): None,
    ("about half", 6): None,
    ("about half", 7): (3, 4),
    ("about half", 9): (3, 6),
    ("most", 5): (3, 5),
    ("most", 6): (4, 6),
    ("most", 9): (7, 9),
    ((0, 1), 12): (0, 2),
    ((2, 2), 12): (0, 2),
    ((3, 3), 12): (3, 3),
    ((9, 9), 12): (9, 9),
    ((10, 10), 12): (10, 12),
    ((11, 12), 12): (10, 12),
}


def _first_edition(path: Path) -> sqlite3.Connection:
    old = sqlite3.connect(path, isolation_level=None)
    schema.migrations.apply(Database(old, execute_plugins=False), stop_before="m0003_one_rule_for_shares")
    old.executescript(FIRST_EDITION)
    return old


def _score(old: sqlite3.Connection, item: str, n: int, kept: str | tuple[int, int], measure: str) -> None:
    old.execute("INSERT INTO wave_item VALUES (1, (SELECT count(*) FROM wave_item), ?, ?)", (item, item))
    band = kept if isinstance(kept, str) else None
    old.execute("INSERT INTO score VALUES (1, ?, 'marketing', ?, ?)", (item, n, band))
    if not isinstance(kept, str):
        old.execute("INSERT INTO score_share VALUES (1, ?, 'marketing', ?, ?, ?)", (item, measure, *kept))


@pytest.mark.parametrize(("kept", "n"), KEPT)
async def test_what_the_first_edition_kept_is_shown_under_the_new_rule(
    tmp_path: Path, kept: str | tuple[int, int], n: int
) -> None:
    """Words and merged ends become the figure that covers all counts they stood for, or are withheld."""
    old = _first_edition(tmp_path / "old.db")
    _score(old, "T01", n, kept, "top2box")
    old.close()
    expected = KEPT[kept, n]
    store = Store.open(tmp_path / "old.db")
    try:
        [wave] = await store.closed_waves()
    finally:
        store.close()
    assert wave.turnout == {Side.MARKETING: SideTurnout(30, 24), Side.IT: SideTurnout(16, None)}
    now = wave.outcomes["T01", Side.MARKETING]
    assert now == (Withheld() if expected is None else Counted(n, {"top2box": Share(*expected)}))


def test_a_word_of_the_first_edition_finds_the_share_that_it_was_of(tmp_path: Path) -> None:
    """By other pulses of its series, else by the shipped item; without either it is withheld."""
    old = _first_edition(tmp_path / "old.db")
    for item in ("A02", "X01", "X02"):
        _score(old, item, 7, "few", "")
    old.execute("INSERT INTO score VALUES (1, 'X01', 'it', 12, NULL)")
    old.execute("INSERT INTO score_share VALUES (1, 'X01', 'it', 'choice_share:daily', 5, 5)")
    schema.migrate(old)
    shares = old.execute("SELECT item_id, measure FROM score_share WHERE side = 'marketing'").fetchall()
    scores = old.execute("SELECT item_id FROM score WHERE side = 'marketing'").fetchall()
    old.close()
    assert shares == [("A02", "choice_share:about_right"), ("X01", "choice_share:daily")]
    assert scores == [("A02",), ("X01",)]


def test_counts_and_bars_of_the_first_edition_stay_and_its_index_goes(tmp_path: Path) -> None:
    """A share of 7 of 24 keeps its bars; no part of the index is left in the file."""
    old = _first_edition(tmp_path / "old.db")
    _score(old, "T01", 24, (7, 7), "top2box")
    bars = [(0, "1,2,3", 17), (1, "4,5", 7)]
    old.executemany("INSERT INTO score_bar VALUES (1, 'T01', 'marketing', ?, ?, ?)", bars)
    schema.migrate(old)
    assert old.execute("SELECT position, boxes, people FROM score_bar").fetchall() == bars
    assert old.execute(OWN + " AND sql LIKE '%index_mean%'").fetchall() == []
    assert old.execute("SELECT name FROM sqlite_temp_schema").fetchall() == []
    seen = (
        "SELECT status, answers_n, people_low_n, share_low_percent FROM pulse_scores WHERE side = 'marketing'"
    )
    assert old.execute(seen).fetchall() == [("counted", 24, 7, 29)]
    old.close()


@pytest.mark.parametrize(
    ("sentence", "code", "values"),
    [
        ("A manager opened a pulse.", "opened by hand", {}),
        ("A manager skipped the pulse of 2026-03-03.", "skipped by hand", {"date": "2026-03-03"}),
        (
            "The pulse of 2026-03-10 was skipped: the schedule was paused.",
            "skipped paused",
            {"date": "2026-03-10"},
        ),
        (
            "The set-up was changed: channels, smallest group.",
            "set-up changed",
            {"parts": "channels minimum"},
        ),
        ("The set-up was changed: something else.", None, None),
        ("Es ist etwas geschehen.", None, None),
    ],
)
def test_an_old_entry_of_the_audit_becomes_a_code_that_says_the_same(
    connection: sqlite3.Connection, sentence: str, code: str | None, values: dict[str, str] | None
) -> None:
    """A sentence without a code stays as it was written; readers see the same words before and after."""
    schema.migrations.apply(Database(connection, execute_plugins=False), stop_before=AUDIT)
    connection.execute("INSERT INTO audit (at, what) VALUES ('2026-03-03T09:00:00+00:00', ?)", (sentence,))
    schema.migrate(connection)
    [kept] = connection.execute("SELECT what FROM audit").fetchone()
    event = AuditEvent.from_json(kept)
    assert event_sentence(event) == sentence
    if code is None:
        assert kept == sentence
    else:
        assert (event.code.value, event.values) == (code, values)


def test_migrating_twice_changes_nothing(connection: sqlite3.Connection) -> None:
    """A start finds its migrations done and leaves the schema alone."""
    schema.migrate(connection)
    before = connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    schema.migrate(connection)
    assert connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall() == before


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables and the record that it ran are rolled back together."""
    broken = Migrations("pulse")

    @broken()
    def m0001_half(db: Database) -> None:
        db.conn.execute("CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT")
        raise ValueError("in the middle")

    monkeypatch.setattr(schema, "migrations", broken)
    with pytest.raises(ValueError, match="in the middle"):
        schema.migrate(connection)
    assert connection.execute(OWN).fetchall() == []
    assert connection.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (0,)


def test_a_statement_may_hold_comments_with_semicolons(connection: sqlite3.Connection) -> None:
    """The comments of the schema stay in the file, for people who open it with another tool."""
    schema.migrate(connection)
    [sql] = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'wave'").fetchone()
    assert "destroyed at close" in sql


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO setup (id, schedule, items, minimum, since) VALUES (1, '{}', 3, 4, '2026')",
        "INSERT INTO wave (cadence, local_date, state, opens_at, closes_at, minimum, key)"
        " VALUES ('hand', '2026-03-03', 'open', '2026', '2026', 4, x'00')",
        "INSERT INTO wave (cadence, local_date, state, opens_at, closes_at, minimum, key)"
        " VALUES ('hand', '2026-03-03', 'closed', '2026', '2026', 5, x'00')",
        "INSERT INTO score (wave_id, item_id, side, n) VALUES (1, 'T01', 'it', 4)",
        "INSERT INTO score_bar (wave_id, item_id, side, position, boxes, people)"
        " VALUES (1, 'T01', 'it', 0, '4,5', 2)",
        "INSERT INTO score_share (wave_id, item_id, side, measure, people_low, people_high)"
        " VALUES (1, 'T01', 'it', 'top2box', 0, 1)",
        "INSERT INTO score_share (wave_id, item_id, side, measure, people_low, people_high)"
        " VALUES (1, 'T01', 'it', 'top2box', 2, 2)",
    ],
)
def test_the_file_itself_refuses_what_the_promise_rules_out(
    connection: sqlite3.Connection, statement: str
) -> None:
    """A minimum or a count under 5, a key that outlives its wave, a bar or a share of one or two people."""
    schema.migrate(connection)
    connection.execute("PRAGMA foreign_keys = OFF")
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(statement)
