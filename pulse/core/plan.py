"""What is due at a given instant: open, remind, close, skip.

`plan` compares the moments of a schedule with the known waves and returns what is due. Nothing here reads a
clock: the same schedule, waves and `now` always give the same decisions. The rules, each tested by
name:

- A missed opening is made up for within the grace, in posting hours, while 4 hours are left before
  the close; after that it is skipped, with a reason.
- A pause stops openings and reminders. A wave that is open closes at its time. An opening that falls into a
  pause is skipped and does not come back when the pause ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from pulse.core.calendar import (
    Moments,
    instant,
    is_due,
    is_working_hour,
    local_date,
    may_post,
    moments,
    next_moments,
    next_posting,
)
from pulse.core.language import N_
from pulse.core.schedule import DAY_STARTS, ONE_DAY, PROMPT, Schedule, named_dates

MINIMUM_OPEN = timedelta(hours=4)
QUIET_BEFORE_CLOSE = timedelta(hours=1)


def deadline(schedule: Schedule, wave: Moments) -> datetime:
    """From this instant on an opening counts as missed."""
    return min(wave.opens_at + schedule.grace, wave.closes_at - MINIMUM_OPEN)


def is_missed(wave: Moments, now: datetime, schedule: Schedule) -> bool:
    """Whether it is too late to open the wave."""
    return now >= deadline(schedule, wave)


class WaveState(StrEnum):
    """Where a wave stands. A planned wave has not opened, and moves with the schedule."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class KnownWave:
    """A wave of the store: its moments as they were when it opened.

    `reminded` is the number of its last reminder, 0 before the first; `reminded_at` is when that went out.
    """

    state: WaveState
    moments: Moments
    reminded: int = 0
    reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """From `since` until just before `until`, or without an end so far."""

    since: datetime
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


class SkipReason(StrEnum):
    """Why a wave that was due did not open."""

    MISSED = "missed"
    PAUSED = "paused"
    STILL_OPEN = "still open"


SKIP_SENTENCES: Mapping[SkipReason, str] = {
    SkipReason.MISSED: N_("The pulse of {date} was skipped: it could not be opened in time."),
    SkipReason.PAUSED: N_("The pulse of {date} was skipped: the schedule was paused."),
    SkipReason.STILL_OPEN: N_("The pulse of {date} was skipped: another pulse was still open."),
}


@dataclass(frozen=True, slots=True)
class Open:
    """Open this wave now. Store these moments: if the opening is late they have fewer reminders."""

    moments: Moments


@dataclass(frozen=True, slots=True)
class Remind:
    """Send reminder `number` of the wave of this date, and none with a lower number after it."""

    local_date: date
    number: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close the wave of this date now. Its results may be posted from `publish_at` on."""

    local_date: date
    publish_at: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave this wave out for good, and tell the managers why."""

    moments: Moments
    reason: SkipReason

    @property
    def sentence(self) -> str:
        return SKIP_SENTENCES[self.reason].format(date=self.moments.local_date.isoformat())


Decision = Open | Remind | Close | Skip


def plan(
    schedule: Schedule,
    waves: Mapping[date, KnownWave],
    now: datetime,
    *,
    since: datetime,
    pauses: Iterable[Pause] = (),
) -> list[Decision]:
    """What is due at `now`, in the order in which to do it; empty once everything is done.

    `waves` holds, by local date, every wave that opened or was skipped since `since`, and any open one;
    planned waves in it are ignored. `since` is when the schedule was saved; earlier openings are not due.
    A known wave is never opened again, even if the clock was set back.
    """
    pauses = tuple(pauses)
    decisions: list[Decision] = []
    for known in _open_waves(waves):
        if known.moments.closes_at <= now:
            decisions.append(Close(known.moments.local_date, _publish_at(schedule, known.moments, now)))
        elif number := _reminder_due(schedule, known, now, pauses):
            decisions.append(Remind(known.moments.local_date, number))
    for wave in _undecided(schedule, waves, now, since):
        decision = _opening(schedule, wave, _open_waves(waves), now, pauses)
        if decision is not None:
            decisions.append(decision)
    return decisions


