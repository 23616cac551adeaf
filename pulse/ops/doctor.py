"""`python bot.py doctor`: looks at everything that the bot needs, and names the mend of what is wrong.

It changes nothing and may run beside the bot. No token is printed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import available_timezones

from pulse.core.errors import TOKEN_REFUSALS, DataFault, PulseError, SettingsFault, SlackFault, StoreFault
from pulse.core.language import _
from pulse.core.library import Library
from pulse.core.model import Side
from pulse.core.records import Setup
from pulse.core.schedule import Schedule, describe
from pulse.ops.health import LEAST_FREE_BYTES
from pulse.ops.settings import Mode, Settings, mode_of
from pulse.services.upcoming import is_paused, upcoming
from pulse.slack.roster import Roster
from pulse.slack.web_api import SCOPES, Greeting, Slack
from pulse.storage.library import load_library, own_items_path
from pulse.storage.sqlite.file import check, running
from pulse.storage.sqlite.snapshot import Snapshot
from pulse.views.setup import channel_fault

MOST_SKEW_S = 60.0
"""Slack's signatures count for five minutes, and waves open by this clock. A kept one is within a second."""

COMING = 3


class State(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing must be done."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at and found; a fault has its `mend`, a sentence each."""

    name: str
    state: State
    says: str
    mend: str = ""


def healthy(checks: Sequence[Check]) -> bool:
    """Whether nothing has to be mended."""
    return all(found.state is not State.FAULT for found in checks)


def as_text(checks: Sequence[Check]) -> str:
    """A line a check, its mend below it."""
    lines: list[str] = []
    for found in checks:
        lines.append(f"{found.state:<6} {found.name}: {found.says}")
        lines += [f"{'':6} → {found.mend}"] if found.mend else []
    last = (
        _("All is well.") if healthy(checks) else _("Something has to be mended: see the lines with “fault”.")
    )
    return "\n".join([*lines, last])


def as_json(checks: Sequence[Check]) -> str:
    """The same for programs: `ok`, and `checks` with name, state, says and mend."""
    said = {"ok": healthy(checks), "checks": [asdict(found) for found in checks]}
    return json.dumps(said, ensure_ascii=False, indent=1)


@dataclass(frozen=True, slots=True)
class Doctor:
    """`clock` gives aware UTC times."""

    settings: Settings
    clock: Callable[[], datetime]

    async def examine(self) -> tuple[Check, ...]:
        """Everything, in the order in which it should be mended."""
        checks = [self._mode()]
        slack = Slack(self.settings.slack_bot_token, self.settings.api_url)
        reached = False
        if self.settings.slack_bot_token:
            async for found in self._slack(slack):
                checks.append(found)
            reached = not any(found.name == "bot token" and found.state is State.FAULT for found in checks)
        if self.settings.slack_app_token:
            checks.append(await self._socket_mode())
        checks += [*self._files(), *self._zones()]
        items, library = self._items()
        checks.append(items)
        checks += await self._pulse(slack if reached else None, library)
        return tuple(checks)

    # --- Slack ------------------------------------------------------------------------------------------

    def _mode(self) -> Check:
        name = _("mode")
        try:
            mode = mode_of(self.settings)
        except SettingsFault as fault:
            return Check(name, State.FAULT, _("Some tokens are missing or wrong."), str(fault))
        if mode is Mode.REHEARSAL:
            return Check(
                name,
                State.FAULT,
                _("The bot would rehearse and not reach Slack: no token is set, or PULSE_MODE is rehearsal."),
                _(
                    "Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, in"
                    " the environment or in .env. README says where Slack shows them."
                ),
            )
        says = {
            Mode.SOCKET: _("Socket Mode: the bot connects to Slack."),
            Mode.HTTP: _("HTTP mode: Slack sends its requests to port {port}.").format(
                port=self.settings.port
            ),
        }
        return Check(name, State.OK, says[mode])

    async def _slack(self, slack: Slack) -> AsyncIterator[Check]:
        name = "bot token"
        began = self.clock()
        try:
            greeting = await slack.greet()
        except SlackFault as fault:
            mend = str(fault)
            if not fault.certain:
                mend = _("Check the network, the proxy and SLACK_API_URL ({url}).").format(
                    url=self.settings.api_url
                )
            yield Check(name, State.FAULT, _("Slack did not accept it, or did not answer."), mend)
            return
        if not greeting.bot:
            yield Check(
                name,
                State.FAULT,
                _("It belongs to a person and not to the app's bot."),
                _("Set SLACK_BOT_TOKEN to the token that begins with xoxb-, under OAuth & Permissions."),
            )
            return
        yield Check(name, State.OK, _("Slack knows it, in the workspace {team}.").format(team=greeting.team))
        yield _scopes(greeting)
        yield _skew(greeting, began, self.clock())

    async def _socket_mode(self) -> Check:
        name = "Socket Mode"
        try:
            await Slack(self.settings.slack_app_token, self.settings.api_url).may_connect()
        except SlackFault as fault:
            return Check(name, State.FAULT, _("Slack gave no connection."), _no_connection(fault))
        return Check(name, State.OK, _("Slack offers a connection."))

    # --- this machine -----------------------------------------------------------------------------------

    @property
    def _database(self) -> Path:
        return self.settings.pulse_db or Path("pulse.db")

    def _files(self) -> Iterator[Check]:
        path, folder = self._database, self._database.absolute().parent
        name = _("database")
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            says = (
                _("The folder {folder} cannot be written.") if folder.is_dir() else _("There is no {folder}.")
            )
            yield Check(
                name,
                State.FAULT,
                says.format(folder=folder),
                _("Make it, or make it writable for this user, or set PULSE_DB to another place."),
            )
        if folder.is_dir():
            yield _space(folder)
        if not path.exists():
            yield Check(name, State.NOTE, _("{path} is not there yet: the bot makes it.").format(path=path))
            return
        yield _file(path)
        if running(path):
            yield Check(name, State.NOTE, _("A bot is running on it."))

    def _zones(self) -> Iterator[Check]:
        count = len(available_timezones())
        if not count:
            yield Check(
                _("time zones"),
                State.FAULT,
                _("There is no time zone data."),
                _("Install it: pip install -r requirements.txt."),
            )
            return
        yield Check(_("time zones"), State.OK, _("{count} are known.").format(count=count))

    def _items(self) -> tuple[Check, Library | None]:
        path = own_items_path(self._database)
        try:
            library = load_library(path)
        except DataFault as fault:
            mend = _("Mend that row, or move {path} away.").format(path=path)
            return Check(_("questions"), State.FAULT, str(fault), mend), None
        own = sum(item.own for item in library.bank)
        says = _("{count} questions, {own} of them the company's own.").format(
            count=len(library.bank), own=own
        )
        return Check(_("questions"), State.OK, says), library

    # --- the pulse --------------------------------------------------------------------------------------

    async def _pulse(self, slack: Slack | None, library: Library | None) -> list[Check]:
        if library is None or not self._database.is_file():
            return []
        try:
            store = Snapshot(self._database)
        except StoreFault as fault:
            mend = _("Mend the database first.")
            return [Check(_("set-up"), State.FAULT, str(fault), mend)]
        try:
            setup = store.setup()
            if setup is None:
                return [Check(_("set-up"), State.NOTE, _("Not yet: a manager does it with /pulse setup."))]
            roster = Roster(slack or Slack("", self.settings.api_url))
            checks = [_schedule(store, setup, self.clock()), *_undelivered(store)]
            if slack is not None:
                checks += [found async for found in _channels(slack, roster, setup)]
            return checks
        finally:
            store.close()


def _scopes(greeting: Greeting) -> Check:
    name = _("permissions")
    if greeting.scopes is None:
        return Check(name, State.NOTE, _("Slack did not say which scopes the token has."))
    missing = sorted(SCOPES - greeting.scopes)
    if missing:
        return Check(
            name,
            State.FAULT,
            _("The token lacks {scopes}.").format(scopes=", ".join(missing)),
            _(
                "Paste the current manifest.yml on api.slack.com/apps, under App Manifest, and reinstall the"
                " app."
            ),
        )
    more = sorted(greeting.scopes - SCOPES)
    if more:
        says = _("The token may do more than the bot needs: {scopes}.").format(scopes=", ".join(more))
        return Check(name, State.NOTE, says)
    return Check(name, State.OK, _("The token has the scopes that it needs, and no others."))


def _skew(greeting: Greeting, began: datetime, ended: datetime) -> Check:
    name = _("clock")
    if greeting.time is None:
        return Check(name, State.NOTE, _("Slack did not say what time it is."))
    # Slack's answer was made somewhere between the two, and tells whole seconds.
    ahead = (began - greeting.time).total_seconds() - 1
    behind = (greeting.time - ended).total_seconds()
    off = max(ahead, behind, 0.0)
    if off < MOST_SKEW_S:
        return Check(name, State.OK, _("It agrees with Slack's."))
    way = _("ahead of") if ahead > behind else _("behind")
    return Check(
        name,
        State.FAULT,
        _("It is {seconds} s {way} Slack's.").format(seconds=round(off), way=way),
        _("Set the clock of this machine, and switch on its time service (NTP)."),
    )


def _no_connection(fault: SlackFault) -> str:
    if fault.code == "link_disabled":
        return _("On api.slack.com/apps, under Socket Mode, switch it on.")
    if fault.code in TOKEN_REFUSALS | {"missing_scope", "no_permission"}:
        return _(
            "Slack does not accept SLACK_APP_TOKEN ({code}). On api.slack.com/apps, under Basic Information,"
            " App-Level Tokens, make one with the scope connections:write."
        ).format(code=fault.code)
    return str(fault)


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    says = _("{free} MB are free.").format(free=free // 1_000_000)
    if free < LEAST_FREE_BYTES:
        mend = _("Make room on the disk of {folder}.").format(folder=folder)
        return Check(_("disk"), State.FAULT, says, mend)
    return Check(_("disk"), State.OK, says)


def _file(path: Path) -> Check:
    try:
        check(path)
    except StoreFault as fault:
        return Check(
            _("database"),
            State.FAULT,
            str(fault),
            _("Stop the bot, and put the last backup into its place, or move it away to start anew."),
        )
    if not os.access(path, os.W_OK):
        return Check(
            _("database"),
            State.FAULT,
            _("{path} cannot be written.").format(path=path),
            _("Make it writable for this user."),
        )
    size = path.stat().st_size // 1000
    return Check(_("database"), State.OK, _("{path} is whole ({size} kB).").format(path=path, size=size))


def _schedule(store: Snapshot, setup: Setup, now: datetime) -> Check:
    name = _("schedule")
    try:
        schedule = Schedule.from_record(setup.schedule)
        ahead = upcoming(store, now, COMING)
    except PulseError as fault:
        return Check(name, State.FAULT, str(fault), _("Save the schedule anew with /pulse setup."))
    if is_paused(store):
        return Check(name, State.NOTE, _("Paused: no pulse opens until /pulse resume."))
    days = ", ".join(f"{moments.opens_at.astimezone(schedule.tz):%a %d %b %Y %H:%M}" for moments in ahead)
    says = _("{schedule} Next: {days}.").format(schedule=describe(schedule), days=days)
    return Check(name, State.OK, says)


def _undelivered(store: Snapshot) -> Iterator[Check]:
    waiting = store.undelivered()
    if waiting:
        says = _("{count} are still to be posted; the bot goes on trying.").format(count=len(waiting))
        yield Check(_("messages"), State.NOTE, says)


async def _channels(slack: Slack, roster: Roster, setup: Setup) -> AsyncIterator[Check]:
    sides = {channel: side for side in Side for channel in setup.channels[side]}
    usable: dict[str, Side] = {}
    for channel in [*sides, *setup.results]:
        found = await _channel(slack, channel)
        yield found
        if found.state is State.OK and channel in sides:
            usable[channel] = sides[channel]
    try:
        people = await roster.read(usable)
    except SlackFault as fault:
        mend = _("Mend the channels above first; if they are fine, try again in a minute.")
        yield Check(_("people"), State.FAULT, str(fault), mend)
        return
    for side in Side:
        yield _people(side, people[side], setup.minimum)


async def _channel(slack: Slack, channel: str) -> Check:
    name = _("channel {channel}").format(channel=channel)
    unusable = _("The bot cannot work in it.")
    try:
        found = await slack.channel(channel)
    except SlackFault as fault:
        mend = channel_fault(channel, fault.code) if fault.certain else str(fault)
        return Check(name, State.FAULT, unusable, mend)
    if found.unusable:
        return Check(name, State.FAULT, unusable, channel_fault(found.name, found.unusable))
    return Check(name, State.OK, _("The bot is in #{name}.").format(name=found.name))


def _people(side: Side, count: int, minimum: int) -> Check:
    says = _("{count} can be asked; results need {minimum} answers.").format(count=count, minimum=minimum)
    if count < minimum:
        mend = _("Add a channel with more people to this side with /pulse setup.")
        return Check(side.label, State.FAULT, says, mend)
    return Check(side.label, State.OK, says)
