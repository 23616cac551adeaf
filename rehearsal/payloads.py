"""What people do, as the payloads that Slack sends for it, and what a form holds.

Shapes: docs.slack.dev/reference/interaction-payloads and /interactivity/implementing-slash-commands.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rehearsal.blockkit import elements_of
from rehearsal.objects import APP_ID, TEAM_DOMAIN, TEAM_ID, Channel, Json, Message, Person, View
from rehearsal.workspace import Workspace

TOKEN = "rehearsal-verification-token"  # noqa: S105 - the long-deprecated field of every payload, not a secret

_CHOICE = {"static_select", "external_select", "radio_buttons", "overflow"}
_FIELDS = {
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
    **dict.fromkeys(_CHOICE, ("selected_option", "initial_option")),
}
_MANY = {
    "selected_options", "selected_users", "selected_channels", "selected_conversations", "files",
}  # fmt: skip


def field_of(kind: str) -> tuple[str, str]:
    """The field of an element's answer in payloads, and the field of its initial value in the block."""
    return _FIELDS.get(kind, ("value", "initial_value"))


def options_of(element: Mapping[str, Any]) -> list[Json]:
    """The options that an element offers, groups flattened."""
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        options += group["options"]
    return options


def answer_to(element: Mapping[str, Any], chosen: Any) -> Json:
    """An element's answer in payload form, from a plain value: option values, ids, dates, text."""
    field, _ = field_of(element["type"])
    if field == "selected_option":
        return {field: None if chosen is None else _option(element, chosen)}
    if field == "selected_options":
        return {field: [_option(element, each) for each in chosen or []]}
    if field in _MANY:
        return {field: list(chosen or [])}
    return {field: chosen}


def _option(element: Mapping[str, Any], chosen: Any) -> Json:
    if isinstance(chosen, dict):
        return chosen
    found = [option for option in options_of(element) if option["value"] == chosen]
    if not found:
        offered = ", ".join(str(option["value"]) for option in options_of(element))
        raise LookupError(f"{chosen!r} is not offered; there is: {offered}")
    return copy.deepcopy(found[0])


def _stateful(blocks: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Json]]:
    for block in blocks:
        for element in elements_of(block):
            if element["type"] not in ("button", "overflow", "workflow_button", "icon_button"):
                yield block["block_id"], element


def values_of(blocks: Iterable[Mapping[str, Any]], given: Mapping[str, Any] | None = None) -> Json:
    """`state.values` of a form: its initial values, overridden by `given`.

    `given` holds plain values by block_id or action_id, or whole `state.values` by block_id.
    """
    given, used = given or {}, set()
    values: Json = {}
    for block_id, element in _stateful(blocks):
        field, initial = field_of(element["type"])
        answer = answer_to(element, None) | (
            {field: copy.deepcopy(element[initial])} if element.get(initial) is not None else {}
        )
        for name in (block_id, element["action_id"]):
            if name in given:
                used.add(name)
                answer = _given(element, given[name], answer)
        values.setdefault(block_id, {})[element["action_id"]] = {"type": element["type"], **answer}
    strange = set(given) - used
    if strange:
        raise LookupError(f"the form has no {', '.join(sorted(strange))}; it has {', '.join(values)}")
    return values


def _given(element: Mapping[str, Any], value: Any, before: Json) -> Json:
    """One element's answer, from what was given for its block or its action_id."""
    is_answer = (
        not isinstance(value, dict) or {"text", "value"} <= set(value) or value.get("type") == "rich_text"
    )
    if is_answer:
        return answer_to(element, value)
    inside = value.get(element["action_id"])
    return {k: v for k, v in inside.items() if k != "type"} if isinstance(inside, dict) else before


