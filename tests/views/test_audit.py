"""Entries of the audit: kept as codes, read as sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pulse.core.audit import AuditCode, AuditEntry, AuditEvent, SetupPart, on_date, setup_changed
from pulse.core.language import speaking
from pulse.storage.catalogues import catalogue
from pulse.views.audit import change_lines, event_sentence

VALUES = {"item": "X01", "date": "2026-03-03", "parts": "channels schedule", "text": "As it was written."}


@pytest.mark.parametrize("code", AuditCode)
def test_every_code_has_its_sentence_in_every_language(code: AuditCode) -> None:
    """No placeholder is left, and only an entry kept as it was written is not translated."""
    event = AuditEvent(code=code, values=VALUES)
    english = event_sentence(event)
    with speaking(catalogue("de")):
        german = event_sentence(event)
    assert english.endswith(".")
    assert "{" not in english + german
    assert (german == english) == (code is AuditCode.AS_WRITTEN)


@pytest.mark.parametrize("code", AuditCode)
def test_an_event_is_read_as_it_was_kept(code: AuditCode) -> None:
    """Code and values survive the file."""
    event = AuditEvent(code=code, values={"date": "2026-03-03"})
    assert AuditEvent.from_json(event.as_json()) == event


@pytest.mark.parametrize("text", ["", "[]", "7", "null", '{"code": "never"}', '{"date": "x"}', "Words."])
def test_what_is_no_event_is_shown_as_it_was_written(text: str) -> None:
    """An entry of another version is neither lost nor taken for one of ours."""
    assert event_sentence(AuditEvent.from_json(text)) == text


def test_a_changed_set_up_names_its_parts() -> None:
    """In the order of the form; if no part changed, it says so."""
    assert event_sentence(setup_changed([SetupPart.ITEMS, SetupPart.LANGUAGE])) == (
        "The set-up was changed: questions in a pulse, language of the posts."
    )
    assert event_sentence(setup_changed([])) == "The set-up was saved without a change."


def test_an_entry_pings_nobody() -> None:
    """Text inside an entry is escaped."""
    event = AuditEvent(code=AuditCode.AS_WRITTEN, values={"text": "<!channel>"})
    [line] = change_lines([AuditEntry(at=datetime(2026, 3, 3, tzinfo=UTC), event=event)])
    assert "&lt;!channel&gt;" in line


def test_a_skipped_wave_names_its_date() -> None:
    """As the schedule's local date."""
    event = on_date(AuditCode.SKIPPED_MISSED, date(2026, 3, 3))
    assert event_sentence(event) == "The pulse of 2026-03-03 was skipped: it could not be opened in time."
