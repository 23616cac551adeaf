"""What Slack refuses in Block Kit: each fault as Slack would word it, with a pointer to the place.

The limits are those of Slack's reference (docs.slack.dev/reference/block-kit) on 2026-11-22; if the
reference and observation differ, the lower value is used. A block that Slack knows but this module does not
(cards, plans, data tables) is refused like an unknown one: add it here before a view uses it.
Lengths are characters.

One module, because it is one table: a rule per element, in the order of the reference.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]

MESSAGE, MODAL, HOME = "message", "modal", "home"
BLOCKS_LIMIT = {MESSAGE: 50, MODAL: 100, HOME: 100}
VIEW_BYTES = 250_000
MESSAGE_TEXT = 40_000
BLOCKS_TEXT = 13_200
MARKDOWN_TEXT = 12_000
TABLE_TEXT = 10_000
METADATA_BYTES = 16_000


def _fault(problem: str, at: str) -> str:
    return f"{problem} [json-pointer:{at or '/'}]"


# Rules: each takes a value and its place, and yields its faults.


def _string(limit: int, least: int = 1, pattern: str = "", shape: str = "") -> Rule:
    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield _fault("must be a string", at)
        elif len(value) < least:
            yield _fault(f"must be more than {least - 1} characters", at)
        elif len(value) > limit:
            yield _fault(f"must be less than {limit + 1} characters", at)
        elif pattern and not re.fullmatch(pattern, value):
            yield _fault(f"must be {shape}", at)

    return rule


def _whole(low: int, high: int) -> Rule:
    def rule(value: Any, at: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield _fault("must be an integer", at)
        elif not low <= value <= high:
            yield _fault(f"must be from {low} to {high}", at)

    return rule


def _number(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _fault("must be a number", at)


def _bool(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield _fault("must be a boolean", at)


def _one_of(*words: str) -> Rule:
    def rule(value: Any, at: str) -> Iterator[str]:
        if value not in words:
            yield _fault(f"must be one of {', '.join(words)}", at)

    return rule


def _list(rule_of_each: Rule, least: int, most: int) -> Rule:
    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield _fault("must be an array", at)
            return
        if len(value) < least:
            yield _fault(f"no fewer than {least} items allowed", at)
        if len(value) > most:
            yield _fault(f"no more than {most} items allowed", at)
        for index, each in enumerate(value):
            yield from rule_of_each(each, f"{at}/{index}")

    return rule


def _object(
    required: Mapping[str, Rule],
    optional: Mapping[str, Rule] | None = None,
    *checks: Rule,
    typed: bool = False,
) -> Rule:
    known = {**required, **(optional or {})}

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _fault("must be an object", at)
            return
        for name in required:
            if value.get(name) is None:
                yield _fault(f"missing required field: {name}", at)
        yield from _parts(value, known, at, typed=typed)
        for check in checks:
            yield from check(value, at)

    return rule


def _parts(value: dict[str, Any], known: Mapping[str, Rule], at: str, *, typed: bool) -> Iterator[str]:
    for name, part in value.items():
        if name == "type" and typed:
            continue
        if name not in known:
            yield _fault(f"invalid additional property: {name}", at)
        elif part is not None:
            yield from known[name](part, f"{at}/{name}")


def _text(limit: int, *types: str, least: int = 1) -> Rule:
    """A text object of one of `types` (plain_text and mrkdwn by default)."""
    allowed = types or ("plain_text", "mrkdwn")

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict) or value.get("type") not in allowed:
            yield _fault(f"must be a text object of type {' or '.join(allowed)}", at)
            return
        extra = {"emoji": _bool} if value["type"] == "plain_text" else {"verbatim": _bool}
        yield from _object({"text": _string(limit, least)}, extra, typed=True)(value, at)

    return rule


def _plain(limit: int) -> Rule:
    return _text(limit, "plain_text")


def _kinds(table: Mapping[str, Rule], what: str) -> Rule:
    """An object whose `type` is a key of the table."""

    def rule(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            yield _fault("missing required field: type", at)
        elif kind not in table:
            yield _fault(f"unsupported {what}type: {kind}", f"{at}/type")
        else:
            yield from table[kind](value, at)

    return rule


def _exactly_one(*names: str) -> Rule:
    def check(value: Any, at: str) -> Iterator[str]:
        if sum(value.get(name) is not None for name in names) != 1:
            yield _fault(f"must have exactly one of {', '.join(names)}", at)

    return check


# Composition objects

_ID = _string(255)
_URL = _string(3000)
_STYLE = _one_of("primary", "danger")
_CONFIRM = _object(
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)}, {"style": _STYLE}
)
_SLACK_FILE = _object({}, {"id": _string(255), "url": _URL}, _exactly_one("id", "url"))
_FILTER = _object(
    {},
    {
        "include": _list(_one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": _bool,
        "exclude_bot_users": _bool,
    },
)
_DISPATCH = _object({"trigger_actions_on": _list(_one_of("on_enter_pressed", "on_character_entered"), 1, 2)})


def _option(*types: str, url: bool = False) -> Rule:
    extra: dict[str, Rule] = {"description": _text(75, *types)}
    if url:
        extra["url"] = _URL
    return _object({"text": _text(75, *types), "value": _string(150)}, extra)


_SELECT_OPTION = _option("plain_text")
_CHOICE_OPTION = _option("plain_text", "mrkdwn")
_GROUP = _object({"label": _plain(75), "options": _list(_SELECT_OPTION, 1, 100)})


def _offered(element: Any) -> list[Any]:
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        if isinstance(group, dict):
            options += group.get("options") or []
    return options


def _initial_is_offered(element: Any, at: str) -> Iterator[str]:
    """Slack refuses an initial option that is not, word for word, one of the options."""
    chosen = list(element.get("initial_options") or [])
    if element.get("initial_option") is not None:
        chosen.append(element["initial_option"])
    offered = _offered(element)
    if any(option not in offered for option in chosen):
        yield _fault("initial option did not match any options", at)


# Rich text

_RICH_STYLE = _object({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), _bool))
_RICH_PART = _kinds(
    {
        "text": _object({"text": _string(3000)}, {"style": _RICH_STYLE}, typed=True),
        "link": _object(
            {"url": _URL}, {"text": _string(3000), "style": _RICH_STYLE, "unsafe": _bool}, typed=True
        ),
        "emoji": _object({"name": _string(255)}, {"unicode": _string(255)}, typed=True),
        "user": _object({"user_id": _string(255)}, {"style": _RICH_STYLE}, typed=True),
        "channel": _object({"channel_id": _string(255)}, {"style": _RICH_STYLE}, typed=True),
        "usergroup": _object({"usergroup_id": _string(255)}, {"style": _RICH_STYLE}, typed=True),
        "broadcast": _object({"range": _one_of("here", "channel", "everyone")}, typed=True),
        "date": _object(
            {"timestamp": _whole(0, 9_999_999_999), "format": _string(255)},
            {"url": _URL, "fallback": _string(3000)},
            typed=True,
        ),
    },
    "rich text ",
)
_RICH_PARTS: dict[str, Rule] = {"elements": _list(_RICH_PART, 0, 1000)}
_RICH_SECTION = _object(_RICH_PARTS, typed=True)
_RICH_BLOCK = _kinds(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_preformatted": _object(_RICH_PARTS, {"border": _whole(0, 1)}, typed=True),
        "rich_text_quote": _object(_RICH_PARTS, {"border": _whole(0, 1)}, typed=True),
        "rich_text_list": _object(
            {
                "style": _one_of("bullet", "ordered"),
                "elements": _list(_kinds({"rich_text_section": _RICH_SECTION}, "rich text "), 1, 1000),
            },
            {"indent": _whole(0, 8), "offset": _whole(0, 10_000), "border": _whole(0, 1)},
            typed=True,
        ),
    },
    "rich text ",
)
_rich_text = _object({"elements": _list(_RICH_BLOCK, 1, 1000)}, {"block_id": _ID}, typed=True)

# Elements

_DATE = _string(10, 10, r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date like 2026-11-22")
_TIME = _string(5, 5, r"([01]\d|2[0-3]):[0-5]\d", "a time like 09:30")
_ASKS: dict[str, Rule] = {"action_id": _ID, "focus_on_load": _bool}
_HINTS: dict[str, Rule] = {**_ASKS, "placeholder": _plain(150)}
_PICKS: dict[str, Rule] = {**_HINTS, "confirm": _CONFIRM}
_MANY: dict[str, Rule] = {**_PICKS, "max_selected_items": _whole(1, 100)}
_NUMBER_TEXT = _string(100, 1, r"-?\d+(\.\d+)?", "a number in a string")
_IMAGE_PARTS: dict[str, Rule] = {"image_url": _URL, "slack_file": _SLACK_FILE}
_CONVERSATIONS: dict[str, Rule] = {"default_to_current_conversation": _bool, "filter": _FILTER}


def _static(fields: Mapping[str, Rule]) -> Rule:
    offers: dict[str, Rule] = {
        "options": _list(_SELECT_OPTION, 1, 100),
        "option_groups": _list(_GROUP, 1, 100),
    }
    checks = (_exactly_one("options", "option_groups"), _initial_is_offered)
    return _object({}, {**fields, **offers}, *checks, typed=True)


def _element(required: Mapping[str, Rule], optional: Mapping[str, Rule], *checks: Rule) -> Rule:
    return _object(required, optional, *checks, typed=True)


def _length_order(element: Any, at: str) -> Iterator[str]:
    least, most = element.get("min_length"), element.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield _fault("min_length must not be greater than max_length", at)
    initial = element.get("initial_value")
    if isinstance(initial, str) and isinstance(most, int) and len(initial) > most:
        yield _fault("initial_value must not be longer than max_length", at)


def _number_order(element: Any, at: str) -> Iterator[str]:
    try:
        low, high = float(element["min_value"]), float(element["max_value"])
    except (KeyError, TypeError, ValueError):
        return
    if low > high:
        yield _fault("min_value must not be greater than max_value", at)


_BUTTON = _element(
    {"text": _plain(75)},
    {
        "action_id": _ID,
        "url": _URL,
        "value": _string(2000),
        "style": _STYLE,
        "confirm": _CONFIRM,
        "accessibility_label": _string(75),
    },
)
_FEEDBACK = _object({"text": _plain(75), "value": _string(2000)}, {"accessibility_label": _string(75)})
_ELEMENTS: dict[str, Rule] = {
    "button": _BUTTON,
    "workflow_button": _element(
        {
            "text": _plain(75),
            "workflow": _object(
                {
                    "trigger": _object(
                        {"url": _URL},
                        {
                            "customizable_input_parameters": _list(
                                _object({"name": _string(255), "value": _string(3000)}), 0, 100
                            )
                        },
                    )
                }
            ),
        },
        {"action_id": _ID, "style": _STYLE, "accessibility_label": _string(75)},
    ),
    "overflow": _element(
        {"options": _list(_option("plain_text", url=True), 1, 5)}, {"action_id": _ID, "confirm": _CONFIRM}
    ),
    "checkboxes": _element(
        {"options": _list(_CHOICE_OPTION, 1, 10)},
        {**_ASKS, "confirm": _CONFIRM, "initial_options": _list(_CHOICE_OPTION, 1, 10)},
        _initial_is_offered,
    ),
    "radio_buttons": _element(
        {"options": _list(_CHOICE_OPTION, 1, 10)},
        {**_ASKS, "confirm": _CONFIRM, "initial_option": _CHOICE_OPTION},
        _initial_is_offered,
    ),
    "datepicker": _element({}, {**_PICKS, "initial_date": _DATE}),
    "timepicker": _element({}, {**_PICKS, "initial_time": _TIME, "timezone": _string(100)}),
    "datetimepicker": _element(
        {}, {**_ASKS, "confirm": _CONFIRM, "initial_date_time": _whole(1_000_000_000, 9_999_999_999)}
    ),
    "static_select": _static({**_PICKS, "initial_option": _SELECT_OPTION}),
    "multi_static_select": _static({**_MANY, "initial_options": _list(_SELECT_OPTION, 1, 100)}),
    "external_select": _element(
        {}, {**_PICKS, "initial_option": _SELECT_OPTION, "min_query_length": _whole(0, 3000)}
    ),
    "multi_external_select": _element(
        {},
        {**_MANY, "initial_options": _list(_SELECT_OPTION, 1, 100), "min_query_length": _whole(0, 3000)},
    ),
    "users_select": _element({}, {**_PICKS, "initial_user": _string(255)}),
    "multi_users_select": _element({}, {**_MANY, "initial_users": _list(_string(255), 1, 100)}),
    "channels_select": _element(
        {}, {**_PICKS, "initial_channel": _string(255), "response_url_enabled": _bool}
    ),
    "multi_channels_select": _element({}, {**_MANY, "initial_channels": _list(_string(255), 1, 100)}),
    "conversations_select": _element(
        {}, {**_PICKS, **_CONVERSATIONS, "initial_conversation": _string(255), "response_url_enabled": _bool}
    ),
    "multi_conversations_select": _element(
        {}, {**_MANY, **_CONVERSATIONS, "initial_conversations": _list(_string(255), 1, 100)}
    ),
    "plain_text_input": _element(
        {},
        {
            **_HINTS,
            "initial_value": _string(3000),
            "multiline": _bool,
            "min_length": _whole(0, 3000),
            "max_length": _whole(1, 3000),
            "dispatch_action_config": _DISPATCH,
        },
        _length_order,
    ),
    "rich_text_input": _element(
        {},
        {
            **_HINTS,
            "initial_value": _rich_text,
            "dispatch_action_config": _DISPATCH,
        },
    ),
    "email_text_input": _element(
        {}, {**_HINTS, "initial_value": _string(3000), "dispatch_action_config": _DISPATCH}
    ),
    "url_text_input": _element(
        {}, {**_HINTS, "initial_value": _string(3000), "dispatch_action_config": _DISPATCH}
    ),
    "number_input": _element(
        {"is_decimal_allowed": _bool},
        {
            **_HINTS,
            "initial_value": _NUMBER_TEXT,
            "min_value": _NUMBER_TEXT,
            "max_value": _NUMBER_TEXT,
            "dispatch_action_config": _DISPATCH,
        },
        _number_order,
    ),
    "file_input": _element(
        {}, {"action_id": _ID, "filetypes": _list(_string(100), 1, 100), "max_files": _whole(1, 10)}
    ),
    "image": _element({"alt_text": _string(2000)}, _IMAGE_PARTS, _exactly_one(*_IMAGE_PARTS)),
    "feedback_buttons": _element(
        {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": _ID}
    ),
    "icon_button": _element(
        {"icon": _one_of("trash"), "text": _plain(75)},
        {
            "action_id": _ID,
            "value": _string(2000),
            "confirm": _CONFIRM,
            "accessibility_label": _string(75),
            "visible_to_user_ids": _list(_string(255), 1, 100),
        },
    ),
}

_SINGLE_SELECTS = {f"{kind}_select" for kind in ("static", "external", "users", "channels", "conversations")}
_MULTI_SELECTS = {f"multi_{kind}" for kind in _SINGLE_SELECTS}
_IN_ACTIONS = {
    "button", "workflow_button", "overflow", "checkboxes", "radio_buttons", "datepicker", "timepicker",
    "datetimepicker", *_SINGLE_SELECTS,
}  # fmt: skip
_IN_SECTION = (_IN_ACTIONS - {"datetimepicker"}) | _MULTI_SELECTS | {"image"}
_IN_INPUT = (
    {"checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker", "plain_text_input"}
    | {"rich_text_input", "email_text_input", "url_text_input", "number_input", "file_input"}
    | _SINGLE_SELECTS
    | _MULTI_SELECTS
)
_MODAL_ONLY = {"email_text_input", "url_text_input", "number_input", "file_input"}
_NOT_AT_HOME = {"datetimepicker"}


def _elements(types: set[str]) -> Rule:
    return _kinds({name: _ELEMENTS[name] for name in types}, "element ")


# Charts and tables

_POINT = _object({"label": _string(20), "value": _number})
_SERIES = _object({"name": _string(20), "data": _list(_POINT, 1, 20)})
_AXES = _object({"categories": _list(_string(20), 1, 20)}, {"x_label": _string(50), "y_label": _string(50)})


def _series_match_categories(chart: Any, at: str) -> Iterator[str]:
    axes, series = chart.get("axis_config"), chart.get("series")
    if not isinstance(axes, dict) or not isinstance(series, list):
        return
    for index, each in enumerate(series):
        points = each.get("data") if isinstance(each, dict) else None
        labels = [p.get("label") for p in points or [] if isinstance(p, dict)]
        if labels != axes.get("categories"):
            yield _fault("data labels must match the categories", f"{at}/series/{index}/data")


_AXIS_CHART = _object(
    {"series": _list(_SERIES, 1, 6), "axis_config": _AXES}, None, _series_match_categories, typed=True
)
_CHART = _kinds(
    {
        "pie": _object({"segments": _list(_POINT, 1, 6)}, typed=True),
        "bar": _AXIS_CHART,
        "line": _AXIS_CHART,
        "area": _AXIS_CHART,
    },
    "chart ",
)
_CELL = _kinds(
    {
        "raw_text": _object({"text": _string(3000)}, typed=True),
        "raw_number": _object({"value": _number}, {"text": _string(3000)}, typed=True),
        "rich_text": _rich_text,
    },
    "cell ",
)


def _rows_are_even(table: Any, at: str) -> Iterator[str]:
    rows = [row for row in table.get("rows") or [] if isinstance(row, list)]
    if len({len(row) for row in rows}) > 1:
        yield _fault("rows must have the same number of cells", f"{at}/rows")


# Blocks


def _section_says(block: Any, at: str) -> Iterator[str]:
    if block.get("text") is None and not block.get("fields"):
        yield _fault("missing required field: text or fields", at)


def _block(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *checks: Rule) -> Rule:
    return _object(required, {"block_id": _ID, **(optional or {})}, *checks, typed=True)


_CONTEXT_PART = _kinds(
    {"image": _ELEMENTS["image"], "plain_text": _text(3000), "mrkdwn": _text(3000)}, "element "
)
_BLOCKS: dict[str, Rule] = {
    "section": _block(
        {},
        {
            "text": _text(3000),
            "fields": _list(_text(2000), 1, 10),
            "accessory": _elements(_IN_SECTION),
            "expand": _bool,
        },
        _section_says,
    ),
    "header": _block({"text": _plain(150)}),
    "divider": _block({}),
    "image": _block(
        {"alt_text": _string(2000)}, {**_IMAGE_PARTS, "title": _plain(2000)}, _exactly_one(*_IMAGE_PARTS)
    ),
    "actions": _block({"elements": _list(_elements(_IN_ACTIONS), 1, 25)}),
    "context": _block({"elements": _list(_CONTEXT_PART, 1, 10)}),
    "input": _block(
        {"label": _plain(2000), "element": _elements(_IN_INPUT)},
        {"hint": _plain(2000), "optional": _bool, "dispatch_action": _bool},
    ),
    "rich_text": _rich_text,
    "markdown": _block({"text": _string(MARKDOWN_TEXT)}),
    "table": _block(
        {"rows": _list(_list(_CELL, 1, 20), 1, 100)},
        {
            "column_settings": _list(
                _object({}, {"align": _one_of("left", "center", "right"), "is_wrapped": _bool}), 1, 20
            )
        },
        _rows_are_even,
    ),
    "video": _block(
        {"title": _plain(199), "alt_text": _string(2000), "thumbnail_url": _URL, "video_url": _URL},
        {
            "author_name": _string(49),
            "description": _plain(200),
            "provider_icon_url": _URL,
            "provider_name": _string(255),
            "title_url": _URL,
        },
    ),
    "context_actions": _block(
        {
            "elements": _list(
                _kinds({k: _ELEMENTS[k] for k in ("feedback_buttons", "icon_button")}, "element "), 1, 5
            )
        }
    ),
    "data_visualization": _block({"title": _string(50), "chart": _CHART}),
}
_MESSAGE_ONLY = {"markdown", "table", "context_actions", "data_visualization"}
_PER_MESSAGE = {"table": 1, "data_visualization": 2}
_ANY_BLOCK = _kinds(_BLOCKS, "")


def elements_of(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The interactive elements of a block, in their order."""
    found = [block.get("accessory"), block.get("element")]
    if block.get("type") in ("actions", "context_actions"):
        found += block.get("elements") or []
    return [e for e in found if isinstance(e, dict) and e.get("type") != "image"]


