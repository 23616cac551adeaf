"""All that is said of a closed wave and of an item over waves: the records in which a close is reported.

`pulse.core.reporting` makes a wave's, `pulse.core.trails` an item's over all waves. Sentences are made once,
in `pulse.core.wording`, and carried in the records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pulse.core.baselines import Comparable
from pulse.core.claims import Window
from pulse.core.comparison import Verdict
from pulse.core.followup import CommitmentMark, CommitmentReport, ExpectationReport
from pulse.core.model import ClosedWave, Item, Note, Outcome, Share, Side
from pulse.core.people import PeopleRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of an item's first share on one side, claimed once, at the close of wave `wave_id`."""

    item_id: str
    side: Side
    measure: str
    rising: bool
    newer: Window
    older: Window
    z: float
    wave_id: int
    sentence: str


class Reason(StrEnum):
    """Why a published figure has no verdict."""

    HIDDEN = "hidden"
    LOW_RESPONSE = "low response"
    BACKGROUND = "background"
    NOT_PUBLISHED = "not published"
    """The share that it belongs to is not published of this wave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyComparison:
    """A published figure beside an item on one side.

    `verdict` is None where `reason` says why. `waves` were averaged. `lead` marks the one figure that a
    message shows of the side, `further` one that it shows beside a later share of a multiple choice.
    `evident` is true where this wave's own figure, as it is printed, lies on the verdict's side: one that the
    waves before carry would read as a contradiction beside it. `sentence` says it in full and `phrase` in a
    few words; both are empty where the item is hidden on that side.
    """

    comparable: Comparable
    verdict: Verdict | None
    reason: Reason | None
    waves: int
    lead: bool
    further: bool
    evident: bool
    sentence: str
    phrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Marketing against IT on a mirrored item. `accusing`: the two wordings blame each other.

    `verdict` is ABOVE where more in marketing choose the item's first share, and None where either side is
    not shown, or where the wordings accuse each other and are not compared.
    """

    verdict: Verdict | None
    accusing: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTime:
    """The last wave before that asked the item in the same words and could be shown."""

    day: date
    n: int
    share: Share
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SideReport:
    """An item on one side in one wave.

    `roster` are the side's people at the opening, `answered` those with an opinion on anything, None under
    the minimum. `low_response`: too few had an opinion on this item to describe the channel; nothing is then
    derived. `change` is the claim of this wave, `claims` all claims to this wave, oldest first. `direct` is
    the verdict of an item that asks about change itself: ABOVE is better. `sentence` says the share,
    `people_sentence` the whole side, `sight` what this number of answers can show; each is empty where it has
    nothing to say.
    """

    outcome: Outcome
    roster: int
    answered: int | None
    low_response: bool
    people: PeopleRange | None
    change: Change | None
    claims: tuple[Change, ...]
    comparisons: tuple[StudyComparison, ...]
    last_time: LastTime | None
    direct: Verdict | None
    sentence: str
    people_sentence: str
    direct_sentence: str
    sight: str

    @property
    def lead(self) -> StudyComparison | None:
        """The one comparison that a message shows."""
        return next((found for found in self.comparisons if found.lead), None)

    @property
    def further(self) -> tuple[StudyComparison, ...]:
        """Those that a message shows beside later shares."""
        return tuple(found for found in self.comparisons if found.further)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An item in one closed wave. `series` names the wording it was asked in."""

    wave: ClosedWave
    series: str
    outcomes: Mapping[Side, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReport:
    """One item of a wave. `gap` is None where the item has no mirrored wordings.

    `recent` are its last `RECENT` waves under this wording, oldest first, this one among them. `aside` names
    headline figures that no answer is compared with, and why.
    """

    item: Item
    sides: Mapping[Side, SideReport]
    gap: Gap | None
    recent: tuple[Step, ...] = ()
    aside: str = ""


RECENT = 8
"""Waves of an item that stand beside its newest figures."""


class Finding(StrEnum):
    """What a message begins with, in the order of precedence."""

    NO_RESULTS = "no results"
    CHANGE = "change"
    EXPECTATION = "expectation"
    STUDY = "study"
    GAP = "gap"
    ONE_SIDE = "one side"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The finding of a wave: the first change, wrong expectation, difference from a study or gap.

    `item_id` and `side` are None where the finding has none; `side` of ONE_SIDE is the side that is shown.
    `change`, `expectation`, `comparison` or `gap` is the finding itself. `first`: no wave was reported
    before.
    """

    kind: Finding
    first: bool
    item_id: str | None = None
    side: Side | None = None
    change: Change | None = None
    expectation: ExpectationReport | None = None
    comparison: StudyComparison | None = None
    gap: Gap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveReport:
    """A closed wave, the headline item first.

    `next_opens` is None where no wave is planned. `notes` are sentences about the report itself.
    `standing` is the day of the last wave before that had results: they stand where this wave has none.
    `expectations` and `commitments` are those that this wave asked about.
    """

    wave: ClosedWave
    items: tuple[ItemReport, ...]
    headline: Headline
    expectations: tuple[ExpectationReport, ...] = ()
    commitments: tuple[CommitmentReport, ...] = ()
    next_opens: datetime | None = None
    notes: tuple[str, ...] = ()
    standing: date | None = None

    def of(self, item_id: str) -> ItemReport | None:
        return next((found for found in self.items if found.item.id == item_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """An item over all closed waves that asked it, oldest first, at least one.

    `sentences` are of the waves under today's wording only: each claim of change, or that there is none.
    `last` is the item's report in its newest wave, None where that wave asked another wording. `notes` are
    the managers' and the commitments' marks, `marks` the latter with their counts, oldest first.
    """

    item: Item
    steps: tuple[Step, ...]
    last: ItemReport | None
    sentences: Mapping[Side, tuple[str, ...]]
    notes: tuple[Note, ...] = ()
    marks: tuple[CommitmentMark, ...] = ()

    @property
    def reworded(self) -> bool:
        """True where the wording changed within the trail: nothing is compared across that."""
        series = self.item.series
        return any(step.series != series for step in self.steps)
