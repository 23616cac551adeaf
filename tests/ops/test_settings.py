"""The settings: which mode they select, and the error if they select none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulse.core.errors import SettingsFault
from pulse.ops.settings import Mode, Settings, mode_of, read_settings


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


BOT, APP, SECRET = "slack_bot_token", "slack_app_token", "slack_signing_secret"


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ({}, Mode.REHEARSAL),
        ({BOT: "xoxb-1", APP: "xapp-1"}, Mode.SOCKET),
        ({BOT: "xoxb-1", SECRET: "s"}, Mode.HTTP),
        ({BOT: "xoxb-1", APP: "xapp-1", SECRET: "s"}, Mode.SOCKET),
        ({BOT: "xoxb-1", APP: "xapp-1", "pulse_mode": "rehearsal"}, Mode.REHEARSAL),
        ({BOT: "xoxb-1", "pulse_mode": "rehearsal"}, Mode.REHEARSAL),
        ({BOT: "xoxb-1", APP: "xapp-1", "pulse_mode": "slack"}, Mode.SOCKET),
    ],
)
def test_the_tokens_make_the_mode(given: dict[str, str], mode: Mode) -> None:
    """All tokens of a mode: Slack. None: the rehearsal. PULSE_MODE=rehearsal always rehearses."""
    assert mode_of(settings(**given)) is mode


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({BOT: "xoxb-1"}, r"SLACK_APP_TOKEN \(or SLACK_SIGNING_SECRET\) is not set"),
        ({APP: "xapp-1"}, "SLACK_BOT_TOKEN is not set"),
        ({SECRET: "s"}, "SLACK_BOT_TOKEN is not set"),
        ({APP: "xapp-1", SECRET: "s"}, "SLACK_BOT_TOKEN is not set"),
        ({"pulse_mode": "slack"}, "SLACK_BOT_TOKEN and SLACK_APP_TOKEN"),
        ({BOT: "xapp-1", APP: "xoxb-1"}, "swapped"),
        ({BOT: "xapp-1", SECRET: "s"}, "swapped"),
    ],
)
def test_some_tokens_are_an_error_that_names_the_missing_one(given: dict[str, str], named: str) -> None:
    """A server that lost a token must not look alive in a rehearsal."""
    with pytest.raises(SettingsFault, match=named):
        mode_of(settings(**given))


def test_an_empty_setting_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """`SLACK_APP_TOKEN=` in a .env made from the example."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLACK_APP_TOKEN", "")
    monkeypatch.setenv("PORT", "")
    assert (read_settings().slack_app_token, read_settings().port) == ("", 3000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("PULSE_LOG", "loud"),
        ("PULSE_MODE", "production"),
        ("PULSE_HEALTH_PORT", "-1"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """By the name that is written in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsFault, match=name):
        read_settings()


def test_a_wrong_setting_in_a_file_does_not_print_the_tokens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Neither the sentence nor the settings' own text holds them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-hidden\nPORT=http\n")
    with pytest.raises(SettingsFault) as fault:
        read_settings()
    assert "hidden" not in str(fault.value)
    assert "hidden" not in repr(settings(**{BOT: "xoxb-hidden", APP: "xapp-hidden", SECRET: "hidden"}))


@pytest.mark.parametrize(
    "address", ["https://slack.com/api", "https://slack.com/api/", "https://slack.com/api//"]
)
def test_the_api_address_ends_with_one_slash(address: str) -> None:
    """The SDK puts the method right behind it."""
    assert settings(slack_api_url=address).api_url == "https://slack.com/api/"


# What people type, and what they mean


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder without `.env`, and an environment without settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


TYPED = {
    "a line break at the end": "xoxb-1-a\n",
    "a carriage return": "xoxb-1-a\r",
    "spaces": "  xoxb-1-a \t",
    "no-break spaces": "\u00a0xoxb-1-a\u00a0",
    "double quotes": '"xoxb-1-a"',
    "single quotes": "'xoxb-1-a'",
    "typographic quotes": "“xoxb-1-a”",
    "German quotes": "„xoxb-1-a“",
    "backticks": "`xoxb-1-a`",
    "Bearer": "Bearer xoxb-1-a",
    "bearer in quotes": '"bearer  xoxb-1-a"',
    "a zero-width space": "xoxb-1\u200b-a",
    "a byte order mark": "\ufeffxoxb-1-a",
    "a soft hyphen": "xoxb-\u00ad1-a",
    "a mark of direction": "\u200exoxb-1-a",
}


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"])
def test_what_cannot_be_part_of_a_token_is_taken_off(
    name: str, typed: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These once caused tracebacks, or 401 for ever."""
    monkeypatch.setenv(name, typed)
    assert getattr(read_settings(), name.lower()) == "xoxb-1-a"


@pytest.mark.parametrize(
    ("typed", "character"),
    [
        ("xoxb-1\nxapp-2", "character 7 is a line break"),
        ("xoxb-1 2", "a space"),
        ("xoxb\u20131", r"EN DASH \(U\+2013\)"),
        ("xoxb-\u0430bc", r"CYRILLIC SMALL LETTER A"),
        ("xoxb-1;", "SEMICOLON"),
        ("xoxb-…", "HORIZONTAL ELLIPSIS"),
        ('xoxb-"1', "QUOTATION MARK"),
        ("xoxb-1\x07", r"U\+0007"),
        ("xoxb-\udcff", r"U\+DCFF"),
    ],
)
def test_what_may_be_part_of_a_token_is_refused_by_name(
    typed: str, character: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The character is named, and the token is not printed."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", typed)
    with pytest.raises(SettingsFault, match=f"SLACK_BOT_TOKEN: .*{character}") as fault:
        read_settings()
    assert "xoxb" not in str(fault.value)


TEXT = "SLACK_BOT_TOKEN=xoxb-1\nPORT=4000\n"
FILES = {
    "UTF-8": TEXT.encode(),
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "UTF-16 as Windows writes it": TEXT.encode("utf-16"),
    "UTF-16, little end first": TEXT.encode("utf-16-le"),
    "UTF-16, big end first": TEXT.encode("utf-16-be"),
    "UTF-16 with its mark, big end first": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "lines of Windows": TEXT.replace("\n", "\r\n").encode(),
    "lines of an old Macintosh": TEXT.replace("\n", "\r").encode(),
    "a comment in Latin-1": "# für Köln\n".encode("latin-1") + TEXT.encode(),
    "colons": b"SLACK_BOT_TOKEN: xoxb-1\nPORT: 4000\n",
    "a colon and quotes": b'SLACK_BOT_TOKEN: "xoxb-1"\nPORT : 4000\n',
    "export": b"export SLACK_BOT_TOKEN=xoxb-1\nexport PORT=4000",
    "small letters": b"slack_bot_token=xoxb-1\nport=4000",
    "spaces around": b"  SLACK_BOT_TOKEN = xoxb-1  \n\tPORT = 4000 # the port\n",
    "settings of others": b"OTHER THING: x\nFOO BAR\n" + TEXT.encode() + b"SLACK_BOT_TOKENS x\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_an_env_file_is_read_however_it_was_written(content: bytes, folder: Path) -> None:
    """Encodings, line ends and colons; the file stays as it is."""
    (folder / ".env").write_bytes(content)
    found = read_settings()
    assert (found.slack_bot_token, found.port) == ("xoxb-1", 4000)
    assert (folder / ".env").read_bytes() == content


@pytest.mark.parametrize(
    "line",
    ["SLACK_BOT_TOKEN xoxb-1", "SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN -> xoxb-1", "export SLACK_BOT_TOKEN"],
)
def test_a_line_that_sets_nothing_is_named(line: str, folder: Path) -> None:
    """By its number; its content is not printed."""
    (folder / ".env").write_text(f"PORT=4000\n{line}\n")
    with pytest.raises(SettingsFault, match=r"\.env, line 2: SLACK_BOT_TOKEN is named and not set") as fault:
        read_settings()
    assert "xoxb" not in str(fault.value)


def test_the_environment_wins_over_the_file_and_nothing_over_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that is set to spaces or quotes alone is not set."""
    (folder / ".env").write_text("PORT=4000\nPULSE_PAGE=5000\n")
    monkeypatch.setenv("PORT", "4001")
    monkeypatch.setenv("PULSE_PAGE", ' "" ')
    assert (read_settings().port, read_settings().pulse_page) == (4001, 5000)


def test_a_folder_named_env_is_no_file(folder: Path) -> None:
    """It is a virtual environment, or what Docker makes of a missing file."""
    (folder / ".env").mkdir()
    assert read_settings().slack_bot_token == ""


@pytest.mark.parametrize(("typed", "level"), [("INFO", "info"), ("Debug", "debug"), (" WARNING ", "warning")])
def test_the_log_level_may_be_shouted(
    typed: str, level: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Capitals are accepted, as in other programs; in the mode, too."""
    monkeypatch.setenv("PULSE_LOG", typed)
    monkeypatch.setenv("PULSE_MODE", "Slack")
    assert (read_settings().pulse_log, read_settings().pulse_mode) == (level, "slack")


@pytest.mark.parametrize("name", ["PORT", "PULSE_HEALTH_PORT", "PULSE_PAGE"])
def test_a_port_that_a_platform_invented_is_none(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker's links and Kubernetes' services set variables such as PORT=tcp://10.0.0.7:3000."""
    monkeypatch.setenv(name, "tcp://10.0.0.7:3000")
    assert getattr(read_settings(), name.lower()) == Settings.model_fields[name.lower()].default


def test_a_path_may_begin_at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot once made a folder named ~."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PULSE_DB", "~/data/pulse.db")
    monkeypatch.setenv("SSL_CERT_FILE", "~/ca.pem")
    found = read_settings()
    assert (found.pulse_db, found.ssl_cert_file) == (folder / "data" / "pulse.db", folder / "ca.pem")


@pytest.mark.parametrize(
    "typed", [":memory:", "file:pulse.db?mode=memory", "sqlite:///pulse.db", ".", "~nobody-of-that-name/p.db"]
)
def test_a_database_that_is_no_file_is_refused(
    typed: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would not last, or would be a file with an odd name."""
    monkeypatch.setenv("PULSE_DB", typed)
    with pytest.raises(SettingsFault, match="PULSE_DB"):
        read_settings()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("typed", ["slack.com/api", "ftp://slack.com/api/", "https://", "http://[::1/"])
def test_an_address_of_slack_that_is_none_is_refused(
    typed: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot would try it for ever."""
    monkeypatch.setenv("SLACK_API_URL", typed)
    with pytest.raises(SettingsFault, match="SLACK_API_URL"):
        read_settings()


def test_a_proxy_that_cannot_work_is_refused_without_its_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the setting."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:hidden@proxy:1080")
    with pytest.raises(SettingsFault, match=r"HTTPS_PROXY.*socks5") as fault:
        read_settings()
    assert "hidden" not in str(fault.value)


def test_every_setting_says_what_it_is() -> None:
    """README's table is made of these sentences."""
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
