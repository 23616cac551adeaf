"""The worker process that draws: once, within its time, and never in the bot."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path

import pytest

from pulse.core.errors import ChartNotDrawn
from pulse.slack.chart_worker import PNG, ChartWorker
from pulse.views.charts import CompactChart, ReportPage, TrendChart
from pulse.views.painting import paint

ROOT = Path(__file__).parents[2]
CHART = TrendChart(title="Trust", scale="share who agree", moments=(), footer="A footer")


def titled(title: str) -> TrendChart:
    return TrendChart(title=title, scale="", moments=(), footer="")


def pretend(code: str) -> tuple[str, ...]:
    """A worker that runs `code` instead of drawing."""
    return (sys.executable, "-c", code)


async def test_the_worker_draws_what_the_chart_says() -> None:
    """A picture made by the worker is, byte for byte, the one that the chart makes."""
    assert await ChartWorker().draw(CHART) == paint(CHART)


async def test_the_report_for_leaders_is_a_page() -> None:
    """The worker makes a PDF of it, and a picture in its place is refused."""
    nothing = CompactChart(title="", panels=(), days={}, study_label="study")
    page = ReportPage(title="Marketing and IT", finding="", period="", panels=nothing, passages=())
    assert await ChartWorker().draw(page) == paint(page)
    assert paint(page).startswith(b"%PDF-")
    with pytest.raises(ChartNotDrawn):
        await ChartWorker(worker=pretend(f"import sys; sys.stdout.buffer.write({PNG!r})")).draw(page)


async def test_equal_charts_are_drawn_once(tmp_path: Path) -> None:
    """Three people who ask for the same chart at the same time cost one drawing."""
    log = tmp_path / "runs"
    code = (
        f"import sys; open({str(log)!r}, 'a').write('x'); sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')"
    )
    chart_worker = ChartWorker(worker=pretend(code))
    await asyncio.gather(*(chart_worker.draw(titled("Same")) for _ in range(3)))
    await chart_worker.draw(titled("Other"))
    assert log.read_text() == "xx"


async def test_only_so_many_drawings_are_kept(tmp_path: Path) -> None:
    """The memory is bounded: the drawing that was asked for longest ago is drawn again."""
    log = tmp_path / "runs"
    code = (
        f"import sys; open({str(log)!r}, 'a').write('x'); sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')"
    )
    chart_worker = ChartWorker(kept=1, worker=pretend(code))
    for title in ("one", "two", "two", "one"):
        await chart_worker.draw(titled(title))
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
    """A worker over its time is killed: no process is left of it, and the next chart is drawn."""
    mark = tmp_path / "second"
    code = (
        "import os, sys, pathlib, time\n"
        f"mark = pathlib.Path({str(mark)!r})\n"
        "if not mark.exists():\n"
        "    mark.write_text(str(os.getpid())); time.sleep(600)\n"
        "sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')\n"
    )
    chart_worker = ChartWorker(seconds=2, worker=pretend(code))
    with pytest.raises(ChartNotDrawn) as caught:
        await chart_worker.draw(CHART)
    assert caught.value.reason == "no picture within 2 s"
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    assert await chart_worker.draw(CHART) == b"\x89PNG\r\n\x1a\n"


async def test_a_hang_reaches_everybody_who_waits(tmp_path: Path) -> None:
    """Three people who wait for a chart that hangs get the error together, after one worker's time."""
    log = tmp_path / "runs"
    code = f"import time; open({str(log)!r}, 'a').write('x'); time.sleep(600)"
    chart_worker = ChartWorker(seconds=2, worker=pretend(code))
    told = await asyncio.gather(*(chart_worker.draw(CHART) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in told] == [ChartNotDrawn] * 3
    assert log.read_text() == "x"


async def test_who_stops_waiting_does_not_take_the_chart_from_the_others(tmp_path: Path) -> None:
    """One of two who wait for a chart leaves; the other gets it, drawn once."""
    log, leave = tmp_path / "runs", tmp_path / "leave"
    os.mkfifo(leave)
    code = (
        f"import sys; open({str(log)!r}, 'a').write('x'); open({str(leave)!r}).read();"
        "sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')"
    )
    chart_worker = ChartWorker(worker=pretend(code))
    first, second = (asyncio.create_task(chart_worker.draw(CHART)) for _ in range(2))
    with await asyncio.to_thread(leave.open, "w"):
        first.cancel()
        await asyncio.wait([first])
    assert await second == b"\x89PNG\r\n\x1a\n"
    assert (first.cancelled(), log.read_text()) == (True, "x")


BOT_WITH_A_HANGING_CHART = """
import asyncio, signal, sys
from pulse.slack.chart_worker import ChartWorker

class Hangs:
    def __reduce__(self):
        pipe = f"pipe = open({sys.argv[1]!r}, 'w', 1)"
        return exec, (f"import os, time; {pipe}; print(os.getpid(), file=pipe); time.sleep(600)",)

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    drawing = asyncio.create_task(ChartWorker().draw(Hangs()))
    await stop.wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere an orphan ends by its alarm, see below")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_no_worker_outlives_its_bot(tmp_path: Path, end: signal.Signals) -> None:
    """A bot that is stopped, or killed, in the middle of a chart leaves no worker behind."""
    alive = tmp_path / "alive"
    os.mkfifo(alive)  # the worker holds its end open while it lives
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT_WITH_A_HANGING_CHART, str(alive), cwd=ROOT
    )
    with await asyncio.to_thread(alive.open) as pipe:
        worker = int(await asyncio.to_thread(pipe.readline))
        bot.send_signal(end)
        try:
            async with asyncio.timeout(20):
                assert await asyncio.to_thread(pipe.read) == ""
        finally:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
    await bot.wait()


async def test_a_worker_ends_by_its_own_alarm() -> None:
    """A worker that nobody kills ends after the seconds it was given."""
    hangs = b"cbuiltins\nexec\n(Vimport time; time.sleep(600)\ntR."
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pulse.slack.chart_worker", "0.2", stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    async with asyncio.timeout(20):
        await worker.communicate(hangs)
    assert worker.returncode == -signal.SIGALRM


async def test_the_worker_sees_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment a worker gets only what drawing needs."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    code = "import os, sys; sys.exit('SLACK_BOT_TOKEN' in os.environ and 'seen' or 'not seen')"
    with pytest.raises(ChartNotDrawn) as caught:
        await ChartWorker(worker=pretend(code)).draw(CHART)
    assert caught.value.reason == "not seen"
