"""The results of a wave: the message for the channels, its details, and its chart.

The message fits about one screen of a phone: each side's share, its change and the gap, and the published
figures in one line. Verdicts stand there for the headline item; all of them, the wordings and the bars are
one tap away. Every sentence comes from `pulse.core.wording`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, tzinfo
from functools import lru_cache

from pulse.core.baselines import Comparable, figure, study
from pulse.core.language import _
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
from pulse.core.privacy import COUNTS_FROM
from pulse.core.reports import ItemReport, WaveReport
from pulse.core.stats import wilson
from pulse.core.wording import bounds_sentence, caution, count, power_sentence, rate_rule
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
from pulse.views.titles import day, title

DETAILS = "results_details"
SHARE = "share"
SECTION_LIMIT = 3000
MODAL_BLOCKS = 100


def results_message(report: WaveReport, *, file_id: str | None = None, zone: tzinfo = UTC) -> Message:
    """The results for a channel. `file_id` is the uploaded chart; without it the message is whole too."""
    blocks = [header(_heading(report, zone)), context(escape(turnout_line(report.wave)))]
    for place, item in enumerate(report.items):
        blocks += sections("\n".join(_summary(item, headline=place == 0)))
    if file_id is not None:
        blocks.append(picture(file_id, alt_text(results_chart(report, zone=zone))))
    if not report.items:
        blocks.append(section(_("No question of this pulse can be shown.")))
    texts = [*small_print(_summary_rows(report.items)), *report.notes]
    blocks += [context(escape(text)) for text in texts]
    blocks.append(actions([button(_("All details"), DETAILS, value=str(report.wave.id))]))
    if report.next_opens is not None:
        blocks.append(context(_("The next pulse opens {when}.").format(when=moment(report.next_opens))))
    return message(blocks)


def results_details(report: WaveReport, *, zone: tzinfo = UTC) -> View:
    """The modal with everything that may be said of a wave."""
    blocks = [section(f"*{_heading(report, zone)}*\n{escape(turnout_line(report.wave))}")]
    for item in report.items:
        blocks += [divider(), *item_details(item, report)]
    texts = [*small_print(said_rows(report.items)), _cautions(), *report.notes]
    blocks += [divider(), *(context(escape(text)) for text in texts)]
    return {
        "type": "modal",
        "callback_id": DETAILS,
        "title": plain(_("Results in detail")),
        "close": plain(_("Close")),
        "blocks": blocks[:MODAL_BLOCKS],
    }


def item_details(report: ItemReport, wave: WaveReport) -> list[Block]:
    """All sentences of one item: wordings, shares, changes, comparisons, bars, and what n can see."""
    blocks = [section(f"*{escape(title(report.item))}*\n{wordings(report.item)}")]
    for side in Side:
        reading = report.readings[side]
        lines = [
            reading.share,
            reading.change,
            *reading.comparisons,
            _bars(report.item, report.outcomes[side]),
        ]
        lines += _what_n_shows(report, side, wave)
        blocks += sections(f"*{side.label}*\n" + "\n".join(escape(line) for line in lines if line))
    if report.gap:
        blocks.append(section(escape(report.gap)))
    return blocks


def _what_n_shows(report: ItemReport, side: Side, wave: WaveReport) -> list[str]:
    outcome = report.outcomes[side]
    if isinstance(outcome, Withheld):
        return []
    lines = [power_sentence(outcome.n, wave.wave.minimum)]
    turnout = wave.wave.turnout[side]
    if isinstance(outcome, Counted) and turnout.roster > outcome.n:
        lines.insert(0, bounds_sentence(report.item, outcome, turnout, wave.wave.minimum))
    return lines


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


def _summary(report: ItemReport, headline: bool) -> list[str]:
    lines = [f"*{escape(title(report.item))}*"]
    for side in Side:
        reading = report.readings[side]
        said = " ".join(sentence for sentence in (reading.share, reading.change) if sentence)
        lines.append(f"*{side.label}:* {escape(said)}")
    if report.gap:
        lines.append(escape(report.gap))
    lines += [escape(line) for line in (_verdicts(report) if headline else _published(report))]
    return lines


def _shown(report: ItemReport, side: Side) -> tuple[int, Comparable] | None:
    """The figure that stands for the side in a summary, and its place; none where nothing may be compared."""
    if not report.readings[side].comparisons:
        return None
    found = list(enumerate(report.comparables[side]))
    plain_ones = [pair for pair in found if pair[1].verdict and not pair[1].complement]
    return next(iter(plain_ones or [pair for pair in found if pair[1].verdict]), None)


def _verdicts(report: ItemReport) -> list[str]:
    lines = []
    for side in Side:
        shown = _shown(report, side)
        if shown is not None:
            sentence = report.readings[side].briefs[shown[0]]
            lines.append(_("{side}: {sentence}").format(side=side.label, sentence=sentence))
    return lines


def _published(report: ItemReport) -> list[str]:
    figures = [_figure(shown[1].row) for side in Side if (shown := _shown(report, side)) is not None]
    return [_("Published: {figures}.").format(figures="; ".join(figures))] if figures else []


def _figure(row: Baseline) -> str:
    sample = _("{n} asked").format(n=row.n) if row.n else _("sample not published")
    return _("{figure} in {side} ({study}, {sample})").format(
        figure=figure(row), side=row.side.label if row.side else "", study=study(row), sample=sample
    )


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
    """What "plausible" means, and whose the published figures are, where there are any."""
    plausible = _("“Plausible” is a 95 % range: with so many answers, the share may lie anywhere in it.")
    return [text for text in (plausible, caution(rows)) if text]


def said_rows(items: Iterable[ItemReport]) -> Iterator[Baseline]:
    """All published figures that sentences of these items speak of."""
    for report in items:
        for side in Side:
            if report.readings[side].comparisons:
                yield from (found.row for found in report.comparables[side])


def _summary_rows(items: Iterable[ItemReport]) -> Iterator[Baseline]:
    for report in items:
        for side in Side:
            shown = _shown(report, side)
            if shown is not None:
                yield shown[1].row


def _cautions() -> str:
    return _(
        "Waves are compared as if different people had answered each, because nobody can tell who answered. "
        "That is careful: small changes stay unseen."
    )


# The chart


def results_chart(report: WaveReport, *, zone: tzinfo = UTC) -> ResultsChart:
    """The wave as a picture: per item two sides' shares with their plausible ranges and published figures."""
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
    parts = [_("Pale: plausible range (95 %).")]
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
            yield _("{side}: {sentence}").format(side=side.label, sentence=report.readings[side].share)
        if report.gap:
            yield report.gap
        yield from _verdicts(report)


