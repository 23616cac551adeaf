"""The documentation does what it says: its commands run, its links lead somewhere, its names exist.

Each block of shell commands runs, the blocks of one page one after the other, in a fresh copy of the project
without tokens. A comment before a block says why it is not run, or until which output it runs:

    <!-- not run: it needs a Docker engine -->
    <!-- runs until: Open http:// -->
"""

from __future__ import annotations

import csv
import io
import os
import re
import selectors
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from handlers.commands import COMMANDS
from pulse import __version__
from pulse.core.items import parse_items
from pulse.ops.settings import Settings
from pulse.storage.sqlite.migrations import migrate

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page.relative_to(ROOT)
    for folder in (".", "docs", "docs/decisions", "docs/templates")
    for page in (ROOT / folder).glob("*.md")
)
DATA = {"text", "mermaid"}
"""Blocks that are read and not run: what a command prints, and drawings."""

FENCE = re.compile(
    r"(?P<before>(?:^[^\n]*\n){0,2})^(?P<indent> *)```(?P<kind>\w*)\n(?P<body>.*?)^ *```$", re.M | re.S
)
SECONDS = 120.0
"""Longer than any block takes on a busy machine; nothing waits that long where all is well."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, and what the comment before it says."""

    kind: str
    body: str
    line: int
    not_run: str = ""
    until: str = ""


def blocks(page: Path) -> Iterator[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        indent = found["indent"]
        body = "".join(line.removeprefix(indent) for line in found["body"].splitlines(keepends=True))
        said = re.search(r"<!-- (not run|runs until): (.+?) -->\s*\Z", found["before"])
        told = {said[1]: said[2]} if said else {}
        line = text[: found.start("body")].count("\n")
        yield Block(found["kind"], body, line, told.get("not run", ""), told.get("runs until", ""))


def of_kind(kind: str) -> list[tuple[Path, Block]]:
    return [(page, block) for page in PAGES for block in blocks(page) if block.kind == kind]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as a fresh clone has it, with this environment as its .venv and up to date."""
    copy = tmp_path / "alignment-pulse"
    unwanted = (".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", ".env", "*.db*", "build")
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*unwanted))
    venv = copy / ".venv"
    venv.mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name not in (".run", ".dev"):
            (venv / part.name).symlink_to(part)
    for stamp in (".run", ".dev"):
        (venv / stamp).touch()
    return copy


def run(block: Block, folder: Path) -> str:
    """Runs a block as a person at a shell does, but stops at the first failure. Returns what it printed."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    # A terminal's Ctrl+C reaches every process of a block, so they are one group.
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block.body],
        cwd=folder,
        env={**kept, "HOME": str(folder.parent), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output = _until(process, block.until)
            if block.until:
                assert block.until in output, output
                os.killpg(process.pid, signal.SIGINT)
                output += process.communicate(timeout=SECONDS)[0].decode()
            else:
                assert process.wait(SECONDS) == 0, output
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert "Traceback" not in output, output
    return output


def _until(process: subprocess.Popen[bytes], words: str) -> str:
    """What the process prints until it says the words, or ends; in bounded time."""
    assert process.stdout is not None
    output, end = b"", time.monotonic() + SECONDS
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while not words or words.encode() not in output:
            assert waiting.select(max(end - time.monotonic(), 0)), output.decode()
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            output += piece
    return output.decode()


WITH_COMMANDS = sorted({page for page, block in of_kind("sh") if not block.not_run})


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=str)
def test_the_commands_of_a_page_work_in_a_fresh_clone(page: Path, copy: Path) -> None:
    """Whoever types a page's commands one after the other meets no error."""
    for block in blocks(page):
        if block.kind == "sh" and not block.not_run:
            run(block, copy)


def test_every_block_says_what_it_is() -> None:
    """A block is run, checked as data, or marked why not; none is of an unknown kind."""
    known = {"sh", "csv", "ini", "sql", *DATA}
    assert [(str(page), b.line) for page in PAGES for b in blocks(page) if b.kind not in known] == []


@pytest.mark.parametrize(("page", "block"), of_kind("csv"), ids=lambda part: str(part)[:40])
def test_an_example_of_items_is_read_by_the_bot(page: Path, block: Block) -> None:
    """Items copied from a page are items that the bot takes."""
    items = parse_items(block.body, str(page), None, own=True)
    assert len(items) == len(list(csv.reader(io.StringIO(block.body.strip())))) - 1


