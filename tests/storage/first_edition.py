"""Writes the database that the first edition left (fixtures/first_edition.sql) for a test."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

DUMP = Path(__file__).parent / "fixtures" / "first_edition.sql"

MARKETING, IT, RESULTS = "C0MARKETING", "C0ITMOVED", "C0RESULTS"
"""Its channels. IT's had the id C0IT until the open wave had begun."""


def write_first_edition(path: Path, channels: dict[str, str] | None = None) -> None:
    """Writes the database to `path`; `channels` gives its channels other ids."""
    dump = DUMP.read_text(encoding="utf-8")
    for old, new in (channels or {}).items():
        dump = dump.replace(f"'{old}'", f"'{new}'")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(dump)
