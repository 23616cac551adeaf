"""What is measured without a socket: ten years looked back on, a big wave closed, the writer's limits.

`python -m bench.inside WHAT --api URL --folder DIR` prints one line. Times in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.storm import PEOPLE, say, user_id
from bench.subjects import SCHEDULE, set_up, wired
from pulse.core.cadence import next_moments
from pulse.core.model import Box, Index, Item, Side, SideTurnout, Tally
from pulse.core.privacy import publish
from pulse.ops import logs
from pulse.services.answering import pseudonym
from pulse.services.waves import Waves
from pulse.storage.library import load_library
from pulse.storage.sqlite.connection import connect
from pulse.storage.sqlite.store import Answers, Ballots, NewWave, OpenWave, Publication, Store

YEARS = 10
BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
LOOKS = 200
BATCH = 200
"""Taps on the way at the peak: what the writer can share a commit among."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What people wait for, the first look after a close and all of them. Milliseconds."""

    first: float
    p50: float
    p99: float
    worst: float


async def history(store: Store, waves: int, people: int, first: int = 0) -> None:
    """Writes closed waves of all items, each answered by `people` a side, as their closes would have."""
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
            key=b"k" * 32,
            items=items,
            people=dict.fromkeys(Side, people),
            channels={},
        )
        wave = await store.start_wave(new, "opened")
        outcomes = {
            (item.id, side): publish(item, answered(item, people, number), 5)
            for item in items
            for side in Side
        }
        index = {side: Index(people, 60.0, 20.0) for side in Side}
        made = partial(_made, Publication(turnout=turnout, outcomes=outcomes, index=index))
        await store.close_wave(wave, made, (), moments.closes_at, "closed")


def _made(publication: Publication, _ballots: Mapping[Side, Ballots]) -> Publication:
    return publication


def answered(item: Item, people: int, number: int) -> Tally:
    """Counts that differ from wave to wave and leave no box empty."""
    boxes: list[Box] = [box for box in item.boxes if box.counted]
    weights = [3 + (number + place) % 5 for place in range(len(boxes))]
    counts = {box.key: people * weight // sum(weights) for box, weight in zip(boxes, weights, strict=True)}
    counts[boxes[0].key] += people - sum(counts.values())
    return Tally(people, counts)


async def looking_back(api: str, folder: Path, people: int, years: int) -> dict[str, object]:
    """`/pulse scores` and `/pulse trend` after so many years of weekly waves."""
    store = Store.open(folder / f"history-{people}.db")
    try:
        await set_up(store)
        await history(store, 52 * years - 1, people)
        subject = wired(store, api)
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
    """Seconds that the work takes, and the longest that the loop waited for it meanwhile, in milliseconds."""
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
    """How long the close of a wave takes that 10,000 people answered, and the writer's pace on the way."""
    store = Store.open(folder / "close.db")
    try:
        waves = wired(store, api).workspace.waves
        await set_up(store)
        await waves.open_by_hand()
        start = time.perf_counter()
        await everybody_answers(store, waves)
        written = time.perf_counter() - start
        taps = PEOPLE * len(waves.items_of(_wave(waves)))
        start = time.perf_counter()
        await waves.close_by_hand()
        closed = time.perf_counter() - start
    finally:
        store.close()
    return {"close": 1000 * closed, "store": taps / written}


async def everybody_answers(store: Store, waves: Waves) -> None:
    """Every person answers every question, 200 on the way at a time, straight to the store."""
    wave = _wave(waves)
    room = asyncio.Semaphore(BATCH)

    async def answer(person: int, item: Item) -> None:
        side = list(Side)[person % 2]
        box = frozenset({item.boxes[person % len(item.boxes)].key})

        def change(before: Answers) -> Answers:
            return {**before, item.id: box}

        async with room:
            await store.answer(wave.id, pseudonym(wave, user_id(person)), side, False, change)

    for item in waves.items_of(wave):
        await asyncio.gather(*(answer(person, item) for person in range(PEOPLE)))


def _wave(waves: Waves) -> OpenWave:
    assert waves.current is not None
    return waves.current


async def bare_rows(api: str, folder: Path) -> dict[str, object]:
    """The same rows by sqlite3 alone: same schema, same durability, 200 taps a commit, and one a commit."""
    found: dict[str, object] = {}
    for batch in (BATCH, 1):
        store = Store.open(folder / f"rows-{batch}.db")
        try:
            waves = wired(store, api).workspace.waves
            await set_up(store)
            await waves.open_by_hand()
            wave, items = _wave(waves), [item.id for item in waves.items_of(_wave(waves))]
        finally:
            store.close()
        people = PEOPLE if batch > 1 else PEOPLE // 10
        rows = [
            (wave.id, pseudonym(wave, user_id(n)), list(Side)[n % 2].value, item)
            for item in items
            for n in range(people)
        ]
        with closing(connect(folder / f"rows-{batch}.db")) as connection:
            start = time.perf_counter()
            for place in range(0, len(rows), batch):
                _commit(connection, rows[place : place + batch])
            found[str(batch)] = len(rows) / (time.perf_counter() - start)
    return found


def _commit(connection: sqlite3.Connection, rows: list[tuple[int, bytes, str, str]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO participant (wave_id, person, side) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [row[:3] for row in rows],
    )
    connection.executemany(
        "INSERT INTO answer (wave_id, person, item_id, boxes) VALUES (?, ?, ?, '4')"
        " ON CONFLICT DO UPDATE SET boxes = excluded.boxes",
        [(wave, person, item) for wave, person, _side, item in rows],
    )
    connection.execute("COMMIT")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("looks", "close", "rows"))
    parser.add_argument("--api", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--years", type=int, default=YEARS)
    chosen = parser.parse_args()
    logs.configure("error")
    if chosen.what == "looks":
        say(asyncio.run(looking_back(chosen.api, chosen.folder, chosen.people, chosen.years)))
    elif chosen.what == "close":
        say(asyncio.run(closing_time(chosen.api, chosen.folder)))
    else:
        say(asyncio.run(bare_rows(chosen.api, chosen.folder)))


if __name__ == "__main__":
    main()
