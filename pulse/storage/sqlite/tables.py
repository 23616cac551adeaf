"""sqlite-utils, without the numpy and pandas that it imports wherever they are installed.

It needs neither unless somebody hands it their types. The charts' own process has numpy; in the bot it cost
20 MB and 0.1 s at start, and pandas, where it is installed, 25 MB and 0.7 s more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Makes importing these modules fail: None in sys.modules is Python's way to say so."""
    known = {name: sys.modules[name] for name in names if name in sys.modules}
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(known)


with _hidden("numpy", "pandas"):
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

__all__ = ["Database", "Migrations"]
