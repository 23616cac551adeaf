"""The poll in a channel: short, with its first question, in one side's wording, to tap.

The other questions come in the private card (`pulse.views.private_card`) or all at once in the form.
"""

from __future__ import annotations

from collections.abc import Collection

from pulse.core.cards import PollCard
from pulse.core.language import N_, _, ngettext
from pulse.core.model import Format, Item, Side
from pulse.views.blocks import Element, actions, button, context, header, message, moment, section
from pulse.views.deletion import deleted
from pulse.views.message import Block, Message, escape

SPOKEN_LIMIT = 75  # characters of an accessibility_label

TITLES = {
    Side.MARKETING: N_("How is it going with IT?"),
    Side.IT: N_("How is it going with marketing?"),
}
IN_WORDS = (N_("one"), N_("two"), N_("three"), N_("four"))


def poll_message(card: PollCard) -> Message:
    """The open poll with its buttons, or the closed one without."""
    return _closed(card) if card.closed else _open(card)


def question(number: int, item: Item, side: Side) -> str:
    """An item's question with its number, as mrkdwn."""
    return f"*{number}.* {escape(_(item.wordings[side]))}"


def asked(number: int, of: int, item: Item, side: Side) -> Block:
    """One question with its place among the others, and how to tap it if several options may be chosen."""
    place = _("*{number} of {count}*").format(number=number, count=of)
    lines = [f"{place}  {escape(_(item.wordings[side]))}"]
    hint = tap_hint(item)
    return section("\n".join([*lines, *([f"_{hint}_"] if hint else [])]))


def in_words(count: int) -> str:
    """A small number as a word."""
    return _(IN_WORDS[count - 1]) if 0 < count <= len(IN_WORDS) else str(count)


def answer_buttons(wave_id: str, number: int, item: Item, chosen: Collection[str] = ()) -> Block:
    """A button for each option of the item; those in `chosen` stand out (for one reader only)."""
    elements: list[Element] = []
    for option in item.options:
        spoken = _("Question {number}: {answer}").format(number=number, answer=_(option.label))
        elements.append(
            button(
                _(option.short),
                f"answer:{option.key}",
                value=f"{wave_id}:{item.id}:{option.key}",
                spoken=spoken if len(spoken) <= SPOKEN_LIMIT else _(option.label)[:SPOKEN_LIMIT],
                style="primary" if option.key in chosen else None,
            )
        )
    return actions(elements, block_id=f"poll:{wave_id}:{item.id}")


def tap_hint(item: Item) -> str | None:
    """How to tap a multiple choice; None for a question with one answer."""
    if item.format is not Format.MULTI:
        return None
    return _("You can tap more than one. Tap one again to take it back.")


def turnout(answered: int | None, roster: int, minimum: int) -> str:
    """How many have answered so far, without the number if it is under `minimum`."""
    if answered is not None and answered >= minimum:
        return _("{k} of {n} have answered so far.").format(k=answered, n=roster)
    if roster < minimum:
        return _("Fewer than {minimum} people have answered so far.").format(minimum=minimum)
    return _("Fewer than {minimum} of {n} have answered so far.").format(minimum=minimum, n=roster)


def _open(card: PollCard) -> Message:
    count = len(card.items)
    what = ngettext(
        "*{title}* One question, a few seconds, until {when}. "
        "Your colleagues see totals only, and never of fewer than {minimum}.",
        "*{title}* {count} questions, half a minute, until {when}. "
        "Your colleagues see totals only, and never of fewer than {minimum}.",
        count,
    ).format(
        title=_(TITLES[card.side]),
        count=in_words(count).capitalize(),
        when=moment(card.closes_at),
        minimum=card.minimum,
    )
    first = card.items[0]
    counted = turnout(card.answered, card.roster, card.minimum)
    labels = " / ".join(escape(_(option.label)) for option in first.options)
    spoken = [what, f"{question(1, first, card.side)} ({labels})", counted]
    every = ngettext("Answer in a form", "Answer all {count}", count).format(count=in_words(count))
    more = actions(
        [
            button(every, "answer_all", value=card.wave_id),
            button(_("Who sees this?"), "privacy"),
        ]
    )
    blocks = [
        section(what),
        asked(1, count, first, card.side),
        answer_buttons(card.wave_id, 1, first),
        more,
        context(counted),
    ]
    return Message(text="\n".join(spoken), blocks=blocks)


def _closed(card: PollCard) -> Message:
    if card.called_off:
        return _called_off(card)
    closed = _("This pulse is closed. Its results are in this channel, further down.")
    kept = " ".join([deleted(card.traces), _("Only the totals that the results are made of are left.")])
    return message(
        [
            header(_(TITLES[card.side])),
            section(closed),
            *(section(question(n, item, card.side)) for n, item in enumerate(card.items, start=1)),
            context(_turned_out(card)),
            context(kept),
        ]
    )


def _called_off(card: PollCard) -> Message:
    why = _(
        "This pulse was called off: its key was lost, so nobody can read its answers. There are no results."
    )
    return message(
        [
            header(_(TITLES[card.side])),
            section(why),
            *(section(question(n, item, card.side)) for n, item in enumerate(card.items, start=1)),
        ]
    )


def _turned_out(card: PollCard) -> str:
    if card.answered is not None and card.answered >= card.minimum:
        return _("{k} of {n} answered.").format(k=card.answered, n=card.roster)
    return _("Fewer than {minimum} people answered.").format(minimum=card.minimum)
