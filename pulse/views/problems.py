"""What a manager must fix, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulse.core.language import N_, _, ngettext
from pulse.views.blocks import message, section
from pulse.views.message import Message, escape


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a manager must fix: what is wrong, and how to fix it, as whole sentences in mrkdwn."""

    what: str
    fix: str


def problems(found: Sequence[Problem]) -> Message:
    """What a manager must fix, and how."""
    return message(
        [section(_("*The pulse needs a hand from a manager.*")), *(section(problem_text(p)) for p in found)]
    )


def problem_text(problem: Problem) -> str:
    return _("⚠️ {what}\n*What to do:* {fix}").format(what=problem.what, fix=problem.fix)


def poll_gone(channel: str) -> Problem:
    """A poll that was deleted twice: it is not posted a third time."""
    return Problem(
        _("The poll in {channel} was deleted twice, and I do not post it again.").format(
            channel=f"<#{channel}>"
        ),
        _("People can still answer with `/pulse answer` until the pulse closes."),
    )


def second_copy() -> Problem:
    """Somebody else is connected as this app."""
    return Problem(
        _("Another copy of this app is connected. Slack sends it some of the answers, and those are lost."),
        _(
            "Stop the other copy. If nobody knows of one, make a new app-level token, put it into"
            " `SLACK_APP_TOKEN`, revoke the old one, and start me again."
        ),
    )


def people_left_out(count: int) -> Problem:
    """People in channels of both sides whom no manager has assigned yet."""
    what = ngettext(
        "{count} person is in channels of both sides and is not asked.",
        "{count} people are in channels of both sides and are not asked.",
        count,
    )
    return Problem(
        what.format(count=count),
        _("Choose in `/pulse setup` for which side they count. It takes effect with the next pulse."),
    )


def lost_key() -> Problem:
    """Nobody can read or take answers to the open wave."""
    return Problem(
        _(
            "The key of the open pulse is lost, so its answers can neither be read nor taken. Closed pulses"
            " are not touched."
        ),
        _(
            "Call the pulse off with `/pulse close` and open another. If somebody moved the key folder, put"
            " it back: I look for the key at each answer."
        ),
    )


def key_not_destroyed() -> Problem:
    """A closed wave's key is still on the disk."""
    return Problem(
        _(
            "The key of a closed pulse could not be destroyed. Until it is, whoever has the server and a"
            " copy of the database from before the close could read its answers."
        ),
        _(
            "Ask whoever runs the server to make the key folder writable for me: `python bot.py doctor` names"
            " it. I try again every minute."
        ),
    )


_CHANNEL_PROBLEMS = {
    "not_in_channel": (
        N_("I am not in {channel}."),
        N_("Open {channel} and type `/invite @` followed by my name."),
    ),
    "channel_not_found": (
        N_("I cannot find {channel}: it was deleted, or it is private and I was removed from it."),
        N_("Invite me there again, or choose another channel in `/pulse setup`."),
    ),
    "is_archived": (
        N_("{channel} is archived."),
        N_("Bring it back from the archive, or choose another channel in `/pulse setup`."),
    ),
    "restricted_action": (
        N_("I am not allowed to post in {channel}."),
        N_("Let apps post there in the channel’s settings, or choose another channel in `/pulse setup`."),
    ),
    "unknown_outcome": (
        N_(
            "I do not know whether one of my messages stands in {channel}: Slack’s answer was lost, and I may"
            " not read the channel’s history."
        ),
        N_("My direct message says which one and asks: press *It is there* or *Post it again* in it."),
    ),
    "shared": (
        N_("{channel} is shared with another company, and its people see what I post there."),
        N_(
            "They are not asked and not counted. Choose a channel of your own in `/pulse setup`, or stop"
            " sharing this one."
        ),
    ),
    "unreachable": (
        N_("Slack did not answer about {channel}."),
        N_("I try again by myself. If it stays so, look at Slack’s status page."),
    ),
    "missing_scope": (
        N_("Slack does not give me the permission that {channel} needs."),
        N_("Reinstall the app in Slack’s app settings, so that it gets all permissions of its manifest."),
    ),
}


def channel_problem(channel: str, code: str) -> Problem:
    """Why Slack refuses a channel (an id) with `code`, and how to fix it."""
    what, fix = _CHANNEL_PROBLEMS.get(
        code,
        (
            N_("Slack refuses what I try to post in {channel} (it says `{code}`)."),
            N_(
                "I keep trying while the pulse is open. If it stays so, choose another channel in `/pulse "
                "setup`."
            ),
        ),
    )
    named = {"channel": f"<#{channel}>", "code": escape(code)}
    return Problem(_(what).format(**named), _(fix).format(**named))
