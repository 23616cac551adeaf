"""Alerts to managers: the same one once a day, and again until a manager gets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulse.core.alert import Alert, ChannelAlert, SecondCopy
from pulse.services.alerts import Alerts
from pulse.services.waves import Waves
from pulse.slack.roster import Roster
from pulse.slack.web_api import Slack
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import Store
from tests.handlers.conftest import Clock

LOST = ChannelAlert(channel="C1", code="not_in_channel")


class Post:
    """Takes alerts; `reaches` says whether a manager gets them."""

    def __init__(self) -> None:
        self.sent: list[Alert] = []
        self.reaches = True

    async def send(self, alert: Alert) -> bool:
        self.sent.append(alert)
        return self.reaches


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def alerts(tmp_path: Path, clock: Clock, post: Post) -> Iterator[Alerts]:
    store = Store.open(tmp_path / "pulse.db")
    roster = Roster(Slack("xoxb-1", "http://127.0.0.1:9/"))
    waves = Waves(store=store, roster=roster, library=load_library(None), clock=clock, random_bytes=bytes)
    yield Alerts(store=store, waves=waves, send=post.send, clock=clock)
    store.close()


async def test_the_same_alert_is_told_once_a_day(alerts: Alerts, clock: Clock, post: Post) -> None:
    """A different alert is sent at once; the same one is sent again after a day."""
    await alerts.report(LOST)
    clock.forward(hours=23)
    await alerts.report(LOST)
    await alerts.report(SecondCopy())
    assert post.sent == [LOST, SecondCopy()]
    clock.forward(hours=2)
    await alerts.report(LOST)
    assert post.sent == [LOST, SecondCopy(), LOST]


async def test_an_alert_that_nobody_got_is_sent_again(alerts: Alerts, post: Post) -> None:
    """The next report tries again; after the first that reaches a manager, none is sent."""
    post.reaches = False
    await alerts.report(LOST)
    post.reaches = True
    await alerts.report(LOST)
    await alerts.report(LOST)
    assert post.sent == [LOST, LOST]


async def test_what_was_put_right_is_told_again_when_it_comes_back(alerts: Alerts, post: Post) -> None:
    """Also within a day."""
    await alerts.report(LOST)
    alerts.resolve(LOST)
    await alerts.report(LOST)
    assert post.sent == [LOST, LOST]
