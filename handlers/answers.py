"""Answers: taps on a poll and in the private card, the form with all questions, withdrawal."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest

from handlers.doubts import pressed
from handlers.interaction import Interaction, part_of, text_of
from handlers.middleware import INTERACTION
from handlers.replies import attempt, or_refuse, outcome, privately, reply, tell_elsewhere, wave_id_of
from pulse.core.errors import NotOfThisPulse, SlackFault
from pulse.core.language import _
from pulse.core.records import MessageKind
from pulse.services.answering import Ballot
from pulse.views.answer import CALLBACK, answer_view, parse_answer, parse_channel, parse_wave
from pulse.views.message import Message, as_view
from pulse.views.notices import withdrawn
from pulse.views.private_card import (
    NEXT,
    PrivateCard,
    card_of_closed,
    is_card,
    next_question,
    private_card,
    saved_again,
    saved_in_form,
)

Body = dict[str, Any]


class Taps(AsyncMiddleware):
    """One option tapped: stored durably, then acked, then shown in the private card.

    Not a listener, because taps come in storms: up to its ack a tap would take a third more processor time
    as the first listener that Bolt tries, and six times as much as the last.
    """

    action = re.compile(r"^answer:")

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt passes it under this name
    ) -> BoltResponse:
        if not self.action.match(text_of(req.body, "actions", 0, "action_id")):
            return await next()
        interaction: Interaction = req.context[INTERACTION]
        await attempt(_tap(interaction), partial(_refuse, interaction))
        return BoltResponse(status=200, body="")


def register(app: AsyncApp) -> None:
    app.use(Taps())
    app.action(NEXT)(move_on)
    app.action("answer_all")(open_form)
    app.action("withdraw")(withdraw)
    app.view(CALLBACK)(save_form)


async def move_on(ack: AsyncAck, interaction: Interaction) -> None:
    """Moves from a multiple-choice question to the next one; stores nothing."""
    await attempt(_move_on(interaction), partial(_refuse, interaction))
    await ack()


async def open_form(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    wave = interaction.workspace.waves.current
    if wave is not None and interaction.in_private:
        _keep(interaction, wave.id)
    interaction.later(or_refuse(interaction, show_form(interaction)))
    interaction.later(pressed(interaction, MessageKind.POLL, interaction.value))


async def save_form(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    """Saves a submitted form durably, then acks with what was saved."""
    message = await outcome(_save_form(interaction, body))
    await ack(response_action="update", view=as_view(_("Your answers"), message, _("Close")))


async def withdraw(ack: AsyncAck, interaction: Interaction) -> None:
    await attempt(_withdraw(interaction), partial(_refuse, interaction))
    await ack()


async def show_form(interaction: Interaction) -> None:
    """Opens the form with the answers so far. Raises what `Answering.ballot` raises, and SlackFault."""
    channel = interaction.channel
    ballot = await interaction.workspace.answering.ballot(interaction.user, channel)
    view = answer_view(ballot.wave.token, ballot.side, ballot.items, ballot.answers, channel)
    await interaction.surfaces.slack.open_view(interaction.trigger, view)


async def _tap(interaction: Interaction) -> None:
    wave_id, item_id, option = _parse_value(interaction.value)
    user, channel = interaction.user, interaction.channel
    await pressed(interaction, MessageKind.POLL, wave_id)
    ballot = await interaction.workspace.answering.tap(user, channel, wave_id, item_id, option)
    interaction.surfaces.counts.touch()
    if interaction.message and not interaction.in_private:
        await interaction.surfaces.publisher.tapped(ballot.wave.id, channel, interaction.message)
    _owe_card(interaction, ballot, saved=item_id)


async def _move_on(interaction: Interaction) -> None:
    wave_id, _colon, item_id = interaction.value.partition(":")
    answering = interaction.workspace.answering
    answering.check(wave_id_of(wave_id), item_id)
    ballot = await answering.ballot(interaction.user, interaction.channel)
    _owe_card(interaction, ballot, saved=item_id, moved_on=True)


async def _save_form(interaction: Interaction, body: Body) -> Message:
    origin = part_of(body, "view", "private_metadata")
    chosen = parse_answer(part_of(body, "view", "state") or {})
    channel, wave_id = parse_channel(origin), parse_wave(origin)
    ballot = await interaction.workspace.answering.fill_in(interaction.user, channel, wave_id, chosen)
    interaction.surfaces.counts.touch()
    _owe_change(interaction, ballot)
    return saved_in_form(_card(ballot))


async def _withdraw(interaction: Interaction) -> None:
    answering = interaction.workspace.answering
    ballot = await answering.withdraw(interaction.user, wave_id_of(interaction.value))
    interaction.surfaces.counts.touch()
    if is_card(interaction.block):
        _owe_card(interaction, ballot)
        return
    _owe_change(interaction, ballot)
    if interaction.respond is None:
        _owe_card(interaction, ballot)
    else:
        interaction.later(reply(interaction, withdrawn(ballot.wave.closes_at)))


def _owe_card(interaction: Interaction, ballot: Ballot, *, saved: str = "", moved_on: bool = False) -> None:
    """Sends the card after the ack: in place of the one pressed on, else at the end of the channel."""
    if interaction.in_private:
        _keep(interaction, ballot.wave.id)
    where = "home" if interaction.respond is None else "card" if interaction.in_private else "poll"
    show = partial(_show_card, interaction, ballot, saved, moved_on)
    interaction.later(interaction.surfaces.private_cards.send((interaction.user, where), show))


async def _show_card(interaction: Interaction, tapped: Ballot, saved: str, moved_on: bool) -> None:
    """Shows what is stored now, perhaps more than this tap saved; on Home by redrawing the Home tab."""
    surfaces, wave_id = interaction.surfaces, tapped.wave.id
    if interaction.respond is None:
        try:
            await surfaces.home_tabs.show(interaction.user)
        except SlackFault:
            await tell_elsewhere(interaction)
        return
    ballot = await interaction.workspace.answering.renewed(interaction.user, tapped)
    if ballot is None:
        message = card_of_closed()
    else:
        first = surfaces.private_cards.claim_first(wave_id, interaction.user)
        card = _card(ballot, saved=saved, moved_on=moved_on, side_told=first and ballot.both_sides)
        message = private_card(card) if first or interaction.in_private else saved_again(card)
    await privately(interaction, message, replace=interaction.in_private)
    await surfaces.home_tabs.redraw(interaction.user)


def _owe_change(interaction: Interaction, ballot: Ballot) -> None:
    """Updates what else shows this person's answers: the card last pressed on, and the Home tab."""
    show = partial(_show_change, interaction, ballot)
    interaction.later(interaction.surfaces.private_cards.send((interaction.user, "card"), show))


