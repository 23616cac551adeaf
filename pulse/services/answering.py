"""Answering: taps, the form, withdrawal, and what is recorded of one person while a wave is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from pulse.core.cards import OwnAnswers
from pulse.core.errors import (
    AnswerElsewhere,
    BadRequest,
    JoinedLater,
    NotNow,
    NotYours,
    PollIsClosed,
    PulseError,
    SlackFault,
)
from pulse.core.language import _
from pulse.core.model import Format, Item, Side
from pulse.core.records import Answers, OpenWave, StoredBallot
from pulse.services.ports import Roster
from pulse.services.waves import Waves
from pulse.storage.port import Store

T = TypeVar("T")

_log = structlog.get_logger(__name__)

LOOK_UP_S = 2.0
"""How long a tap waits for Slack to say who somebody is: the ack is due within 3 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One person's part in the open wave."""

    wave: OpenWave
    items: tuple[Item, ...]
    side: Side
    answers: Answers
    both_sides: bool = False
    """The person is in channels of both sides."""


class Answering:
    """The use cases of people who answer. `waves` says which wave is open."""

    def __init__(self, *, store: Store, roster: Roster, waves: Waves) -> None:
        self._store, self._roster, self._waves = store, roster, waves

    async def tap(self, user: str, channel: str, wave_id: str, item_id: str, option: str) -> Ballot:
        """One option of one item, from a poll message; in a multiple choice it is added or taken back.

        The answer is durable when this returns. Raises PollIsClosed, NotYours, JoinedLater, BadRequest,
        BallotBroken, KeyLost and StoreFault, and AnswerElsewhere for a tap under the other side's wording.
        """
        wave = self._wave(wave_id)
        item = self._item(wave, item_id)
        if item.option(option) is None:
            raise BadRequest(_("That answer is not part of this pulse. Nothing was changed."))

        def change(before: Answers) -> Answers:
            return _with(before, item, frozenset({option}), toggled=item.format is Format.MULTI)

        return await self._answer(user, channel, wave, change, worded=True)

    async def fill_in(
        self, user: str, channel: str, wave_id: str, chosen: Mapping[str, frozenset[str]]
    ) -> Ballot:
        """Saves the whole form at once; items left empty in it are withdrawn.

        Raises what `tap` raises, except AnswerElsewhere.
        """
        wave = self._wave(wave_id)
        for item_id, options in chosen.items():
            item = self._item(wave, item_id)
            if any(item.option(option) is None for option in options) or (
                len(options) > 1 and item.format is not Format.MULTI
            ):
                raise BadRequest(_("That answer is not part of this pulse. Nothing was changed."))

        def change(before: Answers) -> Answers:
            after = {**before, **chosen}
            return {item_id: options for item_id, options in after.items() if options}

        return await self._answer(user, channel, wave, change)

    async def withdraw(self, user: str, wave_id: str) -> Ballot:
        """Deletes all answers of one person in the open wave.

        Raises PollIsClosed, JoinedLater and StoreFault.
        """
        wave = self._wave(wave_id)
        kept = await self._store.answer(wave.id, user, lambda before: StoredBallot.blank(before.sides))
        return self._ballot(user, wave, kept.ballot, None)

    def check(self, wave_id: str, item_id: str) -> None:
        """Raises PollIsClosed if that wave takes no answers, BadRequest if it does not ask that item."""
        self._item(self._wave(wave_id), item_id)

    async def renewed(self, user: str, ballot: Ballot) -> Ballot | None:
        """A ballot with what is stored now; None once its wave is closed."""
        wave = self._waves.current
        if wave is None or wave.id != ballot.wave.id:
            return None
        kept = await self._store.ballot_of(wave.id, user)
        return ballot if kept is None else replace(ballot, answers=kept.answers)

    def member_left(self, user: str, channel: str) -> None:
        """Stops reminding a person who left a channel. Their ballot stays until the close."""
        self._roster.leave(user, channel)

    async def ballot(self, user: str, channel: str = "") -> Ballot:
        """What one person answered so far. Raises NotNow if no wave is open, NotYours, KeyLost."""
        wave = self._waves.current
        if wave is None:
            raise NotNow(_("No pulse is open now. /pulse status says when the next one opens."))
        kept = await self._store.ballot_of(wave.id, user)
        if kept is None:
            kept = await self._without_ballot(user, channel, wave)
        told = wave.channels.get(channel)
        _side(kept, told)
        return self._ballot(user, wave, kept, told)

    def _ballot(self, user: str, wave: OpenWave, kept: StoredBallot, told: Side | None) -> Ballot:
        return Ballot(
            wave=wave,
            items=self._waves.items_of(wave),
            side=kept.side or (told if told in kept.sides else None) or min(kept.sides),
            answers=kept.answers,
            both_sides=self._roster.in_both(user),
        )

    async def is_asked(self, user: str) -> bool:
        """Whether somebody can answer the open wave."""
        try:
            await self.ballot(user)
        except PulseError:
            return False
        return True

    async def stored_answers(self, user: str) -> OwnAnswers | None:
        """What one person answered in the open wave; None if nothing, or if the wave's key is lost."""
        wave = self._waves.current
        if wave is None or await self._store.key_problem():
            return None
        ballot = await self._store.ballot_of(wave.id, user)
        if ballot is None or ballot.side is None or not ballot.answers:
            return None
        return OwnAnswers(
            wave_id=wave.token, side=ballot.side, items=self._waves.items_of(wave), answers=ballot.answers
        )

    async def read_roster(self) -> None:
        """Reads who is in the channels of the open wave, after a restart. What fails is tried again later."""
        wave = self._waves.current
        if wave is not None:
            try:
                await self._roster.ensure(wave.channels, wave.both_sides)
            except SlackFault as fault:
                _log.warning("roster not read", code=fault.code)

    def _wave(self, wave_id: str) -> OpenWave:
        if self._waves.current is None or self._waves.current.token != wave_id:
            raise PollIsClosed(
                _("This pulse is closed, so nothing was changed. Its results are in the channel, and")
                + " "
                + _("/pulse status says when the next one opens.")
            )
        return self._waves.current

    def _item(self, wave: OpenWave, item_id: str) -> Item:
        item = self._waves.item(item_id) if item_id in wave.items else None
        if item is None:
            raise BadRequest(_("That question is not part of this pulse. Nothing was changed."))
        return item

    async def _answer(
        self,
        user: str,
        channel: str,
        wave: OpenWave,
        change: Callable[[Answers], Answers],
        *,
        worded: bool = False,
    ) -> Ballot:
        """`worded`: the question was shown in the wording of the channel's side."""
        told = wave.channels.get(channel)

        def changed(before: StoredBallot) -> StoredBallot:
            side, answers = _side(before, told), change(before.answers)
            if worded and told not in (None, side):
                raise _elsewhere(wave, side)
            if not answers:
                return StoredBallot.blank(before.sides)
            return replace(before, side=side, answers=answers)

        try:
            kept = await self._store.answer(wave.id, user, changed)
        except JoinedLater:
            await self._without_ballot(user, channel, wave)
            kept = await self._store.answer(wave.id, user, changed)
        return self._ballot(user, wave, kept.ballot, told)

    async def _without_ballot(self, user: str, channel: str, wave: OpenWave) -> StoredBallot:
        """Says why somebody has no ballot; in a wave of the first edition a member of its channels gets one.

        Raises JoinedLater for a member, NotYours for anybody else, NotNow if Slack does not say.
        """
        await self._within(self._roster.ensure(wave.channels, wave.both_sides))
        if channel in wave.channels:
            await self._within(self._roster.admit(user, channel))
        sides = frozenset(self._roster.sides(user))
        if not sides:
            raise _of_both_sides() if self._roster.in_both(user) else _not_asked()
        if not wave.first_edition:
            raise JoinedLater
        await self._store.admit(wave.id, {user: sides})
        return StoredBallot.blank(sides)

    async def _within(self, looking: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(LOOK_UP_S):
                return await looking
        except (TimeoutError, SlackFault) as error:
            raise NotNow(
                _("Slack did not say in time which channels you are in, so nothing was recorded.")
                + " "
                + _("Please try again in a minute.")
            ) from error


def _side(ballot: StoredBallot, told: Side | None) -> Side:
    """The side that the ballot counts for; in a wave of the first edition the channel may decide.

    Raises NotYours.
    """
    chosen = ballot.side or (told if told in ballot.sides else None)
    if chosen is None:
        raise NotYours(
            _("You are in channels of both sides. Answer once in the channel of the side you speak for,")
            + " "
            + _("and your answers count for that side until the pulse closes.")
        )
    return chosen


def _elsewhere(wave: OpenWave, side: Side) -> AnswerElsewhere:
    return AnswerElsewhere(
        _("This is the other side's wording, and your answers count for {side}. Nothing was saved.").format(
            side=_(side.label)
        ),
        tuple(channel for channel, of in wave.channels.items() if of is side),
    )


def _of_both_sides() -> NotYours:
    return NotYours(
        _("You are in channels of both sides, and such people are not asked in this pulse.")
        + " "
        + _("Nothing was saved. A manager can change that in /pulse setup, from the next pulse on.")
    )


def _not_asked() -> NotYours:
    return NotYours(
        _("This pulse is for members of its marketing and IT channels; guests and apps are not asked.")
        + " "
        + _("Nothing was recorded. If you belong to one of these teams, join its channel and try again.")
    )


def _with(before: Answers, item: Item, options: frozenset[str], toggled: bool) -> Answers:
    chosen = before.get(item.id, frozenset()) ^ options if toggled else options
    after = {**before, item.id: chosen}
    return {item_id: kept for item_id, kept in after.items() if kept}
