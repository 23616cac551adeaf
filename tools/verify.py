#!/usr/bin/env python3
"""Checks what Alignment Pulse published, from the file that people can download. Python 3.10 is enough.

    python tools/verify.py FILE [DIGEST ...]

FILE is what "Download what is stored" under /pulse privacy hands out, or a copy of the bot's own database;
only closed pulses are read. A DIGEST is what the details of a pulse print in Slack: its first 16 digits.

1. Digest: dates, minimum, questions, turnout and figures of each pulse give the digest that the file states,
   and each DIGEST is that of one of its pulses.
2. Questions: the wordings and options in the file are those that the pulses asked.
3. Figures: each follows the rule of what is published; bars, shares and answers agree; per cents are right.
4. Changes and comparisons with studies, worked out again from the figures, are those that the bot says.
5. The whole: every row of every table gives the digest that the file states of itself. Whoever changes a row
   can state another digest there, but cannot change the digests that Slack shows.

It prints each pulse, then what does not hold. Exit: 0 all holds, 1 something does not, 2 the file cannot be
read. docs/method.md explains the rules; the thresholds below are from that page.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import pairwise
from statistics import median
from typing import NamedTuple

SIDES = ("marketing", "it")
GRID = [step / 250 for step in range(1, 250)]


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__)
        return 2
    problems: list[str] = []
    try:
        with open(arguments[0], "rb"), closing(connected(arguments[0])) as data:
            for problem in report(data, {digest.replace(" ", "") for digest in arguments[1:]}):
                problems.append(problem)
    except ValueError as error:
        problems.append(f"A figure makes no sense: {error}")
    except (OSError, sqlite3.Error) as error:
        print(f"{arguments[0]} cannot be read: {error}")
        return 2
    print(*problems, f"{len(problems)} problems.", sep="\n")
    return 1 if problems else 0


def connected(path: str) -> sqlite3.Connection:
    data = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    data.row_factory = sqlite3.Row
    return data


def report(data: sqlite3.Connection, given: set[str]) -> Iterator[str]:
    stated = {row["wave_id"]: row["digest"] for row in said(data, "said_digest")}
    digests = []
    for wave in rows(data, "SELECT * FROM wave WHERE state = 'closed' ORDER BY closed_at, id"):
        digests.append(wave_digest(data, wave))
        print(f"Pulse {wave['id']}, closed {wave['closed_at'][:10]}, digest {spaced(digests[-1])}")
        if stated and stated.get(wave["id"]) != digests[-1]:
            yield f"Pulse {wave['id']}: the file states another digest, {spaced(stated.get(wave['id'], ''))}"
        yield from (f"Pulse {wave['id']}: {problem}" for problem in figures(data, wave))
    for digest in sorted(given):
        if len(digest) < 16 or not any(whole.startswith(digest) for whole in digests):
            yield f"The digest {spaced(digest)} is that of no pulse in this file"
    known = rows(data, "SELECT 1 FROM sqlite_master WHERE name IN ('said_digest', 'said_whole')")
    if known and [tuple(row) for row in said(data, "said_whole")] != [(whole(data),)]:
        yield "The file is not as the bot made it: a row was changed, added or left out"
    yield from questions(data)
    yield from expectations(data)
    yield from changes(data)
    yield from studies(data)


def rows(data: sqlite3.Connection, query: str, *values: object) -> list[sqlite3.Row]:
    return data.execute(query, values).fetchall()


def said(data: sqlite3.Connection, table: str) -> list[sqlite3.Row]:
    """What the bot says, in a table that only the downloaded file has."""
    known = rows(data, "SELECT 1 FROM sqlite_master WHERE name = ?", table)
    return rows(data, f"SELECT * FROM {table}") if known else []


def spaced(digest: str) -> str:
    return " ".join(digest[at : at + 4] for at in range(0, min(16, len(digest)), 4))


# --- 1. The digest ---------------------------------------------------------------------------------------


def wave_digest(data: sqlite3.Connection, wave: sqlite3.Row) -> str:
    lines: list[tuple[object, ...]] = [("wave", wave["opened_at"], wave["closed_at"], wave["minimum"])]
    sides = {row["side"]: row for row in rows(data, "SELECT * FROM wave_side WHERE wave_id = ?", wave["id"])}
    for side in SIDES:
        if side in sides:
            answered = sides[side]["answered"]
            lines.append(("side", side, sides[side]["people"], "-" if answered is None else answered))
    for item in rows(data, "SELECT * FROM wave_item WHERE wave_id = ? ORDER BY position", wave["id"]):
        lines.append(("item", item["item_id"], item["series"]))
        for side in SIDES:
            key = (wave["id"], item["item_id"], side)
            lines += [("score", side, row["n"]) for row in of(data, "score", key)]
            shares = sorted(of(data, "score_share", key), key=lambda row: row["measure"])
            lines += [("share", row["measure"], row["people_low"], row["people_high"]) for row in shares]
            bars = sorted(of(data, "score_bar", key), key=lambda row: row["position"])
            lines += [("bar", row["boxes"], row["people"]) for row in bars]
    expected = [row for row in said(data, "expectation") if row["wave_id"] == wave["id"]]
    for row in sorted(expected, key=lambda row: (row["item_id"], row["side"])):
        lines.append(("expected", row["item_id"], row["side"], row["n"], row["half_people"]))
    text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def whole(data: sqlite3.Connection) -> str:
    """The digest of every row of the file, except the one that states it."""
    names = rows(data, "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'said_whole'")
    lines = [(name, *row) for (name,) in names for row in rows(data, f"SELECT * FROM {name}")]
    text = "".join(sorted("\t".join(map(str, line)) + "\n" for line in lines))
    return hashlib.sha256(text.encode()).hexdigest()


def of(data: sqlite3.Connection, table: str, key: tuple[object, ...]) -> list[sqlite3.Row]:
    return rows(data, f"SELECT * FROM {table} WHERE wave_id = ? AND item_id = ? AND side = ?", *key)


# --- 2. The questions ------------------------------------------------------------------------------------


def questions(data: sqlite3.Connection) -> Iterator[str]:
    """The name of a series is made from the wordings and options of its question."""
    for row in said(data, "question"):
        parts = [row["item_id"], row["format"], row["wording_marketing"], row["wording_it"]]
        parts += [f"{key}={label}" for key, label in json.loads(row["options"])]
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
        if row["series"] != f"{row['item_id']}-{digest[:10]}":
            yield f"Question {row['item_id']}: its words are not those that were asked as {row['series']}"


# --- 3. The figures --------------------------------------------------------------------------------------


def figures(data: sqlite3.Connection, wave: sqlite3.Row) -> Iterator[str]:
    percents = {
        (row["wave_id"], row["item_id"], row["side"], row["measure"]): row
        for row in said(data, "said_percent")
    }
    for score in rows(data, "SELECT * FROM score WHERE wave_id = ?", wave["id"]):
        n, key = score["n"], (score["wave_id"], score["item_id"], score["side"])
        where = f"{score['item_id']}, {score['side']}"
        if n < wave["minimum"]:
            yield f"{where}: {n} answers are fewer than {wave['minimum']}"
        bars = [bar["people"] for bar in of(data, "score_bar", key)]
        if bars and (n < 20 or sum(bars) != n or {1, 2} & set(bars)):
            yield f"{where}: the bars break the rule or do not add up to {n}"
        for share in of(data, "score_share", key):
            low, high = share["people_low"], share["people_high"]
            per_cents = percent(low, n), percent(high, n)
            print(f"  {where}, {share['measure']}: {low} to {high} of {n}, {per_cents[0]} to {per_cents[1]}%")
            if (low, high) not in {published(k, n) for k in range(n + 1)}:
                yield f"{where}: the bot never publishes {low} to {high} of {n}"
            stated = percents.get((*key, share["measure"]))
            if percents and (not stated or (stated["percent_low"], stated["percent_high"]) != per_cents):
                yield f"{where}: the per cents of {low} to {high} of {n} are not those that the bot says"


def expectations(data: sqlite3.Connection) -> Iterator[str]:
    """Means of 11 people and more, in halves from 2 (or fewer) to 8 (or more) of ten."""
    for row in said(data, "expectation"):
        if row["n"] < 11 or not 4 <= row["half_people"] <= 16:
            yield f"{row['item_id']}, {row['side']}: an expectation breaks the rule"


def published(k: int, n: int) -> tuple[int, int]:
    """0 to 2 is one figure, n - 2 to n is another; under 10 answers all between is a third."""
    if k <= 2:
        return 0, 2
    if k >= n - 2:
        return n - 2, n
    return (k, k) if n >= 10 else (3, n - 3)


def percent(k: int, n: int) -> int:
    """A whole per cent, halves rounded up."""
    return (200 * k + n) // (2 * n)


# --- 4. Changes and studies ------------------------------------------------------------------------------


class Wave(NamedTuple):
    """What a wave published of one question, side and share, and its log-likelihood on the grid."""

    id: int
    day: date
    low: int
    high: int
    n: int
    curve: list[float]


def all_series(data: sqlite3.Connection) -> dict[tuple[str, str, str, str], list[Wave]]:
    """By question, wording, side and share, the oldest wave first.

    Waves in which under 30 % of the side answered are left out: they do not describe it.
    """
    found: dict[tuple[str, str, str, str], list[Wave]] = {}
    query = (
        "SELECT * FROM wave JOIN wave_item ON wave_item.wave_id = wave.id"
        " JOIN score USING (wave_id, item_id) JOIN score_share USING (wave_id, item_id, side)"
        " JOIN wave_side USING (wave_id, side) WHERE state = 'closed' ORDER BY closed_at, wave.id"
    )
    for row in rows(data, query):
        low, high, n = row["people_low"], row["people_high"], row["n"]
        if 10 * n >= 3 * row["people"]:
            key = (row["item_id"], row["series"], row["side"], row["measure"])
            day = date.fromisoformat(row["closed_at"][:10])
            found.setdefault(key, []).append(
                Wave(row["wave_id"], day, low, high, n, likelihood(low, high, n))
            )
    return found


def likelihood(low: int, high: int, n: int) -> list[float]:
    """log P(low <= X <= high) for X binomial (n, p), at each p of the grid."""
    ways = [(k, math.log(math.comb(n, k))) for k in range(low, high + 1)]
    curve = []
    for p in GRID:
        terms = [ways_k + k * math.log(p) + (n - k) * math.log(1 - p) for k, ways_k in ways]
        curve.append(max(terms) + math.log(sum(math.exp(term - max(terms)) for term in terms)))
    return curve


def contrast(one: list[float], two: list[float]) -> float:
    """How clearly two log-likelihoods differ: the signed root of the likelihood ratio."""
    both = max(a + b for a, b in zip(one, two, strict=True))
    z = math.sqrt(max(0.0, 2 * (max(one) + max(two) - both)))
    return z if one.index(max(one)) > two.index(max(two)) else -z


def changes(data: sqlite3.Connection) -> Iterator[str]:
    """Changes of each question's first share, with the counts of both windows."""
    stated = {tuple(row) for row in said(data, "said_change")}
    first = {(row["series"], row["measure"]) for row in said(data, "question")}
    found = {
        (waves[at].id, item, side, measure, rising, *counts)
        for (item, series, side, measure), waves in all_series(data).items()
        if not first or (series, measure) in first
        for at, rising, counts in replay(waves)
    }
    for change in sorted(found):
        print(
            "Change told at pulse {}: {}, {}, {}, {}; low, high, n: {} {} {} after {} {} {}".format(
                *change[:4], "up" if change[4] else "down", *change[5:]
            )
        )
    if said(data, "said_digest"):
        yield from (
            f"Pulse {odd[0]}: the change of {odd[1]}, {odd[2]} is not what the bot says"
            for odd in stated ^ found
        )


