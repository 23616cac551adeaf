"""Twelve closed waves of invented answers, so that a rehearsal has trends, notes and comparisons to show.

They tell a story: marketing trusts IT little, and wrongly thinks that IT trusts marketing as little; IT
commits itself to something, both sides see it happen, and marketing's trust rises. Nobody says that the one
caused the other.

They are stored, counted and closed exactly as real ones are. Only the rehearsal calls this, on a database of
its own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from pulse.core.asked_items import wave_items
from pulse.core.audit import AuditCode, AuditEvent
from pulse.core.calendar import Moments, local_date, next_moments
from pulse.core.commitments import ID_PREFIX, CommitmentDraft
from pulse.core.expectation_item import is_expectation
from pulse.core.items import Bank
from pulse.core.language import _
from pulse.core.library import Library
from pulse.core.model import Format, Item, Note, Side
from pulse.core.question_plan import QuestionPlan, headlines, suggested_plan
from pulse.core.records import (
    Ballots,
    MessageKind,
    MessageState,
    NewMessage,
    NewWave,
    OpenWave,
    Publication,
    Setup,
    StoredBallot,
)
from pulse.core.schedule import Repeat, Schedule, Weekday
from pulse.core.scoring import publication
from pulse.storage.sqlite.store import Store

WAVES = 12
ITEMS = 4
SEED = 2072
"""Chosen so that twelve pulses tell the whole story: with most seeds a part of it is not clear enough."""
TURNING_POINT = 8
"""The wave from which marketing's trust rises, counted from 0; a note marks it."""
COMMITTED_AT = 5
"""The wave after whose close IT commits itself; the commitment is due when `TURNING_POINT` closes."""

PEOPLE: Mapping[Side, int] = {Side.MARKETING: 16, Side.IT: 14}
ANSWERING: Mapping[Side, tuple[int, ...]] = {
    Side.MARKETING: (12, 13, 11, 14, 12, 13, 12, 13, 14, 13, 12, 14),
    Side.IT: (11, 10, 12, 7, 11, 12, 3, 10, 11, 12, 11, 12),
}
"""How many answer in each wave: once too few to show anything, once under ten."""


_EXPECTED = {Side.MARKETING: (8, 5, 1, 0, 0), Side.IT: (1, 4, 5, 3, 1)}
"""Weights of the guesses about the other side, from 0 or 1 to 9 or 10 of ten: marketing far too low."""


def sample_note() -> str:
    return _("Sample history: the answers of these twelve pulses are invented.")


def loaded_note() -> str:
    return _("Twelve pulses of invented sample history are loaded. PULSE_SAMPLE=0 starts without them.")


async def is_sample(store: Store) -> bool:
    """Whether the history began with the invented one, in this run or in an earlier one."""
    return any(note.text == sample_note() for note in await store.notes())


async def fill(store: Store, library: Library, now: datetime, channels: Mapping[Side, str]) -> None:
    """Sets the pulse up for the channels and closes twelve weekly waves before `now`.

    The newest wave's results wait to be posted: they are the first thing that a visitor sees.
    """
    schedule = Schedule(Repeat.WEEKLY, Weekday.TUESDAY, time(9), "Europe/Berlin", date(2020, 1, 7))
    setup = Setup(
        schedule=schedule.as_record(),
        items=ITEMS,
        minimum=5,
        since=now,
        channels={side: (channels[side],) for side in Side},
    )
    bank = library.bank
    plan = suggested_plan(library.source)
    await store.save_setup(setup, now, _audited(AuditCode.SAMPLE_SET_UP), plan=plan)
    past = next_moments(schedule, now - timedelta(weeks=WAVES + 1), WAVES)
    luck = random.Random(SEED)  # noqa: S311 - invented answers, no secret
    sample = _Sample(
        store=store,
        bank=bank,
        plan=plan,
        headlines=headlines(bank, library.ledger),
        schedule=schedule,
        channels=channels,
        luck=luck,
    )
    for number, moments in enumerate(past):
        await _wave(sample, number, moments)
        if number == COMMITTED_AT:
            await _commit(sample, moments.closes_at, local_date(schedule, past[TURNING_POINT].closes_at))
    noted = _audited(AuditCode.SAMPLE_NOTE_MADE)
    await store.add_note(Note(past[TURNING_POINT].local_date, _("New intake form (invented)")), now, noted)
    await store.add_note(Note(local_date(schedule, past[0].closes_at), sample_note()), now, noted)
    for message in await store.undelivered():
        if message.kind != MessageKind.RESULTS:
            await store.mark(message.key, MessageState.DONE)
    await store.scrub()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """What every wave of the invented history is made from."""

    store: Store
    bank: Bank
    plan: QuestionPlan
    headlines: frozenset[str]
    schedule: Schedule
    channels: Mapping[Side, str]
    luck: random.Random


