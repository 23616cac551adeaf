"""Closed waves for the views' tests, made as a close makes them: from counts, through `publish`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pulse.core.items import Bank
from pulse.core.model import ClosedWave, Item, Side, Tally
from pulse.core.privacy import publish, turnout
from pulse.storage.library import load_library

LIBRARY = load_library(None)
BANK, LEDGER = LIBRARY.bank, LIBRARY.ledger
FIRST = datetime(2026, 8, 6, 14, tzinfo=UTC)
Counts = Mapping[tuple[str, Side], list[int]]


def shipped(item_id: str) -> Item:
    found = BANK.get(item_id)
    assert found is not None
    return found


def tally(item: Item, counts: list[int]) -> Tally:
    keys = [option.key for option in item.options if option.counted]
    return Tally(sum(counts), dict(zip(keys, counts, strict=True)))


def wave(
    number: int,
    counts: Counts,
    roster: int | Mapping[Side, int] = 20,
    *,
    bank: Bank = BANK,
    minimum: int = 5,
) -> ClosedWave:
    """Wave `number`, a week after the one before, from the counts of each option by item and side."""
    ids = list(dict.fromkeys(item_id for item_id, _side in counts))
    items = {item_id: bank.get(item_id) for item_id in ids}
    people = dict.fromkeys(Side, roster) if isinstance(roster, int) else roster
    closed = FIRST + timedelta(weeks=number)
    answered = {side: max(sum(counts[key]) for key in counts if key[1] is side) for side in Side}
    return ClosedWave(
        id=number,
        token=str(number),
        opened_at=closed - timedelta(days=3),
        closed_at=closed,
        minimum=minimum,
        items=tuple(ids),
        series={item_id: item.series for item_id, item in items.items() if item},
        turnout={side: turnout(people[side], answered[side], minimum) for side in Side},
        outcomes={
            (item_id, side): publish(item, tally(item, count), minimum)
            for (item_id, side), count in counts.items()
            if (item := items[item_id])
        },
    )


def trust(number: int, marketing: list[int], it: list[int], roster: int = 20) -> ClosedWave:
    """A wave of the trust question alone."""
    return wave(number, {("T01", Side.MARKETING): marketing, ("T01", Side.IT): it}, roster)


def two_waves() -> list[ClosedWave]:
    """A wave of 12 and 10 answers, then one of three questions with every kind of outcome."""
    first = wave(
        0,
        {
            ("T01", Side.MARKETING): [1, 2, 4, 3, 2],
            ("T01", Side.IT): [2, 3, 2, 2, 1],
            ("A02", Side.MARKETING): [2, 5, 3, 2],
            ("A02", Side.IT): [3, 4, 2, 1],
        },
    )
    second = wave(
        1,
        {
            ("T01", Side.MARKETING): [1, 2, 2, 5, 2],
            ("T01", Side.IT): [0, 0, 1, 6, 4],
            ("A02", Side.MARKETING): [0, 2, 5, 0],
            ("A02", Side.IT): [1, 1, 1, 1],
            ("I03", Side.MARKETING): [0, 1, 3, 5, 3],
            ("I03", Side.IT): [1, 1, 1, 4, 4],
        },
    )
    return [first, second]