def _twice(ids: list[Any], what: str, at: str) -> Iterator[str]:
    for name, times in Counter(i for i in ids if isinstance(i, str)).items():
        if times > 1:
            yield _fault(f"{what} `{name}` already exists", at)


def _surface_faults(block: dict[str, Any], surface: str, at: str) -> Iterator[str]:
    kind = block.get("type")
    if kind in _MESSAGE_ONLY and surface != MESSAGE:
        yield _fault(f"unsupported type: {kind}", f"{at}/type")
    for element in elements_of(block):
        kind = element.get("type")
        if (kind in _MODAL_ONLY and surface != MODAL) or (kind in _NOT_AT_HOME and surface == HOME):
            yield _fault(f"unsupported element type: {kind} on a {surface}", at)
        if element.get("response_url_enabled") and (surface != MODAL or block.get("type") != "input"):
            yield _fault("response_url_enabled is for input blocks of modals", at)


def _together(blocks: list[dict[str, Any]]) -> Iterator[str]:
    """Limits that concern all blocks together."""
    yield from _twice([b.get("block_id") for b in blocks], "block_id", "/blocks")
    for index, block in enumerate(blocks):
        ids = [e.get("action_id") for e in elements_of(block)]
        yield from _twice(ids, "action_id", f"/blocks/{index}")
    counts = Counter(b.get("type") for b in blocks)
    for kind, most in _PER_MESSAGE.items():
        if counts[kind] > most:
            yield _fault(f"no more than {most} blocks of type {kind} allowed", "/blocks")
    if sum(e.get("focus_on_load") is True for b in blocks for e in elements_of(b)) > 1:
        yield _fault("only one element may have focus_on_load", "/blocks")
    markdown = [b.get("text", "") for b in blocks if b.get("type") == "markdown"]
    if sum(len(text) for text in markdown if isinstance(text, str)) > MARKDOWN_TEXT:
        yield _fault(f"markdown blocks must be less than {MARKDOWN_TEXT + 1} characters together", "/blocks")
    tables = [b.get("rows") for b in blocks if b.get("type") == "table"]
    if _characters(tables) > TABLE_TEXT:
        yield _fault(f"tables must be less than {TABLE_TEXT + 1} characters together", "/blocks")


