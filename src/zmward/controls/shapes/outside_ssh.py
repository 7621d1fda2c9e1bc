"""Looks from outside at sshd: the ways to log in, and the algorithms."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from zmward.catalog.ssh_algorithms import CHACHA, STRICT, Kind, weak
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside, Sight
from zmward.profile import Profile, Services
from zmward.scan.line import Exchange
from zmward.scan.seen import Seen
from zmward.scan.ssh import SshShown

_PASSWORDS: Final = ("password", "keyboard-interactive", "none")
_KEYS_ONLY: Final = (
    "Its own repair on the host: `zmward plan --only ssh-without-passwords`, then "
    "reload sshd; where the files say so already, sshd was not reloaded."
)
_LISTS: Final = (
    "Take it out of KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs in sshd_config "
    "(`-NAME` leaves a default out), or install the system's updates; reload sshd."
)


def _name(outlook: Outlook, shown: SshShown) -> str:
    return outlook.place(shown.address, shown.port)


def _every(seen: Seen) -> tuple[SshShown, ...]:
    return tuple(shown for shown in seen.shown if isinstance(shown, SshShown))


def _login(outlook: Outlook, shown: SshShown) -> Judgement:
    name = _name(outlook, shown)
    if shown.methods is None:
        reason = shown.trouble or "the ways to log in were not asked"
        return unknown(Layer.RUNNING, name, reason)
    said = f"to {shown.user}, with the method none: {', '.join(shown.methods)}"
    found = [method for method in shown.methods if method in _PASSWORDS]
    if not found:
        return sound(Layer.RUNNING, name, source="outside", seen=said)
    return deviates(
        Layer.RUNNING,
        name,
        f"it offers {', '.join(found)}",
        "publickey only",
        no_cure=_KEYS_ONLY,
        source="outside",
        seen=said,
    )


def without_passwords(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    """Judge the ways to log in that each sshd offers."""
    shown = _every(seen)
    if outlook.profile.services.ssh_passwords == "wanted":
        reason = "the profile wants passwords over SSH"
        yield not_concerned(Layer.RUNNING, outlook.subject, reason)
        return
    for one in shown:
        yield _login(outlook, one)
    if not shown:
        reason = "no sshd answered from here"
        yield not_concerned(Layer.RUNNING, outlook.subject, reason)


def _weak(shown: SshShown) -> Iterator[str]:
    offered: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("key exchange", shown.key_exchanges),
        ("host key", shown.host_keys),
        ("cipher", shown.ciphers),
        ("mac", shown.macs),
    )
    for kind, names in offered:
        for name in names:
            if row := weak(kind, name):
                yield f"{kind} {name} ({row.why})"
    if CHACHA in shown.ciphers and STRICT not in shown.key_exchanges:
        yield f"cipher {CHACHA} without strict key exchange (Terrapin, CVE-2023-48795)"


def _algorithms(outlook: Outlook, shown: SshShown) -> Judgement:
    name = _name(outlook, shown)
    if not shown.key_exchanges:
        reason = shown.trouble or "it offered no algorithms"
        return unknown(Layer.RUNNING, name, reason)
    found = tuple(_weak(shown))
    if not found:
        offered = (shown.key_exchanges, shown.host_keys, shown.ciphers, shown.macs)
        count = sum(map(len, offered))
        seen = f"{shown.banner}: {count} algorithms, none of them weak"
        return sound(Layer.RUNNING, name, source="outside", seen=seen)
    return deviates(
        Layer.RUNNING,
        name,
        "; ".join(found),
        "no weak algorithm",
        no_cure=_LISTS,
        source="outside",
        seen=f"{shown.banner}: {'; '.join(found)}",
    )


def strong_algorithms(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    """Judge the algorithms that each sshd offers."""
    shown = _every(seen)
    for one in shown:
        yield _algorithms(outlook, one)
    if not shown:
        reason = "no sshd answered from here"
        yield not_concerned(Layer.RUNNING, outlook.subject, reason)


_GOOD: Final = SshShown(
    *("192.0.2.10", 22, "SSH-2.0-OpenSSH_9.2p1", "OpenSSH", "9.2p1"),
    key_exchanges=("curve25519-sha256", STRICT),
    host_keys=("ssh-ed25519", "rsa-sha2-512"),
    ciphers=(CHACHA, "aes256-gcm@openssh.com"),
    macs=("hmac-sha2-512-etm@openssh.com",),
    user="root and zimbra",
    methods=("publickey",),
    exchanges=(Exchange(22, "", "SSH-2.0-OpenSSH_9.2p1"),),
)


def _seen(*shown: SshShown) -> Seen:
    return Seen("mail.example.test", "2026-11-21T12:00:00+00:00", "0", shown=shown)


_ASKS: Final = replace(_GOOD, methods=("publickey", "password"))
WITHOUT_PASSWORDS: Final = Outside(
    without_passwords,
    (
        Sight("ok", _seen(_GOOD)),
        Sight("bad", _seen(_GOOD, _ASKS)),
        Sight("bad", _seen(replace(_GOOD, methods=("keyboard-interactive",)))),
        Sight("bad", _seen(replace(_GOOD, methods=("none",)))),
        Sight("unknown", _seen(replace(_GOOD, methods=None))),
        Sight("n/a", _seen(_ASKS), Profile(services=Services(ssh_passwords="wanted"))),
        Sight("n/a", _seen()),
    ),
)
STRONG_ALGORITHMS: Final = Outside(
    strong_algorithms,
    (
        Sight("ok", _seen(_GOOD)),
        Sight("bad", _seen(replace(_GOOD, ciphers=("aes128-cbc",)))),
        Sight("bad", _seen(replace(_GOOD, key_exchanges=("curve25519-sha256",)))),
        Sight("bad", _seen(replace(_GOOD, host_keys=("ssh-rsa",)))),
        Sight("bad", _seen(replace(_GOOD, macs=("hmac-md5-etm@openssh.com",)))),
        Sight("unknown", _seen(SshShown("192.0.2.10", 22, trouble="silent"))),
        Sight("n/a", _seen()),
    ),
)
