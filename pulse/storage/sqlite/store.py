"""The database: all SQL but the schema's.

One thread writes, on its own connection: it takes whatever has queued up, commits it as one transaction with
synchronous=FULL, and only then tells those who wait. Reads run on a second connection and see committed data
only. While a wave is open the file holds answers under pseudonyms; `close_wave` replaces them by what may be
published and leaves no trace of them in the file or its log.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, TypeVar

from pulse.core.baselines import Ledger, comparable
from pulse.core.calendar import Moments
from pulse.core.errors import BadRequest, NotNow, PollIsClosed, StoreFault
from pulse.core.items import Asking, Bank
from pulse.core.language import SOURCE, _
from pulse.core.model import (
    Band,
    Banded,
    Bar,
    Baseline,
    ClosedWave,
    Counted,
    Index,
    Item,
    Note,
    Outcome,
    Share,
    Side,
    SideTurnout,
    Withheld,
)
from pulse.core.plan import KnownWave, Pause, WaveState
from pulse.storage.sqlite.migrations import migrate
from pulse.storage.sqlite.tables import Database
from pulse.storage.sqlite.writer import BUSY_MS, Job, T, Writer, connect

R = TypeVar("R")

ROWS_A_STATEMENT = 500
"""SQLite takes 32,766 values a statement; a row has four."""

Answers = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a manager set up. `schedule` is the cadence's record, `language` that of posts in channels."""

    schedule: Mapping[str, Any]
    items: int
    minimum: int
    since: datetime
    channels: Mapping[Side, tuple[str, ...]]
    results: tuple[str, ...] = ()
    language: str = SOURCE


@dataclass(frozen=True, slots=True)
class OpenWave:
    """The wave that takes answers now. `key` makes the pseudonyms and dies at close."""

    id: int
    local_date: date
    opened_at: datetime
    closes_at: datetime
    reminders: tuple[datetime, ...]
    minimum: int
    key: bytes
    items: tuple[str, ...]
    series: Mapping[str, str]
    people: Mapping[Side, int]
    channels: Mapping[str, Side]


@dataclass(frozen=True, slots=True)
class NewWave:
    """What is written when a wave opens; `cadence` is "schedule" or "hand"."""

    cadence: str
    moments: Moments
    opened_at: datetime
    minimum: int
    key: bytes
    items: tuple[Item, ...]
    people: Mapping[Side, int]
    channels: Mapping[str, Side]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A person's answers as the file holds them, and the side they count for."""

    side: Side
    answers: Answers
    first: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """One change of one person's answers, waiting to be written."""

    wave_id: int
    person: bytes
    side: Side
    joined: bool
    change: Callable[[Answers], Answers]


