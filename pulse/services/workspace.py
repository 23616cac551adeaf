"""The services of one Slack team, bound to one store and one roster."""

from __future__ import annotations

from dataclasses import dataclass

from pulse.services.alerts import Alerts
from pulse.services.answering import Answering
from pulse.services.audience import Audience
from pulse.services.background import BackgroundTasks
from pulse.services.by_hand import ByHand
from pulse.services.channels import Channels
from pulse.services.commitments import Commitments
from pulse.services.evidence import Evidence
from pulse.services.home import Home
from pulse.services.leader_reports import LeaderReports
from pulse.services.managers import Managers
from pulse.services.notes import Notes
from pulse.services.participation import Participation
from pulse.services.posts import Posts
from pulse.services.questions import Questions
from pulse.services.reminders import Reminders
from pulse.services.results import Results
from pulse.services.setup import PulseSetup
from pulse.services.waves import Waves


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """With each request a handler gets the one that its payload belongs to."""

    waves: Waves
    by_hand: ByHand
    answering: Answering
    participation: Participation
    results: Results
    reports: LeaderReports
    audience: Audience
    posts: Posts
    home: Home
    setup: PulseSetup
    questions: Questions
    managers: Managers
    evidence: Evidence
    notes: Notes
    commitments: Commitments
    channels: Channels
    alerts: Alerts
    reminders: Reminders
    background: BackgroundTasks
