"""The rows of testssl.sh's answers: which facts they tell, and which tell none here."""

import re
from collections.abc import Callable, Mapping
from typing import Final

Fact = str | int | bool | frozenset[str]
# What a row's finding and severity say; None where they say nothing.
Reader = Callable[[str, str], Fact | None]

PROTOCOLS: Final = {
    "SSLv3": "SSLv3",
    "TLS1": "TLS 1.0",
    "TLS1_1": "TLS 1.1",
    "TLS1_2": "TLS 1.2",
    "TLS1_3": "TLS 1.3",
}
CIPHERS_OF: Final = {
    "cipherorder_TLSv1": "TLS 1.0",
    "cipherorder_TLSv1_1": "TLS 1.1",
    "cipherorder_TLSv1_2": "TLS 1.2",
    "cipherorder_TLSv1_3": "TLS 1.3",
}
_SERVICES: Final = ("HTTP", "IMAP", "POP3")
# Rows that tell one verdict together: it is good where none of them is bad.
TOGETHER: Final = {
    "strong certificate": ("cert_signatureAlgorithm", "cert_keySize"),
    "old protocols refused": ("SSLv3", "TLS1", "TLS1_1"),
}
# The severities of what it calls a fault.
BAD: Final = frozenset({"LOW", "MEDIUM", "HIGH", "CRITICAL"})
_SERIOUS: Final = frozenset({"HIGH", "CRITICAL"})


def _offered(finding: str, _: str) -> bool:
    return not finding.startswith("not offered")


def _number(finding: str, _: str) -> int:
    return int(finding)


def _text(finding: str, _: str) -> str:
    return finding


def _lower(finding: str, _: str) -> str:
    return finding.lower()


def _sorted(finding: str, _: str) -> str:
    return " ".join(sorted(finding.split()))


def _hash(finding: str, _: str) -> str | None:
    found = re.search(r"SHA-?\d+|MD5", finding)
    return found[0].lower().replace("-", "") if found else None


def _key(finding: str, _: str) -> str | None:
    found = re.match(r"(\w+) (\d+) bits", finding)
    return f"{found[1]} {found[2]}" if found else None


def _service(finding: str, _: str) -> str | None:
    word = finding.partition(",")[0]
    return word.lower() if word in _SERVICES else None


def _chooser(finding: str, _: str) -> str:
    return "server" if finding == "server" else "client"


def _words(finding: str, _: str) -> frozenset[str]:
    return frozenset(finding.split())


def _good(_: str, severity: str) -> bool:
    return severity not in BAD


def _bad(_: str, severity: str) -> bool:
    return severity in BAD


def _serious(_: str, severity: str) -> bool:
    return severity in _SERIOUS


def _is(word: str) -> Reader:
    return lambda finding, _: finding.startswith(word)


def _has(word: str) -> Reader:
    return lambda finding, _: word in finding


