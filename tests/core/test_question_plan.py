"""Which questions a wave asks."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.core.baselines import items_of
from pulse.core.items import Asking, Bank
from pulse.core.question_plan import (
    QuestionPlan,
    choose_questions,
    first_edition_plan,
    headlines,
    suggested_plan,
)
from pulse.storage.library import load_library
from tests.core.bank import CALM

BANK = load_library(None).bank
HEADLINES = ("A04", "G01", "C01", "I01", "D01", "L03", "P01", "S01", "I03", "D02")
MONDAY = date(2026, 1, 5)


def history(
    plan: QuestionPlan, weeks: int, *, size: int = 4, every: int = 1, headlines: tuple[str, ...] = HEADLINES
) -> list[Asking]:
    """What is asked in this many waves, each chosen with those before it."""
    past: list[Asking] = []
    for number in range(weeks):
        day = MONDAY + timedelta(weeks=every * number)
        items = choose_questions(BANK, plan, headlines, past, day, size)
        past.append(Asking(day, tuple(item.id for item in items)))
    return past


def test_the_suggested_plan_pins_what_the_two_studies_lead_with() -> None:
    """Trust, the amount of collaboration and the need for alignment stand in every wave, in this order."""
    waves = history(suggested_plan(BANK), 26)
    assert {asking.items[:3] for asking in waves} == {("T01", "A02", "A01")}
    assert {len(asking.items) for asking in waves} == {4}


def test_each_headline_item_is_asked_in_any_quarter_of_weekly_waves() -> None:
    """Within any 13 weekly waves the fourth place has each headline item at least once."""
    waves = history(suggested_plan(BANK), 104)
    for start in range(len(waves) - 12):
        asked = {item for asking in waves[start : start + 13] for item in asking.items}
        assert set(HEADLINES) - asked == set(), start


def test_a_slow_cadence_gives_its_places_to_headline_items() -> None:
    """If not all can come in a quarter, the headline items take turns, the longest unasked first."""
    waves = history(suggested_plan(BANK), 20, every=4)
    rotated = [asking.items[3] for asking in waves]
    assert set(rotated[3:13]) == set(HEADLINES)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_pins_come_first_and_off_never(size: int) -> None:
    """A pinned question is in every wave, a question that is switched off in none."""
    plan = QuestionPlan(pinned=("G01",), off=frozenset({"T01", "A02"}))
    waves = history(plan, 40, size=size)
    assert {asking.items[0] for asking in waves} == {"G01"}
    assert not {"T01", "A02"} & {item for asking in waves for item in asking.items}
    assert {len(asking.items) for asking in waves} == {size}


def test_more_pins_than_places_leave_out_the_last() -> None:
    """The size of a wave holds, whatever is pinned."""
    plan = QuestionPlan(pinned=("T01", "A02", "A01", "G01", "D01"))
    assert {asking.items for asking in history(plan, 3)} == {("T01", "A02", "A01", "G01")}


def test_a_question_that_rests_is_not_asked_again_too_soon() -> None:
    """A quarterly question that is no headline comes at most once in 12 weeks, a half-yearly in 25."""
    waves = history(first_edition_plan(BANK), 104, headlines=())
    for item, pause in (("A01", 12), ("E01", 12), ("L03", 25), ("S01", 25)):
        days = [asking.day for asking in waves if item in asking.items]
        gaps = [later - earlier for earlier, later in pairwise(days)]
        assert len(days) > 1
        assert min(gaps) >= timedelta(weeks=pause), item


def test_a_bank_with_less_than_a_wave_asks_what_it_has() -> None:
    """Nothing is asked twice in a wave, and nothing that is switched off fills a gap."""
    off = frozenset(item.id for item in BANK) - {"T01", "G01", "D01"}
    items = choose_questions(BANK, QuestionPlan(off=off), (), [], MONDAY, 4)
    assert sorted(item.id for item in items) == ["D01", "G01", "T01"]
    assert choose_questions(Bank(()), QuestionPlan(), (), [], MONDAY, 4) == ()


@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_wave_asks_two_to_four_questions(size: int) -> None:
    """Any other size is refused."""
    with pytest.raises(ValueError, match="2 to 4"):
        choose_questions(BANK, QuestionPlan(), (), [], MONDAY, size)


IDS = st.sampled_from([item.id for item in BANK])


@CALM
@given(
    pinned=st.lists(IDS, unique=True, max_size=6),
    off=st.frozensets(IDS, max_size=23),
    headlines=st.sets(IDS),
    gaps=st.lists(st.integers(0, 40), max_size=12),
    size=st.integers(2, 4),
)
def test_any_plan_gives_different_questions_that_are_on(
    pinned: list[str], off: frozenset[str], headlines: set[str], gaps: list[int], size: int
) -> None:
    """Whatever was pinned, switched off and asked: no question twice and none that is off."""
    plan = QuestionPlan(pinned=tuple(id_ for id_ in pinned if id_ not in off), off=off)
    day, past = MONDAY, []
    for gap in gaps:
        items = choose_questions(BANK, plan, headlines, past, day, size)
        ids = [item.id for item in items]
        assert len(set(ids)) == len(ids) == min(size, len(list(BANK)) - len(off))
        assert not off & set(ids)
        past.append(Asking(day, tuple(ids)))
        day += timedelta(days=gap)


def test_pinning_rotating_and_switching_off_exclude_each_other() -> None:
    """A question is in one state at a time, and repeating a change changes nothing."""
    plan = QuestionPlan(pinned=("T01",), off=frozenset({"G01"}))
    assert plan.pin("G01") == plan.pin("G01").pin("G01") == QuestionPlan(pinned=("T01", "G01"))
    assert plan.switch_off("T01") == QuestionPlan(off=frozenset({"G01", "T01"}))
    assert plan.rotate("T01") == QuestionPlan(off=frozenset({"G01"}))
    assert plan.rotate("G01") == QuestionPlan(pinned=("T01",))


SEEDS = {
    "77 and 56": ("A13_need_it", "A13_need_mkt"),
    "69, 19, 58 and 51": ("A10_lead_mkt_self", "A10_lead_mkt_it", "A10_lead_it_self", "A10_lead_it_cmo"),
    "13 and 11": ("A13_right_mkt", "A13_right_it"),
    "78 and 68": ("A10_digital_important_mkt", "A10_digital_important_it"),
    "35 and 20": ("A10_committed_mkt", "A10_committed_it"),
    "36 and 46": ("A13_short_mkt", "A13_detail_it"),
}
"""The figures that the articles about the two named studies print, by the keys of their rows."""


@pytest.mark.parametrize("figures", SEEDS)
def test_each_figure_that_the_articles_print_meets_its_question_within_a_quarter(figures: str) -> None:
    """In any 13 weekly waves under the suggested plan, the questions that name the figure are asked."""
    library = load_library(None)
    past: list[Asking] = []
    for number in range(52):
        day = MONDAY + timedelta(weeks=number)
        lead = headlines(library.source, library.ledger)
        items = choose_questions(library.source, suggested_plan(library.source), lead, past, day, 4)
        past.append(Asking(day, tuple(item.id for item in items)))
    for key in SEEDS[figures]:
        row = library.ledger.get(key)
        assert row is not None
        named = {item.id for item, _side in items_of(row, library.source)}
        for start in range(len(past) - 12):
            assert named & {id_ for asking in past[start : start + 13] for id_ in asking.items}, (key, start)
