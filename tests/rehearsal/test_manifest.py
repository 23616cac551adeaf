"""The workspace reads from a manifest what it acts on."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal import manifest
from rehearsal.driver import NotAnswered, NotPossible
from rehearsal.server import Rehearsal

TEXT = """\
display_information:
  name: Pulse   # on the app's page
features:
  bot_user:
    display_name: "Alignment Pulse"
  slash_commands:
    - command: /pulse
      description: Everything
      should_escape: true
oauth_config:
  scopes:
    bot:
      # why: it writes
      - chat:write
      - "users:read"
settings:
  event_subscriptions:
    bot_events:
      - app_home_opened
"""


def test_scopes_commands_events_and_name_are_read(tmp_path: Path) -> None:
    """Comments and quotes are not part of them."""
    path = tmp_path / "manifest.yml"
    path.write_text(TEXT)
    assert manifest.read(path) == manifest.Manifest(
        scopes=frozenset({"chat:write", "users:read"}),
        commands=frozenset({"/pulse"}),
        events=frozenset({"app_home_opened"}),
        name="Alignment Pulse",
        escapes=True,
    )


def test_without_a_manifest_everything_is_allowed(tmp_path: Path) -> None:
    """Other apps can be tried."""
    found = manifest.read(tmp_path / "none.yml")
    assert (found.commands, found.events) == (frozenset(), frozenset())
    assert "chat:write" in found.scopes


async def test_an_event_that_was_not_asked_for_is_not_sent(tmp_path: Path) -> None:
    """As in Slack, what the manifest does not subscribe to never comes."""
    path = tmp_path / "manifest.yml"
    path.write_text(TEXT)
    async with Rehearsal(manifest_path=path) as slack:
        slack.post.event_retries = ()
        slack.workspace.join("marketing", slack.actor("sasha").id)
        await slack.post.settled()
        assert slack.post.deliveries == {}


async def test_what_a_person_types_is_escaped_where_the_manifest_asks(tmp_path: Path) -> None:
    """Mentions and channels become ids, control characters entities: a payload is never mrkdwn by chance."""
    path = tmp_path / "manifest.yml"
    path.write_text(TEXT)
    async with Rehearsal(manifest_path=path) as slack:
        ines, it = slack.actor("ines").id, slack.places.it
        with pytest.raises(NotAnswered):
            await slack.actor("amara").command("/pulse note <!channel> R&D @ines #it", "marketing")
        sent = next(iter(slack.post.deliveries.values())).payload["text"]
        assert sent == f"note &lt;!channel&gt; R&amp;D <@{ines}|ines> <#{it}|it>"


async def test_a_command_that_the_manifest_does_not_know_is_refused(tmp_path: Path) -> None:
    """Slack itself refuses it, before any app hears of it."""
    path = tmp_path / "manifest.yml"
    path.write_text(TEXT)
    async with Rehearsal(manifest_path=path) as slack:
        with pytest.raises(NotPossible, match="There is no command /poll here"):
            await slack.actor("amara").command("/poll", "marketing")
