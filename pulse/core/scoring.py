"""From people's answers to counts, and all that a side leaves behind when its wave closes.

What may be kept of a count is decided in `pulse.core.privacy`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor, sqrt
from statistics import fmean, stdev

from pulse.core.errors import BadNumbers
from pulse.core.model import Direction, Format, Index, Item, Outcome, Tally
from pulse.core.privacy import beside_index, publish

INDEX_FROM = 20
INDEX_ITEMS = 2
MEANS = (2, 98)


def tally(item: Item, answers: Iterable[frozenset[str]]) -> Tally:
    """Counts one item's answers on one side; each answer is the set of boxes that one person chose.

    Boxes such as "cannot say" leave the denominator, and so does an empty answer. Raises BadNumbers for a
    box that the item does not have, or for two boxes where one may be chosen.
    """
    counted = {box.key for box in item.boxes if box.counted}
    counts: Counter[str] = Counter()
    n = 0
    for answer in answers:
        _check(item, answer)
        chosen = answer & counted
        counts.update(chosen)
        n += bool(chosen)
    return Tally(n, {box.key: counts[box.key] for box in item.boxes if box.counted})


def close_side(
    items: Sequence[Item], people: Sequence[Mapping[str, frozenset[str]]], minimum: int
) -> tuple[dict[str, Outcome], Index | None]:
    """All that is kept of one side's answers in a wave: outcomes by item id, and the index if any.

    `people` has one mapping a person, from item id to chosen boxes; `minimum` is the wave's.
    """
    outcomes = {
        item.id: publish(item, tally(item, (person.get(item.id, frozenset()) for person in people)), minimum)
        for item in items
    }
    found = index(items, people, minimum)
    if found is None:
        return outcomes, None
    return beside_index(outcomes, {item.id for item in _scored(items, people, minimum)}), found


def index(
    items: Sequence[Item], people: Sequence[Mapping[str, frozenset[str]]], minimum: int = 5
) -> Index | None:
    """A side's index, 0 to 100: the mean over persons, and the sample deviation, in points.

    A person's own index is (mean − 1) / 4 · 100 over the items of the index that the person answered, at
    least half of them; items that bring bad news are reversed as 6 − x. An item under the minimum on this
    side is left out: it would be found again in the difference.

    None under 20 people (or a higher minimum), or under two items: the mean of one item, its deviation and
    its bars would give back every box. As with shares, extremes are merged, so that no index says that
    everybody, or all but one, gave the same answers: a mean is kept from 2 to 98, and a deviation not under
    100/√n, which is what one person alone at the other end makes. It is rounded up to 5 points, so an
    interval errs on the wide side. Bars beside an index go through `privacy.beside_index`.
    """
    scored = _scored(items, people, minimum)
    if len(scored) < INDEX_ITEMS:
        return None
    values = [value for person in people if (value := _person(scored, person)) is not None]
    if len(values) < max(INDEX_FROM, minimum):
        return None
    lowest, highest = MEANS
    mean = min(highest, max(lowest, floor(fmean(values) + 0.5)))
    deviation = max(stdev(values), 100 / sqrt(len(values)))
    return Index(len(values), mean, 5 * ceil(deviation / 5))


def _scored(
    items: Sequence[Item], people: Sequence[Mapping[str, frozenset[str]]], minimum: int
) -> list[Item]:
    def answers(item: Item) -> int:
        return sum(_points(item, person.get(item.id, frozenset())) is not None for person in people)

    agree = [item for item in items if item.in_index and item.format is Format.AGREE5]
    return [item for item in agree if answers(item) >= minimum]


def _person(scored: Sequence[Item], answers: Mapping[str, frozenset[str]]) -> float | None:
    points = [_points(item, answers.get(item.id, frozenset())) for item in scored]
    given = [point for point in points if point is not None]
    if not given or 2 * len(given) < len(scored):
        return None
    return (fmean(given) - 1) / 4 * 100


def _points(item: Item, answer: frozenset[str]) -> int | None:
    _check(item, answer)
    key = next((box.key for box in item.boxes if box.counted and box.key in answer), None)
    if key is None:
        return None
    return 6 - int(key) if item.direction is Direction.NEGATIVE else int(key)


def _check(item: Item, answer: frozenset[str]) -> None:
    unknown = sorted(answer - {box.key for box in item.boxes})
    if unknown:
        raise BadNumbers(f"{item.id} has no box “{unknown[0]}”.")
    if len(answer) > 1 and item.format is not Format.MULTI:
        raise BadNumbers(f"{item.id} takes one box, and {len(answer)} were chosen.")
