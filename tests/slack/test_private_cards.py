"""Private cards under load: late, one after the other, and none left out."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
import structlog

from pulse.core.errors import SlackFault
from pulse.slack import private_cards
from pulse.slack.private_cards import AT_ONCE, PrivateCards
from pulse.views.message import Message


async def test_every_place_gets_its_card_and_few_are_sent_at_once() -> None:
    """A storm makes cards late: at most AT_ONCE wait for Slack, and the last person still gets one."""
    cards, slow, sent = PrivateCards(lambda: False), asyncio.Event(), set[int]()
    under_way = most = 0

    async def show(person: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await slow.wait()
        under_way -= 1
        sent.add(person)

    people = range(3 * AT_ONCE)
    sending = [asyncio.create_task(cards.send(person, partial(show, person))) for person in people]
    await asyncio.sleep(0)
    slow.set()
    await asyncio.gather(*sending)
    assert sent == set(people)
    assert most == AT_ONCE


async def test_of_several_taps_that_wait_only_the_last_is_answered() -> None:
    """Five taps while Slack is slow bring two cards: the one under way, and one with what is stored then."""
    cards, slow, sent = PrivateCards(lambda: False), asyncio.Event(), list[int]()

    async def show(tap: int) -> None:
        await slow.wait()
        sent.append(tap)

    first = asyncio.create_task(cards.send("card", partial(show, 1)))
    await asyncio.sleep(0)
    for tap in (2, 3, 4, 5):
        await cards.send("card", partial(show, tap))
    slow.set()
    await first
    assert sent == [1, 5]


async def test_a_card_that_fails_does_not_take_the_next_one_with_it() -> None:
    """What came in for the same place meanwhile is still sent."""
    cards, slow, sent = PrivateCards(lambda: False), asyncio.Event(), list[int]()

    async def fail() -> None:
        await slow.wait()
        raise ConnectionError

    async def show() -> None:
        sent.append(1)

    first = asyncio.create_task(cards.send("card", fail))
    await asyncio.sleep(0)
    await cards.send("card", show)
    slow.set()
    await first
    assert sent == [1]


async def test_cards_give_way_to_taps_and_come_when_those_are_acked() -> None:
    """While payloads wait for their ack no card is sent; none is dropped."""
    storm, looked, sent = True, asyncio.Event(), list[int]()

    def overloaded() -> bool:
        looked.set()
        return storm

    async def show() -> None:
        sent.append(1)

    sending = asyncio.create_task(PrivateCards(overloaded).send("card", show))
    await looked.wait()
    assert sent == []
    storm = False
    await sending
    assert sent == [1]


async def test_a_storm_without_an_end_does_not_hold_cards_up_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After GIVE_WAY_S they are sent all the same."""
    monkeypatch.setattr(private_cards, "GIVE_WAY_S", 0.01)
    sent: list[int] = []

    async def show() -> None:
        sent.append(1)

    await PrivateCards(lambda: True).send("card", show)
    assert sent == [1]


async def test_a_wave_begins_without_cards() -> None:
    """Whoever had a card in the last wave gets a new one, and the old one is not changed any more."""
    cards = PrivateCards(lambda: False)

    async def replace(_message: Message) -> None:
        pass

    assert cards.claim_first(1, "ada")
    assert not cards.claim_first(1, "ada")
    cards.keep(1, "ada", replace)
    assert cards.take(2, "ada") is None
    assert cards.claim_first(2, "ada")


async def test_a_card_that_cannot_be_changed_is_forgotten() -> None:
    """Nobody pressed in it lately, so it might be out of date: the next answer brings another."""
    cards = PrivateCards(lambda: False)
    assert cards.claim_first(1, "ada")
    assert cards.take(1, "ada") is None
    assert cards.claim_first(1, "ada")


async def test_a_card_that_slack_refuses_is_a_line_in_the_log() -> None:
    """It has no traceback: trouble at Slack is foreseen."""
    cards = PrivateCards(lambda: False)

    async def show() -> None:
        raise SlackFault("Slack did not answer.", "", certain=False)

    with structlog.testing.capture_logs() as events:
        await cards.send("U1", show)
    [event] = events
    assert (event["problem"], "exc_info" in event) == ("Slack did not answer.", False)
