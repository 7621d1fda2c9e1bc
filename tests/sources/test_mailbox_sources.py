"""Served pages, own addresses, origin log, grants, data sources, extensions."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.sources import addresses, datasources, grants, originlog, served
from zmward.sources.extensions import EXTENSIONS
from zmward.sources.grants import Grant
from zmward.sources.source import Unreadable

# From a lab node (careless), shortened.
SERVED = """\
> login
< HTTP/2 200
< server: nginx
< x-frame-options: SAMEORIGIN
< set-cookie: ZM_TEST=zmward:secret; Path=/; Secure
< set-cookie: ZM_LOGIN_CSRF=zmward:secret; HttpOnly
? 200
> robots
< HTTP/2 200
| User-agent: *
| Allow: /
? 200
> plain
? 0
"""
ADDRESSES = """\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 192.0.2.10/24 scope global eth0\\       valid_lft forever
2: eth0    inet6 2001:db8:0:1::10/64 scope global nodad \\       valid_lft forever
3: tun0    inet 10.8.0.1 peer 10.8.0.2/32 scope global tun0
"""
ORIGIN = """\
lines 120
logins 120
origin 30
own 90
direct 0
none 0
preauth 0
preauth-blind 0
"""
GRANTS = """\
dn: cn=globalgrant,cn=zimbra
cn: globalgrant
zimbraACE: 604d3c77-fb25-5735-b6dd-1a3bdc5d04c9 grp listAccount
zimbraACE: 23ac8b26-86e7-566c-a3c8-cc4889ff2d5f usr +adminLoginAs
zimbraACE: 23ac8b26-86e7-566c-a3c8-cc4889ff2d5f usr -deleteAccount

# pagedresults: cookie=
"""
SOURCES = """\
dn: zimbraDataSourceName=Old provider,uid=user004,ou=people,dc=example,dc=test
objectClass: zimbraDataSource
objectClass: zimbraPop3DataSource
zimbraDataSourceType: pop3
zimbraDataSourceEnabled: TRUE
zimbraDataSourceConnectionType: ssl

dn: zimbraDataSourceName=Older,uid=user004,ou=people,dc=example,dc=test
objectClass: zimbraImapDataSource
zimbraDataSourceEnabled: FALSE
"""


def test_a_page_has_status_headers_and_text() -> None:
    pages = served.parse(SERVED)
    assert pages["login"].status == 200
    assert pages["login"].header("Server") == "nginx"
    assert len(pages["login"].headers["set-cookie"]) == 2
    assert pages["robots"].text == "User-agent: *\nAllow: /"
    assert pages["plain"].status == 0


def test_a_node_whose_web_server_is_silent_tells_nothing() -> None:
    with pytest.raises(Unreadable, match="does not answer"):
        served.parse("> login\n? 0\n> plain\n? 0\n")


@pytest.mark.parametrize(
    "answer", ["", "? 200\n", "> login\n", "> login\nwhat\n", "> login\n? x\n"]
)
def test_what_curl_did_not_say_is_unreadable(answer: str) -> None:
    with pytest.raises(Unreadable):
        served.parse(answer)


def test_addresses_are_written_without_their_prefix() -> None:
    found = addresses.parse(ADDRESSES)
    assert found == ("127.0.0.1", "192.0.2.10", "2001:db8:0:1::10", "10.8.0.1")


@pytest.mark.parametrize("answer", ["", "2: eth0 inet nowhere/24 scope global\n"])
def test_no_address_is_unreadable(answer: str) -> None:
    with pytest.raises(Unreadable):
        addresses.parse(answer)


def test_every_count_of_the_log_is_there() -> None:
    assert originlog.parse(ORIGIN)["own"] == 90


@pytest.mark.parametrize("answer", ["", "lines 1\n", ORIGIN + "more 1\n", "own x\n"])
def test_counts_that_are_missing_or_strange_are_unreadable(answer: str) -> None:
    with pytest.raises(Unreadable):
        originlog.parse(answer)


def test_a_grant_tells_whether_it_is_handed_on_or_denied() -> None:
    who = "23ac8b26-86e7-566c-a3c8-cc4889ff2d5f"
    assert grants.parse_grants(GRANTS)[1:] == (
        Grant(who, "usr", "adminLoginAs", delegable=True),
        Grant(who, "usr", "deleteAccount", denied=True),
    )


@pytest.mark.parametrize("value", ["", "a b", "<> usr right"])
def test_a_grant_of_another_form_is_unreadable(value: str) -> None:
    with pytest.raises(Unreadable):
        grants.grant(value)


def test_data_sources_are_counted_by_kind_with_their_accounts() -> None:
    found = datasources.parse(datasources.reduce(SOURCES.splitlines()))
    assert {kind: group.count for kind, group in found.items()} == {
        "imap off inherited": 1,
        "pop3 on ssl": 1,
    }
    assert found["pop3 on ssl"].names == ("user004@example.test",)


def test_no_data_sources_is_an_answer() -> None:
    assert datasources.parse(datasources.reduce(["# pagedresults: cookie="])) == {}


def test_data_sources_that_are_no_ldif_are_unreadable() -> None:
    with pytest.raises(Unreadable):
        datasources.parse(datasources.reduce(["not ldif"]))


def test_an_extension_is_told_by_its_path() -> None:
    line = "444 root root 9000 1700000000 regular file|/opt/zimbra/lib/ext/a/b.jar\n"
    assert set(EXTENSIONS.parse(line)) == {"/opt/zimbra/lib/ext/a/b.jar"}


@given(st.dictionaries(st.sampled_from(["imap on ssl"]), st.integers(0, 9)))
def test_stored_data_sources_come_back(counts: dict[str, int]) -> None:
    stored = {kind: {"count": number, "names": []} for kind, number in counts.items()}
    found = datasources.parse(json.dumps(stored))
    assert {kind: group.count for kind, group in found.items()} == counts


@pytest.mark.parametrize(
    "parse",
    [
        *(served.parse, addresses.parse, originlog.parse, datasources.parse),
        *(grants.parse_grants, grants.parse_groups, grants.grant),
    ],
)
@given(text=st.text())
def test_any_text_is_read_or_unreadable(parse: Callable[[str], Any], text: str) -> None:
    with suppress(Unreadable):
        parse(text)
