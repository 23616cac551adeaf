"""What is taken over HTTP: requests that Slack signed lately, each once, in a shape that Slack sends.

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
"""A signature is accepted up to five minutes before and after its time: afterwards it needs no memory."""

MOST_REMEMBERED = 500_000
"""Signatures of ten minutes at 800 requests a second, some 60 MB; beyond it the oldest are forgotten."""


class Signatures:
    """Checks that Slack signed a request within the last five minutes, and knows those it has seen.

    Slack signs each delivery anew, a second try too: the same signature again is a copy of a request.
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

    def first(self, headers: Mapping[str, str]) -> bool:
        """Whether a valid request has not been seen before; it has been, from now on."""
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
_VIEW: Shape = {"callback_id": str, "state": dict, "private_metadata": str, "id": str, "blocks": list}
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
    "event": {"type": str, "subtype": str, "user": (str, dict), "channel": (str, dict)},
    "authorizations": [dict],
    "command": str,
    "text": str,
    "user_id": str,
    "channel_id": str,
    "team_id": str,
    "response_url": str,
    "trigger_id": str,
    "callback_id": str,
}
"""What Bolt and the handlers look at, where it is there. Nothing has to be there, and null is nothing."""


def plausible(body: object, shape: object = SHAPES) -> bool:
    """Whether a payload has the types that Slack's have: what has not is refused before anything reads it."""
    if body is None:
        return True
    if isinstance(shape, Mapping):
        return isinstance(body, dict) and all(plausible(body.get(key), part) for key, part in shape.items())
    if isinstance(shape, list):
        return isinstance(body, list) and all(each is not None and plausible(each, shape[0]) for each in body)
    assert isinstance(shape, type | tuple)
    return isinstance(body, shape)
