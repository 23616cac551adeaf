"""Looks for what must not be found: in a process's memory, in a raw disk image, in copies of files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulse.storage.keys import KEY_BYTES, MAGIC

CHUNK = 1 << 24
OVERLAP = 1 << 10
"""Read in pieces that overlap by more than the longest thing that is looked for."""


def memory(pid: int) -> Iterator[bytes]:
    """All that a process has in memory, region by region (proc_pid_mem(5)); root may read it, nobody else."""
    with Path(f"/proc/{pid}/maps").open() as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as held:  # noqa: PTH123
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ *(.*)", line)
            if found is None or found[3] in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                continue
            start, end = int(found[1], 16), int(found[2], 16)
            for at in range(start, end, CHUNK):
                held.seek(at)
                try:
                    yield held.read(min(end, at + CHUNK + OVERLAP) - at)
                except OSError:
                    break


def file(path: Path) -> Iterator[bytes]:
    """A file or a whole disk, in pieces."""
    size = path.stat().st_size
    with path.open("rb") as opened:
        for at in range(0, size, CHUNK):
            opened.seek(at)
            yield opened.read(CHUNK + OVERLAP)


def folder(path: Path) -> Iterator[bytes]:
    """All files of a folder and of those below it."""
    for found in sorted(path.rglob("*")):
        if found.is_file():
            yield from file(found)


def found_in(pieces: Iterable[bytes], wanted: Mapping[str, bytes]) -> set[str]:
    """The names of those things that are found at least once."""
    found: set[str] = set()
    for piece in pieces:
        found |= {name for name, thing in wanted.items() if name not in found and thing in piece}
    return found


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an open wave, as anybody who can read the key folder could copy them."""

    naming: bytes
    sealing: bytes

    @classmethod
    def copied(cls, key_folder: Path) -> Keys:
        """From the one key file that is there."""
        (path,) = key_folder.glob("*.key")
        content = path.read_bytes()
        assert content.startswith(MAGIC)
        return cls(content[32 : 32 + KEY_BYTES], content[32 + KEY_BYTES : 32 + 2 * KEY_BYTES])

    def traces(self) -> dict[str, bytes]:
        """Each key, its halves, and what HMAC makes of it first (RFC 2104: XOR with 0x36 and 0x5c)."""
        found: dict[str, bytes] = {}
        for name, key in (("naming", self.naming), ("sealing", self.sealing)):
            found |= {name: key, f"{name}, first half": key[:16], f"{name}, second half": key[16:]}
            found |= {f"{name} ^ {pad:#x}": bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C)}
        return found


@contextmanager
def disk(folder: Path, megabytes: int = 64) -> Iterator[tuple[Path, Path]]:
    """An ext4 file system of its own in a file; gives the file and where it is mounted. Needs root."""
    image, mounted = folder / "disk.img", folder / "disk"
    with image.open("wb") as made:
        made.truncate(megabytes << 20)
    mounted.mkdir()
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(mounted)], check=True)
    try:
        yield image, mounted
    finally:
        if os.path.ismount(mounted):
            unmount(mounted)


def unmount(mounted: Path) -> None:
    """Afterwards the image is what a thief of the disk would have."""
    subprocess.run(["umount", str(mounted)], check=True)


def can_examine() -> bool:
    """Whether this machine lets us look: root, and the tools of file systems.

    In CI nothing is skipped: the test fails if it cannot look.
    """
    if os.environ.get("CI") == "true":
        return True
    return os.geteuid() == 0 and all(shutil.which(tool) for tool in ("mkfs.ext4", "mount", "umount"))
