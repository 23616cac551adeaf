"""Waves, planned by the schedule or opened by hand: opening, skipping and reminders."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime

from pulse.core.calendar import Moments
from pulse.core.errors import NotNow, PulseError
from pulse.core.items import Asking
from pulse.core.language import _
from pulse.core.model import BothSides, Side
from pulse.core.plan import KnownWave, WaveState
from pulse.core.records import CalledOffWave, MessageKind, NewMessage, NewWave, Opening, OpenWave
from pulse.storage.ballots import length_of
from pulse.storage.sqlite.audit import record_change
from pulse.storage.sqlite.ballots import add_ballots
from pulse.storage.sqlite.outbox import add_message
from pulse.storage.sqlite.sealing import SealedTheme
from pulse.storage.sqlite.theme import ReadTheme, Row, moment


class WaveRows(ReadTheme):
    """Reads waves (see `pulse.storage.port.WaveReader`)."""

    async def current_wave(self) -> OpenWave | None:
        row = self._reader.row("SELECT * FROM wave WHERE state = 'open'")
        if row is None:
            return None
        items = self._reader.rows(
            "SELECT item_id, series FROM wave_item WHERE wave_id = ? ORDER BY position", row["id"]
        )
        sides = self._reader.rows("SELECT side, people FROM wave_side WHERE wave_id = ?", row["id"])
        return OpenWave(
            id=row["id"],
            token=row["token"],
            local_date=date.fromisoformat(row["local_date"]),
            opened_at=datetime.fromisoformat(row["opened_at"]),
            closes_at=datetime.fromisoformat(row["closes_at"]),
            reminders=_reminders(row),
            minimum=row["minimum"],
            items=tuple(item["item_id"] for item in items),
            series={item["item_id"]: item["series"] for item in items},
            people={Side(side["side"]): side["people"] for side in sides},
            channels=await self.wave_channels(row["id"]),
            both_sides=BothSides(row["both_sides"]),
            first_edition=bool(row["first_edition"]),
        )

    async def wave_channels(self, wave_id: int) -> dict[str, Side]:
        rows = self._reader.rows(
            "SELECT channel_id, side FROM wave_channel WHERE wave_id = ? ORDER BY side, channel_id", wave_id
        )
        return {row["channel_id"]: Side(row["side"]) for row in rows}

    async def known_waves(self, since: date = date.min) -> dict[date, KnownWave]:
        rows = self._reader.rows(
            "SELECT * FROM wave WHERE local_date >= ? OR state = 'open' ORDER BY state = 'open', id",
            since.isoformat(),
        )
        return {date.fromisoformat(row["local_date"]): _known_wave(row) for row in rows}

    async def last_opening(self) -> Opening | None:
        row = self._reader.row(
            "SELECT opened_at, cadence FROM wave WHERE opened_at IS NOT NULL ORDER BY opened_at DESC LIMIT 1"
        )
        if row is None:
            return None
        return Opening(at=datetime.fromisoformat(row["opened_at"]), by_hand=row["cadence"] == "hand")

    async def last_decided(self, until: datetime) -> datetime | None:
        row = self._reader.row(
            "SELECT max(opens_at) AS latest FROM wave WHERE cadence = 'schedule' AND opens_at <= ?",
            until.isoformat(),
        )
        return None if row is None else moment(row["latest"])

    async def missed_waves(self, since: datetime) -> tuple[datetime, ...]:
        rows = self._reader.rows(
            "SELECT opens_at FROM wave WHERE missed = 1 AND closed_at >= ? ORDER BY opens_at",
            since.isoformat(),
        )
        return tuple(datetime.fromisoformat(row["opens_at"]) for row in rows)

    async def called_off_wave(self, wave_id: int) -> CalledOffWave | None:
        row = self._reader.row(
            "SELECT token, closed_at FROM wave WHERE id = ? AND state = 'skipped' AND opened_at IS NOT NULL",
            wave_id,
        )
        if row is None:
            return None
        items = self._reader.tuples(
            "SELECT item_id FROM wave_item WHERE wave_id = ? ORDER BY position", wave_id
        )
        return CalledOffWave(
            id=wave_id,
            token=row["token"],
            ended_at=datetime.fromisoformat(row["closed_at"]),
            items=tuple(item_id for (item_id,) in items),
        )

    async def askings(self) -> list[Asking]:
        rows = self._reader.rows(
            "SELECT wave.id AS wave, local_date, item_id FROM wave_item JOIN wave ON wave.id = wave_id"
            " ORDER BY wave.id, position"
        )
        waves: dict[int, tuple[date, list[str]]] = {}
        for row in rows:
            waves.setdefault(row["wave"], (date.fromisoformat(row["local_date"]), []))[1].append(
                row["item_id"]
            )
        return [Asking(day, tuple(items)) for day, items in waves.values()]


class Waves(WaveRows, SealedTheme):
    """Opens and skips waves (see `pulse.storage.port.WaveStore`)."""

    async def start_wave(self, new: NewWave, what: str) -> int:
        def job(connection: sqlite3.Connection) -> int:
            wave_id = _insert_wave(connection, new)
            sealer = self._sealing.make(new.token)
            add_ballots(connection, wave_id, sealer, new.roster, length_of(new.items))
            for channel in new.channels:
                add_message(
                    connection, wave_id, NewMessage(kind=MessageKind.POLL, channel=channel, at=new.opened_at)
                )
            record_change(connection, new.opened_at, what)
            return wave_id

        try:
            return await self.write(job)
        except PulseError:
            await self._writer.maintain(self.destroy_unused_keys)
            raise

    async def skip_wave(self, moments: Moments, reason: str, at: datetime, *, missed: bool = False) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            opens, closes = moments.opens_at.isoformat(), moments.closes_at.isoformat()
            cursor = connection.execute(
                "INSERT INTO wave"
                " (cadence, local_date, state, opens_at, closes_at, closed_at, reason, missed, minimum)"
                " VALUES ('schedule', ?, 'skipped', ?, ?, ?, ?, ?, 5) ON CONFLICT DO NOTHING",
                (moments.local_date.isoformat(), opens, closes, at.isoformat(), reason, int(missed)),
            )
            if cursor.rowcount:
                record_change(connection, at, reason)
            return bool(cursor.rowcount)

        return await self.write(job)

    async def mark_reminded(self, wave_id: int, number: int, at: datetime) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE wave SET reminded = ?, reminded_at = ?"
                " WHERE id = ? AND state = 'open' AND reminded < ?",
                (number, at.isoformat(), wave_id, number),
            )
            return bool(changed.rowcount)

        return await self.write(job)


def _insert_wave(connection: sqlite3.Connection, new: NewWave) -> int:
    try:
        [(wave_id,)] = connection.execute(
            "INSERT INTO wave"
            " (cadence, local_date, state, opens_at, closes_at, reminders, opened_at, minimum, token,"
            " both_sides) VALUES (?, ?, 'open', ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (
                new.cadence,
                new.moments.local_date.isoformat(),
                new.moments.opens_at.isoformat(),
                new.moments.closes_at.isoformat(),
                json.dumps([reminder.isoformat() for reminder in new.moments.reminders]),
                new.opened_at.isoformat(),
                new.minimum,
                new.token,
                new.both_sides,
            ),
        ).fetchall()
    except sqlite3.IntegrityError as error:
        raise NotNow(
            _("A pulse is open already, or this date has had its pulse. Nothing was opened.")
        ) from error
    connection.executemany(
        "INSERT INTO wave_item (wave_id, position, item_id, series) VALUES (?, ?, ?, ?)",
        [(wave_id, position, item.id, item.series) for position, item in enumerate(new.items)],
    )
    connection.executemany(
        "INSERT INTO wave_side (wave_id, side, people) VALUES (?, ?, ?)",
        [(wave_id, str(side), count) for side, count in new.people.items()],
    )
    connection.executemany(
        "INSERT INTO wave_channel (wave_id, channel_id, side) VALUES (?, ?, ?)",
        [(wave_id, channel, str(side)) for channel, side in new.channels.items()],
    )
    return int(wave_id)


def _known_wave(row: Row) -> KnownWave:
    return KnownWave(
        WaveState(row["state"]),
        Moments(
            date.fromisoformat(row["local_date"]),
            datetime.fromisoformat(row["opens_at"]),
            _reminders(row),
            datetime.fromisoformat(row["closes_at"]),
        ),
        row["reminded"],
        moment(row["reminded_at"]),
    )


def _reminders(row: Row) -> tuple[datetime, ...]:
    return tuple(datetime.fromisoformat(reminder) for reminder in json.loads(row["reminders"]))
