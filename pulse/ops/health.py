"""Whether the bot is well, for supervisors and load balancers, and what it measures of itself."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pulse.core.errors import StoreFault
from pulse.core.language import _
from pulse.ops.metrics import Metrics, Sample
from pulse.services.workspace import Workspace
from pulse.slack.roster import Roster
from pulse.slack.socket_mode import SocketState
from pulse.storage.sqlite.store import Store

LEAST_FREE_BYTES = 50_000_000
"""Below this there might be no room for a wave: one of 10,000 people takes some megabytes."""

WRITE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`socket` gives the state of the connection; None in HTTP mode, in which Slack calls the bot."""

    workspace: Workspace
    roster: Roster
    store: Store
    metrics: Metrics
    socket: Callable[[], SocketState] | None = None

    async def problems(self) -> Mapping[str, str]:
        """A sentence for each part that is not ready; empty if answers are taken and kept."""
        found = {
            "database": await self._database(),
            "disk": self._disk(),
            "slack": self._slack(),
            "roster": self._roster(),
        }
        return {part: problem for part, problem in found.items() if problem}

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(WRITE_S):
                await self.store.check_writable()
        except StoreFault as fault:
            return str(fault)
        except TimeoutError:
            return _("The database did not take a write within {seconds} s.").format(seconds=int(WRITE_S))
        return ""

    def _disk(self) -> str:
        if self._free_bytes() >= LEAST_FREE_BYTES:
            return ""
        return _("The disk of the database is almost full.")

    def _slack(self) -> str:
        if self.socket is None:
            return ""
        state = self.socket()
        if state.connected:
            return ""
        return state.problem or _("There is no connection to Slack yet.")

    def _roster(self) -> str:
        if self.workspace.waves.current is None or self.roster.ready.is_set():
            return ""
        return _("Slack has not said yet who is in the channels of the open pulse.")

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.store.path.parent).free

    async def text(self) -> str:
        """Metrics in Prometheus' text format."""
        workspace = self.workspace
        samples = [
            Sample(
                "pulse_wave_open", "gauge", "1 while a pulse is open.", workspace.waves.current is not None
            ),
            Sample(
                "pulse_messages_undelivered",
                "gauge",
                "Channel messages that are still to be posted.",
                len(await self.store.undelivered()),
            ),
            Sample("pulse_disk_free_bytes", "gauge", "Free space beside the database.", self._free_bytes()),
        ]
        with suppress(OSError):  # somebody may be replacing the file by hand
            size = self.store.path.stat().st_size
            samples.append(Sample("pulse_database_bytes", "gauge", "Size of the database.", size))
        if self.socket is not None:
            samples += _socket_samples(self.socket())
        return self.metrics.text(samples)


def _socket_samples(state: SocketState) -> list[Sample]:
    return [
        Sample("pulse_socket_connected", "gauge", "Socket Mode connections in use.", state.connected),
        Sample(
            "pulse_socket_strangers",
            "gauge",
            "Connections of this app that are not this bot's: another copy takes taps away.",
            state.strangers,
        ),
        Sample(
            "pulse_socket_unsent_acks_total",
            "counter",
            "Acks that no connection could carry.",
            state.unsent_acks,
        ),
    ]
