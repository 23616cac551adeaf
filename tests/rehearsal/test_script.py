"""A script of what people do is played, and what they see is written down."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from rehearsal import script
from rehearsal.script import BadLine, Play
from rehearsal.server import Rehearsal
from tests.rehearsal.test_bolt import Listeners, question

ROOT = Path(__file__).parents[2]
APP = """
import asyncio, os
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

async def main():
    web = AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    await SocketModeClient(os.environ["SLACK_APP_TOKEN"], web_client=web).connect()
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def slack(permissive_slack: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rehearsal]:
    """A workspace with a small app that responds to commands, taps and forms."""
    monkeypatch.setattr(script, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(script, "PATIENCE_SECONDS", 0.2)
    client = AsyncWebClient(permissive_slack.bot_token, base_url=permissive_slack.api_url)
    app = AsyncApp(client=client, signing_secret="s", process_before_response=True)
    listeners = Listeners([])
    app.command("/pulse")(listeners.on_command)
    app.action("yes")(listeners.on_action)
    app.options("zones")(listeners.on_options)
    app.view("setup")(listeners.on_view)
    app.view_closed("setup")(listeners.on_closed)
    handler = AsyncSocketModeHandler(app, permissive_slack.app_token)
    await handler.connect_async()
    await permissive_slack.socket_mode.connected()
    yield permissive_slack
    await handler.close_async()


async def played(slack: Rehearsal, text: str) -> list[str]:
    lines: list[str] = []
    await Play(slack, lines.append).play(text.splitlines())
    return lines


async def test_commands_forms_and_answers_are_written_down(slack: Rehearsal) -> None:
    """Each deed is shown with its doer; what only that person sees is marked so; a form shows its errors."""
    lines = await played(
        slack,
        """
        # a comment
        Ines in #marketing
        /pulse help
        /pulse setup
        fill zone = Berlin
        submit
        cancel
        """,
    )
    assert lines == [
        "> Ines Fuchs: /pulse help",
        "  #marketing (only you)",
        "    You said help",
        "> Ines Fuchs: /pulse setup",
        "  [form]",
        "    Zone [zone]",
        "> Ines Fuchs: fill zone = Berlin",
        "> Ines Fuchs: submit",
        "  zone: Another one, please.",
        "> Ines Fuchs: cancel",
    ]


async def test_buttons_are_pressed_by_their_label(slack: Rehearsal) -> None:
    """The channel's messages are shown first; the newest button is pressed; words are posted."""
    slack.workspace.post(slack.places.marketing, question("yes"))
    lines = await played(slack, "Amara in marketing\npress Yes\nGood morning\n")
    assert lines == [
        "  #marketing",
        "    ?",
        "    [Yes]",
        "> Amara Okafor: press Yes",
        "  #marketing (only you)",
        "    Noted",
        "> Amara Okafor: Good morning",
    ]
    assert [m.text for m in slack.actor("dewi").sees("marketing")] == ["?", "Good morning"]


async def test_names_dates_and_entities_are_readable(slack: Rehearsal) -> None:
    """As Slack would show them."""
    ines = slack.actor("ines").id
    text = f"R&amp;D: <@{ines}> in <#{slack.places.it}> by <!date^1795420800^{{time}}|8:00> <https://a.example|here>"
    slack.workspace.post(slack.places.marketing, {"text": text})
    lines = await played(slack, "Amara in marketing")
    assert lines == ["  #marketing", "    R&D: @ines in #it by 8:00 here"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("/pulse", "line 1, “/pulse”: begin with a line like: Ines in #marketing"),
        ("Nobody in #marketing", "line 1, “Nobody in #marketing”: there is no nobody in this workspace"),
        ("Ines in #marketing\npress Maybe", "line 2, “press Maybe”: there is no “Maybe” to press"),
        ("Ines in #marketing\nfill a = b", "line 2, “fill a = b”: there is no field a open"),
        ("Ines in #marketing\nsubmit", "line 2, “submit”: No modal is open."),
    ],
)
async def test_a_line_that_cannot_be_played_is_named(slack: Rehearsal, text: str, problem: str) -> None:
    """With its number and the reason."""
    with pytest.raises(BadLine) as caught:
        await played(slack, text)
    assert str(caught.value) == problem


async def run(*arguments: str, **surroundings: str) -> tuple[int, str, str]:
    """`python -m rehearsal` as its user runs it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "rehearsal", "--port", "0", *arguments),
        cwd=ROOT,
        env=os.environ | surroundings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_first_wave_runs_as_another_program_without_a_browser() -> None:
    """`python bot.py` finds the stand-in by its address: set up, opened, answered, closed, published."""
    code, out, err = await run("--script", "rehearsal/first_wave.txt")
    assert code == 0, err
    transcript = out.splitlines()
    deeds = [line.partition(": ")[2] for line in transcript if line.startswith(">")]
    assert deeds[-3:] == ["press Close it now", "wait Changes show from the fifth pulse", "/pulse scores"]
    assert any(line.startswith("    [image] ") for line in transcript)
    assert "  23 people answered" in transcript


async def test_an_app_that_does_not_start_is_said_so(tmp_path: Path) -> None:
    """The script says so instead of waiting."""
    path = tmp_path / "empty.txt"
    path.write_text("")
    code, _, err = await run("--script", str(path), "--", sys.executable, "-c", "raise SystemExit(3)")
    assert (code, err.splitlines()[-1].startswith("The app ended before it connected")) == (1, True)


async def test_a_script_with_a_fault_ends_with_its_line(tmp_path: Path) -> None:
    """Exit code 2 and the line."""
    path, app = tmp_path / "bad.txt", tmp_path / "app.py"
    path.write_text("Ines in #nowhere\n")
    app.write_text(APP)
    code, _, err = await run("--script", str(path), "--", sys.executable, str(app))
    assert code == 2
    assert (
        err.splitlines()[-1] == f"{path}, line 1, “Ines in #nowhere”: there is no nowhere in this workspace"
    )
