"""The Socket Mode connection against a local Slack that refreshes, breaks off and falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bench.slack import LocalSlack
from pulse.core.errors import AppTokenRefused, SocketModeIsOff, TooManySockets
from pulse.slack.socket_mode import Patience, SocketMode

QUICK = Patience(first=0.01, most=0.05, settled=0.0, drain=5.0, farewell=1.0, handlers=5.0)
Handler = Callable[..., Awaitable[None]]


def payload(value: str = "1") -> dict[str, Any]:
    action = {"type": "button", "action_id": "tap", "block_id": "b", "value": value}
    return {"type": "block_actions", "user": {"id": "U1"}, "team": {"id": "T0"}, "actions": [action]}


async def acknowledge(ack: Callable[..., Awaitable[None]]) -> None:
    await ack()


class Desk:
    """A local Slack and what talks to it."""

    def __init__(self, slack: LocalSlack, api: str) -> None:
        self.slack = slack
        self.api = api
        self.sockets: list[SocketMode] = []

    def app(self, handler: Handler = acknowledge) -> AsyncApp:
        client = AsyncWebClient(token="xoxb-1", base_url=self.api)
        app = AsyncApp(client=client, process_before_response=True)
        app.action("tap")(handler)
        return app

    def socket(self, handler: Handler = acknowledge, **options: Any) -> SocketMode:
        socket = SocketMode(self.app(handler), "xapp-1", **{"patience": QUICK, **options})
        self.sockets.append(socket)
        return socket

    @asynccontextmanager
    async def connected(self, handler: Handler = acknowledge, **options: Any) -> AsyncIterator[SocketMode]:
        socket = self.socket(handler, **options)
        await socket.start()
        yield socket

    async def acked(self, *envelopes: str) -> None:
        """Returns when each of the envelopes has its ack."""
        done = asyncio.Event()

        def look(_: str = "") -> None:
            if all(envelope in self.slack.acks for envelope in envelopes):
                done.set()

        self.slack.on_ack = look
        look()
        async with asyncio.timeout(10):
            await done.wait()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    slack = LocalSlack()
    desk = Desk(slack, await slack.start())
    yield desk
    for socket in desk.sockets:
        await socket.close()
    await slack.close()


async def storm(desk: Desk, taps: int, every: int, refresh: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Sends taps as fast as they are acked, at most 50 unacked; calls `refresh` after `every` taps."""
    on_the_way = asyncio.Semaphore(50)
    desk.slack.on_ack = lambda _: on_the_way.release()
    refreshes: list[asyncio.Task[None]] = []
    for number in range(taps):
        async with asyncio.timeout(20):
            await on_the_way.acquire()
        await desk.slack.send(f"e{number}", payload())
        if number % every == every // 2:
            refreshes.append(asyncio.create_task(refresh()))
    await asyncio.gather(*refreshes)
    await desk.acked(*(f"e{number}" for number in range(taps)))


async def test_a_tap_is_acked_over_the_socket_that_brought_it(desk: Desk) -> None:
    """Of three sockets each acks its own taps."""
    async with desk.connected(connections=3):
        for number, socket in enumerate(desk.slack.sockets):
            await desk.slack.send(f"e{number}", payload(), socket)
        await desk.acked("e0", "e1", "e2")
        assert [desk.slack.acks[f"e{n}"].socket for n in range(3)] == desk.slack.sockets


@pytest.mark.parametrize("connections", [1, 3, 10])
async def test_ten_refreshes_in_a_storm_lose_no_tap(desk: Desk, connections: int) -> None:
    """6,000 taps while Slack replaces ten sockets: each is acked, and at most ten are ever open."""

    async def refresh() -> None:
        old = desk.slack.open_sockets[0]
        greeted = desk.slack.sockets.copy()
        await desk.slack.notice(old, "warning")
        if connections == 10:
            # There is no place for an eleventh: the old one must go first.
            await old.ended.wait()
            return
        await desk.slack.until(lambda: any(socket not in greeted for socket in desk.slack.sockets))
        await desk.slack.dismiss(old)

    async with desk.connected(connections=connections) as socket:
        await storm(desk, 6000, 600, refresh)
        assert len(desk.slack.acks) == 6000
        assert socket.state.unsent_acks == 0
        assert desk.slack.calls["apps.connections.open"] >= connections + 10
        assert desk.slack.most_sockets <= 10


