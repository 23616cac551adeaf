"""`python bot.py [doctor|backup|export]`: without a command the bot runs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import closing
from pathlib import Path

from pulse.core.errors import PulseError
from pulse.ops import doctor, logs
from pulse.ops.lifecycle import Compose, database_path, run_in_slack, until_stopped, utc_now
from pulse.ops.rehearse import run_rehearsal
from pulse.ops.settings import Mode, Settings, mode_of, read_settings
from pulse.storage import export
from pulse.storage.backup import back_up
from pulse.storage.library import load_library, own_items_path
from pulse.storage.sqlite.store import Snapshot


def execute(words: list[str] | None, compose: Compose) -> int:
    """Runs a command. Returns the exit code: 0, 1 if doctor found a fault, 2 with a sentence."""
    try:
        asked = _parse(words)
        settings = read_settings()
        logs.configure("error" if asked.command else settings.pulse_log)
        if asked.command == "doctor":
            return asyncio.run(_doctor(settings, asked.json))
        if asked.command == "backup":
            print(back_up(database_path(settings), asked.path))
        elif asked.command == "export":
            print(_export(settings, asked.path))
        else:
            asyncio.run(run(settings, compose))
    except PulseError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


async def run(settings: Settings, compose: Compose) -> None:
    """Runs the bot in the mode that the settings ask for, until it is told to stop.

    Raises PulseError if it cannot start or go on.
    """
    mode = mode_of(settings)
    if mode is Mode.REHEARSAL:
        await until_stopped(run_rehearsal(settings, compose))
    else:
        await until_stopped(run_in_slack(settings, mode, compose))


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


def _export(settings: Settings, target: Path) -> str:
    database = database_path(settings)
    with closing(Snapshot(database)) as copy:
        return export.write(target, copy.closed_waves(), load_library(own_items_path(database)).bank)