@pytest.mark.parametrize(("page", "block"), of_kind("ini"), ids=lambda part: str(part)[:40])
def test_an_example_of_settings_names_settings(page: Path, block: Block) -> None:
    """Lines copied from a page into `.env` are settings that the bot reads."""
    names = re.findall(r"^(\w+)=", block.body, flags=re.M)
    assert names, page
    assert {name.lower() for name in names} <= set(Settings.model_fields)


@pytest.mark.parametrize(("page", "block"), of_kind("sql"), ids=lambda part: str(part)[:40])
def test_an_example_of_sql_fits_the_database(page: Path, block: Block) -> None:
    """A query copied from a page runs on the schema."""
    connection = sqlite3.connect(":memory:")
    migrate(connection)
    assert sqlite3.complete_statement(block.body), page
    connection.execute(block.body).fetchall()


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading.

    >>> slug("What an *operator* can, and `cannot`, see")
    'what-an-operator-can-and-cannot-see'
    """
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def prose(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link within the project names a file that is there, and a heading in it."""
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (ROOT / page).parent / name if name else ROOT / page
        headings = (
            [slug(line) for line in re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), flags=re.M)]
            if file.suffix == ".md" and file.exists()
            else []
        )
        if not file.exists() or (anchor and anchor not in headings):
            lost.append(target)
    assert lost == []


def whole(page: Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_names_only_what_there_is(page: Path) -> None:
    """Settings, commands, make targets, scopes and files that a page names exist."""
    text = whole(page)
    settings = {name.upper() for name in Settings.model_fields} | {"PULSE_GOLDEN"}
    words = {command.word for command in COMMANDS}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    granted = manifest["oauth_config"]["scopes"]
    scopes = {*granted["bot"], *granted["bot_optional"], "connections:write"}
    found = {
        "settings": set(re.findall(r"\b((?:SLACK|PULSE)_[A-Z_]*[A-Z])\b", text)) - settings,
        "commands": set(re.findall(r"`/pulse ([a-z]+)", text)) - words,
        "targets": set(re.findall(r"(?:`|^)make ([a-z]+)", text, flags=re.M)) - targets,
        "scopes": set(re.findall(r"`([a-z]+:(?:read|write|history))`", text)) - scopes,
        "files": {
            name
            for name in re.findall(r"`((?:pulse|handlers|rehearsal|tests|docs|deploy|bench)/[\w./-]+)`", text)
            if not (ROOT / name).exists()
        },
    }
    assert {kind: names for kind, names in found.items() if names} == {}


def test_every_make_target_explains_itself_and_is_documented() -> None:
    """`make` lists each target with a sentence, and CONTRIBUTING.md names it."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):(.*)$", makefile, flags=re.M)
    assert [name for name, rest in targets if "## " not in rest] == []
    page = whole(Path("CONTRIBUTING.md"))
    assert [name for name, _rest in targets if f"`make {name}`" not in page and name != "help"] == []


def test_decisions_are_numbered_without_gaps() -> None:
    """A record is found by its number, which its heading repeats."""
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(1, len(records) + 1))
    headings = [int(whole(record).removeprefix("# ").split(".", 1)[0]) for record in records]
    assert headings == numbers


def test_every_page_is_reached_from_the_readme() -> None:
    """Each page is linked from the README or from a page that is."""
    reached, ahead = set(), [Path("README.md")]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for target in re.findall(r"\]\(([^)\s#]+)", prose(page)):
            found = ((ROOT / page).parent / target).resolve()
            if found.is_relative_to(ROOT) and found.is_dir():
                ahead += [one.relative_to(ROOT) for one in found.glob("*.md")]
            elif found.is_relative_to(ROOT) and found.exists():
                ahead.append(found.relative_to(ROOT))
    assert set(PAGES) - reached == set()


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    """A release that raises one of the two and forgets the other is noticed."""
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert written == __version__


def test_a_folder_that_was_renamed_goes_on_working() -> None:
    """Scripts of a virtual environment name its old folder; its python does not: the Makefile calls that."""
    called = re.findall(r"\$\(BIN\)/(\w+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert set(called) == {"python"}
