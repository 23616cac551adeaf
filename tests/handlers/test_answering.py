"""What one person meets while answering: confirmations, the form, the Home tab, both sides."""

from __future__ import annotations

from pulse.core.model import Side
from rehearsal.driver import Actor
from tests.handlers.conftest import Office


async def kept(office: Office, person: Actor) -> dict[str, frozenset[str]]:
    """What the file holds of somebody's answers."""
    return await office.answers(person)


async def opened(office: Office) -> Actor:
    """Somebody of IT in front of an open poll."""
    await office.set_up()
    await office.open()
    return office.people(office.it)[2]


async def at_home(office: Office, person: Actor) -> str:
    """Somebody's Home tab as text, after opening it."""
    await person.open_home()
    await office.settled()
    assert person.home is not None
    return str(person.home.blocks)


async def test_after_the_first_confirmation_a_line_is_enough(office: Office) -> None:
    """Three taps leave one message with buttons and two lines, not three cards."""
    person = await opened(office)
    for box in ("5", "4", "2"):
        await office.answer(person, office.it, box)
        await office.settled()
    first, *others = person.private(office.it)
    assert any(block["type"] == "actions" for block in first.blocks)
    assert [len(message.blocks) for message in others] == [1, 1]
    assert "Question 1: *Agree*" in others[0].text
    assert "Question 1: *Disagree*" in others[1].text
    assert await kept(office, person) == {"T01": frozenset({"2"})}


async def test_each_wave_begins_with_a_whole_confirmation(office: Office) -> None:
    """Also for those who answered the one before."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.close()
    await office.open()
    await office.answer(person, office.it, "5")
    await office.settled()
    assert "withdraw" in str(person.private(office.it)[-1].blocks)


async def test_a_change_by_the_form_is_shown_in_the_same_private_message(office: Office) -> None:
    """Change, Save: the confirmation that stands in the channel says what is recorded now."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.settled()
    [card] = person.private(office.it)
    await person.tap(card, "answer_all")
    await office.settled()
    await person.submit(values={"item:T01": "1"})
    await office.settled()
    assert person.private(office.it) == [card]
    assert "Strongly disagree" in card.text


async def test_after_a_withdrawal_the_next_answer_is_confirmed_at_length(office: Office) -> None:
    """The withdrawal stands in place of the first confirmation."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.settled()
    [card] = person.private(office.it)
    await person.tap(card, "withdraw")
    await office.settled()
    assert person.private(office.it) == [card]
    assert "deleted" in card.text
    assert await kept(office, person) == {}
    await office.answer(person, office.it, "4")
    await office.settled()
    assert "withdraw" in str(person.private(office.it)[-1].blocks)


async def test_the_home_tab_takes_answers_and_shows_them(office: Office) -> None:
    """A tap there opens no window: the tab itself says what is recorded, and can take it back."""
    person = await opened(office)
    assert "not answered yet" in await at_home(office, person)
    assert person.home is not None
    await person.tap(person.home, "answer:4", block=":T01")
    await office.settled()
    assert person.modal is None
    assert "→ *Agree*" in str(person.home.blocks)
    await person.tap(person.home, "withdraw")
    await office.settled()
    assert person.modal is None
    assert "→ *Agree*" not in str(person.home.blocks)
    assert await kept(office, person) == {}


async def test_a_refused_tap_on_the_home_tab_is_explained_in_a_window(office: Office) -> None:
    """There is no channel to answer in."""
    person = await opened(office)
    await at_home(office, person)
    page = person.home
    await office.close()
    assert page is not None
    await person.tap(page, "answer:4", block=":T01")
    await office.settled()
    assert person.modal is not None
    assert "closed" in str(person.modal.blocks)


async def test_an_answer_in_the_channel_is_seen_on_an_open_home_tab(office: Office) -> None:
    """Whoever looks at the tab does not look at old answers."""
    person = await opened(office)
    await at_home(office, person)
    await office.answer(person, office.it, "5")
    await office.settled()
    assert person.home is not None
    assert "→ *Strongly agree*" in str(person.home.blocks)


async def test_open_home_tabs_follow_the_wave(office: Office) -> None:
    """They are drawn anew when it opens and when it closes; nobody else's is."""
    office.bot.surfaces.home_tabs.pace_s = 0.0
    await office.set_up()
    first, second, other = office.people(office.it)[:3]
    for person in (first, second):
        assert "No pulse is open" in await at_home(office, person)
    await office.open()
    for person in (first, second):
        assert person.home is not None
        assert "A pulse is open" in str(person.home.blocks)
    await office.close()
    for person in (first, second):
        assert "No pulse is open" in str(person.home.blocks)
    assert other.home is None


async def test_what_is_kept_is_told_in_a_window_from_poll_and_home(office: Office) -> None:
    """The same text as /pulse privacy."""
    person = await opened(office)
    await person.tap(office.poll(office.it), "privacy")
    await office.settled()
    assert person.modal is not None
    assert "No answer of yours is stored" in str(person.modal.blocks)
    await person.close_modal()
    await at_home(office, person)
    assert person.home is not None
    await person.tap(person.home, "privacy")
    await office.settled()
    assert person.modal is not None
    assert "anonymous" in str(person.modal.blocks)


async def test_privacy_shows_what_is_stored_even_to_somebody_who_has_left(office: Office) -> None:
    """Whoever left the channel still sees the answers that count, and can withdraw them."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    office.slack.workspace.leave(office.it, person.id)
    await office.slack.post.settled()
    said = await office.says(person, "/pulse privacy", "general")
    assert "→ *Strongly agree*" in said.text
    assert "→ *Strongly agree*" in await at_home(office, person)
    await person.tap(said, "withdraw")
    await office.settled()
    assert await kept(office, person) == {}
    assert "No answer of yours is stored" in (await office.says(person, "/pulse privacy", "general")).text


async def test_somebody_in_both_sides_answers_for_the_channel_of_the_command(office: Office) -> None:
    """The form remembers where it was asked for, and the Home tab says what to do first."""
    await office.set_up()
    await office.open()
    person = office.slack.actor("aiko")
    assert "channels of both sides" in await at_home(office, person)
    await person.command("/pulse answer", office.marketing)
    await office.settled()
    await person.submit(values={"item:T01": "4"})
    await office.settled()
    answered = await office.answered()
    assert (answered[Side.MARKETING], answered[Side.IT]) == (1, 0)
    assert "You answer for *Marketing*" in await at_home(office, person)


async def test_the_form_of_a_closed_wave_says_so(office: Office) -> None:
    """Whoever fills it in for too long loses nothing but the form."""
    person = await opened(office)
    await person.command("/pulse answer", office.it)
    await office.settled()
    form = person.modal
    await office.close()
    await office.open()
    assert form is not None
    ack = await person.submit(form, values={"item:T01": "4"})
    assert "closed" in str(ack.response)
    assert await kept(office, person) == {}
