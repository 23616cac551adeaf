"""A process that forgets: nobody can dump its memory, and after a close it replaces itself.

Answers pass through this process while a wave is open, as texts and numbers that Python copies as it likes.
The keys are overwritten at the close. The answers cannot be: only a new process is sure to have forgotten
them. So the bot executes its own command line again in the first quiet minute after a close. It keeps its
process id, so a supervisor sees no restart, and it keeps the descriptors that are handed over: the lock of
the database, and in HTTP mode the socket that listens, where Slack's requests wait meanwhile.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import NoReturn

import structlog

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
"""prctl(2)."""

QUIET_S = 60.0
LATEST_S = 3600.0
"""The new process starts within this time after the close, quiet or not."""

APART_S = 600.0
"""The least time between two replacements: a process that kept ending at once would take no answers."""

LOOK_S = 1.0

REPLACED_AT = "PULSE_REPLACED_AT"
HANDED = "PULSE_HANDED_"

_log = structlog.get_logger(__name__)


def guard() -> bool:
    """Keeps memory from core files and from other processes of this user; false if the system cannot.

    The limit alone is not enough: if core_pattern is a pipe, the kernel ignores it (core(5)). A process
    that is not dumpable has no core at all, and only root may read its memory (ptrace(2)).
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except AttributeError:
        return False
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    return bool(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)


class NotReplaced(Exception):
    """The program could not be executed again: this process must end, and be started from outside."""


class Replacement:
    """Decides when the process replaces itself, once `closed` is set.

    `activity()` is a number that grows with each payload of Slack's; `busy()` says whether something is under
    way that should be finished first (a message that is due, a wave about to open).
    """

    def __init__(
        self,
        *,
        closed: asyncio.Event,
        activity: Callable[[], int],
        busy: Callable[[], Awaitable[bool]],
        quiet_s: float = QUIET_S,
        latest_s: float = LATEST_S,
        not_before: float = 0.0,
        look_s: float = LOOK_S,
    ) -> None:
        self._activity, self._busy = activity, busy
        self._quiet_s, self._latest_s, self._look_s = quiet_s, latest_s, look_s
        self._not_before, self._closed = not_before, closed
        self.is_due = False

    async def due(self) -> None:
        """Returns in the first quiet minute after a close, or at the latest moment; `is_due` is set then."""
        await self._closed.wait()
        await self._quiet()
        self.is_due = True

    async def _quiet(self) -> None:
        now = time.monotonic()
        latest, quiet_since, seen = now + self._latest_s, now, self._activity()
        while now < latest:
            if self._activity() != seen or await self._busy():
                quiet_since, seen = now, self._activity()
            if now - quiet_since >= self._quiet_s and now >= self._not_before:
                return
            await asyncio.sleep(self._look_s)
            now = time.monotonic()
        _log.info("no quiet minute since the close")


def not_before(environment: Mapping[str, str]) -> float:
    """The monotonic second from which on this process may replace itself; 0 after an ordinary start."""
    try:
        return float(environment[REPLACED_AT]) + APART_S
    except (KeyError, ValueError):
        return 0.0


def replace(handed: Mapping[str, int]) -> NoReturn:
    """Executes this process's command line again, in its place.

    `handed` are descriptors that the new process takes over, by name; all others close. To be called when
    everything else is closed: other threads end here. Raises NotReplaced.
    """
    environment = dict(os.environ)
    environment[REPLACED_AT] = str(time.monotonic())
    for name, descriptor in handed.items():
        os.set_inheritable(descriptor, True)
        environment[HANDED + name] = str(descriptor)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - itself
    except OSError as error:
        raise NotReplaced(f"This process could not replace itself ({error}). Start it again.") from error


def handed_over(name: str, environment: MutableMapping[str, str]) -> int | None:
    """The descriptor that the process before this one handed over, once; None if there is none."""
    try:
        descriptor = int(environment.pop(HANDED + name, ""))
        os.set_inheritable(descriptor, False)
    except (ValueError, OSError):
        return None
    return descriptor
