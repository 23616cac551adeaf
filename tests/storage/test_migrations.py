"""The schema moves forward with its data, or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from pulse.core.audit import AuditEvent
from pulse.core.model import Side
from pulse.ops.sample import fill
from pulse.storage.library import load_library
from pulse.storage.sqlite import migrations as schema
from pulse.storage.sqlite.store import Store
from pulse.views.audit import event_sentence

NAMES = [migration.name for migration in schema.migrations.pending(Database(memory=True))]
AUDIT = "m0003_audit_as_codes"
OWN = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlite_%'"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    yield opened
    opened.close()


async def filled(path: Path) -> Store:
    store = Store.open(path)
    channels = {Side.MARKETING: "C1", Side.IT: "C2"}
    await fill(store, load_library(None).bank, datetime(2026, 11, 22, 12, tzinfo=UTC), channels)
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
    for table in tables:
        columns = ", ".join(f'"{row[1]}"' for row in old.execute(f"PRAGMA table_info({table})"))
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.{table}")
    old.close()
    upgraded = Store.open(tmp_path / "old.db")
    try:
        assert len(upgraded.closed_waves()) == 12
        assert upgraded.closed_waves() == today.closed_waves()
        assert upgraded.setup() == today.setup()
        assert upgraded.notes() == today.notes()
    finally:
        upgraded.close()
        today.close()


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
    """A sentence that no code says stays as it was written; readers see the same words before and after."""
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
    ],
)
def test_the_file_itself_refuses_what_the_promise_rules_out(
    connection: sqlite3.Connection, statement: str
) -> None:
    """A minimum or a count under 5, a key that outlives its wave, a bar of one or two people."""
    schema.migrate(connection)
    connection.execute("PRAGMA foreign_keys = OFF")
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(statement)
