"""The statistics agree with worked numbers, with statsmodels and scipy, and with what they mean."""

from __future__ import annotations

import json
from itertools import product
from math import comb, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import Table
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

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


def test_worked_difference_from_a_published_figure() -> None:
    """V04: 20 of 30 is not clearly different from 56 % of 405, with or without the figure's rounding."""
    given_, expected = worked("V04")
    plain = stats.newcombe(given_["k"], given_["n"], given_["count_baseline"], given_["n_baseline"])
    enveloped = stats.against_published(20, 30, (56, 55.5, 56.5), 405)
    assert (plain.estimate, plain.interval.limits) == (
        near(expected["diff"]),
        near(tuple(expected["newcombe"])),
    )
    assert enveloped.estimate == near(expected["diff"])
    assert enveloped.interval.limits == near(tuple(expected["rounding_envelope"]))


def test_worked_change_between_two_waves() -> None:
    """V07: 7 of 12 and then 9 of 12 is no clear change."""
    _, expected = worked("V07")
    difference = stats.newcombe(9, 12, 7, 12)
    assert difference.estimate == near(expected["diff"])
    assert difference.interval.limits == near(tuple(expected["newcombe"]))
    assert difference.interval.covers_zero


def test_worked_chance_of_a_change_where_nothing_changed() -> None:
    """V07: against nothing changed, nine people show 11 points or more in 81 % of week pairs."""
    for size, odds in worked("V07")[1]["null_change_probability"].items():
        n = int(size)
        chance = [comb(n, k) * 0.6**k * 0.4 ** (n - k) for k in range(n + 1)]
        moved = sum(
            chance[a] * chance[b] for a, b in product(range(n + 1), repeat=2) if abs(a - b) / n >= 0.07
        )
        assert 1 - sum(c * c for c in chance) == near(odds["any_change"])
        assert moved == near(odds["change_ge_7pts"])


def test_worked_trend() -> None:
    """V09: 45 % to 82 % in six waves of about 11 is borderline, not proven."""
    given_, expected = worked("V09")
    trend = stats.cochran_armitage(given_["k"], given_["n"], given_["scores"])
    assert (trend.z, trend.p) == (near(expected["z"]), near(expected["p"]))
    total = sum(given_["n"])
    assert trend.z * sqrt((total - 1) / total) == near(expected["statsmodels_z"])


def test_worked_adjusted_flags() -> None:
    """V12: five raw flags of eight become one under Holm and two under Benjamini and Hochberg."""
    given_, expected = worked("V12")
    assert stats.holm(given_["p"]) == near(tuple(expected["holm"]))
    assert stats.benjamini_hochberg(given_["p"]) == near(tuple(expected["bh"]))
    assert [p < 0.05 for p in stats.holm(given_["p"])] == expected["holm_reject"]
    assert [p < 0.05 for p in stats.benjamini_hochberg(given_["p"])] == expected["bh_reject"]
    assert near(expected["familywise_20_independent_tests"]) == 1 - 0.95**20


def test_worked_drift() -> None:
    """V13: three waves at a third, where 60 % was usual, raise the alarm at the third."""
    given_, expected = worked("V13")
    agreed = [round(share * given_["n"]) for share in given_["waves"]]
    chart = stats.ewma(agreed, [given_["n"]] * len(agreed), given_["pbar"], given_["lam"], given_["L"])
    assert [wave.smoothed for wave in chart] == near(expected["ewma"])
    assert [wave.half_width for wave in chart] == near(expected["ewma_half_width"])
    assert [wave.signal for wave in chart] == expected["ewma_signal"]


@pytest.mark.parametrize("n", SIZES)
def test_wilson_is_that_of_statsmodels(n: int) -> None:
    """Within 1e-9, for nobody, everybody, one person and a thousand million."""
    for k, confidence in product(counts(n), (0.9, 0.95, 0.99)):
        low, high = proportion_confint(k, n, alpha=1 - confidence, method="wilson")
        expected = (max(0.0, float(low)), min(1.0, float(high)))
        assert stats.wilson(k, n, confidence).limits == near(expected, 1e-9)


@pytest.mark.parametrize("n1", SIZES)
def test_newcombe_is_that_of_statsmodels(n1: int) -> None:
    """Within 1e-9, for every pair of sizes and counts of the grid."""
    for n2 in SIZES:
        for k1, k2 in product(counts(n1), counts(n2)):
            expected = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb", compare="diff")
            assert stats.newcombe(k1, n1, k2, n2).interval.limits == near(tuple(map(float, expected)), 1e-9)


