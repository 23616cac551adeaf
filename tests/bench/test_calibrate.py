"""The calibration runs the real rules on what is published, and fails where a target is missed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bench import calibrate
from bench.calibrate import DRIFT, FRESH, SAME, People, Row, answers, main, observed, published, row, tables
from pulse.core.privacy import share


def test_people_are_observed_as_a_close_publishes_them() -> None:
    """Under five answers there is no figure; from five on it is the publication rule's."""
    assert published(3, 4) is None
    for n in range(5, 41):
        for k in range(n + 1):
            found = share(k, n)
            assert published(k, n) == (found.low, found.high)


@pytest.mark.parametrize("people", [FRESH, SAME, DRIFT])
def test_people_answer_as_they_are_told_to(people: People) -> None:
    """Three in four answer, and the requested share agrees, however stable the people are."""
    rng = np.random.default_rng(9)
    agree, answered, roster = answers(rng, people, 60, [0.6, 0.9, 0.6, 0.6], 400)
    assert answered.mean() / roster == pytest.approx(0.75, abs=0.01)
    assert (agree.sum(axis=0) / answered.sum(axis=0)).tolist() == pytest.approx(
        [0.6, 0.9, 0.6, 0.6], abs=0.02
    )


def test_the_same_people_differ_less_from_wave_to_wave() -> None:
    """Their counts vary less over waves than those of fresh people."""
    spread = []
    for people in (FRESH, SAME):
        agree, answered, _roster = answers(np.random.default_rng(9), people, 30, [0.6] * 20, 100)
        spread.append(float((agree / answered).std(axis=1).mean()))
    assert spread[1] < 0.9 * spread[0]


def test_people_leave_by_the_weeks_between_waves() -> None:
    """Two waves nine weeks apart are as alike as the first and the tenth of weekly waves."""
    people = People(name="many leave", turnover=0.1)
    alike = []
    for weeks in (1, 9):
        path = [0.6] * (1 + 9 // weeks)
        agree, _answered, _roster = answers(np.random.default_rng(9), people, 12, path, 20000, weeks)
        alike.append(float(np.corrcoef(agree[:, 0], agree[:, -1])[0, 1]))
    assert alike[1] == pytest.approx(alike[0], abs=0.03)


def test_readiness_drifts_by_the_weeks_between_waves() -> None:
    """As many answer after two gaps of nine weeks as after eighteen of one."""
    people = People(name="readiness drifts much", drift=0.5)
    taking_part = []
    for weeks in (1, 9):
        path = [0.6] * (18 // weeks)
        _agree, answered, roster = answers(np.random.default_rng(9), people, 30, path, 1000, weeks)
        taking_part.append(float(answered[:, -1].mean()) / roster)
    assert taking_part[1] == pytest.approx(taking_part[0], abs=0.01)


def test_seeds_repeat() -> None:
    """The same seed gives the same observations."""
    first, second = (observed(np.random.default_rng(3), SAME, 12, [0.6] * 5, 4) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("values", "limits", "missed"),
    [
        ((11.9, 12.0), ("≤ 12",), False),
        ((11.9, 12.1), ("≤ 12",), True),
        ((72.0, 94.9), ("≥ 72", "≥ 95"), True),
        ((71.9, 10.0), ("≥ 72", ""), True),
        ((72.0, 10.0), ("≥ 72", ""), False),
    ],
)
def test_a_target_is_missed_by_any_of_its_sizes(
    values: tuple[float, ...], limits: tuple[str, ...], missed: bool
) -> None:
    """Each size has its own limit, or all share one."""
    assert Row(what="", values=values, limits=limits, unit=" %").misses(0) is missed


def some(value: float) -> Iterator[Row]:
    yield row("anything", [value] * 3, "≤ 5")


@pytest.mark.parametrize(("value", "code"), [(4.0, 0), (90.0, 1)])
def test_a_missed_target_ends_with_1(
    value: float, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Missed or not, the tables are written between their marks; the rest of the page stays."""
    page = tmp_path / "method.md"
    page.write_text(
        "before <!-- calibration: begin -->\nold\n<!-- calibration: end --> after", encoding="utf-8"
    )
    monkeypatch.setattr(calibrate, "PAGE", page)
    monkeypatch.setattr(calibrate, "EXPERIMENTS", (("Anything", lambda _runs: some(value)),))
    assert main([]) == code
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before <!-- calibration: begin -->\nMade by")
    assert text.endswith("\n<!-- calibration: end --> after")
    assert f"| anything | {value:g} % | {value:g} % | {value:g} % | ≤ 5 |" in text
    assert "old" not in text


def test_a_page_without_its_place_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The tables are written between their marks or nowhere."""
    page = tmp_path / "method.md"
    page.write_text("nothing here", encoding="utf-8")
    monkeypatch.setattr(calibrate, "PAGE", page)
    monkeypatch.setattr(calibrate, "EXPERIMENTS", (("Anything", lambda _runs: some(1)),))
    with pytest.raises(SystemExit, match="no place for the tables"):
        main([])


@pytest.mark.parametrize("experiment", calibrate.EXPERIMENTS, ids=lambda experiment: experiment[0])
def test_every_experiment_makes_its_table(
    experiment: tuple[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row has three values, one per size, or the one figure that it announces."""
    monkeypatch.setattr(calibrate, "EXPERIMENTS", (experiment,))
    rows = [found for _line, found in tables(5) if found is not None]
    assert rows
    assert all(len(found.values) == 3 or "one figure" in found.what for found in rows)


@pytest.mark.soak
def test_no_target_is_missed() -> None:
    """A quick calibration of every rule."""
    assert main(["--quick"]) == 0
