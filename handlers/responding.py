"""Answers to a response_url over connections that are kept open.

Bolt's own `respond` opens and closes an HTTP session for each answer: in a storm of taps that was more than
half of the bot's work.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.webhook import WebhookResponse

from pulse.services.workspace import Workspace
from pulse.slack.web_api import Slack


class Responding:
    """Stands in for Bolt's `respond`: takes the same words."""

    def __init__(self, url: str, slack: Slack) -> None:
        self._url, self._slack = url, slack

    async def __call__(self, **said: Any) -> WebhookResponse:
        answer = await self._slack.respond(self._url, said)
        body = answer.body.decode(errors="replace")
        return WebhookResponse(
            url=self._url, status_code=answer.status, body=body, headers=dict(answer.headers)
        )


class SharedSession(AsyncMiddleware):
    """Gives every listener a `Responding` as its `respond`.

    A class and not a function, here and in `language`: for a function Bolt looks up all that it might ask
    for, which costs every tap 25 µs.
    """

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt passes it under this name
    ) -> BoltResponse:
        if req.context.response_url:
            req.context["respond"] = Responding(req.context.response_url, self._slack)
        return await next()


def register(app: AsyncApp, services: Workspace) -> None:
    app.use(SharedSession(services.slack))
