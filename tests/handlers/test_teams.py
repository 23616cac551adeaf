"""Every payload finds its team by its ids, on arrival and not before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt import BoltResponse
from slack_bolt.request.async_request import AsyncBoltRequest

from handlers.interaction import Interaction, Team
from handlers.middleware import INTERACTION, InTeam
from tests.handlers.conftest import Office

TAP = {
    "type": "block_actions",
    "user": {"id": "U1"},
    "trigger_id": "1.2",
    "container": {"type": "message", "channel_id": "C1", "is_ephemeral": True},
    "channel": {"id": "C1"},
    "actions": [{"action_id": "answer:4", "value": "1:T01:4"}],
    "response_url": "http://127.0.0.1:9/",
}
COMMAND = {"command": "/pulse", "user_id": "U1", "channel_id": "C1", "trigger_id": "1.2", "text": ""}


def of_team(body: dict[str, Any], team_id: str) -> dict[str, Any]:
    ids = {"team_id": team_id} if "command" in body else {"team": {"id": team_id}}
    return {**body, **ids}


async def met(in_team: InTeam, body: dict[str, Any]) -> Interaction:
    """What a listener gets."""
    request = AsyncBoltRequest(body=json.dumps(body), mode="socket_mode")

    async def listener() -> BoltResponse:
        return BoltResponse(status=200)

    await in_team.async_process(req=request, resp=BoltResponse(status=404), next=listener)
    found: Interaction = request.context[INTERACTION]
    return found


@pytest.mark.parametrize("body", [TAP, COMMAND], ids=["tap", "command"])
async def test_a_payload_reaches_the_services_of_its_own_team(office: Office, body: dict[str, Any]) -> None:
    """Two teams in one process: neither a tap nor a command of one touches the other."""
    bot = office.bot
    teams = {
        name: Team(workspace=replace(bot.workspace), surfaces=replace(bot.surfaces)) for name in ("T1", "T2")
    }
    in_team = InTeam(lambda team_id, _enterprise_id: teams[team_id or ""])
    for name, team in teams.items():
        interaction = await met(in_team, of_team(body, name))
        assert interaction.workspace is team.workspace
        assert interaction.surfaces is team.surfaces


async def test_a_payload_is_read_into_the_words_of_the_pulse(office: Office) -> None:
    """Who, where, the button's value, and whether only its reader sees the message."""
    team = Team(workspace=office.bot.workspace, surfaces=office.bot.surfaces)
    in_team = InTeam(lambda _team_id, _enterprise_id: team)
    tap = await met(in_team, of_team(TAP, "T1"))
    assert (tap.user, tap.channel, tap.trigger, tap.value) == ("U1", "C1", "1.2", "1:T01:4")
    assert tap.in_private
    assert tap.respond is not None
    command = await met(in_team, of_team(COMMAND, "T1"))
    assert (command.user, command.channel, command.trigger, command.value) == ("U1", "C1", "1.2", "")
    assert not command.in_private
    assert command.respond is None
