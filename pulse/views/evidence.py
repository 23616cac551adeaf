"""The download of what is stored of closed waves, and the digest to check each wave in it against."""

from __future__ import annotations

from pulse.core.evidence import digest, short
from pulse.core.language import _
from pulse.core.model import ClosedWave
from pulse.views.blocks import actions, button, context, message, section
from pulse.views.message import Block, Message

DOWNLOAD = "download_stored"
FILE = "pulse-stored.db"


def offer() -> list[Block]:
    """The button, and what it downloads."""
    said = _(
        "*Check it yourself.* The file has every figure that is kept of closed pulses, with dates and "
        "questions, and nothing about an open one. `tools/verify.py`, which comes with my source code, "
        "checks it."
    )
    return [section(said), actions([button(_("Download what is stored"), DOWNLOAD)])]


def with_download(kept: Message, *, offered: bool) -> Message:
    """The message on what is kept, with the offer if its reader gets one."""
    return message([*kept.blocks, *offer()]) if offered else kept


def file_comment() -> str:
    """The plain text that is sent with the file."""
    return _(
        "What is stored of closed pulses, as an SQLite file. `python tools/verify.py {file}` checks it and "
        "prints each pulse’s digest, which also stands at the end of that pulse’s details."
    ).format(file=FILE)


def sent() -> Message:
    """The reply to whoever asked for the file."""
    said = _(
        "I have sent you `{file}` in our direct messages. It has what is stored of closed pulses, and "
        "nothing about an open one."
    )
    return message([section(said.format(file=FILE))])


def digest_line(wave: ClosedWave) -> Block:
    """The digest of a closed wave: equal digests mean equal dates, questions, turnout and figures."""
    said = _("Digest of its dates, questions and figures: `{digest}`. `/pulse privacy` has the file.")
    return context(said.format(digest=short(digest(wave))))
