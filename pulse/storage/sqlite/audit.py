"""Notes on the trend, and the audit of what managers changed."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

from pulse.core.model import Note
from pulse.storage.sqlite.theme import Theme


class Journal(Theme):
    """Notes and the audit (see `pulse.storage.port.JournalStore`)."""

    async def notes(self) -> tuple[Note, ...]:
        rows = self._reader.rows("SELECT day, text FROM note ORDER BY day, id")
        return tuple(Note(date.fromisoformat(row["day"]), row["text"]) for row in rows)

    async def add_note(self, note: Note, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO note (day, text) VALUES (?, ?)", (note.day.isoformat(), note.text)
            )
            record_change(connection, at, what)

        await self.write(job)

    async def audit(self, most: int = 20) -> tuple[tuple[datetime, str], ...]:
        rows = self._reader.rows("SELECT at, what FROM audit ORDER BY id DESC LIMIT ?", most)
        return tuple((datetime.fromisoformat(row["at"]), row["what"]) for row in rows)


def record_change(connection: sqlite3.Connection, at: datetime, what: str) -> None:
    """Adds a line to the audit, in the transaction of the change."""
    connection.execute("INSERT INTO audit (at, what) VALUES (?, ?)", (at.isoformat(), what))
