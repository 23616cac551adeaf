"""The Home tab: what everybody reads, what one person answered, what managers can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pulse.core.audit import AuditCode, AuditEntry, AuditEvent
from pulse.core.cards import ChannelStatus, HomeCard, LastResults, ManagerCard, OpenPulse, Turnout
from pulse.core.model import Side
from pulse.views.home import home_view
from rehearsal.blockkit import view_problems
from tests.golden import golden
from tests.views.examples import CLOSES, HOSTILE, OPENS, WAVE
from tests.views.kinds import kinds

ANSWERS = {"T01": frozenset({"4"}), "L03": frozenset({"it", "ceo"})}
PULSE = OpenPulse(
    wave_id="7",
    closes_at=CLOSES,
    items=WAVE,
    side=Side.IT,
    turnout=Turnout(roster=12, answered=7),
    answers=ANSWERS,
)
QUIET = kinds()["quiet"]
RESULTS = LastResults(report=QUIET, items=QUIET.items)
MANAGER = ManagerCard(
    schedule="Every Tuesday at 09:00 (Europe/Berlin), open for 3 working days",
    channels=(
        ChannelStatus(channel="C1", side=Side.MARKETING),
        ChannelStatus(channel="C2", side=Side.IT, problem="not_in_channel"),
        ChannelStatus(channel="C3", side=None),
    ),
    changes=(
        AuditEntry(at=OPENS, event=AuditEvent(code=AuditCode.NOTE_MADE)),
        AuditEntry(at=CLOSES, event=AuditEvent(code=AuditCode.SET_UP)),
    ),
)
CARD = HomeCard(minimum=5, set_up=True, open=PULSE, results=RESULTS, opens_at=OPENS)
CROWDED = replace(
    CARD,
    may_manage=True,
    results=replace(RESULTS, items=QUIET.items * 10),
    manager=replace(
        MANAGER,
        channels=tuple(
            ChannelStatus(channel=f"C{number}", side=side, problem="is_archived")
            for side in (*Side, None)
            for number in range(20)
        ),
    ),
)

VARIANTS = {
    "home_open": CARD,
    "home_open_unanswered": replace(
        CARD, open=replace(PULSE, answers=None, turnout=Turnout(roster=12, answered=None))
    ),
    "home_open_outside": replace(
        CARD, open=OpenPulse(wave_id="7", closes_at=CLOSES, outside="You are in <none> of its channels.")
    ),
    "home_between": replace(CARD, open=None),
    "home_empty": replace(CARD, open=None, results=replace(RESULTS, empty=date(2026, 10, 22))),
    "home_first": HomeCard(minimum=5, set_up=True, opens_at=OPENS),
    "home_paused": replace(CARD, open=None, paused=True),
    "home_manager_open": replace(CARD, may_manage=True, manager=MANAGER),
    "home_manager_between": replace(CARD, open=None, may_manage=True, manager=MANAGER),
    "home_manager_paused": replace(CARD, open=None, may_manage=True, manager=MANAGER, paused=True),
    "home_manager_unplanned": replace(CARD, open=None, may_manage=True, manager=MANAGER, opens_at=None),
    "home_not_set_up": HomeCard(minimum=5, set_up=False),
    "home_not_set_up_manager": HomeCard(minimum=5, set_up=False, may_manage=True),
}


def buttons(card: HomeCard) -> list[dict[str, Any]]:
    rows = [block for block in home_view(card)["blocks"] if block["type"] == "actions"]
    return [element for row in rows for element in row["elements"]]


def managing(card: HomeCard) -> list[str]:
    return [each["action_id"] for each in buttons(card) if each["action_id"].startswith("manage:")]


@pytest.mark.parametrize("name", VARIANTS)
def test_home_reads_as_agreed_and_slack_takes_it(name: str) -> None:
    """Each variant is what was read and kept, and within Slack's limits."""
    view = home_view(VARIANTS[name])
    assert view_problems(view) == []
    golden(name, view)


