"""Alignment Pulse: the bot's composition and its command line. Nothing runs at import."""

from __future__ import annotations

from pulse.ops import platforms

if __name__ == "__main__":
    # Before the imports below, which fail with a traceback where something is too old or missing.
    platforms.require(installed=True)

import argparse
import asyncio
import gc
import logging
import secrets
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize

import handlers
from pulse.core.errors import PulseError, SlackFault, TokenRefused
from pulse.core.language import _
from pulse.core.model import Side
from pulse.ops import doctor, logs, terminal
from pulse.ops.health import Health
from pulse.ops.metrics import MeasuredApp, Metrics
from pulse.ops.sample import fill, is_sample, loaded_note
from pulse.ops.scheduler import Scheduler
from pulse.ops.settings import Mode, Settings, mode_of, read_settings
from pulse.services.administration import Administration
from pulse.services.alerts import Alerts
from pulse.services.background import BackgroundTasks
from pulse.services.channels import Channels
from pulse.services.counts import LiveCounts
from pulse.services.desk import Desk
from pulse.services.homes import Homes
from pulse.services.managers import Managers
from pulse.services.reminders import PACE_S, Reminders
from pulse.services.troubles import Troubles
from pulse.services.waves import Waves
from pulse.services.workspace import Workspace
from pulse.slack.chart_worker import ChartWorker
from pulse.slack.http_server import Doors, Server
from pulse.slack.roster import Roster
from pulse.slack.socket_mode import SocketMode
from pulse.slack.web_api import Slack
from pulse.storage import export
from pulse.storage.backup import back_up
from pulse.storage.library import load_library, own_items_path
from pulse.storage.sqlite.store import Snapshot, Store
from pulse.views.notices import second_copy

Clock = Callable[[], datetime]

DRAIN_S = 5.0

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
"""Bounds of the pause between two tries to reach Slack at the start."""

_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Bot:
    """The wired bot. `start` recovers what a former run left, then plans; `stop` ends cleanly."""

    app: AsyncApp
    services: Workspace
    scheduler: Scheduler
    store: Store
    random_bytes: Callable[[int], bytes]
    metrics: Metrics

    async def start(self) -> None:
        await self.services.managers.start(self.random_bytes)
        library = self.services.waves.library
        await self.store.keep_reference(library.bank, library.ledger)
        self.services.after.later(self.services.waves.know_people())
        await self.scheduler.wake()
        self.scheduler.start()
        self.services.after.forever(self.services.counts.run())

    async def stop(self) -> None:
        self.scheduler.stop()
        await self.services.after.finish(DRAIN_S)
        await self.services.slack.close()
        self.store.close()


