"""The README says what the code does: settings, scopes and commands are compared with their source."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from handlers.commands import COMMANDS
from pulse.ops.settings import Settings
from pulse.storage.library import load_library

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table after a heading or sentence."""
    table = README.split(heading, 1)[1].split("| --- |", 1)[1].split("\n\n", 1)[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "`" in line
    ]


def test_every_setting_is_in_the_table_with_its_default_and_meaning() -> None:
    """The table of settings is the settings class, in the same order."""
    expected = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in ("", None) else f"`{str(field.default).removesuffix('.0')}`"
        default = default.lower() if isinstance(field.default, bool) else default
        expected.append([f"`{name.upper()}`", default, field.description])
    assert rows("## Settings") == expected


def test_every_scope_is_listed_with_its_reason_and_no_other() -> None:
    """The table of permissions names the scopes of the manifest."""
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())
    listed = {scope for row in rows("Each permission") for scope in re.findall(r"`([a-z:]+)`", row[0])}
    scopes = manifest["oauth_config"]["scopes"]
    assert listed == {*scopes["bot"], *scopes["bot_optional"]}
    assert all(row[1] for row in rows("Each permission"))


def test_every_command_is_named_under_those_who_may_and_no_other() -> None:
    """The README lists the commands of the table, in its order."""
    named = README.split("## Commands", 1)[1].split("## ", 1)[0]
    everybody, managers = (
        re.findall(r"`(?:/pulse ?)?(\w*)[^`]*`", part) for part in named.split("Managers", 1)
    )
    assert [word for word in everybody if word] == [each.word for each in COMMANDS if not each.manager]
    assert managers == [each.word for each in COMMANDS if each.manager]


def test_the_readme_counts_questions_and_figures_as_they_are() -> None:
    """The numbers in the README are those of the shipped files."""
    library = load_library(None)
    assert f"{len(library.bank)} questions come" in README
    assert f"{len(library.ledger)} published figures" in README
