"""Counts, per cents and published figures are written in one way."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from gettext import GNUTranslations
from importlib import resources
from pathlib import Path

import pytest

from pulse.core.baselines import lead_figure, parse_conflicts, parse_ledger
from pulse.core.facts import (
    caution,
    citation,
    claim,
    count,
    figure,
    per_cent,
    percent,
    provenance,
    sample,
    share,
    study,
)
from pulse.core.items import Bank, parse_items
from pulse.core.language import speaking
from pulse.core.model import Baseline, Side

DATA = resources.files("pulse") / "data"
LEDGER = parse_conflicts(
    (DATA / "conflicts.csv").read_text(encoding="utf-8"),
    "conflicts.csv",
    parse_ledger((DATA / "baselines.csv").read_text(encoding="utf-8"), "baselines.csv"),
)
BANK = Bank(parse_items((DATA / "items.csv").read_text(encoding="utf-8"), "items.csv", LEDGER))
GERMAN = Path(str(resources.files("pulse"))) / "locale" / "de" / "LC_MESSAGES" / "pulse.mo"
PAIRS = [(k, n) for n in range(1, 201) for k in range(n + 1)]


def row(key: str) -> Baseline:
    found = LEDGER.get(key)
    assert found is not None
    return found


# --- Per cents -------------------------------------------------------------------------------------------


def test_a_per_cent_is_rounded_half_up_for_every_count_to_200() -> None:
    """As exact decimal arithmetic rounds it; Python's own rounding of halves to even does not."""
    wrong = [
        (k, n)
        for k, n in PAIRS
        if percent(k, n) != int((Decimal(100 * k) / n).quantize(Decimal(1), ROUND_HALF_UP))
    ]
    assert wrong == []
    assert [(k, n) for k, n in PAIRS if percent(k, n) != round(100 * k / n)] != []


def test_the_per_cent_sign_is_written_as_the_language_does() -> None:
    """62% in English; in German a no-break space keeps the sign on the number's line."""
    assert per_cent(62, 100) == "62%"
    with GERMAN.open("rb") as file, speaking(GNUTranslations(file)):
        assert per_cent(62, 100) == "62\u00a0%"
        assert figure(row("F13_trust_mkt")) == "etwa 54\u00a0%"


# --- Counts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "n", "words"),
    [
        (7, 7, 12, "7 of 12"),
        (0, 2, 12, "2 or fewer of 12"),
        (10, 12, 12, "10 or more of 12"),
        (3, 3, 6, "3 of 6"),
        (3, 4, 7, "3 or 4 of 7"),
        (3, 6, 9, "3 to 6 of 9"),
        (0, 2, 5, "2 or fewer of 5"),
        (3, 5, 5, "3 or more of 5"),
        (27, 29, 41, "27 to 29 of 41"),
        (0, 12, 12, "0 to 12 of 12"),
    ],
)
def test_a_count_says_what_it_may_be_and_no_more(low: int, high: int, n: int, words: str) -> None:
    """One number if it is exact; at the ends "or fewer" and "or more"; of two neighbours both are named."""
    assert count(low, high, n) == words


@pytest.mark.parametrize(
    ("low", "high", "n", "words"),
    [
        (7, 7, 12, "7 of 12 (58%)"),
        (5, 5, 40, "5 of 40 (13%)"),
        (0, 2, 12, "2 or fewer of 12"),
        (3, 3, 6, "3 of 6"),
        (5, 5, 9, "5 of 9"),
        (5, 5, 10, "5 of 10 (50%)"),
    ],
)
def test_a_per_cent_stands_beside_its_count_from_ten_answers(low: int, high: int, n: int, words: str) -> None:
    """Never a per cent of few people, nor of a count that is not exact."""
    assert share(low, high, n) == words


