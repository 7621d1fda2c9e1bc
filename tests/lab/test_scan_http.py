"""The looks at web servers, against nginx and mailboxd of whole nodes."""

import sys
from datetime import UTC, datetime

import pytest
from lab.network import INTERNET_IPV4, NODE_IPV4
from lab.node import Lab

from zmward.control import Status
from zmward.controls.registry import controls
from zmward.controls.shapes.outside_http import answers
from zmward.engine.audit import audit
from zmward.outside import evidence_of
from zmward.profile import Profile
from zmward.scan.http import HttpShown
from zmward.scan.seen import Seen, decode

pytestmark = pytest.mark.lab

PORTS = (
    (80, False),
    (443, True),
    (7071, True),
    (7072, True),
    (8443, True),
    (9071, True),
)
_ASKED = """
import sys
from zmward.doors.network import Network, Pace
from zmward.scan.http import look
from zmward.scan.line import Ask
from zmward.scan.seen import Seen, encode
_, host, address, source, when, *ports = sys.argv
network = Network(address, Pace(100))
looked = [
    look(network, int(port), Ask(host), tls=tls == "True")
    for port, tls in (word.split("/") for word in ports)
]
shown = tuple(one for one in looked if one.pages)
print(encode(Seen(host, when, "0", (address,), {address: source}, shown=shown)))
"""
OPEN = {
    "careless": {443, 7071, 7072, 8443},
    "hardened": {443},
}
SAID = {
    "careless": {
        "admin-console-off-web-port": Status.PASS,
        "admin-console-proxied": Status.FAIL,
        "browsers-return-over-tls-only": Status.FAIL,
        "content-types-not-guessed": Status.FAIL,
        "cookies-over-tls-only": Status.PASS,
        "graphql-by-post-only": Status.NOT_APPLICABLE,
        "proxy-servlet-asks-for-login": Status.PASS,
        "redirects-need-a-login": Status.PASS,
        "referrers-not-leaked": Status.FAIL,
        "search-engines-kept-out": Status.FAIL,
        "strict-server-names": Status.FAIL,
        "trace-refused": Status.PASS,
        "web-client-not-framed": Status.PASS,
        "web-client-over-tls-only": Status.NOT_APPLICABLE,
        "web-server-version-hidden": Status.PASS,
    },
}
SAID["hardened"] = SAID["careless"] | {
    "admin-console-proxied": Status.NOT_APPLICABLE,
    "browsers-return-over-tls-only": Status.PASS,
    "content-types-not-guessed": Status.PASS,
    "referrers-not-leaked": Status.PASS,
    "search-engines-kept-out": Status.PASS,
    "strict-server-names": Status.PASS,
}


def looked(lab: Lab) -> Seen:
    now = datetime.now(UTC).isoformat()
    ports = [f"{port}/{tls}" for port, tls in PORTS]
    words = ("mail.example.test", NODE_IPV4, INTERNET_IPV4, now, *ports)
    done = lab.run("outside", [sys.executable, "-c", _ASKED, *words])
    assert done.returncode == 0, done.stderr
    return decode(done.stdout.strip())


def web(seen: Seen, port: int) -> HttpShown:
    return next(shown for shown in answers(seen) if shown.port == port)


@pytest.mark.parametrize("state", ["careless", "hardened"])
def test_a_node_is_judged_by_what_it_shows(
    state: str, request: pytest.FixtureRequest
) -> None:
    lab: Lab = request.getfixturevalue(f"lab_{state}")
    seen = looked(lab)
    assert {shown.port for shown in answers(seen)} == OPEN[state]
    chosen = tuple(controls()[name] for name in SAID[state])
    report = audit(evidence_of((seen,), "0"), chosen, Profile(), inside=False)
    assert {f.control: f.status for f in report.findings} == SAID[state]
    client = web(seen, 443)
    assert (client.product, client.site) == ("nginx", "web client")


def test_a_look_leaves_lines_that_an_administrator_can_recognise(
    lab_careless: Lab,
) -> None:
    looked(lab_careless)
    log = ["grep", "-c", "zmward-scan", "/opt/zimbra/log/nginx.access.log"]
    told = lab_careless.run("mail", log)
    assert int(told.stdout) >= len(web(looked(lab_careless), 443).pages)


def test_a_look_counts_as_no_failed_login(lab_careless: Lab) -> None:
    audit_log = [
        "grep",
        "-c",
        "-e",
        "invalid",
        "-e",
        "failed",
        "/opt/zimbra/log/audit.log",
    ]
    before = lab_careless.run("mail", audit_log).stdout
    looked(lab_careless)
    assert lab_careless.run("mail", audit_log).stdout == before