def replay(waves: list[Wave]) -> Iterator[tuple[int, bool, list[int]]]:
    """Each wave that tells a change; no later window reaches back past the start of its newer one."""
    begin = 0
    for end in range(1, len(waves) + 1):
        told = max(candidates(waves, begin, end), default=None)
        if told:
            _over, z, first, begin = told
            counts = [
                total
                for some in (waves[begin:end], waves[first:begin])
                for total in (sum(w.low for w in some), sum(w.high for w in some), sum(w.n for w in some))
            ]
            yield end - 1, z > 0, counts


OFTEN = ((1, 3.6), (4, 3.1), (8, 2.95)), 26, 4, 30
SELDOM = ((1, 3.4), (2, 3.1), (4, 2.9)), 8, 2, 0
SMALL = ((4, 3.4), (8, 3.25)), 26, 8, 30
"""(Waves of the newer window, threshold), most and least waves of the older one, and its least answers."""


def candidates(waves: list[Wave], begin: int, end: int) -> Iterator[tuple[float, float, int, int]]:
    """(How far |z| is over its threshold, z, where the older and the newer window begin)."""
    days = [wave.day for wave in waves[max(0, end - 9) : end]]
    gaps = [(after - before).days for before, after in pairwise(days)]
    for windows, most, least, answers in (SELDOM if gaps and median(gaps) >= 27 else OFTEN, SMALL):
        for length, threshold in windows:
            cut = end - length
            first = max(begin, cut - most)
            if cut - first < least or sum(wave.n for wave in waves[first:cut]) < answers:
                continue
            few = sum(wave.n for wave in waves[cut:end]) < 10 * length
            if few == (windows is SMALL[0]):
                z = contrast(summed(waves[cut:end]), summed(waves[first:cut]))
                if abs(z) > threshold:
                    yield abs(z) - threshold, z, first, cut


