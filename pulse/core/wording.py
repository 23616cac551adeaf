"""The sentences that follow from published figures.

Each is made once, here, and carried in the records of `pulse.core.reports`, so that message, details, trend
and scores say the same. What may be said is decided by `pulse.core.claims`, `pulse.core.comparison`,
`pulse.core.people` and `pulse.core.expectation`; the rules are in docs/method.md.

Never used: a decimal, an arrow, a cause, a per cent without its count, a present participle for what a series
does, one figure for both sides together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pulse.core.baselines import Comparable
from pulse.core.claims import USUAL, Window, lasting_changes
from pulse.core.comparison import Verdict, reach
from pulse.core.dates import short_day
from pulse.core.facts import (
    count,
    figure,
    per_cent,
    per_cent_of,
    percent,
    share,
    study,
    with_per_cent,
    written_percent,
)
from pulse.core.language import N_, _, ngettext
from pulse.core.marked import Marked, marked
from pulse.core.model import Baseline, Counted, Format, Item, Measure, Share, Side
from pulse.core.people import PeopleRange
from pulse.core.privacy import LOWEST_MINIMUM
from pulse.core.privacy import share as publish_share

SPLIT_FROM = 60
"""From this many answers on, agree, in between and disagree are said apart."""


# --- One share -------------------------------------------------------------------------------------------


def hidden(minimum: int) -> str:
    return _("Fewer than {minimum} answers: hidden.").format(minimum=minimum)


def share_sentence(item: Item, now: Counted, roster: int, *, low_response: bool) -> str:
    """`7 of 12 agree (58%).` and the item's other shares; if too few answered, how many of the side did."""
    clauses = [
        _clause(measure, now.shares[measure.key], now.n)
        for measure in item.measures
        if measure.key in now.shares
    ]
    if low_response:
        return _("{what}. Too few answered to describe the channel ({n} of {roster}).").format(
            what="; ".join(clauses), n=now.n, roster=roster
        )
    return "; ".join([*clauses, *_split(item, now)]) + "."


def _clause(measure: Measure, found: Share, n: int) -> str:
    said = _("{count} {says}").format(count=count(found.low, found.high, n), says=_(measure.says))
    return with_per_cent(said, per_cent_of(found.low, found.high, n))


def _split(item: Item, now: Counted) -> list[str]:
    """Agree, in between and disagree, if the published bars add up to them."""
    if item.format is not Format.AGREE5 or now.n < SPLIT_FROM:
        return []
    totals = [_of_bars(now, options) for options in ({"4", "5"}, {"3"}, {"1", "2"})]
    if None in totals:
        return []
    agree, between, disagree = (_("{k} of {n}").format(k=total, n=now.n) for total in totals)
    return [
        _("three ways: {agree} agree, {between} are in between, {disagree} disagree").format(
            agree=agree, between=between, disagree=disagree
        )
    ]


def _of_bars(now: Counted, options: set[str]) -> int | None:
    bars = [bar for bar in now.bars if options.intersection(bar.options)]
    if not bars or any(not options.issuperset(bar.options) for bar in bars):
        return None
    return sum(bar.count for bar in bars)


def last_time_sentence(found: Share, n: int, when: date, today: date) -> str:
    """The figure of the wave before, with its date."""
    return _("{share} on {day}.").format(share=share(found.low, found.high, n), day=short_day(when, today))


# --- The whole side --------------------------------------------------------------------------------------


def people_sentence(measure: Measure, found: PeopleRange, n: int) -> str:
    """How many of the side's people choose the measure, and on which condition."""
    says = _(measure.says)
    if found.roster == n:
        return _("Everybody answered: these are all {roster} people of the side.").format(roster=found.roster)
    certain = _("Of the side's {roster} people at least {low} and at most {high} {says}.").format(
        roster=found.roster, low=found.certain_low, high=found.certain_high, says=says
    )
    ends = found.plausible_low, found.plausible_high
    if None in ends or ends == (found.certain_low, found.certain_high):
        return certain
    if found.plausible_low == found.plausible_high:
        form = _("{low} if those without an opinion here think like the others.")
    else:
        form = _("{low} to {high} if those without an opinion here think like the others.")
    return f"{certain} {form.format(low=found.plausible_low, high=found.plausible_high)}"


# --- Change ----------------------------------------------------------------------------------------------


def change_sentence(item: Item, newer: Window, older: Window, *, rising: bool, today: date) -> str:
    """A claim of change with the dates and counts of both windows: what happened, not what goes on."""
    form = (
        _("Up: {newer} {says} {when}, {older} in {before}.")
        if rising
        else _("Down: {newer} {says} {when}, {older} in {before}.")
    )
    return form.format(
        newer=pooled(newer),
        says=_(item.measures[0].says),
        when=_in_pulses(newer, today),
        older=pooled(older),
        before=_pulses_before(older, today),
    )