# --- Published figures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("A13_need_mkt", "56%"),
        ("A13_improved_mkt", "45%"),
        ("F13_ownership_mkt", "more than half"),
        ("F13_trust_mkt", "about 54%"),
        ("A13_loop_mkt", "more than 30%"),
        ("A13_promises_mkt", "only four in 10"),
        ("A13_right_both", "one in ten"),
        ("R15_understand_mkt", "fewer than one in 10"),
        ("A10_consult", "only one-fourth"),
        ("F19_partner_mkt", "8%"),
    ],
)
def test_a_vague_figure_is_shown_in_the_words_that_were_printed(key: str, words: str) -> None:
    """An exact figure is a per cent; “more than half” never becomes 52%."""
    assert figure(row(key)) == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("A13_need_mkt", "405 asked (printed as 400)"),
        ("A10_lead_mkt_self", "320+ asked"),
        ("A10_constraint_mkt", "an unpublished number out of 320+ asked"),
        ("F14_trust_it", "308 asked on both sides together, this side's own number not published"),
        ("F19_partner_mkt", "number asked not published"),
        ("V_before", "not a survey"),
        ("S13_critical_it", "210 asked"),
        ("C15_closer_it", "2,400 asked"),
        ("A14_silo", "1,100+ asked"),
    ],
)
def test_a_sample_is_told_as_it_is_known(key: str, words: str) -> None:
    """Exact where it is known, as printed where it differs, and unknown where it is unknown."""
    assert sample(row(key)) == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("A13_need_mkt", "56% of senior marketing executives (Accenture 2013)"),
        ("F14_trust_mkt", "62% of marketing leaders (Forrester/Forbes 2014)"),
        ("A13_right_both", "one in ten of senior marketing and IT executives (Accenture 2013)"),
        ("E22_coworkers", "79% of employees (Edelman 2022)"),
        ("V_after", "around 50% (Vanguard 2010)"),
    ],
)
def test_a_citation_names_whose_figure_it_is(key: str, words: str) -> None:
    """The people of this figure and its study, never “in Marketing”."""
    assert citation(row(key)) == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("A13_need_it", "77% of senior IT executives agree: There is a need to be aligned with marketing."),
        (
            "A10_understand_no",
            "46% of marketing executives do not agree that the CIO understands marketing's objectives and "
            "requirements.",
        ),
        ("F13_ownership_mkt", "More than half of marketing leaders agree: Marketing and IT have shared "
            "ownership of marketing technology projects."),
        ("X_buying", "Nearly half: IT buying decisions that are driven by marketing needs "
            "(a share of decisions, not of people)."),
    ],
)  # fmt: skip
def test_a_claim_reads_forwards(key: str, words: str) -> None:
    """Who, what they do, and the statement; disagreement is a statement of its own."""
    assert claim(row(key)) == words


def test_the_provenance_says_when_people_were_asked_and_when_it_was_printed() -> None:
    """Surveyed in 2012, published in 2013, 405 people though print says 400."""
    assert provenance(row("A13_need_mkt")) == (
        "The CMO-CIO Disconnect (Accenture), 2013; 10 countries; asked in 2012; 405 asked (printed as 400)."
    )


@pytest.mark.parametrize("each", list(LEDGER), ids=lambda each: each.key)
def test_no_figure_is_told_in_an_authors_shorthand(each: Baseline) -> None:
    """No doubled people, no leftover notes, no symbol that a reader must decode."""
    told = "\n".join([claim(each), provenance(each), citation(each), each.note, each.caveat])
    for shorthand in ("leaders; leaders", "T2B", "double-barrel", "(Asia-Pacific)", "self-view", "excerpt",
                      "not found", "placeholder", " x2", "RIGHT VALUE", "exact", ".. ", "  "):  # fmt: skip
        assert shorthand not in told
    assert not each.note or each.note.endswith(".")


def test_every_study_has_a_short_name() -> None:
    """Publisher and year fit beside a dash of a chart."""
    names = {study(each) for each in LEDGER}
    assert "Accenture 2013" in names
    assert all(4 < len(name) <= 40 and name[0] != " " for name in names), names


