"""The key folder: what opens the ballots of the open wave, kept apart from the database.

A wave key is a file of its own in a folder of its own and never in the database. Once the counts of a wave
are committed, its key is overwritten in place, synced and removed: from then on nothing opens the ballots in
any copy of the database or its log. Losing a key loses the open wave and nothing else.

A key file is one disk sector: the smallest unit that a disk overwrites, and too large to be kept inside the
file system's own records (ext4 keeps tiny files in the inode, and its journal copies inodes).

Keys are read, used and overwritten in bytearrays: a `bytes` object cannot be overwritten and leaves a copy
in freed memory. So the functions here that read and write keys take buffers.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pulse.core.errors import KeyLost, StoreFault
from pulse.core.language import _

SECTOR = 512
"""Bytes of a key file."""

KEY_BYTES = 32
"""Bytes of each of the two keys of a wave: HMAC-SHA-256 and ChaCha20-Poly1305."""

MAGIC = b"pulse wave key 1"
TOKEN = re.compile(r"[0-9a-f]{16}")
SECRET_FILE = "installation-secret"  # noqa: S105 - a file's name
SECRET_BYTES = 32
OWNER_FILE = "database"
TAG_FILE = "CACHEDIR.TAG"
TAG = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b'# Keys of Alignment Pulse: no backup may hold them. See docs/operations.md, "Key folder".\n'
)
"""Backup programs leave out a folder with this file: https://bford.info/cachedir/"""

_TOKEN_AT, _KEYS_AT, _SUM_AT = len(MAGIC), 32, 32 + 2 * KEY_BYTES

Fill = Callable[[memoryview], None]
"""Fills a buffer with random bytes."""


def system_random(buffer: memoryview) -> None:
    """Fills the buffer from the system's generator without a copy: os.urandom would return `bytes`."""
    with open("/dev/urandom", "rb", buffering=0) as source:  # noqa: PTH123 - a device, unbuffered
        filled = 0
        while filled < len(buffer):
            filled += source.readinto(buffer[filled:])


def folder_beside(database: Path) -> Path:
    """Where the key folder is unless PULSE_KEYS names another: beside the file itself, not a link to it."""
    file = Path(os.path.realpath(database))
    return file.with_name(file.name + "-keys")


class WaveKey:
    """The two keys of one wave: `naming` makes pseudonyms, `sealing` seals ballots.

    They are independent random bytes, so neither is derived from anything that outlives them.
    """

    __slots__ = ("_material", "token")

    def __init__(self, token: str, material: bytearray) -> None:
        self.token = token
        self._material = material

    @property
    def naming(self) -> memoryview:
        return memoryview(self._material)[:KEY_BYTES]

    @property
    def sealing(self) -> memoryview:
        return memoryview(self._material)[KEY_BYTES:]

    def destroy(self) -> None:
        """Overwrites both keys in place."""
        self._material[:] = bytes(len(self._material))


