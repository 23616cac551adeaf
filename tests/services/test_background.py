"""What comes after an ack: it goes on unless acks have to wait for it."""

from __future__ import annotations

import asyncio

from pulse.ops.metrics import OVERLOAD, Metrics
from pulse.services.background import MOST_SHEDDABLE, BackgroundTasks


async def test_in_a_storm_confirmations_are_shed_and_the_rest_is_not() -> None:
    """Shed work is counted; what is not sheddable is done."""
    storm, done = True, []
    after = BackgroundTasks(lambda: storm)

    async def work(name: str) -> None:
        done.append(name)

    after.later(work("confirmation"), sheddable=True)
    after.later(work("form"))
    storm = False
    after.later(work("confirmation after the storm"), sheddable=True)
    await after.idle()
    assert done == ["form", "confirmation after the storm"]
    assert after.shed == 1


async def test_confirmations_that_slack_is_slow_to_take_are_bounded() -> None:
    """Beyond the bound they are shed, so that they cannot pile up."""
    after, slow = BackgroundTasks(lambda: False), asyncio.Event()

    async def wait() -> None:
        await slow.wait()

    for _ in range(MOST_SHEDDABLE + 5):
        after.later(wait(), sheddable=True)
    assert after.shed == 5
    slow.set()
    await after.idle()
    after.later(wait(), sheddable=True)
    assert after.shed == 5
    await after.idle()


def test_a_storm_is_when_many_payloads_wait_for_their_ack() -> None:
    """Some at once are everyday life."""
    metrics = Metrics()
    metrics.in_flight = OVERLOAD
    assert not metrics.overloaded()
    metrics.in_flight += 1
    assert metrics.overloaded()
