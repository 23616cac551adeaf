"""The store on SQLite does what every store must do; the rest of its tests are in test_store.py."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import cast

import pytest

from pulse.storage import port
from pulse.storage.sqlite.snapshot import Snapshot
from pulse.storage.sqlite.store import Store
from tests.storage import conformance
from tests.storage.conformance import Storage, StoreConformance


class SqliteStorage:
    """One database file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self) -> port.Store:
        return Store.open(self.path)

    async def close(self, store: port.Store) -> None:
        cast(Store, store).close()


class TestSqliteStore(StoreConformance):
    """The rules of the port, on SQLite."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return SqliteStorage(tmp_path / "pulse.db")


def names(protocol: type) -> set[str]:
    """The methods and properties of a protocol, inherited ones included."""
    return {name for parent in protocol.__mro__ for name in vars(parent) if not name.startswith("_")}


def test_the_suite_leaves_no_method_of_the_port_out() -> None:
    """Every method of the port is called in it."""
    tree = ast.parse(Path(conformance.__file__).read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert names(port.Store) - used == set()


@pytest.mark.parametrize(("kind", "protocol"), [(Store, port.Store), (Snapshot, port.StoreReader)])
def test_sqlite_has_every_method_of_the_port(kind: type, protocol: type) -> None:
    """Types are compared by mypy; this is for whoever runs the tests alone."""
    assert names(protocol) - set(dir(kind)) == set()


def test_what_is_only_read_has_no_method_that_writes() -> None:
    """A snapshot cannot be written by mistake."""
    writing = names(port.Store) - names(port.StoreReader)
    assert writing & set(dir(Snapshot)) == set()


def test_no_connection_crosses_the_port() -> None:
    """The port names no driver and no SQL, and imports only the core."""
    tree = ast.parse(Path(port.__file__).read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name for name in modules if name and name.startswith("pulse")} <= {
        name for name in modules if name and name.startswith("pulse.core.")
    }
    assert not {name for name in modules if name and "sql" in name}
