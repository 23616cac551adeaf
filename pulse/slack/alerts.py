"""Alerts to managers, as direct messages in each reader's language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from pulse.core.alert import (
    Alert,
    ChannelAlert,
    InDoubt,
    KeyNotDestroyed,
    LostKey,
    MissedWave,
    MissedWaves,
    PeopleLeftOut,
    PollGone,
    SecondCopy,
)
from pulse.core.errors import SlackFault
from pulse.core.language import speaking
from pulse.slack.readers import Readers
from pulse.slack.web_api import Slack
from pulse.views.doubts import in_doubt
from pulse.views.managing import wave_missed, waves_missed
from pulse.views.message import Message
from pulse.views.problems import (
    Problem,
    channel_problem,
    key_not_destroyed,
    lost_key,
    people_left_out,
    poll_gone,
    problems,
    second_copy,
)

_log = structlog.get_logger(__name__)


class AlertSender:
    """`recipients` gives the ids of those to tell; it raises SlackFault if they cannot be found."""

    def __init__(
        self, slack: Slack, readers: Readers, recipients: Callable[[], Awaitable[tuple[str, ...]]]
    ) -> None:
        self._slack, self._readers, self._recipients = slack, readers, recipients

    async def send(self, alert: Alert) -> bool:
        """Tells each recipient; false if not one of them got it. Raises nothing."""
        try:
            people = await self._recipients()
        except SlackFault as fault:
            _log.warning("managers not found", code=fault.code)
            return False
        reached = False
        for person in people:
            try:
                with speaking(self._readers.known(person)):
                    message = alert_message(alert)
                await self._slack.post(person, message)
            except SlackFault as fault:
                _log.warning("manager not told", code=fault.code)
            else:
                reached = True
        return reached


def alert_message(alert: Alert) -> Message:
    """An alert in words."""
    match alert:
        case InDoubt():
            return in_doubt(alert)
        case MissedWave(due_at=due_at, opens_at=opens_at):
            return wave_missed(due_at, opens_at)
        case MissedWaves(decided=decided, last=last, opens_at=opens_at):
            return waves_missed(decided, last, opens_at)
        case PeopleLeftOut(people=people):
            return problems([people_left_out(people)])
        case _:
            return problems([_problem(alert)])


def _problem(alert: ChannelAlert | PollGone | SecondCopy | LostKey | KeyNotDestroyed) -> Problem:
    match alert:
        case ChannelAlert(channel=channel, code=code):
            return channel_problem(channel, code)
        case PollGone(channel=channel):
            return poll_gone(channel)
        case SecondCopy():
            return second_copy()
        case LostKey():
            return lost_key()
        case KeyNotDestroyed():
            return key_not_destroyed()