async def _commit(sample: _Sample, at: datetime, due_on: date) -> None:
    text = _("Answer every request within two working days (invented)")
    draft = CommitmentDraft(side=Side.IT, text=text, due_on=due_on)
    made_on = local_date(sample.schedule, at)
    await sample.store.add_commitment(draft, made_on, (), at, _audited(AuditCode.SAMPLE_NOTE_MADE))


async def _wave(sample: _Sample, number: int, moments: Moments) -> None:
    store, luck = sample.store, sample.luck
    today, history = local_date(sample.schedule, moments.opens_at), await store.askings()
    items = wave_items(
        sample.bank,
        sample.plan,
        sample.headlines,
        history,
        await store.commitments(),
        today=today,
        size=ITEMS,
    )
    people = {side: [f"{side}{person}" for person in range(PEOPLE[side])] for side in Side}
    where = {sample.channels[side]: side for side in Side}
    new = NewWave(
        cadence="schedule",
        moments=moments,
        opened_at=moments.opens_at,
        minimum=5,
        token=luck.randbytes(8).hex(),
        items=items,
        roster={person: frozenset({side}) for side in Side for person in people[side]},
        channels=where,
    )
    wave_id = await store.start_wave(new, _audited(AuditCode.SAMPLE_OPENED))
    wave = await store.current_wave()
    assert wave is not None
    await asyncio.gather(
        *(
            store.answer(wave_id, person, _answers(items, side, number, luck))
            for side in Side
            for person in people[side][: ANSWERING[side][number]]
        )
    )
    closed = moments.closes_at
    last = number == WAVES - 1
    messages = [NewMessage(kind=MessageKind.RESULTS, channel=channel, at=closed) for channel in where if last]
    await store.close_wave(
        wave_id, _counted(items, wave), messages, closed, _audited(AuditCode.SAMPLE_CLOSED)
    )


def _audited(code: AuditCode) -> str:
    return AuditEvent(code=code).as_json()


def _counted(items: tuple[Item, ...], wave: OpenWave) -> Callable[[Mapping[Side, Ballots]], Publication]:
    return lambda ballots: publication(items, wave, ballots)


def _answers(
    items: tuple[Item, ...], side: Side, number: int, luck: random.Random
) -> Callable[[StoredBallot], StoredBallot]:
    chosen = {item.id: frozenset({_option(item, side, number, luck)}) for item in items}
    return lambda before: replace(before, answers=chosen)


def _option(item: Item, side: Side, number: int, luck: random.Random) -> str:
    """An option by mood: marketing's rises at the turning point, IT's stays."""
    options = [option.key for option in item.options if option.counted]
    if is_expectation(item.id):
        return luck.choices(options, weights=_EXPECTED[side])[0]
    if item.id.startswith(ID_PREFIX):
        return luck.choices(options, weights=[20, 3, 1])[0]
    if item.format is not Format.AGREE5:
        return luck.choices(options, weights=[3, 4, 2, 1, 1][: len(options)])[0]
    mood = 0.55 if side is Side.IT else 0.3 if number < TURNING_POINT else 0.8
    return luck.choices(options, weights=[1 - mood, 1.5 * (1 - mood), 0.8, 2.5 * mood, 1.5 * mood])[0]
