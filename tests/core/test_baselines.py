"""The ledger: what it holds, what may be compared with it, and what is said if sources disagree."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib import resources

import pytest

from pulse.core.baselines import (
    COLUMNS,
    Comparable,
    Conflict,
    Ledger,
    Meeting,
    aside,
    comparable,
    conflicts,
    context_rows,
    explain,
    find_topic,
    further_figures,
    has_figures,
    items_of,
    lead_figure,
    meets,
    parse_asides,
    parse_conflicts,
    parse_ledger,
)
from pulse.core.errors import DataFault
from pulse.core.items import Bank, parse_items
from pulse.core.model import DIMENSIONS, Baseline, Item, Side

DATA = resources.files("pulse") / "data"
LEDGER_TEXT = (DATA / "baselines.csv").read_text(encoding="utf-8")
LEDGER = parse_conflicts(
    (DATA / "conflicts.csv").read_text(encoding="utf-8"),
    "conflicts.csv",
    parse_ledger(LEDGER_TEXT, "baselines.csv"),
)
BANK = Bank(parse_items((DATA / "items.csv").read_text(encoding="utf-8"), "items.csv", LEDGER))


def asides() -> Ledger:
    return parse_asides((DATA / "asides.csv").read_text(encoding="utf-8"), "asides.csv", LEDGER)


def row(key: str) -> Baseline:
    found = LEDGER.get(key)
    assert found is not None
    return found


def item(item_id: str) -> Item:
    found = BANK.get(item_id)
    assert found is not None
    return found


def ledger_with(changed: str, cells: dict[str, str]) -> str:
    rows = list(csv.DictReader(io.StringIO(LEDGER_TEXT)))
    assert [found.update(cells) for found in rows if found["key"] == changed] == [None]
    return table(rows)


def table(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def verdicts(item_id: str, side: Side) -> list[tuple[str, str | None, bool]]:
    found = comparable(item(item_id), side, LEDGER)
    return [(each.row.key, each.measure, each.complement) for each in found if each.verdict]


def backgrounds(item_id: str, side: Side) -> list[str]:
    return [each.row.key for each in comparable(item(item_id), side, LEDGER) if not each.verdict]


# --- The shipped ledger --------------------------------------------------------------------------------


def test_the_ledger_has_153_figures_of_which_31_are_required() -> None:
    """All published figures are shipped, 31 of them being what the bot exists to show."""
    assert (len(LEDGER), sum(row.required for row in LEDGER)) == (153, 31)


def test_the_two_named_studies_are_marked() -> None:
    """Accenture 2013, and CMO Council with Accenture 2010; all 28 required survey figures are theirs."""
    named = {(row.publisher, row.published) for row in LEDGER if row.named}
    assert named == {("Accenture", 2013), ("CMO Council/Accenture", 2010)}
    others = [row.key for row in LEDGER if row.required and not row.named]
    assert others == ["X_buying", "V_before", "V_after"]


def test_every_comparable_figure_of_grade_a_says_what_is_known_of_its_scale() -> None:
    """No study states its answer scale, and every full comparison says so."""
    silent = [
        found.row.key
        for each in BANK
        for side in Side
        for found in comparable(each, side, LEDGER)
        if found.row.grade == "A" and "answer scale is not known" not in found.caveat
    ]
    assert silent == []


def test_whoever_counts_disagreement_says_so_in_the_statement() -> None:
    """A figure that is compared with those who do not agree has "do not agree that" in its statement."""
    turned = [row for row in LEDGER if row.compare_as.startswith("100-")]
    assert [row.key for row in turned] == ["A10_understand_no"]
    assert all(row.statement.startswith("do not agree that ") for row in turned)


def test_the_2012_samples_are_exact_though_print_rounds_them() -> None:
    """405 and 252 people answered in 2012; articles print 400 and 250."""
    assert (row("A13_need_mkt").n, row("A13_need_mkt").n_published) == (405, "400")
    assert (row("A13_need_it").n, row("A13_need_it").n_published) == (252, "250")


@pytest.mark.parametrize(
    "key", ["A10_constraint_mkt", "A10_constraint_it", "K21_equal_very", "K21_equal_eff"]
)
def test_a_figure_of_a_subset_has_no_sample(key: str) -> None:
    """59 and 46 are of the unprepared only: the study's 320 and 300 are not their sample."""
    assert row(key).n is None
    assert row(key).base == "a subset"


