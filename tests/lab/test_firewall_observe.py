"""`zmward firewall observe` on a real node: counts are exact, and nothing is dropped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from lab.network import (
    ADMIN_IPV4,
    ADMIN_IPV6,
    INTERNET_IPV4,
    INTERNET_IPV6,
    NODE_IPV4,
    NODE_IPV6,
)
from lab.node import HOST, Lab

from tests.lab import knocks
from tests.lab.conftest import running
from zmward.engine.observe import TIMER
from zmward.firewall.observed import Observed, parse
from zmward.firewall.render_observe import TABLE

pytestmark = pytest.mark.lab
SECONDS = 12
PROFILE = f"""\
[networks]
admins = ["{ADMIN_IPV4}", "{ADMIN_IPV6}"]
[services]
imap = "wanted"
pop = "unwanted"
smtp-auth = "wanted"
"""
ECHO = """\
import socket
own = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
own.bind(("::", 7777))
while True:
    text, who = own.recvfrom(100)
    own.sendto(text, who)
"""
HERE = {INTERNET_IPV4: NODE_IPV4, ADMIN_IPV4: NODE_IPV4}
HERE |= {INTERNET_IPV6: NODE_IPV6, ADMIN_IPV6: NODE_IPV6}
ALL, INTERNET = tuple(HERE), (INTERNET_IPV4, INTERNET_IPV6)
# Kind, port, how often, what becomes of it, from whom the policy would drop it.
KNOCKS = (
    ("tcp", 7025, 3, "answered", ALL),
    ("tcp", 8, 2, "refused", ALL),
    ("tcp", 22, 2, "answered", INTERNET),
    ("udp", 7777, 4, "answered", ALL),
    ("udp", 9999, 1, "refused", ALL),
    ("raw", 0, 5, "sent", ALL),
)


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running(f"test-observe-{os.getpid()}", "default") as lab:
        unit = ["systemd-run", "-q", "--unit=echo", "python3", "-c", ECHO]
        assert lab.run("mail", unit).returncode == 0
        yield lab


@pytest.fixture
def begin(node: Lab, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Give a function that begins an observation over ssh, and waits until it counts."""
    profile = tmp_path / "profile.toml"
    profile.write_text(PROFILE)
    begun: list[subprocess.Popen[str]] = []

    def begin(
        *words: str, verb: str = "observe", wait: bool = True
    ) -> subprocess.Popen[str]:
        settings = [f"PATH={node.programs}:{os.environ['PATH']}", f"HOME={tmp_path}"]
        program = str(Path(sys.executable).parent / "zmward")
        asked = [program, "firewall", verb, "--host", "mail", *words]
        argv = ["env", *settings, *asked, "--profile", str(profile)]
        process = subprocess.Popen(
            node.argv("outside", argv),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        if wait:
            assert until(lambda: counts(node)), process.poll()
        return process

    yield begin
    for process in begun:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(0.2)
    return True


def counts(lab: Lab) -> bool:
    listed = lab.run("mail", ["nft", "list", "chain", "inet", TABLE, "left"])
    return listed.returncode == 0


def nothing_left(lab: Lab) -> None:
    tables = lab.run("mail", ["nft", "list", "tables"]).stdout
    assert TABLE not in tables
    units = lab.run("mail", ["systemctl", "list-units", "--all", f"{TIMER}*"]).stdout
    assert TIMER not in units


def knocked(lab: Lab, *wanted: str) -> list[str]:
    argv = [sys.executable, knocks.__file__, *wanted]
    done = lab.run("outside", argv)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def by_thing(found: Observed) -> Mapping[tuple[str, int], Mapping[str, int]]:
    return {
        (one.protocol, one.port): {c.source: c.packets for c in one.callers}
        for one in found.wanted
    }


def test_counts_are_exact_and_nothing_is_dropped(
    node: Lab, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    kept = tmp_path / "observed.json"
    process = begin("--for", f"{SECONDS}s", "--output", str(kept))
    wanted = [
        f"{source} {kind} {HERE[source]} {port} {count}"
        for source in HERE
        for kind, port, count, _, _ in KNOCKS
    ]
    became = knocked(node, *wanted)
    for source in HERE:
        for kind, port, count, end, _ in KNOCKS:
            assert became.count(f"{source} {kind} {port} {end}") == count
    shown, said = process.communicate(timeout=60)
    assert process.returncode == 1, said  # findings
    found = parse(kept.read_text())
    expected = {
        ("vrrp" if kind == "raw" else kind, port): dict.fromkeys(dropped, count)
        for kind, port, count, _, dropped in KNOCKS
    }
    assert by_thing(found) == expected
    assert found.packets == sum(n for own in expected.values() for n in own.values())
    assert (found.host, found.seconds, found.ended) == (HOST, SECONDS, "time")
    assert (found.uncounted, found.untracked, found.strays) == ({}, 0, ())
    listening = {(o.protocol, o.port): (o.listening, o.name) for o in found.wanted}
    assert listening["tcp", 7025] == (True, "lmtp")
    assert listening["tcp", 8] == (False, "")
    assert listening["udp", 7777] == (True, "")
    assert listening["vrrp", 0] == (None, "vrrp")
    assert 'name = "lmtp"' in shown
    assert "port = 7777" in shown
    assert "Nobody listens there" in shown
    nothing_left(node)


def test_what_nobody_decided_keeps_try_from_loading(
    node: Lab, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    kept = str(tmp_path / "observed.json")
    process = begin("--for", "5s", "--output", kept)
    knocked(node, f"{INTERNET_IPV4} tcp {NODE_IPV4} 7025 1")
    process.communicate(timeout=60)
    tried = begin("--yes", "--observed", kept, verb="try", wait=False)
    _, said = tried.communicate(timeout=60)
    assert tried.returncode == 4  # refused
    assert f"{INTERNET_IPV4} asked for tcp 7025 (lmtp)" in said
    assert "zmward" not in node.run("mail", ["nft", "list", "tables"]).stdout


@pytest.mark.proof
def test_beside_ufw_it_sees_what_ufw_lets_in(
    node: Lab, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    kept = tmp_path / "observed.json"
    for words in ("allow 22/tcp", "allow 7025/tcp", "--force enable"):
        assert node.run("mail", ["ufw", *words.split()]).returncode == 0
    try:
        process = begin("--for", "12s", "--output", str(kept))
        source, here = INTERNET_IPV4, NODE_IPV4
        became = knocked(
            node, f"{source} tcp {here} 7025 2", f"{source} tcp {here} 7071 1"
        )
        process.communicate(timeout=60)
        status = node.run("mail", ["ufw", "status"]).stdout
    finally:
        assert node.run("mail", ["ufw", "--force", "reset"]).returncode == 0
    assert "Status: active" in status
    assert [line.split()[-1] for line in became] == ["answered", "answered", "silent"]
    assert by_thing(parse(kept.read_text())) == {("tcp", 7025): {source: 2}}


# Rules that somebody has loaded by iptables: 7025 and SSH come in, all else is dropped.
OTHERS = """\
*filter
:INPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p ipv6-icmp -j ACCEPT
-A INPUT -p tcp -m multiport --dports 22,7025 -j ACCEPT
COMMIT
"""


@pytest.mark.parametrize(
    "kind", [pytest.param("legacy", marks=pytest.mark.proof), "nft"]
)
def test_beside_rules_of_iptables_it_counts_what_they_let_in(
    node: Lab, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path, kind: str
) -> None:
    kept = tmp_path / "observed.json"
    tools = [f"{name}-{kind}" for name in ("iptables", "ip6tables")]
    for tool in tools:
        done = node.run("mail", [f"{tool}-restore"], given=OTHERS)
        assert done.returncode == 0, done.stderr
    saved = [node.run("mail", [f"{tool}-save"]).stdout for tool in tools]
    try:
        process = begin("--for", "12s", "--output", str(kept))
        became = knocked(
            node,
            *(
                f"{source} tcp {HERE[source]} {port} {count}"
                for source in INTERNET
                for port, count in ((7025, 2), (7071, 1))
            ),
        )
        process.communicate(timeout=60)
        after = [node.run("mail", [f"{tool}-save"]).stdout for tool in tools]
    finally:
        for tool in tools:
            for words in ("-P INPUT ACCEPT", "-F"):
                assert node.run("mail", [tool, *words.split()]).returncode == 0
    ends = [line.split()[-1] for line in became]
    assert ends == ["answered", "answered", "silent"] * 2
    assert by_thing(parse(kept.read_text())) == {
        ("tcp", 7025): dict.fromkeys(INTERNET, 2)
    }
    assert [rules_of(text) for text in after] == [rules_of(text) for text in saved]
    nothing_left(node)


def rules_of(saved: str) -> list[str]:
    return [line for line in saved.splitlines() if line.startswith("-A ")]


def test_without_nft_it_refuses_and_says_what_to_install(
    node: Lab, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    found = node.run("mail", ["sh", "-c", "command -v nft"]).stdout.strip()
    place = node.root / found.lstrip("/")
    away = place.with_name("nft.away")
    place.rename(away)
    try:
        process = begin("--for", "1s", wait=False)
        _, said = process.communicate(timeout=60)
    finally:
        away.rename(place)
    assert process.returncode == 4, said  # refused
    assert "install the package nftables" in " ".join(said.split())
    nothing_left(node)


def test_a_connection_from_before_is_no_new_flow(
    node: Lab, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    kept = tmp_path / "observed.json"
    script = (
        "import socket,sys\n"
        f"own = socket.create_connection(({NODE_IPV4!r}, 7025))\n"
        "talk = own.makefile('rw', newline='')\n"
        "print(talk.readline(), own.getsockname()[1], flush=True)\n"
        "for line in sys.stdin:\n"
        "    talk.write('NOOP\\r\\n'); talk.flush()\n"
        "    print(talk.readline(), flush=True)\n"
    )
    argv = node.argv("outside", [sys.executable, "-c", script])
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True) as talker:
        assert talker.stdin is not None
        assert talker.stdout is not None
        talker.stdout.readline()
        port = int(talker.stdout.readline())
        process = begin("--for", "6s", "--output", str(kept))
        for _ in range(3):
            talker.stdin.write("again\n")
            talker.stdin.flush()
            assert talker.stdout.readline().startswith("250")
            talker.stdout.readline()
        process.communicate(timeout=60)
        talker.stdin.close()
    found = parse(kept.read_text())
    assert by_thing(found) == {}
    (one,) = (o for o in found.open_before if o.source_port == port)
    assert (one.port, one.inbound, one.name) == (7025, True, "lmtp")
    assert one.packets > 0
    assert found.strays == ()
    # It could not be opened again, so it is undecided all the same.
    assert process.returncode == 1  # findings


def test_an_interrupt_ends_early_and_still_reports(
    node: Lab, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    process = begin("--for", "10m", "--json")
    knocked(node, f"{INTERNET_IPV4} tcp {NODE_IPV4} 7025 2")
    process.send_signal(signal.SIGINT)
    shown, said = process.communicate(timeout=60)
    document: dict[str, Any] = json.loads(shown)
    assert document["schema"] == "zmward.observed/1"
    assert document["ended"] == "somebody stopped it"
    assert document["wanted"][0]["packets"] == 2
    assert process.returncode == 1, said  # findings
    nothing_left(node)


def test_a_terminal_that_is_closed_loses_no_result(
    node: Lab, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    kept = tmp_path / "observed.json"
    process = begin("--for", "10m", "--output", str(kept))
    knocked(node, f"{INTERNET_IPV4} tcp {NODE_IPV4} 7025 1")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=60) == 1  # findings
    assert parse(kept.read_text()).wanted[0].packets == 1
    nothing_left(node)


@pytest.mark.proof
def test_two_cannot_observe_at_once(
    node: Lab, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    first = begin("--for", "10s", "--json")
    second = begin("--for", "1s", wait=False)
    _, said = second.communicate(timeout=60)
    assert second.returncode == 4  # refused
    assert "observes" in said
    shown, said = first.communicate(timeout=60)
    assert json.loads(shown)["ended"] == "time", said
    nothing_left(node)


@pytest.mark.proof
def test_a_killed_observer_leaves_no_table(
    node: Lab, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    process = begin("--for", "1s")
    process.kill()
    process.wait()
    assert counts(node)
    assert knocked(node, f"{INTERNET_IPV6} tcp {NODE_IPV6} 7025 1")[0].endswith(
        "answered"
    )
    assert until(lambda: not counts(node), 90)
    assert until(lambda: _timer_gone(node), 10)
    nothing_left(node)


def _timer_gone(lab: Lab) -> bool:
    argv = ["systemctl", "is-active", "-q", f"{TIMER}.timer"]
    return lab.run("mail", argv).returncode != 0


def test_no_timer_no_table(
    node: Lab, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    place = node.root / "usr/bin/systemd-run"
    away = place.with_name("systemd-run.away")
    place.rename(away)
    try:
        process = begin("--for", "1s", wait=False)
        _, said = process.communicate(timeout=60)
    finally:
        away.rename(place)
    assert process.returncode == 4, said  # refused
    assert "No timer can be set" in said
    nothing_left(node)
