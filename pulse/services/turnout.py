"""How many have answered the open wave, as everybody sees it: one number for messages, status and Home.

It changes at most once per interval and is not shown under the minimum. Changed at each tap, it would reveal
who has just answered to anybody who watches the channel and the count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from pulse.core.cards import Turnout
from pulse.core.errors import KeyLost, PollIsClosed
from pulse.core.model import Item, Side
from pulse.core.records import Answers, OpenWave
from pulse.core.scoring import answered

INTERVAL_S = 30.0

_log = structlog.get_logger(__name__)


class CountsAnswers(Protocol):
    """The part of the store that counts (`pulse.storage.port.BallotStore`)."""

    async def answered(self, wave_id: int, counts: Callable[[Answers], bool]) -> dict[Side, int]: ...


class TurnoutSnapshot:
    """`refresh` counts again, at most once per interval; `told` gives the last count.

    `now` gives monotonic seconds, `items_of` all items of a wave.
    """

    def __init__(
        self,
        *,
        store: CountsAnswers,
        items_of: Callable[[OpenWave], Sequence[Item]],
        interval_s: float = INTERVAL_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._items_of, self._interval_s, self._now = store, items_of, interval_s, now
        self._wave_id = 0
        self._counted: Mapping[Side, int] = {}
        self._counted_at = 0.0

    def told(self, wave: OpenWave) -> Mapping[Side, Turnout]:
        """Each side's turnout; a number under the wave's minimum, or not counted yet, is None."""
        counted = self._counted if wave.id == self._wave_id else {}
        return {
            side: Turnout(
                roster=wave.people[side],
                answered=count if (count := counted.get(side, 0)) >= wave.minimum else None,
            )
            for side in Side
        }

    async def refresh(self, wave: OpenWave) -> None:
        """Counts, if the last count of this wave is old enough."""
        if wave.id == self._wave_id and self._now() - self._counted_at < self._interval_s:
            return
        try:
            counted = await self._store.answered(wave.id, self._counter(wave))
        except KeyLost as lost:
            _log.warning("turnout not counted", reason=lost.reason)
        except PollIsClosed:
            # It was closed while its ballots were being counted.
            return
        else:
            self._wave_id, self._counted, self._counted_at = wave.id, counted, self._now()

    def _counter(self, wave: OpenWave) -> Callable[[Answers], bool]:
        """Decides who has answered, as the close does."""
        items = self._items_of(wave)
        return lambda answers: bool(answered(items, [answers]))
