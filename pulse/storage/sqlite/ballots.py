"""Sealed answers to the open wave. `publications.py` counts and deletes them at the close."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pulse.core.errors import BallotBroken, JoinedLater, PollIsClosed
from pulse.core.language import _
from pulse.core.model import Side
from pulse.core.records import Answers, Ballots, Recorded, StoredBallot
from pulse.storage.ballots import Sealer, room_of
from pulse.storage.sqlite.sealing import SealedTheme

V = TypeVar("V")
Row = tuple[bytes, bytes]
"""A pseudonym and a sealed ballot."""

ROWS_PER_STATEMENT = 500
"""SQLite takes 32,766 values in a statement; a row has three."""

AT_ONCE = 200
"""Ballots opened in one go, which holds up taps for about 2 ms."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """One change of one person's ballot, waiting to be written."""

    wave_id: int
    user: str
    change: Callable[[StoredBallot], StoredBallot]


class BallotBox(SealedTheme):
    """Answers of the open wave (see `pulse.storage.port.BallotStore`)."""

    async def answer(
        self, wave_id: int, user: str, change: Callable[[StoredBallot], StoredBallot]
    ) -> Recorded:
        return await self._writer.share(self._record, _Ask(wave_id, user, change))

    async def admit(self, wave_id: int, people: Mapping[str, frozenset[Side]]) -> None:
        def job(connection: sqlite3.Connection) -> None:
            _check_open(connection, {wave_id})
            sealer = self._sealing.current()
            row = connection.execute("SELECT sealed FROM ballot WHERE wave_id = ?", (wave_id,)).fetchone()
            length = ROOM_WITHOUT_ITEMS if row is None else room_of(row[0])
            add_ballots(connection, wave_id, sealer, people, length)

        await self.write(job)

    async def ballot_of(self, wave_id: int, user: str) -> StoredBallot | None:
        sealer = self._sealing.current()
        person = sealer.pseudonym(user)
        rows = self._reader.tuples(
            "SELECT sealed FROM ballot WHERE wave_id = ? AND person = ?", wave_id, person
        )
        return sealer.open(person, rows[0][0]) if rows else None

    async def answered(self, wave_id: int, counts: Callable[[Answers], bool]) -> dict[Side, int]:
        found = dict.fromkeys(Side, 0)
        sealer = self._sealing.current()
        for some in _portions(self._rows(wave_id), AT_ONCE):
            for ballot in opened(sealer, some):
                if ballot.side is not None and counts(ballot.answers):
                    found[ballot.side] += 1
            await asyncio.sleep(0)
        return found

    async def unanswered(self, wave_id: int, users: Sequence[str]) -> frozenset[str]:
        rows, sealer = dict(self._rows(wave_id)), self._sealing.current()
        found: set[str] = set()
        for some in _portions(users, AT_ONCE):
            sealed = {user: rows.get(sealer.pseudonym(user)) for user in some}
            found |= {user for user, row in sealed.items() if row and _is_blank(sealer, user, row)}
            await asyncio.sleep(0)
        return frozenset(found)

    async def key_problem(self) -> str:
        lost = self._sealing.lost()
        return lost.reason if lost is not None else ""

    def _rows(self, wave_id: int) -> list[Row]:
        return [
            (person, sealed)
            for person, sealed in self._reader.tuples(
                "SELECT person, sealed FROM ballot WHERE wave_id = ?", wave_id
            )
        ]

    def _record(self, connection: sqlite3.Connection, asks: Sequence[_Ask]) -> list[Recorded]:
        """Makes the changes of many people with a few statements.

        Raises PollIsClosed, KeyLost, JoinedLater, BallotBroken.
        """
        _check_open(connection, {ask.wave_id for ask in asks})
        sealer = self._sealing.current()
        people = [sealer.pseudonym(ask.user) for ask in asks]
        rows = _sealed(connection, asks[0].wave_id, list(set(people)))
        if len(rows) < len(set(people)):
            raise JoinedLater
        before = {person: sealer.open(person, sealed) for person, sealed in rows.items()}
        after, recorded = dict(before), []
        for person, ask in zip(people, asks, strict=True):
            held = after[person]
            after[person] = ask.change(held)
            recorded.append(Recorded(ballot=after[person], first=not held.answers))
        changed = [
            (asks[0].wave_id, person, sealer.seal(person, ballot, room_of(rows[person])))
            for person, ballot in after.items()
            if ballot != before[person]
        ]
        _write(connection, changed)
        return recorded


