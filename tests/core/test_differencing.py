"""An attacker replays what was published, and learns nothing about a small group or a single person.

The attacker knows the rules, and may be somebody who answered. `inference` holds the attacker's reasoning:
whatever all answers that are published alike have in common follows, and nothing else does. For every
possible tally the tests work out what a reader, and what somebody who answered, must conclude:

* no count of 1 or 2 people in an option, or in any union of options, follows for a reader;
* nobody who answered learns that all others, or all but one, chose within a union of options;
* that nobody chose an option follows only where a bar of 0 says so.

Printed on purpose, so not a success: a count from 3 to n − 3, a bar of 3 or more, and how many of a side have
no opinion on an item. The tests look only at what is certain, not at what is likely, what two people know
together, or what two waves tell of somebody who joined or left between them.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from itertools import combinations, combinations_with_replacement, cycle, permutations, product
from random import Random

import pytest

from pulse.core.commitments import Commitment, commitment_item
from pulse.core.items import parse_items
from pulse.core.model import Direction, Format, Item, Measure, Outcome, Side, Tally, Withheld
from pulse.core.privacy import EXPECTED, publish, publish_expectation, share, turnout
from pulse.core.scoring import answered, close_side, tally
from tests.core.bank import SLOW, TRUST, counts, item
from tests.core.bank import options as options_of
from tests.core.inference import (
    Candidates,
    Doubts,
    Options,
    Publish,
    ShownEmpty,
    contradictions,
    multiple_tallies,
    tallies,
    unions,
)

SHIPPED = {
    shipped.id: shipped
    for shipped in parse_items(
        (resources.files("pulse") / "data" / "items.csv").read_text(encoding="utf-8"), "items.csv", None
    )
}
Person = Mapping[str, frozenset[str]]
Shape = tuple[Format, int, *tuple[Options, ...]]
"""All of an item that matters here: how many options it has, and the options of each share."""


def options(asked: Item) -> list[str]:
    return [option.key for option in asked.options if option.counted]


def an_item(form: Format, size: int, *measured: Options) -> Item:
    """An own item of this shape."""
    keys = "abcdefghij"[:size]
    shares = tuple(
        Measure("".join(keys[o] for o in m), frozenset(keys[o] for o in m), "say") for m in measured
    )
    return item("OWN", form, options_of(*keys), shares, Direction.CHOICE)


def figures(outcome: Outcome) -> Hashable:
    """All that an outcome says, in a form that can be compared fast."""
    if isinstance(outcome, Withheld):
        return None
    shares = tuple((key, each.low, each.high) for key, each in outcome.shares.items())
    return outcome.n, shares, tuple((bar.options, bar.count) for bar in outcome.bars)


def publisher(asked: Item, people: int | None = None) -> Publish:
    """What is published of a tally; of a multiple choice the number of `people` is not their sum."""
    keys = options(asked)

    def published(row: Options) -> Hashable:
        n = sum(row) if people is None else people
        return figures(publish(asked, Tally(n, dict(zip(keys, row, strict=True))), 5))

    return published


def bars_of_none(asked: Item) -> ShownEmpty:
    keys = options(asked)

    def shown(publication: Hashable) -> Collection[int]:
        if not isinstance(publication, tuple):
            return ()
        return [keys.index(key) for bar, count in publication[2] if count == 0 for key in bar]

    return shown


def told(asked: Item, sizes: Sequence[int]) -> list[object]:
    """All that a publication of a single choice tells that must not be told, at these numbers of people."""
    published, shown = publisher(asked), bars_of_none(asked)
    rows = {n: tallies(n, len(options(asked))) for n in sizes}
    return [found for n in sizes for found in Candidates.of(rows[n], n, published, shown).told()]


def told_of_options(asked: Item, sizes: Sequence[int]) -> list[object]:
    """The same of a multiple choice, option by option."""
    rows = {n: multiple_tallies(n, len(options(asked))) for n in sizes}
    return [
        found for n in sizes for found in Candidates.of(rows[n], n, publisher(asked, n)).told_of_options()
    ]


# --- Every tally of one item ----------------------------------------------------------------------------


def shape_of(asked: Item) -> Shape:
    keys = options(asked)
    return (
        asked.format,
        len(keys),
        *(tuple(sorted(keys.index(key) for key in measure.options)) for measure in asked.measures),
    )


FORMATS = {shape_of(asked): asked for asked in SHIPPED.values()}
SINGLE = [asked for asked in FORMATS.values() if asked.format is not Format.MULTI]
MULTIPLE = [asked for asked in FORMATS.values() if asked.format is Format.MULTI]
OWN = [
    (2, (0,)),
    (3, (1,)),
    (3, (0,), (1,), (2,)),
    (4, (1,)),
    (4, (0, 2)),
    (4, (0, 1), (0,)),
    (4, (0, 1), (1, 2)),
    (4, (0, 1, 2, 3)),
    (5, (1, 3), (0,)),
]
COMMITMENTS = [
    commitment_item(
        Commitment(id=1, side=Side.IT, text="x", made_on=date(2026, 3, 3), due_on=date(2026, 4, 3)), "3 April"
    ),
    an_item(Format.CHOICE, 3, (0,), (1,)),
]
"""Yes, partly, no: with the share that is reported, and with another one besides."""


@pytest.mark.parametrize("asked", SINGLE, ids=lambda asked: asked.id)
def test_a_shipped_choice_tells_on_nobody(asked: Item) -> None:
    """Of all tallies of up to 24 people, in each format of the bank."""
    assert told(asked, range(5, 25)) == []


@pytest.mark.parametrize("shape", OWN, ids=str)
def test_an_own_choice_tells_on_nobody(shape: tuple[int, *tuple[Options, ...]]) -> None:
    """Of all tallies at the numbers where the rule changes, whatever shares the item reports."""
    assert told(an_item(Format.CHOICE, shape[0], *shape[1:]), (5, 6, 9, 10, 19, 20, 21, 23)) == []


def test_many_options_tell_on_nobody() -> None:
    """Six options at 20 people, ten at 5."""
    assert told(an_item(Format.CHOICE, 6, (0, 1), (4,)), [20]) == []
    assert told(an_item(Format.CHOICE, 10, (0, 1), (4,)), [5]) == []


@pytest.mark.parametrize(
    ("size", "measured", "most"), [(2, 1, 24), (3, 2, 24), (4, 3, 10), (5, 4, 6)], ids=str
)
def test_a_multiple_choice_tells_on_nobody(size: int, measured: int, most: int) -> None:
    """Option by option, for somebody who chose any set of options, with one option unmeasured."""
    asked = an_item(Format.MULTI, size, *((option,) for option in range(measured)))
    assert told_of_options(asked, range(5, most + 1)) == []


@pytest.mark.parametrize("asked", MULTIPLE, ids=lambda asked: asked.id)
def test_a_shipped_multiple_choice_tells_on_nobody(asked: Item) -> None:
    """Option by option, of 5 to 7 people; larger groups below."""
    assert told_of_options(asked, range(5, 8)) == []


def test_an_expectation_tells_on_nobody() -> None:
    """Of all tallies of up to 24 people only the rounded mean is published, and that from 11 people on."""
    for n in range(5, 25):
        assert Candidates.of(tallies(n, 5), n, expectation).told() == []


@pytest.mark.parametrize("asked", COMMITMENTS, ids=["as it is asked", "with two shares"])
def test_a_commitment_tells_on_nobody(asked: Item) -> None:
    """Yes, partly and no are published like any choice."""
    assert told(asked, range(5, 25)) == []


def expectation(row: Options) -> Hashable:
    return publish_expectation(Tally(sum(row), dict(zip(EXPECTED, row, strict=True))), 5)


@pytest.mark.soak
@pytest.mark.parametrize("size", [2, 3, 4])
def test_no_two_shares_of_an_own_choice_tell_on_anybody(size: int) -> None:
    """Every pair of shares of 2 to 4 options, of all tallies of up to 24 people."""
    shares = [some for k in range(1, size + 1) for some in combinations(range(size), k)]
    for one, two in permutations(shares, 2):
        assert told(an_item(Format.CHOICE, size, one, two), range(5, 25)) == []


@pytest.mark.soak
@pytest.mark.parametrize("size", [5, 6])
def test_no_share_of_an_own_choice_tells_on_anybody(size: int) -> None:
    """Five and six options, all tallies of up to 24 people: one, two and three shares drawn at random."""
    luck = Random(size)
    shares = [some for k in range(1, size) for some in combinations(range(size), k)]
    for number in (1, 2, 3):
        for _draw in range(8 if size == 5 else 2):
            asked = an_item(Format.CHOICE, size, *luck.sample(shares, number))
            assert told(asked, range(5, 25)) == [], asked.measures


@pytest.mark.soak
@pytest.mark.parametrize("size", [7, 8, 9, 10])
def test_no_choice_of_many_options_tells_on_anybody(size: int) -> None:
    """Seven to ten options, of all tallies of up to 14 people."""
    assert told(an_item(Format.CHOICE, size, (0, 1), (4,)), range(5, 15)) == []


@pytest.mark.soak
@pytest.mark.parametrize(
    ("size", "measured", "most"), [(4, 3, 24), (5, 2, 12), (5, 4, 12), (6, 5, 8)], ids=str
)
def test_no_multiple_choice_tells_on_anybody(size: int, measured: int, most: int) -> None:
    """Option by option, up to as many people as can be enumerated."""
    asked = an_item(Format.MULTI, size, *((option,) for option in range(measured)))
    for n in range(5, most + 1):
        assert told_of_options(asked, [n]) == []


# --- The attacker finds what there is to find -------------------------------------------------------------


def test_the_attacker_finds_the_lone_dissenter_of_the_first_edition() -> None:
    """When n − 1 and n were one figure, the only one who did not agree knew that everybody else did."""

    def first_edition(row: Options) -> Hashable:
        k, n = row[3] + row[4], sum(row)
        return min(max(k, 1), n - 1)

    found = Candidates.of(tallies(12, 5), 12, first_edition).told()
    assert ((0,), (3, 4), "nobody did not choose") in {(one.own, one.union, one.what) for one in found}


def test_the_attacker_finds_a_small_bar() -> None:
    """Subtracting the other bars tells of 1 or 2 people in an option."""
    found = Candidates.of(tallies(10, 3), 10, lambda row: (row[0], row[1])).told()
    assert ((), (2,), "(1, 2) chose") in {(one.own, one.union, one.what) for one in found}


def test_the_attacker_finds_an_option_that_no_bar_shows_as_empty() -> None:
    """Only a bar of 0 may say that nobody chose an option."""
    rows, shown = tallies(12, 3), lambda row: [o for o in range(3) if row[o] == 0]
    silent = Candidates.of(rows, 12, lambda row: row)
    said = Candidates.of(rows, 12, lambda row: row, shown)
    empty = [one.publication for one in silent.told() if one.what == "nobody chose" and not one.own]
    assert (6, 0, 6) in empty
    assert [one for one in said.told() if one.publication == (6, 0, 6)] == []


@pytest.mark.parametrize(("size", "n"), [(3, 5), (3, 6), (4, 7), (4, 8)])
def test_the_attacker_adds_up_a_multiple_choice_that_is_measured_whole(size: int, n: int) -> None:
    """Small shares of all options must add up to everybody: hence one option stays unmeasured."""
    asked = an_item(Format.MULTI, size, *((option,) for option in range(size)))
    assert any(not getattr(one, "own", None) for one in told_of_options(asked, [n]))


def test_the_attacker_finds_what_an_expectation_of_ten_people_tells() -> None:
    """Under 11 answers a mean at a cut leaves no doubt to somebody who answered: hence none is published."""

    def mean(row: Options) -> Hashable:
        total = sum(map(int.__mul__, EXPECTED.values(), row))
        return min(16, max(4, (2 * total + 10) // 20))

    assert Candidates.of(tallies(10, 5), 10, mean).told() != []


# --- Larger groups, sampled -----------------------------------------------------------------------------


@cache
def alike(
    shape: Shape, row: Options, people: int, own: frozenset[Options]
) -> tuple[tuple[Options, ...], int]:
    """Tallies published as this one is that contradict dangerous conclusions, and how many of these stay.

    `own` are the answers of those who reason.
    """
    size, several = len(row), shape[0] is Format.MULTI
    asked, published = an_item(*shape), _cached(shape, people if several else None)
    looked = [(option,) for option in range(size)] if several else list(unions(size))
    shown = () if several else bars_of_none(asked)(published(row))
    doubts = Doubts(row, people, sorted(own), looked, shown)
    found = contradictions(doubts, row, published, Random(0), people if several else None)
    return tuple(found), len(doubts.left)


@cache
def _cached(shape: Shape, people: int | None) -> Publish:
    return lru_cache(maxsize=None)(publisher(an_item(*shape), people))


def leaning(luck: Random, size: int, people: int) -> Options:
    """Some people's choices, from evenly spread to nearly all alike."""
    width = luck.choice((0.2, 0.6, 2))
    weights = [luck.gammavariate(width, 1) + 0.01 for _option in range(size)]
    chosen = luck.choices(range(size), weights, k=people)
    return tuple(chosen.count(option) for option in range(size))


