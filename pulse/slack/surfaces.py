"""The Slack side of one team: where records become messages, cards, tabs and windows."""

from __future__ import annotations

from dataclasses import dataclass

from pulse.slack.cards import Cards
from pulse.slack.confirmations import Confirmations
from pulse.slack.home_tabs import HomeTabs
from pulse.slack.live_counts import LiveCounts
from pulse.slack.publisher import Publisher
from pulse.slack.readers import Readers
from pulse.slack.roster import Roster
from pulse.slack.web_api import Slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Surfaces:
    """Handlers get these with each request, beside the team's services."""

    slack: Slack
    roster: Roster
    readers: Readers
    cards: Cards
    publisher: Publisher
    home_tabs: HomeTabs
    counts: LiveCounts
    confirmations: Confirmations
