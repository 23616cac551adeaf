"""The helper that compares golden files can itself be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulse.views.message import Message
from tests import golden as helper
from tests.golden import golden


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(helper, "FOLDER", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PULSE_GOLDEN", "1")
    golden("kept", Message("Hello", [{"type": "divider"}]))
    monkeypatch.delenv("PULSE_GOLDEN")
    return tmp_path


def test_the_same_value_passes_and_another_fails() -> None:
    """A file is compared whole."""
    golden("kept", Message("Hello", [{"type": "divider"}]))
    with pytest.raises(AssertionError):
        golden("kept", Message("Hello", []))


def test_a_missing_file_fails_and_says_how_to_write_it() -> None:
    """A view without its golden file is not tested."""
    with pytest.raises(AssertionError, match="is missing: PULSE_GOLDEN=1 pytest writes it"):
        golden("new", [])


def test_in_ci_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forgotten file fails: nobody would read what CI writes."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PULSE_GOLDEN", "1")
    with pytest.raises(AssertionError, match="is missing"):
        golden("new", [])
    assert [path.name for path in folder.iterdir()] == ["kept.json"]