@dataclass(frozen=True, slots=True)
class _Held:
    """What one person has answered in the open wave, and for which side."""

    side: Side
    joined: bool
    answers: Answers


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A row of the outbox: one message that is to stand exactly once in one channel."""

    key: str
    wave_id: int | None
    kind: str
    channel: str
    state: str
    ts: str | None
    attempts: int
    problem: str


@dataclass(frozen=True, slots=True)
class Ballots:
    """Everything that was answered on one side while it is being closed. Never leaves memory."""

    people: tuple[Answers, ...]
    joined: int


@dataclass(frozen=True, slots=True)
class Publication:
    """What `close_wave` writes in place of the answers."""

    turnout: Mapping[Side, SideTurnout]
    outcomes: Mapping[tuple[str, Side], Outcome]
    index: Mapping[Side, Index]


class Store:
    """The open database. Made by `Store.open`; `close` ends the writer after what it has taken."""

    def __init__(self, path: Path, lock: IO[bytes], *, scrubbed: bool) -> None:
        self.path = path
        self.scrub_due = not scrubbed
        """True where deleted answers may still lie in the file or its log, because a reader held it."""
        self._lock = lock
        self._writer = Writer(path)
        self._reader = Database(connect(path), execute_plugins=False)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Checks, migrates and opens the file, making it where there is none.

        Raises StoreFault: another bot has it open, it cannot be written, or it is damaged.
        """
        lock = _lock(path)
        try:
            return cls(path, lock, scrubbed=_prepare(path))
        except BaseException:
            lock.close()
            raise

    def close(self) -> None:
        self._writer.close()
        self._reader.close()
        self._lock.close()

    async def write(self, job: Job[T]) -> T:
        """Runs the job in the next transaction; returns when it is durable.

        A job that raises is rolled back alone. Raises StoreFault where the transaction cannot be committed.
        """
        return await self._writer.submit(job)

    # --- set-up ---------------------------------------------------------------------------------------

    def setup(self) -> Setup | None:
        row = self._one("SELECT schedule, items, minimum, since, language FROM setup")
        if row is None:
            return None
        roles: dict[str, list[str]] = {"marketing": [], "it": [], "results": []}
        for channel in self._all("SELECT channel_id, role FROM channel ORDER BY role, channel_id"):
            roles[channel["role"]].append(channel["channel_id"])
        return Setup(
            json.loads(row["schedule"]),
            row["items"],
            row["minimum"],
            datetime.fromisoformat(row["since"]),
            {side: tuple(roles[side]) for side in Side},
            tuple(roles["results"]),
            row["language"],
        )

    async def save_setup(self, setup: Setup, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO setup (id, schedule, items, minimum, since, language) VALUES (1, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET schedule = excluded.schedule, items = excluded.items,"
                " minimum = excluded.minimum, since = excluded.since, language = excluded.language",
                (
                    json.dumps(dict(setup.schedule)),
                    setup.items,
                    setup.minimum,
                    setup.since.isoformat(),
                    setup.language,
                ),
            )
            connection.execute("DELETE FROM channel")
            rows = [(channel, str(side)) for side in Side for channel in setup.channels[side]]
            rows += [(channel, "results") for channel in setup.results]
            connection.executemany("INSERT INTO channel (channel_id, role) VALUES (?, ?)", rows)
            _audit(connection, at, what)

        await self.write(job)

    async def pause(self, at: datetime, what: str) -> None:
        """Begins a pause; one that lasts already goes on."""

        def job(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM pause WHERE until IS NULL").fetchone() is None:
                connection.execute("INSERT INTO pause (since) VALUES (?)", (at.isoformat(),))
                _audit(connection, at, what)

        await self.write(job)

    async def resume(self, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            if connection.execute(
                "UPDATE pause SET until = ? WHERE until IS NULL", (at.isoformat(),)
            ).rowcount:
                _audit(connection, at, what)

        await self.write(job)

    def pauses(self) -> tuple[Pause, ...]:
        rows = self._all("SELECT since, until FROM pause ORDER BY since")
        return tuple(Pause(datetime.fromisoformat(row["since"]), _moment(row["until"])) for row in rows)

    async def add_note(self, note: Note, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO note (day, text) VALUES (?, ?)", (note.day.isoformat(), note.text)
            )
            _audit(connection, at, what)

        await self.write(job)

    def notes(self) -> tuple[Note, ...]:
        rows = self._all("SELECT day, text FROM note ORDER BY day, id")
        return tuple(Note(date.fromisoformat(row["day"]), row["text"]) for row in rows)

    def audit(self, most: int = 20) -> tuple[tuple[datetime, str], ...]:
        """What managers changed, the latest first."""
        rows = self._all("SELECT at, what FROM audit ORDER BY id DESC LIMIT ?", most)
        return tuple((datetime.fromisoformat(row["at"]), row["what"]) for row in rows)

    def secret(self) -> bytes | None:
        row = self._one("SELECT value FROM secret")
        return None if row is None else row["value"]

    async def make_secret(self, value: bytes) -> None:
        """Keeps the key of the installation, if it has none."""

        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO secret (id, value) VALUES (1, ?) ON CONFLICT DO NOTHING", (value,)
            )

        await self.write(job)

    def wishes(self, kind: str) -> frozenset[bytes]:
        """Pseudonyms of those with a wish or duty: `manager`, `no reminders`."""
        return frozenset(row["person"] for row in self._all("SELECT person FROM wish WHERE kind = ?", kind))

    async def set_wish(self, person: bytes, kind: str, wanted: bool, at: datetime, what: str) -> None:
        """Adds or takes back; `what` goes into the audit, nothing where it is empty."""

        def job(connection: sqlite3.Connection) -> None:
            if wanted:
                connection.execute(
                    "INSERT INTO wish (person, kind) VALUES (?, ?) ON CONFLICT DO NOTHING", (person, kind)
                )
            else:
                connection.execute("DELETE FROM wish WHERE person = ? AND kind = ?", (person, kind))
            if what:
                _audit(connection, at, what)

        await self.write(job)

    # --- waves ----------------------------------------------------------------------------------------

    def open_wave(self) -> OpenWave | None:
        row = self._one("SELECT * FROM wave WHERE state = 'open'")
        if row is None:
            return None
        items = self._all(
            "SELECT item_id, series FROM wave_item WHERE wave_id = ? ORDER BY position", row["id"]
        )
        sides = self._all("SELECT side, people FROM wave_side WHERE wave_id = ?", row["id"])
        return OpenWave(
            row["id"],
            date.fromisoformat(row["local_date"]),
            datetime.fromisoformat(row["opened_at"]),
            datetime.fromisoformat(row["closes_at"]),
            tuple(datetime.fromisoformat(moment) for moment in json.loads(row["reminders"])),
            row["minimum"],
            row["key"],
            tuple(item["item_id"] for item in items),
            {item["item_id"]: item["series"] for item in items},
            {Side(side["side"]): side["people"] for side in sides},
            self.wave_channels(row["id"]),
        )

    def wave_channels(self, wave_id: int) -> dict[str, Side]:
        """The channels that a wave was posted in, each with its side."""
        rows = self._all(
            "SELECT channel_id, side FROM wave_channel WHERE wave_id = ? ORDER BY side, channel_id", wave_id
        )
        return {row["channel_id"]: Side(row["side"]) for row in rows}

    def known_waves(self, since: date = date.min) -> dict[date, KnownWave]:
        """Each wave from `since` on by its date, and the open one: of several on one date it, or the last."""
        rows = self._all(
            "SELECT * FROM wave WHERE local_date >= ? OR state = 'open' ORDER BY state = 'open', id",
            since.isoformat(),
        )
        return {
            date.fromisoformat(row["local_date"]): KnownWave(
                WaveState(row["state"]),
                Moments(
                    date.fromisoformat(row["local_date"]),
                    datetime.fromisoformat(row["opens_at"]),
                    tuple(datetime.fromisoformat(moment) for moment in json.loads(row["reminders"])),
                    datetime.fromisoformat(row["closes_at"]),
                ),
                row["reminded"],
                _moment(row["reminded_at"]),
            )
            for row in rows
        }

    def last_decided(self, until: datetime) -> datetime | None:
        """When the latest wave of the schedule was due that opened or was skipped, up to `until`."""
        row = self._one(
            "SELECT max(opens_at) AS latest FROM wave WHERE cadence = 'schedule' AND opens_at <= ?",
            until.isoformat(),
        )
        return None if row is None else _moment(row["latest"])

    async def mark_reminded(self, wave_id: int, number: int, at: datetime) -> bool:
        """Notes that reminder `number` goes out; false where it did already."""

        def job(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE wave SET reminded = ?, reminded_at = ?"
                " WHERE id = ? AND state = 'open' AND reminded < ?",
                (number, at.isoformat(), wave_id, number),
            )
            return bool(changed.rowcount)

        return await self.write(job)

    def askings(self) -> list[Asking]:
        """Which items each wave asked, the oldest wave first."""
        rows = self._all(
            "SELECT wave.id AS wave, local_date, item_id FROM wave_item JOIN wave ON wave.id = wave_id"
            " ORDER BY wave.id, position"
        )
        waves: dict[int, tuple[date, list[str]]] = {}
        for row in rows:
            waves.setdefault(row["wave"], (date.fromisoformat(row["local_date"]), []))[1].append(
                row["item_id"]
            )
        return [Asking(day, tuple(items)) for day, items in waves.values()]

    async def start_wave(self, new: NewWave, what: str) -> int:
        """Opens the wave and puts a poll for each channel in the outbox; returns the wave's id.

        Raises NotNow where a wave is open or the date's wave exists already.
        """

        def job(connection: sqlite3.Connection) -> int:
            wave_id = _insert_wave(connection, new)
            for channel in new.channels:
                _put(connection, f"poll:{wave_id}:{channel}", wave_id, "poll", channel, new.opened_at)
            _audit(connection, new.opened_at, what)
            return wave_id

        return await self.write(job)

    async def skip_wave(self, moments: Moments, reason: str, at: datetime, *, missed: bool = False) -> bool:
        """Marks a wave of the schedule that will not be; false where its date has its wave already.

        `missed` where its time had passed before it could open.
        """

        def job(connection: sqlite3.Connection) -> bool:
            opens, closes = moments.opens_at.isoformat(), moments.closes_at.isoformat()
            cursor = connection.execute(
                "INSERT INTO wave"
                " (cadence, local_date, state, opens_at, closes_at, closed_at, reason, missed, minimum)"
                " VALUES ('schedule', ?, 'skipped', ?, ?, ?, ?, ?, 5) ON CONFLICT DO NOTHING",
                (moments.local_date.isoformat(), opens, closes, at.isoformat(), reason, int(missed)),
            )
            if cursor.rowcount:
                _audit(connection, at, reason)
            return bool(cursor.rowcount)

        return await self.write(job)

    def missed(self, since: datetime) -> tuple[datetime, ...]:
        """When the waves were due whose time was found to have passed, from `since` on."""
        rows = self._all(
            "SELECT opens_at FROM wave WHERE missed = 1 AND closed_at >= ? ORDER BY opens_at",
            since.isoformat(),
        )
        return tuple(datetime.fromisoformat(row["opens_at"]) for row in rows)

    # --- answers --------------------------------------------------------------------------------------

    async def answer(
        self, wave_id: int, person: bytes, side: Side, joined: bool, change: Callable[[Answers], Answers]
    ) -> Recorded:
        """Replaces a person's answers by `change(answers so far)`; durable when it returns.

        A person's first answer in a wave fixes the side. Raises PollIsClosed.
        """
        return await self._writer.share(_record, _Asked(wave_id, person, side, joined, change))

    def answers_of(self, wave_id: int, person: bytes) -> Answers:
        """What one pseudonym answered in the open wave."""
        return _answers(self._reader.conn, wave_id, person)

    def side_of(self, wave_id: int, person: bytes) -> Side | None:
        row = self._one("SELECT side FROM participant WHERE wave_id = ? AND person = ?", wave_id, person)
        return None if row is None else Side(row["side"])

    def participants(self, wave_id: int) -> set[bytes]:
        return {
            row["person"] for row in self._all("SELECT person FROM participant WHERE wave_id = ?", wave_id)
        }

    def answered(self, wave_id: int) -> dict[Side, int]:
        """How many people of each side have answered the open wave."""
        counts = dict.fromkeys(Side, 0)
        for row in self._all(
            "SELECT side, count(*) AS people FROM participant WHERE wave_id = ? GROUP BY side", wave_id
        ):
            counts[Side(row["side"])] = row["people"]
        return counts

    # --- the close ------------------------------------------------------------------------------------

    async def close_wave(
        self,
        wave_id: int,
        publish: Callable[[Mapping[Side, Ballots]], Publication],
        parcels: Sequence[tuple[str, str, datetime]],
        at: datetime,
        what: str,
    ) -> bool:
        """In one transaction: counts, writes what may be published, destroys answers and key.

        `parcels` are (kind, channel, when) of the messages that follow. False where the wave is not open
        any more. `scrub` must follow.
        """

        def job(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE wave SET state = 'closed', closed_at = ?, key = NULL WHERE id = ? AND state = 'open'",
                (at.isoformat(), wave_id),
            )
            if not changed.rowcount:
                return False
            _publish(connection, wave_id, publish(_ballots(connection, wave_id)))
            connection.execute("DELETE FROM answer WHERE wave_id = ?", (wave_id,))
            connection.execute("DELETE FROM participant WHERE wave_id = ?", (wave_id,))
            for kind, channel, when in parcels:
                _put(connection, f"{kind}:{wave_id}:{channel}", wave_id, kind, channel, when)
            _audit(connection, at, what)
            return True

        return await self.write(job)

    async def scrub(self) -> None:
        """Rewrites the file without its free pages and empties the log, so that deleted answers are gone.

        Raises StoreFault where another program reads the file; then `scrub_due` stays true.
        """
        self.scrub_due = True
        await self._writer.maintain(_scrub)
        self.scrub_due = False

    def closed_count(self) -> int:
        row = self._one("SELECT count(*) AS waves FROM wave WHERE state = 'closed'")
        return 0 if row is None else int(row["waves"])

    def closed_waves(self, after: int = 0, most: int = -1) -> tuple[ClosedWave, ...]:
        """Closed waves whose id is above `after`, the oldest first, at most `most` of them."""
        return tuple(_closed_waves(self._reader, after, most))

    # --- for people -----------------------------------------------------------------------------------

    async def keep_reference(self, bank: Bank, ledger: Ledger) -> None:
        """Keeps the items and published figures in the file, so that its views can name them."""
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

    # --- the outbox -----------------------------------------------------------------------------------

    async def put(self, kind: str, wave_id: int, channel: str, at: datetime) -> None:
        """Adds a message to be posted; a key that exists already changes nothing."""

        def job(connection: sqlite3.Connection) -> None:
            _put(connection, f"{kind}:{wave_id}:{channel}", wave_id, kind, channel, at)

        await self.write(job)

    def parcels(self, at: datetime | None = None) -> tuple[OutboxMessage, ...]:
        """What is to be delivered and due at `at`; everything undelivered where it is None."""
        where = "state IN ('due', 'sending')" + (" AND next_try_at <= ?" if at else "")
        rows = self._all(f"SELECT * FROM outbox WHERE {where} ORDER BY next_try_at, key", *_times(at))  # noqa: S608 - no value in it
        return tuple(_parcel(row) for row in rows)

    def posted(self, kind: str, wave_id: int) -> dict[str, str]:
        """The ts of each message of that kind that stands, by channel."""
        rows = self._all(
            "SELECT channel_id, ts FROM outbox WHERE kind = ? AND wave_id = ? AND ts IS NOT NULL",
            kind,
            wave_id,
        )
        return {row["channel_id"]: row["ts"] for row in rows}

    async def repost(self, wave_id: int, channel: str, ts: str, at: datetime) -> bool:
        """Puts the poll of a channel, whose message `ts` is gone, in the outbox again; true once."""
        key = f"poll:{wave_id}:{channel}"

        def job(connection: sqlite3.Connection) -> bool:
            connection.execute(
                "UPDATE outbox SET ts = NULL WHERE key IN (?, ?) AND ts = ?", (key, f"{key}:again", ts)
            )
            before = connection.total_changes
            _put(connection, f"{key}:again", wave_id, "poll", channel, at)
            return connection.total_changes > before

        return await self.write(job)

    def troubles(self) -> tuple[OutboxMessage, ...]:
        """Messages of the latest wave that could not be delivered so far, or not at all."""
        rows = self._all(
            "SELECT * FROM outbox WHERE problem != '' AND state != 'done'"
            " AND wave_id = (SELECT max(id) FROM wave WHERE state != 'skipped') ORDER BY key"
        )
        return tuple(_parcel(row) for row in rows)

    async def mark(self, key: str, state: str, ts: str | None = None) -> None:
        """Moves a message of the outbox on: it is being sent now, or it is done with."""

        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET state = ?, ts = coalesce(?, ts), problem = '' WHERE key = ?",
                (state, ts, key),
            )

        await self.write(job)

    async def postpone(self, key: str, state: str, next_try_at: datetime, problem: str) -> None:
        """Notes that a message could not be delivered; `state` says whether it may stand all the same."""

        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET state = ?, attempts = attempts + 1, next_try_at = ?, problem = ?"
                " WHERE key = ?",
                (state, next_try_at.isoformat(), problem, key),
            )

        await self.write(job)

    async def hurry(self, channel: str, at: datetime) -> None:
        """Makes everything undelivered for a channel due now."""

        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET next_try_at = ? WHERE channel_id = ? AND state IN ('due', 'sending')",
                (at.isoformat(), channel),
            )

        await self.write(job)

    async def move_channel(self, old: str, new: str, at: datetime, what: str) -> None:
        """A channel got another id; the keys of messages stay, because posted messages carry them."""

        def job(connection: sqlite3.Connection) -> None:
            for table in ("channel", "wave_channel", "outbox"):
                connection.execute(
                    f"UPDATE {table} SET channel_id = ? WHERE channel_id = ?",  # noqa: S608 - the names above
                    (new, old),
                )
            _audit(connection, at, what)

        await self.write(job)

    # --- reading --------------------------------------------------------------------------------------

    def _all(self, sql: str, *values: Any) -> Iterator[dict[str, Any]]:
        return iter(list(self._reader.query(sql, list(values))))

    def _one(self, sql: str, *values: Any) -> dict[str, Any] | None:
        return next(self._all(sql, *values), None)


