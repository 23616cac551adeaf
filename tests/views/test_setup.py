"""The form in which a manager sets the pulse up: what it shows, what comes back, what must be mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

import pytest

from pulse.core.calendar import next_moments
from pulse.core.cards import PollCard
from pulse.core.errors import FormNotUnderstood
from pulse.core.model import Side
from pulse.core.setup_form import SetupForm
from pulse.views.poll import poll_message
from pulse.views.setup import (
    COMMON_ZONES,
    FormErrors,
    channel_fault,
    parse_setup,
    setup_preview,
    setup_view,
    zone_options,
)
from rehearsal.blockkit import problems, view_problems
from tests.golden import golden
from tests.views.examples import HOSTILE, WAVE

FIRST = SetupForm(starts_on="2026-11-23", zone="Europe/Berlin")
FILLED = replace(
    FIRST,
    marketing=("C1", "C2"),
    it=("C3",),
    results=("C4",),
    repeat="monthly",
    nth=-1,
    weekday="thursday",
    at="13:30",
    zone="America/New_York",
    working_days=5,
    items=4,
    minimum=8,
    reminders=2,
    any_hour=True,
    skip_dates="2026-12-24..2027-01-03",
)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def preview(form: SetupForm, items: Any = WAVE) -> list[dict[str, Any]]:
    return setup_preview(form, items, next_moments(form.schedule(), NOW, 3))


def texts_of(block: dict[str, Any]) -> list[str]:
    shown = [block.get("text", {}), *(block["elements"] if block["type"] == "context" else [])]
    return [each["text"] for each in shown if each]


def as_sent(view: dict[str, Any]) -> dict[str, Any]:
    """The state that Slack sends for a view in which nobody changed anything."""
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    return {"values": {block["block_id"]: _as_sent(block["element"]) for block in inputs}}


def _as_sent(element: dict[str, Any]) -> dict[str, Any]:
    key, initial, empty = {
        "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
        "static_select": ("selected_option", "initial_option", None),
        "external_select": ("selected_option", "initial_option", None),
        "checkboxes": ("selected_options", "initial_options", []),
        "timepicker": ("selected_time", "initial_time", None),
        "datepicker": ("selected_date", "initial_date", None),
        "plain_text_input": ("value", "initial_value", None),
        "number_input": ("value", "initial_value", None),
    }[element["type"]]
    return {element["action_id"]: {"type": element["type"], key: element.get(initial, empty)}}


def sent(form: SetupForm = FILLED, **changed: Any) -> dict[str, Any]:
    state = as_sent(setup_view(form, reminders=True))
    for name, field in changed.items():
        state["values"][name] = {"zone" if name == "zone" else "field": field}
    return state


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("setup_first", setup_view(FIRST)),
        ("setup_filled_preview", setup_view(FILLED, preview(FILLED), reminders=True)),
        ("setup_errors", setup_view(FILLED, errors={"it": "A <!channel> can belong to one side only."})),
    ],
)
def test_the_form_reads_as_agreed_and_slack_takes_it(name: str, view: Any) -> None:
    """The form is what was read and kept, and within Slack's limits."""
    assert view_problems(view) == []
    golden(name, view)


@pytest.mark.parametrize(
    "form", [FILLED, replace(FILLED, repeat="every 2 weeks", nth=1, any_hour=False, results=())]
)
def test_what_is_shown_comes_back_unchanged(form: SetupForm) -> None:
    """A form that is saved as it opened changes nothing."""
    assert parse_setup(sent(form)) == form


def test_a_stored_schedule_fills_the_form() -> None:
    """What is kept of a schedule is what the form opens with the next time."""
    record = FILLED.schedule().as_record()
    rest = {"marketing": ("C1", "C2"), "it": ("C3",), "results": ("C4",), "items": 4, "minimum": 8}
    filled = SetupForm.of(record, **rest)
    assert filled.schedule() == FILLED.schedule()
    assert parse_setup(sent(filled)) == filled


