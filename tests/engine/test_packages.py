"""What a package manager would do is read from its own words, or not believed."""

import pytest

from zmward.doors.host import Done
from zmward.doors.system import Manager, simulated
from zmward.errors import Fault, Refused, ZmwardError

APT = """\
Reading package lists...
Building dependency tree...
The following NEW packages will be installed:
  fail2ban python3-pyinotify
0 upgraded, 2 newly installed, 0 to remove and 3 not upgraded.
Inst python3-pyinotify (0.9.6-2 Debian:12.8/stable [all])
Inst fail2ban (1.0.2-2 Debian:12.8/stable [all])
Conf python3-pyinotify (0.9.6-2 Debian:12.8/stable [all])
Conf fail2ban (1.0.2-2 Debian:12.8/stable [all])
"""
DNF = """\
Last metadata expiration check: 0:12:01 ago on Sat Nov 21 09:00:00 2026.
Dependencies resolved.
================================================================================
 Package               Arch     Version             Repository             Size
================================================================================
Installing:
 fail2ban              noarch   1.0.2-3.el8         epel                   16 k
Installing dependencies:
 fail2ban-server-with-a-name-that-is-longer-than-its-column
                       noarch   1.0.2-3.el8         epel                  429 k
 python3-systemd       x86_64   234-8.el8           appstream              81 k

Transaction Summary
================================================================================
Install  3 Packages

Total download size: 526 k
Operation aborted.
"""


class Door:
    """Answers each program with what was recorded."""

    name, streams = "recorded", 1

    def __init__(self, **answers: Done) -> None:
        self.answers = answers
        self.said: list[tuple[str, ...]] = []

    def lines(self, script: str) -> object:
        raise NotImplementedError(script)

    def run(self, argv: tuple[str, ...], **_how: object) -> Done:
        self.said.append(tuple(argv))
        return self.answers.get(argv[0].replace("-", "_"), Done(1, b"", b"no"))


def simulate(manager: Manager, text: str | bytes, code: int = 0) -> tuple[str, ...]:
    content = text.encode() if isinstance(text, str) else text
    program = {"apt": "apt_get", "dnf": "dnf"}[manager]
    door = Door(**{program: Done(code, content)})
    found = simulated(door, "fail2ban", manager)  # type: ignore[arg-type]  # a part of a door
    assert all("-s" in argv or "--assumeno" in argv for argv in door.said[1:])
    return found


def test_what_would_come_is_named() -> None:
    assert simulate("apt", APT) == ("python3-pyinotify", "fail2ban")
    assert simulate("dnf", DNF, 1)[0] == "fail2ban"
    assert "python3-systemd" in simulate("dnf", DNF, 1)


def test_what_is_there_already_is_not_simulated() -> None:
    door = Door(dpkg_query=Done(0, b"installed"))
    assert simulated(door, "fail2ban", "apt") == ()  # type: ignore[arg-type]  # a part of a door
    assert len(door.said) == 1


@pytest.mark.parametrize(
    "line",
    [
        "Remv exim4-daemon-light [4.96-15]",
        "Purg postfix [3.7]",
        "Remv zimbra-mta-components [1.0]",
        "Inst zimbra-core [10.1.0] (10.1.4 zimbra [amd64])",
        "Conf zimbra-store (10.1.4 zimbra [amd64])",
    ],
)
def test_apt_removes_nothing_and_touches_nothing_of_zimbra(line: str) -> None:
    name = line.split()[1]
    with pytest.raises(Refused, match=name):
        simulate("apt", f"{APT}{line}\n")


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ("Removing dependent packages:\n firewalld  noarch  1  @anaconda  2 M", "firewalld"),
        ("Downgrading:\n openssl  x86_64  1  baseos  2 M", "openssl"),
        ("Upgrading:\n zimbra-mta  x86_64  1  zimbra  2 M", "zimbra-mta"),
        ("Skipping packages with conflicts:\n zimbra-proxy  x86_64  1  z  2 M", "zimbra-proxy"),
        ("     replacing  postfix.x86_64 2:3.5-1.el8", "postfix"),
        ("Removing unused dependencies:\n a-name-that-is-far-longer-than-its-column\n      noarch  1", "a-name"),
    ],
)  # fmt: skip
def test_dnf_removes_nothing_and_touches_nothing_of_zimbra(
    rows: str, name: str
) -> None:
    text = DNF.replace("\nTransaction Summary", f"{rows}\n\nTransaction Summary")
    with pytest.raises(Refused, match=name):
        simulate("dnf", text, 1)


def test_an_upgrade_that_replaces_its_own_old_version_is_none_of_it() -> None:
    rows = " openssl  x86_64  2  b  2 M\n   replacing openssl.x86_64  1  b  2 M"
    text = DNF.replace("\nTransaction", f"Upgrading:\n{rows}\n\nTransaction")
    assert simulate("dnf", text, 1)


@pytest.mark.parametrize(
    ("manager", "text", "code"),
    [
        ("apt", "", 0),
        ("apt", "Paketlisten werden gelesen...\nfail2ban wird installiert.\n", 0),
        ("apt", "Inst fail2ban-extra (1)\n", 0),
        ("apt", "\x1b[1mInst fail2ban (1)\n", 0),
        ("apt", b"\xff\xfe\x00", 0),
        ("apt", APT, 100),
        ("dnf", "Abhängigkeiten sind aufgelöst.\nInstallieren:\n fail2ban  noarch\n", 1),
        ("dnf", "Error: Unable to find a match: fail2ban\n", 1),
        ("dnf", "Installing:\n\nTransaction Summary\n", 1),
        ("dnf", "Installing:\n fail2ban-extra  noarch 1 epel 1 k\n", 1),
        ("dnf", b"\xff" * 100, 1),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_understood_is_not_believed(
    manager: Manager, text: str | bytes, code: int
) -> None:
    with pytest.raises(ZmwardError) as error:
        simulate(manager, text, code)
    assert isinstance(error.value, Refused | Fault)
