"""The results of a wave: the message for the channels, its details, and its chart.

The message begins with the finding, and has each side's share with one study figure. Ranges, other figures,
wordings and bars are one tap away. Every sentence comes with the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, tzinfo

from pulse.core.baselines import Comparable
from pulse.core.dates import day
from pulse.core.facts import caution, count, figure, study
from pulse.core.headlines import headline_sentence
from pulse.core.language import _
from pulse.core.likelihood import Observation
from pulse.core.model import (
    Baseline,
    ClosedWave,
    Counted,
    Item,
    Outcome,
    Side,
    SideTurnout,
    Withheld,
)
from pulse.core.people import people_range
from pulse.core.privacy import COUNTS_FROM
from pulse.core.reports import ItemReport, SideReport, WaveReport
from pulse.views.blocks import (
    actions,
    button,
    context,
    divider,
    header,
    message,
    moment,
    plain,
    section,
)
from pulse.views.charts import Dot, Group, Hidden, Line, Mark, ResultsChart, Row, Zone, alt_text
from pulse.views.message import Block, Message, View, escape
from pulse.views.titles import title

DETAILS = "results_details"
SHARE = "share"
SECTION_LIMIT = 3000
MODAL_BLOCKS = 100


def results_message(report: WaveReport, *, file_id: str | None = None, zone: tzinfo = UTC) -> Message:
    """The results for a channel. `file_id` is the uploaded chart; without it the message is whole too."""
    blocks = [
        header(_heading(report, zone)),
        section(f"*{escape(finding(report))}*"),
        context(escape(turnout_line(report.wave))),
    ]
    for item in report.items:
        blocks += sections("\n".join(_summary(item)))
    if file_id is not None:
        blocks.append(picture(file_id, alt_text(results_chart(report, zone=zone))))
    if not report.items:
        blocks.append(section(_("No question of this pulse can be shown.")))
    texts = [*small_print(_summary_rows(report.items)), *report.notes]
    blocks += [context(escape(text)) for text in texts]
    blocks.append(actions([button(_("All details"), DETAILS, value=report.wave.token)]))
    if report.next_opens is not None:
        blocks.append(context(_("The next pulse opens {when}.").format(when=moment(report.next_opens))))
    return message(blocks)


def results_details(report: WaveReport, *, zone: tzinfo = UTC) -> View:
    """The modal with everything that may be said of a wave."""
    blocks = [section(f"*{_heading(report, zone)}*\n{escape(turnout_line(report.wave))}")]
    for item in report.items:
        blocks += [divider(), *item_details(item)]
    texts = [*small_print(said_rows(report.items)), *report.notes]
    blocks += [divider(), *(context(escape(text)) for text in texts)]
    return {
        "type": "modal",
        "callback_id": DETAILS,
        "title": plain(_("Results in detail")),
        "close": plain(_("Close")),
        "blocks": blocks[:MODAL_BLOCKS],
    }


def item_details(report: ItemReport) -> list[Block]:
    """All sentences of one item: its wordings, and of each side all that may be said."""
    blocks = [section(f"*{escape(title(report.item))}*\n{wordings(report.item)}")]
    for side in Side:
        lines = _details(report.item, report.sides[side])
        blocks += sections(f"*{side.label}*\n" + "\n".join(escape(line) for line in lines if line))
    if report.gap is not None:
        blocks.append(section(escape(report.gap.sentence)))
    return blocks


def _details(item: Item, said: SideReport) -> list[str]:
    """All that is said of a side, the share first."""
    return [
        said.sentence,
        last_time(said),
        said.change.sentence if said.change is not None else "",
        said.direct_sentence,
        said.people_sentence,
        *(found.sentence for found in said.comparisons),
        _bars(item, said.outcome),
        said.sight,
    ]


def last_time(said: SideReport) -> str:
    """The figure of the wave before with its date, where there is one and this wave has one too."""
    if said.last_time is None or isinstance(said.outcome, Withheld):
        return ""
    return _("Last time: {sentence}").format(sentence=said.last_time.sentence)


def finding(report: WaveReport) -> str:
    """The wave's headline."""
    found = report.of(report.headline.item_id) if report.headline.item_id is not None else None
    return headline_sentence(report, title(found.item) if found is not None else "")


