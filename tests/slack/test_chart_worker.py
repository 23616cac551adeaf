"""The worker process that draws: once, within its time, and never in the bot."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from pulse.core.errors import ChartNotDrawn
from pulse.slack.chart_worker import ChartWorker
from pulse.views.charts import ResultsChart
from pulse.views.painting import paint

CHART = ResultsChart("Results of 20 November 2026", (), "A footer")


def pretend(code: str) -> tuple[str, ...]:
    """A worker that runs `code` instead of drawing."""
    return (sys.executable, "-c", code)


async def test_the_worker_draws_what_the_chart_says() -> None:
    """A picture made by the worker is, byte for byte, the one that the chart makes."""
    assert await ChartWorker().draw(CHART) == paint(CHART)


async def test_equal_charts_are_drawn_once(tmp_path: Path) -> None:
    """Three people who ask for the same chart at the same time cost one drawing."""
    log = tmp_path / "runs"
    code = (
        f"import sys; open({str(log)!r}, 'a').write('x'); sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')"
    )
    chart_worker = ChartWorker(worker=pretend(code))
    await asyncio.gather(*(chart_worker.draw(ResultsChart("Same", (), "")) for _ in range(3)))
    await chart_worker.draw(ResultsChart("Other", (), ""))
    assert log.read_text() == "xx"


async def test_only_so_many_drawings_are_kept(tmp_path: Path) -> None:
    """The memory is bounded: the drawing that was asked for longest ago is drawn again."""
    log = tmp_path / "runs"
    code = (
        f"import sys; open({str(log)!r}, 'a').write('x'); sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')"
    )
    chart_worker = ChartWorker(kept=1, worker=pretend(code))
    for title in ("one", "two", "two", "one"):
        await chart_worker.draw(ResultsChart(title, (), ""))
    assert log.read_text() == "xxx"


async def test_a_worker_that_dies_is_said() -> None:
    """A killed worker is an error with a reason; the sentence promises the words without the picture."""
    with pytest.raises(ChartNotDrawn, match="said in words") as caught:
        await ChartWorker(worker=pretend("import os; os.kill(os.getpid(), 9)")).draw(CHART)
    assert caught.value.reason == "the worker ended with -9"


async def test_a_worker_that_raises_is_said() -> None:
    """The last line of what the worker said is the reason for the log."""
    with pytest.raises(ChartNotDrawn) as caught:
        await ChartWorker(worker=pretend("raise ValueError('no ink')")).draw(CHART)
    assert caught.value.reason == "ValueError: no ink"


async def test_nonsense_instead_of_a_picture_is_refused() -> None:
    """What does not begin like a PNG is never posted."""
    with pytest.raises(ChartNotDrawn):
        await ChartWorker(worker=pretend("print('hello')")).draw(CHART)


async def test_a_worker_that_is_not_there_is_said() -> None:
    """A program that cannot be started is the same error."""
    with pytest.raises(ChartNotDrawn):
        await ChartWorker(worker=("/no/such/program",)).draw(CHART)


async def test_a_slow_worker_is_ended(tmp_path: Path) -> None:
    """A worker over its time is killed, and the next chart is drawn."""
    mark = tmp_path / "second"
    code = (
        "import sys, pathlib, time\n"
        f"mark = pathlib.Path({str(mark)!r})\n"
        "if not mark.exists():\n"
        "    mark.touch(); time.sleep(600)\n"
        "sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')\n"
    )
    chart_worker = ChartWorker(seconds=2, worker=pretend(code))
    with pytest.raises(ChartNotDrawn) as caught:
        await chart_worker.draw(CHART)
    assert caught.value.reason == "no picture within 2 s"
    assert await chart_worker.draw(CHART) == b"\x89PNG\r\n\x1a\n"


async def test_the_worker_sees_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment a worker gets only what drawing needs."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    code = "import os, sys; sys.exit('SLACK_BOT_TOKEN' in os.environ and 'seen' or 'not seen')"
    with pytest.raises(ChartNotDrawn) as caught:
        await ChartWorker(worker=pretend(code)).draw(CHART)
    assert caught.value.reason == "not seen"
