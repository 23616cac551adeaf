"""Which questions the next wave asks: some are pinned, the others take turns, some are switched off.

The places that are not pinned rotate so that every headline item of the two named studies is asked at least
once in 13 weeks, as far as the number of places and the cadence allow it. The rest of these places go to the
questions that have waited longest and to those that `pulse.core.asked_items` adds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise, takewhile
from statistics import median

from pulse.core.baselines import Ledger, comparable
from pulse.core.expectation_item import is_expectation
from pulse.core.items import SIZES, Asking, Bank
from pulse.core.model import Asked, Item, Side

QUARTER = timedelta(weeks=13)
PAUSES = {Asked.QUARTERLY: timedelta(weeks=12), Asked.HALF_YEARLY: timedelta(weeks=25)}
"""How long a question rests after it was asked."""
HEADLINE_PAUSE = timedelta(weeks=6)
"""A headline item never rests longer: else several that came up together would be late together."""
WEEK = timedelta(weeks=1)
SPARE = 1
"""By how many waves headline items come early: a commitment can take a place without warning."""
LOOKED_AT = 8
"""The last waves, from whose distances the cadence is judged."""

SUGGESTED_PINS = ("T01", "A02", "A01")
"""Trust, the amount of collaboration and the need for alignment: what the two studies lead with."""


class Turn(StrEnum):
    """When a question is asked: each time, when its turn comes, or never."""

    PINNED = "pinned"
    ROTATING = "rotating"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPlan:
    """What managers decided, by item id: `pinned` always (in this order), `off` never, the others in turn."""

    pinned: tuple[str, ...] = ()
    off: frozenset[str] = frozenset()

    def turn(self, item_id: str) -> Turn:
        if item_id in self.off:
            return Turn.OFF
        return Turn.PINNED if item_id in self.pinned else Turn.ROTATING

    def pin(self, item_id: str) -> QuestionPlan:
        pinned = self.pinned if item_id in self.pinned else (*self.pinned, item_id)
        return QuestionPlan(pinned=pinned, off=self.off - {item_id})

    def rotate(self, item_id: str) -> QuestionPlan:
        return QuestionPlan(pinned=self._unpinned(item_id), off=self.off - {item_id})

    def switch_off(self, item_id: str) -> QuestionPlan:
        return QuestionPlan(pinned=self._unpinned(item_id), off=self.off | {item_id})

    def _unpinned(self, item_id: str) -> tuple[str, ...]:
        return tuple(pinned for pinned in self.pinned if pinned != item_id)


def first_edition_plan(bank: Bank) -> QuestionPlan:
    """The plan of an installation that never chose one: the bank's anchors are pinned."""
    return QuestionPlan(pinned=tuple(item.id for item in bank.asked(Asked.EVERY_WAVE)[:2]))


def suggested_plan(bank: Bank) -> QuestionPlan:
    """What the set-up suggests for four questions."""
    return QuestionPlan(pinned=tuple(id_ for id_ in SUGGESTED_PINS if bank.get(id_) is not None))


def headlines(bank: Bank, ledger: Ledger) -> frozenset[str]:
    """The ids of the items that have a headline figure of one of the two named studies."""
    return frozenset(
        item.id
        for item in bank
        for side in Side
        for found in comparable(item, side, ledger)
        if found.row.named and found.row.required
    )


