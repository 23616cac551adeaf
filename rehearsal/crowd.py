"""The rest of the crowd answers: everybody who has not, with one tap for each open question.

A question is a block of buttons whose `block_id` starts with "poll:", in a message to everybody or to one
person. Its buttons are assumed to run from least to most content, or the other way if the first one says
yes; the last one ("cannot say") is chosen now and then. Each person waits for the private reply to a tap,
answers the question in it, presses its main button if it asks none, and goes to the channel that it names.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from rehearsal.blockkit import elements_of
from rehearsal.driver import Actor, NotAnswered, NotPossible
from rehearsal.installation import Installation
from rehearsal.objects import Json, Message, Person
from rehearsal.population import sides_of

QUESTION = "poll:"
YES = ("Yes", "Ja")
ASIDE = 0.04  # of the questions
FIRMNESS = 3
AT_ONCE = 20
MOST_TAPS = 20  # of one person
PATIENCE_S = 3.0  # for the private reply to a tap


@dataclass(frozen=True)
class Choice:
    """A tap that is about to be made."""

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
    patience: float = PATIENCE_S,
) -> int:
    """Lets `share` of each side's people answer what they have not yet; returns how many did.

    `besides` is the id of a person to leave out: the one whom the page's visitor acts as. `patience` is how
    long each waits for the private reply to a tap.

    `mood` is 0 to 1 for each side, 0.5 by default. The same seed, workspace and mood give the same taps.
    """
    luck = random.Random(f"{seed} {len(app.taps)}")  # noqa: S311 - a crowd to try things on, not a secret
    people = [
        _Somebody(Actor(app, person), (mood or {}).get(side, 0.5), random.Random(luck.random()), patience)  # noqa: S311 - likewise
        for side, people in _by_side(app).items()
        for person in luck.sample(people, round(share * len(people)))
        if person.id != besides
    ]
    answered = 0
    for start in range(0, len(people), AT_ONCE):
        answered += sum(await asyncio.gather(*(one.answers() for one in people[start : start + AT_ONCE])))
    return answered


def _by_side(app: Installation) -> dict[str, list[Person]]:
    """Everybody who could answer, by their first side: the same share of each answers."""
    groups: dict[str, list[Person]] = {}
    for person in app.workspace.people.values():
        if not (person.is_bot or person.guest or person.deleted):
            side = (sides_of(app.workspace, person.id) or [""])[0]
            groups.setdefault(side, []).append(person)
    return groups


class _Somebody:
    """One of the crowd, at work."""

    def __init__(self, actor: Actor, mood: float, luck: random.Random, patience: float) -> None:
        self.actor, self.mood, self.luck, self.patience = actor, mood, luck, patience
        self.channel = ""

    async def answers(self) -> bool:
        """Whether this person answered anything."""
        self.channel = next(self._asking(), "")
        tapped = False
        for _number in range(MOST_TAPS):
            choice = self._next() if self.channel else None
            if choice is None or not await self._tap(choice):
                break
            tapped = True
        return tapped

    def _asking(self) -> Iterator[str]:
        """The channels that ask this person anything."""
        for channel in self.actor.workspace.channels.values():
            if self.actor.id in channel.members and any(map(_questions, channel.messages)):
                yield channel.id

    def _next(self) -> Choice | None:
        messages = self.actor.sees(self.channel)
        for message in messages:
            for block in _questions(message):
                if not self._done(message, block["block_id"]):
                    return Choice(message, block["block_id"], _pick(block, self.mood, self.luck))
        private = [message for message in messages if message.private_to is not None]
        return _main_button(private[-1]) if private else None

    def _done(self, message: Message, block_id: str) -> bool:
        taps = self.actor.app.taps
        return (self.actor.id, self.channel, message.ts, block_id) in taps

    async def _tap(self, choice: Choice) -> bool:
        before = self._private()
        try:
            await self.actor.act(choice.message, choice.block_id, choice.action_id, {})
        except (NotAnswered, NotPossible):
            # That person has a notice on the screen, or the poll has just closed; the others go on.
            return False
        with suppress(TimeoutError):
            await self.actor.workspace.until(lambda: self._private() != before, self.patience)
            self._follow()
        return True

    def _private(self) -> list[tuple[str, str]]:
        return [(message.ts, message.text) for message in self.actor.private(self.channel)]

    def _follow(self) -> None:
        """Goes to the channel that the last private reply names, if this person is in it."""
        named = re.search(r"<#(\w+)", self.actor.private(self.channel)[-1].text)
        place = self.actor.workspace.channels.get(named[1]) if named else None
        if place is not None and self.actor.id in place.members:
            self.channel = place.id


def _questions(message: Message) -> list[Json]:
    return [
        block
        for block in message.blocks
        if block.get("type") == "actions" and str(block.get("block_id", "")).startswith(QUESTION)
    ]


def _main_button(message: Message) -> Choice | None:
    """The primary button of a private reply, beside its questions: it moves on."""
    for block in message.blocks:
        if block.get("type") == "actions" and not str(block["block_id"]).startswith(QUESTION):
            for element in elements_of(block):
                if element.get("style") == "primary":
                    return Choice(message, block["block_id"], element["action_id"])
    return None


def _pick(block: Mapping[str, object], mood: float, luck: random.Random) -> str:
    elements = block["elements"]
    buttons = [e for e in elements if e["type"] == "button"] if isinstance(elements, list) else []
    *scale, aside = [str(button["action_id"]) for button in buttons]
    if luck.random() < ASIDE or not scale:
        return aside
    if str(buttons[0].get("text", {}).get("text")) in YES:
        scale.reverse()
    # A beta distribution around the mood: any answer can come, those near the mood most often.
    mood = min(max(mood, 0.0), 1.0)
    place = luck.betavariate(1 + FIRMNESS * mood, 1 + FIRMNESS * (1 - mood))
    return scale[min(int(place * len(scale)), len(scale) - 1)]
