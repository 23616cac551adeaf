"""The reminder: a direct message to somebody who has not answered, with the questions in it."""

from __future__ import annotations

from pulse.core.cards import ReminderCard
from pulse.core.language import _
from pulse.core.model import Side
from pulse.views.blocks import actions, button, context, header, message, moment, section
from pulse.views.message import Block, Message
from pulse.views.poll import answer_buttons, question, tap_hint

STOP = "reminders_stop"
RESUME = "reminders_resume"


def reminder_message(card: ReminderCard) -> Message:
    """The questions with their buttons, and the button that ends reminders (or brings them back)."""
    until = _("The pulse is open until {when}, and no answer of yours is recorded. One tap each is enough.")
    blocks: list[Block] = [
        header(_("Would you answer the pulse?")),
        section(until.format(when=moment(card.closes_at))),
        *(_questions(card, card.side) if card.side is not None else [section(_choose_a_side(card))]),
        context(_why(card)),
        actions([*_more(card), _switch(card.wanted)]),
    ]
    return message(blocks)


def settled_message(*, wanted: bool) -> Message:
    """Replaces a reminder whose pulse is closed: only what its reader chose."""
    said = (
        _("You get reminders again from the next pulse on.")
        if wanted
        else _("You get no more reminders. The pulse itself still comes to the channels.")
    )
    return message([section(said), actions([_switch(wanted)])])


def _questions(card: ReminderCard, side: Side) -> list[Block]:
    blocks: list[Block] = []
    for number, item in enumerate(card.items, start=1):
        hint = tap_hint(item)
        blocks.append(section(question(number, item, side) + (f"\n_{hint}_" if hint else "")))
        blocks.append(answer_buttons(card.wave_id, number, item))
    return blocks


def _choose_a_side(card: ReminderCard) -> str:
    named = ", ".join(f"<#{channel}>" for channel in card.channels)
    return _(
        "You are in channels of both sides. Please answer in the channel of the side you speak for: "
        "{channels}."
    ).format(channels=named)


def _why(card: ReminderCard) -> str:
    if not card.wanted:
        return _(
            "You asked for no more reminders, and get none. You can still answer here or in the channel."
        )
    return _(
        "A pulse brings two reminders at most, and only to people without an answer. I work out who that is "
        "when a reminder goes out, and store it nowhere. Your answers are confidential until the pulse "
        "closes and anonymous after it."
    )


def _more(card: ReminderCard) -> list[dict[str, object]]:
    if card.side is None:
        return []
    return [button(_("Answer all at once"), "answer_all", value=card.wave_id)]


def _switch(wanted: bool) -> dict[str, object]:
    return button(_("No reminders"), STOP) if wanted else button(_("Remind me again"), RESUME)
