"""`make bench` in a tiny form: it runs end to end; its times are not judged here."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bench.__main__ import Bench
from bench.report import page


@pytest.mark.parametrize("kind", ["bot", "bare", "quiet"])
async def test_each_subject_of_the_bench_acks_a_tiny_storm(tmp_path: Path, kind: str) -> None:
    """Every tap is acked and none is lost, and the page names what was measured."""
    bench = Bench(tmp_path, seconds=0.2, rounds=1)
    await bench.load(kind, 1, 0)
    [storm] = bench.found.storms[kind, 1]
    assert (storm["taps"], storm["acked"], storm["twice"]) == (50, 50, 0)
    assert bench.found.lost.get((kind, 1), 0) == 0
    assert "50" in page(bench.found, date(2026, 11, 22))
