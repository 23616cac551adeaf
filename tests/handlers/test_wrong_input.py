"""The wrong thing typed, tapped or sent: a sentence that says what is wrong and what to do, nothing lost."""

from __future__ import annotations

import pytest

from rehearsal.driver import snapshot
from tests.handlers.conftest import Office


async def test_an_unknown_word_gets_the_nearest_right_one(office: Office) -> None:
    """`/pulse scoers` gets scores and the help as its reply."""
    said = await office.says(office.manager, "/pulse scoers", office.marketing)
    assert "scores" in said.text
    assert "/pulse help" in said.text or "`/pulse trend" in said.text


async def test_commands_before_the_set_up_say_who_can_set_up(office: Office) -> None:
    """A manager who opens too early learns what comes first."""
    said = await office.says(office.manager, "/pulse open", office.marketing)
    assert "/pulse setup" in said.text


@pytest.mark.parametrize("word", ["open", "close", "skip", "pause", "resume", 'note "x"', "setup"])
async def test_managing_is_for_managers(office: Office, word: str) -> None:
    """Somebody else is told who can, and nothing changes."""
    await office.set_up()
    other = office.people(office.it)[3]
    said = await office.says(other, f"/pulse {word}", office.it)
    assert "admins and owners" in said.text
    assert office.bot.workspace.waves.current is None
    assert await office.bot.store.notes() == ()


async def test_a_second_wave_is_refused_while_one_is_open(office: Office) -> None:
    """The sentence says what to do first."""
    await office.set_up()
    await office.open()
    said = await office.says(office.manager, "/pulse open", office.marketing)
    assert "/pulse close" in said.text


async def test_a_tap_on_a_closed_wave_changes_nothing(office: Office) -> None:
    """A message that was not refreshed on somebody's screen is answered with a sentence."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    old = snapshot(office.poll(office.it))
    await office.close()
    await person.tap(old, "answer:4", block=":T01")
    await office.settled()
    assert "closed" in person.private(office.it)[-1].text


async def test_a_guest_is_told_that_guests_are_not_asked(office: Office) -> None:
    """The guest is in the channel, sees the poll, taps, and nothing is recorded."""
    await office.set_up()
    await office.open()
    guest = office.slack.actor("greta")
    await office.answer(guest, office.marketing, "4")
    await office.settled()
    assert "guests" in guest.private(office.marketing)[-1].text
    assert sum((await office.answered()).values()) == 0


async def test_somebody_outside_of_both_channels_cannot_answer(office: Office) -> None:
    """The command says whom the pulse is for."""
    await office.set_up()
    await office.open()
    outsider = office.slack.actor("sasha")
    said = await office.says(outsider, "/pulse answer", "general")
    assert "join its channel" in said.text


async def test_a_joiner_is_asked_from_the_next_pulse_on(office: Office) -> None:
    """Nothing is recorded, the number of people stays that of the opening, and the next one counts them."""
    await office.set_up()
    await office.open()
    joiner = office.slack.actor("sasha")
    office.slack.workspace.join(office.it, joiner.id)
    await office.answer(joiner, office.it, "4")
    await office.settled()
    told = "You joined after this pulse opened; you are asked from the next one on."
    assert told in joiner.private(office.it)[-1].text
    for person in office.people(office.it)[:6]:
        if person.id != joiner.id:
            await office.answer(person, office.it, "4")
    await office.close()
    assert " of 14 answered" in office.posted(office.it)[-1].text
    await office.open()
    await office.answer(joiner, office.it, "4")
    assert await office.answers(joiner) == {"T01": frozenset({"4"})}


async def test_a_forged_option_is_refused(office: Office) -> None:
    """A value that no poll offered is answered with a sentence, and not recorded."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    wave = await office.bot.store.current_wave()
    assert wave is not None
    forged_values = (f"{wave.token}:T01:99", f"{wave.token}:Z99:4", f"{wave.token}:T01:4:5")
    for value in (*forged_values, "999:T01:4", "x:y:z", ""):
        forged = snapshot(office.poll(office.it))
        block = next(b for b in forged.blocks if b["block_id"].endswith(":T01"))
        block["elements"][3]["value"] = value
        await person.tap(forged, "answer:4", block=":T01")
        await office.settled()
        assert "Nothing was changed" in person.private(office.it)[-1].text or (
            "nothing was changed" in person.private(office.it)[-1].text
        )
    assert sum((await office.answered()).values()) == 0


async def test_the_set_up_names_the_field_that_is_wrong(office: Office) -> None:
    """A channel without the bot, and one channel on both sides, are told at their fields."""
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    assert office.slack.places is not None
    without = await office.manager.submit(
        values={"marketing": [office.slack.places.without_app], "it": [office.it]}
    )
    assert "invite" in without.errors["marketing"]
    twice = await office.manager.submit(values={"marketing": [office.it], "it": [office.it]})
    assert "one side only" in twice.errors["it"]
    assert await office.bot.store.setup() is None


async def test_when_slack_does_not_answer_a_command_says_so(office: Office) -> None:
    """It does not promise to try again by itself: nobody would know when."""
    await office.set_up()
    office.slack.fail("conversations.members", "internal_error", times=20)
    said = await office.confirms("/pulse open", "manage:open")
    assert "Please try again in a minute." in said.text
    assert "by itself" not in said.text
    assert office.bot.workspace.waves.current is None
