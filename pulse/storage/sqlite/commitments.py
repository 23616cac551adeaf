"""Commitments. Which wave asked about one is read from the waves: nothing has to be kept in step."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime

from pulse.core.commitments import ID_PREFIX, Commitment, CommitmentDraft
from pulse.core.model import Side
from pulse.core.records import NewMessage
from pulse.storage.sqlite.audit import record_change
from pulse.storage.sqlite.outbox import add_announcement
from pulse.storage.sqlite.theme import Row, Theme

_ASKED = f"""
SELECT commitment.*, wave.id AS asked_in, wave.state, wave.local_date
FROM commitment
LEFT JOIN wave ON wave.state != 'skipped' AND wave.id = (
  SELECT max(wave_item.wave_id) FROM wave_item JOIN wave AS asking ON asking.id = wave_item.wave_id
  WHERE wave_item.item_id = '{ID_PREFIX}' || commitment.id AND asking.state != 'skipped'
)
ORDER BY commitment.id
"""  # noqa: S608 - the prefix is a constant of ours


class Commitments(Theme):
    """What sides said they will do (see `pulse.storage.port.CommitmentStore`)."""

    async def commitments(self) -> tuple[Commitment, ...]:
        return tuple(_commitment(row) for row in self._reader.rows(_ASKED))

    async def add_commitment(
        self, draft: CommitmentDraft, made_on: date, channels: Sequence[str], at: datetime, what: str
    ) -> int:
        def job(connection: sqlite3.Connection) -> int:
            [(number,)] = connection.execute(
                "INSERT INTO commitment (side, text, made_on, due_on, written_by) VALUES (?, ?, ?, ?, ?)"
                " RETURNING id",
                (str(draft.side), draft.text, made_on.isoformat(), draft.due_on.isoformat(), draft.by),
            ).fetchall()
            _tell(connection, f"{ID_PREFIX}{number}", channels, at)
            record_change(connection, at, what)
            return int(number)

        return await self.write(job)

    async def withdraw_commitment(
        self, number: int, withdrawn_on: date, channels: Sequence[str], at: datetime, what: str
    ) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE commitment SET withdrawn_on = ? WHERE id = ? AND withdrawn_on IS NULL",
                (withdrawn_on.isoformat(), number),
            )
            if changed.rowcount:
                _tell(connection, f"withdrawn.{ID_PREFIX}{number}", channels, at)
                record_change(connection, at, what)
            return bool(changed.rowcount)

        return await self.write(job)


def _tell(connection: sqlite3.Connection, kind: str, channels: Sequence[str], at: datetime) -> None:
    """With its time in the key: after a restore, Slack may show another commitment of the same number."""
    for channel in channels:
        add_announcement(connection, NewMessage(kind=kind, channel=channel, at=at))


def _commitment(row: Row) -> Commitment:
    return Commitment(
        id=row["id"],
        side=Side(row["side"]),
        text=row["text"],
        made_on=date.fromisoformat(row["made_on"]),
        due_on=date.fromisoformat(row["due_on"]),
        by=row["written_by"],
        asked_in=row["asked_in"],
        answered_on=date.fromisoformat(row["local_date"]) if row["state"] == "closed" else None,
        withdrawn_on=date.fromisoformat(row["withdrawn_on"]) if row["withdrawn_on"] else None,
    )
