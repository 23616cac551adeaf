"""Verdicts against studies and between the sides: one wave's information, steady, and the same as scipy's."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pulse.core.comparison import Study, Verdict, against_study, better_or_worse, gap, reach
from pulse.core.errors import BadNumbers
from pulse.core.likelihood import GRID, Observation
from pulse.core.stats import sign_test
from tests.core.bank import CALM
from tests.core.series import START, series, waves

NEED = Study(low=55.5, percent=56, high=56.5, n=405)
SHARES = np.array(GRID)


def likelihood(wave: Observation) -> np.ndarray:
    counts = np.arange(wave.low, wave.high + 1)[:, None]
    return np.logaddexp.reduce(scipy_stats.binom.logpmf(counts, wave.n, SHARES), axis=0)


def recent(seen: list[Observation]) -> list[Observation]:
    return [wave for wave in seen[-4:] if (seen[-1].day - wave.day).days <= 91]


def ratio(one: np.ndarray, two: np.ndarray) -> float:
    size = 2 * (one.max() + two.max() - (one + two).max())
    return float(np.sqrt(max(0.0, size)) * np.sign(int(one.argmax()) - int(two.argmax())))


def by_the_book(seen: list[Observation], study: Study) -> list[tuple[Verdict, float]]:
    """The verdict at each wave, slowly and forwards from the first."""
    used = [wave for wave in seen if wave.n / wave.roster >= 0.3]
    found: list[tuple[Verdict, float]] = []
    state = Verdict.UNCLEAR
    for end in range(1, len(used) + 1):
        averaged = recent(used[:end])
        ours = np.mean([likelihood(wave) for wave in averaged], axis=0)
        size = study.n or 100
        zs = [
            ratio(ours, p * size / 100 * np.log(SHARES) + (1 - p / 100) * size * np.log1p(-SHARES))
            for p in (study.low, study.percent, study.high)
        ]
        z = 0.0 if min(zs) < 0 < max(zs) else min(zs, key=abs)
        sign = Verdict.ABOVE if z > 0 else Verdict.BELOW
        if len(averaged) == 1:
            state = sign if abs(z) >= 2.58 else Verdict.UNCLEAR
        elif abs(z) >= 1.96:
            state = sign
        elif abs(z) < 1.28 or state is not sign:
            state = Verdict.UNCLEAR
        found.append((state, z))
    return found


@CALM
@given(series(most=25), st.sampled_from([NEED, Study(low=50, percent=55, high=60, n=None)]))
def test_verdicts_are_those_of_the_page(seen: list[Observation], study: Study) -> None:
    """A slow reading of docs/method.md with scipy gives the same verdict and z at every wave."""
    expected = by_the_book(seen, study)
    ours = [against_study(seen[: end + 1], study) for end, wave in enumerate(seen) if wave.describes]
    assert [one.verdict for one in ours if one] == [verdict for verdict, _z in expected]
    assert [one.z for one in ours if one] == pytest.approx([z for _verdict, z in expected], abs=1e-4)


@pytest.mark.parametrize("k", [2, 5, 8, 11])
def test_the_same_wave_four_times_says_no_more_than_once(k: int) -> None:
    """The same people asked again and again never become more people."""
    once, often = against_study(waves([k], 12), NEED), against_study(waves([k] * 4, 12), NEED)
    assert once is not None
    assert often is not None
    assert often.z == pytest.approx(once.z)
    assert (once.waves, often.waves) == (1, 4)


def test_a_first_wave_alone_must_be_clearer() -> None:
    """4 of 16 against 56 %: a verdict with a second wave like it, none at the first."""
    verdicts = [against_study(waves([4] * number, 16), NEED) for number in (1, 2)]
    assert [standing.verdict for standing in verdicts if standing] == [Verdict.UNCLEAR, Verdict.BELOW]


def test_a_verdict_does_not_come_and_go() -> None:
    """Once below, a side stays below while it is nearly so, and one that is nearly below is not called so."""
    low, between = [5] * 4, [8] * 6
    kept = [against_study(waves(low + between[:more], 20), NEED) for more in range(7)]
    fresh = against_study(waves(between, 20), NEED)
    assert {standing.verdict for standing in kept if standing} == {Verdict.BELOW}
    assert fresh is not None
    assert (fresh.verdict, -1.96 < fresh.z < -1.28) == (Verdict.UNCLEAR, True)


def test_a_verdict_never_turns_over_by_keeping_what_it_was() -> None:
    """22 of 60 is below 56 %; with 57 of 60 after it the two are nearly above: no verdict."""
    found = [against_study(waves(counts, 60), NEED) for counts in ([22], [22, 57])]
    assert [standing.verdict for standing in found if standing] == [Verdict.BELOW, Verdict.UNCLEAR]


def test_waves_of_more_than_13_weeks_ago_are_not_averaged() -> None:
    """An item asked every 14 weeks stands on each wave alone, one asked every 13 weeks on two."""
    found = [against_study(waves([5] * 5, 20, weeks=weeks), NEED) for weeks in (14, 13, 4)]
    assert [standing.waves for standing in found if standing] == [1, 2, 4]


def test_a_range_that_holds_the_share_allows_no_verdict() -> None:
    """ "More than half" is 50 to 60 %: 110 of 200 lie inside it, and 60 of 200 do not."""
    vague = Study(low=50, percent=55, high=60, n=405)
    found = [against_study(waves([k] * 4, 200), vague) for k in (110, 60)]
    assert [standing.verdict for standing in found if standing] == [Verdict.UNCLEAR, Verdict.BELOW]


@pytest.mark.parametrize("number", [1, 4])
def test_under_thirty_per_cent_nothing_is_compared(number: int) -> None:
    """Neither with a study nor between the sides, whatever earlier waves allow."""
    thin = [*waves([2] * number, 12), Observation(START + timedelta(weeks=9), 0, 2, 12, 60)]
    assert against_study(thin, NEED) is None
    assert gap([(wave, wave) for wave in thin]) is None
    assert against_study([], NEED) is None
    assert gap([]) is None


@CALM
@given(series(most=20), st.integers(0, 10**6))
def test_the_gap_is_the_same_from_either_side(seen: list[Observation], seed: int) -> None:
    """Where marketing is above IT, IT is below marketing, at every wave."""
    other = [Observation(w.day, *sorted(((w.low + seed) % (w.n + 1),) * 2), w.n, w.roster) for w in seen]
    there, back = (gap(list(zip(*pair, strict=True))) for pair in ((seen, other), (other, seen)))
    turned = {Verdict.ABOVE: Verdict.BELOW, Verdict.BELOW: Verdict.ABOVE, Verdict.UNCLEAR: Verdict.UNCLEAR}
    assert (there is None) == (back is None)
    if there and back:
        assert (turned[there.verdict], -there.z) == (back.verdict, pytest.approx(back.z))


def test_sides_that_differ_by_half_are_told_apart() -> None:
    """10 of 40 and 30 of 40 differ; 7 of 12 and 9 of 12 do not."""
    ten, thirty = waves([10, 10], 40), waves([30, 30], 40)
    seven, nine = waves([7, 7], 12), waves([9, 9], 12)
    found = [gap(list(zip(*pair, strict=True))) for pair in ((ten, thirty), (seven, nine))]
    assert [standing.verdict for standing in found if standing] == [Verdict.BELOW, Verdict.UNCLEAR]


@pytest.mark.parametrize("sample", [405, 252, None])
@pytest.mark.parametrize("n", [5, 9, 12, 16, 30, 60])
def test_what_a_side_can_be_told_from_is_exact(n: int, sample: int | None) -> None:
    """Everybody agrees, week after week: above each per cent up to the reach, and above none beyond it."""
    everybody, nobody = waves([n] * 6, n), waves([0] * 6, n)
    verdicts = {}
    for percent in range(1, 100):
        study = Study(low=percent - 0.5, percent=percent, high=percent + 0.5, n=sample)
        for standing in (against_study(everybody, study), against_study(nobody, study)):
            assert standing is not None
            verdicts[percent, standing.verdict] = True
    above = max(percent for percent, verdict in verdicts if verdict is Verdict.ABOVE)
    below = min(percent for percent, verdict in verdicts if verdict is Verdict.BELOW)
    assert reach(n, sample) == (above, below)


def test_twelve_people_cannot_be_told_above_63_per_cent() -> None:
    """Ten or more of 12, for ever, are no more than 63 % of 405."""
    assert reach(12, 405) == (63, 37)


@CALM
@given(st.integers(0, 60), st.integers(0, 60))
def test_the_sign_test_is_that_of_scipy(more: int, fewer: int) -> None:
    """The exact two-sided binomial test at one half."""
    expected = scipy_stats.binomtest(more, more + fewer, 0.5).pvalue if more + fewer else 1.0
    assert sign_test(more, fewer) == pytest.approx(expected, abs=1e-12)


@CALM
@given(*[st.integers(0, 20)] * 4)
def test_better_is_said_only_where_every_count_allows_it(a: int, b: int, c: int, d: int) -> None:
    """A verdict of the sign test holds for all counts that merged ends may be."""
    better, worse = (min(a, b), max(a, b)), (min(c, d), max(c, d))
    every = [
        (more, fewer) for more in range(better[0], better[1] + 1) for fewer in range(worse[0], worse[1] + 1)
    ]
    clear = {(more > fewer) if sign_test(more, fewer) <= 0.05 else None for more, fewer in every}
    expected = {True: Verdict.ABOVE, False: Verdict.BELOW, None: Verdict.UNCLEAR}
    assert better_or_worse(better, worse) is (expected[clear.pop()] if len(clear) == 1 else Verdict.UNCLEAR)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: Study(low=57, percent=56, high=58, n=405), "56 per cent does not lie between 57 and 58"),
        (lambda: Study(low=55, percent=56, high=57, n=0), "56 per cent does not lie"),
        (lambda: reach(4, 405), "Nothing is shown of 4 answers"),
        (lambda: sign_test(-1, 3), "-1 and 3 people cannot be compared"),
    ],
)
def test_what_cannot_be_compared_is_refused(wrong: object, sentence: str) -> None:
    """Bad numbers are an error with a sentence."""
    with pytest.raises(BadNumbers, match=sentence):
        wrong()  # type: ignore[operator]
