"""Follow-up: what one side expected of the other, and what came of commitments, as records with sentences.

`pulse.core.reporting` makes those of a closed wave, `pulse.core.trails` the marks. The rules are in
docs/method.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pulse.core.claims import Window
from pulse.core.commitments import Commitment
from pulse.core.comparison import Verdict
from pulse.core.dates import day
from pulse.core.expectation import Expected as Belief
from pulse.core.expectation import misjudged
from pulse.core.facts import count, share
from pulse.core.language import N_, _, ngettext
from pulse.core.likelihood import Observation
from pulse.core.model import Expected, Item, Side
from pulse.core.wording import in_side, pooled

FEWEST, MOST = 2.0, 8.0
"""The means that stand for "2 or fewer" and "8 or more" (`pulse.core.privacy.publish_expectation`)."""

AROUND = 8
"""Pulses counted before a mark, and after it: as many as the longest window of a claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationReport:
    """How `side` expects the other side to answer `item`.

    `verdict` is ABOVE if clearly more were expected than agree, BELOW if clearly fewer were, UNCLEAR if
    neither can be said, and None if one of the two is not shown or too few answered.
    """

    item: Item
    side: Side
    expected: Expected
    verdict: Verdict | None
    people: str
    """How many of the other side agree, as a count; empty if that is not shown."""
    sentence: str

    @property
    def misjudged(self) -> bool:
        return self.verdict in (Verdict.ABOVE, Verdict.BELOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentReport:
    """What both sides answered about a commitment. `sentences` has the share of those who saw it happen.

    `counts` has the same in a few words, for each side that is shown.
    """

    commitment: Commitment
    sentences: Mapping[Side, str]
    counts: Mapping[Side, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentMark:
    """A commitment on an item's trend: at its due day, or while that is ahead, at the day it was made.

    `sentences` has the counts before and after its due day, for each side that has both.
    """

    day: date
    text: str
    sentences: Mapping[Side, str]


_FINDINGS = {
    Verdict.BELOW: N_("{side} expected {expected} of 10 in {other} to agree; more do: {figure}."),
    Verdict.ABOVE: N_("{side} expected {expected} of 10 in {other} to agree; fewer do: {figure}."),
}


def expectation_report(
    item: Item, side: Side, expected: Expected, roster: int, held: Observation | None
) -> ExpectationReport:
    """What a side of `roster` people expected, and what the other side answered: `held`, None if hidden."""
    low, high = _limits(expected.of_ten)
    belief = Belief(low=low, high=high, n=expected.n, roster=max(roster, expected.n))
    verdict = misjudged(belief, held) if held is not None else None
    figure = share(held.low, held.high, held.n) if held is not None else ""
    if verdict in _FINDINGS:
        form = _(_FINDINGS[verdict])
    elif held is None:
        form = _("{side} expected {expected} of 10 in {other} to agree.")
    else:
        form = _("{side} expected {expected} of 10 in {other} to agree; these agree: {figure}.")
    said = {"side": _(side.label), "other": in_side(side.other), "expected": of_ten(expected.of_ten)}
    return ExpectationReport(
        item=item,
        side=side,
        expected=expected,
        verdict=verdict,
        people=count(held.low, held.high, held.n) if held is not None else "",
        sentence=form.format(figure=figure, **said),
    )


def of_ten(mean: float) -> str:
    """The published mean in words, without a decimal.

    >>> of_ten(2.0), of_ten(3.5), of_ten(8.0)
    ('2 or fewer', 'about 3½', '8 or more')
    """
    if mean <= FEWEST:
        return _("2 or fewer")
    if mean >= MOST:
        return _("8 or more")
    return _("about {mean}").format(mean=f"{int(mean)}{'½' if mean % 1 else ''}")


def _limits(mean: float) -> tuple[float, float]:
    """The range of means that a published mean stands for."""
    if mean <= FEWEST:
        return 0.0, FEWEST + 0.25
    return (MOST - 0.25, 10.0) if mean >= MOST else (mean - 0.25, mean + 0.25)


def commitment_mark(
    commitment: Commitment, item: Item, series: Mapping[Side, Sequence[Observation]], newest: date
) -> CommitmentMark:
    """The commitment on the trend of an item. `newest` is the day of the item's last wave."""
    passed = commitment.due_on <= newest
    said = _("{side} was to do this by {day}: {text}").format(
        side=_(commitment.side.label), day=day(commitment.due_on), text=commitment.text
    )
    around = {side: counts_around(seen, commitment.due_on) for side, seen in series.items()} if passed else {}
    return CommitmentMark(
        day=commitment.due_on if passed else commitment.made_on,
        text=said,
        sentences={
            side: _before_and_after(item, *windows) for side, windows in around.items() if windows is not None
        },
    )


def counts_around(series: Iterable[Observation], when: date) -> tuple[Window, Window] | None:
    """The answers of the last pulses up to a day and of the first ones after it; None if either is missing.

    Waves that too few answered to describe the channel are left out.
    """
    seen = [one for one in series if one.describes]
    before = [one for one in seen if one.day <= when][-AROUND:]
    after = [one for one in seen if one.day > when][:AROUND]
    return (_window(before), _window(after)) if before and after else None


def _window(seen: Sequence[Observation]) -> Window:
    return Window(
        first=seen[0].day,
        last=seen[-1].day,
        waves=len(seen),
        low=sum(one.low for one in seen),
        high=sum(one.high for one in seen),
        n=sum(one.n for one in seen),
    )


def _before_and_after(item: Item, before: Window, after: Window) -> str:
    return _("{before} {says} in {waves} before, {after} in {later} after.").format(
        before=pooled(before),
        says=_(item.measures[0].says),
        waves=_pulses(before.waves),
        after=pooled(after),
        later=_pulses(after.waves),
    )


def _pulses(waves: int) -> str:
    return ngettext("{count} pulse", "{count} pulses", waves).format(count=waves)


def not_a_cause() -> str:
    """The caution that goes with counts before and after a mark."""
    return _("A mark says when, not why: whatever else happened then is in these counts, too.")
