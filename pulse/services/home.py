"""The Home tab of one reader, as a record."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from pulse.core.cards import ChannelStatus, HomeCard, LastResults, ManagerCard, OpenPulse
from pulse.core.errors import BallotBroken, KeyLost, NotNow, NotYours
from pulse.core.model import Side
from pulse.core.privacy import LOWEST_MINIMUM
from pulse.core.records import Setup
from pulse.core.schedule import describe
from pulse.services.answering import Answering
from pulse.services.audience import Audience
from pulse.services.channels import Channels
from pulse.services.commitments import Commitments
from pulse.services.managers import Managers
from pulse.services.participation import Participation
from pulse.services.results import Results
from pulse.services.waves import Waves


class Home:
    """Collects what the tab shows from the services that know it."""

    def __init__(
        self,
        *,
        waves: Waves,
        answering: Answering,
        participation: Participation,
        results: Results,
        managers: Managers,
        audience: Audience,
        channels: Channels,
        commitments: Commitments,
    ) -> None:
        self._waves, self._answering = waves, answering
        self._participation, self._results = participation, results
        self._managers, self._audience = managers, audience
        self._channels, self._commitments = channels, commitments

    async def card(self, user: str) -> HomeCard:
        """The tab as it is now. Raises SlackFault if Slack does not say who the reader is."""
        setup = self._waves.saved_setup
        manager = await self._managers.is_manager(user)
        if setup is None:
            return HomeCard(minimum=LOWEST_MINIMUM, set_up=False, may_manage=manager)
        reads = await self._audience.includes(user)
        return HomeCard(
            minimum=setup.minimum,
            set_up=True,
            may_manage=manager,
            open=await self._open_pulse(user),
            results=await self._last_results() if reads else None,
            reads=reads,
            zone=self._results.zone(),
            opens_at=await self._waves.next_opening(),
            paused=await self._waves.paused(),
            manager=await self._manager_card(setup) if manager else None,
            commitments=self._commitments.card() if reads else None,
        )

    async def edition(self) -> Hashable:
        """A value that changes when a wave opens or closes, and when a commitment is made or withdrawn."""
        wave = self._waves.current
        return (wave.id if wave else None, await self._results.closed_count(), self._waves.commitments)

    async def _open_pulse(self, user: str) -> OpenPulse | None:
        wave = self._waves.current
        if wave is None:
            return None
        try:
            ballot = await self._answering.ballot(user)
        except (NotNow, NotYours, KeyLost, BallotBroken) as error:
            kept = await self._answering.stored_answers(user)
            if kept is None:
                return OpenPulse(wave_id=wave.token, closes_at=wave.closes_at, outside=str(error))
            side, answers = kept.side, kept.answers
        else:
            side, answers = ballot.side, ballot.answers
        return OpenPulse(
            wave_id=wave.token,
            closes_at=wave.closes_at,
            items=self._waves.items_of(wave),
            side=side,
            turnout=self._participation.turnout(wave)[side],
            answers=answers,
        )

    async def _last_results(self) -> LastResults | None:
        made = await self._results.last()
        if made is None:
            return None
        items, empty = await self._results.dashboard(), await self._results.empty_since()
        return LastResults(report=made, items=items, empty=empty)

    async def _manager_card(self, setup: Setup) -> ManagerCard:
        uses: list[tuple[str, Side | None]] = [
            (channel, side) for side in Side for channel in setup.channels[side]
        ]
        uses += [(channel, None) for channel in setup.results]
        problems = await asyncio.gather(*(self._channels.problem(channel) for channel, _side in uses))
        return ManagerCard(
            schedule=describe(self._waves.schedule()),
            channels=tuple(
                ChannelStatus(channel=channel, side=side, problem=problem)
                for (channel, side), problem in zip(uses, problems, strict=True)
            ),
            changes=await self._managers.changes(),
        )