def _characters(part: Any) -> int:
    """Characters that a person reads in a part of a message."""
    if isinstance(part, list):
        return sum(_characters(each) for each in part)
    if not isinstance(part, dict):
        return 0
    return sum(
        len(value) if isinstance(value, str) and key in ("text", "alt_text", "title") else _characters(value)
        for key, value in part.items()
    )


def problems(blocks: Any, surface: str = MESSAGE) -> list[str]:
    """Everything Slack would refuse in `blocks` on that surface: message, modal or home. Empty if fine."""
    if not isinstance(blocks, list):
        return [_fault("must be an array", "/blocks")]
    found = []
    if len(blocks) > BLOCKS_LIMIT[surface]:
        found.append(_fault(f"no more than {BLOCKS_LIMIT[surface]} items allowed", "/blocks"))
    for index, block in enumerate(blocks):
        at = f"/blocks/{index}"
        found += _ANY_BLOCK(block, at)
        if isinstance(block, dict):
            found += _surface_faults(block, surface, at)
    found += _together([b for b in blocks if isinstance(b, dict)])
    return found


_VIEW_PARTS: dict[str, Rule] = {
    "private_metadata": _string(3000, 0),
    "callback_id": _string(255, 0),
    "external_id": _string(255, 0),
}
_ANY_BLOCKS: dict[str, Rule] = {"blocks": lambda value, at: iter(())}
_MODAL_VIEW = _object(
    {"title": _plain(24), **_ANY_BLOCKS},
    {
        **_VIEW_PARTS,
        "submit": _plain(24),
        "close": _plain(24),
        "clear_on_close": _bool,
        "notify_on_close": _bool,
        "submit_disabled": _bool,
    },
    typed=True,
)
_HOME_VIEW = _object(_ANY_BLOCKS, _VIEW_PARTS, typed=True)


