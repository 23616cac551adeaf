"""What a tally may become: the only door between people's answers and anything that is kept or said.

Everything that `publish` returns may be posted, so nothing may follow from it that may not be posted,
not even for a reader who knows these rules and subtracts one figure from another:

* Under the minimum nothing is kept, not even how many answered. From 5 to 9 answers a band is kept. From
  10 a share is kept, its extremes merged: 0 with 1 and n − 1 with n, so that nobody is known to be alone.
* The measures cut an item's boxes into groups (agree: 1 2 3 | 4 5; amount of collaboration: far too little,
  too little | about right | too much). Shares give each group's total by subtraction. So bars, and any
  measure after the first, are published only from 20 answers and only where no group holds 1 or 2 people
  and the first share is not an extreme; where three people outside the first measure are spread over
  several groups, keeping silent would itself tell that somebody is nearly alone, so those stay silent too.
* Inside a group boxes are shown apart only where no part has 1 or 2 people; otherwise they stay one bar.
  Three people are never shown apart: one bar of three then says nothing about who stands with whom.
* Beside an index, whose mean gives the sum of its items' scores, bars tell more than they show: by
  enumeration at 20 answers and two items, six in ten waves gave away a box of 1 or 2. So on a side with an
  index the bars of its items are shown as finely as all of them can be: every box of every item, or
  disagree, in between and agree of every item, or none (`beside_index`).
* In a multiple choice the measures overlap and nothing follows from subtracting them: each is a share of
  its own with merged extremes. There are no bars.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from pulse.core.errors import BadNumbers
from pulse.core.model import (
    Band,
    Banded,
    Bar,
    Counted,
    Format,
    Item,
    Measure,
    Outcome,
    Share,
    SideTurnout,
    Tally,
    Withheld,
)

LOWEST_MINIMUM = 5
SHARES_FROM = 10
BARS_FROM = 20
_ALONE = (1, 2)
_NO_BARS, _THREE_WAYS, _ALL_BOXES = range(3)


def publish(item: Item, tally: Tally, minimum: int) -> Outcome:
    """All that may be kept and said of one item on one side.

    `minimum` is the wave's smallest group, in people, 5 or more. Raises BadNumbers for a lower minimum or
    for counts that do not fit the item.
    """
    _check_minimum(minimum)
    _check_tally(item, tally)
    if tally.n < minimum:
        return Withheld()
    if tally.n < SHARES_FROM:
        return Banded(tally.n, band(_chosen(item.measures[0], tally), tally.n))
    if item.format is Format.MULTI:
        return Counted(tally.n, {m.key: _share_of(m, tally) for m in item.measures})
    first = item.measures[0]
    if not _divisible(item, tally):
        return Counted(tally.n, {first.key: _share_of(first, tally)})
    shares = {m.key: _share_of(m, tally) for m in item.measures}
    return Counted(tally.n, shares, tuple(_bars(item, tally)))


def beside_index(outcomes: Mapping[str, Outcome], scored: Collection[str]) -> dict[str, Outcome]:
    """The outcomes of a side, by item id, that may stand beside an index of the `scored` agree items."""
    finest = min((_fineness(outcomes[id_]) for id_ in scored), default=_ALL_BOXES)
    return {id_: _coarse(outcome, finest) if id_ in scored else outcome for id_, outcome in outcomes.items()}


def _fineness(outcome: Outcome) -> int:
    if not isinstance(outcome, Counted) or not outcome.bars:
        return _NO_BARS
    if all(len(bar.boxes) == 1 for bar in outcome.bars):
        return _ALL_BOXES
    return _THREE_WAYS if any(bar.boxes == ("3",) for bar in outcome.bars) else _NO_BARS


def _coarse(outcome: Outcome, finest: int) -> Outcome:
    if finest == _ALL_BOXES or not isinstance(outcome, Counted):
        return outcome
    if finest == _NO_BARS:
        return replace(outcome, bars=())
    ways = (("1", "2"), ("3",), ("4", "5"))
    totals = (sum(bar.count for bar in outcome.bars if set(bar.boxes) <= set(way)) for way in ways)
    return replace(outcome, bars=tuple(map(Bar, ways, totals)))


def turnout(roster: int, answered: int, minimum: int) -> SideTurnout:
    """How many of a side answered, or None under the minimum. All in people.

    In a wave of the first edition somebody who joined later may answer: the roster counts at least those who
    answered.

    >>> turnout(30, 4, 5), turnout(30, 12, 5)
    (SideTurnout(roster=30, answered=None), SideTurnout(roster=30, answered=12))
    """
    _check_minimum(minimum)
    if answered < 0 or roster < 0:
        raise BadNumbers(f"There cannot be {answered} answers from a roster of {roster} people.")
    return SideTurnout(max(roster, answered), answered if answered >= minimum else None)


def band(k: int, n: int) -> Band:
    """The word for `k` of `n` people: few under three tenths, most over seven tenths.

    >>> [str(band(k, 10)) for k in (2, 3, 7, 8)]
    ['few', 'about half', 'about half', 'most']
    """
    if 10 * k < 3 * n:
        return Band.FEW
    return Band.MOST if 10 * k > 7 * n else Band.HALF


def share(k: int, n: int) -> Share:
    """`k` of `n` people with merged extremes.

    >>> share(0, 12), share(7, 12), share(11, 12)
    (Share(low=0, high=1), Share(low=7, high=7), Share(low=11, high=12))
    """
    if k <= 1:
        return Share(0, 1)
    return Share(n - 1, n) if k >= n - 1 else Share(k, k)


def groups(item: Item) -> tuple[tuple[str, ...], ...]:
    """The item's counted boxes in order, cut wherever a measure begins or ends."""
    keys = [box.key for box in item.boxes if box.counted]

    def measured(key: str) -> tuple[bool, ...]:
        return tuple(key in measure.boxes for measure in item.measures)

    return tuple(tuple(run) for _, run in groupby(keys, key=measured))


