"""The rest of the crowd answers whatever looks like a question."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from rehearsal import screen
from rehearsal.crowd import let_answer
from rehearsal.delivery import Delivery
from rehearsal.server import Rehearsal

Taps = list[tuple[str, str, str]]


@pytest.fixture
def taps() -> Taps:
    return []


@pytest.fixture
async def slack(permissive_slack: Rehearsal, taps: Taps) -> AsyncIterator[Rehearsal]:
    """A workspace with two questions in #marketing and #it, and an app that notes the taps."""
    client = AsyncWebClient(permissive_slack.bot_token, base_url=permissive_slack.api_url)
    app = AsyncApp(client=client, signing_secret="s", process_before_response=True)

    async def note(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        action = body["actions"][0]
        taps.append((body["user"]["id"], action["block_id"], action["value"]))

    for value in "123456":
        app.action(f"box:{value}")(note)
    handler = AsyncSocketModeHandler(app, permissive_slack.app_token)
    await handler.connect_async()
    await permissive_slack.socket_mode.connected()
    for place in (permissive_slack.places.marketing, permissive_slack.places.it):
        blocks = [question("poll:1:a"), question("poll:1:b"), question("other")]
        permissive_slack.workspace.post(place, {"text": "?", "blocks": blocks})
    yield permissive_slack
    await handler.close_async()


def question(block_id: str, labels: Sequence[str] = "123456") -> dict[str, Any]:
    elements = [
        {"type": "button", "action_id": f"box:{v}", "value": v, "text": {"type": "plain_text", "text": label}}
        for v, label in zip("123456", labels, strict=False)
    ]
    return {"type": "actions", "block_id": block_id, "elements": elements}


async def test_whom_one_acts_as_answers_alone(slack: Rehearsal, taps: Taps) -> None:
    """The crowd leaves the person at the page alone."""
    me = slack.actor("ines").id
    assert await let_answer(slack, patience=0.0, share=1.0, besides=me) == 27
    assert me not in {person for person, _, _ in taps}


async def test_everybody_answers_each_question_once(slack: Rehearsal, taps: Taps) -> None:
    """28 people, two questions; no guest, no bot, no block that is not a question, nobody in two channels."""
    assert await let_answer(slack, patience=0.0, share=1.0) == 28
    assert Counter(block for _, block, _ in taps) == {"poll:1:a": 28, "poll:1:b": 28}
    assert set(Counter(person for person, _, _ in taps).values()) == {2}
    assert slack.actor("greta").id not in {person for person, _, _ in taps}


async def test_whoever_has_answered_is_left_alone(slack: Rehearsal, taps: Taps) -> None:
    """Somebody who answered one question answers only the other; a second call finds nobody."""
    amara = slack.actor("amara")
    await amara.tap(amara.sees("marketing")[0], "1", block="poll:1:a")
    await let_answer(slack, patience=0.0, share=1.0)
    assert Counter(b for p, b, _ in taps if p == amara.id) == {"poll:1:a": 1, "poll:1:b": 1}
    assert await let_answer(slack, patience=0.0, share=1.0) == 0


async def test_the_mood_of_a_side_moves_its_answers(slack: Rehearsal, taps: Taps) -> None:
    """Happy marketers choose higher options than grim engineers."""
    await let_answer(slack, patience=0.0, share=1.0, mood={"marketing": 1.0, "it": 0.0})
    chosen: dict[str, list[int]] = {"marketing": [], "it": []}
    for person, _, value in taps:
        side = "marketing" if person in slack.workspace.channel("marketing").members else "it"
        if value != "6":
            chosen[side].append(int(value))
    mean = {side: sum(values) / len(values) for side, values in chosen.items()}
    assert mean["marketing"] > mean["it"] + 1


async def test_a_row_that_begins_with_yes_runs_the_other_way(slack: Rehearsal, taps: Taps) -> None:
    """Most of the happy say yes, most of the grim say no, and a few can't say."""
    for place in (slack.places.marketing, slack.places.it):
        row = question("poll:2:c", ["Yes", "Partly", "No", "Cannot say"])
        slack.workspace.post(place, {"text": "?", "blocks": [row]})
    await let_answer(slack, patience=0.0, share=1.0, mood={"marketing": 1.0, "it": 0.0})
    engineers = set(slack.workspace.channel("it").members) - set(slack.workspace.channel("marketing").members)
    said = {
        grim: Counter(
            value for person, block, value in taps if block == "poll:2:c" and (person in engineers) is grim
        )
        for grim in (False, True)
    }
    assert said[False]["1"] > said[False]["3"]
    assert said[True]["3"] > said[True]["1"]
    assert all(counts["4"] <= 3 for counts in said.values())


async def test_the_same_seed_gives_the_same_answers(slack: Rehearsal, taps: Taps) -> None:
    """A picture or a test can be made again: half of 16 and half of 12 people, two questions."""
    await let_answer(slack, patience=0.0, share=0.5, seed=3)
    first = sorted(taps)
    slack.taps.clear()
    taps.clear()
    await let_answer(slack, patience=0.0, share=0.5, seed=3)
    assert sorted(taps) == first
    assert len(first) == 28


@pytest.mark.parametrize("deed", ["command", "clock"])
async def test_what_is_asked_meanwhile_waits_for_the_crowd(
    slack: Rehearsal, taps: Taps, deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command or a jump of the clock right after the crowd finds everybody's answers."""
    # This app responds to no tap, so nobody waits for it.
    monkeypatch.setattr(screen, "let_answer", partial(let_answer, patience=0.0))
    assert slack.places
    found: list[int] = []

    async def jump() -> None:
        found.append(len(taps))

    slack.on_next = jump
    slack.post.ack_seconds = 0.05
    me = slack.actor("ines").id
    asked = {"as": me, "channel": slack.places.marketing, "text": "/pulse close"}
    async with aiohttp.ClientSession() as session:

        async def do(what: str) -> None:
            async with session.post(f"{slack.base_url}/rehearsal/{what}", json=asked) as answer:
                assert (await answer.json())["ok"]
            if what == "command":
                found.append(sum(d.type == "interactive" for d in before(slack, "slash_commands")))

        await asyncio.gather(do("crowd"), do(deed))
    assert found == [len(taps)]
    assert len(taps) > 20


def before(slack: Rehearsal, kind: str) -> list[Delivery]:
    """The payloads that were sent before the first of this kind."""
    return list(takewhile(lambda each: each.type != kind, slack.post.deliveries.values()))
