"""Questions to managers about messages when nobody knows whether they were posted."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from pulse.core.alert import InDoubt, Posted, PostedAgain
from pulse.core.errors import BadRequest
from pulse.core.language import N_, _
from pulse.views.blocks import actions, button, message, plain, section
from pulse.views.message import Message, View
from pulse.views.problems import Problem, problems

STANDS = "doubt_stands"
CALLBACK = "doubt_link"
FIELD = "link"

_LINK = re.compile(
    r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)*\.slack\.com/archives/([A-Z0-9]+)/p([0-9]{10})([0-9]{6})(?:\?([^#\s]*))?"
)
"""A message's link as Slack's client copies it: the channel, and the message's ts without its point."""

_DOUBTS = {
    Posted.POLL: N_(
        "I do not know whether the poll stands in {channel}: Slack’s answer was lost, and I may not read the"
        " channel’s history."
    ),
    Posted.RESULTS: N_(
        "I do not know whether the results stand in {channel}: Slack’s answer was lost, and I may not read"
        " the channel’s history."
    ),
    Posted.REPORT: N_(
        "I do not know whether the quarter’s report stands in {channel}: Slack’s answer was lost, and I may"
        " not read the channel’s history."
    ),
    Posted.COMMITMENT: N_(
        "I do not know whether my message about a commitment stands in {channel}: Slack’s answer was lost,"
        " and I may not read the channel’s history."
    ),
    Posted.ANNOUNCEMENT: N_(
        "I do not know whether my message about the channels of the pulse stands in {channel}: Slack’s answer"
        " was lost, and I may not read the channel’s history."
    ),
}

_WHAT_TO_DO = {
    Posted.POLL: N_(
        "Look there. If it stands, press *It is there*; the first tap on it tells me, too. If it does not,"
        " press *Post it again*; should both stand, answers to either count."
    ),
    **dict.fromkeys(
        (Posted.RESULTS, Posted.REPORT),
        N_(
            "Look there. If it stands, press *It is there*, or any button under it. If it does not, press"
            " *Post it again*."
        ),
    ),
    **dict.fromkeys(
        (Posted.COMMITMENT, Posted.ANNOUNCEMENT),
        N_("Look there. If it stands, press *It is there*. If it does not, press *Post it again*."),
    ),
}


class LinkFault(BadRequest):
    """What a manager gave as a message's link is not the link of that message."""


def in_doubt(doubt: InDoubt) -> Message:
    """Asks managers whether a message was posted. The buttons carry its key, and nobody's name."""
    named = {"channel": f"<#{doubt.channel}>"}
    found = problems([Problem(_(_DOUBTS[doubt.what]).format(**named), _(_WHAT_TO_DO[doubt.what]))])
    there = button(_("It is there"), STANDS, value=doubt.outbox_key)
    again = button(_("Post it again"), "manage:post_again", value=doubt.outbox_key)
    return Message(found.text, [*found.blocks, actions([there, again])])


def link_form(doubt: InDoubt) -> View:
    """Asks for the link of a message that was posted."""
    said = _("Then I need its link, from {channel}: open the message’s menu there and choose *Copy link*.")
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": doubt.outbox_key,
        "title": plain(_("Is it there?")),
        "submit": plain(_("It is there")),
        "close": plain(_("Cancel")),
        "blocks": [
            section(said.format(channel=f"<#{doubt.channel}>")),
            {
                "type": "input",
                "block_id": FIELD,
                "label": plain(_("Link of the message")),
                "element": {"type": "plain_text_input", "action_id": FIELD},
            },
        ],
    }


def parse_link(typed: str, channel: str) -> str:
    """The ts of the message to which a link leads. Raises LinkFault if it cannot be in that channel.

    >>> parse_link("https://acme.slack.com/archives/C1/p1772528400000200", "C1")
    '1772528400.000200'
    """
    found = _LINK.fullmatch(typed.strip())
    if found is None:
        raise LinkFault(
            _(
                "That is not the link of a message in Slack. Please open the message’s menu, choose Copy link"
                " and paste it here."
            )
        )
    where, seconds, fraction, query = found.groups()
    asked = parse_qs(query or "")
    if where != channel or asked.get("cid", [channel]) != [channel]:
        raise LinkFault(_("That link leads to another channel. Please copy the one of my message there."))
    ts = f"{seconds}.{fraction}"
    if asked.get("thread_ts", [ts]) != [ts]:
        raise LinkFault(_("That link leads to a reply in a thread. Please copy that of my message."))
    return ts


def another_message() -> str:
    return _("That is the link of another message of mine. Please copy the one of the message in question.")


def settled(doubt: InDoubt) -> Message:
    """Thanks for the link."""
    said = _("Thank you. I have noted that it stands in {channel}.")
    return message([section(said.format(channel=f"<#{doubt.channel}>"))])


def posted_again(again: PostedAgain | None) -> Message:
    """What comes of *Post it again*; None if nothing was in doubt any more."""
    if again is None:
        return nothing_in_doubt()
    if again.closed:
        return message([section(_("That pulse has closed meanwhile, so its poll is not posted again."))])
    channel = f"<#{again.doubts[0].channel}>"
    return message([section(_("I post it again in {channel}.").format(channel=channel))])


def nothing_in_doubt() -> Message:
    return message([section(_("That message is not in doubt any more, so nothing was changed."))])
