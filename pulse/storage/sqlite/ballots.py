"""Answers to the open wave, under pseudonyms. `publications.py` deletes them at the close."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pulse.core.errors import PollIsClosed
from pulse.core.language import _
from pulse.core.model import Side
from pulse.core.records import Answers, Ballots, Recorded
from pulse.storage.sqlite.theme import Theme

V = TypeVar("V")

ROWS_PER_STATEMENT = 500
"""SQLite takes 32,766 values in a statement; a row has four."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """One change of one person's answers, waiting to be written."""

    wave_id: int
    person: bytes
    side: Side
    joined: bool
    change: Callable[[Answers], Answers]


@dataclass(frozen=True, slots=True)
class _Stored:
    """What one person has answered in the open wave, and for which side."""

    side: Side
    joined: bool
    answers: Answers


class BallotBox(Theme):
    """Answers of the open wave (see `pulse.storage.port.BallotStore`)."""

    async def answer(
        self, wave_id: int, person: bytes, side: Side, joined: bool, change: Callable[[Answers], Answers]
    ) -> Recorded:
        return await self._writer.share(_record, _Ask(wave_id, person, side, joined, change))

    def answers_of(self, wave_id: int, person: bytes) -> Answers:
        rows = self._reader.tuples(
            "SELECT item_id, boxes FROM answer WHERE wave_id = ? AND person = ?", wave_id, person
        )
        return {item_id: _options(boxes) for item_id, boxes in rows}

    def side_of(self, wave_id: int, person: bytes) -> Side | None:
        rows = self._reader.tuples(
            "SELECT side FROM participant WHERE wave_id = ? AND person = ?", wave_id, person
        )
        return Side(rows[0][0]) if rows else None

    def participants(self, wave_id: int) -> set[bytes]:
        rows = self._reader.tuples("SELECT person FROM participant WHERE wave_id = ?", wave_id)
        return {person for (person,) in rows}

    def answered(self, wave_id: int) -> dict[Side, int]:
        counts = dict.fromkeys(Side, 0)
        for side, people in self._reader.tuples(
            "SELECT side, count(*) FROM participant WHERE wave_id = ? GROUP BY side", wave_id
        ):
            counts[Side(side)] = people
        return counts


def all_ballots(connection: sqlite3.Connection, wave_id: int) -> dict[Side, Ballots]:
    """Everything that was answered in a wave, side by side."""
    people: dict[Side, dict[bytes, dict[str, frozenset[str]]]] = {side: {} for side in Side}
    joined = dict.fromkeys(Side, 0)
    for person, side, late in connection.execute(
        "SELECT person, side, joined FROM participant WHERE wave_id = ?", (wave_id,)
    ):
        people[Side(side)][person] = {}
        joined[Side(side)] += late
    everyone = {person: answers for side in people.values() for person, answers in side.items()}
    for person, item_id, boxes in connection.execute(
        "SELECT person, item_id, boxes FROM answer WHERE wave_id = ?", (wave_id,)
    ):
        everyone[person][item_id] = _options(boxes)
    return {side: Ballots(people=tuple(people[side].values()), joined=joined[side]) for side in Side}


def delete_ballots(connection: sqlite3.Connection, wave_id: int) -> None:
    """Deletes everything that was answered in a wave."""
    connection.execute("DELETE FROM answer WHERE wave_id = ?", (wave_id,))
    connection.execute("DELETE FROM participant WHERE wave_id = ?", (wave_id,))


def _options(text: str) -> frozenset[str]:
    return frozenset(text.split(","))


def _record(connection: sqlite3.Connection, asks: Sequence[_Ask]) -> list[Recorded]:
    """Makes the changes of many people with a few statements. Raises PollIsClosed."""
    row = connection.execute("SELECT id FROM wave WHERE state = 'open'").fetchone()
    if row is None or any(ask.wave_id != row[0] for ask in asks):
        raise PollIsClosed(
            _("This pulse is closed, so nothing was changed. The next one will be posted here.")
        )
    before = _stored(connection, row[0], list({ask.person for ask in asks}))
    after, recorded = dict(before), []
    for ask in asks:
        stored = after.get(ask.person) or _Stored(ask.side, ask.joined, {})
        answers = ask.change(stored.answers)
        recorded.append(Recorded(side=stored.side, answers=answers, first=not stored.answers))
        if answers:
            after[ask.person] = _Stored(stored.side, stored.joined, answers)
        else:
            after.pop(ask.person, None)
    _write_changes(connection, row[0], before, after)
    return recorded


_STORED = (
    "SELECT person, side, joined, item_id, boxes FROM participant JOIN answer USING (wave_id, person)"
    " WHERE wave_id = ? AND person IN"
)


def _stored(connection: sqlite3.Connection, wave_id: int, people: Sequence[bytes]) -> dict[bytes, _Stored]:
    """What these people have answered in the open wave."""
    answers: dict[bytes, dict[str, frozenset[str]]] = {}
    found: dict[bytes, _Stored] = {}
    for some in _portions(people):
        rows = connection.execute(
            f"{_STORED} ({','.join('?' * len(some))})",
            (wave_id, *some),
        )
        for person, side, joined, item_id, boxes in rows.fetchall():
            answers.setdefault(person, {})[item_id] = _options(boxes)
            found[person] = _Stored(Side(side), bool(joined), answers[person])
    return found


def _write_changes(
    connection: sqlite3.Connection,
    wave_id: int,
    before: Mapping[bytes, _Stored],
    after: Mapping[bytes, _Stored],
) -> None:
    """Writes the rows that differ."""
    people, answers, emptied = [], [], []
    for person, stored in after.items():
        was = before.get(person)
        known = was.answers if was is not None else {}
        if was is None or (stored.side, stored.joined) != (was.side, was.joined):
            people.append((wave_id, person, stored.side, int(stored.joined)))
        for item_id, options in stored.answers.items():
            if known.get(item_id) != options:
                answers.append((wave_id, person, item_id, ",".join(sorted(options))))
        emptied += [(wave_id, person, item_id) for item_id in known.keys() - stored.answers.keys()]
    _insert(
        connection,
        "INSERT INTO participant (wave_id, person, side, joined)",
        people,
        "ON CONFLICT DO UPDATE SET side = excluded.side, joined = excluded.joined",
    )
    _insert(
        connection,
        "INSERT INTO answer (wave_id, person, item_id, boxes)",
        answers,
        "ON CONFLICT DO UPDATE SET boxes = excluded.boxes",
    )
    gone = [(wave_id, person) for person in before.keys() - after.keys()]
    connection.executemany("DELETE FROM answer WHERE wave_id = ? AND person = ? AND item_id = ?", emptied)
    connection.executemany("DELETE FROM answer WHERE wave_id = ? AND person = ?", gone)
    connection.executemany("DELETE FROM participant WHERE wave_id = ? AND person = ?", gone)


def _insert(
    connection: sqlite3.Connection, head: str, rows: Sequence[tuple[Any, ...]], conflict: str
) -> None:
    """One statement for many rows: in a storm the writer waits for the interpreter after each statement."""
    for some in _portions(rows):
        places = ",".join([f"({','.join('?' * len(some[0]))})"] * len(some))
        connection.execute(f"{head} VALUES {places} {conflict}", [value for row in some for value in row])


def _portions(values: Sequence[V]) -> Iterator[Sequence[V]]:
    for start in range(0, len(values), ROWS_PER_STATEMENT):
        yield values[start : start + ROWS_PER_STATEMENT]