async def test_the_new_socket_is_greeted_before_the_old_one_is_left(desk: Desk) -> None:
    """At every moment of a refresh Slack has a socket to send taps over."""
    async with desk.connected():
        old = desk.slack.sockets[0]
        await desk.slack.notice(old)
        await desk.slack.until(lambda: len(desk.slack.sockets) == 2)
        await desk.slack.send("old", payload(), old)
        await desk.slack.send("new", payload(), desk.slack.sockets[1])
        await desk.acked("old", "new")


async def test_a_replaced_socket_that_slack_leaves_open_is_closed_by_us(desk: Desk) -> None:
    """After the drain bound the old socket is closed, and what was on its way is still taken."""
    async with desk.connected(patience=Patience(drain=0.01, settled=0.0)):
        old = desk.slack.sockets[0]
        close = old.ws.close

        async def crossing(**how: Any) -> bool:
            """Slack sends one more tap before it replies to our goodbye."""
            await desk.slack.send("late", payload(), old)
            return await close(**how)

        old.ws.close = crossing  # type: ignore[method-assign]  # a tap and a goodbye cross on the way
        await desk.slack.notice(old)
        await asyncio.wait_for(old.ended.wait(), 5)
        [new] = desk.slack.sockets
        await desk.acked("late")
        assert desk.slack.acks["late"].socket is new


async def test_a_socket_is_replaced_at_its_age(desk: Desk) -> None:
    """A socket that Slack never refreshes is renewed by us: it might be deaf without our knowing."""
    async with desk.connected(patience=Patience(renew=0.05, drain=0.0, settled=0.0)):
        old = desk.slack.sockets[0]
        await asyncio.wait_for(old.ended.wait(), 5)
        await desk.slack.send("e", payload())
        await desk.acked("e")


async def test_a_silent_socket_is_given_up(desk: Desk) -> None:
    """A half-open socket that responds to no ping is replaced."""
    async with desk.connected(patience=Patience(ping_every=0.05, pong=0.1, settled=0.0, farewell=0.1)):
        old = desk.slack.sockets[0]
        old.mute = True
        async with asyncio.timeout(5):
            await desk.slack.until(lambda: bool(desk.slack.sockets) and desk.slack.sockets[-1] is not old)
        await desk.slack.send("e", payload(), desk.slack.sockets[-1])
        await desk.acked("e")


async def test_a_quiet_socket_that_answers_pings_is_kept(desk: Desk) -> None:
    """No taps at night is no reason to reconnect."""
    async with desk.connected(patience=Patience(ping_every=0.02, pong=0.05)):
        heard = asyncio.Event()
        ws = desk.slack.sockets[0].ws
        pong = ws.pong
        pongs = 0

        async def counted(message: bytes = b"") -> None:
            nonlocal pongs
            pongs += 1
            await pong(message)
            if pongs == 4:
                heard.set()

        ws.pong = counted  # type: ignore[method-assign]  # counts the pings that came
        await asyncio.wait_for(heard.wait(), 5)
        assert desk.slack.calls["apps.connections.open"] == 1


async def test_the_ack_of_a_tap_whose_socket_broke_goes_over_the_next(desk: Desk) -> None:
    """Slack cuts the only socket while a handler works: its ack waits for the next socket."""
    started, finish = asyncio.Event(), asyncio.Event()

    async def handler(ack: Callable[..., Awaitable[None]]) -> None:
        started.set()
        await finish.wait()
        await ack()

    async with desk.connected(handler):
        old = desk.slack.sockets[0]
        await desk.slack.send("e", payload())
        await asyncio.wait_for(started.wait(), 5)
        desk.slack.cut(old)
        await old.ended.wait()
        finish.set()
        await desk.acked("e")
        assert desk.slack.acks["e"].socket is not old


