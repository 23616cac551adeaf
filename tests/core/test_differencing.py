"""An attacker replays everything that was ever published, and learns nothing about a small group.

The attacker has all closed waves (items, series, minimum, turnout, outcomes, indices), knows the rules by
which they were made, and no answers. For each wave and side the attacker may

1. subtract any published count of people from any other that contains it: who answered at all, n of each
   item, the shares' counts, each bar, sums of neighbouring bars, the index's n;
2. list every set of answers that would have been published as the same figures, and keep what all of them
   have in common (`test_privacy` for one item, here for two items and their index);
3. put the same wave beside one in which the hidden answers differ, and look for any difference.

The attack succeeds where a count under 5 follows for an item that is withheld on a side, where a box, or a
neighbourhood of boxes within a group, is known to hold 1 or 2 people, or where it is known that everybody,
or all but one, gave the same answer. Two things are printed on purpose and no success: the first share
itself from 2 to n − 2 people, and how many of a side gave no counted answer to an item (they skipped it or
chose "cannot say", which cannot be told apart and is no opinion). A person who joins or leaves between two
waves is outside of what can be promised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.core.model import (
    ClosedWave,
    Counted,
    Format,
    Item,
    Outcome,
    Side,
    Withheld,
)
from pulse.core.privacy import turnout
from pulse.core.scoring import close_side
from tests.core.bank import AMOUNT, CALM, EFFECT, LEAD, SLOW, TRUST, item

ITEMS = (TRUST, SLOW, AMOUNT, EFFECT, LEAD, item("T02"))
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BANK = {asked.id: asked for asked in ITEMS}
Person = dict[str, frozenset[str]]
History = list[tuple[ClosedWave, dict[Side, list[Person]]]]


def close(id_: int, items: tuple[Item, ...], people: Mapping[Side, list[Person]], minimum: int) -> ClosedWave:
    """A closed wave of what may be published; on each side three people did not answer."""
    sides = {side: close_side(items, people[side], minimum) for side in Side}
    return ClosedWave(
        id=id_,
        opened_at=NOON + timedelta(weeks=id_),
        closed_at=NOON + timedelta(weeks=id_, days=2),
        minimum=minimum,
        items=tuple(asked.id for asked in items),
        series={asked.id: asked.series for asked in items},
        turnout={side: turnout(len(people[side]) + 3, len(people[side]), minimum) for side in Side},
        outcomes={(id_, side): found for side in Side for id_, found in sides[side].items()},
    )


@st.composite
def answers(draw: st.DrawFn, asked: Item) -> frozenset[str]:
    """One answer: extremes, "cannot say" and nothing at all are common."""
    keys = [box.key for box in asked.boxes]
    favourite = draw(st.sampled_from(keys))
    return frozenset({draw(st.sampled_from([favourite, *keys]))})


@st.composite
def sides(draw: st.DrawFn, items: tuple[Item, ...]) -> list[Person]:
    """A side of up to 45 people, most of whom think alike, some of whom skip items."""
    n = draw(st.integers(0, 45))
    tilt = {asked.id: draw(answers(asked)) for asked in items}
    noise = Random(draw(st.integers(0, 2**32)))
    width = draw(st.sampled_from([0.05, 0.3, 0.9]))
    skip = draw(st.sampled_from([0.0, 0.1, 0.85]))
    people = []
    for _person in range(n):
        person = {}
        for asked in items:
            if noise.random() < skip:
                continue
            other = frozenset({noise.choice([box.key for box in asked.boxes])})
            person[asked.id] = other if noise.random() < width else tilt[asked.id]
        people.append(person)
    return people


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A few waves, each with its own items, people and minimum."""
    waves = []
    for id_ in range(draw(st.integers(1, 4))):
        items = tuple(draw(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4, unique_by=id)))
        people = {side: draw(sides(items)) for side in Side}
        waves.append((close(id_, items, people, draw(st.sampled_from([5, 5, 8, 12, 25]))), people))
    return waves


def figures(outcome: Outcome, asked: Item) -> Iterator[tuple[frozenset[str], int, int]]:
    """Every count of people that is published of an item: of which boxes, at least, at most."""
    if isinstance(outcome, Withheld):
        return
    yield frozenset(box.key for box in asked.boxes if box.counted), outcome.n, outcome.n
    if isinstance(outcome, Counted):
        for measure in asked.measures:
            if share := outcome.shares.get(measure.key):
                yield measure.boxes, share.low, share.high
        for first, last in combinations(range(len(outcome.bars) + 1), 2):
            bars = outcome.bars[first:last]
            total = sum(bar.count for bar in bars)
            yield frozenset(key for bar in bars for key in bar.boxes), total, total


