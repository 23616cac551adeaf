"""Bots to be killed: a process that has imported everything forks one on request, which takes no time.

Reads a line of JSON for each bot and writes its process id; `{"reap": pid}` waits for one that was killed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import struct
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from bot import Bot, create_app
from pulse.core.errors import PulseError
from pulse.ops.lifecycle import Pace
from pulse.ops.settings import Settings
from pulse.services.answering import Ballot
from pulse.slack.socket_mode import SocketMode
from pulse.storage.sqlite.store import Store
from tests.handlers.conftest import QuickChartWorker

LOOK_EVERY_S = 0.05


def file_clock(path: str) -> Any:
    """A clock that another process moves: the file holds seconds since 1970."""
    file = os.open(path, os.O_RDONLY)
    return lambda: datetime.fromtimestamp(struct.unpack("d", os.pread(file, 8, 0))[0], UTC)


def tell_refusals(bot: Bot, path: str) -> None:
    """Writes a line for each refused tap before its ack: an ack alone says only that the tap was read."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    tap = bot.workspace.answering.tap

    async def watched(user: str, *what: Any) -> Ballot:
        try:
            return await tap(user, *what)
        except PulseError as error:
            os.write(file, f"{user} {type(error).__name__}\n".encode())
            raise

    bot.workspace.answering.tap = watched  # type: ignore[method-assign]  # the test looks over its shoulder


async def live(order: Mapping[str, Any]) -> None:
    settings = Settings(_env_file=None, **order["settings"])
    bot = create_app(
        settings,
        Store.open(Path(order["database"])),
        clock=file_clock(order["clock"]),
        chart_worker=QuickChartWorker(),
        pace=Pace(counts_every_s=0.1, settle_s=0.2, remind_every_s=0.0),
    )
    tell_refusals(bot, order["refusals"])
    await bot.start()
    await SocketMode(bot.app, settings.slack_app_token).start()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await bot.scheduler.wake()


def main() -> None:
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for line in sys.stdin:
        order = json.loads(line)
        if "reap" in order:
            os.waitpid(order["reap"], 0)
            answer = order["reap"]
        else:
            answer = os.fork()
            if answer == 0:
                asyncio.run(live(order))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