def _row(report: ItemReport, side: Side, wave: ClosedWave) -> Row:
    mark = mark_of(report.item, report.outcomes[side], wave.turnout[side], wave.minimum)
    return Row(side, mark, lines_of(report, side))


def lines_of(report: ItemReport, side: Side) -> tuple[Line, ...]:
    """What `drawn` says, with labels."""
    return tuple(_line(found) for found in drawn(report, side))


def drawn(report: ItemReport, side: Side) -> tuple[Comparable, ...]:
    """The published figures that a chart of the item's first share has as dashed lines."""
    if not report.readings[side].comparisons:
        return ()
    first = report.item.measures[0].key
    return tuple(found for found in report.comparables[side] if found.verdict and found.measure == first)


def _line(found: Comparable) -> Line:
    percent = found.row.percent
    if not found.complement:
        return Line(percent / 100, f"{figure(found.row)} · {study(found.row)}")
    label = _("100 − {figure} · {study}").format(figure=figure(found.row), study=study(found.row))
    return Line(1 - percent / 100, label)


def mark_of(item: Item, outcome: Outcome, turnout: SideTurnout, minimum: int) -> Mark:
    """How a chart shows an outcome: nothing, a hatched zone, or a share with its plausible range.

    There is no range where everybody answered, and a ring without one where too few did to describe the
    channel.
    """
    if isinstance(outcome, Withheld):
        return Hidden(_("hidden: fewer than {minimum} answers").format(minimum=minimum))
    share, n = outcome.shares[item.measures[0].key], outcome.n
    label = count(share, n)
    if n < COUNTS_FROM:
        return Zone(share.low / n, share.high / n, label)
    rate = rate_rule(n, turnout.roster)
    if not rate.describes:
        hollow = _("{count} (too few answered)").format(count=label)
        return Dot(share.low / n, share.high / n, (share.low / n, share.high / n), hollow, hollow=True)
    if rate.exact:
        return Dot(share.low / n, share.high / n, (share.low / n, share.high / n), label)
    return Dot(share.low / n, share.high / n, _plausible(share.low, share.high, n), label)


@lru_cache(maxsize=8192)
def _plausible(low: int, high: int, n: int) -> tuple[float, float]:
    """The union of the plausible ranges of two counts of `n`. Kept, as a trend asks for all of its waves."""
    return wilson(low, n).low, wilson(high, n).high
