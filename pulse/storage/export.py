"""Closed pulses as CSV and JSON, made from ClosedWave alone, so they contain only what may be posted.

Columns name their unit: `_n` for people, `_percent` for whole per cents of `answers_n`, `_utc` for times. A
withheld figure is marked as withheld and has no number.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pulse.core.errors import SettingsFault
from pulse.core.expectation_item import is_expectation
from pulse.core.facts import percent
from pulse.core.followup import FEWEST, MOST
from pulse.core.items import Bank
from pulse.core.language import _, ngettext
from pulse.core.model import ClosedWave, Counted, Outcome, Share, Side, Withheld

SCORES, PARTICIPATION, EVERYTHING = "pulse-scores.csv", "pulse-participation.csv", "pulse.json"
EXPECTATIONS = "pulse-expectations.csv"

SCORE_COLUMNS = (
    "pulse",
    "opened_at_utc",
    "closed_at_utc",
    "item_id",
    "series",
    "side",
    "question",
    "status",
    "people_asked_n",
    "answers_n",
    "measure",
    "people_low_n",
    "people_high_n",
    "share_low_percent",
    "share_high_percent",
)
PARTICIPATION_COLUMNS = (
    "pulse",
    "opened_at_utc",
    "closed_at_utc",
    "side",
    "status",
    "people_asked_n",
    "people_answered_n",
)
EXPECTATION_COLUMNS = (
    "pulse",
    "opened_at_utc",
    "closed_at_utc",
    "item_id",
    "side",
    "answers_n",
    "expected_of_ten_n",
    "is_end",
)
"""`expected_of_ten_n` is how many of ten on the other side the side expects to agree; with `is_end` it is an
open end: 2 or fewer, 8 or more."""

Row = dict[str, Any]


def files(waves: Sequence[ClosedWave], bank: Bank) -> Mapping[str, bytes]:
    """The whole export: bytes by file name."""
    scores = [row for wave in waves for row in _scores(wave, bank)]
    participation = [row for wave in waves for row in _participation(wave)]
    expectations = [row for wave in waves for row in _expectations(wave)]
    everything = {"participation": participation, "scores": scores, "expectations": expectations}
    return {
        SCORES: _csv(SCORE_COLUMNS, scores),
        PARTICIPATION: _csv(PARTICIPATION_COLUMNS, participation),
        EXPECTATIONS: _csv(EXPECTATION_COLUMNS, expectations),
        EVERYTHING: (json.dumps(everything, ensure_ascii=False, indent=1) + "\n").encode(),
    }


def write(target: Path, waves: Sequence[ClosedWave], bank: Bank) -> str:
    """Writes the scores to a .csv file, everything to a .json file, or all files to a folder.

    Returns the sentence that names the files. Raises SettingsFault if they cannot be written.
    """
    made = files(waves, bank)
    chosen = {".csv": SCORES, ".json": EVERYTHING}.get(target.suffix.casefold())
    places = {target: made[chosen]} if chosen else {target / name: content for name, content in made.items()}
    try:
        if not chosen:
            target.mkdir(parents=True, exist_ok=True)
        for place, content in places.items():
            part = place.with_name(place.name + ".part")
            part.write_bytes(content)
            part.replace(place)
    except OSError as error:
        raise SettingsFault(
            _("The export {path} cannot be written: {why}. Name a writable folder or file.").format(
                path=target, why=error.strerror or error
            )
        ) from error
    names = ", ".join(str(place) for place in places)
    return ngettext(
        "{count} closed pulse is in {names}.", "{count} closed pulses are in {names}.", len(waves)
    ).format(count=len(waves), names=names)


def _scores(wave: ClosedWave, bank: Bank) -> Iterator[Row]:
    for item_id in (item_id for item_id in wave.items if not is_expectation(item_id)):
        for side in Side:
            item = bank.get(item_id)
            same = item is not None and item.series == wave.series[item_id]
            about = {
                **_when(wave),
                "item_id": item_id,
                "series": wave.series[item_id],
                "side": str(side),
                "question": item.wordings[side] if item and same else None,
                "people_asked_n": wave.turnout[side].roster if side in wave.turnout else None,
            }
            for found in _outcome(wave.outcomes.get((item_id, side), Withheld())):
                yield about | found


def _outcome(outcome: Outcome) -> Iterator[Row]:
    if isinstance(outcome, Counted):
        for measure, share in outcome.shares.items():
            yield {
                "status": "counted",
                "answers_n": outcome.n,
                "measure": measure,
                **_share(share, outcome.n),
            }
    else:
        yield {"status": "withheld"}


def _share(share: Share, n: int) -> Row:
    return {
        "people_low_n": share.low,
        "people_high_n": share.high,
        "share_low_percent": percent(share.low, n),
        "share_high_percent": percent(share.high, n),
    }


def _expectations(wave: ClosedWave) -> Iterator[Row]:
    for (item_id, side), found in wave.expected.items():
        yield {
            **_when(wave),
            "item_id": item_id,
            "side": str(side),
            "answers_n": found.n,
            "expected_of_ten_n": found.of_ten,
            "is_end": int(found.of_ten in (FEWEST, MOST)),
        }


def _participation(wave: ClosedWave) -> Iterator[Row]:
    for side, turnout in wave.turnout.items():
        row = {**_when(wave), "side": str(side), "people_asked_n": turnout.roster}
        if turnout.answered is None:
            yield row | {"status": "withheld"}
            continue
        yield row | {"status": "shown", "people_answered_n": turnout.answered}


def _when(wave: ClosedWave) -> Row:
    return {
        "pulse": wave.id,
        "opened_at_utc": wave.opened_at.isoformat(),
        "closed_at_utc": wave.closed_at.isoformat(),
    }


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Starts with a byte order mark, so that spreadsheets read UTF-8, and lets no cell start a formula."""
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