class KeyFolder:
    """The folder of one installation, held by the running bot. Made by `KeyFolder.open`."""

    def __init__(self, path: Path, fill: Fill, lock: int) -> None:
        self.path = path
        self._fill = fill
        self._lock: int | None = lock

    @classmethod
    def open(cls, path: Path, fill: Fill = system_random) -> KeyFolder:
        """Creates the folder if it is missing, closes it to others, and holds it until `close`.

        Raises StoreFault if it cannot be written, belongs to another user, has files that are not the bot's,
        or is held by another bot.
        """
        with _said(path):
            with suppress(FileExistsError):
                path.mkdir(mode=0o700)
            _check_alone(path)
            path.chmod(0o700)
            lock = _hold(path)
        folder = cls(path, fill, lock)
        try:
            folder._tag()
        except BaseException:
            folder.close()
            raise
        return folder

    def close(self) -> None:
        """Lets the folder go; a second time does nothing."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _tag(self) -> None:
        with _said(self.path), suppress(FileExistsError):
            _write_new(self.path / TAG_FILE, TAG)

    def bind(self, database: str) -> None:
        """Ties the folder to one database, named by its token: keys that it does not know are destroyed.

        Raises StoreFault if the folder belongs to another database.
        """
        path = self.path / OWNER_FILE
        with _said(self.path):
            with suppress(FileExistsError):
                _write_new(path, database.encode() + b"\n")
                _sync_folder(self.path)
            owner = path.read_text(encoding="ascii", errors="replace").strip()
        if owner != database:
            raise StoreFault(
                _(
                    "The key folder {folder} belongs to another database. Set PULSE_KEYS to a folder of its"
                    " own. If that other database is gone for good, remove the file {file} from it."
                ).format(folder=self.path, file=OWNER_FILE)
            )

    # --- wave keys --------------------------------------------------------------------------------------

    def make(self, token: str, naming: bytes | None = None) -> WaveKey:
        """Makes the key of a wave that is about to open; durable when it returns.

        `naming` is the key with which a first-edition wave made its pseudonyms. Replaces a key made for the
        same wave before, by an opening that was interrupted. Raises StoreFault.
        """
        sector = bytearray(SECTOR)
        sector[: len(MAGIC)] = MAGIC
        sector[_TOKEN_AT:_KEYS_AT] = token.encode()
        with memoryview(sector) as view:
            self._fill(view[_KEYS_AT:_SUM_AT])
            if naming is not None:
                view[_KEYS_AT : _KEYS_AT + KEY_BYTES] = naming
            view[_SUM_AT : _SUM_AT + 4] = _checksum(view)
        try:
            with _said(self.path):
                self.destroy(token)
                _write_new(self._file(token), sector)
                _sync_folder(self.path)
            return _key_of(token, sector)
        finally:
            sector[:] = bytes(SECTOR)

    def read(self, token: str) -> WaveKey:
        """The key of the open wave. Raises KeyLost if it is missing, damaged or cannot be read."""
        return read_key(self.path, token)

    def destroy(self, token: str) -> None:
        """Overwrites the key of a wave in place, then removes it; durable when it returns.

        Does nothing if there is none. Raises StoreFault.
        """
        with _said(self.path):
            _overwrite(self._file(token))
            _sync_folder(self.path)

    def sweep(self, open_token: str | None) -> int:
        """Destroys every key but the open wave's: a crash may have left the key of a wave that is counted.

        Returns how many were destroyed. Raises StoreFault.
        """
        left = [path.stem for path in self.path.iterdir() if _is_key(path.name) and path.stem != open_token]
        for token in left:
            self.destroy(token)
        return len(left)

    def _file(self, token: str) -> Path:
        return _file_of(self.path, token)

    # --- the installation secret ------------------------------------------------------------------------

    def secret(self) -> bytes | None:
        """The secret behind the codes of managers and opt-outs; None if there is none yet.

        Raises StoreFault for a file that holds something else.
        """
        path = self.path / SECRET_FILE
        with _said(self.path):
            try:
                text = path.read_text(encoding="ascii", errors="replace").strip()
            except FileNotFoundError:
                return None
        if not re.fullmatch(r"[0-9a-f]{64}", text):
            raise StoreFault(
                _(
                    "The file {path} does not hold the secret of this installation. Put the copy back that"
                    " you keep of it, or remove the file: managers and opt-outs must then be named anew."
                ).format(path=path)
            )
        return bytes.fromhex(text)

    def keep_secret(self, value: bytes) -> None:
        """Keeps the secret of the installation; durable when it returns.

        A different secret that is there already is kept under another name. Raises StoreFault.
        """
        path = self.path / SECRET_FILE
        with _said(self.path):
            if path.exists() and self.secret() != value:
                path.rename(path.with_name(f"{SECRET_FILE}.{secrets.token_hex(4)}"))
            with suppress(FileExistsError):
                _write_new(path, value.hex().encode() + b"\n")
            _sync_folder(self.path)


def read_key(folder: Path, token: str) -> WaveKey:
    """The key of a wave, from a folder that another process may hold. Raises KeyLost."""
    path, sector = _file_of(folder, token), bytearray(SECTOR)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            count = os.preadv(descriptor, [sector], 0)
        finally:
            os.close(descriptor)
        if count != SECTOR or path.stat().st_size != SECTOR or not _whole(sector, token):
            raise KeyLost(_("The key file {path} is damaged.").format(path=path))
        return _key_of(token, sector)
    except FileNotFoundError:
        raise KeyLost(_("The key file {path} is missing.").format(path=path)) from None
    except OSError as error:
        raise KeyLost(
            _("The key file {path} cannot be read: {problem}.").format(path=path, problem=error.strerror)
        ) from error
    finally:
        sector[:] = bytes(SECTOR)


def _file_of(folder: Path, token: str) -> Path:
    return folder / f"{token}.key"


# --- bytes on the disk ----------------------------------------------------------------------------------


def _key_of(token: str, sector: bytearray) -> WaveKey:
    material = bytearray(2 * KEY_BYTES)
    memoryview(material)[:] = memoryview(sector)[_KEYS_AT:_SUM_AT]
    return WaveKey(token, material)


def _checksum(sector: memoryview) -> bytes:
    """Tells a damaged file from a whole one. Not a digest: nothing derived from a key may outlive it."""
    return zlib.crc32(sector[:_SUM_AT]).to_bytes(4, "big")


def _whole(sector: bytearray, token: str) -> bool:
    with memoryview(sector) as view:
        said = (
            bytes(view[: len(MAGIC)]),
            bytes(view[_TOKEN_AT:_KEYS_AT]),
            bytes(view[_SUM_AT : _SUM_AT + 4]),
        )
        return said == (MAGIC, token.encode(), _checksum(view))


def _write_new(path: Path, content: bytes | bytearray) -> None:
    """Writes a file that must not exist yet, for its owner only, and syncs it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        if os.pwrite(descriptor, content, 0) != len(content):
            raise OSError(0, "the disk took only part of it")
        os.fsync(descriptor)
    except BaseException:
        path.unlink()
        raise
    finally:
        os.close(descriptor)


