"""Which questions the next wave asks, by the stored plan and what was asked before."""

from __future__ import annotations

from datetime import date

from pulse.core.asked_items import wave_items
from pulse.core.library import Library
from pulse.core.model import Item
from pulse.core.question_plan import (
    QuestionPlan,
    first_edition_plan,
    headlines,
    suggested_plan,
)
from pulse.storage.port import Store


async def current_plan(store: Store, library: Library) -> QuestionPlan:
    """What managers decided. Before that: the suggested plan, or for older set-ups their usual anchors."""
    plan = await store.question_plan()
    if plan is not None:
        return plan
    older = await store.setup() is not None
    return first_edition_plan(library.source) if older else suggested_plan(library.source)


async def next_items(store: Store, library: Library, day: date, size: int) -> tuple[Item, ...]:
    """The items that a wave of `size` asks on a day, in the language being spoken."""
    plan, bank = await current_plan(store, library), library.bank
    lead, history = headlines(bank, library.ledger), await store.askings()
    return wave_items(bank, plan, lead, history, await store.commitments(), today=day, size=size)
