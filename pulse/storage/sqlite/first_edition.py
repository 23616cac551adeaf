"""Moves what the first edition left in the database to the key folder, once, at the first start.

That edition kept its secret and the open wave's key in the database, and the answers unencrypted under
pseudonyms. A wave that is open at the upgrade goes on to its close with sealed ballots; but what was written
before may still be on the disk or in copies, so the promise about disks begins with the next wave.
"""

from __future__ import annotations

import sqlite3

from pulse.core.model import Side
from pulse.core.records import Answers, StoredBallot
from pulse.storage.ballots import Sealer, size_of
from pulse.storage.keys import KeyFolder
from pulse.storage.sqlite.ballots import ROOM_WITHOUT_ITEMS


def adopt(connection: sqlite3.Connection, keys: KeyFolder) -> None:
    """Moves the secret and the open wave; after a crash the next start goes on. Raises StoreFault."""
    _adopt_secret(connection, keys)
    _adopt_open_wave(connection, keys)


def has_plain_answers(connection: sqlite3.Connection) -> bool:
    """Whether answers of the first edition, which were not sealed, may still be in the file or its log."""
    return connection.execute("SELECT 1 FROM wave WHERE first_edition = 1").fetchone() is not None


def forget_plain_answers(connection: sqlite3.Connection) -> None:
    """Notes that the file and its log were rewritten after the first edition's wave closed."""
    connection.execute("UPDATE wave SET first_edition = 0 WHERE first_edition = 1 AND state != 'open'")


def _adopt_secret(connection: sqlite3.Connection, keys: KeyFolder) -> None:
    row = connection.execute("SELECT value FROM secret").fetchone()
    if row is not None:
        keys.keep_secret(row[0])
        connection.execute("DELETE FROM secret")


def _adopt_open_wave(connection: sqlite3.Connection, keys: KeyFolder) -> None:
    row = connection.execute(
        "SELECT id, token, key FROM wave WHERE state = 'open' AND key IS NOT NULL"
    ).fetchone()
    if row is None:
        return
    wave_id, token, key = row
    sealer = Sealer(keys.make(token, naming=key))
    try:
        ballots = _ballots(connection, wave_id)
        room = max([ROOM_WITHOUT_ITEMS, *(size_of(ballot) for ballot in ballots.values())])
        rows = [(wave_id, person, sealer.seal(person, ballot, room)) for person, ballot in ballots.items()]
    finally:
        sealer.destroy()
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany("INSERT INTO ballot (wave_id, person, sealed) VALUES (?, ?, ?)", rows)
        connection.execute(
            "UPDATE wave_side SET people = people + (SELECT coalesce(sum(joined), 0) FROM participant"
            " WHERE participant.wave_id = wave_side.wave_id AND participant.side = wave_side.side)"
            " WHERE wave_id = ?",
            (wave_id,),
        )
        connection.execute("DELETE FROM answer")
        connection.execute("DELETE FROM participant")
        connection.execute("UPDATE wave SET key = NULL, first_edition = 1 WHERE id = ?", (wave_id,))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _ballots(connection: sqlite3.Connection, wave_id: int) -> dict[bytes, StoredBallot]:
    answers: dict[bytes, dict[str, frozenset[str]]] = {}
    sides: dict[bytes, Side] = {}
    for person, side, item_id, options in connection.execute(
        "SELECT person, side, item_id, boxes FROM participant JOIN answer USING (wave_id, person)"
        " WHERE wave_id = ?",
        (wave_id,),
    ):
        sides[person] = Side(side)
        answers.setdefault(person, {})[item_id] = frozenset(options.split(","))

    def ballot(person: bytes, side: Side) -> StoredBallot:
        said: Answers = answers[person]
        return StoredBallot(sides=frozenset({side}), side=side, answers=said)

    return {person: ballot(person, side) for person, side in sides.items()}
