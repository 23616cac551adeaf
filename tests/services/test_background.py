"""What comes after an ack."""

from __future__ import annotations

from pulse.ops.metrics import OVERLOAD, Metrics


def test_a_storm_is_when_many_payloads_wait_for_their_ack() -> None:
    """A few at once are normal."""
    metrics = Metrics()
    metrics.in_flight = OVERLOAD
    assert not metrics.overloaded()
    metrics.in_flight += 1
    assert metrics.overloaded()
