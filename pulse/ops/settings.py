"""What the environment and `.env` say. README's table of settings is tested against this class."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pulse.core.errors import SettingsFault
from pulse.core.language import _


class Mode(StrEnum):
    """How the bot meets its users."""

    SOCKET = "socket"
    HTTP = "http"
    REHEARSAL = "rehearsal"


class Settings(BaseSettings):
    """Read once at start. Tokens are never printed: `repr` leaves them out."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    slack_bot_token: str = Field("", repr=False, description="bot token, begins with xoxb-")
    slack_app_token: str = Field(
        "", repr=False, description="app-level token for Socket Mode, begins with xapp-"
    )
    slack_signing_secret: str = Field("", repr=False, description="signing secret, for HTTP mode instead")
    slack_api_url: str = Field(
        "https://slack.com/api/", description="where the Web API is: a proxy or stand-in"
    )
    port: int = Field(3000, ge=0, le=65535, description="port of HTTP mode; 0 takes any free one")
    pulse_host: str = Field(
        "127.0.0.1", description="address to listen on; 0.0.0.0 is all, for a proxy on another machine"
    )
    pulse_health_port: int = Field(
        0, ge=0, le=65535, description="Socket Mode: port of /healthz, /readyz and /metrics; 0 is none"
    )
    pulse_metrics_token: str = Field(
        "", repr=False, description="who sends it as a bearer token may read /metrics, from anywhere"
    )
    pulse_db: Path | None = Field(
        None, description="the database file; pulse.db in Slack, temporary in rehearsal"
    )
    pulse_keys: Path | None = Field(
        None, description="folder of the keys, never in a backup; beside the database, its name and -keys"
    )
    pulse_mode: Literal["auto", "slack", "rehearsal"] = Field("auto", description="slack never rehearses")
    pulse_log: Literal["debug", "info", "warning", "error"] = Field("info", description="how much is logged")
    pulse_sample: bool = Field(
        True, description="rehearsal: begin with twelve closed waves of sample history"
    )
    pulse_page: int = Field(
        8765, ge=1, le=65535, description="rehearsal: port of the page, or the next free one"
    )

    @property
    def api_url(self) -> str:
        """The Web API's address with the slash that the SDK needs at its end."""
        return self.slack_api_url.rstrip("/") + "/"


def read_settings() -> Settings:
    """Reads environment and `.env`. Raises SettingsFault naming each setting that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{str(part['loc'][0]).upper()}: {part['msg']}" for part in error.errors())
        raise SettingsFault(_("Some settings cannot be used. {wrong}.").format(wrong=wrong)) from error


def mode_of(settings: Settings) -> Mode:
    """All tokens of a mode: Slack. None: the rehearsal. Raises SettingsFault where some are missing."""
    if settings.pulse_mode == "rehearsal":
        return Mode.REHEARSAL
    given = [settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret]
    if not any(given) and settings.pulse_mode == "auto":
        return Mode.REHEARSAL
    missing = _missing(settings)
    if missing:
        raise SettingsFault(
            _(
                "The bot cannot reach Slack: {missing} is not set. Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN"
                " (Socket Mode), or SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (HTTP mode). Without any of them"
                " the bot starts a rehearsal on this machine, unless PULSE_MODE is slack."
            ).format(missing=missing)
        )
    _check_swapped(settings)
    return Mode.SOCKET if settings.slack_app_token else Mode.HTTP


def _missing(settings: Settings) -> str:
    missing = [] if settings.slack_bot_token else ["SLACK_BOT_TOKEN"]
    if not settings.slack_app_token and not settings.slack_signing_secret:
        missing.append(_("SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET)"))
    return _(" and ").join(missing)


def _check_swapped(settings: Settings) -> None:
    if settings.slack_bot_token.startswith("xapp-") or settings.slack_app_token.startswith("xoxb-"):
        raise SettingsFault(
            _("The tokens are swapped: SLACK_BOT_TOKEN begins with xoxb-, SLACK_APP_TOKEN with xapp-.")
        )
