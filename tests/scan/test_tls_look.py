"""What a look at TLS finds on real servers."""

import socket
import subprocess
from base64 import encodebytes
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.scan.tls_servers import (
    DONE,
    NOW,
    REFUSED,
    Authority,
    Counting,
    answering,
    authority,
    heard,
    message,
    openssl,
    record,
    server_hello,
    serving,
    shown,
    states,
)
from zmward.catalog.ciphers import KINDS, by_name, suites
from zmward.catalog.mozilla import ACCEPTED, CIPHERS, EARLIER
from zmward.doors.network import Pace
from zmward.scan.line import Ask
from zmward.scan.seen import Seen, decode, encode
from zmward.scan.tls import look
from zmward.scan.tls_shown import Trust
from zmward.sources.certificates import read_pem

# RFC 2409's second group: 1024 bits.
SHORT_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)
OLD = ("SSLv3", "TLS 1.0", "TLS 1.1")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    found = authority(tmp_path_factory.mktemp("tls"))
    found.sign("rsa", rsa.generate_private_key(65537, 2048))
    found.sign("ec", ec.generate_private_key(ec.SECP256R1()))
    return found


def listed(words: str) -> set[str]:
    """Return the ciphers of TLS 1.2 that openssl itself takes a list for."""
    argv = ["openssl", "ciphers", "-s", "-tls1_2", "-stdname", words]
    out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in out.splitlines() if "_RSA_" in line}


class TestProtocols:
    def test_a_modern_server_refuses_the_old_ones(self, place: Authority) -> None:
        words = "ECDHE+AESGCM:DHE+AESGCM:ECDHE+AES"
        with openssl(place, "-cipher", words) as port:
            found = shown(port, every=True)
        assert states(found) == {
            **dict.fromkeys(("TLS 1.3", "TLS 1.2"), "accepted"),
            **dict.fromkeys(OLD, "refused"),
        }
        assert set(found.spoken("TLS 1.2").ciphers) == listed(words)
        assert found.spoken("TLS 1.2").every
        assert found.compression is False
        assert found.safe_renegotiation is True
        assert found.trouble == ""

    def test_old_ones_are_seen_where_openssl_would_not_speak_them(
        self, place: Authority
    ) -> None:
        with openssl(place, "-cipher", "ALL:@SECLEVEL=0") as port:
            found = shown(port)
        assert states(found)["TLS 1.0"] == "accepted"
        assert states(found)["TLS 1.1"] == "accepted"
        assert found.spoken("TLS 1.0").ciphers

    def test_one_protocol_alone_is_seen_alone(self, place: Authority) -> None:
        old = ("-tls1", "-cipher", "ALL:@SECLEVEL=0")
        for words, name in ((("-tls1_2",), "TLS 1.2"), (old, "TLS 1.0")):
            with openssl(place, *words) as port:
                found = shown(port)
            assert [n for n, s in states(found).items() if s == "accepted"] == [name]
            assert set(states(found).values()) == {"accepted", "refused"}

    def test_ssl_3_is_seen(self) -> None:
        taken = record(server_hello(0x0300, 0x0005) + DONE, version=0x0300)

        def talk(wire: socket.socket) -> None:
            hello = heard(wire)
            offered = hello[4:6] == b"\3\0" and b"\0\x05" in hello[39:]
            wire.sendall(taken if offered else REFUSED)

        with serving(talk) as port:
            found = shown(port)
        assert found.spoken("SSLv3").state == "accepted"
        assert found.spoken("SSLv3").ciphers == ("TLS_RSA_WITH_RC4_128_SHA",)
        assert states(found)["TLS 1.2"] == "refused"

    def test_who_is_followed_in_the_choice_is_told(self, place: Authority) -> None:
        for words, chooser in (((), "client"), (("-serverpref",), "server")):
            with openssl(place, *words) as port:
                assert shown(port, every=True).spoken("TLS 1.2").chooser == chooser


class TestFewOfEachKind:
    """A few ciphers of each kind are asked for: enough to judge, and no more."""

    @pytest.mark.parametrize(
        ("words", "kinds"),
        [
            ("ECDHE+AESGCM", {"good"}),
            ("ECDHE+AESGCM:DHE+AESCCM", {"good", "odd"}),
            ("ECDHE+AESGCM:ECDHE+SHA1:AESCCM", {"good", "odd", "outdated"}),
            ("ALL:@SECLEVEL=0", {"good", "odd", "outdated", "weak"}),
            ("AES128-SHA:NULL-SHA256:@SECLEVEL=0", {"outdated", "broken"}),
            ("HIGH:NULL-MD5:ADH@SECLEVEL=0", set(KINDS)),
        ],
    )
    def test_every_kind_that_is_accepted_is_named(
        self, place: Authority, words: str, kinds: set[str]
    ) -> None:
        with openssl(place, "-tls1_2", "-cipher", words) as port:
            few, all_ = shown(port), shown(port, every=True)
        for found in (few, all_):
            spoken = found.spoken("TLS 1.2")
            assert spoken.whole
            assert {by_name()[name].kind for name in spoken.ciphers} == kinds
        assert not few.spoken("TLS 1.2").every
        assert len(few.spoken("TLS 1.2").ciphers) < 16

    def test_a_port_is_not_asked_more_often_than_needed(self, place: Authority) -> None:
        dial = Counting("127.0.0.1", Pace(10_000))
        with openssl(place) as port:
            look(dial, port, Ask("mail.example.test"), tls=True)
        assert dial.count <= 20


