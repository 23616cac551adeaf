"""People at their screens: what somebody can see and do, for the page, for tests and for scripts.

An `Actor` is one person. Each action returns when the app has acknowledged it. Nothing here knows the app
under rehearsal: buttons are found by action_id, value or label.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal import payloads
from rehearsal.blockkit import elements_of
from rehearsal.delivery import Delivery
from rehearsal.installation import Installation
from rehearsal.objects import Json, Message, Person, Refusal, View
from rehearsal.workspace import Workspace

NOT_ANSWERED = "The app did not answer within 3 seconds."
NOT_CONNECTED = "The app is not connected."
NOT_SAVED = "We had some trouble connecting. Try again?"


class NotAnswered(Exception):
    """The app did not acknowledge in time, or was not connected."""


class NotPossible(Exception):
    """A person cannot do this here; the message says why."""


@dataclass(frozen=True)
class Ack:
    """The app's acknowledgement: seconds it took and what it said."""

    latency: float
    response: Json | None

    @property
    def errors(self) -> dict[str, str]:
        """The sentences with which a form was refused, by block_id."""
        response = self.response or {}
        return dict(response.get("errors") or {}) if response.get("response_action") == "errors" else {}


class Actor:
    """One person of the workspace."""

    def __init__(self, app: Installation, person: Person) -> None:
        self.app, self.person = app, person
        self.workspace = app.workspace

    @property
    def id(self) -> str:
        return self.person.id

    # Seeing

    def sees(self, channel: str) -> list[Message]:
        """The messages of a channel that this person sees, private ones included, oldest first."""
        return self.workspace.sees(self.id, channel)

    def private(self, channel: str) -> list[Message]:
        """The messages of a channel that only this person sees."""
        return [message for message in self.sees(channel) if message.private_to == self.id]

    @property
    def dms(self) -> list[Message]:
        """The direct messages between this person and the app."""
        return list(self.workspace.im(self.id).messages)

    @property
    def modal(self) -> View | None:
        """The modal on top, if one is open."""
        modals = self.workspace.modals(self.id)
        return modals[-1] if modals else None

    @property
    def home(self) -> View | None:
        """The app's Home tab as this person sees it."""
        return self.workspace.homes.get(self.id)

    @property
    def toasts(self) -> list[str]:
        """The passing notices that this person got."""
        return self.workspace.toasts.get(self.id, [])

    # Doing

    async def command(self, line: str, channel: str) -> Ack:
        """Types a slash command into a channel."""
        place = self.workspace.channel(channel)
        if self.id not in place.members:
            raise NotPossible(f"Join #{place.name} to use a command there.")
        command, _, text = line.strip().partition(" ")
        if self.app.commands and command not in self.app.commands:
            known = " or ".join(sorted(self.app.commands))
            raise NotPossible(f"There is no command {command} here. Try {known} help.")
        sent = escaped(self.workspace, text.strip()) if self.app.escapes else text.strip()
        payload = self.app.payloads.command(self.person, place, command, sent)
        ack = await self._send("slash_commands", payload)
        if ack.response and (ack.response.get("text") or ack.response.get("blocks")):
            self._said(place.id, ack.response)
        return ack

    def _said(self, channel: str, response: Json) -> None:
        try:
            self.workspace.answer(self.id, channel, response)
        except Refusal as refusal:
            self.app.fault(f"the response to a command was refused: {refusal}")
            self.workspace.toast(self.id, "The app’s answer could not be shown.")

    async def _send(self, kind: str, payload: Json) -> Ack:
        delivery = await self.app.post.send(kind, payload)
        if delivery.latency is None:
            raise self._unanswered(delivery)
        return Ack(delivery.latency, delivery.response)

    def _unanswered(self, delivery: Delivery) -> NotAnswered:
        if delivery.type == "interactive" and delivery.payload["type"] == "view_submission":
            text = NOT_SAVED
        else:
            text = NOT_ANSWERED if delivery.socket is not None or not self.app.by_socket else NOT_CONNECTED
        self.workspace.toast(self.id, text)
        return NotAnswered(text)

    async def tap(
        self,
        where: Message | View,
        target: str,
        *,
        block: str | None = None,
        chosen: Any = None,
        values: Mapping[str, Any] | None = None,
    ) -> Ack:
        """Uses the one element whose action_id, value or label is `target`.

        `block` is the end of its block's id, if several match.
        `chosen` answers a select, a picker or a field: an option's value, an id, a date, text, or a list.
        `values` are the other fields of the form.
        """
        found = [
            (each["block_id"], element)
            for each in where.blocks
            if block is None or each["block_id"].endswith(block)
            for element in elements_of(each)
            if target in (element["action_id"], element.get("value"), _label(element))
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} elements are called {target!r}; there are: {_names(where)}")
        block_id, element = found[0]
        answer = {} if element["type"] == "button" else payloads.answer_to(element, chosen)
        return await self.act(where, block_id, element["action_id"], answer, values)

    async def act(
        self,
        where: Message | View,
        block_id: str,
        action_id: str,
        answer: Mapping[str, Any],
        values: Mapping[str, Any] | None = None,
    ) -> Ack:
        """Uses the element with these ids; `answer` holds its `selected_…` or `value` in payload form."""
        element = _element(where, block_id, action_id)
        if element["type"] == "button":
            answer = {}
        state = payloads.values_of(where.blocks, values)
        if block_id in state and action_id in state[block_id]:
            state[block_id][action_id] |= answer
        if isinstance(where, Message):
            self._must_see(where)
            self.app.taps.add((self.id, where.channel, where.ts, block_id))
            make = self.app.payloads.message_action
            payload = make(self.person, where, block_id, element, answer, state)
        else:
            payload = self.app.payloads.view_action(self.person, where, block_id, element, answer, state)
        return await self._send("interactive", payload)

    def _must_see(self, message: Message) -> None:
        channel = self.workspace.channels.get(message.channel)
        if (
            channel is None
            or not self.workspace.may_see(self.id, channel)
            or message.private_to not in (None, self.id)
        ):
            raise NotPossible("This message is not for you to see.")

    async def submit(self, view: View | None = None, values: Mapping[str, Any] | None = None) -> Ack:
        """Sends a form (the top one): `values` by block_id or action_id, see `payloads.values_of`.

        What Slack's client refuses by itself (an empty required field) never reaches the app: the
        result is then an Ack with `errors` and no latency.
        """
        form = view or self.modal
        if form is None:
            raise NotPossible("No modal is open.")
        state = payloads.values_of(form.blocks, values)
        refused = payloads.incomplete(form.blocks, state)
        if refused:
            return Ack(0.0, {"response_action": "errors", "errors": refused})
        ack = await self._send("interactive", self.app.payloads.submission(self.person, form, state))
        self._after_submit(form, ack.response or {})
        return ack

    def _after_submit(self, form: View, response: Json) -> None:
        action = response.get("response_action")
        try:
            if action is None:
                self._close(form)
            elif action == "clear":
                self.workspace.clear_views(self.id)
            elif action == "update":
                self.workspace.update_view(form.id, "", response.get("view"), "")
            elif action == "push":
                self.workspace.stack_view(self.id, response.get("view"))
            else:
                self._check_errors(form, response)
        except Refusal as refusal:
            self.app.fault(f"the response to a form was refused: {refusal}")
            self.workspace.toast(self.id, NOT_SAVED)

    def _close(self, form: View) -> None:
        if form.id in self.workspace.views:
            self.workspace.close_view(form.id)

    def _check_errors(self, form: View, response: Json) -> None:
        inputs = {block["block_id"] for block in form.blocks if block["type"] == "input"}
        errors = response.get("errors") or {}
        if response["response_action"] != "errors" or not errors or set(errors) - inputs:
            raise Refusal("invalid_response_action", [f"errors must name input blocks: {errors}"])

    async def close_modal(self, view: View | None = None) -> None:
        """Closes a modal (the top one by default); the app is told if it asked to be."""
        form = view or self.modal
        if form is None:
            raise NotPossible("No modal is open.")
        payload = self.app.payloads.closed(self.person, form)
        wants_to_know = form.content.get("notify_on_close")
        if form.content.get("clear_on_close"):
            self.workspace.clear_views(self.id)
        else:
            self.workspace.close_view(form.id)
        if wants_to_know:
            await self._send("interactive", payload)

    async def open_home(self) -> Ack | None:
        """Opens the app's Home tab. None if the app does not subscribe to the event."""
        event: Json = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": self.workspace.im(self.id).id,
            "tab": "home",
        }
        if self.home is not None:
            event["view"] = self.home.as_view()
        delivery = await self.app.deliver_event(event)
        if delivery is None:
            return None
        if delivery.latency is None:
            raise self._unanswered(delivery)
        return Ack(delivery.latency, delivery.response)

    async def options(self, view: View, block_id: str, action_id: str, query: str) -> list[Json]:
        """Types into an external select; returns the options that the app offers, groups flattened."""
        payload = self.app.payloads.suggestion(self.person, view, block_id, action_id, query)
        ack = await self._send("interactive", payload)
        return payloads.options_of(ack.response or {})

    async def shortcut(self, callback_id: str) -> Ack:
        """Uses a global shortcut."""
        return await self._send("interactive", self.app.payloads.shortcut(self.person, callback_id))

    def say(self, channel: str, text: str) -> Message:
        """Writes into a channel."""
        try:
            return self.workspace.say(self.id, self.workspace.channel(channel).id, text)
        except Refusal:
            raise NotPossible(f"Join #{self.workspace.channel(channel).name} to write there.") from None


