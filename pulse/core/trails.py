"""An item over all closed waves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo

from pulse.core import wording
from pulse.core.baselines import Ledger
from pulse.core.closed_waves import by_close
from pulse.core.commitments import Commitment
from pulse.core.followup import CommitmentMark, commitment_mark
from pulse.core.items import Bank
from pulse.core.model import ClosedWave, Item, Note, Side
from pulse.core.reporting import report
from pulse.core.reports import Change, Trail, WaveReport
from pulse.core.series import Series, claimed_changes, step

Maker = Callable[[ClosedWave, Sequence[ClosedWave], Bank, Ledger], WaveReport]


def last_report(
    item: Item, waves: Sequence[ClosedWave], bank: Bank, ledger: Ledger, make: Maker = report
) -> WaveReport | None:
    """The report of the newest closed wave that asked this item in today's wording; None if none did."""
    series = item.series
    asked = [wave for wave in waves if wave.series.get(item.id) == series]
    if not asked:
        return None
    return make(max(asked, key=by_close), waves, bank, ledger)


def trail(
    item: Item,
    waves: Sequence[ClosedWave],
    bank: Bank,
    ledger: Ledger,
    notes: Sequence[Note] = (),
    make: Maker = report,
    *,
    zone: tzinfo = UTC,
    commitments: Sequence[Commitment] = (),
) -> Trail | None:
    """The item over all closed waves; None if no closed wave asked it. Days are those of `zone`."""
    asked = sorted((wave for wave in waves if item.id in wave.series), key=by_close)
    if not asked:
        return None
    steps = tuple(step(item.id, wave) for wave in asked)
    series = item.series
    current = [wave for wave in asked if wave.series[item.id] == series]
    marks = tuple(_marks(Series(item, current, zone), commitments)) if current else ()
    return Trail(
        item=item,
        steps=steps,
        last=make(current[-1], waves, bank, ledger).of(item.id) if current else None,
        sentences={side: _over_time(item, side, current, zone) for side in Side},
        notes=tuple(sorted([*notes, *marks], key=lambda note: note.day)),
    )


def _marks(series: Series, commitments: Sequence[Commitment]) -> Iterator[CommitmentMark]:
    """Each commitment that was not withdrawn, the earliest due first."""
    days = {wave.id: series.day(wave) for wave in series.waves}
    measure = series.item.measures[0]
    seen_on = {
        side: [replace(seen, day=days[wave.id]) for wave, seen in series.published(side, measure)]
        for side in Side
    }
    for commitment in sorted(commitments, key=lambda one: (one.due_on, one.id)):
        if commitment.withdrawn_on is None:
            yield commitment_mark(commitment, series.item, seen_on, series.day(series.newest))


def counts_at(
    commitment: Commitment, item: Item, waves: Sequence[ClosedWave], zone: tzinfo
) -> Mapping[Side, str]:
    """An item's answers before and after a commitment's day, for each side that has both."""
    series = Series(item, sorted(waves, key=by_close), zone)
    marks = _marks(series, [commitment]) if series.waves else ()
    return next((mark.sentences for mark in marks), {})


def _over_time(item: Item, side: Side, waves: Sequence[ClosedWave], zone: tzinfo) -> tuple[str, ...]:
    """The sentences of a side's claims, oldest first, or the one that there is none."""
    if not waves:
        return ()
    series = Series(item, waves, zone)
    said = tuple(change.sentence for change in claimed_changes(series, side))
    return said or (wording.no_change_sentence(len(series.published(side, item.measures[0]))),)


def all_changes(item: Item, waves: Sequence[ClosedWave]) -> Iterator[Change]:
    """Every change of an item in today's wording that the reports of these waves claim, side after side."""
    series = Series(item, sorted(waves, key=by_close), UTC)
    if series.waves:
        for side in Side:
            yield from claimed_changes(series, side)
