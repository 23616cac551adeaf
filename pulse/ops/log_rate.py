"""A bound on repeated log lines: whoever causes one error a thousand times must not fill the disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

MOST = 10
WINDOW_S = 60.0
"""Lines of one kind that are written in a minute, at most."""

MOST_KINDS = 200

Kind = tuple[str, int, str]


class AtMost(logging.Filter):
    """Lets `most` warnings or errors of one kind through in a minute; then says how many were left out.

    A kind is a logger, a level and the event or unformatted message. Values that a library formats into its
    message make kinds of their own, so beyond `MOST_KINDS` all share one.
    """

    def __init__(self, most: int = MOST, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most, self._now = most, now
        self._began = now()
        self._counts: dict[Kind, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        if self._now() - self._began >= WINDOW_S:
            self._begin_anew()
        kind = _kind(record)
        if kind not in self._counts and len(self._counts) >= MOST_KINDS:
            kind = ("", 0, "")
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind] <= self._most

    def _begin_anew(self) -> None:
        left_out = {kind: count - self._most for kind, count in self._counts.items() if count > self._most}
        self._began = self._now()
        self._counts = {}
        for (name, _level, said), count in left_out.items():
            logging.getLogger(__name__).warning(
                "left out %d more lines of one kind in the last minute: %s %s", count, name, said[:80]
            )


def _kind(record: logging.LogRecord) -> Kind:
    said = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
    return (record.name, record.levelno, str(said))
