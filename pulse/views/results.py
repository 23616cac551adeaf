"""The results of a wave as the channels get them, and all that is said of its questions.

The message begins with the finding and has each side's share beside one study figure. Everything else is one
tap away: other figures, wordings and bars in the details, ranges in `pulse.views.certainty`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo

from pulse.core.closed_waves import closing_day
from pulse.core.comparison import Verdict
from pulse.core.dates import day
from pulse.core.facts import caution, count, share, share_alone
from pulse.core.headlines import headline_sentence
from pulse.core.language import N_, _
from pulse.core.marked import Marked, joined, marked
from pulse.core.model import Baseline, ClosedWave, Counted, Format, Item, Outcome, Side, Withheld
from pulse.core.reports import (
    Change,
    Finding,
    Headline,
    ItemReport,
    ReportNoteKind,
    SideReport,
    StudyComparison,
    WaveReport,
)
from pulse.core.wording import brief_verdict, pooled_percent
from pulse.views.blocks import (
    Element,
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
from pulse.views.charts import CompactChart, alt_text
from pulse.views.commitments import followup, followup_in_short
from pulse.views.compact import compact_chart
from pulse.views.evidence import digest_line
from pulse.views.message import Block, Message, View, escape, mrkdwn
from pulse.views.titles import title

DETAILS = "results_details"
TREND = "results_trend"
CERTAINTY = "results_certainty"
SHARE = "share"
POSTED = "results"
"""The block id of the buttons under posted results begins with it; the wave's token follows."""
SECTION_LIMIT = 3000
MODAL_BLOCKS = 100
SMALL_TEAM = 30
"""Answers below which the message says why little is called."""


# --- The message -----------------------------------------------------------------------------------------


def results_message(report: WaveReport, *, file_id: str | None = None, zone: tzinfo = UTC) -> Message:
    """The results for a channel. `file_id` is the uploaded chart; the message is complete without it."""
    if report.headline.kind is Finding.NO_RESULTS:
        return message([*_no_results(report), *followup_in_short(report, ()), *notes(report)])
    told = [found.item.id for found in shown(report)]
    blocks = [header(finding(report)), *questions(report), *followup_in_short(report, told)]
    if file_id is not None:
        blocks.append(picture(file_id, alt_text(results_chart(report, zone=zone))))
    blocks.append(context(escape(_turnout_and_size(report))))
    # A card that somebody shares has the same buttons; only the posted results have this id.
    buttons = actions(tell_more(report), block_id=f"{POSTED}:{report.wave.token}")
    return message([*blocks, *notes(report), buttons])


def results_chart(report: WaveReport, *, zone: tzinfo = UTC) -> CompactChart:
    """The last waves of each question that has a share to show, the finding's question first."""
    sentences = [f"{heading(found)}: {joined('; ', _lines(report, found)).plain}." for found in shown(report)]
    return compact_chart(finding(report), shown(report), sentences, zone=zone)


def finding(report: WaveReport) -> str:
    """The wave's headline."""
    if not report.items:
        return _("No question of this pulse can be shown")
    found = report.of(report.headline.item_id) if report.headline.item_id is not None else None
    return headline_sentence(report, title(found.item) if found is not None else "")


def shown(report: WaveReport) -> list[ItemReport]:
    """The questions of which at least one side is shown, the finding's first."""
    found = [item for item in report.items if any(is_shown(said) for said in item.sides.values())]
    return sorted(found, key=lambda item: item.item.id != report.headline.item_id)


def questions(report: WaveReport) -> list[Block]:
    """One paragraph per question: its title, each shown side with its study, and what was expected."""
    paragraphs = (
        [
            f"*{escape(heading(found))}*",
            *map(mrkdwn, _lines(report, found, expected=True)),
            escape(found.aside),
        ]
        for found in shown(report)
    )
    return [block for lines in paragraphs for block in sections("\n".join(filter(None, lines)))]


