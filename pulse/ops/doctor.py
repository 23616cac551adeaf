"""`python bot.py doctor`: checks everything that the bot needs, and says how to fix what is wrong.

It changes nothing and may run beside the bot. No token is printed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import available_timezones

from pulse.core.errors import (
    TOKEN_REFUSALS,
    DataFault,
    KeyLost,
    PulseError,
    SettingsFault,
    SlackFault,
    StoreFault,
)
from pulse.core.language import N_, _
from pulse.core.library import Library
from pulse.core.model import Item, Side
from pulse.core.own_questions import own_item
from pulse.core.records import Setup
from pulse.core.schedule import Schedule, describe
from pulse.ops.health import LEAST_FREE_BYTES
from pulse.ops.settings import Mode, Settings, mode_of
from pulse.services.upcoming import is_paused, upcoming
from pulse.slack.roster import Roster
from pulse.slack.web_api import OPTIONAL_SCOPES, SCOPES, Greeting, Slack
from pulse.storage.keys import SECRET_FILE, folder_beside, read_key
from pulse.storage.library import library_with, load_library, own_items_path, shipped_library
from pulse.storage.permissions import Exposure, Risk, exposures
from pulse.storage.sqlite.file import check, running
from pulse.storage.sqlite.snapshot import Snapshot
from pulse.views.setup import channel_fault

MOST_SKEW_S = 60.0
"""Slack's signatures are valid for five minutes, and waves open by this clock. NTP keeps it within 1 s."""

COMING = 3


class State(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing must be done."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Check:
    """What was checked and found; for a fault, `fix` says how to fix it. Both are whole sentences."""

    name: str
    state: State
    says: str
    fix: str = ""


def healthy(checks: Sequence[Check]) -> bool:
    """Whether no check found a fault."""
    return all(found.state is not State.FAULT for found in checks)


def as_text(checks: Sequence[Check]) -> str:
    """One line for each check, with the fix below it."""
    lines: list[str] = []
    for found in checks:
        lines.append(f"{found.state:<6} {found.name}: {found.says}")
        lines += [f"{'':6} → {found.fix}"] if found.fix else []
    last = _("All is well.") if healthy(checks) else _("Something needs fixing: see the lines with “fault”.")
    return "\n".join([*lines, last])


def as_json(checks: Sequence[Check]) -> str:
    """The same for programs: `ok`, and `checks` with the keys name, state, says and `fix`."""
    said = {"ok": healthy(checks), "checks": [asdict(found) for found in checks]}
    # In ASCII, so that no terminal's or pipe's encoding can spoil it.
    return json.dumps(said, indent=1)


@dataclass(frozen=True, slots=True)
class Doctor:
    """`clock` gives aware UTC times."""

    settings: Settings
    clock: Callable[[], datetime]

    async def examine(self) -> tuple[Check, ...]:
        """All checks, in the order in which to fix what they find."""
        checks = [self._mode()]
        slack: Slack | None = None
        reached = False
        try:
            slack = self._client(self.settings.slack_bot_token)
        except SettingsFault as fault:
            fix = _("Set SSL_CERT_FILE to a file of certificates in PEM form, or leave it unset.")
            checks.append(Check(_("certificates"), State.FAULT, str(fault), fix))
        if self.settings.slack_bot_token and slack is not None:
            async for found in self._slack(slack):
                checks.append(found)
            reached = not any(found.name == "bot token" and found.state is State.FAULT for found in checks)
        if self.settings.slack_app_token and slack is not None:
            checks.append(await self._socket_mode())
        checks += [*self._files(), *self._keys(), *self._zones()]
        items, library = await self._items()
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
            Mode.HTTP: _("HTTP mode: the bot listens on {host}, port {port}.").format(
                host=self.settings.pulse_host, port=self.settings.port
            ),
        }
        return Check(name, State.OK, says[mode])

    def _client(self, token: str) -> Slack:
        """Raises SettingsFault for certificates that cannot be read."""
        return Slack(token, self.settings.api_url, network=self.settings.network)

    async def _slack(self, slack: Slack) -> AsyncIterator[Check]:
        name = "bot token"
        began = self.clock()
        try:
            greeting = await slack.greet()
        except SlackFault as fault:
            says, fix = _("Slack did not accept it."), str(fault)
            if not fault.certain:
                says = str(fault)
                fix = _(
                    "Check the network, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SLACK_API_URL ({url})."
                ).format(url=self.settings.api_url)
            yield Check(name, State.FAULT, says, fix)
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
            await self._client(self.settings.slack_app_token).may_connect()
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

    def _keys(self) -> Iterator[Check]:
        """Who can read what must stay closed, and whether the keys are where they belong."""
        keys = self.settings.pulse_keys or folder_beside(self._database)
        found = [_exposed(exposure) for exposure in exposures(self._database, keys, Path(".env"))]
        found += _kept_keys(self._database, keys)
        if all(check.state is not State.FAULT for check in found):
            yield Check(_("keys"), State.OK, _("Only their owner can read them."))
        yield from found

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

    async def _items(self) -> tuple[Check, Library | None]:
        path = own_items_path(self._database)
        try:
            kept = await self._own_questions()
            library = library_with(shipped_library(), kept) if kept else load_library(path)
        except DataFault as fault:
            fix = _("Fix that row, or move {path} away.").format(path=path)
            return Check(_("questions"), State.FAULT, str(fault), fix), None
        own = sum(item.own for item in library.bank)
        says = _("{count} questions, {own} of them the company's own.").format(
            count=len(library.bank), own=own
        )
        return Check(_("questions"), State.OK, says), library

    async def _own_questions(self) -> list[Item]:
        """The company's questions in the database; none if it cannot be read, which another check reports."""
        if not self._database.is_file():
            return []
        try:
            with closing(Snapshot(self._database)) as copy:
                return [own_item(question.wording) for question in await copy.own_questions()]
        except StoreFault:
            return []

    # --- the pulse --------------------------------------------------------------------------------------

    async def _pulse(self, slack: Slack | None, library: Library | None) -> list[Check]:
        if library is None or not self._database.is_file():
            return []
        try:
            store = Snapshot(self._database)
        except StoreFault as fault:
            fix = _("Fix the database first.")
            return [Check(_("set-up"), State.FAULT, str(fault), fix)]
        try:
            setup = await store.setup()
            if setup is None:
                return [Check(_("set-up"), State.NOTE, _("Not yet: a manager does it with /pulse setup."))]
            roster = Roster(slack or Slack("", self.settings.api_url))
            checks = [await _schedule(store, setup, self.clock()), *await _undelivered(store)]
            if slack is not None:
                checks += [found async for found in _channels(slack, roster, setup)]
            return checks
        finally:
            store.close()


