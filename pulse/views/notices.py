"""What the bot says to one person: status, refusals, what became of answers, and a greeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pulse.core.cards import StatusCard
from pulse.core.errors import AnswerElsewhere, ManagersOnly
from pulse.core.language import _
from pulse.core.model import Item, Side
from pulse.views.audit import change_lines
from pulse.views.blocks import Element, actions, button, confirm, context, message, moment, section
from pulse.views.managing import channel_list
from pulse.views.message import Message, escape
from pulse.views.poll import question, turnout


def own_answers(items: Sequence[Item], side: Side, answers: Mapping[str, frozenset[str]]) -> str:
    """Each question with what its reader chose, as mrkdwn."""
    return "\n".join(
        f"{question(number, item, side)}\n{own_answer(item, answers)}"
        for number, item in enumerate(items, start=1)
    )


def own_answer(item: Item, answers: Mapping[str, frozenset[str]]) -> str:
    """What its reader chose for one question, as mrkdwn."""
    chosen = answers.get(item.id, frozenset())
    labels = [escape(_(option.label)) for option in item.options if option.key in chosen]
    return "→ " + (", ".join(f"*{label}*" for label in labels) if labels else _("_not answered yet_"))


def withdraw_button(wave_id: str) -> Element:
    return button(
        _("Withdraw my answers"),
        "withdraw",
        value=wave_id,
        confirm=confirm(
            _("Withdraw your answers?"),
            _(
                "All your answers to this pulse are deleted and will not be counted. You can answer again "
                "until it closes."
            ),
            _("Withdraw"),
            _("Keep them"),
        ),
    )


def withdrawn(closes_at: datetime) -> Message:
    """Said after a withdrawal."""
    return message(
        [
            section(
                _(
                    "*Your answers to this pulse are deleted and will not be counted.* Only you can see "
                    "this. "
                    "If you change your mind, you can answer again until {when}."
                ).format(when=moment(closes_at))
            )
        ]
    )


def unanswered() -> Message:
    """A direct message for when Slack did not take a reply; it does not repeat what the reply was about."""
    return refusal(
        _(
            "Slack did not take my answer to what you just did, so you may not have seen it. `/pulse status`"
            " says where things stand."
        )
    )


def refusal(error: Exception | str) -> Message:
    """A sentence that says what is wrong and what to do; it is escaped here."""
    said = escape(str(error))
    if isinstance(error, ManagersOnly) and error.people:
        people = ", ".join(f"<@{user}>" for user in error.people)
        said = " ".join([said, _("You can ask {people}.").format(people=people)])
    if isinstance(error, AnswerElsewhere):
        said = " ".join(
            [said, _("Please answer in {channels}.").format(channels=channel_list(error.channels))]
        )
    return message([section(said)])


def status(card: StatusCard) -> Message:
    """What is open, how many have answered, what comes next, and for managers what was changed."""
    blocks = [section("\n".join([*_now(card), *_next(card)]))]
    if card.changes:
        blocks.append(section("\n".join([_("*Last changes by managers*"), *change_lines(card.changes)])))
    return message(blocks)


def _now(card: StatusCard) -> list[str]:
    if card.closes_at is None:
        return [_("No pulse is open.")]
    lines = [_("*A pulse is open until {when}.*").format(when=moment(card.closes_at))]
    if card.key_lost:
        lines.append(
            _(
                "⚠️ Its key is lost, so answers can neither be read nor taken. A manager can call it off with"
                " `/pulse close`."
            )
        )
    for side, counted in (card.turnout or {}).items():
        said = turnout(counted.answered, counted.roster, card.minimum)
        lines.append(_("{side}: {turnout}").format(side=_(side.label), turnout=said))
    return [*lines, *([own_part(*card.own)] if card.own else [])]


def own_part(answered: int, asked: int) -> str:
    """How much of the open pulse its reader has answered."""
    if not answered:
        return _("You have not answered yet.")
    if answered == asked:
        return _("You have answered all questions.")
    return _("You have answered {k} of {n} questions.").format(k=answered, n=asked)


def _next(card: StatusCard) -> list[str]:
    if not card.set_up:
        return [_("The pulse is not set up yet. A workspace admin or owner can do that with `/pulse setup`.")]
    if card.paused:
        return [_("Pulses are paused. A manager can carry on with `/pulse resume`.")]
    if card.opens_at is None:
        return [_("No further pulse is planned. A manager can plan them with `/pulse setup`.")]
    return [_("The next pulse opens {when}.").format(when=moment(card.opens_at))]


def greeting(manager: bool) -> Message:
    """The first words to somebody who opens a conversation with the bot before it is set up."""
    hello = _(
        "Hello. I ask marketing and IT a few short questions now and then, and show both what each side "
        "said, "
        "how sure one can be, and what published studies found. Answers are totals by the time anybody "
        "sees them."
    )
    if not manager:
        return message(
            [section(hello), section(_("A workspace admin or owner can set me up: `/pulse setup`."))]
        )
    start = _(
        "To begin, tell me which channels belong to marketing and which to IT. It takes about five minutes."
    )
    return message(
        [
            section(hello),
            section(start),
            actions([button(_("Set up the pulse"), "setup_open", style="primary")]),
        ]
    )


def hint(sentence: str) -> Message:
    """One of our own sentences, in reply to a word."""
    return message([section(sentence)])


def shared() -> Message:
    """Replaces a private card that its reader has shown to the channel."""
    return message([context(_("Shared in this channel, in your name."))])