def tell_more(report: WaveReport) -> list[Element]:
    """The buttons to what a message leaves out."""
    wave = report.wave.token
    first = shown(report)[0].item.id
    return [
        button(_("Details"), DETAILS, value=wave),
        button(_("Trend"), TREND, value=first),
        button(_("How sure?"), CERTAINTY, value=wave),
    ]


def turnout_line(wave: ClosedWave) -> str:
    """How many of each side answered anything, without a number under the wave's minimum.

    >>> from types import SimpleNamespace
    >>> from pulse.core.model import SideTurnout
    >>> turnout = {Side.MARKETING: SideTurnout(16, 13), Side.IT: SideTurnout(14, None)}
    >>> turnout_line(SimpleNamespace(turnout=turnout, minimum=5))
    'Marketing 13 of 16, IT fewer than 5 answered.'
    """
    parts = [_turnout(wave, side) for side in Side if side in wave.turnout]
    return _("{people} answered.").format(people=", ".join(parts))


def _turnout_and_size(report: WaveReport) -> str:
    """The turnout, what a study's figure without a verdict means, and why little is called.

    With a commitment in the report it is the turnout alone, to save words.
    """
    said = [turnout_line(report.wave)]
    if report.commitments:
        return said[0]
    unclear = any(_is_unclear(found, report.headline) for found in _beside(report))
    if unclear:
        said.append(_("Unmarked: no clear difference."))
    answered = [turnout.answered for turnout in report.wave.turnout.values()]
    if report.headline.first:
        said.append(_("Changes show from the fifth pulse on."))
    elif (
        not unclear
        and report.headline.kind is Finding.NOTHING
        and any(n is None or n < SMALL_TEAM for n in answered)
    ):
        said.append(_("Small teams: only clear changes are called."))
    return " ".join(said)


def _beside(report: WaveReport) -> Iterator[StudyComparison]:
    """The published figures that the message's lines show."""
    for found in shown(report):
        for said in found.sides.values():
            yield from (one for one in said.comparisons if one.lead or one.further)


def _is_unclear(found: StudyComparison, told: Headline) -> bool:
    return found.verdict is Verdict.UNCLEAR and found is not told.comparison


def _turnout(wave: ClosedWave, side: Side) -> str:
    found = wave.turnout[side]
    if found.answered is None:
        return _("{side} fewer than {minimum}").format(side=_(side.label), minimum=wave.minimum)
    return _("{side} {answered} of {roster}").format(
        side=_(side.label), answered=found.answered, roster=found.roster
    )


def _no_results(report: WaveReport) -> list[Block]:
    """The headline, which results still stand, and when the next pulse opens."""
    blocks = [header(finding(report))]
    if report.items and any(turnout.answered is not None for turnout in report.wave.turnout.values()):
        blocks.append(context(escape(turnout_line(report.wave))))
    more = []
    if report.standing is not None:
        stand = _("The results of {day} still stand: `/pulse scores`.")
        more.append(stand.format(day=day(report.standing)))
    if report.next_opens is not None:
        more.append(_("The next pulse opens {when}.").format(when=moment(report.next_opens)))
    return [*blocks, section(" ".join(more))] if more else blocks


def notes(report: WaveReport) -> list[Block]:
    """The report's notes, but not the limits of comparisons and claims, which are one tap away."""
    away = (ReportNoteKind.FIRST_CLAIMS, ReportNoteKind.TRANSLATED)
    return [context(escape(note.sentence)) for note in report.notes if note.kind not in away]


def heading(found: ItemReport) -> str:
    """The title, with the counted options unless they mean agreement or the lines name them."""
    item = found.item
    names_each = any(said.further for said in found.sides.values())
    if item.format is Format.AGREE5 or names_each:
        return title(item)
    counted = _(" or ").join(
        _(option.label) for option in item.options if option.key in item.measures[0].options
    )
    return _("{title}: “{options}”").format(title=title(item), options=counted)


_GAPS = {Verdict.ABOVE: N_("*More in marketing*"), Verdict.BELOW: N_("*More in IT*")}