def escaped(workspace: Workspace, text: str) -> str:
    """A command's text as `should_escape` sends it: entities, and ids for mentions and channels.

    >>> workspace = Workspace()
    >>> escaped(workspace, "R&D with @app see https://example.org")
    'R&amp;D with <@U0THEAPP|app> see <https://example.org>'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    people = {person.name: person.id for person in workspace.people.values()}
    channels = {channel.name: channel.id for channel in workspace.channels.values() if not channel.is_im}

    def entity(found: re.Match[str]) -> str:
        sign, name = found[1], found[2]
        known = people if sign == "@" else channels
        return f"<{sign}{known[name]}|{name}>" if name in known else found[0]

    text = re.sub(r"(?<!\S)([@#])([\w-]+)", entity, text)
    return re.sub(r"(?<!\S)(https?://\S+)", r"<\1>", text)


def snapshot(message: Message) -> Message:
    """A message as it is on a screen that has not been refreshed: later changes do not reach it."""
    return copy.deepcopy(message)


def _label(element: Mapping[str, Any]) -> str | None:
    text = element.get("text")
    return text.get("text") if isinstance(text, dict) else None


def _names(where: Message | View) -> str:
    return ", ".join(f"{b['block_id']}/{e['action_id']}" for b in where.blocks for e in elements_of(b))


def _element(where: Message | View, block_id: str, action_id: str) -> Json:
    for block in where.blocks:
        for element in elements_of(block):
            if (block["block_id"], element["action_id"]) == (block_id, action_id):
                return element
    raise NotPossible("This button is no longer there.")
