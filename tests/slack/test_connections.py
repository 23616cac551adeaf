"""The bound on connections: one that waits is closed first, and one that is being served stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pulse.slack.connections import Connections

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Answering(asyncio.Protocol):
    """In place of HTTP: a line is a complete request, and the test says when the response goes out."""

    server: Guarded

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\n"):
            self.server.tasks.append(asyncio.ensure_future(self.answer()))

    async def answer(self) -> None:
        with self.server.connections.serving(self.transport):
            self.server.asked.set()
            await self.server.may_answer.wait()
            self.transport.write(b"done\n")


@dataclass
class Guarded:
    """A server behind the bound, and the connections that a test opens to it."""

    most: int
    header_s: float
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Future[None]] = field(default_factory=list)
    streams: list[Streams] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connections = Connections(lambda: Answering(self), most=self.most, header_s=self.header_s)
        self.port = 0

    async def open(self) -> Streams:
        opened = await asyncio.open_connection("127.0.0.1", self.port)
        self.streams.append(opened)
        return opened


@asynccontextmanager
async def guarded(most: int = 3, header_s: float = 3600.0) -> AsyncIterator[Guarded]:
    serving = Guarded(most, header_s)
    listening = await asyncio.get_running_loop().create_server(serving.connections, "127.0.0.1", 0)
    serving.port = listening.sockets[0].getsockname()[1]
    try:
        yield serving
    finally:
        serving.may_answer.set()
        await asyncio.gather(*serving.tasks)
        for _reader, writer in serving.streams:
            writer.close()
        listening.close()
        await listening.wait_closed()


async def hung_up(streams: Streams) -> bool:
    """Whether the other side hangs up instead of responding; waits for either."""
    try:
        async with asyncio.timeout(10):
            return await streams[0].read(1) == b""
    except ConnectionError:
        return True


async def reached(what: Callable[[], bool]) -> None:
    """Waits for something that the loop brings about."""
    async with asyncio.timeout(30):
        while not what():  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0)


async def test_where_all_are_taken_the_oldest_that_waits_goes() -> None:
    """A new request is heard, however many have been left half-sent."""
    async with guarded(most=3) as server:
        waiting = [await server.open() for _ in range(3)]
        await reached(lambda: len(server.connections) == 3)
        fresh = await server.open()
        assert await hung_up(waiting[0])
        fresh[1].write(b"please\n")
        server.may_answer.set()
        assert await fresh[0].readline() == b"done\n"
        assert len(server.connections) == 3


async def test_who_is_being_served_is_not_cut_off() -> None:
    """It stays, however long ago it was opened."""
    async with guarded(most=2) as server:
        served = await server.open()
        served[1].write(b"please\n")
        await server.asked.wait()
        waiting = await server.open()
        await reached(lambda: len(server.connections) == 2)
        await server.open()
        assert await hung_up(waiting)
        server.may_answer.set()
        assert await served[0].readline() == b"done\n"


async def test_where_all_are_being_served_the_new_one_goes() -> None:
    """No response is lost for a connection that has sent no request yet."""
    async with guarded(most=1) as server:
        served = await server.open()
        served[1].write(b"please\n")
        await server.asked.wait()
        assert await hung_up(await server.open())
        server.may_answer.set()
        assert await served[0].readline() == b"done\n"


async def test_who_says_nothing_is_hung_up_on() -> None:
    """The same goes for half a request that never ends."""
    async with guarded(header_s=0.01) as server:
        silent, half = await server.open(), await server.open()
        half[1].write(b"plea")
        assert await hung_up(silent)
        assert await hung_up(half)
        await reached(lambda: len(server.connections) == 0)


async def test_who_has_asked_may_take_long() -> None:
    """The limit is for the headers; a response takes as long as it takes."""
    async with guarded(header_s=0.2) as server:
        served, silent = await server.open(), await server.open()
        served[1].write(b"please\n")
        await server.asked.wait()
        assert await hung_up(silent)
        server.may_answer.set()
        assert await served[0].readline() == b"done\n"


async def test_a_connection_that_has_ended_gives_its_place_back() -> None:
    """Nothing is counted twice or for ever."""
    async with guarded(most=2) as server:
        for _ in range(10):
            _reader, writer = await server.open()
            await reached(lambda: len(server.connections) == 1)
            writer.close()
            await reached(lambda: len(server.connections) == 0)
