"""tools/verify.py: what people download can be checked without this project, and a single change shows."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings

from pulse.core.claims import claims
from pulse.core.comparison import BEGINS, Study, Verdict, against_study
from pulse.core.evidence import Said, digest, said, short
from pulse.core.likelihood import Observation
from pulse.core.model import ClosedWave, Expected, Item, Side, SideTurnout, Tally
from pulse.core.privacy import publish, turnout
from pulse.core.reporting import report
from pulse.ops.sample import fill
from pulse.storage.library import load_library
from pulse.storage.sqlite.download import TABLES, evidence_file
from pulse.storage.sqlite.store import Store
from tests.core.bank import CALM
from tests.core.series import series as drawn_series
from tests.core.series import waves
from tests.storage.first_edition import write_first_edition
from tools import verify

CHECKER = Path(verify.__file__)
LIBRARY = load_library(None)
BANK, LEDGER = LIBRARY.source, LIBRARY.ledger
FIRST = datetime(2026, 1, 6, 9, tzinfo=UTC)


def shipped(item_id: str) -> Item:
    found = BANK.get(item_id)
    assert found is not None
    return found


def a_wave(
    number: int, roster: int, counts: dict[tuple[str, Side], list[int]], n: int | None = None
) -> ClosedWave:
    """A weekly wave from the counts of each option; a multiple choice was answered by `n` people."""
    ids = list(dict.fromkeys(item_id for item_id, _side in counts))
    keys = {id_: [option.key for option in shipped(id_).options if option.counted] for id_ in ids}
    tallies = {
        (id_, side): Tally(n or sum(numbers), dict(zip(keys[id_], numbers, strict=True)))
        for (id_, side), numbers in counts.items()
    }
    opened = FIRST + timedelta(weeks=number)
    most = {side: max((t.n for (_id, of), t in tallies.items() if of is side), default=0) for side in Side}
    return ClosedWave(
        id=number + 1,
        token=str(number + 1),
        opened_at=opened,
        closed_at=opened + timedelta(days=3),
        minimum=5,
        items=tuple(ids),
        series={id_: shipped(id_).series for id_ in ids},
        turnout={side: turnout(roster, most[side], 5) for side in Side},
        outcomes={key: publish(shipped(key[0]), counted, 5) for key, counted in tallies.items()},
    )


def a_fall_and_a_return() -> list[ClosedWave]:
    """A year of 30 answers a side: 7 in 10, then 4 in 10 for a quarter, then 7 in 10 again.

    The last pulse also asked what each side expects of the other.
    """
    agree = [21] * 26 + [12] * 13 + [21] * 13
    *before, last = [
        a_wave(week, 36, {("G01", side): [0, 4, 26 - k, k - 4, 4] for side in Side})
        for week, k in enumerate(agree)
    ]
    return [*before, replace(last, expected={("G01", side): Expected(30, 3.5) for side in Side})]


def small_and_short() -> list[ClosedWave]:
    """Teams of 4 to 12 with withheld items, merged ends, and a wave that hardly anybody answered."""
    rows = [[0, 1, 2, 1, 0], [1, 1, 2, 2, 1], [0, 0, 1, 3, 5], [4, 4, 2, 1, 0], [2, 3, 2, 3, 2]]
    return [
        a_wave(
            week, 60 if week == 3 else 14, {("T01", Side.IT): row, ("T01", Side.MARKETING): rows[-1 - week]}
        )
        for week, row in enumerate(rows)
    ]


def many_options() -> list[ClosedWave]:
    """Bars, a second share and a multiple choice, over two waves with different questions."""
    first = a_wave(0, 40, {("A02", Side.IT): [5, 9, 12, 4], ("E01", Side.MARKETING): [8, 8, 4, 4]})
    second = a_wave(1, 40, {("L03", side): [14, 3, 9, 2, 0] for side in Side}, n=24)
    expected = {("E01", Side.MARKETING): Expected(24, 3.5), ("E01", Side.IT): Expected(30, 8.0)}
    return [replace(first, expected=expected), second]


def two_years() -> list[ClosedWave]:
    """104 weekly waves of four questions to small teams, with answers that wander."""
    rng = np.random.default_rng(104)

    def counts(options: int) -> list[int]:
        return rng.multinomial(rng.integers(8, 17), rng.dirichlet([4] * options)).tolist()

    asked = {"T01": 5, "T02": 5, "G01": 5, "A02": 4}
    return [
        a_wave(week, 20, {(id_, side): counts(options) for id_, options in asked.items() for side in Side})
        for week in range(104)
    ]


async def _kept(path: Path, *, sample: bool = False) -> list[ClosedWave]:
    """The closed waves of a database; `sample` first fills it with the sample history."""
    store = Store.open(path)
    try:
        if sample:
            places = {Side.MARKETING: "C1", Side.IT: "C2"}
            await fill(store, LIBRARY, datetime(2026, 11, 22, tzinfo=UTC), places)
        return list(await store.closed_waves())
    finally:
        store.close()


def sample_history() -> list[ClosedWave]:
    """What the rehearsal begins with."""
    with TemporaryDirectory() as folder:
        return asyncio.run(_kept(Path(folder) / "pulse.db", sample=True))


def first_edition() -> list[ClosedWave]:
    """The closed waves of a database that the first edition left, migrated."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pulse.db"
        write_first_edition(path)
        return asyncio.run(_kept(path))