def summed(waves: list[Wave]) -> list[float]:
    return [sum(column) for column in zip(*(wave.curve for wave in waves), strict=True)]


def studies(data: sqlite3.Connection) -> Iterator[str]:
    every, known = all_series(data), dict[tuple[object, ...], dict[int, str]]()
    for row in said(data, "said_study"):
        key = (row["item_id"], row["series"], row["side"], row["measure"])
        about = (*key, row["study"], row["complement"])
        if about not in known:
            waves = every.get(key, [])
            known[about] = dict(zip([wave.id for wave in waves], standings(waves, row), strict=True))
        found = known[about].get(row["wave_id"], "none")
        if found != row["verdict"]:
            where = f"Pulse {row['wave_id']}: {row['item_id']}, {row['side']}"
            yield f"{where}: against {row['study']} the bot says {row['verdict']}, and it is {found}"


def standings(waves: list[Wave], study: sqlite3.Row) -> Iterator[str]:
    """The verdict at each wave: it begins at 1.96 (with one wave: 2.58) and stays until under 1.28."""
    verdict, n = "unclear", study["people_n"] or 100
    published_curves = [
        [figure * n / 100 * math.log(p) + (1 - figure / 100) * n * math.log(1 - p) for p in GRID]
        for figure in (study["percent_low"], study["percent"], study["percent_high"])
    ]
    for end in range(1, len(waves) + 1):
        recent = [wave for wave in waves[max(0, end - 4) : end] if (waves[end - 1].day - wave.day).days <= 91]
        ours = [value / len(recent) for value in summed(recent)]
        ours = ours[::-1] if study["complement"] else ours
        every = [contrast(ours, curve) for curve in published_curves]
        z = 0.0 if min(every) < 0 < max(every) else min(every, key=abs)
        side = "above" if z > 0 else "below"
        if abs(z) >= (2.58 if len(recent) == 1 else 1.96):
            verdict = side
        elif len(recent) == 1 or abs(z) < 1.28 or verdict != side:
            verdict = "unclear"
        yield verdict


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
