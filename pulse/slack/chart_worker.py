"""Draws charts in a short-lived process of its own, so that matplotlib's 115 MB never live in the bot.

`python -m pulse.slack.chart_worker SECONDS` is that process: a pickled chart comes in on standard input, the
bytes of a PNG (of a PDF for the report for leaders) go out on standard output, and it ends. It gets no token:
its environment holds only what Python needs to find itself, fonts and a cache folder. The bot kills a worker
that takes too long, and a worker ends with its bot.
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import os
import pickle
import signal
import sys
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from pulse.core.errors import ChartNotDrawn
from pulse.views.charts import Picture, ReportPage

PNG, PDF = b"\x89PNG\r\n\x1a\n", b"%PDF-"
SEEN_BY_THE_WORKER = ("PATH", "HOME", "LANG", "TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "SYSTEMROOT")
PR_SET_PDEATHSIG = 1  # linux/prctl.h
LEEWAY_S = 5.0  # the bot kills a slow worker before the worker's own alarm does


class ChartWorker:
    """Draws each chart once: equal charts share one drawing or its failure. One worker runs at a time.

    `seconds` is how long a worker may take (its first run on a machine lists the fonts), `kept` how many
    drawings are remembered, the most recently requested ones (about 120 kB each).
    """

    def __init__(self, *, seconds: float = 30.0, kept: int = 64, worker: Sequence[str] | None = None) -> None:
        self._seconds, self._kept = seconds, kept
        own = (sys.executable, "-m", "pulse.slack.chart_worker", str(seconds + LEEWAY_S))
        self._worker = tuple(worker or own)
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._running: dict[str, asyncio.Task[bytes]] = {}
        self._turn = asyncio.Lock()

    async def draw(self, chart: Picture) -> bytes:
        """The chart as PNG, the report for leaders as PDF.

        Raises ChartNotDrawn if the worker fails, dies or takes too long.
        """
        key = hashlib.sha256(repr(chart).encode()).hexdigest()
        if key in self._drawn:
            self._drawn.move_to_end(key)
            return self._drawn[key]
        if key not in self._running:
            drawing = asyncio.create_task(self._in_turn(key, chart))
            self._running[key] = drawing
            drawing.add_done_callback(lambda _: self._running.pop(key))
        # Shielded: if somebody stops waiting, the others still get the drawing.
        return await asyncio.shield(self._running[key])

    async def _in_turn(self, key: str, chart: Picture) -> bytes:
        begins = PDF if isinstance(chart, ReportPage) else PNG
        async with self._turn:
            self._drawn[key] = drawn = await self._by_worker(pickle.dumps(chart), begins)
        while len(self._drawn) > self._kept:
            self._drawn.popitem(last=False)
        return drawn

    async def _by_worker(self, spec: bytes, begins: bytes) -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._worker,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=Path(__file__).parents[2],
                env={name: os.environ[name] for name in SEEN_BY_THE_WORKER if name in os.environ},
            )
        except OSError as error:
            raise ChartNotDrawn(str(error)) from error
        try:
            async with asyncio.timeout(self._seconds):
                drawn, said = await process.communicate(spec)
        except TimeoutError as error:
            raise ChartNotDrawn(f"no picture within {self._seconds:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0 or not drawn.startswith(begins):
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            raise ChartNotDrawn(last or f"the worker ended with {process.returncode}")
        return drawn


def main() -> None:
    """The worker: one chart in, one picture out. Its argument is how many seconds it may take."""
    end_with_parent()
    signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))
    chart = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent process, through its pipe
    from pulse.views import painting  # noqa: PLC0415 - matplotlib costs 0.9 s and 115 MB: only here

    sys.stdout.buffer.write(painting.paint(chart))


def end_with_parent() -> None:
    """Has Linux kill this process when its parent dies; on other systems only the alarm ends an orphan."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
