"""The stand-in's own modules: they import in one direction, and not from the app."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REHEARSAL = Path(__file__).parents[2] / "rehearsal"


def imported(source: str) -> set[str]:
    """Every module that the source imports, also inside functions and for type checking alone."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """Which of the modules each of them imports."""
    return {name: (imported(source) & set(sources)) - {name} for name, source in sources.items()}


def sources() -> dict[str, str]:
    return {f"rehearsal.{path.stem}": path.read_text() for path in REHEARSAL.glob("*.py")}


def test_the_stand_in_imports_in_one_direction() -> None:
    """No module of the stand-in imports itself by way of others."""
    TopologicalSorter(graph(sources())).prepare()


def test_a_circle_is_seen_wherever_the_import_stands() -> None:
    """An import inside a function or under TYPE_CHECKING closes a circle like any other."""
    hidden = "if TYPE_CHECKING:\n    from rehearsal.server import Rehearsal\n"
    late = "def start():\n    import rehearsal.screen\n"
    with pytest.raises(CycleError):
        TopologicalSorter(graph({"rehearsal.screen": hidden, "rehearsal.server": late})).prepare()


@pytest.mark.parametrize("app", ["pulse", "handlers", "bot", "bench", "tests"])
def test_the_stand_in_does_not_know_the_app(app: str) -> None:
    """The stand-in is Slack: it imports no module of the app that is tried on it."""
    for name, source in sources().items():
        assert app not in {each.split(".")[0] for each in imported(source)}, name
