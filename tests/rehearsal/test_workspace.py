"""Rules of the workspace that need no network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rehearsal import population
from rehearsal.objects import BOT_USER, Refusal
from rehearsal.workspace import Workspace

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def workspace() -> Workspace:
    found = Workspace(clock=lambda: NOW, ticks=lambda: 0.0)
    population.settle(found)
    return found


@pytest.fixture
def events(workspace: Workspace) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    workspace.on_event.append(heard.append)
    return heard


def modal(title: str = "T") -> dict[str, Any]:
    return {"type": "modal", "title": {"type": "plain_text", "text": title}, "blocks": []}


def test_timestamps_grow_though_the_clock_stands(workspace: Workspace) -> None:
    """Two messages never share one, and they tell the workspace's time."""
    place = workspace.channel("it").id
    first, second = (workspace.post(place, {"text": "a"}).ts for _ in range(2))
    assert float(first) < float(second)
    assert int(float(first)) == int(NOW.timestamp())


def test_the_app_hears_what_happens_to_channels(workspace: Workspace, events: list[dict[str, Any]]) -> None:
    """Joining, leaving, renaming, archiving and deleting, in Slack's words for public and private ones."""
    workspace.join("marketing", "U00000012")
    workspace.join("it", workspace.person("sasha").id)
    workspace.leave("it", workspace.person("sasha").id)
    workspace.rename("it", "tech")
    workspace.archive("tech")
    workspace.archive("leadership")
    workspace.delete_channel("tech")
    assert [e["type"] for e in events] == [
        "member_joined_channel",
        "member_left_channel",
        "channel_rename",
        "channel_archive",
        "group_archive",
        "channel_deleted",
    ]
    assert events[2]["channel"]["name"] == "tech"
    assert len({e["event_ts"] for e in events}) == 6


def test_nobody_writes_into_an_archived_channel(workspace: Workspace) -> None:
    """Neither something new nor a change."""
    place = workspace.channel("it").id
    ts = workspace.post(place, {"text": "a"}).ts
    workspace.archive("it")
    for deed in (
        lambda: workspace.post(place, {"text": "b"}),
        lambda: workspace.update(place, ts, {"text": "b"}),
    ):
        with pytest.raises(Refusal, match="is_archived"):
            deed()


def test_three_modals_lie_on_each_other_and_no_more(workspace: Workspace) -> None:
    """The fourth is refused; closing one closes those above it."""
    amara = workspace.person("amara").id
    first = workspace.open_view(workspace.new_trigger(amara), modal("1"))
    second = workspace.push_view(workspace.new_trigger(amara, first.id), modal("2"))
    third = workspace.push_view(workspace.new_trigger(amara, second.id), modal("3"))
    assert (third.root, third.previous) == (first.id, second.id)
    with pytest.raises(Refusal, match="push_limit_reached"):
        workspace.push_view(workspace.new_trigger(amara, third.id), modal("4"))
    workspace.close_view(second.id)
    assert [v.id for v in workspace.modals(amara)] == [first.id]


def test_a_refused_view_leaves_the_trigger_unused(workspace: Workspace) -> None:
    """The app may fix the view and try again with it."""
    trigger = workspace.new_trigger(workspace.person("amara").id)
    with pytest.raises(Refusal, match="invalid_arguments"):
        workspace.open_view(trigger, modal("x" * 25))
    assert workspace.open_view(trigger, modal()).root


def test_a_home_tab_is_no_modal(workspace: Workspace) -> None:
    """views.open wants a modal, views.publish a home; a bot has none."""
    amara = workspace.person("amara").id
    with pytest.raises(Refusal, match="type must be modal"):
        workspace.open_view(workspace.new_trigger(amara), {"type": "home", "blocks": []})
    with pytest.raises(Refusal, match="type must be home"):
        workspace.publish_home(amara, modal())
    with pytest.raises(Refusal, match="user_not_found"):
        workspace.publish_home(BOT_USER, {"type": "home", "blocks": []})


def test_an_update_keeps_metadata_unless_it_brings_its_own(workspace: Workspace) -> None:
    """As in chat.update; empty metadata clears it."""
    place = workspace.channel("it").id
    key = {"event_type": "k", "event_payload": {"n": 1}}
    message = workspace.post(place, {"text": "a", "metadata": key})
    workspace.update(place, message.ts, {"text": "b"})
    assert message.metadata == key
    workspace.update(place, message.ts, {"text": "b", "metadata": {}})
    assert message.metadata is None


def test_ids_that_the_app_left_out_are_given(workspace: Workspace) -> None:
    """Each block and element gets one, and what the app sent is not touched."""
    button: dict[str, Any] = {"type": "button", "text": {"type": "plain_text", "text": "Yes"}}
    sent = [{"type": "actions", "elements": [button]}, {"type": "divider"}]
    message = workspace.post(workspace.channel("it").id, {"text": "a", "blocks": sent})
    assert len({block["block_id"] for block in message.blocks}) == 2
    assert message.blocks[0]["elements"][0]["action_id"]
    assert "block_id" not in sent[0] and "action_id" not in button


def test_a_private_channel_is_hidden_from_those_outside(workspace: Workspace) -> None:
    """The app does not see it either, and a guest does not even see public ones."""
    hidden = workspace.add_channel("board", [workspace.person("priya").id], is_private=True)
    with pytest.raises(Refusal, match="channel_not_found"):
        workspace.known_channel(hidden.id)
    assert not workspace.may_see(workspace.person("amara").id, hidden)
    assert workspace.may_see(workspace.person("amara").id, workspace.channel("it"))
    assert not workspace.may_see(workspace.person("greta").id, workspace.channel("it"))
