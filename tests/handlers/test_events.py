"""What happens to channels and to the app, and what the managers hear of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.objects import BOT_USER
from tests.handlers.conftest import Office, at

NEWS: dict[str, Callable[[Office], None]] = {
    "archived": lambda office: office.slack.workspace.archive(office.it),
    "deleted": lambda office: office.slack.workspace.delete_channel(office.it),
    "left": lambda office: office.slack.workspace.leave(office.it, BOT_USER),
}


async def told(office: Office) -> list[str]:
    """The direct messages that the manager has got."""
    await office.slack.post.settled()
    await office.settled()
    return [message.text for message in office.manager.dms]


async def event(office: Office, kind: str, **about: Any) -> None:
    await office.slack.deliver_event({"type": kind, **about})
    await office.settled()


@pytest.mark.parametrize(
    ("news", "fix"), [("archived", "archive"), ("deleted", "another channel"), ("left", "/invite")]
)
async def test_managers_hear_of_a_lost_channel_with_its_fix(office: Office, news: str, fix: str) -> None:
    """By direct message, and on their Home tab."""
    await office.set_up()
    NEWS[news](office)
    [message] = await told(office)
    assert f"<#{office.it}>" in message
    assert fix in message
    await office.manager.open_home()
    await office.settled()
    assert office.manager.home is not None
    shown = str(office.manager.home.blocks)
    assert "needs fixing" in shown
    assert fix in shown


@pytest.mark.parametrize(
    "kind", ["channel_left", "group_left", "group_archive", "group_deleted", "channel_deleted"]
)
async def test_private_channels_and_removals_are_heard_of_too(office: Office, kind: str) -> None:
    """Slack has an event of its own for each."""
    await office.set_up()
    await event(office, kind, channel=office.it)
    assert len(await told(office)) == 1


async def test_the_same_trouble_is_told_once_a_day(office: Office) -> None:
    """Slack sends an event more than once, and managers are not pestered."""
    await office.set_up()
    for _ in range(3):
        await event(office, "channel_archive", channel=office.it)
    assert len(await told(office)) == 1
    office.clock.forward(hours=25)
    await event(office, "channel_archive", channel=office.it)
    assert len(await told(office)) == 2


async def test_a_channel_that_is_not_ours_is_nobodys_trouble(office: Office) -> None:
    """The bot may be in channels that the pulse does not use."""
    await office.set_up()
    office.slack.workspace.archive("general")
    assert await told(office) == []


async def test_every_manager_is_told(office: Office) -> None:
    """Named people, too, and nobody else."""
    await office.set_up()
    named, other = office.slack.actor("oluwaseun"), office.slack.actor("amara")
    await office.says(office.manager, "/pulse managers add @oluwaseun", office.marketing)
    await office.says(other, "/pulse status", office.marketing)
    office.slack.workspace.archive(office.it)
    await told(office)
    assert len(named.dms) == 1
    assert other.dms == []


async def test_after_a_restart_managers_are_looked_for(office: Office) -> None:
    """The bot keeps no list of them: admins and named people are found in the workspace again."""
    await office.set_up()
    await office.says(office.manager, "/pulse managers add @oluwaseun", office.marketing)
    office.bot.surfaces.roster._people.clear()
    office.slack.workspace.archive(office.it)
    await told(office)
    reached = [name for name in ("ines", "priya", "oluwaseun", "amara") if office.slack.actor(name).dms]
    assert reached == ["ines", "priya", "oluwaseun"]


async def test_what_waited_for_the_bot_is_posted_when_it_is_back(office: Office) -> None:
    """Invited again, it posts the poll at once instead of at its next try."""
    await office.set_up()
    office.slack.workspace.leave(office.it, BOT_USER)
    await told(office)
    await office.open()
    before = len(office.posted(office.it))
    office.slack.workspace.join(office.it, BOT_USER)
    await told(office)
    assert len(office.posted(office.it)) == before + 1
    assert "needs fixing" not in str(await shown(office))


async def shown(office: Office) -> list[Any]:
    await office.manager.open_home()
    await office.settled()
    assert office.manager.home is not None
    return office.manager.home.blocks


async def test_an_unarchived_channel_is_in_order_again(office: Office) -> None:
    """And its next loss is reported again."""
    await office.set_up()
    office.slack.workspace.archive(office.it)
    assert len(await told(office)) == 1
    office.slack.workspace.channel(office.it).archived = False
    await event(office, "channel_unarchive", channel=office.it)
    assert "needs fixing" not in str(await shown(office))
    office.slack.workspace.archive(office.it)
    assert len(await told(office)) == 2


async def test_a_renamed_channel_changes_nothing(office: Office) -> None:
    """Everything goes by ids."""
    await office.set_up()
    await office.open()
    office.slack.workspace.rename(office.it, "technology")
    assert await told(office) == []
    await office.answer(office.people(office.it)[0], office.it, "4")
    assert sum((await office.answered()).values()) == 1


async def test_a_channel_with_a_new_id_is_followed(office: Office) -> None:
    """In the set-up, in the open wave and in what is still to be posted."""
    await office.set_up()
    await office.open()
    workspace = office.slack.workspace
    place = workspace.channels.pop(office.it)
    old, place.id = place.id, "C9NEW"
    workspace.channels["C9NEW"] = place
    for message in place.messages:
        message.channel = "C9NEW"
    await event(office, "channel_id_changed", old_channel_id=old, new_channel_id="C9NEW")
    await office.answer(office.people("C9NEW")[0], "C9NEW", "4")
    joiner = office.slack.actor("sasha")
    workspace.join("C9NEW", joiner.id)
    await office.answer(joiner, "C9NEW", "4")
    await office.settled()
    assert "joined after this pulse opened" in joiner.private("C9NEW")[-1].text
    assert sum((await office.answered()).values()) == 1
    setup = await office.bot.store.setup()
    assert setup is not None
    assert old not in str(setup.channels)
    await office.close()
    assert "fewer than 5 people answered" in place.messages[-1].text


async def test_who_was_asked_stays_asked_until_the_close(office: Office) -> None:
    """Somebody who left the channel can still change what was answered: the roster is that of the opening."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    await office.answer(person, office.it, "4")
    poll = office.poll(office.it)
    office.slack.workspace.leave(office.it, person.id)
    await office.slack.post.settled()
    await person.tap(poll, "answer:1", block=":T01")
    await office.settled()
    assert await office.answers(person) == {"T01": frozenset({"1"})}
    assert sum((await office.answered()).values()) == 1


