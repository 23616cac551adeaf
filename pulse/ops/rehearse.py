"""The rehearsal: the real bot over real Socket Mode, against a stand-in for Slack in this process."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

from pulse.core.model import Side
from pulse.ops.lifecycle import Bot, Compose, Pace, connect, utc_now
from pulse.ops.sample import fill, is_sample, loaded_note
from pulse.ops.settings import Settings
from pulse.storage.library import load_library, own_items_path
from pulse.storage.sqlite.store import Store


async def run_rehearsal(settings: Settings, compose: Compose) -> None:
    """Serves the rehearsal's page until it is cancelled."""
    from rehearsal.server import Rehearsal  # only here: nothing else may import it

    print("Rehearsal: no Slack, no account, nothing leaves this machine.", flush=True)
    async with AsyncExitStack() as ending:
        clock = ShiftedClock()
        rehearsal = await ending.enter_async_context(Rehearsal(port=settings.pulse_page, clock=clock.now))
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="pulse-rehearsal-")))
        here = {
            "slack_bot_token": rehearsal.bot_token,
            "slack_app_token": rehearsal.app_token,
            "slack_api_url": rehearsal.api_url,
            # Traffic that stays on this machine uses no proxy, whatever the environment says.
            "https_proxy": "",
            "http_proxy": "",
            "ssl_cert_file": None,
        }
        store = Store.open(settings.pulse_db or folder / "pulse.db")
        if settings.pulse_sample and await store.setup() is None and rehearsal.places is not None:
            places = {Side.MARKETING: rehearsal.places.marketing, Side.IT: rehearsal.places.it}
            await fill(store, load_library(own_items_path(store.path)), clock.now(), places)
        if await is_sample(store):
            rehearsal.notice = loaded_note()
        settings = settings.model_copy(update=here)
        bot = compose(settings, store, clock=clock.now, pace=Pace(counts_every_s=1.0))
        rehearsal.on_next = clock.jumper(bot)
        ending.push_async_callback(bot.stop)
        await bot.start()
        await connect(bot, settings, ending)
        print(f"Open {rehearsal.url} in a browser. Ctrl+C ends it.", flush=True)
        await asyncio.Event().wait()


class ShiftedClock:
    """System clock plus an offset."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return utc_now() + self._ahead

    def jumper(self, bot: Bot) -> Callable[[], Awaitable[str | None]]:
        """Moves the clock to the bot's next moment and lets it do what is due, or returns why not."""

        async def jump() -> str | None:
            moment = await bot.workspace.waves.next_wake()
            if moment is None:
                return "There is no next moment yet: set the pulse up first."
            self._ahead += max(moment - self.now(), timedelta())
            await bot.scheduler.wake()
            return None

        return jump
