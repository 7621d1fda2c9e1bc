"""The door to the program sslyze, where it is installed: a second opinion on TLS.

It is called as a program only: its licence (AGPL) and its pins are not ours.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from zmward.catalog.ciphers import by_name
from zmward.doors.waited import waited
from zmward.errors import Unreachable
from zmward.scan.tls_shown import Spoken, TlsShown

_SECONDS: Final = 120
_MOST: Final = 16 << 20
_PROTOCOLS: Final = {
    "ssl_3_0_cipher_suites": "SSLv3",
    "tls_1_0_cipher_suites": "TLS 1.0",
    "tls_1_1_cipher_suites": "TLS 1.1",
    "tls_1_2_cipher_suites": "TLS 1.2",
    "tls_1_3_cipher_suites": "TLS 1.3",
}
_FLAWS: Final = {
    "heartbleed": "is_vulnerable_to_heartbleed",
    "openssl_ccs_injection": "is_vulnerable_to_ccs_injection",
    "session_renegotiation": "is_vulnerable_to_client_renegotiation_dos",
}
_COMMANDS: Final = (
    *("--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--compression"),
    *("--reneg", "--heartbleed", "--openssl_ccs", "--robot"),
)
_STARTTLS: Final = ("smtp", "imap", "pop3", "ldap", "xmpp")


class Opinion(msgspec.Struct, frozen=True):
    """What sslyze says of one port; what it could not find out is absent or None.

    `ciphers` are the accepted ones by protocol, none where that is refused; `refused`
    are the others that it knows.
    """

    version: str
    ciphers: Mapping[str, tuple[str, ...]] = {}
    refused: Mapping[str, tuple[str, ...]] = {}
    compression: bool | None = None
    safe_renegotiation: bool | None = None
    flaws: Mapping[str, bool] = {}


class _Name(msgspec.Struct):
    name: str


class _Cipher(msgspec.Struct):
    cipher_suite: _Name


class _Ciphers(msgspec.Struct):
    accepted_cipher_suites: list[_Cipher]
    rejected_cipher_suites: list[_Cipher]


class _Attempt(msgspec.Struct):
    status: str
    result: msgspec.Raw = msgspec.Raw(b"null")


class _Server(msgspec.Struct):
    connectivity_status: str
    scan_result: dict[str, _Attempt] | None = None


class _Report(msgspec.Struct):
    sslyze_version: str
    server_scan_results: list[_Server]


def _flag(attempts: Mapping[str, _Attempt], name: str, key: str) -> bool | None:
    attempt = attempts.get(name)
    if attempt is None or attempt.status != "COMPLETED":
        return None
    found = msgspec.json.decode(attempt.result, type=dict[str, object]).get(key)
    return found if isinstance(found, bool) else None


def _robot(attempts: Mapping[str, _Attempt]) -> bool | None:
    attempt = attempts.get("robot")
    if attempt is None or attempt.status != "COMPLETED":
        return None
    found = msgspec.json.decode(attempt.result, type=dict[str, object])
    text = str(found.get("robot_result", ""))
    if text.startswith("VULNERABLE"):
        return True
    return False if text.startswith("NOT_VULNERABLE") else None


def _names(ciphers: list[_Cipher]) -> tuple[str, ...]:
    return tuple(one.cipher_suite.name for one in ciphers)


def _ciphers(attempts: Mapping[str, _Attempt]) -> dict[str, _Ciphers]:
    return {
        ours: msgspec.json.decode(attempts[name].result, type=_Ciphers)
        for name, ours in _PROTOCOLS.items()
        if name in attempts and attempts[name].status == "COMPLETED"
    }


def parse(answer: bytes) -> Opinion:
    """Read sslyze's JSON; raise Unreachable where it tells nothing."""
    try:
        report = msgspec.json.decode(answer, type=_Report)
        servers = report.server_scan_results
        attempts = servers[0].scan_result if servers else None
        if not attempts:
            raise Unreachable("sslyze could not speak with the port.")
        asked = _ciphers(attempts)
        flaws = {name: _flag(attempts, name, key) for name, key in _FLAWS.items()}
        flaws["robot"] = _robot(attempts)
        return Opinion(
            report.sslyze_version[:40],
            {name: _names(one.accepted_cipher_suites) for name, one in asked.items()},
            {name: _names(one.rejected_cipher_suites) for name, one in asked.items()},
            _flag(attempts, "tls_compression", "supports_compression"),
            _flag(attempts, "session_renegotiation", "supports_secure_renegotiation"),
            {name: flaw for name, flaw in flaws.items() if flaw is not None},
        )
    except (ValueError, RecursionError) as error:
        raise Unreachable(f"sslyze's answer cannot be read: {error}.") from error


def ask(
    address: str, port: int, name: str, starttls: str = "", program: str = "sslyze"
) -> Opinion:
    """Let sslyze look at one port; `name` is the SNI, empty for none.

    Raises Unreachable where it is not installed or came to nothing.
    """
    if starttls and starttls not in _STARTTLS:
        raise Unreachable(f"sslyze does not know STARTTLS of {starttls}.")
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    argv = [program, "--json_out=-", "--mozilla_config=disable", *_COMMANDS]
    argv += [f"--starttls={starttls}"] if starttls else []
    argv += [f"--sni={name}"] if name else []
    heard = waited((*argv, place), b"", _SECONDS, most=_MOST)
    if not heard.out:
        said = heard.error.decode("utf-8", "replace").split()
        raise Unreachable(f"sslyze said nothing: {' '.join(said)[-300:]}")
    return parse(heard.out)


def _odd(ours: Spoken, theirs: tuple[str, ...], refused: tuple[str, ...]) -> list[str]:
    """Return the ciphers that both know, and only one of both saw accepted."""
    odd = set(ours.ciphers) & set(refused)
    if ours.every:
        odd |= (set(theirs) - set(ours.ciphers)) & set(by_name())
    return sorted(odd)


def differences(shown: TlsShown, opinion: Opinion) -> tuple[str, ...]:
    """Return where sslyze and we both judge, and differ."""
    found = []
    for name, theirs in opinion.ciphers.items():
        ours = shown.spoken(name)
        if ours.state == "unknown":
            continue
        if (ours.state == "accepted") != bool(theirs):
            found.append(f"{name}: {ours.state} here, sslyze: {len(theirs)} ciphers")
        elif odd := _odd(ours, theirs, opinion.refused[name]):
            found.append(f"{name}: only one of both saw {', '.join(odd)}")
    pairs = (
        ("compression", shown.compression, opinion.compression),
        ("renegotiation", shown.safe_renegotiation, opinion.safe_renegotiation),
    )
    for name, mine, other in pairs:
        if None not in (mine, other) and mine != other:
            found.append(f"{name}: {mine} here, {other} by sslyze")
    return tuple(found)
