"""What a wave asks besides the questions whose turn it is, and which question each of its ids means.

Three questions can replace one whose turn it is, in this order: whether a commitment whose day has passed was
kept; whether people still expect something to change, after that day; and how one side expects the other to
answer. A wave has at most four questions. The last two wait if a headline item would come late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from pulse.core.commitments import (
    ID_PREFIX,
    NEVER_ASKED_AFTER,
    Commitment,
    commitment_item,
    due_commitment,
)
from pulse.core.dates import day
from pulse.core.expectation_item import base_of, can_be_expected, expectation_item, is_expectation
from pulse.core.items import SIZES, Asking, Bank
from pulse.core.model import Item
from pulse.core.question_plan import QUARTER, QuestionPlan, Room, choose_questions, room

EXPECTED_EVERY = timedelta(weeks=4)
"""An expectation is asked at most this often, and never in the first four weeks of an installation."""
EXPECTED_AFTER = 4
"""Fewest waves from one expectation to the next: with a slow cadence one would take a place every time."""

CHANGE_QUESTION = "L04"
"""Asks whether something will change because of the results: after a commitment's day, and every quarter."""


def asked_item(item_id: str, bank: Bank, commitments: Iterable[Commitment]) -> Item | None:
    """The question behind an id of a wave; None if there is no such question any more."""
    if is_expectation(item_id):
        base = bank.get(base_of(item_id))
        return expectation_item(base) if base is not None else None
    if item_id.startswith(ID_PREFIX):
        found = (one for one in commitments if f"{ID_PREFIX}{one.id}" == item_id)
        return next((_question(one) for one in found), None)
    return bank.get(item_id)


def _question(commitment: Commitment) -> Item:
    return commitment_item(commitment, day(commitment.due_on))


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What is known when a wave opens. `history` are the earlier waves, oldest first.

    `pinned` and `off` are ids of questions that are always and never asked. `room` is what the places in turn
    can give away.
    """

    bank: Bank
    commitments: Sequence[Commitment]
    history: Sequence[Asking]
    today: date
    pinned: Collection[str] = ()
    off: Collection[str] = ()
    room: Room = field(default_factory=Room)

    def last_asked(self, item_id: str) -> date | None:
        return next((wave.day for wave in reversed(self.history) if item_id in wave.items), None)


def wave_items(
    bank: Bank,
    plan: QuestionPlan,
    headlines: Collection[str],
    history: Sequence[Asking],
    commitments: Sequence[Commitment],
    *,
    today: date,
    size: int,
) -> tuple[Item, ...]:
    """All that the next wave asks; arguments as in `choose_questions`. Equal arguments, equal items."""
    # In the first quarter the results can hardly have changed anything yet.
    quarterly = {*headlines, CHANGE_QUESTION} if history and today - history[0].day >= QUARTER else headlines
    chosen = choose_questions(bank, plan, quarterly, history, today=today, size=size)
    occasion = Occasion(
        bank=bank,
        commitments=commitments,
        history=history,
        today=today,
        pinned=plan.pinned,
        off=plan.off,
        room=room(bank, plan, quarterly, history, today=today, size=size),
    )
    return with_occasions(chosen, occasion)


def with_occasions(chosen: Sequence[Item], occasion: Occasion) -> tuple[Item, ...]:
    """The items of the next wave: `chosen`, some of them replaced. Equal arguments, equal items.

    A due commitment is always asked about: if no question is in turn it is added, or replaces the last pinned
    one in a wave of four. The other two only replace a question in turn.
    """
    places = _Places(list(chosen), set(occasion.pinned))
    due = due_commitment(occasion.commitments, occasion.today)
    if due is not None:
        places.give(_question(due), at_any_cost=True)
    if not occasion.room.is_free:
        return tuple(places.items)
    change = occasion.bank.get(CHANGE_QUESTION)
    if change is not None and change not in places.items and _is_change_question_due(occasion):
        places.give(change)
    base = _base(places.items, occasion)
    if base is not None:
        places.give_behind(expectation_item(base), base)
    return tuple(places.items)


def _is_change_question_due(occasion: Occasion) -> bool:
    """Whether a commitment's day has passed since people were last asked."""
    if CHANGE_QUESTION in occasion.off:
        return False
    last = occasion.last_asked(CHANGE_QUESTION) or date.min
    return any(
        one.withdrawn_on is None
        and last <= one.due_on < occasion.today
        and occasion.today - one.due_on <= NEVER_ASKED_AFTER
        for one in occasion.commitments
    )


def _base(items: Sequence[Item], occasion: Occasion) -> Item | None:
    """The wave's question whose expectation was asked longest ago; None if none can be asked now."""
    if not _is_expectation_due(occasion):
        return None
    return min(
        (item for item in items if can_be_expected(item)),
        key=lambda item: occasion.last_asked(expectation_item(item).id) or date.min,
        default=None,
    )


def _is_expectation_due(occasion: Occasion) -> bool:
    """Whether expectations have rested, and an item that is not a headline has had a place since."""
    history, others = occasion.history, occasion.room.others
    asked = [number for number, wave in enumerate(history) if any(map(is_expectation, wave.items))]
    since = history[asked[-1] if asked else 0 :]
    if not since or occasion.today - since[0].day < EXPECTED_EVERY:
        return False
    if not asked:
        return True
    shared = not others or any(others.intersection(wave.items) for wave in since)
    return len(since) >= EXPECTED_AFTER and shared


@dataclass(slots=True)
class _Places:
    """The places of a wave. `kept` are ids of questions that keep their place."""

    items: list[Item]
    kept: set[str] = field(default_factory=set)

    def give(self, item: Item, *, at_any_cost: bool = False) -> None:
        """Puts an item in the place of the last question in turn."""
        free = [place for place, other in enumerate(self.items) if other.id not in self.kept]
        if free:
            self.items[free[-1]] = item
        elif at_any_cost and len(self.items) < max(SIZES):
            self.items.append(item)
        elif at_any_cost:
            self.items[-1] = item
        self.kept.add(item.id)

    def give_behind(self, item: Item, base: Item) -> None:
        """Puts an item right behind its base; the last other question in turn makes room."""
        free = [other for other in self.items if other.id not in self.kept and other is not base]
        if free:
            self.items.remove(free[-1])
            self.items.insert(self.items.index(base) + 1, item)
