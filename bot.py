"""Alignment Pulse: composes the bot and starts it. Nothing runs at import."""

from __future__ import annotations

from pulse.ops import platforms

if __name__ == "__main__":
    # Before the imports below, which fail with a traceback if something is too old or missing.
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
        # Without a name Bolt looks for its caller's file, and reads every module for it: 0.2 s.
        name="alignment-pulse",
        client=team.surfaces.slack.client,
        authorize=CachedAuthorize(team.surfaces.slack, settings.slack_bot_token),
        # Otherwise Bolt takes the root logger's level, and at debug it logs whole payloads.
        logger=logging.getLogger("slack_bolt"),
        signing_secret=settings.slack_signing_secret or None,
        # Otherwise Bolt looks for the ack only every 10 ms. The price: listeners must do nothing slow.
        process_before_response=True,
    )
    # One token is one team: whatever ids a payload names, its team is that of the token.
    handlers.register(app, lambda _team_id, _enterprise_id: team)
    return app


def main(words: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    return command_line.execute(words, create_app)


if __name__ == "__main__":
    # For every command: the doctor reads the open wave's key; backup and export write files.
    guard()
    sys.exit(main())
