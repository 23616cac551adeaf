"""The bank of items: what its file may hold, and what a wave asks."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from importlib import resources
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.core.baselines import Ledger, parse_ledger
from pulse.core.errors import DataFault
from pulse.core.items import (
    COLUMNS,
    OWN_COLUMNS,
    SHORT_LIMIT,
    Asking,
    Bank,
    choose,
    full_round,
    parse_items,
)
from pulse.core.model import DIMENSIONS, Asked, Direction, Format, Item, Side
from tests.depth import also_soaked, length

DATA = resources.files("pulse") / "data"
ITEMS_TEXT = (DATA / "items.csv").read_text(encoding="utf-8")
LEDGER = parse_ledger((DATA / "baselines.csv").read_text(encoding="utf-8"), "baselines.csv")
BANK = Bank(parse_items(ITEMS_TEXT, "items.csv", LEDGER))
OWN_ROW = {
    "id": "OWN1",
    "dimension": "trust",
    "cadence": "rotating",
    "scale": "agree5",
    "wording_marketing": "IT tells us when a date slips.",
    "wording_it": "Marketing tells us when a date slips.",
    "direction": "positive",
}


def table(rows: list[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def own(*changes: Mapping[str, str]) -> tuple[Item, ...]:
    return parse_items(table([OWN_ROW | change for change in changes]), "pulse-items.csv", None, own=True)


def shipped_with(item_id: str, **cells: str) -> str:
    rows = list(csv.DictReader(io.StringIO(ITEMS_TEXT)))
    assert [row.update(cells) for row in rows if row["id"] == item_id] == [None]
    return table(rows)


def item(item_id: str) -> Item:
    found = BANK.get(item_id)
    assert found is not None
    return found


# --- The shipped bank ----------------------------------------------------------------------------------


def test_the_shipped_bank_has_25_items_of_which_two_are_asked_every_wave() -> None:
    """Both anchors come each wave, sixteen rotate, five are quarterly and two half-yearly."""
    assert Counter(item.asked for item in BANK) == {
        Asked.EVERY_WAVE: 2,
        Asked.ROTATING: 16,
        Asked.QUARTERLY: 5,
        Asked.HALF_YEARLY: 2,
    }
    assert [item.id for item in BANK.asked(Asked.EVERY_WAVE)] == ["T01", "A02"]
    assert {item.dimension for item in BANK} == set(DIMENSIONS)


def test_no_shipped_wording_has_drifted_from_the_one_that_its_baselines_belong_to() -> None:
    """Every item still has the series that was recorded, so none has lost its published figures."""
    recorded = {row["id"]: row["frozen"] for row in csv.DictReader(io.StringIO(ITEMS_TEXT))}
    assert {item.id: item.series for item in BANK} == recorded
    assert [item.id for item in BANK if item.edited] == []


def test_what_people_want_and_choices_stay_out_of_the_index() -> None:
    """What people want or expect, and items without an agree scale, are not in the index; all others are."""
    assert [item.id for item in BANK if not item.in_index] == [
        "A01",
        "A02",
        "A04",
        "E01",
        "L03",
        "L04",
        "S01",
    ]


def test_agree_items_report_those_who_agree_and_leave_out_cannot_say() -> None:
    """Top two of five; “cannot say” is a box that does not count; R03 also lets people say “did not ask”."""
    trust, answered = item("T01"), item("R03")
    assert [box.key for box in trust.boxes if box.counted] == ["1", "2", "3", "4", "5"]
    assert [box.key for box in trust.boxes if not box.counted] == ["cannot_say"]
    assert [box.key for box in answered.boxes if not box.counted] == ["cannot_say", "did_not_ask"]
    assert [(m.key, sorted(m.boxes), m.says) for m in trust.measures] == [("top2box", ["4", "5"], "agree")]


@pytest.mark.parametrize(
    ("item_id", "measures"),
    [
        (
            "A02",
            [
                ("choice_share:about_right", {"about_right"}, "say “about right”"),
                (
                    "choice_share:more_needed",
                    {"far_too_little", "too_little"},
                    "say “far too little” or “too little”",
                ),
            ],
        ),
        ("A04", [("choice_share:improved", {"better"}, "say “better”")]),
        ("E01", [("top1box", {"very_effective"}, "say “very effective”")]),
        ("S01", [("top1box", {"very_prepared"}, "say “very prepared”")]),
        (
            "L03",
            [
                ("choice_share:CMO", {"marketing_or_cmo"}, "choose “marketing or CMO”"),
                ("choice_share:CIO", {"it_or_cio"}, "choose “IT or CIO”"),
            ],
        ),
    ],
)
def test_choice_items_report_the_shares_that_the_studies_published(
    item_id: str, measures: list[tuple[str, set[str], str]]
) -> None:
    """Each share of a choice item is named as the ledger names it, the headline first."""
    assert [(m.key, set(m.boxes), m.says) for m in item(item_id).measures] == measures


def test_was_not_here_leaves_the_denominator() -> None:
    """Who was not here a year ago does not count in “compared with a year ago”."""
    assert [box.key for box in item("A04").boxes if box.counted] == ["better", "about_the_same", "worse"]


def test_every_box_fits_a_button_on_a_phone() -> None:
    """Short labels are at most 24 characters, also where a company's own label is long."""
    long = own(
        {"scale": "choice: " + "a very long answer that goes on " * 2 + " / no", "direction": "choice"}
    )
    boxes = [box for item in (*BANK, *long) for box in item.boxes]
    assert [box.short for box in boxes if not 0 < len(box.short) <= SHORT_LIMIT] == []
    assert long[0].boxes[0].short == "A very long answer that…"


