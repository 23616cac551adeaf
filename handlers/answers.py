"""Answers: taps on a poll, the form with all questions, withdrawal."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.request.payload_utils import to_action

from handlers.receipts import Receipts
from handlers.replies import channel_of, in_private, privately, told, wave_id_of, where_pressed
from pulse.core.errors import BadRequest
from pulse.core.language import _
from pulse.services.waves import Ballot
from pulse.services.workspace import Workspace
from pulse.views.answer import CALLBACK, answer_view, parse_answer, parse_channel, parse_wave
from pulse.views.message import Message, as_view
from pulse.views.notices import Confirmation, confirmation, tapped, withdrawn

Body = dict[str, Any]


class Taps(AsyncMiddleware):
    """One box tapped: durable, then acked, then confirmed privately.

    Not a listener, because taps come in storms: to find the listener and what it asks for costs Bolt half as
    much again as all the rest of a tap.
    """

    action = re.compile(r"^answer:")

    def __init__(self, services: Workspace, receipts: Receipts) -> None:
        self._services, self._receipts = services, receipts

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt passes it under this name
    ) -> BoltResponse:
        action = to_action(req.body) or {}
        if not self.action.match(str(action.get("action_id") or "")):
            return await next()
        respond = req.context.respond
        assert respond is not None
        reply = await _tap(self._services, self._receipts, req.body, action, respond)
        self._services.after.later(reply, sheddable=True)
        return BoltResponse(status=200, body="")


def register(app: AsyncApp, services: Workspace) -> None:
    receipts = Receipts()

    async def open_form(ack: AsyncAck, body: Body, action: Body, respond: AsyncRespond) -> None:
        await ack()
        wave = services.waves.open
        if wave is not None and in_private(body):
            receipts.keep(wave, body["user"]["id"], partial(privately, respond, replace=True))
        services.after.later(_show_form(services, body, respond))

    async def save_form(ack: AsyncAck, body: Body, view: Body) -> None:
        """The form is sent: durable, then acked by what was recorded."""
        message = await _save_form(services, receipts, body["user"]["id"], view)
        await ack(response_action="update", view=as_view(_("Your answers"), message, _("Close")))

    async def withdraw(ack: AsyncAck, body: Body, action: Body, respond: AsyncRespond) -> None:
        reply = await _withdraw(services, receipts, body, action, respond)
        await ack()
        services.after.later(reply, sheddable=True)

    app.use(Taps(services, receipts))
    app.action("answer_all")(open_form)
    app.action("withdraw")(withdraw)
    app.view(CALLBACK)(save_form)


async def _tap(
    services: Workspace, receipts: Receipts, body: Body, action: Body, respond: AsyncRespond
) -> Coroutine[Any, Any, None]:
    """Records one box; returns what is left to be said."""
    try:
        wave_id, item_id, box = _parse_value(action.get("value"))
        ballot = await services.waves.tap(body["user"]["id"], channel_of(body), wave_id, item_id, box)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        return where_pressed(services, body, respond, told(error))
    services.counts.touch()
    return _confirm(services, receipts, body, respond, ballot, item_id)


async def _save_form(services: Workspace, receipts: Receipts, user: str, view: Body) -> Message:
    """Records a whole form; returns what is recorded now, or why it is not."""
    try:
        origin = view.get("private_metadata")
        chosen = parse_answer(view.get("state") or {})
        ballot = await services.waves.fill_in(user, parse_channel(origin), parse_wave(origin), chosen)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        return told(error)
    services.counts.touch()
    message = confirmed(ballot)
    replace = receipts.take(ballot.wave, user)
    if replace is not None:
        services.after.later(replace(message), sheddable=True)
    services.after.later(services.homes.redraw(user), sheddable=True)
    return message


async def _withdraw(
    services: Workspace, receipts: Receipts, body: Body, action: Body, respond: AsyncRespond
) -> Coroutine[Any, Any, None]:
    """Deletes a person's answers; returns what is left to be said."""
    try:
        wave = await services.waves.withdraw(body["user"]["id"], wave_id_of(action.get("value")))
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        return where_pressed(services, body, respond, told(error))
    services.counts.touch()
    receipts.forget(wave, body["user"]["id"])
    return _said(services, body, respond, withdrawn(wave.closes_at))


async def show_form(services: Workspace, user: str, channel: str, trigger: str) -> None:
    """Opens the form with what was answered so far. Raises what `Waves.ballot` raises, and SlackFault."""
    ballot = await services.waves.ballot(user, channel)
    await services.slack.open_view(
        trigger, answer_view(ballot.wave.id, ballot.side, ballot.items, ballot.answers, channel)
    )


async def _show_form(services: Workspace, body: Body, respond: AsyncRespond) -> None:
    try:
        await show_form(services, body["user"]["id"], channel_of(body), body["trigger_id"])
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        await where_pressed(services, body, respond, told(error))


def confirmed(ballot: Ballot) -> Message:
    """What is recorded for one person now."""
    return confirmation(_card(ballot))


def _card(ballot: Ballot) -> Confirmation:
    return Confirmation(
        ballot.wave.id, ballot.side, ballot.items, ballot.answers, ballot.wave.closes_at, ballot.both_sides
    )


async def _confirm(
    services: Workspace,
    receipts: Receipts,
    body: Body,
    respond: AsyncRespond,
    ballot: Ballot,
    item_id: str,
) -> None:
    """Confirms a tap at length the first time, in a line after that; on the Home tab by the tab itself."""
    if not body.get("response_url"):
        await services.homes.show(body["user"]["id"])
        return
    first = receipts.first(ballot.wave, body["user"]["id"]) or ballot.both_sides
    await _said(services, body, respond, tapped(_card(ballot), item_id, first=first))


async def _said(services: Workspace, body: Body, respond: AsyncRespond, message: Message) -> None:
    """Says it where the button stood, and keeps the person's Home tab in step."""
    user = body["user"]["id"]
    if not body.get("response_url"):
        await services.homes.show(user)
        return
    await privately(respond, message, replace=in_private(body))
    await services.homes.redraw(user)


def _parse_value(value: object) -> tuple[int, str, str]:
    """A button's value: wave, item and box. Raises BadRequest for one that no poll has sent."""
    parts = str(value or "").split(":")
    if len(parts) != 3:
        raise BadRequest(_("That button is not one of this pulse. Nothing was changed."))
    return wave_id_of(parts[0]), parts[1], parts[2]
