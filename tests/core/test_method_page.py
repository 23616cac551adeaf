"""docs/method.md keeps its word: every example on the page is what the code says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pulse.core.claims import OFTEN_RULE, SELDOM_RULE, SMALL_RULE, Rule
from pulse.core.comparison import BEGINS, BEGINS_ALONE, ENDS
from pulse.core.followup import of_ten
from pulse.core.model import Expected, Side
from pulse.core.trails import trail
from pulse.core.wording import power_sentence
from tests.core.closed import asked, item_of, last, marketing, run
from tests.views.waves import BANK, LEDGER

PAGE = Path(__file__).parents[2].joinpath("docs", "method.md").read_text(encoding="utf-8")
SAYS = "the bot says"


def examples() -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    """(columns, cells, sentence) of each row of a table that ends in what the bot says."""
    columns: tuple[str, ...] = ()
    for line in PAGE.splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
        if not line.startswith("|"):
            columns = ()
        elif cells[-1].startswith(SAYS):
            columns = cells
        elif columns and not cells[0].startswith("---"):
            yield columns, cells[:-1], cells[-1]


def share(k: str, n: str, roster: str) -> str:
    return marketing([asked(0, (int(k), int(n)), roster=int(roster))]).sentence


def whole_side(k: str, n: str, roster: str) -> str:
    return marketing([asked(0, (int(k), int(n)), roster=int(roster))]).people_sentence


def change(waves: str) -> str:
    counts = []
    for number, k, n in re.findall(r"(\d+)×(\d+)/(\d+)", waves):
        counts += [(int(k), int(n))] * int(number)
    found = trail(item_of("T01"), run(counts), BANK, LEDGER)
    assert found is not None
    return found.sentences[Side.MARKETING][-1]


def verdict(k: str, n: str, times: str) -> str:
    lead = marketing(run([(int(k), int(n))] * int(times))).lead
    assert lead is not None
    return lead.sentence


def gap(k_marketing: str, n_marketing: str, k_it: str, n_it: str) -> str:
    found = last([asked(0, (int(k_marketing), int(n_marketing)), (int(k_it), int(n_it)))]).items[0].gap
    assert found is not None
    return found.sentence


def expectation(mean: str, n: str, k_it: str, n_it: str) -> str:
    halves = next(half for half in range(4, 17) if of_ten(half / 2) == mean)
    expected = {("T01", Side.MARKETING): Expected(int(n), halves / 2)}
    wave = replace(asked(0, (int(n) // 2, int(n)), (int(k_it), int(n_it))), expected=expected)
    [found] = last([wave]).expectations
    return found.sentence


def power(n: str) -> str:
    return power_sentence(int(n))


MAKERS: dict[tuple[str, ...], Callable[..., str]] = {
    ("k", "n", "N", SAYS): share,
    ("k", "n", "N", f"{SAYS} of the whole side"): whole_side,
    ("waves", SAYS): change,
    ("k", "n", "waves alike", f"{SAYS} first of the 62%"): verdict,
    ("k marketing", "n marketing", "k IT", "n IT", SAYS): gap,
    ("marketing expects, of 10 in IT", "n marketing", "k IT", "n IT", SAYS): expectation,
    ("n", SAYS): power,
}


@pytest.mark.parametrize(("columns", "cells", "sentence"), list(examples()))
def test_each_example_is_what_the_bot_says(
    columns: tuple[str, ...], cells: tuple[str, ...], sentence: str
) -> None:
    """A row's numbers, put into the code, give the row's sentence."""
    assert MAKERS[columns](*cells) == sentence


def test_every_kind_of_example_is_there() -> None:
    """Of shares, ranges, changes, verdicts, gaps, expectations and what a team can see."""
    kinds = [columns for columns, _cells, _sentence in examples()]
    assert {kind: kinds.count(kind) for kind in MAKERS} == dict(
        zip(MAKERS, (7, 4, 5, 4, 3, 3, 4), strict=True)
    )


def rule_row(rule: Rule) -> str:
    lengths = ", ".join(str(waves) for waves, _threshold in rule.windows)
    thresholds = ", ".join(f"{threshold:g}" for _waves, threshold in rule.windows)
    least = f"at least {rule.older_least}" + (
        f" with {rule.answers_least} answers" if rule.answers_least else ""
    )
    return f"| {lengths} | {thresholds} | up to {rule.older_most} waves, {least} |"


@pytest.mark.parametrize("rule", [OFTEN_RULE, SELDOM_RULE, SMALL_RULE])
def test_the_thresholds_of_change_are_those_of_the_code(rule: Rule) -> None:
    """The table of windows is the rule in force."""
    assert rule_row(rule) in PAGE


def test_the_thresholds_of_verdicts_are_those_of_the_code() -> None:
    """Where a verdict begins and ends stands on the page."""
    text = " ".join(PAGE.split())
    assert f"A verdict begins at {BEGINS}, or at {BEGINS_ALONE} where" in text
    assert f"is under {ENDS}, so" in text


def calibrated() -> Iterator[tuple[str, float, str]]:
    """(what, value, target) of each figure of the page's tables that has a target."""
    tables = PAGE.partition("<!-- calibration: begin -->")[2].partition("<!-- calibration: end -->")[0]
    for line in tables.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.match("[≤≥]", cells[-1]):
            values = [float(cell.removesuffix(" %")) for cell in cells[1:-1] if cell]
            targets = cells[-1].split(" / ")
            each = targets * len(values) if len(targets) == 1 else targets
            yield from zip([cells[0]] * len(values), values, each, strict=False)


def test_no_target_of_the_page_is_missed() -> None:
    """Each figure of the calibration meets the target beside it."""
    found = [(what, value, target) for what, value, target in calibrated() if target != "–"]
    assert len(found) > 80
    for what, value, target in found:
        limit = float(target[2:])
        assert value <= limit if target[0] == "≤" else value >= limit, what
