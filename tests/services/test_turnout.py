"""The count that everybody is told: how often it may change, and what counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pulse.core.cards import Turnout
from pulse.core.errors import KeyLost, PollIsClosed
from pulse.core.model import Item, Side
from pulse.core.records import Answers, OpenWave
from pulse.services.turnout import TurnoutSnapshot
from pulse.storage.library import load_library

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
LIBRARY = load_library(None)


def wave(wave_id: int = 1) -> OpenWave:
    return OpenWave(
        id=wave_id,
        token="0" * 16,
        local_date=date(2026, 3, 3),
        opened_at=NOW,
        closes_at=NOW,
        reminders=(),
        minimum=5,
        items=("T01", "G01"),
        series={},
        people={Side.MARKETING: 14, Side.IT: 12},
        channels={},
    )


@dataclass
class Cast:
    """Everybody's answers, and the time."""

    answers: list[Answers] = field(default_factory=list)
    time: float = 100.0
    fault: Exception | None = None

    async def answered(self, _wave_id: int, counts: Callable[[Answers], bool]) -> dict[Side, int]:
        if self.fault is not None:
            raise self.fault
        return {Side.MARKETING: 0, Side.IT: sum(counts(each) for each in self.answers)}

    def snapshot(self) -> TurnoutSnapshot:
        return TurnoutSnapshot(store=self, items_of=asked, interval_s=30.0, now=lambda: self.time)


def asked(of: OpenWave) -> list[Item]:
    return [item for id_ in of.items if (item := LIBRARY.source.get(id_))]


AGREE: Answers = {"T01": frozenset({"4"})}


def told(snapshot: TurnoutSnapshot, wave_id: int = 1) -> int | None:
    return snapshot.told(wave(wave_id))[Side.IT].answered


async def test_the_count_changes_at_most_every_thirty_seconds() -> None:
    """However often somebody asks for a fresh one."""
    cast = Cast([AGREE] * 5)
    snapshot = cast.snapshot()
    await snapshot.refresh(wave())
    assert told(snapshot) == 5
    cast.answers.append(AGREE)
    cast.time += 29.9
    await snapshot.refresh(wave())
    assert told(snapshot) == 5
    cast.time += 0.1
    await snapshot.refresh(wave())
    assert told(snapshot) == 6


async def test_under_the_minimum_there_is_no_count() -> None:
    """Nor before the first look; the number of people asked is always there."""
    snapshot = Cast([AGREE] * 4).snapshot()
    assert snapshot.told(wave())[Side.IT] == Turnout(roster=12, answered=None)
    await snapshot.refresh(wave())
    assert snapshot.told(wave())[Side.IT] == Turnout(roster=12, answered=None)


async def test_an_answer_is_an_opinion() -> None:
    """Somebody who could not say anything has not answered."""
    unsure: Answers = {"T01": frozenset({"cannot_say"})}
    mixed: Answers = {**unsure, "G01": frozenset({LIBRARY.source.items[0].options[0].key})}
    assert LIBRARY.source.get("T01").option("cannot_say") is not None
    snapshot = Cast([AGREE] * 5 + [unsure] * 3 + [mixed] * 0).snapshot()
    await snapshot.refresh(wave())
    assert told(snapshot) == 5


async def test_a_new_wave_begins_without_a_count() -> None:
    """And is counted at once, however recent the last count was."""
    cast = Cast([AGREE] * 5)
    snapshot = cast.snapshot()
    await snapshot.refresh(wave())
    assert told(snapshot, 2) is None
    await snapshot.refresh(wave(2))
    assert told(snapshot, 2) == 5


async def test_what_cannot_be_counted_is_not_told() -> None:
    """If the wave lost its key or has closed, the last count stays, and nothing fails."""
    cast = Cast([AGREE] * 5)
    snapshot = cast.snapshot()
    await snapshot.refresh(wave())
    for fault in (KeyLost("gone"), PollIsClosed("closed")):
        cast.fault, cast.time = fault, cast.time + 30
        await snapshot.refresh(wave())
        assert told(snapshot) == 5