# --- Faults --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "column", "problem"),
    [
        ({"key": "need"}, "key", "a key is a study, an underscore and a name"),
        ({"key": "A10_lead_mkt_self"}, "key", "“A10_lead_mkt_self” stands in an earlier row too"),
        ({"study": ""}, "study", "this cell is empty"),
        ({"published": "2013?"}, "published", "“2013?” is not a whole number"),
        ({"side": "sales"}, "side", "use one of: marketing, it, both"),
        ({"percent": "56%"}, "percent", "“56%” is not a number from 0 to 100"),
        ({"percent": "nan"}, "percent", "“nan” is not a number"),
        ({"percent": "60"}, "percent", "it is not between percent_low and percent_high"),
        ({"percent_low": "58"}, "percent_high", "it is lower than percent_low"),
        ({"percent_high": "101"}, "percent_high", "not a number from 0 to 100"),
        ({"percent_low": "40"}, "qualifier", "an exact per cent has a range of at most 1 point"),
        ({"n": "about 400"}, "n", "“about 400” is not a whole number"),
        ({"n": "0"}, "n", "“0” is not a whole number"),
        ({"grade": "D"}, "grade", "use one of: A, B, C"),
        ({"compare_as": "top2bx"}, "compare_as", "did you mean “top2box”?"),
        ({"grade": "C"}, "compare_as", "a figure of grade C is context"),
        ({"base": "a subset"}, "compare_as", "not of everyone asked is context"),
        ({"source": ""}, "source", "this cell is empty"),
        ({"publisher": ""}, "publisher", "this cell is empty"),
        ({"named": "perhaps"}, "named", "use one of: yes, no"),
        ({"scale": ""}, "scale", "this cell is empty"),
        ({"scale": "seven steps"}, "scale", "use one of: not known, no middle answer"),
        ({"standing": "a friend"}, "standing", "use one of: publisher"),
        ({"required": "y"}, "required", "use one of: yes, no"),
        ({"topic": "needs"}, "topic", "“needs” is not known"),
        ({"base": "all"}, "base", "“all” is not known"),
        ({"surveyed": ""}, "surveyed", "this cell is empty"),
        ({"note": "one\ntwo"}, "note", "there is a line break"),
    ],
)
def test_a_fault_in_the_ledger_names_its_file_row_and_column(
    cells: dict[str, str], column: str, problem: str
) -> None:
    """Whatever is wrong in a figure, the sentence says where: file, row as a spreadsheet counts, column."""
    with pytest.raises(DataFault) as caught:
        parse_ledger(ledger_with("A13_need_mkt", cells), "baselines.csv")
    fault = caught.value
    extra_line = cells.get("note", "").count("\n")
    assert (fault.file, fault.row, fault.column) == ("baselines.csv", 26 + extra_line, column)
    assert problem in fault.problem


@pytest.mark.parametrize("column", COLUMNS)
def test_each_column_of_the_ledger_is_needed(column: str) -> None:
    """A ledger without one of its columns is refused with the column's name."""
    rows = list(csv.DictReader(io.StringIO(LEDGER_TEXT)))
    for found in rows:
        del found[column]
    with pytest.raises(DataFault, match=f"row 1, column “{column}”: this column is missing"):
        parse_ledger(table(rows), "baselines.csv")


def test_a_key_is_found_in_any_capitals_and_nearly_right() -> None:
    """`a13_need_mkt` is found; a mistyped key brings the nearest."""
    assert LEDGER.get("a13_need_mkt") == row("A13_need_mkt")
    assert LEDGER.suggest("A13_ned_mkt")[0] == "A13_need_mkt"