def wordings(item: Item) -> str:
    """What each side was asked, as mrkdwn."""
    if not item.mirrored:
        return f"“{escape(item.wordings[Side.MARKETING])}”"
    return "\n".join(
        _("{side} was asked: “{question}”").format(side=side.label, question=escape(item.wordings[side]))
        for side in Side
    )


def sections(text: str) -> list[Block]:
    """The text as one section, or as several cut between lines where Slack's limit asks for it.

    A single line over the limit is cut; no line that is made here comes near it.
    """
    parts = [""]
    for line in text.split("\n"):
        longer = f"{parts[-1]}\n{line}" if parts[-1] else line
        if len(longer) <= SECTION_LIMIT:
            parts[-1] = longer
        else:
            parts.append(line[:SECTION_LIMIT])
    return [section(part) for part in parts if part]


def picture(file_id: str, spoken: str) -> Block:
    """An uploaded chart; `spoken` is its alternative text."""
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": spoken}


def turnout_line(wave: ClosedWave) -> str:
    """How many of each side answered anything, without a number under the wave's minimum."""
    return " ".join(_turnout(side, wave.turnout[side], wave.minimum) for side in Side if side in wave.turnout)


def _turnout(side: Side, turnout: SideTurnout, minimum: int) -> str:
    if turnout.answered is None:
        return _("{side}: fewer than {minimum} answered.").format(side=side.label, minimum=minimum)
    return _("{side}: {answered} of {roster} answered.").format(
        side=side.label, answered=turnout.answered, roster=turnout.roster
    )


def _heading(report: WaveReport, zone: tzinfo) -> str:
    return _("Pulse results, {day}").format(day=day(report.wave.closed_at.astimezone(zone).date()))


def _summary(report: ItemReport) -> list[str]:
    lines = [f"*{escape(title(report.item))}*"]
    for side in Side:
        said = report.sides[side]
        lead = said.lead.phrase if said.lead is not None else ""
        change = said.change.sentence if said.change is not None else ""
        found = " ".join(part for part in (said.sentence, _capital(lead), last_time(said), change) if part)
        lines.append(f"*{side.label}:* {escape(found)}")
    if report.gap is not None:
        lines.append(escape(report.gap.sentence))
    return lines


def _capital(phrase: str) -> str:
    """A phrase as a sentence; nothing stays nothing."""
    return f"{phrase[0].upper()}{phrase[1:]}." if phrase else ""


def _bars(item: Item, outcome: Outcome) -> str:
    """The answers box by box, where 20 or more answered and no bar tells on anybody."""
    if not isinstance(outcome, Counted) or not outcome.bars:
        return ""
    labels = {box.key: _(box.label) for box in item.boxes}
    names = [_(" or ").join(labels[key] for key in bar.boxes) for bar in outcome.bars]
    bars = [
        _("{answer}: {count}").format(answer=name, count=bar.count)
        for name, bar in zip(names, outcome.bars, strict=True)
    ]
    return _("Answers of {n}: {bars}.").format(n=outcome.n, bars=", ".join(bars))


def small_print(rows: Iterable[Baseline]) -> list[str]:
    """Whose the published figures are, where there are any."""
    text = caution(rows)
    return [text] if text else []


def said_rows(items: Iterable[ItemReport]) -> Iterator[Baseline]:
    """All published figures that sentences of these items speak of."""
    for report in items:
        for side in Side:
            yield from (found.comparable.row for found in report.sides[side].comparisons if found.sentence)


def _summary_rows(items: Iterable[ItemReport]) -> Iterator[Baseline]:
    for report in items:
        for side in Side:
            lead = report.sides[side].lead
            if lead is not None and lead.phrase:
                yield lead.comparable.row


# The chart


def results_chart(report: WaveReport, *, zone: tzinfo = UTC) -> ResultsChart:
    """The wave as a picture: per item two sides' shares with their ranges and published figures."""
    return items_chart(_heading(report, zone), report.items, report.wave)