async def test_an_ack_that_went_down_with_its_socket_is_sent_again(desk: Desk) -> None:
    """Slack ends the socket without having read an ack: it comes again over the next."""
    async with desk.connected():
        old = desk.slack.sockets[0]
        old.mute = True
        await desk.slack.send("e", payload(), old)
        await asyncio.wait_for(old.unheard.wait(), 5)
        desk.slack.cut(old)
        await desk.acked("e")


async def test_a_slow_handler_holds_up_nobody(desk: Desk) -> None:
    """Taps behind a slow one are acked while it works."""
    finish = asyncio.Event()

    async def handler(ack: Callable[..., Awaitable[None]], action: dict[str, Any]) -> None:
        if action["value"] == "slow":
            await finish.wait()
        await ack()

    async with desk.connected(handler):
        await desk.slack.send("slow", payload("slow"))
        for number in range(20):
            await desk.slack.send(f"e{number}", payload())
        await desk.acked(*(f"e{number}" for number in range(20)))
        assert "slow" not in desk.slack.acks
        finish.set()
        await desk.acked("slow")


async def test_close_acks_what_is_in_flight_and_takes_nothing_more(desk: Desk) -> None:
    """On SIGTERM a tap that was taken gets its ack; one that comes later is neither handled nor acked."""
    started, finish = asyncio.Event(), asyncio.Event()
    handled = []

    async def handler(ack: Callable[..., Awaitable[None]], action: dict[str, Any]) -> None:
        handled.append(action["value"])
        started.set()
        await finish.wait()
        await ack()

    async with desk.connected(handler, connections=2) as socket:
        first, second = desk.slack.sockets
        await desk.slack.send("early", payload("early"), first)
        await asyncio.wait_for(started.wait(), 5)
        closing = asyncio.create_task(socket.close())
        await asyncio.sleep(0)
        await desk.slack.send("late", payload("late"), second)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(closing), 0.2)
        finish.set()
        await closing
        await socket.wait()
        await desk.slack.until(lambda: not desk.slack.sockets)
        assert handled == ["early"]
        assert list(desk.slack.acks) == ["early"]
        assert first.ws.close_code == second.ws.close_code == 1000


async def test_more_than_the_bound_waits_and_nothing_is_dropped(desk: Desk) -> None:
    """With room for two, the third tap is handled when one of them is done."""
    started = asyncio.Event()
    may_finish = asyncio.Semaphore(0)
    at_once = most = 0

    async def handler(ack: Callable[..., Awaitable[None]]) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        if at_once == 2:
            started.set()
        await may_finish.acquire()
        at_once -= 1
        await ack()

    async with desk.connected(handler, most_in_flight=2):
        for number in range(6):
            await desk.slack.send(f"e{number}", payload())
        await asyncio.wait_for(started.wait(), 5)
        for _ in range(6):
            may_finish.release()
        await desk.acked(*(f"e{number}" for number in range(6)))
        assert most == 2


async def test_the_answer_of_a_handler_travels_in_the_ack(desk: Desk) -> None:
    """What a form's handler passes to `ack` (errors at a field, a next view) reaches Slack."""

    async def handler(ack: Callable[..., Awaitable[None]]) -> None:
        await ack(response_action="errors", errors={"b": "Please choose a channel."})

    async with desk.connected(handler):
        await desk.slack.send("e", payload())
        await desk.acked("e")
        errors = {"response_action": "errors", "errors": {"b": "Please choose a channel."}}
        assert desk.slack.acks["e"].payload == errors


