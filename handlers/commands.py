"""`/pulse` and the word after it. Whatever it answers only its user sees.

`COMMANDS` is the one table: help text, README, manifest and rehearsal are tested against it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers import managing
from handlers.answers import show_form
from handlers.interaction import Interaction
from handlers.replies import answer, or_refuse
from handlers.setup import show_setup
from pulse.core.language import N_, _
from pulse.views import notices
from pulse.views.message import Message
from pulse.views.notices import CommandHelp


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A word after /pulse and what it does.

    `run` answers with a message, or `window` opens a window, for which Slack's trigger lives 3 s. `takes` is
    what may follow the word, `does` completes its line of the help; both are marked for translation.
    `manager`: only managers may. `aliases` are other words for it. `keeps_ids`: what follows reaches `run`
    with Slack's ids instead of as it was typed.
    """

    word: str
    does: str
    takes: str = ""
    run: Callable[[Interaction, str], Awaitable[Message]] | None = None
    window: Callable[[Interaction], Awaitable[None]] | None = None
    manager: bool = False
    aliases: tuple[str, ...] = ()
    keeps_ids: bool = False

    @property
    def help(self) -> CommandHelp:
        return CommandHelp(word=self.word, takes=self.takes, does=self.does, manager=self.manager)


def register(app: AsyncApp) -> None:
    app.command("/pulse")(pulse)


async def pulse(ack: AsyncAck, interaction: Interaction, command: dict[str, Any]) -> None:
    await ack()
    word, _space, rest = " ".join(str(command.get("text") or "").split()).partition(" ")
    known = BY_WORD.get(word.casefold())
    if known is None:
        unknown = notices.unknown_command(typed(word.casefold()), HELP)
        interaction.later(answer(interaction, _said(unknown)))
    elif known.window is not None:
        interaction.later(or_refuse(interaction, known.window(interaction)))
    else:
        interaction.later(answer(interaction, _run(known, interaction, rest)))


async def _run(command: Command, interaction: Interaction, rest: str) -> Message:
    assert command.run is not None
    if command.manager:
        await interaction.workspace.managers.check(interaction.user)
    message = await command.run(interaction, rest if command.keeps_ids else typed(rest))
    if command.manager:
        interaction.later(interaction.surfaces.home_tabs.redraw(interaction.user))
    return message


async def _said(message: Message) -> Message:
    return message


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


async def scores(interaction: Interaction, rest: str) -> Message:
    return await interaction.surfaces.cards.scores(rest)


async def trend(interaction: Interaction, rest: str) -> Message:
    return await interaction.surfaces.cards.trend(rest)


async def baselines(interaction: Interaction, rest: str) -> Message:
    return interaction.surfaces.cards.baselines(rest)


async def power(interaction: Interaction, _rest: str) -> Message:
    return interaction.surfaces.cards.power()


async def privacy(interaction: Interaction, _rest: str) -> Message:
    return notices.privacy(interaction.workspace.participation.privacy(interaction.user))


async def status(interaction: Interaction, _rest: str) -> Message:
    return notices.status(await interaction.workspace.participation.status(interaction.user))


async def help_(_interaction: Interaction, _rest: str) -> Message:
    return notices.help_message(HELP)


COMMANDS = (
    Command(
        word="scores",
        takes=N_("[question]"),
        does=N_("the last results, or one question’s in full"),
        run=scores,
        aliases=("",),
    ),
    Command(word="trend", takes=N_("[question]"), does=N_("how answers have moved over time"), run=trend),
    Command(
        word="baselines",
        takes=N_("[question]"),
        does=N_("the published figures and where they come from"),
        run=baselines,
    ),
    Command(word="power", does=N_("how small a change your numbers can show"), run=power),
    Command(word="answer", does=N_("answer the open pulse, or change your answers"), window=show_form),
    Command(word="privacy", does=N_("what is kept about you"), run=privacy),
    Command(word="status", does=N_("what is open and what comes next"), run=status),
    Command(word="help", does=N_("this list"), run=help_),
    Command(word="setup", does=N_("channels, times and questions"), window=show_setup, manager=True),
    Command(word="open", does=N_("open a pulse now"), run=managing.open_wave, manager=True),
    Command(
        word="close", does=N_("close it now and post the results"), run=managing.close_wave, manager=True
    ),
    Command(word="skip", does=N_("leave out the next pulse"), run=managing.skip, manager=True),
    Command(word="pause", does=N_("no more pulses until resumed"), run=managing.pause, manager=True),
    Command(word="resume", does=N_("carry on after a pause"), run=managing.resume, manager=True),
    Command(
        word="note", takes=N_('"text"'), does=N_("mark today on the trend"), run=managing.note, manager=True
    ),
    Command(word="export", does=N_("the published totals as a file"), run=managing.export, manager=True),
    Command(
        word="managers",
        does=N_("who manages the pulse"),
        run=managing.managers,
        manager=True,
        keeps_ids=True,
    ),
)

BY_WORD = {word: command for command in COMMANDS for word in (command.word, *command.aliases)}

HELP = tuple(command.help for command in COMMANDS)
