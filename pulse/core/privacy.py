"""What a tally may become: the only door between people's answers and anything that is kept or said.

Whatever `publish` returns may be posted, so nobody must be able to infer from it what must not be posted, not
even a reader who knows these rules, subtracts one figure from another, and knows one answer: their own.

* Under the minimum nothing is kept, not even how many answered. From 5 to 9 answers a share is one of three
  figures: "2 or fewer", "3 to n − 3", "n − 2 or more". From 10 it is the exact count from 3 to n − 3.
  So nobody is known to be alone, and a lone dissenter does not learn that everybody else agrees.
* The measures cut an item's options into groups (agree: 1 2 3 | 4 5; amount of collaboration: far too
  little, too little | about right | too much). Shares give each group's total by subtraction. So bars, and
  any measure after the first, are published only from 20 answers and only where no group holds 1 or 2 people
  and the first share is a plain count. They are left out, too, if several groups inside or outside the first
  measure hold exactly three people together: leaving them out only when the three are split would give that
  away.
* Inside a group options are shown apart only if no part has 1 or 2 people; if one has, they stay one bar.
  A group of three is never shown apart: its bar then does not tell whether the three chose alike.
* In a multiple choice the measures overlap, and each counts one option. Every share is published on its own;
  there are no bars. `pulse.core.items` keeps one counted option unmeasured: everybody chose at least one, so
  small shares of all options together would give each other away.

tests/core/test_differencing.py works out independently what can be inferred from each publication.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby

from pulse.core.errors import BadNumbers
from pulse.core.model import (
    Bar,
    Counted,
    Expected,
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
"""The smallest group that is ever shown, in people."""
COUNTS_FROM = 10
BARS_FROM = 20
EXPECTED_FROM = 11
EXPECTED = {"0_1": 1, "2_3": 5, "4_6": 10, "7_8": 15, "9_10": 19}
"""The options of an expectation, each with its midpoint in half people of ten."""
_FEW = (1, 2)


def publish(item: Item, tally: Tally, minimum: int) -> Outcome:
    """All that may be kept and said of one item on one side.

    `minimum` is the wave's smallest group, in people, 5 or more. Raises BadNumbers for a lower minimum or
    for counts that do not fit the item.
    """
    _check_minimum(minimum)
    _check_tally(item, tally)
    if tally.n < minimum:
        return Withheld()
    if item.format is Format.MULTI:
        return Counted(tally.n, _shares(item.measures, tally))
    runs = groups(item) if tally.n >= BARS_FROM else ()
    if not runs or not _divisible(item.measures[0], runs, tally):
        return Counted(tally.n, _shares(item.measures[:1], tally))
    bars = (bar for run in runs for bar in _apart(run, tally))
    return Counted(tally.n, _shares(item.measures, tally), tuple(bars))


def publish_expectation(tally: Tally, minimum: int) -> Expected | Withheld:
    """All that may be kept and said of "how many of ten on the other side would agree?" on one side.

    The mean to the nearest half (exactly between two halves: the upper), cut to "2 or fewer" and "8 or
    more", from 11 answers or a higher minimum. Under 11 answers the mean alone can tell that nobody else
    chose an option. There are no bars, no median and no range: each could give somebody away. Raises
    BadNumbers for a minimum under 5 or for counts that do not fit `EXPECTED`.

    >>> publish_expectation(Tally(12, {"0_1": 0, "2_3": 9, "4_6": 3, "7_8": 0, "9_10": 0}), 5)
    Expected(n=12, of_ten=3.0)
    """
    _check_minimum(minimum)
    _check_single("the expectation", EXPECTED, tally)
    if tally.n < max(minimum, EXPECTED_FROM):
        return Withheld()
    total = sum(EXPECTED[key] * people for key, people in tally.counts.items())
    halves = (2 * total + tally.n) // (2 * tally.n)
    return Expected(tally.n, min(16, max(4, halves)) / 2)


def turnout(roster: int, answered: int, minimum: int) -> SideTurnout:
    """How many of a side's `roster` have an opinion on anything, or None under the minimum. All in people.

    The roster is that of the opening. If more people answered than it holds, as is possible in a wave of the
    first edition, and their number is shown, the roster is raised to it.

    >>> turnout(30, 4, 5), turnout(30, 12, 5)
    (SideTurnout(roster=30, answered=None), SideTurnout(roster=30, answered=12))
    """
    _check_minimum(minimum)
    if answered < 0 or roster < 0:
        raise BadNumbers(f"There cannot be {answered} answers from a roster of {roster} people.")
    if answered < minimum:
        return SideTurnout(roster, None)
    return SideTurnout(max(roster, answered), answered)


def share(k: int, n: int) -> Share:
    """The figure in which `k` of `n` people are published. `n` is 5 or more.

    >>> share(2, 12), share(7, 12), share(10, 12)
    (Share(low=0, high=2), Share(low=7, high=7), Share(low=10, high=12))
    >>> share(2, 7), share(4, 7), share(5, 7)
    (Share(low=0, high=2), Share(low=3, high=4), Share(low=5, high=7))
    """
    if k <= 2:
        return Share(0, 2)
    if k >= n - 2:
        return Share(n - 2, n)
    return Share(k, k) if n >= COUNTS_FROM else Share(3, n - 3)


def groups(item: Item) -> tuple[tuple[str, ...], ...]:
    """The item's counted options in order, cut wherever a measure begins or ends."""
    keys = [option.key for option in item.options if option.counted]

    def measured(key: str) -> tuple[bool, ...]:
        return tuple(key in measure.options for measure in item.measures)

    return tuple(tuple(run) for _, run in groupby(keys, key=measured))