# --- What may be compared ------------------------------------------------------------------------------


def test_the_same_proposition_may_be_compared() -> None:
    """Grade A: need for alignment with 56 and 77, on the share who agree; only the scale is unknown."""
    assert verdicts("A01", Side.MARKETING)[0] == ("A13_need_mkt", "top2box", False)
    assert verdicts("A01", Side.IT)[0] == ("A13_need_it", "top2box", False)
    assert comparable(item("A01"), Side.IT, LEDGER)[0].caveat == (
        "The study's answer scale is not known, and as those who see a need and those who do not make 100%, "
        "it probably had no middle answer."
    )


def test_do_not_agree_is_compared_with_those_who_do_not() -> None:
    """46% do not agree (2010) is a figure of 100 minus the top two options, neutral answers included."""
    first = comparable(item("G01"), Side.MARKETING, LEDGER)[0]
    assert first == Comparable(
        row("A10_understand_no"),
        measure="top2box",
        complement=True,
        verdict=True,
        caveat="The published “do not agree” probably includes neutral answers, and it is about the CIO, "
        "not the team; the study's answer scale is not known.",
    )
    assert first.people(7, 7, 12) == (5, 5)
    assert first.people(0, 2, 12) == (10, 12)
    assert first.percent == 54


def test_the_same_topic_is_compared_with_a_caveat() -> None:
    """Grade B: every verdict on such a figure carries a sentence on what is different or unknown."""
    assert verdicts("T01", Side.IT) == [("F14_trust_it", "top2box", False)]
    assert comparable(item("T01"), Side.IT, LEDGER)[0].caveat == (
        "The published wording is not known, and one outlet calls it mutual respect; how many people of "
        "this side answered was not published, so 100 is assumed."
    )
    bare = [
        found.row.key
        for each in BANK
        for side in Side
        for found in comparable(each, side, LEDGER)
        if found.row.grade == "B" and not found.caveat
    ]
    assert bare == []


def test_choices_are_compared_with_the_same_choice() -> None:
    """“About right” is beside 13 and 11, “too little” beside 41, 45 and 42, a top option beside one."""
    assert verdicts("A02", Side.MARKETING) == [
        ("A13_right_mkt", "choice_share:about_right", False),
        ("A13_more_mkt", "choice_share:more_needed", False),
        ("A14_more_mkt", "choice_share:more_needed", False),
    ]
    assert verdicts("L03", Side.IT) == [
        ("A10_lead_it_self", "choice_share:CIO", False),
        ("A10_lead_it_cmo", "choice_share:CMO", False),
    ]
    assert verdicts("S01", Side.MARKETING) == [("A10_prepared_mkt", "top1box", False)]
    assert verdicts("E01", Side.MARKETING) == [("K21_effective", "top1box", False)]


def test_23_is_never_beside_the_right_level() -> None:
    """2014's “at or approaching the right level” is linked to no item."""
    assert items_of(row("A14_right_mkt"), BANK) == ()


def test_context_is_shown_without_a_verdict() -> None:
    """Wishes, complaints, frustration lists and joined statements stay background, with their reason."""
    assert verdicts("I01", Side.MARKETING) == verdicts("I01", Side.IT) == []
    assert backgrounds("I01", Side.IT) == ["S13_earlier_it", "A10_isolate_it"]
    assert comparable(item("R01"), Side.IT, LEDGER)[0].caveat == (
        "It is from a list of top frustrations, not agreement with a statement."
    )
    assert backgrounds("G01", Side.MARKETING) == ["R15_understand_mkt"]


def test_a_figure_of_both_sides_is_no_verdict_on_one() -> None:
    """54% of both sides together is background beside marketing's answers, and says so."""
    found = comparable(item("L02"), Side.MARKETING, LEDGER)
    assert [(each.row.key, each.verdict) for each in found] == [("F14_leadership", False)]
    assert "figure of both sides together" in found[0].caveat
    outside_context = replace(item("L02"), context=frozenset())
    assert [each.verdict for each in comparable(outside_context, Side.MARKETING, LEDGER)] == [False]


