"""What channels are told about the set-up: the first post, and each change of channels."""

from __future__ import annotations

from collections.abc import Sequence

from pulse.core.cards import ChannelsCard
from pulse.core.language import _
from pulse.core.model import Side
from pulse.core.records import ReadersRule
from pulse.views.blocks import context, message, moment, section
from pulse.views.message import Message, escape


def channels_message(card: ChannelsCard) -> Message:
    """The first post explains what comes and who sees what; a later one says what changed here."""
    if card.first:
        return _welcome(card)
    return message([section(f"{_change(card)} {_who(card)}"), context(_why(card))])


def _welcome(card: ChannelsCard) -> Message:
    hello = _(
        "*A short pulse starts here.* Now and then I ask marketing and IT a few questions about working "
        "together: half a minute, tapped in the channel."
    )
    when = _("*When:* {schedule}.").format(schedule=escape(card.schedule))
    if card.opens_at is not None:
        when += " " + _("The first one opens {when}.").format(when=moment(card.opens_at))
    seen = _(
        "*Who sees what:* everybody sees totals only, never of fewer than {minimum} answers, and only after "
        "the pulse has closed. Nobody is shown what you answered: not your managers, not IT."
    ).format(minimum=card.minimum)
    return message(
        [
            section("\n".join([hello, when, _who(card), seen, _readers(card)])),
            context(_("`/pulse privacy` says what is kept, `/pulse help` what I understand.")),
        ]
    )


def _change(card: ChannelsCard) -> str:
    if not card.used:
        return _("*A manager changed the channels: this one takes no part in the pulse any more.*")
    if card.side is None:
        return _("*A manager changed the channels: this one gets the results of the pulse.*")
    return _("*A manager changed the channels: this one is asked as {side}.*").format(side=_(card.side.label))


def _who(card: ChannelsCard) -> str:
    sides = _("{marketing} for marketing, {it} for IT").format(
        marketing=_names(card.channels[Side.MARKETING]), it=_names(card.channels[Side.IT])
    )
    return _("From the next pulse on these are asked: {sides}.").format(sides=sides)


def _readers(card: ChannelsCard) -> str:
    if card.readers is ReadersRule.WORKSPACE:
        return _("*Who reads results:* every member of the workspace.")
    return _("*Who reads results:* the people of these channels and the managers of the pulse.")


def _why(card: ChannelsCard) -> str:
    return _(
        "Each change of channels is announced, so that nobody can be singled out unseen. "
        "Totals of fewer than {minimum} answers are never shown."
    ).format(minimum=card.minimum)


def _names(channels: Sequence[str]) -> str:
    return ", ".join(f"<#{channel}>" for channel in channels)