class Snapshot(Store):
    """A copy in memory of what is committed, to be read beside a running bot. It cannot be written.

    It is without the open pulse: its answers and its key stay in the one file that is scrubbed at the close.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scrub_due = False
        copy, self.left_out = _copy(path)
        """True where a pulse was open, which is not in the copy."""
        self._reader = Database(copy, execute_plugins=False)

    def close(self) -> None:
        self._reader.close()

    async def write(self, job: Job[T]) -> T:
        raise StoreFault(_("This copy of the database is only for reading."))

    def save(self, path: Path) -> None:
        """Writes the copy to a file that is not there yet or empty."""
        self._reader.conn.execute("VACUUM INTO ?", (str(path),))


def check(path: Path) -> None:
    """Reads the whole file. Raises StoreFault where it is damaged or cannot be read."""
    try:
        connection = _read_only(path)
        try:
            problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            problems += [
                f"{row[0]} misses {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")
            ]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    if problems != ["ok"]:
        raise StoreFault(_damaged(path, next(problem for problem in problems if problem != "ok")))


def running(path: Path) -> bool:
    """Whether a bot has the file open."""
    try:
        with path.with_name(path.name + "-lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


# --- the file -------------------------------------------------------------------------------------------


def _read_only(path: Path) -> sqlite3.Connection:
    """Opens the file for reading; its folder may be read-only where no log lies beside the file."""
    pending = path.with_name(path.name + "-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'' if pending else '&immutable=1'}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)


def _copy(path: Path) -> tuple[sqlite3.Connection, bool]:
    """The committed state of the file in memory, at the newest schema and without the open wave."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        source = _read_only(path)
        try:
            source.backup(memory)
        finally:
            source.close()
        migrate(memory)
        left_out = _forget_open_wave(memory)
    except sqlite3.Error as error:
        memory.close()
        raise _unreadable(path, error) from error
    return memory, left_out