_EXPOSED = {
    Risk.OPEN_TO_OTHERS: (
        N_("{path} is open to others (mode {detail})."),
        N_("Close it: chmod go-rwx {path}"),
    ),
    Risk.FOREIGN: (
        N_("{path} belongs to another user (number {detail})."),
        N_("Give it to the user that runs the bot: chown USER {path}"),
    ),
    Risk.OLD_BLOCKS: (
        N_("{path} is on {detail}, which writes anew instead of over: destroyed keys may stay on the disk."),
        "",
    ),
    Risk.ELSEWHERE: (
        N_("{path} is on {detail}: another machine decides what stays of destroyed keys."),
        "",
    ),
    Risk.MEMORY: (
        N_("{path} is in memory ({detail}): a restart of the machine loses an open pulse, and the secret."),
        "",
    ),
    Risk.BESIDE_DATABASE: (
        N_("{path} is beside the database: a copy of {detail} made during a pulse tells who answered what."),
        "",
    ),
}


def _exposed(exposure: Exposure) -> Check:
    says, fix = _EXPOSED[exposure.risk]
    values = {"path": exposure.path, "detail": exposure.detail}
    state = State.FAULT if fix else State.NOTE
    return Check(_("keys"), state, _(says).format(**values), _(fix).format(**values) if fix else "")


def _kept_keys(database: Path, keys: Path) -> list[Check]:
    """Whether the key of the open wave and the secret are there."""
    if not database.is_file():
        return []
    try:
        with closing(Snapshot(database)) as copy:
            token, needs_secret = copy.open_token, copy.needs_secret
    except StoreFault:
        # Another check reports it, as a fault of the database.
        return []
    found = []
    lost = "" if token is None else _lost(keys, token)
    if lost:
        fix = _("Put the key folder back, or call the pulse off with /pulse close. Closed pulses are safe.")
        found.append(Check(_("keys"), State.FAULT, lost, fix))
    if needs_secret and not (keys / SECRET_FILE).is_file():
        says = _("The secret of this installation is missing: named managers and opt-outs are unknown.")
        fix = _("Put your copy of {file} into {folder}, or have managers named anew.").format(
            file=SECRET_FILE, folder=keys
        )
        found.append(Check(_("keys"), State.FAULT, says, fix))
    return found


