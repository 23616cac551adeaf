"""How far the long tests go: a bounded version in `make test`, the whole length in `make soak`.

    @also_soaked
    @settings(max_examples=length(25, 1000), deadline=None)
    @given(...)
    def test_a_rule(...): ...

runs with 25 examples in the ordinary run and with 1,000 in the soak. A test without a bounded version is
marked `pytest.mark.soak` and runs in the soak only.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., Any])

_soaking = False


def configure(config: pytest.Config) -> None:
    """Takes the depth from the run's own selection: `pytest -m soak` is the soak, on each worker too."""
    global _soaking  # noqa: PLW0603 - decorators read it while test modules are imported, and take no fixture
    _soaking = config.option.markexpr == "soak"


def length(bounded: int, whole: int) -> int:
    """`bounded` in the ordinary run, `whole` in the soak."""
    return whole if _soaking else bounded


def also_soaked(test: Test) -> Test:
    """Selects the test in the soak as well as in the ordinary run."""
    return pytest.mark.soak(test) if _soaking else test


def must_run(report: pytest.TestReport) -> None:
    """In CI a test that cannot run has failed: a missing Chromium would otherwise look like success."""
    if report.skipped and "CI" in os.environ and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} cannot run here, and in CI it must. {reason}"
