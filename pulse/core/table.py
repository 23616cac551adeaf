"""Reading a CSV text into rows; every fault names file, row and column.

Rows are numbered as an editor or a spreadsheet shows them: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from pulse.core.errors import DataFault
from pulse.core.language import _

WHOLE_ROW = "(whole row)"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Unicode's control characters (Cc), and its separators of lines and of paragraphs (Zl, Zp)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: cells by column name, stripped; a column that the file leaves out is empty."""

    file: str
    number: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def fault(self, column: str, problem: str) -> DataFault:
        return DataFault(self.file, self.number, column, problem)

    def need(self, column: str) -> str:
        """The cell's text. Raises DataFault if it is empty."""
        if not self.get(column):
            raise self.fault(column, _("this cell is empty and must not be."))
        return self.get(column)

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        """The cell's text, one of `allowed`. Raises DataFault with the nearest right word."""
        word = self.need(column)
        if word not in allowed:
            raise self.fault(column, not_one_of(word, allowed))
        return word

    def number_in(self, column: str, low: float, high: float) -> float:
        """The cell as a number from `low` to `high`. Raises DataFault."""
        text = self.need(column)
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise self.fault(
                column,
                _("“{text}” is not a number from {low} to {high}.").format(
                    text=text, low=f"{low:g}", high=f"{high:g}"
                ),
            )
        return value

    def whole(self, column: str, low: int, high: int) -> int:
        """The cell as a whole number from `low` to `high`. Raises DataFault."""
        text = self.need(column)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise self.fault(
                column,
                _("“{text}” is not a whole number from {low} to {high}.").format(
                    text=text, low=low, high=high
                ),
            )
        return int(text)


def not_one_of(word: str, allowed: Collection[str]) -> str:
    """Says that `word` is unknown, with the nearest allowed word or all of them."""
    folded = {other.casefold(): other for other in allowed}
    near = get_close_matches(word.casefold(), folded, n=1)
    if near:
        return _("“{word}” is not known; did you mean “{near}”?").format(word=word, near=folded[near[0]])
    return _("“{word}” is not known; use one of: {words}.").format(word=word, words=", ".join(allowed))


def read(text: str, file: str, required: Collection[str], optional: Collection[str] = ()) -> Iterator[Row]:
    """The rows of a CSV text under a header; empty rows are skipped.

    Columns can be in any order, separated by commas, or by semicolons as some spreadsheets save them.
    Raises DataFault for a column that is missing, unknown or repeated, a wrong number of cells, broken
    quotes, and a line break or another control character in a cell.
    """
    header_line = text.split("\n", 1)[0]
    delimiter = ";" if header_line.count(";") > header_line.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, file, required, optional)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(file, reader.line_num, header, cells)
    except csv.Error as error:
        problem = _("the row cannot be read as CSV: {error}.").format(error=error)
        raise DataFault(file, reader.line_num, WHOLE_ROW, problem) from error


def _check_header(header: list[str], file: str, required: Collection[str], optional: Collection[str]) -> None:
    for name in required:
        if name not in header:
            raise DataFault(file, 1, name, _("this column is missing."))
    for name in header:
        if name not in (*required, *optional):
            raise DataFault(file, 1, name, not_one_of(name, (*required, *optional)))
        if header.count(name) > 1:
            raise DataFault(file, 1, name, _("this column stands there twice."))


def _row(file: str, number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        raise DataFault(
            file,
            number,
            WHOLE_ROW,
            _("there are {found} cells, but {wanted} columns; put quotes around a text with a comma.").format(
                found=len(cells), wanted=len(header)
            ),
        )
    for name, cell in zip(header, cells, strict=True):
        if _CONTROL.search(cell):
            raise DataFault(file, number, name, _("there is a line break or another control character."))
    return Row(file, number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
