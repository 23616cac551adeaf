"""The bot as a process: its modes, its error sentences, its end, and what its logs must not hold."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from pulse.storage.sqlite.store import Store
from rehearsal.server import CONNECT, Rehearsal
from tests.process import Outside, bot, free_port, tokens
from tests.slack.odd_answers import ODD


async def test_with_all_tokens_the_whole_loop_runs_in_slack(slack: Rehearsal, tmp_path: Path) -> None:
    """Set up, open, answer, close: over Socket Mode, with no word of a rehearsal, and a clean end."""
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        assert "8 of 12 (67%)" in await Outside(slack).whole_loop()
        assert await process.stop() == 0
        assert "Rehearsal:" not in process.output


async def test_the_logs_hold_no_respondent_no_token_and_no_answer(slack: Rehearsal, tmp_path: Path) -> None:
    """At the most talkative level a whole loop leaves nothing in the logs that tells who answered or what."""
    async with bot(tmp_path, **tokens(slack), PULSE_LOG="debug") as process:
        await process.says("event=ready")
        outside = Outside(slack)
        await outside.whole_loop()
        await process.stop()
    assert "wave closed" in process.output
    told = [word for word in slack.workspace.people if word in process.output]
    told += [person.name for person in slack.workspace.people.values() if person.name in process.output]
    told += [word for word in ("xoxb", "xapp", "ticket-", "answer:", "gree") if word in process.output]
    assert told == []


async def test_the_address_of_slack_may_end_without_a_slash(slack: Rehearsal, tmp_path: Path) -> None:
    """SLACK_API_URL works as people write it."""
    settings = {**tokens(slack), "SLACK_API_URL": slack.api_url.rstrip("/")}
    async with bot(tmp_path, **settings) as process:
        await process.says("event=ready")
        assert await process.stop() == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET) is not set"),
        ({"PULSE_MODE": "slack"}, "SLACK_BOT_TOKEN and SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET) is not set"),
        ({"PORT": "http"}, "PORT"),
    ],
)
async def test_settings_that_cannot_work_are_said_and_end_the_process(
    settings: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    """Exit code 2 and one sentence that names the setting; no rehearsal, no traceback."""
    async with bot(tmp_path, **settings) as process:
        assert await process.ends() == 2
        assert sentence in process.output
        assert "Traceback" not in process.output
        assert "rehearsal:" not in process.output.casefold()


async def test_without_any_token_the_rehearsal_starts_and_says_so_first(tmp_path: Path) -> None:
    """The first line says that this is not Slack; SIGINT ends it cleanly."""
    async with bot(tmp_path, PULSE_LOG="error", PULSE_SAMPLE="false", PULSE_PAGE=str(free_port())) as process:
        await process.says("Ctrl+C ends it.")
        assert process.output.startswith("Rehearsal: ")
        process.process.send_signal(signal.SIGINT)
        assert await process.ends() == 0


async def test_an_acked_tap_survives_a_kill(slack: Rehearsal, tmp_path: Path) -> None:
    """Killed without warning after an ack, the bot has the answer when it starts again."""
    outside = Outside(slack)
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        await outside.set_up()
        poll = (await outside.open())[outside.it]
        person = outside.people(outside.it)[0]
        await outside.answer(person, poll, "5")
        process.process.kill()
        assert await process.ends() == -signal.SIGKILL
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        shown = await outside.says(person, "/pulse privacy", outside.it)
        assert "Strongly agree" in str(shown.blocks)


async def test_taps_on_their_way_at_the_end_are_kept_if_they_are_acked(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """SIGTERM in a storm of taps: the process ends with 0, and the file holds every acked answer."""
    outside = Outside(slack)
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        await outside.set_up()
        poll = (await outside.open())[outside.it]
        slack.post.ack_seconds = 1.0
        taps = [
            asyncio.create_task(outside.answer(who, poll, "4")) for who in outside.people(outside.it)[:12]
        ]
        await outside.until(lambda: len(slack.post.deliveries) > 8)
        assert await process.stop() == 0
        acked = sum(
            not isinstance(result, BaseException)
            for result in await asyncio.gather(*taps, return_exceptions=True)
        )
    store = Store.open(tmp_path / "pulse.db")
    answers = sum((await store.answered(1, bool)).values())
    store.close()
    assert acked <= answers <= 12


async def test_a_database_that_cannot_be_written_is_said(slack: Rehearsal, tmp_path: Path) -> None:
    """A path under a file is not writable, not even for root."""
    (tmp_path / "file").touch()
    settings = {**tokens(slack), "PULSE_DB": str(tmp_path / "file" / "pulse.db")}
    async with bot(tmp_path, **settings) as process:
        assert await process.ends() == 2
        assert "cannot be written" in process.output
        assert "PULSE_DB" in process.output
        assert "Traceback" not in process.output


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive"])
async def test_a_bot_token_that_slack_refuses_ends_the_start(
    code: str, slack: Rehearsal, tmp_path: Path
) -> None:
    """Trying again is of no use, so the process ends with 2 and says what to fix."""
    slack.fail("auth.test", code, times=None)
    async with bot(tmp_path, **tokens(slack)) as process:
        assert await process.ends() == 2
        assert "SLACK_BOT_TOKEN" in process.output
        assert "Traceback" not in process.output


async def test_an_app_token_that_slack_refuses_ends_the_start(slack: Rehearsal, tmp_path: Path) -> None:
    """The sentence names SLACK_APP_TOKEN and its scope."""
    async with bot(tmp_path, **{**tokens(slack), "SLACK_APP_TOKEN": "xapp-wrong"}) as process:
        assert await process.ends() == 2
        assert "connections:write" in process.output


async def test_a_bot_token_revoked_while_the_bot_runs_ends_it(slack: Rehearsal, tmp_path: Path) -> None:
    """After the first refused call the bot asks once more; then the process ends with its sentence."""
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        slack.bot_token = "xoxb-new"
        await slack.actor("ines").command("/pulse setup", Outside(slack).marketing)
        assert await process.ends() == 2
        assert "does not accept the bot's token" in process.output


async def test_socket_mode_switched_off_while_the_bot_runs_ends_it(slack: Rehearsal, tmp_path: Path) -> None:
    """Slack says link_disabled and no reconnecting helps: the process must not look alive."""
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        await slack.socket_mode.refresh("link_disabled")
        assert await process.ends() == 2
        assert "Socket Mode is switched off" in process.output


async def test_slack_being_down_at_the_start_is_waited_out(slack: Rehearsal, tmp_path: Path) -> None:
    """A server error is no reason to give up: the bot asks again until Slack is there."""
    slack.fail("auth.test", 503, times=5)
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("Slack not reached yet")
        await process.says("event=ready")
        assert await process.stop() == 0


async def test_odd_answers_at_the_start_and_at_a_renewal_end_nothing(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """A load balancer's plain text, a list, a wait of half a second: no traceback, and taps are taken."""

    def trouble(method: str) -> None:
        for kind in ("text under 503", "a list", "text of bytes that are no text"):
            slack.fail(method, **ODD[kind])
        slack.fail(method, 429, retry_after="0.5")

    trouble("auth.test")
    trouble(CONNECT)
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        outside = Outside(slack)
        await outside.set_up()
        poll = (await outside.open())[outside.it]
        trouble(CONNECT)
        await slack.socket_mode.refresh(close_after=0.0)
        await slack.socket_mode.connected(since=1, seconds=30.0)
        await outside.answer(outside.people(outside.it)[0], poll, "4")
        assert await process.stop() == 0
        assert "Traceback" not in process.output


