"""`/pulse trend ITEM`: one question over all closed waves, as a chart and in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo

from pulse.core.closed_waves import closing_day
from pulse.core.dates import day
from pulse.core.followup import CommitmentMark, not_a_cause
from pulse.core.language import _, ngettext
from pulse.core.model import Counted, Item, Note, Outcome, Side
from pulse.core.reports import Step, Trail
from pulse.views.blocks import context, header, message, section
from pulse.views.charts import Moment, Numbered, TrendChart, alt_text
from pulse.views.marks import drawn, footer, lines_of, mark_of, share_who
from pulse.views.message import Block, Message, escape
from pulse.views.results import comparison_in_full, picture, sections, small_print, wordings
from pulse.views.scores import not_asked_yet, share_button
from pulse.views.titles import title

NOTES_SHOWN = 20
"""Only this many notes, the newest, are marked: more would not be legible."""


def trend_message(
    trail: Trail | None,
    item: Item,
    *,
    file_id: str | None = None,
    shareable: bool = False,
    zone: tzinfo = UTC,
) -> Message:
    """One question's results over time; `trail` is None if no closed wave asked it.

    `file_id` is the uploaded chart; the message is complete without it. `shareable` adds the button with the
    value "trend:" and the item's id.
    """
    if trail is None:
        return not_asked_yet(item)
    blocks = [header(_heading(trail)), section(wordings(item)), context(_span(trail, zone))]
    told: set[str] = set()
    for side in Side:
        lines = [escape(line) for line in _sentences(trail, side, told)]
        blocks += sections("\n".join([f"*{_(side.label)}*", *lines]))
    if trail.last is not None and trail.last.gap is not None:
        blocks.append(section(escape(_("Last time: {sentence}").format(sentence=trail.last.gap.sentence))))
    if file_id is not None:
        blocks.append(picture(file_id, _alt_text(trail)))
    blocks += _notes(trail, zone)
    blocks += [context(escape(text)) for text in _small_print(trail)]
    return message([*blocks, *share_button(f"trend:{item.id}", shareable)])


def trend_chart(trail: Trail, *, zone: tzinfo = UTC) -> TrendChart:
    """The trail as a picture: a panel per side, a gap where withheld, a break where the wording changed."""
    lines = {side: lines_of(trail.last, side) for side in Side} if trail.last is not None else {}
    rows = [found.row for side in Side for found in drawn(trail.last, side)] if trail.last is not None else []
    moments = tuple(_moment(trail.item, step, zone) for step in trail.steps)
    parts = [footer(rows, (mark for moment in moments for mark in moment.marks.values()))]
    if trail.reworded:
        parts.append(_("Dotted: the wording changed."))
    return TrendChart(
        title=title(trail.item),
        scale=share_who(trail.item),
        moments=moments,
        footer=" ".join(parts),
        lines=lines,
        notes=tuple(Numbered(note.day, number) for number, note in _numbered(trail, zone)),
        sentences=tuple(_spoken(trail)),
        latest={side: _latest(trail, side) for side in Side},
    )


def _alt_text(trail: Trail) -> str:
    """The chart's alternative text, which needs its sentences but not its points."""
    said = tuple(_spoken(trail))
    return alt_text(TrendChart(title=title(trail.item), scale="", moments=(), footer="", sentences=said))


def _moment(item: Item, step: Step, zone: tzinfo) -> Moment:
    closed = closing_day(step.wave, zone)
    marks = {
        side: mark_of(step.wave, item, side)
        for side, outcome in step.outcomes.items()
        if _is_of(item, outcome)
    }
    return Moment(closed, day(closed), step.series, marks)


def _is_of(item: Item, outcome: Outcome) -> bool:
    """False if an earlier wording of the item measured something else."""
    return not isinstance(outcome, Counted) or item.measures[0].key in outcome.shares


def _latest(trail: Trail, side: Side) -> str:
    newest = trail.steps[-1]
    if not _is_of(trail.item, newest.outcomes[side]):
        return ""
    mark = mark_of(newest.wave, trail.item, side)
    return _("last: {share}").format(share=mark.label)


def _heading(trail: Trail) -> str:
    heading = title(trail.item)
    return heading if len(heading) <= 150 else f"{heading[:149]}…"


def _span(trail: Trail, zone: tzinfo) -> str:
    first, last = (day(closing_day(step.wave, zone)) for step in (trail.steps[0], trail.steps[-1]))
    if len(trail.steps) == 1:
        return _("Asked in one closed pulse, that of {day}.").format(day=last)
    return ngettext(
        "Asked in {count} closed pulse, {first} to {last}.",
        "Asked in {count} closed pulses, {first} to {last}.",
        len(trail.steps),
    ).format(count=len(trail.steps), first=first, last=last)


def _sentences(trail: Trail, side: Side, told: set[str]) -> list[str]:
    """The last share with its figure, then what happened and when, the newest first.

    `told` are the caveats not to repeat.
    """
    if trail.last is None:
        return [_("No closed pulse has asked it in today's wording yet.")]
    said = trail.last.sides[side]
    beside = comparison_in_full(said.lead, told) if said.lead is not None else ""
    return [line for line in (said.sentence, beside, *reversed(trail.sentences[side])) if line]


def _spoken(trail: Trail) -> Iterator[str]:
    """The conclusions first, as the alternative text is cut at its end."""
    for side in Side:
        for sentence in trail.sentences[side][-1:]:
            yield _("{side}: {sentence}").format(side=_(side.label), sentence=sentence)
        if trail.last is not None:
            said = trail.last.sides[side].sentence
            yield _("{side}, last time: {sentence}").format(side=_(side.label), sentence=said)
    if trail.last is not None and trail.last.gap is not None:
        yield trail.last.gap.sentence


def _numbered(trail: Trail, zone: tzinfo) -> list[tuple[int, Note | CommitmentMark]]:
    """The notes within the trail's days, numbered from 1, the newest NOTES_SHOWN of them."""
    first, last = (closing_day(step.wave, zone) for step in (trail.steps[0], trail.steps[-1]))
    within = [note for note in trail.notes if first <= note.day <= last]
    return list(enumerate(within[-NOTES_SHOWN:], start=1))


def _notes(trail: Trail, zone: tzinfo) -> list[Block]:
    """The numbered notes; a commitment has the counts before and after its day, which show no cause."""
    lines, counted = [], False
    for number, note in _numbered(trail, zone):
        said = {"number": number, "day": day(note.day), "text": escape(note.text)}
        lines.append(_("*{number}* {day}: {text}").format(**said))
        around = note.sentences if isinstance(note, CommitmentMark) else {}
        counted = counted or bool(around)
        for side, sentence in around.items():
            lines.append(_("{side}: {sentence}").format(side=_(side.label), sentence=escape(sentence)))
    shown = sections("\n".join([_("*Notes on the chart*"), *lines])) if lines else []
    return [*shown, context(escape(not_a_cause()))] if counted else shown


def _small_print(trail: Trail) -> list[str]:
    leads = [said.lead for said in trail.last.sides.values()] if trail.last is not None else []
    texts = small_print(lead.comparable.row for lead in leads if lead is not None and lead.sentence)
    if trail.reworded:
        texts.append(_("The wording was changed on the way: nothing is compared across that."))
    return texts