async def test_bolt_is_told_of_a_redelivery(desk: Desk) -> None:
    """Slack's retry number and reason arrive as the headers that HTTP mode has."""
    seen: list[Any] = []
    socket = desk.socket()

    async def middleware(req: Any, next_: Callable[[], Awaitable[None]]) -> None:
        seen.append((req.headers["x-slack-retry-num"], req.headers["x-slack-retry-reason"]))
        await next_()

    socket._app.middleware(middleware)
    await socket.start()
    await desk.slack.send("e", payload(), retry_attempt=2, retry_reason="timeout")
    await desk.acked("e")
    assert seen == [(["2"], ["timeout"])]


async def test_a_handler_that_fails_is_not_acked_and_hurts_no_other(desk: Desk) -> None:
    """Slack tells the person whose tap failed; the next tap is served."""

    async def handler(ack: Callable[..., Awaitable[None]], action: dict[str, Any]) -> None:
        if action["value"] == "bad":
            raise RuntimeError("broken")
        await ack()

    async with desk.connected(handler):
        await desk.slack.send("bad", payload("bad"))
        await desk.slack.send("good", payload("good"))
        await desk.acked("good")
        assert list(desk.slack.acks) == ["good"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"type": "unheard of"}'])
async def test_a_message_that_makes_no_sense_is_left_alone(desk: Desk, text: str) -> None:
    """Empty, broken and unknown messages do not end the connection."""
    async with desk.connected():
        await desk.slack.sockets[0].ws.send_str(text)
        await desk.slack.send("e", payload())
        await desk.acked("e")
        assert desk.slack.calls["apps.connections.open"] == 1


async def test_a_second_copy_of_the_bot_is_noticed(desk: Desk) -> None:
    """When Slack counts more connections than ours, the managers can be told how many."""
    told: asyncio.Queue[int] = asyncio.Queue()
    desk.slack.strangers = 2
    async with desk.connected(on_strangers=told.put) as socket:
        assert await asyncio.wait_for(told.get(), 5) == 2
        assert socket.state.strangers == 2


async def test_a_second_copy_that_was_there_at_the_start_is_counted_again_soon(desk: Desk) -> None:
    """The first greeting might count the process before this one, so the next comes soon."""
    told: asyncio.Queue[int] = asyncio.Queue()
    desk.slack.strangers = 1
    patience = Patience(ghost=0.05, renew=600.0, drain=0.0, settled=0.0, farewell=0.1)
    async with desk.connected(on_strangers=told.put, patience=patience):
        assert await asyncio.wait_for(told.get(), 5) == 1
        assert await asyncio.wait_for(told.get(), 5) == 1
        greeted = desk.slack.calls["apps.connections.open"]
        assert greeted == 2


async def test_a_ghost_of_the_process_before_is_told_once_and_forgotten(desk: Desk) -> None:
    """Slack had not noticed its end: the second greeting counts nobody, and nothing more is replaced."""
    told: asyncio.Queue[int] = asyncio.Queue()
    desk.slack.strangers = 1
    patience = Patience(ghost=0.05, renew=600.0, drain=0.0, settled=0.0, farewell=0.1)
    async with desk.connected(on_strangers=told.put, patience=patience) as socket:
        assert await asyncio.wait_for(told.get(), 5) == 1
        desk.slack.strangers = 0
        await desk.slack.until(lambda: desk.slack.calls["apps.connections.open"] == 2)
        await desk.slack.send("e", payload())
        await desk.acked("e")
        assert told.empty()
        assert socket.state.strangers == 0


async def test_our_own_refreshes_are_no_second_copy(desk: Desk) -> None:
    """Sockets that open together, drain or have just broken are ours."""
    told: asyncio.Queue[int] = asyncio.Queue()
    async with desk.connected(connections=3, on_strangers=told.put):
        old = desk.slack.sockets[0]
        await desk.slack.notice(old)
        await desk.slack.until(lambda: len(desk.slack.sockets) == 4)
        cut = desk.slack.sockets[1]
        desk.slack.strangers = 1  # Slack has not noticed yet that one of ours broke
        desk.slack.cut(cut)
        await cut.ended.wait()
        await desk.slack.until(lambda: len(desk.slack.sockets) == 4)
        await desk.slack.send("e", payload(), desk.slack.sockets[-1])
        await desk.acked("e")
        assert told.empty()


