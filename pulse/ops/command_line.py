"""`python bot.py [doctor|backup|export]`: without a command the bot runs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import closing
from pathlib import Path

from pulse.core.errors import PulseError
from pulse.core.own_questions import own_item
from pulse.ops import doctor, logs, terminal
from pulse.ops.lifecycle import Compose, Handed, database_path, run_in_slack, until_stopped, utc_now
from pulse.ops.process import NotReplaced, guard, replace
from pulse.ops.rehearse import run_rehearsal
from pulse.ops.settings import Mode, Settings, mode_of, read_settings
from pulse.storage import export
from pulse.storage.backup import back_up
from pulse.storage.library import library_with, shipped_library
from pulse.storage.sqlite.store import Snapshot

RESTART = 75
"""The exit code that asks a supervisor for a restart (EX_TEMPFAIL of sysexits.h)."""


def execute(words: list[str] | None, compose: Compose) -> int:
    """Runs a command. Returns the exit code: 0, 1 if doctor found a fault, 2 if it failed and said why.

    75 asks for a restart: this process could not replace itself, and ends so that it forgets all the same.
    """
    terminal.be_plain()
    try:
        asked = _parse(words)
        settings = read_settings()
        logs.configure("error" if asked.command else settings.pulse_log)
        if asked.command == "doctor":
            return asyncio.run(_doctor(settings, asked.json))
        if asked.command == "backup":
            print(back_up(database_path(settings), asked.path))
        elif asked.command == "export":
            print(asyncio.run(_export(settings, asked.path)))
        else:
            guard()
            handed = asyncio.run(run(settings, compose))
            if handed is not None:
                replace(handed)
    except PulseError as error:
        print(error, file=sys.stderr)
        return 2
    except NotReplaced as error:
        print(error, file=sys.stderr)
        return RESTART
    return 0


async def run(settings: Settings, compose: Compose) -> Handed | None:
    """Runs the bot in the mode that the settings ask for, until it is told to stop.

    Returns what a new process takes over, if this one is to be replaced. Raises PulseError if it cannot start
    or go on.
    """
    mode = mode_of(settings)
    if mode is Mode.REHEARSAL:
        # Answers in a rehearsal are nobody's, and a new process would begin another rehearsal.
        await until_stopped(run_rehearsal(settings, compose))
        return None
    return await until_stopped(run_in_slack(settings, mode, compose))


def _parse(words: list[str] | None) -> argparse.Namespace:
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


async def _doctor(settings: Settings, as_json: bool) -> int:
    checks = await doctor.Doctor(settings, utc_now).examine()
    print(doctor.as_json(checks) if as_json else doctor.as_text(checks))
    return 0 if doctor.healthy(checks) else 1


async def _export(settings: Settings, target: Path) -> str:
    database = database_path(settings)
    with closing(Snapshot(database)) as copy:
        own = await copy.own_questions()
        library = library_with(shipped_library(), [own_item(question.wording) for question in own])
        return export.write(target, await copy.closed_waves(), library.bank)