def test_an_edited_wording_is_a_new_series_without_baselines() -> None:
    """One changed word: the item keeps its id, but has no published figure, and says why."""
    edited = Bank(
        parse_items(
            shipped_with("T01", wording_it="I trust marketing to do what they say."), "items.csv", LEDGER
        )
    ).get("T01")
    assert edited is not None
    assert edited.series != item("T01").series
    assert edited.baselines == {Side.MARKETING: (), Side.IT: ()}
    assert edited.edited
    assert edited.comparability.startswith("none: the wording or the answers were edited")


def test_an_edited_answer_is_a_new_series_too() -> None:
    """Other answers to choose from are another question."""
    scale = item("A04").boxes[0].label + " / the same / worse"
    edited = Bank(
        parse_items(
            shipped_with("A04", scale="choice: " + scale, measures="choice_share:improved = better"),
            "items.csv",
            LEDGER,
        )
    )
    found = edited.get("A04")
    assert found is not None
    assert found.edited


# --- Faults --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "column", "problem"),
    [
        ({"id": ""}, "id", "this cell is empty and must not be."),
        ({"id": "1 b"}, "id", "an id is a letter"),
        ({"dimension": "trsut"}, "dimension", "“trsut” is not known; did you mean “trust”?"),
        ({"cadence": "anchor: every wave"}, "cadence", "is not known; use one of: rotating, quarterly"),
        ({"scale": "agree7"}, "scale", "start with “agree5”"),
        ({"scale": "agree5; “maybe” allowed", "direction": "choice"}, "direction", "an agree5 item is"),
        ({"scale": 'agree5; "perhaps" allowed'}, "scale", "“perhaps” is not known"),
        ({"scale": "choice: a / b"}, "direction", "any other item is “choice”"),
        ({"scale": "choice: a / a", "direction": "choice"}, "scale", "each answer needs a text of its own"),
        (
            {"scale": "choice: a /  / b", "direction": "choice"},
            "scale",
            "each answer needs a text of its own",
        ),
        ({"scale": "choice: a / cannot say", "direction": "choice"}, "scale", "at least 2 of them counted"),
        (
            {"scale": "choice: " + " / ".join("abcdefghijk"), "direction": "choice"},
            "scale",
            "write 2 to 10 answers",
        ),
        (
            {"scale": f"choice: {'a' * 76} / b", "direction": "choice"},
            "scale",
            "76 characters; at most 75 fit",
        ),
        ({"direction": "good"}, "direction", "“good” is not known"),
        ({"wording_marketing": " "}, "wording_marketing", "this cell is empty"),
        ({"wording_it": "w" * 301}, "wording_it", "301 characters; at most 300 fit"),
        ({"wording_it": "two\nlines"}, "wording_it", "there is a line break"),
        ({"in_index": "maybe"}, "in_index", "use one of: yes, no"),
        (
            {"scale": "choice: a / b", "direction": "choice", "in_index": "yes"},
            "in_index",
            "only agree5 items can be in the index",
        ),
        ({"measures": "choice_share:x = agree"}, "measures", "leave this cell empty"),
        (
            {"scale": "choice: a / b", "direction": "choice", "measures": "a"},
            "measures",
            "write “choice_share",
        ),
        (
            {
                "scale": "multi-select: a / b / c",
                "direction": "choice",
                "measures": "choice_share:x = a; choice_share:y = b; choice_share:z = c",
            },
            "measures",
            "leave one answer of a multiple choice out",
        ),
        (
            {
                "scale": "multi-select: a / b / c",
                "direction": "choice",
                "measures": "choice_share:x = a + b",
            },
            "measures",
            "each share is of one answer",
        ),
        (
            {"scale": "choice: low / high", "direction": "choice", "measures": "choice_share:x = hihg"},
            "measures",
            "“hihg” is not known; did you mean “High”?",
        ),
        (
            {
                "scale": "choice: low / high",
                "direction": "choice",
                "measures": "choice_share:x = low; choice_share:x = high",
            },
            "measures",
            "two shares have the same name",
        ),
    ],
)
def test_a_fault_names_its_file_row_and_column(cells: dict[str, str], column: str, problem: str) -> None:
    """Whatever is wrong in an item, the sentence says where: file, row as a spreadsheet counts, column."""
    optional = {"in_index": "", "measures": ""}
    with pytest.raises(DataFault) as caught:
        own(optional, {"id": "OWN2"} | optional | cells)
    fault = caught.value
    extra_line = cells.get("wording_it", "").count("\n")
    assert (fault.file, fault.row, fault.column) == ("pulse-items.csv", 3 + extra_line, column)
    assert problem in fault.problem
    assert str(fault).startswith(f"pulse-items.csv, row {3 + extra_line}, column “{column}”: ")


