"""Calls to Slack: what is tried again, what is reported, and what a refusal means."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pulse.core.errors import TOKEN_REFUSALS, SlackFault
from pulse.ops.metrics import Metrics
from pulse.slack.web_api import Slack
from pulse.slack.wire import FIXES, is_taken
from pulse.views.message import Message
from rehearsal.server import Rehearsal
from tests.slack.odd_answers import JSON, ODD, WAITS

HELLO = Message("Hello.", [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello."}}])


def client(rehearsal: Rehearsal, metrics: Metrics | None = None) -> Slack:
    return Slack(rehearsal.bot_token, rehearsal.api_url, (metrics or Metrics()).called)


def general(rehearsal: Rehearsal) -> str:
    assert rehearsal.places is not None
    return rehearsal.places.general


async def test_the_greeting_tells_team_bot_scopes_and_time(slack: Rehearsal) -> None:
    """All come from one call of auth.test, which is not repeated."""
    slack_client = client(slack)
    greeting = await slack_client.greet()
    assert (greeting.team, greeting.bot, greeting.user) == ("Rehearsal", "B0REHEARSAL", "U0THEAPP")
    assert greeting.scopes == slack.scopes
    assert greeting.time is not None
    assert await slack_client.identity() == greeting
    assert len(slack.calls_of("auth.test")) == 1


async def test_a_read_is_tried_again_after_trouble(slack: Rehearsal) -> None:
    """A server error, a lost connection and a rate limit are waited out."""
    for trouble in ({"error": 503}, {"cut": True}, {"error": 429}):
        slack.fail("conversations.info", **trouble)
        assert (await client(slack).channel(general(slack))).member


async def test_a_post_is_never_sent_twice_on_its_own(slack: Rehearsal) -> None:
    """After a lost response it might be there: only the outbox, which looks, may post it again."""
    slack.fail("chat.postMessage", lost=True)
    with pytest.raises(SlackFault) as fault:
        await client(slack).post(general(slack), HELLO)
    assert not fault.value.certain
    assert len(slack.calls_of("chat.postMessage")) == 1


async def test_a_post_after_a_rate_limit_is_sent_again(slack: Rehearsal) -> None:
    """Slack says that it did nothing."""
    slack.fail("chat.postMessage", 429, retry_after=0)
    await client(slack).post(general(slack), HELLO)
    assert len(slack.calls_of("chat.postMessage")) == 2


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_an_answer_that_is_not_slacks_is_tried_again(odd: dict[str, Any], slack: Rehearsal) -> None:
    """Whatever is between the bot and Slack responds once in its place: the read still succeeds."""
    slack.fail("conversations.info", **odd)
    assert (await client(slack).channel(general(slack))).member


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_a_post_that_is_answered_oddly_is_in_doubt(odd: dict[str, Any], slack: Rehearsal) -> None:
    """It might be posted: the fault tells the outbox to look, and it is not sent twice."""
    slack.fail("chat.postMessage", applied=True, **odd)
    with pytest.raises(SlackFault) as fault:
        await client(slack).post(general(slack), HELLO)
    assert (fault.value.certain, fault.value.code) == (False, "")
    assert len(slack.calls_of("chat.postMessage")) == 1


async def test_slack_being_odd_for_long_is_one_fault_with_a_sentence(slack: Rehearsal) -> None:
    """After the last try the fault names the response by status and type, and never quotes it."""
    slack.fail("conversations.info", times=None, **ODD["text under 503"])
    with pytest.raises(SlackFault, match=r"HTTP 503, text/plain") as fault:
        await client(slack).channel(general(slack))
    assert not fault.value.certain
    assert "upstream" not in str(fault.value)


@pytest.mark.parametrize("asked", WAITS.values(), ids=WAITS)
async def test_any_word_for_a_wait_is_understood(asked: str, slack: Rehearsal) -> None:
    """An odd one counts as a second; the call succeeds in the end."""
    slack.fail("conversations.info", 429, retry_after=asked)
    assert (await client(slack).channel(general(slack))).member


@pytest.mark.parametrize("asked", ["86400", "1e400", "Fri, 27 Nov 2099 10:00:00 GMT"])
async def test_a_wait_of_a_day_is_left_to_whoever_asked(asked: str, slack: Rehearsal) -> None:
    """Nothing hangs: the fault says that it is a rate limit, and asks for five minutes at most."""
    slack.fail("chat.postMessage", 429, retry_after=asked)
    with pytest.raises(SlackFault) as fault:
        await client(slack).post(general(slack), HELLO)
    assert (fault.value.certain, fault.value.code, fault.value.wait) == (True, "ratelimited", 300.0)


CALLS: dict[str, Callable[[Slack, str], Awaitable[object]]] = {
    "chat.postMessage": lambda slack, channel: slack.post(channel, HELLO),
    "conversations.open": lambda slack, _channel: slack.open_dm("U00000001"),
    "conversations.history": lambda slack, channel: slack.find(channel, "key"),
    "conversations.members": lambda slack, channel: slack.members(channel),
    "conversations.info": lambda slack, channel: slack.channel(channel),
    "users.info": lambda slack, _channel: slack.person("U00000001"),
    "files.getUploadURLExternal": lambda slack, _channel: slack.upload(b"png", "a.png", "a", "a"),
}

EMPTY: dict[str, dict[str, Any]] = {
    "nothing else": {},
    "null": dict.fromkeys(("ts", "channel", "messages", "members", "user", "upload_url", "file_id")),
    "other types": {
        "ts": 5,
        "channel": "C1",
        "messages": {},
        "members": "U1",
        "user": ["U1"],
        "upload_url": 1,
        "file_id": {},
    },
    "empty": {"ts": "", "channel": {}, "messages": None, "members": None, "user": {}, "file_id": ""},
}


@pytest.mark.parametrize("answer", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("method", CALLS)
async def test_an_answer_that_lacks_its_content_is_a_fault(
    method: str, answer: dict[str, Any], slack: Rehearsal
) -> None:
    """Even under ok, whatever replaces the content; whether the call was applied is not known."""
    body = json.dumps({"ok": True, **answer}).encode()
    slack.fail(method, times=None, body=body, headers=JSON)
    with pytest.raises(SlackFault) as fault:
        await CALLS[method](client(slack), general(slack))
    assert not fault.value.certain


async def test_a_list_with_something_odd_in_it_gives_the_rest(slack: Rehearsal) -> None:
    """One odd element does not spoil the others."""
    members = {"ok": True, "members": ["U1", None, 5, "", {"id": "U2"}, "U3"], "response_metadata": None}
    slack.fail("conversations.members", body=json.dumps(members).encode(), headers=JSON)
    assert await client(slack).members(general(slack)) == ["U1", "U3"]
    people = {"ok": True, "members": [None, "U1", {}, {"id": 7}, {"id": "U2", "profile": None}]}
    slack.fail("users.list", body=json.dumps(people).encode(), headers=JSON)
    assert [person.id async for person in client(slack).people()] == ["U2"]


async def test_a_cursor_that_leads_in_a_circle_ends(slack: Rehearsal) -> None:
    """It is a fault, not a list: half a channel would be counted as all of it."""
    page = {"ok": True, "members": ["U1"], "response_metadata": {"next_cursor": "again"}}
    slack.fail("conversations.members", body=json.dumps(page).encode(), headers=JSON, times=None)
    with pytest.raises(SlackFault):
        await client(slack).members(general(slack))


@pytest.mark.parametrize("code", sorted(TOKEN_REFUSALS))
async def test_a_refused_token_is_noticed(code: str, slack: Rehearsal) -> None:
    """Whatever the call: the process then checks the token once more and ends."""
    slack_client = client(slack)
    slack.fail("conversations.info", code)
    with pytest.raises(SlackFault) as fault:
        await slack_client.channel(general(slack))
    assert fault.value.certain
    assert slack_client.refused.is_set()


@pytest.mark.parametrize("code", ["channel_not_found", "missing_scope", "internal_error"])
async def test_other_refusals_are_not_about_the_token(code: str, slack: Rehearsal) -> None:
    """The bot goes on."""
    slack_client = client(slack)
    slack.fail("conversations.info", code, times=None)
    with pytest.raises(SlackFault):
        await slack_client.channel(general(slack))
    assert not slack_client.refused.is_set()


async def test_an_unknown_refusal_names_the_call_and_slacks_word(slack: Rehearsal) -> None:
    """The word can then be looked up."""
    slack.fail("conversations.info", "something_new")
    with pytest.raises(SlackFault, match=r"conversations\.info: something_new"):
        await client(slack).channel(general(slack))


async def test_calls_are_counted_by_outcome_alone(slack: Rehearsal) -> None:
    """Not by method: the number of confirmations would tell the number of answers."""
    metrics = Metrics()
    slack_client = client(slack, metrics)
    await slack_client.channel(general(slack))
    slack.fail("conversations.info", "channel_not_found")
    slack.fail("chat.postMessage", cut=True)
    with pytest.raises(SlackFault):
        await slack_client.channel(general(slack))
    with pytest.raises(SlackFault):
        await slack_client.post(general(slack), HELLO)
    assert metrics.calls == {"ok": 1, "refused": 1, "failed": 1}


def test_each_fix_is_a_whole_sentence() -> None:
    """People read it in messages."""
    assert [fix for fix in FIXES.values() if not (fix[0].isupper() and fix.endswith("."))] == []


@pytest.mark.parametrize("name", ["\\ud83d", "Ines \\udc00", "\\uDBFF\\uD800"])
async def test_half_a_surrogate_in_an_answer_goes_no_further(name: str, slack: Rehearsal) -> None:
    """A name with one could be read, but sending or storing it failed."""
    body = '{"ok": true, "channel": {"id": "C1", "name": "%s"}}' % name  # noqa: UP031 - braces all over
    slack.fail("conversations.info", body=body.encode(), headers=JSON)
    found = await client(slack).channel("C1")
    assert found.name.encode()


async def test_a_whole_emoji_in_an_answer_stays(slack: Rehearsal) -> None:
    """Slack escapes it as two surrogates."""
    body = b'{"ok": true, "channel": {"id": "C1", "name": "\\ud83d\\ude00"}}'
    slack.fail("conversations.info", body=body, headers=JSON)
    assert (await client(slack).channel("C1")).name == "\N{GRINNING FACE}"


@pytest.mark.parametrize("body", ["ok", "ok\n", "OK", '{"ok":true}', '{"ok": true, "warning": "x"}'])
def test_slacks_word_for_a_private_answer_is_understood(body: str) -> None:
    """Its response_urls reply with a word or with an object."""
    assert is_taken(200, body)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>Sign in</html>"),
        (200, ""),
        (200, "[]"),
        (200, "{}"),
        (200, '{"ok":false,"error":"used_url"}'),
        (200, '{"ok":"yes"}'),
        (200, "[" * 100_000),
        (204, "ok"),
        (404, "ok"),
        (503, '{"ok":true}'),
    ],
)
def test_what_slack_did_not_say_of_a_private_answer_is_no_ok(status: int, body: str) -> None:
    """Once, a portal's page under 200 was taken for one, and somebody waited in vain."""
    assert not is_taken(status, body)
