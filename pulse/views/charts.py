"""What is drawn: what each side said over the waves of a question, and the report for leaders.

Pure: a chart is frozen data with texts made by the caller; `pulse.views.painting` turns equal charts into
equal bytes. The bot draws in a worker process, so that it never loads matplotlib itself.
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

    `hollow`: too few answered to describe the channel; drawn as a ring that no line joins.
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
    """5 to 9 answers: a share somewhere between `low` and `high`, drawn without a point."""

    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Too few answers: nothing is drawn, only said."""

    label: str


Mark = Dot | Zone | Hidden


@dataclass(frozen=True, slots=True)
class Line:
    """A published figure as a whole per cent with its label, such as "56 % · Accenture 2013"."""

    percent: int
    label: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One wave on the trend; a side that is absent from `marks` was not asked.

    `series` names the wording and the options: no line joins two waves whose series differ.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendChart:
    """All waves of a question, oldest first, in a panel for each side on one scale.

    `latest` is shown beside each side's name.
    """

    title: str
    scale: str
    moments: tuple[Moment, ...]
    footer: str
    lines: Mapping[Side, tuple[Line, ...]] = field(default_factory=dict)
    notes: tuple[Numbered, ...] = ()
    sentences: tuple[str, ...] = ()
    latest: Mapping[Side, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one side said in one wave, as shares from `low` to `high`; they differ for a merged figure.

    A withheld wave has neither, and breaks the line. `hollow`: too few answered to describe the channel.
    """

    day: date
    low: float | None = None
    high: float | None = None
    hollow: bool = False

    @property
    def shown(self) -> bool:
        return self.low is not None

    @property
    def middle(self) -> float:
        return ((self.low or 0.0) + (self.high or 0.0)) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One side's last waves, oldest first, with the study's share and the last figure as a label."""

    side: Side
    points: tuple[Point, ...]
    study: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A question with one curve per side."""

    title: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactChart:
    """The result of a wave at a glance: a small panel per question. `days` has a short name for each day."""

    title: str
    panels: tuple[Panel, ...]
    days: dict[date, str]
    study_label: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A heading of the report with its paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """The report for leaders, a page of A4: `panels` has each question's trend, `passages` the words."""

    title: str
    finding: str
    period: str
    panels: CompactChart
    passages: tuple[Passage, ...]
    sources: str = ""


Chart = TrendChart | CompactChart
Picture = Chart | ReportPage
"""All that the chart worker draws."""


def alt_text(chart: Chart) -> str:
    """The chart's conclusion with its numbers: its title and as many whole sentences as Slack takes.

    >>> said = ("Marketing: 7 of 12 agree.",)
    >>> alt_text(TrendChart(title="Wave 3", scale="", moments=(), footer="", sentences=said))
    'Wave 3. Marketing: 7 of 12 agree.'
    """
    text = chart.title if chart.title.endswith((".", "?", "!")) else f"{chart.title}."
    for sentence in chart.sentences:
        longer = f"{text} {sentence}"
        if len(longer) > ALT_TEXT_LIMIT:
            break
        text = longer
    return text[:ALT_TEXT_LIMIT]
