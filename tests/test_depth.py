"""The ordinary run, the soak and CI: which tests each of them runs, and how far."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUITE = """
import pytest
from tests.depth import also_soaked, length

def test_short():
    print("short")

@also_soaked
def test_long():
    print("long", length(2, 90))

@pytest.mark.soak
def test_whole():
    print("whole")
"""


def ran(folder: Path, suite: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest with the project's settings and hooks on a suite of its own."""
    file = folder / "test_suite.py"
    file.write_text(suite)
    surroundings = {name: value for name, value in os.environ.items() if name != "CI"} | environment
    command = [sys.executable, "-m", "pytest", "-s", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), *arguments, str(file)],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "said"), [((), ["short", "long 2"]), (("-m", "soak"), ["long 90", "whole"])]
)
def test_each_run_has_its_tests_at_its_length(
    tmp_path: Path, arguments: tuple[str, ...], said: list[str]
) -> None:
    """The ordinary run takes the bounded versions, the soak the long tests alone, at their whole length."""
    run = ran(tmp_path, SUITE, *arguments)
    assert run.returncode == 0, run.stdout
    assert re.findall(r"^(?:.* )?\.?((?:short|long|whole)\b.*)$", run.stdout, flags=re.M) == said


@pytest.mark.parametrize(("environment", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_what_cannot_run_fails_in_ci(tmp_path: Path, environment: dict[str, str], code: int) -> None:
    """A skipped test is a skip at home and a failure in CI, with its reason; the counts come last."""
    suite = (
        'import pytest\n\n@pytest.mark.skipif(True, reason="no Chromium here")\ndef test_it():\n    pass\n'
    )
    run = ran(tmp_path, suite, **environment)
    assert run.returncode == code
    assert "no Chromium here" in run.stdout
    assert re.search(r"1 (skipped|error) in [\d.]+s", run.stdout.splitlines()[-1])
