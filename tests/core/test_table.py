"""Reading CSV: what is refused in a cell."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from pulse.core.errors import DataFault
from pulse.core.table import read

BREAKS = [
    sign
    for sign in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(sign) in ("Cc", "Zl", "Zp") and sign not in "\r\n"
]


@pytest.mark.parametrize("sign", BREAKS, ids=ascii)
def test_a_control_character_in_a_cell_is_refused(sign: str) -> None:
    """Each that Unicode has, and its separators of lines and paragraphs."""
    with pytest.raises(DataFault, match="control character"):
        list(read(f"name\nbefore{sign}after\n", "a.csv", ["name"]))


def test_no_other_character_is_refused() -> None:
    """Whatever other letters and signs there are may stand in a cell."""
    others = [sign for sign in map(chr, range(sys.maxunicode + 1)) if sign not in {*BREAKS, *'\r\n"'}]
    for start in range(0, len(others), 100_000):
        cell = f"x{''.join(others[start : start + 100_000])}x"
        [row] = read(f'name\n"{cell}"\n', "a.csv", ["name"])
        assert row.get("name") == cell
