"""Everything that a handler may call, in one bundle."""

from __future__ import annotations

from dataclasses import dataclass

from pulse.runtime.administration import Administration
from pulse.runtime.afterwards import Afterwards
from pulse.runtime.channels import Channels
from pulse.runtime.counts import LiveCounts
from pulse.runtime.desk import Desk
from pulse.runtime.homes import Homes
from pulse.runtime.managers import Managers
from pulse.runtime.reminders import Reminders
from pulse.runtime.slack import Slack
from pulse.runtime.troubles import Troubles
from pulse.runtime.waves import Waves


@dataclass(frozen=True, slots=True)
class Services:
    waves: Waves
    desk: Desk
    homes: Homes
    channels: Channels
    slack: Slack
    managers: Managers
    administration: Administration
    counts: LiveCounts
    after: Afterwards
    troubles: Troubles
    reminders: Reminders
