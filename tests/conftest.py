"""What the tests of several parts share: a fresh pretend Slack for each test."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
import structlog

from rehearsal.server import Rehearsal
from tests import depth


def pytest_configure(config: pytest.Config) -> None:
    depth.configure(config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    depth.must_run(report)
    # Generated text has lone surrogates, which a worker of xdist cannot send.
    report.sections = [(name, _sendable(text)) for name, text in report.sections]
    return report


def _sendable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


@pytest.fixture
async def slack() -> AsyncIterator[Rehearsal]:
    """A stand-in on a free port with the default crowd; a fault that it recorded fails the test."""
    async with Rehearsal() as rehearsal:
        yield rehearsal
    assert rehearsal.faults == []


@pytest.fixture
async def permissive_slack(tmp_path: Path) -> AsyncIterator[Rehearsal]:
    """A stand-in without a manifest: every scope, command and event; its faults are left to the test."""
    async with Rehearsal(manifest_path=tmp_path / "none.yml") as rehearsal:
        yield rehearsal


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Undoes what `pulse.ops.logs.configure` changes for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    for name in ("apscheduler", "slack_sdk", "aiohttp", "asyncio", "slack_bolt"):
        logging.getLogger(name).setLevel(logging.NOTSET)
