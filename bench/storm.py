"""The load: taps sent as Slack sends them, each ack timed, in a process of its own that is not measured.

An open-loop storm sends each tap at its scheduled moment, however slow the bot is, and times it from that
moment: a bot that falls behind cannot hide it.

`python -m bench.storm` listens, prints `{"api": ...}`, and takes one order per line on its input: `connected`
(wait for the app's socket) and `storm`. Each gets one line back.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from bench.slack import LocalSlack

PEOPLE = 10_000
"""People in the workspace, every other one in marketing."""

PAUSE_S = 1.0
"""From one answer of a person to the next."""

CHANNELS = ("C0MARKETING", "C0IT")
LATE_S = 3.0
"""Slack's limit for an ack: after it the person sees an error."""

CALL_S = 0.1
"""How long a post, an update or a reply takes, as over the internet; other calls are answered at once."""

LINGER_S = 10.0
"""How long the storm waits for acks after its last tap."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The outcome of a load. Times in milliseconds; a tap never acked counts with its wait so far."""

    taps: int
    acked: int
    late: int
    seconds: float
    p50: float
    p99: float
    worst: float


Tap = Callable[[int], tuple[str, str]]
"""Envelope id and envelope of the tap with that number."""


def taps(questions: Sequence[Mapping[str, Any]], response_url: str, name: str, together: int) -> Tap:
    """Envelopes of distinct answers, until each of PEOPLE has answered each question; then they begin again.

    `together` people answer the first question, then all of them the second, and so on, then the next people.
    """
    envelopes = [
        [_parts(question, button, response_url) for button in question["buttons"]] for question in questions
    ]

    def tap(number: int) -> tuple[str, str]:
        group, place = divmod(number, together * len(questions))
        question, member = divmod(place, together)
        person = (group * together + member) % PEOPLE
        buttons = envelopes[question]
        places = {"ID": f"{name}-{number}", "USER": user_id(person), "CHANNEL": CHANNELS[person % 2]}
        parts = buttons[number % len(buttons)]
        text = "".join(places[part] if odd % 2 else part for odd, part in enumerate(parts))
        return places["ID"], text

    return tap


def _parts(question: Mapping[str, Any], button: Mapping[str, str], response_url: str) -> list[str]:
    """An envelope cut at what differs from tap to tap."""
    private = question["message"] is None
    payload = {
        "type": "block_actions",
        "user": {"id": "@USER@", "username": "someone", "team_id": "T0"},
        "api_app_id": "A0",
        "team": {"id": "T0", "domain": "bench"},
        "channel": {"id": "@CHANNEL@", "name": "channel"},
        "container": {
            "type": "message",
            "message_ts": "1.0",
            "channel_id": "@CHANNEL@",
            "is_ephemeral": private,
        },
        "trigger_id": "1.2.3",
        "response_url": response_url,
        "actions": [{"type": "button", **button}],
    }
    if not private:
        payload["message"] = {"type": "message", "ts": "1.0", "bot_id": "B0BOT", **question["message"]}
    envelope = {
        "envelope_id": "@ID@",
        "type": "interactive",
        "accepts_response_payload": False,
        "payload": payload,
    }
    return re.split(r"@([A-Z]+)@", json.dumps(envelope))


def user_id(person: int) -> str:
    return f"U{person:08d}"


def people(slack: LocalSlack) -> None:
    """Fills the local Slack with two channels of 5,000 people each."""
    members = {channel: [user_id(n) for n in range(side, PEOPLE, 2)] for side, channel in enumerate(CHANNELS)}
    everyone = [
        {"id": user_id(n), "name": f"u{n}", "tz": "Europe/Berlin", "is_admin": n == 0} for n in range(PEOPLE)
    ]
    slack.answers["conversations.members"] = lambda fields: _page(
        "members", members.get(fields["channel"], []), fields, 1000
    )
    slack.answers["users.list"] = lambda fields: _page("members", everyone, fields, 200)
    slack.answers["users.info"] = lambda fields: {"user": everyone[int(fields["user"][1:])]}
    slack.answers["conversations.info"] = lambda fields: {
        "channel": {"id": fields["channel"], "name": "channel", "is_member": True, "num_members": 5000}
    }
    slack.answers["files.getUploadURLExternal"] = lambda _: {
        "upload_url": f"{slack.url}/upload",
        "file_id": "F1",
    }
    slack.answers["files.info"] = lambda _: {"file": {"id": "F1", "original_w": 800}}
    slack.answers["conversations.history"] = lambda _: {"messages": []}


