"""What managers and the schedule changed, as codes and values. Views make the sentences.

An event is kept as JSON: `{"code": "skipped by hand", "date": "2026-03-03"}`. It names no person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class AuditCode(StrEnum):
    """What happened. The values beside a code are named in `pulse.views.audit`."""

    SET_UP = "set up"
    SETUP_CHANGED = "set-up changed"
    SETUP_UNCHANGED = "set-up unchanged"
    OPENED_BY_SCHEDULE = "opened by schedule"
    OPENED_BY_HAND = "opened by hand"
    CLOSED_BY_SCHEDULE = "closed by schedule"
    CLOSED_BY_HAND = "closed by hand"
    SKIPPED_BY_HAND = "skipped by hand"
    SKIPPED_MISSED = "skipped missed"
    SKIPPED_PAUSED = "skipped paused"
    SKIPPED_STILL_OPEN = "skipped still open"
    CALLED_OFF = "called off"
    PAUSED = "paused"
    RESUMED = "resumed"
    MANAGER_NAMED = "manager named"
    MANAGER_REMOVED = "manager removed"
    NOTE_MADE = "note made"
    COMMITMENT_MADE = "commitment made"
    COMMITMENT_WITHDRAWN = "commitment withdrawn"
    CHANNEL_MOVED = "channel moved"
    QUESTIONS_PLANNED = "questions planned"
    QUESTION_SAVED = "question saved"
    QUESTIONS_READ = "questions read"
    SAMPLE_SET_UP = "sample set up"
    SAMPLE_NOTE_MADE = "sample note made"
    SAMPLE_OPENED = "sample opened"
    SAMPLE_CLOSED = "sample closed"
    AS_WRITTEN = "as written"
    """A sentence that an earlier version stored without a code: it is the value `text`."""


class SetupPart(StrEnum):
    """What a manager can change in the set-up."""

    CHANNELS = "channels"
    SCHEDULE = "schedule"
    ITEMS = "items"
    MINIMUM = "minimum"
    LANGUAGE = "language"
    READERS = "readers"
    BOTH_SIDES = "both_sides"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One change: its code and the values that its sentence needs."""

    code: AuditCode
    values: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        return json.dumps({"code": self.code.value, **self.values}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> AuditEvent:
        """Reads what `as_json` wrote; any other text becomes an event `AS_WRITTEN`.

        >>> AuditEvent.from_json('{"code": "skipped by hand", "date": "2026-03-03"}').values
        {'date': '2026-03-03'}
        >>> AuditEvent.from_json("Something older.").values
        {'text': 'Something older.'}
        """
        try:
            kept = json.loads(text)
            code = AuditCode(kept.pop("code"))
        except (ValueError, AttributeError, KeyError, TypeError):
            return cls(code=AuditCode.AS_WRITTEN, values={"text": text})
        return cls(code=code, values={name: str(value) for name, value in kept.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An event and when it happened."""

    at: datetime
    event: AuditEvent


def on_date(code: AuditCode, day: date) -> AuditEvent:
    """An event about the wave of one date."""
    return AuditEvent(code=code, values={"date": day.isoformat()})


def setup_changed(parts: list[SetupPart]) -> AuditEvent:
    """The set-up was saved: `parts` are those that changed, in the order in which to name them."""
    if not parts:
        return AuditEvent(code=AuditCode.SETUP_UNCHANGED)
    return AuditEvent(code=AuditCode.SETUP_CHANGED, values={"parts": " ".join(parts)})


def entries(kept: tuple[tuple[datetime, str], ...]) -> tuple[AuditEntry, ...]:
    """The audit's rows as entries."""
    return tuple(AuditEntry(at=at, event=AuditEvent.from_json(text)) for at, text in kept)