class TestWhatIsShown:
    def test_the_chain_comes_in_order_from_both_kinds_of_handshake(
        self, place: Authority
    ) -> None:
        for words in ("-tls1_2", "-tls1_3"):
            with openssl(place, words) as port:
                found = shown(port)
            (chain,) = found.chains
            read = read_pem("\n".join(chain.pem)).certificates
            assert [one.subject for one in read] == [
                "CN=mail.example.test",
                "CN=Example CA",
            ]
            assert read[0].signed_by_next

    @pytest.mark.parametrize(
        ("suite", "group"),
        [
            ("TLS_AES_128_GCM_SHA256", "P-256"),
            ("TLS_AES_256_GCM_SHA384", "P-384"),
            ("TLS_CHACHA20_POLY1305_SHA256", "X25519"),
        ],
    )
    def test_every_cipher_of_tls_1_3_can_be_opened(
        self, place: Authority, suite: str, group: str
    ) -> None:
        words = ("-tls1_3", "-ciphersuites", suite, "-groups", group)
        with openssl(place, *words) as port:
            found = shown(port)
        assert len(found.chains) == 1
        assert found.spoken("TLS 1.3").ciphers == (suite,)
        assert group in found.groups

    def test_who_wants_another_key_is_accepted_without_a_chain(
        self, place: Authority
    ) -> None:
        with openssl(place, "-tls1_3", "-groups", "X448") as port:
            found = shown(port)
        assert states(found)["TLS 1.3"] == "accepted"
        assert found.groups == ("X448",)
        assert found.chains == ()

    @pytest.mark.parametrize(
        "ciphers",
        [
            "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
        ],
    )
    def test_a_server_with_two_keys_shows_both_chains(
        self, place: Authority, ciphers: str
    ) -> None:
        words = ("-dcert", "ec.crt", "-dkey", "ec.key", "-serverpref")
        with openssl(place, "-tls1_2", "-cipher", ciphers, *words) as port:
            found = shown(port)
        keys = [read_pem(one.pem[0]).certificates[0].key for one in found.chains]
        assert sorted(keys) == ["EC secp256r1", "RSA"]

    @pytest.mark.parametrize("protocol", ["-tls1_2", "-tls1_3"])
    def test_a_staple_is_seen(self, place: Authority, protocol: str) -> None:
        leaf = place.sign("stapled", rsa.generate_private_key(65537, 2048))
        own = ("-cert", "stapled.crt", "-key", "stapled.key")
        staple = ("-status_file", str(place.staple(leaf)))
        with openssl(place, protocol, *own, *staple) as port:
            assert [one.stapled for one in shown(port).chains] == [True]
        with openssl(place, protocol, *own) as port:
            assert [one.stapled for one in shown(port).chains] == [False]

    def test_the_length_of_diffie_hellman_is_seen(self, place: Authority) -> None:
        number = b"\x02\x81\x81\x00" + SHORT_PRIME.to_bytes(128, "big") + b"\2\1\2"
        text = encodebytes(b"\x30\x81" + bytes((len(number),)) + number).decode()
        (place.folder / "short.dh").write_text(
            f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n"
        )
        weak = ("-dhparam", "short.dh", "-cipher", "DHE+AESGCM:@SECLEVEL=0")
        with openssl(place, *weak) as port:
            assert shown(port).dh_bits == 1024
        with openssl(place, "-cipher", "DHE+AESGCM") as port:
            assert (shown(port).dh_bits or 0) >= 2048
        with openssl(place, "-cipher", "ECDHE+AESGCM") as port:
            assert shown(port).dh_bits == 0
        both = ("-serverpref", "-cipher", "ECDHE+AESGCM:DHE+AESGCM:@SECLEVEL=0")
        with openssl(place, "-dhparam", "short.dh", *both) as port:
            assert shown(port).dh_bits == 1024
        with openssl(place, "-tls1_3") as port:
            assert shown(port).dh_bits is None

    def test_compression_and_old_renegotiation_are_seen(self) -> None:
        taken = record(server_hello(0x0303, 0xC02F, compression=1) + DONE)
        with answering(REFUSED, taken, REFUSED) as port:
            found = shown(port)
        assert found.compression is True
        assert found.safe_renegotiation is False

    def test_the_servers_name_is_asked_for_by_name_only(self) -> None:
        hellos: list[bytes] = []

        def talk(wire: socket.socket) -> None:
            hellos.append(heard(wire))
            wire.sendall(REFUSED)

        with serving(talk) as port:
            shown(port)
            named, hellos[:] = list(hellos), []
            shown(port, host="192.0.2.10")
            shown(port, host="2001:db8::1")
            shown(port, host="x" * 80 + ".test")
            plain, hellos[:] = list(hellos), []
            shown(port, host="postfächer.example.test")
        assert sum(b"mail.example.test" in one for one in named) == 4
        assert not any(b"192.0.2" in o or b"2001" in o or b"xx" in o for o in plain)
        assert any(b"xn--" in one for one in hellos)


