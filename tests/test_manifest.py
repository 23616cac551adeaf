"""What Slack is told about the app: within Slack's limits, and in step with what the app listens to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
import yaml
from slack_bolt.async_app import AsyncApp

from bot import create_app
from docs.make_manifest_link import LINK, manifest_link
from handlers.commands import COMMANDS
from pulse.ops.settings import Settings
from pulse.storage.sqlite.store import Store
from rehearsal.blockkit import elements_of

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "manifest.yml").read_text(encoding="utf-8")
MANIFEST: dict[str, Any] = yaml.safe_load(TEXT)

# Which scope the events of a kind and the methods that the bot calls need, from Slack's reference of 2026-11.
EVENT_SCOPES = {"channel_": "channels:read", "group_": "groups:read", "member_": "channels:read"}
METHOD_SCOPES = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "conversations.open": {"im:write"},
    "conversations.history": {"channels:history", "groups:history"},
    "conversations.members": {"channels:read", "groups:read"},
    "conversations.info": {"channels:read", "groups:read"},
    "files.getUploadURLExternal": {"files:write"},
    "files.completeUploadExternal": {"files:write"},
    "files.info": {"files:read"},
    "users.info": {"users:read"},
    "users.list": {"users:read"},
    "views.open": set(),
    "views.update": set(),
    "views.publish": set(),
    "auth.test": set(),
}


class Listening:
    """What the app registers with Bolt, by kind, as it calls `app.event("...")` and its like."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: dict[str, list[Any]] = {}
        for kind in ("event", "action", "view", "options", "command", "shortcut", "error"):
            self._watch(monkeypatch, kind)
        self._watch_middleware(monkeypatch)

    def _watch(self, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
        register = getattr(AsyncApp, kind)

        def watched(app: AsyncApp, constraint: Any, *rest: Any, **more: Any) -> Any:
            self.found.setdefault(kind, []).append(constraint)
            return register(app, constraint, *rest, **more)

        monkeypatch.setattr(AsyncApp, kind, watched)

    def _watch_middleware(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Taps are taken by a middleware; `action` tells which."""
        register = AsyncApp.use

        def watched(app: AsyncApp, middleware: Any) -> Any:
            if hasattr(middleware, "action"):
                self.found.setdefault("action", []).append(middleware.action)
            return register(app, middleware)

        monkeypatch.setattr(AsyncApp, "use", watched)

    def hears(self, kind: str, name: str) -> bool:
        """Whether exactly one listener of the kind takes the name."""
        return sum(bool(re.search(p if isinstance(p, re.Pattern) else f"^{re.escape(p)}$", name))
                   for p in self.found[kind]) == 1  # fmt: skip


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Listening:
    """The real app's listeners, wired as bot.py wires them."""
    found = Listening(monkeypatch)
    store = Store.open(tmp_path / "pulse.db")
    create_app(Settings(_env_file=None, slack_bot_token="xoxb-1", slack_app_token="xapp-1"), store)
    store.close()
    return found


def test_every_event_has_a_handler_and_every_handler_its_event(listening: Listening) -> None:
    """What Slack sends is listened to, and what is listened to is sent."""
    assert sorted(listening.found["event"]) == MANIFEST["settings"]["event_subscriptions"]["bot_events"]


def test_every_command_and_shortcut_has_a_handler_and_the_other_way_round(listening: Listening) -> None:
    """There is one command, and no shortcut."""
    commands = [command["command"] for command in MANIFEST["features"]["slash_commands"]]
    assert listening.found["command"] == commands
    shortcuts = [each["callback_id"] for each in MANIFEST["features"].get("shortcuts", [])]
    assert listening.found.get("shortcut", []) == shortcuts


def test_the_usage_hint_names_what_everybody_may_type() -> None:
    """In the order of the help, and only words that are commands; `power` is for those who read the help."""
    hint = MANIFEST["features"]["slash_commands"][0]["usage_hint"]
    everybody = [command.word for command in COMMANDS if not command.manager and command.word != "power"]
    assert hint.strip("[]").split(" | ") == everybody


def test_there_is_one_last_net(listening: Listening) -> None:
    """What no listener catches ends in one place."""
    assert len(listening.found["error"]) == 1


def test_every_button_and_form_that_a_view_makes_has_one_handler(listening: Listening) -> None:
    """Read from the golden files, which hold every message and view as it is sent."""
    pressed, forms = set(), set()
    for path in sorted((ROOT / "tests" / "golden").glob("*.json")):
        view = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(view, dict):
            continue
        if view.get("type") == "modal" and view.get("submit"):
            forms.add(view["callback_id"])
        for block in view.get("blocks", []):
            pressed |= {element["action_id"] for element in elements_of(block) if element["type"] == "button"}
    assert {"setup_open", "withdraw", "share", "manage:close"} <= pressed
    assert [name for name in sorted(pressed) if not listening.hears("action", name)] == []
    assert forms
    assert [name for name in sorted(forms) if not listening.hears("view", name)] == []


def test_no_scope_is_asked_for_that_nothing_needs() -> None:
    """The methods that the code calls, the events and the command need exactly these scopes."""
    code = (ROOT / "pulse" / "slack" / "web_api.py").read_text(encoding="utf-8")
    called = set(re.findall(r'"((?:chat|conversations|files|users|views|auth|reactions)\.[a-zA-Z.]+)"', code))
    called -= {"chat.", "views."}  # beginnings that tell writing methods from reading ones
    assert called - METHOD_SCOPES.keys() == set()
    needed = {"commands"}.union(*(METHOD_SCOPES[method] for method in called))
    for event in MANIFEST["settings"]["event_subscriptions"]["bot_events"]:
        needed |= {scope for beginning, scope in EVENT_SCOPES.items() if event.startswith(beginning)}
    assert sorted(needed) == MANIFEST["oauth_config"]["scopes"]["bot"]


def test_every_scope_says_what_it_is_for() -> None:
    """Beside it in the manifest."""
    for scope in MANIFEST["oauth_config"]["scopes"]["bot"]:
        assert re.search(rf"^ +- {scope} +# \w.+$", TEXT, re.MULTILINE), scope


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        (MANIFEST["display_information"]["name"], 1, 35),
        (MANIFEST["display_information"]["description"], 1, 140),
        (MANIFEST["display_information"]["long_description"], 175, 4000),
        (MANIFEST["display_information"]["background_color"], 4, 7),
        (MANIFEST["features"]["bot_user"]["display_name"], 1, 80),
        (MANIFEST["features"]["slash_commands"][0]["command"], 2, 32),
        (MANIFEST["features"]["slash_commands"][0]["description"], 1, 2000),
        (MANIFEST["features"]["slash_commands"][0]["usage_hint"], 1, 1000),
    ],
)
def test_no_text_is_longer_than_slack_takes(text: str, least: int, most: int) -> None:
    """The limits of Slack's schema for manifests."""
    assert least <= len(text) <= most


def test_slack_is_asked_for_socket_mode_and_ids_in_commands() -> None:
    """No address is needed, names typed into a command come as ids, and buttons work."""
    settings = MANIFEST["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert MANIFEST["features"]["slash_commands"][0]["should_escape"] is True
    assert "url" not in MANIFEST["features"]["slash_commands"][0]
    assert len(settings["event_subscriptions"]["bot_events"]) <= 100


def test_the_link_brings_the_same_manifest() -> None:
    """Only comments are left out, and the address is short enough for a browser."""
    link = manifest_link(TEXT)
    query = parse_qs(urlparse(link).query)
    assert query["new_app"] == ["1"]
    assert yaml.safe_load(query["manifest_yaml"][0]) == MANIFEST
    assert len(link) < 8000


def test_the_readme_has_this_link_and_the_way_without_it() -> None:
    """`python docs/make_manifest_link.py --write` brings it up to date."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert LINK.findall(readme) == [manifest_link(TEXT)]
    assert "(manifest.yml)" in readme
