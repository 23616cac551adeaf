"""What happens in the workspace: people join and leave channels."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp

from pulse.runtime.services import Services


def register(app: AsyncApp, services: Services) -> None:
    async def left(event: dict[str, Any]) -> None:
        services.waves.left(event["user"], event["channel"])

    app.event("member_left_channel")(left)