@pytest.mark.parametrize(
    ("kind", "about", "line"),
    [
        ("tokens_revoked", {"tokens": {"bot": ["U0THEAPP"]}}, "token revoked"),
        ("app_uninstalled", {}, "app removed"),
    ],
)
async def test_the_log_says_when_the_app_is_removed(
    office: Office,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    about: Any,
    line: str,
) -> None:
    """Without a token nobody can be told in Slack."""
    await event(office, kind, **about)
    assert line in caplog.text + capsys.readouterr().out


async def test_a_revoked_token_of_a_user_is_no_trouble(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bot works with its own."""
    await event(office, "tokens_revoked", tokens={"oauth": ["U1"]})
    assert "token revoked" not in capsys.readouterr().out


async def test_managers_hear_of_a_channel_that_becomes_shared(office: Office) -> None:
    """With the fix, once, and again if it was unshared in between."""
    await office.set_up()
    office.slack.workspace.share_channel(office.it)
    [message] = await told(office)
    assert "another company" in message
    assert f"<#{office.it}>" in message
    await event(office, "channel_shared", channel=office.it, connected_team_id="T0THIRD")
    assert len(await told(office)) == 1
    await event(office, "channel_unshared", channel=office.it, is_ext_shared=True)
    await event(office, "channel_shared", channel=office.it, connected_team_id="T0THIRD")
    assert len(await told(office)) == 1
    await event(office, "channel_unshared", channel=office.it, is_ext_shared=False)
    await event(office, "channel_shared", channel=office.it, connected_team_id="T0THIRD")
    assert len(await told(office)) == 2


@pytest.mark.parametrize("by", ["hand", "schedule"])
async def test_a_channel_that_was_shared_unheard_is_found_when_a_wave_opens(office: Office, by: str) -> None:
    """The event was lost, or the bot was down: looked at again when it matters, once a wave."""
    office.clock.forward(minutes=30)
    await office.set_up()
    office.slack.workspace.channel(office.it).shared = True
    if by == "hand":
        await office.open()
    await at(office, "2026-03-10T09:00")
    await at(office, "2026-03-10T09:01")
    shared = [text for text in await told(office) if "another company" in text]
    assert len(shared) == 1
    assert len(office.slack.calls_of("conversations.info")) < 20


async def test_a_shared_channel_stands_on_the_managers_home_tab(office: Office) -> None:
    """Beside other channels that need fixing."""
    await office.set_up()
    office.slack.workspace.share_channel(office.it)
    await told(office)
    await office.manager.open_home()
    await office.settled()
    assert office.manager.home is not None
    assert "another company" in str(office.manager.home.blocks)


async def test_a_shared_channel_that_nothing_uses_is_nobodys_trouble(office: Office) -> None:
    """Companies share channels every day."""
    await office.set_up()
    assert office.slack.places is not None
    office.slack.workspace.share_channel(office.slack.places.general)
    assert await told(office) == []
