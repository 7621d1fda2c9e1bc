"""An open port that nobody talked with is never spoken for by the others."""

from datetime import datetime

import pytest

from zmward.controls.registry import controls
from zmward.deviation import State
from zmward.facts import Facts
from zmward.outside import evidence_of, from_outside
from zmward.profile import Profile
from zmward.scan.gaps import filled
from zmward.scan.named import Service
from zmward.scan.seen import PortSeen, Seen

WHEN = "2026-11-21T12:00:00+00:00"


def states(control: str, seen: Seen, profile: Profile | None = None) -> set[State]:
    evidence = evidence_of((seen,), "0")
    facts = Facts(evidence, profile or Profile(), datetime.fromisoformat(WHEN))
    return {one.state for one in from_outside(controls()[control], facts)}


def seen(*ports: PortSeen) -> Seen:
    return Seen(
        *("mail.example.test", WHEN, "0"),
        addresses=("192.0.2.10",),
        source={"192.0.2.10": "198.51.100.7"},
        ports=ports,
    )


def port(number: int, service: Service = "", *, tls: bool = False) -> PortSeen:
    return PortSeen(number, "tcp", "192.0.2.10", "open", service, tls=tls)


@pytest.mark.parametrize(
    ("control", "number"),
    [
        ("mta-is-no-open-relay", 25),
        ("mta-auth-only-over-tls", 587),
        ("smtp-offers-no-login-on-25", 25),
        ("mail-proxy-demands-starttls", 143),
        ("mailbox-refuses-clear-text-logins", 7110),
        ("mailbox-banners-without-version", 7025),
        ("proxy-speaks-modern-tls", 443),
        ("proxy-speaks-modern-tls", 110),
        ("mailboxd-speaks-modern-tls", 7993),
        ("smtps-speaks-modern-tls", 465),
        ("strict-server-names", 443),
        ("admin-console-proxied", 7071),
        ("ldap-anonymous-reads-nothing", 389),
        ("ssh-without-passwords", 22),
        ("trace-refused", 443),
    ],
)
def test_a_port_that_was_not_recognised_is_unknown(control: str, number: int) -> None:
    assert states(control, seen(port(number))) == {State.UNKNOWN}


@pytest.mark.parametrize(
    ("control", "open_"),
    [
        ("mta-auth-only-over-tls", port(2525, "smtp")),
        ("ldap-anonymous-reads-nothing", port(3890, "ldap")),
        ("tls-ports-refuse-old-protocols", port(4433, "http", tls=True)),
        ("tls-ports-refuse-old-protocols", port(5222, "xmpp")),
    ],
)
def test_a_port_that_nobody_had_time_for_is_unknown(
    control: str, open_: PortSeen
) -> None:
    assert states(control, seen(open_)) == {State.UNKNOWN}


def test_what_was_talked_with_stays_as_it_is() -> None:
    once = filled(seen(port(25, "smtp"), port(11211), port(9999), port(3306, "mysql")))
    assert filled(once) == once
    assert {type(shown).__name__ for shown in once.shown} == {
        "SmtpShown",
        "TlsShown",
        "MemcachedShown",
    }
