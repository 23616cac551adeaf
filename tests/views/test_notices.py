"""What one person is told: exact, private, and nothing that they may not know."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from handlers.commands import HELP
from pulse.core.audit import AuditCode, AuditEntry, AuditEvent
from pulse.core.cards import OwnAnswers, PrivacyCard, StatusCard, Turnout
from pulse.core.errors import AnswerElsewhere, ManagersOnly
from pulse.core.model import Side
from pulse.views import command_help, managing, notices, privacy_page, problems
from pulse.views.message import Message
from rehearsal.blockkit import message_problems
from tests.golden import golden
from tests.views.examples import CLOSES, HOSTILE, OPENS, WAVE

SOME = {"T01": frozenset({"4"}), "L03": frozenset({"it", "ceo"})}
OWN = OwnAnswers(wave_id="7", side=Side.IT, items=WAVE, answers=SOME)
OPEN = StatusCard(
    minimum=5,
    closes_at=CLOSES,
    turnout={Side.MARKETING: Turnout(roster=14, answered=9), Side.IT: Turnout(roster=12, answered=None)},
    opens_at=OPENS,
)

WRITTEN = AuditEvent(code=AuditCode.AS_WRITTEN, values={"text": "A manager made a note <!channel>."})
CHANGES = (
    AuditEntry(at=CLOSES, event=WRITTEN),
    AuditEntry(at=OPENS, event=AuditEvent(code=AuditCode.SET_UP)),
)
VARIANTS = {
    "exported": managing.exported(("pulse-scores.csv", "pulse.json")),
    "shared": notices.shared(),
    "withdrawn": notices.withdrawn(CLOSES),
    "refusal": notices.refusal("This pulse is closed. `/pulse scores` shows the results."),
    "help": command_help.help_message(HELP),
    "unknown_near": command_help.unknown_command("scoers", HELP),
    "unknown_far": command_help.unknown_command("xyzzy", HELP),
    "privacy_between": privacy_page.privacy(PrivacyCard(minimum=5)),
    "privacy_open": privacy_page.privacy(PrivacyCard(minimum=5, closes_at=CLOSES)),
    "privacy_own": privacy_page.privacy(PrivacyCard(minimum=5, closes_at=CLOSES, own=OWN)),
    "privacy_minimum_12": privacy_page.privacy(PrivacyCard(minimum=12)),
    "status_open": notices.status(OPEN),
    "status_unanswered": notices.status(replace(OPEN, own=(0, 4))),
    "status_begun": notices.status(replace(OPEN, own=(2, 4))),
    "status_answered": notices.status(replace(OPEN, own=(4, 4))),
    "refusal_elsewhere": notices.refusal(AnswerElsewhere("Nothing was saved.", ("C1", "C2"))),
    "left_out": problems.problems([problems.people_left_out(3)]),
    "status_manager": notices.status(replace(OPEN, changes=CHANGES)),
    "status_not_set_up": notices.status(StatusCard(minimum=5, set_up=False)),
    "refusal_managers": notices.refusal(ManagersOnly("Only managers can do this.", ("U1", "U2"))),
    "status_paused": notices.status(StatusCard(minimum=5, opens_at=OPENS, paused=True)),
    "status_planned": notices.status(StatusCard(minimum=5, opens_at=OPENS)),
    "status_nothing": notices.status(StatusCard(minimum=5)),
    "greeting_manager": notices.greeting(manager=True),
    "greeting_other": notices.greeting(manager=False),
    "problems": problems.problems(
        [problems.channel_problem("C1", "not_in_channel"), problems.channel_problem("C2", "ratelimited")]
    ),
    "wave_opened": managing.wave_opened(["C1", "C2"], CLOSES),
    "wave_closed": managing.wave_closed(["C1", "C2"]),
    "wave_skipped": managing.wave_skipped(CLOSES, OPENS),
    "wave_missed": managing.wave_missed(CLOSES, None),
    "paused": managing.paused(),
    "resumed": managing.resumed(OPENS),
    "set_up": managing.set_up(OPENS),
    "set_up_unplanned": managing.set_up(None),
    "note_kept": managing.note_kept("New ticket desk <!channel>"),
    "managers_list": managing.managers_list(["U100"]),
    "managers_list_unmet": managing.managers_list(["U100"], unmet=2),
    "managers_list_one_unmet": managing.managers_list([], unmet=1),
    "managers_list_none": managing.managers_list([]),
}


def ids(message: Message) -> list[str]:
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row["elements"]]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_notice_reads_as_agreed_and_slack_takes_it(name: str) -> None:
    """Each notice is what was read and kept, and within Slack's limits."""
    message = VARIANTS[name]
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    golden(f"notice_{name}", message)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_text_of_a_notice_is_whole(name: str) -> None:
    """Whatever the blocks say is in the text that screen readers and notifications read."""
    message = VARIANTS[name]
    said = [block["text"]["text"] for block in message.blocks if block["type"] in ("section", "header")]
    said += [
        each["text"] for block in message.blocks if block["type"] == "context" for each in block["elements"]
    ]
    assert [line for line in said if line not in message.text] == []


def test_withdrawing_asks_first() -> None:
    """A withdrawal cannot happen by a slip of the finger."""
    [row] = [block for block in VARIANTS["privacy_own"].blocks if block["type"] == "actions"]
    assert "confirm" in row["elements"][1]


