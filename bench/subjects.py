"""The subjects of the storm: the bot, and the bot without one part or another.

`python -m bench.subjects KIND --api URL --db FILE` starts one, prints one line when Slack has greeted it, and
ends at SIGTERM. KIND is `bot` (all of it), `unwritten` (all of it, but no answer is written) or `bare` (no
Bolt and no handlers: envelopes from the socket straight to the store and back).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import aiohttp

import bot
from bench.polls import questions
from bench.storm import CHANNELS, say
from pulse.core.model import Side
from pulse.core.records import StoredBallot
from pulse.core.schedule import Repeat, Schedule, Weekday
from pulse.ops import logs
from pulse.ops.lifecycle import Bot, freeze_garbage, utc_now
from pulse.ops.settings import Settings
from pulse.services.waves import Waves
from pulse.slack.socket_mode import SocketMode
from pulse.storage.sqlite.store import Recorded, Setup, Store

ITEMS = 3
"""Questions of the wave: 5,000 people who answer each are 15,000 taps."""

SCHEDULE = Schedule(Repeat.WEEKLY, Weekday.MONDAY, time(9), "Europe/Berlin", date(2026, 1, 5))


class Forgetful(Store):
    """A store that keeps no answer: everything but the write remains."""

    async def answer(
        self, wave_id: int, user: str, change: Callable[[StoredBallot], StoredBallot]
    ) -> Recorded:
        return Recorded(ballot=change(StoredBallot.blank(frozenset({Side.MARKETING}))), first=True)


def wired(store: Store, api: str) -> Bot:
    """The bot on that store, talking to that Slack."""
    tokens = {"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1", "slack_api_url": api}
    return bot.create_app(Settings.model_validate(tokens), store)


async def set_up(store: Store) -> None:
    """Sets up the two channels as a manager would."""
    now = utc_now()
    channels = {side: (channel,) for side, channel in zip(Side, CHANNELS, strict=True)}
    await store.save_setup(
        Setup(schedule=SCHEDULE.as_record(), items=ITEMS, minimum=5, since=now, channels=channels),
        now,
        "set up",
    )


def tapped(waves: Waves) -> dict[str, Any]:
    """The open poll, for the load."""
    assert waves.current is not None
    return {"questions": questions(waves.current.token, waves.items_of(waves.current))}


async def serve(kind: str, api: str, db: Path) -> None:
    """Runs the subject until SIGTERM."""
    store = (Forgetful if kind == "unwritten" else Store).open(db)
    subject = wired(store, api)
    waves = subject.workspace.waves
    if await store.setup() is None:
        await set_up(store)
    await waves.load()
    if waves.current is None:
        await subject.workspace.by_hand.open()
    freeze_garbage()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    if kind == "bare":
        async with aiohttp.ClientSession() as session:
            task = asyncio.create_task(bare(session, api, store, waves))
            say(tapped(waves))
            await stop.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        store.close()
        return
    await subject.surfaces.slack.greet()
    await subject.start()
    socket = SocketMode(subject.app, "xapp-1")
    await socket.start()
    say(tapped(waves))
    await stop.wait()
    await socket.close()
    await subject.stop()


async def bare(session: aiohttp.ClientSession, api: str, store: Store, waves: Waves) -> None:
    """The least code that can connect Slack and the writer."""
    async with session.post(f"{api}apps.connections.open") as answer:
        url = (await answer.json())["url"]
    wave = waves.current
    assert wave is not None
    tasks: set[asyncio.Task[None]] = set()
    async with session.ws_connect(url) as ws:

        async def tap(envelope: dict[str, Any]) -> None:
            payload = envelope["payload"]
            _wave, item, option = payload["actions"][0]["value"].split(":")
            side = wave.channels[payload["channel"]["id"]]

            def change(before: StoredBallot) -> StoredBallot:
                return replace(before, side=side, answers={**before.answers, item: frozenset({option})})

            await store.answer(wave.id, payload["user"]["id"], change)
            with suppress(ConnectionError):
                await ws.send_str(json.dumps({"envelope_id": envelope["envelope_id"]}))

        async for message in ws:
            envelope = json.loads(message.data)
            if "payload" in envelope:
                task = asyncio.create_task(tap(envelope))
                tasks.add(task)
                task.add_done_callback(tasks.discard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("bot", "unwritten", "bare"))
    parser.add_argument("--api", required=True)
    parser.add_argument("--db", type=Path, required=True)
    chosen = parser.parse_args()
    logs.configure("warning")
    asyncio.run(serve(chosen.kind, chosen.api, chosen.db))


if __name__ == "__main__":
    main()
