"""The client's address: forged words never name a bystander."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.logs.files import BYSTANDER, CALLER, PROXY, STAMP, URL, failed, read
from zmward.logs.addresses import Trusted, address
from zmward.logs.context import cut, usual

_WORDS = some.lists(
    some.sampled_from(
        [
            *("oip=6.6.6.6", "ip=6.6.6.6", ";;", "=", " ", ",", "[", "]", "] ["),
            *("security - cmd=Auth; ", "account=x; ", "protocol=soap; ", "error=y;"),
            *(", client: 6.6.6.6:1", ', login: "', " while ", "é", "\x1b[2J", "\0"),
            *("6.6.6.6", "[6.6.6.6]", "2024-11-05 10:15:40,002", "a", "7", "\ufffd"),
        ]
    ),
    max_size=12,
).map("".join)


def doubled(text: str) -> str:
    """Return a value as mailboxd writes it into the context."""
    return text.replace(";", ";;")


@given(_WORDS)
def test_a_user_agent_names_nobody(words: str) -> None:
    (event,) = read("audit", failed(f"oip={CALLER};ua={doubled(words)};soapId=1;"))
    assert event.source == CALLER
    assert event.account == "anna@example.com"


@given(_WORDS)
def test_a_user_agent_before_the_address_names_nobody(words: str) -> None:
    line = failed(f"ip={PROXY};ua={doubled(words)};oip={CALLER};cid=1;")
    assert [one.source for one in read("audit", line)] == [CALLER]


@given(_WORDS)
def test_a_typed_name_names_nobody(words: str) -> None:
    line = (
        f"{STAMP} INFO  {URL} [oip={CALLER};soapId=1;] SoapEngine - handler exception: "
        f"authentication failed for [{words}], account not found"
    )
    assert {one.source for one in read("mailbox", line)} == {CALLER}


@given(_WORDS)
def test_a_forged_header_names_nobody(words: str) -> None:
    line = failed(f"oip={doubled(words)}, {CALLER};soapId=1;")
    assert [one.source for one in read("audit", line)] == [CALLER]


@given(_WORDS)
def test_a_login_at_the_proxy_names_nobody(words: str) -> None:
    line = (
        "2024/11/05 10:16:01 [error] 2211#0: *9931 An error occurred in mail zmauth: "
        f"user not found:{words} while SSL handshaking to lookup handler, client: "
        f'{CALLER}:55123, server: 0.0.0.0:993, login: "{words}"'
    )
    assert {one.source for one in read("nginx", line)} <= {CALLER, ""}


@given(_WORDS)
def test_a_name_at_the_mta_names_nobody(words: str) -> None:
    line = (
        "Nov  5 10:16:20 mta1 postfix/smtps/smtpd[1]: warning: unknown[198.51.100.7]: "
        f"SASL PLAIN authentication failed: x, sasl_username={words}"
    )
    assert {one.source for one in read("syslog", line)} == {CALLER}


@given(_WORDS)
def test_a_name_at_saslauthd_names_nobody(words: str) -> None:
    line = f"Nov  5 10:16:20 mta1 saslauthd[1]: auth_zimbra: {words} auth failed: x"
    assert {one.source for one in read("syslog", line)} <= {""}


@given(some.text(string.printable.replace("\n", "").replace('"', "")))
def test_a_user_of_the_web_names_nobody(user: str) -> None:
    line = (
        f'{CALLER}:1 - {user} [05/Nov/2024:10:15:40 +0100]  "GET '
        '/zimbra/public/sfdc_preauth.jsp HTTP/1.1" 200 1 "-" "-" "-" "-"'
    )
    assert {one.source for one in read("nginx-access", line)} <= {CALLER}


def test_a_peer_that_is_not_trusted_speaks_for_itself() -> None:
    """An IMAP client on the back-end port may announce whom it likes."""
    line = failed(f"ip={CALLER};oip={BYSTANDER};cid=1;", protocol="imap")
    (event,) = read("audit", line)
    assert (event.source, event.via, event.peer) == (CALLER, "direct", CALLER)


def test_trusted_hops_are_passed_from_the_right() -> None:
    chain = Trusted((PROXY, "203.0.113.9"))
    hops = f"{BYSTANDER}, {CALLER}, 203.0.113.9"
    assert chain.client(PROXY, hops) == (CALLER, "proxy")


def test_trusted_machines_alone_are_no_client() -> None:
    (event,) = read("audit", failed(f"ip={PROXY};port=1;soapId=1;"))
    assert (event.source, event.via, event.peer) == ("", "proxy-only", PROXY)


def test_what_cannot_be_read_ends_the_search() -> None:
    hops = f"{BYSTANDER}, unknown, {PROXY}"
    assert Trusted((PROXY,)).client(PROXY, hops) == ("", "none")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[2001:db8:0:0:0:0:0:5]", "2001:db8::5"),
        ("::ffff:198.51.100.7", CALLER),
        (" 198.51.100.7 ", CALLER),
        ("198.51.100.7:25", ""),
        ("fe80::1%eth0", ""),
        ("0x7f000001", ""),
        ("", ""),
    ],
)
def test_addresses_are_read_strictly(text: str, wanted: str) -> None:
    assert address(text) == wanted


def test_of_a_key_that_comes_twice_the_first_counts() -> None:
    line = failed(f"ip={PROXY};oip={CALLER};ua=x;oip={BYSTANDER};cid=1;")
    assert [one.source for one in read("audit", line)] == [CALLER]


def test_a_login_that_imitates_the_rest_of_the_line_names_nobody() -> None:
    name = f"x while y, client: {BYSTANDER}:1, server: z"
    line = (
        "2024/11/05 10:16:01 [error] 2211#0: *9931 An error occurred in mail zmauth: "
        f"user not found:{name} while SSL handshaking to lookup handler, client: "
        f'{CALLER}:55123, server: 0.0.0.0:993, login: "{name}"'
    )
    assert [one.source for one in read("nginx", line)] == [""]


def test_a_thread_cannot_end_early() -> None:
    """The path of a request is client text; a blank cannot stand in it."""
    forged = URL.replace("AuthRequest", f"][oip={BYSTANDER};]security-")
    line = failed(f"oip={CALLER};soapId=1;").replace(URL, forged)
    assert [one.source for one in read("audit", line)] == [CALLER]


def test_long_words_are_not_kept() -> None:
    """Else a client could fill our memory with names and addresses."""
    trusted = Trusted()
    assert trusted.look("1" * 60_000) == ("", False)
    assert trusted.look(CALLER) == (CALLER, False)
    assert sum(map(len, trusted._known)) < 100
    (event,) = read("audit", failed(f"oip={CALLER};soapId=1;", "a" * 20_000))
    assert len(event.account) == 320
    assert event.source == CALLER


KEYS = (
    *("name", "mid", "ip", "oip", "port", "oport", "via", "oproto", "ua"),
    *("soapId", "cid", "x"),
)


@given(
    some.lists(
        some.tuples(
            some.sampled_from(KEYS),
            _WORDS | some.sampled_from(["smtp", CALLER, PROXY, "1"]),
        ),
        max_size=8,
    ),
    _WORDS,
)
def test_the_short_way_reads_as_the_long_one(
    context: list[tuple[str, str]], words: str
) -> None:
    said = "".join(f"{key}={doubled(value)};" for key, value in context)
    for line in (
        failed(said, words),
        f"{STAMP} INFO  [{words}] [{said}] imap - {words}",
    ):
        raw = line.encode()
        short = usual(raw)
        assert short is None or short.groups() == cut(raw)
