"""What the bot keeps about people and what it does not, as /pulse privacy shows it."""

from __future__ import annotations

from pulse.core.cards import PrivacyCard
from pulse.core.language import _
from pulse.core.records import ReadersRule, Traces
from pulse.views.blocks import actions, button, context, divider, header, message, moment, section
from pulse.views.deletion import deleted
from pulse.views.message import Block, Message
from pulse.views.notices import own_answers, withdraw_button


def privacy(card: PrivacyCard) -> Message:
    """A summary in three sentences, the reader's own rows, then the details."""
    blocks = [header(_("What is kept about you")), section("\n".join(_in_short(card))), *_own_rows(card)]
    blocks.append(section(_while_open()))
    return message(
        [*blocks, section(_after_close(card.minimum)), section(_not_promised()), context(_besides())]
    )


def _in_short(card: PrivacyCard) -> list[str]:
    """What is kept while a pulse is open and what after it, and who can see it."""
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