def _open_waves(waves: Mapping[date, KnownWave]) -> list[KnownWave]:
    return [waves[day] for day in sorted(day for day in waves if waves[day].state is WaveState.OPEN)]


def _publish_at(schedule: Schedule, wave: Moments, now: datetime) -> datetime:
    return now if now - wave.closes_at <= PROMPT else next_posting(schedule, now)


def _reminder_due(schedule: Schedule, known: KnownWave, now: datetime, pauses: tuple[Pause, ...]) -> int:
    """The number of the reminder to send now, 0 for none."""
    number = sum(moment <= now for moment in known.moments.reminders)
    if number <= known.reminded or _is_paused(pauses, now):
        return 0
    if now >= known.moments.closes_at - QUIET_BEFORE_CLOSE or not is_working_hour(schedule, now):
        return 0
    last = known.reminded_at
    if last is not None and local_date(schedule, last) >= local_date(schedule, now):
        return 0
    return number


def _is_paused(pauses: Iterable[Pause], moment: datetime) -> bool:
    return any(pause.covers(moment) for pause in pauses)


def _undecided(
    schedule: Schedule, waves: Mapping[date, KnownWave], now: datetime, since: datetime
) -> Iterator[Moments]:
    """The schedule's waves due from `since` to `now` that have neither opened nor been skipped."""
    # From the day before: an opening in a clock gap can fall on the next date.
    for day in named_dates(schedule, local_date(schedule, since) - ONE_DAY, local_date(schedule, now)):
        known = waves.get(day)
        if (known is None or known.state is WaveState.PLANNED) and is_due(schedule, day):
            wave = moments(schedule, day)
            if since <= wave.opens_at <= now:
                yield wave


def _opening(
    schedule: Schedule,
    wave: Moments,
    open_waves: Iterable[KnownWave],
    now: datetime,
    pauses: tuple[Pause, ...],
) -> Open | Skip | None:
    """Whether to open a wave whose moment has come, skip it, or wait within its grace (None)."""
    if _is_paused(pauses, wave.opens_at):
        return Skip(wave, SkipReason.PAUSED)
    if any(wave.opens_at < known.moments.closes_at for known in open_waves):
        return Skip(wave, SkipReason.STILL_OPEN)
    if is_missed(wave, now, schedule):
        return Skip(wave, SkipReason.MISSED)
    prompt = now - wave.opens_at <= PROMPT
    if _is_paused(pauses, now) or not (prompt or may_post(schedule, now)):
        return None
    today = local_date(schedule, now)
    later = tuple(moment for moment in wave.reminders if local_date(schedule, moment) > today)
    return Open(replace(wave, reminders=later))


def next_wake(
    schedule: Schedule,
    waves: Mapping[date, KnownWave],
    now: datetime,
    *,
    since: datetime,
    pauses: Iterable[Pause] = (),
) -> datetime:
    """The next instant after `now` at which something can become due, once what is due at `now` is done.

    It may come early, never late. A late opening within its grace and a late reminder are checked again the
    next morning, at the end of a pause and at their deadline.
    """
    later = [next_moments(schedule, max(now, since - timedelta(microseconds=1)))[0].opens_at]
    later += [pause.until for pause in pauses if pause.until is not None]
    waiting = [deadline(schedule, wave) for wave in _undecided(schedule, waves, now, since)]
    for known in _open_waves(waves):
        later += [*known.moments.reminders, known.moments.closes_at]
        if known.reminded < sum(moment <= now for moment in known.moments.reminders):
            waiting.append(known.moments.closes_at)
    if waiting:
        later += [*waiting, _next_morning(schedule, now)]
    return min(moment for moment in later if moment > now)


def _next_morning(schedule: Schedule, now: datetime) -> datetime:
    """When posting hours begin next: what waits for them (a late opening or reminder) is due then."""
    day = local_date(schedule, now)
    starts = time(0) if schedule.any_hour else DAY_STARTS
    mornings = (instant(day + n * ONE_DAY, at, schedule.tz) for n in range(3) for at in {starts, DAY_STARTS})
    return min(morning for morning in mornings if morning > now)
