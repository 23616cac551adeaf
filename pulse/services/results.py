"""What was published: closed waves, their reports, and an item's trail over them.

Everything here is read from what was written at a close; nothing is computed from single answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pulse.core.baselines import Ledger
from pulse.core.closed_waves import closing_day, has_results
from pulse.core.errors import BadRequest, NotNow
from pulse.core.items import Bank
from pulse.core.language import _, spoken
from pulse.core.library import Library
from pulse.core.model import Asked, ClosedWave, Counted, Item
from pulse.core.quarterly import QuarterReport, quarter_report, quarters
from pulse.core.quarters import Quarter
from pulse.core.reporting import report
from pulse.core.reports import ItemReport, Trail, WaveReport
from pulse.core.trails import last_report, trail
from pulse.services.waves import Waves
from pulse.storage.port import Store

READ_AT_ONCE = 10
"""Closed waves per read: 20 ms of the event loop."""

MOST_REPORTS = 20
"""Reports kept in memory, some 100 kB each: the last one or two are asked for again and again."""

DASHBOARD_WAVES = 13
"""Closed waves whose questions the dashboard shows: a quarter of weekly pulses."""

TYPED_LIMIT = 40
"""Characters of an unknown word that a refusal repeats."""

WriteFiles = Callable[[Sequence[ClosedWave], Bank], Mapping[str, bytes]]
"""Makes the export: bytes by file name."""


class Results:
    """Queries over closed waves, in the language that is being spoken."""

    def __init__(self, *, store: Store, library: Library, waves: Waves, write_files: WriteFiles) -> None:
        self._store, self._all, self._waves, self._write_files = store, library, waves, write_files
        self._closed: tuple[ClosedWave, ...] = ()
        self._reading = asyncio.Lock()
        """Held while closed waves are read: two readings at once would add the same wave twice."""
        self._reports: dict[tuple[str, str, str, int, int], WaveReport] = {}

    async def closed_count(self) -> int:
        """How many waves have closed; reads none of them."""
        return await self._store.closed_count()

    async def closed(self) -> tuple[ClosedWave, ...]:
        """All closed waves, the oldest first. They never change: only those closed since are read."""
        if await self._store.closed_count() != len(self._closed):
            await self._read()
        return self._closed

    async def catch_up(self) -> int:
        """Reads newly closed waves a few at a time, so that taps get their turn; returns how many are closed.

        After ten years of weekly waves reading all of them takes a second.
        """
        while (count := await self._store.closed_count()) > len(self._closed):
            await self._read(READ_AT_ONCE)
            await asyncio.sleep(0)
        return count

    async def _read(self, most: int = -1) -> None:
        async with self._reading:
            newest = self._closed[-1].id if self._closed else 0
            found = await self._store.closed_waves(newest, most)
            self._closed = (*self._closed, *found)

    async def edition(self) -> Hashable:
        """A value that changes when any result here may, except for the notes and the next opening."""
        return len(await self.closed()), self._waves.posts_language(), self.zone().key, self._all.edition

    def zone(self) -> ZoneInfo:
        return self._waves.zone()

    def library(self) -> Library:
        """The items and published figures, marked with the language in which the items are asked."""
        return self._all.asked_in(self._waves.posts_language())

    async def last(self) -> WaveReport | None:
        """The report of the last closed wave that had results; None before the first."""
        closed = reversed(await self.closed())
        wave = next((wave for wave in closed if has_results(wave)), None)
        return None if wave is None else await self._report(wave)

    async def empty_since(self) -> date | None:
        """The day of the newest closed wave if it had no results, else None."""
        closed = await self.closed()
        if not closed or has_results(closed[-1]):
            return None
        return closing_day(closed[-1], self.zone())

    async def dashboard(self) -> tuple[ItemReport, ...]:
        """Each question that had results in the last quarter, the most recently asked first."""
        found: dict[str, ItemReport] = {}
        for wave in reversed((await self.closed())[-DASHBOARD_WAVES:]):
            if has_results(wave) and not found.keys() >= set(wave.items):
                for item in (await self._report(wave)).items:
                    if any(isinstance(said.outcome, Counted) for said in item.sides.values()):
                        found.setdefault(item.item.id, item)
        return tuple(found.values())

    async def find(self, wave_id: int | None) -> WaveReport | None:
        """The report of a closed wave; None if there is no such wave."""
        wave = await self.closed_wave(wave_id)
        return None if wave is None else await self._report(wave)

    async def closed_wave(self, wave_id: int | None) -> ClosedWave | None:
        return next((wave for wave in await self.closed() if wave.id == wave_id), None)

    async def details(self, wave_id: str) -> WaveReport:
        """The report of a closed wave, by its token. Raises BadRequest if there is none."""
        found = next((wave for wave in await self.closed() if wave.token == wave_id), None)
        if found is None:
            raise BadRequest(_("There are no results of that pulse."))
        return await self._report(found)

    async def last_with(self, item: Item) -> WaveReport | None:
        """The report of the newest wave that asked an item in its present wording."""
        library = self.library()
        return last_report(item, await self.closed(), library.bank, library.ledger, self._made)

    async def trail(self, item: Item) -> Trail | None:
        """An item over all closed waves, with managers' notes and commitments; None if none asked it."""
        library = self.library()
        notes = await self._store.notes()
        closed, zone = await self.closed(), self.zone()
        return trail(
            item,
            closed,
            library.bank,
            library.ledger,
            notes=notes,
            make=self._made,
            zone=zone,
            commitments=self._waves.commitments,
        )

    async def quarter(self, quarter: Quarter) -> QuarterReport | None:
        """The report of a quarter; None if no wave closed in it."""
        library, closed, zone = self.library(), await self.closed(), self.zone()

        def made(wave: ClosedWave) -> WaveReport:
            return self._made(wave, closed, library.bank, library.ledger)

        for wave in quarters(closed, zone).get(quarter, ()):
            made(wave)
            # One report at a time, so that taps get their turn.
            await asyncio.sleep(0)
        notes = await self._store.notes()
        return quarter_report(
            quarter,
            closed,
            library.bank,
            made,
            zone,
            notes=notes,
            commitments=self._waves.commitments,
            today=self._waves.day(),
        )

    async def notes_edition(self) -> Hashable:
        """A value that changes when a note or commitment is made, or a commitment withdrawn."""
        return await self._store.notes(), self._waves.commitments

    def first_anchor(self) -> Item:
        return self.library().bank.asked(Asked.EVERY_WAVE)[0]

    def item_meant(self, word: str) -> Item:
        """The item named by an id or a word of its question. Raises BadRequest unless exactly one is."""
        bank, typed = self._all.bank, word[:TYPED_LIMIT]
        item = bank.get(word)
        near = (item,) if item is not None else bank.suggest(word)
        if len(near) == 1:
            return near[0]
        if near:
            names = ", ".join(f"{found.id} ({found.heading})" for found in near)
            raise BadRequest(
                _("Which question is meant by “{word}”? The nearest are {names}.").format(
                    word=typed, names=names
                )
            )
        raise BadRequest(
            _("There is no question “{word}”. /pulse baselines lists the topics and their questions.").format(
                word=typed
            )
        )

    async def export_files(self) -> Mapping[str, bytes]:
        """The published totals as files, bytes by name. Raises NotNow before the first close."""
        closed = await self.closed()
        if not closed:
            raise NotNow(_("There is nothing to export yet: no pulse has closed."))
        return self._write_files(closed, self._all.source)

    async def next_opening(self) -> datetime | None:
        return await self._waves.next_opening()

    async def _report(self, wave: ClosedWave) -> WaveReport:
        library = self.library()
        made = self._made(wave, await self.closed(), library.bank, library.ledger)
        return replace(made, next_opens=await self._waves.next_opening())

    def _made(self, wave: ClosedWave, before: Sequence[ClosedWave], bank: Bank, ledger: Ledger) -> WaveReport:
        """A wave's report: a closed wave never changes, nor do those before it."""
        key = (spoken(), self._waves.posts_language(), self.zone().key, self._all.edition, wave.id)
        if key not in self._reports:
            self._reports[key] = report(
                wave, before, bank, ledger, zone=self.zone(), commitments=self._waves.commitments
            )
            while len(self._reports) > MOST_REPORTS:
                del self._reports[next(iter(self._reports))]
        return self._reports[key]