DATABASES = {"sample history": sample_history, "104 waves": two_years, "first edition": first_edition}
HISTORIES = {"a year": a_fall_and_a_return, "small": small_and_short, "options": many_options, **DATABASES}


@cache
def made(name: str) -> tuple[bytes, Said, tuple[ClosedWave, ...]]:
    waves = tuple(HISTORIES[name]())
    told = said(waves, BANK, LEDGER)
    return evidence_file(waves, BANK, told), told, waves


def checked(path: Path, *digests: str) -> tuple[int, str]:
    """Exit status and output of the checker, run with Python alone: no packages, no project."""
    command = [sys.executable, "-I", "-S", str(CHECKER), str(path), *digests]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "evidence.db"
    path.write_bytes(made(request.param)[0])
    return path


@pytest.mark.parametrize("file", HISTORIES, indirect=True)
def test_what_people_download_holds(file: Path) -> None:
    """Digests, words, figures, per cents, changes and verdicts are worked out again, and agree."""
    status, output = checked(file)
    assert output.endswith("0 problems.\n")
    assert status == 0


def test_changes_and_verdicts_are_among_what_is_checked() -> None:
    """A year with a fall and a return tells both on both sides, and compares each wave with the studies."""
    told = made("a year")[1]
    assert [(change.wave_id, change.rising) for change in told.changes if change.side is Side.IT] == [
        (28, False),
        (42, True),
    ]
    assert {study.verdict for study in told.studies} == {"above", "unclear"}
    assert {study.complement for study in told.studies} == {True, False}


@pytest.mark.parametrize("name", ["small", "options", "a year"])
def test_the_file_says_what_the_reports_said(name: str) -> None:
    """Changes and verdicts that are found for all waves at once are those of each wave's own report."""
    waves = HISTORIES[name]()[:45]
    told = said(waves, BANK, LEDGER)
    reports = [report(wave, waves, BANK, LEDGER) for wave in waves]
    sides = [
        (made.wave.id, found.item.id, side, of)
        for made in reports
        for found in made.items
        for side, of in found.sides.items()
    ]
    changes = [(wave, item, side, of.change.rising) for wave, item, side, of in sides if of.change]
    verdicts = [
        (wave, item, side, beside.comparable.row.key, beside.verdict)
        for wave, item, side, of in sides
        for beside in of.comparisons
        if beside.verdict is not None
    ]
    assert sorted((one.wave_id, one.item_id, one.side, one.rising) for one in told.changes) == sorted(changes)
    assert sorted(
        (one.wave_id, one.item_id, one.side, one.study, one.verdict) for one in told.studies
    ) == sorted(verdicts)


