"""The private card: what one person's tap saved, and the next question, in the same place.

It appears at the end of the channel, for one reader only. A tap inside it replaces it, so nobody has to look
for the next question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pulse.core.language import _, ngettext
from pulse.core.model import Format, Item, Side
from pulse.views.blocks import actions, button, context, message, moment, section
from pulse.views.message import Block, Message, escape
from pulse.views.notices import withdraw_button
from pulse.views.poll import answer_buttons, asked, in_words

NEXT = "next_question"
_BUTTONS = "card:"
Answers = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateCard:
    """One person's answers so far. `saved` is the item that was just answered, "" if none was.

    `asks` is the item that the card asks now, "" if none is left. `side_told` is true once, for
    somebody in channels of both sides.
    """

    wave_id: str
    side: Side
    items: tuple[Item, ...]
    answers: Answers
    closes_at: datetime
    saved: str = ""
    asks: str = ""
    side_told: bool = False


def next_question(items: Sequence[Item], answers: Answers, after: str, *, moved_on: bool = False) -> str:
    """The item to ask after `after`: the next one without an answer, wrapping round; "" if there is none.

    A multiple choice stays until its reader has `moved_on`, because more taps may follow.
    """
    place = next((number for number, item in enumerate(items) if item.id == after), -1)
    if place >= 0 and items[place].format is Format.MULTI and not moved_on:
        return after
    ahead = [*items[place + 1 :], *items[: place + 1]]
    return next((item.id for item in ahead if not answers.get(item.id)), "")


def private_card(card: PrivateCard) -> Message:
    """The whole card, whatever it showed before."""
    blocks = [section(_said(card)), *_question(card)]
    if card.side_told:
        blocks.insert(
            1,
            context(
                _("You are in channels of both sides: your answers count for *{side}*.").format(
                    side=_(card.side.label)
                )
            ),
        )
    if not card.asks and any(card.answers.values()):
        blocks.append(context(_overview(card)))
    return message([*blocks, actions(_buttons(card), block_id=f"{_BUTTONS}{card.wave_id}")])


def is_card(block_id: str) -> bool:
    """Whether the buttons of this block belong to a card."""
    return block_id.startswith(_BUTTONS)


def card_of_closed() -> Message:
    """In place of a card whose wave closed before it could be sent."""
    return message([section(_("✓ Saved in time. This pulse is closed now; its results are in the channel."))])


def saved_in_form(card: PrivateCard) -> Message:
    """What the form saved, in the same window."""
    count = sum(1 for item in card.items if card.answers.get(item.id))
    said = _said(replace(card, saved="", asks=""))
    if 0 < count < len(card.items):
        saved = _("✓ {k} of {n} questions saved.").format(k=count, n=len(card.items))
        said = f"{saved} {_until(card)}"
    return message([section(said), *([context(_overview(card))] if count else [])])


def saved_again(card: PrivateCard) -> Message:
    """One line for a further tap on the poll itself: the card is already there, further down."""
    said = _("✓ Question {number} saved: {answer}. Only you see this.")
    return message([context(said.format(number=_number(card, card.saved), answer=_answer(card, card.saved)))])


def _said(card: PrivateCard) -> str:
    until = _until(card)
    if not any(card.answers.values()):
        return " ".join([_("None of your answers is saved now."), until])
    if not card.asks:
        count = len(card.items)
        done = ngettext("✓ Your answer is saved, thank you.", "✓ All {count} saved, thank you.", count)
        return f"{done.format(count=in_words(count))} {until}"
    if not card.saved:
        return until
    if not card.answers.get(card.saved):
        taken = _("Question {number}: your answer is taken back.").format(number=_number(card, card.saved))
        return f"{taken} {until}"
    done = _("✓ Question {number} saved: {answer}.").format(
        number=_number(card, card.saved), answer=_answer(card, card.saved)
    )
    return f"{done} {until}"


def _until(card: PrivateCard) -> str:
    return _("Only you see this; you can change it until {when}.").format(when=moment(card.closes_at))


def _question(card: PrivateCard) -> list[Block]:
    found = next(((n, item) for n, item in enumerate(card.items, start=1) if item.id == card.asks), None)
    if found is None:
        return []
    number, item = found
    chosen = card.answers.get(item.id, frozenset())
    return [
        asked(number, len(card.items), item, card.side),
        answer_buttons(card.wave_id, number, item, chosen),
    ]


def _buttons(card: PrivateCard) -> list[dict[str, object]]:
    buttons = []
    item = next((item for item in card.items if item.id == card.asks), None)
    if item is not None and item.format is Format.MULTI and card.answers.get(item.id):
        value = f"{card.wave_id}:{item.id}"
        buttons.append(button(_("Next"), NEXT, value=value, style="primary"))
    every = _("All questions") if card.asks else _("Change")
    buttons.append(button(every, "answer_all", value=card.wave_id))
    if any(card.answers.values()):
        buttons.append(withdraw_button(card.wave_id))
    return buttons


def _overview(card: PrivateCard) -> str:
    """All answers in a line, by the numbers of their questions."""
    return " · ".join(f"{number} {_answer(card, item.id)}" for number, item in enumerate(card.items, start=1))


def _number(card: PrivateCard, item_id: str) -> int:
    return next(number for number, item in enumerate(card.items, start=1) if item.id == item_id)


def _answer(card: PrivateCard, item_id: str) -> str:
    item = next(item for item in card.items if item.id == item_id)
    chosen = card.answers.get(item_id, frozenset())
    labels = [f"*{escape(_(option.label))}*" for option in item.options if option.key in chosen]
    return ", ".join(labels) if labels else _("_not answered_")
