"""`/pulse` and the word after it. Only its user sees the replies.

`COMMANDS` is the one table: help text, README, manifest and rehearsal are tested against it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers import managing
from handlers.answers import show_form
from handlers.commitments import show_commitments
from handlers.evidence import what_is_kept
from handlers.interaction import Interaction, text_of
from handlers.questions import show_questions
from handlers.replies import answer, or_refuse
from handlers.reports import send_report
from handlers.setup import show_setup
from pulse.core.baselines import has_figures
from pulse.core.errors import BadRequest
from pulse.core.language import N_, _
from pulse.core.library import Library
from pulse.core.typed_words import first_words, left_over, plain_word
from pulse.views import command_help, notices
from pulse.views.command_help import CommandHelp
from pulse.views.message import Message

TYPED_LIMIT = 60
"""Characters of words not understood that a reply repeats, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A word after /pulse and what it does.

    `run` returns the reply, or `window` opens a window, for which Slack's trigger lives 3 s; `either` does
    one or the other, depending on what follows the word. `takes` is what may follow, `does` completes its
    line of the help; both are marked for translation. If nothing may follow, `alone` says why not.
    `manager`: only for managers. `aliases` are other words for it. `keeps_text`: what follows is a text, not
    words to look up. `keeps_ids`: what follows reaches `run` with Slack's ids instead of as it was typed.
    `results`: only for those who may read results.
    """

    word: str
    does: str
    takes: str = ""
    alone: str = ""
    run: Callable[[Interaction, str], Awaitable[Message]] | None = None
    window: Callable[[Interaction], Awaitable[None]] | None = None
    either: Callable[[Interaction, str], Awaitable[None]] | None = None
    manager: bool = False
    aliases: tuple[str, ...] = ()
    keeps_text: bool = False
    keeps_ids: bool = False
    results: bool = False

    @property
    def help(self) -> CommandHelp:
        return CommandHelp(word=self.word, takes=self.takes, does=self.does, manager=self.manager)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A line, understood: the command and what follows it."""

    command: Command
    rest: str = ""


def register(app: AsyncApp) -> None:
    app.command("/pulse")(pulse)


async def pulse(ack: AsyncAck, interaction: Interaction, command: dict[str, Any]) -> None:
    await ack()
    meant = understand(text_of(command, "text"), interaction.workspace.results.library())
    if isinstance(meant, Message):
        interaction.later(answer(interaction, _said(meant)))
    elif meant.command.run is None:
        interaction.later(or_refuse(interaction, _open(meant, interaction)))
    else:
        interaction.later(answer(interaction, _run(meant, interaction)))


def understand(text: str, library: Library) -> Meant | Message:
    """The command that a line means, or the reply if it means none. Nothing is guessed.

    A line may begin with a command or another word for it, with a question, a topic, a study or a year.
    """
    words = first_words(text)
    if not words:
        return Meant(command=BY_WORD[""])
    word, rest = plain_word(words[0]), words[1:]
    if word in HINTS:
        return notices.hint(_(HINTS[word]))
    if word in BY_WORD:
        return Meant(command=BY_WORD[word], rest=_rest(BY_WORD[word], rest))
    about = left_over([typed(each) for each in words])
    if library.bank.get(about) is not None:
        return Meant(command=BY_WORD["scores"], rest=about)
    if has_figures(about, library.ledger):
        return Meant(command=BY_WORD["baselines"], rest=about)
    return command_help.unknown_command(typed(word), HELP)


def _rest(command: Command, words: Sequence[str]) -> str:
    return " ".join(words) if command.keeps_text else left_over([typed(each) for each in words])


async def _run(meant: Meant, interaction: Interaction) -> Message:
    command = meant.command
    assert command.run is not None
    await _check(meant, interaction)
    message = await command.run(interaction, meant.rest if command.keeps_ids else typed(meant.rest))
    if command.manager:
        interaction.later(interaction.surfaces.home_tabs.redraw(interaction.user))
    return message


async def _open(meant: Meant, interaction: Interaction) -> None:
    await _check(meant, interaction)
    if meant.command.either is not None:
        await meant.command.either(interaction, typed(meant.rest))
    elif meant.command.window is not None:
        await meant.command.window(interaction)


async def _check(meant: Meant, interaction: Interaction) -> None:
    """Raises ManagersOnly, NotForYou, SlackFault, and BadRequest if words follow though none may."""
    command = meant.command
    if command.manager:
        await interaction.workspace.managers.check(interaction.user)
    if command.results:
        await interaction.workspace.audience.check(interaction.user)
    if meant.rest and not command.takes:
        raise BadRequest(
            _("Nothing was done: I do not understand “{words}” after /pulse {word}. {alone}").format(
                words=typed(meant.rest)[:TYPED_LIMIT],
                word=command.word,
                alone=_(command.alone) if command.alone else _("Nothing follows that word."),
            )
        )


async def _said(message: Message) -> Message:
    return message


