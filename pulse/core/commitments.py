"""Commitments: one thing that a side says it will do by a set date, and whether both sides saw it happen.

A side has at most one open commitment. When its day has passed, both sides are asked once whether it
happened; this is reported once, and from then on the commitment is a mark on the trend. It has no
respondent's name, and the name of whoever wrote it only if they gave it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pulse.core.errors import BadRequest, NotNow
from pulse.core.language import N_, _
from pulse.core.model import Asked, Direction, Format, Item, Measure, Option, Side

TEXT_LIMIT = 160
LONGEST = timedelta(days=366)
ID_PREFIX = "commitment."
"""Begins the id of the question about a commitment. The full stop keeps it apart from ids in the bank."""
ANSWERS = (
    Option("yes", N_("Yes"), N_("Yes")),
    Option("partly", N_("Partly"), N_("Partly")),
    Option("no", N_("No"), N_("No")),
    Option("cannot_say", N_("Cannot say"), N_("Cannot say"), counted=False),
)
NEVER_ASKED_AFTER = timedelta(weeks=13)
"""This long after its day, a commitment is no longer asked about: people no longer agree on what it was."""


class CommitmentState(StrEnum):
    """Where a commitment stands on a day."""

    OPEN = "open"
    """Its day has not come."""
    DUE = "due"
    """Its day has passed; the next pulse asks whether it happened."""
    ASKED = "asked"
    """An open pulse asks."""
    ANSWERED = "answered"
    """A pulse has asked, and its result has said what was answered."""
    WITHDRAWN = "withdrawn"
    NEVER_ASKED = "never asked"
    """No pulse opened in the quarter after its day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What one side will do. `by` is the name that its writer gave, "" for none.

    `asked_in` is the wave that asks about it, or has. Once that wave is closed, `answered_on` is the day on
    which it opened. `withdrawn_on` is the day on which a manager took it back.
    """

    id: int
    side: Side
    text: str
    made_on: date
    due_on: date
    by: str = ""
    asked_in: int | None = None
    answered_on: date | None = None
    withdrawn_on: date | None = None

    def state(self, today: date) -> CommitmentState:
        """Where it stands on a day."""
        if self.withdrawn_on is not None:
            return CommitmentState.WITHDRAWN
        if self.answered_on is not None:
            return CommitmentState.ANSWERED
        if self.asked_in is not None:
            return CommitmentState.ASKED
        if today <= self.due_on:
            return CommitmentState.OPEN
        return (
            CommitmentState.DUE if today - self.due_on <= NEVER_ASKED_AFTER else CommitmentState.NEVER_ASKED
        )

    def is_open(self, today: date) -> bool:
        """Whether the side is still bound by it, or waits for the answer."""
        return self.state(today) in (CommitmentState.OPEN, CommitmentState.DUE, CommitmentState.ASKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentDraft:
    """A commitment as it is written in the form."""

    side: Side
    text: str
    due_on: date
    by: str = ""


class DraftFault(BadRequest):
    """An invalid commitment; `field` names the form's field at fault."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def check_draft(draft: CommitmentDraft, known: Iterable[Commitment], today: date) -> CommitmentDraft:
    """The draft with tidy white space and without control characters.

    Raises DraftFault for an invalid text or day, NotNow if the side has an open commitment.
    """
    text = _plain(draft.text)
    if not text:
        raise DraftFault("text", _("Please say what your side will do."))
    if len(text) > TEXT_LIMIT:
        raise DraftFault(
            "text",
            _("A commitment has at most {most} characters; this one has {count}. Please shorten it.").format(
                most=TEXT_LIMIT, count=len(text)
            ),
        )
    if not today < draft.due_on <= today + LONGEST:
        raise DraftFault("due_on", _("Choose a day after today, within a year."))
    if any(other.side is draft.side and other.is_open(today) for other in known):
        raise NotNow(
            _(
                "{side} has an open commitment already. It ends when a pulse has asked about it, or when a "
                "manager withdraws it with /pulse commit withdraw."
            ).format(side=_(draft.side.label))
        )
    return CommitmentDraft(side=draft.side, text=text, due_on=draft.due_on, by=_plain(draft.by))


_UNSEEN = {"Cc", "Cs"}
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder the text after them: the bot's words, and the other side's."""


def _plain(typed: str) -> str:
    """The typed text as one readable line; empty if nothing in it can be read.

    >>> _plain(" Answer\\u202e within\\n two days "), _plain("\\u200b")
    ('Answer within two days', '')
    """
    on_one_line = " ".join(typed.split())
    read = "".join(
        sign for sign in on_one_line if sign not in _TURNING and unicodedata.category(sign) not in _UNSEEN
    )
    return read if any(unicodedata.category(sign) not in {"Cf", "Zs"} for sign in read) else ""


def due_commitment(known: Sequence[Commitment], today: date) -> Commitment | None:
    """The commitment that the next wave asks about: of several, the one whose day passed first."""
    due = [one for one in known if one.state(today) is CommitmentState.DUE]
    return min(due, key=lambda one: (one.due_on, one.id), default=None)


def commitment_item(commitment: Commitment, day: str) -> Item:
    """The question whether it happened, the same for both sides; `day` is the due day in words.

    Its series does not depend on the language.
    """
    question = _("{side} said that by {day} this would happen: “{text}”. Did it?").format(
        side=_(commitment.side.label), day=day, text=commitment.text
    )
    return Item(
        id=f"{ID_PREFIX}{commitment.id}",
        dimension="leadership/ownership",
        asked=Asked.ROTATING,
        format=Format.CHOICE,
        direction=Direction.CHOICE,
        options=ANSWERS,
        measures=(Measure("choice_share:yes", frozenset({"yes"}), N_("say that it happened")),),
        wordings=dict.fromkeys(Side, question),
        baselines=dict.fromkeys(Side, ()),
        note="",
        own=True,
        source_series=f"{ID_PREFIX}{commitment.id}-{_digest(commitment)}",
    )


def _digest(commitment: Commitment) -> str:
    """Tells commitments with the same number apart: a restored database gives numbers out again."""
    said = "\x1f".join((commitment.side, commitment.due_on.isoformat(), commitment.text))
    return hashlib.sha256(said.encode()).hexdigest()[:10]
