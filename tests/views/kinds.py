"""A closed wave of each kind that a result can be, with the waves before it: 16 and 14 people are asked."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from pulse.core.model import ClosedWave, Side
from pulse.core.reporting import report
from pulse.core.reports import WaveReport
from tests.views.waves import LEDGER, LIBRARY, wave

OPENS = datetime(2026, 12, 1, 8, tzinfo=UTC)
ROSTER = {Side.MARKETING: 16, Side.IT: 14}
ASKED = ("T01", "A02", "G01", "C01")


def agree(k: int, n: int) -> list[int]:
    """`k` of `n` agree; the rest are spread over the other answers."""
    rest = n - k
    return [rest // 3, rest // 3, rest - 2 * (rest // 3), k // 2, k - k // 2]


def right(k: int, n: int) -> list[int]:
    """`k` of `n` say that the amount of collaboration is about right."""
    rest = n - k
    return [rest // 2, rest - rest // 2, k, 0]


def week(number: int, marketing: tuple[int, ...], it: tuple[int, ...], n: tuple[int, int]) -> ClosedWave:
    """A wave of the four questions: those who agree of each side, and how many of each answered."""
    makers = {"A02": right}
    counts = {
        (item, side): makers.get(item, agree)(k, of)
        for side, chosen, of in ((Side.MARKETING, marketing, n[0]), (Side.IT, it, n[1]))
        for item, k in zip(ASKED, chosen, strict=True)
    }
    return wave(number, counts, ROSTER)


USUAL = ((7, 3, 7, 7), (7, 3, 6, 6), (13, 12))


def _usual(weeks: int) -> list[ClosedWave]:
    return [week(number, *USUAL) for number in range(weeks)]


def _large(number: int, it: int) -> ClosedWave:
    counts = {
        ("T01", Side.MARKETING): agree(36, 60),
        ("T01", Side.IT): agree(it, 60),
        ("A02", Side.MARKETING): right(31, 60),
        ("A02", Side.IT): right(12, 60),
    }
    return wave(number, counts, {Side.MARKETING: 70, Side.IT: 66})


@cache
def _waves() -> dict[str, list[ClosedWave]]:
    """Runs of waves, by what is special about the last one."""
    usual = _usual(11)
    low, high = ((7, 3, 7, 7), (4, 3, 6, 6), (13, 12)), ((7, 3, 7, 7), (9, 3, 6, 6), (13, 12))
    changed = [week(number, *(low if number < 10 else high)) for number in range(13)]
    apart = [week(number, (10, 3, 7, 4), (7, 3, 6, 9), (13, 12)) for number in range(6)]
    return {
        "change": changed,
        "study": [week(number, (7, 8, 7, 7), *USUAL[1:]) for number in range(6)],
        "gap": apart,
        "quiet": usual,
        "empty": [*usual, week(11, (2, 2, 2, 2), (1, 1, 1, 1), (4, 3))],
        "one_side": [*usual, week(11, USUAL[0], (2, 1, 2, 1), (13, 4))],
        "first": [week(0, (7, 7, 7, 7), (7, 3, 6, 6), (13, 12))],
        "bands": [*usual, week(11, (4, 2, 3, 5), (3, 2, 6, 3), (7, 8))],
        "large": [_large(number, 30 if number < 8 else 43) for number in range(11)],
    }


@cache
def kinds(language: str = "en") -> dict[str, WaveReport]:
    """The reports by what is special about each, of questions asked in `language`."""
    bank = LIBRARY.in_language(language)
    return {name: report(waves[-1], waves[:-1], bank, LEDGER, OPENS) for name, waves in _waves().items()}


def before(kind: str) -> list[ClosedWave]:
    """The waves before the last one of a kind."""
    return _waves()[kind][:-1]
