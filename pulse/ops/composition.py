"""The object graph of one Slack team: its services, and the Slack side that shows what they return."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

from pulse.core.library import Library
from pulse.ops.lifecycle import Clock, Pace
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
from pulse.services.turnout import TurnoutSnapshot
from pulse.services.waves import Waves
from pulse.services.workspace import Workspace
from pulse.slack.alerts import AlertSender
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


def compose_team(
    *,
    store: Store,
    slack: Slack,
    library: Library,
    clock: Clock,
    random_bytes: Callable[[int], bytes],
    chart_worker: ChartWorker,
    overloaded: Callable[[], bool],
    pace: Pace,
) -> tuple[Workspace, Surfaces]:
    """Composes the team whose records are in `store` and whose people `slack` reaches; sends nothing yet.

    `overloaded()`: whether many payloads wait for their ack.
    """
    roster = Roster(slack)
    waves = Waves(store=store, roster=roster, library=library, clock=clock, random_bytes=random_bytes)
    readers = Readers(roster, catalogue, waves.posts_language)
    answering = Answering(store=store, roster=roster, waves=waves)
    managers = Managers(store=store, roster=roster, clock=clock)
    snapshot = TurnoutSnapshot(store=store, items_of=waves.items_of, interval_s=pace.counts_every_s)
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
    channels = Channels(
        store=store,
        waves=waves,
        roster=roster,
        lookup=slack,
        alerts=alerts,
        clock=clock,
        now=time.monotonic,
    )
    audience = Audience(waves=waves, managers=managers, roster=roster, lookup=slack, now=time.monotonic)
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
        pace_s=pace.remind_every_s,
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
        by_hand=ByHand(store=store, waves=waves, library=library, clock=clock),
        answering=answering,
        participation=participation,
        results=results,
        reports=reports,
        audience=audience,
        posts=posts,
        home=home,
        setup=PulseSetup(
            store=store,
            waves=waves,
            roster=roster,
            library=library,
            lookup=slack,
            managers=managers,
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
    cards = Cards(results, Pictures(slack, chart_worker), readers)
    return workspace, Surfaces(
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
            sending=Sending(slack=slack, changing=changing, later=background.later, settle_s=pace.settle_s),
        ),
        home_tabs=HomeTabs(home, slack, readers),
        counts=LiveCounts(
            polls=posts, slack=slack, readers=readers, changing=changing, interval_s=pace.counts_every_s
        ),
        private_cards=PrivateCards(overloaded),
    )
