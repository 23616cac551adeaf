"""Everything that a handler may call, in one bundle."""

from __future__ import annotations

from dataclasses import dataclass

from pulse.services.administration import Administration
from pulse.services.background import BackgroundTasks
from pulse.services.channels import Channels
from pulse.services.counts import LiveCounts
from pulse.services.desk import Desk
from pulse.services.homes import Homes
from pulse.services.managers import Managers
from pulse.services.reminders import Reminders
from pulse.services.troubles import Troubles
from pulse.services.waves import Waves
from pulse.slack.web_api import Slack


@dataclass(frozen=True, slots=True)
class Workspace:
    waves: Waves
    desk: Desk
    homes: Homes
    channels: Channels
    slack: Slack
    managers: Managers
    administration: Administration
    counts: LiveCounts
    after: BackgroundTasks
    troubles: Troubles
    reminders: Reminders
