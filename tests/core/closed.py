"""Closed waves of the trust question for the tests of reports, made as a close makes them."""

from __future__ import annotations

from collections.abc import Sequence

from pulse.core.model import ClosedWave, Item, Side
from pulse.core.reporting import report
from pulse.core.reports import ItemReport, SideReport, WaveReport
from tests.views.waves import BANK, LEDGER, wave

Counts = tuple[int, int]
"""(people who agree, people with an opinion)."""


def options(k: int, n: int) -> list[int]:
    """The five options, `k` of `n` agreeing; the others are spread."""
    rest = n - k
    return [rest // 3, rest // 3, rest - 2 * (rest // 3), k - k // 2, k // 2]


def asked(
    number: int, marketing: Counts, it: Counts = (7, 12), roster: int = 40, item: str = "T01"
) -> ClosedWave:
    """Wave `number` of an agree item."""
    counts = {(item, Side.MARKETING): options(*marketing), (item, Side.IT): options(*it)}
    return wave(number, counts, roster)


def run(marketing: Sequence[Counts], roster: int = 40, item: str = "T01") -> list[ClosedWave]:
    """A wave for each of marketing's counts, a week apart; IT's count stays the same."""
    return [asked(number, counts, roster=roster, item=item) for number, counts in enumerate(marketing)]


def last(waves: Sequence[ClosedWave]) -> WaveReport:
    """The report of the newest wave."""
    return report(waves[-1], waves, BANK, LEDGER)


def marketing(waves: Sequence[ClosedWave]) -> SideReport:
    """Marketing in the newest wave's first item."""
    return last(waves).items[0].sides[Side.MARKETING]


def sentences(found: ItemReport) -> list[str]:
    """Everything that is said of an item."""
    said = []
    for side in found.sides.values():
        said += [side.sentence, side.people_sentence, side.direct_sentence, side.sight]
        said += [change.sentence for change in side.claims]
        said += [text for one in side.comparisons for text in (one.sentence, one.caveat, one.phrase)]
        said += [side.last_time] if side.last_time else []
    return [text for text in [*said, found.gap.sentence if found.gap is not None else ""] if text]


def item_of(item_id: str) -> Item:
    found = BANK.get(item_id)
    assert found is not None
    return found
