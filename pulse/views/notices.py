"""What the bot says to one person: help, privacy, status, refusals, and words to managers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from pulse.core.cards import ClosingCard, OpeningCard, PrivacyCard, StatusCard
from pulse.core.errors import AnswerElsewhere, ManagersOnly
from pulse.core.language import N_, _, ngettext
from pulse.core.model import Item, Side
from pulse.core.records import ReadersRule, Traces
from pulse.views.audit import change_lines
from pulse.views.blocks import (
    Element,
    actions,
    button,
    confirm,
    context,
    divider,
    header,
    message,
    moment,
    section,
)
from pulse.views.deletion import deleted
from pulse.views.message import Block, Message, escape
from pulse.views.poll import question, turnout
from pulse.views.titles import title

TYPED_LIMIT = 40  # characters of a mistyped word that are repeated


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a manager must fix: what is wrong, and how to fix it, as whole sentences in mrkdwn."""

    what: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandHelp:
    """A word after /pulse. `takes` is what may follow it, `does` completes the line of the help.

    Both are marked for translation and in English.
    """

    word: str
    takes: str
    does: str
    manager: bool = False


# One person's answers


def own_answers(items: Sequence[Item], side: Side, answers: Mapping[str, frozenset[str]]) -> str:
    """Each question with what its reader chose, as mrkdwn."""
    return "\n".join(
        f"{question(number, item, side)}\n{own_answer(item, answers)}"
        for number, item in enumerate(items, start=1)
    )


def own_answer(item: Item, answers: Mapping[str, frozenset[str]]) -> str:
    """What its reader chose for one question, as mrkdwn."""
    chosen = answers.get(item.id, frozenset())
    labels = [escape(_(option.label)) for option in item.options if option.key in chosen]
    return "→ " + (", ".join(f"*{label}*" for label in labels) if labels else _("_not answered yet_"))


def withdraw_button(wave_id: str) -> Element:
    return button(
        _("Withdraw my answers"),
        "withdraw",
        value=wave_id,
        confirm=confirm(
            _("Withdraw your answers?"),
            _(
                "All your answers to this pulse are deleted and will not be counted. You can answer again "
                "until it closes."
            ),
            _("Withdraw"),
            _("Keep them"),
        ),
    )


def withdrawn(closes_at: datetime) -> Message:
    """Said after a withdrawal."""
    return message(
        [
            section(
                _(
                    "*Your answers to this pulse are deleted and will not be counted.* Only you can see "
                    "this. "
                    "If you change your mind, you can answer again until {when}."
                ).format(when=moment(closes_at))
            )
        ]
    )


# Refusals


def unanswered() -> Message:
    """In a direct message, where Slack did not take an answer: it repeats nothing of what was asked."""
    return refusal(
        _(
            "Slack did not take my answer to what you just did, so you may not have seen it. `/pulse status`"
            " says where things stand."
        )
    )


def refusal(error: Exception | str) -> Message:
    """A sentence that says what is wrong and what to do; it is escaped here."""
    said = escape(str(error))
    if isinstance(error, ManagersOnly) and error.people:
        people = ", ".join(f"<@{user}>" for user in error.people)
        said = " ".join([said, _("You can ask {people}.").format(people=people)])
    if isinstance(error, AnswerElsewhere):
        said = " ".join([said, _("Please answer in {channels}.").format(channels=_channels(error.channels))])
    return message([section(said)])


def nothing_open(opens_at: datetime | None) -> Message:
    """Said to somebody who wants to answer between two waves."""
    if opens_at is None:
        return message([section(_("No pulse is open, and none is planned yet."))])
    return message([section(_("No pulse is open. The next one opens {when}.").format(when=moment(opens_at)))])


# Help


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
    """Answers a word that is not a command: the nearest one that is, and the help."""
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


# Privacy


def privacy(card: PrivacyCard) -> Message:
    """A summary in three sentences, the reader's own rows, then the details."""
    blocks = [header(_("What is kept about you")), section("\n".join(_in_short(card))), *_own_rows(card)]
    blocks.append(section(_while_open()))
    return message(
        [*blocks, section(_after_close(card.minimum)), section(_not_promised()), context(_besides())]
    )