def test_an_unknown_sample_is_said_with_every_verdict_on_it() -> None:
    """Where the side's sample was not published, 100 is assumed and the caveat says so."""
    for each in BANK:
        for side in Side:
            for found in comparable(each, side, LEDGER):
                assumed = "so 100 is assumed" in found.caveat
                assert assumed is (found.verdict and found.row.n is None)


def test_grade_c_and_compare_none_never_bring_a_verdict() -> None:
    """No verdict without grade A or B, a matching measure, one side, and everyone asked as the base."""
    for each in BANK:
        for side in Side:
            for found in comparable(each, side, LEDGER):
                if found.verdict:
                    assert found.row.grade in ("A", "B")
                    assert found.row.compare_as.removeprefix("100-") == found.measure
                    assert found.measure in {measure.key for measure in each.measures}
                    assert (found.row.side, found.row.base) == (side, "everyone asked")


def test_another_answer_format_is_no_comparison() -> None:
    """A top-two figure beside a choice item is background: the item has no such share."""
    wrong = replace(item("A04"), baselines={Side.MARKETING: ("A13_need_mkt",), Side.IT: ()})
    assert [(each.measure, each.verdict) for each in comparable(wrong, Side.MARKETING, LEDGER)] == [
        (None, False)
    ]


def test_own_and_new_items_have_nothing_to_compare() -> None:
    """An item without baselines is beside no figure, nor is an item on the side that has none."""
    assert comparable(item("T02"), Side.IT, LEDGER) == ()
    assert comparable(item("I02"), Side.MARKETING, LEDGER) == ()


# --- Where sources disagree ----------------------------------------------------------------------------


def the(found: tuple[Conflict, ...]) -> str:
    assert found != ()
    return found[0].explanation


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            "A13_need_mkt",
            ["56%", "57%", "press release", "64%", "We use 56%", "another question's figure"],
        ),
        ("A13_need_mkt_57", ["56%", "57%", "press release"]),
        ("A13_right_both", ["one in ten", "13%", "11%", "press release", "MarketingCharts", "23%"]),
        ("A14_right_mkt", ["at or approaching", "not a rise from 10 to 23"]),
        ("A14_urgency_mkt", ["40%", "one in four", "MediaPost", "highlights deck"]),
        ("A13_loop_it", ["Associations Now", "CXOtoday", "unconfirmed"]),
        ("F14_trust_it", ["62%", "68%", "Forrester", "CMSWire", "mutual respect"]),
        ("F14_prio_mkt", ["56%", "49%", "DM News", "Forrester"]),
        ("F14_mtech_it", ["54%", "58%", "CMSWire", "DM News"]),
        ("I13_valued_it", ["15%", "IDG", "CIO.com"]),
        ("S13_aligned_mkt_39", ["41%", "39%", "MarketingCharts", "follow the publisher"]),
        ("I13_rogue_mkt", ["26%", "6%", "blog"]),
        ("A10_lead_it_self", ["several leaders", "58%", "51%"]),
        ("A13_need_it", ["405", "252", "2012", "2013"]),
        ("A10_constraint_mkt", ["unprepared", "320", "no interval"]),
        ("A10_understand_no", ["same number"]),
    ],
)
def test_a_conflict_is_explained_with_both_sources(key: str, words: list[str]) -> None:
    """Asked about a disputed figure, the bot names both figures, who prints which, and its choice."""
    explanation = the(explain(row(key), LEDGER))
    assert [word for word in words if word not in explanation] == []


@pytest.mark.parametrize(
    ("conflict", "column", "problem"),
    [
        (",A13_need_mkt,Why.", "title", "this cell is empty"),
        ("Title,,Why.", "keys", "this cell is empty"),
        ("Title,A13_need_mkt,", "explanation", "this cell is empty"),
        ("Title,A13_need_mkt; A13_ned_it,Why.", "keys", "did you mean “A13_need_it”?"),
    ],
)
def test_a_fault_in_a_conflict_names_its_row_and_column(conflict: str, column: str, problem: str) -> None:
    """An explanation is of figures that exist, and has a title and a text."""
    with pytest.raises(DataFault) as caught:
        parse_conflicts(f"title,keys,explanation\n{conflict}\n", "conflicts.csv", LEDGER)
    assert (caught.value.file, caught.value.row, caught.value.column) == ("conflicts.csv", 2, column)
    assert problem in caught.value.problem


