"""Which packets ufw lets in decides: bans are no fault, nobody known is no pass."""

from typing import Any

import pytest

from tests.examples import facts_of
from zmward.control import Example, Status
from zmward.controls.firewall import _ufw
from zmward.controls.firewall._examples import GIVEN, NO_RULES
from zmward.controls.firewall._ufw import PUBLIC, SSH
from zmward.controls.registry import controls
from zmward.finding import Finding, judge
from zmward.sources.listeners import Listener

ANYBODY = "-p tcp --dport 22 -j ACCEPT"
DATABASE = "-p tcp --dport 7306 -j ACCEPT"
UNNAMED = {**GIVEN["profile"], "networks": {}}
BOTH = ("192.0.2.10", "2001:db8::10")
MAILBOX = {**GIVEN["server"], "zimbraServiceEnabled": ("mta", "proxy", "mailbox")}


def found(*rules: str, **more: Any) -> Finding:
    """Judge a host whose ufw is off and would load some rules."""
    raw = {**GIVEN["raw"], "firewall-files": _ufw.files(*rules, on=False)}
    given = {**GIVEN, "raw": raw, "firewall": NO_RULES, **more}
    example = Example(Status.PASS, given)
    return judge(controls()["ufw-knows-ssh-and-zimbra"], facts_of(example))


def said(one: Finding) -> str:
    return " | ".join(deviation.found for deviation in one.deviations)


def test_a_banned_network_is_no_fault_of_the_rules() -> None:
    assert found("-s 203.0.113.0/24 -j DROP", SSH, PUBLIC).status is Status.PASS


def test_a_denied_administrator_is_one() -> None:
    told = found("-s 10.9.0.7/32 -j DROP", SSH, PUBLIC)
    assert told.status is Status.FAIL
    assert "tcp 22 (ssh): not let in from 10.9.0.7/32 over IPv4" in said(told)


def test_half_of_the_world_denied_is_no_ban() -> None:
    told = found("-s 0.0.0.0/1 -j DROP", SSH, PUBLIC)
    assert told.status is Status.FAIL


def test_whether_administrators_get_in_is_unknown_where_nobody_names_them() -> None:
    told = found(SSH, PUBLIC, profile=UNNAMED)
    assert told.status is Status.UNKNOWN
    assert "networks.admins names nobody" in told.reason
    assert found(ANYBODY, PUBLIC, profile=UNNAMED).status is Status.PASS


def test_ssh_that_nobody_reaches_fails_whoever_administers() -> None:
    told = found(PUBLIC, profile=UNNAMED)
    assert told.status is Status.FAIL
    assert "tcp 22 (ssh): not let in from everywhere over IPv4" in said(told)


def test_a_forgotten_ipv6_fails() -> None:
    four = "-p tcp -m multiport --dports 25,443 -s 0.0.0.0/0 -j ACCEPT"
    told = found(SSH, four, addresses=BOTH)
    assert told.status is Status.FAIL
    assert "not let in from everywhere over IPv6" in said(told)
    assert "IPv4" not in said(told)
    assert found(SSH, four).status is Status.PASS


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", Status.PASS), ("*", Status.FAIL)]
)
def test_what_listens_on_the_loopback_alone_is_reached_by_nobody(
    address: str, status: Status
) -> None:
    sockets = (*GIVEN["listeners"], Listener("tcp", address, 7306, "mysqld"))
    packages = {"zimbra-store": "10.1.20"}
    more = {"listeners": sockets, "server": MAILBOX, "packages": packages}
    told = found(SSH, PUBLIC, DATABASE, **more)
    assert ("7306" in said(told)) is (status is Status.FAIL), told


def test_bad_words_alone_are_evidence_and_no_verdict() -> None:
    files = _ufw.files(SSH, PUBLIC) + _ufw.profile("25,443 /tcp")
    raw = {**GIVEN["raw"], "firewall-files": files}
    loaded = _ufw.loaded(SSH, PUBLIC)
    assert found(raw=raw, firewall=loaded).status is Status.PASS
    raw = {**raw, "firewall-files": files.replace("25,443 -j", "443 -j")}
    told = found(raw=raw, firewall=loaded)
    assert told.status is Status.FAIL
    shown = " ".join(one.excerpt for one in told.evidence)
    assert "a blank stands before the protocol" in shown
