"""What nobody should send: forged buttons and forms, overlong and loaded texts.

Nothing changes, and the log names nobody.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from slack_bolt.request.async_request import AsyncBoltRequest

from pulse.core.model import Side
from rehearsal.driver import Actor, snapshot
from rehearsal.objects import View
from rehearsal.payloads import values_of
from tests.handlers.conftest import Office

LOADED = "<!channel> <!here|now> *bold* _it_ `code` <https://evil.example|click> <@U00000001> & > @amara"
LONG = "x" * 10_000


class Log(logging.Handler):
    """Everything that is logged, with its exceptions: the project's own events before any filter."""

    def __init__(self, events: list[Any]) -> None:
        super().__init__(logging.DEBUG)
        self.events = events
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record))

    @property
    def text(self) -> str:
        return "\n".join([*self.lines, *(str(event) for event in self.events)])


@pytest.fixture
def log() -> Iterator[Log]:
    with structlog.testing.capture_logs() as events:
        kept = Log(events)
        logging.getLogger().addHandler(kept)
        yield kept
        logging.getLogger().removeHandler(kept)


async def file_of(office: Office) -> list[Any]:
    """All that could have changed."""
    store, wave = office.bot.store, office.bot.workspace.waves.current
    return [
        await store.setup(),
        await store.audit(),
        await store.notes(),
        await store.wishes("manager"),
        await store.known_waves(),
        await office.answered() if wave else None,
    ]


async def opened(office: Office) -> Actor:
    """A person of IT who has answered, in front of an open poll."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[5]
    await office.answer(person, office.it, "4")
    await office.settled()
    return person


VALUES = ["", ":", "::", "OPEN", "OPEN:T01", "OPEN:T01:", "OPEN:T01:99", "OPEN:Z99:4", "OPEN:R01:4",
          "0:T01:4", "1:T01:4", "2:T01:4", "-1:T01:4", "OPEN:T01:4:x", "1e3:T01:4", "٣:T01:4",
          "9" * 40 + ":T01:4", "OPEN:T01:" + LONG[:1900], "0123456789abcdef:T01:4", "OPEN:T01:<!channel>",
          "OPEN:L03:it", "OPEN:T01:4,5"]  # fmt: skip
"""OPEN stands for the token of the open wave."""


async def token_of(office: Office) -> str:
    wave = await office.bot.store.current_wave()
    assert wave is not None
    return wave.token


@pytest.mark.parametrize("value", VALUES)
async def test_a_forged_value_changes_nothing(office: Office, value: str) -> None:
    """Other waves, other questions, options that nobody was offered: a sentence, and the answer stays."""
    person = await opened(office)
    before = await file_of(office)
    forged = snapshot(office.poll(office.it))
    block = next(b for b in forged.blocks if b["block_id"].endswith(":T01"))
    block["elements"][0]["value"] = value.replace("OPEN", await token_of(office))
    await person.tap(forged, block["elements"][0]["action_id"], block=":T01")
    await office.settled()
    assert "othing was changed" in person.private(office.it)[-1].text
    assert await file_of(office) == before
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert await office.answers(person) == {"T01": frozenset({"4"})}


async def test_a_copied_button_answers_only_for_who_presses_it(office: Office) -> None:
    """No value names a person: somebody else's button changes one's own answer alone."""
    person = await opened(office)
    other = office.people(office.it)[6]
    [mine] = person.private(office.it)
    theirs = copy.deepcopy(mine)
    theirs.private_to = other.id
    await other.tap(theirs, "withdraw")
    await office.settled()
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert await office.answers(person) == {"T01": frozenset({"4"})}


@pytest.mark.parametrize("value", ["", "2", "x", "1:2", "9" * 30])
@pytest.mark.parametrize("button", ["withdraw"])
async def test_a_withdrawal_from_another_wave_is_refused(office: Office, button: str, value: str) -> None:
    """Only the open wave's answers can be taken back."""
    person = await opened(office)
    before = await file_of(office)
    forged = copy.deepcopy(person.private(office.it)[-1])
    for block in forged.blocks:
        for element in block.get("elements", []):
            if element.get("action_id") == button:
                element["value"] = value
    await person.tap(forged, button)
    await office.settled()
    assert await file_of(office) == before


async def form_of(office: Office, person: Actor) -> View:
    """The form with all questions, as it was opened."""
    await person.command("/pulse answer", office.it)
    await office.settled()
    assert person.modal is not None
    return person.modal


