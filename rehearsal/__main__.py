"""`python -m rehearsal [--script FILE] [-- COMMAND …]`: an app, in another process, on the stand-in.

The command (by default `python bot.py`) is started with SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_API_URL
that lead here. A script is played, and what people see is printed; without one the page stays open.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from rehearsal.installation import ROOT
from rehearsal.script import BadLine, Play
from rehearsal.server import Rehearsal

START_SECONDS = 60.0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _start(rehearsal: Rehearsal, command: list[str], folder: str) -> asyncio.subprocess.Process:
    surroundings = os.environ | {
        "SLACK_BOT_TOKEN": rehearsal.bot_token,
        "SLACK_APP_TOKEN": rehearsal.app_token,
        "SLACK_API_URL": rehearsal.api_url,
        # Traffic that stays on this machine uses no proxy.
        "NO_PROXY": "*",
        "no_proxy": "*",
    }
    surroundings.setdefault("PULSE_DB", str(Path(folder) / "pulse.db"))
    return await asyncio.create_subprocess_exec(*command, env=surroundings, cwd=ROOT, stdout=sys.stderr)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def _connected(rehearsal: Rehearsal, process: asyncio.subprocess.Process) -> bool:
    """Whether the app has connected; false if it ended instead."""
    waits = {
        asyncio.ensure_future(rehearsal.socket_mode.connected(seconds=START_SECONDS)),
        asyncio.ensure_future(process.wait()),
    }
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in pending:
        each.cancel()
    for each in done:
        each.result()
    return process.returncode is None


async def run(script: Path | None, command: list[str], port: int) -> int:
    """Returns the exit code: 0, 1 if the app ended early, 2 if the script is wrong."""
    lines = await asyncio.to_thread(script.read_text, encoding="utf-8") if script else ""
    async with AsyncExitStack() as ending:
        folder = ending.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-"))
        rehearsal = await ending.enter_async_context(Rehearsal(port=port))
        process = await _start(rehearsal, command, folder)
        ending.push_async_callback(_stop, process)
        if not await _connected(rehearsal, process):
            sys.stderr.write(f"The app ended before it connected: {' '.join(command)}\n")
            return 1
        if script is None:
            _say(f"Open {rehearsal.url} in a browser. Ctrl+C ends it.")
            await process.wait()
            return 0
        try:
            await Play(rehearsal, _say).play(lines.splitlines())
        except BadLine as error:
            sys.stderr.write(f"{script}, {error}\n")
            return 2
        return 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description="Try an app without Slack.")
    parser.add_argument("--script", type=Path, help="what people do, line by line (see rehearsal/script.py)")
    parser.add_argument("--port", type=int, default=8765, help="of the page; the next free one if taken")
    parser.add_argument("command", nargs="*", help="how to start the app (default: python bot.py)")
    asked = parser.parse_args()
    if asked.script is not None and not asked.script.is_file():
        parser.error(f"{asked.script} is not a file")
    try:
        return asyncio.run(run(asked.script, asked.command or [sys.executable, "bot.py"], asked.port))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
