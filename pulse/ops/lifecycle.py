"""The bot from its start to its end: in Slack over Socket Mode or HTTP, until a signal asks for the end."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog
from slack_bolt.async_app import AsyncApp

from pulse.core.alert import SecondCopy
from pulse.core.errors import SlackFault, TokenRefused
from pulse.core.language import _
from pulse.core.library import Library
from pulse.ops.health import Health
from pulse.ops.metrics import Metrics
from pulse.ops.process import Replacement, handed_over, not_before
from pulse.ops.scheduler import Scheduler
from pulse.ops.settings import Mode, Settings
from pulse.services.alerts import Alerts
from pulse.services.reminders import PACE_S
from pulse.services.workspace import Workspace
from pulse.slack.http_server import Address, Server
from pulse.slack.outbox import SETTLE_S
from pulse.slack.socket_mode import SocketMode, SocketState
from pulse.slack.surfaces import Surfaces
from pulse.slack.web_api import Slack
from pulse.storage.sqlite.store import Store

T = TypeVar("T")
Clock = Callable[[], datetime]

DRAIN_S = 5.0

SOON = timedelta(minutes=2)
"""The process is not replaced if something is due within this time."""

LOCK, LISTENING = "LOCK", "LISTENING"
Handed = Mapping[str, int]
"""Descriptors that a new process takes over, by name."""

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
"""Bounds of the pause between two tries to reach Slack at the start."""

_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long the bot waits, in seconds: tests wait less.

    Between two changes of a poll's count, between two reminders, and until a sent message is sure to be
    found.
    """

    counts_every_s: float = 30.0
    remind_every_s: float = PACE_S
    settle_s: float = SETTLE_S


ORDINARY_PACE = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The composed bot. `start` recovers what a former run left, then plans; `stop` ends cleanly."""

    app: AsyncApp
    workspace: Workspace
    surfaces: Surfaces
    scheduler: Scheduler
    store: Store
    library: Library
    random_bytes: Callable[[int], bytes]
    metrics: Metrics

    async def start(self) -> None:
        background = self.workspace.background
        await self.workspace.waves.load()
        await self.workspace.managers.start(self.random_bytes)
        await self.workspace.questions.start()
        background.later(self.workspace.answering.read_roster())
        await self.scheduler.wake()
        await self.scheduler.start()
        background.forever(self.surfaces.counts.run())

    def replacement(self) -> Replacement:
        """Decides when this process makes room for a new one."""
        return Replacement(
            closed=self.workspace.waves.closed,
            activity=self.metrics.payloads.total,
            busy=self.is_busy,
            not_before=not_before(os.environ),
        )

    async def is_busy(self) -> bool:
        """Whether something is under way, due to be posted, or planned for the next moments."""
        now, moment = utc_now(), await self.workspace.waves.next_wake()
        return (
            self.metrics.in_flight > 0
            or self.workspace.background.is_busy()
            or bool(await self.store.undelivered(now))
            or (moment is not None and moment - now < SOON)
        )

    async def stop(self) -> None:
        self.scheduler.stop()
        await self.workspace.background.finish(DRAIN_S)
        await self.surfaces.slack.close()
        self.store.close()

    def health(self, socket: Callable[[], SocketState] | None = None) -> Health:
        """What supervisors ask for; `socket` gives the state of the connection in Socket Mode."""
        return Health(
            workspace=self.workspace,
            roster=self.surfaces.roster,
            store=self.store,
            metrics=self.metrics,
            socket=socket,
        )


def tick_of(workspace: Workspace, surfaces: Surfaces) -> Callable[[], Awaitable[None]]:
    """What the scheduler calls: it does what is due, and may be called at any time."""
    later = workspace.background.later

    async def tick() -> None:
        await workspace.waves.tick()
        await workspace.reports.queue_due()
        await surfaces.publisher.deliver()
        later(surfaces.cards.prepare())
        later(surfaces.home_tabs.follow())
        later(workspace.answering.read_roster())
        later(workspace.reminders.send_due())
        later(workspace.channels.report_problems())

    return tick


class Compose(Protocol):
    """Wires the bot on an open store. `bot.create_app` does it."""

    def __call__(self, settings: Settings, store: Store, *, clock: Clock = ..., pace: Pace = ...) -> Bot: ...


def database_path(settings: Settings) -> Path:
    return settings.pulse_db or Path("pulse.db")


async def run_in_slack(settings: Settings, mode: Mode, compose: Compose) -> Handed | None:
    """Runs until the connection ends for good, or until the process is to be replaced.

    Returns what the new process takes over then, by name. Raises PulseError if the bot cannot start or go on.
    """
    async with AsyncExitStack() as ending:
        lock = handed_over(LOCK, os.environ)
        store = Store.open(database_path(settings), settings.pulse_keys, lock)
        ending.callback(store.close)
        bot = compose(settings, store)
        slack = bot.surfaces.slack
        await _introduce(slack)
        ending.push_async_callback(bot.stop)
        await bot.start()
        freeze_garbage()
        replacement = bot.replacement()
        handed = {LOCK: store.lock_copy}
        if mode is Mode.HTTP:
            server = await _serve_http(bot, settings, ending)
            handed[LISTENING] = server.listening_copy
            await _first(_token_refused(slack), replacement.due())
        else:
            socket = await connect(bot, settings, ending)
            await _first(socket.wait(), _token_refused(slack), replacement.due())
        if not replacement.is_due:
            return None
        _log.info("replacing this process, so that it forgets single answers")
        return {name: copy() for name, copy in handed.items()}


def freeze_garbage() -> None:
    """Keeps the garbage collector from searching what lives as long as the program.

    In a storm each full search held all taps up for 70 ms, and together they took a tenth of the processor.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()


