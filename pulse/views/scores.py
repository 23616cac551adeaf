"""`/pulse scores`: the last closed wave, dimension by dimension, or one question as it was last asked."""

from __future__ import annotations

from datetime import UTC, tzinfo
from itertools import groupby

from pulse.core.dates import day
from pulse.core.language import _
from pulse.core.model import DIMENSIONS, Item
from pulse.core.reports import ItemReport, WaveReport
from pulse.views.blocks import actions, button, context, header, message, section
from pulse.views.charts import ResultsChart, alt_text
from pulse.views.message import Block, Message, escape
from pulse.views.results import (
    SHARE,
    item_details,
    items_chart,
    last_time,
    picture,
    said_rows,
    sections,
    small_print,
    turnout_line,
)
from pulse.views.titles import dimension, title


def scores_message(report: WaveReport | None, *, shareable: bool = False, zone: tzinfo = UTC) -> Message:
    """What each side said in the last closed wave; None where no wave has closed yet.

    `shareable` adds the button that shows it to the channel (action "share", value "scores").
    """
    if report is None:
        return nothing_yet()
    blocks = [
        header(_("Last pulse, {day}").format(day=_day(report, zone))),
        context(escape(turnout_line(report.wave))),
    ]
    ordered = sorted(report.items, key=lambda found: DIMENSIONS.index(found.item.dimension))
    for _name, group in groupby(ordered, key=lambda found: found.item.dimension):
        blocks += sections("\n".join(_dimension(list(group))))
    blocks += [context(escape(text)) for text in (*small_print(()), *report.notes)]
    blocks.append(
        context(_("`/pulse scores T01` tells more of one question, `/pulse trend T01` how it went."))
    )
    return message([*blocks, *share_button("scores", shareable)])


def score_card(
    report: WaveReport | None,
    item: Item,
    *,
    file_id: str | None = None,
    shareable: bool = False,
    zone: tzinfo = UTC,
) -> Message:
    """One question in the last closed wave that asked it; `report` is None where none did.

    `file_id` is the uploaded chart; `shareable` adds the button with the value "scores:" and the item's id.
    """
    found = report.of(item.id) if report is not None else None
    if report is None or found is None:
        return not_asked_yet(item)
    when = _("In the pulse of {day}. {turnout}").format(
        day=_day(report, zone), turnout=turnout_line(report.wave)
    )
    blocks = [context(escape(when)), *item_details(found)]
    if file_id is not None:
        blocks.append(picture(file_id, alt_text(score_chart(found, report, zone=zone))))
    blocks += [context(escape(text)) for text in small_print(said_rows([found]))]
    return message([*blocks, *share_button(f"scores:{item.id}", shareable)])


def score_chart(found: ItemReport, report: WaveReport, *, zone: tzinfo = UTC) -> ResultsChart:
    """One question of a wave as a picture."""
    return items_chart(_("Pulse of {day}").format(day=_day(report, zone)), [found], report.wave)


def nothing_yet() -> Message:
    """What is said while no wave has closed."""
    return message(
        [
            section(
                _(
                    "There are no results yet: the first pulse has not closed. "
                    "`/pulse status` says when it does."
                )
            )
        ]
    )


def not_asked_yet(item: Item) -> Message:
    """What is said of a question that no closed wave has asked."""
    return message(
        [
            section(
                _(
                    "No closed pulse has asked {id} yet (“{title}”), so there is nothing to show. "
                    "Questions take turns; `/pulse scores` shows those of the last pulse."
                ).format(id=escape(item.id), title=escape(title(item)))
            )
        ]
    )


def share_button(value: str, shareable: bool) -> list[Block]:
    """The button that shows a private answer to the channel: nothing is public before it is pressed."""
    if not shareable:
        return []
    return [actions([button(_("Share in this channel"), SHARE, value=value)])]


def shared_card(card: Message, by: str) -> Message:
    """A private card as it is posted for everybody; `by` is the user id of the one who shows it."""
    named = _("Shown by <@{user}>").format(user=by)
    return Message(f"{card.text}\n{named}", [*card.blocks, context(named)])


def _day(report: WaveReport, zone: tzinfo) -> str:
    return day(report.wave.closed_at.astimezone(zone).date())


def _dimension(found: list[ItemReport]) -> list[str]:
    lines = [f"*{escape(dimension(found[0].item))}*"]
    for report in found:
        lines.append(f"{escape(title(report.item))} ({escape(report.item.id)})")
        lines += [
            f"• *{side.label}:* {escape(' '.join(filter(None, (said.sentence, last_time(said)))))}"
            for side, said in report.sides.items()
        ]
        if report.gap is not None:
            lines.append(f"• {escape(report.gap.sentence)}")
    return lines
