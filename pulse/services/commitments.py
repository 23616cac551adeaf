"""Commitments: made and withdrawn by managers, announced in both sides' channels through the outbox."""

from __future__ import annotations

from datetime import date
from itertools import chain

from pulse.core.audit import AuditCode, AuditEvent
from pulse.core.cards import CommitmentsCard
from pulse.core.commitments import (
    NEVER_ASKED_AFTER,
    Commitment,
    CommitmentDraft,
    CommitmentState,
    check_draft,
)
from pulse.core.errors import BadRequest, NotNow
from pulse.core.language import _
from pulse.services.ports import Clock, Roster
from pulse.services.waves import Waves
from pulse.storage.port import CommitmentStore


class Commitments:
    """`waves` holds all commitments, since it asks about them; its turn is held while they change."""

    def __init__(self, *, store: CommitmentStore, waves: Waves, roster: Roster, clock: Clock) -> None:
        self._store, self._waves, self._roster, self._clock = store, waves, roster, clock

    def day(self) -> date:
        """The day in the schedule's zone."""
        return self._waves.day()

    def card(self) -> CommitmentsCard:
        """What still matters: commitments that bind, and those that ended in the last quarter."""
        today = self.day()
        kept = tuple(one for one in self._waves.commitments if _matters(one, today))
        return CommitmentsCard(today=today, commitments=kept)

    def withdrawable(self) -> tuple[Commitment, ...]:
        """Those that can be taken back."""
        today = self.day()
        return tuple(one for one in self._waves.commitments if _can_be_withdrawn(one, today))

    async def name_of(self, user: str) -> str:
        """What somebody is called in Slack, for a commitment that they sign. Raises SlackFault."""
        return (await self._roster.person(user)).name

    async def add(self, draft: CommitmentDraft) -> None:
        """Records a commitment and tells both sides.

        Raises NotSetUp, DraftFault, and NotNow if the side has an open one.
        """
        async with self._waves.turn:
            channels = self._channels()
            await self._waves.read_commitments()
            checked = check_draft(draft, self._waves.commitments, self.day())
            what = AuditEvent(code=AuditCode.COMMITMENT_MADE).as_json()
            await self._store.add_commitment(checked, self.day(), channels, self._clock(), what)
            await self._waves.read_commitments()

    async def withdraw(self, number: int) -> None:
        """Takes a commitment back and tells both sides.

        Raises NotSetUp, BadRequest for one that does not exist, and NotNow for one that has ended, or that
        the open wave asks about.
        """
        async with self._waves.turn:
            channels = self._channels()
            await self._waves.read_commitments()
            found = next((one for one in self._waves.commitments if one.id == number), None)
            if found is None:
                raise BadRequest(_("There is no such commitment. Nothing was changed."))
            if found.state(self.day()) is CommitmentState.ASKED:
                raise NotNow(_("The open pulse asks about this commitment, so it cannot be withdrawn now."))
            if not _can_be_withdrawn(found, self.day()):
                raise NotNow(_("This commitment has ended already. Nothing was changed."))
            what = AuditEvent(code=AuditCode.COMMITMENT_WITHDRAWN).as_json()
            await self._store.withdraw_commitment(number, self.day(), channels, self._clock(), what)
            await self._waves.read_commitments()

    def _channels(self) -> tuple[str, ...]:
        """The channels of both sides, each once."""
        return tuple(dict.fromkeys(chain.from_iterable(self._waves.setup().channels.values())))


def _can_be_withdrawn(commitment: Commitment, today: date) -> bool:
    return commitment.state(today) in (CommitmentState.OPEN, CommitmentState.DUE)


def _matters(commitment: Commitment, today: date) -> bool:
    if commitment.is_open(today):
        return True
    ended = commitment.answered_on or commitment.withdrawn_on or commitment.due_on + NEVER_ASKED_AFTER
    return today - ended <= NEVER_ASKED_AFTER
