"""Answers: taps on a poll, the form with all questions, withdrawal."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest

from handlers.interaction import Interaction, part_of, text_of
from handlers.middleware import INTERACTION
from handlers.replies import attempt, or_refuse, outcome, privately, reply, wave_id_of
from pulse.core.cards import Confirmation
from pulse.core.errors import BadRequest
from pulse.core.language import _
from pulse.services.answering import Ballot
from pulse.views.answer import CALLBACK, answer_view, parse_answer, parse_channel, parse_wave
from pulse.views.message import Message, as_view
from pulse.views.notices import confirmation, tapped, withdrawn

Body = dict[str, Any]
Reply = Coroutine[Any, Any, None]
"""What is left to be said after the ack."""


class Taps(AsyncMiddleware):
    """One option tapped: durable, then acked, then confirmed privately.

    Not a listener, because taps come in storms: finding the listener and its arguments costs Bolt half as
    much again as all the rest of a tap.
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
        said = await attempt(_tap(interaction), partial(reply, interaction))
        interaction.later(said, sheddable=True)
        return BoltResponse(status=200, body="")


def register(app: AsyncApp) -> None:
    app.use(Taps())
    app.action("answer_all")(open_form)
    app.action("withdraw")(withdraw)
    app.view(CALLBACK)(save_form)


async def open_form(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    wave = interaction.workspace.waves.current
    if wave is not None and interaction.in_private:
        replace = partial(privately, interaction, replace=True)
        interaction.surfaces.confirmations.keep(wave.id, interaction.user, replace)
    interaction.later(or_refuse(interaction, show_form(interaction)))


async def save_form(ack: AsyncAck, interaction: Interaction, body: Body) -> None:
    """The form is sent: durable, then acked by what was recorded."""
    message = await outcome(_save_form(interaction, body))
    await ack(response_action="update", view=as_view(_("Your answers"), message, _("Close")))


async def withdraw(ack: AsyncAck, interaction: Interaction) -> None:
    said = await attempt(_withdraw(interaction), partial(reply, interaction))
    await ack()
    interaction.later(said, sheddable=True)


async def show_form(interaction: Interaction) -> None:
    """Opens the form with the answers so far. Raises what `Answering.ballot` raises, and SlackFault."""
    channel = interaction.channel
    ballot = await interaction.workspace.answering.ballot(interaction.user, channel)
    view = answer_view(ballot.wave.token, ballot.side, ballot.items, ballot.answers, channel)
    await interaction.surfaces.slack.open_view(interaction.trigger, view)


async def _tap(interaction: Interaction) -> Reply:
    wave_id, item_id, option = _parse_value(interaction.value)
    user, channel = interaction.user, interaction.channel
    ballot = await interaction.workspace.answering.tap(user, channel, wave_id, item_id, option)
    interaction.surfaces.counts.touch()
    if interaction.message and not interaction.in_private:
        await interaction.surfaces.publisher.stands(ballot.wave.id, channel, interaction.message)
    return _confirm_tap(interaction, ballot, item_id)


async def _save_form(interaction: Interaction, body: Body) -> Message:
    origin = part_of(body, "view", "private_metadata")
    chosen = parse_answer(part_of(body, "view", "state") or {})
    channel, wave_id = parse_channel(origin), parse_wave(origin)
    ballot = await interaction.workspace.answering.fill_in(interaction.user, channel, wave_id, chosen)
    interaction.surfaces.counts.touch()
    message = confirmation(_card(ballot))
    replace = interaction.surfaces.confirmations.take(ballot.wave.id, interaction.user)
    if replace is not None:
        interaction.later(replace(message), sheddable=True)
    interaction.later(interaction.surfaces.home_tabs.redraw(interaction.user), sheddable=True)
    return message


async def _withdraw(interaction: Interaction) -> Reply:
    wave_id = wave_id_of(interaction.value)
    wave = await interaction.workspace.answering.withdraw(interaction.user, wave_id)
    interaction.surfaces.counts.touch()
    interaction.surfaces.confirmations.forget(wave.id, interaction.user)
    return _confirm(interaction, withdrawn(wave.closes_at))


async def _confirm_tap(interaction: Interaction, ballot: Ballot, item_id: str) -> None:
    """Confirms a tap at length the first time, in a line after that; on the Home tab by the tab itself."""
    if interaction.respond is None:
        await interaction.surfaces.home_tabs.show(interaction.user)
        return
    first = interaction.surfaces.confirmations.is_first(ballot.wave.id, interaction.user)
    message = tapped(_card(ballot), item_id, first=first or ballot.both_sides)
    await _confirm(interaction, message)


async def _confirm(interaction: Interaction, message: Message) -> None:
    """Confirms where the button stood, and keeps the person's Home tab in step."""
    tabs = interaction.surfaces.home_tabs
    if interaction.respond is None:
        await tabs.show(interaction.user)
        return
    await privately(interaction, message, replace=interaction.in_private)
    await tabs.redraw(interaction.user)


def _card(ballot: Ballot) -> Confirmation:
    return Confirmation(
        wave_id=ballot.wave.token,
        side=ballot.side,
        items=ballot.items,
        answers=ballot.answers,
        closes_at=ballot.wave.closes_at,
        both_sides=ballot.both_sides,
    )


def _parse_value(value: str) -> tuple[str, str, str]:
    """A button's value: wave, item and option. Raises BadRequest for one that no poll has sent."""
    parts = value.split(":")
    if len(parts) != 3:
        raise BadRequest(_("That button is not one of this pulse. Nothing was changed."))
    return wave_id_of(parts[0]), parts[1], parts[2]
