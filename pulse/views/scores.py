"""`/pulse scores`: the last results as they were posted, or one question's last results."""

from __future__ import annotations

from datetime import UTC, date, tzinfo

from pulse.core.closed_waves import closing_day
from pulse.core.dates import day
from pulse.core.language import _
from pulse.core.model import Item
from pulse.core.reports import ItemReport, WaveReport
from pulse.views.blocks import Element, actions, button, context, header, message, section
from pulse.views.charts import CompactChart, alt_text
from pulse.views.compact import compact_chart
from pulse.views.message import Block, Message, escape
from pulse.views.results import (
    SHARE,
    finding,
    item_details,
    notes,
    picture,
    questions,
    said_rows,
    shown,
    small_print,
    tell_more,
    turnout_line,
)
from pulse.views.titles import title


def scores_message(
    report: WaveReport | None,
    *,
    empty: date | None = None,
    shareable: bool = False,
    zone: tzinfo = UTC,
) -> Message:
    """What each side said in the last closed wave that had results; `report` is None if none had any.

    `empty` is the day of a newer wave without results. `shareable` adds the button that shows the message to
    the channel (action "share", value "scores").
    """
    if report is None or not shown(report):
        return nothing_yet(empty)
    when = _("Pulse of {day}. {turnout}").format(day=_day(report, zone), turnout=turnout_line(report.wave))
    blocks = [header(finding(report)), *questions(report), context(escape(when))]
    if empty is not None:
        blocks.append(context(_("The pulse of {day} had too few answers to show.").format(day=day(empty))))
    blocks += notes(report)
    return message([*blocks, actions([*tell_more(report), *_share("scores", shareable)])])


def score_card(
    report: WaveReport | None,
    item: Item,
    *,
    file_id: str | None = None,
    shareable: bool = False,
    zone: tzinfo = UTC,
) -> Message:
    """One question in the last closed wave that asked it; `report` is None if none did.

    `file_id` is the uploaded chart; `shareable` adds the button with the value "scores:" and the item's id.
    """
    found = report.of(item.id) if report is not None else None
    if report is None or found is None:
        return not_asked_yet(item)
    when = _("Pulse of {day}. {turnout}").format(day=_day(report, zone), turnout=turnout_line(report.wave))
    blocks = [context(escape(when)), *item_details(found)]
    if file_id is not None:
        blocks.append(picture(file_id, alt_text(score_chart(found, zone=zone))))
    blocks += [context(escape(text)) for text in small_print(said_rows([found]))]
    return message([*blocks, *share_button(f"scores:{item.id}", shareable)])


def score_chart(found: ItemReport, *, zone: tzinfo = UTC) -> CompactChart:
    """One question's last waves as a picture."""
    said = [
        _("{side}: {sentence}").format(side=_(side.label), sentence=report.sentence)
        for side, report in found.sides.items()
    ]
    return compact_chart(title(found.item), [found], said, zone=zone)


def nothing_yet(empty: date | None = None) -> Message:
    """What is said while no wave has had results. `empty` is the day of one that closed without any."""
    if empty is not None:
        few = _("There are no results yet: the pulse of {day} had too few answers to show.")
        return message([section(few.format(day=day(empty)))])
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
    """The button that shows a private reply to the channel: nothing is public before it is pressed."""
    found = _share(value, shareable)
    return [actions(found)] if found else []


def _share(value: str, shareable: bool) -> list[Element]:
    return [button(_("Share in this channel"), SHARE, value=value)] if shareable else []


def shared_card(card: Message, by: str) -> Message:
    """A private card as it is posted for everybody; `by` is the user id of the one who shows it."""
    named = _("Shown by <@{user}>").format(user=by)
    return Message(f"{card.text}\n{named}", [*card.blocks, context(named)])


def _day(report: WaveReport, zone: tzinfo) -> str:
    return day(closing_day(report.wave, zone))
