"""The nouns of the pulse, as plain frozen data.

Words are those of docs/glossary.md: a *wave* is one round from opening to close, an *item* a question
with a wording for each *side*, an *option* one answer option, a *baseline* a published figure, a *series*
an item's waves under one wording. Counts are whole people; shares are fractions from 0 to 1; per cents
say so in their names. Times are aware datetimes in UTC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from pulse.core.language import N_


class Side(StrEnum):
    """One of the two groups that are asked. A person belongs to one side in a wave."""

    MARKETING = "marketing"
    IT = "it"

    @property
    def other(self) -> Side:
        return Side.IT if self is Side.MARKETING else Side.MARKETING

    @property
    def label(self) -> str:
        return N_("Marketing") if self is Side.MARKETING else N_("IT")


class BothSides(StrEnum):
    """For which side people in channels of both sides count: one rule for all of them, not a list.

    UNDECIDED is a set-up in which no manager has chosen yet, or a wave of the first edition, in which the
    channel of the first answer decides. Every other wave that opens undecided leaves these people out.
    """

    MARKETING = "marketing"
    IT = "it"
    NOBODY = "nobody"
    UNDECIDED = ""

    def counted(self, sides: tuple[Side, ...]) -> tuple[Side, ...]:
        """The sides for which a person in channels of `sides` counts.

        >>> BothSides.IT.counted((Side.MARKETING, Side.IT)), BothSides.IT.counted((Side.MARKETING,))
        ((<Side.IT: 'it'>,), (<Side.MARKETING: 'marketing'>,))
        """
        if len(sides) < 2 or self is BothSides.UNDECIDED:
            return sides
        return () if self is BothSides.NOBODY else (Side(self.value),)


class Asked(StrEnum):
    """How often an item is asked."""

    EVERY_WAVE = "every wave"
    ROTATING = "rotating"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half-yearly"


DIMENSIONS = (
    N_("trust"),
    N_("alignment"),
    N_("shared goals"),
    N_("responsiveness"),
    N_("transparency/communication"),
    N_("involvement/early engagement"),
    N_("delivery quality/requirements clarity"),
    N_("leadership/ownership"),
    N_("resources"),
    N_("readiness"),
)
"""What items are about, in the order in which they are listed."""


class Format(StrEnum):
    """How an item is answered."""

    AGREE5 = "agree5"
    CHOICE = "choice"
    MULTI = "multi"


class Direction(StrEnum):
    """What agreement means: good news, bad news, or neither because the item is a choice."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer option. `counted` is false for "cannot say" and its like: they leave the denominator."""

    key: str
    label: str
    short: str
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Measure:
    """A share that is reported for an item: the people who chose any of `options`, among those counted.

    `key` is the ledger's `compare_as` word (`top2box`, `top1box`, `choice_share:about_right`, ...);
    `says` completes "7 of 12 ..." ("agree", 'say "about right"').
    """

    key: str
    options: frozenset[str]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A question in mirrored wordings. `measures[0]` is the one that is reported first.

    Baselines are keys of the ledger, a tuple per side. `own` marks a company's own item. `context` are the
    baselines that are shown beside this item without a verdict. `edited` marks a shipped item whose wording
    is no longer the one that its baselines belong to: it has none. A translated item keeps the
    `source_series` of the wording that it translates. `title` is a heading for both sides, empty for an item
    that has only its wordings.
    """

    id: str
    dimension: str
    asked: Asked
    format: Format
    direction: Direction
    options: tuple[Option, ...]
    measures: tuple[Measure, ...]
    wordings: Mapping[Side, str]
    baselines: Mapping[Side, tuple[str, ...]]
    note: str
    own: bool = False
    context: frozenset[str] = frozenset()
    edited: bool = False
    source_series: str = ""
    translated: bool = False
    title: str = ""

    @property
    def series(self) -> str:
        """Names the wording and the options: an edited item starts a new series."""
        if self.source_series:
            return self.source_series
        parts = [self.id, self.format, *(self.wordings[side] for side in Side)]
        parts += [f"{option.key}={option.label}" for option in self.options]
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
        return f"{self.id}-{digest[:10]}"

    @property
    def heading(self) -> str:
        """The title; of an item without one, as an own or edited one, the wordings."""
        return self.title or " / ".join(dict.fromkeys(self.wordings[side] for side in Side))

    @property
    def mirrored(self) -> bool:
        """True if the two wordings differ, each naming the other side."""
        return self.wordings[Side.MARKETING] != self.wordings[Side.IT]

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options if option.key == key), None)


EVERYONE = "everyone asked"
NOT_A_SURVEY = "not a survey"
"""Two of the values of `Baseline.base`, which says who a published per cent is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A published figure: one row of the ledger, with the names of its columns (docs/items.md).

    Read as a sentence, it is "`percent` % of `surveyed` `measure`: `statement`". `n` is None if the side's
    sample was not published or `base` is not everyone asked. `side` is None for a figure of both sides
    together. `topic` is one of DIMENSIONS, `base` says who the per cent is of, `scope` where they were asked,
    and `caveat` is a clause that a comparison must carry. `named` marks the two studies that the bot
    exists to compare with: Accenture 2013, and CMO Council with Accenture 2010.
    """

    key: str
    study: str
    publisher: str = ""
    published: int
    fieldwork: str
    named: bool = False
    side: Side | None
    statement: str
    measure: str
    percent: float
    qualifier: str
    percent_low: float
    percent_high: float
    n_published: str
    n: int | None
    grade: str
    compare_as: str
    scale: str = ""
    source: str
    standing: str
    note: str
    required: bool
    topic: str = ""
    base: str = EVERYONE
    surveyed: str = ""
    scope: str = ""
    caveat: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one item on one side while a wave closes: never stored, never shown.

    `n` people have an opinion, that is, gave a counted answer; `counts` has each counted option. In a
    multiple choice the counts may add up to more than `n`.
    """

    n: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Fewer answers than the minimum: there is no number here to leak."""


@dataclass(frozen=True, slots=True)
class Share:
    """People who chose a measure: `low` to `high` of them, both included.

    One number between 3 and n − 3 from 10 answers on; otherwise one of the figures "2 or fewer", "3 to
    n − 3" (under 10 answers only) and "n − 2 or more" (`pulse.core.privacy.share`).
    """

    low: int
    high: int

    @property
    def merged(self) -> bool:
        """True if one figure stands for several counts."""
        return self.low != self.high


@dataclass(frozen=True, slots=True)
class Bar:
    """An option, or neighbouring options merged because one of them held 1 or 2 people."""

    options: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Counted:
    """`n` people answered, at least the minimum: `shares` by measure key, and `bars` from 20 answers on.

    Shares after the first, and bars, are missing if they would reveal more than may be published.
    """

    n: int
    shares: Mapping[str, Share]
    bars: tuple[Bar, ...] = ()


Outcome = Withheld | Counted


@dataclass(frozen=True, slots=True)
class Expected:
    """What `n` people of a side expect: how many of ten on the other side agree, on average.

    `of_ten` is the mean to the nearest half, from 2.5 to 7.5; 2.0 stands for "2 or fewer" and 8.0 for "8 or
    more".
    """

    n: int
    of_ten: float


@dataclass(frozen=True, slots=True)
class SideTurnout:
    """The people of a side at the opening (`roster`), and those with an opinion on at least one item.

    `answered` is None under the minimum.
    """

    roster: int
    answered: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedWave:
    """All that remains of a wave: what may be published. `token` names it in every copy of the database."""

    id: int
    token: str
    opened_at: datetime
    closed_at: datetime
    minimum: int
    items: tuple[str, ...]
    series: Mapping[str, str]
    turnout: Mapping[Side, SideTurnout]
    outcomes: Mapping[tuple[str, Side], Outcome]
    expected: Mapping[tuple[str, Side], Expected] = field(default_factory=dict)
    """How a side expects the other to answer an item, by that item's id; missing if withheld."""


@dataclass(frozen=True, slots=True)
class Note:
    """A manager's dated mark on the trend."""

    day: date
    text: str
