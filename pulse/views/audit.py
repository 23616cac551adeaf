"""Entries of the audit in words."""

from __future__ import annotations

from collections.abc import Sequence

from pulse.core.audit import AuditCode, AuditEntry, AuditEvent, SetupPart
from pulse.core.language import N_, _
from pulse.views.blocks import moment
from pulse.views.message import escape

_SENTENCES = {
    AuditCode.SET_UP: N_("The pulse was set up."),
    AuditCode.SETUP_CHANGED: N_("The set-up was changed: {what}."),
    AuditCode.SETUP_UNCHANGED: N_("The set-up was saved without a change."),
    AuditCode.OPENED_BY_SCHEDULE: N_("The schedule opened a pulse."),
    AuditCode.OPENED_BY_HAND: N_("A manager opened a pulse."),
    AuditCode.CLOSED_BY_SCHEDULE: N_("The pulse was closed when it was due."),
    AuditCode.CLOSED_BY_HAND: N_("A manager closed the pulse."),
    AuditCode.SKIPPED_BY_HAND: N_("A manager skipped the pulse of {date}."),
    AuditCode.SKIPPED_MISSED: N_("The pulse of {date} was skipped: it could not be opened in time."),
    AuditCode.SKIPPED_PAUSED: N_("The pulse of {date} was skipped: the schedule was paused."),
    AuditCode.SKIPPED_STILL_OPEN: N_("The pulse of {date} was skipped: another pulse was still open."),
    AuditCode.CALLED_OFF: N_("The pulse of {date} was called off: its key was lost."),
    AuditCode.PAUSED: N_("A manager paused the schedule."),
    AuditCode.RESUMED: N_("A manager resumed the schedule."),
    AuditCode.MANAGER_NAMED: N_("A manager was named."),
    AuditCode.MANAGER_REMOVED: N_("A manager was taken off the list."),
    AuditCode.NOTE_MADE: N_("A manager made a note."),
    AuditCode.COMMITMENT_MADE: N_("A manager made a commitment for a side."),
    AuditCode.COMMITMENT_WITHDRAWN: N_("A manager withdrew a commitment."),
    AuditCode.CHANNEL_MOVED: N_("Slack gave a channel a new id, and the set-up follows it."),
    AuditCode.QUESTIONS_PLANNED: N_("A manager changed which questions are asked."),
    AuditCode.QUESTION_SAVED: N_("A manager wrote the question {item}."),
    AuditCode.QUESTIONS_READ: N_("Your own questions were read from their file."),
    AuditCode.SAMPLE_SET_UP: N_("The rehearsal set the pulse up, with invented history."),
    AuditCode.SAMPLE_NOTE_MADE: N_("A note was invented."),
    AuditCode.SAMPLE_OPENED: N_("An invented wave was opened."),
    AuditCode.SAMPLE_CLOSED: N_("It was closed."),
    AuditCode.AS_WRITTEN: "{text}",
}

_PARTS = {
    SetupPart.CHANNELS: N_("channels"),
    SetupPart.SCHEDULE: N_("schedule"),
    SetupPart.ITEMS: N_("questions in a pulse"),
    SetupPart.MINIMUM: N_("smallest group"),
    SetupPart.LANGUAGE: N_("language of the posts"),
    SetupPart.READERS: N_("who reads results"),
    SetupPart.BOTH_SIDES: N_("people in channels of both sides"),
}


def event_sentence(event: AuditEvent) -> str:
    """What happened, as plain text in the current language.

    >>> event_sentence(AuditEvent(code=AuditCode.SETUP_CHANGED, values={"parts": "channels minimum"}))
    'The set-up was changed: channels, smallest group.'
    """
    values = dict(event.values)
    if "parts" in values:
        values["what"] = ", ".join(_(_PARTS[SetupPart(part)]) for part in values["parts"].split())
    return _(_SENTENCES[event.code]).format(**values)


def change_lines(changes: Sequence[AuditEntry]) -> list[str]:
    """Entries of the audit as lines of mrkdwn."""
    return [
        _("• {when}: {what}").format(when=moment(entry.at), what=escape(event_sentence(entry.event)))
        for entry in changes
    ]