def pooled(window: Window) -> str:
    """The answers of a window: `48 of 120 (40%)`, or `27 to 29 of 41 (66–71%)`.

    Merged figures stay merged in the sum: from the lowest to the highest that they stand for.
    """
    return with_per_cent(count(window.low, window.high, window.n), pooled_percent(window))


def pooled_percent(window: Window) -> str:
    """The share of a window's answers: `40%`, or `66–71%` if figures are merged."""
    low, high = percent(window.low, window.n), per_cent(window.high, window.n)
    return high if written_percent(low) == high else f"{low}–{high}"


def _in_pulses(window: Window, today: date) -> str:
    if window.waves == 1:
        return _("on {day}").format(day=short_day(window.last, today))
    return _("in {count} pulses from {first} to {last}").format(
        count=window.waves, first=short_day(window.first, today), last=short_day(window.last, today)
    )


def _pulses_before(window: Window, today: date) -> str:
    return ngettext(
        "the {count} pulse before (from {first})", "the {count} pulses before (from {first})", window.waves
    ).format(count=window.waves, first=short_day(window.first, today))


def no_change_sentence(waves: int) -> str:
    """The sentence for a series in which no change has been claimed."""
    if waves < FIRST_CLAIM:
        return first_claims_sentence()
    return ngettext(
        "No change has been called in {count} pulse.", "No change has been called in {count} pulses.", waves
    ).format(count=waves)


FIRST_CLAIM = 5
"""The wave at which a weekly item's first claim can come: a jump, after four waves."""


def first_claims_sentence() -> str:
    """When changes can be called: part of the first results."""
    return _(
        "A jump can be called from a question's fifth pulse on, smaller changes from its eighth or twelfth."
    )


def translated_sentence() -> str:
    """Part of results whose questions are not in the words that the published figures belong to."""
    return _("The questions are translated; the published figures belong to their English wordings.")


# --- Published figures -----------------------------------------------------------------------------------


_COMPARED = {
    Verdict.ABOVE: N_("Above the {figure} of {people} in the study ({study})."),
    Verdict.BELOW: N_("Below the {figure} of {people} in the study ({study})."),
    Verdict.UNCLEAR: N_("Can't be told apart from the {figure} of {people} in the study ({study})."),
}
_COMPARED_IN_WORDS = {
    Verdict.ABOVE: N_("Above “{figure}” of {people} in the study ({study})."),
    Verdict.BELOW: N_("Below “{figure}” of {people} in the study ({study})."),
    Verdict.UNCLEAR: N_("Can't be told apart from “{figure}” of {people} in the study ({study})."),
}
_VERDICTS = {
    Verdict.ABOVE: N_("above {study}’s {figure}"),
    Verdict.BELOW: N_("below {study}’s {figure}"),
    Verdict.UNCLEAR: N_("can't be told apart from {study}’s {figure}"),
}
_VERDICTS_IN_WORDS = {
    Verdict.ABOVE: N_("above “{figure}” ({study})"),
    Verdict.BELOW: N_("below “{figure}” ({study})"),
    Verdict.UNCLEAR: N_("can't be told apart from “{figure}” ({study})"),
}


def comparison_sentence(item: Item, comparable: Comparable, now: Counted, verdict: Verdict | None) -> str:
    """How a share compares with a published figure, in full but for the figure's caveat."""
    row = comparable.row
    places = {"figure": figure(row), "people": _(row.surveyed), "study": study(row)}
    if verdict is None:
        return _("For background: {figure} of {people} ({study}).").format(**places)
    form = (_COMPARED if _is_exact(row) else _COMPARED_IN_WORDS)[verdict]
    return _subject(item, comparable, now) + _(form).format(**places)


def verdict_phrase(comparable: Comparable, verdict: Verdict | None) -> str:
    """The same in a few words: `below Accenture 2013’s 56%`; without a verdict the figure alone."""
    row = comparable.row
    if verdict is None:
        form = _("{study}: {figure}")
    else:
        form = _((_VERDICTS if _is_exact(row) else _VERDICTS_IN_WORDS)[verdict])
    return form.format(figure=figure(row), study=study(row))


_BRIEF = {
    None: N_("{publisher}: {figure}"),
    Verdict.ABOVE: N_("*above* {publisher}’s {figure}"),
    Verdict.BELOW: N_("*below* {publisher}’s {figure}"),
    Verdict.UNCLEAR: N_("study {figure}"),
}
_BRIEFER: Mapping[Verdict | None, str] = {
    Verdict.ABOVE: N_("*above* study’s {figure}"),
    Verdict.BELOW: N_("*below* study’s {figure}"),
}
_BRIEF_IN_WORDS = {
    None: N_("{publisher}: “{figure}”"),
    Verdict.ABOVE: N_("*above* “{figure}” ({publisher})"),
    Verdict.BELOW: N_("*below* “{figure}” ({publisher})"),
    Verdict.UNCLEAR: N_("study: “{figure}”"),
}


