"""What the channels get: the record behind each message of the outbox, and the polls of the open wave."""

from __future__ import annotations

from collections.abc import Sequence

from pulse.core.alert import PollGone, PostedAgain, doubt_about
from pulse.core.cards import ChannelsCard, CommitmentCard, PollCard, PostedPoll
from pulse.core.commitments import ID_PREFIX
from pulse.core.model import ClosedWave, Item, Side, SideTurnout
from pulse.core.quarterly import QuarterReport
from pulse.core.records import CalledOffWave, MessageKind, OpenWave, OutboxMessage
from pulse.core.reports import WaveReport
from pulse.core.schedule import describe
from pulse.services.alerts import Alerts
from pulse.services.leader_reports import LeaderReports
from pulse.services.ports import Clock
from pulse.services.results import Results
from pulse.services.turnout import TurnoutSnapshot
from pulse.services.waves import Waves
from pulse.storage.port import Store


class Posts:
    """Says what a message shows now; how it looks and how it is sent is decided elsewhere."""

    def __init__(
        self,
        *,
        store: Store,
        waves: Waves,
        results: Results,
        reports: LeaderReports,
        snapshot: TurnoutSnapshot,
        alerts: Alerts,
        clock: Clock,
    ) -> None:
        self._store, self._waves, self._results = store, waves, results
        self._reports, self._snapshot, self._alerts, self._clock = reports, snapshot, alerts, clock

    def language(self) -> str:
        """The language of what everybody in a channel reads."""
        return self._waves.posts_language()

    def poll(self, wave_id: int | None, channel: str) -> PollCard | None:
        """The poll as it is first posted; None if its wave no longer takes answers."""
        wave = self._waves.current
        if wave is None or wave.id != wave_id:
            return None
        return self._open_poll(wave, wave.channels[channel])

    async def closed_poll(self, wave_id: int | None, channel: str) -> PollCard | None:
        """The closed form of a poll; None if its wave is neither closed nor called off."""
        wave = await self._results.closed_wave(wave_id)
        if wave is not None:
            return await self._closed_poll(wave, channel)
        called_off = None if wave_id is None else await self._store.called_off_wave(wave_id)
        return None if called_off is None else await self._called_off_poll(called_off, channel)

    async def results(self, wave_id: int | None) -> WaveReport | None:
        """The report of a closed wave; None if there is no such wave."""
        return await self._results.find(wave_id)

    async def channels(self, channel: str, *, first: bool) -> ChannelsCard | None:
        """What to tell a channel about the current set-up; None before the set-up."""
        setup = self._waves.saved_setup
        if setup is None:
            return None
        return ChannelsCard(
            channel=channel,
            side=next((side for side in Side if channel in setup.channels[side]), None),
            used=channel in set(setup.results).union(*setup.channels.values()),
            channels=setup.channels,
            schedule=describe(self._waves.schedule()),
            opens_at=await self._waves.next_opening(),
            minimum=setup.minimum,
            readers=setup.readers,
            first=first,
        )

    async def quarter(self, wave_id: int | None) -> QuarterReport | None:
        """The report of the quarter in which a wave closed; None if there is no such closed wave."""
        return await self._reports.of_wave(wave_id)

    def commitment(self, kind: str) -> CommitmentCard | None:
        """The commitment that a message of this kind is about; None for any other kind."""
        word, prefix, number = kind.rpartition(ID_PREFIX)
        found = (one for one in self._waves.commitments if prefix and str(one.id) == number)
        return next((CommitmentCard(commitment=one, withdrawn=bool(word)) for one in found), None)

    async def standing_polls(self) -> tuple[PostedPoll, ...]:
        """The poll messages of the open wave, as they should read now, with a count that is fresh enough."""
        wave = self._waves.current
        if wave is None:
            return ()
        await self._snapshot.refresh(wave)
        return tuple(
            PostedPoll(channel=channel, ts=ts, card=self._open_poll(wave, wave.channels[channel]))
            for channel, ts in await self._store.copies(MessageKind.POLL, wave.id)
            if channel in wave.channels
        )

    def takes_answers(self, wave_id: str) -> bool:
        return self._waves.current is not None and self._waves.current.token == wave_id

    async def repost(self, poll: PostedPoll) -> None:
        """A poll message is gone: it is posted again, once; after that the managers are told."""
        wave = self._waves.current
        if wave is None or wave.token != poll.card.wave_id:
            return
        if not await self._store.repost(wave.id, poll.channel, poll.ts, self._clock()):
            await self._alerts.report(PollGone(channel=poll.channel, wave_id=wave.id))

    def posted_again(self, messages: Sequence[OutboxMessage]) -> PostedAgain | None:
        """What becomes of messages in doubt that were made due again; None if there are none.

        If the outcome of one is lost once more, the managers are asked once more.
        """
        doubts = tuple(doubt for message in messages if (doubt := doubt_about(message)))
        for doubt in doubts:
            self._alerts.resolve(doubt)
        if not doubts:
            return None
        wave = self._waves.current
        closed = all(
            message.kind == MessageKind.POLL and (wave is None or message.wave_id != wave.id)
            for message in messages
        )
        return PostedAgain(doubts=doubts, closed=closed)

    def _open_poll(self, wave: OpenWave, side: Side) -> PollCard:
        told = self._snapshot.told(wave)[side]
        return PollCard(
            wave_id=wave.token,
            side=side,
            items=self._waves.items_of(wave),
            closes_at=wave.closes_at,
            roster=told.roster,
            answered=told.answered,
            minimum=wave.minimum,
        )

    async def _closed_poll(self, wave: ClosedWave, channel: str) -> PollCard:
        side = (await self._store.wave_channels(wave.id))[channel]
        turnout = wave.turnout.get(side, SideTurnout(0, None))
        return PollCard(
            wave_id=wave.token,
            side=side,
            items=self._items(wave.items),
            closes_at=wave.closed_at,
            roster=turnout.roster,
            answered=turnout.answered,
            closed=True,
            minimum=wave.minimum,
            traces=self._store.traces,
        )

    async def _called_off_poll(self, wave: CalledOffWave, channel: str) -> PollCard:
        return PollCard(
            wave_id=wave.token,
            side=(await self._store.wave_channels(wave.id))[channel],
            items=self._items(wave.items),
            closes_at=wave.ended_at,
            roster=0,
            answered=None,
            closed=True,
            called_off=True,
        )

    def _items(self, ids: tuple[str, ...]) -> tuple[Item, ...]:
        return tuple(item for id_ in ids if (item := self._waves.item(id_)))
