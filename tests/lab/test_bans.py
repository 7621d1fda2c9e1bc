"""Real fail2ban on a real server: who guesses is banned within seconds, and no other.

All attackers come at once, each from an address of his own: over each protocol,
through the proxy and past it, over IPv4 and IPv6, and some name a bystander wherever a
client can write something.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lab import network
from lab.crash_plan import said
from lab.layers import REPOSITORY
from lab.network import OUTSIDE
from lab.node import Lab
from lab.product import install
from lab.tree.identity import USER_PASSWORD

from tests.lab.conftest import running
from zmward.bans.jails import EVENT_LOGS, JAILS
from zmward.logs.compact import EVENTS

pytestmark = pytest.mark.lab
GUESSER = Path(__file__).with_name("guesser.py")
UNIT = REPOSITORY / "packaging/systemd/zmward-follow.service"
FRIEND = "198.51.100.90"
LONGEST = 30.0
SITE = "[bans]\nfailures = 3\nban-minutes = 10\n"
# Three guesses ban; an SMTP session makes three by itself.
PLAIN = [
    *(("imap", 993), ("pop", 995), ("soap", 443), ("nobody", 443), ("admin", 7071)),
    *(("smtp", 25), ("smtp", 465), ("smtp", 587)),
    *(("imap", 7993), ("noimap", 7993), ("soap", 8443)),
]
SIX = [
    *(("imap", 993), ("soap", 443), ("smtp", 587)),
    *(("admin", 7071), ("imap", 7993)),
]
FORGED = [
    *(("soap", 443), ("nobody", 443), ("soap", 8443), ("admin", 7071)),
    *(("imap", 993), ("imap", 7993), ("noimap", 7993), ("pop", 7995), ("smtp", 587)),
]
# Of accounts that do not exist mailbox.log alone tells, where anybody can write lines.
UNHEARD = frozenset(("nobody", "noimap"))
# A server whose mailboxd knows its proxy, and which speaks IPv6 as well.
PREPARE = """
includes=/opt/zimbra/conf/nginx/includes
sed -i 's/^\\( *\\)listen \\(993 ssl\\|443 ssl http2.*\\);/&\\n\\1listen [::]:\\2;/' \
    $includes/nginx.conf.mail.imaps $includes/nginx.conf.web.https \
    $includes/nginx.conf.web.https.default
/opt/zimbra/common/sbin/postconf -e inet_protocols=all
as_zimbra() { runuser -u zimbra -- "$@"; }
as_zimbra /opt/zimbra/bin/zmprov mcf +zimbraMailTrustedIP 192.0.2.10 \
    +zimbraMailTrustedIP 2001:db8:0:1::10
for service in zmmailboxdctl zmproxyctl zmmtactl; do
    as_zimbra /opt/zimbra/bin/$service restart >/dev/null
done
"""


@dataclass(frozen=True)
class Attack:
    """One attacker, and the bystander whom he names."""

    kind: str
    port: int
    address: str
    forged: str = ""

    @property
    def row(self) -> list[object]:
        """Return what the guesser takes."""
        times = 1 if self.kind in ("smtp", "friend") else 3
        return [self.kind, self.port, self.address, self.forged, times]


def _attacks() -> list[Attack]:
    four = enumerate((*PLAIN, *FORGED), 100)
    found = [Attack(*one, f"198.51.100.{n}") for n, one in four][: len(PLAIN)]
    found += [Attack(*one, f"2001:db8:0:2::{n}") for n, one in enumerate(SIX, 100)]
    for n, one in enumerate(FORGED, 1):
        # Both families, also of the bystander.
        pair = (f"198.51.100.{200 + n}", f"203.0.113.{n}")
        if n % 2 and one[1] in (7071, 7993):
            pair = (f"2001:db8:0:2::{200 + n}", f"2001:db8:0:3::{n}")
        found.append(Attack(*one, *pair))
    return found


ATTACKS = _attacks()
CROWD = "2001:db8:0:2::/64"


def guess(lab: Lab, *attacks: Attack) -> str:
    """Let them guess at once; return what the guesser says."""
    given = json.dumps([one.row for one in attacks])
    done = lab.run(OUTSIDE, [sys.executable, str(GUESSER)], given=given, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def friend(lab: Lab) -> str:
    """Return nothing where somebody can log in well."""
    return guess(lab, Attack("friend", 993, FRIEND, USER_PASSWORD))


def banned(lab: Lab) -> set[str]:
    """Return whom our jails ban now, as fail2ban says."""
    found: set[str] = set()
    for jail in JAILS:
        status = said(lab, f"fail2ban-client status {jail.name}")
        found |= set(status.partition("IP list:")[2].split())
    return found


def kept_out(lab: Lab) -> set[str]:
    """Return whom the kernel keeps out."""
    routes = said(lab, "ip route show type blackhole; ip -6 route show type blackhole")
    return {line.split()[1] for line in routes.splitlines()}


def until(true: Callable[[], bool]) -> float:
    """Return after how many seconds it is so."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < LONGEST, f"not so within {LONGEST:.0f} s"
        time.sleep(0.5)
    return time.monotonic() - begun


