"""Slack in: each handler acks, parses, calls one use case and sends one view."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from handlers import answers, commands, events, home, results, setup
from pulse.runtime.services import Services


def register(app: AsyncApp, services: Services) -> None:
    """Wires every listener of the manifest to the use cases."""
    for part in (answers, results, commands, setup, home, events):
        part.register(app, services)