def test_the_digest_is_the_one_that_details_print(tmp_path: Path) -> None:
    """Given on the command line as Slack shows it, it is found; another one is not."""
    whole, _told, waves = made("small")
    path = tmp_path / "evidence.db"
    path.write_bytes(whole)
    right, wrong = short(digest(waves[2])), short("0" * 64)
    assert checked(path, right)[0] == 0
    status, output = checked(path, wrong)
    assert (status, "0000 0000 0000 0000 is that of no pulse" in output) == (1, True)


CHANGED = {
    "a count": (
        "a year",
        "UPDATE score_share SET people_low = 20, people_high = 20 WHERE wave_id = 7 AND side = 'it'",
    ),
    "a number of answers": ("small", "UPDATE score SET n = 13 WHERE wave_id = 5 AND side = 'it'"),
    "a bar": ("a year", "UPDATE score_bar SET people = people + 1 WHERE wave_id = 7 AND position = 0"),
    "people asked": ("small", "UPDATE wave_side SET people = 15 WHERE wave_id = 1 AND side = 'it'"),
    "people who answered": ("small", "UPDATE wave_side SET answered = 12 WHERE wave_id = 2 AND side = 'it'"),
    "a date": ("options", "UPDATE wave SET closed_at = '2026-01-10T09:00:00+00:00' WHERE id = 1"),
    "the minimum": ("options", "UPDATE wave SET minimum = 6 WHERE id = 2"),
    "a wording": ("options", "UPDATE question SET wording_it = wording_it || '?' WHERE item_id = 'E01'"),
    "an option": ("options", "UPDATE question SET options = replace(options, 'Too much', 'Enough')"),
    "which question": ("options", "UPDATE wave_item SET item_id = 'E02' WHERE item_id = 'E01'"),
    "a figure left out": ("options", "DELETE FROM score_share WHERE item_id = 'L03' AND side = 'it'"),
    "what a side expects": ("options", "UPDATE expectation SET half_people = 8 WHERE side = 'it'"),
    "an expectation left out": ("options", "DELETE FROM expectation WHERE side = 'it'"),
    "a wave left out": ("a year", "DELETE FROM said_digest WHERE wave_id = 3"),
    "a per cent": ("a year", "UPDATE said_percent SET percent_low = 71 WHERE wave_id = 3 AND side = 'it'"),
    "a change": ("a year", "DELETE FROM said_change WHERE side = 'it' AND rising = 1"),
    "a window": ("a year", "UPDATE said_change SET older_n = 719 WHERE side = 'it' AND rising = 0"),
    "a verdict": ("a year", "UPDATE said_study SET verdict = 'above' WHERE wave_id = 30 AND side = 'it'"),
}


@pytest.mark.parametrize(("file", "statement"), CHANGED.values(), ids=CHANGED, indirect=["file"])
def test_one_changed_thing_is_noticed(file: Path, statement: str) -> None:
    """A count, a date, a wording: each alone makes the check fail."""
    with closing(sqlite3.connect(file)) as data:
        assert data.execute(statement).rowcount > 0
        data.commit()
    status, output = checked(file)
    assert status == 1
    # Besides the digest of the whole file, which whoever changes a row could compute again.
    assert int(output.splitlines()[-1].split()[0]) > 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE score SET n = n + 1 WHERE rowid = (SELECT max(rowid) FROM score)",
        "UPDATE wave SET closed_at = replace(closed_at, ':00', ':01') WHERE id = 1",
        "UPDATE question SET wording_it = upper(wording_it) WHERE rowid = 1",
    ],
    ids=["a count", "a date", "a wording"],
)
@pytest.mark.parametrize("file", DATABASES, indirect=True)
def test_one_changed_thing_is_noticed_in_each_database(file: Path, statement: str) -> None:
    """The sample history, two years of four questions, and a migrated first edition."""
    test_one_changed_thing_is_noticed(file, statement)


