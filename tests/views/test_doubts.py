"""Questions to managers about messages that were perhaps posted, and the links that settle them."""

from __future__ import annotations

import pytest

from pulse.core.alert import UNKNOWN_OUTCOME, InDoubt, Posted, PostedAgain, doubt_about
from pulse.core.records import MessageState, OutboxMessage
from pulse.views import doubts
from rehearsal.blockkit import message_problems, view_problems
from tests.golden import golden

KEYS = {
    Posted.POLL: "poll:0123456789abcdef:C1",
    Posted.RESULTS: "results:0123456789abcdef:C1",
    Posted.REPORT: "report:0123456789abcdef:C1",
    Posted.ANNOUNCEMENT: "channels:2026-03-03T09:00:00+00:00:C1",
    Posted.COMMITMENT: "commitment.7:C1",
}
LINK = "https://acme.slack.com/archives/C1/p1772528400000200"


def doubt(what: Posted) -> InDoubt:
    return InDoubt(outbox_key=KEYS[what], what=what, channel="C1")


def again(*, closed: bool) -> PostedAgain:
    return PostedAgain(doubts=(doubt(Posted.POLL),), closed=closed)


@pytest.mark.parametrize("what", Posted)
def test_a_question_reads_as_agreed_and_slack_takes_it(what: Posted) -> None:
    """It names what is in doubt, where, and what to do."""
    message = doubts.in_doubt(doubt(what))
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    golden(f"doubt_{what}", message)


def test_the_form_for_the_link_reads_as_agreed_and_slack_takes_it() -> None:
    """It carries the message's key and nobody's name."""
    view = doubts.link_form(doubt(Posted.POLL))
    assert view_problems(view) == []
    golden("doubt_link", view)


def test_what_managers_are_told_after_a_press() -> None:
    """Each outcome has a sentence."""
    said = {
        "settled": doubts.settled(doubt(Posted.POLL)).text,
        "posted_again": doubts.posted_again(again(closed=False)).text,
        "closed": doubts.posted_again(again(closed=True)).text,
        "over": doubts.posted_again(None).text,
    }
    golden("doubt_answers", said)


@pytest.mark.parametrize(
    "link",
    [
        LINK,
        f"  {LINK}\n",
        "https://acme-berlin.enterprise.slack.com/archives/C1/p1772528400000200",
        f"{LINK}?thread_ts=1772528400.000200&cid=C1",
        f"{LINK}?cid=C1",
    ],
)
def test_a_link_as_slack_copies_it_is_read(link: str) -> None:
    """From workspaces and organizations, of a message with or without a thread under it."""
    assert doubts.parse_link(link, "C1") == "1772528400.000200"


@pytest.mark.parametrize(
    "link",
    [
        "",
        "1772528400.000200",
        LINK.replace("https", "http"),
        LINK.replace("C1", "C2"),
        LINK.replace("acme.slack.com", "slack.com"),
        LINK.replace("acme.slack.com", "acme.slack.com.example.org"),
        LINK.replace("acme.slack.com", "example.org/acme.slack.com"),
        LINK.replace("acme", "user@acme"),
        f"{LINK}0",
        LINK[:-1],
        LINK.replace("p1", "p٣"),
        f"{LINK}#x",
        f"{LINK}/",
        f"{LINK} and more",
        f"{LINK}?thread_ts=1772528400.000100",
        f"{LINK}?cid=C2",
        f"{LINK}?cid=C1&cid=C2",
        f"<{LINK}>",
    ],
)
def test_anything_else_is_refused(link: str) -> None:
    """A link to another channel, a reply, a file or nothing at all."""
    with pytest.raises(doubts.LinkFault):
        doubts.parse_link(link, "C1")


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("poll", Posted.POLL),
        ("results", Posted.RESULTS),
        ("report", Posted.REPORT),
        ("welcome", Posted.ANNOUNCEMENT),
        ("channels", Posted.ANNOUNCEMENT),
        ("commitment.7", Posted.COMMITMENT),
        ("withdrawn:commitment.7", Posted.COMMITMENT),
    ],
)
def test_every_kind_of_message_can_be_in_doubt(kind: str, what: Posted) -> None:
    """While it may have been sent and nobody can look."""
    assert doubt_about(queued(kind)) == InDoubt(outbox_key=f"{kind}:C1", what=what, channel="C1")


def test_what_waits_for_another_message_or_for_slack_is_not_in_doubt() -> None:
    """Managers are asked only what they can answer."""
    others = [
        queued("closing"),
        queued("poll", problem="unreachable"),
        queued("poll", state=MessageState.DUE),
        queued("poll", state=MessageState.FAILED),
    ]
    assert [doubt_about(message) for message in others] == [None] * 4


def queued(
    kind: str, *, state: MessageState = MessageState.SENDING, problem: str = UNKNOWN_OUTCOME
) -> OutboxMessage:
    return OutboxMessage(
        key=f"{kind}:C1",
        wave_id=None,
        kind=kind,
        channel="C1",
        state=state,
        ts=None,
        attempts=1,
        problem=problem,
    )