def _divisible(item: Item, tally: Tally) -> bool:
    first = item.measures[0]
    k = _chosen(first, tally)
    if tally.n < BARS_FROM or share(k, tally.n).merged:
        return False
    totals = [(_total(run, tally), first.boxes.isdisjoint(run)) for run in groups(item)]
    outside = [total for total, is_outside in totals if is_outside]
    if len(outside) > 1 and sum(outside) == 3:
        return False
    return not any(total in _ALONE for total, _ in totals)


def _bars(item: Item, tally: Tally) -> Iterator[Bar]:
    for run in groups(item):
        yield from _apart(run, tally)


def _apart(run: Sequence[str], tally: Tally) -> list[Bar]:
    total = _total(run, tally)
    last = tally.counts[run[-1]]
    whole = [Bar(tuple(run), total)]
    if len(run) == 1 or total == 3 or last in _ALONE or total - last in _ALONE:
        return whole
    return [*_apart(run[:-1], tally), Bar((run[-1],), last)]


def _share_of(measure: Measure, tally: Tally) -> Share:
    return share(_chosen(measure, tally), tally.n)


def _chosen(measure: Measure, tally: Tally) -> int:
    return _total(sorted(measure.boxes), tally)


def _total(boxes: Sequence[str], tally: Tally) -> int:
    return sum(tally.counts[key] for key in boxes)


def _check_minimum(minimum: int) -> None:
    if minimum < LOWEST_MINIMUM:
        raise BadNumbers(f"The smallest group is {LOWEST_MINIMUM} people or more, not {minimum}.")


def _check_tally(item: Item, tally: Tally) -> None:
    keys = {box.key for box in item.boxes if box.counted}
    if set(tally.counts) != keys:
        raise BadNumbers(f"The counts of {item.id} must name its boxes: {', '.join(sorted(keys))}.")
    if any(not 0 <= count <= tally.n for count in tally.counts.values()):
        raise BadNumbers(f"A box of {item.id} was chosen by fewer than nobody or more than everybody.")
    if item.format is Format.MULTI:
        if any(len(measure.boxes) != 1 for measure in item.measures):
            raise BadNumbers(f"{item.id} is a multiple choice: each of its measures counts one box.")
    elif sum(tally.counts.values()) != tally.n:
        raise BadNumbers(f"The counts of {item.id} must add up to its {tally.n} answers.")