def sampled(luck: Random, draws: int) -> Iterator[tuple[Shape, Options]]:
    """Tallies of 25 to 60 people, of choices of 2 to 10 options with one to three shares."""
    for _draw in range(draws):
        size = luck.randint(2, 10)
        shares = {tuple(sorted(luck.sample(range(size), luck.randint(1, size - 1)))) for _share in range(3)}
        shape: Shape = (Format.CHOICE, size, *sorted(shares)[: luck.randint(1, 3)])
        yield shape, leaning(luck, size, luck.randint(25, 60))


def chosen_by_somebody(row: Options) -> frozenset[Options]:
    return frozenset((option,) for option, count in enumerate(row) if count)


@pytest.mark.parametrize("draws", [60, pytest.param(3000, marks=pytest.mark.soak)])
def test_larger_groups_tell_on_nobody(draws: int) -> None:
    """For each dangerous conclusion another tally is found that was published alike and contradicts it."""
    for shape, row in sampled(Random(25), draws):
        assert alike(shape, row, sum(row), chosen_by_somebody(row))[1] == 0, (shape, row)


# --- A wave, everything published of it taken together ----------------------------------------------------


def published_together(items: Sequence[Item], people: Sequence[Person], roster: int) -> Hashable:
    """All that is said of one side of a wave."""
    kept = {id_: figures(outcome) for id_, outcome in close_side(items, people, 5).items()}
    return turnout(roster, answered(items, people), 5), tuple(kept.items())