def test_each_message_with_published_figures_says_whose_they_are() -> None:
    """One or two groups by name, more in general, in the years of the rows, and not this channel."""
    need, trust = row("A13_need_mkt"), row("F14_trust_mkt")
    assert caution([need]) == (
        "The published figures come from senior marketing executives in 2012, not from this channel."
    )
    undated = replace(need, fieldwork="", published=2010)
    assert caution([need, undated, trust]) == (
        "The published figures come from marketing leaders and senior marketing executives in 2010–2014, "
        "not from this channel."
    )
    assert caution([need, trust, row("E22_coworkers")]) == (
        "The published figures come from people in other companies in 2012–2022, not from this channel."
    )
    assert caution([]) == caution([row("V_before")]) == ""


# --- The one figure of a message -------------------------------------------------------------------------

LEADS = {
    ("T01", Side.MARKETING): "F14_trust_mkt",
    ("T01", Side.IT): "F14_trust_it",
    ("A01", Side.MARKETING): "A13_need_mkt",
    ("A01", Side.IT): "A13_need_it",
    ("A02", Side.MARKETING): "A13_right_mkt",
    ("A02", Side.IT): "A13_right_it",
    ("A04", Side.MARKETING): "A13_improved_mkt",
    ("A04", Side.IT): "A13_improved_it",
    ("C02", Side.MARKETING): "F14_prio_mkt",
    ("C02", Side.IT): "F14_prio_it",
    ("D01", Side.MARKETING): "A13_short_mkt",
    ("D01", Side.IT): "A13_detail_it",
    ("D02", Side.IT): "A13_change_it",
    ("E01", Side.MARKETING): "K21_effective",
    ("G01", Side.MARKETING): "A13_understand_mkt",
    ("G01", Side.IT): "A14_cmo_understands_it",
    ("I02", Side.IT): "A13_standards_it",
    ("I03", Side.MARKETING): "A13_promises_mkt",
    ("I03", Side.IT): "A13_promises_it",
    ("L01", Side.MARKETING): "F13_ownership_mkt",
    ("L01", Side.IT): "F13_ownership_it",
    ("L02", Side.IT): "A14_ceo_it",
    ("L03", Side.MARKETING): "A10_lead_mkt_self",
    ("L03", Side.IT): "A10_lead_it_cmo",
    ("P01", Side.MARKETING): "A13_priority_mkt_view",
    ("P01", Side.IT): "A13_priority_it",
    ("R01", Side.MARKETING): "A14_slow_mkt",
    ("S01", Side.MARKETING): "A10_prepared_mkt",
    ("S01", Side.IT): "A10_prepared_it",
}


def test_a_message_shows_one_figure_a_side() -> None:
    """A named study first, then the item's first share, then the better grade, then the newer study."""
    found = {
        (item.id, side): lead.row.key
        for item in BANK
        for side in Side
        if (lead := lead_figure(item, side, LEDGER)) is not None
    }
    assert found == LEADS


def test_a_figure_of_a_named_study_goes_before_a_better_or_newer_one() -> None:
    """Among the rest the better grade wins, and among equals the newer study."""
    item = BANK.get("A01")
    assert item is not None

    def lead(**changes: dict[str, object]) -> str:
        rows = tuple(replace(each, **changes.get(each.key, {})) for each in LEDGER)  # type: ignore[arg-type]
        found = lead_figure(item, Side.MARKETING, replace(LEDGER, rows=rows))
        assert found is not None
        return found.row.key

    assert lead(A13_need_mkt={"grade": "B"}) == "A13_need_mkt"
    assert lead(A13_need_mkt={"named": False}) == "A14_need_mkt"
    assert lead(A13_need_mkt={"named": False}, A14_need_mkt={"grade": "B"}) == "A13_need_mkt"
