"""How sure a result is: what the answers say about the whole side, and what their number can show."""

from __future__ import annotations

from collections.abc import Iterator

from pulse.core.language import _
from pulse.core.model import Counted, Side
from pulse.core.reports import ItemReport, WaveReport
from pulse.core.wording import power_sentence
from pulse.views.blocks import context, divider, header, message, section
from pulse.views.message import Block, Message, View, escape
from pulse.views.results import CERTAINTY, modal, sections, shown, turnout_line
from pulse.views.titles import title

EXAMPLES = (12, 30, 60)
"""Numbers of answers to compare one's own with."""


def certainty_view(report: WaveReport) -> View:
    """The window behind "How sure?"."""
    return modal(CERTAINTY, _("How sure is this?"), [*_blocks(report), divider(), _rarely()])


def certainty_message(report: WaveReport | None) -> Message:
    """The same as a message, with what other numbers of answers show; `report` is None before any results."""
    blocks = _blocks(report) if report is not None else []
    return message([header(_("How sure is this?")), *blocks, _examples(), _rarely()])


def _blocks(report: WaveReport) -> list[Block]:
    blocks = [section(escape(turnout_line(report.wave)))]
    for side, n in _fewest(report).items():
        blocks.append(section(f"*{_(side.label)}*\n{escape(power_sentence(n, report.wave.minimum))}"))
    ranges = [block for found in shown(report) for block in sections("\n".join(_ranges(found)))]
    if ranges:
        blocks += [divider(), section(_("*The whole side, with those who did not answer*")), *ranges]
    return blocks


def _ranges(found: ItemReport) -> Iterator[str]:
    yield f"*{escape(title(found.item))}*"
    for side in Side:
        said = found.sides[side].people_sentence
        if said:
            yield _("{side}: {sentence}").format(side=_(side.label), sentence=escape(said))


def _fewest(report: WaveReport) -> dict[Side, int]:
    """The fewest answers to a shown question, by side; a side without one is left out."""
    counts = {
        side: [now.n for found in report.items if isinstance(now := found.sides[side].outcome, Counted)]
        for side in Side
    }
    return {side: min(found) for side, found in counts.items() if found}


def _examples() -> Block:
    lines = "\n".join(f"• {escape(power_sentence(n))}" for n in EXAMPLES)
    return section(_("*Other numbers of answers*") + "\n" + lines)


def _rarely() -> Block:
    return context(
        _(
            "A change is called where chance hardly explains it. Where nothing changes, about 6 in 100 "
            "questions of a side still have one called within 26 pulses."
        )
    )