ROOM_WITHOUT_ITEMS = 2048
"""Bytes of a ballot whose wave was opened by the first edition: more than four questions can need."""


def add_ballots(
    connection: sqlite3.Connection,
    wave_id: int,
    sealer: Sealer,
    people: Mapping[str, frozenset[Side]],
    length: int,
) -> None:
    """Adds a blank ballot for each of these people who has none."""
    pseudonyms = {sealer.pseudonym(user): sides for user, sides in people.items()}
    known = _sealed(connection, wave_id, list(pseudonyms))
    rows = [
        (wave_id, person, sealer.seal(person, StoredBallot.blank(sides), length))
        for person, sides in sorted(pseudonyms.items())
        if person not in known
    ]
    _write(connection, rows)


def opened(sealer: Sealer, rows: Sequence[Row]) -> Iterator[StoredBallot]:
    """The ballots that open: one that was changed from outside must not spoil the others."""
    for person, sealed in rows:
        try:
            yield sealer.open(person, sealed)
        except BallotBroken:
            continue


def _is_blank(sealer: Sealer, user: str, sealed: bytes) -> bool:
    return any(not ballot.answers for ballot in opened(sealer, [(sealer.pseudonym(user), sealed)]))


def all_ballots(connection: sqlite3.Connection, wave_id: int, sealer: Sealer) -> dict[Side, Ballots]:
    """All answers of a wave, by side."""
    people: dict[Side, list[Answers]] = {side: [] for side in Side}
    rows = connection.execute("SELECT person, sealed FROM ballot WHERE wave_id = ?", (wave_id,)).fetchall()
    for ballot in opened(sealer, rows):
        if ballot.side is not None and ballot.answers:
            people[ballot.side].append(ballot.answers)
    return {side: Ballots(people=tuple(answers)) for side, answers in people.items()}


def delete_ballots(connection: sqlite3.Connection, wave_id: int) -> None:
    """Deletes all ballots of a wave."""
    connection.execute("DELETE FROM ballot WHERE wave_id = ?", (wave_id,))


def _check_open(connection: sqlite3.Connection, wave_ids: set[int]) -> None:
    row = connection.execute("SELECT id FROM wave WHERE state = 'open'").fetchone()
    if row is None or wave_ids != {row[0]}:
        raise PollIsClosed(
            _("This pulse is closed, so nothing was changed. The next one will be posted here.")
        )


def _sealed(connection: sqlite3.Connection, wave_id: int, people: Sequence[bytes]) -> dict[bytes, bytes]:
    """The sealed ballots of those of these people who have one."""
    found: dict[bytes, bytes] = {}
    for some in _portions(people):
        rows = connection.execute(
            "SELECT person, sealed FROM ballot WHERE wave_id = ?"  # noqa: S608 - placeholders only
            f" AND person IN ({','.join('?' * len(some))})",
            (wave_id, *some),
        )
        found.update(rows.fetchall())
    return found


def _write(connection: sqlite3.Connection, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
    """One statement for many rows: in a storm the writer waits for the interpreter after each statement."""
    for some in _portions(rows):
        places = ",".join(["(?, ?, ?)"] * len(some))
        connection.execute(
            f"INSERT INTO ballot (wave_id, person, sealed) VALUES {places}"  # noqa: S608 - placeholders only
            " ON CONFLICT DO UPDATE SET sealed = excluded.sealed",
            [value for row in some for value in row],
        )


def _portions(values: Sequence[V], size: int = ROWS_PER_STATEMENT) -> Iterator[Sequence[V]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