def _overwrite(path: Path) -> None:
    """Random bytes, not zeros: storage that compresses may map a block of zeros elsewhere."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        size = max(SECTOR, os.fstat(descriptor).st_size)
        os.pwrite(descriptor, secrets.token_bytes(size), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.unlink()


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_alone(path: Path) -> None:
    """Raises StoreFault for a folder that others use: closing it would lock them out."""
    if not path.is_dir():
        raise NotADirectoryError(20, "it is not a folder")
    if path.stat().st_uid != os.geteuid():
        raise StoreFault(
            _(
                "The key folder {path} belongs to another user. Set PULSE_KEYS to a folder of the user that"
                " runs the bot."
            ).format(path=path)
        )
    foreign = sorted(found.name for found in path.iterdir() if not _ours(found.name))
    if foreign:
        raise StoreFault(
            _(
                "The key folder {path} holds other files ({name}). Set PULSE_KEYS to a folder of its own: it"
                " is closed to everybody else."
            ).format(path=path, name=foreign[0])
        )


def _ours(name: str) -> bool:
    return name in (TAG_FILE, OWNER_FILE) or _is_secret(name) or _is_key(name)


def _is_secret(name: str) -> bool:
    """The secret, or an earlier one that `keep_secret` has renamed."""
    return re.fullmatch(rf"{SECRET_FILE}(\.[0-9a-f]{{8}})?", name) is not None


def _is_key(name: str) -> bool:
    """Other programs' private keys end in .key too (server.key): those must not be destroyed."""
    return name.endswith(".key") and TOKEN.fullmatch(name.removesuffix(".key")) is not None


def _hold(path: Path) -> int:
    """Locks the folder while the process lives, because each bot destroys keys that it does not know."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreFault(
            _(
                "Another bot uses the key folder {path}. Each database needs its own: set PULSE_KEYS to"
                " another folder."
            ).format(path=path)
        ) from None
    except OSError:
        # A file system without locks: locking the database, done before, decides whether the bot may run.
        pass
    return descriptor


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Turns an error of the system into a sentence."""
    try:
        yield
    except OSError as error:
        raise StoreFault(
            _(
                "The key folder {path} cannot be used: {problem}. Make it writable for the user that runs the"
                " bot, or set PULSE_KEYS to a folder that is."
            ).format(path=path, problem=error.strerror or error)
        ) from error