def _unreadable(path: Path, error: sqlite3.Error) -> StoreFault:
    if isinstance(error, sqlite3.OperationalError):
        return StoreFault(
            _("The database {path} cannot be read: {problem}.").format(path=path, problem=str(error))
        )
    return StoreFault(_damaged(path, str(error)))


def _forget_open_wave(connection: sqlite3.Connection) -> bool:
    """Deletes the open wave and all that hangs on it; false where there is none."""
    row = connection.execute("SELECT id FROM wave WHERE state = 'open'").fetchone()
    if row is None:
        return False
    for table in ("answer", "participant", "outbox", "wave_channel", "wave_side", "wave_item"):
        connection.execute(f"DELETE FROM {table} WHERE wave_id = ?", row)  # noqa: S608 - names from above
    connection.execute("DELETE FROM wave WHERE id = ?", row)
    return True


def _figure(row: Baseline) -> tuple[Any, ...]:
    said = (row.key, row.study, row.published, row.statement, row.measure)
    number = (row.percent, row.percent_low, row.percent_high, row.n)
    return (*said, *number, row.grade, row.surveyed, row.source)


def _replace(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - likewise


def _lock(path: Path) -> IO[bytes]:
    """Holds a lock beside the file for as long as the bot lives; the system drops it with the process."""
    try:
        lock = path.with_name(path.name + "-lock").open("ab")
    except OSError as error:
        raise StoreFault(_cannot_write(path, error.strerror or str(error))) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreFault(
            _("Another bot is running on {path}. Stop it first, or set PULSE_DB to another file.").format(
                path=path
            )
        ) from error
    return lock


def _cannot_write(path: Path, problem: str) -> str:
    return _(
        "The database {path} cannot be written: {problem}. Make the file and its folder writable for this"
        " user, or set PULSE_DB to a file that is."
    ).format(path=path, problem=problem)


def _prepare(path: Path) -> bool:
    """Checks that the file is whole and writable, and brings its schema up to date.

    A crash between a close and its scrub must not leave answers in free pages or the log. False where that
    could not be made sure of, because another program reads the file.
    """
    try:
        connection = connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            problems = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            if problems != ["ok"]:
                raise StoreFault(_damaged(path, problems[0]))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            migrate(connection)
            return _scrubbed(connection)
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise StoreFault(_cannot_write(path, str(error))) from error
    except sqlite3.DatabaseError as error:
        raise StoreFault(_damaged(path, str(error))) from error


def _damaged(path: Path, problem: str) -> str:
    return _(
        "The database {path} is damaged ({problem}). Nothing was changed. Put a backup in its place (made by"
        " `python bot.py backup FILE`), or move it away to start anew."
    ).format(path=path, problem=problem.splitlines()[0])


def _scrubbed(connection: sqlite3.Connection) -> bool:
    try:
        _scrub(connection)
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True


def _scrub(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")
    row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if row[0]:
        raise sqlite3.OperationalError("the log is locked by another program and could not be emptied")


# --- pieces of jobs -------------------------------------------------------------------------------------


def _audit(connection: sqlite3.Connection, at: datetime, what: str) -> None:
    connection.execute("INSERT INTO audit (at, what) VALUES (?, ?)", (at.isoformat(), what))


def _put(
    connection: sqlite3.Connection, key: str, wave_id: int, kind: str, channel: str, at: datetime
) -> None:
    connection.execute(
        "INSERT INTO outbox (key, wave_id, kind, channel_id, state, next_try_at) "
        " VALUES (?, ?, ?, ?, 'due', ?) ON CONFLICT DO NOTHING",
        (key, wave_id, kind, channel, at.isoformat()),
    )


def _insert_wave(connection: sqlite3.Connection, new: NewWave) -> int:
    try:
        cursor = connection.execute(
            "INSERT INTO wave"
            " (cadence, local_date, state, opens_at, closes_at, reminders, opened_at, minimum, key)"
            " VALUES (?, ?, 'open', ?, ?, ?, ?, ?, ?)",
            (
                new.cadence,
                new.moments.local_date.isoformat(),
                new.moments.opens_at.isoformat(),
                new.moments.closes_at.isoformat(),
                json.dumps([moment.isoformat() for moment in new.moments.reminders]),
                new.opened_at.isoformat(),
                new.minimum,
                new.key,
            ),
        )
    except sqlite3.IntegrityError as error:
        raise NotNow(
            _("A pulse is open already, or this date has had its pulse. Nothing was opened.")
        ) from error
    wave_id = cursor.lastrowid
    if wave_id is None:
        raise BadRequest(_("The pulse could not be written."))
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
    return wave_id


def _boxes(text: str) -> frozenset[str]:
    return frozenset(text.split(","))


def _answers(connection: sqlite3.Connection, wave_id: int, person: bytes) -> dict[str, frozenset[str]]:
    rows = connection.execute(
        "SELECT item_id, boxes FROM answer WHERE wave_id = ? AND person = ?", (wave_id, person)
    ).fetchall()
    return {item_id: _boxes(boxes) for item_id, boxes in rows}


def _record(connection: sqlite3.Connection, asks: Sequence[_Asked]) -> list[Recorded]:
    """Does many people's changes with a few statements. Raises PollIsClosed."""
    row = connection.execute("SELECT id FROM wave WHERE state = 'open'").fetchone()
    if row is None or any(ask.wave_id != row[0] for ask in asks):
        raise PollIsClosed(
            _("This pulse is closed, so nothing was changed. The next one will be posted here.")
        )
    before = _held(connection, row[0], list({ask.person for ask in asks}))
    after, recorded = dict(before), []
    for ask in asks:
        held = after.get(ask.person) or _Held(ask.side, ask.joined, {})
        answers = ask.change(held.answers)
        recorded.append(Recorded(held.side, answers, not held.answers))
        if answers:
            after[ask.person] = _Held(held.side, held.joined, answers)
        else:
            after.pop(ask.person, None)
    _keep(connection, row[0], before, after)
    return recorded


_HELD = (
    "SELECT person, side, joined, item_id, boxes FROM participant JOIN answer USING (wave_id, person)"
    " WHERE wave_id = ? AND person IN"
)


def _held(connection: sqlite3.Connection, wave_id: int, people: Sequence[bytes]) -> dict[bytes, _Held]:
    """What the file holds of these people in the open wave."""
    answers: dict[bytes, dict[str, frozenset[str]]] = {}
    found: dict[bytes, _Held] = {}
    for some in _portions(people):
        rows = connection.execute(
            f"{_HELD} ({','.join('?' * len(some))})",
            (wave_id, *some),
        )
        for person, side, joined, item_id, boxes in rows.fetchall():
            answers.setdefault(person, {})[item_id] = _boxes(boxes)
            found[person] = _Held(Side(side), bool(joined), answers[person])
    return found


def _keep(
    connection: sqlite3.Connection,
    wave_id: int,
    before: Mapping[bytes, _Held],
    after: Mapping[bytes, _Held],
) -> None:
    """Writes what differs."""
    people, answers, emptied = [], [], []
    for person, held in after.items():
        was = before.get(person)
        known = was.answers if was is not None else {}
        if was is None or (held.side, held.joined) != (was.side, was.joined):
            people.append((wave_id, person, held.side, int(held.joined)))
        for item_id, boxes in held.answers.items():
            if known.get(item_id) != boxes:
                answers.append((wave_id, person, item_id, ",".join(sorted(boxes))))
        emptied += [(wave_id, person, item_id) for item_id in known.keys() - held.answers.keys()]
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


def _portions(rows: Sequence[R]) -> Iterator[Sequence[R]]:
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        yield rows[start : start + ROWS_A_STATEMENT]


def _ballots(connection: sqlite3.Connection, wave_id: int) -> dict[Side, Ballots]:
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
        everyone[person][item_id] = _boxes(boxes)
    return {side: Ballots(tuple(people[side].values()), joined[side]) for side in Side}


def _publish(connection: sqlite3.Connection, wave_id: int, publication: Publication) -> None:
    for side, turnout in publication.turnout.items():
        index = publication.index.get(side)
        connection.execute(
            "UPDATE wave_side SET people = ?, answered = ?, index_people = ?, index_mean = ?, "
            " index_deviation = ? WHERE wave_id = ? AND side = ?",
            (
                turnout.roster,
                turnout.answered,
                index.n if index else None,
                index.mean if index else None,
                index.deviation if index else None,
                wave_id,
                str(side),
            ),
        )
    for (item_id, side), outcome in publication.outcomes.items():
        _publish_score(connection, (wave_id, item_id, str(side)), outcome)


def _publish_score(connection: sqlite3.Connection, key: tuple[int, str, str], outcome: Outcome) -> None:
    if isinstance(outcome, Withheld):
        return
    band = outcome.band.value if isinstance(outcome, Banded) else None
    connection.execute(
        "INSERT INTO score (wave_id, item_id, side, n, band) VALUES (?, ?, ?, ?, ?)", (*key, outcome.n, band)
    )
    if isinstance(outcome, Counted):
        connection.executemany(
            "INSERT INTO score_share (wave_id, item_id, side, measure, people_low, people_high)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(*key, measure, share.low, share.high) for measure, share in outcome.shares.items()],
        )
        connection.executemany(
            "INSERT INTO score_bar (wave_id, item_id, side, position, boxes, people)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(*key, place, ",".join(bar.boxes), bar.count) for place, bar in enumerate(outcome.bars)],
        )


def _closed_waves(db: Database, after: int, most: int) -> Iterator[ClosedWave]:
    waves = list(
        db.query(
            "SELECT * FROM wave WHERE state = 'closed' AND id > ? ORDER BY id LIMIT ?",
            (after, most),
        )
    )
    if not waves:
        return

    def of_waves(table: str, order: str, *key: str) -> dict[Any, Rows]:
        rows = db.query(
            f"SELECT * FROM {table} WHERE wave_id BETWEEN ? AND ? ORDER BY {order}",  # noqa: S608 - names only
            (waves[0]["id"], waves[-1]["id"]),
        )
        return _grouped(rows, *key)

    items = of_waves("wave_item", "wave_id, position", "wave_id")
    sides = of_waves("wave_side", "wave_id, side", "wave_id")
    scores = of_waves("score", "wave_id", "wave_id")
    shares = of_waves("score_share", "wave_id", "wave_id", "item_id", "side")
    bars = of_waves("score_bar", "wave_id, position", "wave_id", "item_id", "side")
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
            wave["id"],
            datetime.fromisoformat(wave["opened_at"]),
            datetime.fromisoformat(wave["closed_at"]),
            wave["minimum"],
            tuple(item["item_id"] for item in asked),
            {item["item_id"]: item["series"] for item in asked},
            {Side(row["side"]): SideTurnout(row["people"], row["answered"]) for row in turnout},
            outcomes,
            {
                Side(row["side"]): Index(row["index_people"], row["index_mean"], row["index_deviation"])
                for row in turnout
                if row["index_people"] is not None
            },
        )


Rows = list[dict[str, Any]]


def _grouped(rows: Iterator[dict[str, Any]], *columns: str) -> dict[Any, Rows]:
    """The rows by the value of a column, or by the values of several."""
    groups: dict[Any, Rows] = {}
    key = itemgetter(*columns)
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _outcome(score: dict[str, Any], shares: Rows, bars: Rows) -> Outcome:
    if score["band"] is not None:
        return Banded(score["n"], Band(score["band"]))
    return Counted(
        score["n"],
        {row["measure"]: Share(row["people_low"], row["people_high"]) for row in shares},
        tuple(Bar(tuple(row["boxes"].split(",")), row["people"]) for row in bars),
    )


def _parcel(row: dict[str, Any]) -> OutboxMessage:
    return OutboxMessage(
        row["key"],
        row["wave_id"],
        row["kind"],
        row["channel_id"],
        row["state"],
        row["ts"],
        row["attempts"],
        row["problem"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _times(at: datetime | None) -> tuple[str, ...]:
    return () if at is None else (at.isoformat(),)
