"""Twelve closed waves of invented answers, so that a rehearsal has trends, notes and comparisons to show.

They go through the same store, the same counting and the same close as real ones. Only the rehearsal calls
this, on a database of its own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pulse.core.audit import AuditCode, AuditEvent
from pulse.core.calendar import Moments, local_date, next_moments
from pulse.core.items import Bank, choose
from pulse.core.language import _
from pulse.core.model import Format, Item, Note, Side
from pulse.core.records import Answers, Ballots, NewWave, OpenWave, Publication, Setup
from pulse.core.schedule import Repeat, Schedule, Weekday
from pulse.services.waves import publication
from pulse.storage.sqlite.store import Store

WAVES = 12
ITEMS = 4
SEED = 2013
TURNING_POINT = 7
"""The wave from which marketing's trust rises; a note stands beside it, and nobody says it is the cause."""

PEOPLE: Mapping[Side, int] = {Side.MARKETING: 16, Side.IT: 14}
ANSWERING: Mapping[Side, tuple[int, ...]] = {
    Side.MARKETING: (12, 13, 11, 14, 12, 13, 12, 13, 14, 13, 12, 14),
    Side.IT: (11, 10, 12, 7, 11, 12, 3, 10, 11, 12, 11, 12),
}
"""How many answer in each wave: once too few to show anything, once under ten."""


def sample_note() -> str:
    return _("Sample history: the answers of these twelve pulses are invented.")


def loaded_note() -> str:
    return _("Twelve pulses of invented sample history are loaded. PULSE_SAMPLE=0 starts without them.")


def is_sample(store: Store) -> bool:
    """Whether the history began with the invented one, in this run or in an earlier one."""
    return any(note.text == sample_note() for note in store.notes())


async def fill(store: Store, bank: Bank, now: datetime, channels: Mapping[Side, str]) -> None:
    """Sets the pulse up for the channels and closes twelve weekly waves before `now`."""
    schedule = Schedule(Repeat.WEEKLY, Weekday.TUESDAY, time(9), "Europe/Berlin", date(2020, 1, 7))
    setup = Setup(
        schedule=schedule.as_record(),
        items=ITEMS,
        minimum=5,
        since=now,
        channels={side: (channels[side],) for side in Side},
    )
    await store.save_setup(setup, now, _audited(AuditCode.SAMPLE_SET_UP))
    past = next_moments(schedule, now - timedelta(weeks=WAVES + 1), WAVES)
    luck = random.Random(SEED)  # noqa: S311 - invented answers, no secret
    sample = _Sample(store=store, bank=bank, schedule=schedule, channels=channels, luck=luck)
    for number, moments in enumerate(past):
        await _wave(sample, number, moments)
    noted = _audited(AuditCode.SAMPLE_NOTE_MADE)
    await store.add_note(Note(past[TURNING_POINT].local_date, _("New intake form (invented)")), now, noted)
    await store.add_note(Note(local_date(schedule, past[0].closes_at), sample_note()), now, noted)
    for message in store.undelivered():
        await store.mark(message.key, "done")
    await store.scrub()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """What every wave of the invented history is made from."""

    store: Store
    bank: Bank
    schedule: Schedule
    channels: Mapping[Side, str]
    luck: random.Random


async def _wave(sample: _Sample, number: int, moments: Moments) -> None:
    store, luck = sample.store, sample.luck
    items = choose(sample.bank, store.askings(), local_date(sample.schedule, moments.opens_at), ITEMS)
    key = luck.randbytes(32)
    where = {sample.channels[side]: side for side in Side}
    new = NewWave(
        cadence="schedule",
        moments=moments,
        opened_at=moments.opens_at,
        minimum=5,
        key=key,
        items=items,
        people=PEOPLE,
        channels=where,
    )
    wave_id = await store.start_wave(new, _audited(AuditCode.SAMPLE_OPENED))
    wave = store.current_wave()
    assert wave is not None
    await asyncio.gather(
        *(
            store.answer(wave_id, luck.randbytes(32), side, False, _answers(items, side, number, luck))
            for side in Side
            for _person in range(ANSWERING[side][number])
        )
    )
    await store.close_wave(
        wave_id, _counted(items, wave), [], moments.closes_at, _audited(AuditCode.SAMPLE_CLOSED)
    )


def _audited(code: AuditCode) -> str:
    return AuditEvent(code=code).as_json()


def _counted(items: tuple[Item, ...], wave: OpenWave) -> Callable[[Mapping[Side, Ballots]], Publication]:
    return lambda ballots: publication(items, wave, ballots)


def _answers(
    items: tuple[Item, ...], side: Side, number: int, luck: random.Random
) -> Callable[[Answers], Answers]:
    chosen = {item.id: frozenset({_box(item, side, number, luck)}) for item in items}
    return lambda _before: chosen


def _box(item: Item, side: Side, number: int, luck: random.Random) -> str:
    """A box by mood: marketing's rises after the turning point, IT's stays."""
    boxes = [box.key for box in item.boxes if box.counted]
    if item.format is not Format.AGREE5:
        return luck.choices(boxes, weights=[3, 4, 2, 1, 1][: len(boxes)])[0]
    mood = 0.55 if side is Side.IT else 0.3 if number < TURNING_POINT else 0.8
    return luck.choices(boxes, weights=[1 - mood, 1.5 * (1 - mood), 0.8, 2.5 * mood, 1.5 * mood])[0]