def test_a_button_names_the_wave_and_nobody() -> None:
    """Nothing about a person or an answer is in a button's value."""
    [row] = [block for block in VARIANTS["privacy_own"].blocks if block["type"] == "actions"]
    assert [button["value"] for button in row["elements"]] == ["7", "7"]


def test_own_answers_list_the_full_label_of_each_choice() -> None:
    """Several choices are listed in the order of the question; an open question says so."""
    text = VARIANTS["privacy_own"].text
    assert "→ *IT or the CIO*, *The CEO*" in text
    assert text.count("_not answered yet_") == 2


def test_help_has_every_command_once_and_marks_those_of_managers() -> None:
    """Everybody's commands come first, the managers' under their own heading."""
    everybody, managers = VARIANTS["help"].text.split("*Managers*")
    found = re.compile(r"`/pulse (\w+)")
    assert found.findall(everybody) == [c.word for c in HELP if not c.manager]
    assert found.findall(managers.split("A [question]")[0]) == [c.word for c in HELP if c.manager]


def test_help_offers_only_what_is_there() -> None:
    """A command that the bot does not have is neither listed nor suggested."""
    known = [command for command in HELP if command.word in {"scores", "help", "setup"}]
    assert re.findall(r"`/pulse (\w+)", command_help.help_message(known).text) == [
        "scores",
        "help",
        "setup",
        "scores",
    ]
    assert "Did you mean" not in command_help.unknown_command("trends", known).text


def test_help_fits_a_phone() -> None:
    """No line of the help is longer than two lines of a phone."""
    assert [line for line in VARIANTS["help"].text.split("\n") if len(line) > 80] == []


def test_a_mistyped_command_gets_the_nearest_one() -> None:
    """The case does not matter; a word that is near to none gets the help alone."""
    assert "Did you mean `/pulse scores`?" in command_help.unknown_command("SCOERS", HELP).text
    assert "Did you mean" not in VARIANTS["unknown_far"].text


@pytest.mark.parametrize("typed", ["<!channel>", "`<!here>`", "x" * 10_000, "", "&<>"])
def test_a_hostile_command_word_stays_text(typed: str) -> None:
    """What was typed is cut and escaped before it is repeated."""
    message = command_help.unknown_command(typed, HELP)
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    assert "<!" not in message.text
    assert "x" * 41 not in message.text


def test_typed_text_pings_nobody() -> None:
    """Notes, own items and the words of an error are escaped."""
    said = [
        managing.note_kept("<!channel>").text,
        notices.refusal("<!channel>").text,
        notices.own_answers([HOSTILE], Side.IT, {}),
    ]
    assert [text for text in said if "<!channel>" in text] == []


def test_privacy_shows_a_persons_own_answers_only_while_they_are_stored() -> None:
    """Own answers, with the buttons to change or withdraw them, while the wave is open; never after."""
    assert "→ *Agree*" in VARIANTS["privacy_own"].text
    assert ids(VARIANTS["privacy_own"]) == ["answer_all", "withdraw"]
    assert ids(VARIANTS["privacy_open"]) == ids(VARIANTS["privacy_between"]) == []
    assert (
        "none of your answers is stored"
        in privacy_page.privacy(PrivacyCard(minimum=5, closes_at=None, own=OWN)).text
    )


def test_privacy_claims_no_more_than_holds() -> None:
    """It says who could look before the close, what one joiner risks, and that Slack carries the taps."""
    text = VARIANTS["privacy_between"].text
    assert "holds both the entries and the key" in text
    assert "one person joins or leaves" in text
    assert "Slack carries your taps" in text


def test_privacy_tells_the_minimum_that_is_set() -> None:
    """A raised minimum leaves no band of 5 to 9."""
    assert "• fewer than 12 answers: nothing" in VARIANTS["privacy_minimum_12"].text
    assert "to 9:" not in VARIANTS["privacy_minimum_12"].text
    assert "• from 12:" in VARIANTS["privacy_minimum_12"].text
    assert "• 5 to 9:" in VARIANTS["privacy_between"].text


def test_status_hides_a_count_under_the_minimum() -> None:
    """Per side, how many have answered, or that they are too few to say."""
    text = VARIANTS["status_open"].text
    assert "Marketing: 9 of 14 have answered so far." in text
    assert "IT: Fewer than 5 of 12 have answered so far." in text


@pytest.mark.parametrize(
    "code", ["not_in_channel", "channel_not_found", "is_archived", "missing_scope", "other"]
)
def test_every_problem_with_a_channel_names_the_channel_or_its_fix(code: str) -> None:
    """A manager can act on it without knowing Slack's words."""
    problem = problems.channel_problem("C1", code)
    assert "<#C1>" in problem.what
    assert problem.fix != ""


def test_only_a_manager_is_offered_the_set_up() -> None:
    """The button is for those who may press it."""
    assert ids(VARIANTS["greeting_manager"]) == ["setup_open"]
    assert ids(VARIANTS["greeting_other"]) == []


def test_no_word_of_ours_reaches_a_reader() -> None:
    """Words of the code do not appear in any text."""
    jargon = re.compile(r"\b(outbox|roster|HMAC|wave|baseline row|cadence|payload|modal)\b", re.IGNORECASE)
    assert [name for name, message in VARIANTS.items() if jargon.search(message.text)] == []
