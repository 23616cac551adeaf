"""What runs over weeks is tested on the whole bot, at the wire."""

from __future__ import annotations

from tests.handlers.conftest import Office, office

__all__ = ["office"]


async def at(office: Office, moment: str) -> None:
    """Moves the bot's clock to an ISO time in UTC, wakes it, and waits until it has done what is due."""
    office.clock.time = type(office.clock.time).fromisoformat(f"{moment}+00:00")
    await office.bot.scheduler.wake()
    await office.settled()
