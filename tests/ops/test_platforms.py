"""What the bot runs on: what is too old, too new or missing is named before it makes anything fail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pulse.ops.platforms import NEWEST_PYTHON, OLDEST_PYTHON, OLDEST_SQLITE, problem, untried
from rehearsal.server import ROOT

FINE = (3, 45, 1)


@pytest.mark.parametrize(
    ("system", "python", "sqlite", "named"),
    [
        ("win32", (3, 12, 0), FINE, "Windows"),
        ("linux", (3, 10, 13), FINE, "Python 3.10.13"),
        ("darwin", (3, 9, 6), FINE, "Python 3.9.6"),
        ("linux", (3, 11, 2), (3, 34, 1), "SQLite 3.34.1"),
        ("linux", (3, 11, 2), (3, 36, 0), "SQLite 3.36.0"),
        ("linux", (3, 11, 2), None, "without SQLite"),
    ],
)
def test_what_cannot_work_is_named(
    system: str, python: tuple[int, ...], sqlite: tuple[int, ...] | None, named: str
) -> None:
    """With an old SQLite, doctor once said that the file was damaged and should be moved away."""
    said = problem(system, python, sqlite)
    assert named in said
    assert said.endswith(".")


@pytest.mark.parametrize("python", [OLDEST_PYTHON, (3, 12, 1), (3, 13, 0), NEWEST_PYTHON])
def test_what_was_tried_is_not_refused(python: tuple[int, ...]) -> None:
    """Nor is a newer Python, if its packages are installed."""
    assert problem("linux", python, OLDEST_SQLITE) == untried(python) == ""
    assert problem("darwin", (3, 15, 0), FINE) == ""
    assert "3.15.0" in untried((3, 15, 0))


def ended(*words: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run([*words], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("words", [(), ("doctor",), ("backup", "copy.db")])
def test_an_old_sqlite_ends_the_program_before_a_file_is_touched(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """Exit code 2 and a sentence, whatever the command."""
    start = "import sqlite3, sys, runpy; sqlite3.sqlite_version_info = (3, 34, 1)"
    start += f"; sys.argv[:] = {['bot.py', *words]}; sys.path.insert(0, {str(ROOT)!r})"
    start += f"; runpy.run_path({str(ROOT / 'bot.py')!r}, run_name='__main__')"
    code, said = ended(sys.executable, "-c", start, folder=tmp_path)
    assert (code, "SQLite 3.34.1" in said, "Traceback" in said) == (2, True, False)
    assert list(tmp_path.iterdir()) == []


def test_without_its_packages_the_program_says_how_to_install_them(tmp_path: Path) -> None:
    """It was started with a bare Python instead of .venv's."""
    code, said = ended(sys.executable, "-S", str(ROOT / "bot.py"), folder=tmp_path)
    assert (code, "make run" in said, "Traceback" in said) == (2, True, False)


PLACES = ("/usr/bin/python3.[789]", "/usr/bin/python3.10", "/usr/local/bin/python3.[789]")
OLD = [str(path) for place in PLACES for path in Path("/").glob(place[1:])]
OLD += [str(path) for path in Path.home().glob(".pyenv/versions/3.[789]*/bin/python3")]
OLD += [str(path) for path in Path.home().glob(".pyenv/versions/3.10*/bin/python3")]


@pytest.mark.skipif(not OLD, reason="no older Python is at hand")
@pytest.mark.parametrize("python", OLD)
def test_an_old_python_is_told_so(python: str, tmp_path: Path) -> None:
    """By the program itself, and by `make run` before it installs anything."""
    for words in ([str(ROOT / "bot.py")], [str(ROOT / "pulse" / "ops" / "platforms.py")]):
        code, said = ended(python, *words, folder=tmp_path)
        assert code == 2, said
        assert "too old" in said
        assert "Traceback" not in said


NUMBERED = re.compile(r"[^\\]\?[1-9]")
"""A numbered placeholder of SQL."""


def test_no_statement_numbers_its_placeholders() -> None:
    """If their values come as a sequence, Python 3.12 warns and 3.14 refuses."""
    files = [path for room in ("pulse", "tools", "bench") for path in sorted((ROOT / room).rglob("*.py"))]
    assert [str(path) for path in files if NUMBERED.search(path.read_text(encoding="utf-8"))] == []


def test_the_readme_names_the_same_versions() -> None:
    """The versions checked are those promised."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    python = [".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON)]
    assert re.search(
        rf"Python {python[0]} to {python[1]} with SQLite {OLDEST_SQLITE[0]}\.{OLDEST_SQLITE[1]}", readme
    )
    assert "Windows" in readme
