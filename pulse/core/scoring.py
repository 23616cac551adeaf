"""From people's answers to counts, and to all that is kept of a side when its wave closes.

What may be kept of a count is decided in `pulse.core.privacy`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pulse.core.errors import BadNumbers
from pulse.core.expectation_item import base_of, is_expectation
from pulse.core.model import Expected, Format, Item, Outcome, Side, Tally, Withheld
from pulse.core.privacy import publish, publish_expectation, turnout
from pulse.core.records import Ballots, OpenWave, Publication


def tally(item: Item, answers: Iterable[frozenset[str]]) -> Tally:
    """Counts one item's answers on one side; each answer is the set of options that one person chose.

    Options such as "cannot say" leave the denominator, and so does an empty answer: nothing later can
    tell the two apart. Raises BadNumbers for an option that the item does not have, or for two options where
    only one may be chosen.
    """
    counted = {option.key for option in item.options if option.counted}
    counts: Counter[str] = Counter()
    n = 0
    for answer in answers:
        _check(item, answer)
        chosen = answer & counted
        counts.update(chosen)
        n += bool(chosen)
    return Tally(n, {option.key: counts[option.key] for option in item.options if option.counted})


def close_side(
    items: Sequence[Item], people: Sequence[Mapping[str, frozenset[str]]], minimum: int
) -> dict[str, Outcome]:
    """All that is kept of one side's answers in a wave: outcomes by item id, each item on its own.

    `people` has one mapping per person, from item id to chosen options; `minimum` is the wave's.
    """
    return {
        item.id: publish(item, tally(item, (person.get(item.id, frozenset()) for person in people)), minimum)
        for item in items
    }


def close_expectation(
    item: Item, people: Sequence[Mapping[str, frozenset[str]]], minimum: int
) -> Expected | Withheld:
    """All that is kept of what one side expects of the other: `item` is made by `expectation_item`."""
    counted = tally(item, (person.get(item.id, frozenset()) for person in people))
    return publish_expectation(counted, minimum)


def answered(items: Sequence[Item], people: Iterable[Mapping[str, frozenset[str]]]) -> int:
    """How many people have an opinion on at least one of the items: whoever only "cannot say" has none."""
    counted = {item.id: {option.key for option in item.options if option.counted} for item in items}
    return sum(any(person.get(id_, frozenset()) & keys for id_, keys in counted.items()) for person in people)


def _check(item: Item, answer: frozenset[str]) -> None:
    unknown = sorted(answer - {option.key for option in item.options})
    if unknown:
        raise BadNumbers(f"{item.id} has no option “{unknown[0]}”.")
    if len(answer) > 1 and item.format is not Format.MULTI:
        raise BadNumbers(f"{item.id} takes one option, and {len(answer)} were chosen.")


def publication(items: tuple[Item, ...], wave: OpenWave, ballots: Mapping[Side, Ballots]) -> Publication:
    """What may be published of a wave's answers, and nothing else."""
    outcomes: dict[tuple[str, Side], Outcome] = {}
    expected: dict[tuple[str, Side], Expected] = {}
    turnouts = {}
    shared = [item for item in items if not is_expectation(item.id)]
    for side, cast in ballots.items():
        kept = close_side(shared, cast.people, wave.minimum)
        outcomes |= {(item_id, side): outcome for item_id, outcome in kept.items()}
        for item in (item for item in items if is_expectation(item.id)):
            found = close_expectation(item, cast.people, wave.minimum)
            if isinstance(found, Expected):
                expected[base_of(item.id), side] = found
        turnouts[side] = turnout(wave.people[side], answered(items, cast.people), wave.minimum)
    return Publication(turnout=turnouts, outcomes=outcomes, expected=expected)
