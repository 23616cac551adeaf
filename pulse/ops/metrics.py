"""Counts and latencies for Prometheus, in its text format.

Nothing here reveals answers, scores or people. Payloads and calls are not counted by kind: while few people
have answered, counting private cards would reveal the number of answers, which the pulse itself withholds.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.logger import get_bolt_app_logger
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

ACK_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Slack waits 3 s for an ack: what is above the last bound came too late."""


OVERLOAD = 10
"""Unacknowledged payloads above which private cards wait. At 250 taps a second 1 or 2 were seen."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One metric: `kind` is gauge or counter."""

    name: str
    kind: str
    says: str
    value: float


@dataclass
class Metrics:
    """What has happened since the start. `payloads` and `calls` count outcomes: ok, refused, failed.

    `in_flight`: payloads that have come and are not acked yet.
    """

    payloads: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    ack_seconds: float = 0.0
    in_flight: int = 0
    _acks: list[int] = field(default_factory=lambda: [0] * (len(ACK_BOUNDS_S) + 1))

    def acked(self, seconds: float, outcome: str) -> None:
        """A payload from Slack was acked."""
        self.payloads[outcome] += 1
        self.ack_seconds += seconds
        self._acks[bisect_left(ACK_BOUNDS_S, seconds)] += 1

    def overloaded(self) -> bool:
        """Whether to do nothing but taps: a private card costs as much as a tap, and taps come first."""
        return self.in_flight > OVERLOAD

    def called(self, outcome: str) -> None:
        """A call of the Web API ended."""
        self.calls[outcome] += 1

    def text(self, samples: list[Sample]) -> str:
        """All of it, and `samples` taken now, in Prometheus' text format."""
        lines = _counter("pulse_payloads", "Payloads from Slack by outcome.", self.payloads)
        lines += _counter("pulse_slack_calls", "Calls of Slack's Web API by outcome.", self.calls)
        lines += self._histogram()
        for sample in samples:
            lines += _head(sample.name, sample.kind, sample.says)
            lines.append(f"{sample.name} {sample.value:.15g}")
        return "\n".join(lines) + "\n"

    def _histogram(self) -> list[str]:
        name = "pulse_ack_seconds"
        lines = _head(name, "histogram", "Seconds from a payload's arrival to its ack.")
        total = 0
        for bound, count in zip((*ACK_BOUNDS_S, "+Inf"), self._acks, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{name}_sum {self.ack_seconds:.6f}", f"{name}_count {total}"]


class MeasuredApp(AsyncApp):
    """Bolt's app, with each payload's way through it measured; over HTTP and Socket Mode alike."""

    def __init__(self, metrics: Metrics, **options: Any) -> None:
        super().__init__(**options)
        self._metrics = metrics
        self._payload_logger = get_bolt_app_logger(self.name, base_logger=self._base_logger)

    def _init_context(self, req: AsyncBoltRequest) -> None:
        """As Bolt's, but with one Slack client for all payloads.

        Bolt makes one for each, in case a listener gives it another token. Nothing here does, and it took a
        tenth of a tap's time. Should Bolt rename this method, taps are only slower.
        """
        req.context["logger"] = self._payload_logger
        req.context["token"] = self._token
        req.context["client"] = self._async_client
        req.context["listener_runner"] = self.listener_runner

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        began = time.perf_counter()
        self._metrics.in_flight += 1
        try:
            response = await super().async_dispatch(req)
        finally:
            self._metrics.in_flight -= 1
        self._metrics.acked(time.perf_counter() - began, _outcome(response.status))
        return response


def _outcome(status: int) -> str:
    if status < 400:
        return "ok"
    return "refused" if status < 500 else "failed"


def _head(name: str, kind: str, says: str) -> list[str]:
    return [f"# HELP {name} {says}", f"# TYPE {name} {kind}"]


def _counter(name: str, says: str, counts: Counter[str]) -> list[str]:
    values = [f'{name}_total{{outcome="{word}"}} {counts[word]}' for word in ("ok", "refused", "failed")]
    return [*_head(f"{name}_total", "counter", says), *values]
