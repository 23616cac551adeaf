"""The report for leaders: the message that announces it, and its page of A4.

Both say the same passages: what changed and when, how each side stands against its study, the gaps between
the sides, who answered, what was promised, and how sure all of this is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pulse.core.commitments import Commitment
from pulse.core.comparison import Verdict
from pulse.core.dates import short_day
from pulse.core.facts import brief_count, caution
from pulse.core.followup import not_a_cause
from pulse.core.headlines import change_in_short
from pulse.core.language import N_, _, ngettext
from pulse.core.model import Baseline, Counted, Item, Side
from pulse.core.quarterly import QuarterItem, QuarterReport, QuarterTurnout
from pulse.core.reports import Change, Finding, SideReport
from pulse.core.wording import translated_sentence
from pulse.views.blocks import actions, button, context, header, message, section
from pulse.views.charts import CompactChart, Passage, ReportPage
from pulse.views.commitments import standing
from pulse.views.compact import chart_of
from pulse.views.message import Block, Message, escape
from pulse.views.results import sections
from pulse.views.titles import title

REPORT = "report"
ITEMS, CHANGES, GAPS, NOTES, COMMITMENTS = 6, 3, 3, 2, 2
"""The most of each that fits on one page of A4 in every language; except for items and gaps, the newest."""
FIRST_ITEMS = 3
"""Items in the message for the channels: as many as the suggested plan of questions asks every time."""

TITLE_LIMIT, TEXT_LIMIT = 60, 100
"""Characters of a heading and of what people typed, so that the report stays one page."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence about something, such as an item or a day; `about` is empty if it stands alone."""

    about: str
    said: str

    @property
    def plain(self) -> str:
        return _("{about}: {said}").format(about=self.about, said=self.said) if self.about else self.said

    @property
    def mrkdwn(self) -> str:
        if not self.about:
            return escape(self.said)
        return _("{about}: {said}").format(about=f"*{escape(self.about)}*", said=escape(self.said))


def quarter_message(report: QuarterReport) -> Message:
    """What the channels read: the finding first, and the first items. The button's value is the quarter."""
    first = [_standing(report, found) for found in report.items[:FIRST_ITEMS]]
    blocks = _opening(report)
    for heading, lines in _passages(report, first):
        if heading in (_CHANGED, _STUDIES, _SIDES):
            blocks += _section(heading, lines)
    blocks.append(context(" ".join(_turnout(side, report.turnout[side]).mrkdwn for side in Side)))
    blocks.append(actions([button(_("Send me the report (PDF)"), REPORT, value=report.quarter.code)]))
    return message(blocks)


def quarter_in_full(report: QuarterReport) -> Message:
    """All that the page says, for whoever gets the page."""
    blocks = _opening(report)
    for heading, lines in _passages(report, _standings(report)):
        blocks += _section(heading, lines)
    return message([*blocks, *(context(escape(text)) for text in _sources(report))])


def _opening(report: QuarterReport) -> list[Block]:
    return [
        header(_("Report: {quarter}").format(quarter=report.quarter.words)),
        section(f"*{escape(finding(report))}*"),
        context(escape(_period(report))),
    ]


def _section(heading: str, lines: list[_Said]) -> list[Block]:
    return sections("\n".join([f"*{escape(_(heading))}*", *(f"• {line.mrkdwn}" for line in lines)]))


def quarter_page(report: QuarterReport) -> ReportPage:
    """The same on one page, with the trend of the first items on top."""
    passages = (
        Passage(heading=_(heading), paragraphs=tuple(line.plain for line in lines))
        for heading, lines in _passages(report, _standings(report))
    )
    return ReportPage(
        title=_("Marketing and IT, {quarter}").format(quarter=report.quarter.words),
        finding=finding(report),
        period=_period(report),
        panels=_panels(report),
        passages=tuple(passages),
        sources=" ".join(_sources(report)),
    )


def file_name(report: QuarterReport) -> str:
    return f"pulse-{report.quarter.code}.pdf"


def report_sent() -> Message:
    """Told to whoever asked for the report."""
    return message([section(_("I have sent you the report, in our direct messages."))])


def report_without_page() -> Message:
    """Told to whoever asked, if the page could not be drawn."""
    return message(
        [
            section(
                _(
                    "The page could not be drawn this time. I have sent you all that it says in our direct "
                    "messages; please try again later for the page."
                )
            )
        ]
    )