def _in_short(card: PrivacyCard) -> list[str]:
    """What is kept while a pulse is open, what after it, and who can see."""
    after = _("*After it closes*, only totals are left, and none of fewer than {minimum} answers.")
    if card.readers is ReadersRule.WORKSPACE:
        who = _(
            "*Who can see:* only you see your answers, all members of this workspace see the totals, and "
            "until the close whoever runs the server could work out who said what."
        )
    else:
        who = _(
            "*Who can see:* only you see your answers, the pulse’s channels and managers see the totals, and "
            "until the close whoever runs the server could work out who said what."
        )
    return [
        _(
            "*While a pulse is open*, I keep your answers under a code in place of your name, so that you "
            "can change them."
        ),
        after.format(minimum=card.minimum),
        who,
    ]


def _own_rows(card: PrivacyCard) -> list[Block]:
    if card.closes_at is None:
        lines = [_("*Right now:* no pulse is open, and none of your answers is stored.")]
        if card.traces is not Traces.NONE:
            lines.append(deleted(card.traces))
        return [section(" ".join(lines))]
    if card.own is None or not any(card.own.answers.values()):
        return [
            section(
                _("*Right now:* a pulse is open until {when}. No answer of yours is stored.").format(
                    when=moment(card.closes_at)
                )
            )
        ]
    stored = _("*Right now:* a pulse is open until {when}. Stored are these answers of yours, for *{side}*:")
    own = card.own
    return [
        section(stored.format(when=moment(card.closes_at), side=_(own.side.label))),
        section(own_answers(own.items, own.side, own.answers)),
        actions([button(_("Change"), "answer_all", value=own.wave_id), withdraw_button(own.wave_id)]),
        divider(),
    ]


def _while_open() -> str:
    return _(
        "*While a pulse is open: confidential.* Everybody who is asked has one encrypted entry, whether they "
        "answer or not, all of the same length. Yours holds your side and what you chose, under a code in"
        " place of your name: no name, no Slack id, no time of day. Code and encryption need a secret key"
        " that is new in every pulse and is kept apart from the database. Nobody is shown a result before"
        " the close. A reminder goes to those without an answer: I work out who that is when it goes out"
        " and store nothing of it, but Slack keeps the message, as it keeps every message."
    )


def _after_close(minimum: int) -> str:
    lines = [
        _(
            "*When it closes: anonymous.* The answers are turned into totals and deleted, then the key is "
            "destroyed: no copy of the database can be read after that. For each question and side this is "
            "what remains:"
        ),
        _("• fewer than {minimum} answers: nothing, not even how many").format(minimum=minimum),
    ]
    if minimum < 10:
        lines.append(
            _(
                "• {minimum} to 9: how many answered, and a range for those who gave the answer that is "
                "reported (of 7 people: “2 or fewer”, “3 or 4”, “5 or more”)"
            ).format(minimum=minimum)
        )
    lines += [
        _(
            "• from {counted}: how many answered, and how many gave the answer that is reported (such as "
            "agreeing). 0, 1 and 2 are one entry, and so are all, all but 1 and all but 2"
        ).format(counted=max(minimum, 10)),
        _("• from {full}: how many chose each answer (1 or 2 people are added to the answer beside)").format(
            full=max(minimum, 20)
        ),
    ]
    return "\n".join(lines)


def _not_promised() -> str:
    return "\n".join(
        [
            _("*What nobody can promise you*"),
            _(
                "• Until the close, somebody who runs the server (often IT) holds both the entries and the"
                " key, and could work out who said what. After the close neither the database nor a copy of"
                " it can tell anybody, unless somebody copied the key in that time. My memory is cleared"
                " within an hour."
            ),
            _(
                "• If just one person joins or leaves between two pulses, the difference of the totals "
                "often tells how that person answered."
            ),
            _("• Slack carries your taps to the bot, as it does for every app."),
        ]
    )


def _besides() -> str:
    return _(
        "Also kept: the settings, the channels, what managers changed (not who did), their notes on the "
        "trend, "
        "and how many people each side has and how many of them answered. Who was named a manager, and "
        "any wish "
        "that somebody tells me (such as no reminders), is kept under such a code, too, made with a key that "
        "stays. Who answered is listed nowhere."
    )


# Status


def status(card: StatusCard) -> Message:
    """What is open, how many have answered, what comes next, and for managers what was changed."""
    blocks = [section("\n".join([*_now(card), *_next(card)]))]
    if card.changes:
        blocks.append(section("\n".join([_("*Last changes by managers*"), *change_lines(card.changes)])))
    return message(blocks)


