"""The outbox: messages for channels, written before they are posted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pulse.core.records import MessageKind, MessageState, NewMessage, OutboxMessage
from pulse.storage.sqlite.theme import ReadTheme, Row, Theme


class OutboxRows(ReadTheme):
    """Reads the outbox (see `pulse.storage.port.OutboxReader`)."""

    async def undelivered(self, at: datetime | None = None) -> tuple[OutboxMessage, ...]:
        due = None if at is None else at.isoformat()
        rows = self._reader.rows(
            "SELECT * FROM outbox WHERE state IN ('due', 'sending') AND (? IS NULL OR next_try_at <= ?)"
            " ORDER BY next_try_at, key",
            due,
            due,
        )
        return tuple(_message(row) for row in rows)

    async def posted(self, kind: str, wave_id: int) -> dict[str, str]:
        rows = self._reader.rows(
            "SELECT channel_id, ts FROM outbox WHERE kind = ? AND wave_id = ? AND ts IS NOT NULL",
            kind,
            wave_id,
        )
        return {row["channel_id"]: row["ts"] for row in rows}

    async def copies(self, kind: str, wave_id: int) -> tuple[tuple[str, str], ...]:
        rows = self._reader.rows(
            "SELECT channel_id, ts FROM outbox WHERE kind = ? AND wave_id = ? AND ts IS NOT NULL"
            " ORDER BY channel_id, ts",
            kind,
            wave_id,
        )
        return tuple((row["channel_id"], row["ts"]) for row in rows)

    async def failing_messages(self) -> tuple[OutboxMessage, ...]:
        rows = self._reader.rows(
            "SELECT * FROM outbox WHERE problem != '' AND state != 'done'"
            " AND wave_id = (SELECT max(id) FROM wave WHERE state != 'skipped') ORDER BY key"
        )
        return tuple(_message(row) for row in rows)


class Outbox(OutboxRows, Theme):
    """Messages that must be posted exactly once (see `pulse.storage.port.OutboxStore`)."""

    async def mark(self, key: str, state: MessageState, ts: str | None = None) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET state = ?, ts = coalesce(?, ts), problem = '' WHERE key = ?",
                (state, ts, key),
            )

        await self.write(job)

    async def postpone(self, key: str, state: MessageState, next_try_at: datetime, problem: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET state = ?, attempts = attempts + 1, next_try_at = ?, problem = ?"
                " WHERE key = ?",
                (state, next_try_at.isoformat(), problem, key),
            )

        await self.write(job)

    async def settle(self, key: str, ts: str) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            cursor = connection.execute(
                "UPDATE outbox SET state = 'done', ts = ?, problem = '' WHERE key = ? AND state = 'sending'"
                " AND NOT EXISTS (SELECT 1 FROM outbox AS other"
                " WHERE other.channel_id = outbox.channel_id AND other.ts = ? AND other.key != outbox.key)",
                (ts, key, ts),
            )
            return bool(cursor.rowcount)

        return await self.write(job)

    async def add_copy(self, wave_id: int, channel: str, ts: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            polls = "FROM outbox WHERE kind = 'poll' AND wave_id = ? AND channel_id = ?"
            [(known, key)] = connection.execute(
                f"SELECT coalesce(max(ts = ?), 0), min(key) {polls}",
                (ts, wave_id, channel),
            )
            if key is None or known:
                return
            connection.execute(
                "INSERT INTO outbox (key, wave_id, kind, channel_id, state, ts, next_try_at)"
                " VALUES (?, ?, 'poll', ?, 'done', ?, '') ON CONFLICT DO NOTHING",
                (f"{key}:{ts}", wave_id, channel, ts),
            )

        await self.write(job)

    async def retry_now(self, channel: str, at: datetime) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET next_try_at = ? WHERE channel_id = ? AND state IN ('due', 'sending')",
                (at.isoformat(), channel),
            )

        await self.write(job)

    async def queue_once(self, messages: Sequence[NewMessage], wave_id: int, since: int) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            found = connection.execute(
                "SELECT 1 FROM outbox WHERE kind = ? AND wave_id BETWEEN ? AND ?",
                (messages[0].kind, since, wave_id),
            )
            if found.fetchone() is not None:
                return False
            for message in messages:
                add_message(connection, wave_id, message)
            return True

        return await self.write(job)

    async def repost(self, wave_id: int, channel: str, ts: str, at: datetime) -> bool:
        poll = NewMessage(kind=MessageKind.POLL, channel=channel, at=at)

        def job(connection: sqlite3.Connection) -> bool:
            # By channel and ts: if Slack gave the channel a new id, the key still has the old one.
            deleted = connection.execute(
                "UPDATE outbox SET ts = NULL"
                " WHERE kind = 'poll' AND wave_id = ? AND channel_id = ? AND ts = ?",
                (wave_id, channel, ts),
            )
            if not deleted.rowcount:
                return True
            another = connection.execute(
                "SELECT 1 FROM outbox WHERE kind = 'poll' AND wave_id = ? AND channel_id = ?"
                " AND (ts IS NOT NULL OR state = 'sending')",
                (wave_id, channel),
            )
            if another.fetchone() is not None:
                return True
            return _insert(connection, f"{_key(connection, wave_id, poll)}:again", wave_id, poll)

        return await self.write(job)


def add_message(connection: sqlite3.Connection, wave_id: int, message: NewMessage) -> None:
    """Adds a message, in the transaction of what it announces; one that exists stays as it is."""
    _insert(connection, _key(connection, wave_id, message), wave_id, message)


def add_announcement(connection: sqlite3.Connection, message: NewMessage) -> None:
    """Adds a message that belongs to no wave; it replaces one of its kind that waits for the channel."""
    connection.execute(
        "UPDATE outbox SET state = 'done' WHERE kind = ? AND channel_id = ? AND state = 'due'",
        (message.kind, message.channel),
    )
    _insert(connection, f"{message.kind}:{message.at.isoformat()}:{message.channel}", None, message)


def _key(connection: sqlite3.Connection, wave_id: int, message: NewMessage) -> str:
    """Goes into Slack's metadata too, so it has the wave's token: numbers can recur after a restore."""
    [(token,)] = connection.execute("SELECT token FROM wave WHERE id = ?", (wave_id,)).fetchall()
    return f"{message.kind}:{token}:{message.channel}"


def _insert(connection: sqlite3.Connection, key: str, wave_id: int | None, message: NewMessage) -> bool:
    """True if the message is new."""
    cursor = connection.execute(
        "INSERT INTO outbox (key, wave_id, kind, channel_id, state, next_try_at)"
        " VALUES (?, ?, ?, ?, 'due', ?) ON CONFLICT DO NOTHING",
        (key, wave_id, message.kind, message.channel, message.at.isoformat()),
    )
    return bool(cursor.rowcount)


def _message(row: Row) -> OutboxMessage:
    return OutboxMessage(
        key=row["key"],
        wave_id=row["wave_id"],
        kind=row["kind"],
        channel=row["channel_id"],
        state=MessageState(row["state"]),
        ts=row["ts"],
        attempts=row["attempts"],
        problem=row["problem"],
    )
