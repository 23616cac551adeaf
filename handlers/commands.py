"""`/pulse` and the word after it. Whatever it answers only its user sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.answers import show_form
from handlers.managing import MANAGING
from handlers.replies import answering, privately, told
from handlers.setup import show_setup
from pulse.runtime.services import Services
from pulse.views import notices
from pulse.views.message import Message

Looking = Callable[[Services, str, str], Awaitable[Message]]


async def scores(services: Services, _user: str, rest: str) -> Message:
    return await services.desk.scores(rest)


async def trend(services: Services, _user: str, rest: str) -> Message:
    return await services.desk.trend(rest)


async def baselines(services: Services, _user: str, rest: str) -> Message:
    return services.desk.baselines(rest)


async def power(services: Services, _user: str, _rest: str) -> Message:
    return services.desk.power()


async def privacy(services: Services, user: str, _rest: str) -> Message:
    return notices.privacy(services.desk.privacy(user))


async def status(services: Services, user: str, _rest: str) -> Message:
    return notices.status(await services.desk.status(user))


async def help_(_services: Services, _user: str, _rest: str) -> Message:
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


def register(app: AsyncApp, services: Services) -> None:
    async def pulse(ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        word, _space, rest = str(command.get("text") or "").strip().partition(" ")
        user, word = command["user_id"], word.casefold()
        if word in SHOWING:
            showing = _show(services, word, command, respond)
            services.after.later(showing)
            return
        services.after.later(answering(respond, _answer(services, user, word, rest.strip())))

    app.command("/pulse")(pulse)


async def _answer(services: Services, user: str, word: str, rest: str) -> Message:
    use = LOOKING.get(word) or MANAGING.get(word)
    if use is None:
        return notices.unknown_command(word, COMMANDS)
    return await use(services, user, rest)


async def _show(services: Services, word: str, command: dict[str, Any], respond: AsyncRespond) -> None:
    user, channel, trigger = command["user_id"], command["channel_id"], command["trigger_id"]
    try:
        if word == "setup":
            await show_setup(services, user, trigger)
        else:
            await show_form(services, user, channel, trigger)
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        await privately(respond, told(error))
