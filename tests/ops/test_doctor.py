"""doctor: each thing that can be wrong is found, and its fix is named."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import create_app, main
from pulse.core.calendar import Moments
from pulse.core.model import Side
from pulse.core.schedule import Repeat, Schedule, Weekday
from pulse.ops import doctor
from pulse.ops.doctor import Check, Doctor, State, healthy
from pulse.ops.settings import Settings
from pulse.slack.web_api import OPTIONAL_SCOPES, SCOPES
from pulse.storage.library import load_library
from pulse.storage.sqlite.store import NewWave, Setup, Store
from rehearsal.manifest import read
from rehearsal.objects import BOT_USER
from rehearsal.server import ROOT, Rehearsal
from tests.process import bot, tokens


def now() -> datetime:
    return datetime.now(UTC)


def settings(folder: Path, slack: Rehearsal | None = None, **others: Any) -> Settings:
    """Settings for a database in the folder, with the tokens of the stand-in if one is given."""
    given: dict[str, Any] = {"_env_file": None, "pulse_db": folder / "pulse.db"}
    if slack is not None:
        given |= {name.lower(): value for name, value in tokens(slack).items()}
    return Settings(**{**given, **others})


async def set_up(slack: Rehearsal, folder: Path, minimum: int = 5, results: tuple[str, ...] = ()) -> None:
    """A weekly pulse in the stand-in's two channels, saved in the folder's database."""
    assert slack.places is not None
    schedule = Schedule(Repeat.WEEKLY, Weekday.TUESDAY, time(9), "Europe/Berlin", date(2020, 1, 7))
    channels = {Side.MARKETING: (slack.places.marketing,), Side.IT: (slack.places.it,)}
    store = Store.open(folder / "pulse.db")
    await store.save_setup(
        Setup(
            schedule=schedule.as_record(),
            items=4,
            minimum=minimum,
            since=now(),
            channels=channels,
            results=results,
        ),
        now(),
        "set up",
    )
    store.close()


async def examine(given: Settings, clock: Callable[[], datetime] = now) -> tuple[Check, ...]:
    return await Doctor(given, clock).examine()


def faults(checks: tuple[Check, ...]) -> dict[str, Check]:
    found = {check.name: check for check in checks if check.state is State.FAULT}
    assert all(check.fix for check in found.values()), "each fault names its fix"
    assert healthy(checks) is not bool(found)
    return found


async def left_open(slack: Rehearsal, folder: Path) -> Path:
    """A database with an open wave, whose bot is stopped; returns its key file."""
    await set_up(slack, folder)
    moments = Moments(date(2026, 3, 3), now(), (), now() + timedelta(days=3))
    store = Store.open(folder / "pulse.db")
    await store.start_wave(
        NewWave(
            cadence="hand",
            moments=moments,
            opened_at=now(),
            minimum=5,
            token="00112233445566aa",
            items=load_library(None).bank.items[:2],
            roster={},
            channels={},
        ),
        "opened",
    )
    store.close()
    return folder / "pulse.db-keys" / "00112233445566aa.key"


async def test_an_open_waves_key_is_looked_at_and_left_alone(slack: Rehearsal, tmp_path: Path) -> None:
    """A good key is not a fault; a damaged or missing one is, and the fix is named."""
    key = await left_open(slack, tmp_path)
    whole = key.read_bytes()
    assert faults(await examine(settings(tmp_path, slack))) == {}
    assert key.read_bytes() == whole
    key.write_bytes(whole[:-1])
    assert "damaged" in faults(await examine(settings(tmp_path, slack)))["keys"].says
    key.unlink()
    found = faults(await examine(settings(tmp_path, slack)))["keys"]
    assert str(key) in found.says
    assert "/pulse close" in found.fix


async def test_keys_beside_the_database_are_a_note(slack: Rehearsal, tmp_path: Path) -> None:
    """The default is harmless unless somebody copies the folder, so it is not a fault."""
    await left_open(slack, tmp_path)
    notes = [check.says for check in await examine(settings(tmp_path, slack)) if check.state is State.NOTE]
    assert [said for said in notes if str(tmp_path / "pulse.db-keys") in said] == [
        f"{tmp_path / 'pulse.db-keys'} is beside the database: a copy of {tmp_path} made during a pulse tells"
        " who answered what."
    ]


async def test_a_missing_secret_is_told_where_codes_need_it(slack: Rehearsal, tmp_path: Path) -> None:
    """Without managers or opt-outs no secret is needed."""
    await set_up(slack, tmp_path)
    assert faults(await examine(settings(tmp_path, slack))) == {}
    store = Store.open(tmp_path / "pulse.db")
    await store.make_secret(bytes(32))
    await store.set_wish(b"code", "manager", True, now(), "named")
    store.close()
    assert faults(await examine(settings(tmp_path, slack))) == {}
    (tmp_path / "pulse.db-keys" / "installation-secret").unlink()
    assert "installation-secret" in faults(await examine(settings(tmp_path, slack)))["keys"].fix


async def test_what_others_can_read_is_told_with_the_command_that_closes_it(
    slack: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database, its key folder, and the file of tokens in the folder where the bot is started."""
    await set_up(slack, tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").touch(mode=0o600)
    assert faults(await examine(settings(tmp_path, slack))) == {}
    for path in (tmp_path / "pulse.db", tmp_path / "pulse.db-keys", Path(".env")):
        before = path.stat().st_mode
        path.chmod(before | 0o044)
        assert (
            faults(await examine(settings(tmp_path, slack)))["keys"].fix == f"Close it: chmod go-rwx {path}"
        )
        path.chmod(before)


async def test_all_is_well_with_a_bot_that_is_set_up(slack: Rehearsal, tmp_path: Path) -> None:
    """No fault, and the next three pulses with their weekdays."""
    await set_up(slack, tmp_path)
    checks = await examine(settings(tmp_path, slack))
    assert faults(checks) == {}
    [schedule] = [check for check in checks if check.name == "schedule"]
    assert schedule.says.count("Tue ") == 3
    [marketing] = [check for check in checks if check.name == "Marketing"]
    assert "16 can be asked" in marketing.says


async def test_the_scopes_that_are_needed_are_those_of_the_manifest() -> None:
    """doctor expects the scopes that the manifest asks for."""
    asked = read(ROOT / "manifest.yml")
    assert (asked.scopes, asked.optional) == (SCOPES | OPTIONAL_SCOPES, OPTIONAL_SCOPES)


async def test_declined_scopes_are_no_fault(slack: Rehearsal, tmp_path: Path) -> None:
    """A note says what the bot cannot do without them."""
    await set_up(slack, tmp_path)
    slack.scopes = slack.scopes - OPTIONAL_SCOPES
    checks = await examine(settings(tmp_path, slack))
    assert faults(checks) == {}
    [said] = [check for check in checks if check.name == "permissions"]
    assert (said.state, "history" in said.says) == (State.NOTE, True)


async def test_no_tokens(tmp_path: Path) -> None:
    """The bot would rehearse, and a server should not."""
    found = faults(await examine(settings(tmp_path)))
    assert "SLACK_BOT_TOKEN" in found["mode"].fix


async def test_some_tokens(tmp_path: Path) -> None:
    """The missing one is named."""
    found = faults(
        await examine(settings(tmp_path, slack_app_token="xapp-1", slack_api_url="http://127.0.0.1:9"))
    )
    assert "SLACK_BOT_TOKEN is not set" in found["mode"].fix


async def test_wrong_tokens(slack: Rehearsal, tmp_path: Path) -> None:
    """Slack is asked about both, and neither is printed."""
    wrong = settings(tmp_path, slack, slack_bot_token="xoxb-secretive", slack_app_token="xapp-secretive")
    checks = await examine(wrong)
    found = faults(checks)
    assert "does not accept" in found["bot token"].fix
    assert "connections:write" in found["Socket Mode"].fix
    assert "secretive" not in doctor.as_text(checks) + doctor.as_json(checks)


async def test_slack_out_of_reach(tmp_path: Path) -> None:
    """The fix is about network, proxy or address, not the token."""
    away = settings(
        tmp_path, slack_bot_token="xoxb-1", slack_signing_secret="s", slack_api_url="http://127.0.0.1:9"
    )
    assert "SLACK_API_URL" in faults(await examine(away))["bot token"].fix


async def test_socket_mode_switched_off(slack: Rehearsal, tmp_path: Path) -> None:
    """The switch is named."""
    slack.fail("apps.connections.open", "link_disabled")
    assert "switch it on" in faults(await examine(settings(tmp_path, slack)))["Socket Mode"].fix


@pytest.mark.parametrize("scope", ["chat:write", "groups:read"])
async def test_a_missing_scope(scope: str, slack: Rehearsal, tmp_path: Path) -> None:
    """It is named, and the manifest is the fix."""
    slack.scopes = slack.scopes - {scope}
    found = faults(await examine(settings(tmp_path, slack)))["permissions"]
    assert scope in found.says
    assert "manifest.yml" in found.fix


async def test_a_scope_too_many_is_no_fault(slack: Rehearsal, tmp_path: Path) -> None:
    """A note names it, because fewer scopes are better."""
    slack.scopes = slack.scopes | {"channels:join"}
    checks = await examine(settings(tmp_path, slack))
    assert "permissions" not in faults(checks)
    assert any("channels:join" in check.says for check in checks)


async def test_the_bot_outside_a_channel(slack: Rehearsal, tmp_path: Path) -> None:
    """The channel is named, and how to invite the bot."""
    await set_up(slack, tmp_path)
    assert slack.places is not None
    slack.workspace.leave(slack.places.it, BOT_USER)
    found = faults(await examine(settings(tmp_path, slack)))
    assert "/invite" in found[f"channel {slack.places.it}"].fix


async def test_an_archived_channel(slack: Rehearsal, tmp_path: Path) -> None:
    """A channel for the results is checked, too."""
    assert slack.places is not None
    await set_up(slack, tmp_path, results=(slack.places.private,))
    slack.workspace.channel(slack.places.private).archived = True
    found = faults(await examine(settings(tmp_path, slack)))
    assert "archive" in found[f"channel {slack.places.private}"].fix


async def test_a_channel_shared_with_another_company(slack: Rehearsal, tmp_path: Path) -> None:
    """Strangers would read the results: doctor asks for another channel."""
    assert slack.places is not None
    await set_up(slack, tmp_path)
    slack.workspace.channel(slack.places.it).shared = True
    found = faults(await examine(settings(tmp_path, slack)))
    assert "another company" in found[f"channel {slack.places.it}"].fix


async def test_too_few_people(slack: Rehearsal, tmp_path: Path) -> None:
    """Results would never be shown: 14 people and a minimum of 15."""
    await set_up(slack, tmp_path, minimum=15)
    found = faults(await examine(settings(tmp_path, slack)))
    assert set(found) == {"IT"}
    assert "/pulse setup" in found["IT"].fix


@pytest.mark.parametrize(("off", "way"), [(300, "ahead of"), (-300, "behind")])
async def test_a_clock_five_minutes_off(off: int, way: str, slack: Rehearsal, tmp_path: Path) -> None:
    """Measured by Slack's responses: signatures would be refused, and pulses open at the wrong minute."""
    found = faults(await examine(settings(tmp_path, slack), lambda: now() + timedelta(seconds=off)))
    assert way in found["clock"].says
    assert "NTP" in found["clock"].fix


async def test_a_database_that_is_damaged(slack: Rehearsal, tmp_path: Path) -> None:
    """Found by reading all of it; a backup fixes it."""
    await set_up(slack, tmp_path)
    path = tmp_path / "pulse.db"
    data = bytearray(path.read_bytes())
    data[4096:40960] = b"\xa5" * (40960 - 4096)
    path.write_bytes(bytes(data))
    assert "backup" in faults(await examine(settings(tmp_path)))["database"].fix


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Somebody's letter is not touched."""
    (tmp_path / "pulse.db").write_text("Dear Sir or Madam, " * 100)
    assert "database" in faults(await examine(settings(tmp_path)))
    assert (tmp_path / "pulse.db").read_text().startswith("Dear Sir")


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """PULSE_DB is named."""
    assert "PULSE_DB" in faults(await examine(settings(tmp_path / "nowhere")))["database"].fix


AS_SOMEBODY_ELSE = """
import os, sys, bot
bot.main(["doctor"])  # whatever is imported late is imported now
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.stdout.flush()
print("-- now", flush=True)
sys.exit(bot.main(["doctor"]))
"""


def test_a_read_only_folder() -> None:
    """As a user who may not write there: root may write anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", AS_SOMEBODY_ELSE],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        Path(folder).chmod(0o755)
    said = done.stdout.partition("-- now")[2]
    assert "cannot be written" in said, done.stderr
    assert "make it writable for this user" in said
    assert done.returncode == 1


async def test_own_questions_with_a_fault(tmp_path: Path) -> None:
    """The row is named."""
    (tmp_path / "pulse-items.csv").write_text("id,nonsense\n1,2\n")
    assert "pulse-items.csv" in faults(await examine(settings(tmp_path)))["questions"].says


async def test_no_time_zone_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small container might have none, and no schedule could be kept."""
    monkeypatch.setattr(doctor, "available_timezones", set)
    assert "requirements.txt" in faults(await examine(settings(tmp_path)))["time zones"].fix


async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up is reported before it is full."""
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 62)
    assert "Make room" in faults(await examine(settings(tmp_path)))["disk"].fix


async def test_doctor_works_beside_a_running_bot_and_changes_nothing(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """It reads a copy in memory; the file, its log and its lock stay the bot's."""
    await set_up(slack, tmp_path)
    given = settings(tmp_path, slack)
    running = create_app(given, Store.open(tmp_path / "pulse.db"))
    await running.start()
    before = sqlite3.connect(tmp_path / "pulse.db").execute("PRAGMA data_version").fetchone()
    checks = await examine(given)
    assert faults(checks) == {}
    assert any(check.says == "A bot is running on it." for check in checks)
    assert sqlite3.connect(tmp_path / "pulse.db").execute("PRAGMA data_version").fetchone() == before
    await running.stop()


async def test_a_pause_is_no_fault(slack: Rehearsal, tmp_path: Path) -> None:
    """Somebody wanted it."""
    await set_up(slack, tmp_path)
    store = Store.open(tmp_path / "pulse.db")
    await store.pause(now(), "paused")
    store.close()
    checks = await examine(settings(tmp_path, slack))
    assert faults(checks) == {}
    assert any("Paused" in check.says for check in checks)


async def test_the_command_ends_with_1_where_something_is_wrong_and_0_where_not(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """As a process, in words and as JSON."""
    await set_up(slack, tmp_path)
    async with bot(tmp_path, "doctor", **tokens(slack)) as process:
        assert await process.ends() == 0
        assert "All is well." in process.output
        assert "xoxb" not in process.output
    slack.scopes = slack.scopes - {"commands"}
    async with bot(tmp_path, "doctor", "--json", **tokens(slack)) as process:
        assert await process.ends() == 1
        said = json.loads(process.output)
    assert said["ok"] is False
    assert {"name", "state", "says", "fix"} == set(said["checks"][0])


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The error lists the commands."""
    with pytest.raises(SystemExit) as end:
        main(["doktor"])
    assert end.value.code == 2
    assert "doctor" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "koi8-r", "utf-8"])
@pytest.mark.parametrize("words", [(), ("--json",)])
async def test_a_terminal_of_any_encoding_shows_the_findings(
    encoding: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    """A terminal that lacks an arrow or a quotation mark gets a plain one, not a traceback."""
    async with bot(tmp_path, "doctor", *words, PYTHONIOENCODING=encoding, SLACK_BOT_TOKEN="xoxb-1") as asked:
        assert await asked.ends() == 1
        assert "SLACK_APP_TOKEN" in asked.output
        assert "Traceback" not in asked.output
        if words:
            assert json.loads(asked.output)["ok"] is False


async def test_a_setting_is_refused_in_words_on_a_plain_terminal(tmp_path: Path) -> None:
    """Even if the sentence holds characters that the terminal lacks."""
    async with bot(tmp_path, "doctor", PYTHONIOENCODING="ascii", PULSE_LOG="“loud”…") as asked:
        assert await asked.ends() == 2
        assert "PULSE_LOG" in asked.output
        assert "Traceback" not in asked.output


FAULTS: dict[str, tuple[dict[str, str], int, str]] = {
    "a line break in a token": ({"SLACK_BOT_TOKEN": "xoxb-1\nxapp-2"}, 2, "line break"),
    "a dash in a token": ({"SLACK_BOT_TOKEN": "xoxb–1"}, 2, "EN DASH"),
    "one token of two": ({"SLACK_BOT_TOKEN": "xoxb-1"}, 1, "SLACK_APP_TOKEN"),
    "no tokens": ({}, 1, "SLACK_BOT_TOKEN"),
    "an unknown level": ({"PULSE_LOG": "“loud”…"}, 2, "PULSE_LOG"),
    "a database in memory": ({"PULSE_DB": ":memory:"}, 2, "PULSE_DB"),
    "another program's file": ({"PULSE_DB": "other.db"}, 1, "no database of this bot"),
    "a folder that is not there": ({"PULSE_DB": "nïrgends/→/pulse.db"}, 1, "PULSE_DB"),
    "a proxy of another kind": ({"HTTPS_PROXY": "socks5://a:1"}, 2, "HTTPS_PROXY"),
    "no certificates": ({"SSL_CERT_FILE": "nö.pem"}, 1, "SSL_CERT_FILE"),
    "a port too high": ({"PULSE_PAGE": "70000"}, 2, "PULSE_PAGE"),
}
"""What an operator gets wrong: the environment, doctor's exit code, and a word that names the cause."""


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "koi8-r", "utf-8"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_fault_is_named_on_a_terminal_of_any_encoding(
    fault: tuple[dict[str, str], int, str], encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words name the cause, whatever the terminal lacks; a file that is not ours stays as it is."""
    environment, code, word = fault
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    before = (tmp_path / "other.db").read_bytes()
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    shown = io.BytesIO()
    terminal = io.TextIOWrapper(shown, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["doctor"]) == code
    terminal.flush()
    assert word in shown.getvalue().decode(encoding)
    assert (tmp_path / "other.db").read_bytes() == before