def realistic(luck: Random, items: Sequence[Item], people: int) -> list[dict[str, frozenset[str]]]:
    """People who lean one way across questions; who skips, or cannot say, has no opinion."""
    mood, skips = luck.gauss(0.3, 0.6), luck.uniform(0, 0.1)
    leanings = [luck.gauss(mood, 0.8) for _person in range(people)]
    return [
        {asked.id: _answer(luck, asked, lean) for asked in items if luck.random() >= skips}
        for lean in leanings
    ]


def polarised(luck: Random, items: Sequence[Item], people: int) -> list[dict[str, frozenset[str]]]:
    """Two camps that hardly ever meet."""
    camp, skips = luck.uniform(0.2, 0.8), luck.uniform(0, 0.1)
    leanings = [2.2 if luck.random() < camp else -2.2 for _person in range(people)]
    return [
        {asked.id: _answer(luck, asked, lean) for asked in items if luck.random() >= skips}
        for lean in leanings
    ]


def _answer(luck: Random, asked: Item, lean: float) -> frozenset[str]:
    if luck.random() < 0.02 and len(options(asked)) < len(asked.options):
        return frozenset({asked.options[-1].key})
    keys = options(asked)
    at = (luck.gauss(lean, 0.7) + 2.5) / 5 * len(keys)
    first = keys[min(len(keys) - 1, max(0, int(at)))]
    others = luck.sample(keys, luck.choice((0, 0, 1, 2))) if asked.format is Format.MULTI else []
    return frozenset({first, *others})