def items_chart(heading: str, items: Sequence[ItemReport], wave: ClosedWave) -> ResultsChart:
    """Some items of a wave as a picture, under a heading of its own."""
    groups = tuple(
        Group(title(report.item), share_who(report.item), tuple(_row(report, side, wave) for side in Side))
        for report in items
    )
    rows = [found.row for report in items for side in Side for found in drawn(report, side)]
    marks = [row.mark for group in groups for row in group.rows]
    return ResultsChart(heading, groups, footer(rows, marks), tuple(_sentences(items)))


def footer(rows: Sequence[Baseline], marks: Iterable[Mark]) -> str:
    """What the chart's bars, and its hatching, rings and dashes where it has any, stand for."""
    drawn_marks = list(marks)
    parts = [_("Pale: what the whole side's share may be.")]
    if any(isinstance(mark, Zone) for mark in drawn_marks):
        parts.append(_("Hatched: 5 to 9 answers, a range only."))
    if any(isinstance(mark, Dot) and mark.hollow for mark in drawn_marks):
        parts.append(_("Ring: too few answered to describe the channel."))
    if rows:
        parts += [_("Dashed: published."), caution(rows)]
    return " ".join(parts)


def share_who(item: Item) -> str:
    """What the axis counts."""
    return _("share who {says}").format(says=_(item.measures[0].says))


def _sentences(items: Iterable[ItemReport]) -> Iterable[str]:
    for report in items:
        yield f"{title(report.item)}:"
        for side in Side:
            yield _("{side}: {sentence}").format(side=side.label, sentence=report.sides[side].sentence)
        if report.gap is not None:
            yield report.gap.sentence
        for side in Side:
            lead = report.sides[side].lead
            if lead is not None and lead.sentence:
                yield _("{side}: {sentence}").format(side=side.label, sentence=lead.sentence)


def _row(report: ItemReport, side: Side, wave: ClosedWave) -> Row:
    mark = mark_of(report.item, report.sides[side].outcome, wave.turnout[side], wave.minimum)
    return Row(side, mark, lines_of(report, side))


def lines_of(report: ItemReport, side: Side) -> tuple[Line, ...]:
    """What `drawn` says, with labels."""
    return tuple(_line(found) for found in drawn(report, side))


def drawn(report: ItemReport, side: Side) -> tuple[Comparable, ...]:
    """The published figures that a chart of the item's first share has as dashed lines."""
    first = report.item.measures[0].key
    return tuple(
        found.comparable
        for found in report.sides[side].comparisons
        if found.reason is None and found.comparable.measure == first
    )


def _line(found: Comparable) -> Line:
    percent = found.row.percent
    if not found.complement:
        return Line(percent / 100, f"{figure(found.row)} · {study(found.row)}")
    label = _("100 − {figure} · {study}").format(figure=figure(found.row), study=study(found.row))
    return Line(1 - percent / 100, label)


def mark_of(item: Item, outcome: Outcome, turnout: SideTurnout, minimum: int) -> Mark:
    """How a chart shows an outcome: nothing, a hatched zone, or a share with the range of the whole side.

    A ring without a range stands where too few answered to describe the channel.
    """
    if isinstance(outcome, Withheld):
        return Hidden(_("hidden: fewer than {minimum} answers").format(minimum=minimum))
    share, n = outcome.shares[item.measures[0].key], outcome.n
    low, high = share.low / n, share.high / n
    label = count(share.low, share.high, n)
    if n < COUNTS_FROM:
        return Zone(low, high, label)
    seen = Observation(date.min, share.low, share.high, n, max(turnout.roster, n))
    if not seen.describes:
        hollow = _("{count} (too few answered)").format(count=label)
        return Dot(low, high, (low, high), hollow, hollow=True)
    return Dot(low, high, _range(seen), label)


def _range(seen: Observation) -> tuple[float, float]:
    """What the share of the whole side may be: plausible where that is known, else what is certain."""
    people = people_range(seen)
    low = people.certain_low if people.plausible_low is None else people.plausible_low
    high = people.certain_high if people.plausible_high is None else people.plausible_high
    return low / people.roster, high / people.roster
