"""What people look up after a close: made once, ready before they ask, and whole."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pulse.core.model import ClosedWave
from pulse.core.reporting import report
from pulse.core.reports import WaveReport
from pulse.views.scores import scores_message
from rehearsal.objects import Message
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, running


async def wave(office: Office) -> None:
    """A wave that 12 people a side answered, opened and closed by hand."""
    await office.open()
    for channel in (office.marketing, office.it):
        for number, who in enumerate(office.people(channel)[:12]):
            await office.answer(who, channel, "5" if number % 3 else "2")
    await office.settled()
    office.clock.forward(hours=1)
    await office.close()
    await office.settled()


def uploads(office: Office) -> int:
    return len(office.slack.calls_of("files.completeUploadExternal"))


def has_picture(message: Message) -> bool:
    return any(block["type"] == "image" for block in message.blocks)


@pytest.fixture
async def closed(office: Office) -> Office:
    await office.set_up()
    await wave(office)
    return office


async def test_the_trend_is_drawn_at_the_close_and_not_again_for_those_who_ask(closed: Office) -> None:
    """Two pictures per close, the results' and the trend's; asking makes no more."""
    assert uploads(closed) == 2
    for who in closed.people(closed.it)[:2]:
        assert has_picture(await closed.says(who, "/pulse trend", closed.it))
    assert uploads(closed) == 2


async def test_the_buttons_of_a_result_lead_to_what_it_leaves_out(closed: Office) -> None:
    """Details and certainty open as windows, the trend comes privately, for whoever presses."""
    who = closed.people(closed.it)[3]
    results = closed.posted(closed.it)[-1]
    for action, title in (
        ("results_details", "Results in detail"),
        ("results_certainty", "How sure is this?"),
    ):
        await who.tap(results, action)
        await closed.settled()
        assert who.modal is not None
        assert who.modal.content["title"]["text"] == title
    await who.tap(results, "results_trend")
    await closed.settled()
    answer = who.private(closed.it)[-1]
    assert has_picture(answer)
    assert answer.text.startswith("The others keep promises\n")


async def test_an_empty_pulse_hides_no_results(closed: Office) -> None:
    """Nobody answers: the message says what still stands, and `/pulse` and Home show it."""
    closed.clock.forward(days=7)
    await closed.open()
    closed.clock.forward(hours=1)
    await closed.close()
    await closed.settled()
    posted = closed.posted(closed.it)[-1]
    assert posted.text.startswith("No results this time: fewer than 5 people answered on each side\n")
    assert "still stand: `/pulse scores`" in posted.text
    scores = await closed.says(closed.manager, "/pulse scores", closed.marketing)
    assert "8 of 12 (67%)" in scores.text
    assert "had too few answers to show" in scores.text
    await closed.manager.open_home()
    await closed.settled()
    assert "8 of 12 (67%)" in str(closed.manager.home)


async def test_another_close_makes_the_cards_anew(closed: Office) -> None:
    """Nobody is shown an older pulse as the last one."""
    before = await closed.says(closed.manager, "/pulse scores", closed.marketing)
    closed.clock.forward(days=7)
    await wave(closed)
    after = await closed.says(closed.manager, "/pulse scores", closed.marketing)
    assert "3 March 2026" in str(before.blocks)
    assert "10 March 2026" in str(after.blocks)
    assert "3 March 2026" not in str(after.blocks)
    assert [wave.id for wave in await closed.bot.workspace.results.closed()] == [1, 2]


async def test_what_is_said_of_a_pulse_is_worked_out_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the results, the scores, the trend, the details and the Home tab together."""
    worked_out = []

    def watched(wave: ClosedWave, *rest: Any, **named: Any) -> WaveReport:
        worked_out.append(wave.id)
        return report(wave, *rest, **named)

    monkeypatch.setattr("pulse.services.results.report", watched)
    await office.set_up()
    await wave(office)
    for line in ("/pulse scores", "/pulse scores A02", "/pulse trend", "/pulse trend A02"):
        await office.says(office.manager, line, office.marketing)
    await office.bot.surfaces.cards.details((await office.bot.store.closed_waves())[0].token)
    await office.manager.open_home()
    await office.settled()
    assert worked_out == [1]


async def test_a_card_is_made_once(closed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the same gets the card that was made for the first."""
    made = []

    def watched(*about: Any, **more: Any) -> Any:
        made.append(about)
        return scores_message(*about, **more)

    monkeypatch.setattr("pulse.views.scores.scores_message", watched)
    closed.clock.forward(days=7)
    await wave(closed)
    for who in closed.people(closed.it)[:3]:
        await closed.says(who, "/pulse scores", closed.it)
    assert len(made) == 1


async def test_people_who_ask_at_once_share_one_picture(closed: Office) -> None:
    """Ten who look after the same announcement cost one upload."""
    before = uploads(closed)
    people = closed.people(closed.it)[:10]
    await asyncio.gather(*(who.command("/pulse scores T01", closed.it) for who in people))
    await closed.settled()
    assert all(has_picture(who.private(closed.it)[-1]) for who in people)
    assert uploads(closed) == before + 1


async def test_a_card_that_missed_its_picture_gets_it_the_next_time(closed: Office) -> None:
    """A picture that Slack did not take is tried again when somebody asks again."""
    closed.slack.fail("files.getUploadURLExternal", "fatal_error", times=4)
    assert not has_picture(await closed.says(closed.manager, "/pulse scores T01", closed.marketing))
    assert has_picture(await closed.says(closed.manager, "/pulse scores T01", closed.marketing))


async def test_a_restart_uploads_nothing_by_itself(slack: Rehearsal, tmp_path: Path) -> None:
    """What was closed before is read; a picture is made when somebody asks for it."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await wave(office)
        made, clock = uploads(office), office.clock
    async with running(slack, tmp_path / "pulse.db", clock) as office:
        await office.bot.scheduler.wake()
        await office.settled()
        assert uploads(office) == made
        assert has_picture(await office.says(office.manager, "/pulse trend", office.marketing))
        assert uploads(office) == made + 1


async def test_taps_go_through_while_years_are_read(closed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed pulses are read a few at a time, and the event loop runs in between."""
    monkeypatch.setattr("pulse.services.results.READ_AT_ONCE", 1)
    for _ in range(3):
        closed.clock.forward(days=7)
        await wave(closed)
    results, cards = closed.bot.workspace.results, closed.bot.surfaces.cards
    results._closed = ()
    turns = 0

    async def turning() -> None:
        nonlocal turns
        while len(results._closed) < 4:
            turns += 1
            await asyncio.sleep(0)

    await asyncio.gather(turning(), cards.prepare())
    assert turns >= 4
    assert len(await results.closed()) == 4
