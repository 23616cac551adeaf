"""The records of all that is said about a closed wave, and about an item over all closed waves.

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
from pulse.core.model import ClosedWave, Item, Note, Outcome, Side
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
    """This wave does not publish the share that it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyComparison:
    """A published figure beside an item on one side.

    `verdict` is None if there is a `reason`. `waves` is how many were averaged. `lead` marks the one figure
    that a message shows for the side, `further` one that it shows beside a later share of a multiple choice.
    `evident` is true if this wave's own figure, as printed, lies on the verdict's side: beside it, a verdict
    that rests on earlier waves would look like a contradiction. `sentence` says it in full, `caveat` is what
    must be said with it, and `phrase` says it in a few words; all are empty with any `reason` but BACKGROUND.
    """

    comparable: Comparable
    verdict: Verdict | None
    reason: Reason | None
    waves: int
    lead: bool
    further: bool
    evident: bool
    sentence: str
    caveat: str
    phrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Marketing against IT on a mirrored item.

    `verdict` is ABOVE if more in marketing choose the item's first share, and None if either side is not
    shown, or if the wordings accuse each other and are not compared.
    """

    verdict: Verdict | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SideReport:
    """An item on one side in one wave.

    `roster` are the side's people at the opening, `answered` those with an opinion on anything, None under
    the minimum. `low_response`: too few had an opinion on this item to describe the channel; nothing is then
    derived. `change` is the claim of this wave, `claims` all claims to this wave, oldest first. `last_time`
    gives the last earlier wave that asked the item in the same words and could be shown. `sentence` is about
    the share, `people_sentence` about the whole side, `direct_sentence` about an item that asks about change
    itself, `sight` about what this number of answers can show; each is empty if it has nothing to say.
    """

    outcome: Outcome
    roster: int
    answered: int | None
    low_response: bool
    people: PeopleRange | None
    change: Change | None
    claims: tuple[Change, ...]
    comparisons: tuple[StudyComparison, ...]
    last_time: str
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
    """One item of a wave. `gap` is None if the item has no mirrored wordings.

    `recent` are its last `RECENT` waves under this wording, oldest first, including this one. `aside` names
    headline figures that nothing is compared with, and says why.
    """

    item: Item
    sides: Mapping[Side, SideReport]
    gap: Gap | None
    recent: tuple[Step, ...] = ()
    aside: str = ""


RECENT = 8
"""Waves of an item that are shown beside its newest figures."""


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

    `item_id` and `side` are None if the finding has none; `side` of ONE_SIDE is the side that is shown.
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


class ReportNoteKind(StrEnum):
    """What a note is about."""

    LEFT_OUT = "left out"
    """Questions whose wording has changed since."""
    FIRST_CLAIMS = "first claims"
    """When changes can be called."""
    TRANSLATED = "translated"
    """The published figures belong to other words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNote:
    """A sentence about a report itself."""

    kind: ReportNoteKind
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveReport:
    """A closed wave. Of its `items`, the bank's first anchor comes first.

    `next_opens` is None if no wave is planned. `standing` is the day of the last earlier wave with results:
    they still hold if this wave has none.
    `expectations` and `commitments` are those that this wave asked about.
    """

    wave: ClosedWave
    items: tuple[ItemReport, ...]
    headline: Headline
    expectations: tuple[ExpectationReport, ...] = ()
    commitments: tuple[CommitmentReport, ...] = ()
    next_opens: datetime | None = None
    notes: tuple[ReportNote, ...] = ()
    standing: date | None = None

    def of(self, item_id: str) -> ItemReport | None:
        return next((found for found in self.items if found.item.id == item_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """An item over all closed waves that asked it, oldest first, at least one.

    `sentences` are of the waves under today's wording only: each claim of change, or that there is none.
    `last` is the item's report in the newest wave that asked today's wording, None if none did. `notes` are
    the managers' and the commitments' marks, oldest first.
    """

    item: Item
    steps: tuple[Step, ...]
    last: ItemReport | None
    sentences: Mapping[Side, tuple[str, ...]]
    notes: tuple[Note | CommitmentMark, ...] = ()

    @property
    def marks(self) -> tuple[CommitmentMark, ...]:
        """The commitments among the notes."""
        return tuple(note for note in self.notes if isinstance(note, CommitmentMark))

    @property
    def reworded(self) -> bool:
        """True if the wording changed within the trail: nothing is compared across that."""
        series = self.item.series
        return any(step.series != series for step in self.steps)
