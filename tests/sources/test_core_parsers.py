"""Postfix, sockets, sshd, packages, schema, identity: real forms and noise."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.sources import (
    directory,
    identity,
    listeners,
    packages,
    postconf,
    schema,
    sshd,
)
from zmward.sources.listeners import Listener
from zmward.sources.source import Unreadable, contents, statuses

PARSERS: list[Callable[[str], Any]] = [
    directory.parse_config,
    directory.parse_coses,
    directory.parse_domains,
    directory.parse_servers,
    identity.parse,
    listeners.parse,
    packages.parse,
    postconf.parse,
    postconf.parse_master,
    postconf.parse_services,
    schema.parse,
    sshd.parse,
    contents,
    statuses,
]

# Debian 12, `ss -Hltunp` of iproute2 6.1.
SOCKETS = """\
udp   UNCONN 0 0          127.0.0.1:323        0.0.0.0:*    users:(("chronyd",pid=81,fd=5))
udp   UNCONN 0 0   [fe80::1%eth0]:546        [::]:*
tcp   LISTEN 0 4096       127.0.0.54%lo:53       0.0.0.0:*
tcp   LISTEN 0 100                *:8443             *:*    users:(("java",pid=1,fd=2))
tcp   LISTEN 0 128             [::]:22            [::]:*
"""
# OpenSSH 9.2, `sshd -T`, shortened.
SSHD = """\
> user=root addr=198.51.100.1
port 22
passwordauthentication yes
acceptenv LANG
acceptenv LC_*
> user=zimbra addr=198.51.100.1
port 22
passwordauthentication no
"""
# Postfix 3.7, `postconf -M` and `-P`.
MASTER = "smtp       inet  n       -       y       -       -       smtpd\n"
SERVICES = "submission/inet/syslog_name = postfix/submission\n"


@pytest.mark.parametrize("parse", PARSERS, ids=lambda p: f"{p.__module__}.{p.__name__}")
def test_nothing_but_unreadable_is_ever_raised(parse: Callable[[str], Any]) -> None:
    @given(st.text())
    def run(noise: str) -> None:
        try:
            parse(noise)
        except Unreadable:
            pass

    run()


def test_sockets_of_both_families_are_read() -> None:
    found = listeners.parse(SOCKETS)
    assert found[0] == Listener("udp", "127.0.0.1", 323, "chronyd")
    assert found[1].address == "fe80::1"
    assert found[2].loopback
    assert found[3].everywhere
    assert found[4] == Listener("tcp", "::", 22)


def test_sshd_tells_each_login_apart() -> None:
    root, zimbra = sshd.parse(SSHD)
    assert root.one("PasswordAuthentication") == "yes"
    assert root.settings["acceptenv"] == ("LANG", "LC_*")
    assert zimbra.one("passwordauthentication") == "no"


def test_an_sshd_that_says_nothing_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        sshd.parse("> user=root addr=198.51.100.1\n")


def test_postfix_services_are_read() -> None:
    assert postconf.parse_master(MASTER)["smtp/inet"].endswith("smtpd")
    assert postconf.parse_services(SERVICES) == {
        "submission/inet": {"syslog_name": "postfix/submission"}
    }


def test_postfix_without_parameters_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        postconf.parse("")


def test_packages_of_both_managers_are_read() -> None:
    # dpkg-query and rpm through the source's own snippet.
    text = "ii zimbra-core 10.1.0.GA.4655.UBUNTU22.64\nrc old 1\nii a 0:1-2.el8\n"
    assert packages.parse(text) == {
        "zimbra-core": "10.1.0.GA.4655.UBUNTU22.64",
        "a": "0:1-2.el8",
    }


def test_entries_keep_their_own_values() -> None:
    text = (
        "dn: cn=mail,cn=servers,cn=zimbra\ncn: mail\nzimbraId: 1\n"
        "zimbraServiceEnabled: mta\nzimbraServiceEnabled: proxy\n"
    )
    (server,) = directory.parse_servers(text)
    assert server.label == "server:mail"
    assert server.own("ZIMBRASERVICEENABLED") == ("mta", "proxy")
    assert server.own("zimbraMtaMyNetworks") == ()


def test_no_global_config_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        directory.parse_config("")


def test_a_package_on_hold_or_half_configured_is_there() -> None:
    text = "hi zimbra-patch 10.1.4-1\niF zimbra-mta 10.1.0\nrc old 1\nun never 1\n"
    assert packages.parse(text) == {"zimbra-patch": "10.1.4-1", "zimbra-mta": "10.1.0"}


def test_a_package_that_is_there_twice_counts_as_the_older_one() -> None:
    two = ("ii zimbra-patch 10.1.21.1789-1.el8", "ii zimbra-patch 10.1.9.1752-1.el8")
    for order in (two, two[::-1]):
        text = "\n".join(order)
        assert packages.parse(text) == {"zimbra-patch": "10.1.9.1752-1.el8"}
        assert packages.unfinished(text)
    assert not packages.unfinished("\n".join((two[0], two[0])))
    assert not packages.unfinished("ii kernel 4.18.0-1\nii kernel 4.18.0-2\n")


def test_an_ipv4_address_inside_ipv6_is_an_ipv4_address() -> None:
    # Java on loopback, as ss shows it; and iproute2 before 4.14 without brackets.
    text = (
        "tcp LISTEN 0 50 [::ffff:127.0.0.1]:7171 *:*\n"
        "tcp LISTEN 0 50 :::8443 :::*\n"
        "tcp LISTEN 0 50 [::]:22 [::]:*\n"
    )
    first, second, third = listeners.parse(text)
    assert first.loopback
    assert first.address == "127.0.0.1"
    assert (second.address, third.address) == ("*", "::")