def incomplete(blocks: Iterable[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, str]:
    """What Slack's own client objects to before it sends a form: a sentence by block_id."""
    found = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        field, _ = field_of(element["type"])
        answer = ((values.get(block["block_id"]) or {}).get(element["action_id"]) or {}).get(field)
        problem = _problem(element, answer, optional=bool(block.get("optional")))
        if problem:
            found[block["block_id"]] = problem
    return found


def _problem(element: Mapping[str, Any], answer: Any, *, optional: bool) -> str | None:
    if answer in (None, "", []):
        return None if optional else "Please complete this required field."
    if element["type"] == "number_input":
        return _number_problem(element, str(answer))
    if element["type"] == "plain_text_input":
        return _length_problem(element, len(str(answer)))
    return None


def _length_problem(element: Mapping[str, Any], length: int) -> str | None:
    if length < element.get("min_length", 0):
        return f"Enter at least {element['min_length']} characters."
    if length > element.get("max_length", 3000):
        return f"Enter at most {element.get('max_length', 3000)} characters."
    return None


def _number_problem(element: Mapping[str, Any], answer: str) -> str | None:
    try:
        number = float(answer) if element["is_decimal_allowed"] else int(answer)
    except ValueError:
        return "Enter a number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Enter a number of at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Enter a number of at most {element['max_value']}."
    return None


class Payloads:
    """Makes payloads. `base_url` is the address of response_urls."""

    def __init__(self, workspace: Workspace, base_url: str) -> None:
        self.workspace, self.base_url = workspace, base_url

    def _frame(self, kind: str, person: Person) -> Json:
        return {
            "type": kind,
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": TEAM_ID},
            "api_app_id": APP_ID,
            "token": TOKEN,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _response_url(self, person: Person, channel: Channel, message: Message | None = None) -> str:
        key = self.workspace.new_response_url(person.id, channel.id, message.ts if message else None)
        return f"{self.base_url}/actions/{TEAM_ID}/{key}"

    def _channel_name(self, channel: Channel) -> str:
        if channel.is_im:
            return "directmessage"
        return "privategroup" if channel.is_private else channel.name

    def command(self, person: Person, channel: Channel, command: str, text: str) -> Json:
        """A slash command."""
        return {
            "token": TOKEN,
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel.id,
            "channel_name": self._channel_name(channel),
            "user_id": person.id,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url(person, channel),
            "trigger_id": self.workspace.new_trigger(person.id),
        }

    def _action(self, block_id: str, element: Mapping[str, Any], answer: Mapping[str, Any], ts: str) -> Json:
        action: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
        if element["type"] == "button":
            action["text"] = {"emoji": True, **copy.deepcopy(element["text"])}
            action |= {key: element[key] for key in ("value", "style", "url") if key in element}
        elif element.get("placeholder"):
            action["placeholder"] = copy.deepcopy(element["placeholder"])
        return {**action, **answer, "action_ts": ts}

    def message_action(
        self,
        person: Person,
        message: Message,
        block_id: str,
        element: Mapping[str, Any],
        answer: Mapping[str, Any],
        values: Json,
    ) -> Json:
        """block_actions in a message. The payload omits an ephemeral message, as in Slack."""
        channel = self.workspace.channels[message.channel]
        private = message.private_to is not None
        payload = self._frame("block_actions", person) | {
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": channel.id,
                "is_ephemeral": private,
            },
            "trigger_id": self.workspace.new_trigger(person.id),
            "channel": {"id": channel.id, "name": self._channel_name(channel)},
            "state": {"values": values},
            "response_url": self._response_url(person, channel, message),
            "actions": [self._action(block_id, element, answer, message.ts)],
        }
        if not private:
            payload["message"] = self.workspace.as_message(message)
        return payload

    def view_action(
        self,
        person: Person,
        view: View,
        block_id: str,
        element: Mapping[str, Any],
        answer: Mapping[str, Any],
        values: Json,
    ) -> Json:
        """block_actions in a modal or the Home tab."""
        is_modal = view.content["type"] == "modal"
        trigger = self.workspace.new_trigger(person.id, view.id if is_modal else None)
        stamp = f"{self.workspace.clock().timestamp():.6f}"
        return self._frame("block_actions", person) | {
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": trigger,
            "view": view.as_view(values),
            "actions": [self._action(block_id, element, answer, stamp)],
        }

    def submission(self, person: Person, view: View, values: Json) -> Json:
        """view_submission."""
        return self._frame("view_submission", person) | {
            "trigger_id": self.workspace.new_trigger(person.id, view.id),
            "view": view.as_view(values),
            "response_urls": [],
        }

    def closed(self, person: Person, view: View) -> Json:
        """view_closed."""
        return self._frame("view_closed", person) | {"view": view.as_view(), "is_cleared": False}

    def suggestion(self, person: Person, view: View, block_id: str, action_id: str, query: str) -> Json:
        """block_suggestion: an external select asks for its options."""
        return self._frame("block_suggestion", person) | {
            "container": {"type": "view", "view_id": view.id},
            "action_id": action_id,
            "block_id": block_id,
            "value": query,
            "view": view.as_view(),
        }

    def shortcut(self, person: Person, callback_id: str) -> Json:
        """A global shortcut."""
        return self._frame("shortcut", person) | {
            "callback_id": callback_id,
            "action_ts": f"{self.workspace.clock().timestamp():.6f}",
            "trigger_id": self.workspace.new_trigger(person.id),
        }

    def event(self, event: Json) -> Json:
        """An event in its envelope."""
        now = self.workspace.clock().timestamp()
        self._events = getattr(self, "_events", 0) + 1
        return {
            "token": TOKEN,
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "type": "event_callback",
            "event_id": f"Ev{self._events:09d}",
            "event_time": int(now),
            "event": event,
            "authorizations": [{"team_id": TEAM_ID, "user_id": "U0THEAPP", "is_bot": True}],
        }