async def _introduce(slack: Slack) -> None:
    """Returns when Slack has accepted the bot token; waits while Slack cannot be reached.

    Raises TokenRefused.
    """
    pause = FIRST_PAUSE_S
    while True:
        try:
            greeting = await slack.greet()
        except SlackFault as fault:
            if fault.certain and fault.code != "ratelimited":
                raise TokenRefused(str(fault)) from fault
            _log.warning("Slack not reached yet", problem=str(fault))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
            continue
        if not greeting.bot:
            raise TokenRefused(_("This token belongs to a person and not to the app's bot."))
        _log.info("token accepted", team=greeting.team)
        return


async def _token_refused(slack: Slack) -> None:
    """Raises TokenRefused once Slack has refused the token, and refuses it again when asked."""
    while True:
        await slack.refused.wait()
        slack.refused.clear()
        await _introduce(slack)


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Runs coroutines concurrently until the first ends or fails; cancels the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def connect(bot: Bot, settings: Settings, ending: AsyncExitStack) -> SocketMode:
    """Opens the Socket Mode connection, and the health port if one is set."""
    on_strangers = _report_second_copy(bot.workspace.alerts)
    socket = SocketMode(
        bot.app, settings.slack_app_token, on_strangers=on_strangers, network=settings.network
    )
    if settings.pulse_health_port:
        address = Address(
            host=settings.pulse_host,
            port=settings.pulse_health_port,
            metrics_token=settings.pulse_metrics_token,
        )
        server = Server(address, bot.health(lambda: socket.state))
        ending.push_async_callback(server.close)
        await server.start()
        _log.info("serving health", address=server.said)
    ending.push_async_callback(socket.close)
    await socket.start()
    _log.info("ready")
    return socket


def _report_second_copy(alerts: Alerts) -> Callable[[int], Awaitable[None]]:
    """Tells the managers of a second copy once a second greeting has counted it too.

    The first may count the previous process's connection, whose end Slack has not noticed yet.
    """
    greetings = 0

    async def report(_count: int) -> None:
        nonlocal greetings
        greetings += 1
        _log.warning("another copy of the app may be connected", greetings=greetings)
        if greetings > 1:
            await alerts.report(SecondCopy())

    return report


async def _serve_http(bot: Bot, settings: Settings, ending: AsyncExitStack) -> Server:
    address = Address(
        host=settings.pulse_host, port=settings.port, metrics_token=settings.pulse_metrics_token
    )
    server = Server(address, bot.health(), bot.app, settings.slack_signing_secret)
    ending.push_async_callback(server.close)
    await server.start(handed_over(LISTENING, os.environ))
    _log.info("ready", address=server.said, port=server.port)
    return server


async def until_stopped(work: Coroutine[Any, Any, T]) -> T | None:
    """Runs work until it ends or fails, or until SIGINT or SIGTERM asks for a clean end: then None."""
    task = asyncio.ensure_future(work)
    stopping = False

    def stop() -> None:
        # Once: a second signal must not break off the clean end that the first one began.
        nonlocal stopping
        if not stopping:
            stopping = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        return await task
    return None