# --- The words -------------------------------------------------------------------------------------------


def finding(report: QuarterReport) -> str:
    """The headline: one line, which is also the message's notification."""
    told = report.headline
    if told.change is not None:
        return _in_short(report, told.change)
    found = next((found for found in report.items if found.item.id == told.item_id), None)
    if found is not None and told.side is not None and told.kind is Finding.STUDY:
        return _("{title}, {side}: {said}").format(
            title=_heading(found.item),
            side=_(told.side.label),
            said=_against_study(found.report.sides[told.side]),
        )
    if found is not None and told.gap is not None:
        return _Said(_heading(found.item), told.gap.sentence).plain
    if told.kind is Finding.NO_RESULTS:
        return _("No results in this quarter: too few people answered.")
    return _("Nothing stands out in this quarter.")


def _period(report: QuarterReport) -> str:
    first, last = (
        short_day(report.day(wave), report.quarter.last) for wave in (report.waves[0], report.waves[-1])
    )
    if len(report.waves) == 1:
        return _("One pulse closed, on {day}.").format(day=last)
    return _("{count} pulses closed, from {first} to {last}.").format(
        count=len(report.waves), first=first, last=last
    )


_CHANGED, _STUDIES, _SIDES = N_("What changed, and when"), N_("Beside the studies"), N_("Between the sides")
_PROMISED, _ANSWERED, _SURE = N_("What was promised"), N_("Who answered"), N_("How sure this is")


def _passages(report: QuarterReport, standings: list[_Said]) -> list[tuple[str, list[_Said]]]:
    """The headings, not translated yet, each with its lines; `standings` are those beside the studies."""
    found = {
        _CHANGED: _changes(report),
        _STUDIES: standings,
        _SIDES: _gaps(report),
        _PROMISED: _promised(report),
        _ANSWERED: [_turnout(side, report.turnout[side]) for side in Side],
        _SURE: [_Said("", said) for said in _caveats(report)],
    }
    return [(heading, lines) for heading, lines in found.items() if lines]


def _promised(report: QuarterReport) -> list[_Said]:
    """The commitments, each with the first item's counts around its day, which show no cause."""
    told = [line for one in report.commitments[-COMMITMENTS:] for line in _commitment(report, one)]
    return [*told, _Said("", not_a_cause())] if any(line.about for line in told) else told


def _commitment(report: QuarterReport, one: Commitment) -> Iterator[_Said]:
    yield _Said("", standing(one, report.today, _cut(one.text, TEXT_LIMIT)))
    for side, counts in report.around.get(one.id, {}).items():
        about = _("{title}, {side}").format(title=_heading(report.items[0].item), side=_(side.label))
        yield _Said(about, counts)


def _changes(report: QuarterReport) -> list[_Said]:
    told = [_change(report, change) for change in report.changes[-CHANGES:]]
    hidden = len(report.changes) - len(told)
    if hidden:
        more = ngettext("{count} earlier change.", "{count} earlier changes.", hidden)
        told.append(_Said("", more.format(count=hidden)))
    if not told:
        told.append(_Said("", _("No change was called in this quarter.")))
    marked = [
        _Said(
            _("Noted on {day}").format(day=short_day(note.day, report.quarter.last)),
            _cut(note.text, TEXT_LIMIT),
        )
        for note in report.notes[-NOTES:]
    ]
    return [*told, *marked]


def _change(report: QuarterReport, change: Change) -> _Said:
    about = _("{title}, {side}").format(title=_changed(report, change), side=_(change.side.label))
    return _Said(about, change.sentence)


def _in_short(report: QuarterReport, change: Change) -> str:
    when = _("on {day}").format(day=short_day(change.newer.last, report.quarter.last))
    return change_in_short(change, _changed(report, change), when)


def _changed(report: QuarterReport, change: Change) -> str:
    """The heading of the item that changed."""
    return next(_heading(found.item) for found in report.items if found.item.id == change.item_id)


def _standings(report: QuarterReport) -> list[_Said]:
    lines = [_standing(report, found) for found in report.items[:ITEMS]]
    more = len(report.items) - len(lines)
    if more:
        told = ngettext(
            "{count} more question was asked: /pulse scores has its results.",
            "{count} more questions were asked: /pulse scores has their results.",
            more,
        )
        lines.append(_Said("", told.format(count=more)))
    return lines


