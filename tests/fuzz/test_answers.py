"""Generated responses of Slack, or of whatever responds in its place, to every method that the bot calls.

In one process and without a network: the responses come from below `Wire`, and no sleep takes time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulse.core.errors import SlackFault
from pulse.slack import wire
from pulse.slack.network import Network
from pulse.slack.web_api import Slack
from pulse.slack.wire import Answer, Wire, read_call, retry_after
from pulse.views.message import Message
from tests.depth import also_soaked, length

HELLO = Message("Hello.", [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello."}}])

METHODS: dict[str, Callable[[Slack], Awaitable[object]]] = {
    "greet": lambda slack: slack.greet(),
    "may_connect": lambda slack: slack.may_connect(),
    "post": lambda slack: slack.post("C1", HELLO, "key"),
    "update": lambda slack: slack.update("C1", "1.0", HELLO),
    "update_once": lambda slack: slack.update_once("C1", "1.0", HELLO),
    "open_dm": lambda slack: slack.open_dm("U1"),
    "find": lambda slack: slack.find("C1", "key"),
    "members": lambda slack: slack.members("C1"),
    "person": lambda slack: slack.person("U1"),
    "people": lambda slack: everybody(slack),  # noqa: PLW0108 - defined below
    "channel": lambda slack: slack.channel("C1"),
    "open_view": lambda slack: slack.open_view("1.2", {"type": "modal"}),
    "update_view": lambda slack: slack.update_view("V1", "h", {"type": "modal"}),
    "publish_home": lambda slack: slack.publish_home("U1", {"type": "home"}),
    "upload": lambda slack: slack.upload(b"png", "a.png", "a", "a"),
    "send_files": lambda slack: slack.send_files("D1", {"a.csv": b"1"}, "here"),
    "respond": lambda slack: slack.respond("http://slack.test/actions/T1/1", {"text": "x"}),
}


async def everybody(slack: Slack) -> list[object]:
    return [person async for person in slack.people()]


# What comes back

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
names = st.sampled_from(
    [
        *("ok", "error", "ts", "channel", "id", "user", "members", "messages", "metadata", "event_payload"),
        *("key", "response_metadata", "next_cursor", "team_id", "bot_id", "upload_url", "file_id", "url"),
        *("profile", "enterprise_user", "teams", "is_member", "num_members", "tz", "name"),
    ]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
codes = st.sampled_from(
    [
        "",
        "ratelimited",
        "rate_limited",
        "invalid_auth",
        "internal_error",
        "channel_not_found",
        "invalid_blocks",
    ]
) | st.text(max_size=12)

LIKELY: dict[str, Any] = {
    "ok": True,
    "ts": "1.0",
    "channel": {"id": "C1", "name": "it", "num_members": 3},
    "user": {"id": "U1", "team_id": "T1"},
    "members": ["U1", "U2"],
    "messages": [{"ts": "1.0", "metadata": {"event_payload": {"key": "key"}}}],
    "team_id": "T1",
    "bot_id": "B1",
    "upload_url": "http://slack.test/upload",
    "file_id": "F1",
    "url": "ws://slack.test/link",
}


def broken(body: dict[str, Any], change: tuple[str, Any]) -> dict[str, Any]:
    name, value = change
    return {**body, name: value}


objects = st.one_of(
    st.dictionaries(names, values, max_size=6),
    st.builds(broken, st.just(LIKELY), st.tuples(names, values)),
    st.builds(lambda code: {"ok": False, "error": code}, codes),
    st.just(LIKELY),
)
bodies = st.one_of(
    objects.map(lambda found: json.dumps(found).encode()),
    values.map(lambda found: json.dumps(found).encode()),
    objects.flatmap(lambda found: st.integers(0, 60).map(lambda cut: json.dumps(found).encode()[:cut])),
    st.binary(max_size=60),
    st.just(b"<html>Sign in</html>"),
)
waits = st.one_of(
    st.none(),
    st.floats().map(str),
    st.integers().map(str),
    st.text(alphabet=st.characters(blacklist_characters="\r\n\0"), max_size=8),
    st.sampled_from(["Fri, 27 Nov 2026 10:00:00 GMT", "Fri, 99 Nov 2026 10:00:00 GMT", "-0", "1e999"]),
)
headers = st.builds(
    lambda wait, kind, date, scopes: {
        name: value
        for name, value in {
            "Retry-After": wait,
            "Content-Type": kind,
            "Date": date,
            "x-oauth-scopes": scopes,
        }.items()
        if value is not None
    },
    waits,
    st.none() | st.sampled_from(["application/json", "text/html", "text/plain; charset=klingon", ";;;", ""]),
    waits,
    st.none() | st.text(max_size=10),
)
answers = st.builds(
    lambda status, found, body: Answer(status=status, headers=found, body=body),
    st.sampled_from(
        [200, 200, 200, 200, 204, 301, 302, 400, 403, 404, 407, 413, 429, 429, 500, 502, 503, 504]
    ),
    headers,
    bodies,
)
failures = st.sampled_from(
    [
        TimeoutError(),
        ConnectionResetError(104, "Connection reset by peer"),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError("Response payload is not completed"),
        aiohttp.InvalidURL("http://["),
        RuntimeError("Session is closed"),
        UnicodeError("label empty or too long"),
        ValueError("odd"),
        OSError("no words"),
    ]
)


class Scripted(Wire):
    """Gives the responses of its script; the last one for ever."""

    def __init__(self, script: list[Answer | Exception]) -> None:
        super().__init__(Network())
        self._script: Iterator[Answer | Exception] = iter(script)
        self._last: Answer | Exception = TimeoutError()
        self.sent: list[str] = []

    async def _send(self, _session: object, url: str, **_how: object) -> Answer:
        self.sent.append(url)
        self._last = next(self._script, self._last)
        if isinstance(self._last, Exception):
            raise wire.unreachable(self._last) from self._last
        return self._last


async def outcome(name: str, script: list[Answer | Exception]) -> tuple[Scripted, SlackFault | None]:
    slack = Slack("xoxb-1", "http://slack.test/api/")
    slack.wire = scripted = Scripted(script)
    try:
        await METHODS[name](slack)
    except SlackFault as fault:
        return scripted, fault
    finally:
        await slack.close()
    return scripted, None


quick = settings(
    max_examples=length(1000, 25_000), deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@also_soaked
def test_whatever_is_answered_is_a_result_or_a_fault() -> None:
    """No method raises anything else; a fault has a sentence; no post is sent twice; nothing hangs."""
    slept: list[float] = []

    async def at_once(seconds: float) -> None:
        slept.append(seconds)

    with asyncio.Runner() as runner:

        @quick
        @given(st.sampled_from(sorted(METHODS)), st.lists(answers | failures, min_size=1, max_size=6))
        def each(name: str, script: list[Answer | Exception]) -> None:
            slept.clear()
            scripted, fault = runner.run(outcome(name, script))
            assert sum(slept) < 4 * wire.LONGEST_WAIT_S * 1.2 * max(1, len(scripted.sent))
            if fault is not None:
                assert str(fault).endswith(".")
                assert 0 <= fault.wait <= wire.LONGEST_RETRY_S
            # Under a rate limit Slack did nothing; after any other response the message might be posted.
            posts = [url for url in scripted.sent if url.endswith("chat.postMessage")]
            limited = sum(isinstance(each, Answer) and is_limit(each) for each in script[: len(posts)])
            assert len(posts) <= limited + 1 or is_limit(script[-1])

        original = wire.asyncio.sleep
        wire.asyncio.sleep = at_once  # type: ignore[assignment]
        try:
            each()
        finally:
            wire.asyncio.sleep = original


def is_limit(answer: Answer | Exception) -> bool:
    if isinstance(answer, Exception):
        return False
    try:
        read_call(answer, "chat.postMessage")
    except SlackFault as fault:
        return fault.code == wire.RATELIMITED
    return False


@also_soaked
@quick
@given(answers)
def test_an_answer_is_done_only_where_slack_says_so(answer: Answer) -> None:
    """By a JSON object that says ok: true, under a status below 500."""
    try:
        found = read_call(answer, "chat.postMessage")
    except SlackFault as fault:
        assert fault.certain is False or (fault.code and answer.status < 500)
    else:
        assert found["ok"] is True
        assert answer.status < 500


@also_soaked
@quick
@given(headers)
def test_a_wait_is_always_a_number_of_seconds(found: dict[str, str]) -> None:
    """Between 0 seconds and five minutes."""
    assert 0 <= retry_after(found) <= wire.LONGEST_RETRY_S
