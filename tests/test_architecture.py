"""The floors of the house: who may import whom, read from the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"pulse.services", "pulse.storage", "pulse.slack", "pulse.ops"}
PARTS = ["pulse.core", "pulse.views", *sorted(ROOMS), "handlers", "rehearsal", "bot"]

# What each part may import of the project: its own part and those below it.
BELOW = {
    "pulse.core": set(),
    "pulse.views": {"pulse.core"},
    **{room: {"pulse.core", "pulse.views"} | ROOMS for room in ROOMS},
    "handlers": {"pulse.core", "pulse.views"} | ROOMS,
    "bot": {"pulse.core", "pulse.views", "handlers"} | ROOMS,
    "rehearsal": set(),
}
WORLD = {"apscheduler", "sqlite3", "sqlite_utils", "aiohttp", "os", "time", "random", "secrets", "asyncio"}


def modules(part: str) -> list[Path]:
    if part == "bot":
        return [ROOT / "bot.py"]
    return sorted((ROOT / part.replace(".", "/")).rglob("*.py"))


def imports(tree: ast.AST, top_level_only: bool = False) -> set[str]:
    nodes = tree.body if top_level_only and isinstance(tree, ast.Module) else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def parts_of(names: set[str]) -> set[str]:
    return {part for part in PARTS for name in names if name == part or name.startswith(part + ".")}


@pytest.mark.parametrize("part", [part for part in PARTS if part != "bot"])
def test_imports_run_one_way(part: str) -> None:
    """A part imports only itself and the parts below it."""
    for module in modules(part):
        used = parts_of(imports(ast.parse(module.read_text())))
        assert used - {part} <= BELOW[part], module


def test_the_bot_imports_the_rehearsal_only_where_it_is_started() -> None:
    """Importing bot.py does not import the rehearsal."""
    used = parts_of(imports(ast.parse((ROOT / "bot.py").read_text()), top_level_only=True))
    assert used <= BELOW["bot"]


@pytest.mark.parametrize("part", ["pulse.core", "pulse.views"])
def test_core_and_views_do_not_touch_the_world(part: str) -> None:
    """No Slack, no database, no clock, no randomness, no environment in core and views."""
    for module in modules(part):
        roots = {name.split(".")[0] for name in imports(ast.parse(module.read_text()))}
        assert not roots & WORLD, module
        assert not any(root.startswith(("slack_", "sqlite")) for root in roots), module


@pytest.mark.parametrize("part", ["pulse.core", "pulse.views"])
def test_core_and_views_never_ask_for_the_time(part: str) -> None:
    """Time is an argument: nobody in core and views calls now() or today()."""
    for module in modules(part):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in {"now", "utcnow", "today"}, (module, node.lineno)


def test_sql_lives_in_the_sqlite_store() -> None:
    """Nobody else writes SQL."""
    for part in PARTS:
        for module in modules(part):
            if module.parent == ROOT / "pulse" / "storage" / "sqlite":
                continue
            for node in ast.walk(ast.parse(module.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    words = node.value.split()[:1]
                    assert words not in (["SELECT"], ["INSERT"], ["UPDATE"], ["DELETE"], ["CREATE"]), module


def test_handlers_hold_no_block_literal() -> None:
    """A handler sends what a view made: it has no dict with a "type" of its own."""
    for module in modules("handlers"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Dict):
                keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
                assert "type" not in keys, (module, node.lineno)


def test_the_bot_does_without_what_only_the_charts_and_the_tests_need() -> None:
    """numpy, pandas and matplotlib would double its memory: charts have a process of their own."""
    asked = "import sys, bot; print(sorted({'numpy', 'pandas', 'matplotlib'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
