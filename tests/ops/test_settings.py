"""The settings: which mode they make, and what is said where they make none."""

from __future__ import annotations

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


def test_every_setting_says_what_it_is() -> None:
    """README's table is made of these sentences."""
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
