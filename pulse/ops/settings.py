"""What the environment and `.env` say. README's table of settings is tested against this class."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from yarl import URL

from pulse.core.errors import SettingsFault
from pulse.core.language import _
from pulse.ops.surroundings import as_meant, secret, surroundings
from pulse.slack.network import Network, proxy_address


class Mode(StrEnum):
    """How the bot meets its users."""

    SOCKET = "socket"
    HTTP = "http"
    REHEARSAL = "rehearsal"


class Settings(BaseSettings):
    """Read once at start, by `read_settings`. Tokens are never printed: `repr` leaves them out."""

    model_config = SettingsConfigDict(extra="ignore")

    slack_bot_token: str = Field("", repr=False, description="bot token, begins with xoxb-")
    slack_app_token: str = Field(
        "", repr=False, description="app-level token for Socket Mode, begins with xapp-"
    )
    slack_signing_secret: str = Field("", repr=False, description="signing secret, for HTTP mode instead")
    slack_api_url: str = Field(
        "https://slack.com/api/", description="where the Web API is: a proxy or stand-in"
    )
    https_proxy: str = Field(
        "", repr=False, description="the proxy to Slack; if it is not set, HTTP_PROXY is used"
    )
    http_proxy: str = Field("", repr=False, description="the proxy for addresses that begin with http://")
    no_proxy: str = Field("", description="what is reached without a proxy: hosts, networks, * for all")
    ssl_cert_file: Path | None = Field(
        None, description="certificates to trust besides the system's, such as an inspecting proxy's"
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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing is read behind the caller's back: `read_settings` reads, and cleans, all there is."""
        return (init_settings,)

    @field_validator("slack_bot_token", "slack_app_token", "slack_signing_secret")
    @classmethod
    def _secret(cls, typed: str) -> str:
        return secret(typed)

    @field_validator("http_proxy", "https_proxy")
    @classmethod
    def _proxy(cls, typed: str) -> str:
        return proxy_address(typed)

    @field_validator("slack_api_url")
    @classmethod
    def _address(cls, typed: str) -> str:
        try:
            url = URL(typed)
        except ValueError:
            url = URL()
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError(_("that is not an address that begins with https://"))
        return typed

    @field_validator("pulse_db", "ssl_cert_file")
    @classmethod
    def _path(cls, typed: Path | None) -> Path | None:
        try:
            return typed.expanduser() if typed is not None else None
        except RuntimeError as error:
            raise ValueError(_("there is no home folder for that ~")) from error

    @field_validator("pulse_db")
    @classmethod
    def _database(cls, typed: Path | None) -> Path | None:
        if typed is None:
            return None
        if str(typed).startswith((":memory:", "file:", "sqlite:")):
            raise ValueError(_("that is no path: a database in memory or at an address would not last"))
        if "\0" in str(typed) or typed.is_dir():
            raise ValueError(_("that is not the name of a file, such as pulse.db"))
        return typed

    @property
    def api_url(self) -> str:
        """The Web API's address with the slash that the SDK needs at its end."""
        return self.slack_api_url.rstrip("/") + "/"

    @property
    def network(self) -> Network:
        """How Slack is reached."""
        return Network(
            http_proxy=self.http_proxy,
            https_proxy=self.https_proxy,
            no_proxy=self.no_proxy,
            certificates=self.ssl_cert_file,
        )


CHOICES = ("pulse_mode", "pulse_log")
PORTS = ("port", "pulse_health_port", "pulse_page")


def read_settings() -> Settings:
    """Reads environment and `.env`. Raises SettingsFault naming each setting that is wrong."""
    typed = surroundings(frozenset(Settings.model_fields), Path(".env"))
    meant = {name: as_meant(value) for name, value in typed.items()}
    for name in CHOICES:
        if name in meant:
            meant[name] = meant[name].lower()
    for name in PORTS:
        # Container platforms set NAME_PORT=tcp://… for a service called NAME: nobody set that port.
        if meant.get(name, "").startswith("tcp://"):
            del meant[name]
    try:
        return Settings.model_validate({name: value for name, value in meant.items() if value})
    except ValidationError as error:
        wrong = "; ".join(f"{str(part['loc'][0]).upper()}: {_problem(part)}" for part in error.errors())
        raise SettingsFault(_("Some settings cannot be used. {wrong}.").format(wrong=wrong)) from error


def _problem(part: Any) -> str:
    """What is wrong, without what pydantic puts before it."""
    told = (part.get("ctx") or {}).get("error")
    return str(told if told is not None else part["msg"]).rstrip(".")


def mode_of(settings: Settings) -> Mode:
    """The mode, by `pulse_mode` and the tokens: without any, a rehearsal unless `pulse_mode` is slack.

    Raises SettingsFault if some tokens are missing or swapped.
    """
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