def test_the_first_form_waits_for_the_channels_alone() -> None:
    """All that has a sensible default has it: a manager must name two channels and no more."""
    with pytest.raises(FormErrors) as refused:
        parse_setup(sent(FIRST))
    assert list(refused.value.errors) == ["marketing", "it"]


@pytest.mark.parametrize(
    ("field", "value", "at", "says"),
    [
        ("marketing", {"selected_conversations": []}, "marketing", "Please choose something here."),
        ("it", {"selected_conversations": ["C1"]}, "it", "A channel can belong to one side only."),
        ("at", {"selected_time": None}, "at", "Please choose something here."),
        ("at", {"selected_time": "25:00"}, "at", "Write the time as hours and minutes"),
        ("zone", {"selected_option": {"value": "Europe/Berln"}}, "zone", "Did you mean Europe/Berlin"),
        ("zone", {"selected_option": None}, "zone", "Please choose something here."),
        ("repeat", {"selected_option": {"value": "daily"}}, "repeat", "cannot be read here"),
        ("repeat", {"selected_option": {"value": "monthly:9"}}, "repeat", "Choose the first, second"),
        ("weekday", {"selected_option": {"value": "someday"}}, "weekday", "cannot be read here"),
        ("starts_on", {"selected_date": "2026-13-01"}, "starts_on", "cannot be read here"),
        ("working_days", {"selected_option": {"value": "99"}}, "working_days", "working days"),
        ("skip_dates", {"value": "Christmas"}, "skip_dates", "“Christmas” is not a date."),
        ("items", {"selected_option": {"value": "9"}}, "items", "Choose 2, 3 or 4 questions."),
        ("minimum", {"value": "4"}, "minimum", "Write a whole number from 5 to 1000."),
        ("minimum", {"value": "0"}, "minimum", "Write a whole number from 5 to 1000."),
        ("minimum", {"value": "five"}, "minimum", "Write a whole number from 5 to 1000."),
        ("minimum", {"value": "9" * 10_000}, "minimum", "Write a whole number from 5 to 1000."),
        ("minimum", {"value": None}, "minimum", "Please choose something here."),
        ("reminders", {"selected_option": {"value": "3"}}, "reminders", "Choose no reminder, one or two."),
    ],
)
def test_an_error_stands_at_its_field(field: str, value: Any, at: str, says: str) -> None:
    """Each fault is told in a sentence under the field that must change, and under no other."""
    with pytest.raises(FormErrors) as refused:
        parse_setup(sent(**{field: value}))
    assert list(refused.value.errors) == [at]
    assert says in refused.value.errors[at]


def test_weekends_and_nights_must_be_allowed() -> None:
    """A Sunday at 3 in the morning is refused at both fields, and taken where the manager allows it."""
    night = replace(FILLED, weekday="sunday", at="03:00")
    with pytest.raises(FormErrors) as refused:
        parse_setup(sent(replace(night, any_hour=False)))
    assert sorted(refused.value.errors) == ["at", "weekday"]
    assert parse_setup(sent(night)) == night


def test_a_refused_form_keeps_what_was_filled_in() -> None:
    """The form can be shown again as the manager left it."""
    with pytest.raises(FormErrors) as refused:
        parse_setup(sent(replace(FILLED, skip_dates="Christmas")))
    assert refused.value.form == replace(FILLED, skip_dates="Christmas")
    assert view_problems(setup_view(refused.value.form, errors=refused.value.errors)) == []


@pytest.mark.parametrize("name", ["results", "skip_dates", "any_hour"])
def test_an_optional_field_may_be_missing(name: str) -> None:
    """A client that leaves out an empty optional field is understood."""
    state = sent(replace(FILLED, results=(), skip_dates="", any_hour=False))
    del state["values"][name]
    assert parse_setup(state) == replace(FILLED, results=(), skip_dates="", any_hour=False)


