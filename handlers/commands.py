"""`/pulse` and the word after it. Whatever it answers only its user sees."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.answers import show_form
from handlers.managing import MANAGING
from handlers.replies import answering, privately, told
from handlers.setup import show_setup
from pulse.core.language import _
from pulse.services.workspace import Workspace
from pulse.views import notices
from pulse.views.message import Message

Looking = Callable[[Workspace, str, str], Awaitable[Message]]


async def scores(services: Workspace, _user: str, rest: str) -> Message:
    return await services.desk.scores(rest)


async def trend(services: Workspace, _user: str, rest: str) -> Message:
    return await services.desk.trend(rest)


async def baselines(services: Workspace, _user: str, rest: str) -> Message:
    return services.desk.baselines(rest)


async def power(services: Workspace, _user: str, _rest: str) -> Message:
    return services.desk.power()


async def privacy(services: Workspace, user: str, _rest: str) -> Message:
    return notices.privacy(services.desk.privacy(user))


async def status(services: Workspace, user: str, _rest: str) -> Message:
    return notices.status(await services.desk.status(user))


async def help_(_services: Workspace, _user: str, _rest: str) -> Message:
    return notices.help_message(COMMANDS)


LOOKING: Mapping[str, Looking] = {
    "": scores,
    "scores": scores,
    "trend": trend,
    "baselines": baselines,
    "power": power,
    "privacy": privacy,
    "status": status,
    "help": help_,
}
SHOWING = ("answer", "setup")
"""These open a window, for which Slack's trigger lives 3 s."""

COMMANDS = frozenset(LOOKING) | frozenset(MANAGING) | frozenset(SHOWING)


def register(app: AsyncApp, services: Workspace) -> None:
    async def pulse(ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        word, _space, rest = " ".join(str(command.get("text") or "").split()).partition(" ")
        user, word = command["user_id"], word.casefold()
        if word in SHOWING:
            services.after.later(_show(services, word, command, respond))
            return
        if word != "managers":  # which needs the ids
            word, rest = typed(word), typed(rest)
        services.after.later(answering(respond, _answer(services, user, word, rest)))

    app.command("/pulse")(pulse)


def typed(text: str) -> str:
    """What somebody typed, out of what Slack makes of it: it escapes `&<>` and adds ids to names.

    >>> typed("R&amp;D with <@U012ABC|ines> in <#C012ABC|it> &lt;!channel&gt; <https://example.org>")
    'R&D with @ines in #it <!channel> https://example.org'
    >>> typed("<@U012ABC> <!subteam^S012|@staff>")
    '@somebody @staff'
    """
    text = re.sub(r"<([@#])[A-Z0-9]+\|([^>]*)>", r"\1\2", text)
    text = re.sub(r"<@[A-Z0-9]+>", _("@somebody"), re.sub(r"<#[A-Z0-9]+>", _("#channel"), text))
    text = re.sub(
        r"<![^|>]*\|([^>]*)>", r"\1", re.sub(r"<((?:https?|mailto):[^|>]*)(?:\|[^>]*)?>", r"\1", text)
    )
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


async def _answer(services: Workspace, user: str, word: str, rest: str) -> Message:
    use = LOOKING.get(word) or MANAGING.get(word)
    if use is None:
        return notices.unknown_command(word, COMMANDS)
    message = await use(services, user, rest)
    if word in MANAGING:
        services.after.later(services.homes.redraw(user))
    return message


async def _show(services: Workspace, word: str, command: dict[str, Any], respond: AsyncRespond) -> None:
    user, channel, trigger = command["user_id"], command["channel_id"], command["trigger_id"]
    try:
        if word == "setup":
            await show_setup(services, user, trigger)
        else:
            await show_form(services, user, channel, trigger)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        await privately(respond, told(error))