def rearranged(asked: Item, people: Sequence[Person], row: Options) -> list[Person]:
    """The same people with the same opinions on other items, whose answers to this one make up `row`."""
    keys = options(asked)
    given = {
        at: chosen
        for at, person in enumerate(people)
        if (chosen := person.get(asked.id, frozenset()) & set(keys))
    }
    wanted = dict(zip(keys, row, strict=True))
    anew = _dealt(given, wanted) if asked.format is Format.MULTI else _moved_over(given, wanted)
    return [{**person, asked.id: anew[at]} if at in anew else person for at, person in enumerate(people)]


def _moved_over(given: Mapping[int, frozenset[str]], wanted: Mapping[str, int]) -> dict[int, frozenset[str]]:
    """As few people as possible change their answer, the last ones of each option first."""
    left, anew = dict(wanted), {}
    for at, chosen in given.items():
        [key] = chosen
        if left[key]:
            left[key] -= 1
            anew[at] = chosen
    free = [at for at in given if at not in anew]
    spare = [key for key, count in left.items() for _place in range(count)]
    return anew | {at: frozenset({key}) for at, key in zip(free, spare, strict=True)}


def _dealt(given: Mapping[int, frozenset[str]], wanted: Mapping[str, int]) -> dict[int, frozenset[str]]:
    """The first who can keep an answer does; options are dealt to the others in turn: each has one."""
    for kept, chosen in given.items():
        left = {key: count - (key in chosen) for key, count in wanted.items()}
        others = [at for at in given if at != kept]
        if all(0 <= count <= len(others) for count in left.values()) and sum(left.values()) >= len(others):
            break
    dealt: dict[int, set[str]] = {at: set() for at in others}
    turns = cycle(others)
    for key, count in left.items():
        for _person in range(count):
            dealt[next(turns)].add(key)
    return {kept: chosen} | {at: frozenset(got) for at, got in dealt.items()}