def test_the_figures_that_are_all_46_are_told_apart() -> None:
    """Every exact 46 of the ledger is named in the explanation of the 46s."""
    same = next(found for found in conflicts(LEDGER) if "46%" in found.title and "Different" in found.title)
    assert set(same.keys) == {each.key for each in LEDGER if each.percent == 46}


def test_an_item_explains_what_its_figures_share() -> None:
    """Asked about A01, the bot explains 56 and 57; about an undisputed item, nothing."""
    assert [found.title for found in explain(item("A01"), LEDGER)] == [
        "Need for alignment: 56%, not 57%",
        "Surveyed in 2012, published in 2013: 405 and 252 people",
    ]
    assert explain(item("D02"), LEDGER) == ()


def test_57_and_10_are_explained_and_never_compared() -> None:
    """The press release's 57 and the pooled “one in ten” stand beside no item."""
    for key in ("A13_need_mkt_57", "A13_right_both", "A13_loop_it"):
        assert items_of(row(key), BANK) == ()
        assert meets(row(key), BANK, LEDGER) == "explained"


# --- Where a reader meets each required figure ---------------------------------------------------------

COMPARED_WITH = {
    "A10_lead_mkt_self": ("L03", Side.MARKETING),
    "A10_lead_mkt_it": ("L03", Side.MARKETING),
    "A10_lead_it_self": ("L03", Side.IT),
    "A10_lead_it_cmo": ("L03", Side.IT),
    "A10_understand_no": ("G01", Side.MARKETING),
    "A10_prepared_mkt": ("S01", Side.MARKETING),
    "A10_prepared_it": ("S01", Side.IT),
    "A13_need_mkt": ("A01", Side.MARKETING),
    "A13_need_it": ("A01", Side.IT),
    "A13_short_mkt": ("D01", Side.MARKETING),
    "A13_detail_it": ("D01", Side.IT),
    "A13_improved_mkt": ("A04", Side.MARKETING),
    "A13_improved_it": ("A04", Side.IT),
    "A13_priority_it": ("P01", Side.IT),
}
CONTEXT_OF = {
    "A10_implement_hard": "delivery quality/requirements clarity",
    "A10_consult": "involvement/early engagement",
    "A10_analytics_hard_mkt": "readiness",
    "A10_analytics_hard_it": "readiness",
    "A10_digital_important_mkt": "readiness",
    "A10_digital_important_it": "readiness",
    "A10_committed_mkt": "readiness",
    "A10_committed_it": "readiness",
    "A13_loop_mkt": "transparency/communication",
    "X_buying": "resources",
    "V_before": "delivery quality/requirements clarity",
    "V_after": "delivery quality/requirements clarity",
}
EXPLAINED = {
    "A10_constraint_mkt": "unprepared",
    "A10_constraint_it": "unprepared",
    "A13_need_mkt_57": "57%",
    "A13_right_both": "one in ten",
    "A13_loop_it": "unconfirmed",
}
REQUIRED = [each.key for each in LEDGER if each.required]


@pytest.mark.parametrize("key", REQUIRED)
def test_a_reader_meets_every_required_figure(key: str) -> None:
    """Each of the 31 is compared with an item's result, listed as background on its topic, or explained."""
    expected: Meeting = (
        "compared" if key in COMPARED_WITH else "context" if key in CONTEXT_OF else "explained"
    )
    assert meets(row(key), BANK, LEDGER) == expected
    check: dict[Meeting, Callable[[str], None]] = {
        "compared": check_compared,
        "context": check_context,
        "explained": check_explained,
    }
    check[expected](key)


