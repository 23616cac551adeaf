"""What one person meets while answering: the private card, the form, the Home tab."""

from __future__ import annotations

import copy

import pytest

from pulse.core.errors import StoreFault
from pulse.core.model import Item
from pulse.services import waves
from pulse.slack import private_cards
from pulse.views.poll import answer_buttons
from rehearsal.driver import Actor, snapshot
from rehearsal.objects import Message
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


async def tapped(office: Office, person: Actor, answer: str) -> Message:
    """Taps an answer inside the person's card; returns the card."""
    card = card_of(office, person)
    block = next(b["block_id"] for b in card.blocks if b["block_id"].startswith("poll:"))
    await person.tap(card, f"answer:{answer}", block=block)
    await office.settled()
    return card


def card_of(office: Office, person: Actor) -> Message:
    """The one private message with buttons."""
    [card] = [m for m in person.private(office.it) if any(b["type"] == "actions" for b in m.blocks)]
    return card


async def test_the_first_tap_brings_a_card_that_asks_the_next_question(office: Office) -> None:
    """It appears at the end of the channel, for that person alone, and names what was saved."""
    person, other = await opened(office), office.people(office.it)[3]
    await office.answer(person, office.it, "4")
    await office.settled()
    card = card_of(office, person)
    assert person.sees(office.it)[-1] == card
    assert other.private(office.it) == []
    assert "✓ Question 1 saved: *Agree*." in card.text
    assert "*2 of 4*" in card.text
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert f"poll:{wave.token}:A02" in [block["block_id"] for block in card.blocks]


async def test_a_pulse_is_answered_inside_the_card_without_looking_for_the_next_question(
    office: Office,
) -> None:
    """Four taps in one place, which then says that all are saved; everything is in the file."""
    person = await opened(office)
    await office.answer(person, office.it, "4")
    await office.settled()
    first = card_of(office, person)
    for answer in ("about_right", "5", "2"):
        assert await tapped(office, person, answer) is first
    assert person.private(office.it) == [first]
    assert "✓ All four saved, thank you." in first.text
    assert "1 *Agree* · 2 *About right* · 3 *Strongly agree* · 4 *Disagree*" in first.text
    assert await kept(office, person) == {
        "T01": frozenset({"4"}),
        "A02": frozenset({"about_right"}),
        "A01": frozenset({"5"}),
        "G02": frozenset({"2"}),
    }


async def test_a_further_tap_on_the_poll_gets_a_line_and_no_second_card(office: Office) -> None:
    """The card is there already; the line says what the tap changed."""
    person = await opened(office)
    for option in ("5", "4", "2"):
        await office.answer(person, office.it, option)
        await office.settled()
    card_of(office, person)
    _card, *lines = person.private(office.it)
    assert [len(message.blocks) for message in lines] == [1, 1]
    assert "Question 1 saved: *Agree*" in lines[0].text
    assert "Question 1 saved: *Disagree*" in lines[1].text
    assert await kept(office, person) == {"T01": frozenset({"2"})}


async def test_each_wave_begins_with_a_card(office: Office) -> None:
    """Also for those who answered the one before."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.close()
    await office.open()
    await office.answer(person, office.it, "5")
    await office.settled()
    assert "withdraw" in str(person.private(office.it)[-1].blocks)


async def test_a_card_that_comes_late_asks_what_is_still_open(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it waited, another question was answered: it is made of what is stored when it is sent."""
    monkeypatch.setattr(private_cards, "GIVE_WAY_S", 600.0)
    person = await opened(office)
    storm = True
    office.bot.surfaces.private_cards._overloaded = lambda: storm
    await office.answer(person, office.it, "4")
    await person.command("/pulse answer", office.it)
    await office.slack.workspace.until(lambda: person.modal is not None)
    await person.submit(values={"item:T01": "4", "item:A02": "about_right"})
    assert person.private(office.it) == []
    storm = False
    await office.settled()
    assert "*3 of 4*" in card_of(office, person).text


