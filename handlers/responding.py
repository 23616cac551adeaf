"""Answers to a response_url over connections that are kept open.

Bolt's own `respond` opens and closes an HTTP session for each answer: in a storm of taps that was more than
half of the bot's work.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from pulse.runtime.services import Services
from pulse.runtime.slack import Slack


class Responding:
    """Stands in for Bolt's `respond`: takes the same words."""

    def __init__(self, url: str, slack: Slack) -> None:
        self._url, self._slack = url, slack

    async def __call__(self, **said: Any) -> WebhookResponse:
        return await AsyncWebhookClient(self._url, session=self._slack.session).send_dict(said)


def register(app: AsyncApp, services: Services) -> None:
    async def share_session(context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]) -> None:
        if context.response_url:
            context["respond"] = Responding(context.response_url, services.slack)
        await next_()

    app.use(share_session)