STATES: dict[str, Any] = {
    "nothing": {},
    "no values": {"values": None},
    "a list": {"values": []},
    "another question": {
        "item:R01": {"choice": {"type": "radio_buttons", "selected_option": {"value": "4"}}}
    },
    "another block": {"evil": {"choice": {"type": "radio_buttons", "selected_option": {"value": "4"}}}},
    "another option": {"item:T01": {"choice": {"type": "radio_buttons", "selected_option": {"value": "99"}}}},
    "two options": {
        "item:T01": {"choice": {"type": "checkboxes", "selected_options": [{"value": "4"}, {"value": "5"}]}}
    },
    "another field": {"item:T01": {"evil": {"type": "radio_buttons", "selected_option": {"value": "4"}}}},
    "an extra field": {
        "item:T01": {
            "choice": {"type": "radio_buttons", "selected_option": {"value": "4"}},
            "more": {"type": "plain_text_input", "value": LOADED},
        }
    },
    "no type": {"item:T01": {"choice": {"selected_option": {"value": "4"}}}},
    "a number": {"item:T01": {"choice": {"type": "radio_buttons", "selected_option": {"value": 4}}}},
    "text": {"item:T01": "4"},
}


async def submit(office: Office, person: Actor, view: View, values: Any) -> Any:
    """A submission exactly as given, past everything that Slack's own client would check."""
    payload = office.slack.payloads.submission(person.person, view, values)
    if isinstance(values, dict) and "values" in values:
        payload["view"]["state"] = values
    delivery = await office.slack.post.send("interactive", payload)
    await office.settled()
    assert delivery.latency is not None
    return delivery.response


@pytest.mark.parametrize("name", [name for name in STATES if name != "nothing"])
async def test_a_forged_form_of_answers_changes_nothing(office: Office, name: str) -> None:
    """Missing, extra and malformed fields are answered with a sentence."""
    person = await opened(office)
    form = await form_of(office, person)
    before = await file_of(office)
    response = await submit(office, person, form, STATES[name])
    assert response["response_action"] == "update"
    assert "changed" in str(response["view"]["blocks"])
    assert await file_of(office) == before


@pytest.mark.parametrize(
    "metadata", ["", "{", "[]", '{"wave": "1"}', '{"wave": true}', '{"wave": 2}', '{"wave": 1, "channel": 5}']
)
async def test_a_form_for_another_wave_changes_nothing(office: Office, metadata: str) -> None:
    """The form names the wave and the channel that it was opened for."""
    person = await opened(office)
    form = copy.deepcopy(await form_of(office, person))
    form.content["private_metadata"] = metadata
    values = {"item:T01": {"choice": {"type": "radio_buttons", "selected_option": {"value": "1"}}}}
    before = await file_of(office)
    response = await submit(office, person, form, values)
    assert "changed" in str(response["view"]["blocks"])
    assert await file_of(office) == before


@pytest.mark.parametrize("channel", ["a" * 5000, "C" * 5000, "c0000", "C1 C2", "<!channel>", "\u202e"])
async def test_a_channel_that_is_no_id_is_no_channel(office: Office, channel: str) -> None:
    """The form opens as if none were known, and the word goes into no call to Slack."""
    person = await opened(office)
    before = await form_of(office, person)
    sent = [each.payload for each in office.slack.post.deliveries.values() if "command" in each.payload]
    trigger = office.slack.workspace.new_trigger(person.id)
    payload = {**sent[-1], "channel_id": channel, "trigger_id": trigger}
    await office.bot.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=payload))
    await office.settled()
    assert person.modal is not None
    assert person.modal.id != before.id
    assert json.loads(person.modal.content["private_metadata"])["channel"] == ""


async def test_a_form_cannot_choose_a_side(office: Office) -> None:
    """Naming the other side's channel in it makes nobody a member there: it counts for one's own side."""
    person = await opened(office)
    other = office.people(office.it)[7]
    form = copy.deepcopy(await form_of(office, other))
    origin = json.loads(form.content["private_metadata"])
    form.content["private_metadata"] = json.dumps({**origin, "channel": office.marketing})
    values = {"item:T01": {"choice": {"type": "radio_buttons", "selected_option": {"value": "1"}}}}
    await submit(office, other, form, values)
    assert person.id != other.id
    answered = await office.answered()
    assert (answered[Side.MARKETING], answered[Side.IT]) == (0, 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.clear(),
        lambda values: values.pop("marketing"),
        lambda values: values.update(evil={"field": {"type": "plain_text_input", "value": LOADED}}),
        lambda values: values.update(marketing={"field": {"selected_conversations": "C1"}}),
        lambda values: values.update(marketing={"field": {"selected_conversations": [1]}}),
        lambda values: values.update(zone={"zone": {"selected_option": {"value": "Nowhere/Land"}}}),
        lambda values: values.update(minimum={"field": {"selected_option": {"value": "2"}}}),
        lambda values: values.update(minimum={"field": {"selected_option": {"value": "-5"}}}),
        lambda values: values.update(items={"field": {"selected_option": {"value": "24"}}}),
        lambda values: values.update(at={"field": {"selected_time": "25:99"}}),
        lambda values: values.update(starts_on={"field": {"selected_date": LOADED}}),
        lambda values: values.update(skip_dates={"field": {"value": LONG}}),
        lambda values: values.update(working_days={"field": {"selected_option": {"value": "1000"}}}),
        lambda values: values.update(reminders={"field": {"selected_option": {"value": "99"}}}),
    ],
)
async def test_a_forged_set_up_changes_nothing(office: Office, change: Any) -> None:
    """Even from a manager: each field is checked when the form comes back."""
    await office.set_up()
    await office.manager.command("/pulse setup", office.marketing)
    await office.settled()
    form = office.manager.modal
    assert form is not None
    before = await file_of(office)
    values = copy.deepcopy(dict(_values(form)))
    change(values)
    response = await submit(office, office.manager, form, {"values": values})
    assert response["response_action"] in ("errors", "update")
    assert await file_of(office) == before


