"""The logs: one line per event, and nothing in them that opens Slack or names a person."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog

from pulse.ops import logs


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, logging_as_before: None) -> Iterator[Callable[[], str]]:
    """The bot's logging, at its most talkative; gives what is written to standard error."""
    with monkeypatch.context() as patch, io.StringIO() as stream:
        patch.setattr(sys, "stderr", stream)
        logs.configure("debug")
        yield stream.getvalue


SECRETS = [
    "xoxb-1234-abcd-EFGH",
    "xoxe.xoxb-1-abcDEF",
    "xapp-1-A012-345-abcdef",
    "U024BE7LH",
    "W012A3CDE",
    "D024BE91L",
    "wss://wss.slack.com/link/?ticket=12348&app_id=5678",
    "https://hooks.slack.com/actions/T02/30/a1b2C3",
    "https://hooks.slack.com/commands/T02/30/a1b2C3",
]


def kept(secret: str, text: str) -> bool:
    telling = secret.rpartition("/")[2].partition("ticket=")[2] or secret.rpartition("/")[2]
    return telling in text


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_logged_in_whatever_shape(secret: str, written: Callable[[], str]) -> None:
    """As text, value, part of a list or mapping, argument, or in an exception: by us or by a library."""
    ours, theirs = structlog.get_logger("pulse"), logging.getLogger("a.library")
    ours.info(f"said {secret}")
    ours.info("said", what=secret, many=[secret], mapped={secret: {"deep": secret}}, joined=f"x_{secret}")
    theirs.warning("args %s %r", secret, {"user": secret})
    try:
        raise ValueError(f"about {secret}")
    except ValueError:
        ours.exception("ours")
        theirs.exception("theirs")
    text = written()
    assert text.count("ValueError") >= 2
    assert not kept(secret, text)


def test_an_event_is_one_line_whatever_it_says(written: Callable[[], str]) -> None:
    """A line break in a value cannot make a line of its own."""
    structlog.get_logger("pulse").info("first\nlevel=error event=forged", value="a\nb")
    assert len(written().splitlines()) == 1


def test_channels_and_items_are_named(written: Callable[[], str]) -> None:
    """What an operator needs to find a problem stays readable."""
    structlog.get_logger("pulse").info("posted", channel="C024BE91L", item="T01", wave=3)
    assert "channel=C024BE91L item=T01 wave=3" in written()


def test_bolt_writes_no_payload_at_any_level(written: Callable[[], str]) -> None:
    """At debug Bolt and the SDK would write whole payloads; they are held at warnings and errors."""
    for name in ("slack_bolt.AsyncApp", "slack_sdk.web", "aiohttp.access"):
        logging.getLogger(name).info("a payload")
    assert written() == ""
