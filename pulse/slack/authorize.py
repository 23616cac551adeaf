"""The identity behind the bot's token, for Bolt."""

from __future__ import annotations

from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize

from pulse.slack.web_api import Slack


class CachedAuthorize(AsyncAuthorize):
    """Authorizes from the cached auth.test result.

    Bolt would call auth.test while the first tap waits for its ack, and drop the tap if Slack is slow.
    """

    def __init__(self, slack: Slack, token: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
        self._slack, self._token = slack, token

    async def __call__(self, **_asked: Any) -> AuthorizeResult:
        known = await self._slack.identity()
        return AuthorizeResult(
            enterprise_id=None,
            team_id=known.team_id,
            bot_id=known.bot,
            bot_user_id=known.user,
            bot_token=self._token,
        )
