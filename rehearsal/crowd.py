"""The rest of the crowd answers: everybody who has not, with one tap for each open question.

A question is a block of buttons whose `block_id` starts with "poll:". Its buttons are assumed to run from
least to most content; a sixth and later ones ("cannot say") are chosen now and then.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal.driver import Actor, NotAnswered, NotPossible
from rehearsal.installation import Installation
from rehearsal.population import sides_of
from rehearsal.workspace import Message, Person

QUESTION = "poll:"
SCALE = 5
ASIDE = 0.04  # of the people
FIRMNESS = 3
AT_ONCE = 20


@dataclass(frozen=True)
class Choice:
    """A tap that is about to be made."""

    person: str
    message: Message
    block_id: str
    action_id: str


async def let_answer(
    app: Installation,
    *,
    share: float = 0.8,
    mood: Mapping[str, float] | None = None,
    seed: int = 7,
    besides: str = "",
) -> int:
    """Lets `share` of each side's people answer what they have not; returns how many did.

    `besides` is the id of a person to leave out: the one whom the page's visitor acts as.

    `mood` is 0 to 1 for each side, 0.5 by default. The same seed, workspace and mood give the same taps.
    """
    luck = random.Random(f"{seed} {len(app.taps)}")  # noqa: S311 - a crowd to try things on, no secret
    choices: list[Choice] = []
    for side, people in _by_side(app).items():
        for person in luck.sample(people, round(share * len(people))):
            if person.id != besides:
                choices += _choices(app, person, (mood or {}).get(side, 0.5), luck)
    for start in range(0, len(choices), AT_ONCE):
        await asyncio.gather(*(_tap(app, choice) for choice in choices[start : start + AT_ONCE]))
    return len({choice.person for choice in choices})


def _by_side(app: Installation) -> dict[str, list[Person]]:
    """Everybody who could answer, by their first side: the same share of each answers."""
    groups: dict[str, list[Person]] = {}
    for person in app.workspace.people.values():
        if not (person.is_bot or person.guest or person.deleted):
            side = (sides_of(app.workspace, person.id) or [""])[0]
            groups.setdefault(side, []).append(person)
    return groups


def _choices(app: Installation, person: Person, mood: float, luck: random.Random) -> list[Choice]:
    """One choice for each open question of the first channel that asks this person anything."""
    for channel in app.workspace.channels.values():
        if person.id not in channel.members:
            continue
        asked = [(m, b) for m in channel.messages for b in m.blocks if _is_question(m, b)]
        if not asked:
            continue
        return [
            Choice(person.id, message, block["block_id"], _pick(block, mood, luck))
            for message, block in asked
            if (person.id, channel.id, message.ts, block["block_id"]) not in app.taps
        ]
    return []


def _is_question(message: Message, block: Mapping[str, object]) -> bool:
    is_named = str(block.get("block_id", "")).startswith(QUESTION)
    return message.private_to is None and is_named and block.get("type") == "actions"


def _pick(block: Mapping[str, object], mood: float, luck: random.Random) -> str:
    elements = block["elements"]
    buttons = (
        [e["action_id"] for e in elements if e["type"] == "button"] if isinstance(elements, list) else []
    )
    if len(buttons) > SCALE and luck.random() < ASIDE:
        return str(luck.choice(buttons[SCALE:]))
    scale = buttons[:SCALE]
    # A beta distribution around the mood: any answer can come, those near the mood most often.
    mood = min(max(mood, 0.0), 1.0)
    place = luck.betavariate(1 + FIRMNESS * mood, 1 + FIRMNESS * (1 - mood))
    return str(scale[min(int(place * len(scale)), len(scale) - 1)])


async def _tap(app: Installation, choice: Choice) -> None:
    try:
        await Actor(app, app.workspace.person(choice.person)).act(
            choice.message, choice.block_id, choice.action_id, {}
        )
    except (NotAnswered, NotPossible):
        # That person has a notice on the screen, or the poll has just closed; the others go on.
        return
