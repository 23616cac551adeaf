"""The plan of questions, and a company's own questions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pulse.core.question_plan import QuestionPlan
from pulse.core.records import OwnQuestion
from pulse.storage.sqlite.audit import record_change
from pulse.storage.sqlite.theme import ReadTheme, Theme


class QuestionRows(ReadTheme):
    """Reads questions (see `pulse.storage.port.QuestionReader`)."""

    async def question_plan(self) -> QuestionPlan | None:
        row = self._reader.row("SELECT pinned, off FROM question_plan")
        if row is None:
            return None
        return QuestionPlan(pinned=tuple(json.loads(row["pinned"])), off=frozenset(json.loads(row["off"])))

    async def own_questions(self) -> tuple[OwnQuestion, ...]:
        rows = self._reader.rows("SELECT item_id, wording, series FROM own_question ORDER BY number")
        return tuple(
            OwnQuestion(item_id=row["item_id"], wording=json.loads(row["wording"]), series=row["series"])
            for row in rows
        )


class Questions(QuestionRows, Theme):
    """Changes questions (see `pulse.storage.port.QuestionStore`)."""

    async def save_question_plan(self, plan: QuestionPlan, at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            keep_plan(connection, plan)
            record_change(connection, at, what)

        await self.write(job)

    async def save_own_questions(self, questions: Sequence[OwnQuestion], at: datetime, what: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            for question in questions:
                connection.execute(
                    "INSERT INTO own_question (item_id, number, wording, series)"
                    " VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM own_question), ?, ?)"
                    " ON CONFLICT (item_id)"
                    " DO UPDATE SET wording = excluded.wording, series = excluded.series",
                    (
                        question.item_id,
                        json.dumps(dict(question.wording), ensure_ascii=False),
                        question.series,
                    ),
                )
            record_change(connection, at, what)

        await self.write(job)


def keep_plan(connection: sqlite3.Connection, plan: QuestionPlan) -> None:
    """Replaces the plan, in its caller's transaction."""
    connection.execute(
        "INSERT INTO question_plan (id, pinned, off) VALUES (1, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET pinned = excluded.pinned, off = excluded.off",
        (json.dumps(plan.pinned), json.dumps(sorted(plan.off))),
    )
