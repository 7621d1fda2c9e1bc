"""What testssl.sh says of a port that speaks TLS, and what a scan of ours says of it.

Both are brought to the same facts, so that they can be laid side by side. What one of
both does not tell is absent from its facts.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lab.network import NODE_IPV4
from lab.testssl_rows import BAD, CIPHERS_OF, FACTS, TOGETHER, Fact, unjudged
from zmward.sources.certificates import Certificate, read_pem

# What we name is a part of all that is offered: nobody asks for more.
PARTS: Final = frozenset({"curves", "some ciphers"})
_LEFT_OUT: Final = frozenset({"WARN", "FATAL"})
_CURVES: Final = {
    "P-256": "prime256v1",
    "P-384": "secp384r1",
    "P-521": "secp521r1",
}
# Verdicts of ours by control: the fact, and whether PASS means that it is so.
_VERDICTS: Final = {
    "certificates-name-this-server": ("for this name", True),
    "certificates-not-about-to-expire": ("ends within 30 days", False),
    "certificate-chains-whole": ("chain in order", True),
    "certificates-strong": ("strong certificate", True),
    "tls-ports-refuse-old-protocols": ("old protocols refused", True),
    "mta-starttls-speaks-modern-tls": ("old protocols refused", True),
    "browsers-return-over-tls-only": ("HSTS", True),
    "cookies-over-tls-only": ("cookies over TLS only", True),
    "web-client-not-framed": ("not framed", True),
}
# The controls that judge ciphers, each of its own ports.
_CIPHERS: Final = (
    *("proxy-ciphers-forward-secret", "mta-ciphers-of-medium-strength"),
    *("mailboxd-excludes-weak-ciphers", "ldap-ciphers-high"),
)
_STATUS: Final = {"PASS": True, "FAIL": False}


def command(
    place: str, output: Path, *checks: str, starttls: str = "", authority: str = ""
) -> list[str]:
    """Return testssl.sh as its users call it; with no checks it does all of them.

    `place` is a name and a port, whose address is the lab's server. An `authority` is a
    file of one that is believed besides the public ones.
    """
    # It would believe the authorities of OpenSSL's own variable too.
    argv = ["env", "--unset=SSL_CERT_FILE", "TZ=UTC", "testssl", "--quiet"]
    argv += ["--color", "0", "--warnings", "batch", "--nodns", "none"]
    argv += ["--ip", NODE_IPV4, *checks]
    argv += ["--starttls", starttls] if starttls else []
    argv += ["--add-ca", authority] if authority else []
    return [*argv, "--jsonfile", str(output), place]


def read(output: Path) -> list[dict[str, str]]:
    """Return the rows of its answer."""
    rows: list[dict[str, str]] = json.loads(output.read_text())
    return rows


def unread(rows: Iterable[Mapping[str, str]]) -> set[str]:
    """Return the kinds of rows about which nobody has decided what they mean here."""
    names = {row["id"] for row in rows}
    return {name for name in names if name not in FACTS and not unjudged(name)}


def theirs(rows: Sequence[Mapping[str, str]]) -> dict[str, Fact]:
    """Return the facts of testssl.sh."""
    found: dict[str, Fact] = {}
    for row in rows:
        for name, reader in FACTS.get(row["id"], ()):
            fact = reader(row["finding"], row["severity"])
            if fact is not None and row["severity"] not in _LEFT_OUT:
                found[name] = fact
    severities = {row["id"]: row["severity"] for row in rows}
    for name, ids in TOGETHER.items():
        if all(severities.get(one, "WARN") not in _LEFT_OUT for one in ids):
            found[name] = not any(severities[one] in BAD for one in ids)
    found.update(_their_ciphers(rows))
    return found


def _their_ciphers(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, Fact]]:
    """Yield all ciphers by their IANA names, and the shortest Diffie-Hellman."""
    lines = [r["finding"].split() for r in rows if r["id"].startswith("cipher_x")]
    if not lines:
        return
    known = {words[1]: words[-1] for words in lines}
    for row in rows:
        if row["id"] in CIPHERS_OF:
            words = frozenset(known.get(w, w) for w in row["finding"].split())
            yield f"ciphers of {CIPHERS_OF[row['id']]}", words
    every = frozenset(known.values())
    yield "ciphers", every
    yield "some ciphers", every
    bits = [int(words[3]) for words in lines if words[2] == "DH"]
    yield "bits of Diffie-Hellman", min(bits, default=0)


def ours(document: Mapping[str, Any], port: int, *, every: bool) -> dict[str, Fact]:
    """Return the facts of a scan of the lab's server, of one port.

    With `every` it was asked for all ciphers.
    """
    (seen,) = document["seen"]
    place = (NODE_IPV4, port)
    (shown,) = (
        one for one in seen["shown"] if one["type"] == "tls" and _at(one, place)
    )
    (row,) = (one for one in document["ports"] if _at(one, place))
    found: dict[str, Fact] = {"service": row["service"]}
    if row["product"]:
        found["server"] = row["product"].lower()
    found.update(_verdicts(document["findings"]))
    found.update(_spoken(shown, every=every))
    found.update(_certificates(shown["chains"]))
    return found


def _at(one: Mapping[str, Any], place: tuple[str, int]) -> bool:
    return (one["address"], one["port"]) == place


def _verdicts(findings: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Fact]]:
    for one in findings:
        control, status = one["control"], _STATUS.get(one["status"])
        if status is None:
            continue
        if control in _VERDICTS:
            name, good = _VERDICTS[control]
            yield name, status == good
        if control in _CIPHERS:
            # It may want more than these gone, and names what it found.
            text = " ".join(each["found"] for each in one["deviations"])
            yield "anonymous ciphers are a fault", "_anon_" in text


def _spoken(shown: Mapping[str, Any], *, every: bool) -> Iterator[tuple[str, Fact]]:
    taken = [one for one in shown["protocols"] if one["state"] == "accepted"]
    for one in shown["protocols"]:
        if one["state"] != "unknown":
            yield one["name"], one["state"] == "accepted"
    ciphers = frozenset(name for one in taken for name in one["ciphers"])
    yield "some ciphers", ciphers
    if every and all(one["every"] for one in taken):
        yield "ciphers", ciphers
        for one in taken:
            yield f"ciphers of {one['name']}", frozenset(one["ciphers"])
    if all(one["whole"] for one in taken):
        yield from _kinds(ciphers)
    choosers = {one["chooser"] for one in taken} - {"unknown"}
    if len(choosers) == 1:
        yield "chooser", choosers.pop()
    yield "curves", frozenset(_CURVES.get(name, name) for name in shown["groups"])
    for name, key in (
        ("bits of Diffie-Hellman", "dh_bits"),
        ("compression", "compression"),
        ("safe renegotiation", "safe_renegotiation"),
        ("renegotiation_info", "safe_renegotiation"),
    ):
        if shown[key] is not None:
            yield name, shown[key]


def _kinds(ciphers: Iterable[str]) -> Iterator[tuple[str, Fact]]:
    """Yield which flaws of ciphers are there, by the names of the ciphers."""
    text = " ".join(ciphers)
    for name, pattern in (
        ("NULL ciphers", "_NULL_"),
        ("anonymous ciphers", "_anon_"),
        ("EXPORT ciphers", "EXPORT"),
        ("3DES or IDEA", "3DES|IDEA"),
        ("blocks of 64 bits", "DES|IDEA|RC2"),
        ("RC4", "_RC4_"),
        ("forward secrecy", r"DHE_|TLS_(AES|CHACHA20)_"),
    ):
        yield name, re.search(pattern, text) is not None


def _certificates(chains: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Fact]]:
    yield "server certificates", len(chains)
    if len(chains) != 1:
        return
    (chain,) = chains
    yield "certificates sent", len(chain["pem"])
    yield "stapled", chain["stapled"]
    if chain["trusted"] != "unknown":
        yield "believed", chain["trusted"] == "yes"
    certificates = read_pem("\n".join(chain["pem"])).certificates
    if certificates:
        yield from _leaf(certificates[0])


def _leaf(leaf: Certificate) -> Iterator[tuple[str, Fact]]:
    organization = _part(leaf.issuer, "O")
    issuer = _part(leaf.issuer, "CN")
    yield "fingerprint", leaf.fingerprint
    yield "common name", _part(leaf.subject, "CN")
    yield "names", " ".join(sorted(leaf.names))
    yield "issuer", f"{issuer} ({organization})" if organization else issuer
    yield "signature", leaf.signature
    yield "key", f"{leaf.key.split()[0]} {leaf.bits}"
    yield "begins", f"{leaf.start:%Y-%m-%d %H:%M}"
    yield "ends", f"{leaf.end:%Y-%m-%d %H:%M}"
    yield "signed by itself", leaf.self_signed
    yield "demands a staple", leaf.demands_staple


def _part(name: str, key: str) -> str:
    found = re.search(rf"(?:^|,){key}=([^,]+)", name)
    return found[1] if found else ""


def differences(
    mine: Mapping[str, Fact], other: Mapping[str, Fact]
) -> dict[str, tuple[Fact, Fact]]:
    """Return the facts that both tell, and tell differently."""
    return {
        name: (mine[name], other[name])
        for name in sorted(mine.keys() & other.keys())
        if not _same(name, mine[name], other[name])
    }


def _same(name: str, mine: Fact, other: Fact) -> bool:
    if name in PARTS and isinstance(mine, frozenset) and isinstance(other, frozenset):
        return mine <= other
    return mine == other