@pytest.mark.parametrize("column", COLUMNS)
def test_each_column_of_the_shipped_file_is_needed(column: str) -> None:
    """A file without one of its columns is refused with the column's name."""
    rows = list(csv.DictReader(io.StringIO(ITEMS_TEXT)))
    for row in rows:
        del row[column]
    with pytest.raises(DataFault, match=f"row 1, column “{column}”: this column is missing"):
        parse_items(table(rows), "items.csv", LEDGER)


def test_a_shipped_item_names_only_figures_that_the_ledger_has() -> None:
    """A mistyped key is told with the nearest right one; a figure of the other side is refused."""
    with pytest.raises(DataFault, match="did you mean “F14_trust_mkt”"):
        parse_items(shipped_with("T01", baseline_marketing="F14_trust_mk"), "items.csv", LEDGER)
    with pytest.raises(DataFault, match="“F14_trust_it” is a figure of the other side"):
        parse_items(shipped_with("T01", baseline_marketing="F14_trust_it"), "items.csv", LEDGER)
    with pytest.raises(DataFault, match="“A13_need_it” is no baseline of this item"):
        parse_items(shipped_with("T01", context="A13_need_it"), "items.csv", LEDGER)
    with pytest.raises(DataFault, match="is not known"):
        parse_items(ITEMS_TEXT, "items.csv", Ledger())


def test_two_items_cannot_share_an_id() -> None:
    """An id is taken once, in whatever capitals, and once over both files."""
    with pytest.raises(DataFault, match="row 3, column “id”: “own1” is the id of another item already"):
        own({}, {"id": "own1"})
    with pytest.raises(DataFault, match="row 2, column “id”: “OWN1” is the id of another item already"):
        parse_items(table([OWN_ROW]), "pulse-items.csv", None, own=True, taken=["own1"])


@pytest.mark.parametrize(
    ("text", "row", "problem"),
    [
        ("", 1, "this column is missing"),
        (table([OWN_ROW | {"baseline_it": "A13_need_it"}]), 1, "“baseline_it” is not known"),
        (table([OWN_ROW]).replace("direction", "direction,note,note"), 1, "this column stands there twice"),
        (table([OWN_ROW]) + "OWN2,trust\n", 3, "there are 2 cells, but 7 columns"),
        (table([OWN_ROW]) + '"OWN2\n', 3, "the row cannot be read as CSV"),
    ],
)
def test_a_file_that_is_not_such_a_table_is_refused(text: str, row: int, problem: str) -> None:
    """A missing, unknown or doubled column, too few cells and broken quotes are told with the row."""
    with pytest.raises(DataFault) as caught:
        parse_items(text, "pulse-items.csv", None, own=True)
    assert caught.value.row == row
    assert problem in caught.value.problem


# --- A company's own items -----------------------------------------------------------------------------


def test_an_own_item_has_no_baselines_and_says_that_it_is_the_companys() -> None:
    """Own items are asked and reported like others, beside no published figure."""
    (mine,) = own({})
    assert (mine.own, mine.edited, mine.in_index) == (True, False, True)
    assert mine.baselines == {Side.MARKETING: (), Side.IT: ()}
    assert (mine.format, mine.direction, mine.asked) == (Format.AGREE5, Direction.POSITIVE, Asked.ROTATING)


