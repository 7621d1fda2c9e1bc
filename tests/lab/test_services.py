"""zmcontrol and the control programs, over real units."""

import pytest
from lab.node import Lab

from tests.lab.zimbra_tools import outcome, tool

# They are about the lab itself: what it stands in for changes seldom.
pytestmark = [pytest.mark.lab, pytest.mark.proof]


def test_zmcontrol_tells_the_state_of_every_enabled_service(any_lab: Lab) -> None:
    done = tool(any_lab, "zmcontrol")("status")
    lines = done.stdout.splitlines()
    assert lines[0] == "Host mail.example.test"
    assert {line.split()[-1] for line in lines[1:]} == {"Running"}
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("state", "release"),
    [("default", "10.1.20"), ("careless", "10.1.4"), ("hardened", "10.1.21")],
)
def test_zmcontrol_tells_the_release(
    state: str, release: str, request: pytest.FixtureRequest
) -> None:
    lab: Lab = request.getfixturevalue(f"lab_{state}")
    shown = tool(lab, "zmcontrol")("-v").stdout
    assert shown == f"Release {release}.GA.4655.UBUNTU22_64 FOSS edition.\n"


def test_zmcontrol_is_for_user_zimbra(lab_default: Lab) -> None:
    done = tool(lab_default, "zmcontrol", user="root")("status")
    assert outcome(done) == (1, "Run as the zimbra user!\n", "")


def test_a_control_program_stops_and_starts_its_unit(lab_default: Lab) -> None:
    memcached = tool(lab_default, "zmmemcachedctl")
    assert outcome(memcached("stop")) == (0, "Stopping memcached...done.\n", "")
    assert outcome(memcached("status")) == (1, "memcached is not running.\n", "")
    shown = tool(lab_default, "zmcontrol")("status")
    assert shown.returncode == 1
    assert "memcached               Stopped\n" in shown.stdout
    assert outcome(memcached("start")) == (0, "Starting memcached...done.\n", "")
    assert outcome(memcached("status")) == (0, "memcached is running.\n", "")


def test_no_other_unit_can_be_controlled(lab_default: Lab) -> None:
    program = (
        "import socket\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "s.connect('/run/zimbra-control.sock')\n"
        "s.sendall(b'stop ssh.service\\n')\n"
        "print(s.recv(99).decode())"
    )
    argv = ["runuser", "-u", "zimbra", "--", "python3", "-c", program]
    assert lab_default.run("mail", argv).stdout.strip() == "refused"
    alive = lab_default.run("mail", ["systemctl", "is-active", "ssh.service"])
    assert alive.stdout == "active\n"


def test_zmhostname_is_the_name_in_localconfig(lab_default: Lab) -> None:
    assert tool(lab_default, "zmhostname")().stdout == "mail.example.test\n"


def test_a_dump_of_the_directory_can_be_taken(lab_default: Lab) -> None:
    argv = ["runuser", "-u", "zimbra", "--", "/opt/zimbra/libexec/zmslapcat"]
    assert lab_default.run("mail", [*argv, "/tmp/dump"]).returncode == 0
    text = lab_default.run("mail", ["cat", "/tmp/dump/ldap.bak"]).stdout
    assert "dn: cn=config,cn=zimbra\n" in text
    lab_default.run("mail", ["rm", "-r", "/tmp/dump"])


def test_zmproxyconfig_changes_more_than_it_is_asked_for(lab_default: Lab) -> None:
    """The options -e -w -C are not the minimal change that opens 9071."""
    zmprov = tool(lab_default, "zmprov")
    host = "mail.example.test"
    names = ("zimbraReverseProxyAdminEnabled", "zimbraMailReferMode")
    assert tool(lab_default, "zmproxyconfig")("-e", "-w", "-C", "-H", host).stderr == ""
    shown = zmprov("-l", "gs", "-e", host, *names).stdout
    zmprov("-l", "ms", host, *(word for name in names for word in (name, "")))
    zmprov("fc", "all")
    assert "zimbraReverseProxyAdminEnabled: TRUE\n" in shown
    assert "zimbraMailReferMode: reverse-proxied\n" in shown


def test_zmproxyconfig_refuses_plain_modes_while_upstream_is_encrypted(
    lab_default: Lab,
) -> None:
    run = tool(lab_default, "zmproxyconfig")
    done = run("-e", "-w", "-x", "http", "-H", "mail.example.test")
    assert done.returncode == 1
    assert "SSL to upstream" in done.stderr
