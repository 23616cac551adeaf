"""What was published: closed waves, their reports, and an item's trail over them.

Everything here is read from what was written at a close; nothing is computed from single answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pulse.core.baselines import Ledger
from pulse.core.errors import BadRequest, NotNow
from pulse.core.items import Bank
from pulse.core.language import _, spoken
from pulse.core.library import Library
from pulse.core.model import Asked, ClosedWave, Item
from pulse.core.reports import Trail, WaveReport, last_report, report, trail
from pulse.services.waves import Waves
from pulse.storage.port import Store

READ_AT_ONCE = 10
"""Closed waves: 20 ms of the loop."""

MOST_REPORTS = 20
"""Reports that are kept, some 100 kB each: the last one or two are asked for again and again."""

WriteFiles = Callable[[Sequence[ClosedWave], Bank], Mapping[str, bytes]]
"""Makes the export: bytes by file name."""


class Results:
    """Queries over closed waves, in the language that is being spoken."""

    def __init__(self, *, store: Store, library: Library, waves: Waves, write_files: WriteFiles) -> None:
        self._store, self._all, self._waves, self._write_files = store, library, waves, write_files
        self._closed: tuple[ClosedWave, ...] = ()
        self._reports: dict[tuple[str, str, str, int], WaveReport] = {}

    def closed(self) -> tuple[ClosedWave, ...]:
        """All closed waves, the oldest first. They never change: only those closed since are read."""
        if self._store.closed_count() != len(self._closed):
            self._read()
        return self._closed

    async def catch_up(self) -> int:
        """Reads newly closed waves a few at a time, so that taps go through; returns how many are closed.

        After ten years of weekly waves reading all of them takes a second.
        """
        while (count := self._store.closed_count()) > len(self._closed):
            self._read(READ_AT_ONCE)
            await asyncio.sleep(0)
        return count

    def _read(self, most: int = -1) -> None:
        newest = self._closed[-1].id if self._closed else 0
        self._closed += self._store.closed_waves(newest, most)

    def edition(self) -> Hashable:
        """Changes when the answer to any query here may change, except for the notes and the next opening."""
        return len(self.closed()), self._waves.posts_language(), self.zone().key

    def zone(self) -> ZoneInfo:
        return self._waves.zone()

    def library(self) -> Library:
        """The items and published figures, knowing in which language the items are asked."""
        return self._all.asked_in(self._waves.posts_language())

    def last(self) -> WaveReport | None:
        """The report of the last closed wave; None before the first close."""
        closed = self.closed()
        return self._report(closed[-1]) if closed else None

    def last_closed(self) -> ClosedWave | None:
        closed = self.closed()
        return closed[-1] if closed else None

    def find(self, wave_id: int | None) -> WaveReport | None:
        """The report of a closed wave; None if there is no such wave."""
        wave = self.closed_wave(wave_id)
        return None if wave is None else self._report(wave)

    def closed_wave(self, wave_id: int | None) -> ClosedWave | None:
        return next((wave for wave in self.closed() if wave.id == wave_id), None)

    def details(self, wave_id: int) -> WaveReport:
        """The report of a closed wave. Raises BadRequest if there is none."""
        found = self.find(wave_id)
        if found is None:
            raise BadRequest(_("There are no results of that pulse."))
        return found

    def last_with(self, item: Item) -> WaveReport | None:
        """The report of the newest wave that asked an item in its present wording."""
        library = self.library()
        return last_report(item, self.closed(), library.bank, library.ledger, self._made)

    def trail(self, item: Item) -> Trail | None:
        """An item over all closed waves, with the managers' notes; None if none asked it."""
        library = self.library()
        notes = self._store.notes()
        return trail(
            item, self.closed(), library.bank, library.ledger, notes=notes, make=self._made, zone=self.zone()
        )

    def notes_edition(self) -> Hashable:
        """Changes when a note is made."""
        return self._store.notes()

    def first_anchor(self) -> Item:
        return self.library().bank.asked(Asked.EVERY_WAVE)[0]

    def items_meant(self, word: str) -> tuple[Item, ...]:
        """The items that an id or a word of a question can mean: one, several or none."""
        bank = self._all.bank
        item = bank.get(word)
        return (item,) if item is not None else tuple(bank.suggest(word))

    def export_files(self) -> Mapping[str, bytes]:
        """The published totals as files, bytes by name. Raises NotNow before the first close."""
        if not self.closed():
            raise NotNow(_("There is nothing to export yet: no pulse has closed."))
        return self._write_files(self.closed(), self._all.source)

    def next_opening(self) -> datetime | None:
        return self._waves.next_opening()

    def _report(self, wave: ClosedWave) -> WaveReport:
        library = self.library()
        made = self._made(wave, self.closed(), library.bank, library.ledger)
        return replace(made, next_opens=self._waves.next_opening())

    def _made(self, wave: ClosedWave, before: Sequence[ClosedWave], bank: Bank, ledger: Ledger) -> WaveReport:
        """A wave's report: a closed wave never changes, nor do those before it."""
        key = (spoken(), self._waves.posts_language(), self.zone().key, wave.id)
        if key not in self._reports:
            self._reports[key] = report(wave, before, bank, ledger, zone=self.zone())
            while len(self._reports) > MOST_REPORTS:
                del self._reports[next(iter(self._reports))]
        return self._reports[key]
