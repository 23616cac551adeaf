"""Draws charts in a short-lived process of its own, so that matplotlib's 115 MB never live in the bot.

`python -m pulse.slack.chart_worker` is that process: a pickled chart comes in on standard input, PNG bytes go
out on standard output, and it ends. It is given no token: of the environment it sees only what finding
Python, fonts and a cache folder needs.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from pulse.core.errors import ChartNotDrawn
from pulse.views.charts import Chart

PNG = b"\x89PNG\r\n\x1a\n"
SEEN_BY_THE_WORKER = ("PATH", "HOME", "LANG", "TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "SYSTEMROOT")


class ChartWorker:
    """Draws each chart once: equal charts share one drawing, one worker runs at a time.

    `seconds` is how long a worker may take (its first run on a machine lists the fonts), `kept` how many
    drawings are remembered, the most recently asked for (about 120 kB each).
    """

    def __init__(self, *, seconds: float = 30.0, kept: int = 64, worker: Sequence[str] | None = None) -> None:
        self._seconds, self._kept = seconds, kept
        self._worker = tuple(worker or (sys.executable, "-m", "pulse.slack.chart_worker"))
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._turn = asyncio.Lock()

    async def draw(self, chart: Chart) -> bytes:
        """The chart as PNG. Raises ChartNotDrawn where the worker fails, dies or takes too long."""
        key = hashlib.sha256(repr(chart).encode()).hexdigest()
        async with self._turn:
            if key not in self._drawn:
                self._drawn[key] = await self._by_worker(pickle.dumps(chart))
                while len(self._drawn) > self._kept:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return self._drawn[key]

    async def _by_worker(self, spec: bytes) -> bytes:
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
                png, said = await process.communicate(spec)
        except TimeoutError as error:
            raise ChartNotDrawn(f"no picture within {self._seconds:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0 or not png.startswith(PNG):
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            raise ChartNotDrawn(last or f"the worker ended with {process.returncode}")
        return png


def main() -> None:
    """The worker: one chart in, one picture out."""
    chart = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent process, through its pipe
    from pulse.views import painting  # noqa: PLC0415 - matplotlib costs 0.9 s and 115 MB: only here

    sys.stdout.buffer.write(painting.paint(chart))


if __name__ == "__main__":
    main()