def test_an_own_choice_reports_its_first_answer_unless_told_otherwise() -> None:
    """Without the column `measures` the first counted answer is the share that is reported."""
    choice = {"scale": "choice: Cannot say / Daily / weekly / never", "direction": "choice"}
    (plain,) = own(choice)
    assert [(m.key, set(m.boxes), m.says) for m in plain.measures] == [
        ("choice_share:daily", {"daily"}, "say “daily”")
    ]
    assert [box.key for box in plain.boxes if not box.counted] == ["cannot_say"]
    assert not plain.in_index
    (named,) = own(choice | {"measures": "choice_share:often = Daily + weekly"})
    assert [(m.key, set(m.boxes), m.says) for m in named.measures] == [
        ("choice_share:often", {"daily", "weekly"}, "say “daily” or “weekly”")
    ]


def test_a_spreadsheet_may_save_semicolons_and_empty_rows() -> None:
    """Separated by semicolons, with empty lines: read all the same, and rows keep their numbers."""
    text = ";".join(OWN_COLUMNS) + "\r\n;;;;;;\r\n" + ";".join(OWN_ROW.values()) + "\r\n"
    assert [item.id for item in parse_items(text, "pulse-items.csv", None, own=True)] == ["OWN1"]
    with pytest.raises(DataFault, match="row 3, column “dimension”"):
        parse_items(text.replace("trust", "trsut"), "pulse-items.csv", None, own=True)


# --- Finding -------------------------------------------------------------------------------------------


def test_an_item_is_found_in_any_capitals() -> None:
    """`t01` is T01; an unknown id is nothing."""
    assert BANK.get("t01") == item("T01")
    assert BANK.get("T99") is None


@pytest.mark.parametrize(
    ("typed", "first"),
    [("T1", "T01"), ("d1", "D01"), ("trsut", "T01"), ("promises", "I03"), ("resources", "P01")],
)
def test_a_mistyped_id_or_a_keyword_finds_what_was_meant(typed: str, first: str) -> None:
    """The nearest id comes first, else an item whose dimension or wording has the word."""
    assert [found.id for found in BANK.suggest(typed)][:1] == [first]
    assert len(BANK.suggest(typed)) <= 3


def test_nonsense_finds_nothing() -> None:
    """A word like no id, dimension or wording suggests nothing."""
    assert BANK.suggest("xyzzyx") == ()


# --- Choosing ------------------------------------------------------------------------------------------

START = date(2026, 1, 6)


def run(
    bank: Bank, waves: int, size: int, days: list[int], history: list[Asking] | None = None
) -> list[Asking]:
    """The waves that follow `history`, `days` apart in turn."""
    history = list(history or [])
    day = history[-1].day if history else START
    for number in range(waves):
        day += timedelta(days=days[number % len(days)])
        history.append(Asking(day, tuple(item.id for item in choose(bank, history, day, size))))
    return history


def rotating(bank: Bank) -> set[str]:
    return {item.id for item in bank.asked(Asked.ROTATING)}


@pytest.mark.parametrize("size", [2, 3, 4])
def test_each_wave_asks_both_anchors_and_as_many_items_as_it_was_told(size: int) -> None:
    """T01 and A02 come first in each wave; no item comes twice in it; two items are the anchors alone."""
    for asking in run(BANK, 60, size, [7]):
        assert asking.items[:2] == ("T01", "A02")
        assert len(set(asking.items)) == len(asking.items) == size


@also_soaked
@settings(max_examples=length(60, 600), deadline=None)
@given(
    days=st.lists(st.sampled_from([0, 1, 7, 14, 28, 31, 91, 200]), min_size=1, max_size=8),
    size=st.sampled_from([3, 4]),
    removed=st.integers(0, 15),
)
def test_whatever_the_cadence_each_rotating_item_comes_in_every_full_round(
    days: list[int], size: int, removed: int
) -> None:
    """In any 12 waves of four items (24 of three) each of the 16 rotating items is asked; fewer, sooner."""
    gone = sorted(rotating(BANK))[:removed]
    bank = Bank(tuple(item for item in BANK if item.id not in gone))
    span = full_round(bank, size)
    assert span is not None
    waves = run(bank, 60, size, days)
    for first in range(len(waves) - span + 1):
        asked = {item_id for asking in waves[first : first + span] for item_id in asking.items}
        assert rotating(bank) - asked == set()


