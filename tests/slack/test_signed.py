"""What is taken over HTTP: signed, once, and in a shape that Slack sends."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.slack import signed
from pulse.slack.signed import WINDOW_S, Signatures, plausible

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def headers(body: str, at: float | None = None) -> dict[str, str]:
    """Slack's headers of a body sent at Unix time `at`, by default now."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def test_what_slack_signed_is_valid_for_five_minutes() -> None:
    """Nothing older, and nothing that anybody else signed."""
    checked = Signatures(SECRET)
    assert checked.valid("a", headers("a"))
    assert not checked.valid("b", headers("a"))
    assert not checked.valid("a", headers("a", time.time() - 301))
    assert not checked.valid("a", {})


def test_a_copy_of_a_request_is_not_the_first() -> None:
    """The same signature counts once, whoever sends it again."""
    checked, sent = Signatures(SECRET), headers("a")
    assert checked.remember(sent)
    assert not checked.remember(sent)
    assert checked.remember(headers("b"))


def test_a_signature_is_remembered_for_as_long_as_it_is_valid() -> None:
    """It is valid from five minutes before its time to five after; then it is refused for its age."""
    now = [0.0]
    checked, sent = Signatures(SECRET, lambda: now[0]), headers("a")
    assert checked.remember(sent)
    now[0] = WINDOW_S - 1
    assert not checked.remember(sent)
    now[0] = WINDOW_S + 1
    assert checked.remember(sent)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest are forgotten."""
    monkeypatch.setattr(signed, "MOST_REMEMBERED", 3)
    checked = Signatures(SECRET)
    sent = [headers(str(number)) for number in range(10)]
    assert all(checked.remember(each) for each in sent)
    assert not checked.remember(sent[-1])
    assert checked.remember(sent[0])


TAP: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U1", "team_id": "T1"},
    "team": {"id": "T1"},
    "enterprise": None,
    "channel": {"id": "C1"},
    "message": {"ts": "1.2"},
    "actions": [{"action_id": "answer:4", "block_id": "poll:1:T01", "value": "1:T01:4", "type": "button"}],
    "response_url": "https://hooks.slack.com/actions/T1/2/x",
    "trigger_id": "1.2",
}


def test_what_slack_sends_is_plausible() -> None:
    """Whatever is left out or added."""
    assert plausible(TAP)
    assert plausible({**TAP, "of_next_year": [1, 2]})
    assert plausible({})


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        7,
        {**TAP, "user": "U1"},
        {**TAP, "user": {"id": 7}},
        {**TAP, "actions": {"0": 1}},
        {**TAP, "actions": [None]},
        {**TAP, "actions": ["answer"]},
        {**TAP, "actions": [{"action_id": ["answer:4"]}]},
        {**TAP, "view": [1]},
        {"type": "view_submission", "view": {"state": 3}},
        {"type": "event_callback", "event": "joined"},
        {"type": "event_callback", "event": {"type": 7}},
        {"command": "/pulse", "user_id": {"id": "U1"}, "channel_id": "C1"},
        {"command": "/pulse", "channel_id": "C1"},
        {**TAP, "user": None},
        {**TAP, "actions": []},
        {**TAP, "actions": [{"value": "4"}]},
        {"type": "view_submission", "user": {"id": "U1"}, "view": None},
        {"type": "view_submission", "user": {"id": "U1"}, "view": {}},
        {"type": "block_suggestion", "user": {"id": "U1"}, "action_id": {}},
        {"type": "event_callback"},
        {"type": "event_callback", "event": {}},
    ],
)
def test_what_slack_never_sends_is_not(body: object) -> None:
    """A part has the wrong type, or one that Slack always sends is missing."""
    assert not plausible(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(json_values)
def test_any_json_gets_an_answer(body: object) -> None:
    """Yes or no, and never an error."""
    assert plausible(json.loads(json.dumps(body))) in (True, False)
