"""An item over the closed waves that asked it in one wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, tzinfo

from pulse.core import wording
from pulse.core.claims import claims
from pulse.core.closed_waves import closing_day, observed, outcome_of
from pulse.core.likelihood import Observation
from pulse.core.model import ClosedWave, Item, Measure, Side
from pulse.core.reports import Change, Step


class Series:
    """The waves that asked an item in today's wording, oldest first, and what each published.

    Days shown to readers are those of `zone`.
    """

    def __init__(self, item: Item, waves: Sequence[ClosedWave], zone: tzinfo) -> None:
        series = item.series
        self.item, self._zone = item, zone
        self.waves = [wave for wave in waves if wave.series.get(item.id) == series]
        self._published: dict[tuple[Side, str], list[tuple[ClosedWave, Observation]]] = {}

    @property
    def newest(self) -> ClosedWave:
        return self.waves[-1]

    def day(self, wave: ClosedWave) -> date:
        """The day of a close in the readers' zone."""
        return closing_day(wave, self._zone)

    def published(self, side: Side, measure: Measure) -> list[tuple[ClosedWave, Observation]]:
        """The waves that published the measure on the side, each with its observation."""
        key = side, measure.key
        if key not in self._published:
            self._published[key] = [
                (wave, seen)
                for wave in self.waves
                if (seen := observed(wave, self.item, side, measure)) is not None
            ]
        return self._published[key]

    def observations(self, side: Side, measure: Measure) -> list[Observation]:
        """The observations of those waves, oldest first."""
        return [seen for _wave, seen in self.published(side, measure)]


def claimed_changes(series: Series, side: Side) -> tuple[Change, ...]:
    """All changes ever claimed for the first share on a side, oldest first."""
    item, measure = series.item, series.item.measures[0]
    published = series.published(side, measure)
    today = series.day(series.newest)
    days = {seen.day: series.day(wave) for wave, seen in published}
    found = []
    for claim in claims(series.observations(side, measure)):
        newer, older = (
            replace(window, first=days[window.first], last=days[window.last])
            for window in (claim.newer, claim.older)
        )
        found.append(
            Change(
                item_id=item.id,
                side=side,
                measure=measure.key,
                rising=claim.rising,
                newer=newer,
                older=older,
                z=claim.z,
                wave_id=published[claim.at][0].id,
                sentence=wording.change_sentence(item, newer, older, rising=claim.rising, today=today),
            )
        )
    return tuple(found)


def step(item_id: str, wave: ClosedWave) -> Step:
    outcomes = {side: outcome_of(wave, item_id, side) for side in Side}
    return Step(wave=wave, series=wave.series[item_id], outcomes=outcomes)
