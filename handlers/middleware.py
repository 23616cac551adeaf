"""What every payload gets before its listener: its team, a way to reply, its reader's language.

These are classes and not functions: for a function Bolt looks up every argument that it might take, which
costs each tap 25 µs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.webhook import WebhookResponse

from handlers.interaction import FindTeam, Interaction, id_of, interaction_of, part_of, text_of
from pulse.core.language import speak
from pulse.slack.web_api import Slack

Next = Callable[[], Awaitable[BoltResponse]]

HOME_OPENED = "app_home_opened"

INTERACTION = "interaction"
"""The name under which Bolt's context holds the `Interaction` and listeners ask for it."""


class SharedRespond:
    """Replies to a response_url over connections that stay open; takes the arguments of Bolt's `respond`.

    Bolt's own opens and closes an HTTP session for each reply: in a storm of taps that was more than half of
    the bot's work.
    """

    def __init__(self, url: str, slack: Slack) -> None:
        self._url, self._slack = url, slack

    async def __call__(self, **said: Any) -> WebhookResponse:
        answer = await self._slack.respond(self._url, said)
        body = answer.body.decode(errors="replace")
        return WebhookResponse(
            url=self._url, status_code=answer.status, body=body, headers=dict(answer.headers)
        )


class InTeam(AsyncMiddleware):
    """Puts the `Interaction` into the context: the only place where a payload finds its team."""

    def __init__(self, find_team: FindTeam) -> None:
        self._find_team = find_team

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Next,  # noqa: A002 - Bolt passes it under this name
    ) -> BoltResponse:
        context = req.context
        team = self._find_team(context.team_id, context.enterprise_id)
        url = context.response_url
        respond = SharedRespond(url, team.surfaces.slack) if url else None
        if respond is not None:
            context["respond"] = respond
        context[INTERACTION] = interaction_of(req.body, team, respond)
        return await next()


class InLanguage(AsyncMiddleware):
    """Sets the reader's language for the rest of a payload's task."""

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Next,  # noqa: A002 - Bolt passes it under this name
    ) -> BoltResponse:
        interaction: Interaction = req.context[INTERACTION]
        readers = interaction.surfaces.readers
        user = _reader(req.body) or interaction.user
        speak(await readers.of(user) if _may_wait(req.body) else readers.known(user))
        return await next()


def _reader(body: dict[str, Any]) -> str:
    """The id of whoever opened the Home tab; "" for other events, which get no reply."""
    return id_of(body, "event", "user") if text_of(body, "event", "type") == HOME_OPENED else ""


def _may_wait(body: dict[str, Any]) -> bool:
    """Whether Slack may be asked, before the ack, who this is: not for answers, which come in storms.

    Whoever answers is on the roster, and whoever submits a form has opened it: both are known, except in the
    first moments after a restart.
    """
    if body.get("type") == "block_actions":
        actions = part_of(body, "actions")
        acts = [text_of(action, "action_id") for action in actions] if isinstance(actions, list) else []
        return not any(act.startswith("answer:") or act == "withdraw" for act in acts)
    return "command" in body or text_of(body, "event", "type") == HOME_OPENED