def waves(luck: Random, count: int) -> Iterator[tuple[list[Item], list[Person], int]]:
    """Items, people and roster of one side: 2 to 4 shipped items, 10 to 40 people, two kinds of opinion."""
    for number in range(count):
        items = luck.sample(list(SHIPPED.values()), luck.randint(2, 4))
        people = luck.randint(10, 40)
        made = polarised if number % 2 else realistic
        yield items, list(made(luck, items, people)), people + luck.randint(0, 12)


def own_answers(asked: Item, people: Sequence[Person]) -> frozenset[Options]:
    keys = options(asked)
    given = (person.get(asked.id, frozenset()) for person in people)
    return frozenset(
        chosen for each in given if (chosen := tuple(o for o, key in enumerate(keys) if key in each))
    )


@pytest.mark.parametrize("count", [500, pytest.param(50_000, marks=pytest.mark.soak)])
def test_a_wave_taken_together_tells_on_nobody(count: int) -> None:
    """Another wave, published alike to the last figure, contradicts each dangerous conclusion."""
    for items, people, roster in waves(Random(2026), count):
        together = published_together(items, people, roster)
        for asked in items:
            counted = tally(asked, (person.get(asked.id, frozenset()) for person in people))
            if counted.n < 5:
                continue
            row = tuple(counted.counts.values())
            others, left = alike(shape_of(asked), row, counted.n, own_answers(asked, people))
            assert left == 0, (asked.id, counted)
            for other in others:
                changed = rearranged(asked, people, other)
                assert published_together(items, changed, roster) == together


