"""The file that people download to check closed waves: a database of its own, made from what was published.

It is written from ClosedWave records, which hold nothing that may not be posted, and never copied from the
bot's file: no open wave, wish, secret, token or draft can come along. `TABLES` is all of it. The tables of
closed waves are named as in the bot's own file, and the `said_` tables hold what the bot says;
tools/verify.py reads both.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import astuple

from pulse.core.evidence import Said, SaidChange, SaidStudy, digest
from pulse.core.facts import percent
from pulse.core.items import Bank
from pulse.core.model import ClosedWave, Counted, Item, Side

TABLES = {
    "wave": ("id", "state", "opened_at", "closed_at", "minimum"),
    "wave_side": ("wave_id", "side", "people", "answered"),
    "wave_item": ("wave_id", "position", "item_id", "series"),
    "score": ("wave_id", "item_id", "side", "n"),
    "score_share": ("wave_id", "item_id", "side", "measure", "people_low", "people_high"),
    "score_bar": ("wave_id", "item_id", "side", "position", "boxes", "people"),
    "expectation": ("wave_id", "item_id", "side", "n", "half_people"),
    "question": ("series", "item_id", "format", "wording_marketing", "wording_it", "options", "measure"),
    "said_digest": ("wave_id", "digest"),
    "said_percent": ("wave_id", "item_id", "side", "measure", "percent_low", "percent_high"),
    "said_change": (
        *("wave_id", "item_id", "side", "measure", "rising"),
        *("newer_low", "newer_high", "newer_n", "older_low", "older_high", "older_n"),
    ),
    "said_study": (
        *("wave_id", "item_id", "series", "side", "measure", "study", "verdict", "complement"),
        *("percent_low", "percent", "percent_high", "people_n"),
    ),
    "said_whole": ("digest",),
}
"""Each table of the file with its columns."""

Row = tuple[object, ...]


def evidence_file(waves: Sequence[ClosedWave], bank: Bank, told: Said) -> bytes:
    """The whole file, as bytes of SQLite.

    `bank`, in the language it was written in, gives the words of the questions whose wording has not changed
    since; `told` is everything that the bot says about these waves.
    """
    with closing(sqlite3.connect(":memory:")) as made:
        for table, columns in TABLES.items():
            made.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        for wave in waves:
            for table, row in _of_wave(wave):
                _insert(made, table, row)
        asked = {series for wave in waves for series in wave.series.values()}
        for item in bank:
            if item.series in asked:
                _insert(made, "question", _question(item))
        for change in told.changes:
            _insert(made, "said_change", (*_plain(change)[:5], *change.newer, *change.older))
        for study in told.studies:
            _insert(made, "said_study", _plain(study))
        _insert(made, "said_whole", (_whole(made),))
        made.commit()
        return made.serialize()


def _of_wave(wave: ClosedWave) -> Iterator[tuple[str, Row]]:
    opened, closed = wave.opened_at.isoformat(), wave.closed_at.isoformat()
    yield "wave", (wave.id, "closed", opened, closed, wave.minimum)
    yield "said_digest", (wave.id, digest(wave))
    for side, turnout in wave.turnout.items():
        yield "wave_side", (wave.id, str(side), turnout.roster, turnout.answered)
    for (item_id, side), found in wave.expected.items():
        yield "expectation", (wave.id, item_id, str(side), found.n, int(2 * found.of_ten))
    for position, item_id in enumerate(wave.items):
        yield "wave_item", (wave.id, position, item_id, wave.series[item_id])
        for side in Side:
            outcome = wave.outcomes.get((item_id, side))
            if isinstance(outcome, Counted):
                yield from _of_score((wave.id, item_id, str(side)), outcome)


def _of_score(key: Row, outcome: Counted) -> Iterator[tuple[str, Row]]:
    yield "score", (*key, outcome.n)
    for measure, share in outcome.shares.items():
        yield "score_share", (*key, measure, share.low, share.high)
        yield "said_percent", (*key, measure, percent(share.low, outcome.n), percent(share.high, outcome.n))
    for position, bar in enumerate(outcome.bars):
        yield "score_bar", (*key, position, ",".join(bar.options), bar.count)


def _question(item: Item) -> Row:
    options = json.dumps([[option.key, option.label] for option in item.options], ensure_ascii=False)
    wordings = (item.wordings[Side.MARKETING], item.wordings[Side.IT])
    return item.series, item.id, str(item.format), *wordings, options, item.measures[0].key


def _whole(made: sqlite3.Connection) -> str:
    """A digest of all rows, from which tools/verify.py notices a row that was changed later."""
    lines = [
        (table, *row)
        for table in TABLES
        for row in made.execute(f"SELECT * FROM {table}")  # noqa: S608 - names are those of TABLES
    ]
    text = "".join(sorted("\t".join(map(str, line)) + "\n" for line in lines))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(said: SaidChange | SaidStudy) -> Row:
    return tuple(str(value) if isinstance(value, Side) else value for value in astuple(said))


def _insert(made: sqlite3.Connection, table: str, row: Row) -> None:
    places = ", ".join("?" * len(row))
    made.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608 - names are those of TABLES