def _now(card: StatusCard) -> list[str]:
    if card.closes_at is None:
        return [_("No pulse is open.")]
    lines = [_("*A pulse is open until {when}.*").format(when=moment(card.closes_at))]
    if card.key_lost:
        lines.append(
            _(
                "⚠️ Its key is lost, so answers can neither be read nor taken. A manager can call it off with"
                " `/pulse close`."
            )
        )
    for side, counted in (card.turnout or {}).items():
        said = turnout(counted.answered, counted.roster, card.minimum)
        lines.append(_("{side}: {turnout}").format(side=_(side.label), turnout=said))
    return [*lines, *([own_part(*card.own)] if card.own else [])]


def own_part(answered: int, asked: int) -> str:
    """How much of the open pulse its reader has answered."""
    if not answered:
        return _("You have not answered yet.")
    if answered == asked:
        return _("You have answered all questions.")
    return _("You have answered {k} of {n} questions.").format(k=answered, n=asked)


def _next(card: StatusCard) -> list[str]:
    if not card.set_up:
        return [_("The pulse is not set up yet. A workspace admin or owner can do that with `/pulse setup`.")]
    if card.paused:
        return [_("Pulses are paused. A manager can carry on with `/pulse resume`.")]
    if card.opens_at is None:
        return [_("No further pulse is planned. A manager can plan them with `/pulse setup`.")]
    return [_("The next pulse opens {when}.").format(when=moment(card.opens_at))]


# Words to managers


def greeting(manager: bool) -> Message:
    """The first words to somebody who opens a conversation with the bot before it is set up."""
    hello = _(
        "Hello. I ask marketing and IT a few short questions now and then, and show both what each side "
        "said, "
        "how sure one can be, and what published studies found. Answers are totals by the time anybody "
        "sees them."
    )
    if not manager:
        return message(
            [section(hello), section(_("A workspace admin or owner can set me up: `/pulse setup`."))]
        )
    start = _(
        "To begin, tell me which channels belong to marketing and which to IT. It takes about five minutes."
    )
    return message(
        [
            section(hello),
            section(start),
            actions([button(_("Set up the pulse"), "setup_open", style="primary")]),
        ]
    )


def problems(found: Sequence[Problem]) -> Message:
    """What a manager must fix, and how."""
    return message(
        [section(_("*The pulse needs a hand from a manager.*")), *(section(problem_text(p)) for p in found)]
    )