def _lines(report: WaveReport, found: ItemReport, *, expected: bool = False) -> list[Marked]:
    """One line per side. With `expected`, what the other side expected replaces a line that it repeats."""
    told = [one for one in report.expectations if expected and one.item.id == found.item.id]
    says_all = {one.side.other for one in told if _says_all(found.sides[one.side.other], report.headline)}
    lines = [
        side_line(found, side, report.headline)
        for side in Side
        if is_shown(found.sides[side]) and side not in says_all
    ]
    lines += [joined("", [one.sentence]) for one in told]
    if found.gap is not None and found.gap.verdict in _GAPS and report.headline.gap is not found.gap:
        lines.append(marked(_(_GAPS[found.gap.verdict])))
    return lines


def _says_all(said: SideReport, told: Headline) -> bool:
    """Whether the sentence on what was expected of a side, which has its figure, repeats its whole line."""
    changed = said.change is not None and said.change is not told.change
    evident = said.lead is not None and said.lead.evident
    return is_shown(said) and not (said.low_response or changed or evident)


def side_line(found: ItemReport, side: Side, told: Headline | None = None) -> Marked:
    """`Marketing 8 of 13 (62%), *below* Accenture's 56%` of a side that is shown.

    What the headline `told` already says is left out.
    """
    said, item = found.sides[side], found.item
    now = said.outcome
    assert isinstance(now, Counted)
    share_now = now.shares.get(item.measures[0].key)
    here = _("not shown") if share_now is None else share(share_now.low, share_now.high, now.n)
    further = [_further(found, now) for found in said.further if found.phrase]
    parts: list[str | Marked] = [f"{_name(item.measures[0].key)} {here}" if further else here]
    if said.low_response:
        parts.append(_("too few to describe the channel"))
    if said.change is not None and (told is None or said.change is not told.change):
        parts.append(_changed(said.change))
    lead = said.lead
    if lead is not None and lead.phrase and (told is None or lead is not told.comparison):
        parts.append(_brief(lead, named=not said.further))
    line = joined("; ", [joined(", ", parts), *further])
    return marked(_("{side} {share}"), side=_(side.label), share=line)


def _brief(found: StudyComparison, *, named: bool) -> Marked:
    """The study's figure with its verdict, or without if this wave's own figure does not show it."""
    hidden = found.verdict is not Verdict.UNCLEAR and not found.evident
    return brief_verdict(found.comparable, None if hidden else found.verdict, named=named)


def _further(found: StudyComparison, now: Counted) -> Marked:
    """`CIO 3 (23%), study 19%` of another answer of a multiple choice."""
    key = found.comparable.measure
    share_now = now.shares[key or ""]
    alone = share_alone(share_now.low, share_now.high, now.n)
    return joined(", ", [f"{_name(key or '')} {alone}", _brief(found, named=False)])


def _name(measure: str) -> str:
    """An answer in one word, for a message: `CMO` of `choice_share:CMO`."""
    return measure.partition(":")[2]


def _changed(change: Change) -> Marked:
    """Against one wave its count; against several the per cent, as their sum is not a number of people."""
    window = change.older
    older = count(window.low, window.high, window.n) if window.waves == 1 else pooled_percent(window)
    form = _("*up* from {older} before") if change.rising else _("*down* from {older} before")
    return marked(form, older=older)


def is_shown(said: SideReport) -> bool:
    return isinstance(said.outcome, Counted)


# --- The details -----------------------------------------------------------------------------------------


def results_details(report: WaveReport, *, zone: tzinfo = UTC) -> View:
    """The modal with everything that is said of a wave's questions."""
    when = _("*Pulse of {day}*").format(day=day(closing_day(report.wave, zone)))
    blocks = [section(f"{when}\n{escape(turnout_line(report.wave))}")]
    for found in report.items:
        blocks += [divider(), *item_details(found)]
    blocks += followup(report)
    texts = [*small_print(said_rows(report.items)), *(note.sentence for note in report.notes)]
    blocks += [divider(), *(context(escape(text)) for text in texts)]
    return modal(DETAILS, _("Results in detail"), [*blocks[: MODAL_BLOCKS - 1], digest_line(report.wave)])


