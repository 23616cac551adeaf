"""What comes from Slack: each handler acks, parses, calls one use case and sends one view."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from handlers import (
    answers,
    commands,
    commitments,
    doubts,
    events,
    evidence,
    home,
    questions,
    reminders,
    reports,
    results,
    setup,
)
from handlers.interaction import FindTeam
from handlers.middleware import InLanguage, InTeam
from handlers.replies import unforeseen


def register(app: AsyncApp, find_team: FindTeam) -> None:
    """Wires every listener of the manifest. Each gets its team with the request, from `find_team`."""
    app.use(InTeam(find_team))
    app.use(InLanguage())
    for feature in (
        answers,
        results,
        reports,
        commands,
        commitments,
        doubts,
        questions,
        setup,
        home,
        evidence,
        events,
        reminders,
    ):
        feature.register(app)
    app.error(unforeseen)
