"""A change is claimed by the rule of docs/method.md, once, and never differently on a later day."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from scipy import stats as scipy_stats

from pulse.core.claims import Claim, claims
from pulse.core.errors import BadNumbers
from pulse.core.likelihood import GRID, Observation
from tests.core.bank import CALM
from tests.core.series import START, series, waves

SHARES = np.array(GRID)


@cache
def likelihood(low: int, high: int, n: int) -> np.ndarray:
    counts = np.arange(low, high + 1)[:, None]
    return np.logaddexp.reduce(scipy_stats.binom.logpmf(counts, n, SHARES), axis=0)


def z_of(newer: list[Observation], older: list[Observation]) -> float:
    one, two = (np.sum([likelihood(w.low, w.high, w.n) for w in of], axis=0) for of in (newer, older))
    ratio = 2 * (one.max() + two.max() - (one + two).max())
    return float(np.sqrt(max(0.0, ratio)) * np.sign(int(one.argmax()) - int(two.argmax())))


def by_the_book(seen: list[Observation]) -> list[tuple[int, bool, int, int]]:
    """(wave, rising, waves of the newer window, waves of the older) of each claim, slowly, from the page."""
    used = [wave for wave in seen if wave.n / wave.roster >= 0.3]
    begin, found = 0, []
    for end in range(1, len(used) + 1):
        days = [wave.day for wave in used[max(0, end - 9) : end]]
        gaps = [(b - a).days for a, b in pairwise(days)]
        seldom = bool(gaps) and median(gaps) >= 27
        options = []
        for length in (1, 2, 4, 8):
            newer = used[max(0, end - length) : end]
            small = sum(wave.n for wave in newer) < 10 * length
            if small:
                bar, most, least, answers = {4: 3.4, 8: 3.25}.get(length), 26, 8, 30
            elif seldom:
                bar, most, least, answers = {1: 3.4, 2: 3.1, 4: 2.9}.get(length), 8, 2, 0
            else:
                bar, most, least, answers = {1: 3.6, 4: 3.1, 8: 2.95}.get(length), 26, 4, 30
            older = used[max(begin, end - length - most) : max(0, end - length)]
            if bar and len(older) >= least and sum(wave.n for wave in older) >= answers:
                z = z_of(newer, older)
                if abs(z) > bar:
                    options.append((abs(z) - bar, z, length, len(older)))
        if options:
            _over, z, length, old = max(options)
            found.append((seen.index(used[end - 1]), z > 0, length, old))
            begin = end - length
    return found


def brief(claim: Claim) -> tuple[int, bool, int, int]:
    return claim.at, claim.rising, claim.newer.waves, claim.older.waves


@CALM
@given(series())
def test_claims_are_those_of_the_page(seen: list[Observation]) -> None:
    """A slow reading of docs/method.md with scipy finds the same claims at the same waves."""
    assert [brief(claim) for claim in claims(seen)] == by_the_book(seen)


@pytest.mark.parametrize("n", [8, 12, 30])
@pytest.mark.parametrize("weeks", [1, 4])
def test_wandering_series_are_claimed_as_on_the_page(n: int, weeks: int) -> None:
    """60 series of 45 waves that wander have exactly the claims that the page's thresholds give."""
    rng = np.random.default_rng(n)
    for _series in range(60):
        wander = 0.6 + np.cumsum(rng.normal(0, 0.06, 45))
        seen = waves(rng.binomial(n, np.clip(wander, 0.02, 0.98)).tolist(), n, weeks=weeks)
        assert [brief(claim) for claim in claims(seen)] == by_the_book(seen)


@CALM
@given(series())
def test_what_was_claimed_stays_claimed(seen: list[Observation]) -> None:
    """Later waves change nothing about the claims of earlier ones, and each close adds one at most."""
    for end in range(len(seen)):
        before, after = claims(seen[:end]), claims(seen[: end + 1])
        assert after[: len(before)] == before
        assert [claim.at for claim in after[len(before) :]] in ([], [end])


