"""Duties and wishes of people, under keyed codes instead of ids."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from pulse.storage.sqlite.audit import record_change
from pulse.storage.sqlite.theme import Theme


class People(Theme):
    """The codes of managers and opt-outs, and their key (see `pulse.storage.port.PeopleStore`)."""

    def secret(self) -> bytes | None:
        row = self._reader.row("SELECT value FROM secret")
        return None if row is None else row["value"]

    async def make_secret(self, value: bytes) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO secret (id, value) VALUES (1, ?) ON CONFLICT DO NOTHING", (value,)
            )

        await self.write(job)

    def wishes(self, kind: str) -> frozenset[bytes]:
        rows = self._reader.tuples("SELECT person FROM wish WHERE kind = ?", kind)
        return frozenset(person for (person,) in rows)

    async def set_wish(self, person: bytes, kind: str, wanted: bool, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            if wanted:
                connection.execute(
                    "INSERT INTO wish (person, kind) VALUES (?, ?) ON CONFLICT DO NOTHING", (person, kind)
                )
            else:
                connection.execute("DELETE FROM wish WHERE person = ? AND kind = ?", (person, kind))
            if what:
                record_change(connection, at, what)

        await self.write(job)
