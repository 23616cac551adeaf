"""The first line of a result: its finding, in at most 120 characters."""

from __future__ import annotations

from pulse.core.comparison import Verdict
from pulse.core.facts import count
from pulse.core.followup import ExpectationReport, of_ten
from pulse.core.language import _, ngettext
from pulse.core.model import Counted, Item, Side
from pulse.core.reports import Change, Finding, Headline, ItemReport, StudyComparison, WaveReport
from pulse.core.wording import in_side, pooled_percent, verdict_phrase

LIMIT = 120


def headline_sentence(report: WaveReport, title: str) -> str:
    """The finding of a wave in words. `title` names the item `report.headline.item_id`; it is cut to fit."""
    said = _finding(report, title)
    if len(said) > LIMIT:
        shorter = title[: max(1, len(title) - (len(said) - LIMIT) - 1)].rstrip()
        said = _finding(report, f"{shorter}…")
    return said


def _finding(report: WaveReport, title: str) -> str:
    headline = report.headline
    item = report.of(headline.item_id) if headline.item_id is not None else None
    said = _plain(headline, report.wave.minimum) if item is None else _of_item(headline, item, title)
    return _("First results: {finding}").format(finding=said) if headline.first and item is not None else said


def _plain(headline: Headline, minimum: int) -> str:
    if headline.kind is Finding.NO_RESULTS:
        return _("No results this time: fewer than {minimum} people answered on each side").format(
            minimum=minimum
        )
    if headline.kind is Finding.ONE_SIDE and headline.side is not None:
        side = headline.side
        return _("Too few answers in {other}: only {side} is shown").format(
            side=in_side(side), other=in_side(side.other)
        )
    return _("Nothing stands out this time")


def _of_item(headline: Headline, report: ItemReport, title: str) -> str:
    if headline.change is not None:
        return change_in_short(headline.change, title, _("this time"))
    if headline.expectation is not None:
        return _expectation(headline.expectation, title)
    if headline.comparison is not None and headline.side is not None:
        return _study(headline.comparison, report, headline.side, title)
    return _gap(report, title)


def change_in_short(change: Change, title: str, when: str) -> str:
    """A claim of change on one line; `when` is said if its newer window is one wave."""
    form = (
        _("{title}: up in {side}, from {older} in {waves} to {newer} {when}")
        if change.rising
        else _("{title}: down in {side}, from {older} in {waves} to {newer} {when}")
    )
    older, newer = change.older.waves, change.newer.waves
    return form.format(
        title=title,
        side=in_side(change.side),
        older=pooled_percent(change.older),
        waves=ngettext("{count} pulse", "{count} pulses", older).format(count=older),
        newer=pooled_percent(change.newer),
        when=when if newer == 1 else _("in the next {count}").format(count=newer),
    )


def _expectation(found: ExpectationReport, title: str) -> str:
    form = (
        _("{title}: {side} expected {expected} of 10 in {other} to agree; only {people} do")
        if found.verdict is Verdict.ABOVE
        else _("{title}: {side} expected {expected} of 10 in {other} to agree; {people} do")
    )
    return form.format(
        title=title,
        side=in_side(found.side),
        expected=of_ten(found.expected.of_ten),
        other=in_side(found.side.other),
        people=found.people,
    )


def _study(comparison: StudyComparison, report: ItemReport, side: Side, title: str) -> str:
    found = comparison.comparable
    now = report.sides[side].outcome
    assert isinstance(now, Counted)
    measure = next(measure for measure in report.item.measures if measure.key == found.measure)
    share = now.shares[measure.key]
    form = (
        _("{title}: {count} in {side} do not agree, {verdict}")
        if found.complement
        else _("{title}: {count} in {side} {says}, {verdict}")
    )
    return form.format(
        title=title,
        count=count(*found.people(share.low, share.high, now.n), now.n),
        side=in_side(side),
        says=_(measure.says),
        verdict=verdict_phrase(found, comparison.verdict),
    )


def _gap(report: ItemReport, title: str) -> str:
    counts = {side: _count(report.item, said.outcome) for side, said in report.sides.items()}
    form = (
        _("{title}: more in marketing {says} ({marketing}) than in IT ({it})")
        if report.gap is not None and report.gap.verdict is Verdict.ABOVE
        else _("{title}: more in IT {says} ({it}) than in marketing ({marketing})")
    )
    says = _(report.item.measures[0].says)
    return form.format(title=title, says=says, marketing=counts[Side.MARKETING], it=counts[Side.IT])


def _count(item: Item, outcome: object) -> str:
    assert isinstance(outcome, Counted)
    share = outcome.shares[item.measures[0].key]
    return count(share.low, share.high, outcome.n)
