"""Answers: taps on a poll, the form with all questions, withdrawal."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.home import refresh
from handlers.replies import channel_of, in_private, privately, told, wave_id_of
from pulse.core.errors import BadRequest
from pulse.core.language import _
from pulse.runtime.services import Services
from pulse.runtime.waves import Ballot
from pulse.views.answer import CALLBACK, answer_view, parse_answer, parse_wave
from pulse.views.message import Message, as_view
from pulse.views.notices import Confirmation, confirmation, withdrawn


def register(app: AsyncApp, services: Services) -> None:
    async def tap(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond) -> None:
        """One box tapped: durable, then acked, then confirmed privately."""
        try:
            wave_id, item_id, box = _parse_value(action.get("value"))
            ballot = await services.waves.tap(body["user"]["id"], channel_of(body), wave_id, item_id, box)
            message = confirmed(ballot)
            services.counts.touch()
        except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
            message = told(error)
        await ack()
        _reply(services, body, respond, message)

    async def open_form(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        await ack()
        user, channel, trigger = body["user"]["id"], channel_of(body), body["trigger_id"]
        services.after.later(_show_form(services, user, channel, trigger, respond))

    async def save_form(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        """The form is sent: durable, then acked by what was recorded."""
        user = body["user"]["id"]
        try:
            wave_id = parse_wave(view.get("private_metadata"))
            chosen = parse_answer(view.get("state") or {})
            ballot = await services.waves.fill_in(user, "", wave_id, chosen)
            message = confirmed(ballot)
            services.counts.touch()
        except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
            message = told(error)
        await ack(response_action="update", view=as_view(_("Your answers"), message, _("Close")))
        services.after.later(refresh(services, user), sheddable=True)

    async def withdraw(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        try:
            wave = await services.waves.withdraw(body["user"]["id"], wave_id_of(action.get("value")))
            message = withdrawn(wave.closes_at)
            services.counts.touch()
        except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
            message = told(error)
        await ack()
        _reply(services, body, respond, message)

    app.action(re.compile(r"^answer:"))(tap)
    app.action("answer_all")(open_form)
    app.action("withdraw")(withdraw)
    app.view(CALLBACK)(save_form)


async def show_form(services: Services, user: str, channel: str, trigger: str) -> None:
    """Opens the form with what was answered so far. Raises what `Waves.ballot` raises, and SlackFault."""
    ballot = await services.waves.ballot(user, channel)
    await services.slack.open_view(
        trigger, answer_view(ballot.wave.id, ballot.side, ballot.items, ballot.answers)
    )


async def _show_form(
    services: Services, user: str, channel: str, trigger: str, respond: AsyncRespond
) -> None:
    try:
        await show_form(services, user, channel, trigger)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        await privately(respond, told(error))


def confirmed(ballot: Ballot) -> Message:
    """What is recorded for one person now."""
    return confirmation(
        Confirmation(
            ballot.wave.id,
            ballot.side,
            ballot.items,
            ballot.answers,
            ballot.wave.closes_at,
            ballot.both_sides,
        )
    )


def _reply(services: Services, body: dict[str, Any], respond: AsyncRespond, message: Message) -> None:
    """Answers where the button stood: privately in the channel, or on the Home tab."""
    if body.get("response_url"):
        services.after.later(privately(respond, message, replace=in_private(body)), sheddable=True)
    else:
        services.after.later(_show_at_home(services, body, message), sheddable=True)


async def _show_at_home(services: Services, body: dict[str, Any], message: Message) -> None:
    await services.slack.open_view(body["trigger_id"], as_view(_("Your answers"), message, _("Close")))
    await refresh(services, body["user"]["id"])


def _parse_value(value: object) -> tuple[int, str, str]:
    """A button's value: wave, item and box. Raises BadRequest for one that no poll has sent."""
    parts = str(value or "").split(":")
    if len(parts) != 3:
        raise BadRequest(_("That button is not one of this pulse. Nothing was changed."))
    return wave_id_of(parts[0]), parts[1], parts[2]
