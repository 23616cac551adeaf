"""The files in deploy/ fit the project: checked as far as it goes without a Docker engine and systemd.

docs/operations.md says what was tried by hand, and what could not be.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulse.ops.settings import Settings
from pulse.storage.sqlite.migrations import migrate
from rehearsal.server import Rehearsal
from tests import process

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
HADOLINT = Path(sys.prefix) / "bin" / "hadolint"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
UNIT = (DEPLOY / "alignment-pulse.service").read_text(encoding="utf-8")


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


# --- The image ----------------------------------------------------------------------------------------------


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The files that the last stage copies from the project, and no others, made read-only."""
    image = tmp_path / "app"
    last_stage = DOCKERFILE.split("\nFROM ")[-1]
    for line in re.findall(r"^COPY (?!--from)(.+)$", last_stage, flags=re.M):
        *sources, target = line.split()
        for source in sources:
            to = image / target / Path(source).name if target.endswith("/") else image / target
            to.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, to)
    for path in [image, *image.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return image


def container(data: Path, **more: str) -> dict[str, str]:
    """The environment that the image gives the bot, with the paths of this test."""
    said = re.findall(r"^(?:ENV|   ) (\w+)=(\S+)", DOCKERFILE, flags=re.M)
    given = {name: value for name, value in said if name != "PATH"}
    moved = {
        "PULSE_DB": str(data / "pulse.db"),
        "PULSE_KEYS": str(data / "keys"),
        "MPLCONFIGDIR": str(data / "matplotlib"),
    }
    return {**given, "PATH": os.environ["PATH"], **moved, **more}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@asynccontextmanager
async def running(image: Path, environment: dict[str, str]) -> AsyncIterator[process.Process]:
    """Runs the image's entry point in exactly this environment."""
    entry = json.loads(DOCKERFILE.rpartition("ENTRYPOINT ")[2])
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *entry[1:],
        cwd=image,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    bot = process.Process(started)
    bot.listen()
    try:
        yield bot
    finally:
        if started.returncode is None:
            started.kill()
        await bot.ends()


async def healthy(image: Path, environment: dict[str, str]) -> int:
    """What the image's health check says."""
    check = json.loads(re.findall(r"HEALTHCHECK .*CMD (\[.*\])", DOCKERFILE)[0])
    asked = await asyncio.create_subprocess_exec(
        sys.executable, *check[1:], cwd=image, env=environment, stderr=asyncio.subprocess.PIPE
    )
    await asked.communicate()
    return asked.returncode if asked.returncode is not None else -1


def files(image: Path) -> list[Path]:
    """All but Python's caches, which the drawing process writes as root, whom no file mode stops."""
    return sorted(path for path in image.rglob("*") if "__pycache__" not in path.parts)


async def test_the_image_holds_all_that_the_bot_needs(image: Path, tmp_path: Path, slack: Rehearsal) -> None:
    """From the copied files alone the whole loop runs; it writes to the volume and /tmp only.

    The health check bypasses a proxy: it asks this machine.
    """
    data, before = tmp_path / "data", files(image)
    data.mkdir()
    environment = container(data, **process.tokens(slack), PULSE_HEALTH_PORT=str(free_port()))
    async with running(image, environment) as bot:
        await bot.says("event=ready")
        assert await healthy(image, environment) == 0
        behind = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
        assert await healthy(image, environment | behind) == 0
        assert "8 of 12 (67%)" in await process.Outside(slack).whole_loop()
        assert await bot.stop() == 0
    assert await healthy(image, environment) == 1
    assert files(image) == before
    assert (data / "pulse.db").exists()


async def test_the_image_never_rehearses(image: Path, tmp_path: Path) -> None:
    """A container that lost its tokens says so and stops, instead of looking alive."""
    async with running(image, container(tmp_path)) as bot:
        assert await bot.ends() == 2
        assert "SLACK_BOT_TOKEN" in bot.output


def test_the_image_runs_without_rights() -> None:
    """The last user is not root, and the file holds no secret."""
    assert re.findall(r"^USER (.+)$", DOCKERFILE, flags=re.M) == ["10001"]
    assert "xoxb" not in DOCKERFILE
    assert "xapp" not in DOCKERFILE


@pytest.mark.skipif(
    not HADOLINT.exists() and "CI" not in os.environ, reason="hadolint comes for Linux on x86-64 only"
)
def test_the_dockerfile_passes_its_linter() -> None:
    """hadolint has nothing to say."""
    subprocess.run([HADOLINT, DEPLOY / "Dockerfile"], check=True, capture_output=True)


# --- Compose ------------------------------------------------------------------------------------------------


def test_compose_gives_the_container_no_more_than_it_needs() -> None:
    """A read-only root, no capabilities, no new privileges, a volume each for data and keys, and /tmp."""
    service = read("compose.yaml")["services"]["bot"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["data:/data", "keys:/keys"]
    assert [mount.split(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    assert "privileged" not in service
    assert "ports" not in service


def test_compose_and_the_unit_set_settings_that_exist() -> None:
    """Every variable that deploy/ gives the bot is one that it reads, and a value that it takes."""
    said = [
        ("compose", name, value)
        for name, value in read("compose.yaml")["services"]["bot"]["environment"].items()
    ]
    said += [("image", *pair) for pair in re.findall(r"^(?:ENV|   ) (\w+)=(\S+)", DOCKERFILE, flags=re.M)]
    said += [("unit", *pair) for pair in re.findall(r"(?:^Environment=| )(\w+)=(\S+)", UNIT, flags=re.M)]
    of_others = {"PATH", "MPLCONFIGDIR", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    ours = [(where, name, value) for where, name, value in said if name not in of_others]
    assert {where for where, _name, _value in ours} == {"compose", "image", "unit"}
    for _where, name, value in ours:
        assert name.lower() in Settings.model_fields
        Settings(_env_file=None, **{name.lower(): value})


# --- systemd, Litestream, Datasette ----------------------------------------------------------------------


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and "CI" not in os.environ, reason="no systemd on this machine"
)
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    """`systemd-analyze verify` is content, and calls the exposure OK (under 2 of 10)."""
    unit = tmp_path / "alignment-pulse.service"
    unit.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT, flags=re.M), encoding="utf-8"
    )
    said = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-300:]


def test_litestream_copies_the_file_that_the_unit_keeps() -> None:
    """The replica is of the unit's database, and forgets within a day what the bot destroyed."""
    config = read("litestream.yml")
    assert [one["path"] for one in config["dbs"]] == re.findall(r"PULSE_DB=(\S+)", UNIT)
    assert config["snapshot"]["retention"] == "24h"


def test_the_key_folder_is_in_no_copy_of_the_data() -> None:
    """It has its own folder or volume everywhere, so a copy of the database's folder does not hold it."""
    assert re.findall(r"PULSE_KEYS=(\S+)", DOCKERFILE) == ["/keys"]
    assert '["/data", "/keys"]' in DOCKERFILE
    [keys] = re.findall(r"PULSE_KEYS=(\S+)", UNIT)
    [database] = re.findall(r"PULSE_DB=(\S+)", UNIT)
    assert not Path(keys).is_relative_to(Path(database).parent)
    assert f"StateDirectory={Path(database).parent.name} {Path(keys).name}" in UNIT
    assert all(keys not in str(one) for one in read("litestream.yml")["dbs"])


def test_datasette_is_told_of_every_column_of_the_views() -> None:
    """metadata.yml names the views for people, each column with its meaning, and no other."""
    connection = sqlite3.connect(":memory:")
    migrate(connection)
    views = connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
    columns = {
        view: [row[1] for row in connection.execute(f"PRAGMA table_info({view})")] for (view,) in views
    }
    (database,) = read("metadata.yml")["databases"].values()
    assert {view: list(table["columns"]) for view, table in database["tables"].items()} == columns
