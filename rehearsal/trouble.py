"""Trouble on request: calls that fail, come late or lose their response, and Slack's rate limits."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RATES: dict[str, tuple[int, float]] = {
    "chat.postMessage": (4, 4.0),
    **dict.fromkeys(
        ("chat.update", "chat.delete", "conversations.info", "conversations.join", "conversations.open"),
        (50, 60.0),
    ),
    "users.conversations": (50, 60.0),
    "conversations.history": (50, 60.0),
    **dict.fromkeys(
        ("chat.postEphemeral", "views.open", "views.update", "views.push", "views.publish", "users.info"),
        (100, 60.0),
    ),
    **dict.fromkeys(
        (
            "conversations.members",
            "files.getUploadURLExternal",
            "files.completeUploadExternal",
            "files.info",
        ),
        (100, 60.0),
    ),
    "conversations.list": (20, 60.0),
    "users.list": (20, 60.0),
}
"""(calls, within seconds). chat.postMessage counts per channel: one a second, with a short burst."""


@dataclass
class Trouble:
    """What happens to the calls of a method.

    `error` is Slack's error name; `status` an HTTP status. `cut`: the connection ends without a response
    and nothing is applied. `lost`: applied, then the connection ends. `late`: the connection ends, and the
    call is applied `seconds` later. `body`: these bytes are the response, with `status` (200 unless given)
    and these `headers`. `applied`: the call is applied although it fails.
    """

    method: str
    error: str = ""
    status: int = 0
    cut: bool = False
    lost: bool = False
    late: bool = False
    seconds: float = 0.0
    times: int | None = 1
    after: int = 0
    channel: str | None = None
    user: str | None = None
    retry_after: int | str = 1
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    applied: bool = False

    def meets(self, method: str, args: Mapping[str, Any]) -> bool:
        """Whether this trouble is due for the call; counts it."""
        if method != self.method or self.times == 0:
            return False
        if self.channel is not None and self.channel not in (args.get("channel"), args.get("channel_id")):
            return False
        if self.user is not None and self.user != args.get("user"):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Rates:
    """Sliding windows of Slack's published tiers."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def wait(self, method: str, args: Mapping[str, Any], now: float) -> int:
        """Seconds to wait before this call is allowed; 0 if it is allowed now, and then it counts."""
        if method not in RATES:
            return 0
        most, seconds = RATES[method]
        key = (method, str(args.get("channel", "")) if method == "chat.postMessage" else "")
        calls = self._calls[key]
        while calls and calls[0] <= now - seconds:
            calls.popleft()
        if len(calls) >= most:
            return max(1, int(calls[0] + seconds - now + 0.999))
        calls.append(now)
        return 0
