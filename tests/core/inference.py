"""What follows from a published figure: an attacker's reasoning, independent of the publisher's.

The attacker knows the rules, that is, can call the publisher on any answers. So a figure says only that the
answers are among those published alike: what these have in common follows from it, and nothing else does.

`Candidates` holds every tally of n people and finds what is sure in each publication. `Doubts` starts from
one set of answers and looks for others that are published alike, until nothing dangerous is sure any more.
Both ask the same: must a reader conclude that 1 or 2 people chose a union of options, or nobody; must
somebody who answered conclude that nobody else did, or exactly one? A union and the rest of the options tell
the same, so one of each pair is looked at, from both ends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from random import Random

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Options = tuple[int, ...]
Publish = Callable[[Options], Hashable]
"""What is published of a tally: one count an option."""
ShownEmpty = Callable[[Hashable], Collection[int]]
"""The options that a publication shows as chosen by nobody."""

READER, RESPONDENT = (1, 2), (1,)
"""Counts of people that a reader, and of others that somebody who answered, must not be sure of."""


def none_shown(_publication: Hashable) -> Collection[int]:
    return ()


def tallies(n: int, options: int) -> Numbers:
    """Every way in which `n` people can each choose one of the options."""
    cuts = np.array(list(combinations(range(n + options - 1), options - 1)), dtype=np.int64)
    cuts = cuts.reshape(-1, options - 1)
    edges = np.pad(cuts, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, n + options - 1)))
    return np.diff(edges, axis=1) - 1


def multiple_tallies(n: int, options: int) -> Numbers:
    """Every tally of `n` people who each choose one or more of the options."""
    rows = np.array(list(product(range(n + 1), repeat=options)), dtype=np.int64)
    return rows[rows.sum(axis=1) >= n]


@dataclass(frozen=True, slots=True)
class Told:
    """A conclusion that must not be sure: what of which union, for somebody who chose the options `own`."""

    publication: Hashable
    own: Options
    union: Options
    what: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """All tallies of `n` people, grouped by what is published of them."""

    rows: Numbers
    n: int
    group: Numbers
    publications: tuple[Hashable, ...]
    shown_empty: tuple[Collection[int], ...]

    @classmethod
    def of(cls, rows: Numbers, n: int, publish: Publish, shown: ShownEmpty = none_shown) -> Candidates:
        numbers: dict[Hashable, int] = {}
        group = [numbers.setdefault(publish(tuple(row)), len(numbers)) for row in rows.tolist()]
        return cls(rows, n, np.array(group), tuple(numbers), tuple(map(shown, numbers)))

    def told(self) -> list[Told]:
        """What is told of a single choice, of each union of its options."""
        options = self.rows.shape[1]
        found: list[Told] = []
        for union in unions(options):
            counts = self.rows[:, list(union)].sum(axis=1)
            found += self._sure(counts, np.full(len(counts), True), self.n, (), union)
            for own in range(options):
                others = counts - (own in union)
                found += self._sure(others, self.rows[:, own] > 0, self.n - 1, (own,), union)
        return found

    def told_of_options(self) -> list[Told]:
        """What is told of a multiple choice, option by option; whoever answered chose any set of them."""
        options = range(self.rows.shape[1])
        found: list[Told] = []
        for own in subsets(options):
            others = self.rows - np.isin(options, own)
            people = self.n - bool(own)
            possible = ((others >= 0) & (others <= people)).all(axis=1) & (others.sum(axis=1) >= people)
            for option in options:
                found += self._sure(others[:, option], possible, people, own, (option,))
        return found

    def _sure(
        self, counts: Numbers, where: Flags, people: int, own: Options, union: Options
    ) -> Iterator[Told]:
        """What is sure of a union among this many people, where only the rows `where` are possible."""
        seen = np.zeros((len(self.publications), people + 1), dtype=bool)
        seen[self.group[where], counts[where]] = True
        rest = set(range(self.rows.shape[1])) - set(union)
        few = RESPONDENT if own else READER
        for ends, chosen, each in (("chose", union, seen), ("did not choose", rest, seen[:, ::-1])):
            for number in _only(each, few):
                yield Told(self.publications[number], own, union, f"{few} {ends}")
            for number in _only(each, (0,)):
                if not set(chosen) <= set(self.shown_empty[number]):
                    yield Told(self.publications[number], own, union, f"nobody {ends}")


def unions(options: int) -> Iterator[Options]:
    """Of each union and the rest of the options, the one without the first option."""
    for size in range(1, options):
        yield from combinations(range(1, options), size)


def subsets(options: Collection[int]) -> Iterator[Options]:
    """All sets of the options, the empty one first."""
    for size in range(len(options) + 1):
        yield from combinations(options, size)


def _only(seen: Flags, counts: Iterable[int]) -> NDArray[np.int64]:
    """The publications that leave none but these counts possible."""
    wanted = np.isin(np.arange(seen.shape[1]), list(counts))
    return np.flatnonzero(seen.any(axis=1) & ~seen[:, ~wanted].any(axis=1))


@dataclass(frozen=True, slots=True)
class Doubt:
    """A dangerous conclusion: somebody is sure how many chose a union, or with `rest` any option outside it.

    `own` is what somebody who answered chose, and the count is of the others; it is empty for a reader.
    """

    own: Options
    union: Options
    rest: bool
    counts: Options

    def fits(self, tally: Options, n: int) -> bool:
        """False if this tally of `n` people is possible and contradicts the conclusion."""
        others = [count - (option in self.own) for option, count in enumerate(tally)]
        people = n - bool(self.own)
        if not all(0 <= count <= people for count in others) or sum(others) < people:
            return True
        chose = sum(others[option] for option in self.union)
        return (people - chose if self.rest else chose) in self.counts


class Doubts:
    """The dangerous conclusions of one item of `n` people that no tally published alike has contradicted yet.

    `owns` are the answers of those who reason, and `looked` the unions in question: `unions` of a single
    choice, each option of a multiple choice.
    """

    def __init__(
        self,
        tally: Options,
        n: int,
        owns: Collection[Options],
        looked: Sequence[Options],
        shown: Collection[int],
    ) -> None:
        self._n = n
        shown_whole = (set(shown).issuperset, lambda union: {*union, *shown}.issuperset(range(len(tally))))
        self.left = [
            Doubt(own, union, rest, counts)
            for own in ((), *owns)
            for union, rest in product(looked, (False, True))
            for counts in (RESPONDENT if own else READER, (0,))
            if counts != (0,) or not shown_whole[rest](union)
        ]
        self.meet(tally)

    def meet(self, tally: Options) -> bool:
        """Takes another tally into account; true if it contradicts something."""
        before = len(self.left)
        self.left = [doubt for doubt in self.left if doubt.fits(tally, self._n)]
        return len(self.left) < before


def contradictions(
    doubts: Doubts, tally: Options, publish: Publish, luck: Random, people: int | None = None
) -> Iterator[Options]:
    """Tallies that are published alike and contradict something sure so far, until nothing dangerous is.

    A walk with fresh starts: some people choose another option, or those of some options are spread over
    these again, evenly or in a heap.
    With `people` the item is a multiple choice, and each count moves on its own.
    """
    told = publish(tally)
    for step in range(TRIES):
        if not doubts.left:
            return
        if step % 50 == 0:
            now = tally
        if people is not None:
            then = _toggled(now, luck, people)
        else:
            then = (_redrawn, _heaped, _moved, _moved)[step % 4](now, luck)
        if publish(then) == told:
            now = then
            if doubts.meet(now):
                yield now


TRIES = 10_000


def _moved(tally: Options, luck: Random) -> Options:
    then = list(tally)
    old, new = luck.sample(range(len(tally)), 2)
    moved = luck.randint(0, then[old])
    then[old] -= moved
    then[new] += moved
    return tuple(then)


def _some(options: int, luck: Random) -> list[int]:
    """Two or more of the options in any order, half the time neighbours."""
    size = luck.randint(2, options)
    first = luck.randint(0, options - size)
    return luck.sample(luck.choice((range(options), range(first, first + size))), size)


def _redrawn(tally: Options, luck: Random) -> Options:
    """Every split of those who chose some of the options is equally likely."""
    then = list(tally)
    some = _some(len(tally), luck)
    total = sum(tally[option] for option in some)
    cuts = sorted(luck.sample(range(total + len(some) - 1), len(some) - 1))
    for option, first, last in zip(some, [-1, *cuts], [*cuts, total + len(some) - 1], strict=True):
        then[option] = last - first - 1
    return tuple(then)


def _heaped(tally: Options, luck: Random) -> Options:
    """Of those who chose some of the options, all but a few choose the same one."""
    then = list(tally)
    some = _some(len(tally), luck)
    total = sum(tally[option] for option in some)
    few = min(total, luck.randint(0, 4))
    for option in some:
        then[option] = 0
    then[some[0]] = total - few
    for _person in range(few):
        then[luck.choice(some)] += 1
    return tuple(then)


def _toggled(tally: Options, luck: Random, people: int) -> Options:
    then = list(tally)
    then[luck.randrange(len(tally))] = luck.randint(0, people)
    return tuple(then) if sum(then) >= people else tally