async def _show_change(interaction: Interaction, changed: Ballot) -> None:
    replace = interaction.surfaces.private_cards.take(changed.wave.id, interaction.user)
    if replace is not None:
        ballot = await interaction.workspace.answering.renewed(interaction.user, changed)
        await replace(card_of_closed() if ballot is None else private_card(_card(ballot)))
    await interaction.surfaces.home_tabs.redraw(interaction.user)


def _keep(interaction: Interaction, wave_id: int) -> None:
    replace = partial(privately, interaction, replace=True)
    interaction.surfaces.private_cards.keep(wave_id, interaction.user, replace)


def _refuse(interaction: Interaction, sentence: Message) -> None:
    """Says why, after the ack. A card of the open wave is not replaced: its reader can try again."""
    wave = interaction.workspace.waves.current
    if interaction.in_private and wave is not None and interaction.value.split(":")[0] == wave.token:
        say = partial(privately, interaction, sentence)
    else:
        say = partial(reply, interaction, sentence)
    interaction.later(interaction.surfaces.private_cards.send((interaction.user, "refused"), say))


def _card(ballot: Ballot, *, saved: str = "", moved_on: bool = False, side_told: bool = False) -> PrivateCard:
    return PrivateCard(
        wave_id=ballot.wave.token,
        side=ballot.side,
        items=ballot.items,
        answers=ballot.answers,
        closes_at=ballot.wave.closes_at,
        saved=saved,
        asks=next_question(ballot.items, ballot.answers, saved, moved_on=moved_on),
        side_told=side_told,
    )


def _parse_value(value: str) -> tuple[str, str, str]:
    """A button's value: wave, item and option. Raises NotOfThisPulse for one that no poll has sent."""
    parts = value.split(":")
    if len(parts) != 3:
        raise NotOfThisPulse()
    return wave_id_of(parts[0]), parts[1], parts[2]