def _standing(report: QuarterReport, found: QuarterItem) -> _Said:
    when = short_day(report.day(found.wave), report.quarter.last)
    sides = [
        _("{side}: {said}").format(side=_(side.label), said=_against_study(found.report.sides[side]))
        for side in Side
    ]
    about = _("{title} ({day})").format(title=_heading(found.item), day=when)
    return _Said(about, " ".join(sides))


def _against_study(said: SideReport) -> str:
    """A side's share and how it stands against its one study: `7 of 12 agree (58%). Below X 2014’s 62%.`

    A verdict that the pulses before carry, and that this pulse's own share does not show, says so.
    """
    lead = said.lead
    if lead is None or not lead.phrase:
        return said.sentence
    phrase = f"{lead.phrase[:1].upper()}{lead.phrase[1:]}"
    if lead.verdict in (Verdict.ABOVE, Verdict.BELOW) and not lead.evident and lead.waves > 1:
        phrase = _("{comparison} in the last {count} pulses together").format(
            comparison=phrase, count=lead.waves
        )
    return f"{said.sentence} {phrase}."


def _gaps(report: QuarterReport) -> list[_Said]:
    gaps = _clear_gaps(report)[:GAPS]
    if gaps:
        return gaps
    compared = any(
        found.report.gap is not None and found.report.gap.verdict is not None for found in report.items
    )
    return [_Said("", _("No question shows a clear gap."))] if compared else []


def _clear_gaps(report: QuarterReport) -> list[_Said]:
    return [
        _Said(_heading(found.item), found.report.gap.sentence)
        for found in report.items
        if found.report.gap is not None and found.report.gap.verdict in (Verdict.ABOVE, Verdict.BELOW)
    ]


def _turnout(side: Side, found: QuarterTurnout) -> _Said:
    if found.low is None or found.high is None:
        return _Said(_(side.label), _("too few answered to say how many."))
    form = _("{answered} of {roster} people answered a pulse.")
    said = form.format(
        answered=_span(found.low, found.high), roster=_span(found.roster_low, found.roster_high)
    )
    if found.hidden:
        told = ngettext(
            "In {count} pulse too few answered to show anything.",
            "In {count} pulses too few answered to show anything.",
            found.hidden,
        )
        said = f"{said} {told.format(count=found.hidden)}"
    return _Said(_(side.label), said)


def _span(low: int, high: int) -> str:
    return str(low) if low == high else _("{low} to {high}").format(low=low, high=high)


def _caveats(report: QuarterReport) -> Iterator[str]:
    yield _("The shares are of those who answered; in Slack, /pulse scores has the range of a whole side.")
    yield _(
        "A change, a difference or a gap is called only where chance is an unlikely explanation. Where none "
        "is called, there may be one all the same."
    )
    yield from _sight(report)
    if report.left_out:
        yield ngettext(
            "{count} question is left out: its wording has changed since.",
            "{count} questions are left out: their wording has changed since.",
            report.left_out,
        ).format(count=report.left_out)
    if any(found.item.translated for found in report.items) and list(_rows(report)):
        yield translated_sentence()


def _sight(report: QuarterReport) -> Iterator[str]:
    """What the answers to the first item can show, for the side with fewer of them."""
    seen = [
        (said.outcome.n, side, said.sight)
        for found in report.items[:1]
        for side, said in found.report.sides.items()
        if isinstance(said.outcome, Counted) and said.sight
    ]
    for _n, side, sight in sorted(seen, key=lambda one: one[0])[:1]:
        yield _("{side}: {said}").format(side=_(side.label), said=sight)


def _heading(item: Item) -> str:
    return _cut(title(item), TITLE_LIMIT)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _rows(report: QuarterReport) -> Iterator[Baseline]:
    """The published figures that the report names."""
    for found in report.items[:ITEMS]:
        for said in found.report.sides.values():
            if said.lead is not None and said.lead.phrase:
                yield said.lead.comparable.row


def _sources(report: QuarterReport) -> list[str]:
    """The studies of the report's figures, each once, and whose the figures are."""
    named = {_("{study}, {year}.").format(study=row.study, year=row.published) for row in _rows(report)}
    published = caution(_rows(report))
    return [*sorted(named), published] if published else []


# --- The trend -------------------------------------------------------------------------------------------


def _panels(report: QuarterReport) -> CompactChart:
    drawn = [(found.report, found.steps) for found in report.items[:ITEMS]]
    return chart_of(report.quarter.words, drawn, brief_count, zone=report.zone)
