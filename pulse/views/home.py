"""The Home tab: the open pulse to answer in place, the last results, what comes next; more for managers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, tzinfo

from pulse.core.cards import ChannelStatus, HomeCard, ManagerCard, OpenPulse
from pulse.core.closed_waves import closing_day
from pulse.core.dates import day, short_day
from pulse.core.facts import count
from pulse.core.language import _
from pulse.core.model import Counted, Outcome, Side
from pulse.core.reports import ItemReport
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
from pulse.views.commitments import OPEN as COMMIT
from pulse.views.commitments import home_commitments
from pulse.views.message import Block, View, escape, mrkdwn
from pulse.views.notices import own_answer, own_part, withdraw_button
from pulse.views.poll import answer_buttons, question, tap_hint, turnout
from pulse.views.problems import channel_problem, problem_text
from pulse.views.results import (
    finding,
    heading,
    is_shown,
    sections,
    side_line,
    tell_more,
    turnout_line,
)

SECTION_LIMIT = 3000
MOST_QUESTIONS = 16
"""On the dashboard: even with many channels listed below, the tab stays under 100 blocks."""


def home_view(card: HomeCard) -> View:
    """The whole tab; it is published for its one reader."""
    if not card.set_up:
        return _view(_before_set_up(card.may_manage))
    blocks = [*_open(card), divider(), *_results(card), divider()]
    blocks += [*home_commitments(card.commitments), *_next(card)]
    if card.may_manage and card.manager is not None:
        blocks += [divider(), *_managers(card, card.manager)]
    return _view(blocks)


def _view(blocks: list[Block]) -> View:
    return {"type": "home", "callback_id": "home", "blocks": blocks}


def _before_set_up(may_manage: bool) -> list[Block]:
    about = _(
        "Marketing and IT answer a few short questions now and then. Both see what each side said, how sure "
        "that is, and how it stands against published studies."
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
    own = own_part(sum(1 for item in pulse.items if answers.get(item.id)), len(pulse.items))
    blocks = [header(_("A pulse is open")), section(" ".join([until, own, *_counted(card, pulse)]))]
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
    """A dashboard: the finding, then each question now, before, and beside its study."""
    top = header(_("Results"))
    if not card.reads:
        return [top, section(_("They are for the people of the pulse’s channels and for its managers."))]
    found = card.results
    if found is None:
        return [top, section(_("There are none yet: results appear when the first pulse closes."))]
    closed = closing_day(found.report.wave, card.zone)
    when = _("Pulse of {day}. {turnout}").format(day=day(closed), turnout=turnout_line(found.report.wave))
    blocks = [top, section(f"*{escape(finding(found.report))}*"), context(escape(when))]
    if found.empty is not None:
        few = _("The pulse of {day} had too few answers to show.")
        blocks.append(context(few.format(day=day(found.empty))))
    paragraphs = [_question(each, closed, card.zone) for each in found.items[:MOST_QUESTIONS]]
    blocks += [block for text in paragraphs for block in sections(text)]
    return [*blocks, actions(tell_more(found.report))]


def _question(found: ItemReport, closed: date, zone: tzinfo) -> str:
    """A question as it was last asked, with up to four earlier times."""
    asked = closing_day(found.recent[-1].wave, zone)
    name = f"*{escape(heading(found))}*"
    lines = [
        name if asked == closed else _("{title} · {day}").format(title=name, day=short_day(asked, closed))
    ]
    for side in (side for side in Side if is_shown(found.sides[side])):
        before = [_figure(found, step.outcomes[side]) for step in found.recent[-5:-1]]
        earlier = _(" · before: {figures}").format(figures=", ".join(before)) if before else ""
        lines.append(f"{mrkdwn(side_line(found, side))}{earlier}")
    return "\n".join(lines)


def _figure(found: ItemReport, outcome: Outcome) -> str:
    share = outcome.shares.get(found.item.measures[0].key) if isinstance(outcome, Counted) else None
    if not isinstance(outcome, Counted) or share is None:
        return _("hidden")
    return count(share.low, share.high, outcome.n)


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
        blocks += _paragraphs(_("*To fix*"), (problem_text(problem) for problem in found))
    if manager.changes:
        blocks += _paragraphs(_("*Last changes*"), change_lines(manager.changes))
    return [*blocks, actions(_buttons(card))]


def _channel(status: ChannelStatus) -> str:
    use = _("gets the results") if status.side is None else _(status.side.label)
    state = _("needs fixing") if status.problem else _("in order")
    return _("• <#{channel}>: {use}, {state}").format(channel=status.channel, use=use, state=state)


def _buttons(card: HomeCard) -> list[Element]:
    buttons = [_open_button() if card.open is None else _close_button(card.open.wave_id)]
    if card.paused:
        buttons.append(button(_("Resume"), "manage:resume"))
    else:
        if card.opens_at is not None:
            buttons.append(_skip_button(card.opens_at))
        buttons.append(button(_("Pause"), "manage:pause"))
    return [*buttons, button(_("Commit to something"), COMMIT), button(_("Set up"), "manage:setup")]


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
