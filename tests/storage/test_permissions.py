"""Who else can read the bot's files: what the doctor learns about modes, owners and places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pulse.storage.permissions import Exposure, Risk, exposures, file_system, keep_private


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A database with its companions, a key folder and a file of tokens, closed to others."""
    database, keys, env_file = tmp_path / "pulse.db", tmp_path / "pulse.db-keys", tmp_path / ".env"
    for end in ("", "-wal", "-shm", "-lock"):
        keep_private(database.with_name(database.name + end))
    keys.mkdir(mode=0o700)
    keep_private(keys / "00112233445566aa.key")
    keep_private(env_file)
    return database, keys, env_file


def of_files(found: tuple[Exposure, ...]) -> set[tuple[str, Risk, str]]:
    """Leaves out the place: the tests run on whatever disk there is."""
    risks = (Risk.OPEN_TO_OTHERS, Risk.FOREIGN)
    return {(each.path.name, each.risk, each.detail) for each in found if each.risk in risks}


def test_closed_files_are_no_risk(kept: tuple[Path, Path, Path]) -> None:
    """0700 and 0600 for their owner."""
    assert of_files(exposures(*kept)) == set()


@pytest.mark.parametrize("name", ["pulse.db", "pulse.db-wal", "pulse.db-shm", "pulse.db-lock", ".env"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_that_others_may_use_is_named_with_its_mode(
    kept: tuple[Path, Path, Path], name: str, mode: int
) -> None:
    """Reading or writing, by the group or by everybody."""
    (kept[0].parent / name).chmod(mode)
    assert of_files(exposures(*kept)) == {(name, Risk.OPEN_TO_OTHERS, f"0{mode:o}")}


def test_an_open_key_folder_and_an_open_key_are_named(kept: tuple[Path, Path, Path]) -> None:
    """Each is named by itself: closing one does not close the other."""
    kept[1].chmod(0o755)
    (kept[1] / "00112233445566aa.key").chmod(0o644)
    assert of_files(exposures(*kept)) == {
        ("pulse.db-keys", Risk.OPEN_TO_OTHERS, "0755"),
        ("00112233445566aa.key", Risk.OPEN_TO_OTHERS, "0644"),
    }


def test_files_that_are_not_there_are_no_risk(tmp_path: Path) -> None:
    """Before the first start there is nothing to read."""
    assert of_files(exposures(tmp_path / "pulse.db", tmp_path / "keys", tmp_path / ".env")) == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_named(kept: tuple[Path, Path, Path]) -> None:
    """Its owner can open it again at any time."""
    os.chown(kept[0], 12345, -1)
    assert of_files(exposures(*kept)) == {("pulse.db", Risk.FOREIGN, "12345")}


def together(*kept: Path) -> list[tuple[str, str]]:
    return [(each.path.name, each.detail) for each in exposures(*kept) if each.risk is Risk.BESIDE_DATABASE]


def test_keys_beside_the_database_are_named_with_their_folder(kept: tuple[Path, Path, Path]) -> None:
    """One copy of that folder has the ballots of an open pulse and the key to them."""
    assert together(*kept) == [("pulse.db-keys", str(kept[0].parent))]


def test_keys_that_a_link_puts_beside_the_database_are_named(
    kept: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What counts is where the folder is, not how its path is written."""
    link = tmp_path_factory.mktemp("elsewhere") / "keys"
    link.symlink_to(kept[1])
    assert together(kept[0], link, kept[2]) == [("keys", str(kept[0].parent))]


def test_keys_in_another_folder_are_no_such_risk(
    kept: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A copy of the database's folder has ballots that nobody can read."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "keys"
    elsewhere.mkdir(mode=0o700)
    assert together(kept[0], elsewhere, kept[2]) == []


MOUNTS = """\
22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:33 / /srv rw,relatime shared:2 master:1 - btrfs /dev/vdb rw
31 30 0:34 / /srv/two\\040words rw - tmpfs tmpfs rw
32 22 0:35 / /srv2 rw - nfs4 server:/ rw
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/lib/keys", "ext4"),
        ("/srv/keys", "btrfs"),
        ("/srv/two words/keys", "tmpfs"),
        ("/srv2/keys", "nfs4"),
        ("/srvx", "ext4"),
    ],
)
def test_the_nearest_mount_holds_the_path(tmp_path: Path, place: str, kind: str) -> None:
    """As proc_pid_mountinfo(5) writes it: optional fields end with a dash, blanks are escaped."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system(Path(place), mounts) == kind


def test_a_folder_behind_a_link_is_judged_by_where_it_lies(tmp_path: Path) -> None:
    """A link on a good disk does not help if its folder is on one that keeps old blocks."""
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS + f"33 22 0:36 / {tmp_path}/far rw - btrfs /dev/vdc rw\n")
    assert file_system(tmp_path / "link" / "keys", mounts) == "btrfs"


def test_a_system_that_does_not_say_is_no_risk(tmp_path: Path) -> None:
    """The doctor does not guess."""
    assert file_system(Path("/srv"), tmp_path / "nowhere") == ""


def test_a_file_is_made_private_whatever_the_umask(tmp_path: Path) -> None:
    """One that was open to others is closed, too."""
    path = tmp_path / "pulse.db"
    before = os.umask(0)
    try:
        keep_private(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    path.write_text("kept")
    keep_private(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "kept"