def test_a_full_round_is_12_waves_of_four_items_and_24_of_three() -> None:
    """The promise in numbers for the shipped bank; with two items nothing rotates."""
    assert [full_round(BANK, size) for size in (4, 3, 2)] == [12, 24, None]


@also_soaked
@settings(max_examples=length(25, 250), deadline=None)
@given(extra=st.integers(1, 20), size=st.sampled_from([3, 4]))
def test_own_items_lengthen_the_round_but_nothing_is_forgotten(extra: int, size: int) -> None:
    """With a company's own rotating items the round grows as `full_round` says, and holds."""
    mine = own(*({"id": f"OWN{number}"} for number in range(extra)))
    bank = Bank((*BANK, *mine))
    span = full_round(bank, size)
    assert span is not None
    waves = run(bank, 2 * span, size, [7])
    for first in range(len(waves) - span + 1):
        asked = {item_id for asking in waves[first : first + span] for item_id in asking.items}
        assert rotating(bank) - asked == set()


def gaps(waves: list[Asking], item_id: str) -> list[int]:
    days = [asking.day for asking in waves if item_id in asking.items]
    return [(later - earlier).days for earlier, later in pairwise(days)]


def test_quarterly_and_half_yearly_items_come_when_due_in_weekly_waves_of_four() -> None:
    """Never sooner than 12 or 25 weeks after the last time, and no more than three weeks later."""
    waves = run(BANK, 520, 4, [7])
    for asked, weeks in ((Asked.QUARTERLY, 12), (Asked.HALF_YEARLY, 25)):
        for seldom in BANK.asked(asked):
            found = gaps(waves, seldom.id)
            assert len(found) > 500 // (weeks + 3) - 2
            assert weeks * 7 <= min(found)
            assert max(found) <= (weeks + 3) * 7


@also_soaked
@settings(max_examples=length(40, 400), deadline=None)
@given(
    days=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    size=st.sampled_from([3, 4]),
)
def test_no_seldom_item_comes_before_it_is_due_and_none_is_forgotten(days: list[int], size: int) -> None:
    """Whatever the cadence, the pause is kept, and each quarterly and half-yearly item keeps coming."""
    waves = run(BANK, 120, size, days)
    for asked, weeks in ((Asked.QUARTERLY, 12), (Asked.HALF_YEARLY, 25)):
        for seldom in BANK.asked(asked):
            assert all(gap >= weeks * 7 for gap in gaps(waves, seldom.id))
    seldom_ids = {item.id for item in BANK if item.asked in (Asked.QUARTERLY, Asked.HALF_YEARLY)}
    assert seldom_ids - {item_id for asking in waves[:24] for item_id in asking.items} == set()


def test_the_first_waves_go_through_all_dimensions() -> None:
    """After six waves of four items each of the ten dimensions has been asked about."""
    asked = {item(item_id).dimension for asking in run(BANK, 6, 4, [7]) for item_id in asking.items}
    assert asked == set(DIMENSIONS)


def test_over_a_year_the_dimensions_are_asked_evenly() -> None:
    """Of the rotating items, none is asked two times more often than another in 48 weekly waves."""
    waves = run(BANK, 48, 4, [7])
    counts = Counter(item_id for asking in waves for item_id in asking.items)
    asked = [counts[item_id] for item_id in rotating(BANK)]
    assert max(asked) - min(asked) <= 1


def test_the_longest_unasked_item_is_next() -> None:
    """After a wave that asked all rotating items but one, that one comes first."""
    others = tuple(sorted(rotating(BANK) - {"D02"}))
    asked = [Asking(START, tuple(item.id for item in BANK if item.id not in others and item.id != "D02"))]
    asked.append(Asking(START + timedelta(days=7), others))
    chosen = choose(BANK, asked, START + timedelta(days=14), 3)
    assert [item.id for item in chosen] == ["T01", "A02", "D02"]


def test_the_same_history_gives_the_same_items() -> None:
    """Choosing is deterministic, and ids that the bank no longer has do not disturb it."""
    history = [*run(BANK, 30, 4, [7]), Asking(date(2026, 12, 1), ("GONE", "T01"))]
    day = date(2026, 12, 8)
    assert choose(BANK, history, day, 4) == choose(BANK, list(history), day, 4)
    assert len(choose(BANK, history, day, 4)) == 4


@pytest.mark.parametrize("size", [1, 5])
def test_a_wave_of_one_or_five_items_is_a_mistake_of_the_code(size: int) -> None:
    """Sizes outside 2 to 4 are refused."""
    with pytest.raises(ValueError, match="2 to 4"):
        choose(BANK, [], START, size)
