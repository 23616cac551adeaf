"""The services of one Slack team, bound to one store and one roster."""

from __future__ import annotations

from dataclasses import dataclass

from pulse.services.alerts import Alerts
from pulse.services.answering import Answering
from pulse.services.background import BackgroundTasks
from pulse.services.channels import Channels
from pulse.services.home import Home
from pulse.services.managers import Managers
from pulse.services.notes import Notes
from pulse.services.participation import Participation
from pulse.services.posts import Posts
from pulse.services.reminders import Reminders
from pulse.services.results import Results
from pulse.services.setup import PulseSetup
from pulse.services.waves import Waves


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Handlers get the one that a payload belongs to with each request."""

    waves: Waves
    answering: Answering
    participation: Participation
    results: Results
    posts: Posts
    home: Home
    setup: PulseSetup
    managers: Managers
    notes: Notes
    channels: Channels
    alerts: Alerts
    reminders: Reminders
    background: BackgroundTasks
