"""Generated payloads for every listener: what people sent, with parts missing, foreign, old or doubled.

The bot is the real one, on the stand-in for Slack; payloads come from people who use it for a while.
"""

from __future__ import annotations

import asyncio
import copy
import random
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from slack_bolt.request.async_request import AsyncBoltRequest

from rehearsal.driver import snapshot
from rehearsal.server import ROOT
from tests.depth import also_soaked, length
from tests.handlers.conftest import Office

Payload = dict[str, Any]

MOST_AT_ONCE = 20

HANGS_S = 30.0
"""Longer than anything takes on a busy machine."""

STRANGE: tuple[Any, ...] = (
    None,
    "",
    "x",
    "U9NOBODY",
    "C9NOWHERE",
    "1:T01:4",
    "999999999999999999",
    "-1",
    "\ud800",
    "a" * 5000,
    "<!channel>",
    "\u202e",
    0,
    -1,
    1e308,
    True,
    [],
    {},
    [None],
    {"id": None},
    [[]],
)


async def used(office: Office) -> list[tuple[str, Payload]]:
    """Payloads of every kind that the bot listens to, as the stand-in has delivered them."""
    await office.set_up()
    await office.open()
    poll = snapshot(office.poll(office.it))
    person = office.people(office.it)[0]
    await office.answer(person, office.it, "4")
    lines = ("status", "scores", "trend", "baselines trust", "privacy", "help", "managers", "power")
    for line in lines:
        await office.says(office.manager, f"/pulse {line}", office.marketing)
    await person.command("/pulse answer", office.it)
    await office.settled()
    await person.submit(values={"item:T01": "2"})
    await office.manager.open_home()
    await office.settled()
    office.slack.workspace.archive(office.slack.workspace.add_channel("odd", []).id)
    await office.slack.post.settled()
    await office.close()
    await office.open()
    await person.tap(
        poll, "answer:4", block=next(b["block_id"] for b in poll.blocks if b["type"] == "actions")
    )
    await office.settled()
    return [(each.type, each.payload) for each in office.slack.post.deliveries.values()]


def places(found: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each part of a payload."""
    if way:
        yield way
    if isinstance(found, dict):
        for name in found:
            yield from places(found[name], (*way, name))
    elif isinstance(found, list):
        for number, each in enumerate(found):
            yield from places(each, (*way, number))


def changed(payload: Payload, others: list[Payload], chance: random.Random) -> Payload:
    """A copy with one to three parts missing, strange, doubled, or from another payload."""
    made = copy.deepcopy(payload)
    for _ in range(chance.randint(1, 3)):
        ways = list(places(made))
        if not ways:
            break
        way = chance.choice(ways)
        holder = made
        for step in way[:-1]:
            holder = holder[step]
        kind = chance.randrange(4)
        if kind == 0:
            del holder[way[-1]]
        elif kind == 1:
            holder[way[-1]] = copy.deepcopy(chance.choice(STRANGE))
        elif kind == 2:
            other = chance.choice(others)
            holder[way[-1]] = copy.deepcopy(chance.choice(list(other.values())))
        else:
            holder[way[-1]] = [holder[way[-1]], holder[way[-1]]]
    return made


@also_soaked
async def test_no_payload_breaks_the_bot(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Each is handled or refused, none hangs or leaves a traceback, and afterwards a tap is recorded."""
    seen = await used(office)
    chance = random.Random(14)
    others = [payload for _kind, payload in seen]
    app = office.bot.app
    gate = asyncio.Semaphore(MOST_AT_ONCE)

    async def send(payload: Payload) -> None:
        async with gate, asyncio.timeout(HANGS_S):
            try:
                request = AsyncBoltRequest(mode="socket_mode", body=payload)
                response = await app.async_dispatch(request)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                # What Bolt itself cannot read is not acked; the socket logs the kind of error (`_serve`).
                where = traceback.extract_tb(error.__traceback__)[-1].filename
                assert "slack_bolt" in where, where
                return
            assert response.status in (200, 404, 500), response.status

    with structlog.testing.capture_logs() as events:
        made = [changed(chance.choice(others), others, chance) for _ in range(length(1000, 20_000))]
        for start in range(0, len(made), 500):
            await asyncio.gather(*map(send, made[start : start + 500]))
            await office.settled()
    traced = [event for event in events if event.get("exc_info")]
    # Bolt fails on some payloads before it finds a listener: those are not acked, and logged in a line.
    ours = {path.name for room in ("handlers", "pulse") for path in (ROOT / room).rglob("*.py")}
    unforeseen = [event["where"] for event in events if event["event"] == "unexpected error"]
    assert traced == []
    assert [where for where in unforeseen if where.partition(":")[0] in ours] == []
    assert "Traceback" not in ascii(caplog.text)
    if office.bot.workspace.waves.current is None:
        await office.open()
    person = office.people(office.it)[5]
    await office.answer(person, office.it, "5")
    assert (await office.answers(person))["T01"] == frozenset({"5"})
