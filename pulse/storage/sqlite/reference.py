"""The items and published figures, stored so that the views of a backup can name them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from pulse.core.baselines import Ledger, comparable
from pulse.core.items import Bank
from pulse.core.model import Baseline, Side
from pulse.storage.sqlite.theme import Theme


class Reference(Theme):
    """Stores what views name (see `pulse.storage.port.ReferenceStore`)."""

    async def keep_reference(self, bank: Bank, ledger: Ledger) -> None:
        items = [(i.id, i.series, str(side), i.dimension, i.wordings[side]) for i in bank for side in Side]
        figures = [_figure(row) for row in ledger]
        links = [
            (item.id, str(side), c.row.key, c.measure, int(c.complement), int(c.verdict), c.caveat)
            for item in bank
            for side in Side
            for c in comparable(item, side, ledger)
        ]

        def job(connection: sqlite3.Connection) -> None:
            for table, rows in (("item_baseline", []), ("item", items), ("baseline", figures)):
                _replace(connection, table, rows)
            _replace(connection, "item_baseline", links)

        await self.write(job)


def _figure(row: Baseline) -> tuple[Any, ...]:
    said = (row.key, row.study, row.published, row.statement, row.measure)
    number = (row.percent, row.percent_low, row.percent_high, row.n)
    return (*said, *number, row.grade, row.surveyed, row.source)


def _replace(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - likewise
