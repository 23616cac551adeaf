"""The little of an app's manifest.yml that a workspace acts on: scopes, commands, events, name.

Read without a YAML library, which the app itself does not need: block lists and plain scalars only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SCOPES = (
    "channels:history", "channels:join", "channels:read", "chat:write", "commands", "files:read",
    "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write", "team:read",
    "users:read",
)  # fmt: skip
"""The scopes of an app without a manifest."""


@dataclass(frozen=True)
class Manifest:
    """What the app may use. Of its `scopes`, the `optional` ones can be declined at the installation.

    `commands` and `events` are empty if all are allowed; `escapes` is `should_escape`.
    """

    scopes: frozenset[str] = frozenset(SCOPES)
    optional: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    name: str = "App"
    escapes: bool = False


def _list_under(text: str, key: str) -> frozenset[str]:
    found = re.search(
        rf"^( *){key}:[ \t]*(?:#.*)?\n((?:\1 *- .*\n|[ \t]*#.*\n|[ \t]*\n)+)", text, re.MULTILINE
    )
    if found is None:
        return frozenset()
    return frozenset(re.findall(r"^ *- +[\"']?([\w:./]+)", found[2], re.MULTILINE))


def read(path: Path) -> Manifest:
    """The manifest at `path`, or one that allows everything if there is no such file."""
    if not path.exists():
        return Manifest()
    text = path.read_text(encoding="utf-8") + "\n"
    name = re.search(r"^ *display_name: *[\"']?([^\"'\n#]+)", text, re.MULTILINE)
    commands = re.findall(r"^ *-? *command: *[\"']?(/[\w-]+)", text, re.MULTILINE)
    return Manifest(
        scopes=_list_under(text, "bot") | _list_under(text, "bot_optional"),
        optional=_list_under(text, "bot_optional"),
        commands=frozenset(commands),
        events=_list_under(text, "bot_events"),
        name=name[1].strip() if name else "App",
        escapes=re.search(r"^ *should_escape: *true\b", text, re.MULTILINE) is not None,
    )
