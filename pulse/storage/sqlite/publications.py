"""The close of a wave: what may be published replaces the answers, and is read from then on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from operator import itemgetter
from typing import Any

from pulse.core.errors import StoreFault
from pulse.core.model import (
    Bar,
    ClosedWave,
    Counted,
    Expected,
    Outcome,
    Share,
    Side,
    SideTurnout,
    Withheld,
)
from pulse.core.records import Ballots, NewMessage, Publication, Traces
from pulse.storage.sqlite.audit import record_change
from pulse.storage.sqlite.ballots import all_ballots, delete_ballots
from pulse.storage.sqlite.file import scrub
from pulse.storage.sqlite.outbox import add_message
from pulse.storage.sqlite.sealing import SealedTheme
from pulse.storage.sqlite.theme import Reader, ReadTheme, Row


class PublicationRows(ReadTheme):
    """Reads closed waves (see `pulse.storage.port.PublicationReader`)."""

    async def closed_count(self) -> int:
        row = self._reader.row("SELECT count(*) AS waves FROM wave WHERE state = 'closed'")
        return 0 if row is None else int(row["waves"])

    async def closed_waves(self, after: int = 0, most: int = -1) -> tuple[ClosedWave, ...]:
        return tuple(_closed_waves(self._reader, after, most))


class Publications(PublicationRows, SealedTheme):
    """Closes waves (see `pulse.storage.port.PublicationStore`)."""

    scrub_due = False
    traces = Traces.NONE

    async def close_wave(
        self,
        wave_id: int,
        publish: Callable[[Mapping[Side, Ballots]], Publication],
        messages: Sequence[NewMessage],
        at: datetime,
        what: str,
    ) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE wave SET state = 'closed', closed_at = ? WHERE id = ? AND state = 'open'",
                (at.isoformat(), wave_id),
            )
            if not changed.rowcount:
                return False
            _publish(connection, wave_id, publish(all_ballots(connection, wave_id, self._sealing.current())))
            delete_ballots(connection, wave_id)
            for message in messages:
                add_message(connection, wave_id, message)
            record_change(connection, at, what)
            return True

        closed = await self.write(job)
        if closed:
            await self._forget()
        return closed

    async def call_off(self, wave_id: int, messages: Sequence[NewMessage], at: datetime, reason: str) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE wave SET state = 'skipped', closed_at = ?, reason = ?"
                " WHERE id = ? AND state = 'open'",
                (at.isoformat(), reason, wave_id),
            )
            if changed.rowcount:
                delete_ballots(connection, wave_id)
                for message in messages:
                    add_message(connection, wave_id, message)
                record_change(connection, at, reason)
            return bool(changed.rowcount)

        called_off = await self.write(job)
        if called_off:
            await self._forget()
        return called_off

    async def _forget(self) -> None:
        """Destroys the key, now that the wave's end is committed. If that fails, `scrub` tries again."""
        self.scrub_due = True
        if self.traces is Traces.NONE:
            self.traces = Traces.KEY
        with suppress(StoreFault):
            await self._destroy_keys()

    async def scrub(self) -> None:
        """Destroys leftover keys, rewrites the file without its free pages and empties the log."""
        self.scrub_due = True
        await self._destroy_keys()
        await self._writer.maintain(scrub)
        self.scrub_due = False
        self.traces = Traces.NONE

    async def _destroy_keys(self) -> None:
        await self._writer.maintain(self.destroy_unused_keys)
        if self.traces is Traces.KEY:
            self.traces = Traces.NONE


def _publish(connection: sqlite3.Connection, wave_id: int, publication: Publication) -> None:
    for side, turnout in publication.turnout.items():
        connection.execute(
            "UPDATE wave_side SET people = ?, answered = ? WHERE wave_id = ? AND side = ?",
            (turnout.roster, turnout.answered, wave_id, str(side)),
        )
    for (item_id, side), outcome in publication.outcomes.items():
        _publish_score(connection, (wave_id, item_id, str(side)), outcome)
    connection.executemany(
        "INSERT INTO expectation (wave_id, item_id, side, n, half_people) VALUES (?, ?, ?, ?, ?)",
        [
            (wave_id, item_id, str(side), found.n, int(2 * found.of_ten))
            for (item_id, side), found in publication.expected.items()
        ],
    )


