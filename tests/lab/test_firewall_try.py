"""The whitelist on a real server: loaded, kept, gone again, and there at each boot."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from lab.crash_plan import said
from lab.crash_state import state
from lab.network import ADMIN_IPV4, GATEWAY_IPV4, NODE_IPV4
from lab.node import Lab
from lab.product import install
from lab.ready import wait
from lab.reboot import begin
from lab.session import Session, login

from tests.lab.conftest import running

pytestmark = pytest.mark.lab
PROFILE = """\
[networks]
admins = ["192.0.2.64/26", "2001:db8:0:1::/64"]
[services]
imap = "wanted"
pop = "unwanted"
smtp-auth = "wanted"
"""
TRY = "zmward firewall try --yes --quiet"
LONGEST = 120
FOLDER = "/var/lib/zmward/firewall"


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-firewall-try", "default") as lab:
        install(lab)
        profiled(lab, PROFILE)
        yield lab


def profiled(lab: Lab, text: str) -> None:
    folder = lab.root / "etc/zmward"
    folder.mkdir(exist_ok=True)
    (folder / "profile.toml").write_text(text)


def changed(lab: Lab, before: list[str]) -> list[str]:
    return sorted(set(before) ^ set(state(lab)))


def until(true: Callable[[], bool], seconds: float = LONGEST) -> bool:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(0.3)
    return True


def applied(told: str) -> str:
    found = re.search(r"run (\S+): applied", told)
    assert found, told
    return found[1]


def newest(lab: Lab) -> tuple[str, str]:
    rows = json.loads(said(lab, "zmward history --json"))["runs"]
    return rows[0]["run"], rows[0]["state"]


def marks(lab: Lab) -> list[str]:
    """Return the runs whose rules are loaded."""
    listed = said(lab, "nft list ruleset; iptables -t security -S")
    return re.findall(r"(?:chain run-|-N ZMWARD-)([0-9]{8}T\S+)", listed)


_OPENS = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 1, (sys.argv[3], 0))
    print("open")
except OSError:
    print("shut")
"""


def opens(lab: Lab, port: int, *, source: str = ADMIN_IPV4) -> bool:
    """Say whether a connection from outside comes about."""
    words = ["python3", "-c", _OPENS, NODE_IPV4, str(port), source]
    told = lab.run("outside", words).stdout
    assert told in ("open\n", "shut\n")
    return told == "open\n"


def tried(lab: Lab, *options: str) -> str:
    """Load the whitelist over a login, confirm it from a new one, return the run."""
    done = login(lab, " ".join((TRY, *options)))
    assert done.returncode in (0, 3), done.stdout + done.stderr
    run = applied(done.stdout)
    kept = login(lab, f"zmward confirm {run}")
    assert kept.returncode == 0, kept.stderr
    return run


def taken_back(lab: Lab, run: str) -> None:
    done = login(lab, f"zmward rollback {run} --yes --quiet")
    assert done.returncode == 0, done.stdout + done.stderr


def rebooted(lab: Lab) -> None:
    begin(lab)
    wait(lab)


def test_it_is_loaded_kept_there_at_boot_and_taken_back(node: Lab) -> None:
    before = state(node)
    assert opens(node, 7071)
    run = tried(node, "--confirm-within", "60")
    assert marks(node) == [run]
    assert not opens(node, 7071)
    assert opens(node, 993)
    again = login(node, TRY)
    assert "Everything is already as the plan wants it" in again.stdout, again.stderr
    said(node, "systemctl restart nftables")
    assert until(lambda: marks(node) == [run], 20)
    rebooted(node)
    assert marks(node) == [run]
    assert not opens(node, 7071)
    booted = said(node, "journalctl -b -o cat _PID=1")
    order = (
        "Finished zmward-firewall.service",
        "Reached target network-pre.target",
        "Started ssh.service",
    )
    places = [booted.find(words) for words in order]
    assert 0 < places[0] < min(places[1:]), booted
    taken_back(node, run)
    assert marks(node) == []
    assert opens(node, 7071)
    assert changed(node, before) == []
    rebooted(node)
    assert marks(node) == []


def test_what_is_not_confirmed_goes_again(node: Lab) -> None:
    before = state(node)
    session = Session(node)
    run = applied(session.do(f"{TRY} --confirm-within 5"))
    session.kill()
    assert until(lambda: newest(node) == (run, "rolled back by its switch"), 30)
    assert marks(node) == []
    assert changed(node, before) == []
    # Without power in between, the next start knows nothing of it either.
    run = applied(login(node, f"{TRY} --confirm-within 600").stdout)
    rebooted(node)
    assert until(lambda: newest(node) == (run, "rolled back by its switch"), 60)
    assert marks(node) == []
    assert changed(node, before) == []