def changed(value: object) -> object:
    """Another value of the same kind, as close as possible."""
    if value is None:
        return 1
    if isinstance(value, int | float):
        return value + 1
    return f"{value}x" if not str(value).endswith("]") else f"{value} "


CELLS = [(table, column) for table, columns in TABLES.items() for column in columns]


@pytest.mark.parametrize(("table", "column"), CELLS, ids=[".".join(cell) for cell in CELLS])
def test_no_cell_can_be_changed_unnoticed(table: str, column: str, tmp_path: Path) -> None:
    """Whatever the column: a study's figure, the order of the questions, or the digest itself."""
    path = tmp_path / "evidence.db"
    path.write_bytes(made("a year")[0])
    with closing(sqlite3.connect(path)) as data, data:
        [(row, value)] = data.execute(
            f"SELECT rowid, {column} FROM {table} ORDER BY rowid DESC LIMIT 1"
        ).fetchall()
        data.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed(value), row))
    assert verify.main([str(path)]) == 1


@pytest.mark.parametrize("what", ["deleted", "doubled", "all deleted"])
@pytest.mark.parametrize("table", TABLES)
def test_no_row_can_be_left_out_or_added_unnoticed(table: str, what: str, tmp_path: Path) -> None:
    """One row or all, in each table, also what the bot says of studies."""
    path = tmp_path / "evidence.db"
    path.write_bytes(made("a year")[0])
    last = f"rowid = (SELECT max(rowid) FROM {table})"
    statements = {
        "deleted": f"DELETE FROM {table} WHERE {last}",
        "doubled": f"INSERT INTO {table} SELECT * FROM {table} WHERE {last}",
        "all deleted": f"DELETE FROM {table}",
    }
    with closing(sqlite3.connect(path)) as data, data:
        assert data.execute(statements[what]).rowcount > 0
    assert verify.main([str(path)]) == 1


async def test_the_bots_own_database_is_read_too(tmp_path: Path) -> None:
    """A copy of the file has the digests of its closed waves; what the bot says is not in it."""
    store = Store.open(tmp_path / "pulse.db")
    await fill(
        store, load_library(None), datetime(2026, 11, 22, tzinfo=UTC), {Side.MARKETING: "C1", Side.IT: "C2"}
    )
    waves = await store.closed_waves()
    store.close()
    status, output = checked(tmp_path / "pulse.db", *(digest(wave) for wave in waves))
    assert status == 0
    assert [line.split("digest ")[1] for line in output.splitlines() if line.startswith("Pulse")] == [
        short(digest(wave)) for wave in waves
    ]


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    """Neither a missing file nor one of another kind ends in a traceback."""
    other = tmp_path / "notes.txt"
    other.write_text("notes" * 200)
    assert checked(other)[0] == 2
    assert checked(tmp_path / "none.db")[0] == 2
    assert not (tmp_path / "none.db").exists()


