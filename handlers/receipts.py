"""Who has got the long confirmation in the open wave, so that nobody gets a pile of them. In memory only."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from pulse.storage.sqlite.store import OpenWave
from pulse.views.message import Message

Replace = Callable[[Message], Coroutine[Any, Any, None]]
"""Puts another message in place of a private one."""

MOST_CARDS = 1000


class Receipts:
    """Knows people by their ids; a new wave begins with nobody."""

    def __init__(self) -> None:
        self._wave = 0
        self._confirmed: set[str] = set()
        self._cards: dict[str, Replace] = {}

    def first(self, wave: OpenWave, user: str) -> bool:
        """Whether this is somebody's first confirmation in the wave, or the first since `forget`."""
        person = self._person(wave, user)
        first = person not in self._confirmed
        self._confirmed.add(person)
        return first

    def forget(self, wave: OpenWave, user: str) -> None:
        """Somebody withdrew: the next answer is confirmed at length again."""
        person = self._person(wave, user)
        self._confirmed.discard(person)
        self._cards.pop(person, None)

    def keep(self, wave: OpenWave, user: str, replace: Replace) -> None:
        """Remembers how to change the private confirmation on which somebody opened the form."""
        self._cards.pop(self._person(wave, user), None)
        self._cards[self._person(wave, user)] = replace
        while len(self._cards) > MOST_CARDS:
            del self._cards[next(iter(self._cards))]

    def take(self, wave: OpenWave, user: str) -> Replace | None:
        """How to change that confirmation, once; None where the form was opened elsewhere."""
        return self._cards.pop(self._person(wave, user), None)

    def _person(self, wave: OpenWave, user: str) -> str:
        if wave.id != self._wave:
            self._wave = wave.id
            self._confirmed.clear()
            self._cards.clear()
        return user