def choose_questions(
    bank: Bank,
    plan: QuestionPlan,
    headlines: Collection[str],
    history: Sequence[Asking],
    today: date,
    size: int,
) -> tuple[Item, ...]:
    """The items of the next wave: the pinned ones, then those whose turn it is. Equal arguments, equal items.

    `headlines` are ids of items with a headline figure of a named study, `history` the waves so far, oldest
    first, `size` the number of questions, 2 to 4 (ValueError otherwise). Fewer come back only if the bank
    has no more that are not switched off.
    """
    if size not in SIZES:
        raise ValueError(f"a wave asks 2 to 4 items, not {size}")
    pinned = [item for id_ in plan.pinned if (item := bank.get(id_)) is not None][:size]
    turns = _Turns(bank, plan, frozenset(headlines), history, today)
    chosen = list(pinned)
    while len(chosen) < size:
        item = turns.next(chosen, places=size - len(pinned))
        if item is None:
            break
        chosen.append(item)
    return tuple(chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a wave's places in turn leave to questions that are not from the bank.

    `is_free`: no headline item comes late if one place is given away. `others` are the ids of the other items
    that share these places: empty if headline items take all of them in any case.
    """

    is_free: bool = True
    others: frozenset[str] = frozenset()


def room(
    bank: Bank,
    plan: QuestionPlan,
    headlines: Collection[str],
    history: Sequence[Asking],
    *,
    today: date,
    size: int,
) -> Room:
    """What the next wave can give away; the arguments are those of `choose_questions`."""
    turns = _Turns(bank, plan, frozenset(headlines), history, today)
    pinned = [id_ for id_ in plan.pinned if bank.get(id_) is not None]
    return turns.room(places=size - len(pinned)) if len(pinned) < size else Room()


@dataclass(frozen=True, slots=True)
class _Turns:
    """Whose turn it is on a day."""

    bank: Bank
    plan: QuestionPlan
    headlines: frozenset[str]
    history: Sequence[Asking]
    today: date

    def next(self, chosen: Sequence[Item], places: int) -> Item | None:
        """The next item, None if none is left; `places` is how many places of a wave are not pinned."""
        taken = {item.id for item in chosen}
        free = [item for item in self._candidates() if item.id not in taken]
        rested = [item for item in free if self._rested(item)] or free
        headlines = [item for item in rested if item.id in self.headlines]
        others = [item for item in rested if item.id not in self.headlines]
        waiting = [item for item in free if item.id in self.headlines]
        kept = SPARE + self._is_expectation_next()
        if headlines and (not others or self._late(waiting, places, 1 + kept)):
            return min(headlines, key=lambda item: self._waited(item, chosen))
        return min(others or headlines, key=lambda item: self._waited(item, chosen), default=None)

    def _candidates(self) -> Iterator[Item]:
        out = {*self.plan.pinned, *self.plan.off}
        return (item for item in self.bank if item.id not in out)

    def _last(self, item_id: str) -> date | None:
        return next((asking.day for asking in reversed(self.history) if item_id in asking.items), None)

    def _rested(self, item: Item) -> bool:
        last, pause = self._last(item.id), PAUSES.get(item.asked, timedelta())
        if item.id in self.headlines:
            pause = min(pause, HEADLINE_PAUSE)
        return last is None or self.today - last >= pause

    def _is_expectation_next(self) -> bool:
        """Whether an item that is not a headline has had a place since the last expectation."""
        others = {item.id for item in self._candidates()} - self.headlines
        asked = takewhile(lambda asking: not any(map(is_expectation, asking.items)), reversed(self.history))
        return any(others.intersection(asking.items) for asking in asked)

    def room(self, places: int) -> Room:
        """What a wave with this many unpinned places can give away."""
        candidates = list(self._candidates())
        headlines = [item for item in candidates if item.id in self.headlines]
        if len(headlines) * self._gap() > QUARTER * places:
            return Room()
        others = frozenset(item.id for item in candidates) - self.headlines
        return Room(is_free=not self._late(headlines, places, 1 + SPARE), others=others)

    def _late(self, headlines: Sequence[Item], places: int, without: int) -> bool:
        """Whether any of the headline items would be late if all waited for `without` waves.

        They come one after the other, the longest unasked first: each must come before its quarter is over.
        """
        deadlines = sorted(self._deadline(item.id) for item in headlines)
        gap = self._gap()
        return any(
            self.today + gap * (without + place // places) > deadline
            for place, deadline in enumerate(deadlines)
        )

    def _deadline(self, item_id: str) -> date:
        """An item's last day to be on time: a quarter after it was asked, or within the first quarter."""
        last = self._last(item_id)
        if last is not None:
            return last + QUARTER
        return (self.history[0].day if self.history else self.today) + QUARTER - WEEK

    def _gap(self) -> timedelta:
        """The usual time between two waves; a week if there is no history."""
        days = [asking.day for asking in self.history[-LOOKED_AT:]]
        gaps = [(after - before).days for before, after in pairwise(days)]
        return timedelta(days=median(gaps)) if gaps else WEEK

    def _waited(self, item: Item, chosen: Sequence[Item]) -> tuple[date, date, int]:
        """A sort key: when the item was asked last, when its dimension was, then its place in the bank."""
        same = [other.id for other in self.bank if other.dimension == item.dimension]
        now = self.today if any(other.dimension == item.dimension for other in chosen) else None
        days = (self._last(other) for other in same if other not in self.plan.pinned)
        dimension = now or max((day for day in days if day is not None), default=date.min)
        places = [other.id for other in self.bank]
        return self._last(item.id) or date.min, dimension, places.index(item.id)
