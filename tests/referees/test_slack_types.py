"""A referee by Slack: every golden message and view fits Slack's published TypeScript types.

npm fetches `@slack/types` and the compiler, at these versions, into a folder of the test.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
PACKAGES = ("@slack/types@3.2.0", "typescript@7.0.2")
SECONDS = 240

BEGINS = "import type { HomeView, KnownBlock, ModalView } from '@slack/types';\n"


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Slack's types and the TypeScript compiler."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not at hand")
    folder = tmp_path_factory.mktemp("referee")
    (folder / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=SECONDS)
    return folder


def complaints(compiler: Path, typed: dict[str, tuple[str, Any]]) -> list[str]:
    """What the compiler says of values, by name, each with the type that it must have."""
    lines = [f"export const {name}: {kind} = {json.dumps(value)};" for name, (kind, value) in typed.items()]
    (compiler / "sent.ts").write_text(BEGINS + "\n".join(lines), encoding="utf-8")
    command = [
        "node_modules/.bin/tsc",
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "sent.ts",
    ]
    done = subprocess.run(command, cwd=compiler, check=False, capture_output=True, text=True, timeout=SECONDS)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]


def kept() -> dict[str, tuple[str, Any]]:
    """Every golden file with blocks, by name: its type and its value."""
    found: dict[str, tuple[str, Any]] = {}
    for path in sorted(GOLDEN.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        kind = content.get("type") if isinstance(content, dict) else None
        if kind in ("modal", "home"):
            found[path.stem] = ("ModalView" if kind == "modal" else "HomeView", content)
        elif isinstance(content, dict) and "blocks" in content:
            found[path.stem] = ("KnownBlock[]", content["blocks"])
        elif isinstance(content, list):
            found[path.stem] = ("KnownBlock[]", content)
    return found


@pytest.mark.soak
def test_every_kept_message_and_view_has_slacks_types(compiler: Path) -> None:
    """Required parts are there, and no part that Slack does not know."""
    typed = kept()
    assert len(typed) > 60
    assert complaints(compiler, typed) == []


@pytest.mark.soak
@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "txt": "x"}},
        {"type": "image", "slack_file": {"id": "F1"}},
        {"type": "actions", "elements": [{"type": "button", "text": "plain"}]},
        {"type": "sectoin", "text": {"type": "mrkdwn", "text": "x"}},
    ],
)
def test_the_referee_sees_a_fault(compiler: Path, block: dict[str, Any]) -> None:
    """A part misnamed, missing, or of another type."""
    assert complaints(compiler, {"wrong": ("KnownBlock[]", [block])}) != []
