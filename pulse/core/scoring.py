"""From people's answers to counts. What may be kept of a count is decided in `pulse.core.privacy`.

An index would tell what the outcomes hide: the mean of one item's exact scores, its deviation and its bars
together give back every box. So an index takes two items or more, and its mean and deviation are whole
numbers, the deviation rounded up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor
from statistics import fmean, stdev

from pulse.core.errors import BadNumbers
from pulse.core.model import Direction, Format, Index, Item, Tally

INDEX_FROM = 20
INDEX_ITEMS = 2


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


def index(items: Sequence[Item], people: Iterable[Mapping[str, frozenset[str]]]) -> Index | None:
    """A side's index, 0 to 100: the mean over persons, and the sample deviation, in whole points.

    None under 20 people or two items.

    `people` has one mapping a person, from item id to chosen boxes. A person's own index is
    (mean − 1) / 4 · 100 over the items of the index that the person answered, at least half of them;
    items that bring bad news are reversed as 6 − x.
    """
    scored = [item for item in items if item.in_index and item.format is Format.AGREE5]
    if len(scored) < INDEX_ITEMS:
        return None
    values = [value for person in people if (value := _person(scored, person)) is not None]
    if len(values) < INDEX_FROM:
        return None
    return Index(len(values), floor(fmean(values) + 0.5), ceil(stdev(values)))


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