def _publish_score(connection: sqlite3.Connection, key: tuple[int, str, str], outcome: Outcome) -> None:
    if isinstance(outcome, Withheld):
        return
    connection.execute("INSERT INTO score (wave_id, item_id, side, n) VALUES (?, ?, ?, ?)", (*key, outcome.n))
    connection.executemany(
        "INSERT INTO score_share (wave_id, item_id, side, measure, people_low, people_high)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(*key, measure, share.low, share.high) for measure, share in outcome.shares.items()],
    )
    connection.executemany(
        "INSERT INTO score_bar (wave_id, item_id, side, position, boxes, people) VALUES (?, ?, ?, ?, ?, ?)",
        [(*key, place, ",".join(bar.options), bar.count) for place, bar in enumerate(outcome.bars)],
    )


def _closed_waves(reader: Reader, after: int, most: int) -> Iterator[ClosedWave]:
    waves = reader.rows(
        "SELECT * FROM wave WHERE state = 'closed' AND id > ? ORDER BY id LIMIT ?", after, most
    )
    if not waves:
        return

    def of_waves(table: str, order: str, *key: str) -> dict[Any, list[Row]]:
        rows = reader.rows(
            f"SELECT * FROM {table} WHERE wave_id BETWEEN ? AND ? ORDER BY {order}",  # noqa: S608 - names only
            waves[0]["id"],
            waves[-1]["id"],
        )
        return _grouped(rows, *key)

    items = of_waves("wave_item", "wave_id, position", "wave_id")
    sides = of_waves("wave_side", "wave_id, side", "wave_id")
    scores = of_waves("score", "wave_id", "wave_id")
    shares = of_waves("score_share", "wave_id", "wave_id", "item_id", "side")
    bars = of_waves("score_bar", "wave_id, position", "wave_id", "item_id", "side")
    expectations = of_waves("expectation", "wave_id", "wave_id")
    for wave in waves:
        asked, turnout = items.get(wave["id"], []), sides.get(wave["id"], [])
        outcomes: dict[tuple[str, Side], Outcome] = {
            (item["item_id"], side): Withheld() for item in asked for side in Side
        }
        for score in scores.get(wave["id"], []):
            key = (wave["id"], score["item_id"], score["side"])
            outcomes[score["item_id"], Side(score["side"])] = _outcome(
                score, shares.get(key, []), bars.get(key, [])
            )
        yield ClosedWave(
            id=wave["id"],
            token=wave["token"],
            opened_at=datetime.fromisoformat(wave["opened_at"]),
            closed_at=datetime.fromisoformat(wave["closed_at"]),
            minimum=wave["minimum"],
            items=tuple(item["item_id"] for item in asked),
            series={item["item_id"]: item["series"] for item in asked},
            turnout={Side(row["side"]): SideTurnout(row["people"], row["answered"]) for row in turnout},
            outcomes=outcomes,
            expected={
                (row["item_id"], Side(row["side"])): Expected(row["n"], row["half_people"] / 2)
                for row in expectations.get(wave["id"], [])
            },
        )


def _grouped(rows: Iterable[Row], *columns: str) -> dict[Any, list[Row]]:
    """The rows by the value of a column, or by the values of several."""
    groups: dict[Any, list[Row]] = {}
    key = itemgetter(*columns)
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _outcome(score: Row, shares: list[Row], bars: list[Row]) -> Outcome:
    return Counted(
        score["n"],
        {row["measure"]: Share(row["people_low"], row["people_high"]) for row in shares},
        tuple(Bar(tuple(row["boxes"].split(",")), row["people"]) for row in bars),
    )
