"""testssl.sh's answers and ours in the same words, and that a difference is seen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lab.testssl import differences, ours, theirs, unread
from lab.testssl_rows import Fact

NAME = "mail.example.test"
BEGINS = datetime(2026, 11, 30, 19, 23, 14, tzinfo=UTC)
MODERN = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
STATIC = "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"


@pytest.fixture(scope="module")
def leaf() -> x509.Certificate:
    """Give a certificate that has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "CA"),
            x509.NameAttribute(NameOID.COMMON_NAME, NAME),
        ]
    )
    names = [x509.DNSName(one) for one in (NAME, "example.test")]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(4097)
        .not_valid_before(BEGINS)
        .not_valid_after(BEGINS + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )


@pytest.fixture
def document(leaf: x509.Certificate) -> dict[str, Any]:
    """Give a scan as `zmward scan --deep --json` shows it, as far as it is read."""
    pem = leaf.public_bytes(serialization.Encoding.PEM).decode()
    spoken = [
        {
            "name": name,
            "state": "accepted" if ciphers else "refused",
            "ciphers": ciphers,
            "whole": bool(ciphers),
            "every": bool(ciphers),
            "chooser": "server" if ciphers else "unknown",
        }
        for name, ciphers in (
            ("TLS 1.2", [MODERN, STATIC]),
            *((name, []) for name in ("TLS 1.3", "TLS 1.1", "TLS 1.0", "SSLv3")),
        )
    ]
    shown = {
        "type": "tls",
        "address": "192.0.2.10",
        "port": 443,
        "protocols": spoken,
        "groups": ["P-256"],
        "dh_bits": 2048,
        "compression": False,
        "safe_renegotiation": True,
        "chains": [{"pem": [pem], "stapled": False, "trusted": "no", "distrust": ""}],
    }
    row = {"address": "192.0.2.10", "port": 443, "service": "http", "product": "nginx"}
    failed = {
        "certificates-not-about-to-expire": "CN=mail.example.test ends 2026-12-09",
        "browsers-return-over-tls-only": "(not sent)",
        "proxy-ciphers-forward-secret": f"it accepts {STATIC}",
    }
    passed = (
        *("certificates-name-this-server", "certificate-chains-whole"),
        *("cookies-over-tls-only", "web-client-not-framed", "certificates-strong"),
        "tls-ports-refuse-old-protocols",
    )
    findings: list[dict[str, Any]] = [
        *({"control": one, "status": "PASS", "deviations": []} for one in passed),
        *(
            {"control": one, "status": "FAIL", "deviations": [{"found": text}]}
            for one, text in failed.items()
        ),
    ]
    return {"ports": [row], "findings": findings, "seen": [{"shown": [shown]}]}


@pytest.fixture
def rows(leaf: x509.Certificate) -> list[dict[str, str]]:
    """Give what testssl.sh says of the same port."""
    said = {
        "service": ("INFO", "HTTP"),
        **dict.fromkeys(("SSLv3", "TLS1", "TLS1_1"), ("OK", "not offered")),
        "TLS1_2": ("OK", "offered"),
        "TLS1_3": ("INFO", "not offered + downgraded to weaker protocol"),
        "cipherlist_NULL": ("OK", "not offered"),
        "cipherlist_aNULL": ("OK", "not offered"),
        "cipherlist_EXPORT": ("OK", "not offered"),
        "cipherlist_3DES_IDEA": ("INFO", "not offered"),
        "PFS": ("OK", "offered"),
        "PFS_ECDHE_curves": ("OK", "prime256v1 secp384r1"),
        "cipher_order": ("OK", "server"),
        "cipherorder_TLSv1_2": (
            "INFO",
            "ECDHE-ECDSA-AES128-GCM-SHA256 DHE-RSA-AES128-SHA",
        ),
        "TLS_extensions": ("INFO", "'renegotiation info/#65281' 'server name/#0'"),
        "cert_numbers": ("INFO", "1"),
        "cert_signatureAlgorithm": ("OK", "ECDSA with SHA256"),
        "cert_keySize": ("OK", "EC 256 bits"),
        "cert_fingerprintSHA256": ("INFO", leaf.fingerprint(hashes.SHA256()).hex()),
        "cert_commonName": ("OK", NAME),
        "cert_subjectAltName": ("INFO", f"{NAME} example.test"),
        "cert_caIssuers": ("INFO", f"{NAME} (CA)"),
        "cert_trust": ("OK", "Ok via SAN"),
        "cert_chain_of_trust": ("CRITICAL", "failed (self signed)."),
        "cert_expirationStatus": ("HIGH", "expires < 30 days (8)"),
        "cert_notBefore": ("INFO", "2026-11-30 19:23"),
        "cert_notAfter": ("HIGH", "2026-12-09 19:23"),
        "certs_countServer": ("INFO", "1"),
        "certs_list_ordering_problem": ("INFO", "no"),
        "OCSP_stapling": ("INFO", "not offered"),
        "cert_mustStapleExtension": ("INFO", "--"),
        "HSTS": ("LOW", "not offered"),
        "banner_server": ("INFO", "nginx"),
        "cookie_secure": ("OK", "All (1) at '/' marked as secure"),
        "X-Frame-Options": ("OK", "SAMEORIGIN"),
        "secure_renego": ("OK", "supported"),
        "CRIME_TLS": ("OK", "not vulnerable"),
        "SWEET32": ("OK", "not vulnerable"),
        "RC4": ("OK", "not vulnerable"),
        "cipher_xc02b": (
            "INFO",
            f"xc02b   ECDHE-ECDSA-AES128-GCM-SHA256   ECDH 256   AESGCM  128  {MODERN}",
        ),
        "cipher_x33": (
            "INFO",
            f"x33     DHE-RSA-AES128-SHA              DH 2048    AES     128  {STATIC}",
        ),
    }
    return [
        {"id": one, "severity": severity, "finding": finding}
        for one, (severity, finding) in said.items()
    ]