def brief_verdict(comparable: Comparable, verdict: Verdict | None, *, named: bool = True) -> Marked:
    """The same beside a count, the verdict in bold; without a verdict the figure with its publisher.

    "Study" alone means that the two can't be told apart: the message says so once, in its last line. If a
    line has several figures of a study, its publisher is not `named` beside each.
    """
    row = comparable.row
    forms: Mapping[Verdict | None, str] = _BRIEF if _is_exact(row) else _BRIEF_IN_WORDS
    if _is_exact(row) and not named:
        forms = {**forms, **_BRIEFER}
    said = marked(_(forms[verdict]), figure=figure(row), publisher=row.publisher)
    return marked(_("{figure} do not agree"), figure=said) if comparable.complement else said


def _is_exact(row: Baseline) -> bool:
    """Whether a per cent was printed, and not words like "more than half"."""
    return row.percent_high - row.percent_low <= 1


def _subject(item: Item, comparable: Comparable, now: Counted) -> str:
    """Names the people who are compared, if that is not the first share: `5 of 12 do not agree. `"""
    measure = next(measure for measure in item.measures if measure.key == comparable.measure)
    if measure == item.measures[0] and not comparable.complement:
        return ""
    found = now.shares[measure.key]
    people = count(*comparable.people(found.low, found.high, now.n), now.n)
    form = _("{count} do not agree.") if comparable.complement else _("{count} {says}.")
    return form.format(count=people, says=_(measure.says)) + " "


# --- Between the sides -----------------------------------------------------------------------------------


_GAPS = {
    Verdict.ABOVE: N_("More in marketing than in IT {says}: {marketing}, and {it} in IT."),
    Verdict.BELOW: N_("More in IT than in marketing {says}: {it}, and {marketing} in marketing."),
    Verdict.UNCLEAR: N_("The sides can't be told apart: {marketing} in marketing and {it} in IT {says}."),
}


def gap_sentence(item: Item, verdict: Verdict | None, shares: dict[Side, tuple[Share, int]]) -> str:
    """How marketing compares with IT on a mirrored item. `shares` holds (share, n) of each side shown."""
    if verdict is None or set(shares) != set(Side):
        return _("No gap is shown: on at least one side too few answered.")
    counts = {side: count(found.low, found.high, n) for side, (found, n) in shares.items()}
    return _(_GAPS[verdict]).format(
        says=_(item.measures[0].says), marketing=counts[Side.MARKETING], it=counts[Side.IT]
    )


def accusing_sentence(item: Item, shares: dict[Side, tuple[Share, int]]) -> str:
    """What each side holds against the other, if the two wordings say different things."""
    said = [
        _("{count} in {side} {says}: “{statement}”").format(
            count=count(found.low, found.high, n),
            side=in_side(side),
            says=_(item.measures[0].says),
            statement=item.wordings[side],
        )
        for side, (found, n) in shares.items()
    ]
    return " ".join(said)


def in_side(side: Side) -> str:
    """The side as it is written after "in": `marketing`, `IT`."""
    return _("marketing") if side is Side.MARKETING else _("IT")


# --- Direct change ---------------------------------------------------------------------------------------


def direct_sentence(verdict: Verdict) -> str:
    """What a side itself says about the past year, by the sign test."""
    return {
        Verdict.ABOVE: _("More say “better” than “worse”: more than chance explains."),
        Verdict.BELOW: _("More say “worse” than “better”: more than chance explains."),
        Verdict.UNCLEAR: _("“Better” and “worse” can't be told apart."),
    }[verdict]


# --- What a team can see ---------------------------------------------------------------------------------


def power_sentence(n: int | None, minimum: int = LOWEST_MINIMUM) -> str:
    """What `n` answers per wave can show; None, or fewer than the minimum, is hidden."""
    if n is None or n < max(minimum, LOWEST_MINIMUM):
        return hidden(minimum)
    return f"{_change_seen(n)} {_study_seen(n)}"


def _change_seen(n: int) -> str:
    usual = publish_share(round(USUAL * n), n)
    fall, rise = lasting_changes(n)
    places = {"n": n, "before": count(usual.low, usual.high, n), "fall": fall, "rise": rise}
    if fall is not None and rise is not None:
        form = _(
            "With {n} answers a pulse, {before} agreeing for half a year: a lasting fall to {fall} or fewer, "
            "or a rise to {rise} or more, is called within 8 pulses."
        )
    elif fall is not None:
        form = _(
            "With {n} answers a pulse, {before} agreeing for half a year: a lasting fall to {fall} or fewer "
            "is called within 8 pulses, and no rise."
        )
    else:
        form = _("With {n} answers a pulse no change is called within 8 pulses.")
    return form.format(**places)


def _study_seen(n: int) -> str:
    above, below = reach(n, STUDY_SIZE)
    if above is None or below is None:
        return ""
    return _(
        "Whatever they say, {n} answers can't be told above a published figure over {above}, "
        "or below one under {below}."
    ).format(n=n, above=written_percent(above), below=written_percent(below))


STUDY_SIZE = 400
"""The study size assumed to say what a team can see: about that of the larger named study."""
