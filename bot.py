"""Alignment Pulse: composes the bot and starts it. Nothing runs at import."""

from __future__ import annotations

from pulse.ops import platforms

if __name__ == "__main__":
    # Before the imports below, which fail with a traceback where something is too old or missing.
    platforms.require(installed=True)

import asyncio
import logging
import secrets
import sys
from collections.abc import Callable
from functools import partial

import handlers
from handlers.interaction import Team
from pulse.ops import command_line
from pulse.ops.lifecycle import Bot, Clock, tick_of, utc_now
from pulse.ops.metrics import MeasuredApp, Metrics
from pulse.ops.process import guard
from pulse.ops.scheduler import Scheduler
from pulse.ops.settings import Settings
from pulse.services.alerts import Alerts
from pulse.services.answering import Answering
from pulse.services.audience import Audience
from pulse.services.background import BackgroundTasks
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
from pulse.services.reminders import PACE_S, Reminders
from pulse.services.results import Results
from pulse.services.setup import PulseSetup
from pulse.services.turnout import TurnoutSnapshot
from pulse.services.waves import Waves
from pulse.services.workspace import Workspace
from pulse.slack.alerts import AlertSender
from pulse.slack.authorize import CachedAuthorize
from pulse.slack.cards import Cards
from pulse.slack.chart_worker import ChartWorker
from pulse.slack.home_tabs import HomeTabs
from pulse.slack.live_counts import LiveCounts
from pulse.slack.outbox import Sending
from pulse.slack.pictures import Pictures
from pulse.slack.private_cards import PrivateCards
from pulse.slack.publisher import DirectMessages, Publisher
from pulse.slack.readers import Readers
from pulse.slack.report_pages import ReportPages
from pulse.slack.roster import Roster
from pulse.slack.surfaces import Surfaces
from pulse.slack.web_api import Slack
from pulse.storage.catalogues import catalogue
from pulse.storage.export import files
from pulse.storage.library import cities, library_with, own_questions_file, shipped_library
from pulse.storage.sqlite.download import evidence_file
from pulse.storage.sqlite.store import Store


def create_app(
    settings: Settings,
    store: Store,
    *,
    clock: Clock = utc_now,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    chart_worker: ChartWorker | None = None,
    counts_every_s: float = 30.0,
    settle_s: float = 2.0,
    remind_every_s: float = PACE_S,
) -> Bot:
    """Wires the bot on an open store; nothing is sent yet."""
    library = shipped_library()
    metrics = Metrics()
    slack = Slack(settings.slack_bot_token, settings.api_url, metrics.called, settings.network)
    roster = Roster(slack)
    waves = Waves(store=store, roster=roster, library=library, clock=clock, random_bytes=random_bytes)
    readers = Readers(roster, catalogue, waves.posts_language)
    answering = Answering(store=store, roster=roster, waves=waves)
    managers = Managers(store=store, roster=roster, clock=clock)
    snapshot = TurnoutSnapshot(store=store, items_of=waves.items_of, interval_s=counts_every_s)
    results = Results(store=store, library=library, waves=waves, write_files=files)
    reports = LeaderReports(store=store, waves=waves, results=results, clock=clock)
    participation = Participation(
        store=store, waves=waves, answering=answering, managers=managers, snapshot=snapshot
    )
    send_alert = AlertSender(slack, readers, managers.reachable).send
    alerts = Alerts(store=store, waves=waves, send=send_alert, clock=clock)
    posts = Posts(
        store=store,
        waves=waves,
        results=results,
        reports=reports,
        snapshot=snapshot,
        alerts=alerts,
        clock=clock,
    )
    background = BackgroundTasks()
    channels = Channels(store=store, waves=waves, roster=roster, lookup=slack, alerts=alerts, clock=clock)
    audience = Audience(waves=waves, managers=managers, roster=roster, lookup=slack)
    commitments = Commitments(store=store, waves=waves, roster=roster, clock=clock)
    home = Home(
        waves=waves,
        answering=answering,
        participation=participation,
        results=results,
        managers=managers,
        audience=audience,
        channels=channels,
        commitments=commitments,
    )
    reminders = Reminders(
        store=store,
        roster=roster,
        waves=waves,
        managers=managers,
        send=DirectMessages(slack, readers).remind,
        clock=clock,
        pace_s=remind_every_s,
    )
    questions = Questions(
        store=store,
        library=library,
        waves=waves,
        clock=clock,
        with_own=partial(library_with, shipped_library()),
        own_file=partial(own_questions_file, store.path),
    )
    workspace = Workspace(
        waves=waves,
        answering=answering,
        participation=participation,
        results=results,
        reports=reports,
        audience=Audience(waves=waves, managers=managers, roster=roster, lookup=slack),
        posts=posts,
        home=home,
        setup=PulseSetup(
            store=store,
            waves=waves,
            roster=roster,
            library=library,
            lookup=slack,
            clock=clock,
            cities=cities,
        ),
        questions=questions,
        managers=managers,
        evidence=Evidence(results=results, audience=audience, library=library, write=evidence_file),
        notes=Notes(store=store, waves=waves, clock=clock),
        commitments=commitments,
        channels=channels,
        alerts=alerts,
        reminders=reminders,
        background=background,
    )
    changing = asyncio.Lock()
    chart_worker = chart_worker or ChartWorker()
    cards = Cards(results, Pictures(slack, chart_worker), readers)
    surfaces = Surfaces(
        slack=slack,
        roster=roster,
        readers=readers,
        cards=cards,
        report_pages=ReportPages(slack, chart_worker),
        publisher=Publisher(
            store=store,
            posts=posts,
            cards=cards,
            readers=readers,
            clock=clock,
            sending=Sending(slack=slack, changing=changing, later=background.later, settle_s=settle_s),
        ),
        home_tabs=HomeTabs(home, slack, readers),
        counts=LiveCounts(
            polls=posts, slack=slack, readers=readers, changing=changing, interval_s=counts_every_s
        ),
        private_cards=PrivateCards(metrics.overloaded),
    )
    return Bot(
        app=_bolt_app(settings, Team(workspace=workspace, surfaces=surfaces), metrics),
        workspace=workspace,
        surfaces=surfaces,
        scheduler=Scheduler(tick_of(workspace, surfaces), waves.next_wake, clock),
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
