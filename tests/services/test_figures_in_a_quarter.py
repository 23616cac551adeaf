"""What the articles about the two named studies print, and where readers of a quarter's results meet it."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from pulse.core.baselines import items_of
from pulse.core.expectation_item import is_expectation
from pulse.core.model import Baseline, Format, Item, Side
from rehearsal.objects import Message
from rehearsal.server import Rehearsal
from tests.core.test_question_plan import SEEDS
from tests.handlers.conftest import TUESDAY, Clock, Office, at, running

PULSES = 13
SEED = 13
ANSWERING = {Side.MARKETING: 13, Side.IT: 12}
UNCLEAR = "Unmarked: no clear difference."
NOT_COMPARED = "Other questions, not compared:"


def chosen(item: Item, side: Side, luck: random.Random) -> frozenset[str]:
    """The answer of one of many people who are neither delighted nor at odds."""
    options = [option.key for option in item.options if option.counted]
    if item.format is Format.MULTI:
        own = (0.6, 0.3) if side is Side.MARKETING else (0.4, 0.6)
        likely = zip(options, (*own, 0.2, 0.1, 0.05), strict=True)
        return frozenset(option for option, chance in likely if luck.random() < chance) or frozenset(
            {options[0]}
        )
    weights = {5: (1, 3, 4, 7, 3), 4: (2, 5, 5, 2), 3: (3, 5, 3)}[len(options)]
    return frozenset(luck.choices(options, weights=weights))


async def a_quarter(office: Office) -> list[Message]:
    """The results of 13 weekly pulses as one channel reads them, under the plan that the set-up suggests."""
    luck, posted = random.Random(SEED), []
    await office.set_up()
    for week in range(1, PULSES + 1):
        opens = TUESDAY + timedelta(weeks=week)
        await at(office, f"{opens:%Y-%m-%dT%H:%M}")
        workspace = office.bot.workspace
        wave = workspace.waves.current
        assert wave is not None
        items = workspace.waves.items_of(wave)
        for side, channel in ((Side.MARKETING, office.marketing), (Side.IT, office.it)):
            for person in office.people(channel)[: ANSWERING[side]]:
                answers = {item.id: chosen(item, side, luck) for item in items}
                await workspace.answering.fill_in(person.id, channel, wave.token, answers)
        await at(office, f"{opens + timedelta(days=3):%Y-%m-%dT%H:%M}")
        posted.append(next(m for m in reversed(office.posted(office.it)) if "answered." in m.text))
    assert len({message.ts for message in posted}) == PULSES
    return posted


@dataclass(frozen=True, slots=True)
class Quarter:
    office: Office
    posted: list[Message]


@pytest.fixture
async def quarter(slack: Rehearsal, tmp_path: Path) -> AsyncIterator[Quarter]:
    async with running(slack, tmp_path / "pulse.db", Clock()) as office:
        yield Quarter(office, await a_quarter(office))


def lines_of(message: Message, title: str, side: Side) -> Iterable[str]:
    """A question's lines in a message: its title or the headline, the side, and what is not compared."""
    texts = [block["text"]["text"] for block in message.blocks if block["type"] in ("header", "section")]
    for text in (text for text in texts if text.removeprefix("*").startswith(title)):
        first, *lines = text.split("\n")
        yield first
        yield from (line for line in lines if line.startswith((side.label, NOT_COMPARED)))


def meets(message: Message, row: Baseline, title: str, side: Side) -> bool:
    """Whether the message has the figure with a verdict, or with the reason why it has none."""
    figure = f"{row.percent:.0f}%"
    judged = rf"\b(above|below)\*? [^;,]*’s {figure}|{NOT_COMPARED}.*\b{figure}"
    for line in lines_of(message, title, side):
        if re.search(judged, line) or (f"study {figure}" in line and UNCLEAR in message.text):
            return True
    return False


async def test_each_figure_that_the_articles_print_is_met_in_the_results_of_a_quarter(
    quarter: Quarter,
) -> None:
    """Beside its question's answers: above, below, no clear difference, or why it is not compared."""
    library = quarter.office.bot.library
    for name, keys in SEEDS.items():
        for key in keys:
            row = library.ledger.get(key)
            assert row is not None
            named = [(item, side) for item, side in items_of(row, library.source) if side is row.side]
            assert any(
                meets(message, row, item.title, side) for message in quarter.posted for item, side in named
            ), (name, key)


async def test_a_quarters_ordinary_results_are_read_in_seconds(quarter: Quarter) -> None:
    """110 words at most where four questions of the bank are asked, buttons included."""
    waves = await quarter.office.bot.store.closed_waves()
    for wave, message in zip(waves[1:], quarter.posted[1:], strict=True):
        if not any(map(is_expectation, wave.items)):
            buttons = ["Details", "Trend", "How sure?"]
            words = [word for word in " ".join([message.text, *buttons]).split() if re.search(r"\w", word)]
            assert len(words) <= 110, message.text
