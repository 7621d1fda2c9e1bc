"""Only what is the site's own, the host itself, or vouched for may be scanned."""

import pytest

from zmward.profile import Firewall, Profile, Scan
from zmward.scan.permitted import permitted

SITE = Profile(
    scan=Scan(hosts=("mail.example.test", "192.0.2.0/28")),
    firewall=Firewall(cluster=("198.51.100.8",)),
)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("mail.example.test", ("203.0.113.9",)),
        ("MAIL.example.test.", ("203.0.113.9",)),
        ("other.example.test", ("192.0.2.10",)),
        ("node.example.test", ("198.51.100.8", "192.0.2.1")),
        ("localhost", ("127.0.0.1", "::1")),
        ("127.0.0.53", ("127.0.0.53",)),
    ],
)
def test_own_hosts_may_be_scanned(name: str, addresses: tuple[str, ...]) -> None:
    assert permitted(name, addresses, SITE, ())


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("other.example.test", ("203.0.113.9",)),
        ("evil-mail.example.test", ("203.0.113.9",)),
        ("half.example.test", ("192.0.2.10", "203.0.113.9")),
        ("half.example.test", ("192.0.2.10", "2001:db8::9")),
        ("nowhere.example.test", ()),
        ("mail.example.test.evil.example", ("203.0.113.9",)),
    ],
)
def test_others_may_not(name: str, addresses: tuple[str, ...]) -> None:
    assert not permitted(name, addresses, SITE, ())


def test_somebody_may_vouch_for_one_name_alone() -> None:
    assert permitted("a.example", ("203.0.113.9",), Profile(), ("a.example",))
    assert not permitted("b.example", ("203.0.113.9",), Profile(), ("a.example",))
