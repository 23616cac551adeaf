"""Measurements without a socket: looking back over ten years, and closing a big wave.

`python -m bench.inside WHAT --api URL --folder DIR` prints one line. Times in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.storm import PEOPLE, say, user_id
from bench.subjects import SCHEDULE, set_up, wired
from pulse.core.calendar import next_moments
from pulse.core.model import Item, Option, Side, SideTurnout, Tally
from pulse.core.privacy import publish
from pulse.core.records import StoredBallot
from pulse.ops import logs
from pulse.services.waves import Waves
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Ballots, NewWave, OpenWave, Publication, Store

YEARS = 10
BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
LOOKS = 200
BATCH = 200
"""Answers in flight at a time: the writer shares a commit among them."""


@dataclass(frozen=True, slots=True)
class Looks:
    """How long people wait: for the first look after a close, and for all of them. Milliseconds."""

    first: float
    p50: float
    p99: float
    worst: float


async def history(store: Store, waves: int, people: int, first: int = 0) -> None:
    """Writes closed waves as real closes would: all items, each answered by `people` per side."""
    items = load_library(None).bank.items
    turnout = {side: SideTurnout(people, people) for side in Side}
    schedule = replace(SCHEDULE, starts_on=BEGIN.date())
    for number, moments in enumerate(next_moments(schedule, BEGIN, first + waves)):
        if number < first:
            continue
        new = NewWave(
            cadence="schedule",
            moments=moments,
            opened_at=moments.opens_at,
            minimum=5,
            token=f"{number:016x}",
            items=items,
            roster={f"{side}{person}": frozenset({side}) for side in Side for person in range(people)},
            channels={},
        )
        wave = await store.start_wave(new, "opened")
        outcomes = {
            (item.id, side): publish(item, answered(item, people, number), 5)
            for item in items
            for side in Side
        }
        made = partial(_made, Publication(turnout=turnout, outcomes=outcomes))
        await store.close_wave(wave, made, (), moments.closes_at, "closed")


def _made(publication: Publication, _ballots: Mapping[Side, Ballots]) -> Publication:
    return publication


def answered(item: Item, people: int, number: int) -> Tally:
    """Counts that differ from wave to wave and leave no option empty."""
    options: list[Option] = [option for option in item.options if option.counted]
    weights = [3 + (number + place) % 5 for place in range(len(options))]
    counts = {
        option.key: people * weight // sum(weights) for option, weight in zip(options, weights, strict=True)
    }
    counts[options[0].key] += people - sum(counts.values())
    return Tally(people, counts)


async def looking_back(api: str, folder: Path, people: int, years: int) -> dict[str, object]:
    """`/pulse scores` and `/pulse trend` after `years` of weekly waves."""
    store = Store.open(folder / f"history-{people}.db")
    try:
        await set_up(store)
        await history(store, 52 * years - 1, people)
        subject = wired(store, api)
        await subject.workspace.waves.load()
        cards = subject.surfaces.cards
        start = await held_up(cards.prepare())
        await history(store, 1, people, first=52 * years - 1)
        close = await held_up(cards.prepare())
        looks = {
            "scores": await looked(lambda: cards.scores("")),
            "trend": await looked(lambda: cards.trend("")),
        }
        await subject.surfaces.slack.close()
    finally:
        store.close()
    return {"looks": {name: astuple(look) for name, look in looks.items()}, "start": start, "close": close}


async def held_up(work: Coroutine[None, None, None]) -> tuple[float, float]:
    """Seconds that the work takes, and the longest time that it held up the loop, in milliseconds."""
    longest = 0.0
    start = last = time.perf_counter()
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    await task
    return last - start, 1000 * longest


async def looked(use: Callable[[], Awaitable[object]]) -> Looks:
    times = []
    for _ in range(LOOKS):
        start = time.perf_counter()
        await use()
        times.append(1000 * (time.perf_counter() - start))
    ordered = sorted(times)
    return Looks(times[0], ordered[LOOKS // 2], ordered[int(0.99 * LOOKS)], ordered[-1])


async def closing_time(api: str, folder: Path) -> dict[str, object]:
    """How long it takes to close a wave that 10,000 people answered."""
    store = Store.open(folder / "close.db")
    try:
        workspace = wired(store, api).workspace
        await set_up(store)
        await workspace.waves.load()
        await workspace.by_hand.open()
        await everybody_answers(store, workspace.waves)
        start = time.perf_counter()
        await workspace.by_hand.close()
        closed = time.perf_counter() - start
    finally:
        store.close()
    return {"close": 1000 * closed}


async def everybody_answers(store: Store, waves: Waves) -> None:
    """Every person answers every question, 200 in flight at a time, straight to the store."""
    wave = _wave(waves)
    room = asyncio.Semaphore(BATCH)

    async def answer(person: int, item: Item) -> None:
        side = list(Side)[person % 2]
        option = frozenset({item.options[person % len(item.options)].key})

        def change(before: StoredBallot) -> StoredBallot:
            return replace(before, side=side, answers={**before.answers, item.id: option})

        async with room:
            await store.answer(wave.id, user_id(person), change)

    for item in waves.items_of(wave):
        await asyncio.gather(*(answer(person, item) for person in range(PEOPLE)))


def _wave(waves: Waves) -> OpenWave:
    assert waves.current is not None
    return waves.current


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("looks", "close"))
    parser.add_argument("--api", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--years", type=int, default=YEARS)
    chosen = parser.parse_args()
    logs.configure("error")
    if chosen.what == "looks":
        say(asyncio.run(looking_back(chosen.api, chosen.folder, chosen.people, chosen.years)))
    else:
        say(asyncio.run(closing_time(chosen.api, chosen.folder)))


if __name__ == "__main__":
    main()