def _page(name: str, rows: list[Any], fields: Mapping[str, str], most: int) -> dict[str, Any]:
    start = int(fields.get("cursor") or 0)
    end = start + min(int(fields.get("limit") or most), most)
    cursor = str(end) if end < len(rows) else ""
    return {name: rows[start:end], "response_metadata": {"next_cursor": cursor}}


async def storm(slack: LocalSlack, tap: Tap, rate: float, seconds: float) -> Figures:
    """Sends `rate` taps a second for `seconds`, each at its moment."""
    due: dict[str, float] = {}
    start = time.perf_counter() + 0.1
    total = int(rate * seconds)
    reading = True
    for number in range(total):
        at = start + number / rate
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        envelope, text = tap(number)
        due[envelope] = at
        reading = reading and await _taken(slack, text)
    with suppress(TimeoutError):
        await asyncio.wait_for(_all_acked(slack, total), LINGER_S)
    return figures(due, {envelope: ack.at for envelope, ack in slack.acks.items()}, time.perf_counter())


async def _taken(slack: LocalSlack, text: str) -> bool:
    """Whether the app still reads; once it does not, later taps are not sent and count as never acked."""
    try:
        async with asyncio.timeout(LINGER_S):
            await slack.send_text(text)
    except TimeoutError:
        return False
    return True


async def _all_acked(slack: LocalSlack, total: int) -> None:
    done = asyncio.Event()
    slack.on_ack = lambda _: done.set() if len(slack.acks) >= total else None
    slack.on_ack("")
    await done.wait()


def figures(due: Mapping[str, float], acked: Mapping[str, float], now: float) -> Figures:
    """Quantiles over all taps, those never acked included.

    >>> figures({"a": 0.0, "b": 0.0, "c": 1.0}, {"a": 0.25, "b": 3.5}, 5.0)
    Figures(taps=3, acked=2, late=2, seconds=5.0, p50=3500.0, p99=4000.0, worst=4000.0)
    """
    waits = sorted(acked.get(envelope, now) - at for envelope, at in due.items())
    last = max((acked.get(envelope, now) for envelope in due), default=now)
    return Figures(
        taps=len(due),
        acked=sum(envelope in acked for envelope in due),
        late=sum(wait > LATE_S for wait in waits),
        seconds=last - min(due.values(), default=now),
        p50=1000 * _quantile(waits, 0.50),
        p99=1000 * _quantile(waits, 0.99),
        worst=1000 * _quantile(waits, 1.0),
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def obey(slack: LocalSlack, order: dict[str, Any]) -> dict[str, Any]:
    """Does one order and returns its result."""
    if order["do"] == "connected":
        await slack.until(lambda: bool(slack.open_sockets))
        return {}
    slack.acks.clear()
    before = slack.calls.copy()
    questions, rate, seconds = order["questions"], order["rate"], order["seconds"]
    together = int(rate * min(PAUSE_S, seconds / len(questions)))
    tap = taps(questions, f"{slack.url}/response", "storm", together)
    result = await storm(slack, tap, rate, seconds)
    return {**asdict(result), "calls": dict(slack.calls - before), "twice": len(slack.twice)}


def say(answer: Mapping[str, Any]) -> None:
    """Tells the parent process, in one line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main() -> None:
    slack = LocalSlack()
    slack.delay = CALL_S
    people(slack)
    say({"api": await slack.start()})
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            say(await obey(slack, json.loads(line)))
    finally:
        await slack.close()


if __name__ == "__main__":
    asyncio.run(main())