def _values(form: View) -> dict[str, Any]:
    return dict(values_of(form.blocks))


@pytest.mark.parametrize(
    "word",
    ["", "scores", "trend", "baselines", "note", "managers add", "managers", "open", "help", "status", LONG],
)
@pytest.mark.parametrize("rest", [LOADED, LONG], ids=["loaded", "long"])
async def test_what_is_typed_pings_nobody_and_breaks_nothing(office: Office, word: str, rest: str) -> None:
    """Overlong and loaded texts get a reply within Slack's limits, and no part of them is live."""
    await office.set_up()
    said = await office.says(office.manager, f"/pulse {word} {rest}", office.marketing)
    for live in ("<!channel>", "<!here", "<https://evil", "<@U00000001>"):
        assert live not in said.text
        assert live not in str(said.blocks)
    assert len(said.text) < 13_000


async def test_a_loaded_note_is_words_on_every_card(office: Office) -> None:
    """Also where it is shown later, and shared with everybody."""
    await office.set_up()
    await office.says(office.manager, f"/pulse note {LOADED}", office.marketing)
    await office.open()
    for person in office.people(office.it)[:12]:
        await office.answer(person, office.it, "4")
    await office.close()
    card = await office.says(office.manager, "/pulse trend T01", office.marketing)
    await office.manager.tap(card, "share")
    await office.settled()
    for text in (office.posted(office.marketing)[-1].text, str(office.posted(office.marketing)[-1].blocks)):
        assert "<!channel>" not in text
        assert "<https://evil" not in text


@pytest.mark.parametrize(
    "value", ["", "scores:" + LONG[:1900], "trend:<!channel>", "evil:T01", "baselines:" + LOADED, "details"]
)
async def test_a_forged_share_posts_nothing(office: Office, value: str) -> None:
    """Only what a card of ours names can be shared; the reply to anything else is private."""
    reader = office.people(office.it)[0]
    card = copy.deepcopy(await office.says(reader, "/pulse baselines", office.it))
    button = next(b for b in card.blocks if b["type"] == "actions")["elements"][0]
    button["value"] = value
    await reader.tap(card, "share")
    await office.settled()
    assert office.posted(office.it) == []


@pytest.mark.parametrize("value", ["", "1", "999", "x", LONG[:1900]])
async def test_details_of_what_is_not_closed_are_refused(office: Office, value: str) -> None:
    """The open wave has no details, nor has one that never was."""
    person = await opened(office)
    forged = copy.deepcopy(office.poll(office.it))
    button = next(b for b in forged.blocks if b["type"] == "actions")["elements"][0]
    button["action_id"], button["value"] = "results_details", value
    await person.tap(forged, "results_details")
    await office.settled()
    assert person.modal is None


async def test_the_log_names_no_respondent(office: Office, log: Log) -> None:
    """Through taps, forms, refusals, failures of Slack and of the program, and a close."""
    person = await opened(office)
    people = [*office.people(office.it), *office.people(office.marketing)]
    for each in people[:8]:
        await office.answer(each, office.it if each in office.people(office.it) else office.marketing, "5")
    guest = office.slack.actor("greta")
    await office.answer(guest, office.marketing, "4")
    await submit(office, person, await form_of(office, person), STATES["another option"])
    office.slack.fail("views.publish", "internal_error", times=9)
    await person.open_home()
    await office.says(person, "/pulse note secret", office.it)
    office.bot.workspace.answering._waves = None  # type: ignore[assignment] # so that everything fails
    await office.answer(person, office.it, "1")
    await office.settled()
    assert "went wrong" in person.private(office.it)[-1].text
    assert "unexpected error" in log.text
    named = [each.id for each in [*people, guest] if each.id in log.text]
    assert named == []


async def test_an_error_that_no_listener_caught_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    """The last net: one sentence to the person, the kind of the error to the log, and nothing else."""
    person = await opened(office)
    monkeypatch.setattr(office.bot.surfaces.counts, "touch", lambda: {}["a secret of " + person.id])
    await office.answer(person, office.it, "1")
    await office.settled()
    assert "went wrong" in person.private(office.it)[-1].text
    assert "KeyError" in log.text
    assert "a secret" not in log.text
