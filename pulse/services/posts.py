"""What the channels get: the record behind each message of the outbox, and the polls that stand now."""

from __future__ import annotations

from pulse.core.cards import PollCard, PostedPoll
from pulse.core.library import Library
from pulse.core.model import ClosedWave, Side, SideTurnout
from pulse.core.records import OpenWave
from pulse.core.reports import WaveReport
from pulse.services.ports import Clock
from pulse.services.results import Results
from pulse.services.waves import Waves
from pulse.storage.port import Store


class Posts:
    """Says what a message shows now; how it looks and how it is sent is decided elsewhere."""

    def __init__(
        self, *, store: Store, library: Library, waves: Waves, results: Results, clock: Clock
    ) -> None:
        self._store, self._library, self._waves, self._results = store, library, waves, results
        self._clock = clock

    def language(self) -> str:
        """The language of what everybody in a channel reads."""
        return self._waves.posts_language()

    def poll(self, wave_id: int | None, channel: str) -> PollCard | None:
        """The poll as it is first posted; None if its wave takes no answers any more."""
        wave = self._waves.current
        if wave is None or wave.id != wave_id:
            return None
        return self._open_poll(wave, wave.channels[channel], 0)

    def closed_poll(self, wave_id: int | None, channel: str) -> PollCard | None:
        """The closed form of a poll; None if its wave is not closed."""
        wave = self._results.closed_wave(wave_id)
        return None if wave is None else self._closed_poll(wave, channel)

    def results(self, wave_id: int | None) -> WaveReport | None:
        """The report of a closed wave; None if there is no such wave."""
        return self._results.find(wave_id)

    def standing_polls(self) -> tuple[PostedPoll, ...]:
        """The poll messages of the open wave, as they should read now."""
        wave = self._waves.current
        if wave is None:
            return ()
        answered = self._store.answered(wave.id)
        return tuple(
            PostedPoll(
                channel=channel,
                ts=ts,
                card=self._open_poll(wave, wave.channels[channel], answered[wave.channels[channel]]),
            )
            for channel, ts in self._store.posted("poll", wave.id).items()
        )

    def takes_answers(self, wave_id: int) -> bool:
        return self._waves.current is not None and self._waves.current.id == wave_id

    async def repost(self, poll: PostedPoll) -> None:
        """A poll message is gone: it is posted again, once."""
        await self._store.repost(poll.card.wave_id, poll.channel, poll.ts, self._clock())

    def _open_poll(self, wave: OpenWave, side: Side, answered: int) -> PollCard:
        return PollCard(
            wave_id=wave.id,
            side=side,
            items=self._waves.items_of(wave),
            closes_at=wave.closes_at,
            roster=wave.people[side],
            answered=answered if answered >= wave.minimum else None,
            minimum=wave.minimum,
        )

    def _closed_poll(self, wave: ClosedWave, channel: str) -> PollCard:
        side = self._store.wave_channels(wave.id)[channel]
        turnout = wave.turnout.get(side, SideTurnout(0, None))
        return PollCard(
            wave_id=wave.id,
            side=side,
            items=tuple(item for id_ in wave.items if (item := self._library.bank.get(id_))),
            closes_at=wave.closed_at,
            roster=turnout.roster,
            answered=turnout.answered,
            closed=True,
            minimum=wave.minimum,
        )
