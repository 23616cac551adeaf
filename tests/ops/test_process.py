"""The process: it cannot be dumped, and it knows when to make room for a new one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pulse.ops.process import APART_S, HANDED, REPLACED_AT, Replacement, handed_over, not_before

ROOT = Path(__file__).resolve().parents[2]


def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_guarded_process_leaves_no_core(tmp_path: Path) -> None:
    """Even if the limit allowed one: the kernel says that nothing was dumped, to a file or a pipe."""
    program = """
        import os, resource, signal, sys
        from pulse.ops.process import guard
        os.chdir(sys.argv[2])
        limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
        child = os.fork()
        if child == 0:
            assert sys.argv[1] != "guarded" or guard()
            os.kill(os.getpid(), signal.SIGSEGV)
        status = os.waitpid(child, 0)[1]
        print(os.WTERMSIG(status), os.WCOREDUMP(status))
    """
    assert run(program, "guarded", str(tmp_path)).stdout.split() == ["11", "False"]
    assert list(tmp_path.iterdir()) == []


def test_a_guarded_process_has_no_core_limit_left_and_makes_files_for_its_owner_only() -> None:
    """Each guard holds by itself; files are private without the code having to remember it."""
    program = """
        import os, resource, pulse.ops.process
        print(pulse.ops.process.guard(), resource.getrlimit(resource.RLIMIT_CORE), oct(os.umask(0)))
    """
    assert run(program).stdout.strip() == "True (0, 0) 0o77"


@dataclass
class Moment:
    """What the bot does meanwhile."""

    payloads: int = 0
    busy: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    looks: list[int] = field(default_factory=list)

    async def is_busy(self) -> bool:
        return self.busy

    def activity(self) -> int:
        self.looks.append(self.payloads)
        return self.payloads

    async def seen(self, times: int) -> None:
        """Waits until the decision has looked this many more times."""
        wanted = len(self.looks) + times
        while len(self.looks) < wanted:  # noqa: ASYNC110 - the decision goes on whenever it is given a turn
            await asyncio.sleep(0)


def replacement(moment: Moment, **limits: float) -> Replacement:
    chosen = {"quiet_s": 0.0, "latest_s": 3600.0, "look_s": 0.0, **limits}
    return Replacement(closed=moment.closed, activity=moment.activity, busy=moment.is_busy, **chosen)


async def test_without_a_close_nothing_is_replaced() -> None:
    """A process that held no answers has nothing to forget."""
    decision = replacement(Moment())
    waiting = asyncio.ensure_future(decision.due())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    assert not decision.is_due
    waiting.cancel()


async def test_a_quiet_moment_after_a_close_is_taken() -> None:
    """The process is replaced as soon as nobody needs it."""
    moment = Moment()
    waiting = replacement(moment)
    moment.closed.set()
    await waiting.due()
    assert waiting.is_due


async def test_while_something_is_under_way_it_waits() -> None:
    """The results go out first."""
    moment = Moment(busy=True)
    waiting = replacement(moment, quiet_s=0.001)
    moment.closed.set()
    due = asyncio.ensure_future(waiting.due())
    await moment.seen(50)
    assert not due.done()
    moment.busy = False
    await due


async def test_while_people_press_buttons_it_waits() -> None:
    """Each payload starts the quiet minute again."""
    moment = Moment()
    waiting = replacement(moment, quiet_s=3600.0, latest_s=7200.0)
    moment.closed.set()
    due = asyncio.ensure_future(waiting.due())
    for _ in range(20):
        moment.payloads += 1
        await moment.seen(3)
    assert not due.done()
    due.cancel()


async def test_the_latest_moment_comes_quiet_or_not() -> None:
    """The promised hour has no exception for a busy bot."""
    moment = Moment(busy=True)
    moment.closed.set()
    await replacement(moment, quiet_s=3600.0, latest_s=0.0).due()


async def test_a_process_that_has_just_been_replaced_stays_a_while() -> None:
    """A loop of replacements would take no answers."""
    moment = Moment()
    waiting = replacement(moment, not_before=float("inf"))
    moment.closed.set()
    due = asyncio.ensure_future(waiting.due())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not due.done()
    due.cancel()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, 0.0), ({REPLACED_AT: "12.5"}, 12.5 + APART_S), ({REPLACED_AT: "noon"}, 0.0)],
)
def test_when_it_was_replaced_is_read_from_the_environment(
    environment: dict[str, str], expected: float
) -> None:
    """A value that is not a number counts as not set."""
    assert not_before(environment) == expected


def test_a_descriptor_is_taken_over_once() -> None:
    """Afterwards no child of the new process inherits it."""
    descriptor = os.dup(0)
    os.set_inheritable(descriptor, True)
    environment = {f"{HANDED}LOCK": str(descriptor)}
    assert handed_over("LOCK", environment) == descriptor
    assert not os.get_inheritable(descriptor)
    assert handed_over("LOCK", environment) is None
    os.close(descriptor)


@pytest.mark.parametrize("said", ["", "lock", "-1", "99999"])
def test_a_descriptor_that_is_none_is_not_taken_over(said: str) -> None:
    """An environment that was copied by hand does no harm."""
    assert handed_over("LOCK", {f"{HANDED}LOCK": said}) is None


def test_a_replaced_process_keeps_its_id_its_words_and_what_was_handed_over(tmp_path: Path) -> None:
    """Memory and other descriptors are gone, and it knows when it was replaced."""
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import os, sys
            from pulse.ops.process import handed_over, not_before, replace
            kept = handed_over("FILE", os.environ)
            if kept is None:
                file, other = (os.open(name, os.O_RDWR | os.O_CREAT) for name in ("kept", "other"))
                os.write(file, f"{os.getpid()} {other}".encode())
                replace({"FILE": file})
            before, other = os.pread(kept, 100, 0).decode().split()
            try:
                os.fstat(int(other))
                print("other is open")
            except OSError:
                pass
            print(int(before) == os.getpid(), sys.argv[1:], sys.flags.optimize, not_before(os.environ) > 0)
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-O", str(program), "a word", "--flag"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "True ['a word', '--flag'] 1 True\n"
