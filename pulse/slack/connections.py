"""Limits on a server's connections, and on how long one may take to send a request's headers.

aiohttp waits for the headers as long as the connection is open, and accepts connections as long as the system
has descriptors; then asyncio logs a traceback for each one that it cannot accept. So half-sent requests alone
could keep everybody else out and fill the disk with logs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_CONNECTIONS = 200
"""Slack opens a handful, a supervisor one; the system allows 1,024 descriptors by default."""

HEADER_S = 10.0
"""Slack waits 3 s for a response: headers that take longer are not Slack's."""


class Connections:
    """Makes and watches the protocols of a listening socket. `serve()` makes the one that speaks HTTP.

    When all places are taken, the oldest connection that serves no request is ended; if there is none, the
    new connection is.
    """

    def __init__(
        self,
        serve: Callable[[], asyncio.Protocol],
        *,
        most: int = MOST_CONNECTIONS,
        header_s: float = HEADER_S,
    ) -> None:
        self._serve, self._most, self._header_s = serve, most, header_s
        self._open: dict[asyncio.BaseTransport, _Connection] = {}

    def __call__(self) -> asyncio.Protocol:
        return _Connection(self, self._serve())

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def serving(self, transport: asyncio.BaseTransport | None) -> Iterator[None]:
        """Marks the transport's connection as busy while a request is served."""
        connection = self._open.get(transport) if transport is not None else None
        if connection is None:
            yield
            return
        connection.asked()
        connection.served += 1
        try:
            yield
        finally:
            connection.served -= 1

    def admit(self, connection: _Connection, transport: asyncio.Transport) -> asyncio.TimerHandle | None:
        """Takes a connection in; returns its timer, or None if there is no room."""
        if len(self._open) >= self._most:
            idle = next((held for held in self._open.values() if not held.served), None)
            if idle is None:
                return None
            idle.hang_up()
        self._open[transport] = connection
        return asyncio.get_running_loop().call_later(self._header_s, connection.hang_up)

    def forget(self, transport: asyncio.BaseTransport) -> None:
        self._open.pop(transport, None)


class _Connection(asyncio.Protocol):
    """Passes everything on to the protocol that speaks HTTP, and can end the connection."""

    def __init__(self, connections: Connections, inner: asyncio.Protocol) -> None:
        self._connections, self._inner = connections, inner
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.served = 0

    def asked(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def hang_up(self) -> None:
        """Ends the connection at once: its place and descriptor are needed."""
        if self._transport is not None:
            self._connections.forget(self._transport)
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._timer = self._connections.admit(self, transport)
        if self._timer is None:
            transport.abort()
            return
        self._transport = transport
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self.asked()
            self._connections.forget(self._transport)
            self._transport = None
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._transport is not None else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
