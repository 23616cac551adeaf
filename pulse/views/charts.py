"""Charts as PNG: what each side said in one wave, and over all waves of a question.

Pure: a chart is frozen data whose texts were made by the caller, `draw` turns it into bytes, the same
bytes each time. matplotlib is imported when something is drawn, so that the bot, which draws in a
worker process, never carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pulse.core.model import Side

ALT_TEXT_LIMIT = 1000
"""Characters that Slack takes as the alternative text of an uploaded picture."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A share with its plausible interval (fractions). `low` and `high` differ where extremes are merged.

    With `hollow` too few answered to describe the channel: a ring of its own, that no line joins.
    """

    low: float
    high: float
    plausible: tuple[float, float]
    label: str
    hollow: bool = False

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Zone:
    """5 to 9 answers: somewhere between two shares, in words, without a point."""

    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Too few answers: nothing is drawn but the words."""

    label: str


Mark = Dot | Zone | Hidden


@dataclass(frozen=True, slots=True)
class Line:
    """A published figure (a fraction) with its label, such as "56 % · Accenture 2013"."""

    share: float
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """What one side said, and the published figures of that side."""

    side: Side
    mark: Mark
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A question with a row for each side. `scale` says what the axis counts."""

    title: str
    scale: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ResultsChart:
    """One wave. `sentences` are the conclusions that the message says too, for `alt_text`."""

    title: str
    groups: tuple[Group, ...]
    footer: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """One wave on the trend; a side that is absent from `marks` was not asked.

    `series` names wording, scale and roster rule: where it changes, no line is drawn through.
    """

    day: date
    label: str
    series: str
    marks: Mapping[Side, Mark]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A manager's note as a numbered mark; the message lists the words."""

    day: date
    number: int


@dataclass(frozen=True, slots=True)
class TrendChart:
    """All waves of a question, oldest first, in a panel for each side on one scale.

    `latest` stands beside each side's name.
    """

    title: str
    scale: str
    moments: tuple[Moment, ...]
    footer: str
    lines: Mapping[Side, tuple[Line, ...]] = field(default_factory=dict)
    notes: tuple[Numbered, ...] = ()
    sentences: tuple[str, ...] = ()
    latest: Mapping[Side, str] = field(default_factory=dict)


Chart = ResultsChart | TrendChart


def alt_text(chart: Chart) -> str:
    """The chart's conclusion with its numbers: its title and as many whole sentences as Slack takes.

    >>> alt_text(ResultsChart("Wave 3", (), "", ("Marketing: 7 of 12 agree.",)))
    'Wave 3. Marketing: 7 of 12 agree.'
    """
    text = chart.title if chart.title.endswith((".", "?", "!")) else f"{chart.title}."
    for sentence in chart.sentences:
        longer = f"{text} {sentence}"
        if len(longer) > ALT_TEXT_LIMIT:
            break
        text = longer
    return text[:ALT_TEXT_LIMIT]
