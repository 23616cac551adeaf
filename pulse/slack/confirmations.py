"""Who has had the long confirmation in the open wave, so that nobody gets a pile of them. In memory only."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from pulse.views.message import Message

Replace = Callable[[Message], Coroutine[Any, Any, None]]
"""Puts another message in place of a private one."""

MOST_KEPT = 1000


class Confirmations:
    """Knows people by their pseudonyms in a wave; another wave begins with nobody."""

    def __init__(self) -> None:
        self._wave_id = 0
        self._confirmed: set[bytes] = set()
        self._replace: dict[bytes, Replace] = {}

    def is_first(self, wave_id: int, person: bytes) -> bool:
        """Notes a confirmation; true for the first in the wave, or the first since `forget`."""
        self._enter(wave_id)
        first = person not in self._confirmed
        self._confirmed.add(person)
        return first

    def forget(self, wave_id: int, person: bytes) -> None:
        """Somebody withdrew: the next answer is confirmed at length again."""
        self._enter(wave_id)
        self._confirmed.discard(person)
        self._replace.pop(person, None)

    def keep(self, wave_id: int, person: bytes, replace: Replace) -> None:
        """Remembers how to change the private confirmation from which somebody opened the form."""
        self._enter(wave_id)
        self._replace.pop(person, None)
        self._replace[person] = replace
        while len(self._replace) > MOST_KEPT:
            del self._replace[next(iter(self._replace))]

    def take(self, wave_id: int, person: bytes) -> Replace | None:
        """How to change that confirmation, once; None if the form was opened elsewhere."""
        self._enter(wave_id)
        return self._replace.pop(person, None)

    def _enter(self, wave_id: int) -> None:
        if wave_id != self._wave_id:
            self._wave_id = wave_id
            self._confirmed.clear()
            self._replace.clear()
