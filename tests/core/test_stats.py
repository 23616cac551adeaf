"""The statistics agree with worked numbers, with statsmodels and scipy, and with what they mean."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from pulse.core import stats
from pulse.core.errors import BadNumbers, PulseError
from tests.core.bank import CALM

VECTORS = {
    vector["id"]: vector
    for vector in json.loads(Path(__file__).with_name("stats_vectors.json").read_text())["vectors"]
}
SIZES = (1, 2, 3, 5, 9, 12, 30, 60, 200, 5_000, 1_000_000, 10**9)


def counts(n: int) -> list[int]:
    return sorted({0, 1, n // 3, n // 2, n - 1, n} - {-1})


def worked(vector: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return VECTORS[vector]["inputs"], VECTORS[vector]["expected"]


def near(expected: object, tolerance: float = 1e-6) -> Any:
    return pytest.approx(expected, abs=tolerance, rel=0)


def test_worked_wilson_of_six_in_nine() -> None:
    """V01: 67 % of nine people means anything from 35 to 88 %."""
    given_, expected = worked("V01")
    assert stats.wilson(given_["k"], given_["n"]).limits == near((expected["low"], expected["high"]))


def test_worked_wilson_at_the_extremes_is_clamped_exactly() -> None:
    """V02: everybody's upper limit is 1 and nobody's lower limit is 0, with no float noise."""
    _, expected = worked("V02")
    assert stats.wilson(9, 9).limits == near(expected["unanimous_9"])
    assert stats.wilson(0, 5).limits == near(expected["none_of_5"])
    assert (stats.wilson(9, 9).high, stats.wilson(0, 5).low) == (1.0, 0.0)


@pytest.mark.parametrize("n", SIZES)
def test_wilson_is_that_of_statsmodels(n: int) -> None:
    """Within 1e-9, for nobody, everybody, one person and a thousand million."""
    for k, confidence in product(counts(n), (0.9, 0.95, 0.99)):
        low, high = proportion_confint(k, n, alpha=1 - confidence, method="wilson")
        expected = (max(0.0, float(low)), min(1.0, float(high)))
        assert stats.wilson(k, n, confidence).limits == near(expected, 1e-9)


shares = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@CALM
@given(shares)
def test_a_share_lies_in_its_interval(share: tuple[int, int]) -> None:
    """0 ≤ low ≤ p ≤ high ≤ 1."""
    k, n = share
    interval = stats.wilson(k, n)
    assert 0 <= interval.low <= k / n <= interval.high <= 1


@CALM
@given(shares, st.integers(2, 50))
def test_fewer_answers_are_less_sure(share: tuple[int, int], times: int) -> None:
    """The same share of fewer people has the wider interval."""
    k, n = share
    few, many = stats.wilson(k, n), stats.wilson(k * times, n * times)
    assert few.high - few.low > many.high - many.low


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: stats.wilson(3, 0), "3 of 0 people is no share"),
        (lambda: stats.wilson(-1, 5), "-1 of 5 people is no share"),
        (lambda: stats.wilson(6, 5), "6 of 5 people is no share"),
        (lambda: stats.wilson(float("nan"), 5), "nan of 5 people is no share"),
        (lambda: stats.wilson(1, 5, 1.0), "A confidence lies between 0 and 1"),
        (lambda: stats.sign_test(-1, 3), "-1 and 3 people cannot be compared"),
    ],
)
def test_what_cannot_be_counted_is_refused(wrong: Any, sentence: str) -> None:
    """Bad numbers are a ValueError with a clear sentence, and one of the project's own errors."""
    with pytest.raises(BadNumbers, match=sentence) as refusal:
        wrong()
    assert isinstance(refusal.value, ValueError)
    assert isinstance(refusal.value, PulseError)
