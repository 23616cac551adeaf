"""`/pulse baselines`: the published figures, by topic, by item and one by one, with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pulse.core.baselines import (
    STANDINGS,
    Comparable,
    Conflict,
    Ledger,
    comparable,
    conflicts,
    context_rows,
    explain,
    find_studies,
    find_topic,
    items_of,
    meets,
)
from pulse.core.facts import claim, provenance
from pulse.core.items import Bank
from pulse.core.language import N_, _, ngettext
from pulse.core.model import DIMENSIONS, Baseline, Item, Side
from pulse.views.blocks import context, divider, header, message, section
from pulse.views.message import Block, Message, escape

SECTION_LIMIT = 2900
"""Characters of a section, under Slack's 3,000."""

_NOT_YOU = N_(
    "Published figures are of the people who were surveyed, most of them executives, not of your channels. "
    "They are no target."
)
_MET = {
    "compared": N_("compared with {item}"),
    "context": N_("background"),
    "explained": N_("explained below"),
}


def baselines_message(word: str, bank: Bank, ledger: Ledger) -> Message:
    """The reply to `/pulse baselines WORD`: an item's or a figure's card, a topic's or a study's list.

    Without a word it lists all topics; an unknown word gets the nearest ones.
    """
    typed = word.strip()
    if not typed:
        return baselines_overview(bank, ledger)
    item, row, topic = bank.get(typed), ledger.get(typed), find_topic(typed)
    if item is not None:
        return baseline_card(item, bank, ledger)
    if row is not None:
        return baseline_card(row, bank, ledger)
    if topic is not None:
        return topic_list(topic, bank, ledger)
    if find_studies(typed, ledger):
        return study_list(typed, bank, ledger)
    return _unknown(typed, bank, ledger)


def study_list(word: str, bank: Bank, ledger: Ledger) -> Message:
    """All figures of the studies that `word` names, study by study."""
    rows = find_studies(word, ledger)
    blocks = [header(_("Published figures: {topic}").format(topic=word.strip()[:60]))]
    blocks += _by_study(rows, bank, ledger)
    return message(
        [*blocks, context(_("`/pulse baselines KEY` shows a figure's source.")), context(_(_NOT_YOU))]
    )


def _by_study(rows: Sequence[Baseline], bank: Bank, ledger: Ledger) -> Iterator[Block]:
    for title, published in dict.fromkeys((row.study, row.published) for row in rows):
        of_study = [row for row in rows if (row.study, row.published) == (title, published)]
        heading = _("*{study}, {year}*").format(study=escape(title), year=published)
        yield from _sections([heading, *(_row_line(row, bank, ledger) for row in of_study)])


def baselines_overview(bank: Bank, ledger: Ledger) -> Message:
    """The topics, with how many figures each has and which items are compared."""
    lines = [_topic_line(dimension, bank, ledger) for dimension in DIMENSIONS]
    intro = _("{count} figures from studies published between {first} and {last}, by topic.").format(
        count=len(ledger),
        first=min(row.published for row in ledger),
        last=max(row.published for row in ledger),
    )
    more = _(
        "`/pulse baselines trust` lists a topic, `/pulse baselines T01` shows what a question is compared "
        "with, and `/pulse baselines A13_need_mkt` shows one figure."
    )
    blocks = [header(_("Published figures")), section(intro), *_sections(lines)]
    return message([*blocks, context(more), context(_(_NOT_YOU))])


def _topic_line(dimension: str, bank: Bank, ledger: Ledger) -> str:
    rows = context_rows(ledger, dimension)
    compared = [item.id for item in bank if item.dimension == dimension and _is_compared(item, ledger)]
    count = ngettext("{count} figure", "{count} figures", len(rows)).format(count=len(rows))
    if not compared:
        return _("*{topic}*: {count}, none compared").format(topic=_(dimension), count=count)
    return _("*{topic}*: {count}; compared: {items}").format(
        topic=_(dimension), count=count, items=", ".join(compared)
    )


def _is_compared(item: Item, ledger: Ledger) -> bool:
    return any(found.verdict for side in Side for found in comparable(item, side, ledger))


def topic_list(dimension: str, bank: Bank, ledger: Ledger) -> Message:
    """All figures on one dimension, study by study, and where its sources disagree."""
    rows = context_rows(ledger, dimension)
    blocks = [header(_("Published figures: {topic}").format(topic=_(dimension)))]
    blocks += _by_study(rows, bank, ledger)
    disagreements = [
        conflict for conflict in conflicts(ledger) if any(row.key in conflict.keys for row in rows)
    ]
    blocks += [*_explanations(disagreements), context(_("`/pulse baselines KEY` shows a figure's source."))]
    return message([*blocks, context(_(_NOT_YOU))])


