"""Imports sqlite-utils without numpy and pandas, which it loads if they are installed.

It needs them only for values of their types, which the bot does not have. In the bot numpy cost 20 MB and
0.1 s at the start, and pandas 25 MB and 0.7 s more; charts are drawn in a process of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Makes importing these modules fail: Python treats None in sys.modules as "not there"."""
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
