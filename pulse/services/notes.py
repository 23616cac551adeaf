"""Managers' notes: dated marks on every trend."""

from __future__ import annotations

from pulse.core.audit import AuditCode, AuditEvent
from pulse.core.errors import BadRequest
from pulse.core.language import _
from pulse.core.model import Note
from pulse.services.ports import Clock
from pulse.services.waves import Waves
from pulse.storage.port import JournalStore

NOTE_LIMIT = 200


class Notes:
    def __init__(self, *, store: JournalStore, waves: Waves, clock: Clock) -> None:
        self._store, self._waves, self._clock = store, waves, clock

    async def add(self, text: str) -> Note:
        """Marks today, in the schedule's zone. Raises BadRequest for a text that is too long."""
        if len(text) > NOTE_LIMIT:
            raise BadRequest(
                _("A note has at most {most} characters; this one has {count}. Please shorten it.").format(
                    most=NOTE_LIMIT, count=len(text)
                )
            )
        now = self._clock()
        note = Note(now.astimezone(self._waves.zone()).date(), text)
        await self._store.add_note(note, now, AuditEvent(code=AuditCode.NOTE_MADE).as_json())
        return note
