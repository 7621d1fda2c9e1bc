"""What somebody else can swap under our hands is not opened, and not believed."""

import os
from pathlib import Path

import pytest

from tests.backups.engines import secret
from zmward.backup_places import Copy
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