def test_without_the_field_for_reminders_there_are_none() -> None:
    """What the form does not offer is not promised: it comes back as no reminder."""
    assert parse_setup(as_sent(setup_view(FILLED))) == replace(FILLED, reminders=0)


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"values": None},
        {"values": {**sent()["values"], "extra": {"field": {"value": "1"}}}},
        {"values": {name: field for name, field in sent()["values"].items() if name != "minimum"}},
        {"values": {**sent()["values"], "minimum": []}},
        {"values": {**sent()["values"], "minimum": {"other": {"value": "5"}}}},
        sent(minimum=None),
        sent(minimum={"value": 5}),
        sent(marketing={"selected_conversations": "C1"}),
        sent(marketing={"selected_conversations": [1]}),
        sent(weekday={"selected_option": "tuesday"}),
        sent(weekday={"selected_option": {"value": 1}}),
        sent(any_hour={"selected_options": "yes"}),
    ],
)
def test_a_state_that_the_form_cannot_send_is_refused(forged: Any) -> None:
    """A forged or mangled submission becomes a sentence, never a crash and never half a setup."""
    with pytest.raises(FormNotUnderstood):
        parse_setup(forged)


def test_the_preview_shows_what_will_be_posted_and_offers_nothing_to_press() -> None:
    """Every sentence and every button of the first poll is there for each side, as text."""
    blocks = preview(FILLED)
    assert problems(blocks, surface="modal") == []
    assert [block for block in blocks if block["type"] == "actions"] == []
    seen = "\n".join(text for block in blocks for text in texts_of(block))
    card = PollCard(
        wave_id="0",
        side=Side.IT,
        items=WAVE,
        closes_at=next_moments(FILLED.schedule(), NOW)[0].closes_at,
        roster=0,
        answered=None,
        minimum=8,
    )
    posted = poll_message(card).blocks
    texts = [text for block in posted for text in texts_of(block)]
    faces = [
        each["text"]["text"] for block in posted if block["type"] == "actions" for each in block["elements"]
    ]
    assert [text for text in [*texts, *faces] if text not in seen] == []


def test_the_preview_names_the_channels_and_the_first_three_waves() -> None:
    """A manager reads where it goes and when the first three open and close."""
    said = str(preview(FILLED))
    assert [
        name for name in ("<#C1>, <#C2>", "<#C3>", "last Thursday of each month at 13:30") if name not in said
    ] == []
    waves = next_moments(FILLED.schedule(), NOW, 3)
    times = [int(at.timestamp()) for wave in waves for at in (wave.opens_at, wave.closes_at)]
    assert [at for at in times if f"<!date^{at}^" not in said] == []


def test_a_hostile_item_stays_text_in_the_preview() -> None:
    """A wording of one's own cannot ping anybody from the preview either."""
    assert "<!channel>" not in str(preview(FILLED, (HOSTILE,)))


@pytest.mark.parametrize("query", ["", "a", "europe", "new york", "BERLIN", "berln", "xyzzy", "x" * 10_000])
def test_zones_fit_what_was_typed(query: str) -> None:
    """At most 100 options, each a zone that exists, whatever is typed."""
    options = zone_options(query, available_timezones())
    assert len(options) <= 100
    assert [each["value"] for each in options if each["value"] not in available_timezones()] == []


def test_the_likeliest_zone_comes_first() -> None:
    """A city's beginning counts before letters inside a name, a common zone before a rare one."""
    zones = available_timezones()
    assert zone_options("new york", zones)[0]["text"]["text"] == "America/New York"
    assert zone_options("lon", zones)[0]["value"] == "Europe/London"
    assert [each["value"] for each in zone_options("berln", zones)] == ["Europe/Berlin"]
    assert [each["value"] for each in zone_options("", zones)] == list(COMMON_ZONES)


@pytest.mark.parametrize("why", ["not_in_channel", "is_archived", "too_few", "shared"])
def test_a_fault_of_a_channel_names_it_and_what_to_do(why: str) -> None:
    """The error at the field is a whole sentence with the channel's name."""
    sentence = channel_fault("team-it", why, 8)
    assert "#team-it" in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("why", ["channel_not_found", "unreachable", "else"])
def test_a_channel_that_the_bot_cannot_see_has_no_name(why: str) -> None:
    """The sentence at the field says what to do all the same."""
    sentence = channel_fault("", why)
    assert "#" not in sentence
    assert "save again" in sentence
