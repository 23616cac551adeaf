"""The whole disk after a close, byte by byte; and every copy of the database that was made before it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pulse.storage.ballots import Sealer
from pulse.storage.keys import WaveKey
from rehearsal.server import Rehearsal
from tests.process import Outside, bot, tokens
from tests.traces import Keys, can_examine, disk, file, folder, found_in, unmount

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not can_examine(), reason="only root can mount a disk of its own"),
]


def readable(people: list[str]) -> dict[str, bytes]:
    """What would tell who answered, or what: ids, and the texts of ballots in every form."""
    found = {f"id of {user}": user.encode() for user in people}
    found["text of a ballot"] = b'"answers":{"'
    for option in ("4", "2"):
        found[f"answer {option}"] = json.dumps({"T01": [option]}, separators=(",", ":")).encode()
    return found


async def answered(outside: Outside) -> list[str]:
    await outside.set_up()
    people = []
    for channel, poll in (await outside.open()).items():
        for number, person in enumerate(outside.people(channel)[:12]):
            await outside.answer(person, poll, "4" if number % 3 else "2")
            people.append(person.id)
    return people


def pairs(database: Path, keys: Keys, people: list[str]) -> int:
    """How many people's answers follow from a database for somebody who has these keys."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as copy:
        rows = dict(copy.execute("SELECT person, sealed FROM ballot").fetchall())
        waves = copy.execute("SELECT token FROM wave ORDER BY id DESC LIMIT 1").fetchall()
    if not waves:
        return 0
    [(token,)] = waves
    sealer = Sealer(WaveKey(token, bytearray(keys.naming + keys.sealing)))
    found = [sealer.open(person, rows[person]) for person in map(sealer.pseudonym, people) if person in rows]
    return sum(bool(ballot.answers) for ballot in found)


def copied_files(mounted: Path, to: Path) -> Path:
    """Copies the files of the open pulse's database, as operators do; gives the copy of the database."""
    to.mkdir()
    for path in mounted.glob("pulse.db*"):
        if path.is_file():
            shutil.copy(path, to / path.name)
    return to / "pulse.db"


async def test_after_a_close_the_whole_disk_tells_nothing(slack: Rehearsal, tmp_path: Path) -> None:
    """An ext4 disk on which the bot ran a pulse, closed it and stopped is read raw, as a thief reads it.

    While the pulse is open the same search finds the key, so it would find it afterwards.
    """
    with disk(tmp_path) as (image, mounted):
        # SQLite and Python put temporary files where TMPDIR says: they would be on the image too.
        (mounted / "tmp").mkdir()
        settings = {"PULSE_DB": str(mounted / "pulse.db"), "TMPDIR": str(mounted / "tmp"), **tokens(slack)}
        settings["SQLITE_TMPDIR"] = settings["TMPDIR"]
        async with bot(tmp_path, **settings) as process:
            await process.says("event=ready")
            outside = Outside(slack)
            people = await answered(outside)
            keys = Keys.copied(mounted / "pulse.db-keys")
            wanted = keys.traces()
            await asyncio.to_thread(subprocess.run, ["sync"], check=True)
            assert {"naming", "sealing"} <= await asyncio.to_thread(found_in, file(image), wanted)
            copy = await asyncio.to_thread(copied_files, mounted, tmp_path / "copy")
            await outside.confirms("/pulse close", "manage:close")
            await process.says("wave closed")
            assert await process.stop() == 0
        assert found_in([process.output.encode()], wanted | readable(people)) == set(), "nor does the log"
        await asyncio.to_thread(unmount, mounted)
        found = await asyncio.to_thread(found_in, file(image), wanted | readable(people))
        assert found == set()
    assert pairs(copy, keys, people) == len(people), "with the key, a copy would tell"
    assert await asyncio.to_thread(found_in, folder(copy.parent), wanted | readable(people)) == set()


def litestream() -> str:
    """Litestream's program; in CI the test fails without it."""
    beside = Path(sys.prefix) / "bin" / "litestream"
    found = str(beside) if beside.exists() else shutil.which("litestream")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("Litestream comes for Linux on x86-64 only")
    assert found is not None
    return found


async def test_a_replica_of_litestreams_tells_nothing(slack: Rehearsal, tmp_path: Path) -> None:
    """It keeps the ballots of the open pulse for a day after the close, and nothing that opens them."""
    program, replica = litestream(), tmp_path / "replica"
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        replicating = await asyncio.create_subprocess_exec(
            program, "replicate", "pulse.db", f"file://{replica}", cwd=tmp_path
        )
        try:
            outside = Outside(slack)
            people = await answered(outside)
            keys = Keys.copied(tmp_path / "pulse.db-keys")
            restored = await restored_with_all(program, replica, tmp_path, keys, people)
            await outside.confirms("/pulse close", "manage:close")
            await process.says("wave closed")
        finally:
            replicating.terminate()
            await replicating.wait()
        assert await process.stop() == 0
    assert pairs(restored, keys, people) == len(people), "with the key, it would tell"
    wanted = keys.traces() | readable(people)
    assert await asyncio.to_thread(found_in, file(restored), wanted) == set()
    assert await asyncio.to_thread(found_in, folder(replica), wanted) == set()
    assert await asyncio.to_thread(found_in, folder(tmp_path / ".pulse.db-litestream"), wanted) == set()


async def restored_with_all(program: str, replica: Path, to: Path, keys: Keys, people: list[str]) -> Path:
    """Restores the replica until it has everybody's answers: it is about a second behind the database."""
    for number in range(60):
        target = to / f"restored-{number}.db"
        restoring = await asyncio.create_subprocess_exec(
            program, "restore", "-o", str(target), f"file://{replica}", stderr=asyncio.subprocess.DEVNULL
        )
        if await restoring.wait() == 0 and pairs(target, keys, people) == len(people):
            return target
        await asyncio.sleep(0.5)
    raise AssertionError("the replica never had all answers")


async def test_a_backup_made_while_a_pulse_is_open_or_after_it_tells_nothing(
    slack: Rehearsal, tmp_path: Path
) -> None:
    """Neither key nor ballot is in it, and no pseudonym, though whoever has the key can compute each."""
    async with bot(tmp_path, **tokens(slack)) as process:
        await process.says("event=ready")
        outside = Outside(slack)
        people = await answered(outside)
        keys = Keys.copied(tmp_path / "pulse.db-keys")
        wanted = keys.traces() | readable(people) | pseudonyms(tmp_path / "pulse.db")
        await saved(tmp_path, "open.db")
        assert pairs(tmp_path / "open.db", keys, people) == 0
        await outside.confirms("/pulse close", "manage:close")
        await process.says("wave closed")
        await saved(tmp_path, "closed.db")
        for name in ("open.db", "closed.db"):
            assert await asyncio.to_thread(found_in, file(tmp_path / name), wanted) == set()
        assert await process.stop() == 0


async def saved(folder: Path, name: str) -> None:
    """As an operator makes a backup, beside the running bot."""
    async with bot(folder, "backup", name) as saving:
        assert await saving.ends() == 0


def pseudonyms(database: Path) -> dict[str, bytes]:
    """Those of everybody asked by the open pulse, as they are stored."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        rows = opened.execute("SELECT person FROM ballot").fetchall()
    return {f"pseudonym {number}": person for number, (person,) in enumerate(rows)}