def _lost(keys: Path, token: str) -> str:
    try:
        read_key(keys, token).destroy()
    except KeyLost as lost:
        return lost.reason
    return ""


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
    more = sorted(greeting.scopes - SCOPES - OPTIONAL_SCOPES)
    if more:
        says = _("The token may do more than the bot needs: {scopes}.").format(scopes=", ".join(more))
        return Check(name, State.NOTE, says)
    if not greeting.scopes & OPTIONAL_SCOPES:
        says = _(
            "The token has the scopes that it needs. It may not read the channels' history: after a crash the"
            " bot cannot look whether a poll stands already."
        )
        return Check(name, State.NOTE, says)
    return Check(name, State.OK, _("The token has the scopes that it needs, and no others."))


def _skew(greeting: Greeting, began: datetime, ended: datetime) -> Check:
    name = _("clock")
    if greeting.time is None:
        return Check(name, State.NOTE, _("Slack did not say what time it is."))
    # Slack's response was made somewhere between the two, and gives whole seconds.
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
        fix = _("Make room on the disk of {folder}.").format(folder=folder)
        return Check(_("disk"), State.FAULT, says, fix)
    return Check(_("disk"), State.OK, says)


def _file(path: Path) -> Check:
    try:
        check(path)
    except StoreFault as fault:
        return Check(
            _("database"),
            State.FAULT,
            str(fault),
            _(
                "Set PULSE_DB to the bot's own file. If this is it, stop the bot and put the last backup"
                " there."
            ),
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


async def _schedule(store: Snapshot, setup: Setup, now: datetime) -> Check:
    name = _("schedule")
    try:
        schedule = Schedule.from_record(setup.schedule)
        ahead = await upcoming(store, now, COMING)
    except PulseError as fault:
        return Check(name, State.FAULT, str(fault), _("Save the schedule anew with /pulse setup."))
    if await is_paused(store):
        return Check(name, State.NOTE, _("Paused: no pulse opens until /pulse resume."))
    days = ", ".join(f"{moments.opens_at.astimezone(schedule.tz):%a %d %b %Y %H:%M}" for moments in ahead)
    says = _("{schedule} Next: {days}.").format(schedule=describe(schedule), days=days)
    return Check(name, State.OK, says)


async def _undelivered(store: Snapshot) -> list[Check]:
    waiting = await store.undelivered()
    if not waiting:
        return []
    says = _("{count} are still to be posted; the bot goes on trying.").format(count=len(waiting))
    return [Check(_("messages"), State.NOTE, says)]


async def _channels(slack: Slack, roster: Roster, setup: Setup) -> AsyncIterator[Check]:
    sides = {channel: side for side in Side for channel in setup.channels[side]}
    usable: dict[str, Side] = {}
    for channel in [*sides, *setup.results]:
        found = await _channel(slack, channel)
        yield found
        if found.state is State.OK and channel in sides:
            usable[channel] = sides[channel]
    try:
        people = await roster.read(usable, setup.both_sides)
    except SlackFault as fault:
        fix = _("Fix the channels above first; if they are fine, try again in a minute.")
        yield Check(_("people"), State.FAULT, str(fault), fix)
        return
    for side in Side:
        yield _people(side, people[side], setup.minimum)


async def _channel(slack: Slack, channel: str) -> Check:
    name = _("channel {channel}").format(channel=channel)
    unusable = _("The bot cannot work in it.")
    try:
        found = await slack.channel(channel)
    except SlackFault as fault:
        fix = channel_fault(channel, fault.code) if fault.certain else str(fault)
        return Check(name, State.FAULT, unusable, fix)
    if found.unusable:
        return Check(name, State.FAULT, unusable, channel_fault(found.name, found.unusable))
    return Check(name, State.OK, _("The bot is in #{name}.").format(name=found.name))


def _people(side: Side, count: int, minimum: int) -> Check:
    says = _("{count} can be asked; results need {minimum} answers.").format(count=count, minimum=minimum)
    if count < minimum:
        fix = _("Add a channel with more people to this side with /pulse setup.")
        return Check(side.label, State.FAULT, says, fix)
    return Check(side.label, State.OK, says)
