"""The Home tab: the open pulse to answer in place, the last results, what comes next; more for managers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pulse.core.cards import ChannelStatus, HomeCard, ManagerCard, OpenPulse
from pulse.core.language import _
from pulse.views.audit import change_lines
from pulse.views.blocks import (
    Element,
    actions,
    button,
    confirm,
    context,
    divider,
    header,
    moment,
    section,
)
from pulse.views.message import Block, View, escape
from pulse.views.notices import (
    channel_problem,
    own_answer,
    problem_text,
    withdraw_button,
)
from pulse.views.poll import answer_buttons, question, tap_hint, turnout
from pulse.views.titles import title

SECTION_LIMIT = 3000


def home_view(card: HomeCard) -> View:
    """The whole tab; it is published for its one reader."""
    if not card.set_up:
        return _view(_before_set_up(card.may_manage))
    blocks = [*_open(card), divider(), *_results(card), divider(), *_next(card)]
    if card.may_manage and card.manager is not None:
        blocks += [divider(), *_managers(card, card.manager)]
    return _view(blocks)


def _view(blocks: list[Block]) -> View:
    return {"type": "home", "callback_id": "home", "blocks": blocks}


def _before_set_up(may_manage: bool) -> list[Block]:
    about = _(
        "A few short questions to marketing and IT, now and then, and both see what each side said, "
        "how sure one can be, and what published studies found."
    )
    blocks = [header(_("Alignment Pulse")), section(about)]
    if may_manage:
        set_up = button(_("Set up the pulse"), "manage:setup", style="primary")
        return [
            *blocks,
            section(_("It is not set up yet. This takes about five minutes.")),
            actions([set_up]),
        ]
    return [*blocks, section(_("It is not set up yet. An admin or owner of this workspace can do it here."))]


# Everybody


def _open(card: HomeCard) -> list[Block]:
    if card.open is None:
        return [header(_("No pulse is open")), section(_when_next(card))]
    pulse = card.open
    until = _("Open until {when}.").format(when=moment(pulse.closes_at))
    if pulse.side is None:
        return [header(_("A pulse is open")), section(" ".join([until, escape(pulse.outside)]))]
    answers = pulse.answers or {}
    blocks = [header(_("A pulse is open")), section(" ".join([until, *_counted(card, pulse)]))]
    for number, item in enumerate(pulse.items, start=1):
        lines = [question(number, item, pulse.side), own_answer(item, answers)]
        hint = tap_hint(item)
        if hint:
            lines.append(f"_{hint}_")
        blocks.append(section("\n".join(lines)))
        blocks.append(answer_buttons(pulse.wave_id, number, item, answers.get(item.id, frozenset())))
    kept = _(
        "You answer for *{side}*. Confidential until the pulse closes, anonymous after it: then only totals "
        "are kept. Only you see this page."
    ).format(side=_(pulse.side.label))
    more = [button(_("Answer all at once"), "answer_all", value=pulse.wave_id)]
    if any(answers.values()):
        more.append(withdraw_button(pulse.wave_id))
    return [*blocks, context(kept), actions(more)]


def _counted(card: HomeCard, pulse: OpenPulse) -> list[str]:
    if pulse.turnout is None or pulse.side is None:
        return []
    said = turnout(pulse.turnout.answered, pulse.turnout.roster, card.minimum)
    return [_("{side}: {turnout}").format(side=_(pulse.side.label), turnout=said)]


def _results(card: HomeCard) -> list[Block]:
    heading = header(_("Last results"))
    if card.results is None:
        return [heading, section(_("There are none yet: results appear when the first pulse closes."))]
    closed = _("Closed {when}. `/pulse scores` shows more, `/pulse trend` how it has moved.")
    blocks = [heading, context(closed.format(when=moment(card.results.closed_at)))]
    for side, shares in card.results.shares.items():
        lines = [f"*{escape(title(item))}*\n{escape(share)}" for item, share in shares]
        blocks += _paragraphs(f"*{_(side.label)}*", lines)
    return blocks


def _next(card: HomeCard) -> list[Block]:
    privacy = actions([button(_("What is kept about me?"), "privacy")])
    return [privacy] if card.open is None else [section(_when_next(card)), privacy]


def _when_next(card: HomeCard) -> str:
    if card.paused:
        return _("Pulses are paused at the moment.")
    if card.opens_at is None:
        return _("No further pulse is planned.")
    return _("The next pulse opens {when}.").format(when=moment(card.opens_at))


def _paragraphs(title: str, lines: Iterable[str]) -> list[Block]:
    """The lines under their title, in as few sections as Slack's limit allows."""
    texts = [title]
    for line in lines:
        if len(texts[-1]) + 1 + len(line) > SECTION_LIMIT:
            texts.append(line[:SECTION_LIMIT])
        else:
            texts[-1] = f"{texts[-1]}\n{line}"
    return [section(text) for text in texts]


# Managers


def _managers(card: HomeCard, manager: ManagerCard) -> list[Block]:
    blocks = [
        header(_("For managers")),
        section(_("*Schedule:* {schedule}").format(schedule=escape(manager.schedule))),
    ]
    blocks += _paragraphs(_("*Channels*"), (_channel(each) for each in manager.channels))
    found = [channel_problem(each.channel, each.problem) for each in manager.channels if each.problem]
    if found:
        blocks += _paragraphs(_("*To mend*"), (problem_text(problem) for problem in found))
    if manager.changes:
        blocks += _paragraphs(_("*Last changes*"), change_lines(manager.changes))
    return [*blocks, actions(_buttons(card))]


def _channel(status: ChannelStatus) -> str:
    use = _("gets the results") if status.side is None else _(status.side.label)
    state = _("needs mending") if status.problem else _("in order")
    return _("• <#{channel}>: {use}, {state}").format(channel=status.channel, use=use, state=state)


def _buttons(card: HomeCard) -> list[Element]:
    buttons = [_open_button() if card.open is None else _close_button(card.open.wave_id)]
    if card.paused:
        buttons.append(button(_("Resume"), "manage:resume"))
    else:
        if card.opens_at is not None:
            buttons.append(_skip_button(card.opens_at))
        buttons.append(button(_("Pause"), "manage:pause"))
    return [*buttons, button(_("Set up"), "manage:setup")]


def _open_button() -> Element:
    ask = confirm(
        _("Open a pulse now?"),
        _("The questions are posted in all channels of both sides right away."),
        _("Open"),
        _("Not now"),
    )
    return button(_("Open now"), "manage:open", style="primary", confirm=ask)


def _close_button(wave_id: str) -> Element:
    ask = confirm(
        _("Close the pulse now?"),
        _(
            "Nobody can answer after this. The single answers are deleted and the results are posted. "
            "This cannot be undone."
        ),
        _("Close"),
        _("Keep it open"),
    )
    return button(_("Close now"), "manage:close", value=wave_id, style="danger", confirm=ask)


def _skip_button(opens_at: datetime) -> Element:
    """Its value is the moment that was shown, so that a second press cannot leave out another pulse."""
    ask = confirm(
        _("Skip the next pulse?"),
        _("It is left out. The one after it opens as planned."),
        _("Skip"),
        _("Keep it"),
    )
    return button(_("Skip the next"), "manage:skip", value=opens_at.isoformat(), confirm=ask)
