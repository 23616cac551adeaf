"""The checker refuses each single fault that Slack refuses, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.blockkit import elements_of, message_problems, problems, view_problems


def plain(text: str = "Yes") -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "*Yes*") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def option(value: str = "1", **more: Any) -> dict[str, Any]:
    return {"text": plain(f"Box {value}"), "value": value, **more}


def options(count: int) -> list[dict[str, Any]]:
    return [option(str(n)) for n in range(count)]


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(), "action_id": "yes", "value": "1", **more}


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **more}


def section(text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text), **more}


def asks(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain(), "element": element, **more}


def image(**more: Any) -> dict[str, Any]:
    return {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "A chart", **more}


def table(rows: int = 2, columns: int = 2, **more: Any) -> dict[str, Any]:
    row = [{"type": "raw_text", "text": "a"}] * columns
    return {"type": "table", "rows": [row] * rows, **more}


def chart(series: int = 1, points: int = 2, title: str = "Trust", label: str = "w") -> dict[str, Any]:
    categories = [f"{label}{n}" for n in range(points)]
    data = [{"label": name, "value": 1} for name in categories]
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {
            "type": "line",
            "series": [{"name": f"s{n}", "data": data} for n in range(series)],
            "axis_config": {"categories": categories},
        },
    }


def rich(text: str = "Hello") -> dict[str, Any]:
    part = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [part]}


def confirm(title: int = 10, text: int = 10, yes: int = 5, deny: int = 5) -> dict[str, Any]:
    return {
        "title": plain("t" * title),
        "text": plain("x" * text),
        "confirm": plain("y" * yes),
        "deny": plain("n" * deny),
    }


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Setup"), "blocks": list(blocks or [section()]), **more}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "options": options(3), "action_id": "s", **more}


def text_input(**more: Any) -> dict[str, Any]:
    return {"type": "plain_text_input", "action_id": "t", **more}


FINE_IN_A_MESSAGE = {
    "section": section(block_id="a"),
    "longest section": section("x" * 3000),
    "fields": {"type": "section", "fields": [mrkdwn("x" * 2000)] + [mrkdwn()] * 9},
    "accessory": section(accessory=button(confirm=confirm(100, 300, 30, 30))),
    "header": {"type": "header", "text": plain("x" * 150)},
    "divider": {"type": "divider"},
    "image": image(title=plain(), alt_text="x" * 2000),
    "image of a file": {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "A chart"},
    "25 buttons": actions(*[button(action_id=f"b{n}") for n in range(25)]),
    "context": {"type": "context", "elements": [mrkdwn(), plain(), image()] + [mrkdwn()] * 7},
    "table": table(100, 20),
    "chart": chart(6, 20),
    "rich text": rich(),
    "markdown": {"type": "markdown", "text": "x" * 12_000},
    "overflow": actions({"type": "overflow", "options": options(5), "action_id": "o"}),
    "radio": actions({"type": "radio_buttons", "options": options(10), "initial_option": option("3")}),
    "selects": actions(select(options=options(100)), {"type": "users_select", "action_id": "u"}),
    "groups": actions(select(options=None, option_groups=[{"label": plain(), "options": options(2)}])),
    "date": actions({"type": "datepicker", "initial_date": "2026-11-22"}),
    "time": actions({"type": "timepicker", "initial_time": "09:30"}),
    "moment": actions({"type": "datetimepicker", "initial_date_time": 1_700_000_000}),
}


@pytest.mark.parametrize("block", FINE_IN_A_MESSAGE.values(), ids=FINE_IN_A_MESSAGE)
def test_what_slack_accepts_is_accepted(block: dict[str, Any]) -> None:
    """A block at its limits is fine."""
    assert problems([block]) == []


ONE_FAULT_IN_A_MESSAGE: dict[str, tuple[Any, str]] = {
    "51 blocks": ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    "not a list": ({"type": "section"}, "must be an array [json-pointer:/blocks]"),
    "not a block": (["hello"], "missing required field: type [json-pointer:/blocks/0]"),
    "unknown type": ([{"type": "hero"}], "unsupported type: hero [json-pointer:/blocks/0/type]"),
    "unknown field": (
        [section(colour="red")],
        "invalid additional property: colour [json-pointer:/blocks/0]",
    ),
    "empty text": ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    "long section": (
        [section("x" * 3001)],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "no text": ([{"type": "section"}], "missing required field: text or fields [json-pointer:/blocks/0]"),
    "11 fields": (
        [{"type": "section", "fields": [mrkdwn()] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "long field": (
        [{"type": "section", "fields": [mrkdwn("x" * 2001)]}],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    "long header": (
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    "header in mrkdwn": (
        [{"type": "header", "text": mrkdwn()}],
        "must be a text object of type plain_text [json-pointer:/blocks/0/text]",
    ),
    "emoji in mrkdwn": (
        [{"type": "section", "text": {**mrkdwn(), "emoji": True}}],
        "invalid additional property: emoji [json-pointer:/blocks/0/text]",
    ),
    "long block_id": (
        [section(block_id="x" * 256)],
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    "block_id twice": (
        [section(block_id="a"), section(block_id="a")],
        "block_id `a` already exists [json-pointer:/blocks]",
    ),
    "action_id twice": (
        [actions(button(), button())],
        "action_id `yes` already exists [json-pointer:/blocks/0]",
    ),
    "long action_id": (
        [actions(button(action_id="x" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    "no elements": ([actions()], "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
    "26 elements": (
        [actions(*[button(action_id=str(n)) for n in range(26)])],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "long button": (
        [actions(button(text=plain("x" * 76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    "button in mrkdwn": (
        [actions(button(text=mrkdwn()))],
        "must be a text object of type plain_text [json-pointer:/blocks/0/elements/0/text]",
    ),
    "long value": (
        [actions(button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    "number as value": (
        [actions(button(value=3))],
        "must be a string [json-pointer:/blocks/0/elements/0/value]",
    ),
    "button style": (
        [actions(button(style="warning"))],
        "must be one of primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    "long confirm title": (
        [actions(button(confirm=confirm(title=101)))],
        "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
    ),
    "long confirm text": (
        [actions(button(confirm=confirm(text=301)))],
        "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
    ),
    "long confirm yes": (
        [actions(button(confirm=confirm(yes=31)))],
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/confirm/text]",
    ),
    "long confirm deny": (
        [actions(button(confirm=confirm(deny=31)))],
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/deny/text]",
    ),
    "input element in actions": (
        [actions(text_input())],
        "unsupported element type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    "multi-select in actions": (
        [actions({"type": "multi_users_select"})],
        "unsupported element type: multi_users_select [json-pointer:/blocks/0/elements/0/type]",
    ),
    "button in context": (
        [{"type": "context", "elements": [button()]}],
        "unsupported element type: button [json-pointer:/blocks/0/elements/0/type]",
    ),
    "11 in context": (
        [{"type": "context", "elements": [mrkdwn()] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "no alt text": (
        [{"type": "image", "image_url": "https://example.org/a.png"}],
        "missing required field: alt_text [json-pointer:/blocks/0]",
    ),
    "empty alt text": (
        [image(alt_text="")],
        "must be more than 0 characters [json-pointer:/blocks/0/alt_text]",
    ),
    "long alt text": (
        [image(alt_text="x" * 2001)],
        "must be less than 2001 characters [json-pointer:/blocks/0/alt_text]",
    ),
    "image without source": (
        [{"type": "image", "alt_text": "a"}],
        "must have exactly one of image_url, slack_file [json-pointer:/blocks/0]",
    ),
    "image with two sources": (
        [image(slack_file={"id": "F1"})],
        "must have exactly one of image_url, slack_file [json-pointer:/blocks/0]",
    ),
    "slack_file without id": (
        [{"type": "image", "alt_text": "a", "slack_file": {}}],
        "must have exactly one of id, url [json-pointer:/blocks/0/slack_file]",
    ),
    "image title in mrkdwn": (
        [image(title=mrkdwn())],
        "must be a text object of type plain_text [json-pointer:/blocks/0/title]",
    ),
    "6 in overflow": (
        [actions({"type": "overflow", "options": options(6)})],
        "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "11 radio buttons": (
        [actions({"type": "radio_buttons", "options": options(11)})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "11 checkboxes": (
        [actions({"type": "checkboxes", "options": options(11)})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "101 options": (
        [actions(select(options=options(101)))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "no options": (
        [actions(select(options=[]))],
        "no fewer than 1 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "neither options nor groups": (
        [actions({"type": "static_select"})],
        "must have exactly one of options, option_groups [json-pointer:/blocks/0/elements/0]",
    ),
    "long option": (
        [actions(select(options=[{"text": plain("x" * 76), "value": "1"}]))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    "long option value": (
        [actions(select(options=[option("x" * 151) | {"text": plain()}]))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    "select option in mrkdwn": (
        [actions(select(options=[{"text": mrkdwn(), "value": "1"}]))],
        "must be a text object of type plain_text [json-pointer:/blocks/0/elements/0/options/0/text]",
    ),
    "long description": (
        [actions(select(options=[option(description=plain("x" * 76))]))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/description/text]",
    ),
    "strange initial option": (
        [actions(select(initial_option=option("9")))],
        "initial option did not match any options [json-pointer:/blocks/0/elements/0]",
    ),
    "long placeholder": (
        [actions(select(placeholder=plain("x" * 151)))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]",
    ),
    "date": (
        [actions({"type": "datepicker", "initial_date": "22.11.2026"})],
        "must be a date like 2026-11-22 [json-pointer:/blocks/0/elements/0/initial_date]",
    ),
    "time": (
        [actions({"type": "timepicker", "initial_time": "24:30"})],
        "must be a time like 09:30 [json-pointer:/blocks/0/elements/0/initial_time]",
    ),
    "moment": (
        [actions({"type": "datetimepicker", "initial_date_time": 17})],
        "must be from 1000000000 to 9999999999 [json-pointer:/blocks/0/elements/0/initial_date_time]",
    ),
    "two tables": ([table(), table()], "no more than 1 blocks of type table allowed [json-pointer:/blocks]"),
    "101 rows": ([table(101)], "no more than 100 items allowed [json-pointer:/blocks/0/rows]"),
    "21 columns": ([table(1, 21)], "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"),
    "uneven rows": (
        [{"type": "table", "rows": [table()["rows"][0], table()["rows"][0][:1]]}],
        "rows must have the same number of cells [json-pointer:/blocks/0/rows]",
    ),
    "empty cell": (
        [{"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]}],
        "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]",
    ),
    "much text in a table": (
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 2501}] * 4]}],
        "tables must be less than 10001 characters together [json-pointer:/blocks]",
    ),
    "three charts": (
        [chart(), chart(), chart()],
        "no more than 2 blocks of type data_visualization allowed [json-pointer:/blocks]",
    ),
    "long chart title": (
        [chart(title="x" * 51)],
        "must be less than 51 characters [json-pointer:/blocks/0/title]",
    ),
    "7 series": ([chart(7)], "no more than 6 items allowed [json-pointer:/blocks/0/chart/series]"),
    "strange categories": (
        [{**chart(), "chart": {**chart()["chart"], "axis_config": {"categories": ["a", "b"]}}}],
        "data labels must match the categories [json-pointer:/blocks/0/chart/series/0/data]",
    ),
    "strange rich text": (
        [{"type": "rich_text", "elements": [{"type": "poem"}]}],
        "unsupported rich text type: poem [json-pointer:/blocks/0/elements/0/type]",
    ),
    "much markdown": (
        [{"type": "markdown", "text": "x" * 6001}] * 2,
        "markdown blocks must be less than 12001 characters together [json-pointer:/blocks]",
    ),
    "email in a message": (
        [asks({"type": "email_text_input", "action_id": "e"})],
        "unsupported element type: email_text_input on a message [json-pointer:/blocks/0]",
    ),
    "two in focus": (
        [asks(text_input(focus_on_load=True)), asks(text_input(focus_on_load=True))],
        "only one element may have focus_on_load [json-pointer:/blocks]",
    ),
}


@pytest.mark.parametrize(("blocks", "fault"), ONE_FAULT_IN_A_MESSAGE.values(), ids=ONE_FAULT_IN_A_MESSAGE)
def test_one_fault_in_a_message_is_named_with_its_place(blocks: Any, fault: str) -> None:
    """Each limit of a message has its own sentence, and nothing else is said."""
    assert problems(blocks) == [fault]


FINE_VIEWS = {
    "modal": modal(),
    "longest words": modal(
        title=plain("x" * 24), submit=plain("x" * 24), close=plain("x" * 24), private_metadata="x" * 3000
    ),
    "100 blocks": modal(*[section()] * 100),
    "inputs": modal(
        asks(text_input(min_length=1, max_length=3000, multiline=True, placeholder=plain("x" * 150))),
        asks({"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"}),
        asks({"type": "multi_conversations_select", "filter": {"include": ["public"]}}),
        asks({"type": "checkboxes", "options": options(2), "initial_options": options(1)}, hint=plain()),
        asks({"type": "external_select", "min_query_length": 0}, dispatch_action=True, optional=True),
        submit=plain("Save"),
    ),
    "home": {"type": "home", "blocks": [section(), actions(button())]},
}


@pytest.mark.parametrize("view", FINE_VIEWS.values(), ids=FINE_VIEWS)
def test_views_that_slack_accepts_are_accepted(view: dict[str, Any]) -> None:
    """A view at its limits is fine."""
    assert view_problems(view) == []


ONE_FAULT_IN_A_VIEW: dict[str, tuple[Any, str]] = {
    "no type": ({"blocks": []}, "type must be modal or home [json-pointer:/type]"),
    "no title": ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/]"),
    "long title": (
        modal(title=plain("x" * 25)),
        "must be less than 25 characters [json-pointer:/title/text]",
    ),
    "title in mrkdwn": (
        modal(title=mrkdwn()),
        "must be a text object of type plain_text [json-pointer:/title]",
    ),
    "long submit": (
        modal(submit=plain("x" * 25)),
        "must be less than 25 characters [json-pointer:/submit/text]",
    ),
    "long close": (
        modal(close=plain("x" * 25)),
        "must be less than 25 characters [json-pointer:/close/text]",
    ),
    "much private_metadata": (
        modal(private_metadata="x" * 3001),
        "must be less than 3001 characters [json-pointer:/private_metadata]",
    ),
    "long callback_id": (
        modal(callback_id="x" * 256),
        "must be less than 256 characters [json-pointer:/callback_id]",
    ),
    "101 blocks": (modal(*[section()] * 101), "no more than 100 items allowed [json-pointer:/blocks]"),
    "unknown field": (modal(colour="red"), "invalid additional property: colour [json-pointer:/]"),
    "input without submit": (modal(asks(text_input())), "missing required field: submit [json-pointer:/]"),
    "large view": (
        modal(*[section("€" * 2900) for _ in range(30)]),
        "view must be less than 250 kB [json-pointer:/]",
    ),
    "table in a modal": (modal(table()), "unsupported type: table [json-pointer:/blocks/0/type]"),
    "label in mrkdwn": (
        modal(asks(text_input(), label=mrkdwn()), submit=plain()),
        "must be a text object of type plain_text [json-pointer:/blocks/0/label]",
    ),
    "button in an input": (
        modal(asks(button()), submit=plain()),
        "unsupported element type: button [json-pointer:/blocks/0/element/type]",
    ),
    "long max_length": (
        modal(asks(text_input(max_length=3001)), submit=plain()),
        "must be from 1 to 3000 [json-pointer:/blocks/0/element/max_length]",
    ),
    "an initial value longer than may be typed": (
        modal(asks(text_input(initial_value="abcd", max_length=3)), submit=plain()),
        "initial_value must not be longer than max_length [json-pointer:/blocks/0/element]",
    ),
    "lengths the wrong way round": (
        modal(asks(text_input(min_length=9, max_length=3)), submit=plain()),
        "min_length must not be greater than max_length [json-pointer:/blocks/0/element]",
    ),
    "number input unsure": (
        modal(asks({"type": "number_input"}), submit=plain()),
        "missing required field: is_decimal_allowed [json-pointer:/blocks/0/element]",
    ),
    "numbers the wrong way round": (
        modal(
            asks({"type": "number_input", "is_decimal_allowed": True, "min_value": "5", "max_value": "4"}),
            submit=plain(),
        ),
        "min_value must not be greater than max_value [json-pointer:/blocks/0/element]",
    ),
    "title at home": (
        {"type": "home", "title": plain(), "blocks": []},
        "invalid additional property: title [json-pointer:/]",
    ),
    "table at home": (
        {"type": "home", "blocks": [table()]},
        "unsupported type: table [json-pointer:/blocks/0/type]",
    ),
    "response url of a message": (
        modal(actions({"type": "conversations_select", "response_url_enabled": True})),
        "response_url_enabled is for input blocks of modals [json-pointer:/blocks/0]",
    ),
}


@pytest.mark.parametrize(("view", "fault"), ONE_FAULT_IN_A_VIEW.values(), ids=ONE_FAULT_IN_A_VIEW)
def test_one_fault_in_a_view_is_named_with_its_place(view: Any, fault: str) -> None:
    """Each limit of a view has its own sentence, and nothing else is said."""
    assert view_problems(view) == [fault]


ONE_FAULT_IN_A_PAYLOAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"text": ""}, "no_text [json-pointer:/]"),
    "long text": ({"text": "x" * 40_001}, "text must be less than 40001 characters [json-pointer:/text]"),
    "much text in blocks": (
        {"text": "a", "blocks": [section("x" * 2700)] * 5},
        "msg_blocks_too_long: more than 13200 characters [json-pointer:/blocks]",
    ),
    "metadata without payload": (
        {"text": "a", "metadata": {"event_type": "pulse"}},
        "must have event_type and event_payload [json-pointer:/metadata]",
    ),
    "metadata without type": (
        {"text": "a", "metadata": {"event_payload": {}}},
        "missing required field: event_type [json-pointer:/metadata]",
    ),
}


@pytest.mark.parametrize(("payload", "fault"), ONE_FAULT_IN_A_PAYLOAD.values(), ids=ONE_FAULT_IN_A_PAYLOAD)
def test_one_fault_in_a_whole_message_is_named(payload: dict[str, Any], fault: str) -> None:
    """What shows only in the whole message is found there."""
    assert message_problems(payload) == [fault]


def test_a_whole_message_that_slack_accepts_is_accepted() -> None:
    """Text, blocks and metadata together are fine."""
    metadata = {"event_type": "pulse", "event_payload": {"key": "a"}}
    assert message_problems({"text": "a", "blocks": [section()], "metadata": metadata}) == []


def test_the_interactive_elements_of_a_block_are_found_in_every_place() -> None:
    """They are in actions, beside a section, and in an input; an image is not interactive."""
    assert elements_of(actions(button())) == [button()]
    assert elements_of(section(accessory=button())) == [button()]
    assert elements_of(asks(text_input())) == [text_input()]
    assert elements_of(section(accessory=image())) == []
