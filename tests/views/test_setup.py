"""The form in which a manager sets the pulse up: what it shows, what comes back, what must be fixed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest

from pulse.core.calendar import next_moments
from pulse.core.cards import PollCard
from pulse.core.errors import FormNotUnderstood
from pulse.core.model import Side
from pulse.core.records import ReadersRule
from pulse.core.setup_form import SetupForm
from pulse.core.zones import COMMON_ZONES, FoundZone, common_zones
from pulse.views.poll import poll_message
from pulse.views.setup import (
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
    readers=ReadersRule.WORKSPACE,
    sharing=False,
    managers=("U1",),
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
        "multi_users_select": ("selected_users", "initial_users", []),
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
    filled = SetupForm.of(record, **rest, readers=ReadersRule.WORKSPACE, sharing=False)
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
        ("repeat", {"selected_option": {"value": "daily:1:tuesday"}}, "repeat", "cannot be read here"),
        ("repeat", {"selected_option": {"value": "monthly:9:tuesday"}}, "repeat", "Choose the first, second"),
        ("repeat", {"selected_option": {"value": "weekly:1:someday"}}, "repeat", "cannot be read here"),
        ("repeat", {"selected_option": None}, "repeat", "Please choose something here."),
        ("starts_on", {"selected_date": "2026-13-01"}, "starts_on", "cannot be read here"),
        ("working_days", {"selected_option": {"value": "99"}}, "working_days", "working days"),
        ("skip_dates", {"value": "Christmas"}, "skip_dates", "“Christmas” is not a date."),
        ("items", {"selected_option": {"value": "9"}}, "items", "Choose 2, 3 or 4 questions."),
        ("minimum", {"selected_option": {"value": "4"}}, "minimum", "Choose 5 answers or more."),
        ("minimum", {"selected_option": {"value": "five"}}, "minimum", "Choose 5 answers or more."),
        ("minimum", {"selected_option": {"value": "9" * 10_000}}, "minimum", "Choose 5 answers or more."),
        ("minimum", {"selected_option": None}, "minimum", "Please choose something here."),
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
    """A Sunday at 3 in the morning is refused at both fields, and taken if the manager allows it."""
    night = replace(FILLED, weekday="sunday", at="03:00")
    with pytest.raises(FormErrors) as refused:
        parse_setup(sent(replace(night, any_hour=False)))
    assert sorted(refused.value.errors) == ["at", "repeat"]
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
        {"values": {**sent()["values"], "minimum": {"other": {"selected_option": {"value": "5"}}}}},
        sent(minimum=None),
        sent(minimum={"selected_option": {"value": 5}}),
        sent(marketing={"selected_conversations": "C1"}),
        sent(marketing={"selected_conversations": [1]}),
        sent(repeat={"selected_option": "weekly:1:tuesday"}),
        sent(repeat={"selected_option": {"value": 1}}),
        sent(readers={"selected_option": {"value": "everybody"}}),
        sent(managers={"selected_users": "U1"}),
        sent(managers={"selected_users": [1]}),
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


def test_zones_are_offered_by_their_place_within_the_limits_of_a_select() -> None:
    """At most 100 options; a city stands before its zone, unless both together are too long for Slack."""
    long = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, United Kingdom"
    found = [
        FoundZone(zone="Europe/Berlin", place="Munich, Germany"),
        FoundZone(zone="America/New_York"),
        FoundZone(zone="Europe/London", place=long),
    ]
    options = zone_options(found)
    assert [(each["text"]["text"], each["value"]) for each in options] == [
        ("Munich, Germany (Europe/Berlin)", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("Europe/London", "Europe/London"),
    ]
    assert len(zone_options([FoundZone(zone="UTC")] * 300)) == 100


def test_common_zones_are_offered_before_anything_is_typed() -> None:
    """The list begins with zones where many teams are, of those that the machine knows."""
    assert [found.zone for found in common_zones(available_timezones())] == list(COMMON_ZONES)
    assert common_zones({"Europe/Berlin"}) == (FoundZone(zone="Europe/Berlin"),)


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


def test_how_often_is_one_choice_in_sentences_that_people_say() -> None:
    """Each repeat with each weekday, within the limit of a select, and each comes back as it was chosen."""
    blocks = {block.get("block_id"): block for block in setup_view(FIRST)["blocks"]}
    options = blocks["repeat"]["element"]["options"]
    texts = [option["text"]["text"] for option in options]
    assert len(texts) == len(set(texts)) == 56
    assert {"Weekly, on Tuesday", "Every 2 weeks, on Friday", "Monthly, on the first Tuesday"} <= set(texts)
    assert blocks["repeat"]["element"]["initial_option"]["text"]["text"] == "Weekly, on Tuesday"
    for option in options:
        form = parse_setup(sent(replace(FILLED, working_days=1), repeat={"selected_option": option}))
        assert f"{form.repeat}:{form.nth}:{form.weekday}" == option["value"]


def test_the_careful_preset_is_offered_by_name() -> None:
    """Ten answers stand in the list with their name; another minimum of an older set-up is kept."""
    blocks = {block.get("block_id"): block for block in setup_view(replace(FILLED, minimum=8))["blocks"]}
    element = blocks["minimum"]["element"]
    texts = {option["value"]: option["text"]["text"] for option in element["options"]}
    assert texts["10"] == "10 answers: careful, for wary teams"
    assert element["initial_option"]["value"] == "8"


def test_dates_are_shown_as_typed_and_never_longer_than_the_field() -> None:
    """A year that an older version kept day by day becomes a range again; what was typed stays as it is."""
    day = datetime(2026, 12, 24, tzinfo=UTC).date()
    year = " ".join((day + timedelta(days=n)).isoformat() for n in range(365))
    record = {**FILLED.schedule().as_record(), "skip_dates": year}
    form = SetupForm.of(record, marketing=("C1",), it=("C3",))
    assert form.skip_dates == "2026-12-24..2027-12-23"
    assert view_problems(setup_view(form)) == []
    typed = "2027-05-01, 2026-12-24..2027-01-03"
    assert SetupForm.of({**record, "skip_dates": typed}).skip_dates == typed
