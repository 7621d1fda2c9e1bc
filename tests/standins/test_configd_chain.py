"""The stand-ins of the mail chain answer as the programs they stand for."""

import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from lab.zimbra.configd.control import answer
from lab.zimbra.configd.template import render
from lab.zimbra.mta import amavis, clamd, opendkim, peer, postjournal, saslauthd
from lab.zimbra.mta.initialize import table
from lab.zimbra.proxy.lookup import Route, Routes
from tests.standins.configd_twin import Twin

CONF = Path(__file__).parents[2] / "lab/rootfs/opt/zimbra/conf"
GRANTED = (
    b'<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>'
    b'<AuthResponse xmlns="urn:zimbraAccount"><authToken>0_1</authToken>'
    b"</AuthResponse></soap:Body></soap:Envelope>"
)
REFUSED = (
    b'<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>'
    b"<soap:Fault><soap:Reason><soap:Text>authentication failed for [a]</soap:Text>"
    b"</soap:Reason></soap:Fault></soap:Body></soap:Envelope>"
)


def test_saslauthd_reads_every_url() -> None:
    twin = Twin()
    text = render((CONF / "saslauthd.conf.in").read_text(), twin.read())
    assert saslauthd.urls(text) == [
        "https://mail.example.test:7073/service/admin/soap/"
    ]


def test_only_a_token_grants_a_login() -> None:
    assert saslauthd.refusal(GRANTED, "a") == ""
    assert saslauthd.refusal(REFUSED, "a") == "authentication failed for [a]"
    assert saslauthd.refusal(b"<html>", "a") == "unreadable answer"
    assert saslauthd.refusal(b"<a/>", "a") == "authentication failed for [a]"


def test_the_client_of_an_smtp_session_is_forwarded() -> None:
    headers = saslauthd.forwarded(peer.Peer("198.51.100.7", 41244))
    assert headers["X-Forwarded-For"] == "198.51.100.7"
    assert headers["X-Forwarded-Port"] == "41244"
    assert headers["X-Forwarded-Proto"] == "smtp"
    assert "X-Forwarded-For" not in saslauthd.forwarded(None)


def _process(root: Path, rows: str, rows6: str = "") -> None:
    (root / "net").mkdir(parents=True)
    (root / "net/tcp").write_text(f"head\n{rows}")
    (root / "net/tcp6").write_text(f"head\n{rows6}")
    (root / "7/fd").mkdir(parents=True)
    (root / "7/fd/3").symlink_to("socket:[4242]")
    (root / "7/fd/4").symlink_to("/dev/null")


def test_the_kernels_tables_name_the_client(tmp_path: Path) -> None:
    _process(tmp_path, "0: 0A0200C0:01D1 076433C6:A11C 01 0 0 0 0 0 4242\n")
    assert peer.smtp_client(7, tmp_path) == peer.Peer("198.51.100.7", 41244)


def test_a_mapped_address_is_written_as_version_four(tmp_path: Path) -> None:
    ends = "0000000000000000FFFF00000A0200C0:024B 0000000000000000FFFF0000076433C6:A11C"
    _process(tmp_path, "", f"0: {ends} 01 0 0 0 0 0 4242\n")
    assert peer.smtp_client(7, tmp_path) == peer.Peer("198.51.100.7", 41244)


def test_another_port_is_not_an_smtp_session(tmp_path: Path) -> None:
    _process(tmp_path, "0: 0A0200C0:1B71 076433C6:A11C 01 0 0 0 0 0 4242\n")
    assert peer.smtp_client(7, tmp_path) is None


def test_the_asking_process_is_known() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer.asking_process(ours) > 0


def test_clamd_finds_the_test_signature_only() -> None:
    assert clamd.verdict(b"hello") == "stream: OK"
    assert clamd.verdict(clamd.SIGNATURE).endswith("FOUND")


def test_clamd_reads_where_to_listen() -> None:
    text = render((CONF / "clamd.conf.in").read_text(), Twin().read())
    assert clamd.setting(text, "TCPSocket", "") == "3310"
    assert clamd.setting(text, "TCPAddr", "") == "localhost"


def test_the_milter_accepts_at_the_end_of_a_message() -> None:
    negotiation = opendkim.reply(b"O", struct.pack("!III", 6, 0, 0))
    assert negotiation is not None
    assert negotiation[:1] == b"O"
    assert opendkim.reply(b"E", b"") == b"a"
    assert opendkim.reply(b"R", b"") == b"c"
    assert opendkim.reply(b"D", b"") is None


def _policy(twin: Twin) -> amavis.Policy:
    return amavis.policy(render((CONF / "amavisd.conf.in").read_text(), twin.read()))


def test_amavis_sends_originating_mail_through_signing() -> None:
    twin = Twin()
    found = _policy(twin)
    assert found.ports == (10024, 10026, 10032)
    assert (found.forward, found.forward_originating) == (10025, 10030)
    twin.own["zimbraServiceEnabled"] = ["mta", "amavis"]
    assert _policy(twin).forward_originating == 10025


def test_amavis_bans_the_extensions_of_the_attribute() -> None:
    twin = Twin()
    attachment = b'Content-Type: application/x; name="a.exe"\r\n\r\nx'
    assert amavis.banned_names(attachment, _policy(twin).banned) == []
    twin.config["zimbraMtaBlockedExtension"] = ["exe", "bat"]
    assert amavis.banned_names(attachment, _policy(twin).banned) == ["a.exe"]
    assert amavis.banned_names(b"name=a.txt", _policy(twin).banned) == []


def test_the_control_port_knows_two_commands() -> None:
    forced: list[list[str]] = []

    def force(names: Iterable[str]) -> bool:
        forced.append(list(names))
        return bool(forced[-1])

    assert answer("STATUS", force) == "SUCCESS ACTIVE"
    assert answer("REWRITE mta proxy", force) == "SUCCESS REWRITES COMPLETE"
    assert answer("REWRITE", force) == "ERROR REWRITES FAILED"
    assert answer("rewrite", force) == "ERROR UNKNOWN COMMAND"
    assert answer("", force) == "ERROR UNKNOWN COMMAND"
    assert forced == [["mta", "proxy"], []]


def test_a_map_uses_starttls_when_localconfig_says_so() -> None:
    row = {"filter": "(a=%s)", "result": "b"}
    local = {"ldap_url": "ldap://x:389", "ldap_postfix_password": "p"}
    assert "start_tls = no\n" in table(row, local)
    assert "start_tls = yes\n" in table(row, local | {"ldap_starttls_supported": "1"})


def test_an_unreachable_lookup_refuses_without_a_route() -> None:
    routes = Routes((), {"imap": 7144})
    answered = routes.ask({"auth-protocol": "imap", "auth-user": "a"})
    assert answered["Auth-Status"] != "OK"
    assert routes.known == {}


def test_routes_are_frozen_values() -> None:
    assert Route("a", 1) == Route("a", 1)


def test_postjournal_hands_bytes_both_ways() -> None:
    near, asking = socket.socketpair()
    far, answering = socket.socketpair()
    with near, asking, far, answering:
        asking.sendall(b"EHLO a\r\n")
        answering.sendall(b"220 ready\r\n")
        answering.shutdown(socket.SHUT_WR)
        asking.shutdown(socket.SHUT_WR)
        postjournal.relay(near.fileno(), near.fileno(), far)
        assert asking.recv(100) == b"220 ready\r\n"
