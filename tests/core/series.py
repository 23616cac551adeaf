"""Series of waves, made by hand or drawn, for the tests of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from hypothesis import strategies as st

from pulse.core.likelihood import Observation

START = date(2026, 1, 6)


def ends(k: int, n: int) -> tuple[int, int]:
    """What is published of `k` of `n` people."""
    if k <= 2:
        return 0, 2
    if k >= n - 2:
        return n - 2, n
    return (3, n - 3) if n < 10 else (k, k)


def waves(counts: Iterable[int], n: int, roster: int | None = None, weeks: int = 1) -> list[Observation]:
    """A wave of `n` answers for each count, `weeks` apart."""
    people = n + n // 4 if roster is None else roster
    return [
        Observation(START + timedelta(weeks=weeks * at), *ends(k, n), n, people)
        for at, k in enumerate(counts)
    ]


@st.composite
def series(
    draw: st.DrawFn, most: int = 45, sizes: Sequence[int] = (5, 7, 9, 10, 12, 30)
) -> list[Observation]:
    """A series that stays, jumps and goes back, with waves that few answer."""
    weeks = draw(st.sampled_from([1, 1, 1, 4, 9]))
    found: list[Observation] = []
    while len(found) < most and (not found or draw(st.booleans())):
        n = draw(st.sampled_from(sizes))
        share = draw(st.floats(0, 1))
        for _wave in range(draw(st.integers(1, 14))):
            k = min(n, max(0, round(n * share) + draw(st.integers(-1, 1))))
            roster = draw(st.sampled_from([n, n + 3, 2 * n, 4 * n]))
            found.append(Observation(START + timedelta(weeks=weeks * len(found)), *ends(k, n), n, roster))
    return found
