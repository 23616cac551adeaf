"""What root finds in the bot's memory: no key after a close, no answer after the process was replaced."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulse.storage.ballots import Sealer
from pulse.storage.keys import WaveKey
from pulse.storage.permissions import file_system
from rehearsal.server import ROOT, Rehearsal
from tests.ops.test_replacement import hasty
from tests.process import Outside
from tests.traces import Keys, can_examine, found_in, memory

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not can_examine(), reason="only root may read the memory of a guarded process"),
]

DUMPS = 5
"""For each mode."""

ANSWERING = 12


async def answered(outside: Outside) -> list[str]:
    """Opens a pulse and has people of both sides answer; returns their ids."""
    await outside.set_up()
    people = []
    for channel, poll in (await outside.open()).items():
        for number, person in enumerate(outside.people(channel)[:ANSWERING]):
            await outside.answer(person, poll, "4" if number % 3 else "2")
            people.append(person.id)
    return people


async def closed(outside: Outside) -> None:
    await outside.confirms("/pulse close", "manage:close")
    await outside.until(
        lambda: any("of 12" in m.text for m in outside.slack.workspace.channel(outside.it).messages)
    )


def personal(keys: Keys, people: list[str]) -> dict[str, bytes]:
    """What ties an answer to a person: pseudonyms, ids, and the texts of ballots."""
    sealer = Sealer(WaveKey("0" * 16, bytearray(keys.naming + keys.sealing)))
    found = {f"pseudonym of {user}": sealer.pseudonym(user) for user in people}
    found |= {f"id of {user}": user.encode() for user in people}
    for option in ("4", "2"):
        ballot = json.dumps({"answers": {"T01": [option]}}, separators=(",", ":")).encode()
        found[f"ballot {option}"] = ballot[1:-1]
    return found


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
@pytest.mark.parametrize("number", range(DUMPS))
async def test_keys_leave_memory_with_the_close_and_answers_with_the_process(
    http: bool, number: int, slack: Rehearsal, tmp_path: Path
) -> None:
    """In each dump the keys are found while the pulse is open, and not right after its close.

    When the process has replaced itself, neither pseudonyms nor ballots nor ids of respondents are found.
    """
    async with hasty(slack, tmp_path, http=http) as process:
        pid = process.process.pid
        outside = Outside(slack)
        people = await answered(outside)
        keys = Keys.copied(tmp_path / "pulse.db-keys")
        wanted = keys.traces()
        assert {"naming", "sealing"} <= found_in(memory(pid), wanted), "the search finds what is there"
        assert "ballot 4" in found_in(memory(pid), personal(keys, people))
        await closed(outside)
        assert found_in(memory(pid), wanted) == set()
        await process.says("event=ready", times=2)
        assert process.process.pid == pid
        assert found_in(memory(pid), personal(keys, people)) == set()
        assert await process.stop() == 0


@contextmanager
def core_pattern(pattern: str) -> Iterator[None]:
    """Sets for a while where the kernel sends cores."""
    setting = Path("/proc/sys/kernel/core_pattern")
    before = setting.read_text()
    setting.write_text(pattern)
    try:
        yield
    finally:
        setting.write_text(before)


@pytest.mark.parametrize("guarded", ["guarded", "open"])
def test_no_core_is_made_where_cores_go_to_a_program(guarded: str, tmp_path: Path) -> None:
    """The kernel then ignores the core limit; a process that is not dumpable still leaves no core."""
    if file_system(Path("/proc/sys")) == "proc" and not os.access("/proc/sys/kernel/core_pattern", os.W_OK):
        pytest.fail("core_pattern cannot be set here")
    catcher = tmp_path / "catch"
    catcher.write_text(f"#!/bin/sh\ncat > {tmp_path}/core\n")
    catcher.chmod(0o755)
    program = """
        import os, signal, sys
        from pulse.ops.process import guard
        if sys.argv[1] == "guarded":
            assert guard()
        os.kill(os.getpid(), signal.SIGSEGV)
    """
    with core_pattern(f"|{catcher}"):
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program), guarded], cwd=ROOT, check=False, timeout=60
        )
    caught = (tmp_path / "core").exists() and (tmp_path / "core").stat().st_size > 0
    assert caught is (guarded == "open")


@pytest.mark.parametrize("guarded", ["guarded", "open"])
def test_not_even_its_own_user_reads_its_memory(guarded: str) -> None:
    """The files of a process that cannot be dumped belong to root, whoever runs it (proc(5))."""
    program = """
        import ctypes, os, sys
        from pulse.ops.process import PR_SET_DUMPABLE, guard
        ready, go = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
            assert sys.argv[1] != "guarded" or guard()
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
        print(os.stat(f"/proc/{child}/mem").st_uid)
        os.write(go[1], b"x")
        os.waitpid(child, 0)
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), guarded],
        cwd=ROOT,
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == ("0" if guarded == "guarded" else "65534")


async def test_the_running_bot_is_guarded(slack: Rehearsal, tmp_path: Path) -> None:
    """Before and after it has replaced itself."""
    async with hasty(slack, tmp_path) as process:
        for starts in (1, 2):
            await process.says("event=ready", times=starts)
            limits = await asyncio.to_thread(Path(f"/proc/{process.process.pid}/limits").read_text)
            [core] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
            assert core.split()[4:6] == ["0", "0"]
            if starts == 1:
                await Outside(slack).whole_loop()
        assert await process.stop() == 0
