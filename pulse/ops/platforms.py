"""What the bot runs on, checked before anything is imported that fails without it.

In a syntax that every Python from 3.7 on reads, and with the standard library alone. `python -m
pulse.ops.platforms` checks before an installation, and refuses a Python for which there are no packages.
"""

from __future__ import annotations

import sys

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
"""The newest for which all pinned packages exist ready-made; a newer one may work if they are installed."""

OLDEST_SQLITE = (3, 37, 0)
"""STRICT tables: https://sqlite.org/stricttables.html."""


def problem(system: str, python: tuple[int, ...], sqlite: tuple[int, ...] | None) -> str:
    """A sentence on why the bot cannot run here, "" if it can; `sqlite` is None if Python lacks it."""
    if system == "win32":
        return "Windows is not supported: run the bot under Linux, macOS, WSL or in a container."
    if python[:2] < OLDEST_PYTHON:
        return f"Python {_version(python)} is too old: it must be {_version(OLDEST_PYTHON)} or newer."
    if sqlite is None:
        return "This Python was built without SQLite (the module sqlite3): install one that has it."
    if sqlite < OLDEST_SQLITE:
        return (
            f"SQLite {_version(sqlite)}, which this Python uses, is too old: it must be "
            f"{_version(OLDEST_SQLITE)} or newer. A newer Python from python.org or a container brings one."
        )
    return ""


def untried(python: tuple[int, ...]) -> str:
    """A sentence on why an installation is likely to fail, "" if it is not."""
    if python[:2] <= NEWEST_PYTHON:
        return ""
    return (
        f"Python {_version(python)} is newer than what was tried: some packages may not exist for it yet. "
        f"Use {_version(OLDEST_PYTHON)} to {_version(NEWEST_PYTHON)}, as in: make run PYTHON=python3.13"
    )


def missing() -> str:
    """A sentence if the packages of requirements.txt are not installed, "" if they are."""
    try:
        import slack_bolt  # noqa: F401, PLC0415 - looked for, and only now
    except ModuleNotFoundError as error:
        return (
            f"The package {error.name} is not installed for this Python ({sys.executable})."
            " `make run` installs what the bot needs; otherwise start it with .venv/bin/python."
        )
    return ""


def require(*, installed: bool) -> None:
    """Ends the program with exit code 2 and a sentence if it cannot run.

    `installed` says that its packages must be there; else this Python must not be too new for them.
    """
    sqlite = None
    try:
        import sqlite3  # noqa: PLC0415 - may be missing

        sqlite = sqlite3.sqlite_version_info
    except ImportError:
        pass
    python = tuple(sys.version_info[:3])
    said = problem(sys.platform, python, sqlite) or (missing() if installed else untried(python))
    if said:
        sys.stderr.write(said + "\n")
        sys.exit(2)


def _version(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


if __name__ == "__main__":
    require(installed=False)