def typed(text: str) -> str:
    """What somebody typed, restored from Slack's form of it, with `&<>` escaped and ids added to names.

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
    return await interaction.surfaces.cards.power()


async def status(interaction: Interaction, _rest: str) -> Message:
    return notices.status(await interaction.workspace.participation.status(interaction.user))


async def help_(_interaction: Interaction, rest: str) -> Message:
    if not rest:
        return command_help.help_message(HELP)
    command = BY_WORD.get(rest)
    if command is None:
        return command_help.unknown_command(rest, HELP)
    return command_help.help_message([command.help])


COMMANDS = (
    Command(
        word="scores",
        takes=N_("[question]"),
        does=N_("the last results, or one question’s in full"),
        run=scores,
        results=True,
        aliases=(
            "",
            "score",
            "result",
            "results",
            "latest",
            "last",
            "ergebnis",
            "ergebnisse",
        ),
    ),
    Command(
        word="trend",
        takes=N_("[question]"),
        does=N_("how answers have moved over time"),
        run=trend,
        results=True,
        aliases=("trends", "history", "chart", "graph", "verlauf"),
    ),
    Command(
        word="baselines",
        takes=N_("[topic or study]"),
        does=N_("published figures and their sources"),
        run=baselines,
        aliases=("baseline", "benchmark", "benchmarks", "study", "studies", "figures", "studien"),
    ),
    Command(word="power", does=N_("how small a change your numbers can show"), run=power, results=True),
    Command(
        word="report",
        takes=N_("[quarter]"),
        does=N_("a quarter on one page for leaders, sent to you as PDF"),
        run=send_report,
        results=True,
        aliases=("reports", "pdf", "quarter", "summary", "bericht"),
    ),
    Command(
        word="answer",
        does=N_("answer the open pulse, or change your answers"),
        alone=N_("It opens the form with all questions."),
        window=show_form,
        aliases=("answers", "vote", "reply", "respond", "survey", "poll", "antworten", "abstimmen"),
    ),
    Command(
        word="privacy",
        does=N_("what is kept about you"),
        run=what_is_kept,
        aliases=("anonymous", "anonymity", "gdpr", "withdraw", "delete", "datenschutz"),
    ),
    Command(
        word="status",
        does=N_("what is open and what comes next"),
        run=status,
        aliases=("next", "when", "schedule", "turnout", "wann", "stand"),
    ),
    Command(
        word="help",
        takes=N_("[command]"),
        does=N_("this list"),
        run=help_,
        aliases=("?", "commands", "about", "info", "hello", "hi", "hilfe", "hallo"),
    ),
    Command(
        word="questions",
        does=N_("what can be asked, and what is asked when"),
        alone=N_("It opens the list of all questions."),
        window=show_questions,
        aliases=("question", "items", "bank", "fragen"),
    ),
    Command(
        word="setup",
        does=N_("channels, times and managers"),
        alone=N_("It opens the form with all settings."),
        window=show_setup,
        manager=True,
        aliases=("set-up", "settings", "setting", "config", "configure", "channels", "einstellungen"),
    ),
    Command(
        word="open",
        does=N_("open a pulse now; it asks first"),
        alone=N_("A pulse always goes to the channels of both sides, at once."),
        run=managing.ask_open,
        manager=True,
        aliases=("start", "launch", "begin", "starten", "öffnen"),
    ),
    Command(
        word="close",
        does=N_("close it now and post the results; it asks first"),
        alone=N_("It closes the open pulse at once. /pulse status says when it closes by itself."),
        run=managing.ask_close,
        manager=True,
        aliases=("end", "finish", "beenden", "schließen"),
    ),
    Command(
        word="skip",
        does=N_("leave out the next pulse"),
        alone=N_("It leaves out one pulse, the next. Dates to leave out are in /pulse setup."),
        run=managing.skip,
        manager=True,
    ),
    Command(
        word="pause",
        does=N_("no more pulses until resumed"),
        alone=N_("A pause lasts until /pulse resume. Dates to leave out are in /pulse setup."),
        run=managing.pause,
        manager=True,
    ),
    Command(
        word="resume",
        does=N_("carry on after a pause"),
        run=managing.resume,
        manager=True,
        aliases=("unpause",),
    ),
    Command(
        word="note",
        takes=N_('"text"'),
        does=N_("mark today on the trend"),
        keeps_text=True,
        run=managing.note,
        manager=True,
        aliases=("notiz",),
    ),
    Command(
        word="commit",
        takes=N_("[withdraw]"),
        does=N_("say one thing that a side will do, or take it back"),
        either=show_commitments,
        manager=True,
        aliases=("commitment", "commitments", "zusage", "zusagen"),
        keeps_text=True,
    ),
    Command(
        word="export",
        does=N_("the published totals as a file"),
        alone=N_("It sends you all closed pulses as files."),
        run=managing.export,
        manager=True,
        aliases=("download", "csv", "excel"),
    ),
    Command(
        word="managers",
        takes=N_("[add or remove @name]"),
        does=N_("who manages the pulse"),
        run=managing.managers,
        manager=True,
        aliases=("manager", "admin", "admins"),
        keeps_text=True,
        keeps_ids=True,
    ),
)

_REMINDERS = N_(
    "Reminders go out by themselves while a pulse is open, only to people who have not answered. Each has a "
    "button that stops them for you. Their number is set in `/pulse setup`."
)
_LANGUAGE = N_(
    "I speak the language of your own Slack: English or German. The language of my posts in channels is set "
    "in `/pulse setup`."
)
_STOP = N_(
    "Nothing was stopped. `/pulse close` ends the open pulse now, `/pulse pause` opens no more of them, and "
    "the button on a reminder stops reminders for you."
)

HINTS: Mapping[str, str] = {
    **dict.fromkeys(("remind", "reminder", "reminders", "erinnern", "erinnerung"), _REMINDERS),
    **dict.fromkeys(("language", "languages", "sprache"), _LANGUAGE),
    **dict.fromkeys(("stop", "stopp", "cancel", "off", "unsubscribe"), _STOP),
}
"""Words that are not commands, and where to find what they mean."""

BY_WORD = {word: command for command in COMMANDS for word in (command.word, *command.aliases)}

HELP = tuple(command.help for command in COMMANDS)
