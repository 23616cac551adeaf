"""The bound on repeated log lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pulse.ops.log_rate import MOST, MOST_KINDS, WINDOW_S, AtMost


class Heard(logging.Handler):
    """The lines that pass the bound."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.time = 0.0
        self.addFilter(AtMost(now=lambda: self.time))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, root = Heard(), logging.getLogger()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


LOG = logging.getLogger("aiohttp.server")


def test_one_error_a_thousand_times_is_ten_lines(heard: Heard) -> None:
    """They are one kind, whatever is filled into its message."""
    for number in range(1000):
        LOG.error("Error handling request from %s", number)
    assert len(heard.lines) == MOST


def test_the_next_minute_says_how_many_were_left_out(heard: Heard) -> None:
    """Nothing is silently dropped."""
    for _ in range(25):
        LOG.error("too many open files")
    heard.time = WINDOW_S
    LOG.error("another one")
    assert heard.lines[MOST:] == [
        "left out 15 more lines of one kind in the last minute: aiohttp.server too many open files",
        "another one",
    ]


def test_other_errors_are_heard_meanwhile(heard: Heard) -> None:
    """Each kind has its own bound."""
    for _ in range(100):
        LOG.error("too many open files")
    LOG.error("the disk is full")
    logging.getLogger("pulse").warning({"event": "the log of events, too"})
    assert "the disk is full" in heard.lines
    assert len(heard.lines) == MOST + 2


def test_kinds_that_differ_by_a_value_are_bounded_together(heard: Heard) -> None:
    """A library that formats addresses into its messages cannot get past the bound."""
    for number in range(10_000):
        LOG.error(f"socket.accept() failed on {number}")
    assert len(heard.lines) == MOST_KINDS + MOST


def test_what_is_no_warning_is_not_counted(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    """Ordinary events are never held back."""
    with caplog.at_level(logging.INFO, LOG.name):
        for _ in range(50):
            LOG.info("wave opened")
    assert len(heard.lines) == 50
