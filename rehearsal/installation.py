"""The app as it is installed in the workspace: what its manifest allows, and how payloads reach it.

A person, the crowd, the page and a script all act on an `Installation`. The server adds what the app calls:
the Web API, response_urls and uploads.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from rehearsal import manifest, population
from rehearsal.delivery import Delivery, Post, SignedHttp, SocketMode
from rehearsal.objects import Json
from rehearsal.payloads import Payloads
from rehearsal.workspace import Workspace

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent

log = logging.getLogger("rehearsal")


class Installation:
    """An app in a workspace. `faults`: what it did that no app may; `taps`: what people have tapped so far.

    `on_next` is called when somebody asks for the next moment; it returns a sentence on what happened.
    `notice` is a line that the page shows all the time, such as that its history is invented.
    """

    def __init__(
        self,
        port: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks: Callable[[], float] = time.monotonic,
        manifest_path: Path = ROOT / "manifest.yml",
        populate: bool = True,
    ) -> None:
        about = manifest.read(manifest_path)
        self.scopes, self.commands, self.events = about.scopes, about.commands, about.events
        self.escapes = about.escapes
        self.workspace = Workspace(clock, ticks, about.name)
        self.places = population.settle(self.workspace) if populate else None
        self.post = Post()
        self.faults: list[str] = []
        self.taps: set[tuple[str, str, str, str]] = set()
        self.on_next: Callable[[], Awaitable[str | None]] | None = None
        self.notice = ""
        self.by_socket = True
        self.port = port
        self.workspace.on_event.append(self._on_event)

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def payloads(self) -> Payloads:
        """What people do, as the payloads that Slack sends for it."""
        return Payloads(self.workspace, self.base_url)

    @property
    def socket_mode(self) -> SocketMode:
        """The app's connections: `connected`, `refresh`, `drop`, `go_deaf`."""
        return self.post.socket_mode

    def fault(self, what: str) -> None:
        """Records and logs something that an app must never do."""
        self.faults.append(what)
        log.error(what)

    def deliver_http(self, url: str, signing_secret: str) -> SignedHttp:
        """From now on payloads go as signed HTTP requests to `url` instead of Socket Mode."""
        self.by_socket = False
        return self.post.deliver_http(url, signing_secret)

    # Events

    def _on_event(self, event: Json) -> None:
        if self._subscribed(event):
            self.post.start(self.post.send_event(self.payloads.event(event)))

    def _subscribed(self, event: Json) -> bool:
        name = event["type"]
        if name == "message":
            kinds = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
            return kinds[event["channel_type"]] in self.events
        return not self.events or name in self.events

    async def deliver_event(self, event: Json) -> Delivery | None:
        """Sends an event and waits for its acknowledgement; None if the app is not subscribed."""
        if not self._subscribed(event):
            return None
        stamp = f"{self.workspace.clock().timestamp():.6f}"
        return await self.post.send_event(self.payloads.event({**event, "event_ts": stamp}))
