"""Our view of a port's TLS beside testssl.sh's, where both judge.

`testssl -p -S` tells protocols and what the server shows by default: certificates above
all. `make bench` runs all of its checks on two ports.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab.node import Lab
from lab.testssl import command, differences, ours, read, theirs, unread
from lab.testssl_rows import PROTOCOLS, Fact

from tests.lab.scan_truth import scanned

# Other scanners take minutes.
pytestmark = [pytest.mark.lab, pytest.mark.proof]

HOST, OTHER_NAME = "mail.example.test", "webmail.example.test"
ZIMBRAS = "opt/zimbra/conf/ca/ca.pem"
BOUGHT = "opt/zimbra/ssl/zimbra/commercial/commercial_ca.crt"
# What both can tell of a port with -p -S; less than this would be a silent loss.
BOTH = frozenset(PROTOCOLS.values()) | {
    *("service", "renegotiation_info", "server certificates", "certificates sent"),
    *("chain in order", "fingerprint", "common name", "names", "issuer", "signature"),
    *("key", "begins", "ends", "ends within 30 days", "for this name", "believed"),
    *("signed by itself", "stapled", "demands a staple", "strong certificate"),
    "old protocols refused",
}


@dataclass(frozen=True)
class Case:
    """One port of a lab server, looked at under a name.

    `believed` is the file of an authority that both believe. `told` are facts in which
    this server is known to be good or bad, so that both do not agree on nothing.
    """

    state: str
    port: int
    told: Mapping[str, Fact]
    name: str = HOST
    starttls: str = ""
    believed: str = ""

    def __str__(self) -> str:
        return f"{self.state}-{self.name.partition('.')[0]}-{self.port}"


OLD = {"TLS 1.0": True, "SSLv3": False, "ends within 30 days": True, "believed": False}
NEW = {"TLS 1.0": False, "TLS 1.3": True, "ends within 30 days": False}
CASES = (
    Case("careless", 443, {**OLD, "for this name": True}),
    Case(
        "careless",
        443,
        {**OLD, "for this name": False, "believed": True},
        name=OTHER_NAME,
        believed=ZIMBRAS,
    ),
    Case("careless", 25, {**OLD, "TLS 1.3": True}, starttls="smtp"),
    Case("careless", 993, {**OLD, "TLS 1.3": False}),
    Case("careless", 465, {**OLD, "TLS 1.3": True}),
    Case("careless", 7071, {**OLD, "TLS 1.3": False}),
    Case(
        "hardened",
        443,
        {**NEW, "believed": True, "for this name": True},
        name=OTHER_NAME,
        believed=BOUGHT,
    ),
    Case("hardened", 25, {**NEW, "believed": False}, starttls="smtp"),
)
# The only difference: who says nothing, of which port, and why. What both say is equal.
SILENT: Mapping[tuple[int, str], str] = {
    (25, "for this name"): "zmward: other mail servers do not ask for this name",
    (25, "service"): "testssl.sh: with STARTTLS it repeats what it was told",
    (465, "service"): "testssl.sh: it sends an HTTP request, which SMTP refuses",
}


def second_opinion(
    lab: Lab, case: Case, authority: str, room: Path
) -> list[dict[str, str]]:
    """Return the rows of testssl.sh."""
    output = room / "testssl.json"
    words = ("-p", "-S")
    argv = command(
        *(f"{case.name}:{case.port}", output, *words),
        starttls=case.starttls,
        authority=authority,
    )
    done = subprocess.run(
        lab.argv("outside", argv),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert output.exists(), done.stdout + done.stderr
    return read(output)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_testssl_says_the_same_where_both_judge(
    case: Case,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab: Lab = request.getfixturevalue(f"lab_{case.state}")
    authority = ""
    if case.believed:
        authority = str(tmp_path / "authority.pem")
        Path(authority).write_text((lab.root / case.believed).read_text())
        monkeypatch.setenv("SSL_CERT_FILE", authority)
    document = scanned(lab, [case.name, "--ports", str(case.port)])
    mine = ours(document, case.port, every=False)
    rows = second_opinion(lab, case, authority, tmp_path)
    other = theirs(rows)
    assert unread(rows) == set()
    silent = {fact for port, fact in SILENT if port == case.port}
    assert BOTH - (mine.keys() & other.keys()) == silent
    assert differences(mine, other) == {}
    assert {name: mine.get(name) for name in case.told} == case.told