def _row_line(row: Baseline, bank: Bank, ledger: Ledger) -> str:
    met = _met(row, bank, ledger)
    return _("• {claim} · {met} · `{key}`").format(
        claim=escape(claim(row).removesuffix(".")), met=met, key=row.key
    )


def _met(row: Baseline, bank: Bank, ledger: Ledger) -> str:
    items = dict.fromkeys(item.id for item, side in items_of(row, bank))
    return _(_MET[meets(row, bank, ledger)]).format(item=", ".join(items))


def baseline_card(about: Item | Baseline, bank: Bank, ledger: Ledger) -> Message:
    """All that is known of the figures of an item, or of one figure."""
    return _figure_card(about, bank, ledger) if isinstance(about, Baseline) else _item_card(about, ledger)


def _item_card(item: Item, ledger: Ledger) -> Message:
    blocks = [header(_("{item}: published figures").format(item=item.id))]
    for side in Side:
        found = comparable(item, side, ledger)
        asked = _("*{side} is asked:* {wording}").format(
            side=_(side.label), wording=escape(item.wordings[side])
        )
        blocks += [divider(), section(asked)]
        if found:
            blocks += [section("\n".join(_details(each.row, _how(each, item)))) for each in found]
        else:
            blocks.append(section(_nothing(item)))
    return message([*blocks, *_explanations(explain(item, ledger)), context(_(_NOT_YOU))])


def _figure_card(row: Baseline, bank: Bank, ledger: Ledger) -> Message:
    beside = [
        _("Beside {item}: {how}").format(item=item.id, how=_how(found, item))
        for item, side in items_of(row, bank)
        for found in comparable(item, side, ledger)
        if found.row == row
    ]
    if not beside:
        beside = [_("Beside no question: it is listed under “{topic}” only.").format(topic=_(row.topic))]
    blocks = [header(row.key), section("\n".join(_details(row, *beside)))]
    return message([*blocks, *_explanations(explain(row, ledger)), context(_(_NOT_YOU))])


def _nothing(item: Item) -> str:
    if item.own:
        return _("No published figure: this is your company's own question.")
    if item.edited:
        return _(
            "No published figure: the wording or the answers were changed, and published figures belong to "
            "the original wording only. The trend starts anew with the new wording."
        )
    return _("No published figure: this side's answers are compared with their own trend only.")


def _how(found: Comparable, item: Item) -> str:
    """How a figure may be compared with an item's result, and why."""
    grade = _("grade {grade}").format(grade=found.row.grade)
    if not found.verdict:
        return _("not compared ({grade}). {caveat}").format(grade=grade, caveat=escape(found.caveat))
    says = next(_(measure.says) for measure in item.measures if measure.key == found.measure)
    shape = (
        _("compared with the share who do not {says} ({grade}). {caveat}")
        if found.complement
        else _("compared with the share who {says} ({grade}). {caveat}")
    )
    return shape.format(says=escape(says), grade=grade, caveat=escape(found.caveat)).rstrip()


def _details(row: Baseline, *how: str) -> Iterator[str]:
    yield f"*{escape(claim(row))}*"
    yield escape(provenance(row))
    for line in how:
        yield f"{line[0].upper()}{line[1:]}"
    yield _("_Source:_ {source} ({standing}) · `{key}`").format(
        source=escape(row.source), standing=_(STANDINGS[row.standing]), key=row.key
    )


def _explanations(disagreements: Iterable[Conflict]) -> Iterator[Block]:
    for conflict in disagreements:
        yield divider()
        yield section(f"*{escape(conflict.title)}*\n{escape(conflict.explanation)}")


def _unknown(typed: str, bank: Bank, ledger: Ledger) -> Message:
    near = [*(item.id for item in bank.suggest(typed)), *ledger.suggest(typed)]
    shown = escape(typed[:60])
    if not near:
        text = _("There is no question, topic or figure “{word}”. `/pulse baselines` lists the topics.")
        return message([section(text.format(word=shown))])
    commands = ", ".join(f"`/pulse baselines {word}`" for word in near)
    text = _("There is no question, topic or figure “{word}”. Did you mean {commands}?")
    return message([section(text.format(word=shown, commands=commands))])


def _sections(lines: Iterable[str]) -> list[Block]:
    """The lines in as few sections as fit Slack's limit."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= SECTION_LIMIT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return [section(text) for text in texts]
