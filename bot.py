"""Alignment Pulse: composes the bot and starts it. Nothing runs at import."""

from __future__ import annotations

from pulse.ops import platforms

if __name__ == "__main__":
    # Before the imports below, which fail with a traceback where something is too old or missing.
    platforms.require(installed=True)

import logging
import secrets
import sys
from collections.abc import Callable

import handlers
from handlers.interaction import Team
from pulse.ops import command_line
from pulse.ops.composition import compose_team
from pulse.ops.lifecycle import ORDINARY_PACE, Bot, Clock, Pace, tick_of, utc_now
from pulse.ops.metrics import MeasuredApp, Metrics
from pulse.ops.process import guard
from pulse.ops.scheduler import Scheduler
from pulse.ops.settings import Settings
from pulse.slack.authorize import CachedAuthorize
from pulse.slack.chart_worker import ChartWorker
from pulse.slack.web_api import Slack
from pulse.storage.library import shipped_library
from pulse.storage.sqlite.store import Store


def create_app(
    settings: Settings,
    store: Store,
    *,
    clock: Clock = utc_now,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    chart_worker: ChartWorker | None = None,
    pace: Pace = ORDINARY_PACE,
) -> Bot:
    """Wires the bot on an open store; nothing is sent yet."""
    library = shipped_library()
    metrics = Metrics()
    slack = Slack(settings.slack_bot_token, settings.api_url, metrics.called, settings.network)
    workspace, surfaces = compose_team(
        store=store,
        slack=slack,
        library=library,
        clock=clock,
        random_bytes=random_bytes,
        chart_worker=chart_worker or ChartWorker(),
        overloaded=metrics.overloaded,
        pace=pace,
    )
    return Bot(
        app=_bolt_app(settings, Team(workspace=workspace, surfaces=surfaces), metrics),
        workspace=workspace,
        surfaces=surfaces,
        scheduler=Scheduler(tick_of(workspace, surfaces), workspace.waves.next_wake, clock),
        store=store,
        library=library,
        random_bytes=random_bytes,
        metrics=metrics,
    )


def _bolt_app(settings: Settings, team: Team, metrics: Metrics) -> MeasuredApp:
    app = MeasuredApp(
        metrics,
        # Bolt would look for its caller's file name otherwise, and read every module for it: 0.2 s.
        name="alignment-pulse",
        client=team.surfaces.slack.client,
        authorize=CachedAuthorize(team.surfaces.slack, settings.slack_bot_token),
        # Else Bolt takes the root's level, and at debug it writes whole payloads down.
        logger=logging.getLogger("slack_bolt"),
        signing_secret=settings.slack_signing_secret or None,
        # Bolt would look for the ack only every 10 ms otherwise. So nothing slow stands in a listener.
        process_before_response=True,
    )
    # One token is one team: whichever ids a payload names, it is the team of that token.
    handlers.register(app, lambda _team_id, _enterprise_id: team)
    return app


def main(words: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    return command_line.execute(words, create_app)


if __name__ == "__main__":
    # Each command: the doctor reads the open wave's key, a backup and an export write files.
    guard()
    sys.exit(main())
