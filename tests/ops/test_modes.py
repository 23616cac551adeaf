"""Whatever the umask, what the bot writes is for its owner only: the process from its start to its end."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.server import Rehearsal
from tests.process import Outside, bot, tokens


@pytest.fixture
def generous() -> Iterator[None]:
    """A umask that closes nothing, which processes inherit."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """Each file and folder in it that anybody else may use, with its mode."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}
    return {str(path.relative_to(folder)): f"{mode:o}" for path, mode in modes.items() if mode & 0o077}


@pytest.mark.usefixtures("generous")
async def test_what_the_bot_writes_is_for_its_owner_only(slack: Rehearsal, tmp_path: Path) -> None:
    """Database, log, keys, backup and export, while a pulse is open, after its close, and after the end."""
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        outside = Outside(slack)
        await outside.set_up()
        await outside.open()
        assert open_to_others(tmp_path) == {}
        async with bot(tmp_path, "backup", "saved.db") as saving:
            assert await saving.ends() == 0
        async with bot(tmp_path, "export", "figures.zip") as exporting:
            assert await exporting.ends() == 0, exporting.output
        assert open_to_others(tmp_path) == {}
        await outside.confirms("/pulse close", "manage:close")
        await process.says("wave closed")
        assert await process.stop() == 0
    assert open_to_others(tmp_path) == {}
