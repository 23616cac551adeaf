"""The report for leaders at the wire: asked for, announced once a quarter, and sent to whoever presses."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulse.core.errors import ChartNotDrawn
from pulse.slack.chart_worker import PDF
from pulse.views.charts import Picture, ReportPage
from rehearsal.blockkit import message_problems
from rehearsal.driver import Actor
from rehearsal.objects import Message
from rehearsal.server import Rehearsal
from tests.handlers.conftest import Clock, Office, QuickChartWorker, at, running

BEFORE, DUE, LATER = "2026-04-01T08:59", "2026-04-01T09:00", "2026-04-20T12:00"
"""The first quarter's report is announced on Wednesday, 1 April; waves close in March."""


class Broken(QuickChartWorker):
    """Draws charts, and no page."""

    async def draw(self, chart: Picture) -> bytes:
        if isinstance(chart, ReportPage):
            raise ChartNotDrawn("no ink")
        return await super().draw(chart)


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


def announced(office: Office, channel: str) -> list[Message]:
    """The announcements of reports in a channel."""
    return [m for m in office.posted(channel) if pressable(m)]


def pressable(message: Message) -> bool:
    elements = [e for block in message.blocks for e in block.get("elements", [])]
    return any(element.get("action_id") == "report" for element in elements)


def pages(office: Office, who: Actor) -> list[str]:
    """The names of the PDFs that somebody has got."""
    files = [office.slack.workspace.files[id_] for message in who.dms for id_ in message.files]
    return [file.name for file in files if (file.data or b"").startswith(PDF)]


@pytest.fixture
async def closed(office: Office) -> Office:
    await office.set_up()
    await wave(office)
    return office


async def test_who_asks_for_the_report_gets_its_page_and_its_text_in_one_direct_message(
    closed: Office,
) -> None:
    """In the channel only the asker reads that it was sent."""
    reader, other = closed.people(closed.it)[:2]
    said = await closed.says(reader, "/pulse report", closed.it)
    assert "I have sent you the report" in said.text
    assert pages(closed, reader) == ["pulse-2026-Q1.pdf"]
    assert "Report: January to March 2026" in reader.dms[-1].text
    assert "8 of 12 agree (67%)" in reader.dms[-1].text
    assert other.dms == []
    assert announced(closed, closed.it) == []


async def test_a_quarter_is_named_or_refused(closed: Office) -> None:
    """An earlier quarter without a pulse and a word that is not a quarter get a sentence and no report."""
    reader = closed.people(closed.it)[0]
    assert (
        "No pulse closed in July to September 2025"
        in (await closed.says(reader, "/pulse report Q3", closed.it)).text
    )
    assert (
        "Which quarter do you mean?" in (await closed.says(reader, "/pulse report yesterday", closed.it)).text
    )
    assert pages(closed, reader) == []
    await closed.says(reader, "/pulse report 2026-Q1", closed.it)
    assert pages(closed, reader) == ["pulse-2026-Q1.pdf"]


async def test_before_the_first_close_there_is_nothing_to_report(office: Office) -> None:
    """The sentence says so."""
    await office.set_up()
    said = await office.says(office.manager, "/pulse report", office.marketing)
    assert "There is nothing to report yet" in said.text


async def test_each_quarter_is_announced_once_in_both_sides_channels(closed: Office) -> None:
    """On its first working morning, not before, and never again."""
    await at(closed, BEFORE)
    assert announced(closed, closed.it) == []
    for moment in (DUE, DUE, "2026-04-02T09:00", LATER):
        await at(closed, moment)
    for channel in (closed.marketing, closed.it):
        [message] = announced(closed, channel)
        assert message.text.startswith("Report: January to March 2026\n*")
        assert message_problems({"text": message.text, "blocks": message.blocks}) == []


async def test_where_there_is_a_results_channel_it_is_announced_there_alone(office: Office) -> None:
    """Leaders read it where they read the results."""
    general = office.slack.workspace.channel("general").id
    await office.set_up(results=[general])
    await wave(office)
    await at(office, DUE)
    assert [len(announced(office, place)) for place in (general, office.marketing, office.it)] == [1, 0, 0]


async def test_a_restart_announces_nothing_again(slack: Rehearsal, tmp_path: Path) -> None:
    """What was announced is known from the database; what came due while the bot was down is made up for."""
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        await office.set_up()
        await wave(office)
        clock = office.clock
    clock.time = clock.time.fromisoformat(f"{LATER}+00:00")
    for _run in range(2):
        async with running(slack, tmp_path / "pulse.db", clock) as office:
            await office.settled()
            assert len(announced(office, office.it)) == 1


async def test_after_four_weeks_a_quarter_is_not_announced_any_more(closed: Office) -> None:
    """A bot that was away for long does not post what is old."""
    await at(closed, "2026-05-01T09:00")
    assert announced(closed, closed.it) == []


async def test_the_button_sends_the_report_to_whoever_presses_it_in_their_language(office: Office) -> None:
    """It is the quarter of the button, however late it is pressed."""
    reader = office.people(office.it)[0]
    reader.person.locale = "de-DE"
    await office.set_up()
    await wave(office)
    await at(office, DUE)
    await wave(office)
    office.clock.forward(days=100)
    await reader.tap(announced(office, office.it)[0], "report")
    await office.settled()
    assert pages(office, reader) == ["pulse-2026-Q1.pdf"]
    assert reader.dms[-1].text.startswith("Bericht: Januar bis März 2026")
    assert "Ich habe dir den Bericht geschickt" in reader.private(office.it)[-1].text


async def test_somebody_outside_the_channels_gets_no_report(closed: Office) -> None:
    """Only the people of the pulse's channels and managers read results."""
    general = closed.slack.workspace.channel("general").id
    inside = {*closed.slack.workspace.channel(closed.it).members}
    inside |= {*closed.slack.workspace.channel(closed.marketing).members}
    outsider = next(
        closed.slack.actor(user)
        for user in sorted({*closed.slack.workspace.channel(general).members} - inside)
        if not closed.slack.actor(user).person.is_bot and user != closed.manager.id
    )
    said = await closed.says(outsider, "/pulse report", general)
    assert "Results are for the people of the pulse's channels" in said.text
    assert outsider.dms == []


async def test_without_its_page_the_text_is_sent(slack: Rehearsal, tmp_path: Path) -> None:
    """A page that could not be drawn takes no word away, and the reader is told."""
    async with running(slack, tmp_path / "pulse.db", Clock(), Broken()) as office:
        await office.set_up()
        await wave(office)
        reader = office.people(office.it)[0]
        said = await office.says(reader, "/pulse report", office.it)
        assert "The page could not be drawn" in said.text
        assert pages(office, reader) == []
        assert "8 of 12 agree (67%)" in reader.dms[-1].text
