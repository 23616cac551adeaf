"""Logs: one line an event on standard error, no tokens, no answers, no respondents."""

from __future__ import annotations

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRETS = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|\b[UW][A-Z0-9]{6,}\b")
"""Tokens, and ids of people: nothing that is logged needs them."""


def configure(level: str) -> None:
    """Sends structlog and the standard library's loggers through one formatter."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Each tick is two lines of APScheduler at info, and Bolt logs whole payloads at debug.
    for chatty in ("apscheduler", "slack_bolt", "slack_sdk", "aiohttp", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Takes tokens and user ids out of every value, whoever logs them."""
    return {
        name: SECRETS.sub("…", value) if isinstance(value, str) and not name.startswith("_") else value
        for name, value in event.items()
    }
