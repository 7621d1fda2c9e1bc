"""What dpkg and rpm say of files is read as they write it."""

import subprocess
from pathlib import Path

import pytest

from tests.integrity.site import install, package, place, put
from zmward.catalog.installation import real
from zmward.doors import package_files
from zmward.doors.package_files import database
from zmward.integrity.shipped import dpkg_files, dpkg_status, rpm_files

STATUS = """\
Package: zimbra-core
Status: install ok installed
Architecture: amd64
Version: 10.1.1.GA-1u22
Conffiles:
 /etc/logrotate.d/zimbra 0123456789abcdef0123456789abcdef
 /etc/old thing 00000000000000000000000000000001 obsolete
Description: x
 more

Package: removed
Status: deinstall ok config-files
Version: 1

Package: halfway
Status: install ok half-configured
Architecture: all
Version: 2
"""
SUM = "d41d8cd98f00b204e9800998ecf8427e"


def test_packages_whose_files_are_in_place_are_read() -> None:
    found = {
        name: (kind, version, dict(files))
        for name, kind, version, files in dpkg_status(STATUS)
    }
    assert found == {
        "zimbra-core": (
            *("amd64", "10.1.1.GA-1u22"),
            {
                "/etc/logrotate.d/zimbra": "0123456789abcdef0123456789abcdef",
                "/etc/old thing": "00000000000000000000000000000001",
            },
        ),
        "halfway": ("all", "2", {}),
    }


def test_sums_settings_and_links_of_folders_are_joined() -> None:
    listed = (
        "/.\n/opt\n/opt/zimbra/jetty/webapps/x.jsp\n/etc/a\n/opt/zimbra/with space\n"
    )
    sums = f"{SUM}  opt/zimbra/jetty/webapps/x.jsp\n{SUM}  opt/zimbra/with space\nnonsense\n"
    rows = dict(dpkg_files("p", listed, sums, {"/etc/a": "a" * 32}))
    assert rows["/opt/zimbra/jetty_base/webapps/x.jsp"].digest == SUM
    assert rows["/opt/zimbra/with space"].digest == SUM
    assert (rows["/etc/a"].settings, rows["/etc/a"].algorithm) == (True, "md5")
    assert rows["/opt"].digest == ""
    assert "/." not in rows


def test_rpm_s_lines_are_read() -> None:
    lines = (
        f"zimbra-core\t10.1-1\t{'a' * 64}\t0\t/opt/zimbra/bin/x\n"
        f"zimbra-core\t10.1-1\t{'b' * 32}\t17\t/etc/with\ttab\n"
        "zimbra-core\t10.1-1\t\t0\t/opt/zimbra\n"
        f"zimbra-core\t10.1-1\t{'0' * 64}\t0\t/opt/zimbra/link\n"
        "gpg-pubkey\t1\t(none)\t(none)\t(none)\nbroken\n"
    )
    rows = {path: one for _, path, one in rpm_files(lines)}
    assert rows["/opt/zimbra/bin/x"].algorithm == "sha256"
    assert rows["/etc/with\ttab"].settings
    assert rows["/opt/zimbra"].digest == ""
    assert rows["/opt/zimbra/link"].digest == ""
    assert len(rows) == 4


def test_only_jetty_s_links_are_resolved() -> None:
    assert real("/opt/zimbra/mailboxd/x") == "/opt/zimbra/jetty_base/x"
    assert real("/opt/zimbra/jetty_base/x") == "/opt/zimbra/jetty_base/x"


def test_a_host_without_packages_is_said(tmp_path: Path) -> None:
    assert "neither dpkg nor rpm" in database(str(tmp_path), ("/opt",)).trouble


def test_a_database_that_is_a_pipe_holds_nothing_up(root: Path) -> None:
    listed = root / "var/lib/dpkg/info/zimbra-store.list"
    listed.unlink()
    subprocess.run(("mkfifo", str(listed)), check=True)
    found = database(str(root), ("/opt/zimbra",))
    assert found.files == {}


def test_rpm_is_asked_and_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asks a stand-in for rpm; the real one is asked in no test."""
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    said = f"zimbra-store\t10.1-1\t{'a' * 64}\t0\t/opt/zimbra/x\n"
    program = put(
        tmp_path,
        "bin/rpm",
        f"#!/bin/sh\necho \"$@\" > \"$0.asked\"\nprintf '%s' '{said}'\n",
    )
    program.chmod(0o755)
    monkeypatch.setattr(package_files, "PATH", str(program.parent))
    found = database(str(tmp_path), ("/opt/zimbra",))
    assert found.versions == {"zimbra-store": "10.1-1"}
    assert found.owner("/opt/zimbra/x") == "zimbra-store"
    asked = program.with_name("rpm.asked").read_text()
    assert asked.startswith(f"--dbpath /var/lib/rpm --root {tmp_path} -qa --qf ")
    program.write_text("#!/bin/sh\n")
    assert database(str(tmp_path), ("/opt",)).trouble == (
        "rpm lists no files of any package"
    )
    program.write_text("#!/bin/sh\necho broken >&2; exit 3\n")
    assert "rpm answered 3: broken" in database(str(tmp_path), ("/opt",)).trouble
    program.unlink()
    assert "cannot be read" in database(str(tmp_path), ("/opt",)).trouble


def test_on_merged_systems_a_unit_is_its_package_s(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    package(tmp_path, {"lib/systemd/system/x.service": "x"})
    found = place(tmp_path).database()
    assert found.owner("/usr/lib/systemd/system/x.service") == "zimbra-store"
