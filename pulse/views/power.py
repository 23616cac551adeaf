"""`/pulse power`: what the number of answers can show."""

from __future__ import annotations

from collections.abc import Mapping

from pulse.core.language import _
from pulse.core.model import ClosedWave, Side, Withheld
from pulse.core.wording import power_sentence
from pulse.views.blocks import context, header, message, section
from pulse.views.message import Message, escape

EXAMPLES = (12, 30, 60)
"""Sizes to compare one's own with."""


def power_message(wave: ClosedWave | None) -> Message:
    """What each side's answers of the last wave can show, and what other numbers could."""
    blocks = [header(_("What your numbers can show"))]
    for side, n in _fewest(wave).items():
        said = power_sentence(n, wave.minimum if wave else 5)
        blocks.append(section(f"*{side.label}*\n{escape(said)}"))
    examples = "\n".join(f"• {escape(power_sentence(n))}" for n in EXAMPLES)
    blocks.append(section(_("*For comparison*") + "\n" + examples))
    blocks.append(
        context(
            _("With few answers, most differences between two pulses are chance. So few changes are called.")
        )
    )
    return message(blocks)


def _fewest(wave: ClosedWave | None) -> Mapping[Side, int]:
    """The smallest shown number of answers of each side; a side without one is left out."""
    if wave is None:
        return {}
    found: dict[Side, int] = {}
    for (_item, side), outcome in wave.outcomes.items():
        if not isinstance(outcome, Withheld):
            found[side] = min(found.get(side, outcome.n), outcome.n)
    return {side: found[side] for side in Side if side in found}