async def test_a_wrong_token_ends_with_the_sentence_and_one_try(desk: Desk) -> None:
    """Trying again is of no use, so the bot says what to do."""
    desk.slack.refusal = "invalid_auth"
    with pytest.raises(AppTokenRefused, match="make a token with the scope connections:write"):
        await asyncio.wait_for(desk.socket().start(), 5)
    assert desk.slack.calls["apps.connections.open"] == 1


async def test_a_token_revoked_while_running_ends_the_wait_with_the_sentence(desk: Desk) -> None:
    """The next refresh is refused: `wait` raises, and nothing is tried again."""
    async with desk.connected() as socket:
        desk.slack.refusal = "token_revoked"
        await desk.slack.notice(desk.slack.sockets[0])
        with pytest.raises(AppTokenRefused, match="token_revoked"):
            await asyncio.wait_for(socket.wait(), 5)
        assert desk.slack.calls["apps.connections.open"] == 2


async def test_socket_mode_switched_off_ends_the_wait_with_the_sentence(desk: Desk) -> None:
    """A manager switched it off at Slack: the bot says where to switch it on."""
    async with desk.connected() as socket:
        await desk.slack.notice(desk.slack.sockets[0], "link_disabled")
        with pytest.raises(SocketModeIsOff, match="switch it on"):
            await asyncio.wait_for(socket.wait(), 5)


async def test_no_free_connection_at_the_start_is_said(desk: Desk) -> None:
    """If other copies hold all ten connections, the start fails with a sentence."""
    desk.slack.first_message = {"type": "disconnect", "reason": "too_many_websockets"}
    with pytest.raises(TooManySockets, match="Stop the other copies"):
        await desk.socket().start()


async def test_slack_being_down_is_waited_out(desk: Desk) -> None:
    """Errors that pass are tried again, and the trouble is in the state until then."""
    desk.slack.refusal = "internal_error"
    socket = desk.socket()
    starting = asyncio.create_task(socket.start())
    await desk.slack.until(lambda: desk.slack.calls["apps.connections.open"] >= 3)
    assert socket.state.problem == (
        "Slack has trouble of its own just now (internal_error). The bot tries again by itself."
    )
    desk.slack.refusal = None
    await asyncio.wait_for(starting, 5)
    assert socket.state.problem is None


async def test_a_slack_that_breaks_off_at_once_is_not_hammered(desk: Desk) -> None:
    """The first break is fixed at once, the second only after a pause, which doubles up to its bound."""
    patience = Patience(first=20.0, most=50.0, settled=60.0)
    async with desk.connected(patience=patience, jitter=lambda: 1.0) as socket:
        first = desk.slack.sockets[0]
        desk.slack.cut(first)
        await desk.slack.until(lambda: bool(desk.slack.sockets) and desk.slack.sockets[0] is not first)
        desk.slack.cut(desk.slack.sockets[0])
        await desk.slack.until(lambda: not desk.slack.sockets)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await desk.slack.until(lambda: bool(desk.slack.sockets))
        assert desk.slack.calls["apps.connections.open"] == 2
        assert [socket._pause(failures) for failures in (1, 2, 3, 99)] == [20.0, 40.0, 50.0, 50.0]


async def test_the_state_counts_what_is_open(desk: Desk) -> None:
    """Health checks read how many sockets are wanted and how many are open."""
    async with desk.connected(connections=2) as socket:
        state = socket.state
        assert (state.wanted, state.connected) == (2, 2)
    await socket.close()
    assert socket.state.connected == 0