@CALM
@given(series())
def test_the_rest_moves_the_other_way(seen: list[Observation]) -> None:
    """Where agreement rises, the share of those who do not agree falls, at the same waves."""
    rest = [Observation(w.day, w.n - w.high, w.n - w.low, w.n, w.roster) for w in seen]
    assert [(c.at, c.rising) for c in claims(rest)] == [(c.at, not c.rising) for c in claims(seen)]


@CALM
@given(series())
def test_windows_are_counted_right(seen: list[Observation]) -> None:
    """Dates, counts and answers of both windows are those of the waves inside them."""
    for claim in claims(seen):
        for window in (claim.newer, claim.older):
            inside = [w for w in seen if w.describes and window.first <= w.day <= window.last]
            assert (window.waves, window.low, window.high, window.n) == (
                len(inside),
                sum(w.low for w in inside),
                sum(w.high for w in inside),
                sum(w.n for w in inside),
            )
        assert claim.older.last < claim.newer.first
        assert claim.newer.last == seen[claim.at].day


def test_a_step_is_told_once() -> None:
    """26 waves of 21 of 30, then 12 of 30 for four years: one claim, soon after the step, and no other."""
    found = claims(waves([21] * 26 + [12] * 208, 30))
    assert [(claim.rising, claim.at <= 29) for claim in found] == [(False, True)]


def test_a_return_is_a_claim_of_its_own() -> None:
    """What fell and came back is told twice, once each way, and is not falling at its end."""
    found = claims(waves([21] * 26 + [12] * 13 + [21] * 13, 30))
    assert [claim.rising for claim in found] == [False, True]


@pytest.mark.parametrize(("before", "after", "length", "at"), [(4, 0, 1, 5), (4, 8, 4, 8), (4, 15, 8, 12)])
def test_first_claims_come_at_the_fifth_eighth_and_twelfth_wave(
    before: int, after: int, length: int, at: int
) -> None:
    """A jump needs four waves before it, a clear change four and four, a small one four and eight."""
    older = {1: 26, 4: 18, 8: 20}[length]
    found = claims(waves([older] * before + [after] * 8, 30))
    assert (found[0].at + 1, found[0].newer.waves) == (at, length)


def test_thirty_answers_are_needed_before() -> None:
    """Four waves of 7 people are 28 answers, too few to tell a jump from; four of 8 are enough."""
    for n, told in ((7, False), (8, True)):
        jump = Observation(START + timedelta(weeks=4), 0, 2, 60, 60)
        assert bool(claims([*waves([n] * 4, n), jump])) is told


def test_waves_that_few_answered_are_left_out() -> None:
    """Ten waves under 30 % response change nothing about the claim that the others make."""
    full = waves([21] * 12 + [9] * 4, 30)
    thin = [Observation(w.day + timedelta(days=3), 30, 30, 30, 120) for w in full[:10]]
    mixed = sorted(full + thin, key=lambda wave: wave.day)
    (alone,), (among,) = claims(full), claims(mixed)
    assert (among.newer, among.older, among.z) == (alone.newer, alone.older, alone.z)
    assert mixed[among.at] == full[alone.at]


def test_seldom_asked_items_need_two_waves_before() -> None:
    """Asked every 9 weeks, a jump in the third wave is told; asked weekly it is not."""
    assert [claim.at for claim in claims(waves([27, 27, 8], 30, weeks=9))] == [2]
    assert claims(waves([27, 27, 8], 30)) == ()


def test_small_sides_need_eight_waves_before_and_four_after() -> None:
    """At 7 answers one wave claims nothing; the fourth wave of a whole turn does."""
    found = claims(waves([7] * 8 + [0] * 8, 7))
    assert [(claim.at, claim.newer.waves, claim.older.waves) for claim in found] == [(11, 4, 8)]


def test_a_series_in_no_order_is_refused() -> None:
    """The days of a series never go back."""
    with pytest.raises(BadNumbers, match="in the order of their days"):
        claims(waves([7, 7], 12)[::-1])
