"""The set-up, its channels, and pauses."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pulse.core.model import BothSides, Side
from pulse.core.plan import Pause
from pulse.core.question_plan import QuestionPlan
from pulse.core.records import NewMessage, ReadersRule, Setup
from pulse.storage.sqlite.audit import record_change
from pulse.storage.sqlite.outbox import add_announcement
from pulse.storage.sqlite.people import add_wish
from pulse.storage.sqlite.questions import keep_plan
from pulse.storage.sqlite.theme import ReadTheme, Theme, moment


class SetupRows(ReadTheme):
    """Reads the set-up and its pauses (see `pulse.storage.port.SetupReader`)."""

    async def setup(self) -> Setup | None:
        row = self._reader.row(
            "SELECT schedule, items, minimum, since, language, readers, sharing, both_sides FROM setup"
        )
        if row is None:
            return None
        roles: dict[str, list[str]] = {"marketing": [], "it": [], "results": []}
        for channel in self._reader.rows("SELECT channel_id, role FROM channel ORDER BY role, channel_id"):
            roles[channel["role"]].append(channel["channel_id"])
        return Setup(
            schedule=json.loads(row["schedule"]),
            items=row["items"],
            minimum=row["minimum"],
            since=datetime.fromisoformat(row["since"]),
            channels={side: tuple(roles[side]) for side in Side},
            results=tuple(roles["results"]),
            language=row["language"],
            readers=ReadersRule(row["readers"]),
            sharing=bool(row["sharing"]),
            both_sides=BothSides(row["both_sides"]),
        )

    async def pauses(self) -> tuple[Pause, ...]:
        rows = self._reader.rows("SELECT since, until FROM pause ORDER BY since")
        return tuple(Pause(datetime.fromisoformat(row["since"]), moment(row["until"])) for row in rows)


class Setups(SetupRows, Theme):
    """The set-up and its pauses (see `pulse.storage.port.SetupStore`)."""

    async def save_setup(
        self,
        setup: Setup,
        at: datetime,
        what: str,
        *,
        plan: QuestionPlan | None = None,
        messages: Sequence[NewMessage] = (),
        managers: Sequence[bytes] = (),
        named: str = "",
    ) -> None:
        def job(connection: sqlite3.Connection) -> None:
            _replace_setup(connection, setup)
            if plan is not None:
                keep_plan(connection, plan)
            for message in messages:
                add_announcement(connection, message)
            record_change(connection, at, what)
            for person in managers:
                if add_wish(connection, person, "manager"):
                    record_change(connection, at, named)

        await self.write(job)

    async def move_channel(self, old: str, new: str, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            for table in ("channel", "wave_channel", "outbox"):
                connection.execute(
                    f"UPDATE {table} SET channel_id = ? WHERE channel_id = ?",  # noqa: S608 - the names above
                    (new, old),
                )
            record_change(connection, at, what)

        await self.write(job)

    async def pause(self, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM pause WHERE until IS NULL").fetchone() is None:
                connection.execute("INSERT INTO pause (since) VALUES (?)", (at.isoformat(),))
                record_change(connection, at, what)

        await self.write(job)

    async def resume(self, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            if connection.execute(
                "UPDATE pause SET until = ? WHERE until IS NULL", (at.isoformat(),)
            ).rowcount:
                record_change(connection, at, what)

        await self.write(job)


def _replace_setup(connection: sqlite3.Connection, setup: Setup) -> None:
    connection.execute(
        "INSERT INTO setup (id, schedule, items, minimum, since, language, readers, sharing, both_sides)"
        " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET schedule = excluded.schedule, items = excluded.items,"
        " minimum = excluded.minimum, since = excluded.since, language = excluded.language,"
        " readers = excluded.readers, sharing = excluded.sharing, both_sides = excluded.both_sides",
        (
            json.dumps(dict(setup.schedule)),
            setup.items,
            setup.minimum,
            setup.since.isoformat(),
            setup.language,
            str(setup.readers),
            int(setup.sharing),
            setup.both_sides,
        ),
    )
    connection.execute("DELETE FROM channel")
    rows = [(channel, str(side)) for side in Side for channel in setup.channels[side]]
    rows += [(channel, "results") for channel in setup.results]
    connection.executemany("INSERT INTO channel (channel_id, role) VALUES (?, ?)", rows)