def sizes(wave: ClosedWave, side: Side) -> list[int]:
    """From how many people each published figure of a side is."""
    answered = wave.turnout[side].answered
    found = [] if answered is None else [answered]
    outcomes = (wave.outcomes[id_, side] for id_ in wave.items)
    return found + [outcome.n for outcome in outcomes if not isinstance(outcome, Withheld)]


@settings(CALM, max_examples=150)
@given(histories())
def test_no_figure_is_from_fewer_people_than_the_minimum(history: History) -> None:
    """A withheld item has no figure, and no figure of any kind is from a smaller group."""
    for wave, people in history:
        for side in Side:
            assert min(sizes(wave, side), default=wave.minimum) >= wave.minimum
            if wave.turnout[side].answered is None:
                assert sizes(wave, side) == []
            for id_ in wave.items:
                given_ = [person[id_] for person in people[side] if id_ in person]
                n = sum(answer != frozenset({"cannot_say"}) for answer in given_)
                assert (wave.outcomes[id_, side] == Withheld()) == (n < wave.minimum)


@settings(CALM, max_examples=150)
@given(histories())
def test_no_two_figures_subtract_to_a_small_cell(history: History) -> None:
    """A figure minus one that it contains is no sure 1 or 2, but for the first share and its rest."""
    for wave, _people in history:
        for (id_, _side), outcome in wave.outcomes.items():
            if BANK[id_].format is Format.MULTI:
                continue  # its measures overlap: nothing contains anything
            published = [*figures(outcome, BANK[id_]), (frozenset[str](), 0, 0)]
            first = BANK[id_].measures[0].boxes
            every = published[0][0]
            small = {
                tuple(sorted(whole - part))
                for whole, low, high in published
                for part, part_low, part_high in published
                if part < whole and low == high and part_low == part_high and 1 <= low - part_low <= 2
            }
            assert small - {tuple(sorted(first)), tuple(sorted(every - first))} == set()


@settings(CALM, max_examples=150)
@given(histories())
def test_nobody_is_known_to_be_alone_or_of_one_mind(history: History) -> None:
    """Whatever is subtracted, the first share stays 0 or 1, or n − 1 or all, where it is an extreme."""
    for wave, _people in history:
        for (id_, _side), outcome in wave.outcomes.items():
            if not isinstance(outcome, Counted):
                continue
            asked = BANK[id_]
            for measure in asked.measures:
                share = outcome.shares.get(measure.key)
                if share is None:
                    continue
                assert share.merged == (share.low <= 2 or share.high >= outcome.n - 2 or outcome.n < 10)
                if measure == asked.measures[0] and share.merged:
                    assert outcome.bars == ()
                    assert len(outcome.shares) == 1 or asked.format is Format.MULTI


@settings(CALM, max_examples=100)
@given(st.data())
def test_hidden_answers_change_nothing_that_is_published(data: st.DataObject) -> None:
    """Whatever the few who answered a withheld item said, the wave reads the same."""
    items = (TRUST, SLOW, AMOUNT)
    people = {side: data.draw(sides((TRUST, SLOW))) for side in Side}
    few = data.draw(st.integers(0, 4))
    one, two = (
        {
            side: [
                person
                | (
                    {AMOUNT.id: data.draw(answers(AMOUNT)), "T02": data.draw(answers(TRUST))}
                    if at < few
                    else {}
                )
                for at, person in enumerate(people[side])
            ]
            for side in Side
        }
        for _version in range(2)
    )
    asked = (*items, ITEMS[-1])
    assert close(1, asked, one, 5) == close(1, asked, two, 5)


@settings(CALM, max_examples=100)
@given(st.data())
def test_a_side_under_the_minimum_changes_nothing_at_all(data: st.DataObject) -> None:
    """A side with four answers reads as a side with none, and the other side as it would alone."""
    asked = (TRUST, SLOW)
    marketing = data.draw(sides(asked))
    few = data.draw(sides(asked))[:4]
    with_few = close(1, asked, {Side.MARKETING: marketing, Side.IT: few}, 5)
    without = close(1, asked, {Side.MARKETING: marketing, Side.IT: []}, 5)
    assert with_few.outcomes == without.outcomes
    assert with_few.turnout[Side.IT].answered is None