def test_the_file_holds_these_tables_and_no_others() -> None:
    """The list is what may be downloaded: no people, wishes, secrets or drafts, and no open wave."""
    with closing(sqlite3.connect(":memory:")) as data:
        data.deserialize(made("a year")[0])
        names = [row[0] for row in data.execute("SELECT name FROM sqlite_schema")]
        found = {name: data.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
        states = data.execute("SELECT DISTINCT state FROM wave").fetchall()
    assert {name: tuple(row[1] for row in rows) for name, rows in found.items()} == TABLES
    assert states == [("closed",)]
    assert set(TABLES) == {
        *("wave", "wave_side", "wave_item", "score", "score_share", "score_bar", "question"),
        "expectation",
        *("said_digest", "said_percent", "said_change", "said_study", "said_whole"),
    }
    copied = [name for name in TABLES if not name.startswith(("said_", "question"))]
    of_the_bot = {column for name in copied for column in TABLES[name]}
    assert of_the_bot == {
        *("id", "state", "opened_at", "closed_at", "minimum", "wave_id", "side", "people", "answered"),
        *("position", "item_id", "series", "n", "measure", "people_low", "people_high", "boxes"),
        "half_people",
    }


def test_each_published_figure_is_part_of_the_digest() -> None:
    """Two waves that differ in anything published have different digests, and equal ones the same."""
    wave = made("options")[2][0]
    others = [
        replace(wave, minimum=6),
        replace(wave, opened_at=wave.opened_at + timedelta(seconds=1)),
        replace(wave, items=wave.items[::-1]),
        replace(wave, turnout=wave.turnout | {Side.IT: SideTurnout(41, 30)}),
        replace(wave, turnout=wave.turnout | {Side.IT: SideTurnout(40, None)}),
        replace(wave, outcomes={key: found for key, found in wave.outcomes.items() if key[0] != "A02"}),
    ]
    assert len({digest(each) for each in (wave, *others)}) == len(others) + 1
    assert digest(replace(wave, id=99, outcomes=dict(reversed(wave.outcomes.items())))) == digest(wave)


# --- The checker's rules are the bot's -------------------------------------------------------------------


def wandering(n: int, weeks: int, count: int) -> Iterator[list[Observation]]:
    """Series that wander, so that each threshold is nearly reached and just passed."""
    rng = np.random.default_rng(n * weeks)
    for _series in range(count):
        share = 0.6 + np.cumsum(rng.normal(0, 0.07, 36))
        yield waves(rng.binomial(n, np.clip(share, 0.02, 0.98)).tolist(), n, weeks=weeks)


def as_checked(series: Sequence[Observation]) -> list[verify.Wave]:
    return [
        verify.Wave(at, seen.day, seen.low, seen.high, seen.n, verify.likelihood(seen.low, seen.high, seen.n))
        for at, seen in enumerate(series)
        if seen.describes
    ]


def compare_changes(series: Sequence[Observation]) -> int:
    seen = as_checked(series)
    found = [(seen[at].id, rising, *counts) for at, rising, counts in verify.replay(seen)]
    told = claims(series)
    assert found == [
        (one.at, one.rising, *(count for w in (one.newer, one.older) for count in (w.low, w.high, w.n)))
        for one in told
    ]
    return len(told)


@pytest.mark.parametrize(("n", "weeks", "count"), [(8, 1, 24), (12, 1, 8), (30, 1, 8), (30, 4, 12)])
def test_the_checker_finds_the_changes_that_the_bot_tells(n: int, weeks: int, count: int) -> None:
    """Wave, direction and windows are the same, for small and larger groups, asked weekly or seldom."""
    assert sum(compare_changes(series) for series in wandering(n, weeks, count)) > 0


@settings(CALM, max_examples=15)
@given(drawn_series())
def test_the_checker_treats_odd_series_as_the_bot_does(series: list[Observation]) -> None:
    """Low response, merged ends, sizes that change, and no wave at all."""
    compare_changes(series)


@pytest.mark.parametrize("complement", [False, True])
@pytest.mark.parametrize("people", [None, 405])
def test_the_checker_gives_the_verdicts_that_the_bot_gives(people: int | None, complement: bool) -> None:
    """As a verdict begins, stays and ends, and for those who are not in the share too."""
    given_, kept = set(), 0
    for series, percent in product(wandering(12, 1, 6), range(30, 91, 10)):
        seen = [replace(s, low=s.n - s.high, high=s.n - s.low) if complement else s for s in series]
        study = Study(low=percent - 0.5, percent=percent, high=percent + 0.5, n=people)
        expected = against_study(seen, study)
        assert expected is not None
        row = {"percent_low": study.low, "percent": percent, "percent_high": study.high, "people_n": people}
        *_before, last = verify.standings(as_checked(series), row | {"complement": complement})
        assert last == expected.verdict
        given_.add(expected.verdict)
        kept += expected.verdict is not Verdict.UNCLEAR and abs(expected.z) < BEGINS
    assert given_ == set(Verdict)
    assert kept > 0
