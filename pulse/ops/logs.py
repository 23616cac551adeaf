"""Logs: one line per event on standard error, without tokens, answers or respondents."""

from __future__ import annotations

import logging
import re
import sys

import structlog
from structlog.typing import Processor

from pulse.ops.log_rate import AtMost

SECRETS = re.compile(
    r"xox[a-z][-.][\w.-]+|xapp-[\w-]+|(?<=ticket=)[\w-]+|(?<=/actions/)[^\s\"']+|(?<=/commands/)[^\s\"']+"
    r"|(?<![A-Za-z0-9])[UWD][A-Z0-9]{6,}(?![A-Za-z0-9])"
)
"""Tokens, what opens a socket or replies as the bot, and ids of people and direct messages."""


def configure(level: str) -> None:
    """Sends structlog and the standard library's loggers through one formatter."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
            ],
        )
    )
    handler.addFilter(AtMost())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # APScheduler logs two lines per tick at info, and Bolt logs whole payloads at debug.
    for chatty in ("apscheduler", "slack_sdk", "aiohttp", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns that the client's own token is not used: it is, as the result of `authorize`.
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Takes secrets out of the finished line, whoever logs it and in whatever shape."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def without_secrets(line: str) -> str:
    """The line without tokens and ids of people."""
    return SECRETS.sub("…", line)