FACTS: Final[Mapping[str, tuple[tuple[str, Reader], ...]]] = {
    **{theirs: ((ours, _offered),) for theirs, ours in PROTOCOLS.items()},
    "service": (("service", _service),),
    # -S: what the server shows by default.
    "TLS_extensions": (("renegotiation_info", _has("'renegotiation info/")),),
    "cert_numbers": (("server certificates", _number),),
    "certs_countServer": (("certificates sent", _number),),
    "certs_list_ordering_problem": (("chain in order", _is("no")),),
    "cert_fingerprintSHA256": (("fingerprint", _lower),),
    "cert_commonName": (("common name", _text),),
    "cert_subjectAltName": (("names", _sorted),),
    "cert_caIssuers": (("issuer", _text),),
    "cert_signatureAlgorithm": (("signature", _hash),),
    "cert_keySize": (("key", _key),),
    "cert_notBefore": (("begins", _text),),
    "cert_notAfter": (("ends", _text),),
    "cert_expirationStatus": (("ends within 30 days", _serious),),
    "cert_trust": (("for this name", _good),),
    "cert_chain_of_trust": (
        ("believed", _is("passed")),
        ("signed by itself", _is("failed (self signed).")),
    ),
    "OCSP_stapling": (("stapled", _offered),),
    "cert_mustStapleExtension": (
        ("demands a staple", lambda finding, _: finding != "--"),
    ),
    # What only a whole run tells.
    "secure_renego": (("safe renegotiation", _good),),
    "CRIME_TLS": (("compression", _bad),),
    "cipher_order": (("chooser", _chooser),),
    "PFS": (("forward secrecy", _offered),),
    "PFS_ECDHE_curves": (("curves", _words),),
    "cipherlist_NULL": (("NULL ciphers", _offered),),
    "cipherlist_aNULL": (
        ("anonymous ciphers", _offered),
        ("anonymous ciphers are a fault", _bad),
    ),
    "cipherlist_EXPORT": (("EXPORT ciphers", _offered),),
    "cipherlist_3DES_IDEA": (("3DES or IDEA", _offered),),
    "SWEET32": (("blocks of 64 bits", _bad),),
    "RC4": (("RC4", _bad),),
    "HSTS": (("HSTS", _offered),),
    "HSTS_time": (("HSTS", _good),),
    "cookie_secure": (("cookies over TLS only", _good),),
    "X-Frame-Options": (("not framed", _good),),
    "banner_server": (("server", _lower),),
}
# About what zmward says nothing of its own.
_UNJUDGED: Final = frozenset(
    {
        # Of the run itself.
        *("engine_problem", "pre_128cipher", "scanTime", "scanProblem"),
        # SSLv2 is not asked for: OpenSSL has had none since 1.1.0, nor has Java.
        *("SSLv2", "DROWN", "DROWN_hint"),
        # How connections are resumed and protocols of the web are agreed on.
        *("NPN", "ALPN", "ALPN_HTTP2", "TLS_session_ticket", "TLS_timestamp"),
        *("SSL_sessionID_support", "sessionresumption_ticket", "sessionresumption_ID"),
        # Of certificates; what is the same for the same fingerprint.
        *("cert", "cert_fingerprintSHA1", "cert_keyUsage", "cert_extKeyUsage"),
        *("cert_serialNumber", "cert_serialNumberLen", "cert_commonName_wo_SNI"),
        *("cert_certificatePolicies_EV", "cert_eTLS", "cert_validityPeriod"),
        *("cert_crlDistributionPoints", "cert_ocspURL", "cert_revocation"),
        "certificate_transparency",
        # DNS is asked for domains, and testssl.sh is told to ask for none.
        "DNS_CAArecord",
        # Classes of its own; the ciphers themselves are compared one by one.
        *("cipherlist_LOW", "cipherlist_AVERAGE", "cipherlist_STRONG", "PFS_ciphers"),
        *("protocol_negotiated", "cipher_negotiated", "DH_groups"),
        "LOGJAM-common_primes",
        # Attacks that follow from protocols and ciphers which are compared.
        *("POODLE_SSL", "FREAK", "LOGJAM", "BEAST", "BEAST_CBC_TLS1", "LUCKY13"),
        # Faults of libraries, which zmward knows by their packages' versions.
        *("heartbleed", "CCS", "ticketbleed", "ROBOT"),
        # Brakes and guards that are not asked for.
        *("secure_client_renego", "BREACH", "fallback_SCSV"),
        # The web, beyond TLS.
        *("HTTP_status_code", "HTTP_clock_skew", "HSTS_subdomains", "HSTS_preload"),
        *("HPKP", "banner_application", "banner_reverseproxy", "cookie_count"),
        *("cookie_httponly", "X-XSS-Protection", "X-Content-Type-Options"),
        *("Content-Security-Policy", "Referrer-Policy", "security_headers"),
    }
)
_UNJUDGED_KINDS: Final = (
    "clientsimulation-",
    "cipher_x",
    "cipher_order_",
    "BEAST_CBC_",
)


def unjudged(name: str) -> bool:
    """Say whether zmward has no word of its own that stands beside such a row.

    The rows of single ciphers are read together.
    """
    return name in _UNJUDGED or name in CIPHERS_OF or name.startswith(_UNJUDGED_KINDS)