def test_who_would_be_shut_out_is_asked_before(node: Lab) -> None:
    other = PROFILE.replace("192.0.2.64/26", "203.0.113.0/24")
    profiled(node, other)
    try:
        done = login(node, TRY)
    finally:
        profiled(node, PROFILE)
    assert done.returncode == 4, done.stderr
    assert f"{ADMIN_IPV4} works on" in done.stderr
    assert "would be shut out" in done.stderr
    assert marks(node) == []


# Held open by one process outside: it speaks before the rules and after them.
_HELD = """
import socket, sys, time
ends = [socket.create_connection((sys.argv[1], int(p)), 5) for p in sys.argv[2:]]
for end in ends:
    end.settimeout(5)
print("open", flush=True)
sys.stdin.readline()
words = {389: bytes.fromhex("300c020101600702010304008000"), 993: None,
         11211: b"version\\r\\n", 143: b"a NOOP\\r\\n", 25: b"NOOP\\r\\n"}
for end in ends:
    port = end.getpeername()[1]
    if port in (25, 143):
        end.recv(4096)
    end.sendall(words[port])
    print(port, len(end.recv(4096)) > 0, flush=True)
"""


def test_connections_that_were_open_go_on(node: Lab) -> None:
    ports = ["25", "143", "389", "11211"]
    # memcached answers nobody of whom it is not known that he belongs to it.
    profiled(node, f"{PROFILE}[firewall]\ncluster = ['{GATEWAY_IPV4}/32']\n")
    argv = node.argv("outside", ["python3", "-c", _HELD, NODE_IPV4, *ports])
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as held:
        assert held.stdout is not None
        assert held.stdin is not None
        assert held.stdout.readline() == "open\n"
        # No rule of anybody has the kernel track connections before.
        assert "ct state" not in said(node, "nft list ruleset")
        run = tried(node, "--confirm-within", "60")
        profiled(node, PROFILE)
        assert not opens(node, 11211)
        held.stdin.write("\n")
        held.stdin.flush()
        told = held.stdout.read()
        held.send_signal(signal.SIGTERM)
    taken_back(node, run)
    assert told.splitlines() == [f"{port} True" for port in ports]


def broken(lab: Lab, path: str) -> None:
    file = lab.root / f"{FOLDER}/{path}"[1:]
    file.write_text("table inet zmward {\n")


def test_a_boot_with_broken_rules_stays_closed(node: Lab) -> None:
    first = tried(node, "--confirm-within", "60")
    profiled(node, PROFILE.replace('pop = "unwanted"', 'pop = "wanted"'))
    try:
        second = tried(node, "--confirm-within", "60")
    finally:
        profiled(node, PROFILE)
    assert opens(node, 995)
    broken(node, "current/nft")
    rebooted(node)
    assert marks(node) == [first]
    assert not opens(node, 995)
    assert opens(node, 993)
    broken(node, f"{first}/nft")
    rebooted(node)
    assert marks(node) == [second]
    assert opens(node, 25)
    assert login(node, "true").returncode == 0
    assert not opens(node, 993)
    assert not opens(node, 7071)
    assert "only the minimum is loaded" in said(
        node, "journalctl -b -u zmward-firewall.service"
    )
    taken_back(node, second)
    assert f"/{first}\n" in said(node, f"readlink -f {FOLDER}/current")
    taken_back(node, first)
    assert marks(node) == []


@pytest.fixture
def without_nft(node: Lab) -> Iterator[Lab]:
    """Hide nft, so that iptables is all that the host has."""
    said(node, "mv /usr/sbin/nft /usr/sbin/nft.hidden")
    yield node
    said(node, "mv /usr/sbin/nft.hidden /usr/sbin/nft")


@pytest.mark.proof
def test_a_host_without_nft_has_it_by_iptables(without_nft: Lab) -> None:
    node = without_nft
    run = tried(node, "--confirm-within", "60")
    assert "-A INPUT -j ZMWARD" in said(node, "iptables-save -t security")
    assert "-A INPUT -j ZMWARD" in said(node, "ip6tables-save -t security")
    assert not opens(node, 7071)
    rebooted(node)
    assert not opens(node, 7071)
    assert f"-N ZMWARD-{run}" in said(node, "iptables -t security -S")
    taken_back(node, run)
    assert "ZMWARD" not in said(node, "iptables-save; ip6tables-save")
    assert opens(node, 7071)
