"""What `zmward firewall` renders is loaded by each real tool, and is the whitelist."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.network import NODE_IPV4, OUTSIDE
from lab.node import Lab
from lab.record import ssh_argv

from tests.lab.conftest import running

pytestmark = pytest.mark.lab
MAIL = "mail"
PROFILE = """\
[networks]
admins = ["192.0.2.64/26", "2001:db8:0:1::/64"]
clients = ["10.0.0.0/8"]
"""
_CONNECT = """
import socket, sys
address, port, own = sys.argv[1:]
socket.create_connection((address, int(port)), 3, (own, 0))
"""
# Rules that have the kernel track connections: one that is open then stays known.
_TRACKING = """\
table inet tracking {
	chain input {
		type filter hook input priority filter; policy accept;
		ct state new,established counter accept
	}
}
"""
STRANGER = "198.51.100.7"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running("test-firewall-verbs", "default") as found:
        yield found


@pytest.fixture
def profile(tmp_path: Path) -> str:
    path = tmp_path / "site.toml"
    path.write_text(PROFILE)
    return str(path)


def firewall(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one of the verbs as an administrator does, over ssh."""
    return subprocess.run(
        ssh_argv(lab, "firewall", *words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run(lab: Lab, *argv: str, given: str | None = None) -> str:
    done = lab.run(MAIL, argv, given=given)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


def rendered(lab: Lab, form: str, profile: str) -> str:
    done = firewall(lab, "render", "--format", form, "--profile", profile)
    assert done.returncode == 0, done.stderr
    return done.stdout


def checked(lab: Lab, profile: str) -> tuple[int, Any]:
    done = firewall(lab, "check", "--profile", profile, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def verdict(lab: Lab, port: int) -> str:
    words = ("--src", STRANGER, "--dst-port", str(port), "--json")
    found: str = json.loads(firewall(lab, "explain", *words).stdout)["verdict"]
    return found


def answers(lab: Lab, port: int) -> bool:
    """Say whether a stranger's connection is answered."""
    words = (sys.executable, "-c", _CONNECT, NODE_IPV4, str(port), STRANGER)
    return lab.run(OUTSIDE, words).returncode == 0


def test_a_bare_host_is_shown_and_open(lab: Lab, profile: str) -> None:
    shown = firewall(lab, "show", "--profile", profile)
    assert shown.returncode == 0, shown.stderr
    assert "Loaded now: no rule looks at packets" in shown.stdout
    code, found = checked(lab, profile)
    assert code == 1
    assert found["unfiltered"] == ["ipv4", "ipv6"]
    assert verdict(lab, 11211) == "accept"
    assert answers(lab, 11211)


def test_nft_loads_it(lab: Lab, profile: str) -> None:
    # Loaded by hand, the rules take a connection that nobody has tracked for nothing.
    run(lab, "nft", "-f", "-", given=_TRACKING)
    text = rendered(lab, "nftables", profile)
    run(lab, "nft", "delete", "table", "inet", "tracking")
    run(lab, "nft", "-f", "-", given=text)
    try:
        code, found = checked(lab, profile)
        assert (code, found["equal"]) == (0, True), found["differences"]
        assert (verdict(lab, 25), verdict(lab, 11211)) == ("accept", "drop")
        assert answers(lab, 25)
        assert not answers(lab, 11211)
    finally:
        run(lab, "nft", "delete", "table", "inet", "zmward")


def test_iptables_loads_it(lab: Lab, profile: str) -> None:
    for form in ("iptables", "ip6tables"):
        text = rendered(lab, form, profile)
        run(lab, f"{form}-restore", "--noflush", given=text)
    try:
        code, found = checked(lab, profile)
        assert (code, found["equal"]) == (0, True), found["differences"]
        assert (verdict(lab, 25), verdict(lab, 11211)) == ("accept", "drop")
        assert answers(lab, 25)
        assert not answers(lab, 11211)
    finally:
        for form in ("iptables", "ip6tables"):
            run(lab, form, "-t", "security", "-F")
            run(lab, form, "-t", "security", "-X")


def test_ufw_takes_it_and_adds_nothing_of_its_own(
    lab: Lab, profile: str, tmp_path: Path
) -> None:
    run(lab, "nft", "flush", "ruleset")
    folder = tmp_path / "ufw"
    words = ("--format", "ufw", "--output", str(folder), "--profile", profile)
    done = firewall(lab, "render", *words)
    assert done.returncode == 0, done.stderr
    assert "was not seen" not in done.stderr
    for name in ("applications.d/zmward", "before.rules", "before6.rules"):
        run(
            lab, "sh", "-c", f"cat > /etc/ufw/{name}", given=(folder / name).read_text()
        )
    try:
        run(lab, "sh", given=(folder / "commands").read_text())
        code, found = checked(lab, profile)
        # Our block comes before what ufw answers on its own account, such as DHCP.
        assert (code, found["differences"]) == (0, [])
        assert (verdict(lab, 25), verdict(lab, 11211)) == ("accept", "drop")
        assert not answers(lab, 11211)
        again = tmp_path / "again"
        firewall(lab, "render", *words[:3], str(again), *words[4:])
        for name in ("before.rules", "before6.rules"):
            assert (again / name).read_text() == (folder / name).read_text()
    finally:
        run(lab, "ufw", "disable")
        run(lab, "nft", "flush", "ruleset")


_ONE, _TWO, _THREE = "203.0.113.1", "203.0.113.2", "2001:db8:bad::3"
_BAN = {
    "nft": "nft add element inet zmward bans{digit} '{{ {ip} }}'",
    "nft timed": "nft add element inet zmward timed-bans{digit} '{{ {ip} timeout 1h }}'",
    "ipset": "ipset add zmward-bans{digit} {ip} timeout 3600",
    "iptables": "{tool} -t security -A ZMWARD-BANS -s {ip} -j DROP",
}
_BANNED = {
    "nft": "nft list table inet zmward",
    "nft timed": "nft list table inet zmward",
    "ipset": "ipset save",
    "iptables": "iptables-save -t security; ip6tables-save -t security",
}
# What stands in for a host that has only this program.
_HIDDEN = {
    "nft": (),
    "nft timed": (),
    "ipset": ("/usr/sbin/nft",),
    "iptables": ("/usr/sbin/nft", "/usr/sbin/ipset"),
}


def tried(lab: Lab, profile: str) -> str:
    words = ("--profile", profile, "--confirm-within", "300", "--yes", "--json")
    done = firewall(lab, "try", *words)
    told = json.loads(done.stdout or "{}")
    assert told.get("state") == "unconfirmed", done.stdout + done.stderr
    found: str = told["run"]
    return found


def confirmed(lab: Lab, run_id: str) -> None:
    done = subprocess.run(
        ssh_argv(lab, "confirm", run_id), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "kind",
    ["nft", *(pytest.param(k, marks=pytest.mark.proof) for k in list(_BAN)[1:])],
)
@pytest.mark.proof
def test_who_is_banned_stays_so_over_a_load_and_the_scripts_rollback(
    lab: Lab, profile: str, tmp_path: Path, kind: str
) -> None:
    """The script is run without zmward and Python, as the switch runs it."""
    run(lab, "nft", "flush", "ruleset")
    for path in _HIDDEN[kind]:
        run(lab, "mv", path, f"{path}.hidden")
    other = tmp_path / "other.toml"
    other.write_text(PROFILE.replace("10.0.0.0/8", "10.0.0.0/9"))

    def ban(ip: str) -> None:
        digit, tool = (6, "ip6tables") if ":" in ip else (4, "iptables")
        run(lab, "sh", "-c", _BAN[kind].format(digit=digit, tool=tool, ip=ip))

    def banned() -> set[str]:
        text = run(lab, "sh", "-c", _BANNED[kind])
        return {ip for ip in (_ONE, _TWO, _THREE) if ip in text}

    try:
        first = tried(lab, profile)
        confirmed(lab, first)
        ban(_ONE)
        second = tried(lab, str(other))
        assert banned() == {_ONE}
        ban(_TWO)
        ban(_THREE)
        script = f"/var/lib/zmward/runs/{second}/rollback.sh"
        told = run(lab, "sh", script)
        assert "taken back: the packet filter" in told
        assert banned() == {_ONE, _TWO, _THREE}
        code, found = checked(lab, profile)
        # Without nft nobody can say that it has no rules beside these.
        assert (code, found["differences"]) == (3 if _HIDDEN[kind] else 0, [])
        run(lab, "systemctl", "reload", "zmward-firewall.service")
        assert banned() == {_ONE, _TWO, _THREE}
    finally:
        for path in _HIDDEN[kind]:
            run(lab, "mv", f"{path}.hidden", path)
        script = "for one in /var/lib/zmward/runs/*/rollback.sh; do sh $one; done"
        lab.run(MAIL, ["sh", "-c", script])
        lab.run(MAIL, ["sh", "-c", "nft flush ruleset; ipset destroy"])