def modal(callback: str, name: str, blocks: list[Block]) -> View:
    """A window to read."""
    return {
        "type": "modal",
        "callback_id": callback,
        "title": plain(name),
        "close": plain(_("Close")),
        "blocks": blocks[:MODAL_BLOCKS],
    }


def item_details(report: ItemReport) -> list[Block]:
    """All that is said of one item: its wordings, and what each side said beside every figure."""
    blocks = [section(f"*{escape(title(report.item))}*\n{wordings(report.item)}")]
    told: set[str] = set()
    for side in Side:
        lines = _details(report.item, report.sides[side], told)
        blocks += sections(f"*{_(side.label)}*\n" + "\n".join(escape(line) for line in lines if line))
    if report.gap is not None and all(is_shown(said) for said in report.sides.values()):
        blocks.append(section(escape(report.gap.sentence)))
    return blocks


def _details(item: Item, said: SideReport, told: set[str]) -> list[str]:
    """All that is said of a side, the share first and the message's figure before the others.

    A caveat that is in `told` already is not said again; new ones are added to it.
    """
    compared = sorted(said.comparisons, key=lambda found: not found.lead)
    return [
        said.sentence,
        last_time(said),
        said.change.sentence if said.change is not None else "",
        said.direct_sentence,
        *[comparison_in_full(found, told) for found in compared],
        _bars(item, said.outcome),
    ]


def comparison_in_full(found: StudyComparison, told: set[str]) -> str:
    """The comparison in full, with the number of pulses if this one alone would not show it.

    A caveat that is in `told` already is not said again; a new one is added to it.
    """
    sentence, caveat = found.sentence, found.caveat
    if caveat in told:
        sentence = _("{comparison} The same note applies.").format(comparison=sentence)
    elif caveat:
        told.add(caveat)
        sentence = f"{sentence} {caveat}"
    if found.verdict not in (Verdict.ABOVE, Verdict.BELOW) or found.evident or found.waves < 2:
        return sentence
    return _("{comparison} This is of the last {count} pulses together.").format(
        comparison=sentence, count=found.waves
    )


def last_time(said: SideReport) -> str:
    """The figure of the wave before with its date, if there is one and this wave has one too."""
    if not said.last_time or isinstance(said.outcome, Withheld):
        return ""
    return _("Last time: {sentence}").format(sentence=said.last_time)


def wordings(item: Item) -> str:
    """What each side was asked, as mrkdwn."""
    if not item.mirrored:
        return f"“{escape(item.wordings[Side.MARKETING])}”"
    return "\n".join(
        _("{side} was asked: “{question}”").format(side=_(side.label), question=escape(item.wordings[side]))
        for side in Side
    )


def _bars(item: Item, outcome: Outcome) -> str:
    """The answers by option, if 20 or more answered and no bar gives anybody away."""
    if not isinstance(outcome, Counted) or not outcome.bars:
        return ""
    labels = {option.key: _(option.label) for option in item.options}
    names = [_(" or ").join(labels[key] for key in bar.options) for bar in outcome.bars]
    bars = [
        _("{answer}: {count}").format(answer=name, count=bar.count)
        for name, bar in zip(names, outcome.bars, strict=True)
    ]
    return _("Answers of {n}: {bars}.").format(n=outcome.n, bars=", ".join(bars))


def small_print(rows: Iterable[Baseline]) -> list[str]:
    """Whose the published figures are, if there are any."""
    text = caution(rows)
    return [text] if text else []


def said_rows(items: Iterable[ItemReport]) -> Iterator[Baseline]:
    """All published figures that the sentences on these items mention."""
    for report in items:
        for side in Side:
            yield from (found.comparable.row for found in report.sides[side].comparisons if found.sentence)


# --- Blocks ----------------------------------------------------------------------------------------------


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