def problem_text(problem: Problem) -> str:
    return _("⚠️ {what}\n*What to do:* {mend}").format(what=problem.what, mend=problem.mend)


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
    what, mend = _CHANNEL_PROBLEMS.get(
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
    return Problem(_(what).format(**named), _(mend).format(**named))


def set_up(opens_at: datetime | None, also: str = "") -> Message:
    """Told to the manager who saved the set-up; `also` is a sentence more."""
    saved = _("*Saved.* `/pulse open` opens a pulse right away; without it the schedule does.")
    return message([section(" ".join([saved, *_after_that(opens_at), *filter(None, [also])]))])


def hint(sentence: str) -> Message:
    """A sentence of our own that answers a word."""
    return message([section(sentence)])


def ask_open(card: OpeningCard) -> Message:
    """What opening a pulse now does, before it is done."""
    titles = "\n".join(f"• {escape(title(item))}" for item in card.items)
    said = _(
        "*Open a pulse now?* It goes to everybody in {channels} at once and stays open until {when}. It asks:"
    ).format(channels=_channels(card.channels), when=moment(card.closes_at))
    return message(
        [section(f"{said}\n{titles}"), actions([button(_("Open it now"), "manage:open", style="primary")])]
    )


def ask_close(card: ClosingCard) -> Message:
    """What closing the pulse now ends, before it is done."""
    lines = [
        _("*Close the pulse now?* By itself it closes {when}.").format(when=moment(card.closes_at)),
        *(
            f"{_(side.label)}: {turnout(counted.answered, counted.roster, card.minimum)}"
            for side, counted in card.turnout.items()
        ),
        _(
            "Nobody can answer after that. Single answers are deleted, totals of {minimum} answers or more "
            "are posted, and a question with fewer stays without a result. This cannot be undone."
        ).format(minimum=card.minimum),
    ]
    close = button(_("Close it now"), "manage:close", value=card.wave_id, style="danger")
    return message([section("\n".join(lines)), actions([close])])


def wave_opened(channels: Sequence[str], closes_at: datetime) -> Message:
    """Told to the manager who opened a wave; `channels` are ids."""
    return message(
        [
            section(
                _(
                    "*The pulse is open until {when}.* It goes to {channels}. "
                    "`/pulse status` shows how many have answered; `/pulse close` ends it early."
                ).format(when=moment(closes_at), channels=_channels(channels))
            )
        ]
    )


def wave_closed(channels: Sequence[str], traces: Traces = Traces.NONE) -> Message:
    """Told to the manager who closed a wave; `channels` are ids, `traces` what is left of the answers."""
    return message(
        [
            section(
                _(
                    "*The pulse is closed.* {deleted} The results go to {channels}; `/pulse scores` shows"
                    " them, too."
                ).format(deleted=deleted(traces), channels=_channels(channels))
            )
        ]
    )


def wave_called_off() -> Message:
    """Told to the manager who closed a wave whose key was lost."""
    return message(
        [
            section(
                _(
                    "*The pulse is called off:* its key was lost, so nobody can read its answers, and there"
                    " are no results. Closed pulses are not touched. `/pulse open` opens another."
                )
            )
        ]
    )


def wave_skipped(due_at: datetime, opens_at: datetime | None) -> Message:
    """Confirms that a manager left out the wave that was due."""
    said = _("The pulse that was planned for {when} is left out.").format(when=moment(due_at))
    return message([section(" ".join([said, *_after_that(opens_at)]))])


def wave_missed(due_at: datetime, opens_at: datetime | None) -> Message:
    """Tells managers that a wave's time had passed before the bot could post it."""
    said = _(
        "⚠️ The pulse that was planned for {when} has not been posted: I was not running or could not "
        "reach Slack, "
        "and by now it is too late for it."
    ).format(when=moment(due_at))
    mend = _("If you still want it, type `/pulse open`.")
    return message([section(" ".join([said, mend, *_after_that(opens_at)]))])


def waves_missed(decided: datetime | None, last: datetime, opens_at: datetime | None) -> Message:
    """Tells managers, once, of all the waves whose times passed before the bot could post them.

    `decided` is when the one before them was due, `last` when the latest of them was.
    """
    if decided is None:
        what = _("⚠️ None of the pulses that were planned up to {last} has been posted:").format(
            last=moment(last)
        )
    else:
        what = _(
            "⚠️ Since the pulse of {decided} none has been posted of those that were planned up to {last}:"
        ).format(decided=moment(decided), last=moment(last))
    why = _("I was not running or could not reach Slack, and by now it is too late for them.")
    mend = _("If you want one now, type `/pulse open`.")
    return message([section(" ".join([what, why, mend, *_after_that(opens_at)]))])


def paused() -> Message:
    return message(
        [
            section(
                _(
                    "Pulses are paused: none opens until somebody types `/pulse resume`. "
                    "A pulse that is open now stays open until its time."
                )
            )
        ]
    )


def resumed(opens_at: datetime | None) -> Message:
    return message([section(" ".join([_("Pulses carry on."), *_after_that(opens_at)]))])


def note_kept(text: str) -> Message:
    """Confirms a dated mark on the trend; `text` is as typed."""
    return message([section(_("Marked on today’s date in every trend: “{text}”").format(text=escape(text)))])


def exported(files: Sequence[str]) -> Message:
    """Told to the manager who asked for an export; `files` are names."""
    said = _(
        "I have sent you {files}, in our direct messages. They hold what was published, and nothing else."
    )
    return message([section(said.format(files=", ".join(f"`{name}`" for name in files)))])


def shared() -> Message:
    """Stands in place of a private card that its reader has shown to the channel."""
    return message([context(_("Shared in this channel, in your name."))])


def managers_list(named: Sequence[str], unmet: int = 0) -> Message:
    """Who may manage: the ids of the named people whom the bot has met, and how many more are named."""
    lines = [_("The admins and owners of this workspace manage the pulse.")]
    if named:
        people = ", ".join(f"<@{user}>" for user in named)
        lines.append(_("These people were named, too: {people}.").format(people=people))
    if unmet:
        lines.append(
            ngettext(
                "{count} more person was named whom I have not met since I was started: "
                "I keep no list of names, so I cannot say who.",
                "{count} more people were named whom I have not met since I was started: "
                "I keep no list of names, so I cannot say who.",
                unmet,
            ).format(count=unmet)
        )
    if not named and not unmet:
        lines.append(_("Nobody else is named."))
    how = _("`/pulse managers add @name` names somebody, `/pulse managers remove @name` takes it back.")
    return message([section(" ".join(lines)), context(how)])


def _after_that(opens_at: datetime | None) -> list[str]:
    return [] if opens_at is None else [_("The next pulse opens {when}.").format(when=moment(opens_at))]


def _channels(ids: Sequence[str]) -> str:
    return ", ".join(f"<#{channel}>" for channel in ids)
