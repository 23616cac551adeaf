"""docs/method.md keeps its word: every example on the page is what the code says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulse.core.model import Side
from pulse.core.privacy import publish, turnout
from pulse.core.wording import Past, bounds_sentence, gap, power_sentence, reading
from tests.core.bank import TRUST, agreeing

PAGE = Path(__file__).parents[2].joinpath("docs", "method.md").read_text(encoding="utf-8")
SAYS = "the bot says"


def examples() -> Iterator[tuple[tuple[str, ...], tuple[int, ...], str]]:
    """(columns, numbers, sentence) of each row of a table that ends in what the bot says."""
    columns: tuple[str, ...] = ()
    for line in PAGE.splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
        if not line.startswith("|"):
            columns = ()
        elif cells[-1] == SAYS:
            columns = cells[:-1]
        elif columns and not cells[0].startswith("---"):
            yield columns, tuple(map(int, cells[:-1])), cells[-1]


def past(k: int, n: int, roster: int) -> Past:
    return publish(TRUST, agreeing(k, n), 5), turnout(roster, n, 5)


def share(k: int, n: int, roster: int) -> str | None:
    return reading(TRUST, Side.MARKETING, *past(k, n, roster)).share


def change(k: int, n: int, roster: int, *before: int) -> str | None:
    return reading(TRUST, Side.MARKETING, *past(k, n, roster), past(*before)).change


def between(k_marketing: int, n_marketing: int, k_it: int, n_it: int) -> str:
    pasts = {
        Side.MARKETING: past(k_marketing, n_marketing, n_marketing + 1),
        Side.IT: past(k_it, n_it, n_it + 1),
    }
    return gap(TRUST, {side: p[0] for side, p in pasts.items()}, {side: p[1] for side, p in pasts.items()})


MAKERS: dict[tuple[str, ...], Callable[..., str | None]] = {
    ("k", "n", "N"): share,
    ("k", "n", "N", "k before", "n before", "N before"): change,
    ("k marketing", "n marketing", "k IT", "n IT"): between,
    ("n",): power_sentence,
}


@pytest.mark.parametrize(("columns", "numbers", "sentence"), list(examples()))
def test_each_example_is_what_the_bot_says(
    columns: tuple[str, ...], numbers: tuple[int, ...], sentence: str
) -> None:
    """A row's numbers, put into the code, give the row's sentence."""
    assert MAKERS[columns](*numbers) == sentence


def test_every_kind_of_example_is_there() -> None:
    """The page has an example of each row of both tables, and of change, gap and power."""
    kinds = [columns for columns, _numbers, _sentence in examples()]
    assert {kind: kinds.count(kind) for kind in MAKERS} == dict(zip(MAKERS, (10, 5, 3, 4), strict=True))


def test_the_bounds_in_the_text_are_those_of_the_code() -> None:
    """The sentence on bounds stands on the page word for word."""
    assert bounds_sentence(TRUST, *past(7, 12, 30)) in " ".join(PAGE.split())