async def test_while_it_waits_for_slack_the_bot_can_be_stopped(tmp_path: Path) -> None:
    """SIGTERM ends it with 0 before it was ever connected."""
    settings = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": "http://127.0.0.1:9/",
    }
    async with bot(tmp_path, **settings) as process:
        await process.says("Slack not reached yet")
        assert await process.stop() == 0


async def test_a_second_bot_on_the_same_database_does_not_start(slack: Rehearsal, tmp_path: Path) -> None:
    """It says that another one is running, and the first one goes on."""
    async with bot(tmp_path, **tokens(slack)) as first:
        await first.says("event=ready")
        async with bot(tmp_path, **tokens(slack)) as second:
            assert await second.ends() == 2
            assert "Another bot is running" in second.output
        assert await first.stop() == 0


async def test_a_second_copy_that_takes_taps_away_is_told_to_the_managers(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """Perhaps on another server: each greeting from Slack counts its connection too."""
    (tmp_path / "elsewhere").mkdir()
    manager = slack.actor("ines")
    async with (
        bot(tmp_path / "elsewhere", **tokens(slack)) as other,
        bot(tmp_path, **tokens(slack)) as process,
    ):
        await other.says("event=ready")
        await process.says("event=ready")
        await slack.socket_mode.refresh()
        await Outside(slack).until(lambda: manager.dms)
        assert "Another copy of this app is connected" in manager.dms[0].text
