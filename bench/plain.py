"""The plain alternative: what a Bolt app looks like when it is written from the tutorials.

The sync App on its defaults, slack_sdk's own Socket Mode client, and an sqlite3 commit for each tap. It keeps
user ids, as such bots do. It does not update the poll's count: a call to Slack for each tap would be all that
is measured.
"""

from __future__ import annotations

import argparse
import logging
import re
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bench.polls import questions
from bench.storm import say
from pulse.storage.library import load_library

BUFFER = 65536
"""Bytes. The only default that is changed: with 1,024 the client lost its place in a stream of taps, and so
lost the taps, whatever the app did."""


def build(api: str, db: Path) -> App:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute(
            "CREATE TABLE answer (person TEXT, item TEXT, box TEXT, PRIMARY KEY (person, item))"
        )
    app = App(client=WebClient("xoxb-1", api))

    @app.action({"type": "block_actions", "action_id": re.compile("answer:")})
    def tap(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        _wave, item, option = action["value"].split(":")
        with closing(sqlite3.connect(db)) as connection, connection:
            connection.execute(
                "INSERT INTO answer VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET box = excluded.box",
                (body["user"]["id"], item, option),
            )
        ack()

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", required=True)
    parser.add_argument("--db", type=Path, required=True)
    chosen = parser.parse_args()
    handler = SocketModeHandler(build(chosen.api, chosen.db), "xapp-1", receive_buffer_size=BUFFER)
    handler.connect()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
    say({"questions": questions("1", load_library(None).bank.items[:3])})
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
    logging.disable()  # taps that still wait fail now, each with a page of traceback
    handler.close()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped


if __name__ == "__main__":
    main()
