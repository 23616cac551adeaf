"""What is accepted over HTTP: requests that Slack signed lately, each once, in a shape that Slack sends.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.signature import SignatureVerifier

WINDOW_S = 600.0
"""A signature is accepted up to five minutes before and after its time: then it need not be remembered."""

MOST_REMEMBERED = 500_000
"""Signatures of ten minutes at 800 requests a second, some 60 MB; beyond it the oldest are forgotten."""


class Signatures:
    """Checks that Slack signed a request within the last five minutes, and remembers those it has seen.

    Slack signs each delivery separately, retries included, so a repeated signature means a copied request.
    """

    def __init__(self, secret: str, now: Callable[[], float] = time.monotonic) -> None:
        self._verifier = SignatureVerifier(secret)
        self._now = now
        self._seen: OrderedDict[str, float] = OrderedDict()

    def valid(self, body: str, headers: Mapping[str, str]) -> bool:
        """Whether Slack signed these bytes within the last five minutes. Bolt checks it once more."""
        timestamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        if not re.fullmatch(r"[0-9]{1,12}", timestamp) or not signature.isascii():
            # SignatureVerifier would fail on these instead of refusing them.
            return False
        return self._verifier.is_valid(body, timestamp, signature)

    def remember(self, headers: Mapping[str, str]) -> bool:
        """Remembers a valid request; false if it was remembered before."""
        signature, now = headers["X-Slack-Signature"], self._now()
        while self._seen and (
            len(self._seen) > MOST_REMEMBERED or next(iter(self._seen.values())) < now - WINDOW_S
        ):
            self._seen.popitem(last=False)
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True


Shape = Mapping[str, Any]

_WHO: Shape = {"id": str}
_VIEW: Shape = {
    "type": str,
    "callback_id": str,
    "state": dict,
    "private_metadata": str,
    "id": str,
    "blocks": list,
}
SHAPES: Shape = {
    "type": str,
    "user": _WHO,
    "team": dict,
    "channel": _WHO,
    "enterprise": dict,
    "message": dict,
    "container": dict,
    "state": dict,
    "view": _VIEW,
    "actions": [{"action_id": str, "block_id": str, "value": str, "type": str}],
    "event": {
        "type": str,
        "subtype": str,
        "old_channel_id": str,
        "new_channel_id": str,
        "user": (str, dict),
        "channel": (str, dict),
    },
    "authorizations": [dict],
    "command": str,
    "text": str,
    "user_id": str,
    "channel_id": str,
    "team_id": str,
    "response_url": str,
    "trigger_id": str,
    "callback_id": str,
    "action_id": str,
    "block_id": str,
    "value": str,
}
"""The types of the fields that Bolt and the handlers read, if present; null counts as absent."""

NEEDED: Mapping[str, tuple[tuple[str | int, ...], ...]] = {
    "block_actions": (("user", "id"), ("actions", 0, "action_id")),
    "block_suggestion": (("user", "id"), ("action_id",)),
    "view_submission": (("user", "id"), ("view", "callback_id"), ("view", "type")),
    "view_closed": (("user", "id"), ("view", "callback_id"), ("view", "type")),
    "event_callback": (("event", "type"),),
    "app_home_opened": (("user",),),
    "member_joined_channel": (("user",), ("channel",)),
    "member_left_channel": (("user",), ("channel",)),
    "channel_id_changed": (("old_channel_id",), ("new_channel_id",)),
}
"""The parts that a payload or event of a type must have, as paths into it."""


def plausible(body: object) -> bool:
    """Whether a payload has the parts and types that Slack sends: others are refused before they are read."""
    if not isinstance(body, Mapping) or not _has_types(body, SHAPES):
        return False
    return _has_parts(body) and _has_parts(body.get("event") or {})


def _has_parts(body: Mapping[str, Any]) -> bool:
    if body.get("command") is not None:
        return all(body.get(name) for name in ("user_id", "channel_id"))
    return all(_at(body, path) for path in NEEDED.get(body.get("type") or "", ()))


def _at(body: Any, path: tuple[str | int, ...]) -> Any:
    """What is at the path; None if nothing is."""
    for step in path:
        if isinstance(step, int):
            body = body[step] if isinstance(body, list) and len(body) > step else None
        else:
            body = body.get(step) if isinstance(body, Mapping) else None
    return body


def _has_types(body: object, shape: object) -> bool:
    if body is None:
        return True
    if isinstance(shape, Mapping):
        return isinstance(body, dict) and all(_has_types(body.get(key), part) for key, part in shape.items())
    if isinstance(shape, list):
        return isinstance(body, list) and all(
            each is not None and _has_types(each, shape[0]) for each in body
        )
    assert isinstance(shape, type | tuple)
    return isinstance(body, shape)