def _divisible(first: Measure, runs: Sequence[Sequence[str]], tally: Tally) -> bool:
    """Whether bars, and shares after the first, reveal no group of 1 or 2 people."""
    if share(_chosen(first, tally), tally.n).merged:
        return False
    totals: dict[bool, list[int]] = {True: [], False: []}
    for run in runs:
        totals[run[0] in first.options].append(_total(run, tally))
    if any(total in _FEW for part in totals.values() for total in part):
        return False
    return not any(len(part) > 1 and sum(part) == 3 for part in totals.values())


def _apart(run: Sequence[str], tally: Tally) -> list[Bar]:
    total = _total(run, tally)
    last = tally.counts[run[-1]]
    whole = [Bar(tuple(run), total)]
    if len(run) == 1 or total == 3 or last in _FEW or total - last in _FEW:
        return whole
    return [*_apart(run[:-1], tally), Bar((run[-1],), last)]


def _shares(measures: Sequence[Measure], tally: Tally) -> dict[str, Share]:
    return {measure.key: share(_chosen(measure, tally), tally.n) for measure in measures}


def _chosen(measure: Measure, tally: Tally) -> int:
    return _total(sorted(measure.options), tally)


def _total(options: Sequence[str], tally: Tally) -> int:
    return sum(tally.counts[key] for key in options)


def _check_minimum(minimum: int) -> None:
    if minimum < LOWEST_MINIMUM:
        raise BadNumbers(f"The smallest group is {LOWEST_MINIMUM} people or more, not {minimum}.")


def _check_tally(item: Item, tally: Tally) -> None:
    keys = [option.key for option in item.options if option.counted]
    if item.format is not Format.MULTI:
        _check_single(item.id, keys, tally)
        return
    _check_counts(item.id, keys, tally)
    if any(len(measure.options) != 1 for measure in item.measures):
        raise BadNumbers(f"{item.id} is a multiple choice: each of its measures counts one option.")


def _check_single(name: str, keys: Collection[str], tally: Tally) -> None:
    _check_counts(name, keys, tally)
    if sum(tally.counts.values()) != tally.n:
        raise BadNumbers(f"The counts of {name} must add up to its {tally.n} answers.")


def _check_counts(name: str, keys: Collection[str], tally: Tally) -> None:
    if set(tally.counts) != set(keys):
        raise BadNumbers(f"The counts of {name} must name its options: {', '.join(sorted(keys))}.")
    if any(not 0 <= count <= tally.n for count in tally.counts.values()):
        raise BadNumbers(f"An option of {name} was chosen by fewer than nobody or more than everybody.")