def test_a_crowded_home_keeps_within_slacks_limits() -> None:
    """Sixty archived channels and forty questions still make one view, with every channel in it."""
    view = home_view(CROWDED)
    assert view_problems(view) == []
    assert str(view).count("is archived.") == 60


def test_the_open_pulse_is_answered_in_place() -> None:
    """The buttons are those of the poll, and what was chosen stands out."""
    row = next(block for block in home_view(CARD)["blocks"] if block.get("block_id") == "poll:7:T01")
    assert [each["value"] for each in row["elements"]] == [
        f"7:T01:{key}" for key in ("1", "2", "3", "4", "5", "cannot_say")
    ]
    assert [each["value"] for each in row["elements"] if each.get("style") == "primary"] == ["7:T01:4"]


def test_own_answers_are_shown_and_can_be_withdrawn_only_where_there_are_some() -> None:
    """With an answer there is a way to withdraw it; without one there is nothing to withdraw."""
    assert "→ *IT or the CIO*, *The CEO*" in str(home_view(CARD))
    assert "withdraw" in [each["action_id"] for each in buttons(CARD)]
    assert "withdraw" not in [each["action_id"] for each in buttons(VARIANTS["home_open_unanswered"])]


def test_somebody_outside_both_sides_gets_no_buttons_to_answer() -> None:
    """They learn whom the pulse asks, and nothing to press that would be refused."""
    pressed = [each["action_id"] for each in buttons(VARIANTS["home_open_outside"])]
    assert [action for action in pressed if not action.startswith("results_")] == ["privacy"]


def test_a_count_under_the_minimum_is_not_shown() -> None:
    """Home hides it as the poll does."""
    shy = replace(CARD, open=replace(PULSE, turnout=Turnout(roster=12, answered=3)))
    assert "Fewer than 5 of 12 have answered so far." in str(home_view(shy))


def test_only_a_manager_sees_what_managers_do() -> None:
    """Without the role neither the buttons nor the state of the channels are there."""
    plain = home_view(replace(CARD, manager=MANAGER, may_manage=False))
    assert plain == home_view(CARD)
    assert managing(CARD) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("home_manager_open", ["manage:close", "manage:skip", "manage:pause", "manage:setup"]),
        ("home_manager_between", ["manage:open", "manage:skip", "manage:pause", "manage:setup"]),
        ("home_manager_paused", ["manage:open", "manage:resume", "manage:setup"]),
        ("home_manager_unplanned", ["manage:open", "manage:pause", "manage:setup"]),
        ("home_not_set_up_manager", ["manage:setup"]),
    ],
)
def test_managers_get_the_buttons_that_can_be_used_now(name: str, expected: list[str]) -> None:
    """A button that would only be refused is not offered."""
    assert managing(VARIANTS[name]) == expected


def test_what_counts_for_everybody_asks_first_and_means_what_was_shown() -> None:
    """Opening, closing and skipping ask; on an old page, close and skip still mean the pulse they showed."""
    found = {each["action_id"]: each for name in VARIANTS for each in buttons(VARIANTS[name])}
    final = ["manage:open", "manage:close", "manage:skip", "withdraw"]
    assert [action for action in final if "confirm" not in found[action]] == []
    assert found["manage:close"]["value"] == "7"
    assert found["manage:skip"]["value"] == OPENS.isoformat()


def test_the_dashboard_has_each_question_now_before_and_beside_its_study() -> None:
    """The last four pulses are counts, a hidden one is named, and a question asked earlier has its day."""
    item = kinds()["change"].items[0]
    older = replace(kinds()["one_side"].items[1], recent=kinds()["one_side"].items[1].recent[:-3])
    view = str(home_view(replace(CARD, results=replace(RESULTS, items=(item, older)))))
    assert "· before: 4 of 12, 4 of 12, 9 of 12, 9 of 12" in view
    assert "*Collaboration: “About right”* · 1 October" in view


def test_typed_text_stays_text() -> None:
    """A company's own wording pings nobody from the Home tab."""
    assert "<!channel>" not in str(home_view(replace(CARD, open=replace(PULSE, items=(HOSTILE,)))))
