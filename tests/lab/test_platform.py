"""The lab's platform: boot, doors, names, time, states and what is left behind."""

import os
import signal
from pathlib import Path

import pytest
from lab import cgroup
from lab.errors import LabError
from lab.layers import cache
from lab.network import namespaces
from lab.node import Lab, labs

pytestmark = pytest.mark.lab


def _says(lab: Lab, *argv: str) -> str:
    done = lab.run("mail", argv)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_unit_of_a_booted_node_runs(any_lab: Lab) -> None:
    failed = any_lab.run("mail", ["systemctl", "--failed", "--plain", "--no-legend"])
    assert failed.stdout == ""
    assert _says(any_lab, "systemctl", "is-system-running") == "running"


def test_the_node_presents_ubuntu_and_its_own_name(any_lab: Lab) -> None:
    assert _says(any_lab, "hostname") == "mail.example.test"
    assert 'VERSION_ID="22.04"' in _says(any_lab, "cat", "/etc/os-release")


def test_exec_passes_input_output_and_the_exit_code(lab_default: Lab) -> None:
    done = lab_default.run("mail", ["sh", "-c", "cat; exit 7"], given="words")
    assert (done.stdout, done.returncode) == ("words", 7)


def test_root_enters_by_ssh_from_outside(any_lab: Lab) -> None:
    argv = ["ssh", "-F", str(any_lab.ssh_config), "mail", "id", "-un"]
    done = any_lab.run("outside", argv)
    assert (done.stdout.strip(), done.returncode) == ("root", 0)


@pytest.mark.parametrize("state", ["default", "hardened"])
def test_the_clock_follows_the_source_outside(
    state: str, request: pytest.FixtureRequest
) -> None:
    lab: Lab = request.getfixturevalue(f"lab_{state}")
    assert (
        lab.run("mail", ["chronyc", "waitsync", "40", "1", "0", "0.5"]).returncode == 0
    )
    assert "Leap status     : Normal" in _says(lab, "chronyc", "tracking")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("mail.example.test A", "192.0.2.10"),
        ("mail.example.test AAAA", "2001:db8:0:1::10"),
        ("example.test MX", "10 mail.example.test."),
        ("10.2.0.192.in-addr.arpa PTR", "mail.example.test."),
        ("2.0.0.127.rbl-live.example.test A", "127.0.0.2"),
        ("1.0.0.127.rbl-live.example.test A", ""),
        ("2.0.0.127.rbl-dead.example.test A", ""),
        ("1.0.0.127.rbl-all.example.test A", "127.0.0.2"),
        ("2.0.0.127.rbl-refusing.example.test A", "127.255.255.254"),
    ],
)
def test_the_node_asks_the_name_server_outside(
    lab_default: Lab, question: str, answer: str
) -> None:
    assert _says(lab_default, "dig", "+short", *question.split()) == answer


def test_pending_updates_are_what_apt_itself_says(lab_default: Lab) -> None:
    listed = _says(lab_default, "apt", "list", "--upgradable")
    names = [row.split("/")[0] for row in listed.splitlines() if "/" in row]
    debian = [name for name in names if not name.startswith("zimbra-")]
    assert debian == ["libssl3", "openssl", "tzdata"]
    assert "zimbra-patch" in names


def test_the_package_database_vouches_for_zimbras_files(lab_hardened: Lab) -> None:
    checked = lab_hardened.run("mail", ["dpkg", "-V", "zimbra-nginx", "zimbra-postfix"])
    assert (checked.stdout, checked.returncode) == ("", 0)


def test_the_careless_installation_has_mixed_patch_levels(lab_careless: Lab) -> None:
    shown = "-f=${Package} ${Version}\\n"
    rows = _says(lab_careless, "dpkg-query", "-W", shown, "zimbra-*patch").splitlines()
    levels = {name: version.split(".")[2] for name, version in map(str.split, rows)}
    assert levels["zimbra-patch"] == "4"
    assert levels["zimbra-mta-patch"] == "0"


def test_the_hardened_node_hides_ssh_from_the_internet(lab_hardened: Lab) -> None:
    argv = ["nc", "-z", "-w", "1", "-s", "198.51.100.7", "192.0.2.10", "22"]
    assert lab_hardened.run("outside", argv).returncode != 0


def test_the_hardened_filters_know_zimbras_log_lines(lab_hardened: Lab) -> None:
    for log, name in (
        ("/opt/zimbra/log/audit.log", "zimbra-auth"),
        ("/opt/zimbra/log/mailbox.log", "zimbra-unknown-account"),
        ("/var/log/zimbra.log", "postfix[mode=auth]"),
    ):
        path = name if "[" in name else f"/etc/fail2ban/filter.d/{name}.conf"
        said = _says(lab_hardened, "fail2ban-regex", log, path)
        assert " 0 matched" not in said


def test_down_leaves_nothing_behind() -> None:
    lab = Lab(f"test-down-{os.getpid()}", "default")
    lab.up()
    lab.down()
    _assert_gone(lab)


def test_down_cleans_up_after_a_crash() -> None:
    lab = Lab(f"test-crash-{os.getpid()}", "default")
    lab.up()
    for pid in cgroup.pids(lab.name):
        cgroup.end(pid, signal.SIGKILL)
    (lab.directory / "lab.json").unlink()
    assert lab.name in [one.name for one in labs()]
    lab.down()
    _assert_gone(lab)


def test_a_name_that_is_taken_is_refused(lab_default: Lab) -> None:
    with pytest.raises(LabError, match="is up or was left behind"):
        Lab(lab_default.name, "default").up()


def _assert_gone(lab: Lab) -> None:
    assert cgroup.pids(lab.name) == []
    assert lab.name not in cgroup.labs()
    assert not {lab.network.node, lab.network.outside} & set(namespaces())
    assert str(cache() / "runs" / lab.name) not in Path("/proc/mounts").read_text()
    assert not lab.directory.exists()
