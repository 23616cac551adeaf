"""From answers to counts."""

from __future__ import annotations

import pytest

from pulse.core.errors import BadNumbers
from pulse.core.model import Counted, Share, Tally, Withheld
from pulse.core.scoring import answered, close_side, tally
from tests.core.bank import AMOUNT, LEAD, SLOW, TRUST

BANK = {asked.id: asked for asked in (TRUST, SLOW, AMOUNT)}


def one(key: str) -> frozenset[str]:
    return frozenset({key})


def test_an_answer_counts_in_its_option() -> None:
    """Each option has its number of people, empty ones too."""
    answers = map(one, ["4", "4", "5", "1"])
    assert tally(TRUST, answers) == Tally(4, {"1": 1, "2": 0, "3": 0, "4": 2, "5": 1})


def test_cannot_say_leaves_the_denominator() -> None:
    """Who cannot say, or gave no answer, is neither for nor against."""
    answers = [one("4"), one("cannot_say"), frozenset[str]()]
    assert tally(TRUST, answers) == Tally(1, {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0})


def test_a_multiple_choice_counts_each_chosen_option_once_a_person() -> None:
    """Two people with three choices are two people."""
    answers = [frozenset({"marketing", "it"}), one("it")]
    assert tally(LEAD, answers) == Tally(2, {"marketing": 1, "it": 2, "ceo": 0, "nobody": 0})


def test_answers_that_do_not_fit_are_refused() -> None:
    """An unknown option, or two where one may be chosen, is an error and never a count."""
    with pytest.raises(BadNumbers, match="no option “6”"):
        tally(TRUST, [one("6")])
    with pytest.raises(BadNumbers, match="takes one option"):
        tally(TRUST, [frozenset({"4", "5"})])


def people(n: int, **answers: str) -> list[dict[str, frozenset[str]]]:
    return [{id_: one(key) for id_, key in answers.items()} for _person in range(n)]


def test_a_side_closes_item_by_item() -> None:
    """Each item is published from its own answers, and withheld alone."""
    side = people(12, T01="4", R01="1") + people(3, A02="about_right")
    assert close_side([TRUST, SLOW, AMOUNT], side, 5) == {
        "T01": Counted(12, {"top2box": Share(10, 12)}),
        "R01": Counted(12, {"top2box": Share(0, 2)}),
        "A02": Withheld(),
    }


def test_an_item_reads_the_same_whatever_else_was_asked() -> None:
    """Nothing joins one person's answers across items."""
    side = people(9, T01="5", R01="1") + people(7, T01="2", R01="5") + people(5, T01="3")
    together = close_side([TRUST, SLOW, AMOUNT], side, 5)
    assert together == {id_: close_side([asked], side, 5)[id_] for id_, asked in BANK.items()}
    shuffled = [
        trust | slow
        for trust, slow in zip(
            ({"T01": person["T01"]} for person in side),
            ({"R01": person["R01"]} if "R01" in person else {} for person in reversed(side)),
            strict=True,
        )
    ]
    assert close_side([TRUST, SLOW, AMOUNT], shuffled, 5) == together


def test_cannot_say_and_a_skip_read_alike() -> None:
    """Whoever has no opinion on an item leaves the same figures, and no opinion at all is no answer."""
    opinions = people(11, T01="4", R01="2")
    said = opinions + people(3, T01="cannot_say", R01="2") + people(2, T01="cannot_say")
    skipped = opinions + people(3, R01="2")
    items = [TRUST, SLOW]
    assert close_side(items, said, 5) == close_side(items, skipped, 5)
    assert answered(items, said) == answered(items, skipped) == 14