def test_nothing_joins_what_one_person_answered() -> None:
    """For five people and two items of two options, tallies that fit alone also fit together.

    So whatever follows from a wave follows from its items one by one.
    """
    asked = [an_item(Format.CHOICE, 2, (0,)), an_item(Format.CHOICE, 2, (1,))]
    asked = [replace(each, id=f"OWN{number}") for number, each in enumerate(asked)]
    seen: dict[Hashable, set[tuple[Options, ...]]] = {}
    ways = list(product(("a", "b", ""), repeat=2))
    for answers in combinations_with_replacement(ways, 5):
        people = [
            {each.id: frozenset({key}) for each, key in zip(asked, way, strict=True) if key}
            for way in answers
        ]
        rows = tuple(
            tuple(tally(each, (person.get(each.id, frozenset()) for person in people)).counts.values())
            for each in asked
        )
        seen.setdefault(published_together(asked, people, 9), set()).add(rows)
    for pairs in seen.values():
        sizes = {tuple(map(sum, pair)) for pair in pairs}
        for size in sizes:
            fitting = [pair for pair in pairs if tuple(map(sum, pair)) == size]
            assert len(fitting) == len({one for one, _two in fitting}) * len({two for _one, two in fitting})


def test_the_answer_of_a_lone_skipper_does_not_follow() -> None:
    """One of 21 people has no opinion on the second item: either answer to the first may be theirs."""
    waves_alike = set()
    for skipper in ("1", "5"):
        people = [{"T01": frozenset({key}), "R01": frozenset({key})} for key in "1" * 10 + "5" * 10]
        people.append({"T01": frozenset({"1"})})
        if skipper == "5":
            people[10] = {"T01": frozenset({"5"})}
            people[20] = {"T01": frozenset({"1"}), "R01": frozenset({"5"})}
        waves_alike.add(published_together([TRUST, SLOW], people, 30))
    assert len(waves_alike) == 1


def test_merged_bars_stay_merged_beside_a_second_item() -> None:
    """Two tallies of 20 that the first edition's index gave away read as 22 other pairs do."""
    rows = [row for row in map(tuple, tallies(20, 5).tolist()) if row[3] + row[4] >= 18]
    read = {figures(publish(TRUST, counts(TRUST, *row), 5)) for row in rows}
    assert len(read) == 1
    assert {(0, 0, 4, 15, 1), (0, 0, 4, 14, 2)} - set(rows) != set()


def test_hidden_answers_change_nothing_that_is_published() -> None:
    """Whatever the few who answered a withheld item said, and how few they were, the wave reads the same."""
    people: list[Person] = [{"T01": frozenset({"4"}), "R01": frozenset({"2"})} for _person in range(12)]
    read = set()
    for few, key in product(range(5), "12345"):
        hidden = [
            {**person, "T02": frozenset({key})} if at < few else person for at, person in enumerate(people)
        ]
        read.add(published_together([TRUST, SLOW, SHIPPED["T02"]], hidden, 15))
    assert len(read) == 1


def test_a_side_under_the_minimum_reads_as_an_empty_one() -> None:
    """Nobody, one person and four people leave the same, whatever they say."""
    read = {
        published_together([TRUST, SLOW], [{"T01": frozenset({key}), "R01": frozenset({"5"})}] * few, 15)
        for few, key in product(range(5), "12345")
    }
    assert len(read) == 1


@pytest.mark.parametrize("n", range(5, 61))
def test_no_share_is_from_fewer_than_three_counts_but_a_plain_one(n: int) -> None:
    """A figure at an end stands for three counts, and a plain count leaves 3 people on each side."""
    figures_of_n = {share(k, n) for k in range(n + 1)}
    for each in figures_of_n:
        ends = each.low == 0 or each.high == n
        assert each.high - each.low == 2 if ends else 3 <= each.low <= each.high <= n - 3
