"""Closed waves: what was published of an item, and the order of waves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo

from pulse.core.commitments import ID_PREFIX
from pulse.core.likelihood import Observation
from pulse.core.model import ClosedWave, Counted, Item, Measure, Outcome, Side, SideTurnout, Withheld


def has_results(wave: ClosedWave) -> bool:
    """Whether a wave has results to show, apart from a commitment's, which are only in its own message."""
    return any(
        isinstance(now, Counted)
        for (item_id, _side), now in wave.outcomes.items()
        if not item_id.startswith(ID_PREFIX)
    )


def outcome_of(wave: ClosedWave, item_id: str, side: Side) -> Outcome:
    """What was published of an item on a side; one that is missing is withheld."""
    return wave.outcomes.get((item_id, side), Withheld())


def turnout_of(wave: ClosedWave, side: Side) -> SideTurnout:
    """A side's turnout; a missing one means nobody."""
    return wave.turnout.get(side, SideTurnout(0, None))


def observed(wave: ClosedWave, item: Item, side: Side, measure: Measure) -> Observation | None:
    """What the wave published of a measure; None if it published none of it.

    A wave of the first edition can have more answers than people at its opening: some joined later. The day
    is that of UTC, so that the rules give the same result in every zone.
    """
    now = outcome_of(wave, item.id, side)
    if isinstance(now, Withheld) or measure.key not in now.shares:
        return None
    found = now.shares[measure.key]
    roster = max(turnout_of(wave, side).roster, now.n)
    return Observation(wave.closed_at.astimezone(UTC).date(), found.low, found.high, now.n, roster)


def closing_day(wave: ClosedWave, zone: tzinfo) -> date:
    """The day of a close as readers know it."""
    return wave.closed_at.astimezone(zone).date()


def by_close(wave: ClosedWave) -> tuple[datetime, int]:
    """The order of waves: by close, then by id."""
    return wave.closed_at, wave.id


def earlier_than(wave: ClosedWave, waves: Sequence[ClosedWave]) -> list[ClosedWave]:
    """The waves that closed before this one, oldest first."""
    return sorted((other for other in waves if by_close(other) < by_close(wave)), key=by_close)
