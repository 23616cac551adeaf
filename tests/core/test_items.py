"""The bank of items: what its file may hold, and what a wave asks."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from datetime import date
from importlib import resources

import pytest

from pulse.core.baselines import Ledger, parse_ledger
from pulse.core.errors import DataFault
from pulse.core.items import (
    COLUMNS,
    OWN_COLUMNS,
    SHORT_LIMIT,
    Bank,
    parse_items,
)
from pulse.core.model import DIMENSIONS, Asked, Direction, Format, Item, Side

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


def test_agree_items_report_those_who_agree_and_leave_out_cannot_say() -> None:
    """Top two of five; “cannot say” does not count, nor does “did not ask” of R03."""
    trust, answered = item("T01"), item("R03")
    assert [option.key for option in trust.options if option.counted] == ["1", "2", "3", "4", "5"]
    assert [option.key for option in trust.options if not option.counted] == ["cannot_say"]
    assert [option.key for option in answered.options if not option.counted] == ["cannot_say", "did_not_ask"]
    assert [(m.key, sorted(m.options), m.says) for m in trust.measures] == [("top2box", ["4", "5"], "agree")]


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
    assert [(m.key, set(m.options), m.says) for m in item(item_id).measures] == measures


def test_was_not_here_leaves_the_denominator() -> None:
    """Who was not here a year ago does not count in “compared with a year ago”."""
    assert [option.key for option in item("A04").options if option.counted] == [
        "better",
        "about_the_same",
        "worse",
    ]


def test_every_option_fits_a_button_on_a_phone() -> None:
    """Short labels are at most 24 characters, also where a company's own label is long."""
    long = own(
        {"scale": "choice: " + "a very long answer that goes on " * 2 + " / no", "direction": "choice"}
    )
    options = [option for item in (*BANK, *long) for option in item.options]
    assert [option.short for option in options if not 0 < len(option.short) <= SHORT_LIMIT] == []
    assert long[0].options[0].short == "A very long answer that…"


def test_an_edited_wording_is_a_new_series_without_baselines() -> None:
    """One changed word: the item keeps its id, but has no published figure, and is marked as edited."""
    edited = Bank(
        parse_items(
            shipped_with("T01", wording_it="I trust marketing to do what they say."), "items.csv", LEDGER
        )
    ).get("T01")
    assert edited is not None
    assert edited.series != item("T01").series
    assert edited.baselines == {Side.MARKETING: (), Side.IT: ()}
    assert edited.edited


def test_an_edited_answer_is_a_new_series_too() -> None:
    """Other answers to choose from are another question."""
    scale = item("A04").options[0].label + " / the same / worse"
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
    optional = {"measures": ""}
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
    """A mistyped key is reported with the nearest right one; a figure of the other side is refused."""
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
    """A missing, unknown or doubled column, too few cells and broken quotes are reported with the row."""
    with pytest.raises(DataFault) as caught:
        parse_items(text, "pulse-items.csv", None, own=True)
    assert caught.value.row == row
    assert problem in caught.value.problem


# --- A company's own items -----------------------------------------------------------------------------


def test_an_own_item_has_no_baselines_and_says_that_it_is_the_companys() -> None:
    """Own items are asked and reported like others, beside no published figure."""
    (mine,) = own({})
    assert (mine.own, mine.edited) == (True, False)
    assert mine.baselines == {Side.MARKETING: (), Side.IT: ()}
    assert (mine.format, mine.direction, mine.asked) == (Format.AGREE5, Direction.POSITIVE, Asked.ROTATING)


def test_a_file_of_the_first_edition_is_read() -> None:
    """Whatever its column `in_index` holds, it changes nothing: there is no index any more."""
    for cell in ("yes", "no", "maybe", ""):
        assert own({"in_index": cell}) == own({})


def test_an_own_choice_reports_its_first_answer_unless_told_otherwise() -> None:
    """Without the column `measures` the first counted answer is the share that is reported."""
    choice = {"scale": "choice: Cannot say / Daily / weekly / never", "direction": "choice"}
    (plain,) = own(choice)
    assert [(m.key, set(m.options), m.says) for m in plain.measures] == [
        ("choice_share:daily", {"daily"}, "say “daily”")
    ]
    assert [option.key for option in plain.options if not option.counted] == ["cannot_say"]
    (named,) = own(choice | {"measures": "choice_share:often = Daily + weekly"})
    assert [(m.key, set(m.options), m.says) for m in named.measures] == [
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
