"""Golden files: what a view makes, kept as JSON under tests/golden and compared whole.

`PULSE_GOLDEN=1 pytest ...` rewrites them; read the difference before committing it. In CI they are never
written: a missing file fails.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def golden(name: str, value: object) -> None:
    """Asserts that `value` (JSON data, or a dataclass of it) equals tests/golden/`name`.json."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    path = FOLDER / f"{name}.json"
    written = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("PULSE_GOLDEN") == "1" and not os.environ.get("CI"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written, encoding="utf-8")
    assert path.exists(), f"tests/golden/{name}.json is missing: PULSE_GOLDEN=1 pytest writes it"
    assert json.loads(written) == json.loads(path.read_text(encoding="utf-8"))
