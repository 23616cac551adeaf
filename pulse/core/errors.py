"""Every way in which a use case can refuse, each with the sentence for the person who asked.

A sentence says what is wrong and what to do, and never more than that person may know.
"""

from __future__ import annotations

from pulse.core.language import _


class PulseError(Exception):
    """The root: `str(error)` is the sentence for the user."""


class DataFault(PulseError):
    """A data file is wrong: names file, row and column."""

    def __init__(self, file: str, row: int, column: str, problem: str) -> None:
        super().__init__(f"{file}, row {row}, column “{column}”: {problem}")
        self.file, self.row, self.column, self.problem = file, row, column, problem


class FormNotUnderstood(PulseError):
    """A form came back in a shape that it cannot have been sent in."""

    def __init__(self) -> None:
        super().__init__(_("This form could not be read, and nothing was changed. Please open it again."))
