"""The rooms of the house: who may import whom, read from the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "pulse.core": frozenset(),
    "pulse.views": frozenset({"pulse.core"}),
    "pulse.storage": frozenset({"pulse.core"}),
    "pulse.services": frozenset({"pulse.core", "pulse.storage.port"}),
    "pulse.slack": frozenset({"pulse.core", "pulse.views"}),
    "pulse.ops": frozenset({"pulse.core", "pulse.views", "pulse.storage", "pulse.services", "pulse.slack"}),
    "handlers": frozenset({"pulse.core", "pulse.views", "pulse.services", "pulse.slack"}),
    "bot": frozenset({"pulse", "handlers"}),
    "rehearsal": frozenset(),
}
"""What the modules of each room may import of the project, besides their own room."""

STARTS_THE_REHEARSAL = "pulse.ops.rehearse"
"""The one module that knows the rehearsal, and only when it runs."""

WORLD = {"apscheduler", "sqlite3", "sqlite_utils", "aiohttp", "os", "time", "random", "secrets", "asyncio"}


def files_of(room: str) -> list[Path]:
    if room == "bot":
        return [ROOT / "bot.py"]
    return sorted((ROOT / room.replace(".", "/")).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for room in MAY_IMPORT for path in files_of(room)}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """Every dotted name that these nodes import: modules, and what is taken from them."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports(path: Path) -> set[str]:
    """Imports inside functions included."""
    return imported(ast.walk(parsed(path)))


def modules_imported(path: Path) -> set[str]:
    """The modules of the project that a file imports."""
    return {name for name in imports(path) if name in MODULES} - {name_of(path)}


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def of_the_project(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in {"pulse", "handlers", "bot", "rehearsal"}}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    """No arrow points back: what the table does not list is not imported, not even in a function."""
    allowed = MAY_IMPORT[room] | {room}
    for path in files_of(room):
        names = {name for name in of_the_project(imports(path)) if name != "pulse"}
        if name_of(path) == STARTS_THE_REHEARSAL:
            names = {name for name in names if not within(name, "rehearsal")}
        wrong = {name for name in names if not any(_may(name, other) for other in allowed)}
        assert wrong == set(), path


def _may(name: str, room: str) -> bool:
    # The port may be one module or a package of modules.
    if room == "pulse.storage.port":
        return name.startswith(("pulse.storage.port", "pulse.storage.ports")) or name == "pulse.storage"
    return within(name, room) or room.startswith(f"{name}.")


def test_the_rehearsal_is_imported_only_when_it_runs() -> None:
    """A bot in Slack never loads it."""
    for name, path in MODULES.items():
        if not within(name, "rehearsal"):
            top_level = imported(iter(parsed(path).body))
            assert not any(within(used, "rehearsal") for used in top_level), path


@pytest.mark.parametrize("room", [room for room in MAY_IMPORT if room != "bot"])
def test_no_circle_inside_a_room(room: str) -> None:
    """Its modules can be read in an order in which each needs only those before it."""
    graph = {
        name_of(path): {name for name in modules_imported(path) if within(name, room)}
        for path in files_of(room)
    }
    # A package's own file is a name for its modules, not a module that they need.
    packages = {name for name in graph if MODULES[name].name == "__init__.py"}
    graph = {name: used - packages for name, used in graph.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


def test_services_know_no_view_no_slack_and_no_database() -> None:
    """They hand out records; how these look, travel and are kept is decided elsewhere."""
    for path in files_of("pulse.services"):
        roots = {name.split(".")[0] for name in imports(path)}
        assert not {root for root in roots if root.startswith(("slack_", "sqlite", "aiohttp"))}, path
        assert not any(within(name, "pulse.views") for name in imports(path)), path


@pytest.mark.parametrize("room", ["pulse.core", "pulse.views"])
def test_core_and_views_do_not_touch_the_world(room: str) -> None:
    """No Slack, no database, no clock, no randomness, no environment in core and views."""
    for path in files_of(room):
        roots = {name.split(".")[0] for name in imports(path)}
        assert not roots & WORLD, path
        assert not any(root.startswith(("slack_", "sqlite")) for root in roots), path


@pytest.mark.parametrize("room", ["pulse.core", "pulse.views", "pulse.services"])
def test_time_is_an_argument(room: str) -> None:
    """No code in core, views and services calls now(), today() or monotonic()."""
    for path in files_of(room):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in {"now", "utcnow", "today", "monotonic"}, (path, node.lineno)


def test_sql_lives_in_the_storage_alone() -> None:
    """Nobody else writes SQL."""
    verbs = (["SELECT"], ["INSERT"], ["UPDATE"], ["DELETE"], ["CREATE"])
    for name, path in MODULES.items():
        if within(name, "pulse.storage"):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value.split()[:1] not in verbs, (path, node.lineno)


def test_handlers_hold_no_block_literal() -> None:
    """A handler sends what a view made: it has no dict with a "type" of its own."""
    for path in files_of("handlers"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Dict):
                keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
                assert "type" not in keys, (path, node.lineno)


def test_one_place_turns_an_error_into_a_reply() -> None:
    """Only `attempt` in handlers/replies.py catches whatever a use case raises."""
    broad = [
        (path.name, node.lineno)
        for path in files_of("handlers")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
    ]
    assert [name for name, _line in broad] == ["replies.py"]


def test_listeners_are_plain_functions_of_their_module() -> None:
    """Nothing is bound at the registration: no function in `handlers` is defined inside another."""
    for path in files_of("handlers"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [each for each in ast.walk(node) if each is not node]
                assert not any(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) for each in inner), (
                    path,
                    node.name,
                )


def test_no_call_has_more_than_five_positional_arguments() -> None:
    """With more a reader cannot tell which is which: the rest is passed by name."""
    for room in (room for room in MAY_IMPORT if room != "rehearsal"):
        for path in files_of(room):
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.Call):
                    assert len(node.args) <= 5, (path, node.lineno)


def test_the_bot_does_without_what_only_the_charts_and_the_tests_need() -> None:
    """numpy, pandas and matplotlib would double its memory: charts have a process of their own."""
    asked = "import sys, bot; print(sorted({'numpy', 'pandas', 'matplotlib'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def reached_into(path: Path) -> Iterator[str]:
    """Private names that a file imports, or takes from an object of another class."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from (name for name in names if name[:2].strip("_") and name.startswith("_"))
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not own and f"def {node.attr}(" not in text and f"self.{node.attr}" not in text:
                yield node.attr


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_nothing_leans_on_the_privates_of_a_library(room: str) -> None:
    """Bolt once renamed a private name, and every payload failed."""
    assert {str(path): found for path in files_of(room) if (found := list(reached_into(path)))} == {}