def check_compared(key: str) -> None:
    item_id, side = COMPARED_WITH[key]
    assert key in [found for found, _, _ in verdicts(item_id, side)]


def check_context(key: str) -> None:
    assert row(key) in context_rows(LEDGER, CONTEXT_OF[key])
    beside = [found for each, side in items_of(row(key), BANK) for found in comparable(each, side, LEDGER)]
    assert [found.verdict for found in beside if found.row.key == key and found.verdict] == []


def check_explained(key: str) -> None:
    assert EXPLAINED[key] in " ".join(found.explanation for found in explain(row(key), LEDGER))


def test_the_three_tables_name_the_31_required_figures() -> None:
    """Every required figure is in one of the tables above, and in one only."""
    assert Counter([*COMPARED_WITH, *CONTEXT_OF, *EXPLAINED]) == Counter(REQUIRED)


def test_every_figure_is_listed_under_one_dimension() -> None:
    """The lists of the ten dimensions hold all 153 figures, each once."""
    listed = [each.key for dimension in DIMENSIONS for each in context_rows(LEDGER, dimension)]
    assert Counter(listed) == Counter(each.key for each in LEDGER)


def test_what_is_named_without_a_comparison_stands_beside_its_question() -> None:
    """Each figure of an aside is background of the question that it stands below, and is required."""
    for found in asides().asides:
        item = BANK.get(found.item_id)
        assert item is not None
        beside = {each.row.key: each for side in Side for each in comparable(item, side, LEDGER)}
        assert found.keys
        assert [key for key in found.keys if beside[key].verdict or not beside[key].row.required] == []
        assert aside(item, asides()).count("%") == len(found.keys)


@pytest.mark.parametrize(
    ("line", "column", "problem"),
    [
        (",Why.", "item", "this cell is empty"),
        ("S01,", "sentence", "this cell is empty"),
        ("S01,Not {A13_ned_it}.", "sentence", "did you mean “A13_need_it”?"),
    ],
)
def test_a_fault_in_an_aside_names_its_row_and_column(line: str, column: str, problem: str) -> None:
    """An aside is of a question and of figures that exist."""
    with pytest.raises(DataFault) as caught:
        parse_asides(f"item,sentence\n{line}\n", "asides.csv", LEDGER)
    assert (caught.value.file, caught.value.row, caught.value.column) == ("asides.csv", 2, column)
    assert problem in caught.value.problem


def test_a_multiple_choice_has_a_figure_beside_each_answer_that_is_measured() -> None:
    """The first answer's figure leads in a message; questions of other formats have only one."""
    leaders = BANK.get("L03")
    assert leaders is not None
    for side, lead, further in (
        (Side.MARKETING, "A10_lead_mkt_self", "A10_lead_mkt_it"),
        (Side.IT, "A10_lead_it_cmo", "A10_lead_it_self"),
    ):
        first = lead_figure(leaders, side, LEDGER)
        assert first is not None
        assert first.row.key == lead
        assert [found.row.key for found in further_figures(leaders, side, LEDGER)] == [further]
    amount = BANK.get("A02")
    assert amount is not None
    assert further_figures(amount, Side.IT, LEDGER) == ()


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("Trust", "trust"),
        ("goals", "shared goals"),
        ("lead", "leadership/ownership"),
        ("communication", "transparency/communication"),
        ("delivery quality/requirements clarity", "delivery quality/requirements clarity"),
        ("T01", None),
        ("a", None),
    ],
)
def test_a_topic_is_found_by_the_beginning_of_a_word(word: str, topic: str | None) -> None:
    """Four letters of any word of a dimension are enough."""
    assert find_topic(word) == topic


@pytest.mark.parametrize(
    ("word", "named"),
    [("a13_need_mkt", True), ("trust", True), ("Accenture 2013", True), ("T01", False), ("2", False)],
)
def test_figures_are_named_by_key_topic_or_study(word: str, named: bool) -> None:
    """A question's code names the question, and a word that is too short names nothing."""
    assert has_figures(word, LEDGER) is named
