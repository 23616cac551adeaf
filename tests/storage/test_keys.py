"""The key folder: what it holds, who may read it, and how a key ends."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulse.core.errors import KeyLost, StoreFault
from pulse.storage import keys
from pulse.storage.keys import SECTOR, KeyFolder

TOKEN, OTHER = "00112233445566aa", "ffeeddccbbaa9988"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[KeyFolder]:
    opened = KeyFolder.open(tmp_path / "pulse.db-keys")
    yield opened
    opened.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_and_its_files_are_for_their_owner_only(folder: KeyFolder) -> None:
    """0700 and 0600, whatever the process's umask allows."""
    before = os.umask(0)
    try:
        folder.make(TOKEN)
        folder.keep_secret(bytes(32))
    finally:
        os.umask(before)
    assert mode(folder.path) == 0o700
    assert {mode(path) for path in folder.path.iterdir()} == {0o600}


def test_backup_programs_are_told_to_leave_the_folder_out(folder: KeyFolder) -> None:
    """The signature is that of bford.info/cachedir, to the byte."""
    tag = (folder.path / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


def test_a_key_survives_a_restart(folder: KeyFolder) -> None:
    """What is read is what was made, and two keys of a wave are not one."""
    made = folder.make(TOKEN)
    read = folder.read(TOKEN)
    assert (bytes(made.naming), bytes(made.sealing)) == (bytes(read.naming), bytes(read.sealing))
    assert bytes(made.naming) != bytes(made.sealing)


def test_a_key_file_is_one_sector(folder: KeyFolder) -> None:
    """It lies in a block of its own, which the disk overwrites as a whole."""
    folder.make(TOKEN)
    assert (folder.path / f"{TOKEN}.key").stat().st_size == SECTOR == 512


def test_each_wave_has_another_key(folder: KeyFolder) -> None:
    """Even if the same wave is opened again after an opening that broke off."""
    made = [bytes(folder.make(token).sealing) for token in (TOKEN, OTHER, TOKEN)]
    assert len(set(made)) == 3


def test_a_key_is_overwritten_in_place_before_it_is_removed(folder: KeyFolder) -> None:
    """A second name of the same blocks shows that nothing of the key is left."""
    key = folder.make(TOKEN)
    path, kept = folder.path / f"{TOKEN}.key", folder.path.parent / "same-blocks"
    os.link(path, kept)
    before = path.read_bytes()
    folder.destroy(TOKEN)
    assert not path.exists()
    after = kept.read_bytes()
    assert len(after) == SECTOR
    assert bytes(key.sealing) in before
    for start in range(0, SECTOR - 16, 16):
        assert after[start : start + 16] not in before


def test_destroying_twice_is_destroying_once(folder: KeyFolder) -> None:
    """A crash after the removal must not keep the next start from going on."""
    folder.make(TOKEN)
    folder.destroy(TOKEN)
    folder.destroy(TOKEN)


def test_a_start_destroys_every_key_but_the_open_waves(folder: KeyFolder) -> None:
    """A crash between the counts and the key leaves a key whose wave is closed."""
    folder.make(TOKEN)
    folder.make(OTHER)
    assert folder.sweep(OTHER) == 1
    assert [path.name for path in folder.path.glob("*.key")] == [f"{OTHER}.key"]
    assert folder.sweep(None) == 1


def test_a_destroyed_key_is_gone_from_memory(folder: KeyFolder) -> None:
    """Overwritten where it lies: whoever still holds it holds zeros."""
    key = folder.make(TOKEN)
    held = key.sealing
    key.destroy()
    assert bytes(held) == bytes(32)


@pytest.mark.parametrize("content", [b"", b"x" * 511, bytes(512), b"x" * 512, b"x" * 513])
def test_a_damaged_key_is_lost_and_not_used(folder: KeyFolder, content: bytes) -> None:
    """With other bytes everybody would be a stranger, so no key is better than a wrong one."""
    folder.make(TOKEN)
    (folder.path / f"{TOKEN}.key").write_bytes(content)
    with pytest.raises(KeyLost) as lost:
        folder.read(TOKEN)
    assert str(folder.path) in lost.value.reason
    assert str(folder.path) not in str(lost.value)


@pytest.mark.parametrize("place", [0, 20, 40, 70, 96])
def test_one_flipped_bit_is_noticed(folder: KeyFolder, place: int) -> None:
    """Head, token, both keys and checksum alike."""
    folder.make(TOKEN)
    path = folder.path / f"{TOKEN}.key"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(KeyLost):
        folder.read(TOKEN)


def test_a_missing_key_says_how_to_go_on(folder: KeyFolder) -> None:
    """The sentence is for everybody in Slack: it has no path, and says what a manager can do."""
    with pytest.raises(KeyLost, match="/pulse close") as lost:
        folder.read(TOKEN)
    assert "missing" in lost.value.reason


def test_a_key_of_another_wave_under_this_name_is_not_used(folder: KeyFolder) -> None:
    """The token is in the file, too."""
    folder.make(OTHER)
    (folder.path / f"{OTHER}.key").rename(folder.path / f"{TOKEN}.key")
    with pytest.raises(KeyLost):
        folder.read(TOKEN)


def test_a_second_bot_on_one_folder_does_not_start(folder: KeyFolder) -> None:
    """It would destroy the keys that it does not know."""
    with pytest.raises(StoreFault, match="PULSE_KEYS"):
        KeyFolder.open(folder.path)


def test_the_folder_is_free_again_after_the_end(folder: KeyFolder, tmp_path: Path) -> None:
    """The next start opens it."""
    first = KeyFolder.open(tmp_path / "again")
    first.close()
    KeyFolder.open(tmp_path / "again").close()


def test_a_folder_with_files_of_others_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Closing it to everybody else would harm whoever uses those files."""
    path = tmp_path / "shared"
    path.mkdir(mode=0o755)
    (path / "letter.txt").write_text("dear")
    with pytest.raises(StoreFault, match=r"letter\.txt"):
        KeyFolder.open(path)
    assert mode(path) == 0o755
    assert [found.name for found in path.iterdir()] == ["letter.txt"]


def test_an_empty_folder_that_is_open_to_others_is_closed(tmp_path: Path) -> None:
    """A volume has the modes that the container gave it."""
    path = tmp_path / "volume"
    path.mkdir(mode=0o777)
    KeyFolder.open(path).close()
    assert mode(path) == 0o700


@pytest.mark.parametrize("name", ["server.key", "00112233445566AA.key", "installation-secret-notes.txt"])
def test_a_folder_with_keys_of_another_program_is_refused_and_left_alone(name: str, tmp_path: Path) -> None:
    """The bot destroys keys that it does not know: a web server's private key must not be one of them."""
    path = tmp_path / "private"
    path.mkdir(mode=0o750)
    (path / name).write_text("-----BEGIN PRIVATE KEY-----")
    with pytest.raises(StoreFault, match=name):
        KeyFolder.open(path)
    assert (path / name).read_text() == "-----BEGIN PRIVATE KEY-----"
    assert mode(path) == 0o750


def test_a_sweep_leaves_the_keys_of_other_programs(folder: KeyFolder) -> None:
    """Even one that came into the folder after the start."""
    foreign = folder.path / "server.key"
    foreign.write_text("-----BEGIN PRIVATE KEY-----")
    folder.make(TOKEN)
    assert folder.sweep(None) == 1
    assert foreign.read_text() == "-----BEGIN PRIVATE KEY-----"


def test_a_folder_behind_a_link_is_one_folder(folder: KeyFolder, tmp_path: Path) -> None:
    """A second bot that comes by the link is refused, and what the link leads to is closed to others."""
    link = tmp_path / "link"
    link.symlink_to(folder.path)
    with pytest.raises(StoreFault, match="Another bot"):
        KeyFolder.open(link)
    folder.close()
    folder.path.chmod(0o755)
    KeyFolder.open(link).close()
    assert mode(folder.path) == 0o700


@pytest.mark.parametrize("place", ["file", "nowhere/deeper"])
def test_a_folder_that_cannot_be_is_said(tmp_path: Path, place: str) -> None:
    """The sentence names the folder and the setting."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreFault, match="PULSE_KEYS"):
        KeyFolder.open(tmp_path / place)


def test_a_full_disk_leaves_no_half_key(folder: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """If writing a key fails, nothing that looks like one stays."""

    def full(*_what: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keys.os, "pwrite", full)
    with pytest.raises(StoreFault, match="No space left"):
        folder.make(TOKEN)
    assert list(folder.path.glob("*.key")) == []


def test_a_first_edition_key_makes_the_same_pseudonyms(folder: KeyFolder) -> None:
    """The naming key is carried over; the sealing key is new."""
    old = bytes(range(32))
    assert bytes(folder.make(TOKEN, naming=old).naming) == old
    assert bytes(folder.read(TOKEN).naming) == old
    assert bytes(folder.read(TOKEN).sealing) != old


def test_a_folder_belongs_to_one_database(folder: KeyFolder) -> None:
    """Another one would destroy the keys of the first: it does not know their waves."""
    folder.bind(TOKEN)
    folder.bind(TOKEN)
    with pytest.raises(StoreFault, match="another database"):
        folder.bind(OTHER)


def test_the_secret_is_kept_apart_from_wave_keys(folder: KeyFolder) -> None:
    """It survives every sweep."""
    assert folder.secret() is None
    folder.keep_secret(b"s" * 32)
    folder.sweep(None)
    assert folder.secret() == b"s" * 32


def test_another_secret_is_set_aside_and_not_lost(folder: KeyFolder) -> None:
    """The codes in the database belong to the one that came with it."""
    folder.keep_secret(b"a" * 32)
    folder.keep_secret(b"b" * 32)
    assert folder.secret() == b"b" * 32
    aside = list(folder.path.glob("installation-secret.*"))
    assert [path.read_text().strip() for path in aside] == [(b"a" * 32).hex()]


def test_a_secret_that_is_none_is_said(folder: KeyFolder) -> None:
    """Codes made with anything else would never match again."""
    (folder.path / "installation-secret").write_text("hunter2\n")
    with pytest.raises(StoreFault, match="installation-secret"):
        folder.secret()
