"""Duties and wishes of people, under keyed codes instead of ids."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from pulse.storage.sqlite.audit import record_change
from pulse.storage.sqlite.sealing import SealedTheme


class People(SealedTheme):
    """The codes of managers and opt-outs, and their key (see `pulse.storage.port.PeopleStore`)."""

    async def secret(self) -> bytes | None:
        return self._sealing.keys.secret()

    async def make_secret(self, value: bytes) -> None:
        def job(_connection: sqlite3.Connection) -> None:
            if self._sealing.keys.secret() is None:
                self._sealing.keys.keep_secret(value)

        await self._writer.maintain(job)

    async def wishes(self, kind: str) -> frozenset[bytes]:
        rows = self._reader.tuples("SELECT person FROM wish WHERE kind = ?", kind)
        return frozenset(person for (person,) in rows)

    async def set_wish(self, person: bytes, kind: str, wanted: bool, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            if wanted:
                add_wish(connection, person, kind)
            else:
                connection.execute("DELETE FROM wish WHERE person = ? AND kind = ?", (person, kind))
            if what:
                record_change(connection, at, what)

        await self.write(job)


def add_wish(connection: sqlite3.Connection, person: bytes, kind: str) -> bool:
    """Whether the wish is new."""
    cursor = connection.execute(
        "INSERT INTO wish (person, kind) VALUES (?, ?) ON CONFLICT DO NOTHING", (person, kind)
    )
    return bool(cursor.rowcount)