def test_the_rounding_envelope_is_the_union_over_the_published_range() -> None:
    """A figure printed as "almost half" may have been anything in its range, and both ends are counted."""
    for k, n, n0 in product((0, 3, 12), (12, 60), (100, 405)):
        ours = stats.against_published(k, n, (48, 45, 49.5), n0).interval
        ends = [
            confint_proportions_2indep(k, n, percent * n0 / 100, n0, method="newcomb", compare="diff")
            for percent in (45, 49.5)
        ]
        expected = (min(float(low) for low, _ in ends), max(float(high) for _, high in ends))
        assert ours.limits == near(expected, 1e-9)


@CALM
@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=2, max_size=12),
)
def test_the_trend_is_that_of_statsmodels(waves: list[tuple[int, float]]) -> None:
    """Within 1e-9 after its N − 1 is put back to N."""
    n = [size for size, _ in waves]
    k = [round(size * share) for size, share in waves]
    if 0 < sum(k) < sum(n):
        table = np.array([k, [a - b for a, b in zip(n, k, strict=True)]]).T
        theirs = Table(table, shift_zeros=False).test_ordinal_association(
            row_scores=np.arange(len(k)), col_scores=np.array([1, 0])
        )
        assert stats.cochran_armitage(k, n).z == near(
            theirs.zscore * sqrt(sum(n) / (sum(n) - 1)), 1e-9 * max(1.0, abs(theirs.zscore))
        )
    else:
        assert stats.cochran_armitage(k, n) == stats.Trend(0.0, 1.0)


@CALM
@given(st.lists(st.floats(0, 1), min_size=1, max_size=25))
def test_adjusted_probabilities_are_those_of_statsmodels(p: list[float]) -> None:
    """Holm and Benjamini-Hochberg within 1e-9 for any list."""
    assert stats.holm(p) == near(tuple(multipletests(p, method="holm")[1]), 1e-9)
    assert stats.benjamini_hochberg(p) == near(tuple(multipletests(p, method="fdr_bh")[1]), 1e-9)


@pytest.mark.parametrize("p", [0.001, 0.025, 0.4, 0.5, 0.75, 0.9, 0.975, 0.995, 0.9995])
def test_the_t_quantile_is_that_of_scipy(p: float) -> None:
    """Within 1e-9, relatively where t is large, for every df to 300 and some huge ones."""
    for df in [*range(1, 301), 1_000, 10**5, 10**9]:
        assert stats.t_quantile(p, df) == pytest.approx(float(scipy_stats.t.ppf(p, df)), rel=1e-9, abs=1e-9)


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    """Student's interval, for two people and for a million."""
    for n, deviation in product((2, 20, 21, 450, 10**6), (0.0, 0.5, 33.0)):
        ours = stats.t_interval(61.5, deviation, n).limits
        if deviation:
            theirs = scipy_stats.t.interval(0.95, n - 1, loc=61.5, scale=deviation / sqrt(n))
            assert ours == near(tuple(map(float, theirs)), 1e-9 * max(1.0, abs(float(theirs[1]))))
        else:
            assert ours == (61.5, 61.5)


def test_the_drift_limits_are_the_textbook_ones_where_every_wave_is_alike() -> None:
    """The running variance equals the closed formula when n does not change."""
    for wave, drift in enumerate(stats.ewma([5] * 40, [12] * 40, 0.4), 1):
        spread = sqrt(0.4 * 0.6 / 12 * 0.2 / 1.8 * (1 - 0.8 ** (2 * wave)))
        assert drift.half_width == near(2.86 * spread, 1e-12)


@pytest.mark.parametrize(("n", "points"), [(12, 50), (30, 35), (60, 25)])
def test_what_so_many_answers_can_show(n: int, points: int) -> None:
    """12 answers show a fall of 50 points, 30 of 35, 60 of 25."""
    assert stats.smallest_detectable_fall(n) == points


