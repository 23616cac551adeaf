"""How a handler replies to one person, and the one place where an error becomes a reply."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import structlog
from slack_bolt import BoltResponse

from handlers.interaction import Interaction, Respond
from pulse.core.errors import NotOfMine, NotOfThisPulse, PulseError, SlackFault
from pulse.core.language import _
from pulse.core.records import wave_token
from pulse.slack.wire import is_taken
from pulse.views.message import Message, as_view, has_pictures, without_pictures
from pulse.views.notices import refusal, unanswered

T = TypeVar("T")

PRIVATELY = "ephemeral"
"""Slack's word for a reply that only its reader sees."""

RETRY_S = 1.0
"""Pause before the second try of a reply: Slack reads most pictures within a second."""

_log = structlog.get_logger(__name__)


async def attempt(work: Awaitable[T], refused: Callable[[Message], T]) -> T:
    """The result of a use case, or what `refused` makes of the sentence that says why it failed."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - the person is told, and `error_message` logs what nobody foresaw
        return refused(error_message(error))


async def outcome(work: Awaitable[Message]) -> Message:
    """The message of a use case, or the sentence that says why it failed."""
    return await attempt(work, lambda sentence: sentence)


async def answer(interaction: Interaction, work: Awaitable[Message]) -> None:
    """Replies to a command privately with what `work` returns, or with why it failed."""
    await privately(interaction, await outcome(work))


async def or_refuse(interaction: Interaction, work: Awaitable[None]) -> None:
    """Does work that sends its own reply; if it fails, says why where the work was asked for."""
    refusals: list[Message] = []
    await attempt(work, refusals.append)
    for sentence in refusals:
        await reply(interaction, sentence)


def error_message(error: Exception) -> Message:
    """The sentence for an error. One that nobody foresaw is logged, without what was said or by whom."""
    if isinstance(error, SlackFault) and (not error.certain or error.code == "ratelimited"):
        # Its own sentence promises a second try, but here there is none.
        return refusal(_("Slack did not answer me in time. Please try again in a minute."))
    if isinstance(error, PulseError):
        return refusal(error)
    log_unforeseen(error)
    return refusal(_("Something went wrong here, and I could not do it. Please try again in a minute."))


async def unforeseen(error: Exception, body: dict[str, Any], respond: Respond) -> BoltResponse | None:
    """Bolt's last resort: logs the kind of an error that no listener caught, and tells the person.

    Without a response Slack counts the payload as failed: it tells its user, or sends an event again.
    """
    if not body.get("response_url"):
        log_unforeseen(error)
        return None
    await _sent(respond, error_message(error), PRIVATELY, replace=False)
    return BoltResponse(status=200)


def log_unforeseen(error: Exception) -> None:
    """Logs the kind of an error and where it was raised: its words may hold an answer or a name."""
    raised = traceback.extract_tb(error.__traceback__)
    where = f"{Path(raised[-1].filename).name}:{raised[-1].lineno}" if raised else ""
    _log.error("unexpected error", error=type(error).__name__, where=where)


async def reply(interaction: Interaction, message: Message) -> None:
    """Replies where a button was pressed: privately in the channel, in a window on the Home tab.

    If the window cannot be opened, because the use case took longer than its trigger lives, a direct message
    says it.
    """
    if interaction.respond is not None:
        await privately(interaction, message, replace=interaction.in_private)
    else:
        view = as_view(_("Alignment Pulse"), message, _("Close"))
        try:
            await interaction.surfaces.slack.open_view(interaction.trigger, view)
        except SlackFault:
            await interaction.surfaces.slack.post(interaction.user, message)


async def privately(interaction: Interaction, message: Message, *, replace: bool = False) -> None:
    """Sends a message that only its reader sees; `replace` puts it in place of the one pressed on."""
    if interaction.respond is None:
        raise NotOfMine()
    await send(interaction, message, replace=replace)


async def send(
    interaction: Interaction, message: Message, *, to: str = PRIVATELY, replace: bool = False
) -> bool:
    """Sends a message by the response_url, `to` "ephemeral" or "in_channel"; whether Slack took it.

    A message that Slack does not take is sent once more: perhaps its picture was not read yet. If that fails
    too, a message with pictures goes out in words, and the pictures are forgotten. A private reply that Slack
    still does not take is announced in a direct message, which does not repeat it.
    """
    if interaction.respond is None:
        return False
    if await _taken(interaction, interaction.respond, message, to, replace=replace):
        return True
    if to == PRIVATELY and interaction.user:
        await tell_elsewhere(interaction)
    return False


async def _taken(
    interaction: Interaction, respond: Respond, message: Message, to: str, *, replace: bool
) -> bool:
    if await _sent(respond, message, to, replace=replace):
        return True
    await asyncio.sleep(RETRY_S)
    if await _sent(respond, message, to, replace=replace):
        return True
    if not has_pictures(message):
        return False
    interaction.surfaces.cards.forget_pictures(message)
    return await _sent(respond, without_pictures(message), to, replace=replace)


async def tell_elsewhere(interaction: Interaction) -> None:
    """Says in a direct message that Slack did not take a reply; the last try."""
    try:
        await interaction.surfaces.slack.post(interaction.user, unanswered())
    except SlackFault as fault:
        _log.info("direct message about a lost reply not taken", problem=str(fault))


async def _sent(respond: Respond, message: Message, to: str, *, replace: bool) -> bool:
    try:
        answer = await respond(
            text=message.text,
            blocks=message.blocks,
            response_type=to,
            replace_original=replace,
            unfurl_links=False,
            unfurl_media=False,
        )
    except SlackFault as fault:
        _log.info("private reply not taken", problem=str(fault))
        return False
    if not is_taken(answer.status_code, answer.body or ""):
        _log.info("private reply not taken", status=answer.status_code)
        return False
    return True


def wave_id_of(value: str) -> str:
    """The token of the wave that a button names. Raises NotOfThisPulse for a value that no message has."""
    token = wave_token(value)
    if token is None:
        raise NotOfThisPulse()
    return token
