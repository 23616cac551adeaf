"""How a handler answers one person: by the response_url, which costs no rate-limited call."""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import structlog
from slack_bolt.context.respond.async_respond import AsyncRespond

from pulse.core.errors import BadRequest, PulseError, SlackFault
from pulse.core.language import _
from pulse.services.workspace import Workspace
from pulse.views.message import Message, as_view
from pulse.views.notices import refusal

_log = structlog.get_logger(__name__)


def told(error: Exception) -> Message:
    """The sentence for an error. One that nobody foresaw is logged, without what was said or by whom."""
    if isinstance(error, SlackFault) and (not error.certain or error.code == "ratelimited"):
        # Its own sentence is for what the bot does by itself: of this it does nothing again.
        return refusal(_("Slack did not answer me in time. Please try again in a minute."))
    if isinstance(error, PulseError):
        return refusal(error)
    log_unforeseen(error)
    return refusal(_("Something went wrong here, and I could not do it. Please try again in a minute."))


def log_unforeseen(error: Exception) -> None:
    """Logs the kind of an error and where it was raised: its words may hold an answer or a name."""
    raised = traceback.extract_tb(error.__traceback__)
    where = f"{Path(raised[-1].filename).name}:{raised[-1].lineno}" if raised else ""
    _log.error("unforeseen", error=type(error).__name__, where=where)


async def privately(respond: AsyncRespond, message: Message, *, replace: bool = False) -> None:
    """Sends a message that only its reader sees; `replace` puts it in place of the private one tapped on."""
    answer = await respond(
        text=message.text,
        blocks=message.blocks,
        response_type="ephemeral",
        replace_original=replace,
        unfurl_links=False,
        unfurl_media=False,
    )
    if answer.status_code != 200:
        _log.info("private answer not taken", status=answer.status_code)


async def answering(respond: AsyncRespond, message: Awaitable[Message], *, replace: bool = False) -> None:
    """Sends what the use case says, or why it could not."""
    try:
        said = await message
    except Exception as error:  # noqa: BLE001 - told to the person and logged by `told`
        said = told(error)
    await privately(respond, said, replace=replace)


async def where_pressed(
    services: Workspace, body: dict[str, Any], respond: AsyncRespond, message: Message
) -> None:
    """Answers where a button was pressed: privately in the channel; on the Home tab in a window."""
    if body.get("response_url"):
        await privately(respond, message, replace=in_private(body))
    else:
        await services.slack.open_view(body["trigger_id"], as_view(_("Alignment Pulse"), message, _("Close")))


def in_private(body: dict[str, Any]) -> bool:
    """Whether a button was pressed in a message that only its reader sees."""
    return bool((body.get("container") or {}).get("is_ephemeral"))


def channel_of(body: dict[str, Any]) -> str:
    """The channel in which a button was pressed; "" on the Home tab and in modals."""
    return str((body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id") or "")


def wave_id_of(value: object) -> int:
    """The wave that a button names. Raises BadRequest for a value that no message of ours has."""
    if not re.fullmatch(r"[0-9]{1,15}", str(value or "")):
        raise BadRequest(_("That button is not one of this pulse. Nothing was changed."))
    return int(str(value))