def test_the_same_port_has_the_same_facts(
    document: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    mine, other = ours(document, 443, every=True), theirs(rows)
    assert mine.keys() == other.keys()
    assert differences(mine, other) == {}
    assert unread(rows) == set()


# What testssl.sh could say otherwise, and what must then be apart.
OTHERWISE = (
    ("TLS1", "LOW", "offered (deprecated)", "TLS 1.0"),
    ("TLS1_1", "LOW", "offered (deprecated)", "old protocols refused"),
    ("TLS1_3", "OK", "offered with final", "TLS 1.3"),
    ("service", "INFO", "IMAP, thus skipping HTTP specific checks", "service"),
    ("cipherlist_aNULL", "CRITICAL", "offered", "anonymous ciphers"),
    ("cipherlist_aNULL", "CRITICAL", "offered", "anonymous ciphers are a fault"),
    ("PFS_ECDHE_curves", "OK", "secp384r1", "curves"),
    ("cipher_order", "HIGH", "NOT a cipher order configured", "chooser"),
    ("TLS_extensions", "INFO", "'server name/#0'", "renegotiation_info"),
    ("cert_numbers", "INFO", "2", "server certificates"),
    ("cert_signatureAlgorithm", "CRITICAL", "SHA1 with RSA", "signature"),
    ("cert_keySize", "INFO", "RSA 2048 bits", "key"),
    ("cert_keySize", "MEDIUM", "RSA 1024 bits", "strong certificate"),
    ("cert_fingerprintSHA256", "INFO", "00", "fingerprint"),
    ("cert_subjectAltName", "INFO", NAME, "names"),
    ("cert_commonName", "OK", "other.example.test", "common name"),
    ("cert_caIssuers", "INFO", f"{NAME} (Other)", "issuer"),
    ("cert_trust", "HIGH", "certificate does not match supplied URI", "for this name"),
    ("cert_chain_of_trust", "OK", "passed.", "believed"),
    (
        "cert_chain_of_trust",
        "CRITICAL",
        "failed (chain incomplete).",
        "signed by itself",
    ),
    ("cert_expirationStatus", "OK", "90 >= 60 days", "ends within 30 days"),
    ("cert_notBefore", "INFO", "2026-11-30 19:24", "begins"),
    ("cert_notAfter", "HIGH", "2026-12-09 19:22", "ends"),
    ("certs_countServer", "INFO", "2", "certificates sent"),
    ("certs_list_ordering_problem", "LOW", "yes", "chain in order"),
    ("OCSP_stapling", "OK", "offered", "stapled"),
    ("cert_mustStapleExtension", "OK", "supported", "demands a staple"),
    ("HSTS", "OK", "365 days", "HSTS"),
    ("banner_server", "INFO", "Apache", "server"),
    ("cookie_secure", "MEDIUM", "0/1 at '/' marked as secure", "cookies over TLS only"),
    ("secure_renego", "CRITICAL", "VULNERABLE", "safe renegotiation"),
    ("CRIME_TLS", "HIGH", "VULNERABLE", "compression"),
    ("SWEET32", "LOW", "uses 64 bit block ciphers", "blocks of 64 bits"),
    ("RC4", "HIGH", "VULNERABLE", "RC4"),
)


@pytest.mark.parametrize("otherwise", OTHERWISE)
def test_another_word_of_one_is_a_difference(
    document: dict[str, Any],
    rows: list[dict[str, str]],
    otherwise: tuple[str, str, str, str],
) -> None:
    row, severity, finding, fact = otherwise
    said = {"id": row, "severity": severity, "finding": finding}
    changed = [said if one["id"] == row else one for one in rows]
    assert fact in differences(ours(document, 443, every=True), theirs(changed))


def test_a_cipher_that_only_one_saw_is_a_difference(
    document: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    fewer = [one for one in rows if one["id"] != "cipher_x33"]
    found = differences(ours(document, 443, every=True), theirs(fewer))
    assert {"ciphers", "some ciphers", "bits of Diffie-Hellman"} <= found.keys()
    # Of a scan that names some of each kind, only what testssl.sh has not counts.
    found = differences(ours(document, 443, every=False), theirs(fewer))
    assert "ciphers" not in found
    assert "some ciphers" in found


def test_what_could_not_be_found_out_is_no_fact(
    document: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    (shown,) = document["seen"][0]["shown"]
    shown["protocols"][1]["state"] = "unknown"
    shown["chains"][0]["trusted"] = "unknown"
    for one in document["findings"]:
        one["status"] = "NOT_APPLICABLE"
    mine: dict[str, Fact] = ours(document, 443, every=True)
    assert not {"TLS 1.3", "believed", "for this name"} & mine.keys()
    failed = [{**one, "severity": "WARN"} for one in rows if one["id"] == "RC4"]
    assert "RC4" not in theirs(failed)


def test_a_row_that_nobody_knows_is_told(rows: list[dict[str, str]]) -> None:
    new = {"id": "cert_new", "severity": "INFO", "finding": "yes"}
    assert unread([*rows, new]) == {"cert_new"}