class OneTeam(AsyncAuthorize):
    """Authorizes by what Slack said of the token last.

    Bolt would ask auth.test while the first tap waits for its ack, and drop the tap if Slack is slow.
    """

    def __init__(self, slack: Slack, token: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
        self._slack, self._token = slack, token

    async def __call__(self, **_asked: Any) -> AuthorizeResult:
        known = await self._slack.identity()
        return AuthorizeResult(
            enterprise_id=None,
            team_id=known.team_id,
            bot_id=known.bot,
            bot_user_id=known.user,
            bot_token=self._token,
        )


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
    """Wires the bot on an open store; nothing is sent yet. Raises DataFault for faulty items or figures."""
    library = load_library(own_items_path(store.path))
    metrics = Metrics()
    slack = Slack(settings.slack_bot_token, settings.api_url, metrics.called, settings.network)
    roster = Roster(slack)
    waves = Waves(store, roster, library, clock, random_bytes)
    managers = Managers(store, roster, clock)
    after = BackgroundTasks(metrics.pressed)
    channels = Channels(waves, slack, Troubles(slack, managers, clock))
    desk = Desk(waves, slack, managers, channels, chart_worker or ChartWorker(), settle_s)
    homes = Homes(waves, desk, slack)
    counts = LiveCounts(waves, slack, counts_every_s)
    administration = Administration(waves, slack)
    reminders = Reminders(waves, slack, managers, remind_every_s)
    alerts = Alerts(waves, channels)
    services = Workspace(
        waves,
        desk,
        homes,
        channels,
        slack,
        managers,
        administration,
        counts,
        after,
        channels.troubles,
        reminders,
    )

    app = MeasuredApp(
        metrics,
        # Bolt would look for its caller's file name otherwise, and read every module for it: 0.2 s.
        name="alignment-pulse",
        client=slack.client,
        authorize=OneTeam(slack, settings.slack_bot_token),
        # Else Bolt takes the root's level, and at debug it writes whole payloads down.
        logger=logging.getLogger("slack_bolt"),
        signing_secret=settings.slack_signing_secret or None,
        # Bolt would look for the ack only every 10 ms otherwise. So nothing slow stands in a listener.
        process_before_response=True,
    )
    handlers.register(app, services)

    async def tick() -> None:
        await waves.tick()
        await desk.deliver()
        after.later(desk.prepare())
        after.later(homes.follow())
        after.later(waves.know_people())
        after.later(reminders.send_due())
        after.later(alerts.tell())

    return Bot(app, services, Scheduler(tick, waves.next_wake, clock), store, random_bytes, metrics)


async def run(settings: Settings) -> None:
    """Runs the bot in the mode that the settings ask for, until it is told to stop.

    Raises PulseError where it cannot start, or cannot go on.
    """
    mode = mode_of(settings)
    if mode is Mode.REHEARSAL:
        await _until_stopped(run_rehearsal(settings))
    else:
        await _until_stopped(_run_in_slack(settings, mode))


async def _run_in_slack(settings: Settings, mode: Mode) -> None:
    async with AsyncExitStack() as ending:
        store = Store.open(_database(settings))
        ending.callback(store.close)
        bot = create_app(settings, store)
        await _introduced(bot.services.slack)
        ending.push_async_callback(bot.stop)
        await bot.start()
        spare_collector()
        if mode is Mode.HTTP:
            health = Health(bot.services, bot.metrics)
            host = settings.pulse_host or None
            await _serve_http(bot, settings, health, host, ending)
            await _token_refused(bot.services.slack)
        else:
            socket = await _connect(bot, settings, ending)
            await _first(socket.wait(), _token_refused(bot.services.slack))


def spare_collector() -> None:
    """Keeps the garbage collector from searching what lives as long as the program.

    In a storm each of its full searches held all taps up for 70 ms, and they cost a tenth of the processor.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()


async def _introduced(slack: Slack) -> None:
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
    """Raises TokenRefused once Slack has refused the token and says so when asked again."""
    while True:
        await slack.refused.wait()
        slack.refused.clear()
        await _introduced(slack)


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Runs works side by side until the first ends or fails; the others are ended."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_rehearsal(settings: Settings) -> None:
    """The real bot over real Socket Mode, against a stand-in for Slack in this process."""
    from rehearsal.server import Rehearsal  # only here: nothing else may know the rehearsal

    print("Rehearsal: no Slack, no account, nothing leaves this machine.", flush=True)
    async with AsyncExitStack() as ending:
        clock = ShiftedClock()
        rehearsal = await ending.enter_async_context(Rehearsal(port=settings.pulse_page, clock=clock.now))
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="pulse-rehearsal-")))
        tokens = {
            "slack_bot_token": rehearsal.bot_token,
            "slack_app_token": rehearsal.app_token,
            "slack_api_url": rehearsal.api_url,
            # What stays on this machine goes through no proxy, whatever the environment says.
            "https_proxy": "",
            "http_proxy": "",
            "ssl_cert_file": None,
        }
        store = Store.open(settings.pulse_db or folder / "pulse.db")
        if settings.pulse_sample and store.setup() is None and rehearsal.places is not None:
            places = {Side.MARKETING: rehearsal.places.marketing, Side.IT: rehearsal.places.it}
            await fill(store, load_library(own_items_path(store.path)).bank, clock.now(), places)
        if is_sample(store):
            rehearsal.notice = loaded_note()
        bot = create_app(settings.model_copy(update=tokens), store, clock=clock.now, counts_every_s=1.0)
        rehearsal.on_next = clock.jumper(bot)
        await _serve(bot, settings.model_copy(update=tokens), ending)
        print(f"Open {rehearsal.url} in a browser. Ctrl+C ends it.", flush=True)
        await asyncio.Event().wait()


class ShiftedClock:
    """The rehearsal's clock: the machine's, and what somebody jumped ahead."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return utc_now() + self._ahead

    def jumper(self, bot: Bot) -> Callable[[], Awaitable[str | None]]:
        """Jumps to the bot's next moment and lets it do what is due then; says why where it cannot."""

        async def jump() -> str | None:
            moment = bot.services.waves.next_wake()
            if moment is None:
                return "There is no next moment yet: set the pulse up first."
            self._ahead += max(moment - self.now(), timedelta())
            await bot.scheduler.wake()
            return None

        return jump


async def _serve(bot: Bot, settings: Settings, ending: AsyncExitStack) -> None:
    """Starts the bot, then the connection; both end in the other order."""
    ending.push_async_callback(bot.stop)
    await bot.start()
    await _connect(bot, settings, ending)


async def _connect(bot: Bot, settings: Settings, ending: AsyncExitStack) -> SocketMode:
    """Opens the Socket Mode connection, and the health port where one is asked for."""
    socket = SocketMode(
        bot.app,
        settings.slack_app_token,
        on_strangers=_on_strangers(bot.services),
        network=settings.network,
    )
    health = Health(bot.services, bot.metrics, lambda: socket.state)
    if settings.pulse_health_port:
        doors = Doors(
            settings.pulse_host or "127.0.0.1", settings.pulse_health_port, settings.pulse_metrics_public
        )
        server = Server(doors, health)
        ending.push_async_callback(server.close)
        await server.start()
    ending.push_async_callback(socket.close)
    await socket.start()
    _log.info("ready")
    return socket


def _on_strangers(services: Workspace) -> Callable[[int], Awaitable[None]]:
    """Tells the managers of a second copy that a second greeting counts, too.

    The first may count the connection of the process before this one, which Slack has not missed yet.
    """
    greetings = 0

    async def tell(_count: int) -> None:
        nonlocal greetings
        greetings += 1
        _log.warning("another copy of the app may be connected", greetings=greetings)
        if greetings > 1:
            await services.troubles.report(second_copy, "second copy")

    return tell


async def _serve_http(
    bot: Bot, settings: Settings, health: Health, host: str | None, ending: AsyncExitStack
) -> None:
    doors = Doors(host, settings.port, settings.pulse_metrics_public)
    server = Server(doors, health, bot.app, settings.slack_signing_secret)
    ending.push_async_callback(server.close)
    await server.start()
    _log.info("ready", port=server.port)


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Runs work until it ends or fails, or until SIGINT or SIGTERM asks for a clean end."""
    task = asyncio.ensure_future(work)
    stopping = False

    def stop() -> None:
        # Once: a second signal must not break off the end that the first one began.
        nonlocal stopping
        if not stopping:
            stopping = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await task


def main(words: list[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, 1 where doctor found a fault, 2 with a sentence."""
    terminal.be_plain()
    try:
        asked = _asked(words)
        settings = read_settings()
        logs.configure("error" if asked.command else settings.pulse_log)
        if asked.command == "doctor":
            return asyncio.run(_doctor(settings, asked.json))
        if asked.command == "backup":
            print(back_up(_database(settings), asked.path))
        elif asked.command == "export":
            print(_export(settings, asked.path))
        else:
            asyncio.run(run(settings))
    except PulseError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _asked(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python bot.py", description="Alignment Pulse. Without a command the bot runs."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    examining = commands.add_parser("doctor", help="look at tokens, channels, schedule, database and clock")
    examining.add_argument("--json", action="store_true", help="write what was found as JSON")
    backup = commands.add_parser("backup", help="copy the database, without an open pulse's answers")
    backup.add_argument("path", type=Path, metavar="PATH", help="a file that is not there yet")
    exporting = commands.add_parser("export", help="write closed pulses as CSV and JSON")
    exporting.add_argument("path", type=Path, metavar="PATH", help="a folder, or a .csv or .json file")
    return parser.parse_args(words)


def _database(settings: Settings) -> Path:
    return settings.pulse_db or Path("pulse.db")


async def _doctor(settings: Settings, as_json: bool) -> int:
    checks = await doctor.Doctor(settings, utc_now).examine()
    print(doctor.as_json(checks) if as_json else doctor.as_text(checks))
    return 0 if doctor.healthy(checks) else 1


def _export(settings: Settings, target: Path) -> str:
    database = _database(settings)
    with closing(Snapshot(database)) as copy:
        return export.write(target, copy.closed_waves(), load_library(own_items_path(database)).bank)


if __name__ == "__main__":
    sys.exit(main())
