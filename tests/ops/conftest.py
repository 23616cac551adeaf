"""What runs over weeks is tested on the whole bot, at the wire."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.handlers.conftest import office

__all__ = ["office"]


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
