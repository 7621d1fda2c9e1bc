"""What somebody else can swap under our hands is not opened, and not believed."""

import os
from pathlib import Path

import pytest

from tests.backups.engines import secret
from zmward.backup_places import Copy
from zmward.backups.listing import Backup
from zmward.doors import backup_streams
from zmward.doors.backup_engines import problem
from zmward.doors.backup_streams import Item, Lost, Source
from zmward.doors.host import Local

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root is believed")


def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    (own / "1/2").mkdir(parents=True)
    (other / "2").mkdir(parents=True)
    (own / "1/2/ldap.bak").write_text("a", "utf-8")
    (other / "2/ldap.bak").write_text("not for anybody", "utf-8")
    copy = Copy("f", "folder", str(own))
    source = Source(copy, Item("1/2/ldap.bak", 1, "1", 0))
    with source.open() as stream:
        assert stream.read() == b"a"
    (own / "1").rename(own / "gone")
    (own / "1").symlink_to(other)
    with pytest.raises(Lost, match="cannot be opened"):
        source.open()


def test_a_file_that_goes_while_a_folder_is_listed_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention removes old files at any time; the others are still to be drilled."""
    for name in ("a", "b"):
        (tmp_path / "1" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "1" / name).write_text(name, "utf-8")
    seen = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        if path.name == "a":
            path.unlink()
        return seen(path)

    monkeypatch.setattr(Path, "lstat", lstat)
    found = backup_streams._walked(tmp_path, Backup("1", 0))
    assert [item.path for item in found] == ["1/b"]


def test_a_place_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/a").write_text("a", "utf-8")
    (tmp_path / "link").symlink_to("own")
    copy = Copy("f", "folder", str(tmp_path / "link"))
    with Source(copy, Item("a", 1, "a", 0)).open() as stream:
        assert stream.read() == b"a"


def test_a_secret_in_a_folder_of_somebody_else_is_not_believed(tmp_path: Path) -> None:
    folder = tmp_path / "zimbra"
    folder.mkdir()
    path = str(secret(folder))
    assert problem(Local(), path) == ""
    folder.chmod(0o777)
    assert "can be written by others" in problem(Local(), path)
    folder.chmod(0o1777)
    assert problem(Local(), path) == ""
    folder.chmod(0o755)
    os.chown(folder, 65534, 65534)
    assert "is not root's" in problem(Local(), path)
