"""Calls to Slack: what is tried again, what is told, and what a refusal means."""

from __future__ import annotations

import pytest

from pulse.core.errors import TOKEN_REFUSALS, SlackFault
from pulse.ops.metrics import Metrics
from pulse.slack.web_api import MENDS, Slack
from pulse.views.message import Message
from rehearsal.server import Rehearsal

HELLO = Message("Hello.", [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello."}}])


def client(rehearsal: Rehearsal, metrics: Metrics | None = None) -> Slack:
    return Slack(rehearsal.bot_token, rehearsal.api_url, (metrics or Metrics()).called)


def general(rehearsal: Rehearsal) -> str:
    assert rehearsal.places is not None
    return rehearsal.places.general


async def test_the_greeting_tells_team_bot_scopes_and_time(slack: Rehearsal) -> None:
    """All from one call of auth.test; asked for again, it is known."""
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
    """After a lost answer it may stand: only the outbox, which looks, may post it again."""
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


@pytest.mark.parametrize("code", sorted(TOKEN_REFUSALS))
async def test_a_refused_token_is_noticed(code: str, slack: Rehearsal) -> None:
    """Whatever was asked: the process asks once more and ends."""
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
    """So that it can be looked up."""
    slack.fail("conversations.info", "something_new")
    with pytest.raises(SlackFault, match=r"conversations\.info: something_new"):
        await client(slack).channel(general(slack))


async def test_calls_are_counted_by_outcome_alone(slack: Rehearsal) -> None:
    """Not by method: the number of confirmations would be the number of answers."""
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


def test_each_mend_is_a_whole_sentence() -> None:
    """It is said to people."""
    assert [mend for mend in MENDS.values() if not (mend[0].isupper() and mend.endswith("."))] == []