class TestTrust:
    def test_a_believed_authority_is_believed(self, place: Authority) -> None:
        with openssl(place) as port:
            (chain,) = shown(port, trust=Trust(place.pem, NOW)).chains
            assert (chain.trusted, chain.distrust) == ("yes", "")

    def test_a_strange_one_is_not(self, place: Authority, tmp_path: Path) -> None:
        other = authority(tmp_path)
        with openssl(place) as port:
            # Of the same name, but of another key.
            (chain,) = shown(port, trust=Trust(other.pem, NOW)).chains
            assert chain.trusted == "unknown"
            pem = place.pem + Path("/etc/ssl/certs/ca-certificates.crt").read_text()
            trust = Trust(pem.partition("-----END CERTIFICATE-----\n")[2], NOW)
            (chain,) = shown(port, trust=trust).chains
            assert chain.trusted == "no"
            assert chain.distrust

    def test_who_believes_nobody_knows_nothing(self, place: Authority) -> None:
        with openssl(place) as port:
            for trust in (None, Trust("", NOW), Trust("nonsense", NOW)):
                (chain,) = shown(port, trust=trust).chains
                assert chain.trusted == "unknown"

    def test_expiry_is_left_to_its_own_control(self, place: Authority) -> None:
        place.sign("late", rsa.generate_private_key(65537, 2048), days=(-9, -2))
        with openssl(place, "-cert", "late.crt", "-key", "late.key") as port:
            (chain,) = shown(port, trust=Trust(place.pem, NOW)).chains
        assert chain.trusted == "yes"


def test_what_was_shown_travels_as_text(place: Authority) -> None:
    with openssl(place) as port:
        found = shown(port)
    seen = Seen("mail.example.test", NOW.isoformat(), "0", shown=(found,))
    assert decode(encode(seen)) == seen


class TestCiphers:
    def test_numbers_and_names_are_openssls(self) -> None:
        argv = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL"]
        out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        theirs = {
            int(words[0].replace("0x", "").replace(",", ""), 16): words[2]
            for words in map(str.split, out.splitlines())
            if "PSK" not in words[2] and "SRP" not in words[2]
        }
        assert len(theirs) > 80
        assert {n: suites()[n].name for n in theirs} == theirs

    def test_the_profile_is_forward_secret_and_authenticated(self) -> None:
        assert {n: suites()[n].name for n in CIPHERS} == CIPHERS
        assert {n: suites()[n].name for n in EARLIER} == EARLIER
        for name in ACCEPTED:
            suite = by_name()[name]
            assert suite.aead
            assert suite.forward_secret
            assert suite.strength >= 128

    @pytest.mark.parametrize(
        ("name", "strength"),
        [
            ("TLS_RSA_WITH_NULL_SHA256", 0),
            ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", 40),
            ("TLS_RSA_WITH_DES_CBC_SHA", 56),
            ("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", 112),
            ("TLS_RSA_WITH_RC4_128_MD5", 128),
            ("TLS_CHACHA20_POLY1305_SHA256", 256),
            ("TLS_RSA_WITH_AES_128_CBC_SHA256", 128),
            ("TLS_RSA_WITH_AES_256_CBC_SHA", 256),
        ],
    )
    def test_names_tell_their_strength(self, name: str, strength: int) -> None:
        assert by_name()[name].strength == strength


def test_messages_may_come_in_pieces() -> None:
    hello = server_hello(0x0303, 0xC02F)
    pieces = record(hello[:7]) + record(hello[7:] + message(14, b""))
    with answering(REFUSED, pieces, REFUSED) as port:
        assert shown(port).spoken("TLS 1.2").state == "accepted"
