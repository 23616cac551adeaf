"""`make bench` in a tiny form: it runs end to end; its times are not judged here."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bench.__main__ import Bench
from bench.polls import questions
from bench.report import NOT_MEASURABLE, Findings, Storm, page
from bench.storm import taps
from pulse.storage.library import load_library

STORM = Storm(
    taps=50,
    acked=50,
    late=0,
    p50=3,
    p99=9,
    worst=12,
    stored=50,
    processor=0.0004,
    idle=70,
    memory=80,
    stolen=0,
)


def test_a_whole_storm_is_of_distinct_answers() -> None:
    """5,000 people answer three questions: the first in the poll, the others in the card only they see."""
    tap = taps(questions("w", load_library(None).bank.items[:3]), "http://127.0.0.1/r", "storm", 250)
    sent = [json.loads(text)["payload"] for _envelope, text in map(tap, range(15_000))]
    answers = {(one["user"]["id"], one["actions"][0]["value"].split(":")[1]) for one in sent}
    assert len(answers) == 15_000
    assert len({person for person, _item in answers}) == 5_000
    assert sum(one["container"]["is_ephemeral"] for one in sent) == 10_000
    assert all(("message" in one) is not one["container"]["is_ephemeral"] for one in sent)


@pytest.mark.parametrize("kind", ["bot", "bare", "plain"])
async def test_each_subject_of_the_bench_acks_a_tiny_storm(tmp_path: Path, kind: str) -> None:
    """Every tap is acked and none is lost, and the page names what was measured."""
    bench = Bench(tmp_path, seconds=0.2, rounds=1)
    await bench.storm(kind, 0)
    [storm] = bench.found.storms[kind]
    assert (storm.taps, storm.acked, storm.stored, storm.lost) == (50, 50, 50, 0)
    assert storm.processor > 0
    assert "| 50 |" in page(bench.found, date(2026, 11, 22))


def ratios(bot: list[float], bare: list[float]) -> str:
    """The line of the page that compares the bot with the bare dispatcher."""
    storms = {
        kind: [replace(STORM, processor=cost / 1000) for cost in costs]
        for kind, costs in (("bot", bot), ("bare", bare))
    }
    text = page(Findings(60, 250, storms), date(2026, 11, 22))
    return next(line for line in text.splitlines() if line.startswith("| the bot to the bare dispatcher"))


def test_a_ratio_stands_with_its_spread() -> None:
    """The page prints the median of the rounds, and the lowest and highest of them."""
    assert "| 2.10 (2.00 to 2.20) |" in ratios([0.4, 0.42, 0.44], [0.2, 0.2, 0.2])


@pytest.mark.parametrize(
    ("bot", "bare"),
    [
        pytest.param([0.40, 0.46, 0.43], [0.43, 0.43, 0.43], id="the rounds disagree on which costs more"),
        pytest.param([0.40, 0.90, 0.60], [0.20, 0.20, 0.20], id="the rounds lie far apart"),
        pytest.param([0.40, 0.42], [0.20, 0.20], id="two rounds only"),
    ],
)
def test_what_noise_made_is_no_result(bot: list[float], bare: list[float]) -> None:
    """A ratio that another run could reverse is printed as not measurable."""
    assert NOT_MEASURABLE in ratios(bot, bare)


def test_an_answer_that_was_acked_and_is_not_stored_is_lost() -> None:
    """The worst round counts: an answer lost in one of three rounds is printed."""
    storms = {"bot": [STORM, replace(STORM, stored=49), STORM]}
    assert "| the bot | 50 | 0 | 1 |" in page(Findings(60, 250, storms), date(2026, 11, 22))