@pytest.mark.parametrize("n", [8, 12, 17, 30, 60])
def test_the_smallest_fall_is_enumerated_exactly(n: int) -> None:
    """Counting every pair of counts with scipy gives the same fall before it is rounded to 5 points."""
    clear = [
        (a, b)
        for a, b in product(range(n + 1), repeat=2)
        if confint_proportions_2indep(b, n, a, n, method="newcomb", compare="diff")[1] < 0
    ]
    before = scipy_stats.binom.pmf(range(n + 1), n, 0.6)
    exact = None
    for fall in range(1, 61):
        after = scipy_stats.binom.pmf(range(n + 1), n, round(0.6 - fall / 100, 10))
        if sum(before[a] * after[b] for a, b in clear) >= 0.8:
            exact = fall
            break
    assert stats.smallest_detectable_fall(n) == (None if exact is None else 5 * round(exact / 5))


def test_more_answers_see_smaller_falls() -> None:
    """The smallest fall never grows with the number of answers."""
    falls = [stats.smallest_detectable_fall(n) or 100 for n in range(5, 400, 5)]
    assert falls == sorted(falls, reverse=True)


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


@CALM
@given(shares, shares)
def test_swapping_the_sides_negates_the_difference(one: tuple[int, int], two: tuple[int, int]) -> None:
    """What marketing is above IT, IT is below marketing."""
    there, back = stats.newcombe(*one, *two), stats.newcombe(*two, *one)
    assert back.estimate == near(-there.estimate, 1e-12)
    assert back.interval.limits == near((-there.interval.high, -there.interval.low), 1e-12)
    assert -1 <= there.interval.low <= there.estimate <= there.interval.high <= 1


@CALM
@given(shares, st.integers(0, 10_000))
def test_the_share_of_a_whole_side_lies_in_the_bounds(share: tuple[int, int], silent: int) -> None:
    """Worst case: the silent all say yes or all say no; the corrected interval never leaves that."""
    k, n = share
    bounds = stats.worst_case(k, n, n + silent)
    corrected = stats.finite_population(k, n, n + silent)
    assert bounds.limits == near((k / (n + silent), (k + silent) / (n + silent)), 1e-12)
    assert bounds.low <= corrected.low <= corrected.high <= bounds.high
    assert corrected.low - 1e-9 <= k / n <= corrected.high + 1e-9


def test_everybody_answered_leaves_nothing_open() -> None:
    """With all N answers there is no interval, and with a huge side it is Wilson's."""
    assert stats.finite_population(12, 20, 20) == stats.Interval(0.6, 0.6)
    assert stats.finite_population(12, 20, 10**12).limits == near(stats.wilson(12, 20).limits, 1e-9)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: stats.wilson(3, 0), "3 of 0 people is no share"),
        (lambda: stats.wilson(-1, 5), "-1 of 5 people is no share"),
        (lambda: stats.wilson(6, 5), "6 of 5 people is no share"),
        (lambda: stats.wilson(float("nan"), 5), "nan of 5 people is no share"),
        (lambda: stats.wilson(1, 5, 1.0), "A confidence lies between 0 and 1"),
        (lambda: stats.newcombe(1, 5, 6, 5), "6 of 5 people is no share"),
        (lambda: stats.worst_case(1, 5, 4), "5 answers cannot come from 4 people"),
        (lambda: stats.against_published(1, 5, (56, 57, 58), 100), "56 per cent does not lie between"),
        (lambda: stats.cochran_armitage([1], [5]), "A trend needs two waves"),
        (lambda: stats.cochran_armitage([1, 2], [5, 5], [3, 3]), "A trend needs waves at different times"),
        (lambda: stats.ewma([1], [5], 1.0), "A drift chart needs a centre"),
        (lambda: stats.holm([0.1, 1.5]), "A probability lies between 0 and 1"),
        (lambda: stats.benjamini_hochberg([float("nan")]), "A probability lies between 0 and 1"),
        (lambda: stats.t_interval(50, 10, 1), "The interval of a mean needs two persons"),
        (lambda: stats.t_interval(50, -1, 10), "a deviation of 0 or more"),
        (lambda: stats.t_quantile(1.0, 3), "A quantile of t needs"),
        (lambda: stats.smallest_detectable_fall(0), "0 of 0 people is no share"),
    ],
)
def test_what_cannot_be_counted_is_refused(wrong: Any, sentence: str) -> None:
    """Bad numbers are a ValueError with a clear sentence, and one of the project's own errors."""
    with pytest.raises(BadNumbers, match=sentence) as refusal:
        wrong()
    assert isinstance(refusal.value, ValueError)
    assert isinstance(refusal.value, PulseError)
