"""What lets somebody outside the bot check a closed wave: a digest of all that is published of it.

tools/verify.py computes the same digest from the file that people download.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pulse.core.model import ClosedWave, Counted, Side

SHORT = 16
"""Hexadecimal digits that are shown to people."""


def digest(wave: ClosedWave) -> str:
    """SHA-256 over the wave's dates, minimum, questions, turnout and figures, in hexadecimal.

    A question enters by its series, which is made from its wordings and options. Each line ends with a line
    feed, its fields are parted by tabs. The wave's number in the file is no part of it.
    """
    text = "".join("\t".join(map(str, line)) + "\n" for line in _lines(wave))
    return hashlib.sha256(text.encode()).hexdigest()


def short(whole: str) -> str:
    """The start of a digest as people read it.

    >>> short("3f2a91bc04d7e6f1" + "0" * 48)
    '3f2a 91bc 04d7 e6f1'
    """
    return " ".join(whole[at : at + 4] for at in range(0, SHORT, 4))


def _lines(wave: ClosedWave) -> Iterator[tuple[object, ...]]:
    yield "wave", wave.opened_at.isoformat(), wave.closed_at.isoformat(), wave.minimum
    for side in Side:
        if side in wave.turnout:
            found = wave.turnout[side]
            yield "side", side, found.roster, "-" if found.answered is None else found.answered
    for item_id in wave.items:
        yield "item", item_id, wave.series[item_id]
        for side in Side:
            outcome = wave.outcomes.get((item_id, side))
            if isinstance(outcome, Counted):
                yield "score", side, outcome.n
                for measure, share in sorted(outcome.shares.items()):
                    yield "share", measure, share.low, share.high
                for bar in outcome.bars:
                    yield "bar", ",".join(bar.boxes), bar.count


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidChange:
    """A change that the bot told at the close of `wave_id`.

    `newer` and `older` are the windows' counts: at least and at most so many people, of so many answers.
    """

    wave_id: int
    item_id: str
    side: Side
    measure: str
    rising: bool
    newer: tuple[int, int, int]
    older: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidStudy:
    """A comparison of a share with a published figure, as the bot told it of `wave_id`.

    `verdict` is "above", "below" or "unclear". With `complement` those who are not in the share are compared.
    The per cents are the published one and the ends of its range, `people_n` its sample where it is known.
    """

    wave_id: int
    item_id: str
    series: str
    side: Side
    measure: str
    study: str
    verdict: str
    complement: bool
    percent_low: float
    percent: float
    percent_high: float
    people_n: int | None
