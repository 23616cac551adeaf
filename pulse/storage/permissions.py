"""Who else can read what the bot keeps: modes, owners and places of its files, for the doctor."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

KEEPS_OLD_BLOCKS = frozenset({"bcachefs", "btrfs", "f2fs", "nilfs2", "overlay", "zfs"})
"""File systems that do not overwrite in place: destroyed data may stay on the disk for a while."""

NOT_THIS_MACHINE = frozenset({"9p", "afs", "ceph", "cifs", "fuse.sshfs", "nfs", "nfs4", "smb3", "virtiofs"})
"""File systems whose blocks another machine writes, in its own way."""

MEMORY = frozenset({"ramfs", "tmpfs"})


class Risk(StrEnum):
    """What is wrong with a file or folder."""

    OPEN_TO_OTHERS = "open to others"
    FOREIGN = "of another user"
    OLD_BLOCKS = "keeps old blocks"
    ELSEWHERE = "on another machine"
    MEMORY = "in memory"
    BESIDE_DATABASE = "beside the database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One file or folder and what is wrong with it.

    `detail` is its mode, its owner's number, the file system's name, or the folder that it shares.
    """

    path: Path
    risk: Risk
    detail: str


def exposures(database: Path, keys: Path, env_file: Path) -> tuple[Exposure, ...]:
    """What others can read, and whether a disk may keep or lose keys. A file that is missing is no risk.

    Only the owner may use any of them: 0700 for the key folder, 0600 for files. The folder of the database
    may be open to everybody.
    """
    file = Path(os.path.realpath(database))
    beside = [file.with_name(file.name + end) for end in ("", "-wal", "-shm", "-journal", "-lock")]
    inside = sorted(keys.iterdir()) if keys.is_dir() and os.access(keys, os.R_OK | os.X_OK) else []
    found = [risk for path in (*beside, keys, *inside, env_file) for risk in _of_file(path)]
    return (*found, *_of_place(keys), *_of_shared_folder(file, keys))


def _of_file(path: Path) -> Iterator[Exposure]:
    try:
        seen = path.stat()
    except OSError:
        return
    mode = stat.S_IMODE(seen.st_mode)
    if mode & 0o077:
        yield Exposure(path=path, risk=Risk.OPEN_TO_OTHERS, detail=f"{mode:04o}")
    if seen.st_uid not in (os.geteuid(), 0):
        yield Exposure(path=path, risk=Risk.FOREIGN, detail=str(seen.st_uid))


def _of_place(keys: Path) -> Iterator[Exposure]:
    kind = file_system(keys)
    for risk, kinds in (
        (Risk.OLD_BLOCKS, KEEPS_OLD_BLOCKS),
        (Risk.ELSEWHERE, NOT_THIS_MACHINE),
        (Risk.MEMORY, MEMORY),
    ):
        if kind in kinds:
            yield Exposure(path=keys, risk=risk, detail=kind)


def _of_shared_folder(database: Path, keys: Path) -> Iterator[Exposure]:
    """A copy of the folder that both are in has the ballots and the key that opens them."""
    folder = Path(os.path.realpath(keys)).parent
    if keys.is_dir() and folder == database.parent:
        yield Exposure(path=keys, risk=Risk.BESIDE_DATABASE, detail=str(folder))


def file_system(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind of file system that holds what the path leads to; "" if the system does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    place, longest, kind = Path(os.path.realpath(path)), -1, ""
    for line in lines:
        fields, _dash, rest = line.partition(" - ")
        point = Path(fields.split()[4].replace("\\040", " "))
        if place.is_relative_to(point) and len(point.parts) >= longest:
            longest, kind = len(point.parts), rest.split()[0]
    return kind


def keep_private(path: Path) -> None:
    """Creates the file if it is missing, and closes it to others if it is ours.

    SQLite gives its log and the index of its log the mode of the database. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        seen = os.fstat(descriptor)
        if seen.st_uid == os.geteuid() and stat.S_IMODE(seen.st_mode) & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
