"""The help on /pulse, and the reply to a word it does not know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pulse.core.language import _
from pulse.views.blocks import context, message, section
from pulse.views.message import Block, Message, escape

TYPED_LIMIT = 40  # characters of a mistyped word that are repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandHelp:
    """A word after /pulse. `takes` is what may follow it, `does` completes the line of the help.

    Both are in English, marked for translation.
    """

    word: str
    takes: str
    does: str
    manager: bool = False


def nearest(typed: str, words: Iterable[str]) -> str | None:
    """The word that a mistyped one was probably meant to be.

    >>> nearest("Scoers", ["trend", "scores"])
    'scores'
    """
    close = get_close_matches(typed.lower(), list(words), n=1)
    return close[0] if close else None


def help_message(commands: Sequence[CommandHelp]) -> Message:
    """The commands in short lines, the managers' apart."""
    return message(_help(commands))


def unknown_command(typed: str, commands: Sequence[CommandHelp]) -> Message:
    """The reply to a word that is not a command: the nearest command, and the help."""
    word = escape(typed.replace("`", "")[:TYPED_LIMIT].strip())
    close = nearest(typed, (command.word for command in commands))
    if close is not None:
        said = _("I do not know `/pulse {word}`. Did you mean `/pulse {close}`?").format(
            word=word, close=close
        )
    else:
        said = _("I do not know `/pulse {word}`. This is what I know:").format(word=word)
    return message([section(said), *_help(commands)])


def _help(commands: Sequence[CommandHelp]) -> list[Block]:
    everybody = [_line(command) for command in commands if not command.manager]
    managers = [_line(command) for command in commands if command.manager]
    blocks = [section("\n".join([_("*Everybody* (only you see the reply)"), *everybody]))]
    if managers:
        blocks.append(section("\n".join([_("*Managers*"), *managers])))
    blocks.append(context(_("A [question] is its code, such as `T01`: `/pulse scores` shows the codes.")))
    return blocks


def _line(command: CommandHelp) -> str:
    called = " ".join(filter(None, ["/pulse", command.word, command.takes and _(command.takes)]))
    return f"`{called}` {_(command.does)}"