def follow(lab: Lab) -> None:
    """Have the event log written by the service, as it is packaged."""
    text = UNIT.read_text().replace("/opt/zmward-venv/bin/", "/usr/local/bin/")
    (lab.root / "etc/systemd/system/zmward-follow.service").write_text(text)
    start = "systemctl daemon-reload && systemctl enable -q --now zmward-follow"
    assert not [line for line in said(lab, start).splitlines() if "reated" not in line]


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-bans", "default") as lab:
        install(lab)
        (lab.root / "root/site.toml").write_text(SITE)
        space = network.Network(lab.name).outside
        for address in (FRIEND, *(one.address for one in ATTACKS)):
            long = ("/128", "nodad") if ":" in address else ("/32",)
            argv = ["ip", "-n", space, "address", "add", f"{address}{long[0]}"]
            subprocess.run([*argv, "dev", "lo", *long[1:]], check=True)
        yield lab


def bans(lab: Lab, *words: str) -> "subprocess.CompletedProcess[str]":
    return lab.run(
        "mail", ["zmward", "logs", "bans", "--profile", "/root/site.toml", *words]
    )


def test_jails_do_not_start_while_the_proxy_hides_clients(node: Lab) -> None:
    """The state as it is commonly found: mailboxd does not trust the proxy."""
    said(node, f"mkdir -p {Path(EVENTS).parent} && touch {EVENTS}")
    done = bans(node, "--install", "--console", "--yes")
    assert done.returncode == 4
    assert "do not show their client" in done.stderr
    assert "zimbraMailTrustedIP" in done.stderr
    assert not said(node, "find /etc/fail2ban -name 'zmward*'")


def test_who_guesses_is_banned_and_no_other(node: Lab) -> None:
    said(node, PREPARE)
    follow(node)
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}+00:00"
    # The service begins at the end of the logs, wherever that is once it runs.
    until(lambda: not friend(node) and "success" in said(node, f"cat {EVENT_LOGS}"))
    done = bans(node, "--since", since, "--install", "--console", "--yes", "--json")
    told = json.loads(done.stdout)
    assert told["state"] == "unconfirmed", done.stdout + done.stderr
    assert told["failing"] == [], done.stdout
    wanted = {one.address for one in ATTACKS if one.kind not in UNHEARD}
    # Once he is banned nobody answers him, which may be before he is at his end.
    assert "not as it should be" not in guess(node, *ATTACKS)
    seconds = until(lambda: banned(node) >= wanted)
    assert banned(node) == wanted
    _are(kept_out(node), wanted)
    assert not friend(node)
    sys.stdout.write(
        f"\n{len(wanted)} attackers banned, the last after {seconds:.1f} s\n"
    )
    _simulated(node, since, wanted)
    _taken_back(node, told["run"])


def _are(found: set[str], wanted: set[str]) -> None:
    """Four of one /64 that are banned at once ban all of it; no bystander is in it."""
    crowd = {one for one in wanted if one.startswith(CROWD.removesuffix("/64"))}
    assert len(crowd) >= 4
    assert wanted - crowd | {CROWD} <= found <= wanted | {CROWD}


def _simulated(lab: Lab, since: str, wanted: set[str]) -> None:
    """Compare what was done with what the logs say would be done."""
    found = json.loads(bans(lab, "--since", since, "--simulate", "--json").stdout)
    victims = found["simulated"]["victims"]
    _are({one["address"] for one in victims}, wanted)
    assert not [one for one in victims if one["successes"]]


def _taken_back(lab: Lab, run: str) -> None:
    """Take the run back: with the files the bans go as well."""
    done = lab.run("mail", ["zmward", "rollback", run, "--yes"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert not said(lab, "find /etc/fail2ban -name 'zmward*'")
    until(lambda: not kept_out(lab))
    assert "zmward" not in said(lab, "fail2ban-client status")