def view_problems(view: Any) -> list[str]:
    """Everything Slack would refuse in a view (modal or home). Empty if fine."""
    surface = view.get("type") if isinstance(view, dict) else None
    if surface not in (MODAL, HOME):
        return [_fault("type must be modal or home", "/type")]
    found = list((_MODAL_VIEW if surface == MODAL else _HOME_VIEW)(view, ""))
    blocks = view.get("blocks") or []
    found += problems(blocks, surface)
    if surface == MODAL and not view.get("submit") and _has_input(blocks):
        found.append(_fault("missing required field: submit", "/"))
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        found.append(_fault("view must be less than 250 kB", "/"))
    return found


def _has_input(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)


def _metadata_problems(metadata: Any) -> Iterator[str]:
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        yield _fault("must have event_type and event_payload", "/metadata")
    elif not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        yield _fault("missing required field: event_type", "/metadata")
    elif len(json.dumps(metadata).encode()) > METADATA_BYTES:
        yield _fault("metadata is too large", "/metadata")


def message_problems(payload: Mapping[str, Any]) -> list[str]:
    """Everything Slack would refuse in the text, blocks and metadata of a message. Empty if fine."""
    text, blocks = payload.get("text") or "", payload.get("blocks") or []
    found = []
    if not text and not blocks:
        found.append(_fault("no_text", "/"))
    if len(text) > MESSAGE_TEXT:
        found.append(_fault(f"text must be less than {MESSAGE_TEXT + 1} characters", "/text"))
    found += problems(blocks, MESSAGE)
    if _characters(blocks) > BLOCKS_TEXT:
        found.append(_fault(f"msg_blocks_too_long: more than {BLOCKS_TEXT} characters", "/blocks"))
    if payload.get("metadata") is not None:
        found += _metadata_problems(payload["metadata"])
    return found