async def test_a_card_that_comes_after_the_close_says_that_the_answer_counts(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was saved before the ack, and so before the close."""
    monkeypatch.setattr(private_cards, "GIVE_WAY_S", 600.0)
    person = await opened(office)
    storm = True
    office.bot.surfaces.private_cards._overloaded = lambda: storm
    await office.answer(person, office.it, "4")
    await office.bot.workspace.by_hand.close()
    storm = False
    await office.settled()
    assert "Saved in time" in person.private(office.it)[-1].text


async def test_a_change_by_the_form_is_shown_in_the_card(office: Office) -> None:
    """All questions, Save: the card that stands in the channel goes on from what is saved now."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.settled()
    card = card_of(office, person)
    await person.tap(card, "answer_all")
    await office.settled()
    await person.submit(values={"item:T01": "1", "item:A02": "about_right"})
    await office.settled()
    assert person.private(office.it) == [card]
    assert "*3 of 4*" in card.text
    assert person.modal is not None
    assert "1 *Strongly disagree* · 2 *About right*" in str(person.modal.blocks)


async def test_a_withdrawal_stands_in_the_card_which_asks_again(office: Office) -> None:
    """The same card takes the next answer."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.settled()
    card = card_of(office, person)
    await person.tap(card, "withdraw")
    await office.settled()
    assert person.private(office.it) == [card]
    assert "None of your answers is saved now." in card.text
    assert await kept(office, person) == {}
    await tapped(office, person, "4")
    assert person.private(office.it) == [card]
    assert await kept(office, person) == {"T01": frozenset({"4"})}


async def test_a_withdrawal_elsewhere_is_shown_in_the_card(office: Office) -> None:
    """Whoever withdraws on the Home tab does not read old answers in the channel."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.settled()
    card = await tapped(office, person, "about_right")
    await at_home(office, person)
    assert person.home is not None
    await person.tap(person.home, "withdraw")
    await office.settled()
    assert "None of your answers is saved now." in card.text


async def test_a_tap_that_cannot_be_saved_leaves_the_card_for_a_second_try(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is shown beside it, and the same button works when the trouble is over."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.settled()
    card = card_of(office, person)

    async def full(*_anything: object) -> object:
        raise StoreFault("The disk is full.")

    with monkeypatch.context() as trouble:
        trouble.setattr(type(office.bot.store), "answer", full)
        await tapped(office, person, "about_right")
    assert "The disk is full." in person.private(office.it)[-1].text
    assert "*2 of 4*" in card.text
    await tapped(office, person, "about_right")
    assert "*3 of 4*" in card.text


async def test_a_card_of_a_closed_wave_says_so_in_its_place(office: Office) -> None:
    """Nobody goes on tapping buttons that do nothing."""
    person = await opened(office)
    await office.answer(person, office.it, "5")
    await office.settled()
    card = card_of(office, person)
    await office.close()
    await person.tap(card, "answer:about_right")
    await office.settled()
    assert "This pulse is closed" in card.text


async def test_several_answers_are_tapped_before_the_card_moves_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question stays, each tap adds or takes back one answer, and Next leads on."""
    await office.set_up()
    bank = {item.id: item for item in office.bot.library.source}
    multi = bank["L03"]

    async def two(*_anything: object) -> tuple[Item, ...]:
        return bank["T01"], multi

    monkeypatch.setattr(waves, "next_items", two)
    await office.open()
    person = office.people(office.it)[2]
    await office.answer(person, office.it, "4")
    await office.settled()
    for option in (multi.options[0].key, multi.options[1].key):
        card = await tapped(office, person, option)
    assert "*2 of 2*" in card.text
    assert (await kept(office, person))["L03"] == {multi.options[0].key, multi.options[1].key}
    await tapped(office, person, multi.options[0].key)
    assert (await kept(office, person))["L03"] == {multi.options[1].key}
    await person.tap(card, "next_question")
    await office.settled()
    assert "✓ All two saved, thank you." in card.text


@pytest.mark.parametrize("value", ["", "1", "1:", "1:Z99", "99:L03", "x:L03", "1:T01:4"])
async def test_a_forged_next_changes_nothing(office: Office, value: str) -> None:
    """A sentence, and the card stays as it was."""
    person = await opened(office)
    await office.answer(person, office.it, "4")
    await office.settled()
    card = card_of(office, person)
    forged = copy.deepcopy(card)
    button = forged.blocks[-1]["elements"][0]
    button["action_id"], button["value"] = "next_question", value
    await person.tap(forged, "next_question")
    await office.settled()
    assert "othing was changed" in person.private(office.it)[-1].text
    assert "*2 of 4*" in card.text or "othing was changed" in card.text


async def test_a_poll_of_the_first_edition_counts_until_its_close(office: Office) -> None:
    """It shows every question; a tap on its third is saved, and the card asks what is open."""
    person = await opened(office)
    poll = snapshot(office.poll(office.it))
    wave = office.bot.workspace.waves.current
    assert wave is not None
    items = office.bot.workspace.waves.items_of(wave)
    poll.blocks = [answer_buttons(wave.token, n, item) for n, item in enumerate(items, start=1)]
    await person.tap(poll, "answer:5", block=f"poll:{wave.token}:A01")
    await office.settled()
    assert await kept(office, person) == {"A01": frozenset({"5"})}
    assert "✓ Question 3 saved: *Strongly agree*." in card_of(office, person).text
    assert "*4 of 4*" in card_of(office, person).text


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
    """They are drawn again when it opens and when it closes; tabs that are not open are not."""
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


async def test_status_and_home_say_how_much_the_reader_has_answered(office: Office) -> None:
    """From what is stored under the reader's pseudonym; whoever is not asked does not read it."""
    person = await opened(office)
    assert "You have not answered yet." in (await office.says(person, "/pulse status", office.it)).text
    await office.answer(person, office.it, "5")
    said = await office.says(person, "/pulse status", office.it)
    assert "You have answered 1 of 4 questions." in said.text
    assert "You have answered 1 of 4 questions." in await at_home(office, person)
    outsider = office.slack.actor("sasha")
    assert "You have" not in (await office.says(outsider, "/pulse status", "general")).text


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
